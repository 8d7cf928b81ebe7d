# SPDX-License-Identifier: Apache-2.0
"""Versions change under load: no request fails, every answer is right, and the statistics add up."""
import threading

import slipway
import tinymodels

CALLERS = 8
SWITCHES = 20


def load_while(server, name, act, callers=CALLERS):
    """Asks in so many threads while `act` runs; returns how many answers each version gave.

    Every answer must be that of the version it names.
    """
    done = threading.Event()

    def work(number):
        counts = {}
        if number == callers:
            try:
                act()
            finally:
                done.set()
            return counts
        with slipway.Caller(server, name) as caller:
            x = number
            while not done.is_set():
                x = (x + callers) % 10_000
                y, version = caller.value(x)
                assert y == x + int(version)
                counts[int(version)] = counts.get(int(version), 0) + 1
        return counts

    total = {}
    for counts in slipway.in_threads(callers + 1, work):
        for version, count in counts.items():
            total[version] = total.get(version, 0) + count
    return total


def counts_agree(server, name, answers):
    """An answer is sent a moment before it is counted."""
    slipway.until(
        lambda: all(
            server.metric("slipway_inference_requests_total", endpoint=name, version=v, outcome="success") == n
            for v, n in answers.items()),
        f"the metrics to count {answers}")
    assert server.metric("slipway_inference_requests_total", endpoint=name) == sum(answers.values())
    assert server.metric("slipway_inference_rows_total", endpoint=name) == sum(answers.values())
    assert server.metric("slipway_inference_routed_total", endpoint=name) == sum(answers.values())
    loaded = [number for number, (_, state) in server.versions(name).items() if state == "ready"]
    assert loaded
    for version in loaded:
        statistics = server.statistics(name, version)
        assert statistics["inference_stats"]["success"]["count"] == answers[version]
        assert statistics["inference_count"] == answers[version]
        assert statistics["inference_stats"]["fail"]["count"] == 0


def file_for(version, lifecycle):
    return f'endpoints: {{m: {{routes: [{{version: "m:{version}"}}], lifecycle: {{{lifecycle}}}}}}}\n'


def switch(server, lifecycle, times):
    for number in range(times):
        server.apply(file_for(2 - number % 2, lifecycle))


def test_no_request_fails_while_versions_change(server):
    for number in (1, 2):
        server.import_version("m", tinymodels.add(number))
    server.apply(file_for(1, "rollback_window: 0s"))
    answers = load_while(server, "m", lambda: switch(server, "rollback_window: 0s", SWITCHES))
    assert set(answers) == {1, 2} and all(n > SWITCHES for n in answers.values())
    # Nothing stayed for a rollback: every switch loaded its version anew.
    assert server.loads("m:1") + server.loads("m:2") == SWITCHES + 1
    slipway.until(lambda: server.versions("m") == {1: ("primary", "ready")}, "the last old version to be gone")
    assert server.metric("slipway_models_loaded") == 1
    counts_agree(server, "m", answers)


def test_nothing_is_loaded_where_versions_wait_for_a_rollback(server):
    for number in (1, 2):
        server.import_version("m", tinymodels.add(number))
    server.apply(file_for(1, "rollback_window: 10m"))
    answers = load_while(server, "m", lambda: switch(server, "rollback_window: 10m", SWITCHES))
    assert set(answers) == {1, 2}
    assert server.loads("m:1") == 1 and server.loads("m:2") == 1
    counts_agree(server, "m", answers)


def test_requests_wait_where_the_old_version_goes_first(server):
    for number in (1, 2):
        server.import_version("m", tinymodels.add(number))
    server.apply(file_for(1, "policy: resource"))
    most = []

    def act():
        for number in range(6):
            server.apply(file_for(2 - number % 2, "policy: resource"))
            most.append(server.metric("slipway_models_loaded"))

    answers = load_while(server, "m", act, callers=4)
    assert set(answers) == {1, 2}
    assert max(most) == 1
    counts_agree(server, "m", answers)
