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


def gguf_models():
    """A model of one layer, its vocabulary, and a part of one in two files."""
    def text(content):
        return struct.pack("<Q", len(content)) + content

    def value(key, kind, content):
        return text(key) + struct.pack("<I", kind) + content

    def number(key, count):
        return value(key, 4, struct.pack("<I", count))

    def texts(key, items):
        return value(key, 9, struct.pack("<IQ", 8, len(items)) + b"".join(map(text, items)))

    common = [
        value(b"general.architecture", 8, text(b"llama")), value(b"general.name", 8, text(b"seed")),
        number(b"general.file_type", 2), number(b"llama.block_count", 1), number(b"llama.context_length", 64),
        number(b"llama.embedding_length", 32), number(b"llama.attention.head_count", 2),
        value(b"llama.attention.head_count_kv", 9, struct.pack("<IQi", 5, 1, 1)),
        value(b"llama.attention.causal", 7, b"\1"), value(b"llama.rope.freq_base", 6, struct.pack("<f", 1e4)),
        value(b"tokenizer.ggml.model", 8, text(b"gpt2")), texts(b"tokenizer.ggml.tokens", [b"<s>", b"a"]),
        value(b"tokenizer.ggml.scores", 9, struct.pack("<IQ2f", 6, 2, 0, 1)),
        value(b"tokenizer.chat_template", 8, text(b"{{ messages }}"))]
    tensors = [(b"token_embd.weight", (32, 2), 0, 0, 256), (b"blk.0.attn_q.weight", (32, 32), 2, 256, 576)]

    def file(values, tensors):
        head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values)) + b"".join(values)
        for name, dims, kind, offset, _ in tensors:
            head += text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)
        return head + bytes(-len(head) % 32) + bytes(sum(size for *_, size in tensors))

    yield file(common, tensors)
    yield file(common, [])
    yield file(common + [number(b"split.count", 2), number(b"split.no", 0), number(b"general.alignment", 32)], tensors[:1])


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


def v2_protobuf():
    """Raw contents, and typed contents by their field, packed or not."""
    for kind, raw in (("BOOL", bytes(2)), ("FP32", bytes(8)), ("UINT64", bytes(16)), ("BYTES", struct.pack("<I1sI", 1, b"a", 0))):
        head = field(1, b"x") + field(2, kind.encode()) + field(3, b"\x01\x02")
        note = field(4, field(1, b"timeout") + field(2, field(2, 5)))
        yield field(1, b"m") + field(2, b"1") + field(3, b"id") + note + field(5, head) + field(7, raw)
    wish = field(6, field(1, b"y") + field(2, field(1, b"classification") + field(2, field(5, 2))))
    values = {"BOOL": field(1, b"\x01\x00"), "INT16": field(2, 7) + field(2, b"\x07"), "UINT8": field(4, b"\x05\x06"),
              "FP32": field(6, bytes(8)), "FP64": field(7, bytes(16)), "BYTES": field(8, b"a") + field(8, b"")}
    for kind, contents in values.items():
        yield field(1, b"m") + field(5, field(1, b"x") + field(2, kind.encode()) + field(3, 2) + field(5, contents)) + wish


def tensorflow_json():
    yield '{"signature_name":"serving_default","instances":[{"a":[1,2],"b":{"b64":"QUJD"}},{"a":[3,4],"b":"x"}]}'
    yield '{"instances":[[1,2],[NaN,-Infinity]]}'
    yield '{"inputs":{"a":[[1,2.5e3]],"b":[{"b64":"/w=="}]}}'
    yield '{"examples":[{"a":[1,2.5],"b":"x"}],"context":{"b":{"b64":"QQ"}}}'


def tensorflow_protobuf():
    """Typed lists by their field, one element that fills a shape, and content."""
    shape = field(2, field(2, field(1, 2)))
    values = {1: field(5, bytes(8)), 2: field(6, bytes(16)), 3: field(7, b"\x05\x06"), 4: field(7, b"\x07"),
              7: field(8, b"a") + field(8, b""), 9: field(10, b"\x01\x02"), 10: field(11, b"\x01\x00"),
              14: field(13, b"\x80\x01\x00"), 17: field(7, b"\x01\x02"), 22: field(16, b"\x01\x02"),
              23: field(17, b"\x01\x02")}
    spec = field(1, field(1, b"m") + field(2, field(1, 3)) + field(3, b"serving_default"))
    for dtype, elements in {**values, 5: field(4, bytes(4)), 6: field(4, bytes(2))}.items():
        entry = field(1, b"x") + field(2, field(1, dtype) + shape + elements)
        yield spec + field(2, entry) + field(3, b"y")
    yield field(1, field(1, b"m") + field(4, b"stable")) + field(2, field(2, field(1, 7) + shape + field(4, b"\x01\x01ab")))


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


def protobuf_text():
    yield """name: "m" # a comment
max_batch_size: 0x8
input [ { name: 'x' data_type: TYPE_FP32 dims: [ -1, 3 ] } ]
dynamic_batching < preferred_batch_size: [4, 8]; max_queue_delay_microseconds: 100 >
parameters { key: "k" value: { string_value: "a\\n\\x41\\101" "b" } }
"""
    yield 'model_config_list { config { name: "m", base_path: "/m" version_labels { key: "a" value: 1 } } } [a.b/c.D]: -1.5e-3f'


def csv_files():
    yield 'a,b\r\n1,"x,""y""\nz"\n\n2,\u00fc\n'
    yield "\ufeff1.5,2\n3,4"


def arrow_files():
    folder = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "arrow"
    for path in sorted(folder.glob("*.arrow")):
        yield path.read_bytes()


def safetensors_files():
    tensors = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
               "b": {"dtype": "BF16", "shape": [1, 1], "data_offsets": [8, 10]}}
    for header in ({}, tensors, {"__metadata__": {"format": "pt"}, **tensors}):
        text = json.dumps(header).encode()
        yield struct.pack("<Q", len(text)) + text + bytes(10 if header else 0)
    yield from onnx_models()


def torch_files():
    folder = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "torch"
    for path in sorted(folder.glob("*.pt*")):
        yield path.read_bytes()


def pickle_files():
    folder = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "pickle"
    for path in sorted(folder.glob("*.*")):
        yield path.read_bytes()
    yield b"cposix\nsystem\n(S'id'\ntR."
    yield b"(S'id'\nios\nsystem\n."
    yield b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85}\x92\x82\x05Pid\n\x97."
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02]q\x00.")
        archive.writestr("config.json", '{"class_name": "Lambda"}', zipfile.ZIP_DEFLATED)
    yield out.getvalue()


def booster_files(*patterns):
    folder = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "boosters"
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            yield path.read_bytes()


def hdf5_files():
    folder = Path(__file__).resolve().parents[2] / "Tests" / "Fixtures"
    wanted_files = (("hdf5/files.zip", "v1"), ("hdf5/files.zip", "latest"), ("conversion/keras/models.zip", "only"))
    for packed, wanted in wanted_files:
        with zipfile.ZipFile(folder / packed) as archive:
            yield from (archive.read(name) for name in archive.namelist() if name.startswith(wanted))


def main(corpus):
    seeds = {
        "FuzzONNX": onnx_models(), "FuzzGGUF": gguf_models(), "FuzzV2JSON": v2_json(), "FuzzV2Binary": v2_binary(),
        "FuzzV2Protobuf": v2_protobuf(), "FuzzNumPy": numpy_files(), "FuzzArrow": arrow_files(),
        "FuzzCSV": csv_files(), "FuzzSafetensors": safetensors_files(), "FuzzTorch": torch_files(),
        "FuzzPickle": pickle_files(),
        "FuzzUBJSON": booster_files("xgb-*.ubj", "xgb-*.model", "xgb-*-logistic.json", "cb-nan-max.json"),
        "FuzzLightGBM": booster_files("lgb-*.txt"), "FuzzHDF5": hdf5_files(),
        "FuzzProtobufText": protobuf_text(), "FuzzTensorFlowJSON": tensorflow_json(),
        "FuzzTensorFlowProtobuf": tensorflow_protobuf(),
    }
    for harness, contents in seeds.items():
        folder = Path(corpus) / harness
        folder.mkdir(parents=True, exist_ok=True)
        for n, content in enumerate(contents):
            (folder / f"seed-{n}").write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    main(sys.argv[1])
