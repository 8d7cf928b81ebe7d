# SPDX-License-Identifier: Apache-2.0
"""The loop closed: a canary whose preprocessing is broken is caught by its answers and taken back by itself."""
import monitoring
import pytest
import slipway

# One rule for what only labels show, one for what the answers show.
BY_LABELS = monitoring.rule(
    "worse-than-primary", "accuracy", routes=["canary"], comparison="below", baseline="primary", threshold=-0.2,
    minimumSamples=30, severity="critical")
BY_NAN = monitoring.rule(
    "no-numbers", "nan_rate", routes=["canary"], threshold=0.5, minimumSamples=20, severity="critical")


@pytest.fixture
def risk(server):
    server.deploy("risk", monitoring.classifier())
    return server


def with_canary(server, corruption, rules, guards):
    """Deploys a corrupted version beside the primary, with half of the traffic."""
    version = server.import_version("risk", monitoring.classifier(corruption))
    assert version == "risk:2"
    server.home.run("deploy", version, "--as", "risk", "--canary", "50%", "--wait")
    return monitoring.watch(server, "risk", {"rules": rules, "guards": guards})["revision"]["number"]


def versions_of(answers):
    return {version for _, version, _ in answers}


def decisions(server):
    return slipway.Admin(server).call("GET", "/decisions", params={"endpoint": "risk"}).json()


def current(server):
    return slipway.Admin(server).call("GET", "/endpoints/risk").json()["revision"]


def serve_until_rolled_back(server, labelled):
    """Traffic, and labels for it, until a revision without the canary answers everything."""
    seed = 100

    def turn():
        nonlocal seed
        seed += 1
        answers = monitoring.ask(server, "risk", monitoring.rows(40, seed=seed))
        if labelled:
            reply = monitoring.feedback(server, "risk", answers)
            assert set(reply["counts"]) == {"joined"}, reply["counts"]
        return not current(server)["spec"].get("canaries")

    slipway.until(turn, f"the guard to act; decisions: {decisions(server)}")
    slipway.until(
        lambda: versions_of(monitoring.ask(server, "risk", monitoring.rows(60, seed=7))) == {1},
        "only the primary to answer")


@pytest.mark.parametrize("corruption, rule, labelled", [("swapped", BY_LABELS, True), ("nan", BY_NAN, False)])
@pytest.mark.parametrize("action", ["roll-back", "shift-traffic"])
def test_a_corrupted_canary_is_caught_and_taken_back_by_itself(risk, corruption, rule, labelled, action):
    guards = [monitoring.guard("undo", [rule["name"]], action)]
    before = with_canary(risk, corruption, [rule], guards)
    assert versions_of(monitoring.ask(risk, "risk", monitoring.rows(60, seed=3))) == {1, 2}
    serve_until_rolled_back(risk, labelled)
    [decision] = [d for d in decisions(risk) if d["outcome"] == "acted"]
    assert decision["guardName"] == "undo" and decision["action"] == action
    assert decision["version"] == {"model": "risk", "number": 2} and decision["text"]
    evidence = decision["evidence"][0]
    assert evidence["rule"] == rule["name"] and evidence["summary"] and evidence["reading"]["samples"] >= 20
    # One revision, made by the guard, and the rules that found the fault stay in force.
    revision = current(risk)
    assert revision["number"] == before + 1 and "undo" in revision["reason"]
    assert revision["spec"]["monitoring"]["rules"][0]["name"] == rule["name"]
    told = risk.home.run("monitor", "decisions", "risk")
    assert "undo" in told and "risk:2" in told and rule["name"] in told


def test_a_dry_run_decides_and_records_and_does_nothing(risk):
    guards = [monitoring.guard("undo", ["no-numbers"], "roll-back", isDryRun=True)]
    before = with_canary(risk, "nan", [BY_NAN], guards)
    monitoring.ask(risk, "risk", monitoring.rows(200))
    found = slipway.until(lambda: decisions(risk), "a decision")
    assert {d["outcome"] for d in found} <= {"dryRun", "coolingDown"} and found[-1]["outcome"] == "dryRun"
    assert current(risk)["number"] == before
    assert versions_of(monitoring.ask(risk, "risk", monitoring.rows(60, seed=3))) == {1, 2}


def test_a_good_canary_stays(risk):
    """The same version again: whatever the rules say of it is a false alarm."""
    # An empty documentation at the end makes other bytes, and so another version, of the same model.
    version = risk.import_version("risk", monitoring.classifier() + b"\x32\x00")
    risk.home.run("deploy", version, "--as", "risk", "--canary", "50%", "--wait")
    guards = [monitoring.guard("undo", ["worse-than-primary", "no-numbers"], "roll-back")]
    before = monitoring.watch(risk, "risk", {"rules": [BY_LABELS, BY_NAN], "guards": guards})["revision"]["number"]
    for seed in range(5):
        monitoring.feedback(risk, "risk", monitoring.ask(risk, "risk", monitoring.rows(60, seed=seed)))
    slipway.until(
        lambda: sum(r["samples"] for r in monitoring.readings(risk, "risk", "accuracy", subject=None)) >= 300,
        "every label to be counted")
    assert decisions(risk) == [] and current(risk)["number"] == before


def test_decisions_survive_a_restart(risk):
    with_canary(risk, "nan", [BY_NAN], [monitoring.guard("undo", ["no-numbers"], "roll-back")])
    serve_until_rolled_back(risk, labelled=False)
    before = decisions(risk)
    risk.stop()
    risk.start()
    assert decisions(risk) == before


def test_a_guard_that_would_flap_is_bounded_by_its_cool_down(risk):
    rule = {**BY_NAN, "clearSeconds": 1}
    with_canary(risk, "nan", [rule], [monitoring.guard("undo", ["no-numbers"], "roll-back", coolDownSeconds=3600)])
    serve_until_rolled_back(risk, labelled=False)
    # An alert sets a guard off once: it must end before another one can begin.
    slipway.until(
        lambda: slipway.Admin(risk).call("GET", "/alerts", params={"endpoint": "risk", "state": "firing"}).json() == [],
        "the alert to end")
    # Somebody deploys the same fault again: the guard is cooling down, says so, and does nothing.
    risk.home.run("deploy", "risk:2", "--as", "risk", "--canary", "50%", "--wait")
    monitoring.ask(risk, "risk", monitoring.rows(200, seed=9))
    slipway.until(lambda: any(d["outcome"] == "coolingDown" for d in decisions(risk)), "the cool-down to be recorded")
    assert current(risk)["spec"]["canaries"]
    assert len([d for d in decisions(risk) if d["outcome"] == "acted"]) == 1
