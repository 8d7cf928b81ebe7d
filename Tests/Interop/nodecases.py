# SPDX-License-Identifier: Apache-2.0
"""The node tests of the ONNX project, as Debian's libonnx-testdata installs them.

A case is a model of one operator with inputs and the outputs they must give. Its verdict is one of
    unsupported  the model cannot be loaded
    refused      it loads and the inputs are refused, or the operator fails
    wrong        it answers something else than the reference
    pass
"""
from pathlib import Path

import numpy as np
import onnx
from ml_dtypes import bfloat16
from onnx import OptionalProto, SequenceProto, TensorProto, TypeProto, numpy_helper

FOLDER = Path("/usr/share/libonnx-testdata/data/node")
# What the ONNX project's own backend tests use.
RELATIVE, ABSOLUTE = 1e-3, 1e-7


class Case:
    def __init__(self, folder):
        self.name = folder.name
        self.content = (folder / "model.onnx").read_bytes()
        self.sets = sorted(folder.glob("test_data_set_*"))

    def graph(self):
        return onnx.load_model_from_string(self.content).graph

    def data(self):
        """(inputs, expected outputs) of every data set, each a dictionary name -> value."""
        graph = self.graph()
        weights = {w.name for w in graph.initializer}
        inputs = [i for i in graph.input if i.name not in weights]
        for folder in self.sets:
            yield (
                {i.name: read(folder / f"input_{n}.pb", i.type) for n, i in enumerate(inputs)
                 if (folder / f"input_{n}.pb").exists()},
                {o.name: read(folder / f"output_{n}.pb", o.type) for n, o in enumerate(graph.output)
                 if (folder / f"output_{n}.pb").exists()},
            )


def cases():
    return [Case(folder) for folder in sorted(FOLDER.iterdir()) if (folder / "model.onnx").exists()]


def read(path, kind: TypeProto):
    """An array, a list of arrays for a sequence, None for an absent optional."""
    data = path.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(parsed(SequenceProto, data))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(parsed(OptionalProto, data))
    array = numpy_helper.to_array(parsed(TensorProto, data))
    if kind.tensor_type.elem_type == TensorProto.BFLOAT16 and array.dtype == np.uint16:
        return array.view(bfloat16)  # the files of these cases hold the bits, typed as integers
    return array


def parsed(message, data):
    made = message()
    made.ParseFromString(data)
    return made


def same(got, expected):
    """Whether a value is the expected one."""
    if expected is None or got is None:
        return got is expected
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(same, got, expected))
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape or kind_of(got) != kind_of(expected):
        return False
    if expected.dtype.kind in "OUS":
        return [text(x) for x in got.ravel()] == [text(x) for x in expected.ravel()]
    if expected.dtype.kind == "f" or expected.dtype == bfloat16:
        return bool(np.allclose(got.astype(np.float64), expected.astype(np.float64), RELATIVE, ABSOLUTE, equal_nan=True))
    return bool(np.array_equal(got, expected))


def kind_of(array):
    return "text" if array.dtype.kind in "OUS" else array.dtype.name


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def all_same(answer, expected):
    return all(name in answer and same(answer[name], value) for name, value in expected.items())
