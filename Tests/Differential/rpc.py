# SPDX-License-Identifier: Apache-2.0
"""The calls over gRPC: the same questions, and what only this protocol has."""
import re
import struct

import grpc
import numpy as np
from google.protobuf.json_format import MessageToDict

import servers  # noqa: F401 - so that the interop tests' modules are found
import grpc_clients
from grpc_clients import pb

ONE = np.array([[1.5, 2.5]], np.float32)


class Call:
    def __init__(self, name, method, *messages, metadata=(), service=grpc_clients.SERVICE, compression=None):
        self.name = f"grpc/{name}"
        self.method, self.messages, self.service = method, messages, service
        self.metadata, self.compression = metadata, compression

    def ask(self, server):
        # Read as bytes where Triton's descriptors have no fields for what KServe's client reads.
        reply = None if self.method.startswith("RepositoryModel") else getattr(pb, {"ModelStreamInfer": "ModelStreamInferResponse"}.get(self.method, f"{self.method}Response"), None)
        with grpc.insecure_channel(server.grpc, grpc_clients.UNLIMITED) as channel:
            call = channel.stream_stream(
                f"/{self.service}/{self.method}",
                request_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
                response_deserializer=reply.FromString if reply else None,
            )(iter(self.messages), timeout=60, metadata=self.metadata, compression=self.compression)
            told = []
            try:
                for answer in call:
                    told.append(body_of(answer))
            except grpc.RpcError:
                pass
            code = call.code()
            body = {"message": call.details()} if code != grpc.StatusCode.OK else {}
            if self.method == "ModelStreamInfer":
                body["answers"] = told
            elif told:
                body |= told[0]
            return {"ok": code == grpc.StatusCode.OK, "status": code.name, "body": body}


def body_of(answer):
    """The fields that are set; numbers of 64 bits as numbers, maps and lists as themselves."""
    if isinstance(answer, bytes):
        return {"bytes": answer.hex()}
    return numbers(MessageToDict(answer, preserving_proto_field_name=True))


def numbers(value):
    if isinstance(value, dict):
        return {k: v if k in ("model_version", "version", "id", "value") else numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [numbers(v) for v in value]
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value) else value


def infer(name, message, **options):
    return Call(f"infer/{name}", "ModelInfer", message, **options)


def x(array=ONE, datatype="FP32", change=None, model=None, **more):
    message = grpc_clients.request(model or f"identity_{datatype.lower()}", {"x": array}, {"x": datatype}, **more)
    if change:
        change(message)
    return message


def two(**more):
    a, b = np.array([[1.5, 2, 3, 4]], np.float32), np.array([[0.25, 2, 3, 4]], np.float32)
    return grpc_clients.request("two", {"a": a, "b": b}, {"a": "FP32", "b": "FP32"}, **more)


def changed(message, change):
    change(message)
    return message


def server():
    yield Call("server/live", "ServerLive", pb.ServerLiveRequest())
    yield Call("server/ready", "ServerReady", pb.ServerReadyRequest())
    yield Call("server/metadata", "ServerMetadata", pb.ServerMetadataRequest())
    yield Call("server/unknown-method", "Dance", b"")
    yield Call("server/unknown-service", "ServerLive", b"", service="inference.Nothing")
    yield Call("server/damaged", "ServerLive", b"\xff")
    for name in ("", "inference.GRPCInferenceService", "two", "nobody"):
        yield Call(f"health/{name or 'all'}", "Check", b"\x0a" + bytes([len(name)]) + name.encode() if name else b"", service="grpc.health.v1.Health")


def models():
    for method in ("ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics"):
        question = getattr(pb, f"{method}Request")
        for suffix, name, version in [
            ("", "two", ""), ("-version", "two", "1"), ("-unknown", "nobody", ""), ("-unknown-version", "two", "99"),
            ("-bad-version", "two", "one"), ("-version-zero", "two", "0"), ("-no-name", "", ""),
        ]:
            yield Call(f"model/{method}{suffix}", method, question(name=name, version=version))
    for datatype in ("bool", "uint8", "int64", "fp16", "fp64", "bytes"):
        yield Call(f"model/ModelMetadata-{datatype}", "ModelMetadata", pb.ModelMetadataRequest(name=f"identity_{datatype}"))
        yield Call(f"model/ModelConfig-{datatype}", "ModelConfig", pb.ModelConfigRequest(name=f"identity_{datatype}"))


VALUES = {
    "BOOL": [True, False], "INT8": [-128, 127], "INT16": [-32768, 32767], "INT32": [-2**31, 2**31 - 1],
    "INT64": [-2**63, 2**63 - 1], "UINT8": [0, 255], "UINT16": [0, 65535], "UINT32": [0, 2**32 - 1],
    "UINT64": [0, 2**64 - 1], "FP32": [3.4e38, -1e-45], "FP64": [1e308, -5e-324],
}
FIELDS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents", "INT64": "int64_contents",
    "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents", "UINT64": "uint64_contents",
    "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}


def typed(datatype, values, field=None, shape=None):
    message = pb.ModelInferRequest(model_name=f"identity_{datatype.lower()}")
    tensor = message.inputs.add(name="x", datatype=datatype, shape=shape or [1, len(values)])
    getattr(tensor.contents, field or FIELDS[datatype]).extend(values)
    return message


def good_inference():
    for datatype, values in VALUES.items():
        array = np.array([values], servers.tinymodels.DATATYPES[datatype][1])
        yield infer(f"raw-{datatype}", x(array, datatype))
        yield infer(f"typed-{datatype}", typed(datatype, values))
    yield infer("raw-FP16", x(np.array([[1, 2]], np.float16), "FP16"))
    yield infer("raw-BYTES", x(np.array([["", "naïve ☂", b"\x00\xff"]], np.object_), "BYTES"))
    yield infer("typed-BYTES", typed("BYTES", [b"", "naïve ☂".encode()]))
    yield infer("id", x(id="order-7"))
    yield infer("version", x(model_version="1"))
    yield infer("two-outputs", two())
    yield infer("one-output", changed(two(), lambda m: m.outputs.add(name="difference")))
    yield infer("other-order", changed(two(), lambda m: [m.outputs.add(name=n) for n in ("difference", "sum")]))
    yield infer("empty-tensor", x(np.zeros((0, 3), np.float32)))
    yield infer("empty-bytes", x(np.zeros((0, 3), np.object_), "BYTES"))
    yield infer("parameters", changed(x(), lambda m: [
        setattr(m.parameters["a"], "int64_param", 1), setattr(m.parameters["b"], "string_param", "x"),
        setattr(m.parameters["c"], "bool_param", True)]))
    yield infer("double-parameter", changed(x(), lambda m: setattr(m.parameters["d"], "double_param", 1.5)))
    yield infer("priority-and-timeout", changed(x(), lambda m: [
        setattr(m.parameters["priority"], "uint64_param", 1), setattr(m.parameters["timeout"], "int64_param", 10_000_000)]))
    yield infer("input-parameters", changed(x(), lambda m: setattr(m.inputs[0].parameters["a"], "int64_param", 1)))
    yield infer("unknown-fields", x().SerializeToString() + b"\xfa\x3f\x03abc")
    for kind in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        yield infer(f"compressed-{kind.name}", x(np.ones((4, 512), np.float32)), compression=kind)
    for count in (1, 2, 9, 0):
        yield infer(f"classes-{count}", changed(x(np.array([[0.1, 0.7, 0.2]], np.float32)), lambda m, c=count: setattr(
            m.outputs.add(name="y").parameters["classification"], "int64_param", c)))
    yield infer("sequence", changed(x(), lambda m: [
        setattr(m.parameters["sequence_id"], "int64_param", 5), setattr(m.parameters["sequence_start"], "bool_param", True)]))


def bad_inference():
    def bad(name, change, make=x):
        return infer(f"bad-{name}", changed(make(), change))

    def set_typed(m):
        m.inputs[0].contents.fp32_contents.extend([1.5, 2.5])

    yield infer("bad-damaged", b"\xff")
    yield infer("bad-cut", x().SerializeToString()[:-3])
    yield infer("bad-wrong-wire-type", b"\x08\x01")
    yield infer("bad-empty", pb.ModelInferRequest())
    yield infer("bad-no-inputs", pb.ModelInferRequest(model_name="identity_fp32"))
    yield bad("unknown-model", lambda m: setattr(m, "model_name", "nobody"))
    yield bad("unknown-version", lambda m: setattr(m, "model_version", "99"))
    yield bad("bad-version", lambda m: setattr(m, "model_version", "one"))
    yield bad("unknown-name", lambda m: setattr(m.inputs[0], "name", "q"))
    yield bad("no-name", lambda m: setattr(m.inputs[0], "name", ""))
    yield bad("no-datatype", lambda m: setattr(m.inputs[0], "datatype", ""))
    yield bad("unknown-datatype", lambda m: setattr(m.inputs[0], "datatype", "FP128"))
    yield bad("wrong-datatype", lambda m: setattr(m.inputs[0], "datatype", "INT32"))
    yield bad("no-shape", lambda m: m.inputs[0].ClearField("shape"))
    yield bad("wrong-rank", lambda m: m.inputs[0].shape.append(1))
    yield bad("larger-shape", lambda m: m.inputs[0].shape.__setitem__(1, 3))
    yield bad("smaller-shape", lambda m: m.inputs[0].shape.__setitem__(1, 1))
    yield bad("negative-shape", lambda m: m.inputs[0].shape.__setitem__(0, -1))
    yield bad("huge-shape", lambda m: m.inputs[0].shape.__setitem__(0, 2**62))
    yield bad("raw-and-typed", set_typed)
    yield bad("no-contents", lambda m: m.ClearField("raw_input_contents"))
    yield bad("raw-missing", lambda m: m.raw_input_contents.pop(), two)
    yield bad("raw-too-many", lambda m: m.raw_input_contents.append(b"1234"))
    yield bad("raw-short", lambda m: m.raw_input_contents.__setitem__(0, b"1234"))
    yield bad("raw-long", lambda m: m.raw_input_contents.__setitem__(0, bytes(12)))
    yield bad("missing-input", lambda m: [m.inputs.pop(), m.raw_input_contents.pop()], two)
    yield bad("input-twice", lambda m: [m.inputs.add(name="x", datatype="FP32", shape=[1, 1]), m.raw_input_contents.append(b"1234")])
    yield bad("extra-input", lambda m: [m.inputs.add(name="z", datatype="FP32", shape=[1, 1]), m.raw_input_contents.append(b"1234")])
    yield bad("fixed-dimension", lambda m: [i.shape.__setitem__(slice(None), [2, 2]) for i in m.inputs], two)
    yield bad("unknown-output", lambda m: m.outputs.add(name="z"))
    yield bad("output-twice", lambda m: [m.outputs.add(name="y") for _ in range(2)])
    yield bad("output-without-name", lambda m: m.outputs.add())
    yield bad("parameter-without-value", lambda m: m.parameters["a"].SetInParent())
    yield bad("priority-text", lambda m: setattr(m.parameters["priority"], "string_param", "high"))
    yield bad("timeout-negative", lambda m: setattr(m.parameters["timeout"], "int64_param", -1))
    yield bad("shared-memory-input", lambda m: [
        m.ClearField("raw_input_contents"), setattr(m.inputs[0].parameters["shared_memory_region"], "string_param", "r"),
        setattr(m.inputs[0].parameters["shared_memory_byte_size"], "int64_param", 8)])
    yield bad("shared-memory-output", lambda m: [
        setattr(m.outputs.add(name="y").parameters["shared_memory_region"], "string_param", "r"),
        setattr(m.outputs[0].parameters["shared_memory_byte_size"], "int64_param", 8)])
    yield bad("classes-negative", lambda m: setattr(m.outputs.add(name="y").parameters["classification"], "int64_param", -1))
    yield bad("classes-text", lambda m: setattr(m.outputs.add(name="y").parameters["classification"], "string_param", "two"))
    yield infer("bad-typed-short", typed("FP32", [1], shape=[1, 2]))
    yield infer("bad-typed-long", typed("FP32", [1, 2, 3], shape=[1, 2]))
    yield infer("bad-typed-wrong-field", typed("FP32", [1, 2], field="int_contents"))
    yield infer("bad-typed-range", typed("INT8", [128]))
    yield infer("bad-typed-fp16", typed("FP16", [1.0], field="fp32_contents"))
    yield infer("bad-bytes-lengths", pb.ModelInferRequest(
        model_name="identity_bytes", raw_input_contents=[b"\xff\xff\xff\xffab"],
        inputs=[pb.ModelInferRequest.InferInputTensor(name="x", datatype="BYTES", shape=[1, 1])]))
    yield infer("bad-bytes-count", pb.ModelInferRequest(
        model_name="identity_bytes", raw_input_contents=[struct.pack("<I", 1) + b"a" + struct.pack("<I", 1) + b"b"],
        inputs=[pb.ModelInferRequest.InferInputTensor(name="x", datatype="BYTES", shape=[1, 1])]))
    yield infer("bad-bytes-cut", pb.ModelInferRequest(
        model_name="identity_bytes", raw_input_contents=[b"\x01\0"],
        inputs=[pb.ModelInferRequest.InferInputTensor(name="x", datatype="BYTES", shape=[1, 1])]))


def streams():
    def stream(name, *messages, **options):
        return Call(f"stream/{name}", "ModelStreamInfer", *messages, **options)

    final = changed(x(id="a"), lambda m: setattr(m.parameters["triton_enable_empty_final_response"], "bool_param", True))
    yield stream("nothing")
    yield stream("one", x(id="a"))
    yield stream("three", *[x(id=str(n)) for n in range(3)])
    yield stream("unknown-model", x(id="a", model="nobody"))
    yield stream("bad-raw", changed(x(id="a"), lambda m: m.raw_input_contents.append(b"1234")))
    yield stream("failure-between", x(id="a"), x(id="b", model="nobody"), x(id="c"))
    yield stream("unknown-model-as-status", x(id="a", model="nobody"), metadata=[("triton_grpc_error", "true")])
    yield stream("damaged", b"\xff")
    yield stream("final-response", final)


def repository():
    def load(name, model, what="Load", **parameters):
        message = getattr(pb, f"RepositoryModel{what}Request")(model_name=model)
        for key, value in parameters.items():
            kind = {bool: "bool_param", str: "string_param", bytes: "bytes_param"}[type(value)]
            setattr(message.parameters[key], kind, value)
        return Call(f"repository/{what.lower()}-{name}", f"RepositoryModel{what}", message)

    yield Call("repository/index", "RepositoryIndex", pb.RepositoryIndexRequest())
    yield Call("repository/index-ready", "RepositoryIndex", pb.RepositoryIndexRequest(ready=True))
    yield Call("repository/index-named", "RepositoryIndex", pb.RepositoryIndexRequest(repository_name="here"))
    yield load("unknown", "nobody")
    yield load("no-name", "")
    yield load("unknown", "nobody", "Unload")
    yield load("again", "spare")
    yield load("bad-config", "spare", config="{")
    yield load("file-alone", "spare", **{"file:1/model.onnx": b"1234"})
    yield load("unknown-parameter", "spare", mood="fine")
    yield load("known", "spare", "Unload")
    yield Call("repository/unloaded-ready", "ModelReady", pb.ModelReadyRequest(name="spare"))
    yield Call("repository/unloaded-metadata", "ModelMetadata", pb.ModelMetadataRequest(name="spare"))
    yield Call("repository/unloaded-statistics", "ModelStatistics", pb.ModelStatisticsRequest(name="spare"))
    yield Call("repository/unloaded-infer", "ModelInfer", changed(two(), lambda m: setattr(m, "model_name", "spare")))
    yield Call("repository/index-ready-unloaded", "RepositoryIndex", pb.RepositoryIndexRequest(ready=True))
    yield load("unloaded", "spare", "Unload")
    yield load("dependents", "spare", "Unload", unload_dependents=True)
    yield load("known", "spare")
    yield Call("repository/loaded-infer", "ModelInfer", changed(two(), lambda m: setattr(m, "model_name", "spare")))


def settings():
    def logs(name, **values):
        message = pb.LogSettingsRequest()
        for key, value in values.items():
            setattr(message.settings[key], {bool: "bool_param", str: "string_param", int: "uint32_param"}[type(value)], value)
        return Call(f"logging/{name}", "LogSettings", message)

    def traces(name, model="", **values):
        message = pb.TraceSettingRequest(model_name=model)
        for key, value in values.items():
            message.settings[key].value.extend(value)
        return Call(f"trace/{name}", "TraceSetting", message)

    yield logs("get")
    yield logs("verbose", log_verbose_level=1)
    yield logs("verbose-off", log_verbose_level=0)
    yield logs("bad-type", log_info="yes")
    yield logs("bad-format", log_format="poem")
    yield logs("unknown", log_mood=True)
    yield logs("file", log_file="/tmp/x")
    yield traces("get")
    yield traces("level", trace_level=["TIMESTAMPS"])
    yield traces("rate", trace_rate=["100"], trace_count=["5"], log_frequency=["10"])
    yield traces("model-get", "two")
    yield traces("model-set", "two", trace_rate=["7"])
    yield traces("model-clear", "two", trace_rate=[])
    yield traces("unknown-model", "nobody")
    yield traces("bad-level", trace_level=["LOUD"])
    yield traces("bad-rate", trace_rate=["often"])
    yield traces("two-rates", trace_rate=["1", "2"])
    yield traces("unknown", trace_mood=["fine"])
    yield traces("file", trace_file=["/tmp/x"])
    yield traces("clear", trace_level=[], trace_rate=[], trace_count=[], log_frequency=[])
    for kind in ("System", "Cuda"):
        yield Call(f"shared-memory/{kind}-status", f"{kind}SharedMemoryStatus", b"")
        yield Call(f"shared-memory/{kind}-unregister", f"{kind}SharedMemoryUnregister", b"")
        yield Call(f"shared-memory/{kind}-register", f"{kind}SharedMemoryRegister",
                   getattr(pb, f"{kind}SharedMemoryRegisterRequest")(name="r", byte_size=4))


def statistics():
    """Counts, of a model that is asked by the last calls of each protocol only."""
    for number in range(3):
        yield Call(f"stats/ask-{number}", "ModelInfer", changed(two(), lambda m: setattr(m, "model_name", "counted")))
    yield Call("stats/told", "ModelStatistics", pb.ModelStatisticsRequest(name="counted"))


GROUPS = [server, models, good_inference, bad_inference, streams, repository, settings, statistics]


def calls():
    for group in GROUPS:
        yield from group()
