# SPDX-License-Identifier: Apache-2.0
"""Two answers to one call, field by field."""
import fnmatch

# Fields whose values differ from call to call on one server too: that they are there, and of the same type, is compared.
VOLATILE = ["*.ns", "*.last_inference"]
# Sentences for people: that there is one is compared.
SENTENCES = ["body.error", "body.message", "*.error_message"]
ABSENT = "(absent)"


def flat(value, path=""):
    """Every leaf of an answer by its path; empty containers are leaves."""
    if isinstance(value, dict) and value:
        return {k: v for name, inner in value.items() for k, v in flat(inner, f"{path}.{name}" if path else str(name)).items()}
    if isinstance(value, list) and value:
        return {k: v for n, inner in enumerate(value) for k, v in flat(inner, f"{path}[{n}]").items()}
    return {path: value}


def is_one_of(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def differences(theirs, ours):
    """Yields (path, Triton's value, Slipway's value). Where one succeeds and the other does not, that is all there is."""
    if theirs["ok"] != ours["ok"]:
        yield "outcome", outcome(theirs), outcome(ours)
        return
    theirs, ours = flat(theirs), flat(ours)
    for path in sorted({*theirs, *ours}):
        a, b = theirs.get(path, ABSENT), ours.get(path, ABSENT)
        if is_one_of(path, VOLATILE) and type(a) is type(b) is not str:
            continue
        if is_one_of(path, SENTENCES) and ABSENT not in (a, b) and a and b:
            continue
        if a != b or type(a) is not type(b):
            yield path, a, b


def outcome(answer):
    return str(answer["status"])
