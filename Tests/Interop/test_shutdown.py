# SPDX-License-Identifier: Apache-2.0
"""SIGTERM, disconnects and kill -9."""
import json
import random
import signal
import socket
import subprocess
import threading
import time

import slipway
import tinymodels

SIDE = 256


def slow_request(rounds):
    x = slipway.tensor("x", "FP32", [SIDE, SIDE], [1.0] * (SIDE * SIDE))
    return {"inputs": [x, slipway.tensor("rounds", "INT64", [], [rounds])]}


def test_an_idle_server_ends_with_zero(server):
    assert server.stop(signal.SIGTERM) == 0
    assert not server.answers("/livez")


def test_requests_under_way_are_finished_and_new_ones_refused(server):
    server.deploy("slow", tinymodels.slow(SIDE))
    statuses = []

    def ask():
        statuses.append(server.infer("slow", slow_request(4000)).status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for t in threads:
        t.start()
    slipway.until(lambda: server.in_flight() >= 1, "a request to be under way")
    assert server.stop(signal.SIGTERM) == 0
    for t in threads:
        t.join()
    assert statuses and set(statuses) <= {200, 503} and 200 in statuses
    assert not server.answers("/livez")


def test_a_client_that_goes_away_does_not_block_the_lane(server):
    server.deploy("slow", tinymodels.slow(SIDE))
    server.deploy("quick", tinymodels.identity())
    body = json.dumps(slow_request(1_000_000)).encode()
    head = f"POST /v2/models/slow/infer HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(head + body)
        slipway.until(lambda: server.in_flight() >= 1, "the request to be under way")
    slipway.until(lambda: server.in_flight() == 0, "the abandoned request to be cancelled")
    assert server.infer("quick", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]}).status_code == 200


def test_a_killed_server_leaves_a_home_that_serves_again(home):
    with slipway.Server(home) as server:
        server.deploy("m", tinymodels.identity())
        server.process.kill()
        server.process.wait()
    with slipway.Server(home) as again:
        again.wait_ready("m")


def test_imports_killed_at_any_instant_leave_a_consistent_registry(home, tmp_path):
    """Imports die after random fractions of the time one takes; afterwards every version is whole and loads."""
    random.seed(11)
    models = []
    for n in range(24):
        path = tmp_path / f"{n}.onnx"
        path.write_bytes(tinymodels.identity(shape=("n", n + 1)))
        models.append(path)
    began = time.monotonic()
    home.run("import", models[0], "--name", "m")
    usual = time.monotonic() - began
    finished = 1
    for path in models[1:]:
        process = home.start("import", path, "--name", "m")
        try:
            process.wait(random.uniform(0, usual * 1.2))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        finished += process.returncode == 0
    home.run("doctor", "--repair")
    versions = versions_of(home, "m")
    assert len(versions) >= finished
    assert [v["version"] for v in versions] == sorted({v["version"] for v in versions})
    assert orphans(home, versions) == set()
    with slipway.Server(home) as server:
        admin = slipway.Admin(server)
        for version in versions:
            assert admin.deploy("m", f"m:{version['version']}", allowSignatureChange=True)[0] == "ready"


def versions_of(home, model):
    listed = next(m for m in home.run_json("list") if m["name"] == model)
    return sorted(listed["versions"], key=lambda v: v["version"])


def orphans(home, versions):
    named = {f["digest"].removeprefix("sha256:") for v in versions for f in v["files"]}
    stored = {p.name for p in (home.path / "blobs" / "sha256").rglob("*") if p.is_file()}
    return stored - named
