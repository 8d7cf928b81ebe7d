# SPDX-License-Identifier: Apache-2.0
"""Tiny ONNX models, made when a test needs them."""
import numpy as np
import onnx
from ml_dtypes import bfloat16
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


def sample(datatype):
    """Six values of a V2 datatype, `[2, 3]`, with the ends of the type's range among them."""
    element = DATATYPES[datatype][1]
    if datatype == "BYTES":
        return np.array([["", "plain", "naïve ☂"], ["a\x00b", '"quoted"\\', "x" * 3000]], dtype=np.object_)
    if datatype == "BOOL":
        return np.array([[True, False, True], [False, False, True]])
    if datatype == "BF16":
        return np.array([[0, 1, -2.5], [0.15625, 65536, -3e38]], dtype=bfloat16)
    limits = np.finfo(element) if np.issubdtype(element, np.floating) else np.iinfo(element)
    return np.array([[limits.min, limits.max, 0], [1, 2, 3]], dtype=element)


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


def add(number, columns="m", weight_bytes=0):
    """y = x + number, `[n, columns]`; unused weights make the file as large as wanted."""
    name = onnx.numpy_helper.from_array(np.array(number, np.float32), "number")
    initializers = [name]
    nodes = [helper.make_node("Add", ["x", "number"], ["y"])]
    if weight_bytes:
        # Part of the answer, so that no optimizer may drop it: the mean of zeros.
        weight = np.zeros(weight_bytes // 4, np.float32)
        initializers.append(onnx.numpy_helper.from_array(weight, "weight"))
        nodes = [
            helper.make_node("Shape", ["x"], ["extents"]),
            helper.make_node("Gather", ["extents", "first"], ["rows"], axis=0),
            helper.make_node("Mod", ["rows", "one"], ["zero"]),
            helper.make_node("Gather", ["weight", "zero"], ["nothing"], axis=0),
            helper.make_node("Add", ["x", "number"], ["sum"]), helper.make_node("Add", ["sum", "nothing"], ["y"]),
        ]
        initializers.append(onnx.numpy_helper.from_array(np.array(0, np.int64), "first"))
        initializers.append(onnx.numpy_helper.from_array(np.array(1, np.int64), "one"))
    shapes = [value(v, TensorProto.FLOAT, ["n", columns]) for v in ("x", "y")]
    return model(nodes, shapes[:1], shapes[1:], initializers=initializers).SerializeToString()


def picks(table):
    """y = table[i], `[n, 1]` numbers of rows of the table: fails for what is not in it, but not for zeros."""
    weight = onnx.numpy_helper.from_array(np.asarray(table, np.float32), "table")
    nodes = [
        helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT64), helper.make_node("Gather", ["table", "i"], ["y"]),
    ]
    shapes = [value(v, TensorProto.FLOAT, ["n", 1]) for v in ("x", "y")]
    return model(nodes, shapes[:1], shapes[1:], initializers=[weight]).SerializeToString()


def masked_sum(factor=1):
    """The sum over the sequence of ids * attention_mask * factor, `[batch]`, and these, `[batch, sequence_length]`."""
    ids, mask = (value(n, TensorProto.INT64, ["batch", "sequence_length"]) for n in ("ids", "attention_mask"))
    nodes = [
        helper.make_node("Mul", ["ids", "factor"], ["scaled"]),
        helper.make_node("Mul", ["scaled", "attention_mask"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis"], ["sum"], keepdims=0),
    ]
    outputs = [
        value("sum", TensorProto.INT64, ["batch"]), value("kept", TensorProto.INT64, ["batch", "sequence_length"]),
    ]
    axis = onnx.numpy_helper.from_array(np.array([1], np.int64), "axis")
    by = onnx.numpy_helper.from_array(np.array(factor, np.int64), "factor")
    return model(nodes, [ids, mask], outputs, initializers=[axis, by]).SerializeToString()


def sum_of_all_rows():
    """y = the sum over all rows, `[1, m]`, declared as `[rows, m]`: an output that does not follow the batch."""
    axis = onnx.numpy_helper.from_array(np.array([0], np.int64), "axis")
    return model(
        [helper.make_node("ReduceSum", ["x", "axis"], ["y"], keepdims=1)], [value("x", TensorProto.FLOAT, ["n", "m"])],
        [value("y", TensorProto.FLOAT, ["rows", "m"])], initializers=[axis],
    ).SerializeToString()


def adds_the_mean_row():
    """y = x + the mean of all rows, `[n, m]`: rows in one call change each other's answers."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1), helper.make_node("Add", ["x", "mean"], ["y"]),
    ]
    shapes = [value(v, TensorProto.FLOAT, ["n", "m"]) for v in ("x", "y")]
    return model(nodes, shapes[:1], shapes[1:]).SerializeToString()


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
