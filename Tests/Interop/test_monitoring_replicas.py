# SPDX-License-Identifier: Apache-2.0
"""Two replicas on one home: labels are joined wherever they come, what both count is one, a fault is told and undone once."""
import monitoring
import pytest
import slipway


@pytest.fixture
def pair(server):
    server.deploy("risk", monitoring.classifier())
    with slipway.Server(server.home) as other:
        other.wait_ready("risk")
        # Both report every few seconds; who is not known to run is handed nothing.
        slipway.until(lambda: len(replicas(server)) == 2, "both replicas to be known")
        yield server, other


def replicas(server):
    return slipway.Admin(server).call("GET", "/endpoints/risk").json()["replicas"]


def test_feedback_is_joined_whichever_replica_gets_it(pair):
    one, other = pair
    answers = monitoring.ask(one, "risk", monitoring.rows(30))
    assert monitoring.feedback(other, "risk", answers)["counts"] == {"forwarded": 30}
    slipway.until(
        lambda: monitoring.monitors(one, "risk")["labels"]["joined"] == 30, "what was handed over to be joined")
    # Sent again, to the one that made the predictions: counted once.
    assert monitoring.feedback(one, "risk", answers)["counts"] == {"duplicate": 30}
    assert monitoring.monitors(other, "risk")["labels"]["joined"] == 0


def test_windows_of_both_are_one(pair, tmp_path):
    data = monitoring.write_csv(tmp_path / "reference.csv", monitoring.rows(4000, seed=5), labels=False)
    pair[0].home.run("monitor", "profile", "risk:1", "--data", data)
    # The other replica looks for profiles once a minute.
    slipway.until(
        lambda: all(monitoring.readings(s, "risk", "psi") or monitoring.ask(s, "risk", monitoring.rows(1)) and False
                    for s in pair), "both to have the profile", patience=100)
    for server in pair:
        monitoring.ask(server, "risk", monitoring.rows(100))

    def samples(server):
        return max((r["samples"] for r in monitoring.readings(server, "risk", "psi")), default=0)

    # The few requests while the profile was waited for count too: both tell of the same, which is more than their own.
    slipway.until(lambda: (n := [samples(s) for s in pair])[0] == n[1] >= 200, "each replica to tell of both")


def test_a_fault_that_both_see_is_told_once_and_undone_once(home):
    with monitoring.Receiver() as hook:
        home.path.mkdir(parents=True, exist_ok=True)
        (home.path / "monitoring.yaml").write_text(f"receivers:\n  hook: {{type: webhook, url: '{hook.url}'}}\n")
        with slipway.Server(home) as one, slipway.Server(home) as other:
            one.deploy("risk", monitoring.classifier())
            version = one.import_version("risk", monitoring.classifier("nan"))
            home.run("deploy", version, "--as", "risk", "--canary", "50%", "--wait")
            nan = monitoring.rule(
                "no-numbers", "nan_rate", routes=["canary"], threshold=0.5, minimumSamples=20, severity="critical")
            before = monitoring.watch(
                one, "risk", {"rules": [nan], "guards": [monitoring.guard("undo", ["no-numbers"], "roll-back")]})
            number = before["revision"]["number"]
            slipway.until(
                lambda: [r["revision"] for r in replicas(one) if r["state"] == "ready"] == [number, number],
                "both to serve the revision")

            def undone():
                for server in (one, other):
                    monitoring.ask(server, "risk", monitoring.rows(40))
                return all({v for _, v, _ in monitoring.ask(s, "risk", monitoring.rows(40))} == {1} for s in (one, other))

            slipway.until(undone, "only the primary to answer, on both")
            admin = slipway.Admin(one)
            decisions = admin.call("GET", "/decisions", params={"endpoint": "risk"}).json()
            assert [d["guardName"] for d in decisions if d["outcome"] == "acted"] == ["undo"]
            assert admin.call("GET", "/endpoints/risk").json()["revision"]["number"] == number + 1
            slipway.until(lambda: hook.received, "the notice")
            firing = [n for n in hook.bodies() if any(a["state"] == "firing" for a in n["alerts"])]
            assert len(firing) == 1, firing


def shown(server, *signals):
    """What a replica says of these signals: by signal, version, subject and method."""
    return sorted(
        (r["signal"], str(r.get("version")), str(r.get("subject")), r["samples"], round(r["value"], 9))
        for signal in signals for r in monitoring.readings(server, "risk", signal))


def hook(home):
    receiver = monitoring.Receiver()
    home.path.mkdir(parents=True, exist_ok=True)
    (home.path / "monitoring.yaml").write_text(f"receivers:\n  hook: {{type: webhook, url: '{receiver.url}'}}\n")
    return receiver


def firing(receiver):
    return [n for n in receiver.bodies() if any(a["state"] == "firing" for a in n["alerts"])]


def test_quality_is_that_of_both_and_its_alert_is_told_once(home):
    with hook(home) as receiver, slipway.Server(home) as one, slipway.Server(home) as other:
        one.deploy("risk", monitoring.classifier())
        other.wait_ready("risk")
        # The model agrees with the judge, who is told the opposite here; eighty labels are too few for the rule.
        rule = monitoring.rule("wrong", "accuracy", comparison="below", threshold=0.5, minimumSamples=120)
        monitoring.watch(one, "risk", {"rules": [rule]})
        for server in (one, other):
            answers = monitoring.ask(server, "risk", monitoring.rows(80))
            items = [
                {"requestID": i, "label": "10"[int(monitoring.truth(row))], "kpis": {"loss": 2.5}}
                for i, _, row in answers
            ]
            counts = monitoring.post_feedback(server, "risk", {"items": items}).json()["counts"]
            assert counts == {"joined": 80}
        signals = ["accuracy", "precision", "recall", "roc_auc", "log_loss", "brier", "kpi"]

        def samples(server):
            return [r["samples"] for r in monitoring.readings(server, "risk", "accuracy", subject=None)]

        slipway.until(lambda: samples(one) == samples(other) == [160], "each replica to tell of both")
        told = shown(one, *signals)
        assert told == shown(other, *signals) and {t[0] for t in told} >= {"accuracy", "log_loss", "kpi"}
        slipway.until(lambda: receiver.received, "the notice")
        admin = [slipway.Admin(server) for server in (one, other)]

        def alerts(api):
            return [a for a in api.call("GET", "/alerts", params={"endpoint": "risk"}).json() if a["rule"] == "wrong"]

        slipway.until(lambda: alerts(admin[0]) and alerts(admin[1]), "the alert on both")
        assert len(alerts(admin[0])) == len(alerts(admin[1])) == 1
        # As long as it would take the other one to tell it too.
        slipway.until(lambda: monitoring.monitors(other, "risk")["alerts"], "the alert to fire on the other")
        assert len(firing(receiver)) == 1
        # What nobody runs to tell is read from what both stored.
        one.stop()
        other.stop()
        stored = home.run_json("monitor", "show", "risk")
        assert not stored["isLive"]
        assert [r["samples"] for r in stored["readings"] if r["signal"] == "accuracy"] == [160]


def test_an_error_burst_spread_over_both_is_told_once(home):
    with hook(home) as receiver, slipway.Server(home) as one, slipway.Server(home) as other:
        one.deploy("risk", monitoring.classifier())
        other.wait_ready("risk")
        # Of requests that end before they are computed; forty are too few for the rule.
        burn = monitoring.rule("burst", "burn_rate", threshold=20, objective=0.99, longWindowSeconds=60,
                               minimumSamples=60, severity="critical")
        monitoring.watch(one, "risk", {"rules": [burn]})
        for server in (one, other):
            for row in monitoring.rows(40):
                answer = server.infer("risk", {**monitoring.body(row), "parameters": {"timeout": 1}})
                assert answer.status_code in (200, 503, 504), answer.text
        slipway.until(
            lambda: (told := shown(one, "error_rate")) == shown(other, "error_rate")
            and max((samples for *_, samples, _ in told), default=0) == 80, "both to tell of all")
        slipway.until(lambda: receiver.received, "the notice")
        slipway.until(
            lambda: all(monitoring.monitors(s, "risk")["alerts"] for s in (one, other)), "the alert on both")
        assert len(firing(receiver)) == 1


def test_errors_count_on_when_a_replica_is_gone(pair):
    one, other = pair
    monitoring.ask(other, "risk", monitoring.rows(30))

    def served(server):
        return max((r["samples"] for r in monitoring.readings(server, "risk", "error_rate")), default=0)

    slipway.until(lambda: served(one) >= 30, "the one to know what the other served")
    other.stop()
    monitoring.ask(one, "risk", monitoring.rows(10))
    slipway.until(lambda: served(one) >= 40, "both together")
