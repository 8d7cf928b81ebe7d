# SPDX-License-Identifier: Apache-2.0
"""Trains a risk score on the car loans that nannyml ships, and keeps rows for later. usage: train.py DIR"""
import sys
from pathlib import Path

import joblib
import pandas
from client import package_file
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

NUMBERS = ["car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"]
CATEGORIES = ["salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"]


def read(name):
    table = pandas.read_csv(package_file("nannyml", "datasets", "data", f"synthetic_car_loan_{name}.csv"))
    return table.astype({"repaid_loan_on_prev_car": str})


def main(folder):
    table = read("reference")
    table["label"] = table["repaid"].map({1: "repaid", 0: "defaulted"})
    train, reference = table[:20000], table[20000:23000]
    model = Pipeline([
        ("columns", ColumnTransformer([
            ("numbers", StandardScaler(), NUMBERS), ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES)])),
        ("score", LogisticRegression(max_iter=500)),
    ])
    model.fit(train[NUMBERS + CATEGORIES], train["label"])
    print(f"accuracy on rows that were kept apart: {model.score(reference[NUMBERS + CATEGORIES], reference['label']):.3f}")
    joblib.dump(model, folder / "risk.joblib")
    columns = NUMBERS + CATEGORIES
    reference[columns + ["label"]].to_csv(folder / "reference.csv", index=False)
    reference[columns][:1].to_csv(folder / "one.csv", index=False)
    table[30000:30600][columns + ["label"]].to_csv(folder / "last_year.csv", index=False)
    # The later part of the analysis rows is where the customers changed.
    now = read("analysis").merge(
        pandas.read_csv(package_file("nannyml", "datasets", "data", "synthetic_car_loan_analysis_target.csv")), on="id")
    now["label"] = now["repaid"].map({1: "repaid", 0: "defaulted"})
    now[-600:][columns + ["label"]].to_csv(folder / "this_year.csv", index=False)


main(Path(sys.argv[1]))
