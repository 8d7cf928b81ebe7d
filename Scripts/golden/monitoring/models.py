# SPDX-License-Identifier: Apache-2.0
"""Principal components, Mahalanobis distances and an isolation forest, by scikit-learn."""
import numpy as np
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler


def rows():
    random = np.random.default_rng(65)
    mix = random.normal(size=(3, 6))
    data = random.normal(size=(80, 3)) @ mix + random.normal(0, 0.3, size=(80, 6))
    data[:, 2] *= 100
    return np.round(data, 3)


def tree(estimator):
    """In Slipway's layout: the children of a node beside each other, leaves with the length of their path."""
    t = estimator.tree_
    columns, cuts, left = [-1], [0.0], [0]
    waiting = [(0, 0, 0)]
    for source, place, depth in waiting:
        if t.children_left[source] < 0:
            cuts[place] = float(depth + _average_path_length([t.n_node_samples[source]])[0])
            continue
        first = len(columns)
        columns[place], cuts[place], left[place] = int(t.feature[source]), float(t.threshold[source]), first
        columns += [-1, -1]
        cuts += [0.0, 0.0]
        left += [0, 0]
        waiting.append((t.children_left[source], first, depth + 1))
        waiting.append((t.children_right[source], first + 1, depth + 1))
    return {"columns": columns, "cuts": cuts, "left": left}


def forest():
    random = np.random.default_rng(66)
    # Multiples of 1/64 are the same in float32, in which scikit-learn keeps its rows.
    inliers = np.round(random.normal(size=(300, 3)) * 64) / 64
    probes = np.round(np.concatenate([random.normal(size=(60, 3)), random.normal(size=(20, 3)) * 5]) * 64) / 64
    small = IsolationForest(n_estimators=8, max_samples=32, random_state=1).fit(inliers)
    large = IsolationForest(n_estimators=100, max_samples=256, random_state=1).fit(inliers)
    outlying = np.r_[np.zeros(60), np.ones(20)]
    return {
        "rows": inliers.tolist(), "probes": probes.tolist(), "samples": 32,
        "trees": [tree(estimator) for estimator in small.estimators_],
        "scores": (-small.score_samples(probes)).tolist(),
        "largeScores": (-large.score_samples(probes)).tolist(),
        "largeROCAUC": roc_auc_score(outlying, -large.score_samples(probes)),
        "averagePath": [[n, float(_average_path_length([n])[0])] for n in (1, 2, 3, 10, 256)],
    }


def make():
    data = rows()
    fitted, probes = data[:60], data[60:]
    scaler = StandardScaler().fit(fitted)
    pca = PCA(n_components=0.65).fit(scaler.transform(fitted))
    z = scaler.transform(probes)
    errors = np.linalg.norm(z - pca.inverse_transform(pca.transform(z)), axis=1)
    full = PCA().fit(scaler.transform(fitted))
    covariance = EmpiricalCovariance().fit(fitted)
    return {
        "rows": fitted.tolist(), "probes": probes.tolist(),
        "components": int(pca.n_components_), "explained": full.explained_variance_ratio_.tolist(),
        "errors": errors.tolist(), "squaredDistances": covariance.mahalanobis(probes).tolist(),
        "forest": forest(),
    }
