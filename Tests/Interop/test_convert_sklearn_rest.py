# SPDX-License-Identifier: Apache-2.0
"""The rest of scikit-learn: support vectors, Bayes, neighbours, ensembles, networks, clusters, features and texts.

Labels are scikit-learn's exactly, scores to 1e-5. Files that other versions saved are fixtures, with the answers that
those versions gave; the model of a package that people install is downloaded, pinned by version and hash.
"""
import hashlib
import json
import pickle
import random
import subprocess
import sys
import zipfile

import joblib
import numpy as np
import pytest
import slipway
from test_convert_sklearn import ROOT, TYPES, compare, convert

import sklearn_rest

pytestmark = pytest.mark.filterwarnings("ignore")
CASES = sklearn_rest.register()
FIXTURES = sorted(
    p for p in (ROOT / "Tests" / "Fixtures" / "sklearn-rest").glob("*/*") if p.suffix in (".pkl", ".joblib"))
PROFANITY = ("alt-profanity-check", "1.9.1", "cccb8ce072306bac21188670777a25cfb1de978aa8c7a93c8e4a43c03b3945c3")


def run(session, inputs):
    """A text is one value for each row, and a column by its name is one column."""
    feed = {}
    for wanted in session.get_inputs():
        values = np.array(inputs[wanted.name], dtype=TYPES[wanted.type])
        feed[wanted.name] = values[:, None] if values.ndim < len(wanted.shape) else values
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feed)))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_model_trained_here_answers_as_scikit_learn(home, tmp_path, name):
    model, rows = CASES[name][0]()
    path = sklearn_rest.save(name, model, tmp_path)
    report, session = convert(home, tmp_path / "model.onnx", path)
    answers = run(session, sklearn_rest.inputs(rows))
    compare(answers, sklearn_rest.answers(model, rows))
    assert report["steps"][0]["kind"] == type(model).__name__


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_file_of_another_version_answers_as_that_version(home, tmp_path, path):
    golden = json.loads((path.parent / "answers.json").read_text())
    report, session = convert(home, tmp_path / "model.onnx", path)
    case = golden["cases"][path.stem]
    compare(run(session, case["inputs"]), case["outputs"])
    assert report["framework"] == f"scikit-learn {golden['scikit-learn']}"


def test_what_the_file_does_not_tell_is_refused_by_name(home, tmp_path):
    """LGBMClassifier has a decision_function since 4.7 only, so what it was calibrated by is not known."""
    from lightgbm import LGBMClassifier
    from sklearn.calibration import CalibratedClassifierCV

    x, y, _ = sklearn_rest.core.held_out(sklearn_rest.cancer)
    model = CalibratedClassifierCV(LGBMClassifier(n_estimators=3, verbose=-1), cv=2).fit(x, y)
    path = sklearn_rest.save("calibrated_lightgbm", model, tmp_path)
    done = subprocess.run(
        [slipway.binary(), "convert", str(path), "--out", str(tmp_path / "model.onnx")], capture_output=True, text=True,
        timeout=slipway.PATIENCE)
    assert done.returncode != 0 and "LGBMClassifier" in done.stderr + done.stdout
    assert not (tmp_path / "model.onnx").exists()


def test_categories_beyond_whole_float64_are_refused(home, tmp_path):
    from sklearn.preprocessing import OneHotEncoder

    model = OneHotEncoder().fit(np.array([[2 ** 53], [2 ** 53 + 1]]))
    path = sklearn_rest.save("large_categories", model, tmp_path)
    done = subprocess.run(
        [slipway.binary(), "convert", str(path), "--out", str(tmp_path / "model.onnx")], capture_output=True, text=True,
        timeout=slipway.PATIENCE)
    assert done.returncode != 0 and "2^53" in done.stderr + done.stdout


def test_one_row_and_many_give_the_same(home, tmp_path):
    """Loops stop when all rows are done; a row's answer must not depend on its company."""
    model, rows = CASES["svc_probability_wine"][0]()
    path = sklearn_rest.save("svc_probability_wine", model, tmp_path)
    _, session = convert(home, tmp_path / "model.onnx", path)
    whole = run(session, {"input": rows})["probabilities"]
    alone = np.concatenate([run(session, {"input": row[None]})["probabilities"] for row in rows])
    # Sums over one row and over many may be added in another order.
    np.testing.assert_allclose(alone, whole, atol=1e-6)


def test_every_assigned_character_is_a_word_character_for_both_or_for_none(home, tmp_path):
    import unicodedata

    from sklearn.feature_extraction.text import CountVectorizer

    points = [chr(c) for c in range(1, 0x110000)
              if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    model = CountVectorizer(token_pattern=r"(?u)\b\w+\b", lowercase=False).fit(["a"])
    # 'a' stands alone only where its neighbour is no word character.
    texts = ["a" + point for point in points]
    path = sklearn_rest.save("characters", model, tmp_path)
    _, session = convert(home, tmp_path / "model.onnx", path)
    counts = run(session, {"text": texts})["transformed"][:, 0]
    wanted = model.transform(texts).toarray()[:, 0]
    assert [hex(ord(p)) for p, a, b in zip(points, counts, wanted) if a != b] == []


@pytest.fixture(scope="module")
def profanity(tmp_path_factory):
    """The vectorizer and the model of the package, as files."""
    name, version, digest = PROFANITY
    folder = tmp_path_factory.mktemp("profanity")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", "-d", folder, f"{name}=={version}"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"{name} {version} cannot be downloaded: {done.stderr[-300:]}")
    [wheel] = folder.glob("*.whl")
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == digest
    with zipfile.ZipFile(wheel) as archive:
        for file in ("vectorizer", "model"):
            (folder / f"{file}.joblib").write_bytes(archive.read(f"profanity_check/data/{file}.joblib"))
    return folder


def sentences(words, count=500):
    chosen = random.Random(5)
    texts = [" ".join(chosen.choice(words) for _ in range(chosen.randint(0, 30))) for _ in range(count)]
    return texts + [text.upper().replace(" ", ", ") for text in texts[:100]] + ["", "É a", "one\ntwo\tthree"]


def test_a_vectorizer_and_a_model_of_two_files_become_one_model_of_texts(home, tmp_path, profanity):
    files = [profanity / "vectorizer.joblib", profanity / "model.joblib"]
    report, session = convert(home, tmp_path / "model.onnx", *files, options=["--pipeline"])
    vectorizer, model = map(joblib.load, files)
    texts = sentences(list(vectorizer.vocabulary_))
    matrix = vectorizer.transform(texts)
    expected = {"label": model.predict(matrix), "probabilities": model.predict_proba(matrix)}
    compare(run(session, {"text": texts}), expected)
    assert [i.name for i in session.get_inputs()] == ["text"]
    assert [step["kind"] for step in report["steps"]][:2] == ["TfidfVectorizer", "CalibratedClassifierCV"]


def refused():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import CategoricalNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    x = np.random.RandomState(0).normal(size=(30, 3))
    y = (x[:, 0] > 0).astype(int)
    texts = ["some words", "other words"] * 4
    return [
        ("a precomputed kernel", SVC(kernel="precomputed").fit(x @ x.T, y), "kernel is precomputed"),
        ("hashed features",
         make_pipeline(HashingVectorizer(n_features=16), LogisticRegression()).fit(texts, [0, 1] * 4),
         "steps[0] 'hashingvectorizer'"),
        ("accents", TfidfVectorizer(strip_accents="unicode").fit(texts), "strip_accents is unicode"),
        ("a pattern", CountVectorizer(token_pattern=r"\d+").fit(["12 3"]), r"token_pattern \d+"),
        ("named stop words between words", CountVectorizer(stop_words="english", ngram_range=(1, 2)).fit(
            ["green apples", "red apples"]),
         "stop_words=list"),
        ("a metric", KNeighborsClassifier(metric="canberra").fit(x, y), "metric is canberra"),
        ("an inner estimator", CalibratedClassifierCV(CategoricalNB(min_categories=2), cv=2).fit((x > 0) * 1, y),
         "calibrated_classifiers_[0].estimator"),
    ]


@pytest.mark.parametrize("what, model, message", refused(), ids=lambda v: v if isinstance(v, str) else "")
def test_what_is_not_converted_is_named_with_its_place(home, tmp_path, what, model, message):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    done = home.try_run("convert", path, "--out", tmp_path / "model.onnx")
    assert done.returncode == 1, what
    assert message in done.stderr
    assert not (tmp_path / "model.onnx").exists()


def test_the_two_files_become_one_endpoint_that_takes_texts(home, tmp_path, profanity):
    files = [profanity / "vectorizer.joblib", profanity / "model.joblib"]
    convert(home, tmp_path / "model.onnx", *files, options=["--pipeline"])
    vectorizer, model = map(joblib.load, files)
    texts = sentences(list(vectorizer.vocabulary_), count=20)
    with slipway.Server(home) as server:
        server.deploy("profanity", tmp_path / "model.onnx")
        body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts}]}
        outputs = {o["name"]: o for o in server.infer("profanity", body).json()["outputs"]}
    wanted = model.predict_proba(vectorizer.transform(texts))
    given = np.reshape(outputs["probabilities"]["data"], wanted.shape)
    np.testing.assert_allclose(given, wanted, atol=1e-5)
