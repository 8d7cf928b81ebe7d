# SPDX-License-Identifier: Apache-2.0
"""One endpoint deployed and undeployed by several at once while it is asked."""
import random
import threading

import slipway
import tinymodels

CHANGERS = 4
CHANGES = 200
CALLERS = 2


def test_a_storm_of_changes_loses_no_request(server):
    for number in (1, 2, 3):
        server.import_version("m", tinymodels.add(number))
    server.home.run("deploy", "m:1", "--wait")
    done = threading.Event()
    changing = [CHANGERS]
    lock = threading.Lock()

    def change(number):
        admin = slipway.Admin(server)
        chance = random.Random(number)
        statuses = {}
        try:
            for _ in range(CHANGES // CHANGERS):
                what = chance.randrange(5)
                if what == 0:
                    answer = admin.call("DELETE", "/endpoints/m")
                elif what == 1:
                    request = {"reference": f"m:{chance.randint(2, 3)}", "canary": 30}
                    answer = admin.call("PUT", "/endpoints/m", json=request)
                else:
                    answer = admin.call("PUT", "/endpoints/m", json={"reference": f"m:{chance.randint(1, 3)}"})
                statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        finally:
            with lock:
                changing[0] -= 1
                if changing[0] == 0:
                    done.set()
        return statuses

    def ask(number):
        statuses = {}
        with slipway.Caller(server, "m") as caller:
            x = number
            while not done.is_set():
                x = (x + 1) % 10_000
                status, _, answer = caller.ask({"inputs": [slipway.tensor("x", "FP32", [1, 1], [x])]})
                statuses[status] = statuses.get(status, 0) + 1
                if status == 200:
                    assert answer["outputs"][0]["data"] == [x + int(answer["model_version"])]
                else:
                    assert answer["error"]
        return statuses

    results = slipway.in_threads(
        CHANGERS + CALLERS, lambda number: change(number) if number < CHANGERS else ask(number))
    changes, answers = {}, {}
    for number, counts in enumerate(results):
        into = changes if number < CHANGERS else answers
        for status, count in counts.items():
            into[status] = into.get(status, 0) + count
    # A change may come too late for what it changes: a canary of nothing, or nothing to undeploy.
    assert set(changes) <= {200, 400, 404, 409} and changes[200] >= CHANGES // 2, changes
    assert set(answers) <= {200, 404, 503} and answers[200] > 0, answers

    server.home.run("deploy", "m:2", "--wait")
    with slipway.Caller(server, "m") as caller:
        assert caller.value(1) == (3, "2")
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")
    # The primary, and the one before it that waits for a rollback.
    slipway.until(lambda: server.metric("slipway_models_loaded") <= 2, "old versions to be unloaded")
    gone = [v for v in server.observed("m")["versions"] if v["route"] == "leaving"]
    assert [v["residentBytes"] for v in gone] == [0] * len(gone)
    server.home.run("undeploy", "m")
    slipway.until(lambda: server.metric("slipway_models_loaded") == 0, "the last version to be unloaded")
    assert server.stop() == 0
