# SPDX-License-Identifier: Apache-2.0
"""What may be wrong with a home or a machine, and two processes on one home."""
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import threading

import pytest
import slipway
import tinymodels


def test_a_port_in_use_is_said_and_ends_the_server(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = home.start("serve", "--http", f"127.0.0.1:{port}", "--grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        out, err = process.communicate(timeout=slipway.PATIENCE)
    assert process.returncode == 1
    assert str(port) in out + err


def test_a_registry_that_is_no_database_is_said(home):
    home.path.mkdir(parents=True)
    (home.path / "registry.db").write_bytes(b"this is no database" * 1000)
    done = home.try_run("list")
    assert done.returncode == 1
    assert "registry.db" in done.stderr
    assert (home.path / "registry.db").read_bytes().startswith(b"this is no database"), "it must not be overwritten"


def test_a_locked_registry_is_waited_for_then_said(home, tmp_path):
    model = tmp_path / "m.onnx"
    model.write_bytes(tinymodels.identity())
    home.run("import", model, "--name", "m")
    lock = sqlite3.connect(home.path / "registry.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        reading = home.try_run("list")
        assert reading.returncode == 0, "in WAL mode readers go on"
        writing = home.try_run("alias", "m", "champion", "1")
        assert writing.returncode == 1 and writing.stderr.strip()
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    home.run("alias", "m", "champion", "1")


def test_a_missing_engine_names_the_remedy(tmp_path):
    home = slipway.Home(tmp_path / "home", {"SLIPWAY_ENGINES": str(tmp_path / "nothing-here")})
    assert "Scripts/bootstrap" in home.try_run("doctor").stdout + home.try_run("doctor").stderr
    model = tmp_path / "m.onnx"
    model.write_bytes(tinymodels.identity())
    with slipway.Server(home) as server:
        done = home.try_run("import", model, "--name", "m", "--deploy")
        answer = server.infer("m", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]})
        assert done.returncode == 1 or answer.status_code in (404, 501, 503)
        assert server.is_alive()


def engine_folder(tmp_path, content):
    folder = tmp_path / "engines" / "onnxruntime-1.31.1"
    folder.mkdir(parents=True)
    (folder / "libonnxruntime.so.1").write_bytes(content)
    return folder.parent


def of_another_machine():
    """The ELF header of a library for another processor, over the real one's bytes."""
    content = bytearray((slipway.ENGINES / "onnxruntime-1.31.1" / "libonnxruntime.so.1").read_bytes()[:65536])
    other = {0x3E: 0xB7, 0xB7: 0x3E}[content[18]]  # e_machine: x86-64 and AArch64
    content[18] = other
    return bytes(content)


@pytest.mark.parametrize("content", [of_another_machine, lambda: b"", lambda: b"not a library" * 100])
def test_an_engine_that_cannot_be_opened_is_said(tmp_path, content):
    home = slipway.Home(tmp_path / "home", {"SLIPWAY_ENGINES": str(engine_folder(tmp_path, content()))})
    done = home.try_run("doctor")
    assert done.returncode == 1
    assert "libonnxruntime" in done.stdout + done.stderr


def test_a_full_disk_during_import_leaves_nothing(tmp_path, magika_asset):
    """On a file system of two megabytes, in a mount namespace of its own, with a model of three."""
    small = tmp_path / "small"
    small.mkdir()
    commands = (
        'mount -t tmpfs -o size=2m none "$1" || exit 77\n'
        '"$2" import "$3" --name m --home "$1/home"; echo "import: $?"\n'
        '"$2" doctor --repair --home "$1/home" >/dev/null; "$2" list --output json --home "$1/home"\n'
        'find "$1/home" -path "*blobs*" -type f -size +64k\n'
    )
    wrapper = [] if os.geteuid() == 0 else ["-r"]
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare")
    done = subprocess.run(
        ["unshare", "-m", *wrapper, "sh", "-c", commands, "sh", small, slipway.binary(), magika_asset / "model.onnx"],
        capture_output=True, text=True, env={**os.environ, "SLIPWAY_ENGINES": str(slipway.ENGINES)}, timeout=120)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()[:100]}")
    lines = done.stdout.strip().splitlines()
    assert lines[0] == "import: 1", done.stdout + done.stderr
    assert json.loads("".join(lines[1:])) == []
    assert done.stderr.strip(), "the user must be told"


def test_two_servers_and_commands_share_one_home(home, tmp_path):
    with slipway.Server(home) as first, slipway.Server(home) as second:
        first.deploy("m", tinymodels.identity())
        second.wait_ready("m")
        home.run("undeploy", "m")
        for server in (first, second):
            slipway.until(lambda: not server.is_ready("m"), "both to see the change")  # noqa: B023


def test_parallel_imports_number_their_versions_without_gaps(home, tmp_path):
    count, printed = 8, []
    for n in range(count):
        (tmp_path / f"{n}.onnx").write_bytes(tinymodels.identity(shape=("n", n + 1)))

    def work(n):
        printed.append(home.run("import", tmp_path / f"{n}.onnx", "--name", "m").split()[0])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(printed) == sorted(f"m:{n + 1}" for n in range(count))


def test_a_damaged_blob_is_not_served(home, tmp_path):
    model = tmp_path / "m.onnx"
    model.write_bytes(tinymodels.identity())
    home.run("import", model, "--name", "m", "--deploy")
    blob = max((home.path / "blobs").rglob("*"), key=lambda p: p.stat().st_size if p.is_file() else -1)
    blob.chmod(0o644)
    damaged = bytearray(blob.read_bytes())
    damaged[-1] ^= 1
    blob.write_bytes(damaged)
    with slipway.Server(home) as server:
        def failure():
            replicas = slipway.Admin(server).call("GET", "/endpoints/m").json()["replicas"]
            return next((r for r in replicas if r["state"] == "failed"), None)
        assert "blob sha256:" in slipway.until(failure, "the endpoint to fail")["message"]
        assert not server.is_ready("m") and server.is_alive()
