# SPDX-License-Identifier: Apache-2.0
"""Tiny ONNX models, made when a test needs them."""
import numpy as np
import onnx
from onnx import TensorProto, helper

# ONNX Runtime 1.31 reads IR 13 and opset 26 at most; the onnx package writes newer ones unless told.
IR, OPSET = 8, 17

# V2 datatype: (ONNX element type, numpy type of the client side)
DATATYPES = {
    "BOOL": (TensorProto.BOOL, np.bool_),
    "INT8": (TensorProto.INT8, np.int8),
    "INT16": (TensorProto.INT16, np.int16),
    "INT32": (TensorProto.INT32, np.int32),
    "INT64": (TensorProto.INT64, np.int64),
    "UINT8": (TensorProto.UINT8, np.uint8),
    "UINT16": (TensorProto.UINT16, np.uint16),
    "UINT32": (TensorProto.UINT32, np.uint32),
    "UINT64": (TensorProto.UINT64, np.uint64),
    "FP16": (TensorProto.FLOAT16, np.float16),
    "BF16": (TensorProto.BFLOAT16, np.float32),
    "FP32": (TensorProto.FLOAT, np.float32),
    "FP64": (TensorProto.DOUBLE, np.float64),
    "BYTES": (TensorProto.STRING, np.object_),
}


def model(nodes, inputs, outputs, opset=OPSET, ir=IR, domain="", initializers=()):
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, initializer=list(initializers))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, opset)])
    made.ir_version = ir
    return made


def value(name, element, shape):
    return helper.make_tensor_value_info(name, element, shape)


def identity(datatype="FP32", shape=("n", "m")):
    element = DATATYPES[datatype][0]
    return model(
        [helper.make_node("Identity", ["x"], ["y"])], [value("x", element, shape)], [value("y", element, shape)]
    ).SerializeToString()


def two_outputs():
    """sum = a + b and difference = a - b, `[n, 4]` each."""
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Sub", ["a", "b"], ["difference"])]
    both = [value(n, TensorProto.FLOAT, ["n", 4]) for n in ("a", "b")]
    return model(nodes, both, [value(n, TensorProto.FLOAT, ["n", 4]) for n in ("sum", "difference")]).SerializeToString()


def slow(side=256):
    """`rounds` matrix products one after another: an execution long enough to be caught in the middle of.

    The number is an input, so that warming the model up with zeros takes no time.
    """
    weight = onnx.numpy_helper.from_array(np.eye(side, dtype=np.float32), "w")
    loop_body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("MatMul", ["state", "w"], ["next"])],
        "body",
        [value("i", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("state", TensorProto.FLOAT, [side, side])],
        [value("go_on", TensorProto.BOOL, []), value("next", TensorProto.FLOAT, [side, side])],
    )
    yes = onnx.numpy_helper.from_array(np.array(True), "yes")
    node = helper.make_node("Loop", ["rounds", "yes", "x"], ["y"], body=loop_body)
    shape = [side, side]
    return model(
        [node], [value("x", TensorProto.FLOAT, shape), value("rounds", TensorProto.INT64, [])],
        [value("y", TensorProto.FLOAT, shape)], initializers=[weight, yes],
    ).SerializeToString()


def unknown_operator():
    return model(
        [helper.make_node("Levitate", ["x"], ["y"])], [value("x", TensorProto.FLOAT, [1])],
        [value("y", TensorProto.FLOAT, [1])],
    ).SerializeToString()


def with_external_data(location):
    """A weight whose bytes are said to be in the file `location` beside the model."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, text in (("location", location), ("offset", "0"), ("length", "16")):
        weight.external_data.add(key=key, value=text)
    return model(
        [helper.make_node("Add", ["x", "w"], ["y"])], [value("x", TensorProto.FLOAT, [4])],
        [value("y", TensorProto.FLOAT, [4])], initializers=[weight],
    ).SerializeToString()
