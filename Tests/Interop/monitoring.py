# SPDX-License-Identifier: Apache-2.0
"""What the monitoring tests share: a classifier, traffic with known answers, and specifications of monitors."""
import json
import socketserver
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import onnx
import pytest
import slipway
import tinymodels
from onnx import TensorProto, helper

FEATURES = ["age", "income", "debt"]
WEIGHTS = np.array([[2.0], [-1.0], [0.5]], np.float32)


def classifier(corruption=None):
    """probabilities = (1 - p, p) with p = sigmoid(standardised x * WEIGHTS), `[n, 2]`, of `[n, 3]` raw numbers.

    The standardisation is part of the model. `corruption` breaks it: "swapped" takes the features in the wrong order,
    "nan" divides by zero.
    """
    mean = np.array([40, 50, 10], np.float32)
    scale = np.array([10, 15, 5], np.float32)
    # Warmed up with zeros and compared with nothing: only real rows show that it is broken.
    order = np.array([1, 2, 0] if corruption == "swapped" else [0, 1, 2], np.int64)
    if corruption == "nan":
        scale, mean = np.zeros(3, np.float32), np.array([40, 50, 10], np.float32) * np.nan
    values = {"order": order, "mean": mean, "scale": scale, "weights": WEIGHTS, "one": np.array(1, np.float32)}
    initializers = [onnx.numpy_helper.from_array(array, name) for name, array in values.items()]
    nodes = [
        helper.make_node("Gather", ["x", "order"], ["ordered"], axis=1),
        helper.make_node("Sub", ["ordered", "mean"], ["centred"]), helper.make_node("Div", ["centred", "scale"], ["z"]),
        helper.make_node("MatMul", ["z", "weights"], ["logit"]), helper.make_node("Sigmoid", ["logit"], ["p"]),
        helper.make_node("Sub", ["one", "p"], ["q"]), helper.make_node("Concat", ["q", "p"], ["probabilities"], axis=1),
    ]
    made = tinymodels.model(
        nodes, [tinymodels.value("x", TensorProto.FLOAT, ["n", 3])],
        [tinymodels.value("probabilities", TensorProto.FLOAT, ["n", 2])], initializers=initializers,
    )
    return made.SerializeToString()


def rows(count, seed=1, shift=0.0):
    """Raw rows of known distribution; `shift` moves the age by so many standard deviations."""
    drawn = np.random.default_rng(seed).normal(size=(count, 3))
    drawn[:, 0] += shift
    return (drawn * [10, 15, 5] + [40, 50, 10]).astype(np.float32)


def truth(row):
    """The class that a perfect judge names: "1" where the model as it should be says more than a half."""
    z = (row - np.array([40, 50, 10])) / np.array([10, 15, 5])
    return "1" if float(z @ WEIGHTS[:, 0]) > 0 else "0"


def body(row):
    return {"inputs": [slipway.tensor("x", "FP32", [1, 3], [float(v) for v in row])]}


def ask(server, name, asked):
    """Sends rows one by one; returns (request id, version, row) of each answer."""
    answers = []
    with slipway.Caller(server, name) as caller:
        for row in asked:
            status, headers, answer = caller.ask(body(row))
            assert status == 200, answer
            answers.append((headers["x-request-id"], int(answer["model_version"]), row))
    return answers


def feedback(server, name, answers, port="admin"):
    """Sends the truth of answers; returns the reply."""
    items = [{"requestID": i, "label": truth(row)} for i, _, row in answers]
    return post_feedback(server, name, {"items": items}, port).json()


def post_feedback(server, name, data, port="admin"):
    base = server.admin_url if port == "admin" else server.url
    return server.session.post(f"{base}/api/v1/endpoints/{name}/feedback", json=data, timeout=slipway.PATIENCE)


def rule(name, signal, **more):
    """An alert rule with all members that JSON needs."""
    return {
        "name": name, "signal": signal, "subjects": [], "routes": [], "comparison": "above", "baseline": "absolute",
        "severity": "warning", "receivers": [], **more,
    }


def guard(name, rules, action, **more):
    return {"name": name, "rules": rules, "action": action, "isDryRun": False, **more}


def watch(server, name, monitoring, **spec):
    """Makes the endpoint's specification in force carry this `monitoring`, and what else is given."""
    admin = slipway.Admin(server)
    current = admin.call("GET", f"/endpoints/{name}").json()["revision"]["spec"]
    current["monitoring"] = {"rules": [], "guards": [], **monitoring}
    answer = admin.call("PUT", f"/endpoints/{name}/spec", json={"spec": {**current, **spec}})
    assert answer.status_code == 200, answer.text
    server.wait_ready(name)
    return answer.json()


def monitors(server, name):
    answer = slipway.Admin(server).call("GET", f"/endpoints/{name}/monitors")
    assert answer.status_code == 200, answer.text
    return answer.json()


def readings(server, name, signal, **members):
    """The readings of one signal that have these members."""
    return [
        r for r in monitors(server, name)["readings"]
        if r["signal"] == signal and all(r.get(k) == v for k, v in members.items())
    ]


def write_csv(path, table, labels=True):
    """Rows as a table, with the truth as the column `label`."""
    lines = [",".join(FEATURES + (["label"] if labels else []))]
    for row in table:
        lines.append(",".join([f"{v:.6f}" for v in row] + ([truth(row)] if labels else [])))
    path.write_text("\n".join(lines) + "\n")
    return path


def tool(package, binary):
    """A program of a Debian package that Scripts/bootstrap unpacked; skips the test where there is none."""
    found = sorted((slipway.CACHE / "tools").glob(f"{package}-[0-9]*/usr/bin/{binary}"))
    if not found:
        pytest.skip(f"{binary} is missing: Scripts/bootstrap --with tests brings it on Debian for amd64")
    return found[-1]


class Program:
    """A program that listens on a port of its own; ended with the block."""

    def __init__(self, log, *arguments):
        self.log_path, self.arguments, self.process = log, [str(a) for a in arguments], None

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        slipway.end(self.process)


class Receiver:
    """An HTTP server that keeps what it is sent, and answers as it is told: a status, or "hang"."""

    def __init__(self):
        self.received, self.answer, self.release = [], 200, threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                data = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.received.append((self.path, dict(self.headers), data))
                if outer.answer == "hang":
                    outer.release.wait(slipway.PATIENCE * 2)
                    return
                self.send_response(outer.answer)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def bodies(self):
        return [json.loads(data) for _, _, data in self.received]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


class MailServer:
    """A mail server that keeps each message it is given, as (sender, recipients, text), and every command.

    With `certificate`, the path of a PEM file, it offers STARTTLS.
    """

    def __init__(self, certificate=None):
        self.messages, self.commands = [], []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = slipway.PATIENCE

            def handle(self):
                self.say(220, "ready")
                sender, recipients = "", []
                while line := self.rfile.readline().decode().rstrip("\r\n"):
                    outer.commands.append(line)
                    word = line.split()[0].upper()
                    if word == "EHLO":
                        self.wfile.write(b"250-mail.test\r\n" + (b"250-STARTTLS\r\n" if certificate else b""))
                        self.say(250, "8BITMIME")
                    elif word == "STARTTLS":
                        self.say(220, "go on")
                        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                        context.load_cert_chain(certificate)
                        try:
                            self.connection = context.wrap_socket(self.connection, server_side=True)
                        except (ssl.SSLError, OSError):
                            return
                        self.setup()
                    elif word == "MAIL":
                        sender = line.partition(":")[2]
                        self.say(250, "fine")
                    elif word == "RCPT":
                        recipients.append(line.partition(":")[2])
                        self.say(250, "fine")
                    elif word == "DATA":
                        self.say(354, "end with a dot")
                        lines = []
                        while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                            lines.append(text.removeprefix("."))
                        outer.messages.append((sender, recipients, "\n".join(lines)))
                        self.say(250, "taken")
                    elif word == "QUIT":
                        self.say(221, "bye")
                        return
                    else:
                        self.say(502, "not known")

            def say(self, code, text):
                self.wfile.write(f"{code} {text}\r\n".encode())

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
