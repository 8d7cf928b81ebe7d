# SPDX-License-Identifier: Apache-2.0
"""Who is let in, who waits, and what those who are not are told."""
import threading

import pytest
import slipway
import tinymodels

SIDE = 64
ENDLESS = 100_000_000


def one(number=1):
    return {"inputs": [slipway.tensor("x", "FP32", [1, 1], [number])]}


def slow_request(rounds, **parameters):
    x = slipway.tensor("x", "FP32", [SIDE, SIDE], [1] * (SIDE * SIDE))
    body = {"inputs": [x, slipway.tensor("rounds", "INT64", [], [rounds])]}
    return {**body, "parameters": parameters} if parameters else body


def serve(server, model, settings):
    server.import_version("m", model)
    server.apply(f'endpoints: {{m: {{routes: [{{version: "m:1"}}], {settings}}}}}\n')


def refused(server, reason):
    return server.metric("slipway_admission_rejected_total", endpoint="m", reason=reason)


def idle(server):
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")


# Quotas

def test_a_spent_quota_is_429_with_the_time_to_wait(server):
    serve(server, tinymodels.add(1), "quota: {requests_per_minute: 5}")
    answers = [server.infer("m", one()) for _ in range(8)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 3
    for answer in answers[5:]:
        # Five a minute: the next one is there within twelve seconds.
        assert 1 <= int(answer.headers["Retry-After"]) <= 12
        assert "quota of 5 requests per minute" in answer.json()["error"]
    assert refused(server, "quota") == 3


def test_rows_are_counted_by_a_quota_of_rows(server):
    serve(server, tinymodels.add(1), "quota: {rows_per_minute: 10}")
    rows = lambda n: {"inputs": [slipway.tensor("x", "FP32", [n, 1], [1] * n)]}  # noqa: E731
    assert [server.infer("m", rows(n)).status_code for n in (6, 6, 4, 1)] == [200, 429, 200, 429]
    larger = server.infer("m", rows(11))
    assert larger.status_code == 429 and "Retry-After" not in larger.headers, "waiting does not help"


def test_every_caller_has_a_quota_of_its_own(server):
    serve(server, tinymodels.add(1), "client_quota: {requests_per_minute: 3}")
    keys = [server.home.run_json("token", "create", "--role", "viewer")["secret"] for _ in range(2)]
    for key in keys:
        statuses = [server.infer("m", one(), {"Authorization": f"Bearer {key}"}).status_code for _ in range(4)]
        assert statuses == [200] * 3 + [429]
    # A key that is not valid is no way to a new quota: its caller counts by the address.
    statuses = [server.infer("m", one(), {"Authorization": f"Bearer slip_{n}"}).status_code for n in range(4)]
    assert statuses == [200] * 3 + [429]


# Overload

@pytest.mark.parametrize("limits, reason, told", [
    ("limits: {requests: 2}", "requests", "2 requests wait or run, and 2 may"),
    ("batching: {max_batch: 1}, limits: {rows: 2}", "rows", "2 rows wait or run, and 2 may"),
    # A request has 64 * 64 numbers of 4 bytes and one of 8.
    ("limits: {bytes: 40kB}", "bytes", "32784 bytes of requests wait or run, and 40000 may"),
])
def test_what_is_over_a_limit_is_503_with_retry_after(server, limits, reason, told):
    serve(server, tinymodels.slow(SIDE), limits)
    held = [server.post("m", slow_request(ENDLESS)) for _ in range(2)]
    slipway.until(lambda: server.in_flight() == 2, "two requests to be in flight")
    answer = server.infer("m", slow_request(1))
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert told in answer.json()["error"]
    assert refused(server, reason) == 1
    for s in held:
        s.close()
    idle(server)
    assert server.infer("m", slow_request(1)).status_code == 200


def test_a_wait_that_would_be_too_long_is_refused_at_once(server):
    serve(server, tinymodels.slow(SIDE), "instances: 1, limits: {wait: 100ms}")
    # So that the server knows what a call costs: far more than may be waited for.
    for _ in range(3):
        assert server.infer("m", slow_request(40_000)).status_code == 200
    held = [server.post("m", slow_request(ENDLESS)) for _ in range(2)]
    slipway.until(lambda: server.in_flight() >= 1, "the lane to be taken")
    slipway.until(lambda: server.infer("m", slow_request(1)).status_code == 503, "a request to be refused")
    assert refused(server, "wait") >= 1
    for s in held:
        s.close()
    idle(server)


# Deadlines

@pytest.mark.parametrize("waits", [False, True], ids=["running", "waiting"])
@pytest.mark.parametrize("way", ["header", "parameter", "endpoint"])
def test_a_deadline_that_passes_is_504_and_leaves_nothing_behind(server, way, waits):
    serve(server, tinymodels.slow(SIDE), "instances: 1" + (", limits: {deadline: 200ms}" if way == "endpoint" else ""))
    held = []
    if waits:
        # Its own deadline is an hour.
        held.append(server.post("m", slow_request(ENDLESS, timeout=3_600_000_000)))
        slipway.until(lambda: server.in_flight() == 1, "the lane to be taken")
    # V2's timeout is in microseconds.
    body = slow_request(ENDLESS, timeout=200_000) if way == "parameter" else slow_request(ENDLESS)
    answer = server.infer("m", body, {"x-request-timeout": "200ms"} if way == "header" else {})
    assert answer.status_code == 504 and "deadline" in answer.json()["error"]
    slipway.until(lambda: server.in_flight() == len(held), "the request to be gone")
    failed = server.metric("slipway_inference_requests_total", endpoint="m", outcome="deadlineExceeded")
    assert failed == 1
    for s in held:
        s.close()
    idle(server)
    assert server.infer("m", slow_request(1)).status_code == 200


@pytest.mark.parametrize("text", ["soon", "-1", "0", "", "1e99", "nan", "2 days"])
def test_a_timeout_that_is_none_is_a_bad_request(shared, text):
    answer = shared.infer(
        "identity_fp32", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]}, {"x-request-timeout": text})
    assert answer.status_code == 400 and "x-request-timeout" in answer.json()["error"]


# Priorities

def test_the_urgent_go_first(server):
    serve(server, tinymodels.slow(SIDE), "instances: 1")
    held = server.post("m", slow_request(ENDLESS))
    slipway.until(lambda: server.in_flight() == 1, "the lane to be taken")
    order, lock = [], threading.Lock()

    def ask(name, headers, parameters):
        with slipway.Caller(server, "m") as caller:
            status, _, _ = caller.ask(slow_request(200_000, **parameters), headers)
            with lock:
                order.append((name, status))

    asked = [
        ("last", {"priority": "u=7"}, {}), ("usual", {}, {}), ("header", {"priority": "u=1"}, {}),
        ("parameter", {}, {"priority": 1}),
    ]
    threads = []
    for number, arguments in enumerate(asked):
        threads.append(threading.Thread(target=ask, args=arguments))
        threads[-1].start()
        slipway.until(lambda n=number: server.in_flight() == n + 2, f"{arguments[0]} to wait")
    held.close()
    for t in threads:
        t.join()
    assert order == [(name, 200) for name in ("parameter", "header", "usual", "last")]
