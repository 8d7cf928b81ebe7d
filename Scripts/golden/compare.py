# SPDX-License-Identifier: Apache-2.0
"""Compares fixtures that were made again with the committed ones.

usage: compare.py MADE COMMITTED

Numbers of JSON and .npz files and of zip members are the same within a tolerance: other processors add in another
order. Of other files that are not equal byte for byte, the names are told: a pickle or a model may hold the last bits
of such sums, and what it answers stands in the files beside it. Exit status 1 where numbers differ or a file is not
committed.
"""
import io
import json
import math
import sys
import zipfile
from pathlib import Path

import numpy as np

TOLERANCE = 1e-6


def close(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)):
        return a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(a) is type(b) and a == b


def close_arrays(a, b):
    a, b = np.load(io.BytesIO(a)), np.load(io.BytesIO(b))
    if a.files != b.files:
        return False
    for name in a.files:
        if a[name].shape != b[name].shape:
            return False
        if a[name].dtype.kind in "fc":
            if not np.allclose(a[name], b[name], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
                return False
        elif not np.array_equal(a[name], b[name]):
            return False
    return True


def compare(name, a, b):
    """'same', 'close', 'other bytes' or 'differs'."""
    if a == b:
        return "same"
    if name.endswith(".json"):
        return "close" if close(json.loads(a), json.loads(b)) else "differs"
    if name.endswith(".npz"):
        return "close" if close_arrays(a, b) else "differs"
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(a)) as first, zipfile.ZipFile(io.BytesIO(b)) as second:
            if first.namelist() != second.namelist():
                return "differs"
            found = [compare(member, first.read(member), second.read(member)) for member in first.namelist()]
        return next((worst for worst in ("differs", "other bytes", "close") if worst in found), "same")
    return "other bytes"


def main():
    made, committed = map(Path, sys.argv[1:])
    counts = {}
    for path in sorted(p for p in made.rglob("*") if p.is_file()):
        name = str(path.relative_to(made))
        old = committed / name
        found = compare(name, path.read_bytes(), old.read_bytes()) if old.exists() else "not committed"
        counts[found] = counts.get(found, 0) + 1
        if found != "same":
            print(f"    {found}: {name}")
    print("    " + ", ".join(f"{count} {found}" for found, count in sorted(counts.items())))
    sys.exit("differs" in counts or "not committed" in counts)


if __name__ == "__main__":
    main()
