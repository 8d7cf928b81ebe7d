# SPDX-License-Identifier: Apache-2.0
"""Model files that cannot be served: refused at import or reported at deployment, nothing half-registered."""
import pickle
import random
import struct
import time
import zipfile

import pytest
import slipway
import tinymodels
from onnx import TensorProto, helper


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


REFUSED = {
    "empty": b"",
    "one byte": b"\x08",
    "truncated": tinymodels.identity()[:40],
    "claims 10 GB": b"\x3a" + varint(10 << 30) + b"abc",
    "claims 2^63": b"\x3a" + varint(1 << 63) + b"abc",
    "endless varint": b"\x3a" + b"\xff" * 64,
    "random bytes": random.Random(1).randbytes(100_000),
    "deeply nested": b"\x3a\x7f" * 5000,
    "text": b"this is not a model\n" * 100,
    "GGUF without weights": b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + b"\0" * 64,
    "GGUF that is cut off": b"GGUF" + struct.pack("<IQQ", 3, 2, 1),
    "GGUF that claims 2^63 tensors": b"GGUF" + struct.pack("<IQQ", 3, 1 << 63, 0) + b"\0" * 64,
    "GGUF with a text of 2^60 bytes": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 60) + b"x" * 64,
}

KNOWN_BUT_UNSUPPORTED = {
    "pickle": pickle.dumps({"a": [1, 2, 3], "b": "text"}, protocol=4),
    "GGUF": b"GGUF" + struct.pack("<IQQ", 1, 0, 0) + b"\0" * 64,
    "HDF5": b"\x89HDF\r\n\x1a\n" + b"\0" * 512,
    "safetensors": struct.pack("<Q", 58) + b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ' + b" " + b"\0" * 4,
}


@pytest.fixture
def file(tmp_path):
    def write(content, name="model.onnx"):
        path = tmp_path / name
        path.write_bytes(content)
        return path
    return write


def assert_clean(home):
    """No model is listed and no blob was left."""
    assert home.run_json("list") == []
    blobs = home.path / "blobs"
    assert not [p for p in blobs.rglob("*") if p.is_file()] if blobs.exists() else True


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_model_is_refused_and_leaves_nothing(home, file, kind):
    done = home.try_run("import", file(REFUSED[kind]), "--name", "bad")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.strip()
    assert_clean(home)


@pytest.mark.parametrize("kind", KNOWN_BUT_UNSUPPORTED)
def test_a_known_format_that_is_not_supported_yet_is_named(home, file, kind):
    """The name of the file says nothing: they are all called model.onnx."""
    done = home.try_run("import", file(KNOWN_BUT_UNSUPPORTED[kind]), "--name", "bad")
    assert done.returncode == 1
    assert kind.lower() in done.stderr.lower()
    assert_clean(home)


def test_missing_external_data_is_named(home, file):
    done = home.try_run("import", file(tinymodels.with_external_data("weights.bin")), "--name", "bad")
    assert done.returncode == 1
    assert "weights.bin" in done.stderr
    assert_clean(home)


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "a/../../secret.bin", "..\\secret.bin", "./../secret.bin"])
def test_external_data_outside_the_folder_is_refused(home, tmp_path, location):
    inside = tmp_path / "model"
    inside.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"\0" * 16)
    (inside / "model.onnx").write_bytes(tinymodels.with_external_data(location))
    done = home.try_run("import", inside / "model.onnx", "--name", "bad")
    assert done.returncode == 1, done.stdout
    assert_clean(home)


def test_external_data_behind_a_symlink_is_refused(home, tmp_path):
    inside = tmp_path / "model"
    inside.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"\0" * 16)
    (inside / "weights.bin").symlink_to(tmp_path / "secret.bin")
    (inside / "model.onnx").write_bytes(tinymodels.with_external_data("weights.bin"))
    assert home.try_run("import", inside / "model.onnx", "--name", "bad").returncode == 1
    assert_clean(home)


def test_external_data_beside_the_model_is_served(server, tmp_path):
    inside = tmp_path / "model"
    inside.mkdir()
    (inside / "weights.bin").write_bytes(struct.pack("<4f", 1, 2, 3, 4))
    (inside / "model.onnx").write_bytes(tinymodels.with_external_data("weights.bin"))
    server.deploy("external", inside / "model.onnx")
    answer = server.infer("external", {"inputs": [slipway.tensor("x", "FP32", [4], [10, 10, 10, 10])]})
    assert answer.json()["outputs"][0]["data"] == [11, 12, 13, 14]


def newer(domain="", **versions):
    return tinymodels.model(
        [helper.make_node("Identity", ["x"], ["y"], domain=domain)], [tinymodels.value("x", TensorProto.FLOAT, [1])],
        [tinymodels.value("y", TensorProto.FLOAT, [1])], domain=domain, **versions).SerializeToString()


UNLOADABLE = {
    "unknown operator": (tinymodels.unknown_operator(), "Levitate"),
    "too new opset": (newer(opset=999), "999"),
    "too new IR": (newer(ir=99), "99"),
    "unknown domain": (newer(domain="moon.base", opset=1), "moon.base"),
}


@pytest.mark.parametrize("kind", UNLOADABLE)
def test_what_the_engine_cannot_load_says_why(server, file, kind):
    """At import, where the engine is asked, or else as the endpoint's failure; never as a dead server."""
    content, mention = UNLOADABLE[kind]
    done = server.home.try_run("import", file(content), "--name", "bad", "--deploy")
    if done.returncode == 0:
        def failure():
            replicas = slipway.Admin(server).call("GET", "/endpoints/bad").json()["replicas"]
            return next((r for r in replicas if r["state"] == "failed"), None)
        said = slipway.until(failure, "the endpoint to fail")["message"]
    else:
        assert done.returncode == 1
        said = done.stderr
    assert mention in said, said
    assert server.is_alive()
    answer = server.infer("bad", {"inputs": [slipway.tensor("x", "FP32", [1], [1])]})
    assert answer.status_code in (404, 503) and answer.json()["error"]


def test_a_failed_deployment_leaves_the_earlier_version_serving(server, file):
    server.deploy("m", tinymodels.identity(shape=("n", 4)))
    server.home.try_run("import", file(tinymodels.unknown_operator()), "--name", "m", "--deploy")
    end = time.monotonic() + 2
    while time.monotonic() < end:
        answer = server.infer("m", {"inputs": [slipway.tensor("x", "FP32", [1, 4], [1, 2, 3, 4])]})
        assert answer.status_code == 200, answer.text


def test_a_zip_bomb_as_data_is_refused(server, tmp_path):
    server.deploy("m", tinymodels.identity())
    path = tmp_path / "bomb.npz"
    header = b"\x93NUMPY\x01\x00v\x00" + f"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {1 << 28}), }}".encode().ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        with z.open("x.npy", "w", force_zip64=True) as member:
            member.write(header)
            for _ in range(1 << 10):
                member.write(b"\0" * (1 << 20))
    done = server.home.try_run("predict", "m", "--data", path, "--server", server.admin_url)
    assert done.returncode == 1 and done.stderr.strip()
    assert server.is_alive()
