# SPDX-License-Identifier: Apache-2.0
"""Trains small boosted models, saves them in every way their frameworks know, and writes down what these predict.

usage: boosters.py FOLDER [--fixtures | --legacy]
Needs Python 3.11, numpy 2.4.6, scikit-learn 1.9.1, xgboost 3.2.0, lightgbm 4.7.0, catboost 1.2.10.
For each model there is a file, and NAME.npz with `rows` and the expected outputs by name. Rows hold values at, just
below and just above every threshold of the model (in the type that the framework compares in), missing values,
infinities and categories that were never seen.
With --fixtures only the small set for Tests/Fixtures/boosters is made: beside each file NAME.rows.json with rows and
raw sums. --legacy, which needs xgboost 1.7.6 and numpy below 2, adds the binary format that later versions do not write.
"""
import json
import pickle
import re
import sys
from pathlib import Path

import numpy as np

GENERATOR = 20261122


def data(rows=400, features=5, missing=0.1, seed=GENERATOR):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = 0
    x[:, -1] = rng.integers(0, 12, rows)
    plain = x.copy()
    x[rng.random(x.shape) < missing] = np.nan
    score = plain[:, 0] + 0.5 * plain[:, 1] * plain[:, 2] + np.where(plain[:, -1] % 3 == 0, 1.0, 0.0)
    score += rng.normal(size=rows) * 0.3
    return x, score


def thirds(score):
    return np.digitize(score, np.quantile(score, [0.33, 0.66]))


def probes(x, thresholds, kind):
    """Rows of `x` with one feature moved to a threshold and to its neighbours, for every threshold."""
    rng = np.random.default_rng(1)
    rows = [x[:60].astype(kind)]
    for feature, threshold in thresholds:
        at = kind(threshold)
        values = [at, np.nextafter(at, kind(-np.inf)), np.nextafter(at, kind(np.inf))]
        some = x[rng.integers(0, len(x), len(values))].astype(kind)
        some[:, feature] = values
        rows.append(some)
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, 1e-35, -1e-35, -0.5, 2.5, 40.0, 1e9, -3.0]
    for feature in range(x.shape[1]):
        some = x[rng.integers(0, len(x), len(special))].astype(kind)
        some[:, feature] = special
        rows.append(some)
    rows = np.concatenate(rows)
    # XGBoost refuses infinities.
    return rows if kind is np.float64 else rows[~np.isinf(rows).any(1)]


# XGBoost


def xgboost_thresholds(booster):
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = model.get("gbtree", model).get("model", {})
    found = set()
    for tree in model.get("trees", []):
        for left, feature, condition, kind in zip(
                tree["left_children"], tree["split_indices"], tree["split_conditions"], tree["split_type"]):
            if left != -1 and not kind:
                found.add((feature, condition))
    return sorted(found)


def xgboost_models():
    import xgboost as xgb

    x, score = data()
    plain = dict(max_depth=3, eta=0.3, seed=1, nthread=1)
    targets = {
        "binary:logistic": (score > 0).astype(int), "binary:hinge": (score > 0).astype(int),
        "binary:logitraw": (score > 0).astype(int), "reg:logistic": 1 / (1 + np.exp(-score)),
        "multi:softprob": thirds(score), "multi:softmax": thirds(score),
        "count:poisson": np.round(np.exp(score / 2)), "reg:gamma": np.exp(score) + 0.1,
        "reg:tweedie": np.maximum(0, score), "reg:squarederror": score * 100, "reg:absoluteerror": score,
        "reg:pseudohubererror": score, "reg:squaredlogerror": np.exp(score / 2), "survival:cox": np.exp(score),
        "rank:pairwise": thirds(score), "rank:ndcg": thirds(score), "reg:quantileerror": score,
    }

    def trained(objective, rounds=6, target=None, **changes):
        matrix = xgb.DMatrix(x, targets[objective] if target is None else target)
        if objective.startswith("rank"):
            matrix.set_group([100] * 4)
        if objective.startswith("multi"):
            changes["num_class"] = 3
        return xgb.train({**plain, "objective": objective, **changes}, matrix, rounds)

    def expected(booster, rows, objective):
        matrix = xgb.DMatrix(rows)
        answer = booster.predict(matrix)
        if objective == "binary:logistic":
            return {"label": (answer > 0.5).astype(np.int64), "probabilities": np.c_[1 - answer, answer]}
        if objective == "binary:hinge":
            return {"label": answer.astype(np.int64), "scores": booster.predict(matrix, output_margin=True)}
        if objective == "multi:softprob":
            return {"label": answer.argmax(1), "probabilities": answer}
        if objective == "multi:softmax":
            return {"label": answer.astype(np.int64)}
        return {"prediction": answer}

    def both(name, booster, objective, rows=None):
        rows = probes(x, xgboost_thresholds(booster), np.float32) if rows is None else rows
        yield name + ".json", bytes(booster.save_raw("json")), rows, expected(booster, rows, objective)
        yield name + ".ubj", bytes(booster.save_raw("ubj")), rows, expected(booster, rows, objective)

    for objective in targets:
        changes = {"quantile_alpha": [0.2, 0.8]} if "quantile" in objective else {}
        yield from both("xgb-" + objective.replace(":", "-"), trained(objective, **changes), objective)
    yield from both("xgb-base-score", trained("binary:logistic", base_score=0.2), "binary:logistic")
    yield from both("xgb-dart", trained("binary:logistic", booster="dart", rate_drop=0.5), "binary:logistic")
    yield from both("xgb-linear", trained("reg:squarederror", booster="gblinear"), "reg:squarederror")
    forest = trained("multi:softprob", rounds=2, num_parallel_tree=3, subsample=0.7)
    yield from both("xgb-forest", forest, "multi:softprob")
    yield from both("xgb-stump", trained("reg:squarederror", rounds=1, max_depth=1), "reg:squarederror")
    yield from both("xgb-pruned", trained("reg:squarederror", max_depth=6, gamma=2000.0), "reg:squarederror")
    two = np.c_[score, -score ** 2]
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        booster = trained("reg:squarederror", target=two, multi_strategy=strategy)
        yield from both("xgb-" + strategy.replace("_", "-"), booster, "reg:squarederror")
    for onehot in (1, 100):
        matrix = xgb.DMatrix(x, targets["binary:logistic"], feature_types=["q"] * 4 + ["c"], enable_categorical=True)
        booster = xgb.train({**plain, "objective": "binary:logistic", "max_cat_to_onehot": onehot}, matrix, 6)
        rows = probes(x, xgboost_thresholds(booster), np.float32)
        matrix = xgb.DMatrix(rows, feature_types=["q"] * 4 + ["c"], enable_categorical=True)
        answer = booster.predict(matrix)
        outputs = {"label": (answer > 0.5).astype(np.int64), "probabilities": np.c_[1 - answer, answer]}
        yield f"xgb-categories-{onehot}.json", bytes(booster.save_raw("json")), rows, outputs
        yield f"xgb-categories-{onehot}.ubj", bytes(booster.save_raw("ubj")), rows, outputs
    yield from xgboost_estimators(xgb, x, score, plain)


def xgboost_estimators(xgb, x, score, plain):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    holes = np.where(np.isnan(x), np.float32(-999), x)
    y = thirds(score)
    stopping = dict(n_estimators=60, early_stopping_rounds=3, learning_rate=0.5)
    stopped = xgb.XGBClassifier(random_state=1, max_depth=3, **stopping)
    stopped.fit(x[:300], y[:300], eval_set=[(x[300:], y[300:])], verbose=False)
    rows = probes(x, xgboost_thresholds(stopped.get_booster())[:150], np.float32)
    outputs = {"label": stopped.predict(rows), "probabilities": stopped.predict_proba(rows)}
    yield "xgb-early.pkl", pickle.dumps(stopped), rows, outputs
    booster = stopped.get_booster()
    booster.set_attr(scikit_learn="{}")
    yield "xgb-early.ubj", bytes(booster.save_raw("ubj")), rows, outputs
    marked = xgb.XGBClassifier(n_estimators=5, missing=-999.0, max_depth=3).fit(holes, (score > 0).astype(int))
    rows = probes(holes, xgboost_thresholds(marked.get_booster()), np.float32)
    yield "xgb-missing.pkl", pickle.dumps(marked), rows, {
        "label": marked.predict(rows), "probabilities": marked.predict_proba(rows)}
    regressor = xgb.XGBRegressor(n_estimators=5, max_depth=3).fit(x, score)
    rows = probes(x, xgboost_thresholds(regressor.get_booster()), np.float32)
    yield "xgb-regressor.pkl", pickle.dumps(regressor), rows, {"prediction": regressor.predict(rows)}
    forest = xgb.XGBRFClassifier(n_estimators=7, max_depth=4, random_state=2).fit(x, y)
    rows = probes(x, xgboost_thresholds(forest.get_booster()), np.float32)
    yield "xgb-rf.pkl", pickle.dumps(forest), rows, {
        "label": forest.predict(rows), "probabilities": forest.predict_proba(rows)}
    pipeline = make_pipeline(StandardScaler(), xgb.XGBClassifier(n_estimators=5, max_depth=3)).fit(x, y)
    yield "xgb-pipeline.pkl", pickle.dumps(pipeline), x.astype(np.float64), {
        "label": pipeline.predict(x.astype(np.float64)), "probabilities": pipeline.predict_proba(x.astype(np.float64))}
    ranker = xgb.XGBRanker(n_estimators=4, max_depth=3).fit(x, y, group=[100] * 4)
    rows = probes(x, xgboost_thresholds(ranker.get_booster()), np.float32)
    yield "xgb-ranker.pkl", pickle.dumps(ranker), rows, {"prediction": ranker.predict(rows)}


# LightGBM


def lightgbm_thresholds(text):
    found = set()
    for tree in text.split("Tree=")[1:]:
        lines = dict(line.split("=", 1) for line in tree.splitlines() if "=" in line)
        if "split_feature" in lines:
            columns = [lines[key].split() for key in ("split_feature", "threshold", "decision_type")]
            for feature, threshold, kind in zip(*columns):
                if not int(kind) & 1:
                    found.add((int(feature), float(threshold)))
    return sorted(found)


def lightgbm_models():
    import lightgbm as lgb

    x, score = data()
    x = x.astype(np.float64)
    x[:, :2] += np.where(np.isnan(x[:, :2]), 0, np.random.default_rng(3).normal(size=(len(x), 2)) * 1e-9)
    plain = dict(num_leaves=7, verbose=-1, seed=1, num_threads=1, min_data_in_leaf=5, deterministic=True)

    def trained(target, rounds=6, x=x, categories=(), group=None, **changes):
        matrix = lgb.Dataset(x, target, categorical_feature=list(categories), group=group, free_raw_data=False)
        return lgb.train({**plain, **changes}, matrix, rounds)

    def expected(booster, rows, objective):
        answer = booster.predict(rows)
        if objective == "binary":
            return {"label": (answer > 0.5).astype(np.int64), "probabilities": np.c_[1 - answer, answer]}
        if objective.startswith("multiclass"):
            return {"label": answer.argmax(1), "probabilities": answer}
        return {"prediction": answer}

    def saved(name, booster, objective, source=x):
        text = booster.model_to_string()
        rows = probes(source, lightgbm_thresholds(text), np.float64)
        yield name + ".txt", text.encode(), rows, expected(booster, rows, objective)

    binary = (score > 0).astype(int)
    targets = {
        "binary": binary, "multiclass": thirds(score), "multiclassova": thirds(score), "regression": score * 100,
        "regression_l1": score, "huber": score, "fair": score, "quantile": score, "mape": score + 10,
        "poisson": np.round(np.exp(score / 2)), "gamma": np.exp(score) + 0.1, "tweedie": np.maximum(0, score),
        "cross_entropy": 1 / (1 + np.exp(-score)), "cross_entropy_lambda": 1 / (1 + np.exp(-score)),
        "lambdarank": thirds(score), "rank_xendcg": thirds(score),
    }
    for objective, target in targets.items():
        changes = {"num_class": 3} if objective.startswith("multiclass") else {}
        group = [100] * 4 if "rank" in objective else None
        booster = trained(target, objective=objective, group=group, **changes)
        yield from saved("lgb-" + objective.replace("_", "-"), booster, objective)
    yield from saved("lgb-sqrt", trained(score * 10, objective="regression", reg_sqrt=True), "regression")
    yield from saved("lgb-sigmoid", trained(binary, objective="binary", sigmoid=0.5), "binary")
    for target, objective, more in ((binary, "binary", {}), (thirds(score), "multiclass", {"num_class": 3})):
        forest = trained(target, objective=objective, boosting="rf", bagging_freq=1, bagging_fraction=0.6, **more)
        yield from saved("lgb-rf-" + objective, forest, objective)
    yield from saved("lgb-dart", trained(binary, objective="binary", boosting="dart", drop_rate=0.5), "binary")
    yield from saved("lgb-goss", trained(binary, objective="binary", data_sample_strategy="goss"), "binary")
    yield from saved("lgb-zero", trained(binary, objective="binary", zero_as_missing=True), "binary")
    yield from saved("lgb-none", trained(binary, objective="binary", use_missing=False), "binary")
    full = np.nan_to_num(x)
    yield from saved("lgb-full", trained(binary, x=full, objective="binary"), "binary", full)
    many = x.copy()
    many[:, 4] = np.random.default_rng(5).integers(0, 90, len(many))
    chosen = (score + 3 * (many[:, 4] * 7 % 90 < 40) > 1.5).astype(int)
    for onehot in (4, 200):
        changes = dict(max_cat_to_onehot=onehot, min_data_per_group=1, cat_smooth=1, cat_l2=1)
        booster = trained(chosen, x=many, objective="binary", categories=[4], **changes)
        assert "cat_threshold" in booster.model_to_string()
        yield from saved(f"lgb-categories-{onehot}", booster, "binary", many)
    yield from saved("lgb-constant", trained(np.ones(len(x)), objective="regression", rounds=1), "regression")
    yield from lightgbm_estimators(lgb, x, score, plain)


def lightgbm_estimators(lgb, x, score, plain):
    def rows_of(model):
        return probes(x, lightgbm_thresholds(model.booster_.model_to_string())[:150], np.float64)

    plain = {key: value for key, value in plain.items() if key not in ("min_data_in_leaf", "seed", "num_threads")}
    names = np.array(["low", "middle", "high"])[thirds(score)]
    stopped = lgb.LGBMClassifier(n_estimators=60, learning_rate=0.5, n_jobs=1, **plain)
    stopping = lgb.early_stopping(3, verbose=False)
    stopped.fit(x[:300], names[:300], eval_set=[(x[300:], names[300:])], callbacks=[stopping])
    rows = rows_of(stopped)
    yield "lgb-early.pkl", pickle.dumps(stopped), rows, {
        "label": stopped.predict(rows), "probabilities": stopped.predict_proba(rows)}
    ranker = lgb.LGBMRanker(n_estimators=5, n_jobs=1, **plain).fit(x, thirds(score), group=[100] * 4)
    regressor = lgb.LGBMRegressor(n_estimators=5, n_jobs=1, **plain).fit(x, score)
    for name, model in (("regressor", regressor), ("ranker", ranker)):
        rows = rows_of(model)
        yield f"lgb-{name}.pkl", pickle.dumps(model), rows, {"prediction": model.predict(rows)}
    classifier = lgb.LGBMClassifier(n_estimators=5, n_jobs=1, **plain).fit(x, np.where(score > 0, 7, 3))
    rows = rows_of(classifier)
    yield "lgb-classifier.pkl", pickle.dumps(classifier), rows, {
        "label": classifier.predict(rows), "probabilities": classifier.predict_proba(rows)}


# CatBoost


def catboost_models(scratch):
    import catboost as cb

    x, score = data()
    plain = dict(iterations=6, depth=3, verbose=0, allow_writing_files=False, random_seed=1, thread_count=1)
    binary = (score > 0).astype(int)
    cases = {
        "logloss": (cb.CatBoostClassifier(**plain), binary),
        "names": (cb.CatBoostClassifier(**plain), np.array(["no", "yes"])[binary]),
        "multiclass": (cb.CatBoostClassifier(**plain), thirds(score)),
        "onevsall": (cb.CatBoostClassifier(loss_function="MultiClassOneVsAll", **plain), thirds(score)),
        "rmse": (cb.CatBoostRegressor(**plain), score * 100),
        "poisson": (cb.CatBoostRegressor(loss_function="Poisson", **plain), np.round(np.exp(score / 2))),
        "multirmse": (cb.CatBoostRegressor(loss_function="MultiRMSE", **plain), np.c_[score, -score]),
        "nan-max": (cb.CatBoostClassifier(nan_mode="Max", **plain), binary),
        "lossguide": (cb.CatBoostRegressor(grow_policy="Lossguide", **plain), score),
        "depthwise": (cb.CatBoostClassifier(grow_policy="Depthwise", **plain), thirds(score)),
        "crossentropy": (cb.CatBoostClassifier(loss_function="CrossEntropy", **plain), binary.astype(float)),
        "tweedie": (cb.CatBoostRegressor(loss_function="Tweedie:variance_power=1.5", **plain), np.maximum(0, score)),
        "multiquantile": (cb.CatBoostRegressor(loss_function="MultiQuantile:alpha=0.2,0.8", **plain), score),
        "huber": (cb.CatBoostRegressor(loss_function="Huber:delta=1", **plain), score),
        "expectile": (cb.CatBoostRegressor(loss_function="Expectile:alpha=0.3", **plain), score),
        "stump": (cb.CatBoostRegressor(**{**plain, "iterations": 1, "depth": 1}), score),
    }
    for name, (model, target) in cases.items():
        model.fit(x, target)
        path = Path(scratch) / "catboost.json"
        model.save_model(str(path), format="json")
        content = path.read_bytes()
        borders = [
            (feature["flat_feature_index"], border)
            for feature in json.loads(content)["features_info"]["float_features"]
            for border in feature["borders"] or []]
        rows = probes(x, borders, np.float32)
        if name == "crossentropy":
            # The file does not tell that a classifier wrote it.
            outputs = {"prediction": model.predict_proba(rows)[:, 1]}
        elif isinstance(model, cb.CatBoostClassifier):
            outputs = {"label": model.predict(rows).ravel(), "probabilities": model.predict_proba(rows)}
        else:
            outputs = {"prediction": model.predict(rows)}
        yield f"cb-{name}.json", content, rows, outputs
        path.unlink()


def all_models(scratch):
    yield from xgboost_models()
    yield from lightgbm_models()
    yield from catboost_models(scratch)


# The small set that is committed.
FIXTURES = {
    "xgb-binary-logistic.json", "xgb-dart.ubj", "xgb-categories-1.ubj", "xgb-one-output-per-tree.json", "lgb-zero.txt",
    "lgb-categories-4.txt", "lgb-rf-multiclass.txt", "cb-multiclass.json", "cb-nan-max.json",
}


def sums(name, path, rows):
    """What the framework gives before any link."""
    if name.startswith("xgb"):
        import xgboost as xgb

        kinds = {"feature_types": ["q"] * 4 + ["c"], "enable_categorical": True} if "categories" in name else {}
        return xgb.Booster(model_file=str(path)).predict(xgb.DMatrix(rows, **kinds), output_margin=True)
    if name.startswith("lgb"):
        import lightgbm as lgb

        booster = lgb.Booster(model_file=str(path))
        # LightGBM leaves raw sums of a random forest undivided.
        return booster.predict(rows, raw_score=True) / (booster.num_trees() / 3 if "-rf-" in name else 1)
    import catboost as cb

    return cb.CatBoost().load_model(str(path), format="json").predict(rows, prediction_type="RawFormulaVal")


def write_fixture(folder, name, content, rows):
    """60 rows, most of them at thresholds, where no float32 sum hides behind rounding."""
    path = folder / name
    if name.startswith("cb"):
        # Without what is about the build of CatBoost and the moment, and compactly.
        model = json.loads(content)
        information = model["model_info"]
        branch = re.search(r"Branch: \S+", information["catboost_version_info"])
        information["catboost_version_info"] = branch.group()
        for key in ("model_guid", "train_finish_time", "training", "output_options"):
            information.pop(key, None)
        information["params"] = {"loss_function": information["params"]["loss_function"]}
        content = json.dumps(model).encode()
    path.write_bytes(content)
    rows = rows[60:][:: max(1, (len(rows) - 60) // 50)]
    answers = np.asarray(sums(name, path, rows)).reshape(len(rows), -1)
    # Both are written so that reading them gives every bit.
    text = json.dumps({"rows": rows.astype(float).tolist(), "sums": answers.astype(float).tolist()})
    (folder / (name + ".rows.json")).write_text(text + "\n")


def legacy(folder):
    import xgboost as xgb

    x, score = data()
    parameters = dict(objective="multi:softprob", num_class=3, max_depth=3, base_score=0.3, seed=1, nthread=1)
    booster = xgb.train(parameters, xgb.DMatrix(x, thirds(score)), 3)
    path = folder / "xgb-legacy.deprecated"
    booster.save_model(str(path))
    rows = probes(x, xgboost_thresholds(booster), np.float32)
    write_fixture(folder, "xgb-legacy.model", path.read_bytes(), rows)
    path.unlink()


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if "--legacy" in sys.argv:
        return legacy(folder)
    for name, content, rows, outputs in all_models(folder):
        if "--fixtures" in sys.argv:
            if name in FIXTURES:
                write_fixture(folder, name, content, rows)
        else:
            (folder / name).write_bytes(content)
            np.savez(folder / (name + ".npz"), rows=rows, **outputs)


if __name__ == "__main__":
    main()
