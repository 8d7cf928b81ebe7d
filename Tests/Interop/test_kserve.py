# SPDX-License-Identifier: Apache-2.0
"""The KServe SDK's REST client, protocol v2, against the binary."""
import asyncio

import numpy as np
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


@pytest.fixture
def ask(shared):
    """Runs one call on a client of its own; the client holds on to its event loop."""

    def call(function):
        async def body():
            client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0, timeout=30))
            try:
                return await function(client, shared.url)
            finally:
                await client.close()

        return asyncio.run(body())

    return call


def test_the_server_is_live_and_ready(ask):
    assert ask(lambda client, url: client.is_server_live(url)) is True
    assert ask(lambda client, url: client.is_server_ready(url)) is True


def test_a_model_is_ready(ask):
    assert ask(lambda client, url: client.is_model_ready(url, "two")) is True
    assert ask(lambda client, url: client.is_model_ready(url, "nobody")) is False


@pytest.mark.parametrize("binary", [False, True])
def test_infer_answers(ask, binary):
    a = np.arange(8, dtype=np.float32).reshape(2, 4)
    inputs = [InferInput(name, [2, 4], "FP32") for name in ("a", "b")]
    for each in inputs:
        each.set_data_from_numpy(a, binary_data=binary)
    request = InferRequest(model_name="two", infer_inputs=inputs)
    answer = ask(lambda client, url: client.infer(url, request, model_name="two"))
    got = {output.name: output.as_numpy() for output in answer.outputs}
    assert np.array_equal(got["sum"], a + a)
    assert np.array_equal(got["difference"], a - a)


def test_an_unknown_model_is_an_http_error(ask):
    request = InferRequest(model_name="nobody", infer_inputs=[InferInput("x", [1], "FP32", [1.0])])
    with pytest.raises(Exception, match="404"):
        ask(lambda client, url: client.infer(url, request, model_name="nobody"))
