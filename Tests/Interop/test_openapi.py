# SPDX-License-Identifier: Apache-2.0
"""The descriptions of both ports: they are valid, and the server keeps to them whatever it is sent."""
import json

import hypothesis
import pytest
import requests
import schemathesis
import slipway
import tinymodels
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance, response_headers_conformance, response_schema_conformance, status_code_conformance,
)

CHECKS = [status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]
# Per operation, half of them valid by the schema and half not; with some 80 operations well under a minute in all.
EXAMPLES = 6
# Of the paths' parameters: names that are there, so that more than "not found" is seen.
KNOWN = {
    "model": ["identity_fp32", "two"], "model_name": ["identity_fp32", "two"], "version": ["1"],
    "model_version": ["1"], "endpoint": ["identity_fp32"], "reference": ["two:1"],
}
# Operations that are not called, each with its reason.
EXCLUDED = {
    "GET /api/v1/events": "never ends",
    # Would take down the models that the other operations ask.
    "DELETE /api/v1/endpoints/{endpoint}": "undeploys the endpoint that is asked",
    "POST /api/v1/endpoints/{endpoint}/rollback": "serves another version than the one that is asked",
}


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    """A server with every cloud's contract on, two models, and a key to administer it with."""
    home = slipway.Home(tmp_path_factory.mktemp("openapi") / "home")
    environment = {"SLIPWAY_CLOUD": "sagemaker,vertex,azureml", "SLIPWAY_DEFAULT_ENDPOINT": "identity_fp32"}
    with slipway.Server(home, environment=environment) as running:
        running.deploy("identity_fp32", tinymodels.identity())
        running.deploy("two", tinymodels.two_outputs())
        running.key = home.run_json("token", "create", "--role", "admin")["secret"]
        yield running
        assert running.is_alive(), f"the server died during the tests: {running.log()}"


def document(url):
    answer = requests.get(url + "/openapi.json", timeout=slipway.PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("port", ["inference", "admin"])
def test_the_description_is_valid(clouds, port):
    described = document(clouds.url if port == "inference" else clouds.admin_url)
    validate(described)
    identifiers = [o["operationId"] for path in described["paths"].values() for o in path.values()]
    assert len(identifiers) == len(set(identifiers))
    for path in described["paths"].values():
        for operation in path.values():
            assert operation["summary"] and operation["responses"]
            assert "default" not in operation["responses"], "undocumented statuses are to be found out"


def test_options_gives_the_description(clouds):
    answer = requests.options(clouds.url + "/", timeout=slipway.PATIENCE)
    assert answer.status_code == 200 and answer.json()["openapi"] == document(clouds.url)["openapi"]


def exercise(operation, session, modes=(GenerationMode.POSITIVE, GenerationMode.NEGATIVE), always_known=False):
    """Sends an operation what its schema allows and what it does not, and holds the answers to the description."""
    for mode in modes:

        @hypothesis.seed(1)
        @hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode), choice=st.integers(0, 3))
        def run(case, choice):
            for name, values in KNOWN.items():
                if case.path_parameters and name in case.path_parameters and (choice < 3 or always_known):
                    case.path_parameters[name] = values[choice % len(values)]
            response = case.call(session=session, timeout=slipway.PATIENCE)
            assert response.status_code < 500 or response.status_code == 501, (
                f"{case.method} {case.formatted_path}: {response.status_code} {response.content[:300]!r}"
            )
            case.validate_response(response, checks=CHECKS)

        try:
            run()
        except hypothesis.errors.Unsatisfiable:
            # Some operations have nothing that could be wrong.
            assert mode is GenerationMode.NEGATIVE


@pytest.mark.parametrize("port", ["inference", "admin"])
def test_the_server_keeps_to_its_description(clouds, port):
    url = clouds.url if port == "inference" else clouds.admin_url
    session = requests.Session()
    if port == "admin":
        session.headers["Authorization"] = f"Bearer {clouds.key}"
    failures = []
    schema = schemathesis.openapi.from_url(url + "/openapi.json", wait_for_schema=10)
    for result in schema.get_all_operations():
        operation = result.ok()
        name = f"{operation.method.upper()} {operation.path}"
        if name in EXCLUDED:
            continue
        try:
            exercise(operation, session)
        except Exception as failure:  # noqa: BLE001 - gathered, so that one run shows them all
            failures.append(f"{name}: {failure}")
    assert not failures, "\n\n".join(failures)


def test_the_server_keeps_to_the_description_that_mlserver_publishes(clouds):
    """Its V2 data plane, for valid requests of models that are there; streaming is not served."""
    [path] = list(slipway.ASSETS.glob("mlserver-openapi-*/dataplane.json")) or [None]
    if path is None:
        pytest.skip("MLServer's OpenAPI file is missing: Scripts/bootstrap --with tests brings it")
    published = json.loads(path.read_text())
    published["paths"] = {p: o for p, o in published["paths"].items() if "stream" not in p and "generate" not in p}
    assert len(published["paths"]) == 9
    # The file says "array or bytes", and bytes is no type of JSON Schema.
    published["components"]["schemas"]["TensorData"] = {"type": "array"}
    schema = schemathesis.openapi.from_dict(published)
    schema.config.update(base_url=clouds.url)
    for result in schema.get_all_operations():
        exercise(result.ok(), requests.Session(), [GenerationMode.POSITIVE], always_known=True)
