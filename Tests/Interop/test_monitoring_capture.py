# SPDX-License-Identifier: Apache-2.0
"""Captured requests: complete or counted, opened by pyarrow, erased by id, and never in the way of serving."""
import os
import subprocess

import monitoring
import pyarrow as pa
import pyarrow.ipc
import pytest
import slipway

CAPTURE = {"rate": 100, "redacted": [], "maximumBytes": 1 << 24}


@pytest.fixture
def captured(server):
    """A server that captures everything that `risk` is asked."""
    server.deploy("risk", monitoring.classifier())
    monitoring.watch(server, "risk", {"capture": CAPTURE})
    return server


def capture(server):
    return slipway.Admin(server).call("GET", "/endpoints/risk/capture").json()


def settled(server, offered, sealed=False):
    """What the capture log says once all of so many requests are kept or dropped."""

    def counted():
        counts = capture(server)["counts"]
        dropped = sum(n for name, n in counts.items() if name.startswith("dropped"))
        # What waits lies in a segment that is sealed within a minute, or when the server stops.
        told = counts.get("kept", 0) + dropped + (0 if sealed else counts.get("waiting", 0))
        return counts.get("offered", 0) >= offered and told == counts["offered"] and counts

    return slipway.until(counted, f"{offered} requests to be kept or counted as dropped", patience=100)


def export(server, folder, *more):
    """The captured rows, as pyarrow reads the exported segments."""
    server.stop()  # seals the segment that is written
    server.start()
    server.wait_ready("risk")
    printed = server.home.run("capture", "export", "risk", "--out", folder, *more)
    tables = []
    for path in printed.split():
        with pa.memory_map(path) as source:
            tables.append(pa.ipc.open_file(source).read_all())
    return tables


def test_every_request_is_kept_and_pyarrow_reads_it(captured, tmp_path):
    answers = monitoring.ask(captured, "risk", monitoring.rows(200))
    counts = settled(captured, 200)
    assert counts["kept"] + counts["waiting"] == 200
    tables = export(captured, tmp_path / "out")
    assert sum(t.num_rows for t in tables) == 200
    assert {i for t in tables for i in t["request_id"].to_pylist()} == {i for i, _, _ in answers}
    assert tables[0].to_pandas().shape[0] == tables[0].num_rows
    listed = captured.home.run_json("capture", "list", "risk")["segments"]
    assert sum(s["rows"] for s in listed) == 200 and all(s["byteCount"] > 0 for s in listed)


def test_what_is_redacted_never_reaches_the_disk(server, tmp_path):
    server.deploy("risk", monitoring.classifier())
    monitoring.watch(server, "risk", {"capture": {**CAPTURE, "redacted": ["x"], "compression": "none"}})
    row = monitoring.rows(1)[0]
    row[0] = 12345.678
    monitoring.ask(server, "risk", [row])
    settled(server, 1)
    [table] = export(server, tmp_path / "out")
    assert table.num_rows == 1
    secret = row[:1].tobytes()
    for path in (server.home.path / "capture").rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes(), path


def test_requests_are_erased_by_their_id(captured, tmp_path):
    answers = monitoring.ask(captured, "risk", monitoring.rows(20))
    settled(captured, 20)
    export(captured, tmp_path / "before")
    gone = [i for i, _, _ in answers[:3]]
    told = captured.home.run_json("capture", "erase", "risk", *[a for i in gone for a in ("--id", i)])
    assert told["rows"] == 3
    tables = export(captured, tmp_path / "after")
    assert {i for t in tables for i in t["request_id"].to_pylist()} == {i for i, _, _ in answers[3:]}
    for path in (captured.home.path / "capture").rglob("*"):
        assert not path.is_file() or not any(i.encode() in path.read_bytes() for i in gone), path


def test_labelled_requests_come_in_one_file(captured, tmp_path):
    answers = monitoring.ask(captured, "risk", monitoring.rows(10))
    monitoring.feedback(captured, "risk", answers[:4])
    settled(captured, 10)
    [table] = export(captured, tmp_path / "out", "--labelled")
    labels = dict(zip(table["request_id"].to_pylist(), table["label"].to_pylist()))
    assert labels == {i: monitoring.truth(row) for i, _, row in answers[:4]}


def test_segments_that_are_not_there_are_not_found(captured):
    admin = slipway.Admin(captured)
    for name in ("no.arrow", "..%2F..%2Fregistry.db", "%2e%2e"):
        assert admin.call("GET", f"/endpoints/risk/capture/{name}").status_code in (400, 404), name
    assert admin.call("POST", "/endpoints/risk/capture/erase", json={"requestIDs": []}).status_code == 400


def test_a_full_disk_stops_capture_and_nothing_else(home):
    folder = home.path / "capture"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip("a small file system cannot be mounted here: root is needed")
    try:
        with slipway.Server(home) as server:
            server.deploy("risk", monitoring.classifier())
            full = monitoring.rule("capture-full", "capture_stopped", threshold=0.5, minimumSamples=1)
            monitoring.watch(server, "risk", {"capture": {**CAPTURE, "compression": "none"}, "rules": [full]})
            filler = os.urandom(64 << 10)
            try:
                (folder / "filler").write_bytes(filler)
            except OSError:
                pass
            answers = monitoring.ask(server, "risk", monitoring.rows(400))
            assert len(answers) == 400
            counts = settled(server, 400, sealed=True)
            assert counts["kept"] + sum(n for name, n in counts.items() if name.startswith("dropped")) == 400
            assert counts["kept"] < 400
            slipway.until(
                lambda: [a for a in slipway.Admin(server).call("GET", "/alerts").json() if a["rule"] == "capture-full"],
                "an alert that capture stopped")
            monitoring.ask(server, "risk", monitoring.rows(20))
            assert server.is_alive()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
