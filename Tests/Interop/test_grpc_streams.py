# SPDX-License-Identifier: Apache-2.0
"""Streamed inference and the asynchronous client."""
import asyncio
import queue
import threading

import grpc
import grpc_clients
import numpy as np
import psutil
import pytest
import slipway
import tinymodels
from grpc_clients import pb, triton, triton_aio
from tritonclient.utils import InferenceServerException

SIDE = 64
ENDLESS = 100_000_000


def tensor(value, name="x", columns=4):
    made = triton.InferInput(name, [1, columns], "FP32")
    made.set_data_from_numpy(np.full((1, columns), value, np.float32))
    return made


class Stream:
    """tritonclient's stream and what comes back on it."""

    def __init__(self, target, **options):
        self.client = triton.InferenceServerClient(target)
        self.answers = queue.Queue()
        self.client.start_stream(lambda result, error: self.answers.put((result, error)), **options)

    def ask(self, value, name="identity_fp32", **options):
        self.client.async_stream_infer(name, [tensor(value)], **options)

    def take(self):
        return self.answers.get(timeout=slipway.PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_stream(cancel_requests=True)
        self.client.close()


def test_a_thousand_requests_of_a_stream_are_answered_in_order(shared):
    with Stream(shared.grpc) as stream:
        for number in range(1000):
            stream.ask(number, request_id=str(number))
        for number in range(1000):
            result, error = stream.take()
            assert error is None and result.get_response().id == str(number)
            assert result.as_numpy("y")[0, 0] == number


def test_a_failed_request_is_told_and_the_stream_goes_on(shared):
    with Stream(shared.grpc) as stream:
        stream.ask(1, request_id="a")
        stream.ask(2, name="nobody", request_id="b")
        stream.ask(3, request_id="c")
        answers = [stream.take() for _ in range(3)]
    (first, no_error), (_, error), (third, still_none) = answers
    assert no_error is None and still_none is None
    assert (first.get_response().id, third.get_response().id) == ("a", "c")
    assert isinstance(error, InferenceServerException) and "nobody" in error.message()


def test_a_failed_request_names_its_id(shared):
    with grpc_clients.Stub(shared.grpc) as stub:
        message = grpc_clients.request("nobody", {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"}, id="order-7")
        answers = list(stub.stream()(iter([message]), timeout=60))
    assert len(answers) == 1 and "nobody" in answers[0].error_message and answers[0].infer_response.id == "order-7"


def test_with_triton_grpc_error_a_failure_ends_the_stream_with_its_status(shared):
    good, bad = (grpc_clients.request(n, {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"}) for n in ("identity_fp32", "nobody"))
    with grpc_clients.Stub(shared.grpc) as stub:
        answers = stub.stream()(iter([good, bad, good]), timeout=60, metadata=[("triton_grpc_error", "true")])
        assert next(answers).infer_response.model_name == "identity_fp32"
        with pytest.raises(grpc.RpcError) as caught:
            next(answers)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND and "nobody" in caught.value.details()


@pytest.mark.parametrize("asks", [True, False])
def test_every_answer_of_a_stream_says_that_it_is_the_last_to_its_request(shared, asks):
    with Stream(shared.grpc) as stream:
        stream.ask(1, enable_empty_final_response=asks)
        answer, _ = stream.take()
    assert answer.get_response().parameters["triton_final_response"].bool_param is True


def test_an_answer_outside_of_streams_does_not_say_so(shared):
    with grpc_clients.Stub(shared.grpc) as stub:
        answer, _ = stub.infer(grpc_clients.request("identity_fp32", {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"}))
    assert not answer.parameters


def test_a_damaged_message_is_an_answer_and_the_stream_goes_on(shared):
    good = grpc_clients.request("identity_fp32", {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"})
    with grpc_clients.Stub(shared.grpc) as stub:
        answers = list(stub.stream()(iter([b"\xff\xff\xff", good]), timeout=60))
    assert answers[0].error_message and answers[1].infer_response.model_name == "identity_fp32"


def test_a_stream_without_requests_ends_well(shared):
    with grpc_clients.Stub(shared.grpc) as stub:
        call = stub.stream()(iter([]), timeout=60)
        assert list(call) == [] and call.code() == grpc.StatusCode.OK


def slow_request(rounds, **more):
    return grpc_clients.request(
        "m", {"x": np.ones((SIDE, SIDE), np.float32), "rounds": np.array(rounds, np.int64)},
        {"x": "FP32", "rounds": "INT64"}, **more)


def open_stream(stub, first):
    """A stream that has sent these messages and stays open until the event is set."""
    release = threading.Event()

    def messages():
        yield from first
        release.wait(slipway.PATIENCE)

    return stub.stream()(messages()), release


@pytest.mark.parametrize("count, taken", [(10, 10), (200, 64)], ids=["all taken", "some waiting"])
def test_a_cancelled_stream_frees_what_it_held(home, count, taken):
    # Requests may take ten minutes to finish, longer than the test waits for the end.
    with slipway.Server(home, "--drain-timeout", "10m") as server:
        server.import_version("m", tinymodels.slow(SIDE))
        server.apply('endpoints: {m: {routes: [{version: "m:1"}], instances: 1}}\n')
        with grpc_clients.Stub(server.grpc) as stub:
            call, release = open_stream(stub, [slow_request(ENDLESS) for _ in range(count)])
            slipway.until(lambda: server.in_flight() == taken, "the requests to be in flight")
            call.cancel()
            slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")
            release.set()
            assert stub.infer(slow_request(1))[0].model_name == "m"
        assert server.metric("slipway_inference_requests_total", endpoint="m", outcome="cancelled") >= taken
        assert server.stop() == 0


def test_answers_come_as_soon_as_they_are_ready(server):
    server.import_version("m", tinymodels.slow(SIDE))
    server.apply('endpoints: {m: {routes: [{version: "m:1"}], instances: 2}}\n')
    with grpc_clients.Stub(server.grpc) as stub:
        call, release = open_stream(stub, [slow_request(1, id="quick"), slow_request(ENDLESS, id="slow")])
        assert next(call).infer_response.id == "quick"
        call.cancel()
        release.set()
        slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")


def test_who_streams_far_ahead_of_slow_answers_is_slowed_and_not_stored(server):
    """400 requests of 4 MB wait for an endpoint that is busy: 1.6 GB, of which the server takes a part."""
    server.import_version("m", tinymodels.slow(1024))
    server.apply('endpoints: {m: {routes: [{version: "m:1"}], instances: 1}}\n')
    process = psutil.Process(server.process.pid)
    sent = []

    def messages():
        for number in range(400):
            sent.append(number)
            yield grpc_clients.request(
                "m", {"x": np.ones((1024, 1024), np.float32), "rounds": np.array(ENDLESS, np.int64)},
                {"x": "FP32", "rounds": "INT64"})

    with grpc_clients.Stub(server.grpc) as stub:
        call = stub.stream()(messages())
        settled, largest = [-1] * 10, 0
        while not (len(sent) == 400 or settled[0] == len(sent)):
            largest = max(largest, process.memory_info().rss)
            settled = settled[1:] + [len(sent)]
            threading.Event().wait(0.1)
        call.cancel()
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")
    # 64 requests may be worked on, which is 256 MB; twice that and the server itself fit into this.
    assert largest < 800 << 20, f"{largest >> 20} MB after {len(sent)} requests"
    assert server.is_alive()


def run(body):
    return asyncio.run(asyncio.wait_for(body, slipway.PATIENCE))


def test_the_asynchronous_client_infers(shared):
    async def body():
        async with triton_aio.InferenceServerClient(shared.grpc) as client:
            assert await client.is_server_live() and await client.is_model_ready("two")
            assert (await client.get_model_metadata("two")).name == "two"
            answers = await asyncio.gather(*[client.infer("identity_fp32", [tensor(n)], request_id=str(n)) for n in range(200)])
            assert [int(a.as_numpy("y")[0, 0]) for a in answers] == list(range(200))
            with pytest.raises(InferenceServerException) as caught:
                await client.infer("nobody", [tensor(1)])
            assert caught.value.status() == "StatusCode.NOT_FOUND"

    run(body())


def test_the_asynchronous_client_streams(shared):
    async def body():
        async def requests():
            for number in range(100):
                yield {
                    "model_name": "identity_fp32" if number % 10 else "nobody", "inputs": [tensor(number)],
                    "request_id": str(number)}

        async with triton_aio.InferenceServerClient(shared.grpc) as client:
            number = 0
            async for result, error in client.stream_infer(requests()):
                assert (error is None) == bool(number % 10), error
                if error is None:
                    assert result.as_numpy("y")[0, 0] == number
                number += 1
            assert number == 100

    run(body())


def test_the_asynchronous_client_cancels_a_stream(server):
    server.deploy("m", tinymodels.slow(SIDE))

    async def body():
        async def requests():
            inputs = [triton.InferInput("x", [SIDE, SIDE], "FP32"), triton.InferInput("rounds", [], "INT64")]
            inputs[0].set_data_from_numpy(np.ones((SIDE, SIDE), np.float32))
            inputs[1].set_data_from_numpy(np.array(ENDLESS, np.int64))
            for _ in range(3):
                yield {"model_name": "m", "inputs": inputs}

        async with triton_aio.InferenceServerClient(server.grpc) as client:
            stream = client.stream_infer(requests())
            taken = asyncio.ensure_future(stream.__anext__())
            while server.in_flight() < 3:
                await asyncio.sleep(0.02)
            stream.cancel()
            with pytest.raises((asyncio.CancelledError, StopAsyncIteration, InferenceServerException)):
                await taken

    run(body())
    slipway.until(lambda: server.in_flight() == 0, "nothing to be in flight")


def test_bytes_and_halves_travel_in_streams_too(shared):
    arrays = {"BYTES": np.array([["a", "naïve ☂"]], dtype=np.object_), "FP16": np.ones((2, 2), np.float16)}
    messages = [
        grpc_clients.request(f"identity_{d.lower()}", {"x": a}, {"x": d}) for d, a in arrays.items()]
    with grpc_clients.Stub(shared.grpc) as stub:
        answers = list(stub.stream()(iter(messages), timeout=60))
    assert [a.infer_response.raw_output_contents[0] for a in answers] == [m.raw_input_contents[0] for m in messages]
    assert all(isinstance(a, pb.ModelStreamInferResponse) for a in answers)
