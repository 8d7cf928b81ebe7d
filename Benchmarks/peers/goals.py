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

# Ahead of each peer in rate and p99, at every number of connections; who speaks what.
RIVALS = {"fastapi": "json", "fastapi-orjson": "json", "litserve": "json", "mlserver": "json", "triton": "json bin", "triton-dyn": "json bin"}
AHEAD_MODELS = ("identity", "forest", "magika", "minilm", "nudenet")
AHEAD_CONNECTIONS = (1, 16, 64)


class Results:
    def __init__(self, rows):
        self.rows = [self.answered(r) for r in rows if "failed" not in r and r["mode"] == "closed"]

    @staticmethod
    def answered(row):
        """wrk counts every answer: a refusal is fast, but no answer to the question."""
        bad = row.get("non2xx") or 0
        return {**row, "rps": row["rps"] * (1 - bad / row["n"])} if bad and row.get("n") else row

    def bad(self, peer, model, protocol, connections):
        return sum(
            (r.get("non2xx") or 0) + (r.get("errors") or 0) for r in self.rows
            if (r["peer"], r["model"], r["proto"], r["conc"]) == (peer, model, protocol, connections))

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


def ahead(results):
    """(head, lines, verdicts): Slipway over each peer in rate and p99; more than 1 and less than 1 are wanted."""
    peers = [p for p in RIVALS if any(r["peer"] == p for r in results.rows)]
    counts, lines = {p: [0, 0, 0] for p in peers}, []
    for model in AHEAD_MODELS:
        for protocol in ("json", "bin"):
            for connections in AHEAD_CONNECTIONS:
                cells = []
                for peer in peers:
                    cell = "-"
                    if protocol in RIVALS[peer].split():
                        values = [
                            results.median(name, model, protocol, connections, metric)
                            for metric in ("rps", "p99_ms") for name in (OURS, peer)
                        ]
                        if values[1] == 0:
                            cell = "it answered nothing in the window"
                        elif all(values):
                            rate, tail = values[0] / values[1], values[2] / values[3]
                            counts[peer][0] += 1
                            counts[peer][1] += rate > 1
                            counts[peer][2] += tail < 1
                            cell = (f"{rate:.2f}" if rate > 1 else f"**{rate:.2f}**") + " / " + (f"{tail:.2f}" if tail < 1 else f"**{tail:.2f}**")
                            refused = results.bad(peer, model, protocol, connections)
                            cell += f" ({refused} of its requests failed)" if refused else ""
                    cells.append(cell)
                if any(c != "-" for c in cells):
                    ours = results.bad(OURS, model, protocol, connections)
                    lines.append([f"{model} {protocol} c{connections}" + (f" ({ours} of ours failed)" if ours else ""), *cells])
    verdicts = [
        (f"ahead of {peer} in {what}", f"{got} of {rows} rows", "all", "reached" if got == rows else "missed")
        for peer, (rows, rates, tails) in counts.items() if rows for what, got in (("requests per second", rates), ("p99", tails))
    ]
    return ["model protocol load", *peers], lines, verdicts


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
    head, lines, verdicts = ahead(results)
    print("\nSlipway over each peer, requests per second / p99 (wanted: above 1 / below 1; bold where not; binary rows against binary):\n")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print("\n| goal | measured | wanted | |\n|---|---|---|---|")
    for line in verdicts:
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
