# SPDX-License-Identifier: Apache-2.0
"""Two replicas on one home: labels are joined wherever they come, windows are one, a fault is told and undone once."""
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
