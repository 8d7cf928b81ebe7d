# SPDX-License-Identifier: Apache-2.0
"""Asks for a score for each applicant and tells later how the loan went. usage: customers.py DIR"""
import csv
import sys
from pathlib import Path

from client import Endpoint

NUMBERS = {"car_value", "debt_to_income_ratio", "loan_length", "driver_tenure"}


def main(folder):
    endpoint = Endpoint("risk")
    for name in ("last_year", "this_year"):
        with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        truths, right = [], 0
        for row in rows:
            request, outputs = endpoint.ask_row({k: float(v) if k in NUMBERS else v for k, v in row.items()})
            truths.append((request, row["label"]))
            right += outputs["label"][0] == row["label"]
        counts = endpoint.tell(truths)
        print(f"{name}: {right / len(rows):.1%} right, {counts.get('joined', 0)} labels joined")


main(Path(sys.argv[1]))
