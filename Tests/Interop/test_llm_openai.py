# SPDX-License-Identifier: Apache-2.0
"""OpenAI's own Python client, unmodified, against the binary."""
import asyncio
import base64
import json
import math
import struct

import llm
import openai
import pydantic
import pytest
from llm import smol, vocabulary  # noqa: F401 - fixtures

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}}, "required": ["city"],
                   "additionalProperties": False}}}
CLOCK = {"type": "function", "function": {
    "name": "get_time", "parameters": {"type": "object", "properties": {"zone": {"type": "string", "maxLength": 10}},
                                       "required": ["zone"], "additionalProperties": False}}}
HELLO = [{"role": "user", "content": "Say hello in one short sentence."}]


@pytest.fixture
def client(smol):  # noqa: F811
    with openai.OpenAI(base_url=smol.url + "/v1", api_key="none", max_retries=0, timeout=60) as made:
        yield made


def ask(client, messages=None, **more):  # noqa: ANN001
    more = {"model": llm.NAME, "messages": messages or HELLO, "temperature": 0, "max_tokens": 16, **more}
    return client.chat.completions.create(**more)


def test_an_answer_has_everything_the_client_reads(client):
    answer = ask(client)
    assert answer.id.startswith("chatcmpl-") and answer.object == "chat.completion" and answer.model == llm.NAME
    assert answer.created > 1_700_000_000 and answer.system_fingerprint.startswith("slipway-")
    choice = answer.choices[0]
    assert (choice.index, choice.message.role) == (0, "assistant")
    assert choice.message.content and choice.finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.prompt_tokens > 5 and 1 <= usage.completion_tokens <= 16
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 0 <= usage.prompt_tokens_details.cached_tokens < usage.prompt_tokens


def test_the_asynchronous_client_asks_many_at_once(smol):  # noqa: F811
    async def run():
        async with openai.AsyncOpenAI(base_url=smol.url + "/v1", api_key="none", max_retries=0) as client:
            calls = [client.chat.completions.create(
                model=llm.NAME, messages=[{"role": "user", "content": f"Count to {n}."}], max_tokens=8) for n in range(6)]
            return await asyncio.gather(*calls)

    answers = asyncio.run(run())
    assert len({a.id for a in answers}) == 6
    assert all(a.usage.completion_tokens <= 8 for a in answers)


def test_a_stream_is_the_same_text_in_pieces(client):
    whole = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert {(c.id, c.created, c.object) for c in chunks} == {(chunks[0].id, chunks[0].created, "chat.completion.chunk")}
    assert chunks[0].choices[0].delta.role == "assistant"
    *pieces, last = chunks
    assert all(c.usage is None for c in pieces) and last.choices == []
    assert "".join(c.choices[0].delta.content or "" for c in pieces) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in pieces if c.choices[0].finish_reason] == [whole.choices[0].finish_reason]
    assert last.usage.completion_tokens == whole.usage.completion_tokens


def test_a_stream_tells_its_usage_only_when_asked(client):
    assert all(c.usage is None and c.choices for c in ask(client, stream=True))


def test_the_asynchronous_stream_can_be_left(smol):  # noqa: F811
    async def run():
        async with openai.AsyncOpenAI(base_url=smol.url + "/v1", api_key="none", max_retries=0) as client:
            stream = await client.chat.completions.create(
                model=llm.NAME, messages=HELLO, max_tokens=2000, stream=True, extra_body={"ignore_eos": True})
            async for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
            await stream.close()

    asyncio.run(run())
    llm.wait_idle(smol)


def test_a_required_tool_is_called_with_arguments_of_its_schema(client):
    answer = ask(client, [{"role": "user", "content": "What is the weather in Paris?"}], tools=[WEATHER, CLOCK],
                 tool_choice="required", max_tokens=128)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls"
    call = choice.message.tool_calls[0]
    assert call.id and call.type == "function"
    schema = {t["function"]["name"]: t["function"]["parameters"] for t in (WEATHER, CLOCK)}[call.function.name]
    assert set(json.loads(call.function.arguments)) == set(schema["required"])


@pytest.mark.parametrize("tool", [WEATHER, CLOCK], ids=["get_weather", "get_time"])
def test_a_tool_that_is_named_is_the_one_called(client, tool):
    name = tool["function"]["name"]
    answer = ask(client, tools=[WEATHER, CLOCK], tool_choice={"type": "function", "function": {"name": name}}, max_tokens=128)
    assert [c.function.name for c in answer.choices[0].message.tool_calls] == [name]
    json.loads(answer.choices[0].message.tool_calls[0].function.arguments)


def test_without_a_choice_of_tools_none_is_called(client):
    answer = ask(client, tools=[WEATHER], tool_choice="none")
    assert not answer.choices[0].message.tool_calls and answer.choices[0].finish_reason != "tool_calls"


def test_a_tools_arguments_are_streamed(client):
    options = {"tools": [WEATHER], "tool_choice": "required", "max_tokens": 128}
    name, arguments, ids, reasons = "", "", set(), []
    for chunk in ask(client, stream=True, **options):
        choice = chunk.choices[0]
        reasons += [choice.finish_reason] if choice.finish_reason else []
        for call in choice.delta.tool_calls or []:
            assert call.index == 0
            ids |= {call.id} if call.id else set()
            name += call.function.name or ""
            arguments += call.function.arguments or ""
    assert (name, len(ids), reasons) == ("get_weather", 1, ["tool_calls"])
    assert set(json.loads(arguments)) == {"city"}


def test_the_clients_stream_helper_gathers_a_tool_call(client):
    with client.chat.completions.stream(
            model=llm.NAME, messages=HELLO, tools=[{**WEATHER, "function": {**WEATHER["function"], "strict": True}}],
            tool_choice="required", max_tokens=128, temperature=0) as stream:
        for _ in stream:
            pass
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert call.function.name == "get_weather" and set(json.loads(call.function.arguments)) == {"city"}


def test_a_tools_result_is_read(client):
    called = {"role": "assistant", "content": None, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}]}
    answer = ask(client, [*HELLO, called, {"role": "tool", "tool_call_id": "call_1", "content": "rain"}], tools=[WEATHER])
    assert answer.choices[0].finish_reason in ("stop", "length", "tool_calls")


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=20)
    age: int = pydantic.Field(ge=0, le=150)


def test_structured_output_becomes_the_clients_own_type(client):
    parsed = client.chat.completions.parse(
        model=llm.NAME, messages=[{"role": "user", "content": "Invent a person."}], response_format=Person, max_tokens=200,
        temperature=0)
    assert isinstance(parsed.choices[0].message.parsed, Person)


def test_a_stream_follows_a_schema_too(client):
    shape = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": {
        "type": "object", "properties": {"colour": {"enum": ["red", "green", "blue"]}}, "required": ["colour"],
        "additionalProperties": False}}}
    pieces = [c.choices[0].delta.content or "" for c in ask(client, stream=True, response_format=shape, max_tokens=60)]
    assert json.loads("".join(pieces))["colour"] in ("red", "green", "blue")


def test_json_mode_begins_an_object(client):
    answer = ask(client, response_format={"type": "json_object"}, max_tokens=400)
    content = answer.choices[0].message.content
    assert content.lstrip().startswith("{")
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(content), dict)


def test_a_grammar_is_followed(client):
    answer = ask(client, extra_body={"grammar": 'root ::= "yes" | "no"'})
    assert answer.choices[0].message.content in ("yes", "no") and answer.choices[0].finish_reason == "stop"


def test_log_probabilities_are_those_of_the_tokens_told(client):
    answer = ask(client, logprobs=True, top_logprobs=3)
    told = answer.choices[0].logprobs.content
    assert len(told) == answer.usage.completion_tokens or len(told) == answer.usage.completion_tokens - 1
    assert b"".join(bytes(t.bytes) for t in told).decode() == answer.choices[0].message.content
    for token in told:
        ranked = [t.logprob for t in token.top_logprobs]
        assert len(ranked) == 3 and ranked == sorted(ranked, reverse=True)
        assert all(math.isfinite(x) and x <= 0 for x in [token.logprob, *ranked])
        # Greedy: the token told is the likeliest.
        assert token.logprob == ranked[0] and token.token == token.top_logprobs[0].token


def test_a_completion_tells_log_probabilities_in_the_old_shape(client):
    answer = client.completions.create(model=llm.NAME, prompt="Once upon a time", max_tokens=5, temperature=0, logprobs=2)
    told = answer.choices[0].logprobs
    assert answer.object == "text_completion" and answer.choices[0].finish_reason in ("stop", "length")
    assert len(told.tokens) == len(told.token_logprobs) == len(told.top_logprobs) == len(told.text_offset)
    assert "".join(told.tokens) == answer.choices[0].text
    assert all(len(top) in (2, 3) for top in told.top_logprobs)


@pytest.mark.parametrize("prompt", ["The sea", ["The sea", "The hill"], [1, 2, 3], [[1, 2], [3, 4, 5]]], ids=str)
def test_a_completion_takes_texts_and_tokens(client, prompt):
    answer = client.completions.create(model=llm.NAME, prompt=prompt, max_tokens=3, temperature=0)
    count = len(prompt) if isinstance(prompt, list) and not isinstance(prompt[0], int) else 1
    assert [c.index for c in answer.choices] == list(range(count))


def test_completions_stream_the_same_object(client):
    whole = client.completions.create(model=llm.NAME, prompt="The sea is", max_tokens=8, temperature=0)
    chunks = list(client.completions.create(model=llm.NAME, prompt="The sea is", max_tokens=8, temperature=0, stream=True))
    assert {c.object for c in chunks} == {"text_completion"}
    assert "".join(c.choices[0].text for c in chunks if c.choices) == whole.choices[0].text


def test_several_choices_are_numbered_and_differ(client):
    answer = ask(client, n=3, temperature=1.5, seed=5, max_tokens=12)
    assert sorted(c.index for c in answer.choices) == [0, 1, 2]
    assert len({c.message.content for c in answer.choices}) > 1
    assert answer.usage.completion_tokens > 12


def test_several_choices_are_streamed_side_by_side(client):
    finished = {}
    for chunk in ask(client, n=2, temperature=1, seed=5, stream=True):
        for choice in chunk.choices:
            if choice.finish_reason:
                finished[choice.index] = choice.finish_reason
    assert set(finished) == {0, 1}


@pytest.mark.parametrize("stop", ["5", [" 5", "never"]], ids=str)
def test_a_stop_text_ends_the_answer_and_is_not_told(client, stop):
    prompt = "1, 2, 3, 4,"
    free = client.completions.create(model=llm.NAME, prompt=prompt, max_tokens=24, temperature=0).choices[0]
    stopped = client.completions.create(model=llm.NAME, prompt=prompt, max_tokens=24, temperature=0, stop=stop).choices[0]
    found = min((free.text.find(s) for s in ([stop] if isinstance(stop, str) else stop) if s in free.text), default=None)
    assert found is not None, f"the model did not count on: {free.text!r}"
    assert (stopped.text, stopped.finish_reason) == (free.text[:found], "stop")


def test_a_stop_text_never_leaks_into_a_stream(client):
    pieces = [c.choices[0].text for c in client.completions.create(
        model=llm.NAME, prompt="1, 2, 3, 4,", max_tokens=24, temperature=0, stop=[", 7, 8"], stream=True)]
    assert ", 7" not in "".join(pieces)


def test_one_seed_gives_one_answer(client):
    options = {"temperature": 1.2, "max_tokens": 20, "extra_body": {"cache_prompt": False}}
    first, second, other = (ask(client, seed=s, **options).choices[0].message.content for s in (7, 7, 8))
    assert first == second and first != other


def test_a_bias_forbids_and_forces_tokens(client, smol):  # noqa: F811
    usual = client.completions.create(model=llm.NAME, prompt="The capital of France is", max_tokens=1, temperature=0)
    ids = llm.post(smol, "/tokenize", {"model": llm.NAME, "content": usual.choices[0].text, "add_special": False}).json()["tokens"]
    without = client.completions.create(
        model=llm.NAME, prompt="The capital of France is", max_tokens=1, temperature=0, logit_bias={str(ids[0]): -100})
    assert without.choices[0].text != usual.choices[0].text
    forced = client.completions.create(
        model=llm.NAME, prompt="The capital of France is", max_tokens=2, temperature=0, logit_bias={str(ids[0]): 100})
    assert forced.choices[0].text == usual.choices[0].text * 2
    with pytest.raises(openai.BadRequestError, match="999999999"):
        ask(client, logit_bias={"999999999": 1})


def test_unknown_members_are_accepted(client):
    answer = ask(client, user="somebody", store=False, metadata={"a": "b"}, service_tier="auto",
                 extra_body={"nobody_knows": {"this": [1, None]}, "top_k": 5, "min_p": 0.1, "repeat_penalty": 1.1})
    assert answer.choices[0].message.content is not None


def test_parts_and_the_developers_role_are_read(client):
    parts = [{"role": "developer", "content": "Answer briefly."},
             {"role": "user", "content": [{"type": "text", "text": "Say hello"}, {"type": "text", "text": " in one sentence."}]}]
    assert ask(client, parts).usage.prompt_tokens > 5


def test_a_kept_prefix_is_told(client):
    messages = [{"role": "system", "content": llm.long_text(120, seed=99)}, {"role": "user", "content": "Which was the first word?"}]
    cold, warm = ask(client, messages), ask(client, messages)
    assert warm.usage.prompt_tokens == cold.usage.prompt_tokens
    assert warm.usage.prompt_tokens_details.cached_tokens > 0.8 * warm.usage.prompt_tokens
    assert ask(client, messages, extra_body={"cache_prompt": False}).usage.prompt_tokens_details.cached_tokens == 0


# Errors


def test_a_prompt_over_the_context_tells_both_numbers(client):
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, [{"role": "user", "content": llm.long_text(12_000)}])
    assert raised.value.code == "context_length_exceeded" and raised.value.type == "invalid_request_error"
    told = raised.value.body
    assert told["n_prompt_tokens"] > told["n_ctx"] > 0
    assert str(told["n_prompt_tokens"]) in told["message"] and str(told["n_ctx"]) in told["message"]


def test_a_model_that_does_not_exist(client):
    for call in (lambda: ask(client, model="nobody"), lambda: client.models.retrieve("nobody"),
                 lambda: client.completions.create(model="nobody", prompt="x"),
                 lambda: client.embeddings.create(model="nobody", input="x")):
        with pytest.raises(openai.NotFoundError) as raised:
            call()
        assert "nobody" in raised.value.message


@pytest.mark.parametrize("wrong", [
    {"temperature": -1}, {"temperature": "hot"}, {"top_p": 2}, {"n": 0}, {"n": 10_000}, {"max_tokens": -5},
    {"logprobs": True, "top_logprobs": 50}, {"top_logprobs": 3}, {"messages": []}, {"messages": [{"role": "king", "content": "x"}]},
    {"messages": "hello"}, {"stop": 5}, {"stream": "yes"}, {"logit_bias": {"x": 1}},
    {"response_format": {"type": "poem"}}, {"tool_choice": "required"},
    {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "other"}}},
], ids=str)
def test_a_wrong_parameter_is_a_bad_request_that_names_it(client, wrong):
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, **wrong) if "messages" not in wrong else client.chat.completions.create(model=llm.NAME, **wrong)
    error = raised.value.body
    assert error["type"] == "invalid_request_error" and error["message"]
    named = list(wrong)[-1]
    assert named in (error["param"] or "") + error["message"]


def test_a_body_that_is_no_json_is_a_bad_request(smol):  # noqa: F811
    answer = llm.requests.post(smol.url + "/v1/chat/completions", data=b'{"model": "smol", ')
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


# Models, embeddings


def test_models_are_listed_and_told(client):
    assert [m.id for m in client.models.list()] == [llm.NAME]
    told = client.models.retrieve(llm.NAME)
    assert (told.id, told.object, told.owned_by) == (llm.NAME, "model", "slipway")
    assert told.created > 1_700_000_000


@pytest.fixture(scope="module")
def vectors(smol, vocabulary, tmp_path_factory):  # noqa: F811
    """A tiny embedding model beside SmolLM2: the mean over a text's tokens."""
    llm.deploy_tiny(smol, "vectors", tmp_path_factory.mktemp("vectors"), vocabulary, pooling=1)
    yield "vectors"
    smol.home.run("undeploy", "vectors")


def test_embeddings_are_the_same_as_numbers_and_as_base64(client, vectors):
    texts = ["a first text", "a second, longer text"]
    numbers = client.embeddings.create(model=vectors, input=texts, encoding_format="float")
    usual = client.embeddings.create(model=vectors, input=texts)  # this client asks for base64 by itself
    raw = client.embeddings.with_raw_response.create(model=vectors, input=texts, encoding_format="base64")
    packed = json.loads(raw.text() if callable(raw.text) else raw.text)["data"]
    for index, (one, other) in enumerate(zip(numbers.data, usual.data)):
        assert one.index == other.index == index
        data = base64.b64decode(packed[index]["embedding"])
        exact = struct.unpack(f"<{len(data) // 4}f", data)
        assert len(exact) == len(one.embedding) == 32
        # Shortest decimal forms of float32 read back as the same float32.
        assert list(struct.unpack("<32f", struct.pack("<32f", *one.embedding))) == list(exact) == pytest.approx(other.embedding, rel=1e-7)
        assert sum(x * x for x in exact) == pytest.approx(1, abs=1e-4)  # float32 rounding of 32 squares
    assert numbers.usage.prompt_tokens == numbers.usage.total_tokens > 0


def test_embeddings_of_a_list_are_those_of_each_text(client, vectors):
    texts = [llm.long_text(n, seed=n) for n in (1, 5, 40, 200)]
    together = client.embeddings.create(model=vectors, input=texts).data
    for text, vector in zip(texts, together):
        alone = client.embeddings.create(model=vectors, input=text).data[0].embedding
        # The batch changes the order of sums in float32.
        assert vector.embedding == pytest.approx(alone, abs=1e-3)


def test_an_embedding_can_be_shortened(client, vectors):
    whole = client.embeddings.create(model=vectors, input="text", encoding_format="float").data[0].embedding
    short = client.embeddings.create(model=vectors, input="text", encoding_format="float", dimensions=8).data[0].embedding
    assert len(short) == 8
    scale = sum(x * x for x in whole[:8]) ** 0.5
    assert short == pytest.approx([x / scale for x in whole[:8]], abs=1e-5)


def test_a_text_model_makes_vectors_or_says_why_not(client):
    try:
        told = client.embeddings.create(model=llm.NAME, input="x")
    except openai.APIStatusError as error:
        assert error.status_code in (400, 501) and llm.NAME in error.message
    else:
        assert len(told.data[0].embedding) == 576
