# SPDX-License-Identifier: Apache-2.0
"""Folders of other servers: a Triton repository as it is, TensorFlow Serving's configuration, config overrides."""
import json

import numpy as np
import pytest
import slipway
import tinymodels
import tritonclient.http as triton

CONFIG = """name: "adder"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [ { name: "x" data_type: TYPE_FP32 dims: [ -1 ] } ]
output [ { name: "y" data_type: TYPE_FP32 dims: [ -1 ] label_filename: "labels.txt" } ]
version_policy: { latest { num_versions: 2 } }
instance_group [ { count: 2 kind: KIND_CPU } ]
dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 }
model_warmup [ { name: "w" batch_size: 1 inputs { key: "x" value { data_type: TYPE_FP32 dims: 4 zero_data: true } } } ]
"""


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def adder_files(prefix, numbers):
    return {f"{prefix}/{n}/model.onnx": tinymodels.add(n) for n in numbers}


@pytest.fixture
def repository(tmp_path):
    return write(tmp_path / "repository", {
        "adder/config.pbtxt": CONFIG, "adder/labels.txt": "first\nsecond\n", **adder_files("adder", [1, 2, 3]),
        "adder/007/model.onnx": tinymodels.add(7), "adder/configs/big.pbtxt": "nonsense {",
        "plain/1/model.onnx": tinymodels.identity(), "README.md": "not a model",
    })


def answer(server, name, version=""):
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        x = triton.InferInput("x", [1, 2], "FP32")
        x.set_data_from_numpy(np.zeros((1, 2), np.float32))
        return client.infer(name, [x], model_version=version).as_numpy("y")[0, 0]


def test_a_repository_is_imported_and_served_as_it_is(home, repository):
    told = home.run_json("import", repository, "--deploy")
    models = {m["name"]: m for m in told["models"]}
    assert sorted(models) == ["adder", "plain"]
    assert [(v["folder"], v["version"]) for v in models["adder"]["versions"]] == [(1, 1), (2, 2), (3, 3)]
    assert [v["isServed"] for v in models["adder"]["versions"]] == [False, True, True]
    assert "batching.max_batch: 8" in models["adder"]["settings"] and "instances: 2" in models["adder"]["settings"]
    with slipway.Server(home) as server:
        server.wait_ready("adder")
        server.wait_ready("plain")
        assert answer(server, "adder") == 3
        slipway.until(lambda: server.versions("adder").get(2, ("", ""))[1] == "ready", "version 2 to be ready")
        assert answer(server, "adder", "3") == 3 and answer(server, "adder", "2") == 2
        assert server.session.get(server.url + "/v2/models/adder/versions/1/ready").status_code != 200
        with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            config = client.get_model_config("adder")
            # Of the protocol's view, where a number above 0 would take the batch out of the dimensions.
            assert config["max_batch_size"] == 0
            x = triton.InferInput("x", [1, 2], "FP32")
            x.set_data_from_numpy(np.array([[0, 5]], np.float32))
            wanted = triton.InferRequestedOutput("y", binary_data=True, class_count=1)
            classes = client.infer("adder", [x], outputs=[wanted]).as_numpy("y")
            assert classes.reshape(-1)[0].decode() == "8.000000:1:second"


def test_the_same_repository_again_changes_nothing(home, repository):
    first = home.run_json("import", repository, "--deploy")
    again = home.run_json("import", repository, "--deploy")
    assert not any(v["isNew"] for m in again["models"] for v in m["versions"])
    revisions = [m["endpoint"]["revision"]["number"] for m in first["models"] + again["models"]]
    assert revisions == [1, 1, 1, 1]


def test_what_is_not_mapped_is_named_and_the_rest_imported(home, repository):
    write(repository, {
        "both/config.pbtxt": 'platform: "ensemble"\nensemble_scheduling { step { model_name: "adder" model_version: -1 } }',
        "both/1/keep": "", "sum/config.pbtxt": "sequence_batching { max_sequence_idle_microseconds: 5 }",
        "sum/1/model.onnx": tinymodels.identity(), "trt/1/model.plan": "x",
        "typo/config.pbtxt": 'name: "typo"\nmax_batchsize: 8', "typo/1/model.onnx": tinymodels.identity(),
        "wrong/config.pbtxt": 'input { name: "x" data_type: TYPE_INT8 dims: [-1, -1] }',
        "wrong/1/model.onnx": tinymodels.identity(),
    })
    done = home.try_run("import", repository)
    assert done.returncode == 1
    for name, words in {
        "both": "ensemble_scheduling", "sum": "sequence_batching", "trt": "TensorRT",
        "typo": "config.pbtxt:2: unknown field 'max_batchsize' in the configuration, did you mean 'max_batch_size'", "wrong": "INT8",
    }.items():
        assert any(line.startswith(f"error: {name}: ") and words in line for line in done.stderr.splitlines()), name
    assert sorted(m["name"] for m in home.run_json("list")) == ["adder", "plain"]


def test_one_model_of_a_repository_can_be_chosen(home, repository):
    home.run("import", repository, "--name", "plain")
    assert [m["name"] for m in home.run_json("list")] == ["plain"]
    assert home.try_run("import", repository, "--name", "adderr").stderr.count("'adder'") == 1


def test_numbers_that_differ_are_told_and_kept_as_aliases(home, tmp_path):
    base = write(tmp_path / "base", adder_files("m", [4, 9]))
    done = home.try_run("import", base)
    assert done.returncode == 0 and "4 is 1, 9 is 2" in done.stderr
    assert home.run_json("show", "m@folder-9")["version"] == 2


def test_links_that_lead_out_are_refused(home, tmp_path):
    secret = write(tmp_path / "outside", {"model.onnx": tinymodels.identity()}) / "model.onnx"
    repository = write(tmp_path / "repository", {"m/1/keep": ""})
    (repository / "m" / "1" / "model.onnx").symlink_to(secret)
    done = home.try_run("import", repository)
    assert done.returncode == 1 and "leads out" in done.stderr
    assert home.run_json("list") == []


def test_several_models_cannot_be_sent_to_a_server(home, repository):
    with slipway.Server(home) as server:
        done = home.try_run("import", repository, "--server", server.admin_url)
        assert done.returncode == 1 and "server's own machine" in done.stderr


@pytest.mark.parametrize("arguments", [["--alias", "a"], ["--model-config-file", "f"]])
def test_options_that_make_no_sense_are_usage_errors(home, repository, arguments):
    assert home.try_run("import", repository, *arguments).returncode == 2


# TensorFlow Serving

def test_a_model_config_file_is_imported_with_policies_and_labels(home, tmp_path):
    base = write(tmp_path / "models", {
        **adder_files("m", [1, 2, 3]), "saved/1/saved_model.pb": "x", **adder_files("n", [1]),
    })
    config = tmp_path / "models.config"
    config.write_text(f"""model_config_list {{
      config {{ name: "m" base_path: "{base}/m" model_platform: "tensorflow"
        model_version_policy {{ specific {{ versions: 1 versions: 2 }} }}
        version_labels {{ key: "stable" value: 1 }} version_labels {{ key: "canary" value: 2 }} }}
      config {{ name: "saved" base_path: "{base}/saved" }}
      config: {{ name: "n", base_path: "{base}/n", }}
    }}""")
    done = home.try_run("import", "--model-config-file", config, "--deploy")
    assert done.returncode == 1 and "SavedModel" in done.stderr
    assert home.run_json("show", "m@stable")["version"] == 1
    with slipway.Server(home) as server:
        server.wait_ready("m")
        assert answer(server, "m") == 2
        slipway.until(lambda: server.versions("m").get(1, ("", ""))[1] == "ready", "version 1 to be ready")
        assert answer(server, "m", "1") == 1


def test_one_base_path_takes_the_models_name(home, tmp_path):
    base = write(tmp_path / "half", {"00000123/model.onnx": tinymodels.add(1)})
    assert home.try_run("import", base).returncode == 2
    told = home.run_json("import", base, "--name", "half_plus_two")["models"][0]
    assert [(v["folder"], v["version"], v["alias"]) for v in told["versions"]] == [(123, 1, "folder-123")]


# Loading with a configuration

@pytest.fixture
def controlled(home):
    with slipway.Server(home, "--repository-control") as server:
        for number in (1, 2):
            server.import_version("m", tinymodels.add(number))
        yield server


def test_a_load_takes_a_config_override(controlled):
    with triton.InferenceServerClient(f"127.0.0.1:{controlled.port}") as client:
        client.load_model("m", config=json.dumps({"max_batch_size": 4, "instance_group": [{"count": 1}]}))
        controlled.wait_ready("m")
        spec = controlled.home.run_json("status", "m")["endpoints"][0]["revision"]["spec"]
        assert spec["batching"]["maximumRows"] == 4 and spec["instances"] == 1
        assert answer(controlled, "m") == 2
        client.load_model("m", config=json.dumps({"version_policy": {"specific": {"versions": [1]}}}))
        slipway.until(lambda: answer(controlled, "m") == 1, "version 1 to answer")
        client.load_model("m", config=json.dumps(client.get_model_config("m")))


@pytest.mark.parametrize("parameters, words", [
    ({"config": '{"backend": "python"}'}, "backend"), ({"config": '{"max_batchsize": 4}'}, "max_batch_size"),
    ({"config": '{"version_policy": {"specific": {"versions": [9]}}}'}, "9"), ({"config": "{"}, "JSON"),
    ({"config": 5}, "config"), ({"config": "{}", "file:1/model.onnx": "AAAA"}, "files"), ({"x": 1}, "'x'"),
])
def test_an_override_that_cannot_be_is_refused_by_name(controlled, parameters, words):
    answered = controlled.session.post(
        controlled.url + "/v2/repository/models/m/load", json={"parameters": parameters})
    assert answered.status_code in (400, 404) and words in answered.json()["error"]
    assert controlled.is_alive()
