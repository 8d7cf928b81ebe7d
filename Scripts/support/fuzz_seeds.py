# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzzers: sound inputs to start from. usage: fuzz_seeds.py CORPUS_DIR"""
import io
import json
import struct
import sys
import zipfile
from pathlib import Path

TYPES = ["BOOL", "INT8", "UINT64", "FP16", "FP32", "FP64", "BYTES"]


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, content):
    """A protobuf field: a number, or bytes with their length before them."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_models():
    """Hand-made, so that seeds need no packages: identity models and one with external data."""
    for element in (1, 7, 8, 16):
        shape = field(1, field(2, b"n")) + field(1, field(1, 4))
        kind = field(2, field(1, field(1, element) + field(2, shape)))
        node = field(1, field(1, b"x") + field(2, b"y") + field(4, b"Identity"))
        external = b"".join(field(13, field(1, k) + field(2, v)) for k, v in ((b"location", b"w.bin"), (b"length", b"16")))
        weight = field(5, field(1, 4) + field(2, 1) + field(8, b"w") + external + field(14, 1))
        graph = node + field(2, b"g") + weight + field(11, field(1, b"x") + kind) + field(12, field(1, b"y") + kind)
        yield field(1, 8) + field(2, b"seed") + field(7, graph) + field(8, field(1, b"") + field(2, 17))


def v2_json():
    for kind in TYPES:
        data = ["a", "\u00e9\n"] if kind == "BYTES" else [[0, 1]]
        inputs = [{"name": "x", "shape": [1, 2], "datatype": kind, "data": data}]
        yield json.dumps({"id": "1", "inputs": inputs, "outputs": [{"name": "y", "parameters": {"classification": 2}}]})
    yield json.dumps({"parameters": {"binary_data_output": True, "timeout": 5}, "inputs": []})


def v2_binary():
    for kind, size in (("BOOL", 2), ("FP32", 8), ("UINT64", 16), ("BYTES", 10)):
        head = json.dumps({"inputs": [{
            "name": "x", "shape": [2], "datatype": kind, "parameters": {"binary_data_size": size}}]}).encode()
        data = struct.pack("<I1sI1s", 1, b"a", 1, b"b") if kind == "BYTES" else bytes(size)
        yield struct.pack(">H", len(head)) + head + data


def npy(descriptor, shape, data):
    header = f"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def numpy_files():
    arrays = [npy("<f4", "(2, 2)", bytes(16)), npy("|b1", "(3,)", bytes(3)), npy("<U2", "(1,)", bytes(8)), npy("<i8", "()", bytes(8))]
    yield from arrays
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            for n, array in enumerate(arrays):
                archive.writestr(f"a{n}.npy", array)
        yield out.getvalue()


def main(corpus):
    seeds = {"FuzzONNX": onnx_models(), "FuzzV2JSON": v2_json(), "FuzzV2Binary": v2_binary(), "FuzzNumPy": numpy_files()}
    for harness, contents in seeds.items():
        folder = Path(corpus) / harness
        folder.mkdir(parents=True, exist_ok=True)
        for n, content in enumerate(contents):
            (folder / f"seed-{n}").write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    main(sys.argv[1])
