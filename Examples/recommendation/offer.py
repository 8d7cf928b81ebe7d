# SPDX-License-Identifier: Apache-2.0
"""Asks what to offer beside a wine, and tells what was bought. usage: offer.py DIR"""
import csv
import sys
from pathlib import Path

from client import Endpoint


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


def main(folder):
    endpoint = Endpoint("wines")
    growers = rows(folder / "growers.csv")
    alike, offered, sales = 0, 0, []
    for number, row in enumerate(rows(folder / "catalogue.csv")):
        request, outputs = endpoint.ask_row([float(v) for v in row])
        scores = outputs["probabilities"]
        best = [n for n in sorted(range(len(scores)), key=lambda n: -scores[n])[:4] if n != number]
        same = sum(growers[n][1] == growers[number][1] for n in best)
        alike, offered = alike + same, offered + len(best)
        # A customer who is offered a wine of the grower they like buys it.
        sales.append({"requestID": request, "kpis": {"bought": float(same)}})
        if number % 60 == 0:
            print(f"liked {growers[number][0]}: offer {', '.join(growers[n][0] for n in best)}")
    counts = endpoint.call("POST", f"/api/v1/endpoints/{endpoint.name}/feedback", {"items": sales})[1]["counts"]
    print(f"{alike / offered:.1%} of what is offered is of the same grower; {counts.get('joined', 0)} sales told")


main(Path(sys.argv[1]))
