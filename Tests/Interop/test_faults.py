# SPDX-License-Identifier: Apache-2.0
"""Engine calls that hang, and desired states that cannot be."""
import pytest
import slipway
import tinymodels

SIDE = 64


def slow_request(rounds):
    x = slipway.tensor("x", "FP32", [SIDE, SIDE], [1] * (SIDE * SIDE))
    return {"inputs": [x, slipway.tensor("rounds", "INT64", [], [rounds])]}


def test_a_call_that_hangs_is_given_up_and_the_others_go_on(server):
    server.import_version("m", tinymodels.slow(SIDE))
    server.apply('endpoints: {m: {routes: [{version: "m:1"}], instances: 1, limits: {call: 300ms}}}\n')
    hanging = server.infer("m", slow_request(100_000_000))
    assert hanging.status_code == 500 and "did not answer within 300 ms" in hanging.json()["error"]
    assert server.infer("m", slow_request(1)).status_code == 200
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")
    assert server.stop() == 0


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("faults") / "home")) as server:
        for number in (1, 2):
            server.import_version("m", tinymodels.add(number))
        server.home.run("deploy", "m:1", "--wait")
        yield server
        assert server.is_alive()
        assert slipway.Admin(server).call("GET", "/endpoints/m").json()["revision"]["number"] == 1


TWO = {"model": "m", "number": 2}


@pytest.mark.parametrize("spec, path", [
    ({"canaries": [{"version": TWO, "share": 60}, {"version": {"model": "m", "number": 1}, "share": 60}]}, "canaries"),
    ({"canaries": [{"version": {"model": "m", "number": 7}, "share": 1}]}, "m:7"),
    ({"rules": [{"header": "x-a", "version": {"model": "nobody", "number": 1}}]}, "nobody"),
    ({"shadows": [{"version": TWO, "rate": 100, "tolerance": -1, "comparesTopClass": False}]}, "shadows[0].tolerance"),
    ({"rollout": {"steps": [{"share": 1, "holdSeconds": 1}], "position": 0}}, "rollout"),
    ({"canaries": [{"version": TWO, "share": 10}], "rollout": {"steps": [{"share": 10, "holdSeconds": 1}], "position": 2**62}},
     "rollout.position"),
    ({"instances": 2**40}, "instances"),
    ({"engine": "steam"}, "engine"),
    ({"device": "abacus"}, "device"),
    ({"cacheBytes": -1}, "cacheBytes"),
    ({"cacheBytes": 2**62}, "cacheBytes"),
    ({"limits": {"rows": 2**62}}, "limits.rows"),
    ({"batching": {"maximumRows": 0}}, "batching.maximumRows"),
    ({"batching": {"maximumDelayMs": 1e300}}, "batching.maximumDelayMs"),
    ({"batching": {"maximumRows": 64}, "limits": {"rows": 8}}, "limits.rows"),
    ({"limits": {"requests": 0}}, "limits.requests"),
    ({"limits": {"deadlineMs": -5}}, "limits.deadlineMs"),
    ({"limits": {"quota": {"requestsPerMinute": -1}}}, "limits.quota.requestsPerMinute"),
    ({"lifecycle": {"idleUnloadSeconds": 1e300}}, "lifecycle.idleUnloadSeconds"),
    ({"lifecycle": {"policy": "chaos"}}, "lifecycle.policy"),
])
def test_a_state_that_cannot_be_is_refused_with_the_member_that_is_wrong(registry, spec, path):
    whole = {"primary": {"model": "m", "number": 1}, **spec}
    answer = slipway.Admin(registry).call("PUT", "/endpoints/m/spec", json={"spec": whole})
    assert answer.status_code == 400 and path in answer.json()["error"], answer.text


@pytest.mark.parametrize("spec", [
    {"limits": {"requests": 10**9, "rows": 10**9, "bytes": 2**50}},
    {"limits": {"quota": {"requestsPerMinute": 10**9, "rowsPerMinute": 10**9}}},
    {"batching": {"maximumRows": 10**9, "preferredRows": [10**9]}},
    {"cacheBytes": 2**50},
    {"lifecycle": {"rollbackWindowSeconds": 31_622_400}},
])
def test_the_largest_values_do_no_harm(server, spec):
    server.import_version("m", tinymodels.add(1))
    whole = {"spec": {"primary": {"model": "m", "number": 1}, **spec}}
    assert slipway.Admin(server).call("PUT", "/endpoints/m/spec", json=whole).status_code == 200
    server.wait_ready("m")
    with slipway.Caller(server, "m") as caller:
        assert caller.value(1) == (2, "1")
