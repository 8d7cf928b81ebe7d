# SPDX-License-Identifier: Apache-2.0
"""gRPC over HTTP/2 frames that are made by hand: what no library sends, and what none shows."""
import socket
import struct

import grpc
import hpack
import slipway

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
INFER = "/inference.GRPCInferenceService/ModelInfer"
LIVE = "/inference.GRPCInferenceService/ServerLive"
STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    return struct.pack(">I", len(payload) if length is None else length)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def framed(message, flag=0):
    data = message if isinstance(message, bytes) else message.SerializeToString()
    return struct.pack(">BI", flag, len(data)) + data


class Wire:
    """A connection whose every frame is made by hand."""

    def __init__(self, server, opening=PREFACE + frame(SETTINGS), receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(slipway.PATIENCE)
        self.socket.connect(("127.0.0.1", server.grpc_port))
        self.encoder, self.decoder, self.buffer = hpack.Encoder(), hpack.Decoder(), b""
        self.is_open = True
        self.send(opening)

    def send(self, data):
        """False when the server has closed the connection."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self.is_open = False
        return self.is_open

    def head(self, path=INFER, *more, method="POST", content="application/grpc"):
        pairs = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "h"), ("te", "trailers")]
        return self.encoder.encode(pairs + ([("content-type", content)] if content else []) + list(more))

    def call(self, stream, data, path=INFER, *more, end=True, **options):
        """A call with this data after its head."""
        self.send(frame(HEADERS, END_HEADERS, stream, self.head(path, *more, **options)))
        for at in range(0, len(data), 16384):
            part = data[at:at + 16384]
            self.send(frame(DATA, END_STREAM if end and at + 16384 >= len(data) else 0, stream, part))
        if not data and end:
            self.send(frame(DATA, END_STREAM, stream))

    def settle(self):
        """Waits for the server's settings and takes them: its windows are the protocol's small ones before."""
        assert next(self.frames())[0] == SETTINGS
        self.send(frame(SETTINGS, ACK))

    def frames(self):
        """What comes, until the server closes the connection."""
        while True:
            while len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) < 9 + length:
                    break
                kind, flags = self.buffer[3], self.buffer[4]
                stream = int.from_bytes(self.buffer[5:9], "big") & 0x7FFFFFFF
                payload, self.buffer = self.buffer[9:9 + length], self.buffer[9 + length:]
                yield kind, flags, stream, payload
            try:
                received = self.socket.recv(65536)
            except ConnectionResetError:
                return
            if not received:
                return
            self.buffer += received

    def answer(self, stream):
        """All headers of a call's answer and its data; None when the stream was reset, or the connection closed."""
        headers, data = {}, b""
        for kind, flags, of, payload in self.frames():
            if kind == SETTINGS and not flags & ACK:
                self.send(frame(SETTINGS, ACK))
            elif kind == HEADERS:
                # Of other streams too: the decoder must see each.
                told = dict(self.decoder.decode(payload))
                if of == stream:
                    headers |= told
            elif kind == DATA and of == stream:
                data += payload
            elif kind == RST and of == stream and not headers.get("grpc-status"):
                return None
            if of == stream and flags & END_STREAM and kind in (DATA, HEADERS):
                return headers, data
        return None

    def closing(self):
        """The GOAWAY's error code, once the server has closed the connection; None without one."""
        code = None
        for kind, _, _, payload in self.frames():
            if kind == GOAWAY:
                code = int.from_bytes(payload[4:8], "big")
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def status(answer):
    return None if answer is None else grpc_codes().get(answer[0].get("grpc-status"))


def grpc_codes():
    return {str(code.value[0]): code.name for code in grpc.StatusCode}
