# SPDX-License-Identifier: Apache-2.0
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "Scripts" / "support"))

import slipway  # noqa: E402
import tinymodels  # noqa: E402


@pytest.fixture
def home(tmp_path):
    return slipway.Home(tmp_path / "home")


@pytest.fixture
def server(home):
    """A server of the test's own."""
    with slipway.Server(home) as running:
        yield running


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """One server for all tests that only ask: an identity model per datatype, and one with two outputs."""
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("shared") / "home")) as running:
        for datatype in tinymodels.DATATYPES:
            running.deploy(f"identity_{datatype.lower()}", tinymodels.identity(datatype))
        running.deploy("two", tinymodels.two_outputs())
        yield running
        assert running.is_alive(), f"the server died during the tests: {running.log()}"


@pytest.fixture(scope="session")
def magika_asset():
    folder = slipway.ASSETS / "magika-1.0.3"
    if not (folder / "model.onnx").exists():
        pytest.skip(f"{folder} is missing: Scripts/bootstrap brings it")
    return folder
