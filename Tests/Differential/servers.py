# SPDX-License-Identifier: Apache-2.0
"""The two servers that are compared, with equal models under equal names."""
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests" / "Interop"), str(ROOT / "Scripts" / "support")]

import psutil  # noqa: E402
import slipway  # noqa: E402
import tinymodels  # noqa: E402

PEERS = Path(os.environ.get("PEERS_HOME", Path.home() / ".cache" / "slipway-peers"))
TRITON = PEERS / "x" / "pytriton" / "pytriton" / "tritonserver"

TRITON_TYPES = {name: "TYPE_STRING" if name == "BYTES" else f"TYPE_{name}" for name in tinymodels.DATATYPES}
# What Triton's Python backend can hold as numpy arrays.
IDENTITIES = [name for name in tinymodels.DATATYPES if name != "BF16"]

PYTHON_MODEL = '''
import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            given = {t.name(): t.as_numpy() for t in request.inputs()}
            if "x" in given:
                made = {"y": given["x"]}
            else:
                made = {"sum": given["a"] + given["b"], "difference": given["a"] - given["b"]}
            wanted = request.requested_output_names()
            answers.append(pb.InferenceResponse([pb.Tensor(n, a) for n, a in made.items() if n in wanted]))
        return answers
'''


def tensors(kind, listed):
    return kind + " [" + ", ".join(
        f'{{name: "{name}" data_type: {datatype} dims: {dims}}}' for name, datatype, dims in listed) + "]\n"


def models():
    """Name, ONNX bytes, inputs and outputs of each model as config.pbtxt tells them."""
    for datatype in IDENTITIES:
        told = TRITON_TYPES[datatype]
        yield f"identity_{datatype.lower()}", tinymodels.identity(datatype), [("x", told, [-1, -1])], [("y", told, [-1, -1])]
    both = lambda names: [(n, "TYPE_FP32", [-1, 4]) for n in names]  # noqa: E731
    yield "two", tinymodels.two_outputs(), both("ab"), both(["sum", "difference"])
    # Asked by the calls that count, and by no others.
    yield "counted", tinymodels.two_outputs(), both("ab"), both(["sum", "difference"])
    yield "spare", tinymodels.two_outputs(), both("ab"), both(["sum", "difference"])


class Triton:
    """A Triton with Python models, from NVIDIA's pytriton wheel (Benchmarks/peers/setup.sh brings it)."""

    name = "triton"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.port, self.grpc_port, metrics = slipway.free_ports(3)
        self.grpc = f"127.0.0.1:{self.grpc_port}"
        self.metrics = metrics

    @staticmethod
    def is_there():
        return (TRITON / "bin" / "tritonserver").exists() and (PEERS / "venv" / "triton" / "bin" / "python").exists()

    def write(self):
        for name, _, inputs, outputs in models():
            version = self.folder / "repository" / name / "1"
            version.mkdir(parents=True)
            (version / "model.py").write_text(PYTHON_MODEL)
            (version.parent / "config.pbtxt").write_text(
                f'name: "{name}"\nbackend: "python"\nmax_batch_size: 0\n' + tensors("input", inputs)
                + tensors("output", outputs) + "instance_group [{kind: KIND_CPU count: 1}]\n")

    def __enter__(self):
        self.write()
        venv = PEERS / "venv" / "triton"
        library = subprocess.run(
            [venv / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))"],
            capture_output=True, text=True, check=True).stdout.strip()
        packages = next((venv / "lib").glob("python3*/site-packages"))
        self.log_path = self.folder / "triton.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [TRITON / "bin" / "tritonserver", f"--model-repository={self.folder}/repository",
                 f"--backend-directory={TRITON}/backends", "--model-control-mode=explicit", "--load-model=*",
                 "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1",
                 f"--http-port={self.port}", f"--grpc-port={self.grpc_port}", f"--metrics-port={self.metrics}"],
                env={**os.environ, "PATH": f"{venv}/bin:{os.environ['PATH']}", "PYTHONPATH": str(packages),
                     "LD_LIBRARY_PATH": f"{library}:{TRITON.parent.parent}/nvidia_pytriton.libs"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            slipway.until(self.is_up, "Triton to be ready", patience=180)
        except BaseException:
            self.__exit__()
            raise
        return self

    def is_up(self):
        assert self.process.poll() is None, f"Triton ended: {self.log_path.read_text(errors='replace')[-3000:]}"
        return slipway.Server.answers(self, "/v2/health/ready")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        try:
            # Each model has a process of its own, which outlives a Triton that does not end as it should.
            own = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            own = []
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for process in own:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


class Slipway(slipway.Server):
    """The binary under test."""

    name = "slipway"

    def __init__(self, folder):
        super().__init__(slipway.Home(fresh(folder) / "home"), "--repository-control")

    def __enter__(self):
        running = super().__enter__()
        for name, model, _, _ in models():
            running.deploy(name, model)
        return running


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)
