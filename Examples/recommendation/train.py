# SPDX-License-Identifier: Apache-2.0
"""Makes a recommender of scikit-learn's wines: each is a class of its own, its neighbours share it. usage: train.py DIR"""
import sys
import warnings
from pathlib import Path

import joblib
from client import write_csv
from sklearn.datasets import load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main(folder):
    # As many classes as wines is what is wanted here.
    warnings.filterwarnings("ignore", message="The number of unique classes")
    data = load_wine()
    wines = [f"wine-{number:03}" for number in range(len(data.data))]
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=4)).fit(data.data, wines)
    joblib.dump(model, folder / "wines.joblib")
    names = [n.replace("/", "_") for n in data.feature_names]
    write_csv(folder / "catalogue.csv", names, data.data)
    # For the check at the end: growers are no part of the model.
    write_csv(folder / "growers.csv", ["wine", "grower"], zip(wines, data.target))
    print(f"{len(wines)} wines")


main(Path(sys.argv[1]))
