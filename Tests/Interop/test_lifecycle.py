# SPDX-License-Identifier: Apache-2.0
"""When versions are in memory: on demand, while somebody asks, as far as the budget goes."""
import time

import slipway
import tinymodels

MIB = 1 << 20


def serve(server, name, model, lifecycle):
    server.import_version(name, model)
    server.apply(f'endpoints: {{{name}: {{routes: [{{version: "{name}:1"}}], lifecycle: {{{lifecycle}}}}}}}\n', wait=False)
    slipway.until(lambda: server.observed(name)["state"] in ("ready", "cold"), f"{name} to be ready or cold")


def ask(server, name="m", version=1):
    with slipway.Caller(server, name) as caller:
        y, told = caller.value(1)
        assert int(told) == version
        return y


def loaded(server):
    return server.metric("slipway_models_loaded")


def test_a_version_on_demand_is_loaded_by_its_first_requests(server):
    serve(server, "m", tinymodels.add(1), "load: on-demand")
    assert loaded(server) == 0 and server.observed("m")["state"] == "cold"
    assert slipway.in_threads(16, lambda _: ask(server)) == [2.0] * 16
    assert loaded(server) == 1 and server.loads("m:1") == 1


def test_nobody_waits_for_what_is_loaded_on_demand(server):
    server.import_version("m", tinymodels.add(1))
    server.apply('endpoints: {m: {routes: [{version: "m:1"}], lifecycle: {load: on-demand}}}\n', wait=True)
    assert loaded(server) == 0


def test_an_idle_version_is_unloaded_and_comes_back_with_the_next_request(server):
    serve(server, "m", tinymodels.add(1), "idle_unload: 1s")
    assert ask(server) == 2
    slipway.until(lambda: loaded(server) == 0, "the idle version to be unloaded")
    slipway.until(lambda: server.observed("m")["state"] == "cold", "the status to tell it")
    assert slipway.in_threads(8, lambda _: ask(server)) == [2.0] * 8
    assert server.loads("m:1") == 2


def test_a_version_that_is_asked_for_is_not_idle(server):
    serve(server, "m", tinymodels.add(1), "idle_unload: 1s")
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert ask(server) == 2
    assert server.loads("m:1") == 1


def test_the_least_recently_used_model_makes_room(home):
    with slipway.Server(home, "--model-memory", 40 * MIB) as server:
        # Each is estimated at 8 MiB and twice its 8 MiB of weights, and takes more than 8 MiB once it is loaded:
        # the third does not fit beside two.
        for number, name in enumerate("abc"):
            serve(server, name, tinymodels.add(number, weight_bytes=8 * MIB), "load: on-demand")
        assert [ask(server, name) for name in "aba"] == [1, 2, 1]
        assert loaded(server) == 2
        assert ask(server, "c") == 3
        assert (server.loads("a:1"), server.loads("b:1"), server.loads("c:1")) == (1, 1, 1)
        assert ask(server, "a") == 1
        assert server.loads("a:1") == 1, "a was used later than b, so b made room"
        assert ask(server, "b") == 2 and server.loads("b:1") == 2


def test_a_pinned_model_does_not_make_room(home):
    with slipway.Server(home, "--model-memory", 40 * MIB) as server:
        serve(server, "a", tinymodels.add(0, weight_bytes=8 * MIB), "load: on-demand, pinned: true")
        for number, name in ((1, "b"), (2, "c")):
            serve(server, name, tinymodels.add(number, weight_bytes=8 * MIB), "load: on-demand")
        assert [ask(server, name) for name in "abcb"] == [1, 2, 3, 2]
        assert ask(server, "a") == 1 and server.loads("a:1") == 1


def test_a_version_beyond_the_budget_is_refused_and_the_old_one_goes_on(home):
    with slipway.Server(home, "--model-memory", 30 * MIB) as server:
        serve(server, "m", tinymodels.add(1), "load: eager")
        server.import_version("m", tinymodels.add(2, weight_bytes=16 * MIB))
        done = home.try_run("deploy", "m:2", "--wait")
        assert done.returncode == 1 and "needs about 40" in done.stderr and "30.0 MiB" in done.stderr
        assert ask(server) == 2
        assert server.versions("m")[1] == ("primary", "ready")
        assert server.versions("m")[2] == ("coming", "failed")


def test_a_request_that_needs_more_than_the_budget_is_507(home):
    with slipway.Server(home, "--model-memory", 30 * MIB) as server:
        serve(server, "m", tinymodels.add(1, weight_bytes=16 * MIB), "load: on-demand")
        answer = server.infer("m", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]})
        assert answer.status_code == 507 and "m:1 needs about 40" in answer.json()["error"]


def test_versions_that_wait_for_a_rollback_make_room_first(home):
    with slipway.Server(home, "--model-memory", 40 * MIB) as server:
        for number in (1, 2, 3):
            server.import_version("m", tinymodels.add(number, weight_bytes=8 * MIB))
        for number in (1, 2, 3):
            home.run("deploy", f"m:{number}", "--wait")
            assert ask(server, version=number) == 1 + number
        assert loaded(server) <= 2
        home.run("rollback", "m", "--to", "1", "--wait")
        assert ask(server) == 2


def test_undeployed_models_give_their_memory_back(server):
    serve(server, "m", tinymodels.add(1, weight_bytes=32 * MIB), "load: eager")
    before = server.metric("process_resident_memory_bytes")
    server.home.run("undeploy", "m")
    slipway.until(lambda: loaded(server) == 0, "the model to be unloaded")
    # The weights are gone, the rest may be kept for the next model.
    slipway.until(lambda: server.metric("process_resident_memory_bytes") < before - 24 * MIB, "the memory to be given back")
