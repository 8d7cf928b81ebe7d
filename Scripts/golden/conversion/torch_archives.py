# SPDX-License-Identifier: Apache-2.0
"""Writes Tests/Fixtures/torch: small files in the formats of PyTorch, made without it (plain Python 3.11).

The formats are those of torch/serialization.py: a zip file of stored records with a pickle that names storages by
persistent ids, and the older one of five pickles and raw storages. usage: torch_archives.py FOLDER
"""
import io
import json
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

OUT = Path(sys.argv[1])
FORMATS = {"FloatStorage": "f", "LongStorage": "q", "BFloat16Storage": "H", "BoolStorage": "?", "DoubleStorage": "d"}


def module(name, **members):
    made = types.ModuleType(name)
    for key, value in members.items():
        value.__module__, value.__qualname__, value.__name__ = name, key, key
        setattr(made, key, value)
    sys.modules[name] = made
    return made


torch = module("torch", **{name: type(name, (), {}) for name in FORMATS})
utils = module("torch._utils", _rebuild_tensor_v2=lambda *_: None, _rebuild_parameter=lambda *_: None)
module("torch.nn")
linear = module("torch.nn.modules.linear", Linear=type("Linear", (), {}))
script = module("__torch__", Net=type("Net", (), {}))
layers = module("__torch__.torch.nn", Linear=type("Linear", (), {}))


class Storage:
    def __init__(self, kind, values):
        self.kind, self.values, self.key = kind, values, None

    def bytes(self):
        return struct.pack(f"<{len(self.values)}{FORMATS[self.kind]}", *self.values)


class Tensor:
    def __init__(self, storage, shape, strides=None, offset=0):
        dense = []
        for extent in reversed(shape):
            dense.insert(0, (dense[0] * below) if dense else 1)
            below = extent
        self.arguments = (storage, offset, tuple(shape), tuple(strides if strides is not None else dense), False, OrderedDict())

    def __reduce__(self):
        return utils._rebuild_tensor_v2, self.arguments


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return utils._rebuild_parameter, (self.tensor, True, OrderedDict())


class Pickler(pickle._Pickler):
    """Gives storages numbers in the order in which they are met."""

    def __init__(self, out, *, is_legacy=False):
        super().__init__(out, protocol=2)
        self.storages, self.is_legacy = [], is_legacy

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value.key is None:
            value.key = str(len(self.storages))
            self.storages.append(value)
        view = (None,) if self.is_legacy else ()
        return ("storage", getattr(torch, value.kind), value.key, "cpu", len(value.values), *view)


def pickled(value):
    out = io.BytesIO()
    pickler = Pickler(out)
    pickler.dump(value)
    return out.getvalue(), pickler.storages


def archive(name, records):
    with zipfile.ZipFile(OUT / name, "w", zipfile.ZIP_STORED) as out:
        for path, content in records:
            out.writestr(zipfile.ZipInfo("archive/" + path, (1980, 1, 1, 0, 0, 0)), content)


def state_dict():
    shared = Storage("FloatStorage", [float(n) for n in range(12)])
    half = Storage("BFloat16Storage", [0x3F80, 0x4000])
    return OrderedDict([
        ("fc.weight", Tensor(shared, [3, 4])),
        # The transpose of a part of the same storage: rows lie 4 apart.
        ("fc.turned", Tensor(shared, [2, 3], [1, 4], 1)),
        ("fc.bias", Parameter(Tensor(Storage("DoubleStorage", [0.5, -0.5, 2.0]), [3]))),
        ("norm.steps", Tensor(Storage("LongStorage", [7]), [])),
        ("norm.half", Tensor(half, [2])),
        ("mask", Tensor(Storage("BoolStorage", [True, False]), [2])),
    ])


def zip_records(value):
    data, storages = pickled(value)
    return [("data.pkl", data), ("byteorder", b"little")] + [
        (f"data/{s.key}", s.bytes()) for s in storages] + [("version", b"3\n")]


def legacy(name, value):
    out = io.BytesIO()
    pickle.dump(0x1950A86A20F9469CFC6C, out, protocol=2)
    pickle.dump(1001, out, protocol=2)
    sizes = {"short": 2, "int": 4, "long": 4}
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}, out, protocol=2)
    pickler = Pickler(out, is_legacy=True)
    pickler.dump(value)
    pickle.dump([s.key for s in pickler.storages], out, protocol=2)
    for storage in pickler.storages:
        out.write(struct.pack("<q", len(storage.values)) + storage.bytes())
    (OUT / name).write_bytes(out.getvalue())


CODE = """class Net(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  fc : __torch__.torch.nn.Linear
  def forward(self: __torch__.Net,
    x: Tensor,
    sizes: Dict[str, Tensor],
    scale: float=1.) -> Tensor:
    fc = self.fc
    return (fc).forward(x, )
"""


def torch_script():
    net, fc = script.Net(), layers.Linear()
    fc.training, fc.weight = False, Tensor(Storage("FloatStorage", [1.0, 2.0]), [1, 2])
    net.training, net.fc = False, fc
    data, storages = pickled(net)
    constants, kept = pickled((Tensor(Storage("FloatStorage", [3.0]), []),))
    return [("data.pkl", data), ("byteorder", b"little")] + [(f"data/{s.key}", s.bytes()) for s in storages] + [
        ("code/__torch__.py", CODE.encode()), ("code/__torch__.py.debug_pkl", b"N."), ("constants.pkl", constants),
    ] + [(f"constants/{s.key}", s.bytes()) for s in kept] + [("version", b"3\n")]


def program():
    def value(dtype, *sizes):
        return {"dtype": dtype, "sizes": [{"as_int": s} if isinstance(s, int) else {"as_expr": {"expr_str": s}} for s in sizes]}

    return {
        "graph_module": {
            "graph": {
                "inputs": [{"as_tensor": {"name": n}} for n in ("p_w", "x")],
                "nodes": [{"target": "torch.ops.aten.linear.default", "inputs": [], "outputs": []}],
                "tensor_values": {"p_w": value(7, 1, 2), "x": value(7, "s0", 2), "linear": value(7, "s0", 1)},
            },
            "signature": {"input_specs": [
                {"parameter": {"arg": {"name": "p_w"}, "parameter_name": "fc.weight"}},
                {"user_input": {"arg": {"as_tensor": {"name": "x"}}}},
            ]},
        },
        "schema_version": {"major": 8, "minor": 8},
    }


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    archive("state_dict.pt", zip_records(state_dict()))
    archive("checkpoint.pt", zip_records({"epoch": 3, "state_dict": state_dict(), "optimizer": {"state": {
        0: {"momentum": Tensor(Storage("FloatStorage", [0.0]), [1])}}}}))
    legacy("legacy.pt", state_dict())
    fc = linear.Linear()
    fc._parameters = OrderedDict(weight=Parameter(Tensor(Storage("FloatStorage", [1.0, 2.0]), [1, 2])))
    fc._modules, fc.training = OrderedDict(), True
    archive("module.pt", zip_records(fc))
    archive("script.pt", torch_script())
    exported = json.dumps(program()).encode()
    archive("program.pt2", [("archive_format", b"pt2"), ("archive_version", b"0"), ("models/model.json", exported)])
    archive("older.pt2", [("version", b"8.8"), ("serialized_exported_program.json", exported)])


if __name__ == "__main__":
    main()
