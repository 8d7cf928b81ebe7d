# SPDX-License-Identifier: Apache-2.0
"""Writes Tests/Fixtures/monitoring: what scipy, scikit-learn, evidently, nannyml and river say.

Needs numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1 and river 0.26.1. Numbers of evidently and nannyml are computed
by the formulas of their sources (evidently a4aa4c2, nannyml 4c86ee3), so that neither need be installed.

usage: golden.py FOLDER
"""
import json
import sys
from pathlib import Path

import models
import quality
import distances
import streams

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, made in (
    ("statistics", distances.make()),
    ("quality", quality.make()),
    ("models", models.make()),
    ("streams", streams.make()),
):
    (folder / f"{name}.json").write_text(json.dumps(made, separators=(",", ":")) + "\n")
