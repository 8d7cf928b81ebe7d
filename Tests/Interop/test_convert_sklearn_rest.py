# SPDX-License-Identifier: Apache-2.0
"""The rest of scikit-learn: support vectors, Bayes, neighbours, ensembles, networks, clusters, features and texts.

Labels are scikit-learn's exactly, scores to 1e-5; models of a package that people install, as scikit-learn 0.24 to 1.9
saved them, come by bootstrap.
"""
import pickle
import random
import re
import subprocess

import joblib
import numpy as np
import pytest
import slipway
from test_convert_sklearn import compare, convert, run

import sklearn_rest

pytestmark = pytest.mark.filterwarnings("ignore")
CASES = sklearn_rest.register()
# The package's releases, and the scikit-learn that saved the files in each.
PROFANITY = {"0.24.2": "0.24.2", "1.0": "1.0", "1.1.3": "1.1.3", "1.9.1": "1.9.1"}
TITANIC = slipway.ASSETS / "titanic-classification-model-0.0.1" / "classification_model_output_v0.0.1.pkl"


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_model_trained_here_answers_as_scikit_learn(home, tmp_path, name):
    model, rows = CASES[name][0]()
    path = sklearn_rest.save(name, model, tmp_path)
    report, session = convert(home, tmp_path / "model.onnx", path)
    answers = run(session, sklearn_rest.inputs(rows))
    compare(answers, sklearn_rest.answers(model, rows))
    assert report["steps"][0]["kind"] == type(model).__name__


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


def profanity(release):
    """The vectorizer and the model of the package, as files."""
    folder = slipway.ASSETS / f"alt-profanity-check-{release}"
    if not folder.exists():
        pytest.skip(f"{folder} is missing: Scripts/bootstrap --with tests brings it")
    return [folder / "vectorizer.joblib", folder / "model.joblib"]


def sentences(words, count=500):
    """Texts of words in small and in capital letters; 'Σ' at the end of a word is documented to differ."""
    chosen = random.Random(5)
    words = sorted(word for word in words if not word.endswith("ς"))
    texts = [" ".join(chosen.choice(words) for _ in range(chosen.randint(0, 30))) for _ in range(count)]
    return texts + [text.upper().replace(" ", ", ") for text in texts[:100]] + ["", "É a", "one\ntwo\tthree"]


def from_attributes(vectorizer, model, texts):
    """What the two answer, by numpy from what the files hold: today's classes cannot compute with old attributes."""
    tfidf = vars(vectorizer._tfidf)
    idf = tfidf["idf_"] if "idf_" in tfidf else tfidf["_idf_diag"].diagonal()
    counts = np.zeros((len(texts), len(vectorizer.vocabulary_)))
    for row, text in enumerate(texts):
        for token in re.findall(vectorizer.token_pattern, text.lower()):
            if token in vectorizer.vocabulary_:
                counts[row, vectorizer.vocabulary_[token]] += 1
    weights = counts * idf
    norm = np.sqrt(np.square(weights).sum(axis=1, keepdims=True))
    weights /= np.where(norm == 0, 1, norm)
    shares = []
    for part in map(vars, model.calibrated_classifiers_):
        base = part.get("estimator") or part["base_estimator"]
        [calibrator] = part.get("calibrators") or part["calibrators_"]
        decision = weights @ base.coef_[0] + base.intercept_[0]
        shares.append(1 / (1 + np.exp(calibrator.a_ * decision + calibrator.b_)))
    positive = np.mean(shares, axis=0)
    probabilities = np.stack([1 - positive, positive], axis=1)
    return {"label": model.classes_[probabilities.argmax(axis=1)], "probabilities": probabilities}


@pytest.mark.parametrize("release", sorted(PROFANITY))
def test_a_vectorizer_and_a_model_of_two_files_become_one_model_of_texts(home, tmp_path, release):
    files = profanity(release)
    report, session = convert(home, tmp_path / "model.onnx", *files, options=["--pipeline"])
    vectorizer, model = map(joblib.load, files)
    texts = sentences(vectorizer.vocabulary_)
    compare(run(session, {"text": texts}), from_attributes(vectorizer, model, texts))
    assert [i.name for i in session.get_inputs()] == ["text"]
    assert [step["kind"] for step in report["steps"]][:2] == ["TfidfVectorizer", "CalibratedClassifierCV"]
    assert report["framework"] == f"scikit-learn {PROFANITY[release]}"


def test_what_is_computed_from_attributes_is_what_scikit_learn_computes():
    """So that the answers for files of old releases, which are computed so, are worth something."""
    vectorizer, model = map(joblib.load, profanity("1.9.1"))
    texts = sentences(vectorizer.vocabulary_)
    probabilities = from_attributes(vectorizer, model, texts)["probabilities"]
    # Sums of the same float64 numbers in another order.
    np.testing.assert_allclose(model.predict_proba(vectorizer.transform(texts)), probabilities, atol=1e-12)


def test_a_pickle_that_names_classes_of_its_own_package_is_refused_by_their_names(home, tmp_path):
    if not TITANIC.exists():
        pytest.skip(f"{TITANIC} is missing: Scripts/bootstrap --with tests brings it")
    done = home.try_run("convert", TITANIC, "--out", tmp_path / "model.onnx")
    assert done.returncode == 1
    assert "feature_engine.imputation.categorical.CategoricalImputer is not known as a part of a model" in done.stderr
    assert not (tmp_path / "model.onnx").exists()
    scan = home.try_run("scan", TITANIC)
    assert "classification_model.processing.features.ExtractLetterTransformer" in scan.stdout


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


def test_the_two_files_become_one_endpoint_that_takes_texts(home, tmp_path):
    files = profanity("1.9.1")
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
