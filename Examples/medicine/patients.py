# SPDX-License-Identifier: Apache-2.0
"""Asks about each patient and tells what the biopsy said. usage: patients.py DIR"""
import csv
import sys
from pathlib import Path

from client import Endpoint


def main(folder):
    endpoint = Endpoint("tumour")
    with open(folder / "patients.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    truths, right, unsure = [], 0, []
    for number, row in enumerate(rows):
        request, outputs = endpoint.ask_row([float(v) for v in row[:-1]])
        truths.append((request, row[-1]))
        right += outputs["label"][0] == row[-1]
        if max(outputs["probabilities"]) < 0.7:
            unsure.append(number)
    counts = endpoint.tell(truths)
    print(f"{right} of {len(rows)} right, {counts.get('joined', 0)} labels joined")
    print(f"to be looked at by a person, for the model is unsure: patients {unsure}")


main(Path(sys.argv[1]))
