# SPDX-License-Identifier: Apache-2.0
"""Fits what sklearn_core.py leaves: support vectors, Bayes, neighbours, ensembles, networks, clusters, features, text.

Used as sklearn_core.py is, which it imports:

* ``python sklearn_rest.py OUT --set fixtures`` makes Tests/Fixtures/sklearn-rest/VERSION/*, once with each version that
  Scripts/golden/all names, on Python 3.11: small files, committed;
* ``python sklearn_rest.py OUT --set all`` fits everything, at test time (Tests/Interop) or by hand with any version.

Each case is NAME.pkl or NAME.joblib, and one answers.json holds inputs and expected outputs of all.
"""
import argparse
import json
import pickle
import warnings
from pathlib import Path

import joblib
import numpy as np
import sklearn
import sklearn_core as core
from sklearn_core import VERSION, cancer, diabetes, iris, wine

warnings.filterwarnings("ignore")
CASES = {}
TEXTS = [
    "The quick brown fox jumps over the lazy dog", "A lazy dog sleeps all day, every day!", "Foxes are quick and SLY",
    "the dog and the fox: friends?", "", "Don't panic -- it's only a test_case 42 x2", "Ein Bär läuft ÜBER die Brücke",
    "日本語 の テスト です", "numbers 1 22 333 and a b c", "spaces   and\ttabs\n\nand lines ", "day day day night",
    "Crème brûlée, naïve café", "the the the", "fox-dog hybrid", "e-mail me@example.com now", "Ωmega and ÉCLAIR",
]
SPOKEN = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0]
UNSEEN = [
    "a quick dog", "THE LAZY BÄR and friends", "  two  spaces", "x", "", "unseen words only zzz", "day\u00a0night",
    "日本語 テスト", "brûlée brulee", "fox fox dog, the fox!", "tab\tand\u2003wide\u3000spaces \n", "ab a", "42 22 1",
    "under_score test_case", "dog" * 40, "ÉCLAIR éclair e\u0301clair",
]


def simple(name, make, load, fixture=False, change=None):
    """Fits on three quarters of a data set; `change` makes other rows or targets of them."""

    def build():
        x, y, rows = core.held_out(load)
        if change:
            x, y, rows = change(x, y, rows)
        return make().fit(x, y), rows

    CASES[name] = (build, fixture)


def vectors():
    from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR, OneClassSVM

    for kernel in ["linear", "poly", "rbf", "sigmoid"]:
        simple(f"svc_{kernel}", lambda k=kernel: SVC(kernel=k), iris)
        simple(f"svc_{kernel}_binary", lambda k=kernel: SVC(kernel=k), cancer)
        simple(f"svr_{kernel}", lambda k=kernel: SVR(kernel=k, C=10), diabetes)
    simple("svc", lambda: SVC(C=2, random_state=0), iris, fixture=True, change=core.as_text)
    simple("svc_ovo", lambda: SVC(decision_function_shape="ovo"), wine)
    simple("svc_break_ties", lambda: SVC(break_ties=True), wine)
    if VERSION < (1, 11):
        simple("svc_probability", lambda: SVC(probability=True, random_state=0), iris)
        simple("svc_probability_wine", lambda: SVC(probability=True, random_state=0), wine)
        simple("svc_probability_digits", lambda: SVC(probability=True, random_state=0), core.datasets.load_digits)
        simple("svc_probability_binary", lambda: SVC(probability=True, random_state=0), cancer)
        simple("nusvc_probability", lambda: NuSVC(nu=0.2, probability=True, random_state=0), wine)
    simple("nusvc", lambda: NuSVC(nu=0.3), iris)
    simple("nusvr", lambda: NuSVR(C=10), diabetes)
    simple("one_class", lambda: OneClassSVM(nu=0.2), iris)
    simple("linear_svc", lambda: LinearSVC(dual=False), iris)
    simple("linear_svc_binary", lambda: LinearSVC(dual=False), cancer)
    simple("linear_svr", lambda: LinearSVR(random_state=0, max_iter=20000), diabetes)

    def sparse():
        from scipy.sparse import csr_matrix

        x, y, rows = core.held_out(wine)
        return SVC(kernel="linear").fit(csr_matrix(x), y), rows

    CASES["svc_sparse"] = (sparse, False)


def bayes():
    from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB

    for make in [GaussianNB, MultinomialNB, ComplementNB, BernoulliNB]:
        simple(make.__name__, make, iris, fixture=make is GaussianNB)
        simple(make.__name__ + "_binary", make, cancer)
    simple("bernoulli_threshold", lambda: BernoulliNB(binarize=2.0), iris)


def neighbors():
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    # Columns of noise keep distances from being equal, where the order of neighbours would be open.
    def noisy(x, y, rows):
        random = np.random.RandomState(4)
        return x + random.normal(size=x.shape) * 1e-3, y, rows + random.normal(size=rows.shape) * 1e-3

    for metric in ["euclidean", "sqeuclidean", "manhattan", "chebyshev", "cosine"]:
        for weights in ["uniform", "distance"]:
            simple(f"knn_{metric}_{weights}", lambda m=metric, w=weights: KNeighborsClassifier(
                metric=m, weights=w), iris, change=noisy)
    simple("knn_minkowski", lambda: KNeighborsClassifier(p=3), iris, change=noisy)
    simple("knn_brute", lambda: KNeighborsClassifier(algorithm="brute", n_neighbors=3), wine, change=noisy)
    simple("knn_regressor", lambda: KNeighborsRegressor(weights="distance"), diabetes, change=noisy)
    simple("knn_itself", lambda: KNeighborsRegressor(weights="distance"), diabetes,
           change=lambda x, y, r: (x, y, x[:20]))
    simple("knn_two_targets", KNeighborsRegressor, diabetes,
           change=lambda x, y, r: noisy(x, np.c_[y, -y], r))
    simple("knn", lambda: KNeighborsClassifier(2), iris, fixture=True, change=lambda x, y, r: noisy(x[:30], y[:30], r))


def networks():
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    for activation in ["identity", "logistic", "tanh", "relu"]:
        simple(f"mlp_{activation}", lambda a=activation: MLPClassifier(
            hidden_layer_sizes=(8,), activation=a, random_state=0, max_iter=80), iris)
    simple("mlp_binary", lambda: MLPClassifier(hidden_layer_sizes=(5, 4), random_state=0, max_iter=50), cancer)
    simple("mlp_regressor", lambda: MLPRegressor(hidden_layer_sizes=(6,), random_state=0, max_iter=50), diabetes)
    simple("mlp", lambda: MLPClassifier(hidden_layer_sizes=(4,), random_state=0, max_iter=20), iris,
           fixture=True, change=core.as_text)


def calibrated():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.svm import SVC, LinearSVC

    def make(base, **options):
        return lambda: CalibratedClassifierCV(base(), cv=3, **options)

    def forest():
        return RandomForestClassifier(10, random_state=0, max_depth=4)

    simple("calibrated", make(lambda: LinearSVC(dual=False)), cancer, fixture=True)
    simple("calibrated_isotonic", make(GaussianNB, method="isotonic"), cancer)
    simple("calibrated_isotonic_many", make(forest, method="isotonic"), wine)
    simple("calibrated_many", make(SVC), iris)
    simple("calibrated_forest", make(forest), wine, change=core.as_text)
    simple("calibrated_forest_binary", make(forest, method="isotonic"), cancer)
    simple("calibrated_no_ensemble", make(lambda: LogisticRegression(max_iter=3000), ensemble=False), wine)
    if VERSION >= (1, 8):
        simple("calibrated_temperature", make(lambda: LogisticRegression(max_iter=3000), method="temperature"), wine)
        simple("calibrated_temperature_forest", make(forest, method="temperature"), cancer)
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator

        def frozen():
            x, y, rows = core.held_out(cancer)
            base = GaussianNB().fit(x[::2], y[::2])
            return CalibratedClassifierCV(FrozenEstimator(base)).fit(x[1::2], y[1::2]), rows

        CASES["calibrated_frozen"] = (frozen, False)


def around_others():
    """What is calibrated and voted by: decisions of bags, probabilities of XGBoost, which has no decisions."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import BaggingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
    from sklearn.svm import LinearSVC

    def bag():
        return BaggingClassifier(LogisticRegression(max_iter=3000), n_estimators=4, random_state=0)

    simple("calibrated_bagging", lambda: CalibratedClassifierCV(bag(), cv=3), cancer)
    simple("calibrated_bagging_many", lambda: CalibratedClassifierCV(bag(), cv=3), wine)
    simple("calibrated_bagging_votes", lambda: CalibratedClassifierCV(
        BaggingClassifier(LinearSVC(dual=False), n_estimators=3, random_state=0), cv=3), iris)
    simple("one_vs_one_bagging", lambda: OneVsOneClassifier(bag()), wine)
    simple("one_vs_rest_bagging", lambda: OneVsRestClassifier(bag()), wine)
    try:
        from xgboost import XGBClassifier
    except ImportError:
        return

    def boosted():
        return XGBClassifier(n_estimators=8, max_depth=3, random_state=0)

    simple("calibrated_xgboost", lambda: CalibratedClassifierCV(boosted(), cv=3), cancer)
    simple("calibrated_xgboost_isotonic", lambda: CalibratedClassifierCV(boosted(), cv=3, method="isotonic"), wine)
    simple("one_vs_one_xgboost", lambda: OneVsOneClassifier(boosted()), wine)


def ensembles():
    from sklearn.ensemble import (
        AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, BaggingRegressor, IsolationForest,
        RandomForestClassifier, StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor)
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import LinearSVC
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    algorithms = ["SAMME", "SAMME.R"] if VERSION < (1, 6) else [None]
    for algorithm in algorithms:
        options = {} if algorithm is None else {"algorithm": algorithm}
        name = "" if algorithm is None else "_" + algorithm.replace(".", "")
        for load in [iris, cancer]:
            simple(f"adaboost{name}_{load.__name__[5:]}", lambda o=options: AdaBoostClassifier(
                DecisionTreeClassifier(max_depth=2), n_estimators=15, random_state=0, **o), load)
    simple("adaboost_regressor", lambda: AdaBoostRegressor(
        DecisionTreeRegressor(max_depth=3), n_estimators=12, random_state=0), diabetes)
    simple("bagging", lambda: BaggingClassifier(n_estimators=6, random_state=0), wine, change=core.as_text)
    simple("bagging_columns", lambda: BaggingClassifier(
        LogisticRegression(max_iter=3000), n_estimators=5, max_features=0.5, random_state=0), cancer)
    simple("bagging_votes", lambda: BaggingClassifier(LinearSVC(dual=False), n_estimators=5, random_state=0), iris)
    simple("bagging_regressor", lambda: BaggingRegressor(n_estimators=6, random_state=0, max_features=5), diabetes)

    def members():
        return [("lr", LogisticRegression(max_iter=3000)), ("nb", GaussianNB()),
                ("rf", RandomForestClassifier(8, random_state=0))]

    simple("voting_soft", lambda: VotingClassifier(members(), voting="soft", weights=[1, 2, 0.5]), iris,
           change=core.as_text)
    simple("voting_hard", lambda: VotingClassifier(members()), wine)
    simple("voting_dropped", lambda: VotingClassifier(
        members() + [("no", "drop")], voting="soft", weights=[1, 2, 1, 5]), cancer)
    simple("voting_regressor", lambda: VotingRegressor(
        [("a", LinearRegression()), ("b", DecisionTreeRegressor(max_depth=4, random_state=0))], weights=[2, 1]),
        diabetes)
    simple("stacking", lambda: StackingClassifier(members(), LogisticRegression(max_iter=3000), cv=3), iris,
           change=core.as_text)
    simple("stacking_binary", lambda: StackingClassifier(
        members() + [("svc", LinearSVC(dual=False))], passthrough=True, cv=3), cancer)
    # Far from zero, where float32 is coarse: the trees round columns, the last estimator does not.
    simple("stacking_trees", lambda: StackingRegressor(
        [("a", DecisionTreeRegressor(max_depth=3, random_state=0)),
         ("b", DecisionTreeRegressor(max_depth=4, random_state=0))], LinearRegression(), passthrough=True, cv=3),
        diabetes, change=lambda x, y, r: (x * 1000 + 1e6, y, r * 1000 + 1e6))
    simple("stacking_regressor", lambda: StackingRegressor(
        [("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))], cv=3), diabetes)
    simple("isolation_forest", lambda: IsolationForest(n_estimators=30, random_state=0), wine)
    simple("isolation_forest_share", lambda: IsolationForest(
        n_estimators=20, contamination=0.2, max_features=3, random_state=0), iris)
    simple("isolation_forest_itself", lambda: IsolationForest(
        n_estimators=20, contamination=0.1, random_state=0), diabetes,
           change=lambda x, y, r: (x, y, x[:200]))
    simple("isolation", lambda: IsolationForest(n_estimators=3, max_samples=16, random_state=0), iris, fixture=True)
    simple("adaboost", lambda: AdaBoostClassifier(n_estimators=3, random_state=0), iris, fixture=True,
           change=core.as_text)
    simple("voting", lambda: VotingClassifier(
        [("nb", GaussianNB()), ("knn", KNeighborsClassifier(3))], voting="soft"), iris, fixture=True,
        change=lambda x, y, r: (x[:30], y[:30], r))


def discriminants():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

    for load in [iris, cancer]:
        simple(f"lda_{load.__name__[5:]}", LinearDiscriminantAnalysis, load)
        simple(f"qda_{load.__name__[5:]}", lambda: QuadraticDiscriminantAnalysis(reg_param=0.1), load)
    simple("lda_lsqr", lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"), wine)


def clusters():
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.mixture import GaussianMixture

    simple("kmeans", lambda: KMeans(3, n_init=2, random_state=0), iris, fixture=True)
    simple("minibatch_kmeans", lambda: MiniBatchKMeans(4, n_init=2, random_state=0), wine)
    for kind in ["full", "tied", "diag", "spherical"]:
        simple(f"mixture_{kind}", lambda k=kind: GaussianMixture(3, covariance_type=k, random_state=0), iris)


def meta():
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
    from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
    from sklearn.naive_bayes import GaussianNB
    from sklearn.svm import SVC, LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    bases = {"logistic": lambda: LogisticRegression(max_iter=3000), "linear_svc": lambda: LinearSVC(dual=False),
             "tree": lambda: DecisionTreeClassifier(max_depth=3, random_state=0), "bayes": GaussianNB, "svc": SVC}
    for name, base in bases.items():
        simple(f"one_vs_rest_{name}", lambda b=base: OneVsRestClassifier(b()), iris)
        simple(f"one_vs_rest_{name}_binary", lambda b=base: OneVsRestClassifier(b()), cancer)
        simple(f"one_vs_one_{name}", lambda b=base: OneVsOneClassifier(b()), wine, change=core.as_text)
    simple("one_vs_one_binary", lambda: OneVsOneClassifier(LinearSVC(dual=False)), cancer)
    simple("multi_output", lambda: MultiOutputClassifier(bases["tree"]()), iris,
           change=lambda x, y, r: (x, np.c_[y, y == 1], r))
    simple("multi_output_regressor", lambda: MultiOutputRegressor(Ridge()), diabetes,
           change=lambda x, y, r: (x, np.c_[y, y ** 2], r))


def features():
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_selection import (
        RFE, SelectFdr, SelectFpr, SelectFromModel, SelectFwe, SelectKBest, SelectPercentile, VarianceThreshold)
    from sklearn.linear_model import Lasso, LogisticRegression
    from sklearn.preprocessing import (
        Binarizer, KBinsDiscretizer, Normalizer, PolynomialFeatures, PowerTransformer, QuantileTransformer)

    def vanishing(x, y, rows):
        """Rows of zeros, and rows that are next to nothing, around 10 epsilon."""
        return x, y, np.r_[rows, rows * 0, rows[:20] * 10.0 ** -np.arange(2, 22)[:, None], rows[:5] * 1e-300]

    for norm in ["l1", "l2", "max"]:
        simple(f"normalizer_{norm}", lambda n=norm: Normalizer(norm=n), iris, change=vanishing)
    simple("normalizer", Normalizer, iris, fixture=True, change=lambda x, y, r: (
        x, y, np.array([[3, 4, 0, 0]]) * np.array([[1.0], [0], [1e-3], [1e-14], [1e-15], [4e-16], [1e-17], [1e-300]])))
    # Values at an edge and just below it: releases before 1.1 move them up.
    simple("bins", lambda: KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), iris, fixture=True,
           change=lambda x, y, r: (np.linspace(0, 1, 11)[:, None], None, np.array([
               [0.0], [0.25], [0.25 - 1e-7], [0.5 - 1e-6], [0.5 - 1e-4], [0.75 - 1e-5], [0.75], [1.0], [2.0], [-1.0]])))
    simple("binarizer", lambda: Binarizer(threshold=2.0), iris)
    for encode in ["onehot", "onehot-dense", "ordinal"]:
        for strategy in ["uniform", "quantile", "kmeans"]:
            simple(f"bins_{encode}_{strategy}", lambda e=encode, s=strategy: KBinsDiscretizer(
                4, encode=e, strategy=s), iris)
    simple("polynomial", lambda: PolynomialFeatures(3), iris)
    simple("polynomial_interactions", lambda: PolynomialFeatures(3, interaction_only=True, include_bias=False), iris)
    if VERSION >= (1, 0):
        simple("polynomial_from", lambda: PolynomialFeatures((2, 3)), iris)
    simple("power", PowerTransformer, iris, change=lambda x, y, r: (x - 3, y, r - 3))
    simple("power_box_cox", lambda: PowerTransformer("box-cox", standardize=False), iris)
    simple("quantile_uniform", lambda: QuantileTransformer(n_quantiles=50), iris,
           change=lambda x, y, r: (x, y, np.r_[r * 1.3 - 1, x[:20]]))
    simple("quantile_normal", lambda: QuantileTransformer(n_quantiles=50, output_distribution="normal"), iris,
           change=lambda x, y, r: (x, y, np.r_[r * 1.3 - 1, x[:20]]))
    simple("svd", lambda: TruncatedSVD(2, random_state=0), iris)
    simple("variance_threshold", lambda: VarianceThreshold(0.5), iris)
    simple("k_best", lambda: SelectKBest(k=3), wine)
    simple("percentile", lambda: SelectPercentile(percentile=40), cancer)
    simple("fpr", lambda: SelectFpr(alpha=1e-8), cancer)
    simple("fdr", lambda: SelectFdr(alpha=1e-8), cancer)
    simple("fwe", lambda: SelectFwe(alpha=1e-8), cancer)
    simple("rfe", lambda: RFE(LogisticRegression(max_iter=3000), n_features_to_select=4), wine)
    simple("from_model", lambda: SelectFromModel(LogisticRegression(max_iter=3000)), wine)
    simple("from_model_lasso", lambda: SelectFromModel(Lasso()), diabetes)
    simple("from_model_median", lambda: SelectFromModel(
        LogisticRegression(max_iter=3000), threshold="1.25*median"), wine)


def texts():
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import StandardScaler

    def text(name, make, fixture=False):
        CASES[name] = (lambda: (make().fit(TEXTS, SPOKEN), np.array(UNSEEN + TEXTS, dtype=object)), fixture)

    text("count", CountVectorizer)
    text("count_binary", lambda: CountVectorizer(binary=True))
    text("count_as_is", lambda: CountVectorizer(lowercase=False))
    text("count_single", lambda: CountVectorizer(token_pattern=r"(?u)\b\w+\b"))
    text("count_pairs", lambda: CountVectorizer(ngram_range=(1, 2)))
    text("count_stops", lambda: CountVectorizer(ngram_range=(1, 3), stop_words=["the", "and", "a"]))
    text("count_english", lambda: CountVectorizer(stop_words="english"))
    text("count_only_pairs", lambda: CountVectorizer(ngram_range=(2, 2), stop_words=["the"]))
    text("count_chars", lambda: CountVectorizer(analyzer="char", ngram_range=(1, 3)))
    text("count_chars_long", lambda: CountVectorizer(analyzer="char", ngram_range=(3, 5), lowercase=False))
    text("count_words_chars", lambda: CountVectorizer(analyzer="char_wb", ngram_range=(1, 3)))
    text("count_words_chars_long", lambda: CountVectorizer(analyzer="char_wb", ngram_range=(4, 6)))
    text("tfidf", TfidfVectorizer)
    text("tfidf_sublinear", lambda: TfidfVectorizer(sublinear_tf=True, norm="l1"))
    text("tfidf_no_idf", lambda: TfidfVectorizer(use_idf=False, norm=None))
    text("tfidf_chars", lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)))
    text("tfidf_transformer", lambda: make_pipeline(CountVectorizer(), TfidfTransformer(smooth_idf=False)))
    text("text_classifier", lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()),
         fixture=True)
    text("text_union", lambda: make_pipeline(
        FeatureUnion([("words", TfidfVectorizer()),
                      ("parts", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)))]),
        TruncatedSVD(3, random_state=0), LogisticRegression()))

    def table():
        import pandas as pd

        frame = pd.DataFrame({"text": TEXTS, "age": np.arange(len(TEXTS)) * 1.5})
        columns = ColumnTransformer([("words", CountVectorizer(), "text"), ("numbers", StandardScaler(), ["age"])])
        rows = pd.DataFrame({"text": UNSEEN, "age": np.arange(len(UNSEEN)) * 2.0})
        return make_pipeline(columns, LogisticRegression()).fit(frame, SPOKEN), rows

    CASES["text_table"] = (table, False)
    text("text_bayes", lambda: make_pipeline(CountVectorizer(), MultinomialNB()))


def answers(model, rows):
    """What a converted model has to give, by output."""
    last = model[-1] if hasattr(model, "steps") else model
    name = type(last).__name__
    if name in ("IsolationForest", "OneClassSVM"):
        found = {"label": model.predict(rows), "scores": model.decision_function(rows)}
    elif name in ("KMeans", "MiniBatchKMeans", "GaussianMixture"):
        scores = model.transform(rows) if hasattr(model, "transform") else model.predict_proba(rows)
        found = {"label": model.predict(rows), "scores": scores}
    elif name == "RFE" or not hasattr(last, "predict"):
        made = model.transform(rows)
        found = {"transformed": made.toarray() if hasattr(made, "toarray") else made}
    elif isinstance(getattr(model, "classes_", None), list):
        labels = model.predict(rows)
        found = {f"label_{index}": labels[:, index] for index in range(labels.shape[1])}
        found.update({f"probabilities_{index}": p for index, p in enumerate(model.predict_proba(rows))})
    elif hasattr(model, "classes_"):
        found = {"label": model.predict(rows)}
        if hasattr(model, "predict_proba"):
            found["probabilities"] = model.predict_proba(rows)
        elif hasattr(model, "decision_function"):
            found["scores"] = model.decision_function(rows)
    else:
        found = {"prediction": model.predict(rows)}
    return {key: np.asarray(value).tolist() for key, value in found.items()}


def inputs(rows):
    if hasattr(rows, "columns"):
        return core.inputs(rows)
    return {"text": rows.tolist()} if rows.dtype == object else {"input": rows.tolist()}


def save(name, model, out, compress=0):
    """Some by joblib, whose layout of arrays differs."""
    if sum(name.encode()) % 2:
        path = out / f"{name}.joblib"
        joblib.dump(model, path, compress=compress)
    else:
        path = out / f"{name}.pkl"
        path.write_bytes(pickle.dumps(model))
    return path


def register():
    """All cases by name: a function that gives a fitted estimator and rows, and whether it is a fixture."""
    if not CASES:
        for group in [vectors, bayes, neighbors, networks, calibrated, around_others, ensembles, discriminants, clusters, meta,
                      features, texts]:
            group()
    return CASES


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", choices=["fixtures", "all"], default="all")
    arguments = parser.parse_args()
    is_small = arguments.set == "fixtures"
    arguments.out.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, (build, is_fixture) in sorted(register().items()):
        if is_small and not is_fixture:
            continue
        model, rows = build()
        rows = rows[:10] if is_small else rows
        save(name, model, arguments.out, compress=3 if is_small else 0)
        expected[name] = {"inputs": inputs(rows), "outputs": answers(model, rows)}
    text = json.dumps({"scikit-learn": sklearn.__version__, "cases": expected}, sort_keys=True)
    (arguments.out / "answers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
