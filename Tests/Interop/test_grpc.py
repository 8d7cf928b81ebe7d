# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's own gRPC client for Triton, unmodified, and hand-made messages, against the binary."""
import grpc
import grpc_clients
import numpy as np
import pytest
from grpc_clients import pb, triton
from tinymodels import DATATYPES, sample
from tritonclient.utils import InferenceServerException


@pytest.fixture(scope="module")
def client(shared):
    with triton.InferenceServerClient(shared.grpc) as made:
        yield made


@pytest.fixture(scope="module")
def stub(shared):
    with grpc_clients.Stub(shared.grpc) as made:
        yield made


def asked(datatype, array, name="x"):
    tensor = triton.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array)
    return tensor


def same(answer, array, output="y"):
    got = answer.as_numpy(output)
    if array.dtype == np.object_:
        got = np.array([x.decode() for x in got.ravel()], dtype=np.object_).reshape(got.shape)
    return got.shape == array.shape and np.array_equal(got, array)


def pair():
    a, b = np.ones((2, 4), np.float32), np.full((2, 4), 0.25, np.float32)
    return [asked("FP32", a, "a"), asked("FP32", b, "b")], a + b, a - b


# What the server tells of itself

def test_the_server_is_live_and_ready(client):
    assert client.is_server_live() and client.is_server_ready()


def test_a_model_is_ready_with_and_without_its_version(client):
    assert client.is_model_ready("two")
    assert client.is_model_ready("two", "1")
    assert not client.is_model_ready("two", "99")
    assert not client.is_model_ready("nobody")


def test_server_metadata_is_that_of_rest(client, shared):
    told, rest = client.get_server_metadata(), shared.session.get(shared.url + "/v2").json()
    assert (told.name, told.version, list(told.extensions)) == (rest["name"], rest["version"], rest["extensions"])


@pytest.mark.parametrize("version", ["", "1"])
def test_model_metadata_is_that_of_rest(client, shared, version):
    told = client.get_model_metadata("two", version, as_json=True)
    rest = shared.session.get(f"{shared.url}/v2/models/two").json()
    assert told["name"] == "two" and told["versions"] == ["1"] and told["platform"] == rest["platform"]
    for side in ("inputs", "outputs"):
        # JSON made of protobuf writes 64 bits as text.
        assert [(t["name"], t["datatype"], [int(n) for n in t["shape"]]) for t in told[side]] == [
            (t["name"], t["datatype"], t["shape"]) for t in rest[side]]


def test_model_config_is_that_of_rest(client, shared):
    config = client.get_model_config("two").config
    rest = shared.session.get(f"{shared.url}/v2/models/two/config").json()
    assert (config.name, config.platform, config.max_batch_size, config.backend) == (
        rest["name"], rest["platform"], rest["max_batch_size"], rest["backend"])
    assert [(i.name, pb.model__config__pb2.DataType.Name(i.data_type), list(i.dims)) for i in config.input] == [
        (i["name"], i["data_type"], i["dims"]) for i in rest["input"]]
    assert [o.name for o in config.output] == ["sum", "difference"]
    assert config.instance_group[0].count == rest["instance_group"][0]["count"]


def test_statistics_count_what_was_answered(client):
    def counted():
        return client.get_inference_statistics("two", "1").model_stats[0]

    inputs, *_ = pair()
    client.infer("two", inputs)
    before = counted()
    client.infer("two", inputs)
    after = counted()
    assert (after.name, after.version) == ("two", "1")
    assert after.inference_stats.success.count == before.inference_stats.success.count + 1
    assert after.inference_stats.success.ns > before.inference_stats.success.ns
    assert after.execution_count > before.execution_count
    assert after.last_inference >= before.last_inference > 0
    assert {s.name for s in client.get_inference_statistics().model_stats} >= {"two", "identity_fp32"}


def test_the_repository_index_lists_what_is_served(client):
    index = {m.name: m for m in client.get_model_repository_index().models}
    assert (index["two"].state, index["two"].version) == ("READY", "1")


def test_trace_and_log_settings_can_be_read_but_not_changed(client):
    assert list(client.get_trace_settings().settings["trace_level"].value) == ["OFF"]
    assert client.get_log_settings().settings["log_info"].bool_param is True
    for change in (
        lambda: client.update_log_settings({"log_verbose_level": 1}),
        lambda: client.update_trace_settings(settings={"trace_rate": "5"}),
        lambda: client.load_model("two"), lambda: client.unload_model("two"),
    ):
        with pytest.raises(InferenceServerException) as caught:
            change()
        assert caught.value.status() == "StatusCode.PERMISSION_DENIED"


# Values

@pytest.mark.parametrize("datatype", DATATYPES)
def test_tensors_come_back_bit_for_bit(client, datatype):
    array = sample(datatype)
    answer = client.infer(f"identity_{datatype.lower()}", [asked(datatype, array)])
    assert answer.get_output("y").datatype == datatype
    assert same(answer, array)


@pytest.mark.parametrize("datatype", DATATYPES)
def test_tensors_without_elements_come_back(client, datatype):
    array = sample(datatype)[:0]
    assert same(client.infer(f"identity_{datatype.lower()}", [asked(datatype, array)]), array)


FIELDS = {
    "BOOL": "bool_contents", "INT8": "int_contents", "INT16": "int_contents", "INT32": "int_contents",
    "INT64": "int64_contents", "UINT8": "uint_contents", "UINT16": "uint_contents", "UINT32": "uint_contents",
    "UINT64": "uint64_contents", "FP32": "fp32_contents", "FP64": "fp64_contents", "BYTES": "bytes_contents",
}


@pytest.mark.parametrize("datatype", FIELDS)
def test_values_in_typed_contents_are_those_of_raw_ones(stub, datatype):
    array = sample(datatype)
    message = pb.ModelInferRequest(model_name=f"identity_{datatype.lower()}")
    values = [x.encode() for x in array.ravel()] if datatype == "BYTES" else array.ravel().tolist()
    tensor = message.inputs.add(name="x", datatype=datatype, shape=array.shape)
    getattr(tensor.contents, FIELDS[datatype]).extend(values)
    answer, _ = stub.infer(message)
    # As Triton: whatever the request had, the answer is raw.
    assert list(answer.raw_output_contents) == [grpc_clients.raw(array)]
    assert list(answer.outputs[0].shape) == [2, 3] and not answer.outputs[0].HasField("contents")


@pytest.mark.parametrize("megabytes", [1, 16, 60])
def test_large_tensors_come_back(client, megabytes):
    array = np.random.default_rng(5).random((megabytes * 256, 1024), dtype=np.float32)
    assert same(client.infer("identity_fp32", [asked("FP32", array)]), array)


def test_all_outputs_come_unless_some_are_asked_for(client):
    inputs, total, difference = pair()
    whole = client.infer("two", inputs)
    assert same(whole, total, "sum") and same(whole, difference, "difference")
    only = client.infer("two", inputs, outputs=[triton.InferRequestedOutput("difference")])
    assert [o.name for o in only.get_response().outputs] == ["difference"] and same(only, difference, "difference")


def test_requested_outputs_come_in_the_order_asked_for(client):
    inputs, total, difference = pair()
    names = ["difference", "sum"]
    answer = client.infer("two", inputs[::-1], outputs=[triton.InferRequestedOutput(n) for n in names])
    assert [o.name for o in answer.get_response().outputs] == names
    assert same(answer, total, "sum") and same(answer, difference, "difference")


def test_the_answer_names_model_version_and_request(client):
    inputs, *_ = pair()
    told = client.infer("two", inputs, model_version="1", request_id="order-7").get_response()
    assert (told.model_name, told.model_version, told.id) == ("two", "1", "order-7")
    assert client.infer("two", inputs).get_response().id == ""


def test_classification_gives_the_best_classes_in_order(client):
    scores = np.array([[0.1, 0.7, 0.2], [3, 2, 1]], dtype=np.float32)
    answer = client.infer(
        "identity_fp32", [asked("FP32", scores)], outputs=[triton.InferRequestedOutput("y", class_count=2)])
    assert answer.get_output("y").datatype == "BYTES"
    classes = [[x.decode().split(":") for x in row] for row in answer.as_numpy("y")]
    assert [[int(c[1]) for c in row] for row in classes] == [[1, 2], [0, 1]]


def test_priority_timeout_and_parameters_are_taken(client):
    inputs, total, _ = pair()
    answer = client.infer(
        "two", inputs, priority=1, timeout=30_000_000, parameters={"a": "text", "b": 5, "c": True, "d": 0.5})
    assert same(answer, total, "sum")


def test_asynchronous_calls_answer_by_callback(client):
    import queue

    inputs, total, _ = pair()
    answers = queue.Queue()
    for _ in range(64):
        client.async_infer("two", inputs, callback=lambda result, error: answers.put((result, error)))
    for _ in range(64):
        result, error = answers.get(timeout=60)
        assert error is None and same(result, total, "sum")


# Metadata

def test_the_request_id_of_the_caller_comes_back(stub):
    message = grpc_clients.request("identity_fp32", {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"})
    _, call = stub.infer(message, metadata=[("x-request-id", "mine-1")])
    assert grpc_clients.metadata(call.initial_metadata())["x-request-id"] == "mine-1"
    _, call = stub.infer(message)
    assert len(grpc_clients.metadata(call.initial_metadata())["x-request-id"]) >= 16


def test_where_the_time_went_is_a_trailer(stub):
    message = grpc_clients.request("identity_fp32", {"x": np.ones((1, 1), np.float32)}, {"x": "FP32"})
    _, call = stub.infer(message)
    parts = grpc_clients.metadata(call.trailing_metadata())["server-timing"].split(", ")
    assert [p.split(";dur=")[0] for p in parts] == ["queue", "batch", "compute", "encode"]
    assert all(float(p.split(";dur=")[1]) >= 0 for p in parts)


# Errors

ONE = np.ones((1, 2), np.float32)


def wrong(change):
    message = grpc_clients.request("identity_fp32", {"x": ONE}, {"x": "FP32"})
    change(message)
    return message


def refused(stub, message, **options):
    with pytest.raises(grpc.RpcError) as caught:
        stub.infer(message, **options)
    return caught.value.code().name, caught.value.details()


def set_typed(message):
    message.inputs[0].contents.fp32_contents.extend([1, 2])


def replace_with_typed(message, **values):
    del message.raw_input_contents[:]
    for name, numbers in values.items():
        getattr(message.inputs[0].contents, name).extend(numbers)


@pytest.mark.parametrize("change, code, told", [
    (lambda m: setattr(m, "model_name", "nobody"), "NOT_FOUND", "nobody"),
    (lambda m: setattr(m, "model_name", ""), "NOT_FOUND", ""),
    (lambda m: setattr(m, "model_version", "99"), "NOT_FOUND", "99"),
    (lambda m: setattr(m, "model_version", "one"), "INVALID_ARGUMENT", "model_version"),
    (lambda m: setattr(m, "model_version", "99999999999999999999"), "INVALID_ARGUMENT", "model_version"),
    (lambda m: setattr(m.inputs[0], "name", "q"), "INVALID_ARGUMENT", "x"),
    (lambda m: setattr(m.inputs[0], "name", ""), "INVALID_ARGUMENT", "name"),
    (lambda m: setattr(m.inputs[0], "datatype", "FP128"), "INVALID_ARGUMENT", "datatype"),
    (lambda m: setattr(m.inputs[0], "datatype", ""), "INVALID_ARGUMENT", "datatype"),
    (lambda m: setattr(m.inputs[0], "datatype", "INT32"), "INVALID_ARGUMENT", "INT32"),
    (lambda m: m.inputs[0].shape.append(2), "INVALID_ARGUMENT", "x"),
    (lambda m: m.inputs[0].shape.__setitem__(0, -1), "INVALID_ARGUMENT", "shape"),
    (lambda m: m.inputs[0].shape.__setitem__(0, 2**62), "INVALID_ARGUMENT", ""),
    (lambda m: m.inputs.add(name="x", datatype="FP32", shape=[1]), "INVALID_ARGUMENT", "raw_input_contents"),
    (lambda m: m.raw_input_contents.append(b"1234"), "INVALID_ARGUMENT", "raw_input_contents"),
    (lambda m: m.raw_input_contents.__setitem__(0, b"1234"), "INVALID_ARGUMENT", "4"),
    (lambda m: m.raw_input_contents.pop(), "INVALID_ARGUMENT", "x"),
    (set_typed, "INVALID_ARGUMENT", "contents"),
    (lambda m: replace_with_typed(m, fp32_contents=[1]), "INVALID_ARGUMENT", "contents"),
    (lambda m: replace_with_typed(m, fp32_contents=[1, 2, 3]), "INVALID_ARGUMENT", "fp32_contents"),
    (lambda m: replace_with_typed(m, int_contents=[1] * 8), "INVALID_ARGUMENT", "fp32_contents"),
    (lambda m: replace_with_typed(m, fp32_contents=[1, 2], fp64_contents=[1]), "INVALID_ARGUMENT", "fp64_contents"),
    (lambda m: m.outputs.add(name="z"), "INVALID_ARGUMENT", "z"),
    (lambda m: [m.outputs.add(name="y") for _ in range(2)], "INVALID_ARGUMENT", "y"),
    (lambda m: setattr(m.parameters["priority"], "string_param", "high"),
     "INVALID_ARGUMENT", "priority"),
    (lambda m: setattr(m.parameters["timeout"], "int64_param", -1), "INVALID_ARGUMENT", "timeout"),
    (lambda m: m.parameters["nothing"].SetInParent(), "INVALID_ARGUMENT", "nothing"),
    (lambda m: setattr(m.inputs[0].parameters["shared_memory_region"], "string_param", "r"), "NOT_FOUND", "shared memory"),
])
def test_what_is_wrong_is_said(stub, change, code, told):
    got, details = refused(stub, wrong(change))
    assert got == code and told in details and details


@pytest.mark.parametrize("datatype, field, value", [
    ("INT8", "int_contents", 128), ("INT16", "int_contents", -32769), ("UINT8", "uint_contents", 256),
    ("UINT16", "uint_contents", 65536),
])
def test_typed_values_out_of_range_are_refused(stub, datatype, field, value):
    message = pb.ModelInferRequest(model_name=f"identity_{datatype.lower()}")
    getattr(message.inputs.add(name="x", datatype=datatype, shape=[1, 1]).contents, field).append(value)
    code, details = refused(stub, message)
    assert code == "INVALID_ARGUMENT" and "out of the range" in details


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_halves_have_no_typed_contents(stub, datatype):
    message = pb.ModelInferRequest(model_name=f"identity_{datatype.lower()}")
    message.inputs.add(name="x", datatype=datatype, shape=[1, 1]).contents.fp32_contents.append(1)
    code, details = refused(stub, message)
    assert code == "INVALID_ARGUMENT" and "raw_input_contents" in details


@pytest.mark.parametrize("raw", [
    b"", b"\x01", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7fabc", b"\x02\x00\x00\x00abc", b"\x03\x00\x00\x00abc\x00\x00\x00\x00",
])
def test_strings_whose_lengths_lie_are_refused(stub, raw):
    message = pb.ModelInferRequest(model_name="identity_bytes", raw_input_contents=[raw])
    message.inputs.add(name="x", datatype="BYTES", shape=[1, 1])
    code, details = refused(stub, message)
    assert code == "INVALID_ARGUMENT" and details


def test_a_message_above_the_limit_is_refused_and_one_below_is_not(stub, shared):
    limit = 64 << 20
    # What a request has besides its tensor is less than this.
    spare = 1024
    for count, fits in (((limit - spare) // 4, True), (limit // 4, False)):
        message = grpc_clients.request("identity_fp32", {"x": np.zeros((1, count), np.float32)}, {"x": "FP32"})
        if fits:
            assert len(stub.infer(message)[0].raw_output_contents[0]) == count * 4
        else:
            code, details = refused(stub, message)
            assert code == "RESOURCE_EXHAUSTED" and "--max-body" in details


@pytest.mark.parametrize("name, service", [
    ("ModelDance", grpc_clients.SERVICE), ("ModelInfer", "inference.Nothing"), ("ModelInfer", "tensorflow.serving.Nothing"),
])
def test_methods_that_do_not_exist_are_unimplemented(stub, name, service):
    with pytest.raises(grpc.RpcError) as caught:
        stub.method(name, service)(b"", timeout=60)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("method", ["ModelMetadata", "ModelConfig", "ModelStatistics"])
@pytest.mark.parametrize("name, version, code", [
    ("nobody", "", "NOT_FOUND"), ("two", "9", "NOT_FOUND"), ("two", "one", "INVALID_ARGUMENT"), ("two", "-1", "INVALID_ARGUMENT"),
])
def test_questions_about_what_is_not_there_are_errors(stub, method, name, version, code):
    question = getattr(pb, f"{method}Request")(name=name, version=version)
    with pytest.raises(grpc.RpcError) as caught:
        stub.method(method)(question, timeout=60)
    assert caught.value.code().name == code and caught.value.details()


@pytest.mark.parametrize("kind", ["System", "Cuda"])
def test_shared_memory_is_refused_by_name(stub, kind):
    with pytest.raises(grpc.RpcError) as caught:
        stub.method(f"{kind}SharedMemoryRegister")(getattr(pb, f"{kind}SharedMemoryRegisterRequest")(name="r"), timeout=60)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED and "shared memory" in caught.value.details()
