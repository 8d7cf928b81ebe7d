#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Markdown tables from run.py results.
  table.py results.json [more.json ...] --ref mlserver [--metric rps,p50_ms,p99_ms,cpu_ms_per_req]
Cells: median over repeats, then the ratio to the --ref column (same row). 'limit' = ONNX Runtime's C API in a loop, no server:
best of 1 thread x 1, 2 threads x 1 and 1 thread x 2 clients. A star: other work took > 12% of the machine in the median repeat."""
import argparse, json, statistics as st
a = argparse.ArgumentParser()
a.add_argument("files", nargs="*"); a.add_argument("--ref", default="mlserver"); a.add_argument("--metric", default="rps,p50_ms,p99_ms,cpu_ms_per_req")
o = a.parse_args()
rows, quirks, machine = [], set(), None
for f in o.files:
    d = json.load(open(f)); rows += d["rows"]; machine = machine or d["machine"]; quirks |= set(map(tuple, d.get("shape_differences", [])))
num = lambda x: "-" if x is None else (f"{x:,.0f}" if abs(x) >= 100 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}" if abs(x) >= .1 else f"{x:.4f}")
med = lambda v: st.median(v) if v else None
uniq = lambda v: list(dict.fromkeys(v))
ok = [r for r in rows if "failed" not in r and r["mode"] in ("closed", "open")]
peers = uniq(r["peer"] for r in ok if not r["peer"].startswith("ort-"))
models = uniq(r["model"] for r in ok)


def get(peer, model, proto, mode, conc, m):
    v = [r for r in ok if (r["peer"], r["model"], r["proto"], r["mode"], r["conc"]) == (peer, model, proto, mode, conc)]
    return med([r[m] for r in v if r.get(m) is not None]), (med([r.get("other_cpu") or 0 for r in v]) or 0), v


def limit(model, m):
    f = max if m == "rps" else min
    v = [x for x in (med([r[m] for r in ok if r["peer"] == p and r["model"] == model and r.get(m) is not None]) for p in uniq(r["peer"] for r in ok if r["peer"].startswith("ort-c"))) if x is not None]
    return f(v) if v else None


def table(head, body): print("| " + " | ".join(head) + " |\n|" + "---|" * len(head)); [print("| " + " | ".join(r) + " |") for r in body]; print()


def section(title, mode, m):
    body = []
    for model in models:
        for proto in ("json", "bin", "grpc"):
            for conc in sorted({r["conc"] for r in ok if r["mode"] == mode and r["model"] == model and r["proto"] == proto}):
                ref = get(o.ref, model, proto, mode, conc, m)[0]
                cells = []
                for p in peers:
                    v, noise, all_ = get(p, model, proto, mode, conc, m)
                    bad = sum((r.get("non2xx") or 0) + (r.get("errors") or 0) for r in all_)
                    cells.append(num(v) + (f" ({v / ref:.2f}x)" if v and ref and p != o.ref else "") + ("*" if noise > .12 else "") + (f" bad:{bad}" if bad else ""))
                body.append([f"{model} {proto} " + ("open" if mode == "open" else f"c{conc}"), num(limit(model, m)) if mode == "closed" else "-"] + cells)
    if body: print(f"### {title}"); table(["model proto load", "limit"] + [p + (" (ref)" if p == o.ref else "") for p in peers], body)


if rows:
    print(f"Machine: {machine['cpu']}, {machine['ncpu']} cores, {machine['when']}; repeats {max(r['rep'] for r in rows)}; ratios against **{o.ref}**\n")
    T = {"rps": "Requests per second, closed loop (more is better)", "p50_ms": "p50 ms, closed loop", "p95_ms": "p95 ms, closed loop", "p99_ms": "p99 ms, closed loop", "cpu_ms_per_req": "Server CPU ms per request, closed loop"}
    for m in o.metric.split(","): section(T.get(m, m), "closed", m)
    for m in ("p50_ms", "p99_ms"): section(f"{m} open loop, Poisson, same rate for every peer", "open", m)
    body = []
    for p in peers:
        f = lambda model, k: med([r[k] for r in ok if r["peer"] == p and r["model"] == model and r.get(k) is not None])
        body.append([p] + [f"{num(f(m, 'ready_s'))} / {num(f(m, 'rss_mb'))} / {num(f(m, 'pss_mb'))}" for m in models])
    print("### Start to ready s / peak RSS MB (sum over processes) / PSS MB after load"); table(["peer"] + models, body)
    g = lambda pred: [r["gen_cpu_share"] for r in ok if r.get("gen_cpu_share") is not None and pred(r)]
    sl = [r["gen_slip_ms"] for r in ok if "gen_slip_ms" in r]
    print(f"Generators' share of the machine, median / max: wrk {num(med(g(lambda r: r['mode']=='closed' and r['proto']!='grpc')))} / {num(max(g(lambda r: r['mode']=='closed' and r['proto']!='grpc'), default=None))}, h2load {num(med(g(lambda r: r['proto']=='grpc')))} / {num(max(g(lambda r: r['proto']=='grpc'), default=None))}, poisson {num(med(g(lambda r: r['mode']=='open')))} / {num(max(g(lambda r: r['mode']=='open'), default=None))}; largest slip of an intended send {num(max(sl, default=None))} ms.\n")
    oth = [r.get("other_cpu") or 0 for r in ok]
    print(f"Noise: other work's share of the machine: median {num(med(oth))}, p95 {num(sorted(oth)[int(len(oth)*.95)])}, cells above 12%: {sum(x>.12 for x in oth)}/{len(oth)}.")
    sp = []
    for k in {(r["peer"], r["model"], r["proto"], r["mode"], r["conc"]) for r in ok}:
        v = [r["rps"] for r in ok if (r["peer"], r["model"], r["proto"], r["mode"], r["conc"]) == k]
        if len(v) > 1 and st.median(v): sp.append((max(v) - min(v)) / st.median(v))
    if sp: print(f"Spread of rps over repeats, (max-min)/median: median {num(med(sp))}, p90 {num(sorted(sp)[int(len(sp)*.9)])}.\n")
    for p in uniq((r["peer"], r["model"], r["proto"], r["failed"][-200:].replace("\n", " ")) for r in rows if "failed" in r): print("- failed:", *p)
    for x in sorted(quirks): print("- shape:", *x)
    print()
