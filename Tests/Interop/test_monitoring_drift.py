# SPDX-License-Identifier: Apache-2.0
"""Reference profiles and drift: what stands out is the feature that moved, and the commands show it."""
import json
import subprocess

import monitoring
import numpy as np
import pytest
import slipway


@pytest.fixture
def profiled(server, tmp_path):
    """A server whose `risk` has a profile of 4,000 good rows, named by their columns."""
    server.deploy("risk", monitoring.classifier())
    data = monitoring.write_csv(tmp_path / "reference.csv", monitoring.rows(4000, seed=5))
    told = server.home.run_json("monitor", "profile", "risk", "--data", data, "--labels", "label")
    assert told["version"] == {"model": "risk", "number": 1} and told["rows"] == 4000
    return server


def psi(server):
    return {r["subject"]: r for r in monitoring.readings(server, "risk", "psi")}


def counted(server, rows):
    return slipway.until(
        lambda: (p := psi(server)) and all(r["samples"] >= rows for r in p.values()) and p, f"{rows} rows counted")


def test_a_profile_tells_what_the_data_looked_like(profiled):
    told = profiled.home.run_json("monitor", "profile", "risk:1")
    columns = {c["name"]: c for c in told["features"]}
    assert set(columns) == set(monitoring.FEATURES)
    data = monitoring.rows(4000, seed=5)
    for index, name in enumerate(monitoring.FEATURES):
        assert columns[name]["mean"] == pytest.approx(float(data[:, index].mean()), rel=1e-4)
        # The sample's quartiles, to within one of 256 steps of the quantiles kept.
        assert columns[name]["quantiles"][2] == pytest.approx(float(np.median(data[:, index])), abs=0.02 * 15)
        assert columns[name]["missing"] == 0 and columns[name]["kind"] == "numeric"
    assert told["performance"]["accuracy"] >= 0.99
    assert "age" in profiled.home.run("monitor", "profile", "risk")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "npz", "arrow"])
def test_profiles_are_made_of_every_kind_of_file(server, tmp_path, ending):
    import pyarrow as pa

    server.deploy("risk", monitoring.classifier())
    data = monitoring.rows(300)
    path = tmp_path / f"reference.{ending}"
    if ending == "csv":
        monitoring.write_csv(path, data, labels=False)
    elif ending == "jsonl":
        path.write_text("".join(json.dumps({"x": row.tolist()}) + "\n" for row in data))
    elif ending == "npz":
        np.savez(path, x=data)
    else:
        table = pa.table({name: data[:, i] for i, name in enumerate(monitoring.FEATURES)})
        with pa.ipc.new_file(str(path), table.schema) as writer:
            writer.write_table(table)
    assert server.home.run_json("monitor", "profile", "risk", "--data", path)["rows"] == 300


def test_data_that_has_not_moved_is_quiet_and_data_that_has_stands_out(profiled):
    monitoring.ask(profiled, "risk", monitoring.rows(600, seed=11))
    quiet = counted(profiled, 600)
    # 600 rows on ten groups: the expectation without drift is 9 (1/600 + 1/4000) = 0.017, its 99.9 % point 0.053.
    assert all(r["value"] < 0.06 for r in quiet.values()), quiet
    monitoring.ask(profiled, "risk", monitoring.rows(600, seed=12, shift=1.5))
    moved = counted(profiled, 1200)
    age = next(r for name, r in moved.items() if "age" in name)
    others = [r for name, r in moved.items() if name in ("income", "debt")]
    assert age["value"] > 0.2 and all(r["value"] < 0.06 for r in others)
    assert age["pValue"] < 1e-6 and "age" in age["explanation"] and age["method"]
    shown = profiled.home.run("monitor", "show", "risk")
    assert "psi" in shown and "age" in shown and "\x1b" not in shown

    def told():
        as_json = profiled.home.run_json("monitor", "show", "risk")
        # The history grows every few seconds.
        return as_json if any(r.get("history") for r in as_json["readings"]) else None

    as_json = slipway.until(told, "readings to have a history")
    assert as_json["isLive"] and as_json["versions"][0]["profileRows"] == 4000


def test_windows_resume_after_a_restart(profiled):
    monitoring.ask(profiled, "risk", monitoring.rows(300, seed=11))
    counted(profiled, 300)
    profiled.stop()
    stored = profiled.home.run_json("monitor", "show", "risk")
    assert not stored["isLive"]
    assert max(r["samples"] for r in stored["readings"] if r["signal"] == "psi") == 300
    profiled.start()
    profiled.wait_ready("risk")
    monitoring.ask(profiled, "risk", monitoring.rows(100, seed=12))
    assert max(r["samples"] for r in counted(profiled, 400).values()) == 400


def test_data_without_rows_or_columns_make_no_profile(server, tmp_path):
    server.deploy("risk", monitoring.classifier())
    for name, text in [("a.csv", ""), ("b.csv", "age,income,debt\n"), ("c.csv", "age\n1\n"), ("d.txt", "x"),
                       ("e.csv", "age,income,debt\na,b,c\n"), ("f.npz", "no zip")]:
        path = tmp_path / name
        path.write_text(text)
        done = server.home.try_run("monitor", "profile", "risk", "--data", path)
        assert done.returncode == 1 and done.stderr.startswith("error: "), name
    done = server.home.try_run("monitor", "profile", "risk")
    assert done.returncode == 1 and "--data" in done.stderr


def test_the_signals_are_listed():
    told = subprocess.run(
        [slipway.binary(), "monitor", "signals", "--output", "json"], capture_output=True, text=True, timeout=60)
    signals = {s["signal"] for s in json.loads(told.stdout)}
    assert {"psi", "ks", "accuracy", "error_rate", "burn_rate", "nan_rate"} <= signals
