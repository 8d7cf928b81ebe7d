# SPDX-License-Identifier: Apache-2.0
"""What the serving benchmarks share: a server of their own in a temporary home, loads, counters, tables.

Everything that is not as expected ends the run with an exception: an answer that differs from in-process ONNX Runtime,
a status other than 200, a server that died, a load that was refused.
"""
import argparse
import functools
import http.client
import json
import math
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(os.path.dirname(HERE), "peers")
HOME = os.environ.setdefault("PEERS_HOME", os.path.expanduser("~/.cache/slipway-peers"))
CACHE = os.environ.get("SLIPWAY_CACHE", os.path.expanduser("~/.cache/slipway"))
os.environ.setdefault("SLIPWAY_ENGINES", os.path.join(CACHE, "engines"))
PYTHON = os.path.join(HOME, "venv", "load", "bin", "python")


def prepare():
    """The peers' models and tools, and ours; then goes on in the environment that has numpy and onnxruntime."""
    if os.environ.get("SLIPWAY_SERVING_READY") != "1":
        subprocess.run([os.path.join(PEERS, "setup.sh"), "models", "c", "wrk"], check=True, stdout=sys.stderr)
        source, binary = os.path.join(HERE, "c", "openloop.c"), os.path.join(HOME, "bin", "openloop")
        if not os.path.exists(binary) or os.path.getmtime(binary) < os.path.getmtime(source):
            subprocess.run(["gcc", "-O2", "-Wall", "-o", binary, source], check=True)
        os.environ["SLIPWAY_SERVING_READY"] = "1"
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(HOME, "venv", "load")):
        os.execv(PYTHON, [PYTHON, "-B", *sys.argv])


prepare()
sys.path.insert(0, PEERS)
import models as M  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from peers import cpu_seconds  # noqa: E402

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped and its folder removed
CORES = len(os.sched_getaffinity(0))
TICK = os.sysconf("SC_CLK_TCK")
LIBRARY = os.path.join(os.path.dirname(onnxruntime.__file__), "capi", "libonnxruntime.so." + onnxruntime.__version__)


# ---- the machine

def busy_seconds():
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICK


def binary():
    path = os.environ.get("SLIPWAY_BIN", "")
    if not os.path.exists(path):
        sys.exit("SLIPWAY_BIN must name the slipway binary (`make bench-core` sets it)")
    return path


def machine():
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    release = re.search(r'PRETTY_NAME="(.*)"', open("/etc/os-release").read())
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": CORES, "system": release[1] if release else "?",
            "kernel": platform.release(), "load": open("/proc/loadavg").read().split()[0]}


def versions():
    told = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    wrk = re.search(r"wrk\s+(\S+)", subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout)
    return {"slipway": told, "onnxruntime": onnxruntime.__version__, "wrk": wrk[1] if wrk else "?",
            "python": platform.python_version()}


class Window:
    """Processor time of the server, of one generator and of all else, over one measurement."""

    def __init__(self, pid):
        self.pid, self.generator = pid, 0.0

    def __enter__(self):
        self.server, self.busy, self.start = cpu_seconds(self.pid), busy_seconds(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.elapsed = time.monotonic() - self.start
        self.server = cpu_seconds(self.pid) - self.server
        self.other = max(0.0, busy_seconds() - self.busy - self.server - self.generator) / self.elapsed / CORES

    def shares(self, count):
        return {"cpu_ms": self.server * 1e3 / count if count else None,
                "generator_cpu": self.generator / self.elapsed / CORES, "other_cpu": self.other}


def run_tool(argv, env=None):
    """(standard output, processor seconds) of a tool that must end with 0."""
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, text=True)
    out = child.stdout.read()
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{argv[0]} ended with {child.returncode}: {errors[-500:]} {out[-500:]}")
    return out, usage.ru_utime + usage.ru_stime


# ---- request bodies and answers

def inputs(model, rows=1):
    return {n: np.ascontiguousarray(np.repeat(a, rows, axis=0)) for n, a in M.sample(model).items()}


def encoded(model, rows=1):
    """(body, headers): V2 with binary tensors both ways; of one row byte for byte what the peers get."""
    described, blob = [], b""
    for name, a in inputs(model, rows).items():
        data = a.tobytes()
        described.append({"name": name, "shape": list(a.shape), "datatype": M.V2TYPE[str(a.dtype)],
                          "parameters": {"binary_data_size": len(data)}})
        blob += data
    head = json.dumps({"inputs": described, "parameters": {"binary_data_output": True}}, separators=(",", ":")).encode()
    return head + blob, {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}


@functools.lru_cache(None)
def reference(model, rows):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(M.path(model), options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs(model, rows))))


def decoded(body, headers):
    size = int(headers.get("inference-header-content-length", len(body)))
    told, at, found = json.loads(body[:size]), size, {}
    for output in told["outputs"]:
        length = output["parameters"]["binary_data_size"]
        kind = {v: k for k, v in M.V2TYPE.items()}[output["datatype"]]
        found[output["name"]] = np.frombuffer(body[at:at + length], kind).reshape(output["shape"])
        at += length
    return found, told.get("model_version")


# ---- the server

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`slipway serve` with a home of its own; use it with `with`. `imports`: (name, file) in order of the versions."""

    def __init__(self, imports, endpoints, *flags):
        self.folder = tempfile.mkdtemp(prefix="slipway-serving-")
        self.home, self.process = os.path.join(self.folder, "home"), None
        self.log_path = os.path.join(self.folder, "log")
        try:
            for name, file in imports:
                self.cli("import", file, "--name", name)
            self.apply(endpoints)
            self.port, self.admin = free_port(), free_port()
            self.log_file = open(self.log_path, "wb")
            self.process = subprocess.Popen(
                [binary(), "serve", "--home", self.home, "--http", f"127.0.0.1:{self.port}", "--grpc",
                 "127.0.0.1:0", "--admin",
                 f"127.0.0.1:{self.admin}", *flags],
                stdout=self.log_file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def pid(self):
        return self.process.pid

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                print("warning: the server did not stop within 15 s of SIGTERM and was killed", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, *arguments, timeout=120):
        done = subprocess.run([binary(), *arguments, "--home", self.home], capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"slipway {' '.join(arguments)}: {done.stdout[-800:]}{done.stderr[-800:]}")
        return done.stdout

    def apply(self, text, *flags):
        path = os.path.join(self.folder, "endpoints.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return self.cli("apply", "-f", path, *flags)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check_alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log()[-2000:]}")

    def get(self, path, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait_ready(self, *endpoints, timeout=120):
        deadline, left = time.monotonic() + timeout, list(endpoints)
        while left:
            self.check_alive()
            try:
                if self.get(f"/v2/models/{left[0]}/ready")[0] == 200:
                    left.pop(0)
                    continue
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"{left[0]} is not ready after {timeout} s:\n{self.log()[-2000:]}")
            time.sleep(.02)

    def metrics(self):
        """{(name, labels...): value}; labels as sorted pairs."""
        found = {}
        for line in self.get("/metrics")[1].decode().splitlines():
            m = re.match(r"([a-z_]+)(?:\{(.*)\})? (\S+)$", line)
            if m and not line.startswith("#"):
                labels = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', m[2] or "")))
                found[(m[1], labels)] = float(m[3])
        return found

    def statistics(self, endpoint):
        """Sums since the start over all versions: requests, executions, engine seconds, queue seconds, failures."""
        status, body = self.get(f"/v2/models/{endpoint}/stats")
        if status != 200:
            raise RuntimeError(f"statistics of {endpoint}: {status} {body[:200]}")
        sums = dict(requests=0, executions=0, rows=0, engine=0.0, queue=0.0, failures=0)
        for version in json.loads(body)["model_stats"]:
            s = version["inference_stats"]
            sums["rows"] += version["inference_count"]
            sums["requests"] += s["success"]["count"]
            sums["executions"] += version["execution_count"]
            sums["failures"] += s["fail"]["count"]
            sums["queue"] += s["queue"]["ns"] / 1e9
            # Of each engine call once: batch_stats count executions, inference_stats requests.
            for batch in version["batch_stats"]:
                sums["engine"] += sum(batch[k]["ns"] for k in ("compute_input", "compute_infer", "compute_output")) / 1e9
        return sums

    def resident_mb(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.pid}/status").read())[1]) / 1024

    def primary(self, endpoint, timeout=10):
        """What the replica reports of the endpoint's primary; it reports a moment after it is ready."""
        deadline = time.monotonic() + timeout
        while True:
            told = json.loads(self.cli("status", endpoint, "--output", "json"))
            for replica in told["endpoints"][0]["replicas"]:
                for version in replica["versions"]:
                    if version["route"] == "primary" and version["state"] == "ready":
                        return version
            if time.monotonic() > deadline:
                raise RuntimeError(f"no primary of {endpoint} is reported as ready: {told}")
            time.sleep(.1)

    def batching(self, endpoint):
        """How the server says it batches the endpoint's primary."""
        return self.primary(endpoint).get("batching", "-")

    def ask(self, endpoint, model, rows=1, connection=None):
        c = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body, headers = encoded(model, rows)
        c.request("POST", f"/v2/models/{endpoint}/infer", body, headers)
        answer = c.getresponse()
        data = answer.read()
        if not connection:
            c.close()
        if answer.status != 200:
            raise RuntimeError(f"{endpoint}: HTTP {answer.status}: {data[:300]!r}")
        return decoded(data, {k.lower(): v for k, v in answer.getheaders()})

    def verify(self, endpoint, model, rows=1):
        """The answer must equal in-process ONNX Runtime within the model's tolerance; returns the version that answered."""
        found, version = self.ask(endpoint, model, rows)
        for name, wanted in reference(model, rows).items():
            if name not in found or found[name].shape != wanted.shape:
                raise RuntimeError(f"{endpoint}: output {name} is {found.get(name, np.zeros(0)).shape}, expected {wanted.shape}")
            difference = float(np.abs(found[name].astype(np.float64) - wanted).max())
            if not difference <= M.MODELS[model]["tol"]:
                raise RuntimeError(f"{endpoint}: output {name} differs by {difference}")
        return version

    # ---- loads

    def request_files(self, model, rows):
        base = os.path.join(self.folder, f"{model}.{rows}")
        if not os.path.exists(base + ".head"):
            body, headers = encoded(model, rows)
            with open(base + ".body", "wb") as file:
                file.write(body)
            with open(base + ".head", "w", newline="") as file:
                file.write("".join(f"{k}: {v}\r\n" for k, v in headers.items()))
        return base + ".body", base + ".head"

    def closed(self, endpoint, model, connections, seconds, rows=1, may_fail=False):
        """wrk: each connection sends the next request when it has its answer."""
        body, head = self.request_files(model, rows)
        before = self.statistics(endpoint)
        with Window(self.pid) as window:
            out, window.generator = run_tool(
                ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", os.path.join(PEERS, "wrk", "post.lua"),
                 f"http://127.0.0.1:{self.port}/v2/models/{endpoint}/infer"], {"BODY": body, "HEADERS": head})
        self.check_alive()
        told = re.search(r"RESULT (.*)", out)
        if not told:
            raise RuntimeError(f"wrk told nothing: {out[-400:]}")
        row = json.loads(re.sub(r"-?\bnan\b", "null", told[1]))
        bad = row["non2xx"] + row["errors"]
        if bad and not may_fail:
            raise RuntimeError(f"{endpoint} c{connections}: {row['non2xx']} answers were not 2xx, {row['errors']} socket errors")
        after = self.statistics(endpoint)
        change = {k: after[k] - before[k] for k in after}
        calls = max(1, change["executions"])
        return {**row, **window.shares(row["n"]), "mean_batch": change["rows"] / calls, "engine_ms_per_call": change["engine"] * 1e3 / calls,
                "engine_ms_per_request": change["engine"] * 1e3 / max(1, change["requests"])}

    def open_loop(self, endpoint, model, arrivals, rows=1, start=None, connections=256):
        """Requests at the given seconds after the start. Returns (latency s or -1, status, lateness s) per request, shares."""
        body, head = self.request_files(model, rows)
        times, out = os.path.join(self.folder, "arrivals"), os.path.join(self.folder, "answers")
        arrivals.astype(np.float64).tofile(times)
        with Window(self.pid) as window:
            told, window.generator = run_tool(
                [os.path.join(HOME, "bin", "openloop"), str(self.port), f"/v2/models/{endpoint}/infer", times, str(connections), body,
                 head, out, *([repr(start)] if start else [])])
        self.check_alive()
        found = np.fromfile(out, np.float64).reshape(-1, 3)
        if len(found) != len(arrivals):
            raise RuntimeError(f"{len(found)} of {len(arrivals)} requests were told")
        return found, {**window.shares(len(found)), **json.loads(told), "late_ms_p99": quantile(found[:, 2], .99) * 1e3,
                       "late_ms_max": float(found[:, 2].max()) * 1e3}


def failures(found):
    """How many requests did not get a 2xx answer, and which statuses there were."""
    good = (found[:, 1] >= 200) & (found[:, 1] < 300) & (found[:, 0] >= 0)
    codes, counts = np.unique(found[:, 1], return_counts=True)
    return int((~good).sum()), {str(int(c)): int(n) for c, n in zip(codes, counts)}


def quantile(values, q):
    ordered = np.sort(values)
    return float(ordered[min(len(ordered) - 1, int(len(ordered) * q))]) if len(ordered) else math.nan


def poisson(rate, seconds, seed):
    """Arrival times of a Poisson process of that rate, in seconds from 0."""
    generator = np.random.default_rng(seed)
    times = np.cumsum(generator.exponential(1 / rate, int(rate * seconds * 1.5) + 200))
    return times[times < seconds]


def variant(model, tag, folder):
    """The model with one more metadata entry: another file with another digest that computes the same.

    metadata_props is field 14 of ModelProto; a repeated field may be appended to the end of the message."""
    text = tag.encode()
    entry = b"\x0a\x07variant\x12" + bytes([len(text)]) + text
    path = os.path.join(folder, f"{model}-{tag}.onnx")
    with open(M.path(model), "rb") as source, open(path, "wb") as target:
        target.write(source.read() + bytes([14 << 3 | 2, len(entry)]) + entry)
    return path


# ---- results

def number(value):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if math.isnan(value):
        return "-"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def goal(label, measured, sign, wanted):
    """One promise: `sign` is >=, <=, < or ==."""
    tests = {">=": measured >= wanted, "<=": measured <= wanted, "<": measured < wanted, "==": measured == wanted}
    return {"goal": label, "measured": measured, "wanted": f"{sign} {wanted}", "reached": bool(tests[sign])}


def goal_table(goals):
    lines = ["| goal | measured | wanted | |", "|---|---|---|---|"]
    for g in goals:
        lines.append(f"| {g['goal']} | {number(g['measured'])} | {g['wanted']} | {'reached' if g['reached'] else 'missed'} |")
    return "\n".join(lines)


class Report:
    def __init__(self, name, title, options, folder="serving"):
        self.data = {"name": name, "title": title, "machine": machine(), "date": time.strftime("%F %T"),
                     "command": " ".join([f"Benchmarks/{folder}/{name}", *sys.argv[1:]]), "versions": versions(), "tables": [],
                     "notes": [], "goals": []}
        self.options, self.start, self.other = options, time.monotonic(), []
        m, v = self.data["machine"], self.data["versions"]
        print(f"## {title}\n\n**Machine:** {m['cores']} cores of {m['cpu']}, {m['system']}, kernel {m['kernel']}, load {m['load']} at "
              f"the start. **Date:** {self.data['date']}. **Command:** `{self.data['command']}`. **Versions:** "
              + ", ".join(f"{k} {x}" for k, x in v.items()) + "\n", flush=True)

    def progress(self, text):
        print(f"[{time.monotonic() - self.start:6.1f} s] {text}", file=sys.stderr, flush=True)

    def noise(self, row):
        """Notes other work's share of the machine in one measurement."""
        if row.get("other_cpu") is not None:
            self.other.append(row["other_cpu"])
        return row

    def table(self, title, head, rows):
        self.data["tables"].append({"title": title, "head": head, "rows": rows})
        print(f"### {title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for row in rows:
            print("| " + " | ".join(number(cell) for cell in row) + " |")
        print(flush=True)

    def note(self, text):
        self.data["notes"].append(text)
        print(f"- {text}", flush=True)

    def goal(self, *arguments):
        self.data["goals"].append(goal(*arguments))

    def finish(self, raw):
        if self.other:
            self.note(f"Other work's share of the machine: median {statistics.median(self.other):.0%}, most {max(self.other):.0%}.")
        print("\n" + goal_table(self.data["goals"]) + "\n", flush=True)
        self.data["seconds"], self.data["raw"] = round(time.monotonic() - self.start, 1), raw
        self.note(f"Took {self.data['seconds']} s.")
        if self.options.out:
            with open(self.options.out, "w", encoding="utf-8") as file:
                json.dump(self.data, file, indent=1, default=float)


def arguments(text, models=()):
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short windows: for trying the harness, not for numbers")
    parser.add_argument("--out", help="write everything that was measured as JSON")
    if models:
        parser.add_argument("--models", type=lambda text: known(text.split(","), models), default=models, help=",".join(models))
    return parser


def known(names, models):
    if unknown := [n for n in names if n not in models]:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is not one of {', '.join(models)}")
    return names


def median(rows, key):
    return statistics.median(r[key] for r in rows)
