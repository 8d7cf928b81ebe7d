# SPDX-License-Identifier: Apache-2.0
"""Ends and clients that misbehave: what was accepted is answered, and nobody holds up the others."""
import json
import signal
import socket

import slipway
import tinymodels

SIDE = 64


def slow_body(rounds):
    x = slipway.tensor("x", "FP32", [SIDE, SIDE], [1] * (SIDE * SIDE))
    return json.dumps({"inputs": [x, slipway.tensor("rounds", "INT64", [], [rounds])]}).encode()


def read_all(s):
    received = b""
    while chunk := s.recv(65536):
        received += chunk
    return received


def calibrated(server, milliseconds):
    """How many rounds take about so long here."""
    server.infer("m", slow_body(1))
    answer = server.infer("m", slow_body(1000))
    parts = dict(p.strip().split(";dur=") for p in answer.headers["server-timing"].split(","))
    return max(1, int(1000 * milliseconds / max(float(parts["compute"]), 0.01)))


def test_two_hundred_requests_in_flight_are_answered_before_the_end(server):
    server.import_version("m", tinymodels.slow(SIDE))
    # Two lanes and 15 ms each: more than a second of work on any machine, so that most still wait when all have come.
    server.apply('endpoints: {m: {routes: [{version: "m:1"}], instances: 2}}\n')
    body = slow_body(calibrated(server, 15))
    answered = server.metric("slipway_inference_requests_total", endpoint="m")
    sockets = [server.post("m", body) for _ in range(200)]
    slipway.until(
        lambda: server.in_flight() + server.metric("slipway_inference_requests_total", endpoint="m") - answered >= 200,
        "200 requests to have come")
    waiting = server.in_flight()
    server.process.send_signal(signal.SIGTERM)
    heads = [read_all(s).split(b"\r\n", 1)[0] for s in sockets]
    assert heads == [b"HTTP/1.1 200 OK"] * 200
    assert waiting > 100, f"only {waiting} requests were in flight when the server was told to end"
    assert server.stop() == 0
    assert "every request answered" in server.log()


def test_a_hundred_sockets_closed_in_the_middle_leave_nothing_behind(server):
    server.deploy("m", tinymodels.slow(SIDE))
    body = slow_body(100_000_000)
    head = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body)
    sockets = []
    for number in range(100):
        s = socket.create_connection(("127.0.0.1", server.port), slipway.PATIENCE)
        # A third each: in the head, in the body, and when the answer is being computed.
        s.sendall([head[:20], head + body[: len(body) // 2], head + body][number % 3])
        sockets.append(s)
    slipway.until(lambda: server.in_flight() >= 33, "the whole ones to be in flight")
    for s in sockets:
        s.close()
    slipway.until(lambda: server.in_flight() == 0, "the abandoned requests to be gone")
    assert server.infer("m", slow_body(1)).status_code == 200
    assert server.metric("slipway_inference_requests_total", endpoint="m", outcome="cancelled") == 33
    assert server.metric("slipway_inference_requests_total", endpoint="m", outcome="success") == 1
    assert server.is_alive()


def test_slow_senders_and_clients_that_never_read_hold_up_nobody(server):
    server.deploy("m", tinymodels.add(1))
    columns = 50_000
    large = json.dumps({"inputs": [slipway.tensor("x", "FP32", [1, columns], [0.1] * columns)]}).encode()
    head = b"POST /v2/models/m/infer HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(large)
    sockets = []
    for number in range(40):
        s = socket.socket()
        # So small that the answers do not fit into the kernel's buffers.
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(slipway.PATIENCE)
        s.connect(("127.0.0.1", server.port))
        s.sendall(head + large if number % 2 else head + large[:100])
        sockets.append(s)

    def work(number):
        with slipway.Caller(server, "m") as caller:
            return [caller.value(number * 50 + n)[0] for n in range(50)]

    for number, answers in enumerate(slipway.in_threads(4, work)):
        assert answers == [number * 50 + n + 1 for n in range(50)]
    # The slow sender that goes on is served.
    sockets[0].sendall(large[100:])
    assert sockets[0].recv(15) == b"HTTP/1.1 200 OK"
    for s in sockets:
        s.close()
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")
    assert server.stop() == 0
