# SPDX-License-Identifier: Apache-2.0
"""Where river's detectors detect; Page-Hinkley also by the formula of its first implementation (one side)."""
import random

import numpy as np
from river import drift


def detections(detector, values):
    found = []
    for index, value in enumerate(values):
        detector.update(value)
        if detector.drift_detected:
            found.append(index)
    return found


def first_page_hinkley(values):
    mean = total = 0.0
    for count, value in enumerate(values, 1):
        mean += (value - mean) / count
        total = max(0.0, 0.9999 * total + value - mean - 0.005)
        if count + 1 >= 30 and total >= 50:
            return count - 1
    return None


def adwin(values, **settings):
    detector = drift.ADWIN(**settings)
    return {"values": values, "settings": settings, "detections": detections(detector, values),
            "width": int(detector.width), "variance": detector.variance / detector.width, "mean": float(detector.estimation)}


def make():
    twister = random.Random(12345)
    stream = twister.choices([0, 1], k=1000) + twister.choices(range(4, 8), k=1000)
    generator = np.random.default_rng(67)
    steps = np.concatenate([generator.beta(2, b, 500) for b in (8, 3, 9, 2.5)])
    rare = np.concatenate([generator.random(1500) < p for p in (0.02, 0.08)]).astype(float)
    still = generator.random(1500)
    return {
        "stream": stream, "pageHinkley": first_page_hinkley(stream),
        "riverPageHinkley": detections(drift.PageHinkley(mode="up"), stream)[0],
        "adwin": [
            adwin(stream), adwin(np.round(steps, 3).tolist()), adwin(rare.astype(int).tolist()),
            adwin(np.round(still, 3).tolist()), adwin(np.round(steps, 3).tolist()[:1200], delta=0.3, clock=1),
        ],
    }
