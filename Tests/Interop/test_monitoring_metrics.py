# SPDX-License-Identifier: Apache-2.0
"""Metrics and the files for operators, judged by the real Prometheus and by Grafana's own types."""
import json
import re
import subprocess

import monitoring
import pytest
import requests
import slipway
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard
from prometheus_client.openmetrics.parser import text_string_to_metric_families

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A server with a watched classifier, a profile, traffic and labels: every kind of metric has a value."""
    folder = tmp_path_factory.mktemp("metrics")
    with slipway.Server(slipway.Home(folder / "home")) as server:
        server.deploy("risk", monitoring.classifier())
        data = monitoring.write_csv(folder / "reference.csv", monitoring.rows(2000, seed=5))
        server.home.run("monitor", "profile", "risk:1", "--data", data, "--labels", "label")
        answers = monitoring.ask(server, "risk", monitoring.rows(300, seed=6))
        monitoring.feedback(server, "risk", answers[:200])
        yield server
        assert server.is_alive(), f"the server died during the tests: {server.log()}"


@pytest.fixture(scope="module")
def rendered(watched, tmp_path_factory):
    """What `slipway render monitoring` writes, by path."""
    out = tmp_path_factory.mktemp("rendered") / "files"
    printed = watched.home.run(
        "render", "monitoring", "--out", out, "--target", f"127.0.0.1:{watched.port}", "--scrape-interval", "1s")
    paths = {p.relative_to(out).as_posix(): p for p in out.rglob("*") if p.is_file()}
    assert sorted(printed.split()) == sorted(str(p) for p in paths.values())
    return paths


@pytest.fixture(scope="module")
def prometheus(watched, rendered, tmp_path_factory):
    """A real Prometheus with the rendered configuration; its address."""
    binary = monitoring.tool("prometheus", "prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    [port] = slipway.free_ports(1)
    url = f"http://127.0.0.1:{port}"
    arguments = [
        binary, f"--config.file={rendered['prometheus/prometheus.yml']}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]

    def scraped():
        try:
            result = query(url, "up")
        except (requests.ConnectionError, ValueError):
            # It does not listen yet, or says in words that it is not ready.
            return False
        # Two scrapes, so that rates have something to be of.
        return result and query(url, "count_over_time(up[1m])")[0]["value"][1] not in ("0", "1")

    with monitoring.Program(folder / "log", *arguments) as program:
        try:
            slipway.until(scraped, "Prometheus to scrape")
        except AssertionError:
            raise AssertionError(program.log_path.read_text()[-3000:]) from None
        yield url


def query(url, expression):
    answer = requests.get(f"{url}/api/v1/query", params={"query": expression}, timeout=slipway.PATIENCE).json()
    assert answer["status"] == "success", f"{expression}: {answer}"
    return answer["data"]["result"]


def metrics(server, accept=None):
    answer = server.session.get(server.url + "/metrics", headers={"Accept": accept or "*/*"}, timeout=slipway.PATIENCE)
    assert answer.status_code == 200
    return answer


def test_promtool_accepts_the_metrics(watched):
    promtool = monitoring.tool("prometheus", "promtool")
    told = subprocess.run(
        [promtool, "check", "metrics"], input=metrics(watched).text, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stdout + told.stderr


def test_promtool_accepts_configuration_and_rules(rendered):
    promtool = monitoring.tool("prometheus", "promtool")
    told = subprocess.run(
        [promtool, "check", "config", rendered["prometheus/prometheus.yml"]], capture_output=True, text=True,
        timeout=60)
    assert told.returncode == 0, told.stdout + told.stderr
    rules = [path for name, path in rendered.items() if name.startswith("prometheus/rules/")]
    assert len(rules) == 2
    told = subprocess.run([promtool, "check", "rules", *rules], capture_output=True, text=True, timeout=60)
    assert told.returncode == 0 and " 0 rules" not in told.stdout, told.stdout + told.stderr


def test_openmetrics_is_read_by_prometheus_own_parser(watched):
    asked = watched.session.post(
        f"{watched.url}/v2/models/risk/infer", json=monitoring.body(monitoring.rows(1)[0]), timeout=slipway.PATIENCE,
        headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
    assert asked.status_code == 200
    answer = metrics(watched, OPENMETRICS)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = {f.name: f for f in text_string_to_metric_families(answer.text)}
    assert answer.text.endswith("# EOF\n")
    buckets = [s for s in families["slipway_inference_duration_seconds"].samples if s.name.endswith("_bucket")]
    traces = [s.exemplar.labels["trace_id"] for s in buckets if s.exemplar]
    assert "ab" * 16 in traces, "no exemplar leads from a bucket to the request's trace"


@pytest.mark.parametrize("accept, wanted", [
    (None, "text/plain; version=0.0.4"), ("text/plain", "text/plain; version=0.0.4"),
    ("application/json", "text/plain; version=0.0.4"), (OPENMETRICS, "application/openmetrics-text"),
    (PROTOBUF, "application/vnd.google.protobuf"),
    (f"{PROTOBUF};q=0.7,{OPENMETRICS};q=0.5,text/plain;version=0.0.4;q=0.3", "application/vnd.google.protobuf"),
])
def test_metrics_come_in_the_format_asked_for(watched, accept, wanted):
    assert metrics(watched, accept).headers["content-type"].startswith(wanted)


@pytest.mark.parametrize("names, known", [("triton", "nv_inference_request_success"), ("vllm", None),
                                          ("tensorflow-serving", "tensorflow")])
def test_other_servers_names_have_a_page(watched, names, known):
    answer = watched.session.get(f"{watched.url}/metrics/{names}", timeout=slipway.PATIENCE)
    assert answer.status_code == 200
    assert known is None or known in answer.text
    assert "slipway_inference" not in answer.text
    assert watched.session.get(f"{watched.url}/metrics/nobody", timeout=slipway.PATIENCE).status_code == 404


def test_prometheus_counts_what_was_asked(watched, prometheus):
    [up] = query(prometheus, 'up{job="slipway"}')
    assert up["value"][1] == "1"

    def counted():
        result = query(prometheus, 'sum(slipway_inference_requests_total{endpoint="risk",outcome="success"})')
        return result and float(result[0]["value"][1]) >= 300

    slipway.until(counted, "Prometheus to know of 300 requests")
    assert query(prometheus, 'histogram_quantile(0.99, slipway_inference_duration_seconds_bucket{endpoint="risk"})')


def test_prometheus_scrapes_native_histograms(watched, tmp_path):
    binary = monitoring.tool("prometheus", "prometheus")
    [port] = slipway.free_ports(1)
    url = f"http://127.0.0.1:{port}"
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: slipway\n    static_configs:\n"
        f"      - targets: ['127.0.0.1:{watched.port}']\n")
    arguments = [
        binary, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=native-histograms", "--log.level=warn",
    ]

    def quantile():
        try:
            return query(url, 'histogram_quantile(0.5, sum(slipway_inference_duration_seconds{endpoint="risk"}))')
        except (requests.ConnectionError, ValueError):
            return None

    with monitoring.Program(tmp_path / "log", *arguments):
        [result] = slipway.until(quantile, "a native histogram")
        # Between a microsecond and a minute: it is the latency, in seconds.
        assert 1e-6 < float(result["value"][1]) < 60


def test_the_rules_are_loaded_and_healthy(rendered, prometheus):
    def evaluated():
        groups = requests.get(f"{prometheus}/api/v1/rules", timeout=slipway.PATIENCE).json()["data"]["groups"]
        rules = [r for g in groups for r in g["rules"]]
        return rules and all(r["health"] != "unknown" for r in rules) and rules

    rules = slipway.until(evaluated, "every rule to be evaluated")
    assert {r["health"] for r in rules} == {"ok"}, [r for r in rules if r["health"] != "ok"]
    assert {r["type"] for r in rules} == {"alerting", "recording"}


def dashboards(rendered):
    found = {name: json.loads(path.read_text()) for name, path in rendered.items() if name.endswith(".json")}
    assert len(found) >= 4
    return found


def expressions(value):
    """Every query in a dashboard, those of variables included."""
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for member in value.values():
            yield from expressions(member)
    elif isinstance(value, list):
        for member in value:
            yield from expressions(member)


def test_every_query_of_every_dashboard_runs(rendered, prometheus):
    count = 0
    for name, board in dashboards(rendered).items():
        for expression in expressions(board):
            # What Grafana would put in place of its variables.
            concrete = expression.replace("$__rate_interval", "1m").replace("$__interval", "1m")
            concrete = concrete.replace("$__range", "5m")
            concrete = re.sub(r"\$\{?[a-zA-Z_]\w*(:\w+)?\}?", ".*", concrete)
            query(prometheus, concrete)
            count += 1
        assert count, f"{name} asks nothing"
    assert count >= 30


def test_the_dashboards_of_service_and_drift_show_something(rendered, prometheus):
    """A query that runs and finds nothing would be a dashboard without a line."""
    empty = {}
    for name, board in dashboards(rendered).items():
        found = [
            bool(query(prometheus, re.sub(
                r"\$\{?[a-zA-Z_]\w*(:\w+)?\}?", ".*",
                e.replace("$__rate_interval", "1m").replace("$__interval", "1m").replace("$__range", "5m"))))
            for e in expressions(board)
        ]
        empty[name] = sum(found)
    shown = {name: count for name, count in empty.items() if "llm" not in name and "language" not in name}
    assert shown and all(shown.values()), empty


def lost(ours, theirs, path=""):
    """Members of ours that are not in theirs, or differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key not in theirs:
                # Their writer leaves out what is null or false by default.
                if value not in (None, False, [], {}):
                    yield f"{path}.{key}"
            else:
                yield from lost(value, theirs[key], f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (a, b) in enumerate(zip(ours, theirs)):
            yield from lost(a, b, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def test_grafanas_own_types_know_every_member_of_the_dashboards(rendered):
    plugins.register_default_plugins()
    for name, board in dashboards(rendered).items():
        read = dashboard.Dashboard.from_json(board)
        written = json.loads(json.dumps(read, cls=JSONEncoder))
        assert list(lost(board, written)) == [], name
        identifiers = [p["id"] for p in board["panels"] if "id" in p]
        assert len(identifiers) == len(set(identifiers)), name
