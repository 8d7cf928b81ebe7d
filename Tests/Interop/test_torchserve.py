# SPDX-License-Identifier: Apache-2.0
"""TorchServe's calls, as its documentation shows them."""
import io
import json

import numpy as np
import pytest
import requests
import slipway
import tinymodels

ROWS = [[1.0, 2.0], [3.0, 4.5]]


@pytest.fixture(scope="module")
def torch(tmp_path_factory):
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("torch") / "home")) as running:
        running.deploy("rows", tinymodels.identity())
        running.deploy("texts", tinymodels.identity("BYTES"))
        yield running
        assert running.is_alive(), f"the server died during the tests: {running.log()}"


def call(server, method, path, **options):
    return requests.request(method, server.url + path, timeout=slipway.PATIENCE, **options)


def npy(rows):
    file = io.BytesIO()
    np.save(file, np.array(rows, dtype="float32"))
    return file.getvalue()


def is_error(answer, status):
    error = answer.json()
    return answer.status_code == status == error["code"] and error["type"] and error["message"]


def test_ping(torch):
    answer = call(torch, "GET", "/ping")
    assert (answer.status_code, answer.json()) == (200, {"status": "Healthy"})


@pytest.mark.parametrize("method, path", [("POST", "/predictions/rows"), ("PUT", "/predictions/rows/1")])
@pytest.mark.parametrize(
    "options",
    [
        {"json": {"data": ROWS}}, {"data": json.dumps(ROWS)}, {"data": npy(ROWS)},
        {"data": npy(ROWS), "headers": {"Content-Type": "application/octet-stream"}},
        {"files": {"data": ("rows.json", json.dumps(ROWS))}}, {"files": {"data": ("rows.npy", npy(ROWS))}},
        {"files": {"other": "x", "data": ("a.json", json.dumps({"data": ROWS}), "application/json")}},
    ],
    ids=["json", "untyped", "npy", "octets", "form", "form-npy", "form-json"],
)
def test_predictions(torch, method, path, options):
    answer = call(torch, method, path, **options)
    assert answer.status_code == 200, answer.text
    assert answer.json() == ROWS


def test_a_model_that_takes_bytes_takes_any(torch):
    answer = call(torch, "POST", "/predictions/texts", data=b"hello", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200 and answer.json() == [["hello"]]
    several = [("data", ("a", b"one")), ("data", ("b", b"two"))]
    assert call(torch, "POST", "/predictions/texts", files=several).json() == [["one"], ["two"]]


@pytest.mark.parametrize(
    "path, options, status",
    [
        ("/predictions/nobody", {"json": ROWS}, 404), ("/predictions/rows/9", {"json": ROWS}, 404),
        ("/predictions/rows", {"data": b"\xff\xd8"}, 400), ("/predictions/rows", {"data": "[1,"}, 400),
        ("/predictions/rows", {"files": {"image": b"x"}}, 400),
        ("/predictions/rows", {"data": "x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ("/predictions/rows", {"data": "--b", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
        ("/explanations/rows", {"json": ROWS}, 501), ("/explanations/nobody", {"json": ROWS}, 404),
    ],
)
def test_errors_have_torchserves_shape(torch, path, options, status):
    answer = call(torch, "POST", path, **options)
    assert is_error(answer, status), answer.text


def test_models_are_listed_and_described(torch):
    page = call(torch, "GET", "/models", params={"limit": 1}).json()
    assert page["models"] == [{"modelName": "rows", "modelUrl": "rows:1"}]
    rest = call(torch, "GET", "/models", params={"next_page_token": page["nextPageToken"]}).json()
    assert [m["modelName"] for m in rest["models"]] == ["texts"] and "nextPageToken" not in rest
    for path in ("/models/rows", "/models/rows/1", "/models/rows/all"):
        [described] = call(torch, "GET", path).json()
        assert (described["modelName"], described["modelVersion"]) == ("rows", "1")
        assert len(described["workers"]) == described["minWorkers"] > 0
        assert described["workers"][0]["status"] == "READY"
    assert is_error(call(torch, "GET", "/models/nobody"), 404)
    assert is_error(call(torch, "GET", "/models/rows/9"), 404)


CONTROL = [
    ("POST", "/models?url=rows"), ("PUT", "/models/rows?min_worker=2"), ("PUT", "/models/rows/1/set-default"),
    ("DELETE", "/models/rows"),
]


@pytest.mark.parametrize("method, path", CONTROL)
def test_who_can_infer_cannot_control(torch, method, path):
    answer = call(torch, method, path)
    assert is_error(answer, 403) and "admin" in answer.json()["message"]
    assert torch.is_ready("rows")


def test_with_repository_control_models_come_and_go(home):
    with slipway.Server(home, "--repository-control") as running:
        running.import_version("m", tinymodels.add(1))
        running.import_version("m", tinymodels.add(2))
        assert call(running, "POST", "/models", params={"url": "m:1", "model_name": "e"}).status_code == 200
        ask = lambda: call(running, "POST", "/predictions/e", json=[[1.0]]).json()  # noqa: E731
        assert ask() == [[2.0]]
        assert call(running, "PUT", "/models/e/2/set-default").status_code == 200
        assert ask() == [[3.0]]
        assert is_error(call(running, "PUT", "/models/e", params={"min_worker": 3}), 501)
        assert is_error(call(running, "POST", "/models", params={"url": "https://x/densenet.mar"}), 400)
        assert call(running, "DELETE", "/models/e").status_code == 200
        assert is_error(call(running, "DELETE", "/models/e"), 404)
