# SPDX-License-Identifier: Apache-2.0
"""Peers. One class each: what to start, when it is ready, where its endpoints are. To add a server, copy Slipway below."""
import json, os, re, shutil, signal, socket, subprocess, time
from models import MODELS, HOME, path

HERE = os.path.dirname(os.path.abspath(__file__))
SRV = os.path.join(HERE, "srv")
TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """pid and all its descendants, from /proc."""
    kids = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                s = open(f"/proc/{d}/stat").read()
                kids.setdefault(int(s[s.rindex(")") + 2:].split()[1]), []).append(int(d))
            except OSError:
                pass
    out, todo = [], [pid]
    while todo:
        p = todo.pop(); out.append(p); todo += kids.get(p, [])
    return out


def cpu_seconds(pid):
    t = 0
    for p in tree(pid):
        try:
            s = open(f"/proc/{p}/stat").read()
            t += sum(map(int, s[s.rindex(")") + 2:].split()[11:15]))  # utime stime cutime cstime
        except OSError:
            pass
    return t / TICK


def memory_mb(pid):
    """(sum of VmHWM = peak RSS, shared pages counted once per process; sum of PSS now)"""
    hwm = pss = 0
    for p in tree(pid):
        try:
            hwm += int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{p}/status").read())[1])
            pss += int(re.search(r"^Pss:\s+(\d+)", open(f"/proc/{p}/smaps_rollup").read(), re.M)[1])
        except (OSError, TypeError):
            pass
    return hwm / 1024, pss / 1024


class Peer:
    name = ""
    port = 19100            # HTTP; port+1 gRPC, port+2 metrics
    protos = ("json",)      # of: json (V2 REST), bin (V2 binary extension), grpc (V2 gRPC)
    ready_path = "/v2/health/ready"
    infer_path = "/v2/models/m/infer"
    grpc_model = "m"
    venv = None
    note = ""

    def prepare(self, model, tmp): pass
    def argv(self, model, tmp): raise NotImplementedError
    def env(self, model, tmp): return {}
    def py(self): return os.path.join(HOME, "venv", self.venv, "bin", "python")
    def available(self): return self.venv is None or os.path.exists(self.py())

    def start(self, model, tmp, timeout=60):
        shutil.rmtree(tmp, ignore_errors=True); os.makedirs(tmp)
        self.prepare(model, tmp)
        t = time.monotonic()
        while self.listening():  # a server that is still shutting down would look like ours
            if time.monotonic() - t > 15: raise RuntimeError(f"port {self.port} is taken")
            time.sleep(.1)
        env = {**os.environ, "MODEL": path(model), "PORT": str(self.port), "INTRA": "1", "OMP_NUM_THREADS": "1", **self.env(model, tmp)}
        self.log = open(os.path.join(tmp, "log"), "wb")
        t = time.monotonic()
        self.proc = subprocess.Popen(self.argv(model, tmp), env=env, cwd=tmp, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        while not self.ready():
            if self.proc.poll() is not None or time.monotonic() - t > timeout:
                self.stop()
                raise RuntimeError(f"{self.name} did not start: " + open(os.path.join(tmp, "log"), errors="replace").read()[-1500:])
            time.sleep(0.005)
        took = time.monotonic() - t
        if self.proc.poll() is not None: raise RuntimeError(f"{self.name}: exited right after start")
        return took

    def listening(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close(); return True
        except OSError:
            return False

    def ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                s.sendall(f"GET {self.ready_path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                return b" 200" in s.recv(64)
        except OSError:
            return False

    def stop(self):
        """TERM to the process we started; after 10 s KILL to each pid of the tree we recorded, by pid."""
        pids = tree(self.proc.pid) if self.proc.poll() is None else []
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                pass
        t = time.monotonic()
        alive = lambda: [p for p in pids if os.path.exists(f"/proc/{p}/stat") and open(f"/proc/{p}/stat").read().split(") ")[1][0] != "Z"]
        while True:
            try:
                left = alive()
            except (OSError, IndexError):
                left = []
            if not left or time.monotonic() - t > 3:
                break
            time.sleep(.05)
        for p in left:
            try:
                os.kill(p, signal.SIGKILL)
            except OSError:
                pass
        self.proc.wait(); self.log.close()


class FastAPIJson(Peer):
    name, port, venv, codec = "fastapi", 19110, "fastapi", "json"
    note = "uvicorn 2 workers, uvloop+httptools, stdlib json"
    def argv(self, m, t): return [self.py(), "-m", "uvicorn", "fastapi_app:app", "--app-dir", SRV, "--host", "127.0.0.1", "--port", str(self.port), "--workers", "2", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    def env(self, m, t): return {"CODEC": self.codec}


class FastAPIOrjson(FastAPIJson):
    name, port, codec = "fastapi-orjson", 19120, "orjson"
    note = "as fastapi with orjson both ways"


class LitServe(Peer):
    name, port, venv, ready_path = "litserve", 19130, "litserve", "/health"
    note = "2 workers, no batching"
    def argv(self, m, t): return [self.py(), os.path.join(SRV, "litserve_app.py")]


class MLServer(Peer):
    name, port, venv, protos, workers = "mlserver", 19140, "mlserver", ("json", "grpc"), 0
    note = "parallel_workers 0 (in process), custom ORT runtime with NumpyCodec"
    def prepare(self, m, t):
        json.dump({"host": "127.0.0.1", "http_port": self.port, "grpc_port": self.port + 1, "metrics_port": self.port + 2, "parallel_workers": self.workers, "debug": False, "grpc_max_message_length": -1}, open(t + "/settings.json", "w"))
        json.dump({"name": "m", "implementation": "mlserver_ort.Ort", "parameters": {"uri": path(m)}}, open(t + "/model-settings.json", "w"))
    def argv(self, m, t): return [os.path.join(HOME, "venv/mlserver/bin/mlserver"), "start", t]
    def env(self, m, t): return {"PYTHONPATH": SRV}


class MLServerPool(MLServer):
    name, port, workers = "mlserver-pool", 19150, 2
    note = "parallel_workers 2"


class BentoML(Peer):
    name, port, venv, ready_path = "bentoml", 19160, "bentoml", "/readyz"
    note = "workers 2, no adaptive batching"
    def argv(self, m, t): return [os.path.join(HOME, "venv/bentoml/bin/bentoml"), "serve", "bento_app:M", "--working-dir", SRV, "--host", "127.0.0.1", "--port", str(self.port)]
    def env(self, m, t): return {"BENTOML_HOME": t + "/home", "BENTOML_DO_NOT_TRACK": "True", "PYTHONPATH": SRV}


class Triton(Peer):
    name, port, venv, protos, dyn = "triton", 19170, "triton", ("json", "bin", "grpc"), False
    note = "2.51 python backend, 2 instances, ORT intra 1, no dynamic batching"
    root = os.path.join(HOME, "x/pytriton")
    def available(self): return os.path.exists(self.root + "/pytriton/tritonserver/bin/tritonserver") and super().available()
    def prepare(self, m, t):
        os.makedirs(t + "/repo/m/1"); shutil.copy(SRV + "/triton_model.py", t + "/repo/m/1/model.py")
        v = MODELS[m]
        ty = lambda d: "TYPE_" + {"float32": "FP32", "int32": "INT32", "int64": "INT64"}[d]
        def io(n, d, s):
            if not self.dyn: return f'{{name:"{n}" data_type:{ty(d)} dims:{list(s)}}}'
            return f'{{name:"{n}" data_type:{ty(d)} dims:{list(s[1:])}}}' if len(s) > 1 else f'{{name:"{n}" data_type:{ty(d)} dims:[1] reshape:{{shape:[]}}}}'
        cfg = 'name:"m"\nbackend:"python"\n' + f"max_batch_size: {32 if self.dyn else 0}\n"
        cfg += "input [" + ",".join(io(n, d, s) for n, (d, _, s) in v["inputs"].items()) + "]\noutput [" + ",".join(io(n, d, s) for n, (d, s) in v["outputs"].items()) + "]\n"
        cfg += f'instance_group [{{kind: KIND_CPU count: {1 if self.dyn else 2}}}]\n' + ("dynamic_batching { }\n" if self.dyn else "")
        cfg += f'parameters {{key:"onnx" value:{{string_value:"{path(m)}"}}}}\nparameters {{key:"intra" value:{{string_value:"{2 if self.dyn else 1}"}}}}\n'
        open(t + "/repo/m/config.pbtxt", "w").write(cfg)
    def argv(self, m, t):
        r = self.root + "/pytriton/tritonserver"
        return [r + "/bin/tritonserver", f"--model-repository={t}/repo", f"--backend-directory={r}/backends", "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1",
                f"--http-port={self.port}", f"--grpc-port={self.port + 1}", f"--metrics-port={self.port + 2}", "--log-verbose=0"]
    def env(self, m, t):
        v = os.path.join(HOME, "venv/triton")
        lib = subprocess.run([v + "/bin/python", "-c", "import sysconfig;print(sysconfig.get_config_var('LIBDIR'))"], capture_output=True, text=True).stdout.strip()
        return {"PATH": v + "/bin:" + os.environ["PATH"], "PYTHONPATH": v + "/lib/python3.11/site-packages", "LD_LIBRARY_PATH": lib + ":" + self.root + "/nvidia_pytriton.libs"}


class TritonDyn(Triton):
    name, port, dyn = "triton-dyn", 19180, True
    note = "as triton, 1 instance, ORT intra 2, dynamic_batching {} max_batch_size 32"


class Slipway(Peer):
    name, port, protos = "slipway", 19300, ("json", "bin", "grpc")
    note = "a lane per core, batching as it tunes itself"
    ready_path = "/v2/models/m/ready"
    bin = os.environ.get("SLIPWAY_BIN", "")
    def available(self): return os.path.exists(self.bin)
    def prepare(self, m, t):
        subprocess.run([self.bin, "import", path(m), "--name", "m", "--deploy", "--home", t + "/home"], check=True, stdout=subprocess.DEVNULL)
    def argv(self, m, t):
        return [self.bin, "serve", "--home", t + "/home", "--http", f"127.0.0.1:{self.port}", "--grpc", f"127.0.0.1:{self.port + 1}", "--admin", f"127.0.0.1:{self.port + 2}"]


PEERS = {c.name: c for c in (FastAPIJson, FastAPIOrjson, LitServe, MLServer, MLServerPool, BentoML, Triton, TritonDyn, Slipway)}
