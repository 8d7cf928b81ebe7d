# SPDX-License-Identifier: Apache-2.0
"""Exports and what comes of importing them again; documents against the rules of their specifications."""
import hashlib
import json
import re
import struct

import numpy as np
import onnx
import pytest
import slipway
import tinymodels
import yaml

FORMATS = ["onnx", "oci", "triton", "kserve", "folder"]
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MODEL = "application/vnd.cncf.model.manifest.v1+json"
CONFIG = "application/vnd.cncf.model.config.v1+json"
WEIGHT = "application/vnd.cncf.model.weight.v1.raw"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def imported(home, tmp_path):
    """A home with two versions of one model; the second is the one to export."""
    for number in (1, 2):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(tinymodels.add(number))
        home.run("import", path, "--name", "adder")
    return home


def again(tmp_path, out, *more):
    """Imports a folder into a home of its own; returns what the command told."""
    return slipway.Home(tmp_path / "again").run_json("import", out, *more)


def digest_of(told):
    if "version" in told:
        return told["version"]["digest"]
    assert all(not m["errors"] for m in told["models"]), told
    return told["models"][0]["versions"][0]["digest"]


@pytest.mark.parametrize("form", FORMATS)
def test_importing_an_export_gives_the_same_digest(imported, tmp_path, form):
    out = tmp_path / "out"
    report = imported.run_json("export", "adder:2", "--format", form, "--out", out)
    assert report["version"] in ({"model": "adder", "number": 2}, "adder:2") and report["notes"] == []
    for file in report["files"]:
        content = (out / file["path"]).read_bytes()
        assert file["digest"] == "sha256:" + hashlib.sha256(content).hexdigest() and file["byteCount"] == len(content)
    name = [] if form in ("triton", "kserve") else ["--name", "adder"]
    assert digest_of(again(tmp_path, out, *name)) == report["digest"]


def test_the_same_export_again_gives_the_same_bytes(imported, tmp_path):
    """Nothing of an export depends on when it was made."""
    for form in FORMATS:
        one, two = (imported.run_json("export", "adder", "--format", form, "--out", tmp_path / f"{form}-{n}") for n in (1, 2))
        assert one["files"] == two["files"], form


# OCI image specification 1.1 and ModelPack


def blob(out, descriptor):
    """A blob's content, after the checks that every descriptor must pass."""
    assert set(descriptor) <= {"mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"}
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}", descriptor["mediaType"])
    algorithm, hex_digits = descriptor["digest"].split(":")
    content = (out / "blobs" / algorithm / hex_digits).read_bytes()
    assert algorithm == "sha256" and hashlib.sha256(content).hexdigest() == hex_digits
    assert descriptor["size"] == len(content)
    assert all(isinstance(v, str) for v in descriptor.get("annotations", {}).values())
    return content


def test_an_oci_layout_keeps_the_rules_of_both_specifications(imported, tmp_path):
    out = tmp_path / "out"
    imported.run("export", "adder:2", "--format", "oci", "--out", out)
    assert json.loads((out / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((out / "index.json").read_bytes())
    assert index["schemaVersion"] == 2 and index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    entry, = index["manifests"]
    assert entry["mediaType"] == MANIFEST and entry["artifactType"] == MODEL
    manifest = json.loads(blob(out, entry))
    assert manifest["schemaVersion"] == 2 and manifest["mediaType"] == MANIFEST and manifest["artifactType"] == MODEL
    assert manifest["config"]["mediaType"] == CONFIG
    assert RFC3339.fullmatch(manifest["annotations"]["org.opencontainers.image.created"])
    weights = [layer for layer in manifest["layers"] if layer["mediaType"] == WEIGHT]
    assert [w["annotations"]["org.cncf.model.filepath"] for w in weights] == ["model.onnx"]
    assert blob(out, weights[0]) == tinymodels.add(2)
    check_config(json.loads(blob(out, manifest["config"])), manifest["layers"])
    # Nothing else lies among the blobs.
    named = {d["digest"][7:] for d in [entry, manifest["config"], *manifest["layers"]]}
    assert {p.name for p in (out / "blobs" / "sha256").iterdir()} == named


def check_config(config, layers):
    """ModelPack's config schema: three members, each with none but its own."""
    assert set(config) == {"descriptor", "modelfs", "config"}
    descriptor = config["descriptor"]
    assert set(descriptor) <= {"createdAt", "authors", "family", "name", "docURL", "sourceURL", "datasetsURL", "version",
                               "revision", "vendor", "licenses", "title", "description"}
    assert descriptor["name"] == "adder" and descriptor["version"] == "2" and RFC3339.fullmatch(descriptor["createdAt"])
    assert set(config["config"]) <= {"architecture", "format", "paramSize", "precision", "quantization", "capabilities"}
    assert config["config"]["format"] == "onnx"
    assert config["modelfs"] == {"type": "layers", "diffIds": [layer["digest"] for layer in layers]}


def test_a_damaged_blob_of_a_layout_is_not_imported(imported, tmp_path):
    out = tmp_path / "out"
    imported.run("export", "adder:2", "--format", "oci", "--out", out)
    path = out / "blobs" / "sha256" / hashlib.sha256(tinymodels.add(2)).hexdigest()
    path.unlink()
    path.write_bytes(tinymodels.add(3))
    home = slipway.Home(tmp_path / "again")
    done = home.try_run("import", out, "--name", "adder")
    assert done.returncode == 1 and "other bytes than its digest" in done.stderr
    assert home.run_json("list") == []
    # What was laid out for the import is gone.
    assert sorted(p.name for p in out.iterdir()) == ["blobs", "index.json", "oci-layout"]


def test_a_layer_cannot_leave_the_folder(imported, tmp_path):
    out = tmp_path / "out"
    imported.run("export", "adder:2", "--format", "oci", "--out", out)
    index = json.loads((out / "index.json").read_bytes())
    manifest = json.loads(blob(out, index["manifests"][0]))
    manifest["layers"][0]["annotations"]["org.cncf.model.filepath"] = "../../escaped.onnx"
    content = json.dumps(manifest).encode()
    digest = hashlib.sha256(content).hexdigest()
    (out / "blobs" / "sha256" / digest).write_bytes(content)
    index["manifests"][0].update(digest="sha256:" + digest, size=len(content))
    (out / "index.json").write_text(json.dumps(index))
    done = slipway.Home(tmp_path / "again").try_run("import", out, "--name", "adder")
    assert done.returncode == 1 and "cannot be a path" in done.stderr
    assert not list(tmp_path.glob("**/escaped.onnx"))


# Triton and KServe


def test_an_exported_repository_is_served_as_the_version_was(imported, tmp_path):
    imported.run("export", "adder:2", "--format", "triton", "--out", tmp_path / "models")
    assert sorted(p.relative_to(tmp_path / "models").as_posix() for p in (tmp_path / "models").rglob("*")) == [
        "adder", "adder/2", "adder/2/model.onnx", "adder/config.pbtxt"]
    home = slipway.Home(tmp_path / "again")
    home.run("import", tmp_path / "models", "--deploy")
    with slipway.Server(home) as server:
        server.wait_ready("adder")
        with slipway.Caller(server, "adder") as caller:
            assert caller.value(1.0)[0] == 3.0


def test_the_configuration_is_one_that_triton_reads(imported, tmp_path):
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    imported.run("export", "adder:2", "--format", "triton", "--out", tmp_path / "models")
    config = text_format.Parse((tmp_path / "models/adder/config.pbtxt").read_text(), model_config_pb2.ModelConfig())
    assert config.name == "adder" and config.backend == "onnxruntime" and config.max_batch_size > 0
    assert config.HasField("dynamic_batching")
    assert [(t.name, t.data_type, list(t.dims)) for t in config.input] == [("x", model_config_pb2.TYPE_FP32, [-1])]
    assert [(t.name, t.data_type, list(t.dims)) for t in config.output] == [("y", model_config_pb2.TYPE_FP32, [-1])]


def test_kserve_gets_a_service_that_names_the_storage(imported, tmp_path):
    imported.run("export", "adder", "--format", "kserve", "--out", tmp_path / "k", "--storage-uri", "s3://models/adder")
    service = yaml.safe_load((tmp_path / "k" / "inference-service.yaml").read_text())
    assert service["apiVersion"] == "serving.kserve.io/v1beta1" and service["kind"] == "InferenceService"
    model = service["spec"]["predictor"]["model"]
    assert model == {"modelFormat": {"name": "onnx"}, "runtime": "kserve-tritonserver", "protocolVersion": "v2",
                     "storageUri": "s3://models/adder"}


# Weights alone


def test_weights_are_those_of_the_onnx_file(home, tmp_path):
    arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "i": np.array([-1, 2], np.int64),
              "h": np.array([0.5, 1.5], np.float16)}
    initializers = [onnx.numpy_helper.from_array(a, n) for n, a in arrays.items()]
    initializers.append(onnx.helper.make_tensor("listed", onnx.TensorProto.INT32, [2], [3, -4]))
    made = tinymodels.model([onnx.helper.make_node("Identity", ["x"], ["y"])], [tinymodels.value("x", 1, ["n"])],
                            [tinymodels.value("y", 1, ["n"])], initializers=initializers)
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    home.run("import", tmp_path / "m.onnx", "--name", "m")
    home.run("export", "m", "--format", "safetensors", "--out", tmp_path / "out")
    content = (tmp_path / "out" / "model.safetensors").read_bytes()
    length, = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    assert header.pop("__metadata__")["format"] == "onnx"
    types = {"F32": np.float32, "I64": np.int64, "F16": np.float16, "I32": np.int32}
    found = {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        data = np.frombuffer(content[8 + length:][begin:end], types[tensor["dtype"]])
        found[name] = data.reshape(tensor["shape"])
    assert set(found) == {*arrays, "listed"} and (8 + length) % 8 == 0
    for name, array in {**arrays, "listed": np.array([3, -4], np.int32)}.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)


# Through a server


@pytest.fixture
def remote(server, tmp_path):
    """A server with two versions of one model."""
    for number in (1, 2):
        server.import_version("adder", tinymodels.add(number, weight_bytes=3 << 20))
    return server


@pytest.mark.parametrize("form", [*FORMATS, "safetensors"])
def test_an_export_through_a_server_is_the_export_of_its_home(remote, tmp_path, form):
    here, there = tmp_path / "here", tmp_path / "there"
    one = remote.home.run_json("export", "adder:2", "--format", form, "--out", here)
    two = remote.home.run_json("export", "adder:2", "--format", form, "--out", there, "--server", remote.admin_url)
    assert one["files"] == two["files"] and one["digest"] == two["digest"] and one["notes"] == two["notes"]
    paths = sorted(p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file())
    assert paths == sorted(f["path"] for f in two["files"])
    for path in paths:
        assert (here / path).read_bytes() == (there / path).read_bytes()
    if form != "safetensors":
        name = [] if form in ("triton", "kserve") else ["--name", "adder"]
        assert digest_of(again(tmp_path, there, *name)) == two["digest"]


def test_a_file_is_read_from_any_byte_on(remote):
    admin = slipway.Admin(remote)
    file = admin.call("GET", "/versions/adder:2").json()["files"][0]
    path = f"/versions/adder:2/files/{file['digest']}"
    whole = admin.call("GET", path).content
    assert "sha256:" + hashlib.sha256(whole).hexdigest() == file["digest"]
    assert admin.call("GET", path, params={"offset": 1 << 20}).content == whole[1 << 20:]
    assert admin.call("GET", path, params={"offset": len(whole)}).content == b""
    assert admin.call("GET", path, params={"offset": len(whole) + 1}).status_code == 400
    for other in ["sha256:" + "0" * 64, "model.onnx", "..%2F..%2Fregistry.db"]:
        assert admin.call("GET", f"/versions/adder:2/files/{other}").status_code == 404


def test_bytes_that_are_not_the_versions_are_refused(remote, tmp_path):
    file = remote.home.run_json("show", "adder:2")["files"][0]
    digest = file["digest"].removeprefix("sha256:")
    path = remote.home.path / "blobs" / "sha256" / digest[:2] / digest
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.unlink()
    path.write_bytes(content)
    out = tmp_path / "out"
    for server in ([], ["--server", remote.admin_url]):
        done = remote.home.try_run("export", "adder:2", "--format", "folder", "--out", out, *server)
        assert done.returncode == 1 and digest in done.stderr
        assert not [p for p in out.rglob("*") if p.is_file()]


# What cannot be


def test_files_that_are_there_are_kept(imported, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "model.onnx").write_text("mine")
    done = imported.try_run("export", "adder", "--format", "onnx", "--out", out)
    assert done.returncode == 1 and "there already" in done.stderr
    assert (out / "model.onnx").read_text() == "mine" and len(list(out.iterdir())) == 1


@pytest.mark.parametrize("arguments, told", [
    (["nothing", "--format", "onnx"], "no model 'nothing'"), (["adder:9", "--format", "oci"], "no version 9"),
    (["adder", "--format", "onnx", "--server", "http://127.0.0.1:1"], "cannot reach"),
])
def test_what_cannot_be_exported_is_told(imported, tmp_path, arguments, told):
    done = imported.try_run("export", *arguments, "--out", tmp_path / "out")
    assert done.returncode == 1 and told in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [
    ["adder", "--format", "tar", "--out", "x"], ["adder", "--format", "oci"], ["adder", "--out", "x"],
    ["adder", "--format", "oci", "--out", "x", "--storage-uri", "s3://x"],
])
def test_wrong_arguments_are_usage_errors(imported, arguments):
    assert imported.try_run("export", *arguments).returncode == 2
