# SPDX-License-Identifier: Apache-2.0
"""Trains a forest on scikit-learn's breast-cancer set (569 patients, 30 measurements). usage: train.py DIR"""
import pickle
import sys
from pathlib import Path

from client import write_csv
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split


def main(folder):
    data = load_breast_cancer()
    names = [n.replace(" ", "_") for n in data.feature_names]
    labels = data.target_names[data.target]
    train, rest, train_labels, rest_labels = train_test_split(
        data.data, labels, test_size=0.4, random_state=7, stratify=labels)
    # A reference of rows that the forest has learned by heart would promise too much.
    reference, test, reference_labels, test_labels = train_test_split(
        rest, rest_labels, test_size=0.5, random_state=7, stratify=rest_labels)
    model = RandomForestClassifier(n_estimators=100, random_state=7).fit(train, train_labels)
    print(f"accuracy on patients that were kept apart: {model.score(test, test_labels):.3f}")
    (folder / "tumour.pkl").write_bytes(pickle.dumps(model))
    write_csv(folder / "reference.csv", [*names, "label"], ([*x, y] for x, y in zip(reference, reference_labels)))
    write_csv(folder / "patients.csv", [*names, "label"], ([*x, y] for x, y in zip(test, test_labels)))
    write_csv(folder / "one.csv", names, test[:1])


main(Path(sys.argv[1]))
