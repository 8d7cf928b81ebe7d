# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's own client for Triton, unmodified, against the binary."""
import numpy as np
import pytest
import tritonclient.http as triton
from tinymodels import DATATYPES, sample
from tritonclient.utils import InferenceServerException

JSON_DATATYPES = [name for name in DATATYPES if name not in ("FP16", "BF16")]  # those two travel as binary only


@pytest.fixture
def client(shared):
    with triton.InferenceServerClient(f"127.0.0.1:{shared.port}", concurrency=4) as made:
        yield made


def infer(client, name, datatype, array, binary, **options):
    asked = triton.InferInput("x", list(array.shape), datatype)
    asked.set_data_from_numpy(array, binary_data=binary)
    wanted = [triton.InferRequestedOutput("y", binary_data=binary)]
    return client.infer(name, [asked], outputs=wanted, **options)


def as_text(array):
    return np.array([x.decode() if isinstance(x, bytes) else x for x in array.ravel()], dtype=np.object_).reshape(array.shape)


def assert_same(answer, array, datatype):
    got = answer.as_numpy("y")
    if datatype == "BYTES":
        got = as_text(got)
    assert got.shape == array.shape
    assert np.array_equal(got, array)


def test_the_server_is_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()


def test_server_metadata_names_the_extensions(client):
    metadata = client.get_server_metadata()
    assert metadata["name"] == "slipway"
    assert {"binary_tensor_data", "classification", "statistics", "model_repository", "model_configuration"} <= set(
        metadata["extensions"])


def test_a_model_is_ready_with_and_without_its_version(client):
    assert client.is_model_ready("two")
    assert client.is_model_ready("two", "1")
    assert not client.is_model_ready("two", "99")
    assert not client.is_model_ready("nobody")


def test_model_metadata_tells_the_signature(client):
    metadata = client.get_model_metadata("two")
    assert metadata["name"] == "two"
    assert metadata["versions"] == ["1"]
    assert [(i["name"], i["datatype"], i["shape"]) for i in metadata["inputs"]] == [
        ("a", "FP32", [-1, 4]), ("b", "FP32", [-1, 4])]
    assert [(o["name"], o["datatype"], o["shape"]) for o in metadata["outputs"]] == [
        ("sum", "FP32", [-1, 4]), ("difference", "FP32", [-1, 4])]


def test_model_config_names_inputs_and_outputs(client):
    config = client.get_model_config("two")
    assert config["name"] == "two"
    assert isinstance(config.get("max_batch_size", 0), int)
    assert [(i["name"], i["data_type"]) for i in config["input"]] == [("a", "TYPE_FP32"), ("b", "TYPE_FP32")]


@pytest.mark.parametrize("datatype", DATATYPES)
def test_binary_tensors_come_back_bit_for_bit(client, datatype):
    array = sample(datatype)
    assert_same(infer(client, f"identity_{datatype.lower()}", datatype, array, binary=True), array, datatype)


@pytest.mark.parametrize("datatype", JSON_DATATYPES)
def test_json_tensors_come_back_value_for_value(client, datatype):
    array = sample(datatype)
    if datatype == "BYTES":  # the client writes JSON itself and refuses a NUL there
        array = np.array([["", "plain", "naïve ☂"]], dtype=np.object_)
    assert_same(infer(client, f"identity_{datatype.lower()}", datatype, array, binary=False), array, datatype)


@pytest.mark.parametrize("request_algorithm", [None, "gzip", "deflate"])
@pytest.mark.parametrize("response_algorithm", [None, "gzip", "deflate"])
@pytest.mark.parametrize("binary", [True, False])
def test_bodies_may_be_compressed_both_ways(client, request_algorithm, response_algorithm, binary):
    array = np.arange(4096, dtype=np.float32).reshape(4, 1024)
    answer = infer(
        client, "identity_fp32", "FP32", array, binary, request_compression_algorithm=request_algorithm,
        response_compression_algorithm=response_algorithm)
    assert np.array_equal(answer.as_numpy("y"), array)


def pair(binary=True):
    a, b = np.ones((2, 4), np.float32), np.full((2, 4), 0.25, np.float32)
    inputs = [triton.InferInput(n, [2, 4], "FP32") for n in ("a", "b")]
    inputs[0].set_data_from_numpy(a, binary_data=binary)
    inputs[1].set_data_from_numpy(b, binary_data=binary)
    return inputs, a + b, a - b


def test_without_requested_outputs_all_come(client):
    inputs, total, difference = pair()
    answer = client.infer("two", inputs)
    assert np.array_equal(answer.as_numpy("sum"), total)
    assert np.array_equal(answer.as_numpy("difference"), difference)


def test_only_requested_outputs_come_each_in_its_own_encoding(client):
    inputs, total, difference = pair()
    only = client.infer("two", inputs, outputs=[triton.InferRequestedOutput("difference", binary_data=False)])
    assert [o["name"] for o in only.get_response()["outputs"]] == ["difference"]
    mixed = client.infer("two", inputs, outputs=[
        triton.InferRequestedOutput("difference", binary_data=True),
        triton.InferRequestedOutput("sum", binary_data=False)])
    assert np.array_equal(mixed.as_numpy("sum"), total)
    assert np.array_equal(mixed.as_numpy("difference"), difference)


def test_a_request_id_comes_back(client):
    inputs, *_ = pair()
    assert client.infer("two", inputs, request_id="order-7").get_response()["id"] == "order-7"


def test_classification_gives_the_best_classes_in_order(client):
    scores = np.array([[0.1, 0.7, 0.2]], dtype=np.float32)
    asked = triton.InferInput("x", [1, 3], "FP32")
    asked.set_data_from_numpy(scores)
    answer = client.infer("identity_fp32", [asked], outputs=[triton.InferRequestedOutput("y", class_count=2)])
    described = answer.get_output("y")
    assert described["datatype"] == "BYTES"
    classes = [x.decode().split(":") for x in answer.as_numpy("y").ravel()]
    assert [int(c[1]) for c in classes] == [1, 2]
    assert [float(c[0]) for c in classes] == pytest.approx([0.7, 0.2], abs=1e-6)  # six digits are printed


def test_statistics_count_what_was_answered(client):
    def counted():
        return client.get_inference_statistics("two")["model_stats"][0]

    inputs, *_ = pair()
    before = counted()
    client.infer("two", inputs)
    after = counted()
    assert after["inference_stats"]["success"]["count"] == before["inference_stats"]["success"]["count"] + 1
    assert after["execution_count"] > before["execution_count"]
    for part in ("success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"):
        assert isinstance(after["inference_stats"][part]["count"], int)
        assert isinstance(after["inference_stats"][part]["ns"], int)


def test_trace_and_log_settings_can_be_read_but_not_changed(client):
    assert "trace_level" in client.get_trace_settings()
    settings = client.get_log_settings()
    assert "log_verbose_level" in settings
    with pytest.raises(InferenceServerException) as caught:
        client.update_log_settings({"log_verbose_level": settings["log_verbose_level"]})
    assert caught.value.status() == "403"


def test_the_repository_index_lists_what_is_served(client):
    index = {entry["name"]: entry for entry in client.get_model_repository_index()}
    assert index["two"]["state"] == "READY"
    assert index["two"]["version"] == "1"


def test_control_on_the_inference_port_is_refused(client):
    for call in (client.load_model, client.unload_model):
        with pytest.raises(InferenceServerException) as caught:
            call("two")
        assert caught.value.status() == "403"


def test_asynchronous_calls_all_answer(client):
    inputs, total, _ = pair()
    pending = [client.async_infer("two", inputs) for _ in range(64)]
    assert all(np.array_equal(p.get_result().as_numpy("sum"), total) for p in pending)


@pytest.mark.parametrize("name, version, status", [("nobody", "", "404"), ("two", "99", "404")])
def test_unknown_models_and_versions_are_not_found(client, name, version, status):
    inputs, *_ = pair()
    with pytest.raises(InferenceServerException) as caught:
        client.infer(name, inputs, model_version=version)
    assert caught.value.status() == status
    assert caught.value.message()


def test_an_unknown_requested_output_is_refused(client):
    inputs, *_ = pair()
    with pytest.raises(InferenceServerException) as caught:
        client.infer("two", inputs, outputs=[triton.InferRequestedOutput("quotient")])
    assert caught.value.status() == "400"
    assert "quotient" in caught.value.message()
