# SPDX-License-Identifier: Apache-2.0
"""The server gives exactly the verdict on every ONNX node test that onnxruntime gives in-process."""
import ctypes
import json
import struct

import numpy as np
import nodecases
import onnxruntime
import pytest
import slipway
from ml_dtypes import bfloat16
from onnx import TensorProto

onnxruntime.set_default_logger_severity(4)

V2_NAMES = {
    "bool": "BOOL", "int8": "INT8", "int16": "INT16", "int32": "INT32", "int64": "INT64", "uint8": "UINT8",
    "uint16": "UINT16", "uint32": "UINT32", "uint64": "UINT64", "float16": "FP16", "float32": "FP32",
    "float64": "FP64", "bfloat16": "BF16",
}
NUMPY_TYPES = {v2: bfloat16 if name == "bfloat16" else np.dtype(name) for name, v2 in V2_NAMES.items()}


# In-process

def verdict_in_process(case):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(case.content, options, providers=["CPUExecutionProvider"])
    except Exception:
        return "unsupported"
    names = [o.name for o in session.get_outputs()]
    for inputs, expected in case.data():
        try:
            answer = run(session, names, inputs)
        except Exception:
            return "refused"
        if not nodecases.all_same(answer, expected):
            return "wrong"
    return "pass"


def run(session, names, inputs):
    """numpy has no bfloat16 of its own, so onnxruntime takes and gives it through its own values only."""
    typed = [*session.get_inputs(), *session.get_outputs()]
    if not any(value.type == "tensor(bfloat16)" for value in typed):
        return dict(zip(names, session.run(names, inputs)))
    answer = session.run_with_ort_values(names, {name: ort_value(array) for name, array in inputs.items()})
    return dict(zip(names, map(from_ort_value, answer)))


def ort_value(array):
    if array.dtype == bfloat16:
        # The value borrows the memory of the array, which the caller's `inputs` keeps.
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(array.view(np.uint16), TensorProto.BFLOAT16)
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)


def from_ort_value(value):
    if value.element_type() != TensorProto.BFLOAT16:
        return value.numpy()
    count = int(np.prod(value.shape()))
    bits = (ctypes.c_uint16 * count).from_address(value.data_ptr())
    return np.array(bits, dtype=np.uint16).view(bfloat16).reshape(value.shape())


# Through the server: binary tensors, so that every type and value can travel

def datatype_of(array):
    return "BYTES" if array.dtype.kind in "OUS" else V2_NAMES[array.dtype.name]


def bytes_of(array):
    if array.dtype.kind not in "OUS":
        return np.ascontiguousarray(array).tobytes()
    elements = [nodecases.text(x).encode() for x in array.ravel()]
    return b"".join(struct.pack("<I", len(e)) + e for e in elements)


def flattened(inputs):
    """A sequence `x` travels as `x.0`, `x.1` ... and `x.length`; an absent optional stays away."""
    for name, value in inputs.items():
        if isinstance(value, list):
            yield f"{name}.length", np.array([len(value)], dtype=np.int64)
            yield from ((f"{name}.{n}", np.asarray(item)) for n, item in enumerate(value))
        elif value is not None:
            yield name, np.asarray(value)


def encoded(inputs):
    header, data = {"inputs": [], "parameters": {"binary_data_output": True}}, b""
    for name, array in flattened(inputs):
        part = bytes_of(array)
        header["inputs"].append({
            "name": name, "shape": list(array.shape), "datatype": datatype_of(array),
            "parameters": {"binary_data_size": len(part)}})
        data += part
    head = json.dumps(header).encode()
    return head + data, {"Inference-Header-Content-Length": str(len(head))}


def texts(data):
    found, at = [], 0
    while at < len(data):
        size = struct.unpack_from("<I", data, at)[0]
        found.append(data[at + 4:at + 4 + size].decode())
        at += 4 + size
    return found


def array_of(described, data):
    if described["datatype"] == "BYTES":
        return np.array(texts(data), dtype=np.object_).reshape(described["shape"])
    return np.frombuffer(data, NUMPY_TYPES[described["datatype"]]).reshape(described["shape"])


def decoded(answer):
    size = int(answer.headers["Inference-Header-Content-Length"])
    header, at, tensors = json.loads(answer.content[:size]), size, {}
    for described in header["outputs"]:
        count = described["parameters"]["binary_data_size"]
        tensors[described["name"]] = array_of(described, answer.content[at:at + count])
        at += count
    return tensors


def gathered(tensors, expected):
    """Sequences put together again."""
    answer = {}
    for name, value in expected.items():
        if isinstance(value, list) and f"{name}.length" in tensors:
            count = int(tensors[f"{name}.length"].ravel()[0])
            answer[name] = [tensors[f"{name}.{n}"] for n in range(count)]
        elif name in tensors:
            answer[name] = tensors[name]
    return answer


def verdict_of_server(server, admin, case):
    if admin.upload(case.name, case.content)["state"] != "succeeded":
        return "unsupported"
    state, _ = admin.deploy(case.name, f"{case.name}:1")
    try:
        return "unsupported" if state != "ready" else asked(server, case)
    finally:
        admin.undeploy(case.name)


def asked(server, case):
    for inputs, expected in case.data():
        body, headers = encoded(inputs)
        answer = server.infer(case.name, body, headers)
        if answer.status_code != 200:
            return "refused"
        if not nodecases.all_same(gathered(decoded(answer), expected), expected):
            return "wrong"
    return "pass"


@pytest.mark.slow
def test_every_node_test_gets_the_same_verdict(tmp_path_factory):
    if not nodecases.FOLDER.is_dir():
        pytest.skip(f"{nodecases.FOLDER} is missing: apt-get install libonnx-testdata")
    different, counted = [], {}
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("nodes") / "home")) as server:
        admin = slipway.Admin(server)
        for case in nodecases.cases():
            here, there = verdict_in_process(case), verdict_of_server(server, admin, case)
            counted[here] = counted.get(here, 0) + 1
            if here != there:
                different.append(f"{case.name}: {here} in-process, {there} through the server")
        assert server.is_alive(), server.log()
    print(f"node tests: {counted}")
    assert counted.get("pass", 0) > 800, f"too few cases ran for the comparison to mean much: {counted}"
    assert not different, f"{len(different)} of {sum(counted.values())} differ:\n" + "\n".join(different[:40])
