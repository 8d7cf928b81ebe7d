# SPDX-License-Identifier: Apache-2.0
"""Shadows: copies of requests for another version, whose answers are compared and thrown away."""
import pytest
import slipway
import tinymodels

REQUESTS = 200


@pytest.fixture
def versions(server):
    """m:1 adds 1 and is deployed; m:2 adds 1 otherwise made; m:3 adds 3; m:4 knows the answers to 0, 1 and 2 only."""
    for model in (
        tinymodels.add(1, 1), tinymodels.add(1, 1, weight_bytes=4096), tinymodels.add(3, 1),
        tinymodels.picks([1, 2, 3]),
    ):
        server.import_version("m", model)
    server.home.run("deploy", "m:1", "--wait")
    return server


def ask(server, numbers):
    with slipway.Caller(server, "m") as caller:
        for x in numbers:
            assert caller.value(x) == (x + 1, "1")


def outcomes(server, version):
    """What became of the copies, as the metrics count it."""
    kinds = ("agreed", "differed", "failed", "dropped")
    return {
        k: int(server.metric("slipway_shadow_answers_total", endpoint="m", version=version, outcome=k)) for k in kinds
    }


def settled(server, version, count):
    """The outcomes when every copy has one: shadows are slower than the answers."""
    return slipway.until(
        lambda: (o := outcomes(server, version)) and sum(o.values()) >= count and o, f"{count} copies to be done")


def tally(server, version, compared):
    return next((n for n in server.observed("m")["notes"] if n.startswith(f"shadow m:{version}: {compared} compared")), None)


@pytest.mark.parametrize("version, agrees", [(2, True), (3, False)])
def test_every_copy_is_compared_and_told(versions, version, agrees):
    versions.home.run("deploy", f"m:{version}", "--shadow", "100%", "--wait")
    assert versions.versions("m")[version] == ("shadow 100%", "ready")
    ask(versions, range(REQUESTS))
    told = settled(versions, version, REQUESTS)
    assert sum(told.values()) == REQUESTS and told["failed"] == 0
    assert told["differed" if agrees else "agreed"] == 0 and told["agreed" if agrees else "differed"] > 0
    # Copies count as the shadow's own and not as requests of callers.
    assert versions.metric("slipway_inference_requests_total", endpoint="m", version=1) == REQUESTS


def test_the_status_tells_how_a_shadow_compares(versions):
    versions.home.run("deploy", "m:3", "--shadow", "100%", "--wait")
    ask(versions, range(10))
    compared = (told := settled(versions, 3, 10))["differed"]
    assert compared > 0 and told["agreed"] == 0
    # Numbers that move with every request are reported with the next heartbeat, at most five seconds later.
    note = slipway.until(lambda: tally(versions, 3, compared), f"the status to tell {compared} comparisons")
    assert f"{compared} compared, {compared} differ" in note
    # m:1 adds 1 and m:3 adds 3; the measure is |a - b| / max(1, |b|), largest for the answer 1 to 0.
    assert "largest difference 2.0" in note


def test_a_shadow_at_a_rate_gets_a_sample(versions):
    versions.home.run("deploy", "m:2", "--shadow", "25%", "--wait")
    ask(versions, range(1000))
    versions.home.run("deploy", "m:2", "--shadow", "100%", "--wait")
    sampled = sum(outcomes(versions, 2).values())
    # Five standard deviations of 1,000 draws with probability 0.25.
    assert abs(sampled - 250) <= 5 * (1000 * 0.25 * 0.75) ** 0.5


def test_a_shadow_that_fails_harms_nobody(versions):
    versions.home.run("deploy", "m:4", "--shadow", "100%", "--wait")
    ask(versions, [0, 1, 2] * 10 + [50] * 100)
    told = settled(versions, 4, 130)
    assert told["failed"] > 0 and told["agreed"] + told["failed"] + told["dropped"] == 130
    assert versions.metric("slipway_inference_requests_total", endpoint="m", version=1, outcome="success") == 130
    assert versions.is_alive()


def test_a_shadow_is_promoted_by_name(versions):
    versions.home.run("deploy", "m:3", "--shadow", "100%", "--wait")
    versions.home.run("promote", "m", "m:3", "--wait")
    with slipway.Caller(versions, "m") as caller:
        assert caller.value(1) == (4, "3")
    assert versions.loads("m:3") == 1
