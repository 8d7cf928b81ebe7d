#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long drift stays unseen, and how often there is a false alarm: Slipway beside evidently and nannyml.

usage: detection.py [--replay BINARY] [--out FILE.json] [--markdown FILE.md] [--seeds N] [--days N] [--days-after N]
                    [--rows-per-hour N]
                    [--only NAME,...] [--detectors slipway,evidently,nannyml] [--quick]

Every stream is recorded data with times: a calm part and then a shift of known size at a known time. Slipway's own
monitors get it row by row at the recorded times (MonitoringBenchmark, the library without a server); evidently and nannyml
get hourly and daily batches of the same rows, with their own defaults. A detector is either alarmed or not at any time:

* false alarms: how often it becomes alarmed in the calm part, as a number in 30 days;
* delay: from the shift to the first time at which it is alarmed. A batch speaks when it is over.

Peers run in this Python: `pip install --no-deps -r requirements.txt` into an environment of its own (Python 3.11).
"""
import argparse
import hashlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
MONTH = 30 * 86_400.0
PERIODS = {"hourly": "h", "daily": "D"}


# ---- recorded streams

class Stream:
    """A reference and a stream, features by name; times are in the column `time`, in seconds since 1970."""

    def __init__(self, name, reference, rows, onset, window_seconds, periods=PERIODS):
        self.name, self.reference, self.rows, self.onset = name, reference, rows, onset
        self.window_seconds, self.periods = window_seconds, periods
        self.features = [c for c in rows.columns if c not in ("time", "score", "label", "label_time")]

    @property
    def calm_seconds(self):
        return self.onset - self.rows["time"].iloc[0]


START = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def calm_table(random, count):
    """Ten numbers of three shapes, correlated in pairs, and two categories."""
    table = {}
    for index in range(10):
        base = random.normal(size=count)
        if index % 3 == 1:
            base = np.exp(base / 2)
        if index % 3 == 2:
            base = 0.7 * table[f"x{index - 1}"] + 0.7 * base
        table[f"x{index}"] = base
    table["plan"] = random.choice(["free", "basic", "pro"], size=count, p=[0.6, 0.3, 0.1])
    table["country"] = random.choice([f"c{i}" for i in range(8)], size=count)
    return pd.DataFrame(table)


def synthetic(seed, days, days_after, per_hour):
    """Calm days and then some with one shift each; the calm part is the same for all shifts of a seed."""
    random = np.random.default_rng(seed)
    reference = calm_table(random, 20_000)
    # The shift comes within an hour and within a day: where batches begin is nobody's merit.
    calm = int((days * 24 + 7.4) * per_hour)
    after = days_after * 24 * per_hour
    table = calm_table(random, calm + after)
    table["time"] = START + np.sort(random.uniform(0, (calm + after) / per_hour * 3600, size=calm + after))
    onset = float(table["time"].iloc[calm])
    changed = np.arange(len(table)) >= calm

    def shifted(name, change):
        rows = table.copy()
        change(rows)
        return Stream(name, reference, rows, onset, window_seconds=6 * 3600)

    def mean(size):
        def change(rows):
            rows.loc[changed, "x0"] += size * reference["x0"].std()
        return change

    def spread(rows):
        rows.loc[changed, "x3"] = (rows.loc[changed, "x3"] - reference["x3"].mean()) * 1.5 + reference["x3"].mean()

    def categories(rows):
        where = changed & (rows["plan"] == "free") & (random.uniform(size=len(rows)) < 0.25)
        rows.loc[where, "plan"] = "pro"

    def missing(rows):
        rows.loc[changed & (random.uniform(size=len(rows)) < 0.1), "x6"] = np.nan

    streams = [shifted(f"mean +{size} sd", mean(size)) for size in (0.1, 0.25, 0.5, 1.0)]
    return streams + [
        shifted("spread x 1.5", spread), shifted("a quarter of a category moves", categories),
        shifted("10 % missing", missing),
    ]


def car_loan():
    """nannyml's recorded set: 300 days, the price of cars changes in the middle; targets come 30 days late."""
    import nannyml

    reference, analysis, targets = nannyml.load_synthetic_car_loan_dataset()
    kept = [
        "car_value", "salary_range", "debt_to_income_ratio", "loan_length", "repaid_loan_on_prev_car",
        "size_of_downpayment", "driver_tenure",
    ]

    def table(frame, labels):
        rows = frame[kept].copy()
        for name in ("salary_range", "repaid_loan_on_prev_car", "size_of_downpayment"):
            rows[name] = rows[name].astype(str).str.replace(",", ";")
        moments = pd.to_datetime(frame["timestamp"])
        rows["time"] = (moments - pd.Timestamp("1970-01-01")) / pd.Timedelta(seconds=1)
        rows["score"] = frame["y_pred_proba"]
        rows["label"] = np.asarray(labels, dtype=float)
        rows["label_time"] = rows["time"] + MONTH
        return rows.reset_index(drop=True)

    rows = table(analysis, targets.set_index("id").loc[analysis["id"], "repaid"])
    # Rows 25,000 on are of the other distribution.
    return Stream(
        "nannyml car loan", table(reference, reference["repaid"]), rows, float(rows["time"].iloc[25_000]),
        # An hour holds seven rows: too few for a batch.
        window_seconds=7 * 86_400, periods={"daily": "D"})


# ---- detectors: each gives, by name, the spans of time in which it was alarmed

def slipway(stream, options):
    rules = [
        {"name": "default: psi and run length", "signal": "psi", "threshold": 0.1, "expectedRunSeconds": MONTH,
         "minimumSamples": 500, "clearSeconds": 600.0},
        {"name": "ks by run length", "signal": "ks", "expectedRunSeconds": MONTH, "minimumSamples": 500,
         "clearSeconds": 600.0},
        {"name": "missing rate", "signal": "missing_rate", "expectedRunSeconds": MONTH, "minimumSamples": 500,
         "clearSeconds": 600.0},
    ]
    if "score" in stream.rows:
        rules.append({"name": "estimated ROC-AUC, 0.01 below", "signal": "estimated_roc_auc", "comparison": "below",
                      "threshold": performance(stream) - 0.01, "minimumSamples": 500, "clearSeconds": 600.0})
        rules.append({"name": "ROC-AUC by labels, 0.01 below", "signal": "roc_auc", "comparison": "below",
                      "threshold": performance(stream) - 0.01, "minimumSamples": 500, "clearSeconds": 600.0})
    common = {"comparison": "above", "subjects": [], "routes": [], "baseline": "absolute", "severity": "warning",
              "receivers": []}
    spec = {
        "windowSeconds": stream.window_seconds, "buckets": 12, "labelWindowSeconds": 2 * MONTH,
        "labelBudgetBytes": 256 << 20, "rules": [{**common, **rule} for rule in rules], "guards": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("reference.csv", "stream.csv", "spec.json")]
        write(stream.reference, stream.features, paths[0])
        write(stream.rows, stream.features, paths[1])
        with open(paths[2], "w") as file:
            json.dump(spec, file)
        seconds = str(stream.window_seconds / 12 / 6)
        output = subprocess.run(
            [options.replay, "replay", *paths, seconds], check=True, stdout=subprocess.PIPE, text=True).stdout
    open_alerts = {rule["name"]: set() for rule in rules}
    spans = {rule["name"]: [] for rule in rules}
    for line in output.splitlines():
        at, rule, _, subject, state, _ = line.split("\t")
        before = bool(open_alerts[rule])
        (open_alerts[rule].add if state == "firing" else open_alerts[rule].discard)(subject)
        if not before and open_alerts[rule]:
            spans[rule].append([int(at) / 1000, float("inf")])
        if before and not open_alerts[rule]:
            spans[rule][-1][1] = int(at) / 1000
    return {f"slipway, {name}": found for name, found in spans.items()}


def performance(stream):
    """ROC-AUC of the reference: the share of pairs in the right order, ties half."""
    ranks = stream.reference["score"].rank().to_numpy()
    positive = stream.reference["label"].to_numpy() == 1
    count = positive.sum()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (~positive).sum()))


def write(rows, features, path):
    """The table as `MonitoringBenchmark replay` reads it."""
    kinds = {"time": "time", "score": "score", "label": "label", "label_time": "label_time"}
    table = {}
    for name in [c for c in kinds if c in rows] + features:
        column = rows[name]
        if name in ("time", "label_time"):
            table[f"{name}:{kinds[name]}"] = (column * 1000).round().astype("int64")
        elif name in kinds:
            table[f"{name}:{kinds[name]}"] = column
        else:
            table[f"{name}:{'number' if column.dtype.kind in 'fi' else 'text'}"] = column
    pd.DataFrame(table).to_csv(path, index=False)


def batches(stream, period):
    """Batches of whole hours or days of UTC with the time at which each is over."""
    moments = pd.to_datetime(stream.rows["time"], unit="s")
    for start, rows in stream.rows.groupby(moments.dt.floor(period)):
        end = (start + pd.Timedelta(1, period) - pd.Timestamp("1970-01-01")) / pd.Timedelta(seconds=1)
        yield end, rows


def alarmed_spans(verdicts):
    """Spans of batches in a row that were alarmed, from the end of the first to the end of the next calm one."""
    spans = []
    before = False
    for end, is_alarmed in verdicts:
        if is_alarmed and not before:
            spans.append([end, float("inf")])
        if before and not is_alarmed:
            spans[-1][1] = end
        before = is_alarmed
    return spans


SEEN = {}


def evidently(stream, options):
    from evidently import Report
    from evidently.presets import DataDriftPreset

    reference = stream.reference[stream.features]
    spans = {}
    for label, period in stream.periods.items():
        any_column, half = [], []
        for end, rows in batches(stream, period):
            table = rows[stream.features].reset_index(drop=True)
            digest = hashlib.sha256(pd.util.hash_pandas_object(table).values.tobytes()).digest()
            if digest not in SEEN:
                SEEN[digest] = drifted(Report, DataDriftPreset, table, reference)
            count = SEEN[digest]
            any_column.append((end, count >= 1))
            half.append((end, count / len(stream.features) >= 0.5))
        spans[f"evidently {label}, any column"] = alarmed_spans(any_column)
        spans[f"evidently {label}, half of the columns"] = alarmed_spans(half)
    return spans


def drifted(Report, Preset, table, reference):
    """How many columns evidently calls drifted, by its defaults."""
    if len(table) < 2:
        return 0
    snapshot = Report([Preset()]).run(table, reference).dict()
    for metric in snapshot["metrics"]:
        value = metric.get("value")
        if isinstance(value, dict) and "count" in value and "share" in value:
            return int(value["count"])
    raise RuntimeError("evidently's report has no count of drifted columns")


def nannyml(stream, options):
    import nannyml

    def table(rows, first):
        frame = rows[stream.features].copy()
        for name in stream.features:
            if frame[name].dtype.kind not in "fi":
                frame[name] = frame[name].astype("category")
        frame["time"] = pd.to_datetime(rows["time"] if "time" in rows else first, unit="s")
        return frame

    # A reference without times is one of the calm traffic's rate, before the stream.
    rate = len(stream.rows) / (stream.rows["time"].iloc[-1] - stream.rows["time"].iloc[0])
    first = pd.Series(stream.rows["time"].iloc[0] - np.arange(len(stream.reference), 0, -1) / rate)
    reference, analysis = table(stream.reference, first), table(stream.rows, None)
    spans = {}
    for label, period in stream.periods.items():
        calculator = nannyml.UnivariateDriftCalculator(
            column_names=stream.features, timestamp_column_name="time", chunk_period=period)
        results = calculator.fit(reference).calculate(analysis).filter(period="analysis").to_df()
        spans[f"nannyml {label}, any column"] = alarmed_spans(chunk_verdicts(results))
        if "score" in stream.rows:
            estimator = nannyml.CBPE(
                problem_type="classification_binary", y_pred_proba="score", y_pred="predicted", y_true="label",
                timestamp_column_name="time", metrics=["roc_auc"], chunk_period=period)
            both = []
            for frame, rows in ((reference, stream.reference), (analysis, stream.rows)):
                frame = frame.copy()
                frame["score"], frame["label"] = rows["score"].to_numpy(), rows["label"].to_numpy()
                frame["predicted"] = (frame["score"] >= 0.5).astype(int)
                both.append(frame)
            estimated = estimator.fit(both[0]).estimate(both[1]).filter(period="analysis").to_df()
            spans[f"nannyml {label}, CBPE of ROC-AUC"] = alarmed_spans(chunk_verdicts(estimated))
    return spans


def chunk_verdicts(results):
    """For each chunk its end and whether any alert is set."""
    alerts = results[[c for c in results.columns if c[-1] == "alert"]].fillna(False).astype(bool).any(axis=1)
    ends = results[[c for c in results.columns if c[-1] == "end_date"][0]]
    return [((end - pd.Timestamp("1970-01-01")) / pd.Timedelta(seconds=1), bool(alert))
            for end, alert in zip(ends, alerts)]


DETECTORS = {"slipway": slipway, "evidently": evidently, "nannyml": nannyml}


# ---- what came of it

def judged(stream, spans):
    """False alarms in 30 calm days, and seconds from the shift to the first alarm after it (None: never)."""
    false = sum(1 for start, _ in spans if start < stream.onset)
    after = [max(start, stream.onset) for start, end in spans if end > stream.onset]
    return {
        "false_alarms_per_month": false * MONTH / stream.calm_seconds,
        "alarmed_at_shift": any(start < stream.onset < end for start, end in spans),
        "delay_seconds": min(after) - stream.onset if after else None,
    }


def hours(seconds):
    return "never" if seconds is None else f"{seconds / 3600:.1f} h"


def markdown(results, facts):
    lines = [f"Measured {facts['date']}, {facts['streams']}.", ""]
    for name in dict.fromkeys(r["stream"] for r in results):
        lines += [f"### {name}", "", "| detector | delay (median) | missed | false alarms in 30 days |"]
        lines.append("|---|---|---|---|")
        for detector in dict.fromkeys(r["detector"] for r in results if r["stream"] == name):
            rows = [r for r in results if r["stream"] == name and r["detector"] == detector]
            delays = [r["delay_seconds"] for r in rows if r["delay_seconds"] is not None]
            missed = sum(r["delay_seconds"] is None for r in rows)
            false = statistics.mean(r["false_alarms_per_month"] for r in rows)
            note = " (some alarmed already)" if any(r["alarmed_at_shift"] for r in rows) else ""
            lines.append(
                f"| {detector} | {hours(statistics.median(delays) if delays else None)}{note} | "
                f"{missed} of {len(rows)} | {false:.1f} |")
        lines.append("")
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", default=os.environ.get("MONITORING_BENCHMARK", "MonitoringBenchmark"))
    parser.add_argument("--out")
    parser.add_argument("--markdown")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--days", type=int, default=30, help="calm days of synthetic streams")
    parser.add_argument("--days-after", type=int, default=5, help="days of synthetic streams after the shift")
    parser.add_argument("--rows-per-hour", type=int, default=200)
    parser.add_argument("--only", help="names of streams, or parts of them")
    parser.add_argument("--detectors", default=",".join(DETECTORS))
    parser.add_argument("--quick", action="store_true", help="two calm days, one seed: tries the harness")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.days, options.rows_per_hour = 1, 2, 100
    unknown = set(options.detectors.split(",")) - set(DETECTORS)
    if unknown:
        parser.error(f"unknown detectors {sorted(unknown)}: choose of {sorted(DETECTORS)}")
    if "slipway" in options.detectors and not os.path.exists(options.replay):
        parser.error("MONITORING_BENCHMARK must name the binary that `make bench-monitoring` builds")
    return options


def save(results, facts, options):
    if options.out:
        with open(options.out, "w") as file:
            json.dump({"facts": facts, "results": results}, file, indent=1)
    if options.markdown:
        with open(options.markdown, "w") as file:
            file.write(markdown(results, facts) + "\n")


def main():
    options = arguments()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("NML_DISABLE_USAGE_LOGGING", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    streams = [(seed, s) for seed in range(options.seeds)
               for s in synthetic(seed, options.days, options.days_after, options.rows_per_hour)]
    if not options.quick or options.only:
        streams.append((0, car_loan()))
    if options.only:
        parts = options.only.split(",")
        streams = [(seed, s) for seed, s in streams if any(part in s.name for part in parts)]
    results = []
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "streams": f"seeds {options.seeds}, calm days {options.days}, days after the shift {options.days_after}, rows an hour "
                   f"{options.rows_per_hour}",
    }
    for seed, stream in streams:
        for name in options.detectors.split(","):
            started = time.monotonic()
            for detector, spans in DETECTORS[name](stream, options).items():
                results.append({"stream": stream.name, "seed": seed, "detector": detector, **judged(stream, spans)})
            print(f"{stream.name}, seed {seed}, {name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
        # After every stream: a long run that is ended has written what it knows.
        save(results, facts, options)
    print(markdown(results, facts))


if __name__ == "__main__":
    main()
