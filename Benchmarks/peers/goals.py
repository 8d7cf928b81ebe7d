#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The ratios the project aims at, measured in one run. usage: goals.py results.json

A goal says: Slipway's median must be at least (or at most) so many times the best of the named peers.
Nothing fails here: numbers are for people to read.
"""
import json
import statistics
import sys

OURS = "slipway"
LIMIT = ("ort-c-i1x1", "ort-c-i2x1", "ort-c-i1x2")
FASTAPI, TRITON_DYN = ("fastapi",), ("triton-dyn",)
TRITONS = ("triton", "triton-dyn")
JSON_PEERS = ("fastapi", "fastapi-orjson", "litserve", "mlserver", "triton", "triton-dyn")


def small(model, protocol):
    """FastAPI speaks JSON only, so the binary rows are held against its JSON."""
    return [
        (f"{model} {protocol} c16 vs FastAPI", model, protocol, 16, FASTAPI, "json", 2.5),
        (f"{model} {protocol} c16 vs Triton with batching", model, protocol, 16, TRITON_DYN, protocol, 1.3),
    ]


GOALS = [
    ("magika json c16 vs limit", "magika", "json", 16, LIMIT, "none", 0.97),
    ("magika bin c16 vs limit", "magika", "bin", 16, LIMIT, "none", 0.97),
    ("nudenet bin c16 vs limit", "nudenet", "bin", 16, LIMIT, "none", 0.95),
    ("nudenet json c16 vs best JSON peer", "nudenet", "json", 16, JSON_PEERS, "json", 1.5),
    *small("identity", "json"), *small("identity", "bin"), *small("forest", "json"), *small("forest", "bin"),
    ("16 MB tensor bin vs Triton", "identity16m", "bin", 1, TRITONS, "bin", 1.5),
]


class Results:
    def __init__(self, rows):
        self.rows = [r for r in rows if "failed" not in r and r["mode"] == "closed"]

    def median(self, peer, model, protocol, connections, metric):
        found = [
            r[metric] for r in self.rows
            if (r["peer"], r["model"], r["proto"]) == (peer, model, protocol) and r.get(metric) is not None
            and (connections is None or r["conc"] == connections)
        ]
        return statistics.median(found) if found else None

    def best(self, peers, model, protocol, connections, metric="rps"):
        # The raw loop knows no connections; it is the best of its thread layouts.
        wanted = None if protocol == "none" else connections
        values = [self.median(p, model, protocol, wanted, metric) for p in peers]
        values = [v for v in values if v is not None]
        return max(values) if values else None


def rate_lines(results):
    for label, model, protocol, connections, peers, their_protocol, goal in GOALS:
        ours = results.median(OURS, model, protocol, connections, "rps")
        theirs = results.best(peers, model, their_protocol, connections)
        if ours is None or theirs is None:
            yield label, "-", "-", "-", f"{goal:.2f}", "not measured"
            continue
        ratio = ours / theirs
        yield label, f"{ours:,.1f}", f"{theirs:,.1f}", f"{ratio:.2f}", f"{goal:.2f}", "reached" if ratio >= goal else "missed"


def tail_lines(results):
    for model in ("identity", "forest"):
        ours = results.median(OURS, model, "json", 16, "p99_ms")
        others = [results.median(p, model, "json", 16, "p99_ms") for p in ("fastapi", "triton-dyn")]
        others = [v for v in others if v is not None]
        if ours is None or not others:
            continue
        reached = "reached" if ours < min(others) else "missed"
        yield f"{model} json c16 p99 ms below all", f"{ours:.2f}", f"{min(others):.2f}", f"{ours / min(others):.2f}", "<1", reached


def start_lines(results):
    for label, metric, factor, goal in (("magika start to ready, ms", "ready_s", 1000, 300), ("magika resident MB", "rss_mb", 1, 120)):
        found = [r[metric] for r in results.rows if r["peer"] == OURS and r["model"] == "magika" and r.get(metric) is not None]
        if found:
            value = statistics.median(found) * factor
            yield label, f"{value:,.0f}", "-", "-", f"<{goal}", "reached" if value < goal else "missed"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        results = Results(json.load(file)["rows"])
    print("| goal | Slipway | peer | ratio | wanted | |\n|---|---|---|---|---|---|")
    for line in (*rate_lines(results), *tail_lines(results), *start_lines(results)):
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
