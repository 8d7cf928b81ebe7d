# SPDX-License-Identifier: Apache-2.0
"""The calls over REST: name, method, path, body, headers."""
import gzip
import http.client
import json
import struct
import zlib

HEADERS = ["content-type", "content-encoding", "inference-header-content-length", "accept-encoding"]


class Call:
    def __init__(self, name, method, path, body=None, headers=None):
        self.name = f"rest/{name}"
        self.method, self.path, self.headers = method, path, headers or {}
        self.body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body

    def ask(self, server):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            connection.request(self.method, self.path, self.body, self.headers)
            answer = connection.getresponse()
            return {
                "ok": answer.status == 200,
                "status": answer.status,
                "headers": {n: answer.headers[n] for n in HEADERS if answer.headers[n] is not None},
                "body": body_of(answer.headers, answer.read()),
            }
        finally:
            connection.close()


def body_of(headers, data):
    """JSON as itself, binary tensors after it in hexadecimal, and anything else as text."""
    encoding = headers["content-encoding"]
    if encoding == "gzip":
        data = gzip.decompress(data)
    elif encoding == "deflate":
        data = zlib.decompress(data)
    length = headers["inference-header-content-length"]
    tail = None
    if length is not None:
        data, tail = data[: int(length)], data[int(length):]
    if not data:
        return None
    try:
        told = json.loads(data)
    except ValueError:
        return data.decode(errors="replace")
    if tail is not None:
        told["(binary)"] = tail.hex()
    return told


def x(data, shape=None, datatype="FP32", **extra):
    return {"name": "x", "datatype": datatype, "shape": shape or [1, len(data)], "data": data, **extra}


def ab(**more):
    a, b = ({"name": n, "datatype": "FP32", "shape": [1, 4], "data": [v, 2, 3, 4]} for n, v in (("a", 1.5), ("b", 0.25)))
    return {"inputs": [a, b], **more}


def binary(head, *tensors, **headers):
    text = json.dumps(head).encode()
    return {"body": text + b"".join(tensors), "headers": {"Inference-Header-Content-Length": str(len(text)), **headers}}


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def strings(*values):
    return b"".join(struct.pack("<I", len(v)) + v for v in values)


def sized(size, shape=(1, 2), datatype="FP32", name="x"):
    return {"name": name, "datatype": datatype, "shape": list(shape), "parameters": {"binary_data_size": size}}


def health():
    for path in ("live", "ready"):
        yield Call(f"health/{path}", "GET", f"/v2/health/{path}")
    yield Call("health/post", "POST", "/v2/health/live", b"")
    yield Call("health/unknown", "GET", "/v2/health/well")
    yield Call("server/metadata", "GET", "/v2")
    yield Call("server/metadata-post", "POST", "/v2", b"{}")
    yield Call("server/unknown-path", "GET", "/v2/nothing")
    yield Call("server/unknown-root", "GET", "/nothing")
    yield Call("server/trailing-slash", "GET", "/v2/health/live/")


def models():
    parts = {
        "": "/v2/models/two", "-version": "/v2/models/two/versions/1", "-unknown-version": "/v2/models/two/versions/99",
        "-unknown": "/v2/models/nobody", "-bad-version": "/v2/models/two/versions/one", "-version-zero": "/v2/models/two/versions/0",
        "-huge-version": "/v2/models/two/versions/99999999999999999999", "-unknown-with-version": "/v2/models/nobody/versions/1",
        "-escaped": "/v2/models/%74wo", "-query": "/v2/models/two?verbose=1",
    }
    for what in ("metadata", "ready", "config", "stats"):
        for suffix, path in parts.items():
            before, question, after = path.partition("?")
            tail = "" if what == "metadata" else f"/{what}"
            yield Call(f"model/{what}{suffix}", "GET", before + tail + question + after)
        yield Call(f"model/{what}-post", "POST", "/v2/models/two" + ("" if what == "metadata" else f"/{what}"), b"{}")
    for datatype in ("bool", "uint8", "int64", "fp16", "fp64", "bytes"):
        yield Call(f"model/metadata-{datatype}", "GET", f"/v2/models/identity_{datatype}")
        yield Call(f"model/config-{datatype}", "GET", f"/v2/models/identity_{datatype}/config")
    yield Call("model/stats-all", "GET", "/v2/models/stats")
    yield Call("model/infer-get", "GET", "/v2/models/two/infer")
    yield Call("model/unknown-action", "GET", "/v2/models/two/dance")


def infer(name, body=None, model="identity_fp32", path=None, method="POST", headers=None):
    return Call(f"infer/{name}", method, path or f"/v2/models/{model}/infer", body, headers)


def good_inference():
    yield infer("flat", {"inputs": [x([1, 2.5, -3])]})
    yield infer("nested", {"inputs": [x([[1, 2], [3, 4]], [2, 2])]})
    yield infer("id", {"id": "order-7", "inputs": [x([1])]})
    yield infer("empty-id", {"id": "", "inputs": [x([1])]})
    yield infer("two-outputs", ab(), "two")
    yield infer("version", {"inputs": [x([1])]}, path="/v2/models/identity_fp32/versions/1/infer")
    yield infer("one-output", ab(outputs=[{"name": "difference"}]), "two")
    yield infer("other-order", ab(outputs=[{"name": "difference"}, {"name": "sum"}]), "two")
    yield infer("empty-outputs", ab(outputs=[]), "two")
    yield infer("inputs-in-other-order", {"inputs": ab()["inputs"][::-1]}, "two")
    yield infer("content-type", {"inputs": [x([1])]}, headers={"Content-Type": "application/json"})
    yield infer("content-type-text", {"inputs": [x([1])]}, headers={"Content-Type": "text/plain"})
    yield infer("unknown-members", {"inputs": [x([1], colour="red")], "mood": "fine"})
    yield infer("empty-tensor", {"inputs": [x([], [0, 3])]})
    yield infer("parameters", {"parameters": {"a": 1, "b": "x", "c": True, "d": 1.5}, "inputs": [x([1])]})
    yield infer("priority-and-timeout", {"parameters": {"priority": 1, "timeout": 10_000_000}, "inputs": [x([1])]})
    yield infer("input-parameters", {"inputs": [x([1], parameters={"a": 1})]})
    yield infer("large-numbers", {"inputs": [x([3.4e38, -3.4e38, 1e-45, 16777217])]})
    for datatype, values in {
        "BOOL": [True, False], "INT8": [-128, 127], "INT16": [-32768, 32767], "INT32": [-2**31, 2**31 - 1],
        "INT64": [-2**63, 2**63 - 1], "UINT8": [0, 255], "UINT16": [0, 65535], "UINT32": [0, 2**32 - 1],
        "UINT64": [0, 2**64 - 1], "FP64": [1e308, -5e-324], "BYTES": ["", "naïve ☂"],
    }.items():
        yield infer(f"json-{datatype}", {"inputs": [x(values, datatype=datatype)]}, f"identity_{datatype.lower()}")
    yield infer("json-fp16", {"inputs": [x([1, 2], datatype="FP16")]}, "identity_fp16")
    yield infer("json-out-fp16", **binary({"inputs": [sized(4, datatype="FP16")]}, b"\x00\x3c\x00\x40"), model="identity_fp16")


def binary_inference():
    out = {"parameters": {"binary_data_output": True}}
    yield infer("binary-in", **binary({"inputs": [sized(8)]}, floats(1, 2)))
    yield infer("binary-both", **binary({"inputs": [sized(8)], **out}, floats(1, 2)))
    yield infer("binary-out", {"inputs": [x([1, 2])], **out})
    yield infer("binary-out-one", ab(outputs=[{"name": "sum", "parameters": {"binary_data": True}}]), "two")
    yield infer("binary-out-mixed", ab(outputs=[
        {"name": "sum", "parameters": {"binary_data": False}}, {"name": "difference", "parameters": {"binary_data": True}}]), "two")
    yield infer("binary-out-overruled", ab(outputs=[{"name": "sum", "parameters": {"binary_data": False}}], **out), "two")
    yield infer("binary-in-mixed", **binary(
        {"inputs": [ab()["inputs"][0], sized(16, (1, 4), name="b")]}, floats(1, 2, 3, 4)), model="two")
    yield infer("binary-bytes", **binary(
        {"inputs": [sized(15, (1, 2), "BYTES")], **out}, strings(b"ab\x00", b"wxyz")), model="identity_bytes")
    yield infer("binary-bytes-to-json", **binary(
        {"inputs": [sized(15, (1, 2), "BYTES")]}, strings(b"abc", b"wxyz")), model="identity_bytes")
    yield infer("binary-empty", **binary({"inputs": [sized(0, (0, 2))], **out}))
    yield infer("binary-raw-body", floats(1, 2), "identity_fp32", headers={"Inference-Header-Content-Length": "0"})


def compressed():
    whole = json.dumps({"inputs": [x([1, 2])]}).encode()
    yield infer("gzip", gzip.compress(whole), headers={"Content-Encoding": "gzip"})
    yield infer("deflate", zlib.compress(whole), headers={"Content-Encoding": "deflate"})
    yield infer("accept-gzip", whole, headers={"Accept-Encoding": "gzip"})
    yield infer("accept-deflate", whole, headers={"Accept-Encoding": "deflate"})
    yield infer("accept-unknown", whole, headers={"Accept-Encoding": "br"})
    yield infer("unknown-encoding", whole, headers={"Content-Encoding": "br"})
    yield infer("identity-encoding", whole, headers={"Content-Encoding": "identity"})
    yield infer("not-gzip", whole, headers={"Content-Encoding": "gzip"})


def classified():
    def asked(count, **more):
        return {"inputs": [x([0.1, 0.7, 0.2])], "outputs": [{"name": "y", "parameters": {"classification": count, **more}}]}

    yield infer("classes-1", asked(1))
    yield infer("classes-2", asked(2))
    yield infer("classes-more", asked(9))
    yield infer("classes-0", asked(0))
    yield infer("classes-negative", asked(-1))
    yield infer("classes-text", asked("two"))
    yield infer("classes-binary", asked(2, binary_data=True))
    ints = {"inputs": [x([3, 9, 1], datatype="INT32")], "outputs": [{"name": "y", "parameters": {"classification": 2}}]}
    yield infer("classes-int", ints, "identity_int32")
    # Not asked: classes of a BYTES tensor, a division by zero in Triton 2.51 that ends its process.


def bad_inference():
    for name, body in {
        "no-body": b"", "not-json": b"hello", "half-json": b'{"inputs":[', "array": [], "text": b'"x"', "null": b"null",
        "empty-object": {}, "null-inputs": {"inputs": None}, "object-inputs": {"inputs": {}}, "no-inputs": {"inputs": []},
        "number-input": {"inputs": [1]}, "id-number": {"id": 7, "inputs": [x([1])]},
        "outputs-object": {"inputs": [x([1])], "outputs": {}},
        "unknown-output": {"inputs": [x([1])], "outputs": [{"name": "z"}]},
        "output-twice": {"inputs": [x([1])], "outputs": [{"name": "y"}, {"name": "y"}]},
        "output-without-name": {"inputs": [x([1])], "outputs": [{}]},
        "parameters-array": {"inputs": [x([1])], "parameters": []},
        "parameter-null": {"inputs": [x([1])], "parameters": {"a": None}},
        "parameter-object": {"inputs": [x([1])], "parameters": {"a": {}}},
        "priority-text": {"inputs": [x([1])], "parameters": {"priority": "high"}},
        "timeout-text": {"inputs": [x([1])], "parameters": {"timeout": "soon"}},
        "sequence": {"inputs": [x([1])], "parameters": {"sequence_id": 5, "sequence_start": True, "sequence_end": True}},
        "two-of-a-name": {"inputs": [x([1]), x([1])]}, "trailing": b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]} x',
        "shared-memory-input": {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32",
                                            "parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 4}}]},
        "shared-memory-output": {"inputs": [x([1])], "outputs": [
            {"name": "y", "parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 4}}]},
    }.items():
        yield infer(f"bad-{name}", body)
    for name, change in {
        "no-name": {"name": None}, "empty-name": {"name": ""}, "unknown-name": {"name": "q"}, "no-datatype": {"datatype": None},
        "unknown-datatype": {"datatype": "FP128"}, "lower-datatype": {"datatype": "fp32"}, "wrong-datatype": {"datatype": "INT32"},
        "no-shape": {"shape": None}, "text-shape": {"shape": "1"}, "negative-shape": {"shape": [-1, 1]},
        "float-shape": {"shape": [1.0, 1]}, "huge-shape": {"shape": [2**40, 2**40]}, "wrong-rank": {"shape": [1]},
        "larger-shape": {"shape": [1, 3]}, "smaller-shape": {"shape": [1, 1]}, "no-data": {"data": None},
        "text-data": {"data": ["1", "2"]}, "null-data": {"data": [1, None]}, "object-data": {"data": [{}, {}]},
        "bool-data": {"data": [True, False]}, "number-as-data": {"data": 1}, "ragged": {"data": [[1, 2], [3]]},
    }.items():
        given = {**x([1, 2]), **change}
        yield infer(f"bad-{name}", {"inputs": [{k: v for k, v in given.items() if v is not None}]})
    for name, datatype, values in [
        ("int8-range", "INT8", [128]), ("uint8-negative", "UINT8", [-1]), ("uint8-range", "UINT8", [256]),
        ("int-fraction", "INT32", [1.5]), ("int-float", "INT32", [1.0]), ("int-text", "INT32", ["1"]), ("int64-range", "INT64", [2**63]),
        ("uint64-range", "UINT64", [2**64]), ("bool-number", "BOOL", [1]), ("bool-text", "BOOL", ["true"]), ("bytes-number", "BYTES", [1]),
    ]:
        yield infer(f"bad-{name}", {"inputs": [x(values, datatype=datatype)]}, f"identity_{datatype.lower()}")
    yield infer("bad-missing-input", {"inputs": ab()["inputs"][:1]}, "two")
    yield infer("bad-extra-input", ab() | {"inputs": ab()["inputs"] + [x([1])]}, "two")
    yield infer("bad-fixed-dimension", {"inputs": [{**i, "shape": [2, 2]} for i in ab()["inputs"]]}, "two")
    yield infer("bad-nan", b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[NaN]}]}')
    yield infer("bad-overflow", b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1e39]}]}')
    yield infer("bad-deep", b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":' + b"[" * 3000 + b"1" + b"]" * 3000 + b"}]}")
    yield infer("bad-duplicate-member", b'{"inputs":[],"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}')
    yield infer("bad-utf8", b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"BYTES","data":["\xff"]}]}', "identity_bytes")
    for name, path in {
        "unknown-model": "/v2/models/nobody/infer", "unknown-version": "/v2/models/two/versions/9/infer",
        "bad-version": "/v2/models/two/versions/one/infer",
    }.items():
        yield infer(f"bad-{name}", ab(), path=path)


def bad_binary():
    whole = binary({"inputs": [sized(8)]}, floats(1, 2))
    for length in ("-1", "many", "99999", "99999999999999999999", "", "1.5"):
        yield infer(f"bad-header-length-{length or 'empty'}", whole["body"], headers={"Inference-Header-Content-Length": length})
    yield infer("bad-binary-short", **binary({"inputs": [sized(8)]}, floats(1)))
    yield infer("bad-binary-long", **binary({"inputs": [sized(8)]}, floats(1, 2, 3)))
    yield infer("bad-binary-size", **binary({"inputs": [sized(4)]}, floats(1)))
    yield infer("bad-binary-size-too-large", **binary({"inputs": [sized(12)]}, floats(1, 2, 3)))
    yield infer("bad-binary-size-negative", **binary({"inputs": [sized(-8)]}, floats(1, 2)))
    yield infer("bad-binary-size-text", **binary({"inputs": [sized("8")]}, floats(1, 2)))
    yield infer("bad-binary-and-data", **binary({"inputs": [{**sized(8), "data": [1, 2]}]}, floats(1, 2)))
    yield infer("bad-binary-no-header", whole["body"])
    yield infer("bad-binary-bytes", **binary({"inputs": [sized(6, (1, 1), "BYTES")]}, b"\xff\xff\xff\xffab"), model="identity_bytes")
    yield infer("bad-binary-bytes-count", **binary({"inputs": [sized(12, (1, 1), "BYTES")]}, strings(b"ab", b"cd")), model="identity_bytes")


def repository():
    def index(name, body, method="POST", path="/v2/repository/index"):
        return Call(f"repository/index-{name}", method, path, body)

    def load(name, model, body=b"", what="load"):
        return Call(f"repository/{what}-{name}", "POST", f"/v2/repository/models/{model}/{what}", body)

    yield index("no-body", b"")
    yield index("empty-object", {})
    yield index("ready", {"ready": True})
    yield index("not-ready-only", {"ready": False})
    yield index("bad-ready", {"ready": "yes"})
    yield index("not-json", b"hello")
    yield index("get", None, "GET")
    yield index("named", b"", path="/v2/repository/here/index")
    yield load("unknown", "nobody")
    yield load("unknown", "nobody", what="unload")
    yield load("again", "spare")
    yield load("not-json", "spare", b"hello")
    yield load("bad-config", "spare", {"parameters": {"config": "{"}})
    yield load("file-alone", "spare", {"parameters": {"file:1/model.onnx": "AAAA"}})
    yield load("unknown-parameter", "spare", {"parameters": {"mood": "fine"}})
    yield load("known", "spare", what="unload")
    yield Call("repository/unloaded-ready", "GET", "/v2/models/spare/ready")
    yield Call("repository/unloaded-metadata", "GET", "/v2/models/spare")
    yield Call("repository/unloaded-stats", "GET", "/v2/models/spare/stats")
    yield Call("repository/unloaded-infer", "POST", "/v2/models/spare/infer", ab())
    yield index("unloaded-ready", {"ready": True})
    yield load("unloaded", "spare", what="unload")
    yield load("dependents", "spare", {"parameters": {"unload_dependents": True}}, what="unload")
    yield load("known", "spare")
    yield Call("repository/loaded-ready", "GET", "/v2/models/spare/ready")
    yield Call("repository/loaded-infer", "POST", "/v2/models/spare/infer", ab())


def settings():
    def logs(name, body, method="POST"):
        return Call(f"logging/{name}", method, "/v2/logging", body)

    def traces(name, body, method="POST", path="/v2/trace/setting"):
        return Call(f"trace/{name}", method, path, body)

    yield logs("get", None, "GET")
    yield logs("nothing", {})
    yield logs("verbose", {"log_verbose_level": 1})
    yield logs("verbose-off", {"log_verbose_level": 0})
    yield logs("info", {"log_info": True})
    yield logs("format", {"log_format": "ISO8601"})
    yield logs("bad-format", {"log_format": "poem"})
    yield logs("bad-type", {"log_info": "yes"})
    yield logs("bad-level", {"log_verbose_level": -1})
    yield logs("unknown", {"log_mood": True})
    yield logs("file", {"log_file": "/tmp/x"})
    yield logs("not-json", b"hello")
    yield logs("default-format", {"log_format": "default"})
    yield logs("after", None, "GET")
    yield traces("get", None, "GET")
    yield traces("nothing", {})
    yield traces("level", {"trace_level": ["TIMESTAMPS"]})
    yield traces("rate", {"trace_rate": "100", "trace_count": "5", "log_frequency": "10"})
    yield traces("model-get", None, "GET", "/v2/models/two/trace/setting")
    yield traces("model-set", {"trace_rate": "7"}, path="/v2/models/two/trace/setting")
    yield traces("model-clear", {"trace_rate": None}, path="/v2/models/two/trace/setting")
    yield traces("unknown-model", None, "GET", "/v2/models/nobody/trace/setting")
    yield traces("bad-level", {"trace_level": ["LOUD"]})
    yield traces("bad-rate", {"trace_rate": "often"})
    yield traces("number-rate", {"trace_rate": 100})
    yield traces("unknown", {"trace_mood": "fine"})
    yield traces("file", {"trace_file": "/tmp/x"})
    yield traces("not-json", b"hello")
    yield traces("clear", {"trace_level": None, "trace_rate": None, "trace_count": None, "log_frequency": None})
    yield traces("after", None, "GET")
    for kind in ("system", "cuda"):
        yield Call(f"shared-memory/{kind}-status", "GET", f"/v2/{kind}sharedmemory/status")
        yield Call(f"shared-memory/{kind}-unregister", "POST", f"/v2/{kind}sharedmemory/unregister", b"")
        yield Call(f"shared-memory/{kind}-register", "POST", f"/v2/{kind}sharedmemory/region/r/register", {
            "key": "/none", "offset": 0, "byte_size": 4, "raw_handle": {"b64": "AAAA"}, "device_id": 0})
    yield Call("generate/unary", "POST", "/v2/models/two/generate", {"text_input": "x"})


def statistics():
    """Counts, of a model that is asked here only."""
    more = {"inputs": [{**i, "shape": [2, 4], "data": i["data"] * 2} for i in ab()["inputs"]]}
    for number in range(3):
        yield Call(f"stats/ask-{number}", "POST", "/v2/models/counted/infer", ab())
    yield Call("stats/ask-rows", "POST", "/v2/models/counted/infer", more)
    yield Call("stats/ask-wrong", "POST", "/v2/models/counted/infer", {"inputs": ab()["inputs"][:1]})
    yield Call("stats/told", "GET", "/v2/models/counted/stats")
    yield Call("stats/told-by-version", "GET", "/v2/models/counted/versions/1/stats")


GROUPS = [
    health, models, good_inference, binary_inference, compressed, classified, bad_inference, bad_binary, repository, settings,
    statistics,
]


def calls():
    for group in GROUPS:
        yield from group()
