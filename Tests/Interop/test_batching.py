# SPDX-License-Identifier: Apache-2.0
"""Requests that share engine calls get the answers they get alone."""
import random

import numpy as np
import pytest
import slipway
import tinymodels

# Long enough that requests sent at once meet: these tests are about what a shared call answers.
TOGETHER = "batching: {max_batch: 64, preferred: [64], max_delay: 200ms}"
CALLERS = 64


def serve(server, model, settings=TOGETHER):
    server.import_version("m", model)
    server.apply(f'endpoints: {{m: {{routes: [{{version: "m:1"}}], {settings}}}}}\n')


def concurrently(server, bodies):
    """Sends each body on a connection of its own, all at once; returns the outputs by name, body by body."""

    def work(number):
        with slipway.Caller(server, "m") as caller:
            status, _, answer = caller.ask(bodies[number])
            assert status == 200, answer
            return {
                o["name"]: np.array(o["data"]).reshape(o["shape"]) for o in answer["outputs"]
            }

    return slipway.in_threads(len(bodies), work)


def check_counts(server, rows, together=True):
    """Batch sizes and how often there were calls of them must explain every row."""
    statistics = slipway.until(
        lambda: (s := server.statistics("m")) and s["inference_count"] >= rows and s, "every row to be counted")
    sizes = {b["batch_size"]: b["compute_infer"]["count"] for b in statistics["batch_stats"]}
    assert sum(size * count for size, count in sizes.items()) == statistics["inference_count"] == rows
    assert sum(sizes.values()) == statistics["execution_count"]
    assert (max(sizes) > 1) == together
    return sizes


@pytest.mark.parametrize("model, change", [(tinymodels.identity(), 0), (tinymodels.add(0.1), 0.1)], ids=["identity", "add"])
def test_rows_that_share_a_call_come_out_bit_for_bit(server, model, change):
    serve(server, model)
    rows = np.random.default_rng(7).normal(size=(CALLERS, 4)).astype(np.float32)
    bodies = [{"inputs": [slipway.tensor("x", "FP32", [1, 4], r.tolist())]} for r in rows]
    together = concurrently(server, bodies)
    for row, answer in zip(rows, together):
        expected = row + np.float32(change)
        assert answer["y"].astype(np.float32).tobytes() == expected.tobytes()
    check_counts(server, CALLERS)
    with slipway.Caller(server, "m") as caller:
        for row, answer in list(zip(bodies, together))[:4]:
            assert caller.ask(row)[2]["outputs"][0]["data"] == answer["y"].ravel().tolist()


def test_requests_of_several_rows_are_counted_by_rows(server):
    serve(server, tinymodels.add(1))
    random.seed(3)
    sizes = [random.randint(1, 7) for _ in range(48)]
    blocks = [np.full((n, 2), number, np.float32) for number, n in enumerate(sizes)]
    bodies = [{"inputs": [slipway.tensor("x", "FP32", b.shape, b.ravel().tolist())]} for b in blocks]
    for block, answer in zip(blocks, concurrently(server, bodies)):
        assert np.array_equal(answer["y"], block + 1)
    assert max(check_counts(server, sum(sizes))) <= 64


def test_shapes_that_do_not_fit_never_share_a_call(server):
    serve(server, tinymodels.add(1))
    blocks = [np.full((1, 1 + number % 5), number, np.float32) for number in range(40)]
    bodies = [{"inputs": [slipway.tensor("x", "FP32", b.shape, b.ravel().tolist())]} for b in blocks]
    for block, answer in zip(blocks, concurrently(server, bodies)):
        assert np.array_equal(answer["y"], block + 1)
    assert max(check_counts(server, 40)) <= 8


def test_a_request_larger_than_a_call_is_split_and_joined(server):
    serve(server, tinymodels.add(1), "batching: {max_batch: 64}")
    x = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    answer = server.infer("m", {"inputs": [slipway.tensor("x", "FP32", x.shape, x.ravel().tolist())]}).json()
    output = answer["outputs"][0]
    assert output["shape"] == [1000, 3] and np.array_equal(output["data"], (x + 1).ravel())
    assert max(check_counts(server, 1000)) <= 64


def test_different_lengths_are_padded_and_cut_off_again(server):
    serve(server, tinymodels.masked_sum())
    rng = np.random.default_rng(5)
    # 33 to 40 share a bucket; the short ones have theirs.
    lengths = [33 + n % 8 for n in range(48)] + [1 + n % 4 for n in range(16)]
    rows = [rng.integers(-1000, 1000, n) for n in lengths]
    masks = [rng.integers(0, 2, n) for n in lengths]
    bodies = [
        {"inputs": [
            slipway.tensor("ids", "INT64", [1, len(r)], r.tolist()),
            slipway.tensor("attention_mask", "INT64", [1, len(r)], m.tolist()),
        ]}
        for r, m in zip(rows, masks)
    ]
    for row, mask, answer in zip(rows, masks, concurrently(server, bodies)):
        assert answer["sum"].tolist() == [(row * mask).sum()]
        assert answer["kept"].tolist() == [(row * mask).tolist()]
    # Six requests have each length: a call of more rows held different lengths.
    assert max(check_counts(server, len(lengths))) > 6


def test_lengths_are_kept_apart_where_padding_is_off(server):
    serve(server, tinymodels.masked_sum(), TOGETHER.replace("}", ", pad: false}"))
    lengths = [33 + n % 8 for n in range(48)]
    bodies = [
        {"inputs": [
            slipway.tensor("ids", "INT64", [1, n], [number] * n), slipway.tensor("attention_mask", "INT64", [1, n], [1] * n),
        ]}
        for number, n in enumerate(lengths)
    ]
    for number, (n, answer) in enumerate(zip(lengths, concurrently(server, bodies))):
        assert answer["sum"].tolist() == [number * n] and answer["kept"].shape == (1, n)
    assert max(check_counts(server, 48)) <= 6


@pytest.mark.parametrize("model, expected", [
    (tinymodels.sum_of_all_rows(), lambda x: x.sum(axis=0, keepdims=True)),
    (tinymodels.adds_the_mean_row(), lambda x: x + x.mean(axis=0, keepdims=True)),
], ids=["output does not follow", "rows influence one another"])
def test_a_model_whose_rows_belong_together_is_not_batched_and_says_so(server, model, expected):
    serve(server, model)
    blocks = [np.arange(number, number + 6, dtype=np.float32).reshape(2, 3) for number in range(32)]
    bodies = [{"inputs": [slipway.tensor("x", "FP32", b.shape, b.ravel().tolist())]} for b in blocks]
    for block, answer in zip(blocks, concurrently(server, bodies)):
        # Small whole numbers: sums and halves of them are exact.
        assert np.array_equal(answer["y"], expected(block))
    told = server.observed("m")["versions"][0]["batching"]
    assert told.startswith("not batched: "), told


def test_batching_can_be_switched_off(server):
    serve(server, tinymodels.add(1), "batching: {enabled: false}")
    bodies = [{"inputs": [slipway.tensor("x", "FP32", [1, 1], [n])]} for n in range(32)]
    for n, answer in enumerate(concurrently(server, bodies)):
        assert answer["y"].tolist() == [[n + 1]]
    check_counts(server, 32, together=False)


def test_a_bad_request_in_a_batch_harms_only_itself(server):
    serve(server, tinymodels.picks([1, 2, 3]))

    def work(number):
        with slipway.Caller(server, "m") as caller:
            status, _, answer = caller.ask({"inputs": [slipway.tensor("x", "FP32", [1, 1], [number % 4])]})
            return status, answer

    for number, (status, answer) in enumerate(slipway.in_threads(32, work)):
        if number % 4 == 3:
            assert status in (400, 500) and answer["error"]
        else:
            assert status == 200 and np.ravel(answer["outputs"][0]["data"]).tolist() == [number % 4 + 1]
