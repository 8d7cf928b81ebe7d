# SPDX-License-Identifier: Apache-2.0
"""Fits scikit-learn models, saves them, and writes what they answer on rows they were not fitted with.

Used in two ways:

* ``python sklearn_core.py OUT --set fixtures`` makes Tests/Fixtures/sklearn/VERSION/*, once with each version that
  Scripts/golden/all names, on Python 3.11: small files, committed, so that old layouts are tested without old packages;
* ``python sklearn_core.py OUT --set all`` fits everything that is converted, at test time (Tests/Interop) or by hand
  with any version.

Each case is NAME.pkl or NAME.joblib, and one answers.json holds inputs and expected outputs of all.
"""
import argparse
import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import datasets

warnings.filterwarnings("ignore")
CASES = {}
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))


def case(name, fixture=False):
    """Registers a function that gives a fitted estimator and rows that it was not fitted with."""

    def add(function):
        CASES[name] = (function, fixture)
        return function

    return add


def held_out(load, limit=40, **options):
    x, y = load(return_X_y=True, **options)
    order = np.random.RandomState(7).permutation(len(x))
    x, y = x[order], y[order]
    cut = len(x) * 3 // 4
    return x[:cut], y[:cut], x[cut : cut + limit]


def simple(name, make, load, fixture=False, change=None):
    def build():
        x, y, rows = held_out(load)
        if change:
            x, y, rows = change(x, y, rows)
        return make().fit(x, y), rows

    CASES[name] = (build, fixture)


def as_text(x, y, rows):
    """Classes with names instead of numbers."""
    return x, np.array(["red", "green", "blue"])[y], rows


def with_holes(x, y, rows):
    x, rows = x.copy(), rows.copy()
    x[np.random.RandomState(1).rand(*x.shape) < 0.1] = np.nan
    rows[np.random.RandomState(2).rand(*rows.shape) < 0.1] = np.nan
    return x, y, rows


iris, cancer = datasets.load_iris, datasets.load_breast_cancer
wine, diabetes = datasets.load_wine, datasets.load_diabetes


def linear_cases():
    from sklearn.linear_model import (
        BayesianRidge, ElasticNet, GammaRegressor, HuberRegressor, Lasso, LinearRegression, LogisticRegression,
        LogisticRegressionCV, PassiveAggressiveClassifier, Perceptron, PoissonRegressor, Ridge, RidgeClassifier,
        RidgeCV, SGDClassifier, SGDRegressor, TweedieRegressor)
    simple("logistic_binary", lambda: LogisticRegression(max_iter=200), cancer)
    simple("logistic_multinomial", lambda: LogisticRegression(max_iter=200), iris, fixture=True, change=as_text)
    simple("logistic_cv", lambda: LogisticRegressionCV(Cs=2, max_iter=50), iris)
    if VERSION < (1, 7):
        simple("logistic_ovr", lambda: LogisticRegression(multi_class="ovr"), iris, fixture=True)
        simple("logistic_binary_softmax", lambda: LogisticRegression(multi_class="multinomial"), cancer)
        simple("logistic_liblinear", lambda: LogisticRegression(solver="liblinear"), iris)
    for loss in ["hinge", "log_loss" if VERSION >= (1, 1) else "log", "modified_huber"]:
        simple(f"sgd_{loss}", lambda loss=loss: SGDClassifier(loss=loss, random_state=0), iris)
        simple(f"sgd_{loss}_binary", lambda loss=loss: SGDClassifier(loss=loss, random_state=0), cancer)
    simple("perceptron", lambda: Perceptron(random_state=0), iris)
    simple("passive_aggressive", lambda: PassiveAggressiveClassifier(random_state=0), iris)
    simple("ridge_classifier", RidgeClassifier, wine)
    simple("ridge_classifier_binary", RidgeClassifier, cancer)
    for make in [LinearRegression, Ridge, RidgeCV, Lasso, ElasticNet, BayesianRidge, HuberRegressor]:
        simple(make.__name__, make, diabetes, fixture=make is Lasso)
    simple("SGDRegressor", lambda: SGDRegressor(random_state=0), diabetes)
    for make in [PoissonRegressor, GammaRegressor, TweedieRegressor]:
        simple(make.__name__, make, diabetes)
    simple("tweedie_power", lambda: TweedieRegressor(power=1.5), diabetes)
    simple("linear_two_targets", LinearRegression, diabetes, change=lambda x, y, r: (x, np.c_[y, -y], r))
    simple("linear_one_column_target", LinearRegression, diabetes, change=lambda x, y, r: (x, y[:, None], r))


def tree_cases():
    if VERSION < (1, 0):
        from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.ensemble import (
        ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
        HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier,
        RandomForestRegressor)
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    simple("tree", lambda: DecisionTreeClassifier(random_state=0, max_depth=4), iris, fixture=True, change=as_text)
    simple("tree_regressor", lambda: DecisionTreeRegressor(random_state=0), diabetes)
    simple("forest", lambda: RandomForestClassifier(20, random_state=0), wine)
    simple("forest_binary", lambda: RandomForestClassifier(50, random_state=0), cancer)
    simple("forest_shallow", lambda: RandomForestClassifier(6, max_depth=3, random_state=0), iris, fixture=True)
    simple("forest_weights", lambda: RandomForestClassifier(
        20, max_depth=4, class_weight="balanced", random_state=0), cancer)
    simple("forest_regressor", lambda: RandomForestRegressor(20, random_state=0), diabetes)
    simple("extra_trees", lambda: ExtraTreesClassifier(20, random_state=0), wine)
    simple("extra_trees_regressor", lambda: ExtraTreesRegressor(20, random_state=0), diabetes)
    simple("forest_two_outputs", lambda: RandomForestClassifier(10, random_state=0, max_depth=5), wine,
           change=lambda x, y, r: (x, np.c_[y, y == 1], r))
    simple("forest_regressor_two_outputs", lambda: RandomForestRegressor(10, random_state=0), diabetes,
           change=lambda x, y, r: (x, np.c_[y, -2 * y], r))
    simple("boosting_binary", lambda: GradientBoostingClassifier(n_estimators=30, random_state=0), cancer)
    simple("boosting", lambda: GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=0), iris,
           fixture=True)
    simple("boosting_exponential", lambda: GradientBoostingClassifier(
        n_estimators=20, loss="exponential", random_state=0), cancer)
    simple("boosting_zero", lambda: GradientBoostingClassifier(n_estimators=10, init="zero", random_state=0), iris)
    simple("boosting_init", lambda: GradientBoostingClassifier(
        n_estimators=10, init=LogisticRegression(max_iter=3000), random_state=0), wine)
    losses = ["squared_error", "absolute_error"] if VERSION >= (1, 0) else ["ls", "lad"]
    for loss in losses + ["huber", "quantile"]:
        simple(f"boosting_{loss}", lambda loss=loss: GradientBoostingRegressor(
            n_estimators=20, loss=loss, random_state=0), diabetes)
    simple("boosting_init_regressor", lambda: GradientBoostingRegressor(
        n_estimators=10, init=LinearRegression(), random_state=0), diabetes)
    simple("hist_binary", lambda: HistGradientBoostingClassifier(max_iter=30), cancer)
    simple("hist", lambda: HistGradientBoostingClassifier(max_iter=4, max_leaf_nodes=5, random_state=0), iris,
           fixture=True, change=with_holes)
    losses = ["squared_error", "absolute_error"] if VERSION >= (1, 0) else ["least_squares", "least_absolute_deviation"]
    for loss in losses + ["poisson"]:
        simple(f"hist_{loss}", lambda loss=loss: HistGradientBoostingRegressor(max_iter=20, loss=loss), diabetes)

    @case("hist_categories", fixture=True)
    def hist_categories():
        random = np.random.RandomState(3)
        x = np.c_[random.normal(size=400), random.randint(0, 12, 400), random.randint(0, 5, 400)].astype(float)
        y = ((x[:, 1] % 3 == 1) * 2 + (x[:, 2] == 4) + x[:, 0] > 1).astype(int)
        rows = np.c_[random.normal(size=40), random.randint(0, 15, 40), random.randint(-1, 6, 40)].astype(float)
        rows[::7, 1] = np.nan
        rows[::5, 0] = np.nan
        model = HistGradientBoostingClassifier(
            max_iter=4, max_leaf_nodes=6, categorical_features=[1, 2], random_state=0)
        return model.fit(x, y), rows

    if VERSION >= (1, 5):
        # Earlier ones do not say how many features they were fitted with.
        simple("dummy", lambda: DummyClassifier(strategy="prior"), iris)
        simple("dummy_regressor", DummyRegressor, diabetes)
    if VERSION >= (1, 4):
        simple("forest_missing", lambda: RandomForestClassifier(20, random_state=0), wine, change=with_holes)
        simple("tree_missing", lambda: DecisionTreeRegressor(random_state=0, max_depth=6), diabetes,
               change=with_holes)


def preprocessing_cases():
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA, IncrementalPCA
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
    from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
    from sklearn.preprocessing import (
        FunctionTransformer, LabelEncoder, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler,
        StandardScaler)

    for make in [StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler]:
        simple(make.__name__, make, iris)
    simple("standard_mean_only", lambda: StandardScaler(with_std=False), iris)
    simple("standard_scale_only", lambda: StandardScaler(with_mean=False), iris)
    simple("minmax_clip", lambda: MinMaxScaler((-1, 2), clip=True), iris, change=lambda x, y, r: (x, y, r * 1.5 - 1))
    simple("pca", lambda: PCA(2), iris)
    simple("pca_whiten", lambda: PCA(3, whiten=True), wine)
    simple("incremental_pca", lambda: IncrementalPCA(2), iris)
    for strategy in ["mean", "median", "most_frequent", "constant"]:
        simple(f"imputer_{strategy}", lambda s=strategy: SimpleImputer(strategy=s), iris, change=with_holes)
    simple("imputer_indicator", lambda: SimpleImputer(add_indicator=True), iris, change=with_holes)
    simple("imputer_number", lambda: SimpleImputer(missing_values=0.2, strategy="mean"), iris)

    def empty_column(x, y, rows):
        x, y, rows = with_holes(x, y, rows)
        x[:, 1] = np.nan
        return x, y, rows

    simple("imputer_empty", SimpleImputer, iris, change=empty_column)
    simple("missing_indicator", MissingIndicator, iris, change=with_holes)
    for name in ["log1p", "sqrt", "square", "exp", "expm1", "log10", "absolute"]:
        simple(f"function_{name}", lambda n=name: FunctionTransformer(getattr(np, n), validate=True), iris)
    simple("pipeline", lambda: make_pipeline(StandardScaler(), PCA(2), LogisticRegression()), iris, fixture=True)
    simple("pipeline_forest", lambda: make_pipeline(
        StandardScaler(), "passthrough", RandomForestClassifier(10, random_state=0)), iris)
    simple("grid_search", lambda: GridSearchCV(
        Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression())]), {"clf__C": [0.1, 1]}), iris)
    simple("random_search", lambda: RandomizedSearchCV(
        RandomForestClassifier(5, random_state=0), {"max_depth": [2, 3]}, n_iter=2, random_state=0), iris)
    as_is = [("as_is", "passthrough")] if VERSION >= (1, 1) else []
    simple("feature_union", lambda: make_pipeline(
        FeatureUnion([("pca", PCA(2)), ("scale", StandardScaler()), ("no", "drop")] + as_is,
                     transformer_weights={"scale": 0.5}), LogisticRegression(max_iter=1000)), iris, fixture=True)
    simple("columns_by_number", lambda: make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", MinMaxScaler(), slice(1, 2)),
                           ("c", "passthrough", [False, False, False, True])]), LogisticRegression()), iris)
    simple("columns_remainder", lambda: ColumnTransformer(
        [("a", StandardScaler(), [-1])], remainder="passthrough"), iris)

    def table(count=120, seed=5):
        random = np.random.RandomState(seed)
        frame = pd.DataFrame({
            "age": random.randint(18, 90, count).astype(float), "income": random.lognormal(3, 1, count),
            "city": random.choice(["Rome", "Oslo", "Lima", "Kyiv"], count, p=[0.5, 0.3, 0.15, 0.05]),
            "plan": random.choice(["basic", "pro"], count), "unused": random.normal(size=count)})
        frame.loc[::9, "age"] = np.nan
        return frame

    def target(frame):
        return np.where((frame["age"].fillna(40) > 45) ^ (frame["city"] == "Rome"), "yes", "no")

    def columns(**encoder):
        return ColumnTransformer([
            ("numbers", Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())]),
             ["age", "income"]),
            ("log", FunctionTransformer(np.log1p), ["income"]),
            ("words", OneHotEncoder(**encoder), ["city", "plan"])])

    @case("table", fixture=True)
    def table_case():
        frame, rows = table(), table(30, 6)
        rows.loc[3, "city"] = "Paris"
        model = Pipeline([("columns", columns(handle_unknown="ignore")), ("clf", LogisticRegression())])
        return model.fit(frame, target(frame)), rows

    if VERSION >= (1, 1):

        @case("table_infrequent")
        def infrequent():
            frame, rows = table(), table(30, 6)
            rows.loc[3, "city"] = "Paris"
            model = Pipeline([("columns", columns(handle_unknown="infrequent_if_exist", min_frequency=15)),
                              ("clf", RandomForestClassifier(10, random_state=0))])
            return model.fit(frame, target(frame)), rows

    if VERSION >= (1, 4):

        @case("table_hist")
        def hist():
            from sklearn.ensemble import HistGradientBoostingClassifier

            frame, rows = table(), table(30, 6)
            rows.loc[3, "city"] = "Paris"
            for column in ["city", "plan"]:
                frame[column] = frame[column].astype("category")
            model = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype", min_samples_leaf=5)
            model.fit(frame, target(frame))
            for column in ["city", "plan"]:
                rows[column] = rows[column].astype("category")
            return model, rows

    @case("table_drop")
    def drop():
        frame = table()
        return columns(drop="first").fit(frame), table(30, 6)

    @case("table_drop_binary")
    def drop_binary():
        frame = table()
        return columns(drop="if_binary").fit(frame), table(30, 6)

    @case("table_ordinal")
    def ordinal():
        frame, rows = table(), table(30, 6)
        rows.loc[3, "city"] = "Paris"
        model = ColumnTransformer([
            ("words", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["city", "plan"]),
            ("fill", SimpleImputer(), ["age"])], remainder="drop")
        return model.fit(frame), rows

    @case("table_text_imputer")
    def text_imputer():
        frame, rows = table(), table(30, 6)
        frame.loc[::7, "city"] = np.nan
        rows.loc[::4, "city"] = np.nan
        model = ColumnTransformer([
            ("words", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["city"])],
            remainder="drop")
        return model.fit(frame), rows

    simple("onehot_numbers", lambda: OneHotEncoder(handle_unknown="ignore"), iris,
           change=lambda x, y, r: (np.floor(x), y, np.floor(r)))
    if VERSION >= (1, 0):
        # A code for missing values is known since 1.1, and no missing ones before 1.0.
        coded = {"encoded_missing_value": -1} if VERSION >= (1, 1) else {}
        simple("ordinal_missing", lambda: OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-2, **coded), iris,
            change=lambda x, y, r: with_holes(np.floor(x), y, np.floor(r)))

    @case("onehot_strings")
    def onehot_strings():
        x = np.array([["a", "x"], ["b", "y"], ["c", "x"]], dtype=object)
        return OneHotEncoder(handle_unknown="ignore").fit(x), np.array([["c", "y"], ["q", "x"]], dtype=object)

    @case("label_encoder")
    def label_encoder():
        return LabelEncoder().fit(["b", "a", "c"]), np.array([["c"], ["a"], ["b"]], dtype=object)


def answers(model, rows):
    """What a converted model has to give, by output."""
    plain = rows.ravel() if type(model).__name__ == "LabelEncoder" else rows
    out = {}
    if hasattr(model, "predict"):
        predicted = np.asarray(model.predict(plain))
        if not hasattr(model, "classes_"):
            out["prediction"] = predicted.reshape(-1) if predicted.ndim > 1 and predicted.shape[1] == 1 else predicted
        elif isinstance(model.classes_, list):
            for index, probabilities in enumerate(model.predict_proba(plain)):
                out[f"label_{index}"] = predicted[:, index]
                out[f"probabilities_{index}"] = probabilities
        else:
            out["label"] = predicted
            if hasattr(model, "predict_proba"):
                out["probabilities"] = model.predict_proba(plain)
            else:
                out["scores"] = model.decision_function(plain)
    else:
        made = model.transform(plain)
        made = made.toarray() if hasattr(made, "toarray") else np.asarray(made)
        out["transformed"] = made.reshape(len(rows), -1)
    return {name: np.asarray(value).tolist() for name, value in out.items()}


def is_numeric(column):
    return column.dtype.kind in "fiub"


def inputs(rows):
    """Rows by the converted model's inputs; a missing text is the empty one."""
    if hasattr(rows, "columns"):
        if all(is_numeric(rows[name]) for name in rows.columns):
            return {"input": rows.to_numpy().tolist()}
        plain = {name: rows[name].tolist() for name in rows.columns}
        return {name: ["" if v != v and not is_numeric(rows[name]) else v for v in values]
                for name, values in plain.items()}
    return {"input": rows.tolist()}


def save(name, model, out, compress=0):
    """Every second case by joblib, whose layout of arrays differs."""
    if sorted(CASES).index(name) % 2:
        import joblib

        path = out / f"{name}.joblib"
        joblib.dump(model, path, compress=compress)
    else:
        path = out / f"{name}.pkl"
        path.write_bytes(pickle.dumps(model))
    return path


def register():
    """Fills CASES; fits nothing."""
    linear_cases()
    tree_cases()
    preprocessing_cases()
    return CASES


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", choices=["fixtures", "all"], default="all")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, (build, is_fixture) in sorted(register().items()):
        if arguments.set == "fixtures" and not is_fixture:
            continue
        model, rows = build()
        if arguments.set == "fixtures":
            rows = rows[:12]
        save(name, model, arguments.out, compress=3 if arguments.set == "fixtures" else 0)
        expected[name] = {"inputs": inputs(rows), "outputs": answers(model, rows)}
    text = json.dumps({"scikit-learn": sklearn.__version__, "cases": expected}, sort_keys=True)
    (arguments.out / "answers.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
