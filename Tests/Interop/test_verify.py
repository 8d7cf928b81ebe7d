# SPDX-License-Identifier: Apache-2.0
"""Stored versions are checked again: their files, their engine, their answers, in the home and through a server."""
import json
import os

import numpy as np
import onnx
import onnxruntime
import pytest
import slipway
import tinymodels


def write_samples(folder, name="answers.csv", wrong=False):
    """Rows for `tinymodels.add(2)` and what it answers to them."""
    (folder / "rows.csv").write_text("x\n1\n2\n3\n")
    (folder / name).write_text("y\n3\n4\n%s\n" % ("5.5" if wrong else "5"))
    return folder / "rows.csv", folder / name


@pytest.fixture
def imported(home, tmp_path):
    (tmp_path / "m.onnx").write_bytes(tinymodels.add(2))
    home.run("import", tmp_path / "m.onnx", "--name", "m", "--alias", "live")
    return home


def blob_path(home, version):
    digest = version["files"][0]["digest"].removeprefix("sha256:")
    return home.path / "blobs" / "sha256" / digest[:2] / digest


def ended(home, *arguments):
    """The exit code and the report of a verification, whatever it found."""
    done = home.try_run("verify", *arguments, "--output", "json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_sound_version_is_loaded_and_run(imported):
    code, report = ended(imported, "m@live")
    assert code == 0 and report["isSound"] and report["problems"] == [] and report["origin"] == "generated"
    assert report["report"]["verifiedBy"].startswith("onnxruntime ") and report["report"]["samples"]["rows"] > 0
    assert report["version"]["version"] == 1
    told = imported.run("verify", "m")
    assert "loaded by" in told and told.rstrip().endswith(" verified")


def test_samples_that_are_given_are_compared(imported, tmp_path):
    rows, right = write_samples(tmp_path)
    code, report = ended(imported, "m", "--samples", rows, "--expected", right)
    assert code == 0 and report["origin"] == "given" and report["report"]["samples"]["compared"] == ["y"]
    _, wrong = write_samples(tmp_path, "wrong.csv", wrong=True)
    code, report = ended(imported, "m", "--samples", rows, "--expected", wrong)
    assert code == 1 and not report["isSound"]
    assert "row 2" in report["problems"][0] and "5.5" in report["problems"][0]
    code, report = ended(imported, "m", "--samples", rows, "--expected", wrong, "--tolerance", "1")
    assert code == 0, report
    done = imported.try_run("verify", "m", "--samples", rows, "--expected", wrong)
    assert done.returncode == 1 and "row 2" in done.stderr and "not verified" in done.stdout


def test_the_samples_of_the_import_are_run_again(home, tmp_path):
    (tmp_path / "m.onnx").write_bytes(tinymodels.add(2))
    rows, answers = write_samples(tmp_path)
    home.run("import", tmp_path / "m.onnx", "--name", "m", "--samples", rows, "--expected", answers)
    code, report = ended(home, "m")
    assert code == 0 and report["origin"] == "stored"
    assert report["report"]["samples"] == {"rows": 3, "compared": ["y"], "largestDifference": 0}
    # They go with their version.
    home.run("delete", "m:1")
    home.run("gc")
    assert list((home.path / "samples").iterdir()) == []


@pytest.mark.parametrize("damage", ["gone", "changed", "shorter"])
def test_damage_is_found_and_named(imported, damage):
    version = imported.run_json("show", "m")
    path = blob_path(imported, version)
    content = bytearray(path.read_bytes())
    path.unlink()
    if damage == "changed":
        content[-1] ^= 1
        path.write_bytes(content)
    if damage == "shorter":
        path.write_bytes(content[:-1])
    code, report = ended(imported, "m")
    assert code == 1 and not report["isSound"]
    assert len(report["problems"]) == 1 and "'model.onnx'" in report["problems"][0]
    assert version["files"][0]["digest"] in report["problems"][0]
    assert "verifiedBy" not in report["report"]


def test_another_engine_can_be_asked(imported):
    if not list(slipway.ENGINES.glob("openvino-*")):
        pytest.skip("openvino is missing: Scripts/bootstrap brings it")
    code, report = ended(imported, "m", "--engine", "openvino")
    assert code == 0 and report["report"]["verifiedBy"].startswith("openvino ")


def test_an_engine_that_is_not_here_is_a_problem(imported):
    code, report = ended(imported, "m", "--engine", "nonsense")
    assert code == 1 and "nonsense" in report["problems"][0]


@pytest.mark.parametrize("arguments, told", [
    (["nobody"], "no model 'nobody'"), (["m:9"], "no version 9"), (["m", "--samples", "nothing.csv"], "nothing.csv"),
])
def test_what_cannot_be_verified_is_told(imported, arguments, told):
    done = imported.try_run("verify", *arguments)
    assert done.returncode == 1 and told in done.stderr and done.stdout == ""


@pytest.mark.parametrize("arguments", [["m", "--expected", "x.csv"], ["m", "--tolerance", "-1"], []])
def test_wrong_arguments_are_usage_errors(imported, arguments):
    assert imported.try_run("verify", *arguments).returncode == 2


# Through a server


def test_a_server_verifies_its_own_versions(server, tmp_path):
    server.deploy("m", tinymodels.add(2))
    remote = ["--server", server.admin_url]
    code, report = ended(server.home, "m", *remote)
    assert code == 0 and report["origin"] == "generated" and report["report"]["verifiedBy"]
    rows, right = write_samples(tmp_path)
    code, report = ended(server.home, "m", "--samples", rows, "--expected", right, *remote)
    assert code == 0 and report["origin"] == "given"
    _, wrong = write_samples(tmp_path, "wrong.csv", wrong=True)
    code, report = ended(server.home, "m", "--samples", rows, "--expected", wrong, *remote)
    assert code == 1 and "row 2" in report["problems"][0]
    assert not list((server.home.path / "cache" / "uploads").iterdir())
    with slipway.Caller(server, "m") as caller:
        assert caller.value(1.0)[0] == 3.0


def test_a_server_finds_damage_and_names_no_folder_of_its_own(server):
    version = server.import_version("m", tinymodels.add(2))
    blob_path(server.home, server.home.run_json("show", version)).unlink()
    code, report = ended(server.home, version, "--server", server.admin_url)
    assert code == 1 and len(report["problems"]) == 1
    assert str(server.home.path) not in json.dumps(report)


def test_samples_that_are_no_rows_are_told_without_folders(server, tmp_path):
    version = server.import_version("m", tinymodels.add(2))
    (tmp_path / "rows.csv").write_text("x\nmany\n")
    done = server.home.try_run("verify", version, "--samples", tmp_path / "rows.csv", "--server", server.admin_url)
    assert done.returncode == 1 and "many" in done.stderr
    assert str(server.home.path) not in done.stderr


def test_only_operators_may_verify(server):
    server.import_version("m", tinymodels.add(2))
    key = server.home.run_json("token", "create", "--role", "viewer")["secret"]
    viewer = slipway.Admin(server, key)
    assert viewer.call("GET", "/versions/m:1").status_code == 200
    assert viewer.call("POST", "/versions/m:1/verify", json={}).status_code == 403
    digest = viewer.call("GET", "/versions/m:1").json()["files"][0]["digest"]
    assert viewer.call("GET", f"/versions/m:1/files/{digest}").status_code == 403


# ONNX test data


def zoo_folder(folder, sets=2, wrong=None):
    """A model with the test data that onnxruntime's answers make, as ONNX model folders have them."""
    rng = np.random.default_rng(4)
    weights = onnx.numpy_helper.from_array(rng.normal(size=(4, 3)).astype(np.float32), "w")
    model = tinymodels.model(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["s"]), onnx.helper.make_node("Softmax", ["s"], ["p"]),
         onnx.helper.make_node("ArgMax", ["p"], ["k"], axis=1, keepdims=0)],
        [tinymodels.value("x", 1, ["n", 4])], [tinymodels.value("p", 1, ["n", 3]), tinymodels.value("k", 7, ["n"])],
        initializers=[weights])
    folder.mkdir()
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for number in range(sets):
        place = folder / f"test_data_set_{number}"
        place.mkdir()
        x = rng.normal(size=(number + 1, 4)).astype(np.float32)
        probabilities, classes = session.run(None, {"x": x})
        if wrong == number:
            probabilities = probabilities + np.float32(0.01)
        (place / "input_0.pb").write_bytes(onnx.numpy_helper.from_array(x, "x").SerializeToString())
        for index, (name, array) in enumerate([("p", probabilities), ("k", classes)]):
            made = onnx.numpy_helper.from_array(array, name)
            (place / f"output_{index}.pb").write_bytes(made.SerializeToString())
    return folder


def test_test_data_of_a_model_folder_are_run_and_kept(home, tmp_path):
    made = home.run_json("import", zoo_folder(tmp_path / "zoo"))
    assert made["version"]["model"] == "zoo" and [f["path"] for f in made["version"]["files"]] == ["model.onnx"]
    samples = made["report"]["samples"]
    assert samples["rows"] == 3 and samples["compared"] == ["p", "k"] and samples["largestDifference"] < 1e-5
    code, report = ended(home, "zoo")
    assert code == 0 and report["origin"] == "stored" and report["report"]["samples"]["rows"] == 3


def test_test_data_with_other_answers_refuse_the_import(home, tmp_path):
    done = home.try_run("import", zoo_folder(tmp_path / "zoo", wrong=1))
    assert done.returncode == 1 and "test_data_set_1: value 0 of 'p'" in done.stderr
    assert home.run_json("list") == []


def test_a_model_folder_with_test_data_is_sent_to_a_server(server, tmp_path):
    made = server.home.run_json("import", zoo_folder(tmp_path / "zoo"), "--server", server.admin_url)
    assert made["report"]["samples"]["compared"] == ["p", "k"]
    code, report = ended(server.home, "zoo", "--server", server.admin_url)
    assert code == 0 and report["origin"] == "stored"


# What is left behind


def test_scratch_and_old_samples_go(home, tmp_path):
    home.run("list")
    old = [home.path / "cache" / "import" / "import-1", home.path / "cache" / "upload-abcdef"]
    old[0].mkdir(parents=True)
    old[1].write_bytes(b"x")
    new = home.path / "cache" / "import" / "import-2"
    new.mkdir()
    for path in old:
        os.utime(path, (1, 1))
    home.run("list")
    assert not any(path.exists() for path in old) and new.exists()


def test_what_engines_kept_goes_with_its_version(home):
    entry = home.path / "cache" / "engines" / "openvino-0" / ("ab" * 32)
    entry.mkdir(parents=True)
    (entry / "1.blob").write_bytes(b"x" * 1000)
    hours = 3 * 3600
    stamp = entry.stat().st_mtime - hours
    for path in (entry / "1.blob", entry):
        os.utime(path, (stamp, stamp))
    home.run("list")
    assert entry.exists()
    assert home.run_json("gc")["bytesFreed"] >= 1000
    assert not entry.exists()
