# SPDX-License-Identifier: Apache-2.0
"""The power of a solar plant and what rdtools' clipping model is asked. usage: plant.py make|ask DIR

The features are those of rdtools.filtering.xgboost_clip_filter: differences to the quarters before and after, their
rolling means and spreads, and the power against the day's highest.
"""
import math
import statistics
import sys
from pathlib import Path

from client import Endpoint, write_csv

STEPS = 96
WINDOW = 5
NAMES = [
    "first_order_derivative_backward", "first_order_derivative_forward",
    "first_order_derivative_backward_rolling_avg", "first_order_derivative_forward_rolling_avg", "sampling_frequency",
    "mounting_config_bool", "scaled_value", "rolling_average", "daily_max", "percent_daily_max", "deriv_max",
    "deriv_backward_rolling_stdev", "deriv_backward_rolling_mean", "deriv_backward_rolling_median",
    "deriv_backward_rolling_min", "deriv_backward_rolling_max",
]


def power(day, step, limit):
    """A clear day's curve with a little weather, cut off at the inverter's limit."""
    light = math.sin(math.pi * (step - 24) / 48) if 24 < step < 72 else 0.0
    weather = 1 - 0.02 * math.sin(7.1 * step + day) ** 2
    return min(light * weather, limit)


def around(values, index):
    return values[max(0, index - WINDOW // 2):index + WINDOW // 2 + 1]


def features(values):
    """One row for each quarter of one day."""
    backward = [0.0] + [abs(b - a) for a, b in zip(values, values[1:])]
    forward = backward[1:] + [0.0]
    highest = max(values)
    for index, value in enumerate(values):
        near = around(backward, index)
        yield [
            backward[index], forward[index], statistics.fmean(near), statistics.fmean(around(forward, index)), 15.0, 0.0,
            value, statistics.fmean(around(values, index)), highest, value / highest,
            max(max(near), max(around(forward, index))), statistics.stdev(near), statistics.fmean(near),
            statistics.median(near), min(near), max(near)]


def day(number):
    return [power(number, step, 0.72 if number >= 5 else 2.0) for step in range(STEPS)]


def make(folder):
    rows = [row for number in range(5) for row in features(day(number))]
    write_csv(folder / "clear.csv", NAMES, rows)


def ask(folder):
    endpoint = Endpoint("clipping")
    for number in range(7):
        values = day(number)
        cut = 0
        for row in features(values):
            _, outputs = endpoint.ask_row(row)
            cut += outputs["probabilities"][1] > 0.5
        bar = "".join(" .:-=+*#"[min(7, int(v * 8))] for v in values[::4])
        print(f"day {number + 1}  |{bar}|  {cut:2} quarters cut off by the model's word")


if __name__ == "__main__":
    {"make": make, "ask": ask}[sys.argv[1]](Path(sys.argv[2]))
