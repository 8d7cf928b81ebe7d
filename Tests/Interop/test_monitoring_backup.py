# SPDX-License-Identifier: Apache-2.0
"""A backup that is made while a server runs brings back what monitoring knew: profiles, labels, alerts, captured rows."""
import monitoring
import slipway

CAPTURE = {"rate": 100, "redacted": [], "maximumBytes": 1 << 24}


def watched(server, tmp_path):
    """A server with a profile, labels, an alert that fires and captured requests; returns what was answered."""
    server.deploy("risk", monitoring.classifier())
    data = monitoring.write_csv(tmp_path / "reference.csv", monitoring.rows(1000, seed=5))
    server.home.run("monitor", "profile", "risk:1", "--data", data, "--labels", "label")
    wrong = monitoring.rule("too-good", "accuracy", threshold=0.5, minimumSamples=40)
    monitoring.watch(server, "risk", {"capture": CAPTURE, "rules": [wrong]})
    answers = monitoring.ask(server, "risk", monitoring.rows(60))
    assert monitoring.feedback(server, "risk", answers[:50])["counts"] == {"joined": 50}
    slipway.until(lambda: firing(server), "the alert")
    # Seals the segment that is written.
    server.stop()
    server.start()
    server.wait_ready("risk")
    return answers


def firing(server):
    return [a for a in slipway.Admin(server).call("GET", "/alerts").json() if a["state"] == "firing"]


def accuracy(server):
    return [(r["samples"], r["value"]) for r in monitoring.readings(server, "risk", "accuracy", subject=None)]


def test_a_copy_made_beside_a_server_knows_what_the_home_knew(server, tmp_path):
    answers = watched(server, tmp_path)
    before = slipway.until(lambda: accuracy(server), "the quality after the restart")
    segments = server.home.run_json("capture", "list", "risk")["segments"]
    told = server.home.run_json("backup", tmp_path / "copy")
    assert told["segments"] == len(segments) >= 1
    assert told["bytes"]["capture"] == sum(s["byteCount"] for s in segments)
    assert all(told["bytes"][name] > 0 for name in ["registry", "blobs", "monitoring", "labels"])
    server.stop()

    copy = slipway.Home(tmp_path / "copy")
    assert [s["name"] for s in copy.run_json("capture", "list", "risk")["segments"]] == [s["name"] for s in segments]
    with slipway.Server(copy) as restored:
        restored.wait_ready("risk")
        assert "provisional" not in copy.run("monitor", "profile", "risk:1")
        assert slipway.until(lambda: accuracy(restored), "the quality of the copy") == before
        # Labels that came before are known, and what waited still waits.
        assert monitoring.feedback(restored, "risk", answers)["counts"] == {"duplicate": 50, "joined": 10}
        assert len(firing(restored)) == 1
        copy.run("capture", "export", "risk", "--out", tmp_path / "rows", "--labelled")


def test_captured_requests_can_be_left_out(server, tmp_path):
    watched(server, tmp_path)
    told = server.home.run_json("backup", tmp_path / "copy", "--no-capture")
    assert "segments" not in told and "capture" not in told["bytes"]
    assert slipway.Home(tmp_path / "copy").run_json("capture", "list", "risk")["segments"] == []
    done = server.home.try_run("backup", tmp_path / "copy")
    assert done.returncode == 1 and "exists already" in done.stderr
