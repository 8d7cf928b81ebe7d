# SPDX-License-Identifier: Apache-2.0
"""What the binary says of itself: help on standard output, usage errors on standard error with exit code 2."""
import re
import subprocess

import pytest
import slipway

COMMANDS = [
    "serve", "status", "import", "list", "show", "history", "alias", "delete", "gc", "deploy", "promote",
    "rollback", "undeploy", "apply", "predict", "chat", "bench", "token", "backup", "doctor", "monitor", "feedback",
    "capture", "render", "convert", "export", "scan", "verify",
]
# Commands whose own commands take the options.
GROUPS = ["token", "monitor", "capture", "render"]
GLOBAL_OPTIONS = ["--home", "--server", "--token", "--output"]


def run(*arguments):
    return subprocess.run([slipway.binary(), *arguments], capture_output=True, text=True, timeout=60)


def test_help_lists_every_command_once():
    told = run("--help")
    assert told.returncode == 0 and told.stderr == ""
    assert sorted(re.findall(r"^  ([a-z]+)  +\S", told.stdout, re.MULTILINE)) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command):
    told = run(command, "--help")
    assert told.returncode == 0 and told.stderr == ""
    assert told.stdout.startswith("OVERVIEW: ") and "USAGE: slipway " + command in told.stdout
    if command not in GROUPS:
        assert all(option in told.stdout for option in GLOBAL_OPTIONS)


def test_the_version_is_told():
    told = run("--version")
    assert told.returncode == 0 and re.fullmatch(r"\d+\.\d+\.\d+\n", told.stdout)


@pytest.mark.parametrize("arguments", [
    ["nonsense"], ["deploy"], ["apply"], ["promote"], ["import"], ["import", "a", "--expected", "b"], ["convert"], ["alias", "m", "a"], ["predict", "m"], ["list", "--output", "xml"],
    ["bench", "m", "--rate", "1", "--concurrency", "1"], ["serve", "--unknown"],
])
def test_wrong_arguments_are_usage_errors(arguments):
    told = run(*arguments)
    assert told.returncode == 2 and told.stdout == ""
    assert "Error: " in told.stderr


def test_values_that_cannot_be_are_named(tmp_path):
    told = run("serve", "--http", "nowhere", "--home", str(tmp_path))
    assert told.returncode == 1 and "'nowhere'" in told.stderr and "http" in told.stderr


def test_unknown_keys_of_the_settings_file_are_named_with_their_line(tmp_path):
    settings = tmp_path / "slipway.yaml"
    settings.write_text("# settings\nhttp: 127.0.0.1:0\nmax-bodi: 1\n")
    told = run("serve", "--config", str(settings), "--home", str(tmp_path / "home"))
    assert told.returncode == 1 and "slipway.yaml:3" in told.stderr and "'max-body'" in told.stderr
