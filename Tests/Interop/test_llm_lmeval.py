# SPDX-License-Identifier: Apache-2.0
"""lm-evaluation-harness, unmodified, with its `local-completions` model against the binary, on a small offline task."""
import json

import llm
import pytest
import requests
from llm import smol  # noqa: F401 - a fixture

QUESTIONS = [
    ("The capital of France is", [" Paris", " purple", " seventeen"], 0),
    ("The opposite of hot is", [" banana", " cold", " Tuesday"], 1),
    ("Two plus two is equal to", [" mountain", " sleeping", " four"], 2),
    ("Water freezes and becomes", [" ice", " music", " copper"], 0),
    ("The sun rises in the", [" pocket", " east", " spoon"], 1),
    ("A dog is an", [" animal", " hour", " idea"], 0),
]

CHOICES = """task: small_choices
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: "{{choices}}"
doc_to_target: answer
target_delimiter: ""
metric_list: [{metric: acc}]
"""
ANSWERS = """task: small_answers
dataset_path: json
dataset_kwargs: {data_files: {test: FILE}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{choices[answer]}}"
target_delimiter: ""
generation_kwargs: {until: ["\\n", "."], max_gen_toks: 12, do_sample: false}
metric_list: [{metric: exact_match}]
"""


@pytest.fixture(scope="module")
def harness(tmp_path_factory):
    """The task manager with the two tasks; nothing is looked for outside this folder."""
    folder = tmp_path_factory.mktemp("tasks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(folder / "hf"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_DATASETS_OFFLINE", "1")
        pytest.importorskip("lm_eval")
        from lm_eval.tasks import TaskManager

        data = folder / "questions.jsonl"
        data.write_text("".join(json.dumps({"question": q, "choices": c, "answer": a}) + "\n" for q, c, a in QUESTIONS))
        for name, text in (("choices", CHOICES), ("answers", ANSWERS)):
            (folder / f"{name}.yaml").write_text(text.replace("FILE", str(data)))
        yield TaskManager(include_path=str(folder), include_defaults=False)


@pytest.fixture(scope="module")
def model(smol, harness):  # noqa: F811
    """The harness's model, which cuts texts into tokens through the server, as it does with vLLM."""
    from lm_eval.models.openai_completions import LocalCompletionsAPI
    from lm_eval.utils import RemoteTokenizer

    with pytest.MonkeyPatch.context() as patch:
        # Which tokens end and begin a text, what vLLM tells at /tokenizer_info.
        patch.setattr(RemoteTokenizer, "_validate_server", lambda self: None)
        patch.setattr(RemoteTokenizer, "tokenizer_info", {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>"})
        yield LocalCompletionsAPI(
            base_url=smol.url + "/v1/completions", model=llm.NAME, tokenizer_backend="remote", max_retries=1, max_length=2048)


def evaluate(model, harness, task):
    from lm_eval import simple_evaluate

    told = simple_evaluate(model=model, tasks=[task], task_manager=harness, bootstrap_iters=0, log_samples=True)
    return told["results"][task], sorted(told["samples"][task], key=lambda s: s["doc_id"])


def pieces(url, text):
    return requests.post(url + "/tokenize", json={"content": text, "add_special": False}, timeout=60).json()["tokens"]


def test_multiple_choice_is_scored_by_the_prompts_own_probabilities(model, harness):
    results, samples = evaluate(model, harness, "small_choices")
    assert len(samples) == len(QUESTIONS)
    for sample in samples:
        for (likelihood, is_greedy) in (response[0] for response in sample["resps"]):
            assert float(likelihood) < 0 and str(is_greedy) in ("True", "False")
    # A model of 135 million parameters knows that the capital of France is not purple.
    assert results["acc,none"] >= 4 / 6


def test_generation_stops_where_the_task_says(model, harness):
    _, samples = evaluate(model, harness, "small_answers")
    for sample in samples:
        text = sample["resps"][0][0]
        assert "\n" not in text and "." not in text


def test_the_echo_of_a_prompt_tells_each_tokens_probability(smol):  # noqa: F811
    text = "The capital of France is Paris"
    ids = pieces(smol.url, text)
    body = {"model": llm.NAME, "prompt": ids, "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": True}
    told = llm.post(smol, "/v1/completions", body).json()["choices"][0]["logprobs"]
    assert len(told["tokens"]) == len(told["token_logprobs"]) == len(told["top_logprobs"]) == len(told["text_offset"]) == len(ids) + 1
    assert "".join(told["tokens"][:-1]) == text
    assert told["token_logprobs"][0] is None and told["text_offset"][0] == 0
    for token, offset in zip(told["tokens"][:-1], told["text_offset"]):
        assert text[offset:].startswith(token)
    for chance, top in list(zip(told["token_logprobs"], told["top_logprobs"]))[1:]:
        assert chance <= 0 and chance <= max(top.values())


def test_likelihoods_of_a_prompt_equal_those_of_its_tokens_one_by_one(smol):  # noqa: F811
    ids = pieces(smol.url, "The capital of France is Paris")
    whole = llm.post(smol, "/v1/completions", {
        "model": llm.NAME, "prompt": ids, "max_tokens": 0, "logprobs": 0, "echo": True}).json()["choices"][0]["logprobs"]
    for position in range(1, len(ids)):
        step = llm.post(smol, "/v1/completions", {
            "model": llm.NAME, "prompt": ids[:position], "max_tokens": 1, "logprobs": 0, "temperature": 0,
            "logit_bias": {str(ids[position]): 100}}).json()["choices"][0]["logprobs"]
        # A bias changes what is chosen, not how likely it was. f16 KV and other batch shapes: a few thousandths.
        assert step["token_logprobs"][0] == pytest.approx(whole["token_logprobs"][position], abs=0.05)


def test_likelihoods_equal_those_of_llama_cpps_server(smol):  # noqa: F811
    text = "The capital of France is Paris"
    with llm.LlamaServer(llm.MODEL) as peer:
        ids = pieces(peer.url, text)
        assert ids == pieces(smol.url, text)
        told = llm.post(smol, "/v1/completions", {
            "model": llm.NAME, "prompt": ids, "max_tokens": 0, "logprobs": 0, "echo": True}).json()["choices"][0]["logprobs"]
        for position in range(1, len(ids)):
            answer = requests.post(peer.url + "/completion", timeout=60, json={
                "prompt": ids[:position], "n_predict": 1, "temperature": 0, "n_probs": 40_000, "cache_prompt": False}).json()
            chances = {t["id"]: t["logprob"] for t in answer["completion_probabilities"][0]["top_logprobs"]}
            # Both compute with f16 KV, but in batches of other shapes: a few thousandths at these depths.
            assert told["token_logprobs"][position] == pytest.approx(chances[ids[position]], abs=0.05)
