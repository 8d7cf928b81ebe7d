# SPDX-License-Identifier: Apache-2.0
"""The contracts of SageMaker, Vertex AI and Azure ML, as their platforms and their users' notebooks call them."""
import io
import json
import signal

import numpy as np
import pytest
import requests
import slipway
import tinymodels

ROWS = [[1.0, 2.0], [3.0, 4.5]]
BINARY = "application/vnd.{}-triton.binary+json;json-header-size="


def post(url, body, content_type=None, **headers):
    if content_type:
        headers["Content-Type"] = content_type
    return requests.post(url, data=body, headers=headers, timeout=slipway.PATIENCE)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A container with two models in which every cloud's contract is on."""
    home = slipway.Home(tmp_path_factory.mktemp("clouds") / "home")
    environment = {
        "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "rows", "AIP_HTTP_PORT": "8080", "AIP_HEALTH_ROUTE": "/health",
        "AIP_PREDICT_ROUTE": "/vertex/predict", "AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/m/1",
    }
    with slipway.Server(home, environment=environment) as running:
        running.deploy("rows", tinymodels.identity())
        running.deploy("texts", tinymodels.identity("BYTES"))
        yield running
        assert running.is_alive(), f"the server died during the tests: {running.log()}"


# SageMaker

def test_ping_has_no_body(cloud):
    answer = requests.get(cloud.url + "/ping", timeout=slipway.PATIENCE)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("mode, status", [("ready", 503), ("live", 200)])
def test_ping_waits_for_the_end_of_a_drain_unless_told_not_to(home, mode, status):
    environment = {"SAGEMAKER_TRITON_PING_MODE": mode}
    with slipway.Server(home, "--drain-delay", "20s", environment=environment) as running:
        assert requests.get(running.url + "/ping", timeout=slipway.PATIENCE).status_code == 200
        running.process.send_signal(signal.SIGTERM)
        slipway.until(lambda: not running.answers("/readyz"), "the server to be not ready")
        assert requests.get(running.url + "/ping", timeout=slipway.PATIENCE).status_code == status
        running.process.kill()


@pytest.mark.parametrize(
    "content_type, body",
    [
        ("application/json", json.dumps({"instances": ROWS})), ("application/json", json.dumps(ROWS)),
        ("application/json", json.dumps({"x": ROWS})), ("text/csv", "1,2\n3,4.5\n"),
        ("text/csv", "a,b\n1.0,2.0\n3.0,4.5"), ("application/jsonlines", "[1,2]\n[3,4.5]\n"),
        ("application/jsonlines", '{"x":[1,2]}\n{"x":[3,4.5]}\n'), (None, json.dumps({"data": ROWS})),
    ],
)
def test_invocations_take_rows_in_many_forms(cloud, content_type, body):
    answer = post(cloud.url + "/invocations", body, content_type, Accept="application/json")
    assert answer.status_code == 200, answer.text
    got = answer.json()
    assert (got["predictions"] if isinstance(got, dict) else got) == ROWS
    assert answer.headers["Content-Type"] == "application/json"
    assert "compute" in answer.headers["Server-Timing"]


def test_invocations_answer_in_the_form_of_the_question_or_of_accept(cloud):
    url = cloud.url + "/invocations"
    answer = post(url, "1,2\n3,4.5\n", "text/csv")
    assert (answer.headers["Content-Type"], answer.text) == ("text/csv", "1.0,2.0\n3.0,4.5\n")
    lines = post(url, "1,2\n3,4.5\n", "text/csv", Accept="application/jsonlines")
    assert [json.loads(line) for line in lines.text.splitlines()] == ROWS
    for wanted, status in (("application/xml", 406), ("application/xml, */*", 200)):
        assert post(url, "1,2\n", "text/csv", Accept=wanted).status_code == status


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_invocations_take_and_give_npy(cloud, dtype):
    file = io.BytesIO()
    np.save(file, np.array(ROWS, dtype=dtype))
    answer = post(cloud.url + "/invocations", file.getvalue(), "application/x-npy")
    assert answer.status_code == 200, answer.text
    assert np.load(io.BytesIO(answer.content)).tolist() == ROWS


@pytest.mark.parametrize("path, family", [("/invocations", "sagemaker"), ("/vertex/predict", "vertex-ai")])
def test_tensors_go_binary_both_ways(cloud, path, family):
    data = np.array(ROWS, dtype="<f4").tobytes()
    head = json.dumps({
        "inputs": [{
            "name": "x", "shape": [2, 2], "datatype": "FP32", "parameters": {"binary_data_size": len(data)},
        }],
        "parameters": {"binary_data_output": True},
    }).encode()
    answer = post(cloud.url + path, head + data, BINARY.format(family) + str(len(head)))
    assert answer.status_code == 200, answer.text
    kind, _, size = answer.headers["Content-Type"].rpartition("=")
    assert kind + "=" == BINARY.format(family)
    assert json.loads(answer.content[:int(size)])["model_name"] == "rows"
    assert np.frombuffer(answer.content[int(size):], "<f4").reshape(2, 2).tolist() == ROWS


@pytest.mark.parametrize(
    "body, content_type, status",
    [
        ("<rows/>", "application/xml", 415), ("1,2\n3\n", "text/csv", 400), ("1,x\n2,y\n", "text/csv", 400),
        ("[1,2", "application/json", 400), ("{}", "application/json", 400), ("", "text/csv", 400),
        ("[1,2] [3]\n", "application/jsonlines", 400), ("not npy", "application/x-npy", 400),
        ("{}", BINARY.format("sagemaker") + "99", 400), ("{}", BINARY.format("sagemaker") + "-1", 400),
    ],
)
def test_bad_invocations_are_told_what_is_wrong(cloud, body, content_type, status):
    answer = post(cloud.url + "/invocations", body, content_type)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]
    if status == 415:
        assert "text/csv" in answer.json()["error"]


# Vertex AI

def test_vertex_health_and_predict(cloud):
    assert requests.get(cloud.url + "/health", timeout=slipway.PATIENCE).status_code == 200
    answer = post(
        cloud.url + "/vertex/predict", json.dumps({"instances": ROWS, "parameters": {"a": 1}}), "application/json")
    assert answer.status_code == 200 and answer.json() == {"predictions": ROWS}


def test_vertex_redirects_to_v2(cloud):
    url, header = cloud.url + "/vertex/predict", "X-Vertex-Ai-Triton-Redirect"
    inputs = {"inputs": [slipway.tensor("x", "FP32", [2, 2], [1, 2, 3, 4.5])]}
    answer = post(url, json.dumps(inputs), "application/json", **{header: "v2/models/rows/infer"})
    assert answer.status_code == 200 and answer.json()["outputs"][0]["data"] == [1, 2, 3, 4.5]
    told = post(url, "", None, **{header: "v2/models/texts"})
    assert told.status_code == 200 and told.json()["name"] == "texts"
    for bad in ("v2/repository/models/rows/unload", "v1/models/rows:predict", "v2/models/rows/infer?x=1", "", "//"):
        assert post(url, json.dumps(inputs), "application/json", **{header: bad}).status_code == 400, bad
    assert cloud.is_ready("rows")


# Azure ML

def test_azure_scores(cloud):
    answer = post(cloud.url + "/score", json.dumps({"data": ROWS}), "application/json")
    assert answer.status_code == 200 and answer.json() == ROWS
    assert requests.get(cloud.url + "/", timeout=slipway.PATIENCE).status_code == 200


# SageMaker with many models

@pytest.fixture
def many(home, tmp_path):
    folder = tmp_path / "models"
    (folder / "abc" / "model").mkdir(parents=True)
    (folder / "abc" / "model" / "model.onnx").write_bytes(tinymodels.identity())
    (folder / "empty").mkdir()
    (tmp_path / "secret.onnx").write_bytes(tinymodels.identity())
    (folder / "link").mkdir()
    (folder / "link" / "model.onnx").symlink_to(tmp_path / "secret.onnx")
    environment = {"SAGEMAKER_MULTI_MODEL": "true", "SLIPWAY_MODEL_ROOT": str(folder)}
    with slipway.Server(home, environment=environment) as running:
        running.folder = folder
        yield running
        assert running.is_alive()


def load(server, name, url):
    return requests.post(
        server.url + "/models", json={"model_name": name, "url": str(url)}, timeout=slipway.PATIENCE)


def test_models_are_loaded_asked_and_unloaded(many):
    url = str(many.folder / "abc" / "model")
    assert load(many, "abc", url).status_code == 200
    assert load(many, "abc", url).status_code == 409
    listed = requests.get(many.url + "/models", timeout=slipway.PATIENCE).json()
    assert listed == {"models": [{"modelName": "abc", "modelUrl": url}]}
    one = requests.get(many.url + "/models/abc", timeout=slipway.PATIENCE)
    assert one.json() == {"modelName": "abc", "modelUrl": url}
    answer = post(
        many.url + "/models/abc/invoke", "1,2\n", "text/csv", **{"X-Amzn-SageMaker-Target-Model": "abc.tar.gz"})
    assert (answer.status_code, answer.text) == (200, "1.0,2.0\n")
    assert requests.delete(many.url + "/models/abc", timeout=slipway.PATIENCE).status_code == 200
    for method, path in (("GET", "/models/abc"), ("DELETE", "/models/abc"), ("POST", "/models/abc/invoke")):
        assert requests.request(method, many.url + path, timeout=slipway.PATIENCE).status_code == 404
    assert requests.get(many.url + "/models", timeout=slipway.PATIENCE).json() == {"models": []}
    assert load(many, "abc", url).status_code == 200, "a model may come back"


def test_models_are_paged(many):
    for name in ("a", "b", "c"):
        assert load(many, name, many.folder / "abc" / "model").status_code == 200
    names, token = [], None
    while True:
        query = {"limit": 2, **({"next_page_token": token} if token else {})}
        page = requests.get(many.url + "/models", params=query, timeout=slipway.PATIENCE).json()
        names += [m["modelName"] for m in page["models"]]
        token = page.get("nextPageToken")
        if not token:
            break
    assert names == ["a", "b", "c"]


@pytest.mark.parametrize(
    "path, status",
    [("{}/missing", 404), ("{}/empty", 404), ("/etc", 400), ("{}/../secret.onnx", 400), ("{}/link", 404),
     ("s3://bucket/model", 404), ("", 404)],
)
def test_models_come_from_their_folder_alone(many, path, status):
    answer = load(many, "m", path.format(many.folder))
    assert answer.status_code == status, answer.text
    assert requests.get(many.url + "/models", timeout=slipway.PATIENCE).json() == {"models": []}


def test_a_model_that_does_not_fit_is_answered_507(home, tmp_path):
    model = tmp_path / "models" / "big" / "model.onnx"
    model.parent.mkdir(parents=True)
    model.write_bytes(tinymodels.add(1, weight_bytes=1 << 20))
    environment = {"SAGEMAKER_MULTI_MODEL": "true", "SLIPWAY_MODEL_ROOT": str(tmp_path / "models")}
    with slipway.Server(home, "--model-memory", 1 << 16, environment=environment) as running:
        answer = load(running, "big", model.parent)
        assert answer.status_code == 507, answer.text
        assert requests.get(running.url + "/models", timeout=slipway.PATIENCE).json() == {"models": []}


def test_a_damaged_model_is_refused_and_forgotten(many):
    (many.folder / "abc" / "model" / "model.onnx").write_bytes(b"not a model")
    answer = load(many, "bad", many.folder / "abc" / "model")
    assert answer.status_code in (400, 501), answer.text
    assert requests.get(many.url + "/models/bad", timeout=slipway.PATIENCE).status_code == 404


# CloudEvents, as KServe's clients send them

ATTRIBUTES = {"specversion": "1.0", "id": "36077800-0c23-4f38-a0b4-01f4369f670a", "source": "s", "type": "t"}


@pytest.mark.parametrize("path", ["/v1/models/rows:predict", "/v2/models/rows/infer"])
def test_an_event_in_binary_mode_is_answered_by_one(cloud, path):
    v2 = {"inputs": [slipway.tensor("x", "FP32", [2, 2], [1, 2, 3, 4.5])]}
    body = json.dumps(v2 if "v2" in path else {"instances": ROWS})
    headers = {"ce-" + k: v for k, v in ATTRIBUTES.items()}
    answer = post(cloud.url + path, body, "application/json", **headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ce-specversion"] == "1.0" and answer.headers["ce-id"] != ATTRIBUTES["id"]
    assert answer.headers["ce-type"] == "io.kserve.inference.response"
    assert answer.headers["ce-source"] == "io.kserve.inference.rows" and answer.headers["ce-time"]
    assert "ce-id" not in post(cloud.url + path, body, "application/json").headers


def test_an_event_in_structured_mode_is_answered_by_one(cloud):
    from cloudevents.http import CloudEvent, from_http, to_structured

    headers, body = to_structured(CloudEvent({"type": "t", "source": "s"}, {"instances": ROWS}))
    answer = requests.post(
        cloud.url + "/v1/models/rows:predict", data=body, headers=headers, timeout=slipway.PATIENCE)
    assert answer.status_code == 200, answer.text
    event = from_http(answer.headers, answer.content)
    assert event.data == {"predictions": ROWS} and event["source"] == "io.kserve.inference.rows"
    bad = post(cloud.url + "/v1/models/rows:predict", "{}", "application/cloudevents+json")
    assert bad.status_code == 400 and bad.json()["error"]
