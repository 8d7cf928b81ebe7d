#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a real Triton and Slipway the same, and fails for every difference that is not listed in differences.py.

    SLIPWAY_BIN=... python Tests/Differential/run.py [--folder DIR] [--all] [PATTERN]...

Needs the interop tests' Python environment, and Triton from `Benchmarks/peers/setup.sh triton`. With patterns, only
calls with such names are made (fnmatch), and listed differences that do not occur are no fault. --all prints the
listed differences too.
"""
import argparse
import fnmatch
import sys
import tempfile

sys.dont_write_bytecode = True

import servers  # noqa: E402 - makes the interop tests' modules known
import compare  # noqa: E402
import differences  # noqa: E402
import rest  # noqa: E402
import rpc  # noqa: E402


def ask(call, triton, ours):
    answers = []
    for server in (triton, ours):
        try:
            answers.append(call.ask(server))
        except OSError as error:
            raise SystemExit(f"{call.name}: {server.name} did not answer ({error}); is it alive?") from error
    return compare.differences(*answers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--folder", help="where the servers keep their files; a temporary one without it")
    parser.add_argument("--all", action="store_true", help="print the listed differences too")
    options = parser.parse_args()
    if not servers.Triton.is_there():
        raise SystemExit(f"there is no Triton in {servers.PEERS}. Remedy: Benchmarks/peers/setup.sh triton")

    unlisted, counts, made, equal = [], {d.id: 0 for d in differences.INTENDED}, 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        for protocol in (rest, rpc):
            calls = [
                c for c in protocol.calls()
                if not options.patterns or any(fnmatch.fnmatchcase(c.name, p) for p in options.patterns)
            ]
            if not calls:
                continue
            # Fresh servers for each protocol: some calls of the first leave models of Triton's Python backend dead.
            folder = servers.fresh((options.folder or temporary) + f"/{protocol.__name__}")
            with servers.Triton(folder / "triton") as triton, servers.Slipway(folder / "slipway") as ours:
                for call in calls:
                    found = list(ask(call, triton, ours))
                    made, equal = made + 1, equal + (not found)
                    for path, theirs, mine in found:
                        listed = differences.listed(call.name, path, theirs, mine)
                        line = f"{call.name}  {path}  Triton: {str(theirs)[:160]!r}  Slipway: {str(mine)[:160]!r}"
                        if listed is None:
                            unlisted.append(line)
                        else:
                            counts[listed.id] += 1
                            if options.all:
                                print(f"{listed.id}: {line}")

    print(f"{made} calls: {equal} answered alike, the others with {sum(counts.values())} listed differences")
    unused = [] if options.patterns else [i for i, count in counts.items() if count == 0]
    for line in unlisted:
        print(f"not listed: {line}")
    for name in unused:
        print(f"listed, and does not occur any more: {name}")
    return 1 if unlisted or unused else 0


if __name__ == "__main__":
    sys.exit(main())
