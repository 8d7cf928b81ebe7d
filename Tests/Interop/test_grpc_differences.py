# SPDX-License-Identifier: Apache-2.0
"""The list of intended differences from Triton and the page about them say the same."""
import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_intended_difference_is_explained_and_no_other():
    spec = importlib.util.spec_from_file_location("differences", ROOT / "Tests" / "Differential" / "differences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    listed = [d.id for d in module.INTENDED]
    page = (ROOT / "docs" / "operations" / "differences-from-triton.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    explained = [row[0] for row in rows if row[0] != "name"]
    assert sorted(explained) == sorted(listed) and len(set(listed)) == len(listed)
    assert all(d.reason for d in module.INTENDED)
