# SPDX-License-Identifier: Apache-2.0
"""Writes Tests/Fixtures/arrow with pyarrow 26.0.1. usage: arrow_fixtures.py FOLDER"""
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc


def table():
    return pa.table({
        "id": pa.array(["a", "bb", None, "dddd", "a"]),
        "big": pa.array(["x", "", "zz", "w", "v"], pa.large_string()),
        "kind": pa.array(["red", "blue", "red", None, "blue"]).dictionary_encode(),
        "flag": pa.array([True, False, True, True, False]),
        "i8": pa.array([-1, 2, 3, 4, 5], pa.int8()),
        "u64": pa.array([1, 2, 3, 4, 2**63], pa.uint64()),
        "half": pa.array(np.array([0.5, 1, 2, 3, 4], np.float16)),
        "f32": pa.array([1.5, None, 3.5, 4.5, 5.5], pa.float32()),
        "f64": pa.array([1, 2, 3, 4, 5], pa.float64()),
        "fixed": pa.array([[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]], pa.list_(pa.float32(), 2)),
        "list": pa.array([[1], [2], [3, 4], [5, 6], [7, 8]], pa.list_(pa.int32())),
        "bin": pa.array([b"\x00\xff", b"", b"q", b"r", b"s"], pa.binary()),
        "when": pa.array([1, 2, 3, 4, 5], pa.timestamp("s")),
        "last": pa.array([10, 20, 30, 40, 50], pa.int64()),
    })


def write(path, rows, batch, kind=ipc.new_file, compression=None):
    with kind(str(path), rows.schema, options=ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(rows, max_chunksize=batch)


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
write(folder / "file.arrow", table(), 3)
write(folder / "stream.arrow", table(), 2, ipc.new_stream)
for codec in ("lz4", "zstd"):
    write(folder / f"{codec}.arrow", table().select(["f64"]), 5, compression=codec)
