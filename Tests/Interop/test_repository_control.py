# SPDX-License-Identifier: Apache-2.0
"""Load and unload through Triton's client, where the operator switched it on."""
import slipway
import tinymodels
import tritonclient.http as triton


def test_load_and_unload_make_endpoint_revisions(home):
    with slipway.Server(home, "--repository-control") as server:
        server.deploy("m", tinymodels.identity())
        with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            client.unload_model("m")
            slipway.until(lambda: not client.is_model_ready("m"), "m to be unloaded")
            client.load_model("m")
            slipway.until(lambda: client.is_model_ready("m"), "m to be loaded again")


def test_loading_what_does_not_exist_is_an_error(home):
    with slipway.Server(home, "--repository-control") as server:
        answer = server.session.post(server.url + "/v2/repository/models/nobody/load")
        assert answer.status_code in (400, 404)
        assert answer.json()["error"]


def test_log_settings_can_be_changed(home):
    with slipway.Server(home, "--repository-control") as server:
        with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            client.update_log_settings({"log_verbose_level": 1})
            assert client.get_log_settings()["log_verbose_level"] == 1
