# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Serving's clients against the binary: the REST recipes of its tutorials, and gRPC by its own messages."""
import base64
import gzip
import importlib
import json
import sys
import urllib.request
from pathlib import Path

import numpy as np
import onnx
import pytest
import requests
import slipway
import tinymodels
from onnx import TensorProto, helper

PROTOS = Path(__file__).parents[2] / "Protos"


def classifier():
    """label and probabilities of two classes, as scikit-learn's classifiers are converted: from one float."""
    one = onnx.numpy_helper.from_array(np.array(1, np.float32), "one")
    limit = onnx.numpy_helper.from_array(np.array(0.5, np.float32), "limit")
    nodes = [
        helper.make_node("Sub", ["one", "x"], ["rest"]), helper.make_node("Concat", ["rest", "x"], ["probabilities"], axis=1),
        helper.make_node("Greater", ["x", "limit"], ["high"]), helper.make_node("Squeeze", ["high", "axis"], ["flat"]),
        helper.make_node("Cast", ["flat"], ["label"], to=TensorProto.INT64),
    ]
    axis = onnx.numpy_helper.from_array(np.array([1], np.int64), "axis")
    return tinymodels.model(
        nodes, [tinymodels.value("x", TensorProto.FLOAT, ["n", 1])],
        [tinymodels.value("label", TensorProto.INT64, ["n"]), tinymodels.value("probabilities", TensorProto.FLOAT, ["n", 2])],
        initializers=[one, limit, axis],
    ).SerializeToString()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A model that adds 0.5, one with two outputs, texts in and out, and a classifier."""
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("tfs") / "home")) as running:
        running.deploy("half_plus", tinymodels.add(0.5, columns=1))
        running.home.run("alias", "half_plus", "stable", "1")
        running.deploy("two", tinymodels.two_outputs())
        running.deploy("texts", tinymodels.identity("BYTES", ("n",)))
        running.deploy("classes", classifier())
        yield running


# REST

def ask(served, path, body, **options):
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return served.session.post(served.url + path, data=data, timeout=slipway.PATIENCE, **options)


def test_the_tutorials_curl_works_with_urllib(served):
    body = json.dumps({"instances": [1.0, 2.0, 5.0]}).encode()
    request = urllib.request.Request(served.url + "/v1/models/half_plus:predict", data=body)
    with urllib.request.urlopen(request, timeout=slipway.PATIENCE) as answer:
        assert json.load(answer) == {"predictions": [[1.5], [2.5], [5.5]]}


@pytest.mark.parametrize("path", ["/v1/models/half_plus", "/v1/models/half_plus/versions/1", "/v1/models/half_plus/labels/stable"])
def test_a_version_is_named_by_number_or_label(served, path):
    answer = ask(served, path + ":predict", {"signature_name": "serving_default", "instances": [[1.0]]})
    assert answer.json() == {"predictions": [[1.5]]}
    states = served.session.get(served.url + path).json()["model_version_status"]
    assert states == [{"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]
    metadata = served.session.get(served.url + path + "/metadata").json()
    assert metadata["model_spec"] == {"name": "half_plus", "signature_name": "", "version": "1"}
    inputs = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]
    assert inputs["x"]["dtype"] == "DT_FLOAT"
    assert [d["size"] for d in inputs["x"]["tensor_shape"]["dim"]] == ["-1", "1"]


def test_columns_and_rows_of_several_inputs(served):
    a, b = [[1.0, 2.0, 3.0, 4.0]], [[1.0, 1.0, 1.0, 1.0]]
    columns = ask(served, "/v1/models/two:predict", {"inputs": {"a": a, "b": b}}).json()
    assert columns == {"outputs": {"sum": [[2.0, 3.0, 4.0, 5.0]], "difference": [[0.0, 1.0, 2.0, 3.0]]}}
    rows = ask(served, "/v1/models/two:predict", {"instances": [{"a": a[0], "b": b[0]}] * 2}).json()
    assert rows == {"predictions": [{"sum": [2.0, 3.0, 4.0, 5.0], "difference": [0.0, 1.0, 2.0, 3.0]}] * 2}


def test_bytes_travel_as_base64(served):
    text = base64.b64encode("grün".encode()).decode()
    answer = ask(served, "/v1/models/texts:predict", {"instances": [{"b64": text}, "blau"]})
    assert answer.json() == {"predictions": ["grün", "blau"]}


def test_numbers_that_json_has_not(served):
    answer = ask(served, "/v1/models/half_plus:predict", '{"instances": [NaN, Infinity, -Infinity]}')
    nan, high, low = (row[0] for row in json.loads(answer.text)["predictions"])
    assert nan != nan and high == float("inf") and low == float("-inf")


def test_a_gzip_body_is_taken(served):
    body = gzip.compress(b'{"instances": [1.0]}')
    answer = ask(served, "/v1/models/half_plus:predict", body, headers={"Content-Encoding": "gzip"})
    assert answer.json() == {"predictions": [[1.5]]}


def test_classify_and_regress(served):
    examples = {"examples": [{"x": 0.25}, {"x": [0.75]}]}
    answer = ask(served, "/v1/models/classes:classify", examples)
    assert answer.json() == {"results": [[["0", 0.75], ["1", 0.25]], [["0", 0.25], ["1", 0.75]]]}
    assert ask(served, "/v1/models/half_plus:regress", examples).json() == {"results": [0.75, 1.25]}
    assert "regress" in ask(served, "/v1/models/half_plus:classify", examples).json()["error"]


@pytest.mark.parametrize("path, body, status", [
    ("/v1/models/nobody:predict", '{"instances":[1]}', 404), ("/v1/models/half_plus/versions/9:predict", '{"instances":[1]}', 404),
    ("/v1/models/half_plus/labels/nobody:predict", '{"instances":[1]}', 404), ("/v1/models/half_plus:predict", "{", 400),
    ("/v1/models/half_plus:predict", '{"instances":[1],"inputs":[1]}', 400), ("/v1/models/half_plus:predict", '{"instances":[[1],[2,3]]}', 400),
    ("/v1/models/half_plus:predict", '{"instances":["a"]}', 400), ("/v1/models/half_plus:predict", '{"signature_name":"x","instances":[1]}', 400),
    ("/v1/models/texts:predict", '{"instances":[{"b64":"!"}]}', 400), ("/v1/models/half_plus:explain", '{"instances":[1]}', 501),
    ("/v1/models/half_plus:regress", '{"examples":[{"y":1}]}', 400), ("/v1/models/half_plus:predict", "[" * 100, 400),
])
def test_what_cannot_be_answered_says_why(served, path, body, status):
    answer = ask(served, path, body)
    assert answer.status_code == status and list(answer.json()) == ["error"]


def test_one_models_route_serves_three_kinds_of_clients(served):
    every = served.session.get(served.url + "/v1/models").json()
    assert every["models"] == ["classes", "half_plus", "texts", "two"]
    assert every["object"] == "list" and [m["id"] for m in every["data"]] == every["models"]
    one = served.session.get(served.url + "/v1/models/half_plus").json()
    assert one["name"] == "half_plus" and one["ready"] is True and one["object"] == "model"
    assert one["created"] > 1_600_000_000 and one["owned_by"]
    assert served.session.get(served.url + "/v2/models").json() == {"models": every["models"]}
    unknown = served.session.get(served.url + "/v1/models/nobody")
    assert unknown.status_code == 404 and unknown.json()["error"]


# gRPC

@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """Our own protos compiled by grpcio-tools; returns a function from a file's stem to its two modules."""
    tools = pytest.importorskip("grpc_tools.protoc")
    out = tmp_path_factory.mktemp("protos")
    well_known = Path(tools.__file__).parent / "_proto"
    files = [str(f) for f in sorted((PROTOS / "tensorflow_serving").glob("*.proto"))]
    code = tools.main(["protoc", f"-I{PROTOS}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}", *files])
    assert code == 0
    sys.path.insert(0, str(out))
    yield lambda stem: importlib.import_module("tensorflow_serving." + stem)
    sys.path.remove(str(out))


@pytest.fixture(scope="module")
def channel(served):
    import grpc

    # A client of grpcio takes 4 MiB at most unless told.
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(served.grpc, options=limits) as made:
        yield made


@pytest.fixture(scope="module")
def prediction(messages, channel):
    return messages("prediction_service_pb2_grpc").PredictionServiceStub(channel)


@pytest.fixture(scope="module")
def models(messages, channel):
    return messages("model_service_pb2_grpc").ModelServiceStub(channel)


def spec(message, name, **more):
    message.model_spec.name = name
    if "version" in more:
        message.model_spec.version.value = more["version"]
    if "label" in more:
        message.model_spec.version_label = more["label"]
    return message


def tensor(messages, dtype, shape, **values):
    module = messages("tensor_pb2")
    proto = module.TensorProto(dtype=dtype, **values)
    for extent in shape:
        proto.tensor_shape.dim.add(size=extent)
    return proto


@pytest.mark.parametrize("choice", [{}, {"version": 1}, {"label": "stable"}])
@pytest.mark.parametrize("values", [
    {"float_val": [1.0, 2.0]}, {"tensor_content": np.array([1, 2], np.float32).tobytes()},
])
def test_predict_over_grpc(messages, prediction, choice, values):
    request = spec(messages("predict_pb2").PredictRequest(), "half_plus", **choice)
    request.inputs["x"].CopyFrom(tensor(messages, 1, [2, 1], **values))
    answer = prediction.Predict(request, timeout=slipway.PATIENCE)
    assert list(answer.outputs["y"].float_val) == [1.5, 2.5]
    assert [d.size for d in answer.outputs["y"].tensor_shape.dim] == [2, 1]
    assert answer.model_spec.name == "half_plus" and answer.model_spec.version.value == 1


def test_one_element_fills_the_shape_and_outputs_are_filtered(messages, prediction):
    request = spec(messages("predict_pb2").PredictRequest(), "two")
    request.inputs["a"].CopyFrom(tensor(messages, 1, [1, 4], float_val=[3.0]))
    request.inputs["b"].CopyFrom(tensor(messages, 1, [1, 4], float_val=[1.0]))
    request.output_filter.append("difference")
    answer = prediction.Predict(request, timeout=slipway.PATIENCE)
    assert list(answer.outputs) == ["difference"]
    assert list(answer.outputs["difference"].float_val) == [2.0] * 4


def test_texts_and_large_tensors_over_grpc(messages, prediction):
    request = spec(messages("predict_pb2").PredictRequest(), "texts")
    request.inputs["x"].CopyFrom(tensor(messages, 7, [2], string_val=[b"a", "ü".encode()]))
    assert list(prediction.Predict(request, timeout=slipway.PATIENCE).outputs["y"].string_val) == [b"a", "ü".encode()]
    many = np.arange(1 << 20, dtype=np.float32)
    request = spec(messages("predict_pb2").PredictRequest(), "half_plus")
    request.inputs["x"].CopyFrom(tensor(messages, 1, [1 << 20, 1], tensor_content=many.tobytes()))
    answer = prediction.Predict(request, timeout=slipway.PATIENCE)
    assert np.array_equal(np.array(answer.outputs["y"].float_val, np.float32), many + np.float32(0.5))


def test_classify_regress_and_both_over_grpc(messages, prediction):
    predict = messages("predict_pb2")
    example = messages("example_pb2").Example()
    example.features.feature["x"].float_list.value.append(0.25)
    request = spec(predict.ClassificationRequest(), "classes")
    request.input.example_list.examples.append(example)
    classes = prediction.Classify(request, timeout=slipway.PATIENCE).result.classifications[0].classes
    assert [(c.label, c.score) for c in classes] == [("0", 0.75), ("1", 0.25)]
    request = spec(predict.RegressionRequest(), "half_plus")
    request.input.example_list_with_context.examples.append(messages("example_pb2").Example())
    request.input.example_list_with_context.context.CopyFrom(example)
    assert prediction.Regress(request, timeout=slipway.PATIENCE).result.regressions[0].value == 0.75
    request = predict.MultiInferenceRequest()
    spec(request.tasks.add(method_name="tensorflow/serving/classify"), "classes")
    request.input.example_list.examples.append(example)
    results = prediction.MultiInference(request, timeout=slipway.PATIENCE).results
    assert [c.label for c in results[0].classification_result.classifications[0].classes] == ["0", "1"]


def test_metadata_and_status_over_grpc(messages, prediction, models):
    metadata = messages("metadata_pb2")
    request = spec(metadata.GetModelMetadataRequest(metadata_field=["signature_def"]), "half_plus")
    answer = prediction.GetModelMetadata(request, timeout=slipway.PATIENCE)
    definitions = metadata.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(definitions)
    assert definitions.signature_def["serving_default"].inputs["x"].dtype == 1
    request = spec(messages("model_service_pb2").GetModelStatusRequest(), "half_plus")
    states = models.GetModelStatus(request, timeout=slipway.PATIENCE).model_version_status
    assert [(s.version, s.state) for s in states] == [(1, 30)]


def test_what_cannot_be_answered_over_grpc_has_its_code(messages, prediction, models):
    import grpc

    predict, metadata = messages("predict_pb2"), messages("metadata_pb2")
    negative = spec(predict.PredictRequest(), "half_plus")
    negative.inputs["x"].CopyFrom(tensor(messages, 1, [-1, 1], float_val=[1.0]))
    complex_type = spec(predict.PredictRequest(), "half_plus")
    complex_type.inputs["x"].CopyFrom(tensor(messages, 8, [1, 1]))
    cases = [
        (prediction.Predict, spec(predict.PredictRequest(), "nobody"), grpc.StatusCode.NOT_FOUND),
        (prediction.Predict, predict.PredictRequest(), grpc.StatusCode.INVALID_ARGUMENT),
        (prediction.Predict, spec(predict.PredictRequest(), "half_plus", label="nobody"), grpc.StatusCode.NOT_FOUND),
        (prediction.Predict, spec(predict.PredictRequest(), "half_plus"), grpc.StatusCode.INVALID_ARGUMENT),
        (prediction.Predict, negative, grpc.StatusCode.INVALID_ARGUMENT),
        (prediction.Predict, complex_type, grpc.StatusCode.UNIMPLEMENTED),
        (prediction.Classify, spec(predict.ClassificationRequest(), "classes"), grpc.StatusCode.INVALID_ARGUMENT),
        (prediction.GetModelMetadata, spec(metadata.GetModelMetadataRequest(), "half_plus"), grpc.StatusCode.INVALID_ARGUMENT),
    ]
    for call, request, code in cases:
        with pytest.raises(grpc.RpcError) as failure:
            call(request, timeout=slipway.PATIENCE)
        assert failure.value.code() == code, (call, failure.value.details())
        assert failure.value.details()


def test_the_server_lives_on_after_nonsense(served):
    for body in (b"", b"\x00" * 1000, b"{" * 1000, b'{"instances":' + b"[" * 5000, b'{"instances":[' + b"1," * 5000):
        assert requests.post(served.url + "/v1/models/half_plus:predict", data=body, timeout=slipway.PATIENCE).status_code == 400
    assert served.is_alive()


# The configuration, over gRPC

def reload(messages, address, *models):
    import grpc

    request = messages("model_service_pb2").ReloadConfigRequest()
    for name, folder in models:
        entry = request.config.model_config_list.config.add()
        entry.name, entry.base_path = name, str(folder)
    with grpc.insecure_channel(address) as channel:
        stub = messages("model_service_pb2_grpc").ModelServiceStub(channel)
        return stub.HandleReloadConfigRequest(request, timeout=slipway.PATIENCE)


def test_a_new_configuration_is_served_and_what_it_lacks_is_not(messages, home, tmp_path):
    for name, added in (("one", 1), ("two", 2)):
        folder = tmp_path / name / "1"
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(tinymodels.add(added, columns=1))
    with slipway.Server(home, "--repository-control") as server:
        assert reload(messages, server.grpc, ("one", tmp_path / "one")).status.error_code == 0
        server.wait_ready("one")
        assert ask(server, "/v1/models/one:predict", {"instances": [[1.0]]}).json() == {"predictions": [[2.0]]}
        told = reload(messages, server.grpc, ("two", tmp_path / "two"), ("three", tmp_path / "three")).status
        assert told.error_code != 0 and "three" in told.error_message
        server.wait_ready("two")
        assert ask(server, "/v1/models/two:predict", {"instances": [[1.0]]}).json() == {"predictions": [[3.0]]}
        assert ask(server, "/v1/models/one:predict", {"instances": [[1.0]]}).status_code == 404


def test_who_can_infer_cannot_change_the_configuration(messages, served, tmp_path):
    import grpc

    with pytest.raises(grpc.RpcError) as failure:
        reload(messages, served.grpc, ("one", tmp_path))
    assert failure.value.code() == grpc.StatusCode.PERMISSION_DENIED
