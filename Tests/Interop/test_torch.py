# SPDX-License-Identifier: Apache-2.0
"""Files of PyTorch: listed, answered with the line that exports them, and their weights as safetensors.

No PyTorch here: a TorchScript file that a package ships, and files of our own making in its formats.
"""
import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import slipway

FIXTURES = Path(__file__).parents[1] / "Fixtures" / "torch"
SILERO = "silero-vad==6.2.3 --hash=sha256:7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"


@pytest.fixture(scope="session")
def silero():
    """The wheel's files: a TorchScript model, and the weights of its 16 kHz half as safetensors."""
    folder = slipway.CACHE / "assets" / "silero-vad-6.2.3"
    if not (folder / "silero_vad.jit").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "requirements.txt").write_text(SILERO + "\n")
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-d",
             folder, "-r", folder / "requirements.txt"], check=True)
        wheel, = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in ("silero_vad.jit", "silero_vad_16k.safetensors"):
                (folder / name).write_bytes(archive.read("silero_vad/data/" + name))
        wheel.unlink()
    return folder


def read_safetensors(path):
    """Each tensor's type, shape and bytes, read without any code of ours."""
    content = path.read_bytes()
    length, = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length:]
    return {n: (t["dtype"], t["shape"], data[slice(*t["data_offsets"])]) for n, t in header.items()}


def test_a_torchscript_file_is_refused_with_the_line_that_exports_it(home, silero):
    done = home.try_run("import", silero / "silero_vad.jit", "--name", "vad")
    assert done.returncode == 1
    assert "TorchScript" in done.stderr and "torch.onnx.export(torch.jit.load(" in done.stderr
    # What forward takes, as its code says.
    assert "input_names=['x', 'sr'], dynamic_axes={'x': {0: 'batch'}}" in done.stderr
    assert home.run_json("list") == []


def test_the_weights_of_a_torchscript_file_are_its_records(home, silero, tmp_path):
    home.run("convert", silero / "silero_vad.jit", "--out", tmp_path / "vad.safetensors")
    found = read_safetensors(tmp_path / "vad.safetensors")
    with zipfile.ZipFile(silero / "silero_vad.jit") as archive:
        records = {archive.read(n) for n in archive.namelist() if "/data/" in n}
    # None of its tensors is a view of a larger storage.
    assert len(found) == 32 and {data for _, _, data in found.values()} == records
    # The filters of the transform are the same in the file that its authors extracted under other names.
    theirs = read_safetensors(silero / "silero_vad_16k.safetensors")["stft_conv.weight"]
    assert found["_model.stft.forward_basis_buffer"] == theirs


@pytest.mark.parametrize("name", ["state_dict.pt", "legacy.pt", "checkpoint.pt"])
def test_a_state_dict_becomes_safetensors(home, tmp_path, name):
    home.run("convert", FIXTURES / name, "--out", tmp_path / "out.safetensors")
    found = read_safetensors(tmp_path / "out.safetensors")
    assert set(found) == {"fc.weight", "fc.turned", "fc.bias", "norm.steps", "norm.half", "mask"}
    assert found["fc.weight"] == ("F32", [3, 4], struct.pack("<12f", *range(12)))
    assert found["fc.turned"] == ("F32", [2, 3], struct.pack("<6f", 1, 5, 9, 2, 6, 10))
    assert found["fc.bias"] == ("F64", [3], struct.pack("<3d", 0.5, -0.5, 2))
    assert found["norm.steps"] == ("I64", [], struct.pack("<q", 7))
    assert found["norm.half"] == ("BF16", [2], b"\x80\x3f\x00\x40") and found["mask"] == ("BOOL", [2], b"\1\0")


@pytest.mark.parametrize("name, told", [
    ("state_dict.pt", "model.load_state_dict(torch.load("), ("legacy.pt", "model.load_state_dict(torch.load("),
    ("module.pt", "weights_only=False"), ("script.pt", "input_names=['x', 'sizes', 'scale'], dynamic_axes={'x': {0: 'batch'}}"),
    ("program.pt2", "torch.onnx.export(torch.export.load("), ("older.pt2", "torch.onnx.export(torch.export.load("),
])
def test_what_is_not_served_is_answered_with_what_to_do(home, name, told):
    done = home.try_run("import", FIXTURES / name, "--name", "m")
    assert done.returncode == 1 and told in done.stderr, done.stderr
    assert home.run_json("list") == []
