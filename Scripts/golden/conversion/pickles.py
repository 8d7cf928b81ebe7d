# SPDX-License-Identifier: Apache-2.0
"""Writes the pickles and joblib files that the reader's tests read, and large ones to measure with.

usage: pickles.py fixtures FOLDER     (python 3.11; numpy 1.26.4 for numpy1-*, 2.4.6 for the others; joblib 1.6.0)
       pickles.py bench FOLDER        (python alone)
The fixtures under Tests/Fixtures/pickle were made by both numpy versions; what is in them stands in the tests.
"""
import collections
import pickle
import struct
import sys
from pathlib import Path


def values():
    import numpy as np
    record = np.dtype([("left", "<i4"), ("threshold", "<f8")])
    return {
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(6, dtype=">i4").reshape(2, 3),
        "objects": np.array(["x", 1, None], dtype=object),
        "texts": np.array(["é", "bb"]),
        "byte_texts": np.array([b"a", b"bcd"]),
        "flags": np.array([True, False]),
        "records": np.array([(1, 2.5), (-1, 0.5)], dtype=record),
        "half": np.array([1.5, -2.0], dtype="f2"),
        "empty": np.zeros((0, 3)),
        "scalar_array": np.array(5.0),
        "scalar": np.float64(1.5), "count": np.int64(-3), "name": np.str_("hi"), "flag": np.bool_(True),
        "bytes": b"\x00\xff\x80", "huge": 10 ** 40, "negative": -(2 ** 70), "set": {1, 2},
        "ordered": collections.OrderedDict(a=1), "default": collections.defaultdict(list, a=[1]),
        "mutable": bytearray(b"abc"), "long": "x" * 5000, "number": 3.25, "nothing": None,
    }


def fixtures(folder):
    import joblib
    import numpy
    major = numpy.__version__.split(".")[0]
    for protocol in (0, 2, 5):
        (folder / f"numpy{major}-{protocol}.pkl").write_bytes(pickle.dumps(values(), protocol=protocol))
    joblib.dump(values(), folder / f"numpy{major}.joblib")
    if major != "1":
        for name in ("zlib", "gzip", "bz2", "xz", "lzma"):
            joblib.dump(values(), folder / f"{name}.joblib", compress=(name, 3))


def bench(folder):
    """Array bytes and opcodes in known numbers; the pickles name nothing."""
    size = 1 << 30
    with open(folder / "bytes.pkl", "wb") as file:
        file.write(b"\x80\x04\x8e" + struct.pack("<Q", size))
        for _ in range(size >> 20):
            file.write(bytes(range(256)) * 4096)
        file.write(b".")
    # 17 opcodes: texts, memo, numbers, tuples and dictionaries, as estimators are made of.
    block = (b"\x8c\x09max_depth\x94K\x05J\x00\x01\x02\x00\x87\x94G?\xf8\x00\x00\x00\x00\x00\x00"
             b"}\x94(\x8c\x05value\x94\x88\x8c\x01n\x94Nu")
    assert len([op for op in __import__("pickletools").genops(b"\x80\x04(" + block + b"t.")]) == 17 + 4
    with open(folder / "opcodes.pkl", "wb") as file:
        file.write(b"\x80\x04]\x94")
        for _ in range(1200):
            file.write(b"(" + block * 1000 + b"e")
        file.write(b".")
    with open(folder / "numbers.pkl", "wb") as file:
        file.write(b"\x80\x04]\x94")
        for _ in range(12000):
            file.write(b"(" + (b"K\x05M\x00\x02" * 500) + b"e")
        file.write(b".")
    print("opcodes.pkl holds 17 * 1,200,000 opcodes, numbers.pkl 12,000,000, bytes.pkl 1 GiB of bytes")


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    {"fixtures": fixtures, "bench": bench}[sys.argv[1]](target)
