# SPDX-License-Identifier: Apache-2.0
"""Every example runs from model file to monitored answer, and says what it is there to say."""
import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import slipway

EXAMPLES = Path(__file__).parents[2] / "Examples"
# What each prints when all went well; numbers have room for other versions of the engines, none for a wrong model.
SAYS = {
    "finance": [r"last_year: (8[2-9]|9\d)\.\d% right, 600 labels joined", r"quality", r"psi", r"accuracy"],
    "medicine": [r"1(0\d|1\d) of 114 right, 114 labels joined", r"malignant|benign", r"accuracy"],
    "energy": [r"day 1 .*  [0-9] quarters cut off", r"day 7 .* [1-4]\d quarters cut off", r"reconstruction_error|psi"],
    "recommendation": [r"(8|9)\d\.\d% of what is offered is of the same grower; 178 sales told", r"bought"],
    "text": [r"1[0-2] of 12 as readers judged them, 12 labels joined"],
    "image": [r"before: 9\d\.\d% right, 300 labels joined", r"after: [1-7]\d\.\d% right", r"accuracy"],
    "audio": [r"A4   played  440\.0 Hz, heard  4(39|40|41)\.\d Hz", r"noise: sure of 0%", r"latency_p99_seconds"],
}


@pytest.fixture(scope="session")
def python():
    """An environment with Examples/requirements.txt, made once; pip holds every file to its sha256."""
    requirements = EXAMPLES / "requirements.txt"
    key = hashlib.sha256(sys.version.encode() + requirements.read_bytes()).hexdigest()[:12]
    folder = slipway.CACHE / f"examples-interop-{key}"
    ready = folder / ".ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
             "--require-hashes", "-r", requirements], check=True)
        ready.touch()
    return folder / "bin" / "python"


@pytest.mark.parametrize("name", sorted(SAYS))
def test_an_example_runs(name, python):
    environment = {
        **os.environ, "EXAMPLES_PYTHON": str(python), "SLIPWAY_BIN": slipway.binary(), "SLIPWAY_ENGINES": str(slipway.ENGINES)}
    environment.pop("SLIPWAY_HOME", None)
    done = subprocess.run(
        [EXAMPLES / name / "run"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=slipway.PATIENCE * 4)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    for wanted in SAYS[name]:
        assert re.search(wanted, done.stdout), f"'{wanted}' is not in what {name} said:\n{done.stdout[-6000:]}"


def test_every_example_is_run_and_told_of():
    folders = {p.parent.name for p in EXAMPLES.glob("*/run")}
    assert folders == set(SAYS)
    table = (EXAMPLES / "README.md").read_text()
    for name in folders:
        assert f"[{name}]({name})" in table and (EXAMPLES / name / "README.md").exists()
        assert os.access(EXAMPLES / name / "run", os.X_OK)


def test_every_requirement_is_pinned_by_version_and_sha256():
    lines = [line for line in (EXAMPLES / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert lines and all(re.fullmatch(r"[\w-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
