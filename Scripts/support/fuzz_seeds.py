# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzzers: sound inputs to start from. usage: fuzz_seeds.py CORPUS_DIR"""
import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests" / "Fixtures"
# What Scripts/fuzz has libFuzzer make at most.
LARGEST = 64 << 10
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
    for path in sorted((FIXTURES / "arrow").glob("*.arrow")):
        yield path.read_bytes()


def safetensors_files():
    tensors = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
               "b": {"dtype": "BF16", "shape": [1, 1], "data_offsets": [8, 10]}}
    for header in ({}, tensors, {"__metadata__": {"format": "pt"}, **tensors}):
        text = json.dumps(header).encode()
        yield struct.pack("<Q", len(text)) + text + bytes(10 if header else 0)
    yield from onnx_models()


def packed(files, method=zipfile.ZIP_STORED):
    """A zip file of (name, content) pairs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


class Unseekable(io.RawIOBase):
    """Where zip files are written whose sizes come after the data."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, data):
        self.content += bytes(data)
        return len(data)


def wide_zip(name, content):
    """One stored entry with every size in the 64-bit extension, and the 64-bit end of the directory."""
    crc, size, low = zlib.crc32(content), len(content), 0xFFFFFFFF
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    local = struct.pack("<4s5HIIIHH", b"PK\3\4", 45, 0, 0, 0, 33, crc, low, low, len(name), len(extra))
    local += name + extra + content
    extra = struct.pack("<HHQQQ", 1, 24, size, size, 0)
    sizes = struct.pack("<IIIHH", crc, low, low, len(name), len(extra))
    entry = struct.pack("<4s6H", b"PK\1\2", 45, 45, 0, 0, 0, 33) + sizes + struct.pack("<HHHII", 0, 0, 0, 0, low)
    entry += name + extra
    end = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(entry), len(local))
    end += struct.pack("<4sIQI", b"PK\6\7", 0, len(local) + len(entry), 1)
    return local + entry + end + struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, low, low, 0)


def zip_files():
    """Sound archives, and the tricks with their directory: sizes behind the data, other names, overlaps, comments."""
    files = [("a.txt", b"hello " * 30), ("b/c.bin", bytes(range(64))), ("empty", b"")]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield packed(files, method)
        for comment in (b"", b"note", b"PK\5\6"):
            streamed = Unseekable()
            with zipfile.ZipFile(streamed, "w", method) as archive:
                archive.writestr("a.txt", b"hello " * 30)
                archive.comment = comment
            yield streamed.content
    yield wide_zip(b"a.txt", b"hello")
    sound = packed(files)
    yield sound.replace(b"a.txt", b"a.pkl", 1)
    yield sound[::-1].replace(b"txt.a", b"lkp.a", 1)[::-1]
    yield sound.replace(b"a.txt", b"../xt")
    yield sound + b"behind"
    yield b"before" + sound
    yield packed([("same", b"1"), ("name", b"2")]).replace(b"name", b"same")
    directory = sound.index(b"PK\1\2")
    entry = sound[directory:directory + 51]
    size = len(sound) - 22 - directory + 51
    # An entry that is there twice, over the same data.
    yield sound[:-22] + entry + struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 4, 4, size, directory, 0)
    encrypted = bytearray(sound)
    encrypted[6] |= 1
    encrypted[directory + 8] |= 1
    yield bytes(encrypted)


def torch_files():
    for path in sorted((FIXTURES / "torch").glob("*.pt*")):
        yield path.read_bytes()


def pickle_files():
    for path in sorted((FIXTURES / "pickle").glob("*.*")):
        yield path.read_bytes()
    value = {"a": [1, 2.5, None, True, "x", b"y", (1 << 70, -5)], "b": {1, 2}, "c": frozenset("ab"), "d": bytearray(3)}
    for protocol in range(6):
        plain = pickle.dumps(value, protocol)
        yield plain
        yield plain + plain
    for compress in (zlib.compress, gzip.compress, bz2.compress, lzma.compress,
                     lambda data: lzma.compress(data, lzma.FORMAT_ALONE)):
        yield compress(pickle.dumps(value, 4))
    yield b"cposix\nsystem\n(S'id'\ntR."
    yield b"(S'id'\nios\nsystem\n."
    yield b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85}\x92\x82\x05Pid\n\x97."
    yield packed([("archive/data.pkl", b"\x80\x02]q\x00."), ("config.json", b'{"class_name": "Lambda"}')])


def booster_files(*patterns):
    for pattern in patterns:
        for path in sorted((FIXTURES / "boosters").glob(pattern)):
            if not path.name.endswith(".rows.json"):
                yield path.read_bytes()


def members(path, *starts):
    """What lies in a zip file under names that begin so."""
    with zipfile.ZipFile(path) as archive:
        yield from (archive.read(name) for name in archive.namelist() if name.startswith(starts or ("",)))


def hdf5_files():
    yield from members(ROOT / "Benchmarks" / "Fuzz" / "Seeds" / "hdf5.zip")
    yield from members(FIXTURES / "hdf5" / "files.zip", "v1", "latest")
    yield from members(FIXTURES / "conversion" / "keras" / "models.zip", "only", "sequential.keras2")


def keras_archives(*starts):
    return (data for data in members(FIXTURES / "conversion" / "keras" / "models.zip", *starts) if data[:2] == b"PK")


def keras_models():
    """The architecture, a zero, and the weights, as FuzzKeras takes them."""
    for data in keras_archives():
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            config = json.dumps(json.loads(archive.read("config.json")), separators=(",", ":"))
            yield config.encode() + b"\0" + archive.read("model.weights.h5")
    yield from weightless_models()


def weightless_models():
    """A layer without variables behind an input, as a chain and as a graph."""
    layers = {
        "MaxPooling2D": {"pool_size": 2, "padding": "same"}, "AveragePooling2D": {"pool_size": [2, 2], "strides": 1},
        "GlobalAveragePooling2D": {"keepdims": True}, "Flatten": {}, "Reshape": {"target_shape": [-1, 4]},
        "Permute": {"dims": [2, 1, 3]}, "ZeroPadding2D": {"padding": [[1, 0], [2, 3]]}, "Cropping2D": {"cropping": 1},
        "UpSampling2D": {"size": 2, "interpolation": "bilinear"}, "Rescaling": {"scale": 0.5, "offset": [1, 2, 3, 4]},
        "Activation": {"activation": "gelu"}, "Softmax": {"axis": [1, -1]}, "LeakyReLU": {"negative_slope": 0.1},
        "ReLU": {"max_value": 6, "threshold": 1}, "UnitNormalization": {"axis": -1}, "Dropout": {"rate": 0.5},
        "Lambda": {"function": {"class_name": "__lambda__", "config": {"code": "4wA="}}},
    }
    shape = {"batch_shape": [None, 6, 6, 4], "dtype": "float32", "name": "x"}
    for name, settings in layers.items():
        chain = [{"class_name": "InputLayer", "config": shape},
                 {"class_name": name, "module": "keras.layers", "config": {"name": "y", **settings}}]
        yield json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": chain}}) + "\0"
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 6, 6, 4], "keras_history": ["x", 0, 0]}}
    for name in ("Add", "Multiply", "Concatenate", "Subtract", "Dot"):
        nodes = [{"class_name": "InputLayer", "name": "x", "config": shape, "inbound_nodes": []},
                 {"class_name": name, "name": "y", "config": {"name": "y", "axis": -1, "axes": 1},
                  "inbound_nodes": [{"args": [[tensor, tensor]], "kwargs": {"mask": None}}]}]
        yield json.dumps({"class_name": "Functional", "config": {
            "name": "f", "layers": nodes, "input_layers": [["x", 0, 0]], "output_layers": [["y", 0, 0]]}}) + "\0"


def estimator_files():
    """Pickles of scikit-learn, decompressed: checksums would stop nearly every change."""
    for version in ("1.2.2", "1.9.1"):
        for folder in ("sklearn", "sklearn-rest"):
            for path in sorted((FIXTURES / folder / version).glob("*.[pj][ko]*")):
                data = path.read_bytes()
                yield zlib.decompress(data) if data[:1] == b"x" else data


def conversion_files():
    yield from estimator_files()
    yield from booster_files("*.ubj", "*.model", "*.json", "*.txt")
    yield from members(ROOT / "Benchmarks" / "Fuzz" / "Seeds" / "hdf5.zip", "earliest-model", "latest-model")
    yield from members(FIXTURES / "conversion" / "keras" / "models.zip", "sequential", "nested", "activations.keras2")


def tar_files():
    content = b"cposix\nsystem\n(S'id'\ntR."
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for name in ("model.pkl", "../out", "long/" * 18 + "x"):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE):
                entry = tarfile.TarInfo("special")
                entry.type, entry.linkname = kind, "/etc/passwd"
                archive.addfile(entry)
            if form == tarfile.PAX_FORMAT:
                entry = tarfile.TarInfo("pax")
                entry.pax_headers = {"path": "/etc/x", "size": "9"}
                archive.addfile(entry)
        yield out.getvalue()


def scanned_files():
    """A file of each kind that is looked into, and disguises."""
    yield from tar_files()
    yield from zip_files()
    yield from pickle_files()
    yield from torch_files()
    yield from keras_archives("lambda", "masked")
    call = b"cposix\nsystem\n(S'id'\ntR."
    for pack in (gzip.compress, zlib.compress, bz2.compress, lzma.compress):
        yield pack(call)
        yield pack(next(tar_files()))
    yield packed([("inner.zip", packed([("archive/data.pkl", call)])), ("x.npy", npy("|O", "(1,)", call))])
    yield packed([("archive/data.pkl", call)], zipfile.ZIP_DEFLATED).replace(b"PK\1\2", b"PK\1\3")
    yield npy("|O", "(1,)", call)
    for magic in (b"7z\xbc\xaf'\x1c", b"Rar!\x1a\7", b"MSCF", b"\x28\xb5\x2f\xfd", b"GGUF"):
        yield magic + bytes(32)
    layer = {"class_name": "Lambda", "module": "os", "config": {"function": "eval"}}
    yield json.dumps({"class_name": "Sequential", "config": {"layers": [layer]}})
    yield from members(ROOT / "Benchmarks" / "Fuzz" / "Seeds" / "hdf5.zip", "earliest-model", "latest-attributes")
    node = field(1, b"n") + field(2, b"ReadFile") + field(5, field(1, b"T"))
    yield field(1, node) + field(1, node)
    yield field(1, 1) + field(2, field(1, field(5, b"serve")) + field(2, field(1, node)))
    yield from onnx_models()


def main(corpus):
    seeds = {
        "FuzzONNX": onnx_models(), "FuzzGGUF": gguf_models(), "FuzzV2JSON": v2_json(), "FuzzV2Binary": v2_binary(),
        "FuzzV2Protobuf": v2_protobuf(), "FuzzNumPy": numpy_files(), "FuzzArrow": arrow_files(),
        "FuzzCSV": csv_files(), "FuzzSafetensors": safetensors_files(), "FuzzTorch": torch_files(),
        "FuzzPickle": pickle_files(), "FuzzZip": zip_files(), "FuzzScan": scanned_files(),
        "FuzzUBJSON": booster_files("xgb-*", "cb-*"), "FuzzLightGBM": booster_files("lgb-*.txt"),
        "FuzzHDF5": hdf5_files(), "FuzzKeras": keras_models(), "FuzzConversion": conversion_files(),
        "FuzzProtobufText": protobuf_text(), "FuzzTensorFlowJSON": tensorflow_json(),
        "FuzzTensorFlowProtobuf": tensorflow_protobuf(),
    }
    for harness, contents in seeds.items():
        folder = Path(corpus) / harness
        folder.mkdir(parents=True, exist_ok=True)
        for n, content in enumerate(contents):
            content = content.encode() if isinstance(content, str) else content
            if len(content) <= LARGEST:
                (folder / f"seed-{n}").write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
