# SPDX-License-Identifier: Apache-2.0
"""Shows images to the network, the second half after the camera slipped, and tells what they were. usage: images.py DIR"""
import csv
import sys
from pathlib import Path

from client import Endpoint


def main(folder):
    endpoint = Endpoint("digits")
    with open(folder / "images.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    for line in range(0, 64, 8):
        print("   " + "".join(" .:-=+*#@"[int(float(v) / 2)] for v in rows[0][line:line + 8]))
    for name, part, shift in (("before", rows[:300], 0), ("after", rows[300:], 2)):
        truths, right = [], 0
        for row in part:
            lines = [[0.0] * shift + [float(v) for v in row[line:line + 8 - shift]] for line in range(0, 64, 8)]
            request, outputs = endpoint.ask_row([v for line in lines for v in line])
            truths.append((request, int(row[-1])))
            right += int(outputs["label"][0]) == int(row[-1])
        counts = endpoint.tell(truths)
        print(f"{name}: {right / len(part):.1%} right, {counts.get('joined', 0)} labels joined")


main(Path(sys.argv[1]))
