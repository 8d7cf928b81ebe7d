# SPDX-License-Identifier: Apache-2.0
"""The KServe SDK's gRPC client, and its dialect of repository control, against the binary."""
import asyncio

import grpc
import numpy as np
import pytest
import slipway
import tinymodels
from kserve import InferenceGRPCClient, InferInput, InferRequest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub


def ask(target, function):
    async def body():
        async with InferenceGRPCClient(target, retries=0, timeout=60) as client:
            return await function(client)

    return asyncio.run(body())


def request(name="two", raw=True, **more):
    a = np.arange(8, dtype=np.float32).reshape(2, 4)
    inputs = [InferInput(n, [2, 4], "FP32") for n in ("a", "b")]
    for each in inputs:
        each.set_data_from_numpy(a, binary_data=raw)
    return InferRequest(model_name=name, infer_inputs=inputs, **more), a


def test_the_server_is_live_and_ready(shared):
    assert ask(shared.grpc, lambda c: c.is_server_live()) is True
    assert ask(shared.grpc, lambda c: c.is_server_ready()) is True


def test_a_model_is_ready(shared):
    assert ask(shared.grpc, lambda c: c.is_model_ready("two")) is True
    assert ask(shared.grpc, lambda c: c.is_model_ready("nobody")) is False


@pytest.mark.parametrize("raw", [True, False])
def test_infer_answers(shared, raw):
    asked, a = request(raw=raw, request_id="order-7")
    answer = ask(shared.grpc, lambda c: c.infer(asked))
    got = {output.name: output.as_numpy() for output in answer.outputs}
    assert np.array_equal(got["sum"], a + a) and np.array_equal(got["difference"], a - a)
    assert (answer.id, answer.model_name, answer.model_version) == ("order-7", "two", "1")


@pytest.mark.parametrize("datatype", ["BOOL", "INT8", "INT64", "UINT16", "FP16", "FP64", "BYTES"])
def test_every_kind_of_value_comes_back(shared, datatype):
    element = tinymodels.DATATYPES[datatype][1]
    array = np.array([["a", "naïve ☂"]], dtype=np.object_) if datatype == "BYTES" else np.array([[0, 1]], dtype=element)
    tensor = InferInput("x", [1, 2], datatype)
    tensor.set_data_from_numpy(array, binary_data=True)
    asked = InferRequest(model_name=f"identity_{datatype.lower()}", infer_inputs=[tensor])
    got = ask(shared.grpc, lambda c: c.infer(asked)).outputs[0].as_numpy()
    if datatype == "BYTES":
        got = np.array([[x.decode() if isinstance(x, bytes) else x for x in row] for row in got], dtype=np.object_)
    assert np.array_equal(got, array)


def test_an_unknown_model_is_not_found(shared):
    with pytest.raises(grpc.RpcError) as caught:
        ask(shared.grpc, lambda c: c.infer(request("nobody")[0]))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_metadata_tells_the_signature(shared):
    with grpc.insecure_channel(shared.grpc) as channel:
        stub = GRPCInferenceServiceStub(channel)
        told = stub.ModelMetadata(pb.ModelMetadataRequest(name="two"), timeout=60)
        assert stub.ServerMetadata(pb.ServerMetadataRequest(), timeout=60).name == "slipway"
    assert [(t.name, t.datatype, list(t.shape)) for t in told.inputs] == [("a", "FP32", [-1, 4]), ("b", "FP32", [-1, 4])]


def test_load_and_unload_in_the_sdks_dialect(home):
    """Its requests carry the name where Triton's carry that of the repository, and its answers have fields."""
    with slipway.Server(home, "--repository-control") as server, grpc.insecure_channel(server.grpc) as channel:
        server.deploy("m", tinymodels.identity())
        stub = GRPCInferenceServiceStub(channel)
        unloaded = stub.RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name="m"), timeout=60)
        assert (unloaded.model_name, unloaded.isUnloaded) == ("m", True)
        slipway.until(lambda: not server.is_ready("m"), "m to be unloaded")
        loaded = stub.RepositoryModelLoad(pb.RepositoryModelLoadRequest(model_name="m"), timeout=60)
        assert (loaded.model_name, loaded.isLoaded) == ("m", True)
        assert server.is_ready("m")


def test_control_is_refused_where_the_operator_did_not_allow_it(shared):
    with grpc.insecure_channel(shared.grpc) as channel:
        stub = GRPCInferenceServiceStub(channel)
        for call, message in (
            (stub.RepositoryModelLoad, pb.RepositoryModelLoadRequest), (stub.RepositoryModelUnload, pb.RepositoryModelUnloadRequest),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call(message(model_name="two"), timeout=60)
            assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
