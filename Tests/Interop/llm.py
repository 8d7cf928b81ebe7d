# SPDX-License-Identifier: Apache-2.0
"""What the tests of language models share: a server with SmolLM2, llama.cpp's own server beside it, tiny models."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
import requests
import slipway
import tinygguf

MODEL = slipway.ASSETS / "smollm2-0.1.2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
PEERS = slipway.CACHE / "llama-peers" / "bin"
# The vocabularies with golden tokens and the templates that llama.cpp's source holds; the newest where there are several.
SOURCES = sorted((slipway.CACHE / "sources").glob("llama-*/vendor/llama.cpp/models"))
SHIPPED = Path(os.environ.get("SLIPWAY_LLAMA_MODELS") or (SOURCES or [slipway.CACHE / "sources" / "llama"])[-1])
NAME = "smol"


def need(path):
    if not Path(path).exists():
        pytest.skip(f"{path} is missing: Scripts/bootstrap --with tests brings it")
    return path


def server_with_smol(folder):
    running = slipway.Server(slipway.Home(folder / "home")).start()
    try:
        running.home.run("import", need(MODEL), "--name", NAME, "--deploy")
        running.wait_ready(NAME)
    except BaseException:
        running.stop()
        raise
    return running


@pytest.fixture(scope="module")
def smol(tmp_path_factory):
    """A server whose one endpoint is SmolLM2; at the end it is alive, idle, and no cell is held."""
    need(MODEL)
    running = server_with_smol(tmp_path_factory.mktemp("smol"))
    try:
        yield running
        assert running.is_alive(), f"the server died during the tests: {running.log()}"
        wait_idle(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def vocabulary():
    """SmolLM2's tokenizer and template, for tiny models."""
    return tinygguf.vocabulary(need(MODEL))


def deploy_tiny(server, name, folder, vocabulary, **facts):
    """Imports a tiny model as the next version of `name` and makes it the primary; returns `name:2`."""
    path = tinygguf.tiny(str(folder / f"{name}-{facts.get('seed', 1)}.gguf"), vocabulary, **facts)
    printed = server.home.run("import", path, "--name", name, "--deploy")
    server.wait_ready(name)
    return printed.split()[0]


def import_tiny(server, name, folder, vocabulary, **facts):
    path = tinygguf.tiny(str(folder / f"{name}-{facts.get('seed', 1)}.gguf"), vocabulary, **facts)
    return server.home.run("import", path, "--name", name).split()[0]


def post(server, path, body, headers=None, patience=slipway.PATIENCE):
    return requests.post(server.url + path, json=body, headers=headers, timeout=patience)


def chat(server, content, headers=None, model=NAME, **more):
    """A chat of one message, answered whole."""
    messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
    return post(server, "/v1/chat/completions", {"model": model, "messages": messages, **more}, headers)


def events(answer):
    """The JSON of each event of a stream, which must end as it should."""
    told = []
    for line in answer.iter_lines():
        if line == b"data: [DONE]":
            return told
        if line.startswith(b"data: "):
            told.append(json.loads(line[6:]))
    raise AssertionError(f"the stream ended without [DONE] after {told[-1:]}")


def stream(server, content, headers=None, model=NAME, **more):
    """An open stream: read `iter_lines`, or close it to go away."""
    messages = content if isinstance(content, list) else [{"role": "user", "content": content}]
    body = {"model": model, "messages": messages, "stream": True, **more}
    answer = requests.post(
        server.url + "/v1/chat/completions", json=body, headers=headers, stream=True, timeout=slipway.PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer


def text_of(told):
    return "".join(c["delta"].get("content") or "" for e in told for c in e["choices"])


def long_text(words, seed=0):
    """Words that no other seed begins with."""
    names = ("river", "stone", "window", "garden", "letter", "winter", "market", "engine", "silver", "copper", "harbour")
    return f"[{seed}] " + " ".join(names[(i * i + seed * (i + 1)) % len(names)] for i in range(words))


def cells(server, kind):
    return server.metric("slipway_language_kv_cells", kind=kind)


def sequences(server, state):
    return server.metric("slipway_language_sequences", state=state)


def wait_idle(server):
    """Until no sequence runs or waits, no cell is held and no request is in flight."""
    slipway.until(
        lambda: not any(sequences(server, s) for s in ("running", "waiting", "parked"))
        and cells(server, "used") == 0 and server.metric("slipway_language_queued_prompt_tokens") == 0
        and server.in_flight() == 0,
        "the server to be idle again")


class LlamaServer:
    """llama.cpp's own server, of the same source."""

    def __init__(self, model, *arguments):
        self.port = slipway.free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.arguments = [
            str(need(PEERS / "llama-server")), "-m", str(model), "--host", "127.0.0.1", "--port", str(self.port), "-np", "1",
            "-c", "2048", "-ctk", "f16", "-ctv", "f16", "-t", str(len(os.sched_getaffinity(0))), "--no-webui", *arguments]

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        slipway.until(self.is_up, "llama-server to come up")
        return self

    def is_up(self):
        assert self.process.poll() is None, "llama-server ended"
        try:
            return requests.get(self.url + "/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def __exit__(self, *_):
        slipway.end(self.process)
        self.log.close()
