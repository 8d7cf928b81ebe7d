# SPDX-License-Identifier: Apache-2.0
"""magika's own command and the server agree on what kind of file each of several hundred files is.

The command is a program of its own, with its own runtime and its own reading of the model's configuration. The
server is given the same tokens; thresholds and the overwrite map are applied here as the configuration states them.
"""
import gzip
import io
import json
import random
import struct
import subprocess
import sys
import sysconfig
import tarfile
import wave
import zipfile
import zlib
from pathlib import Path

import magika_features
import pytest
import slipway

WANTED = 260
LARGEST = 4 << 20
# The command cuts scores off after three decimals; its runtime may add in another order than ours (1e-6).
TOLERANCE = 1.01e-3


def generated(folder):
    """Kinds that a small machine may not have."""
    random.seed(7)
    noise = random.randbytes(5000)
    lines = "".join(f"{i},{i * i},name{i}\n" for i in range(200))
    pixel = b"IHDR" + struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    chunk = lambda body: struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))  # noqa: E731
    rows = b"".join(b"\0" + random.randbytes(24) for _ in range(8))
    made = {
        "noise.bin": noise,
        "table.csv": ("a,b,c\n" + lines).encode(),
        "data.json": json.dumps([{"id": i, "tags": ["x", "y"]} for i in range(80)]).encode(),
        "page.html": b"<!DOCTYPE html><html><head><title>t</title></head><body>" + b"<p>hello</p>" * 60 + b"</body></html>",
        "doc.xml": b"<?xml version='1.0'?><root>" + b"<item id='1'>text</item>" * 60 + b"</root>",
        "note.gz": gzip.compress(lines.encode()),
        "image.png": b"\x89PNG\r\n\x1a\n" + chunk(pixel) + chunk(b"IDAT" + zlib.compress(rows)) + chunk(b"IEND"),
        "tool.py": b"import sys\n\n\ndef main():\n    for line in sys.stdin:\n        print(line.strip())\n\n\nmain()\n" * 4,
        "main.c": b"#include <stdio.h>\nint main(void) {\n    printf(\"hello\\n\");\n    return 0;\n}\n" * 4,
        "query.sql": b"SELECT a, b FROM t WHERE a > 1 ORDER BY b;\nINSERT INTO t VALUES (1, 2);\n" * 6,
        "run.sh": b"#!/bin/sh\nset -e\nfor f in *.txt; do\n  echo \"$f\"\ndone\n" * 4,
        "conf.ini": b"[section]\nkey = value\nother = 3\n" * 20,
        "short.txt": b"hi",
        "empty": b"",
        "blank.txt": b" \n" * 40,
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "box.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.txt", lines)
    with tarfile.open(folder / "box.tar", "w") as t:
        info = tarfile.TarInfo("a.txt")
        info.size = len(lines)
        t.addfile(info, io.BytesIO(lines.encode()))
    with wave.open(str(folder / "tone.wav"), "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(8000), w.writeframes(noise[:4000])
    return sorted(folder.iterdir())


def found():
    """Files of this machine: a spread over folders and suffixes, the same for the same machine."""
    roots = [Path(sysconfig.get_paths()["stdlib"]), Path("/usr/share"), Path("/usr/bin"), Path("/usr/lib"),
             Path(__file__).parents[2]]
    by_suffix = {}
    for root in roots:
        for path in sorted(root.glob("**/*"))[:20000:7]:
            if usable(path):
                by_suffix.setdefault(path.suffix or str(path.parent), []).append(path)
    # Rare kinds first, then round and round.
    queues = sorted(by_suffix.values(), key=len)
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.pop()


def usable(path):
    try:
        return path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST and path.open("rb").read(1) is not None
    except OSError:
        return False


def chosen(folder):
    files = generated(folder)
    for path in found():
        if len(files) >= WANTED:
            break
        files.append(path)
    return files


def said_by_magika(files):
    program = Path(sys.executable).parent / "magika"
    done = subprocess.run([program, "--json", *map(str, files)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answers = {}
    for entry in json.loads(done.stdout):
        value = entry["result"]["value"]
        answers[entry["path"]] = (value["dl"]["label"], value["output"]["label"], value["score"])
    return answers


class Judge:
    """From scores to magika's final label, as the model's configuration states it."""

    def __init__(self, folder):
        config = json.loads((folder / "config.min.json").read_text())
        self.thresholds, self.overwrite = config["thresholds"], config["overwrite_map"]
        self.medium = config["medium_confidence_threshold"]
        self.kinds = json.loads((folder / "content_types_kb.min.json").read_text())

    def final(self, label, score):
        output = self.overwrite.get(label, label)
        if score >= self.thresholds.get(label, self.medium):
            return output
        return "txt" if self.kinds[output]["is_text"] else "unknown"


@pytest.fixture(scope="module")
def answers(magika_asset, tmp_path_factory):
    """(path, what magika's command says, what the server says) for every file the model looks at."""
    folder = tmp_path_factory.mktemp("magika")
    (folder / "files").mkdir()
    files = chosen(folder / "files")
    theirs, model, judge = said_by_magika(files), magika_features.Magika(magika_asset), Judge(magika_asset)
    rows = []
    with slipway.Server(slipway.Home(folder / "home")) as server:
        server.deploy("magika", magika_asset / "model.onnx")
        for path in files:
            tokens = model.features(path.read_bytes())
            if tokens is None:
                continue
            answer = server.infer("magika", magika_features.request(tokens))
            assert answer.status_code == 200, answer.text
            label, score = model.label(magika_features.scores_of(answer.json()))
            rows.append((path, theirs[str(path)], (label, judge.final(label, score), score)))
    return rows


def test_enough_files_of_many_kinds_were_compared(answers):
    kinds = {theirs[0] for _, theirs, _ in answers}
    print(f"magika: {len(answers)} files of {len(kinds)} kinds")
    assert len(answers) >= 200
    assert len(kinds) >= 20


def test_scores_and_labels_are_the_same(answers):
    different = [
        f"{path}: magika {theirs}, server {ours}" for path, theirs, ours in answers
        if theirs[:2] != ours[:2] or abs(theirs[2] - ours[2]) > TOLERANCE
    ]
    assert not different, "\n".join(different)
