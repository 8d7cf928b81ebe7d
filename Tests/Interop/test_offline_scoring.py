# SPDX-License-Identifier: Apache-2.0
"""Scoring data sets row by row: every format, against ONNX Runtime itself; kills, shards, memory."""
import csv
import json
import os
import signal

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.ipc
import pytest
import slipway
import tinymodels

ROWS = 3000
# The model adds and subtracts: numpy does the same in float32, to the last bit.
RNG = np.random.default_rng(7)
A, B = (RNG.standard_normal((ROWS, 4), dtype=np.float32) for _ in "ab")
IDS = [f"id,{n}" for n in range(ROWS)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("offline")
    home = slipway.Home(folder / "home")
    for name, content in {"two": tinymodels.two_outputs(), "add": tinymodels.add(1, 4)}.items():
        (folder / f"{name}.onnx").write_bytes(content)
        home.run("import", folder / f"{name}.onnx", "--name", name)
    home.session = onnxruntime.InferenceSession(tinymodels.two_outputs())
    return home


def write_npz(path):
    np.savez(path, a=A, b=B.astype(np.float64), id=np.array(IDS))


def write_compressed_npz(path):
    np.savez_compressed(path, a=A, b=B, id=np.array(IDS))


def write_columns_npz(path):
    np.savez(path, a=np.asfortranarray(A), b=B, id=np.array(IDS))


def write_json_lines(path):
    with open(path, "w") as f:
        for a, b, name in zip(A.tolist(), B.tolist(), IDS):
            f.write(json.dumps({"id": name, "b": b, "a": a, "more": {"x": [1]}}) + "\n")


def arrow_table():
    lists = lambda values: pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 4)  # noqa: E731
    return pa.table({"when": pa.array(range(ROWS), pa.timestamp("s")), "id": pa.array(IDS).dictionary_encode(),
                     "b": lists(B), "a": pa.array(A.tolist(), pa.list_(pa.float64()))})


def write_arrow_file(path):
    with pa.ipc.new_file(str(path), arrow_table().schema) as writer:
        writer.write_table(arrow_table(), max_chunksize=700)


def write_arrow_stream(path):
    with pa.ipc.new_stream(str(path), arrow_table().schema) as writer:
        writer.write_table(arrow_table())


def write_compressed_arrow(path):
    options = pa.ipc.IpcWriteOptions(compression=path.stem)
    with pa.ipc.new_file(str(path), arrow_table().schema, options=options) as writer:
        writer.write_table(arrow_table(), max_chunksize=700)


FORMATS = {
    "lz4.arrow": write_compressed_arrow, "zstd.arrow": write_compressed_arrow,
    "rows.npz": write_npz, "small.npz": write_compressed_npz, "columns.npz": write_columns_npz,
    "rows.jsonl": write_json_lines, "rows.arrow": write_arrow_file, "rows.arrows": write_arrow_stream,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_what_onnx_runtime_gives(home, tmp_path, name):
    FORMATS[name](tmp_path / name)
    out = tmp_path / "out.jsonl"
    home.run("predict", "two", "--data", tmp_path / name, "--out", out, "--keep", "id")
    answers = [json.loads(line) for line in open(out)]
    expected = dict(zip(("sum", "difference"), home.session.run(["sum", "difference"], {"a": A, "b": B})))
    assert [a["row"] for a in answers] == list(range(ROWS))
    assert [a["id"] for a in answers] == IDS
    for output, values in expected.items():
        assert np.array_equal(np.array([a[output] for a in answers], np.float32), values)


def write_csv(path, rows, heads=True):
    with open(path, "w", newline="") as f:
        writer = csv.writer(f)
        if heads:
            writer.writerow(["id", *"wxyz"])
        writer.writerows([n, *values] for n, values in enumerate(rows))


def test_csv_in_and_out(home, tmp_path):
    write_csv(tmp_path / "rows.csv", A.tolist())
    out = tmp_path / "out.csv"
    home.run("predict", "add", "--data", tmp_path / "rows.csv", "--out", out, "--keep", "id", "--batch", 100)
    with open(out, newline="") as f:
        rows = list(csv.DictReader(f))
    assert [int(r["id"]) for r in rows] == list(range(ROWS))
    assert np.array_equal(np.array([[r[f"y_{n}"] for n in range(4)] for r in rows], np.float32), A + 1)


def test_without_a_file_rows_are_shown_as_json_lines(home, tmp_path):
    (tmp_path / "rows.jsonl").write_text("[1,2,3,4]\n[5,6,7,8]\n")
    shown = home.run("predict", "add", "--data", tmp_path / "rows.jsonl")
    assert [json.loads(line) for line in shown.splitlines()] == [
        {"row": 0, "y": [2, 3, 4, 5]}, {"row": 1, "y": [6, 7, 8, 9]}]


def test_shards_share_a_data_set(home, tmp_path):
    write_csv(tmp_path / "rows.csv", A.tolist())
    seen = []
    for number in (1, 2, 3):
        out = tmp_path / f"{number}.jsonl"
        home.run("predict", "add", "--data", tmp_path / "rows.csv", "--out", out, "--keep", "id", "--shard", f"{number}/3")
        seen += [json.loads(line)["row"] for line in open(out)]
    assert sorted(seen) == list(range(ROWS))


def test_through_a_server(home, tmp_path):
    write_npz(tmp_path / "rows.npz")
    with slipway.Server(home) as server:
        server.deploy("two", tinymodels.two_outputs())
        for number, where in enumerate(([], ["--server", server.admin_url])):
            home.run("predict", "two", "--data", tmp_path / "rows.npz", "--out", tmp_path / f"{number}.csv",
                     "--keep", "id", *where)
    assert (tmp_path / "0.csv").read_bytes() == (tmp_path / "1.csv").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_command_goes_on_where_it_was(home, tmp_path, number):
    with open(tmp_path / "rows.csv", "w") as f:
        f.write("w,x,y,z\n")
        f.writelines(f"{n},1,2,3\n" for n in range(400_000))
    command = ["predict", "add", "--data", tmp_path / "rows.csv"]
    home.run(*command, "--out", tmp_path / "whole.csv")
    out, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    codes = []
    for least in (1, 3_000_000, 6_000_000):
        process = home.start(*command, "--out", out)
        slipway.until(
            lambda: process.poll() is not None or (part.exists() and part.stat().st_size > least), "some results")
        process.send_signal(number)
        _, told = process.communicate(timeout=slipway.PATIENCE)
        codes.append(process.returncode)
        if number != signal.SIGKILL and codes[-1] != 0:
            assert "again" in told
    assert codes[0] == (-9 if number == signal.SIGKILL else 128 + number)
    if not out.exists():
        home.run(*command, "--out", out)
    assert out.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not part.exists()


def test_memory_does_not_grow_with_the_data(home, tmp_path):
    def peak(rows):
        """KiB, of the command alone."""
        path = tmp_path / f"{rows}.csv"
        with open(path, "w") as f:
            f.write("w,x,y,z\n")
            block = "0.123456789012,1.123456789012,2.123456789012,3.123456789012\n" * 10_000
            for _ in range(rows // 10_000):
                f.write(block)
        process = home.start("predict", "add", "--data", path, "--out", tmp_path / f"{rows}.jsonl", "--shard", "1/20")
        _, status, usage = os.wait4(process.pid, 0)
        process.stdout.close()
        process.stderr.close()
        assert os.waitstatus_to_exitcode(status) == 0
        return usage.ru_maxrss, path.stat().st_size

    small, _ = peak(100_000)
    large, size = peak(3_400_000)
    assert size > 200_000_000
    # The data are 33 times as large; 32 MB are room for allocators and lanes that meet by chance.
    assert large < small + 32_000, (small, large)


def test_a_bad_row_stops_or_is_skipped(home, tmp_path):
    (tmp_path / "rows.csv").write_text("w,x,y,z\n1,2,3,4\n1,2,oops,4\n1,2,3\n5,6,7,8\n")
    command = ["predict", "add", "--data", tmp_path / "rows.csv", "--out", tmp_path / "out.csv"]
    done = home.try_run(*command)
    assert done.returncode == 1 and "line 3" in done.stderr
    home.run(*command, "--on-error", "skip")
    assert [r[0] for r in csv.reader(open(tmp_path / "out.csv"))] == ["row", "0", "3"]
    errors = [json.loads(line) for line in open(tmp_path / "out.csv.errors.jsonl")]
    assert [(e["row"], e["line"]) for e in errors] == [(1, 3), (2, 4)]


def test_other_work_is_not_mixed_in(home, tmp_path):
    (tmp_path / "rows.csv").write_text("1,2,3,4\n1,2,oops,4\n")
    command = ["predict", "add", "--data", tmp_path / "rows.csv", "--out", tmp_path / "out.csv"]
    assert home.try_run(*command, "--batch", 1).returncode == 1
    again = home.try_run(*command, "--batch", 2)
    assert again.returncode == 1 and "--batch 1" in again.stderr and "--restart" in again.stderr


@pytest.mark.parametrize("options", [
    ["--shard", "0/4"], ["--shard", "5/4"], ["--batch", "0"], ["--out", "x.parquet"], ["--on-error", "ignore"]])
def test_wrong_options_are_usage_errors(home, tmp_path, options):
    assert home.try_run("predict", "add", "--data", tmp_path / "rows.csv", *options).returncode == 2
