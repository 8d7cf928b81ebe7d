# SPDX-License-Identifier: Apache-2.0
"""Tables of one run of `bench`: every row of every server, then ratios against the goals, those that are missed included."""
import statistics

# test, case, key of the row, unit
ROWS = (
    ("throughput", "1 users", "rate", "tokens/s"), ("throughput", "1 users", "decode_rate", "tokens/s after the first"),
    ("throughput", "1 users", "gap_p95", "ms"), ("throughput", "4 users", "rate", "tokens/s"),
    ("throughput", "4 users", "first_p95", "ms"), ("throughput", "4 users", "gap_p95", "ms"),
    ("throughput", "8 users", "rate", "tokens/s"), ("throughput", "8 users", "first_p95", "ms"),
    ("throughput", "8 users", "gap_p95", "ms"), ("prefill", "440 words", "rate", "tokens/s"),
    ("prefill", "1430 words", "rate", "tokens/s"), ("interference", "1,500-token intruder", "gap_before", "ms"),
    ("interference", "1,500-token intruder", "gap_max", "ms"), ("interference", "1,500-token intruder", "alone_first", "ms"),
    ("interference", "1,500-token intruder", "intruder_first", "ms"), ("prefix", "different", "total", "ms"),
    ("prefix", "same, cold", "total", "ms"), ("prefix", "same, cold", "first_max", "ms"),
    ("prefix", "same, cold", "cached", "tokens found"), ("prefix", "same, warm", "total", "ms"),
    ("disconnect", "while decoding", "free", "ms"), ("disconnect", "while decoding", "steps", "steps"),
    ("disconnect", "in a prefill", "free", "ms"), ("disconnect", "in a prefill", "steps", "steps"),
    ("disconnect", "in a prefill", "next_first", "ms"), ("speculation", "rewriting", "ratio", "on over off"),
    ("speculation", "chat", "ratio", "on over off"), ("grammar", "1 users", "unconstrained", "tokens/s"),
    ("grammar", "1 users", "constrained", "tokens/s"), ("grammar", "1 users", "ratio", "constrained over free"),
    ("grammar", "4 users", "ratio", "constrained over free"),
)
WORDS = {"rate": "rate", "decode_rate": "decoding", "gap_p95": "p95 gap between tokens", "first_p95": "p95 time to first token",
         "gap_before": "median gap of the reader before", "gap_max": "longest gap of the reader", "free": "until free again",
         "alone_first": "the prompt's first token, alone", "intruder_first": "the intruder's first token", "total": "all done",
         "first_max": "last first token", "cached": "prompt tokens not computed", "steps": "steps until free again",
         "next_first": "first token of the next", "ratio": "ratio", "constrained": "with a schema", "unconstrained": "without"}


def values(result, peer, test, case, key):
    return [row[key] for run in result["runs"] if run["peer"] == peer for row in run["tests"].get(test, {}).get("rows", [])
            if row["case"] == case and row.get(key) is not None]


def middle(result, peer, test, case, key):
    found = values(result, peer, test, case, key)
    return statistics.median(found) if found else None


def shown(value):
    if value is None:
        return "-"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


def bench(result, key):
    found = [b[key] for b in result["bench"] if key in b]
    return statistics.median(found) if found else None


def better(result, test, case, key, pick):
    """The better of llama-server's settings."""
    found = [v for peer in ("np4", "np8") if (v := middle(result, peer, test, case, key)) is not None]
    return pick(found) if found else None


def ratio(a, b):
    return a / b if a is not None and b else None


def goals(result):
    """(what, measured, sign, wanted)."""
    def own(*path):
        return middle(result, "slipway", *path)

    def many(users):
        case = f"{users} users"
        rate = better(result, "throughput", case, "rate", max)
        gap = better(result, "throughput", case, "gap_p95", min)
        return [(f"{users} users: rate over the better llama-server's", ratio(own("throughput", case, "rate"), rate), ">=", 1.1),
                (f"{users} users: p95 gap over the better llama-server's", ratio(own("throughput", case, "gap_p95"), gap), "<", 1)]

    intruder = "1,500-token intruder"
    return [
        ("one user: decoding over llama-bench's tg128", ratio(own("throughput", "1 users", "decode_rate"), bench(result, "tg128")), ">=", .95),
        ("prefill over llama-bench's pp512", ratio(own("prefill", "440 words", "rate"), bench(result, "pp512")), ">=", .97),
        *many(4), *many(8),
        ("interference: longest gap over llama-server's",
         ratio(own("interference", intruder, "gap_max"), better(result, "interference", intruder, "gap_max", min)), "<=", .05),
        ("interference: the intruder's first token over the same alone",
         ratio(own("interference", intruder, "intruder_first"), own("interference", intruder, "alone_first")), "<=", 1.25),
        ("interference: the intruder's first token over llama-server's", ratio(
            own("interference", intruder, "intruder_first"), better(result, "interference", intruder, "intruder_first", min)), "<=", 1.25),
        ("same prefix, cold: all done over llama-server's",
         ratio(own("prefix", "same, cold", "total"), better(result, "prefix", "same, cold", "total", min)), "<=", .4),
        ("steps until cells are free, while decoding", own("disconnect", "while decoding", "steps"), "<=", 1),
        ("steps until cells are free, in a prefill", own("disconnect", "in a prefill", "steps"), "<=", 1),
        ("drafts, rewriting: on over off", own("speculation", "rewriting", "ratio"), ">=", 1.3),
        ("drafts, chat: on over off", own("speculation", "chat", "ratio"), ">=", .98),
        ("schema over free, one user", own("grammar", "1 users", "ratio"), ">=", .85),
        ("schema over free, 4 users", own("grammar", "4 users", "ratio"), ">=", .85),
    ]


def goal_table(result):
    lines = ["| goal | measured | wanted | |", "|---|---|---|---|"]
    for what, measured, sign, wanted in goals(result):
        reached = measured is not None and {">=": measured >= wanted, "<=": measured <= wanted, "<": measured < wanted}[sign]
        word = "not measured" if measured is None else "reached" if reached else "**missed**"
        lines.append(f"| {what} | {shown(measured)} | {sign} {wanted} | {word} |")
    return lines


def row_table(result, peers):
    names = {run["peer"]: run["name"] for run in result["runs"]}
    against = [p for p in peers if p != "slipway"] if "slipway" in peers else []
    lines = ["| test | case | | unit | " + " | ".join([names[p] for p in peers] + [f"slipway / {names[p]}" for p in against]) + " |",
             "|" + "---|" * (4 + len(peers) + len(against))]
    for test, case, key, unit in ROWS:
        found = [middle(result, p, test, case, key) for p in peers]
        if all(v is None for v in found):
            continue
        ratios = [ratio(middle(result, "slipway", test, case, key), middle(result, p, test, case, key)) for p in against]
        spread = []
        for peer, value in zip(peers, found):
            all_of = values(result, peer, test, case, key)
            spread.append(shown(value) + (f" ({shown(min(all_of))}-{shown(max(all_of))})" if len(all_of) > 1 else ""))
        lines.append("| " + " | ".join([test, case, WORDS.get(key, key), unit, *spread, *map(shown, ratios)]) + " |")
    return lines


def noise(result):
    """How much of the machine was neither server nor generator, and what went wrong."""
    tests = [(run, name, test) for run in result["runs"] for name, test in run["tests"].items()]
    lines = []
    for key, words in (("other_cpu", "Other work's"), ("generator_cpu", "The generator's")):
        found = [t[key] for _, _, t in tests if t.get(key) is not None]
        if found:
            lines.append(f"- {words} share of the machine: median {statistics.median(found):.1%}, most {max(found):.1%}.")
    memory = {}
    for run in result["runs"]:
        if run["peak_mb"]:
            memory.setdefault(run["name"], []).append(run["peak_mb"])
    lines += [f"- Peak resident memory of {name}: {max(v):,.0f} MB." for name, v in memory.items()]
    for run, name, test in tests:
        if "failed" in test:
            lines.append(f"- **{run['name']}, {name}, repeat {run['repeat']} failed**: `{' '.join(test['failed'].split())[-200:]}`")
        wrong = [e for row in test.get("rows", []) for e in row["errors"]]
        if wrong:
            lines.append(f"- {run['name']}, {name}, repeat {run['repeat']}: {len(wrong)} answers not as asked, the first: "
                         f"`{' '.join(wrong[0].split())[:160]}`")
    return lines


def markdown(result):
    f = result["facts"]
    peers = list(dict.fromkeys(run["peer"] for run in result["runs"]))
    peers.sort(key=["slipway", "np4", "np8"].index)
    lines = ["## Language models beside llama-server", "",
             f"**Machine:** {f['cores']} cores of {f['cpu']}, {f['system']}, kernel {f['kernel']}, load {f['load']} at the start. "
             f"**Date:** {f['date']}. **Command:** `{f['command']}`. **Versions:** {f['slipway']}; llama.cpp {f['llama.cpp']}. "
             f"**Model:** {f['model']}, {f['threads']} threads, f16 KV, {f['cells']:,} cells, greedy.", ""]
    if result["bench"]:
        lines += [f"llama-bench: pp512 {shown(bench(result, 'pp512'))}, tg128 {shown(bench(result, 'tg128'))} tokens a second.", ""]
    if "slipway" in peers:
        lines += ["### Against the goals", "", *goal_table(result), ""]
    lines += ["### Every row", "", "Medians over the repeats, with the least and the most. Rates: more is better; times: less.", "",
              *row_table(result, peers), "", *noise(result)]
    return "\n".join(lines)
