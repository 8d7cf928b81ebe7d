# SPDX-License-Identifier: Apache-2.0
"""Tokens, rendered conversations and greedy answers against what llama.cpp and the templates' own language say."""
import datetime
import json

import jinja2
import jinja2.ext
import jinja2.sandbox
import llm
import pytest
import requests
import slipway
import tinygguf
from llm import smol, vocabulary  # noqa: F401 - fixtures

VOCABULARIES = ("bert-bge", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4", "gpt-2", "llama-bpe",
                "llama-spm", "mpt", "phi-3", "qwen2", "qwen35", "refact", "starcoder")
TEMPLATES = ("Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "Qwen-QwQ-32B", "meta-llama-Llama-3.1-8B-Instruct",
             "meta-llama-Llama-3.2-3B-Instruct", "meta-llama-Llama-3.3-70B-Instruct", "microsoft-Phi-3.5-mini-instruct",
             "google-gemma-2-2b-it", "mistralai-Mistral-Nemo-Instruct-2407", "NousResearch-Hermes-3-Llama-3.1-8B-tool_use",
             "HuggingFaceTB-SmolLM3-3B", "ibm-granite-granite-3.3-2B-Instruct", "ibm-granite-granite-4.0", "GLM-4.6",
             "Kimi-K2-Instruct", "MiMo-VL", "deepseek-ai-DeepSeek-V3.1", "openai-gpt-oss-120b", "LFM2-8B-A1B",
             "ByteDance-Seed-OSS")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A server that tests deploy tiny models to."""
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("golden") / "home")) as running:
        yield running
        assert running.is_alive(), running.log()


# Tokens


@pytest.mark.parametrize("name", VOCABULARIES)
def test_tokens_equal_the_golden_ones(bare, tmp_path, name):
    path = llm.need(llm.SHIPPED / f"ggml-vocab-{name}.gguf")
    endpoint = "vocab-" + name
    llm.deploy_tiny(bare, endpoint, tmp_path, tinygguf.vocabulary(path))
    pairs = tinygguf.golden(path)
    assert len(pairs) > 40
    for text, expected in pairs:
        body = {"model": endpoint, "content": text, "add_special": False, "parse_special": False}
        assert llm.post(bare, "/tokenize", body).json()["tokens"] == expected, repr(text)
    bare.home.run("undeploy", endpoint)


def test_tokens_become_their_text_again(smol):  # noqa: F811
    for text in ("plain", "größer ☂ 🦆 naïve", " leading and trailing ", "a\n\n\tb", "12345 67", "שלום عالم 世界"):
        ids = llm.post(smol, "/tokenize", {"content": text, "add_special": False}).json()["tokens"]
        assert llm.post(smol, "/detokenize", {"tokens": ids}).json()["content"] == text
        told = llm.post(smol, "/tokenize", {"content": text, "add_special": False, "with_pieces": True}).json()["tokens"]
        joined = b"".join(p["piece"].encode() if isinstance(p["piece"], str) else bytes(p["piece"]) for p in told)
        assert [p["id"] for p in told] == ids and joined.decode() == text


def test_text_of_control_tokens_is_text_unless_asked(smol):  # noqa: F811
    text = "<|im_start|>system"
    plain = llm.post(smol, "/tokenize", {"content": text, "add_special": False, "parse_special": False}).json()["tokens"]
    special = llm.post(smol, "/tokenize", {"content": text, "add_special": False, "parse_special": True}).json()["tokens"]
    assert special[0] == 1 and 1 not in plain and len(plain) > len(special)


# Conversations


def reference(template, values, **given):
    """What transformers renders: Jinja in a sandbox, immutable, with its options, filters and functions."""

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.datetime.now().strftime(form)
    pieces = tinygguf.strings(values, "tokenizer.ggml.tokens")

    def special(kind):
        return pieces[tinygguf.number(values, f"tokenizer.ggml.{kind}_token_id")].decode()

    return environment.from_string(template).render(bos_token=special("bos"), eos_token=special("eos"), **given)


CONVERSATIONS = {
    "one question": [{"role": "user", "content": "What is <b>7 × 6</b>?"}],
    "with a system": [{"role": "system", "content": "You answer in one line."}, {"role": "user", "content": "Hi\nthere"}],
    "several turns": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good \"day\""},
                      {"role": "user", "content": "And 'now'?"}],
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_conversations_are_rendered_as_transformers_renders_them(bare, tmp_path, vocabulary, name):  # noqa: F811
    template = llm.need(llm.SHIPPED / "templates" / f"{name}.jinja").read_text()
    endpoint = "template-" + "".join(c if c.isalnum() else "-" for c in name.lower())
    llm.deploy_tiny(bare, endpoint, tmp_path, vocabulary, chat_template=template)
    rendered = 0
    for case, messages in CONVERSATIONS.items():
        # llama.cpp tells templates the day and that thoughts are welcome; transformers leaves both to the caller.
        given = {"messages": messages, "add_generation_prompt": True,
                 "date_string": datetime.datetime.now().strftime("%d %b %Y")}
        try:
            plain = reference(template, vocabulary, **given)
            thinking = reference(template, vocabulary, **given, enable_thinking=True, thinking=True)
        except jinja2.exceptions.TemplateError:
            continue  # the template refuses such a conversation
        answer = llm.post(bare, "/apply-template", {"model": endpoint, "messages": messages})
        assert answer.status_code == 200, (case, answer.text)
        # Where the tokenizer adds the beginning itself, llama.cpp leaves it out of the text.
        begin = tinygguf.strings(vocabulary, "tokenizer.ggml.tokens")[1].decode()
        expected = {p for text in (plain, thinking) for p in (text, text.removeprefix(begin))}
        assert answer.json()["prompt"] in expected, case
        rendered += 1
    assert rendered > 0
    bare.home.run("undeploy", endpoint)


def test_values_for_the_template_reach_it(bare, tmp_path, vocabulary):  # noqa: F811
    template = "{% if enable_thinking is defined and not enable_thinking %}quick: {% endif %}{{ messages[0].content }}|{{ colour }}"
    llm.deploy_tiny(bare, "values", tmp_path, vocabulary, chat_template=template)
    body = {"model": "values", "messages": [{"role": "user", "content": "x"}],
            "chat_template_kwargs": {"enable_thinking": False, "colour": "red"}}
    assert llm.post(bare, "/apply-template", body).json()["prompt"] == "quick: x|red"


# Answers

PROMPTS = ("The capital of France is", "Once upon a time there was a small harbour", "def fibonacci(n):\n", "1, 2, 3, 4, 5,",
           llm.long_text(300, seed=4))


@pytest.fixture(scope="module")
def peers_answers():
    """What llama.cpp's server answers greedily: 24 tokens for each prompt, alone."""
    with llm.LlamaServer(llm.need(llm.MODEL)) as peer:
        return [requests.post(peer.url + "/completion", timeout=120, json={
            "prompt": p, "n_predict": 24, "temperature": 0, "cache_prompt": False}).json()["content"] for p in PROMPTS]


def complete(server, prompt, **more):
    body = {"model": llm.NAME, "prompt": prompt, "max_tokens": 24, "temperature": 0, **more}
    return llm.post(server, "/v1/completions", body).json()["choices"][0]["text"]


def common(first, second):
    return next((i for i, (a, b) in enumerate(zip(first, second)) if a != b), min(len(first), len(second)))


def test_greedy_answers_equal_llama_cpps(smol, peers_answers):  # noqa: F811
    for prompt, expected in zip(PROMPTS, peers_answers):
        assert complete(smol, prompt, cache_prompt=False) == expected


def test_speculation_does_not_change_an_answer(smol, peers_answers):  # noqa: F811
    same = [complete(smol, p, speculation=True) == e for p, e in zip(PROMPTS, peers_answers)]
    # Drafts make other batch shapes: a near tie between two tokens may fall the other way, not more than once in five.
    assert sum(same) >= len(PROMPTS) - 1


def test_greedy_answers_under_load_differ_at_near_ties_only(smol, peers_answers):  # noqa: F811
    answers = slipway.in_threads(len(PROMPTS) * 2, lambda n: complete(smol, PROMPTS[n % len(PROMPTS)]))
    same = sum(a == peers_answers[n % len(PROMPTS)] for n, a in enumerate(answers))
    # llama.cpp's kernels are not invariant to the batch: answers may part from some token on, but all begin the same.
    assert same >= len(answers) // 2
    for number, answer in enumerate(answers):
        expected = peers_answers[number % len(PROMPTS)]
        assert answer == expected or common(answer, expected) >= 1
