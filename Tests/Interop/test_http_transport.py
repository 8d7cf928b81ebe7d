# SPDX-License-Identifier: Apache-2.0
"""HTTP as bytes on a socket: both versions, what is refused, and clients that behave badly or go away."""
import contextlib
import json
import os
import signal
import socket
import struct
import subprocess

import pytest
import slipway
import tinymodels
from slipway import tensor

BODY = json.dumps({"inputs": [tensor("x", "FP32", [1, 2], [1, 2])]}).encode()
PATH = "/v2/models/identity_fp32/infer"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def request(method="GET", path="/livez", headers=(), body=b"", version="1.1", host="h"):
    lines = [f"{method} {path} HTTP/{version}", *([f"Host: {host}"] if host else []), *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Wire:
    """One connection, with the answers read as they are framed."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), slipway.PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        chunk = self.socket.recv(1 << 16)
        self.received += chunk
        return chunk

    def answer(self, has_body=True):
        """Returns the status, the headers with lower-case names, and the body of the next answer."""
        while b"\r\n\r\n" not in self.received:
            assert self.fill(), f"closed after {self.received!r}"
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        line, *fields = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}
        length = int(headers.get("content-length", 0)) if has_body else 0
        while len(self.received) < length:
            assert self.fill(), "closed within a body"
        body, self.received = self.received[:length], self.received[length:]
        return int(line.split(" ")[1]), headers, body

    def is_closed(self):
        """Waits for the server's end of the connection; nothing may come before it."""
        try:
            return self.received == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.fixture
def wire(shared):
    with Wire(shared) as wire:
        yield wire


# HTTP/1 as it should be

def test_requests_in_one_packet_are_answered_in_order(wire):
    names = [f"r{number}" for number in range(40)]
    requests = [
        request("POST", PATH, [f"x-request-id: {name}"], BODY) if number % 3 == 0
        else request(headers=[f"x-request-id: {name}"]) for number, name in enumerate(names)
    ]
    wire.send(b"".join(requests))
    answers = [wire.answer() for _ in names]
    assert [headers["x-request-id"] for _, headers, _ in answers] == names
    assert {status for status, _, _ in answers} == {200}


def test_more_requests_in_one_packet_than_are_taken_end_the_connection_after_the_last_that_is(wire):
    wire.send(request() * 1000)
    count = 0
    while True:
        status, headers, _ = wire.answer()
        count += 1
        assert status == 200
        if headers.get("connection") == "close":
            break
    assert 10 <= count < 1000
    assert wire.is_closed()


def test_chunks_with_extensions_and_trailers_are_a_body(wire):
    pieces = [BODY[:10], BODY[10:11], BODY[11:]]
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nX-Checksum: 1\r\n\r\n"
    for _ in range(2):
        wire.send(request("POST", PATH, ["Transfer-Encoding: chunked"]) + chunks)
        status, _, body = wire.answer()
        assert status == 200 and json.loads(body)["outputs"][0]["data"] == [1, 2]


@pytest.mark.parametrize("version, headers, stays", [
    ("1.1", [], True), ("1.1", ["Connection: close"], False), ("1.1", ["Connection: Close"], False),
    ("1.0", [], False), ("1.0", ["Connection: Keep-Alive"], True),
    ("1.1", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"], False),
])
def test_a_connection_lives_as_long_as_the_client_wishes(wire, version, headers, stays):
    wire.send(request(version=version, headers=headers))
    status, answered, _ = wire.answer()
    assert status == 200
    if stays:
        assert answered.get("connection", "keep-alive") == "keep-alive"
        wire.send(request())
        assert wire.answer()[0] == 200
    else:
        assert answered["connection"] == "close" and wire.is_closed()


def test_100_continue_comes_when_the_body_is_wanted(wire):
    for _ in range(2):
        wire.send(request("POST", PATH, ["Expect: 100-continue", f"Content-Length: {len(BODY)}"]))
        assert wire.answer()[0] == 100
        wire.send(BODY)
        assert wire.answer()[0] == 200


def test_white_space_behind_a_value_is_no_part_of_it(wire):
    wire.send(request("POST", PATH, ["Expect: 100-continue\t", f"Content-Length: {len(BODY)} "], host="h \t"))
    assert wire.answer()[0] == 100
    wire.send(BODY)
    assert wire.answer()[0] == 200


@pytest.mark.parametrize("path, length, headers, status", [
    (PATH, 10 << 30, ["Expect: 100-continue"], 413), ("/v2/models/nobody/infer", 10, ["Expect: 100-continue"], 404),
    ("/v2/nowhere", 10, ["Expect: 100-continue"], 404), (PATH, 10, ["Expect: a miracle"], 417),
])
def test_a_body_that_nobody_wants_is_not_asked_for(wire, path, length, headers, status):
    wire.send(request("POST", path, [*headers, f"Content-Length: {length}"]))
    answered, fields, body = wire.answer()
    assert answered == status and fields["connection"] == "close" and json.loads(body)["error"]
    assert wire.is_closed()


def test_a_client_that_sends_all_before_it_reads_sees_why_it_was_refused(wire):
    wire.send(request("POST", PATH, [f"Content-Length: {100 << 30}"]))
    for _ in range(32):
        wire.send(b"x" * (1 << 20))
    assert wire.answer()[0] == 413
    with pytest.raises(OSError):
        for _ in range(1024):
            wire.send(b"x" * (1 << 20))


def test_a_client_that_ends_within_a_body_that_was_answered_is_let_go(wire):
    wire.send(request("POST", "/v2/nowhere", ["Content-Length: 100"]) + b"abc")
    status, headers, _ = wire.answer()
    assert status == 404 and headers.get("connection") != "close"
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.is_closed()


def test_head_is_get_without_the_body(shared):
    for path in ("/livez", "/v2", "/metrics", "/nowhere"):
        get = shared.session.get(shared.url + path)
        with Wire(shared) as wire:
            wire.send(request("HEAD", path) + request())
            status, headers, _ = wire.answer(has_body=False)
            assert status == get.status_code and headers["content-type"] == get.headers["content-type"]
            if path != "/metrics":
                assert headers["content-length"] == get.headers["content-length"]
            assert wire.answer()[2] == b"ok\n"


def test_the_methods_of_a_path_are_told(shared):
    answer = shared.session.options(shared.url + "/livez")
    assert answer.status_code == 204 and answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer = shared.session.delete(shared.url + PATH)
    assert answer.status_code == 405 and answer.headers["Allow"] == "POST, OPTIONS"
    assert shared.session.options(shared.url + "/nowhere").status_code == 404


def test_the_whole_server_may_be_asked_for_its_methods(wire):
    wire.send(request("OPTIONS", "*"))
    status, headers, _ = wire.answer()
    assert status == 204 and "POST" in headers["allow"]


def test_the_address_of_this_host_may_be_the_target(wire):
    wire.send(request(path="http://h/livez"))
    assert wire.answer()[0] == 200


# What is refused

def post(*headers, body=b""):
    return request("POST", PATH, headers) + body


CHUNKED = "Transfer-Encoding: chunked"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
REFUSED = {
    "no host": (request(host=None), 400),
    "two hosts": (request(headers=["Host: i"]), 400),
    "a host with a path": (request(host="h/a"), 400),
    "another host in the target": (request(path="http://i/livez"), 400),
    "a proxy's target": (request("CONNECT", "h:80"), (400, 501)),
    "a target that is no path": (request(path="livez"), 400),
    "trace": (request("TRACE"), 501),
    "an unknown method": (request("BREW"), 400),
    "a method in lower case": (request("get"), 400),
    "HTTP/0.9": (b"GET /livez\r\n\r\n", (400, 505)),
    "HTTP/2 without its preface": (request(version="2.0"), (400, 505)),
    "HTTP/9.9": (request(version="9.9"), (400, 505)),
    "a space before the colon": (request(headers=["X : a"]), 400),
    "a folded header": (request(headers=["X: a\r\n b"]), 400),
    "lines without a carriage return": (b"GET /livez HTTP/1.1\nHost: h\n\n", (400, 505)),
    "one line without a carriage return": (b"GET /livez HTTP/1.1\r\nHost: h\nX: a\r\n\r\n", 400),
    "a carriage return in a header": (request(headers=["X: a\rb"]), 400),
    "NUL in a value": (request(headers=["X: a\0b"]), 400),
    "NUL in a name": (request(headers=["X\0: a"]), 400),
    "a header without a name": (request(headers=[": a"]), 400),
    "a header without a colon": (request(headers=["nonsense"]), 400),
    "length and chunks": (post("Content-Length: 6", CHUNKED, body=b"0\r\n\r\nX" + SMUGGLED), 400),
    "chunks and length": (post(CHUNKED, "Content-Length: 6", body=b"0\r\n\r\nX" + SMUGGLED), 400),
    "two lengths": (post("Content-Length: 0", f"Content-Length: {len(SMUGGLED)}", body=SMUGGLED), 400),
    "two equal lengths": (post("Content-Length: 3", "Content-Length: 3", body=b"abc"), 400),
    "a list of lengths": (post("Content-Length: 3, 3", body=b"abc"), 400),
    "a negative length": (post("Content-Length: -1"), 400),
    "a signed length": (post("Content-Length: +3", body=b"abc"), 400),
    "a length beyond 64 bits": (post("Content-Length: 99999999999999999999"), 400),
    "a length that is no number": (post("Content-Length: 3a", body=b"abc"), 400),
    "chunked, identity": (post("Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), (400, 501)),
    "identity, chunked": (post("Transfer-Encoding: identity, chunked", body=b"0\r\n\r\n"), (400, 501)),
    "xchunked": (post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), (400, 501)),
    "chunked behind a vertical tab": (post("Transfer-Encoding: \vchunked", body=b"0\r\n\r\n"), (400, 501)),
    "two codings": (post(CHUNKED, "Transfer-Encoding: identity", body=b"0\r\n\r\n"), (400, 501)),
    "chunks in HTTP/1.0": (request("POST", PATH, [CHUNKED], version="1.0") + b"0\r\n\r\n", 400),
    "a chunk of negative size": (post(CHUNKED, body=b"-1\r\n\r\n"), 400),
    "a chunk of no size": (post(CHUNKED, body=b"zz\r\n"), 400),
    "a chunk in 0x": (post(CHUNKED, body=b"0x3\r\nabc\r\n"), 400),
    "a chunk beyond 64 bits": (post(CHUNKED, body=b"ffffffffffffffffff\r\n"), 400),
    "a chunk that is longer than it says": (post(CHUNKED, body=b"1\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk that ends without a carriage return": (post(CHUNKED, body=b"1\na\n0\n\n"), 400),
    "a large header": (request(headers=["X: " + "a" * 100_000]), 431),
    "many headers": (request(headers=["X: a"] * 300), 431),
    "large headers together": (request(headers=[f"X{n}: {'a' * 1000}" for n in range(100)]), 431),
    "large trailers": (post(CHUNKED, body=b"0\r\n" + b"X: a\r\n" * 300 + b"\r\n"), (400, 431)),
    "a long target": (request(path="/" + "a" * 20_000), 414),
    "a very long target": (request(path="/" + "a" * 100_000), (414, 431)),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), 400),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(shared, kind):
    data, status = REFUSED[kind]
    before = shared.metric("slipway_inference_requests_total", outcome="success")
    with Wire(shared) as wire:
        wire.send(data)
        answered, headers, body = wire.answer()
        assert answered in (status if isinstance(status, tuple) else (status,)), body
        assert headers["connection"] == "close" and json.loads(body)["error"]
        assert wire.is_closed(), "more than one answer, or the connection stays"
    assert shared.is_alive()
    assert shared.metric("slipway_inference_requests_total", outcome="success") == before


def test_a_refusal_waits_for_the_answers_before_it(wire):
    wire.send(request("POST", PATH, body=BODY) + request() + b"nonsense\r\n\r\n")
    assert [wire.answer()[0] for _ in range(3)] == [200, 200, 400]
    assert wire.is_closed()


@pytest.mark.parametrize("given", ["a" * 129, "a b", "x\x7f"])
def test_a_request_id_that_would_spoil_a_log_is_replaced(wire, given):
    wire.send(request(headers=[f"x-request-id: {given}"]))
    status, headers, _ = wire.answer()
    assert status in (200, 400) and headers.get("x-request-id") != given


# Clients that go away

def slow(rounds):
    return json.dumps({"inputs": [
        tensor("x", "FP32", [64, 64], [1] * 4096), tensor("rounds", "INT64", [], [rounds])]}).encode()


def test_a_client_that_leaves_cancels_what_it_asked_for_also_with_requests_behind_it(server):
    server.deploy("m", tinymodels.slow(64))
    long = request("POST", "/v2/models/m/infer", body=slow(100_000_000))
    wires = [Wire(server) for _ in range(4)]
    for number, wire in enumerate(wires):
        wire.send(long + request() * (number * 20))
    slipway.until(lambda: server.in_flight() == 4, "all to be in flight")
    for wire in wires:
        wire.socket.close()
    slipway.until(lambda: server.in_flight() == 0, "the abandoned requests to be gone")
    assert server.metric("slipway_inference_requests_total", endpoint="m", outcome="cancelled") == 4


def test_a_server_that_ends_says_so_in_its_answers(server):
    server.deploy("m", tinymodels.slow(64))
    with Wire(server) as busy, Wire(server) as idle:
        idle.send(request())
        assert idle.answer()[0] == 200
        busy.send(request("POST", "/v2/models/m/infer", body=slow(20_000)))
        slipway.until(lambda: server.in_flight() == 1, "the request to be in flight")
        server.process.send_signal(signal.SIGTERM)
        status, headers, _ = busy.answer()
        assert status == 200 and headers["connection"] == "close" and busy.is_closed()
        assert idle.is_closed()
    assert server.stop() == 0


def test_hundreds_of_connections_that_say_nothing_hold_up_nobody(shared):
    sockets = [socket.create_connection(("127.0.0.1", shared.port), slipway.PATIENCE) for _ in range(300)]
    for number, s in enumerate(sockets):
        s.sendall([b"", b"P", b"GET /livez HT", b"PRI * HTTP/2.0\r\n"][number % 4])
    with Wire(shared) as wire:
        wire.send(request())
        assert wire.answer()[0] == 200
    for s in sockets:
        s.close()


# Traces

def test_a_trace_goes_on(wire):
    wire.send(request(headers=[f"traceparent: 00-{TRACE}-b7ad6b7169203331-01", "tracestate: a=b"]))
    _, headers, _ = wire.answer()
    version, trace, span, flags = headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01") and span != "b7ad6b7169203331" and len(span) == 16


def test_a_trace_that_is_none_begins_anew_and_no_trace_stays_none(wire):
    wire.send(request(headers=["traceparent: 00-0-0-00"]) + request())
    assert len(wire.answer()[1]["traceparent"]) == 55
    assert "traceparent" not in wire.answer()[1]


# HTTP/2 with prior knowledge

DATA, HEADERS, RESET, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def text(value):
    assert len(value) < 127
    return bytes([len(value)]) + value.encode()


def hpack(method, path, *fields):
    """A header block without indexing."""
    known = {"GET": b"\x82", "POST": b"\x83"}[method] + b"\x86" + b"\x04" + text(path) + b"\x01" + text("h")
    return known + b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


class HTTP2(Wire):
    def __init__(self, server):
        super().__init__(server)
        self.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(SETTINGS, 0, 0))

    @staticmethod
    def frame(kind, flags, stream, payload=b""):
        return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload

    def ask(self, stream, method="GET", path="/livez", body=None, fields=()):
        last = 0 if body is not None else END_STREAM
        self.send(self.frame(HEADERS, END_HEADERS | last, stream, hpack(method, path, *fields)))
        if body is not None:
            self.send(self.frame(DATA, END_STREAM, stream, body))

    def next(self):
        """The next frame: kind, flags, stream, payload; None when the connection ends."""
        try:
            while len(self.received) < 9 or len(self.received) < 9 + int.from_bytes(self.received[:3], "big"):
                if not self.fill():
                    return None
        except ConnectionResetError:
            return None
        end = 9 + int.from_bytes(self.received[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", self.received[3:9])
        payload, self.received = self.received[9:end], self.received[end:]
        if kind == SETTINGS and not flags & ACK:
            with contextlib.suppress(ConnectionError):  # what it said before it closed is still to be read
                self.send(self.frame(SETTINGS, ACK, 0))
        return kind, flags, stream, payload

    def answers(self, count):
        """The first byte of the headers and the body of so many streams."""
        heads, bodies, ended = {}, {}, set()
        while len(ended) < count:
            frame = self.next()
            assert frame, f"closed after {len(ended)} answers"
            kind, flags, stream, payload = frame
            assert kind not in (RESET, GOAWAY), frame
            if kind == HEADERS:
                heads[stream] = payload[0]
            if kind == DATA:
                bodies[stream] = bodies.get(stream, b"") + payload
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                ended.add(stream)
        return heads, bodies

    def ends(self):
        """Reads until the connection ends; returns the GOAWAY's error, or None."""
        error = None
        while frame := self.next():
            if frame[0] == GOAWAY:
                error = int.from_bytes(frame[3][4:8], "big")
        return error


OK = 0x88  # `:status: 200` in the static table


def test_http2_is_spoken_on_the_same_port(shared):
    with HTTP2(shared) as wire:
        for number in range(50):
            wire.ask(1 + 2 * number, "POST", PATH, BODY)
        heads, bodies = wire.answers(50)
        assert set(heads.values()) == {OK}
        assert all(json.loads(body)["outputs"][0]["data"] == [1, 2] for body in bodies.values())


def test_http2_in_the_smallest_pieces(shared):
    with HTTP2(shared) as wire:
        data = wire.frame(HEADERS, END_HEADERS | END_STREAM, 1, hpack("GET", "/livez"))
        for byte in data:
            wire.send(bytes([byte]))
        assert wire.answers(1) == ({1: OK}, {1: b"ok\n"})


def test_http2_100_continue_comes_when_the_body_is_wanted(shared):
    fields = [("expect", "100-continue"), ("content-length", str(len(BODY)))]
    with HTTP2(shared) as wire:
        for stream in (1, 3):
            wire.send(wire.frame(HEADERS, END_HEADERS, stream, hpack("POST", PATH, *fields)))
            kind = None
            while kind != HEADERS:
                kind, flags, number, block = wire.next()
            assert number == stream and block[0] != OK and not flags & END_STREAM
            wire.send(wire.frame(DATA, END_STREAM, stream, BODY))
            heads, bodies = wire.answers(1)
            assert heads == {stream: OK} and json.loads(bodies[stream])["outputs"][0]["data"] == [1, 2]


def test_curl_speaks_http2(shared):
    command = ["curl", "-sS", "--http2-prior-knowledge", "--max-time", str(slipway.PATIENCE), "-w", "%{http_version} %{http_code}"]
    done = subprocess.run([*command, "-o", os.devnull, "-I", shared.url + "/livez"], capture_output=True, text=True)
    assert done.stdout == "2 200", done
    big = json.dumps({"inputs": [tensor("x", "FP32", [1, 200_000], [0.5] * 200_000)]}).encode()
    done = subprocess.run(
        [*command, "-o", os.devnull, "--data-binary", "@-", shared.url + PATH], input=big, capture_output=True)
    assert done.stdout == b"2 200", done
    done = subprocess.run([*command[:-2], "--data-binary", "{}", shared.url + "/nowhere"], capture_output=True)
    assert json.loads(done.stdout)["error"] == "Not Found"


def test_a_stream_that_is_reset_cancels_its_request_and_no_other(server):
    server.deploy("m", tinymodels.slow(64))
    with HTTP2(server) as wire:
        for stream in (1, 3, 5):
            wire.send(wire.frame(HEADERS, END_HEADERS, stream, hpack("POST", "/v2/models/m/infer")))
            data = slow(100_000_000)
            for start in range(0, len(data), 16_000):
                last = END_STREAM if start + 16_000 >= len(data) else 0
                wire.send(wire.frame(DATA, last, stream, data[start:start + 16_000]))
        slipway.until(lambda: server.in_flight() == 3, "all to be in flight")
        wire.send(wire.frame(RESET, 0, 3, struct.pack(">I", 8)))
        slipway.until(lambda: server.in_flight() == 2, "the one to be gone")
        wire.ask(7)
        assert wire.answers(1)[0] == {7: OK}
    slipway.until(lambda: server.in_flight() == 0, "the others to be gone with the connection")
    assert server.metric("slipway_inference_requests_total", endpoint="m", outcome="cancelled") == 3


def test_rapid_resets_end_the_connection(shared):
    with HTTP2(shared) as wire:
        try:
            for number in range(5000):
                stream = 1 + 2 * number
                wire.send(
                    wire.frame(HEADERS, END_HEADERS | END_STREAM, stream, hpack("GET", "/livez"))
                    + wire.frame(RESET, 0, stream, struct.pack(">I", 8)))
        except OSError:
            return  # ended while we were sending
        assert wire.ends() is not None
    assert shared.is_alive()


def test_more_streams_than_are_allowed_are_refused(shared):
    with HTTP2(shared) as wire:
        for number in range(150):
            wire.send(wire.frame(HEADERS, END_HEADERS, 1 + 2 * number, hpack("POST", PATH)))
        frames = iter(wire.next, None)
        assert any(kind in (RESET, GOAWAY) for kind, _, _, _ in frames)
    assert shared.is_alive()


BROKEN_FRAMES = {
    "a frame beyond the largest size": HTTP2.frame(DATA, 0, 1, b"x" * 20_000),
    "data on no stream": HTTP2.frame(DATA, 0, 0, b"x"),
    "broken compression": HTTP2.frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\xff" * 100),
    "headers without an end": HTTP2.frame(HEADERS, 0, 1, hpack("GET", "/livez"))
    + HTTP2.frame(9, 0, 1, b"\x00" + text("a") + text("b" * 100)) * 1000,
    "a flood of pings": HTTP2.frame(6, 0, 0, b"12345678") * 20_000,
    "a flood of settings": HTTP2.frame(SETTINGS, 0, 0) * 20_000,
    "a flood of empty data": HTTP2.frame(HEADERS, END_HEADERS, 1, hpack("POST", PATH)) + HTTP2.frame(DATA, 0, 1) * 20_000,
}


@pytest.mark.parametrize("kind", BROKEN_FRAMES)
def test_broken_http2_ends_the_connection(shared, kind):
    with HTTP2(shared) as wire:
        try:
            wire.send(BROKEN_FRAMES[kind])
        except OSError:
            pass  # ended while we were sending
        wire.ends()
    assert shared.is_alive()


BAD_HEADS = {
    "no path": b"\x82\x86\x01" + text("h"),
    "two paths": hpack("GET", "/livez") + b"\x04" + text("/v2"),
    "a pseudo-header after the others": hpack("GET", "/livez", ("a", "b")) + b"\x86",
    "connection": hpack("GET", "/livez", ("connection", "keep-alive")),
    "an upper-case name": hpack("GET", "/livez", ("Abc", "x")),
    "transfer-encoding": hpack("POST", PATH, ("transfer-encoding", "chunked")),
    "a wrong length": hpack("GET", "/livez", ("content-length", "5")),
}


@pytest.mark.parametrize("kind", BAD_HEADS)
def test_malformed_http2_requests_are_not_answered(shared, kind):
    with HTTP2(shared) as wire:
        wire.send(wire.frame(HEADERS, END_HEADERS | END_STREAM, 1, BAD_HEADS[kind]))
        wire.send(wire.frame(HEADERS, END_HEADERS | END_STREAM, 3, hpack("GET", "/livez")))
        while frame := wire.next():
            assert not (frame[0] == HEADERS and frame[2] == 1 and frame[3][0] == OK)
            if frame[0] in (RESET, GOAWAY) or (frame[0] in (HEADERS, DATA) and frame[2] == 3 and frame[1] & END_STREAM):
                break
    assert shared.is_alive()


def test_http2_connections_are_let_go_when_the_server_ends(server):
    with HTTP2(server) as wire:
        wire.ask(1)
        assert wire.answers(1)[0] == {1: OK}
        server.process.send_signal(signal.SIGTERM)
        seen = set()
        while frame := wire.next():
            seen.add(frame[0])
            if frame[0] == 6 and not frame[1] & ACK:
                wire.send(wire.frame(6, ACK, 0, frame[3]))
        assert GOAWAY in seen
    assert server.stop() == 0
