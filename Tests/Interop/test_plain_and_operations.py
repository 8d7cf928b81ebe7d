# SPDX-License-Identifier: Apache-2.0
"""The plainest contract, health, metrics, and who may control."""
import gzip
import re

import pytest
import requests
import slipway
import tinymodels

LINE = re.compile(r'^[a-zA-Z_:][\w:]*(\{[a-zA-Z_]\w*="(\\.|[^"\\])*"(,[a-zA-Z_]\w*="(\\.|[^"\\])*")*\})? [-+]?(\d|Inf|NaN)\S*$')


def test_rows_in_rows_out(shared):
    rows = [[1.0, 2.0], [3.0, 4.0]]
    answer = shared.session.post(shared.url + "/v1/models/identity_fp32:predict", json={"data": rows})
    assert answer.status_code == 200 and answer.json() == rows


def test_predict_without_a_name_needs_a_single_endpoint(server, shared):
    server.deploy("only", tinymodels.identity())
    assert server.session.post(server.url + "/predict", json={"data": [[1.0]]}).json() == [[1.0]]
    answer = shared.session.post(shared.url + "/predict", json={"data": [[1.0]]})
    assert answer.status_code in (400, 404) and answer.json()["error"]


def test_health_and_root(shared):
    for path in ("/livez", "/readyz", "/v2/health/live", "/v2/health/ready"):
        assert shared.answers(path)
    assert shared.session.get(shared.url + "/").json() == {"status": "alive"}


def test_every_answer_names_its_request(shared):
    own = shared.session.get(shared.url + "/v2", headers={"x-request-id": "abc-1"})
    assert own.headers["x-request-id"] == "abc-1"
    assert shared.session.get(shared.url + "/v2").headers["x-request-id"]


def test_an_answer_tells_where_its_time_went(shared):
    answer = shared.infer("identity_fp32", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]})
    assert {"queue", "compute"} <= {part.split(";")[0].strip() for part in answer.headers["Server-Timing"].split(",")}


def test_metrics_are_prometheus_text_with_counts_and_histograms(shared):
    shared.infer("identity_fp32", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]})
    answer = shared.session.get(shared.url + "/metrics")
    assert answer.headers["Content-Type"].startswith(("text/plain", "application/openmetrics-text"))
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert not [line for line in lines if not LINE.match(line)]
    assert [line for line in lines if "_bucket{" in line and 'le="+Inf"' in line and "identity_fp32" in line]
    typed = re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE)
    assert len(typed) == len(dict(typed)), "a family is described twice"


def test_hostile_names_do_not_make_new_series(shared):
    before = len(shared.session.get(shared.url + "/metrics").text)
    for n in range(50):
        shared.infer(f"nobody-{n}", {"inputs": []})
    assert len(shared.session.get(shared.url + "/metrics").text) < before + 2000


def test_the_api_describes_itself(shared):
    for base in (shared.url, shared.admin_url):
        document = requests.get(base + "/openapi.json", timeout=10).json()
        assert document["openapi"].startswith("3.") and document["paths"]


def test_answers_are_compressed_when_asked(shared):
    answer = shared.session.get(shared.url + "/v2/models/two", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers
    packed = gzip.compress(b'{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}')
    assert shared.infer("identity_fp32", packed, {"Content-Encoding": "gzip"}).status_code == 200


# Who may control

def test_an_open_admin_address_needs_a_token(home):
    port = slipway.free_ports(1)[0]
    done = home.try_run("serve", "--http", "127.0.0.1:0", "--admin", f"0.0.0.0:{port}")
    assert done.returncode == 1
    assert "token create" in done.stderr + done.stdout


def test_with_a_token_the_open_admin_address_asks_for_it(home):
    secret = home.run_json("token", "create", "--role", "operator")["secret"]
    server = slipway.Server(home)
    server.arguments[server.arguments.index("--admin") + 1] = f"0.0.0.0:{server.admin_port}"
    with server:
        assert slipway.Admin(server).call("GET", "/models").status_code == 401
        assert slipway.Admin(server, "wrong").call("GET", "/models").status_code == 401
        assert slipway.Admin(server, secret).call("GET", "/models").status_code == 200
    assert secret not in (home.path / "registry.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize("path", ["/v2/repository/models/two/load", "/v2/repository/models/two/unload"])
def test_who_can_infer_cannot_control(shared, path):
    answer = shared.session.post(shared.url + path)
    assert answer.status_code == 403 and answer.json()["error"]
    assert shared.is_ready("two")
