# SPDX-License-Identifier: Apache-2.0
"""Principal components and Mahalanobis distances, by scikit-learn."""
import numpy as np
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def rows():
    random = np.random.default_rng(65)
    mix = random.normal(size=(3, 6))
    data = random.normal(size=(80, 3)) @ mix + random.normal(0, 0.3, size=(80, 6))
    data[:, 2] *= 100
    return np.round(data, 3)


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
    }
