# SPDX-License-Identifier: Apache-2.0
"""Language models under versions, load, bad input and callers who leave. Tiny models talk nonsense; that is enough here."""
import json
import socket
import struct
import threading
import time
from pathlib import Path

import llm
import pytest
import requests
import slipway
import tinygguf
from llm import smol, vocabulary  # noqa: F401 - fixtures

# Tokens of the tiny models' context: an answer that fills it takes seconds.
LONG = 4096
SMALL = """endpoints:
  m:
    routes: [{version: "m:1"}]
    language: {context: 512, cache_tokens: 1024, queued_tokens: 4000}
    limits: {requests: 64}
    lifecycle: {rollback_window: 0s}
"""


@pytest.fixture
def tiny(server, tmp_path, vocabulary):  # noqa: F811
    """A server with the tiny model m:1 in force, and m:2, another one, imported. Empty and idle at the end."""
    llm.deploy_tiny(server, "m", tmp_path, vocabulary, seed=1, context=LONG)
    llm.import_tiny(server, "m", tmp_path, vocabulary, seed=2, context=LONG)
    yield server
    assert server.is_alive(), server.log()
    llm.wait_idle(server)


def say(server, content="hello", headers=None, **more):
    """The answer to a chat and the fingerprint of the weights that gave it."""
    told = llm.chat(server, content, headers, model="m", **{"max_tokens": 4, "temperature": 0, **more})
    assert told.status_code == 200, told.text
    return told.json()


def fingerprint(server, content="hello", headers=None):
    return say(server, content, headers)["system_fingerprint"]


# Versions


def test_a_new_version_answers_and_a_rollback_brings_the_old_one_back(tiny):
    first = fingerprint(tiny)
    tiny.home.run("deploy", "m:2", "--wait")
    second = fingerprint(tiny)
    tiny.home.run("rollback", "m", "--wait")
    assert second != first and fingerprint(tiny) == first


def test_a_running_stream_survives_a_swap(tiny):
    stream = llm.stream(tiny, "hello", model="m", max_tokens=LONG - 500, ignore_eos=True)
    lines = stream.iter_lines()
    begun = json.loads(next(x for x in lines if x.startswith(b"data: "))[6:])["system_fingerprint"]
    tiny.home.run("deploy", "m:2", "--wait")
    told = [json.loads(x[6:]) for x in lines if x.startswith(b"data: {")]
    assert not any("error" in e for e in told)
    assert {e["system_fingerprint"] for e in told} == {begun}
    assert told[-1]["choices"][0]["finish_reason"] == "length"
    assert fingerprint(tiny) != begun


def test_no_request_fails_while_versions_change(tiny):
    done = threading.Event()

    def work(number):
        count = 0
        if number == 0:
            try:
                for turn in range(6):
                    tiny.home.run("deploy", f"m:{2 - turn % 2}", "--wait")
            finally:
                done.set()
            return count
        while not done.is_set():
            assert say(tiny, f"{number} {count}", max_tokens=20)["usage"]["completion_tokens"] >= 1
            count += 1
        return count

    assert sum(slipway.in_threads(5, work)) > 0


def test_a_conversation_stays_on_its_version(tiny):
    tiny.home.run("deploy", "m:2", "--canary", "50%", "--wait")
    met = set()
    for number in range(24):
        conversation = [{"role": "user", "content": f"conversation {number}"}]
        first = fingerprint(tiny, conversation)
        conversation += [{"role": "assistant", "content": "I see"}, {"role": "user", "content": "and then?"}]
        assert fingerprint(tiny, conversation) == first
        met.add(first)
    assert len(met) == 2  # by chance all 24 on one side: once in eight million
    for number in range(12):
        headers = {"x-conversation-id": f"c{number}"}
        assert len({fingerprint(tiny, f"text {number} {turn}", headers) for turn in range(3)}) == 1


def test_a_shadow_is_compared_by_its_tokens(tiny):
    tiny.apply('endpoints:\n  m:\n    routes: [{version: "m:1"}]\n    shadow: [{version: "m:2", rate: 100%}]\n')
    for number in range(4):
        say(tiny, f"text {number}")
    slipway.until(lambda: tiny.metric("slipway_shadow_answers_total", endpoint="m") >= 4, "the shadows to be counted")
    assert tiny.metric("slipway_shadow_answers_total", endpoint="m", outcome="failed") == 0


# Callers who leave


@pytest.mark.parametrize("wait", [0, 1, 8], ids=["at once", "at the first event", "while it reads"])
def test_a_caller_who_leaves_frees_what_it_held(smol, wait):  # noqa: F811
    stream = llm.stream(smol, llm.long_text(900, seed=wait), max_tokens=2000, ignore_eos=True, cache_prompt=False)
    lines = stream.iter_lines()
    for _ in range(wait):
        next(lines)
    stream.close()
    llm.wait_idle(smol)


def test_a_caller_who_leaves_in_a_prefill_stops_it(smol):  # noqa: F811
    before = {p: smol.metric("slipway_language_cancelled_total", phase=p) for p in ("queue", "prefill", "decode")}
    body = json.dumps({"model": llm.NAME, "messages": [{"role": "user", "content": llm.long_text(3000, seed=77)}],
                       "max_tokens": 5, "cache_prompt": False}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", smol.port), slipway.PATIENCE) as s:
        s.sendall(head + body)
        slipway.until(lambda: llm.sequences(smol, "running") == 1, "the prompt to be computed")
        tokens = smol.metric("slipway_language_output_tokens_total")
    llm.wait_idle(smol)
    slipway.until(
        lambda: smol.metric("slipway_language_cancelled_total", phase="prefill") == before["prefill"] + 1,
        "the request to be counted as cancelled in its prefill")
    assert smol.metric("slipway_language_output_tokens_total") == tokens


def test_callers_who_leave_the_queue_are_not_computed(tiny):
    tiny.apply(SMALL)
    streams = [llm.stream(tiny, f"{n} " + "word " * 100, model="m", max_tokens=300, ignore_eos=True) for n in range(12)]
    for stream in streams:
        stream.close()
    llm.wait_idle(tiny)


# A full cache, equal prefixes, limits


def test_a_full_cache_parks_and_everybody_is_answered(tiny):
    tiny.apply(SMALL)
    llm.wait_idle(tiny)

    def work(number):
        told = say(tiny, f"{number} " + "word " * 60, max_tokens=300, ignore_eos=True, priority=number % 8)
        return told["usage"]["completion_tokens"]

    assert slipway.in_threads(8, work) == [300] * 8
    assert llm.cells(tiny, "total") == 1024


def test_equal_prefixes_are_computed_once(smol):  # noqa: F811
    system = {"role": "system", "content": llm.long_text(600, seed=int(time.time()))}

    def work(number):
        told = llm.chat(smol, [system, {"role": "user", "content": f"question {number}"}], max_tokens=4).json()["usage"]
        return told["prompt_tokens"], told["prompt_tokens_details"]["cached_tokens"]

    told = slipway.in_threads(8, work)
    prompts, cached = sum(p for p, _ in told), sum(c for _, c in told)
    # Seven of eight may share all but their own question and the ends of chunks.
    assert cached > 0.75 * prompts, told
    assert smol.metric("slipway_language_cached_prompt_tokens_total") >= cached


def test_beyond_the_queue_callers_are_told_when_to_come_again(tiny):
    tiny.apply(SMALL.replace("context: 512, cache_tokens: 1024", f"cache_tokens: {4 * LONG}").replace("requests: 64", "requests: 3"))
    streams = [llm.stream(tiny, f"{n}", model="m", max_tokens=LONG - 500, ignore_eos=True) for n in range(3)]
    refused = llm.chat(tiny, "one too many", model="m", max_tokens=1)
    for stream in streams:
        stream.close()
    assert refused.status_code in (429, 503), refused.text
    assert int(refused.headers["retry-after"]) >= 0
    assert refused.json()["error"]["message"]
    llm.wait_idle(tiny)
    assert say(tiny)["choices"]


def test_a_deadline_ends_a_request(tiny):
    told = llm.chat(tiny, "hello", {"x-request-timeout": "1ms"}, model="m", max_tokens=LONG - 500, ignore_eos=True)
    assert told.status_code in (408, 504), told.text
    llm.wait_idle(tiny)


# Bad files


def changed(path, target, change):
    data = bytearray(path.read_bytes())
    change(data)
    target.write_bytes(bytes(data))
    return target


BAD_FILES = {
    "empty": lambda d: d.clear(),
    "only the magic": lambda d: d.__delitem__(slice(4, None)),
    "half of it": lambda d: d.__delitem__(slice(len(d) // 2, None)),
    "without its last bytes": lambda d: d.__delitem__(slice(len(d) - 33, None)),
    "an unknown version": lambda d: d.__setitem__(slice(4, 8), struct.pack("<I", 99)),
    "2^63 tensors": lambda d: d.__setitem__(slice(8, 16), struct.pack("<Q", 1 << 63)),
    "2^63 metadata": lambda d: d.__setitem__(slice(16, 24), struct.pack("<Q", 1 << 63)),
    "a key of 2^62 bytes": lambda d: d.__setitem__(slice(24, 32), struct.pack("<Q", 1 << 62)),
    "a value of no type": lambda d: d.__setitem__(slice(24 + 8 + 20, 24 + 8 + 24), struct.pack("<I", 200)),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_at_import(server, tmp_path, vocabulary, case):  # noqa: F811
    good = Path(tinygguf.tiny(str(tmp_path / "good.gguf"), vocabulary))
    bad = changed(good, tmp_path / "bad.gguf", BAD_FILES[case])
    done = server.home.try_run("import", bad, "--name", "bad")
    assert done.returncode not in (0, None) and done.returncode > 0, "it was taken, or the command crashed"
    assert done.stderr.strip() or done.stdout.strip()
    assert server.is_alive()


LIES = {
    "no layers": {"llama.block_count": 0}, "four billion layers": {"llama.block_count": 0xFFFFFFFF},
    "a wider embedding": {"llama.embedding_length": 1 << 30}, "no heads": {"llama.attention.head_count": 0},
    "a longer vocabulary": {"llama.vocab_size": 1 << 31}, "a token beyond the vocabulary": {"tokenizer.ggml.bos_token_id": 0x7FFFFFFF},
}


@pytest.mark.parametrize("case", LIES)
def test_a_lying_file_is_refused_and_its_neighbours_live(tiny, tmp_path, vocabulary, case):  # noqa: F811
    values = {**vocabulary}
    path = tinygguf.tiny(str(tmp_path / "source.gguf"), values)
    with open(path, "rb") as file:
        data = file.read()
    metadata = tinygguf.Metadata(data).values
    for key, value in LIES[case].items():
        at = data.index(tinygguf.text(key)) + 8 + len(key)
        assert metadata[key][:4] == struct.pack("<I", tinygguf.UINT32)
        data = data[:at + 4] + struct.pack("<I", value) + data[at + 8:]
    lying = tmp_path / "lying.gguf"
    lying.write_bytes(data)
    done = tiny.home.try_run("import", lying, "--name", "lies")
    assert done.returncode >= 0, "the command crashed"
    if done.returncode == 0:
        tiny.home.try_run("deploy", done.stdout.split()[0], "--wait")
    assert tiny.is_alive(), tiny.log()
    assert say(tiny)["choices"]


TEMPLATES = {
    "endless": "{% for a in range(100000000) %}{% for b in range(100000000) %}x{% endfor %}{% endfor %}",
    "recursive": "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "doubling": "{% set ns = namespace(s='x' * 1000) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
    "not closed": "{% for m in messages %}{{ m.content }",
    "deeply nested": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "reaching out": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_hostile_template_harms_nobody(tiny, tmp_path, vocabulary, case):  # noqa: F811
    path = tinygguf.tiny(str(tmp_path / "hostile.gguf"), vocabulary, chat_template=TEMPLATES[case])
    done = tiny.home.try_run("import", path, "--name", "hostile", "--deploy")
    assert done.returncode >= 0
    if done.returncode == 0:
        slipway.until(lambda: tiny.is_ready("hostile") or tiny.observed("hostile")["state"] == "failed", "it to settle")
        if tiny.is_ready("hostile"):
            told = llm.chat(tiny, "hello", model="hostile", max_tokens=1)
            assert told.status_code != 200 or case in ("not closed", "reaching out", "deeply nested")
    assert say(tiny)["choices"]
    tiny.home.try_run("undeploy", "hostile")


# Bad requests


def test_control_tokens_in_what_users_write_are_text(smol):  # noqa: F811
    def count(text):
        return llm.chat(smol, text, max_tokens=1).json()["usage"]["prompt_tokens"]

    # As a control token it would be one; as text it is several.
    assert count("a<|im_end|>b") - count("ab") >= 3


def test_prompts_of_nothing(smol):  # noqa: F811
    for body in ({"prompt": ""}, {"prompt": []}, {"prompt": [""]}):
        told = llm.post(smol, "/v1/completions", {"model": llm.NAME, "max_tokens": 2, **body})
        assert told.status_code in (200, 400), told.text
    assert llm.chat(smol, "", max_tokens=2).status_code == 200
    assert llm.chat(smol, []).status_code == 400


def test_a_hundred_thousand_messages_are_answered_in_time(smol):  # noqa: F811
    messages = [{"role": "user" if n % 2 == 0 else "assistant", "content": "x"} for n in range(99_999)]
    told = llm.chat(smol, messages, max_tokens=1)
    assert told.status_code == 400 and told.json()["error"]["code"] == "context_length_exceeded"
    assert llm.chat(smol, messages * 2, max_tokens=1).status_code in (400, 413)


@pytest.mark.parametrize("wrong", [
    {"max_tokens": 1 << 62}, {"temperature": 1e300}, {"top_k": 1 << 40}, {"n": 129}, {"seed": -(1 << 63)},
    {"frequency_penalty": 1e30}, {"repeat_penalty": 0}, {"min_p": -5}, {"stop": ["x"] * 10_000}, {"stop": [""]},
    {"logit_bias": {str(n): 1 for n in range(100_000)}}, {"dry_multiplier": -1e30}, {"mirostat": 9},
    {"priority": 1 << 40}, {"typical_p": 2e30}, {"xtc_probability": 7},
], ids=lambda w: next(iter(w)))
def test_absurd_parameters_are_refused_or_harmless(smol, wrong):  # noqa: F811
    told = llm.chat(smol, "hello", **{"max_tokens": 2, **wrong}) if "max_tokens" not in wrong else llm.chat(
        smol, "hello", stop=["."], ignore_eos=False, **wrong)
    assert told.status_code in (200, 400, 413), told.text
    assert told.json().get("choices") or told.json()["error"]["type"] == "invalid_request_error"


BAD_GRAMMARS = {
    "left recursion": "root ::= root \"a\" | \"a\"", "left recursion by turns": "root ::= a\na ::= b \"x\"\nb ::= a \"y\"",
    "no root": "other ::= \"x\"", "an unknown rule": "root ::= nobody", "not closed": "root ::= (\"a\"", "nothing": "   ",
    "a rule of a million": "root ::= \"a\"{1000000}", "deep": "root ::= " + "(" * 5000 + "\"a\"" + ")" * 5000,
    "nests of repeats": "root ::= ((((\"a\"{1,99}){1,99}){1,99}){1,99}){1,99}",
}


@pytest.mark.parametrize("case", BAD_GRAMMARS)
def test_a_grammar_that_cannot_be_used_is_a_bad_request(smol, case):  # noqa: F811
    told = llm.chat(smol, "hello", max_tokens=2, grammar=BAD_GRAMMARS[case])
    if case in ("nothing", "deep"):
        assert told.status_code in (200, 400)
    else:
        assert told.status_code == 400, told.text
        assert told.json()["error"]["type"] == "invalid_request_error"


BAD_SCHEMAS = {
    "an unknown type": {"type": "potato"}, "a reference to nowhere": {"$ref": "#/definitions/nobody"},
    "a reference outside": {"$ref": "https://example.com/schema.json"}, "a bad pattern": {"type": "string", "pattern": "^([$"},
    "deep": json.loads("{\"type\":\"array\",\"items\":" * 300 + "{}" + "}" * 300),
}


@pytest.mark.parametrize("case", BAD_SCHEMAS)
def test_a_schema_that_cannot_be_compiled_is_a_bad_request(smol, case):  # noqa: F811
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": BAD_SCHEMAS[case]}}
    told = llm.chat(smol, "hello", max_tokens=2, response_format=shape)
    assert told.status_code in ((200, 400) if case == "deep" else (400,)), told.text


def test_a_tools_result_without_a_call_is_a_bad_request(smol):  # noqa: F811
    messages = [{"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "call_9", "content": "42"}]
    told = llm.chat(smol, messages)
    assert told.status_code == 400 and "tool" in told.json()["error"]["message"]


def test_bytes_that_are_not_utf8_are_a_bad_request(smol):  # noqa: F811
    body = b'{"model":"smol","messages":[{"role":"user","content":"\xff\xfe"}]}'
    assert requests.post(smol.url + "/v1/chat/completions", data=body, timeout=60).status_code == 400


# What it tells


def test_v2s_generate_and_its_stream_give_the_same_text(smol):  # noqa: F811
    body = {"text_input": "The sea is", "parameters": {"max_tokens": 6, "temperature": 0}}
    whole = llm.post(smol, f"/v2/models/{llm.NAME}/generate", body)
    assert whole.status_code == 200, whole.text
    answer = requests.post(smol.url + f"/v2/models/{llm.NAME}/generate_stream", json=body, stream=True, timeout=60)
    told = [json.loads(x[6:]) for x in answer.iter_lines() if x.startswith(b"data: {")]
    assert "".join(e["text_output"] for e in told) == whole.json()["text_output"]


def test_metrics_count_what_was_asked(tiny):
    before = tiny.metric("slipway_language_requests_total", endpoint="m")
    usage = [say(tiny, f"text {n}", max_tokens=5, ignore_eos=True)["usage"] for n in range(3)]

    def counted():
        return tiny.metric("slipway_language_requests_total", endpoint="m", outcome="success", finish_reason="length")

    slipway.until(lambda: counted() - before >= 3, "the requests to be counted")
    for family, member in (("prompt_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
        assert tiny.metric(f"slipway_language_{family}_total", endpoint="m") == sum(u[member] for u in usage)
    for family in ("time_to_first_token_seconds", "queue_seconds", "prefill_seconds", "decode_seconds", "duration_seconds",
                   "request_prompt_tokens", "request_output_tokens"):
        assert tiny.metric(f"slipway_language_{family}_count", endpoint="m") == 3, family
    assert tiny.metric("slipway_language_step_seconds_count", endpoint="m") >= 5
    assert tiny.metric("slipway_language_inter_token_seconds_count", endpoint="m") == 12
    assert tiny.metric("slipway_inference_requests_total", endpoint="m", outcome="success") == 3


def test_the_models_facts_are_told(smol):  # noqa: F811
    told = smol.session.get(smol.url + f"/v2/models/{llm.NAME}").json()
    assert told["name"] == llm.NAME and told["versions"] == ["1"]
    assert smol.home.run_json("status", llm.NAME)["endpoints"][0]["name"] == llm.NAME
