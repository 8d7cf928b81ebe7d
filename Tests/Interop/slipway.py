# SPDX-License-Identifier: Apache-2.0
"""The binary under test: homes, commands and servers."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import requests

CACHE = Path(os.environ.get("SLIPWAY_CACHE", Path.home() / ".cache" / "slipway"))
ENGINES = Path(os.environ.get("SLIPWAY_ENGINES", CACHE / "engines"))
ASSETS = CACHE / "assets"
# Long enough for a loaded two-core machine; nothing asserts how long a step took.
PATIENCE = 60


def binary():
    path = os.environ.get("SLIPWAY_BIN", "")
    if not os.access(path, os.X_OK):
        raise RuntimeError("SLIPWAY_BIN must name the slipway binary: run `make test`")
    return path


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def until(question, what, patience=PATIENCE):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for: {what}")
        time.sleep(0.02)


def end(process, number=signal.SIGTERM):
    """Sends the signal and returns the exit code; a program that does not end is killed and reported as None."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


class Home:
    """A home directory and the commands on it."""

    def __init__(self, path, environment=None):
        self.path = Path(path)
        self.environment = {**os.environ, "SLIPWAY_ENGINES": str(ENGINES), **(environment or {})}
        for name in ("SLIPWAY_HOME", "SLIPWAY_SERVER"):
            self.environment.pop(name, None)

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [binary(), *map(str, arguments), "--home", str(self.path)], env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )

    def try_run(self, *arguments):
        """The finished command, whatever its exit code."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=PATIENCE * 2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run(self, *arguments):
        """What a command that must succeed printed."""
        done = self.try_run(*arguments)
        assert done.returncode == 0, f"slipway {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def run_json(self, *arguments):
        return json.loads(self.run(*arguments, "--output", "json"))


class Server:
    """One `slipway serve` on a home."""

    def __init__(self, home, *arguments, environment=None):
        self.home = home
        self.port, self.grpc_port, self.admin_port = free_ports(3)
        self.url = f"http://127.0.0.1:{self.port}"
        self.grpc = f"127.0.0.1:{self.grpc_port}"
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.log_path = home.path.parent / f"serve-{self.port}.log"
        self.arguments = [
            binary(), "serve", "--home", str(home.path), "--http", f"127.0.0.1:{self.port}",
            "--grpc", self.grpc, "--admin", f"127.0.0.1:{self.admin_port}", *map(str, arguments),
        ]
        self.environment = {**home.environment, **(environment or {})}
        self.process = None
        self.session = requests.Session()

    def start(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.arguments, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        until(self._up, "the server to come up")
        return self

    def _up(self):
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}: {self.log()}"
        return self.answers("/livez")

    def answers(self, path):
        try:
            return requests.get(self.url + path, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def log(self):
        return self.log_path.read_text(errors="replace")[-4000:]

    def is_alive(self):
        return self.process.poll() is None and self.answers("/livez")

    def stop(self, number=signal.SIGTERM):
        return end(self.process, number)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # Models

    def deploy(self, name, model):
        """Imports a model, bytes or a path, as a new version of `name`, deploys it and waits until it answers."""
        path = model
        if isinstance(model, bytes):
            path = self.home.path.parent / f"upload-{abs(hash(name))}.onnx"
            path.write_bytes(model)
        printed = self.home.run("import", path, "--name", name, "--deploy")
        self.wait_ready(name)
        return printed.split()[0]

    def wait_ready(self, name):
        until(lambda: self.is_ready(name), f"{name} to be ready; status: {self.home.try_run('status', name).stdout}")

    def is_ready(self, name):
        return self.session.get(f"{self.url}/v2/models/{requests.utils.quote(name, safe='')}/ready").status_code == 200

    def import_version(self, name, model):
        """Imports bytes as the next version of `name` without deploying it; returns `name:3`."""
        path = self.home.path.parent / f"import-{abs(hash((name, model)))}.onnx"
        path.write_bytes(model)
        return self.home.run("import", path, "--name", name).split()[0]

    def apply(self, text, wait=True):
        """Applies an endpoint file's text and waits until it is in force."""
        path = self.home.path.parent / "endpoints.yaml"
        path.write_text(text)
        return self.home.run("apply", "-f", path, *(["--wait"] if wait else []))

    # What it tells of itself

    def observed(self, name):
        """What this server does for one endpoint, as `slipway status` tells it."""
        replicas = self.home.run_json("status", name)["endpoints"][0]["replicas"]
        return replicas[0] if replicas else {"state": "new", "versions": [], "notes": []}

    def versions(self, name):
        """Of each version in memory: its route and its state, by its number."""
        return {v["version"]["number"]: (v["route"], v["state"]) for v in self.observed(name)["versions"]}

    def loads(self, version):
        """How often a version, `m:1`, became ready since the server started."""
        return self.log_path.read_text(errors="replace").count(f" {version} ready")

    def metric(self, family, **labels):
        """The sum of the samples of a family that have these labels."""
        total = 0.0
        for line in self.session.get(self.url + "/metrics").text.splitlines():
            found = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
            if not found or found[1] != family:
                continue
            own = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if all(own.get(k) == str(v) for k, v in labels.items()):
                total += float(found[3])
        return total

    def statistics(self, name, version=None):
        part = f"/versions/{version}" if version else ""
        return self.session.get(f"{self.url}/v2/models/{name}{part}/stats").json()["model_stats"][0]

    def in_flight(self):
        """Requests that arrived and have no answer yet."""
        return self.metric("slipway_inference_in_flight")

    # Raw requests

    def post(self, name, body):
        """Sends a request on a socket of its own and returns the socket without waiting for the answer."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        head = f"POST /v2/models/{name}/infer HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {len(data)}\r\n\r\n"
        s = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        s.sendall(head.encode() + data)
        return s

    def infer(self, name, body, headers=None, path=None):
        """POSTs a V2 request: a dictionary as JSON, anything else as it is."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        return self.session.post(
            self.url + (path or f"/v2/models/{name}/infer"), data=data, headers=headers, timeout=PATIENCE
        )

    def raw(self, data, patience=PATIENCE):
        """Writes bytes to a socket of its own and returns all that comes back until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.port), patience) as s:
            s.sendall(data)
            received = b""
            try:
                while chunk := s.recv(65536):
                    received += chunk
            except ConnectionResetError:
                pass
            return received


class Caller:
    """One keep-alive connection that asks one model the same way again and again, with little time of its own."""

    def __init__(self, server, name, version=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        part = f"/versions/{version}" if version else ""
        self.path = f"/v2/models/{name}{part}/infer"

    def ask(self, body, headers=None):
        """Returns the status, the headers and the decoded answer."""
        data = json.dumps(body) if isinstance(body, dict) else body
        self.connection.request("POST", self.path, data, headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())

    def value(self, x, headers=None):
        """Sends one number to a model made by `tinymodels.add`; returns its answer and the version that gave it."""
        status, _, answer = self.ask({"inputs": [tensor("x", "FP32", [1, 1], [x])]}, headers)
        assert status == 200, answer
        return answer["outputs"][0]["data"][0], answer["model_version"]

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def in_threads(count, work):
    """Runs `work(number)` in so many threads at once; returns what they returned, or raises what one raised."""
    results, failures = [None] * count, []
    barrier = threading.Barrier(count)

    def run(number):
        try:
            barrier.wait(PATIENCE)
            results[number] = work(number)
        except BaseException as failure:  # noqa: BLE001 - told below
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]
    return results


def tensor(name, datatype, shape, data, **extra):
    """A V2 JSON input."""
    return {"name": name, "datatype": datatype, "shape": list(shape), "data": data, **extra}


class Admin:
    """The admin API of a server, as a script would use it."""

    def __init__(self, server, token=None):
        self.base = server.admin_url + "/api/v1"
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, **options):
        return self.session.request(method, self.base + path, timeout=PATIENCE, **options)

    def upload(self, model, content, filename="model.onnx"):
        """Imports bytes; returns the ended operation."""
        answer = self.call("POST", f"/models/{model}/versions", params={"filename": filename}, data=content)
        if answer.status_code >= 400:
            return {"state": "failed", "error": answer.json()["error"]}
        operation = answer.json()
        while operation["state"] == "running":
            operation = self.call("GET", f"/operations/{operation['id']}", params={"wait": 10}).json()
        return operation

    def deploy(self, endpoint, reference, **more):
        """Deploys and waits for a replica to serve the new revision, or to give up; returns (state, message)."""
        answer = self.call("PUT", f"/endpoints/{endpoint}", json={"reference": reference, **more})
        if answer.status_code >= 400:
            return "failed", answer.json()["error"]
        number = answer.json()["revision"]["number"]

        def settled():
            replicas = self.call("GET", f"/endpoints/{endpoint}").json()["replicas"]
            return next((r for r in replicas if r["revision"] == number and r["state"] in ("ready", "failed")), None)

        observed = until(settled, f"{endpoint} to be ready or failed")
        return observed["state"], observed.get("message", "")

    def undeploy(self, endpoint):
        self.call("DELETE", f"/endpoints/{endpoint}")
