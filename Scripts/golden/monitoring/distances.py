# SPDX-License-Identifier: Apache-2.0
"""Distances, tests and special functions, by scipy and by the formulas of evidently and nannyml."""
import math

import numpy as np
from scipy import special, stats
from scipy.spatial import distance


def series():
    n = np.arange(200)
    reference = 10 + 3 * np.sin(n * 0.7) + 0.01 * n
    n = n[:150]
    return reference, 10.8 + 3.6 * np.sin(n * 0.9 + 0.3) + 0.012 * n


def shares(values, edges):
    return np.histogram(values, edges)[0] / len(values)


def filled(p):
    """evidently: empty bins get 1e-4, or a millionth of the least share where that is smaller."""
    p = p.copy()
    least = p[p != 0].min()
    p[p == 0] = least / 1e6 if least <= 1e-4 else 1e-4
    return p


def psi(p, q):
    return float(np.sum((p - q) * np.log(p / q)))


def numbers():
    ref, cur = series()
    edges = np.histogram_bin_edges(np.concatenate([ref, cur]), bins="sturges")
    p, q = shares(ref, edges), shares(cur, edges)
    unique = np.histogram_bin_edges(np.unique(np.concatenate([ref, cur])), bins="sturges")
    hellinger = math.sqrt(1 - np.sum(np.sqrt(shares(ref, unique) * shares(cur, unique))))
    doane = np.histogram_bin_edges(ref, bins="doane")
    p9, q9 = shares(ref, doane), shares(cur, doane)
    q9, p9 = np.append(q9, 1 - q9.sum()), np.append(p9, 0)
    deciles = np.quantile(ref, np.linspace(0, 1, 11))[1:-1]
    outer = np.concatenate([[-np.inf], deciles, [np.inf]])
    p10, q10 = (np.maximum(shares(x, outer), 1e-4) for x in (ref, cur))
    return {
        "reference": ref.tolist(), "current": cur.tolist(),
        "sturges": edges.tolist(), "unique": unique.tolist(), "doane": doane.tolist(), "deciles": deciles.tolist(),
        "evidentlyPSI": psi(filled(p), filled(q)),
        "evidentlyJS": float(distance.jensenshannon(p, q)), "evidentlyHellinger": hellinger,
        "base2JS": float(distance.jensenshannon(p, q, 2)),
        "nannymlJS": float(distance.jensenshannon(p9, q9, base=2)),
        "nannymlHellinger": float(np.sqrt(np.sum((np.sqrt(p9) - np.sqrt(q9)) ** 2)) / np.sqrt(2)),
        "decilePSI": psi(p10, q10), "wasserstein": float(stats.wasserstein_distance(ref, cur)),
    }


def categories():
    reference, current = dict(a=400, b=300, c=200, d=100), dict(a=130, b=120, c=30, e=20)
    names = sorted(set(reference) | set(current))
    r, c = (np.array([side.get(name, 0) for name in names], float) for side in (reference, current))
    p, q = r / r.sum(), c / c.sum()
    table = stats.chi2_contingency(np.vstack([r, c]), correction=False)
    return {
        "reference": reference, "current": current,
        "evidentlyPSI": psi(filled(p), filled(q)),
        "deepchecksPSI": psi(np.maximum(p, 0.01), np.maximum(q, 0.01)),
        "naturalJS": float(distance.jensenshannon(p, q)), "base2JS": float(distance.jensenshannon(p, q, 2)),
        "hellinger": math.sqrt(1 - np.sum(np.sqrt(p * q))),
        "totalVariation": float(0.5 * np.abs(p - q).sum()), "lInfinity": float(np.abs(p - q).max()),
        "chiSquare": [float(table[0]), float(table[1]), int(table[2])],
    }


def exact_tail(n, m, statistic):
    """The share of lattice paths that reach the statistic, in whole numbers; scipy's own gives up on some ties."""
    gap = round(statistic * n * m)
    row = []
    for i in range(n + 1):
        for j in range(m + 1):
            if i == 0:
                count = 1 if j == 0 else row[j - 1]
                row.append(count if abs(j * n) < gap else 0)
            else:
                inside = abs(i * m - j * n) < gap
                row[j] = (row[j] + (row[j - 1] if j else 0)) if inside else 0
    whole = math.comb(n + m, n)
    return (whole - row[m]) / whole


def tests():
    random = np.random.default_rng(6)
    ref, cur = series()
    pairs = [
        (ref, cur), (ref[:7], cur[:5]), (ref[:40], ref[:40] + 4), (np.arange(30.0), np.arange(30.0) + 0.5),
        (random.integers(0, 4, 60).astype(float), random.integers(0, 5, 45).astype(float)),
        (random.normal(size=97), random.normal(0.6, 1, size=113)),
    ]
    ks = []
    for a, b in pairs:
        limit = stats.ks_2samp(a, b, method="asymp")
        ks.append({"a": a.tolist(), "b": b.tolist(), "statistic": float(limit.statistic),
                   "exact": exact_tail(len(a), len(b), limit.statistic), "limit": float(limit.pvalue)})
    tables = [[[10, 20, 30], [6, 9, 17]], [[1, 0, 5], [2, 0, 1]], [[300, 700], [160, 240]],
              random.integers(1, 90, (4, 6)).tolist()]
    contingency = []
    for table in tables:
        array = np.array(table)
        result = stats.chi2_contingency(array[:, array.sum(0) > 0], correction=False)
        contingency.append({"table": table, "result": [float(result[0]), float(result[1]), int(result[2])]})
    pooled = (300 + 160) / 1400
    z = (0.3 - 0.4) / math.sqrt(pooled * (1 - pooled) * (1 / 1000 + 1 / 400))
    welch = stats.ttest_ind(ref, cur, equal_var=False)
    values = np.concatenate([random.uniform(size=30), random.uniform(0, 0.01, size=8), [0.03, 0.03]])
    return {
        "ks": ks, "contingency": contingency,
        "proportions": [z, float(2 * stats.norm.sf(abs(z)))],
        "welch": [float(welch.statistic), float(welch.pvalue)],
        "pValues": values.tolist(),
        "rejected": (stats.false_discovery_control(values) <= 0.1).tolist(),
    }


def functions():
    gamma = [(a, x) for a in (0.5, 1, 2.5, 10, 127.5, 2000) for x in (0.01, 0.5, 3, 12, 130, 2100)]
    beta = [(a, b, x) for a in (0.5, 2, 40) for b in (0.5, 3, 90) for x in (0.001, 0.2, 0.5, 0.93)]
    normal = [-38, -12, -6, -3, -1, -0.1, 0, 0.4, 2, 5, 8]
    levels = [1e-300, 1e-30, 1e-9, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999]
    limits = [0.03, 0.2, 0.4, 0.7, 0.99, 1, 1.01, 1.36, 2, 3, 6]
    return {
        "gammaQ": [[a, x, float(special.gammaincc(a, x))] for a, x in gamma],
        "beta": [[a, b, x, float(special.betainc(a, b, x))] for a, b, x in beta],
        "normalCDF": [[x, float(stats.norm.cdf(x))] for x in normal],
        "normalQuantile": [[p, float(special.ndtri(p))] for p in levels],
        "kolmogorovQ": [[x, float(special.kolmogorov(x))] for x in limits],
        "logGamma": [[x, float(special.gammaln(x))] for x in (0.1, 1, 2.5, 30, 1e6)],
        "student": [[t, d, float(2 * stats.t.sf(t, d))] for t in (0.1, 1.5, 6) for d in (1, 4.5, 300)],
    }


def make():
    return {"numbers": numbers(), "categories": categories(), "tests": tests(), "functions": functions()}
