# SPDX-License-Identifier: Apache-2.0
"""Quality of predictions, by scikit-learn; the calibration error by torchmetrics' convention, estimates by nannyml's."""
import numpy as np
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression


def calibration_error(p, y, bins=15):
    edges = np.linspace(0, 1, bins + 1)
    total = 0.0
    for low, high in zip(edges, edges[1:]):
        inside = (p > low) & (p <= high)
        if inside.any():
            total += abs(y[inside].mean() - p[inside].mean()) * inside.mean()
    return float(total)


def binary():
    random = np.random.default_rng(61)
    y = random.integers(0, 2, 300)
    score = np.round(np.clip(random.normal(0.35 + 0.3 * y, 0.22), 0.001, 0.999), 2)
    weight = np.round(random.uniform(0.2, 3, 300), 2)
    return {
        "labels": y.tolist(), "scores": score.tolist(), "weights": weight.tolist(),
        "rocAUC": metrics.roc_auc_score(y, score), "weightedROCAUC": metrics.roc_auc_score(y, score, sample_weight=weight),
        "averagePrecision": metrics.average_precision_score(y, score),
        "weightedAveragePrecision": metrics.average_precision_score(y, score, sample_weight=weight),
        "logLoss": metrics.log_loss(y, score), "brier": metrics.brier_score_loss(y, score),
        "calibrationError": calibration_error(score, y),
        "precision": metrics.precision_score(y, score > 0.5), "recall": metrics.recall_score(y, score > 0.5),
        "f1": metrics.f1_score(y, score > 0.5), "accuracy": metrics.accuracy_score(y, score > 0.5),
    }


def multiclass():
    random = np.random.default_rng(62)
    truth = random.integers(0, 4, 200)
    p = random.dirichlet([1, 1, 1, 1], 200)
    p[np.arange(200), truth] += 0.6
    p /= p.sum(1, keepdims=True)
    p = np.round(p, 3)
    p /= p.sum(1, keepdims=True)
    # Class 4 is never true nor predicted, class 3 never predicted.
    predicted = p[:, :3].argmax(1)
    scores = {
        name: {
            average: float(metric(truth, predicted, average=average, zero_division=0))
            for average in ("macro", "micro", "weighted")
        }
        for name, metric in (("precision", metrics.precision_score), ("recall", metrics.recall_score),
                             ("f1", metrics.f1_score))
    }
    return {
        "truth": truth.tolist(), "predicted": predicted.tolist(), "probabilities": p.tolist(), **scores,
        "accuracy": metrics.accuracy_score(truth, predicted),
        "rocAUC": metrics.roc_auc_score(truth, p, multi_class="ovr", average="macro"),
        "logLoss": metrics.log_loss(truth, p),
    }


def regression():
    random = np.random.default_rng(63)
    truth = np.round(random.normal(20, 6, 120), 2)
    truth[5] = 0
    predicted = np.round(truth + random.normal(0.5, 2, 120), 2)
    return {
        "truth": truth.tolist(), "predicted": predicted.tolist(),
        "mae": metrics.mean_absolute_error(truth, predicted),
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mape": metrics.mean_absolute_percentage_error(truth, predicted), "r2": metrics.r2_score(truth, predicted),
    }


def isotonic():
    random = np.random.default_rng(64)
    x = np.round(random.uniform(size=150), 2)
    y = (random.uniform(size=150) < x**2).astype(float)
    weight = np.round(random.uniform(0.5, 2, 150), 2)
    grid = np.linspace(-0.1, 1.1, 61)
    plain = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    weighted = IsotonicRegression(out_of_bounds="clip").fit(x, y, sample_weight=weight)
    return {
        "x": x.tolist(), "y": y.tolist(), "weights": weight.tolist(), "grid": grid.tolist(),
        "plain": plain.predict(grid).tolist(), "weighted": weighted.predict(grid).tolist(),
    }


def confidence():
    p = np.array([.97, .9, .8, .7, .6, .45, .3, .2, .1, .05, .04, .02])
    chosen = p >= 0.5
    tp, fp, fn, tn = p[chosen].sum(), (1 - p)[chosen].sum(), p[~chosen].sum(), (1 - p)[~chosen].sum()
    order = np.argsort(p)[::-1]
    hits = np.r_[0, np.cumsum(p[order])]
    misses = np.r_[0, np.cumsum(1 - p[order])]
    return {
        "probabilities": p.tolist(), "accuracy": (tp + tn) / 12, "precision": tp / (tp + fp), "recall": tp / (tp + fn),
        "f1": tp / (tp + (fp + fn) / 2),
        "rocAUC": float(np.trapezoid(hits / hits[-1], misses / misses[-1])),
    }


def make():
    return {"binary": binary(), "multiclass": multiclass(), "regression": regression(), "isotonic": isotonic(),
            "confidence": confidence()}
