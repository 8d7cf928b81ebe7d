# SPDX-License-Identifier: Apache-2.0
"""Health, reflection and repository control over gRPC."""
import grpc
import grpc_clients
import pytest
import slipway
import tinymodels
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_clients import triton
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVING, NOT_SERVING, SERVICE_UNKNOWN = (
    getattr(health_pb2.HealthCheckResponse, n) for n in ("SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"))
SERVICES = {
    "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    "inference.GRPCInferenceService", "inference.model_repository.ModelRepositoryService",
    "tensorflow.serving.ModelService", "tensorflow.serving.PredictionService",
}


@pytest.fixture(scope="module")
def stub(shared):
    with grpc_clients.Stub(shared.grpc) as made:
        yield made


# Health

def check(stub, name):
    return health_pb2_grpc.HealthStub(stub.channel).Check(health_pb2.HealthCheckRequest(service=name), timeout=60).status


@pytest.mark.parametrize("name", ["", "two", *sorted(SERVICES)])
def test_the_server_its_services_and_its_endpoints_serve(stub, name):
    assert check(stub, name) == SERVING


def test_unknown_names_are_not_found(stub):
    with pytest.raises(grpc.RpcError) as caught:
        check(stub, "nobody")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_all_names_are_listed(stub):
    statuses = listed(stub)
    assert {"", "two", "identity_fp32", *SERVICES} <= set(statuses)
    assert set(statuses.values()) == {SERVING}


def test_a_watch_tells_every_change(server):
    with grpc_clients.Stub(server.grpc) as stub:
        health = health_pb2_grpc.HealthStub(stub.channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(service="m"), timeout=slipway.PATIENCE * 2)
        assert next(watch).status == SERVICE_UNKNOWN
        server.deploy("m", tinymodels.identity())
        status = next(watch).status
        while status != SERVING:
            # It may be seen while it loads.
            assert status in (NOT_SERVING, SERVICE_UNKNOWN)
            status = next(watch).status
        slipway.Admin(server).undeploy("m")
        while status not in (NOT_SERVING, SERVICE_UNKNOWN) or server.is_ready("m"):
            status = next(watch).status
        watch.cancel()
        slipway.until(lambda: listed(stub).get("m") != SERVING, "m to be gone")


def listed(stub):
    """The answer of `List`, which this version of the protocol's package does not know: its pool does, by reflection."""
    pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(stub.channel))
    reply = message_factory.GetMessageClass(pool.FindMessageTypeByName("grpc.health.v1.HealthListResponse"))
    answer = stub.channel.unary_unary("/grpc.health.v1.Health/List", response_deserializer=reply.FromString)(b"", timeout=60)
    return {name: told.status for name, told in answer.statuses.items()}


def test_a_server_that_is_about_to_end_is_not_serving(home):
    with slipway.Server(home, "--drain-delay", "3s") as server, grpc_clients.Stub(server.grpc) as stub:
        watch = health_pb2_grpc.HealthStub(stub.channel).Watch(health_pb2.HealthCheckRequest(), timeout=60)
        assert next(watch).status == SERVING
        server.process.terminate()
        assert next(watch).status == NOT_SERVING
        assert check(stub, "") == NOT_SERVING
        assert not stub.method("ServerReady")(grpc_clients.pb.ServerReadyRequest(), timeout=60).ready
        watch.cancel()
        assert server.stop() == 0


# Reflection

def reflect(stub, version, *requests):
    """The answers of one stream; both versions have the same messages."""
    call = stub.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        reflection_pb2.ServerReflectionRequest.SerializeToString, reflection_pb2.ServerReflectionResponse.FromString)
    return list(call(iter(requests), timeout=60))


def ask(**what):
    return reflection_pb2.ServerReflectionRequest(host="here", **what)


def files(answer):
    return [descriptor_pb2.FileDescriptorProto.FromString(f) for f in answer.file_descriptor_response.file_descriptor_proto]


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_every_service(stub, version):
    (answer,) = reflect(stub, version, ask(list_services="*"))
    assert {s.name for s in answer.list_services_response.service} == SERVICES
    assert answer.valid_host == "here" and answer.original_request.list_services == "*"


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
@pytest.mark.parametrize("service", sorted(SERVICES))
def test_the_files_of_a_service_make_a_pool_in_which_all_its_types_are_found(stub, version, service):
    (answer,) = reflect(stub, version, ask(file_containing_symbol=service))
    told = {f.name: f for f in files(answer)}
    pool = descriptor_pool.DescriptorPool()

    def add(name):
        if name in told:
            made = told.pop(name)
            for dependency in made.dependency:
                add(dependency)
            pool.Add(made)

    while told:
        add(next(iter(told)))
    found = pool.FindServiceByName(service)
    assert len(found.methods) > 0
    for method in found.methods:
        assert method.input_type.file and method.output_type.file


def test_every_method_of_a_described_service_is_answered(stub):
    """What reflection offers is there: no method of ours is unimplemented, but for shared memory."""
    database = ProtoReflectionDescriptorDatabase(stub.channel)
    pool = descriptor_pool.DescriptorPool(database)
    missing = []
    for service in database.get_services():
        for method in pool.FindServiceByName(service).methods:
            # A request that ends at once: each stream is over, each unary call answered or refused.
            call = stub.channel.stream_stream(f"/{service}/{method.name}")
            try:
                stream = call(iter([] if method.client_streaming else [b""]), timeout=60)
                if method.name == "Watch":
                    next(stream)
                    stream.cancel()
                else:
                    list(stream)
            except grpc.RpcError as error:
                if error.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
                    missing.append((service, method.name, error.code().name))
    assert [m for m in missing if "SharedMemory" not in m[1]] == []


@pytest.mark.parametrize("symbol", [
    "inference.GRPCInferenceService.ModelInfer", "inference.ModelInferRequest", "inference.ModelInferRequest.InferInputTensor",
    "inference.ModelInferRequest.model_name", "inference.DataType", "tensorflow.TensorProto",
])
def test_files_are_found_by_every_kind_of_symbol(stub, symbol):
    (answer,) = reflect(stub, "v1", ask(file_containing_symbol=symbol))
    assert symbol.split(".")[0] in {f.package.split(".")[0] for f in files(answer)}


def test_files_are_found_by_name(stub):
    (by_symbol,) = reflect(stub, "v1", ask(file_containing_symbol="inference.ModelInferRequest"))
    name = files(by_symbol)[0].name
    (by_name,) = reflect(stub, "v1", ask(file_by_filename=name))
    assert files(by_name)[0] == files(by_symbol)[0]


def test_what_reflection_does_not_know_is_an_error_and_the_stream_goes_on(stub):
    answers = reflect(
        stub, "v1", ask(file_containing_symbol="nothing.At.All"), ask(file_by_filename="none.proto"), ask(),
        ask(all_extension_numbers_of_type="inference.ModelInferRequest"), ask(list_services=""))
    codes = [a.error_response.error_code for a in answers]
    assert codes[0] == codes[1] == grpc.StatusCode.NOT_FOUND.value[0]
    assert codes[2] == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert len(answers[4].list_services_response.service) == len(SERVICES)


# Repository control

@pytest.mark.parametrize("service", ["inference.GRPCInferenceService", "inference.model_repository.ModelRepositoryService"])
def test_load_and_unload_make_endpoint_revisions(home, service):
    pb = grpc_clients.pb
    with slipway.Server(home, "--repository-control") as server, grpc_clients.Stub(server.grpc) as stub:
        server.deploy("m", tinymodels.identity())
        stub.method("RepositoryModelUnload", service)(pb.RepositoryModelUnloadRequest(model_name="m"), timeout=60)
        slipway.until(lambda: not server.is_ready("m"), "m to be unloaded")
        index = stub.method("RepositoryIndex", service)
        assert [(m.name, m.state) for m in index(pb.RepositoryIndexRequest(), timeout=60).models] == [("m", "UNAVAILABLE")]
        assert list(index(pb.RepositoryIndexRequest(ready=True), timeout=60).models) == []
        # Clients retry: a model that is unloaded again stays so.
        stub.method("RepositoryModelUnload", service)(pb.RepositoryModelUnloadRequest(model_name="m"), timeout=60)
        stub.method("RepositoryModelLoad", service)(pb.RepositoryModelLoadRequest(model_name="m"), timeout=60)
        assert server.is_ready("m"), "the answer comes when it is loaded"
        assert [m.state for m in index(pb.RepositoryIndexRequest(ready=True), timeout=60).models] == ["READY"]


def test_settings_can_be_changed_where_the_operator_allows_it(home):
    with slipway.Server(home, "--repository-control") as server:
        server.deploy("m", tinymodels.identity())
        with triton.InferenceServerClient(server.grpc) as client:
            client.update_log_settings({"log_verbose_level": 2, "log_info": True})
            assert client.get_log_settings().settings["log_verbose_level"].uint32_param == 2
            client.update_trace_settings(settings={"trace_rate": "7"})
            client.update_trace_settings("m", {"trace_rate": "9"})
            rates = [client.get_trace_settings(n).settings["trace_rate"].value[0] for n in (None, "m")]
            assert rates == ["7", "9"]
            client.update_trace_settings("m", {"trace_rate": None})
            assert client.get_trace_settings("m").settings["trace_rate"].value[0] == "7"


@pytest.mark.parametrize("name, parameters, code", [
    ("nobody", {}, "NOT_FOUND"), ("", {}, "INVALID_ARGUMENT"), ("m", {"file:1/model.onnx": b"1234"}, "INVALID_ARGUMENT"),
])
def test_what_cannot_be_loaded_is_an_error(home, name, parameters, code):
    pb = grpc_clients.pb
    with slipway.Server(home, "--repository-control") as server, grpc_clients.Stub(server.grpc) as stub:
        message = pb.RepositoryModelLoadRequest(model_name=name)
        for key, value in parameters.items():
            message.parameters[key].bytes_param = value
        with pytest.raises(grpc.RpcError) as caught:
            stub.method("RepositoryModelLoad")(message, timeout=60)
        assert caught.value.code().name == code and caught.value.details()
