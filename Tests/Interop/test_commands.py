# SPDX-License-Identifier: Apache-2.0
"""The commands, on the home directly and through a server: both must say the same."""
import json

import numpy as np
import pytest
import slipway
import tinymodels


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "two.onnx"
    path.write_bytes(tinymodels.two_outputs())
    return path


def test_the_life_of_a_model(home, model, tmp_path):
    first = home.run("import", model, "--name", "m").split()
    assert first[0] == "m:1" and first[1].startswith("sha256:")
    other = tmp_path / "other.onnx"
    other.write_bytes(tinymodels.identity())
    assert home.run("import", other, "--name", "m", "--alias", "champion").split()[0] == "m:2"
    assert [m["name"] for m in home.run_json("list")] == ["m"]
    assert home.run_json("show", "m@champion")["version"] == 2
    home.run("alias", "m", "champion", "1")
    assert home.run_json("show", "m@champion")["version"] == 1
    texts = [e["text"] for e in home.run_json("history", "m")["events"]]
    assert any("champion" in t for t in texts)
    home.run("delete", "m:2")
    assert home.try_run("show", "m:2").returncode == 1
    home.run("gc")


def test_the_same_file_again_is_the_same_version(home, model):
    first, again = (home.run("import", model, "--name", "m").split()[:2] for _ in range(2))
    assert first == again


def test_deploy_without_a_server_says_so(home, model):
    home.run("import", model, "--name", "m")
    done = home.try_run("deploy", "m:1")
    assert done.returncode == 0
    assert "replica" in done.stdout + done.stderr


def test_rollback_brings_the_earlier_version_back(server, tmp_path):
    model, other = tmp_path / "model.onnx", tmp_path / "other.onnx"
    model.write_bytes(tinymodels.add(1))
    other.write_bytes(tinymodels.add(2))
    server.deploy("m", model)
    server.home.run("import", other, "--name", "m", "--deploy")
    slipway.until(lambda: served(server) == "2", "version 2")
    server.home.run("rollback", "m")
    slipway.until(lambda: served(server) == "1", "version 1")


def served(server):
    answer = server.infer("m", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]})
    return answer.json()["model_version"] if answer.status_code == 200 else None


@pytest.mark.parametrize("remote", [False, True])
def test_predict_reads_every_kind_of_data(server, model, tmp_path, remote):
    server.deploy("m", model)
    a, b = np.arange(4, dtype=np.float32).reshape(1, 4), np.ones((1, 4), np.float32)
    np.savez(tmp_path / "rows.npz", a=a, b=b)
    (tmp_path / "rows.json").write_text(json.dumps({"inputs": [
        slipway.tensor("a", "FP32", [1, 4], a.ravel().tolist()), slipway.tensor("b", "FP32", [1, 4], b.ravel().tolist())]}))
    where = ["--server", server.admin_url] if remote else []
    for data in (["--data", tmp_path / "rows.npz"], ["--data", tmp_path / "rows.json"],
                 ["--input", "a=0,1,2,3", "--input", "b=1,1,1,1"]):
        answer = json.loads(run(server, "predict", "m", *data, "--output", "json", *where))
        outputs = {o["name"]: o["data"] for o in answer["outputs"]}
        assert np.ravel(outputs["sum"]).tolist() == [1, 2, 3, 4], data


def run(server, *arguments):
    """A remote command gets no home to fall back on."""
    done = server.home.try_run(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("command", [["list"], ["show", "m:1"], ["history", "m"], ["status", "m"]])
def test_commands_say_the_same_through_the_server(server, model, command):
    server.deploy("m", model)

    def both():
        return [
            steady(json.loads(run(server, *command, "--output", "json", *where)))
            for where in ([], ["--server", server.admin_url], [])
        ]

    # Asked again where a report of the replica came in between.
    before, remote, after = slipway.until(lambda: (b := both()) and b[0] == b[2] and b, "two equal answers")
    assert before == remote == after


def steady(value):
    """Without what changes from one second to the next."""
    if isinstance(value, dict):
        return {k: steady(v) for k, v in value.items() if k != "reportedAt"}
    return [steady(v) for v in value] if isinstance(value, list) else value


def test_bench_loads_any_v2_server_both_ways(server):
    server.deploy("m", tinymodels.identity(shape=("n", 4)))
    for load in (["--concurrency", "2"], ["--rate", "50"], ["--concurrency", "2", "--binary"]):
        report = json.loads(run(server, "bench", f"{server.url}/v2/models/m", *load, "--duration", "1s", "--output", "json"))
        assert "p99" in json.dumps(report)


@pytest.mark.parametrize("arguments, code", [
    (["show", "nobody:1"], 1), (["deploy", "nobody:1"], 1), (["alias", "nobody", "x", "1"], 1), (["undeploy", "nobody"], 1),
    (["frobnicate"], 2), (["import"], 2), (["show", "a:b:c"], 1), (["import", "/does/not/exist", "--name", "m"], 1),
])
def test_exit_codes_tell_failed_from_misused(home, arguments, code):
    done = home.try_run(*arguments)
    assert done.returncode == code, done.stderr
    assert done.stderr.strip()


def test_a_version_that_is_served_cannot_be_deleted(server, model):
    server.deploy("m", model)
    done = server.home.try_run("delete", "m:1")
    assert done.returncode == 1 and "m" in done.stderr


def test_a_backup_can_be_listed(home, model, tmp_path):
    home.run("import", model, "--name", "m")
    home.run("backup", tmp_path / "copy")
    assert [m["name"] for m in slipway.Home(tmp_path / "copy").run_json("list")] == ["m"]
