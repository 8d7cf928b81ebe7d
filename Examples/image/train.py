# SPDX-License-Identifier: Apache-2.0
"""Trains a network on scikit-learn's digits (1,797 images of 8 x 8 pixels). usage: train.py DIR"""
import sys
from pathlib import Path

import joblib
from client import write_csv
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def main(folder):
    data = load_digits()
    train, test, train_labels, test_labels = train_test_split(
        data.data, data.target, test_size=600, random_state=7, stratify=data.target)
    model = MLPClassifier((48,), max_iter=300, random_state=7).fit(train, train_labels)
    print(f"accuracy on images that were kept apart: {model.score(test, test_labels):.3f}")
    joblib.dump(model, folder / "digits.joblib")
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    write_csv(folder / "reference.csv", [*names, "label"], ([*x, y] for x, y in zip(train, train_labels)))
    write_csv(folder / "images.csv", [*names, "label"], ([*x, y] for x, y in zip(test, test_labels)))


main(Path(sys.argv[1]))
