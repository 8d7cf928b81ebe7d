# SPDX-License-Identifier: Apache-2.0
"""The header that tells where a request's time went."""
import re
import time

import pytest
import slipway

PARTS = ["queue", "batch", "compute", "encode"]


def timings(answer):
    text = answer.headers["Server-Timing"]
    assert re.fullmatch(r"[a-z]+;dur=\d+\.\d{3}(, [a-z]+;dur=\d+\.\d{3})*", text), text
    return {name: float(milliseconds) for name, milliseconds in (p.split(";dur=") for p in text.split(", "))}


@pytest.mark.parametrize("binary", [False, True])
def test_every_part_is_told_and_together_they_are_not_more_than_the_whole(shared, binary):
    count = 20_000
    x = slipway.tensor("x", "FP32", [1, count], [1.5] * count)
    body = {"inputs": [x], "outputs": [{"name": "y", "parameters": {"binary_data": binary}}]}
    began = time.monotonic()
    answer = shared.infer("identity_fp32", body)
    took = (time.monotonic() - began) * 1000
    told = timings(answer)
    assert answer.status_code == 200 and list(told) == PARTS
    assert told["compute"] > 0 and told["encode"] > 0
    # Each part is rounded to a microsecond.
    assert sum(told.values()) <= took + 0.004


def test_the_plain_contract_tells_it_too(shared):
    answer = shared.session.post(shared.url + "/v1/models/identity_fp32:predict", json={"data": [[1.0]]})
    assert list(timings(answer)) == PARTS


def test_what_was_not_executed_has_no_times(shared):
    assert "Server-Timing" not in shared.infer("nobody", {"inputs": []}).headers
