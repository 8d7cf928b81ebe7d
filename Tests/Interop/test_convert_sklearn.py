# SPDX-License-Identifier: Apache-2.0
"""Converted scikit-learn models answer as scikit-learn does: labels exactly, scores to 1e-5.

Models are trained here with the installed scikit-learn; files that other versions saved are fixtures, with the answers
that those versions gave.
"""
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "Scripts" / "golden" / "conversion"))

import sklearn_core  # noqa: E402

# Small models that have not converged are fine here.
pytestmark = pytest.mark.filterwarnings("ignore")
CASES = sklearn_core.register()
# Of this file's models and of those of test_convert_sklearn_rest.
FIXTURES = sorted(p for p in (ROOT / "Tests" / "Fixtures").glob("sklearn*/*/*") if p.suffix in (".pkl", ".joblib"))
# The outputs are float32, and sums of trees are rounded to it once before.
TOLERANCE = 1e-5
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(string)": object}


def convert(home, out, *files, options=()):
    report = home.run_json("convert", *files, "--out", out, *options)
    return report, onnxruntime.InferenceSession(out)


def run(session, inputs):
    """A text is one value for each row, and a column by its name is one column."""
    feed = {}
    for wanted in session.get_inputs():
        values = np.array(inputs[wanted.name], dtype=TYPES[wanted.type])
        feed[wanted.name] = values[:, None] if values.ndim < len(wanted.shape) else values
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feed)))


def compare(answers, expected):
    assert set(answers) == set(expected)
    for name, wanted in expected.items():
        wanted, given = np.asarray(wanted), answers[name]
        if name.startswith("label"):
            assert given.tolist() == [value.item() if hasattr(value, "item") else value for value in wanted], name
        else:
            assert given.dtype == np.float32
            np.testing.assert_allclose(given, wanted.astype(float), rtol=TOLERANCE, atol=TOLERANCE, err_msg=name)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_model_trained_here_answers_as_scikit_learn(home, tmp_path, name):
    model, rows = CASES[name][0]()
    path = sklearn_core.save(name, model, tmp_path)
    report, session = convert(home, tmp_path / "model.onnx", path)
    compare(run(session, sklearn_core.inputs(rows)), sklearn_core.answers(model, rows))
    assert report["framework"].startswith("scikit-learn 1.")
    assert report["steps"][0]["kind"] == type(model).__name__


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: f"{p.parts[-3]}-{p.parts[-2]}-{p.stem}")
def test_a_file_of_another_version_answers_as_that_version(home, tmp_path, path):
    golden = json.loads((path.parent / "answers.json").read_text())
    report, session = convert(home, tmp_path / "model.onnx", path)
    case = golden["cases"][path.stem]
    compare(run(session, case["inputs"]), case["outputs"])
    assert report["framework"] == f"scikit-learn {golden['scikit-learn']}"


def tree_models():
    from sklearn.datasets import load_breast_cancer, load_diabetes
    from sklearn.ensemble import (
        ExtraTreesClassifier, GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestRegressor)
    from sklearn.tree import DecisionTreeClassifier

    x, y = load_breast_cancer(return_X_y=True)
    yield DecisionTreeClassifier(random_state=0).fit(x, y), x
    yield ExtraTreesClassifier(10, random_state=0).fit(x, y), x
    yield HistGradientBoostingClassifier(max_iter=10).fit(x, y), x
    x, y = load_diabetes(return_X_y=True)
    yield RandomForestRegressor(10, random_state=0).fit(x, y), x
    yield GradientBoostingRegressor(n_estimators=10, random_state=0).fit(x, y), x


def thresholds(model):
    """Feature and threshold of every split."""
    if hasattr(model, "_predictors"):
        for trees in model._predictors:
            for tree in trees:
                for node in tree.nodes:
                    if not node["is_leaf"]:
                        yield node["feature_idx"], node["num_threshold"]
        return
    trees = np.ravel(model.estimators_) if hasattr(model, "estimators_") else [model]
    for inner in trees:
        tree = inner.tree_
        for node in np.flatnonzero(tree.children_left >= 0):
            yield tree.feature[node], tree.threshold[node]


@pytest.mark.parametrize("input_type", ["fp32", "fp64"])
@pytest.mark.parametrize("model, x", tree_models(), ids=lambda v: type(v).__name__)
def test_rows_at_a_threshold_and_right_beside_it_take_the_same_way(home, tmp_path, model, x, input_type):
    random = np.random.RandomState(11)
    splits = list(thresholds(model))
    rows = []
    for index in random.permutation(len(splits))[:250]:
        feature, threshold = splits[index]
        near = np.float32(threshold)
        values = [near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))]
        if input_type == "fp64":
            values += [threshold, np.nextafter(threshold, -np.inf), np.nextafter(threshold, np.inf)]
        for value in values:
            row = x[random.randint(len(x))].astype(np.float32).astype(np.float64)
            # Some other features stand at thresholds too.
            for other in random.permutation(len(splits))[:5]:
                row[splits[other][0]] = np.float32(splits[other][1])
            row[feature] = value
            rows.append(row)
    rows = np.array(rows)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    _, session = convert(home, tmp_path / "model.onnx", path, options=["--input-type", input_type])
    compare(run(session, {"input": rows}), sklearn_core.answers(model, rows))


def test_two_files_are_one_pipeline(home, tmp_path):
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    x, y = load_iris(return_X_y=True)
    scaler = StandardScaler().fit(x)
    model = LogisticRegression().fit(scaler.transform(x), y)
    for name, part in [("scaler", scaler), ("model", model)]:
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(part))
    _, session = convert(
        home, tmp_path / "both.onnx", tmp_path / "scaler.pkl", tmp_path / "model.pkl", options=["--pipeline"])
    compare(run(session, {"input": x}), sklearn_core.answers(model, scaler.transform(x)))


def test_the_report_says_what_becomes_of_missing_strings(home, tmp_path):
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    with_none = np.array([["a"], [None], ["b"]], dtype=object)
    for index, (encoder, x, expected) in enumerate([
            (OneHotEncoder(), with_none, True), (OrdinalEncoder(), with_none, True),
            (OneHotEncoder(), with_none[::2], False)]):
        path = tmp_path / f"encoder{index}.pkl"
        path.write_bytes(pickle.dumps(encoder.fit(x)))
        report, _ = convert(home, tmp_path / f"model{index}.onnx", path)
        assert any("the empty string counts as the missing category" in note for note in report["notes"]) == expected


def refused_models():
    from sklearn.linear_model import LogisticRegression, RANSACRegressor
    from sklearn.manifold import Isomap
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.RandomState(0).normal(size=(30, 3))
    y = (x[:, 0] > 0).astype(int)
    return [
        ("not fitted", LogisticRegression(), "'coef_' is missing"),
        ("a step of no family", make_pipeline(StandardScaler(), Isomap(n_neighbors=3)).fit(x), "pipeline.steps[1] 'isomap'"),
        ("not an estimator", {"model": LogisticRegression().fit(x, y)}, "a dictionary (model)"),
        ("a sparse coef_", LogisticRegression().fit(x, y).sparsify(), "densify()"),
        ("no family", RANSACRegressor().fit(x, y), "RANSACRegressor"),
    ]


@pytest.mark.parametrize("what, model, message", refused_models(), ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_not_converted_is_named_with_its_place(home, tmp_path, what, model, message):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    done = home.try_run("convert", path, "--out", tmp_path / "model.onnx")
    assert done.returncode == 1, what
    assert message in done.stderr
    assert not (tmp_path / "model.onnx").exists()
