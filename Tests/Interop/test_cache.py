# SPDX-License-Identifier: Apache-2.0
"""Answers that are kept and given again to equal requests of the same version."""
import re

import slipway
import tinymodels


def file(version, cache="1MiB"):
    return f'endpoints: {{m: {{routes: [{{version: "m:{version}"}}], cache: {cache}}}}}\n'


def cached(server, version):
    return server.metric("slipway_inference_routed_total", endpoint="m", version=version, route="cache")


def test_equal_requests_are_answered_from_the_cache_and_never_across_versions(server):
    for number in (1, 2):
        server.import_version("m", tinymodels.add(number))
    server.apply(file(1))
    with slipway.Caller(server, "m") as caller:
        assert [caller.value(x) for x in (5, 5, 6, 5)] == [(6, "1"), (6, "1"), (7, "1"), (6, "1")]
        assert cached(server, 1) == 2
        statistics = server.statistics("m", 1)
        assert statistics["inference_stats"]["success"]["count"] == 4 and statistics["execution_count"] == 2
        assert statistics["inference_stats"]["cache_hit"]["count"] == 2
        server.apply(file(2))
        assert [caller.value(5) for _ in range(2)] == [(7, "2")] * 2
        assert cached(server, 2) == 1
        server.apply(file(1))
        assert caller.value(5) == (6, "1")


def test_what_differs_in_shape_only_is_another_request(server):
    server.deploy("m", tinymodels.identity())
    server.apply(file(1))
    for shape in ([1, 4], [2, 2], [4, 1], [1, 4]):
        output = server.infer("m", {"inputs": [slipway.tensor("x", "FP32", shape, [1, 2, 3, 4])]}).json()["outputs"][0]
        assert output["shape"] == shape
    assert cached(server, 1) == 1


def test_the_cache_holds_no_more_than_it_may(server):
    server.import_version("m", tinymodels.add(1))
    server.apply(file(1, "128KiB"))
    for n in range(64):
        body = {"inputs": [slipway.tensor("x", "FP32", [1, 1000], [n] * 1000)]}
        assert server.infer("m", body).json()["outputs"][0]["data"] == [n + 1] * 1000

    def bytes_kept():
        notes = " ".join(server.observed("m")["notes"])
        found = re.search(r"of (\d+) requests answered, (\d+) bytes kept", notes)
        return found and int(found[1]) == 64 and int(found[2])

    kept = slipway.until(bytes_kept, "the status to count 64 requests")
    # A question and its answer have 4,000 bytes each, and no more than that again is needed to find them.
    assert 8 * 8000 <= kept <= 128 << 10
