# SPDX-License-Identifier: Apache-2.0
"""Ground truth that arrives later: joined by request id, once, over restarts, whatever else is sent."""
import json
import signal

import monitoring
import pytest
import slipway


@pytest.fixture
def risk(server):
    server.deploy("risk", monitoring.classifier())
    return server


def outcomes(reply):
    return reply["counts"]


def accuracy(server):
    found = monitoring.readings(server, "risk", "accuracy", subject=None)
    return found[0] if found else None


def labelled(server, samples):
    """The reading of accuracy once it is of so many labels."""
    return slipway.until(
        lambda: (r := accuracy(server)) and r["samples"] == samples and r, f"accuracy of {samples} labels")


def test_labels_are_joined_and_quality_follows(risk):
    answers = monitoring.ask(risk, "risk", monitoring.rows(200))
    assert outcomes(monitoring.feedback(risk, "risk", answers[:100])) == {"joined": 100}
    reading = labelled(risk, 100)
    # The model is the judge's own, in float32: a row on the border may differ.
    assert reading["value"] >= 0.99 and reading["method"]
    told = monitoring.monitors(risk, "risk")
    assert told["isLive"] and told["labels"]["joined"] == 100


def test_feedback_is_taken_on_the_inference_port_too(risk):
    answers = monitoring.ask(risk, "risk", monitoring.rows(5))
    assert outcomes(monitoring.feedback(risk, "risk", answers, port="inference")) == {"joined": 5}


def test_feedback_on_the_inference_port_needs_a_key_once_there_is_one(risk):
    answers = monitoring.ask(risk, "risk", monitoring.rows(3))
    key = risk.home.run_json("token", "create", "--role", "viewer")["secret"]
    data = {"requestID": answers[0][0], "label": monitoring.truth(answers[0][2])}
    url = f"{risk.url}/api/v1/endpoints/risk/feedback"

    def told(headers):
        answer = risk.session.post(url, json=data, headers=headers, timeout=slipway.PATIENCE)
        return answer.status_code, answer.json()

    status, body = told({})
    assert status == 401 and "key" in str(body)
    assert told({"Authorization": "Bearer slw_0000000000000000_" + "0" * 64})[0] == 401
    # Asking a model needs none.
    assert monitoring.ask(risk, "risk", monitoring.rows(1))
    status, body = told({"Authorization": f"Bearer {key}"})
    assert status == 200 and body["counts"] == {"joined": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_labels_are_joined_exactly_once_across_a_restart(risk, number):
    answers = monitoring.ask(risk, "risk", monitoring.rows(60))
    assert outcomes(monitoring.feedback(risk, "risk", answers[:30])) == {"joined": 30}
    labelled(risk, 30)
    risk.stop(number)
    risk.start()
    risk.wait_ready("risk")
    # The first half is there already, the second still waits for its labels.
    assert outcomes(monitoring.feedback(risk, "risk", answers)) == {"duplicate": 30, "joined": 30}
    assert outcomes(monitoring.feedback(risk, "risk", answers)) == {"duplicate": 60}
    assert labelled(risk, 60)["value"] >= 0.98


def test_hostile_feedback_is_told_item_by_item_and_harms_nothing(risk):
    [(known, _, row), (other, _, _)] = monitoring.ask(risk, "risk", monitoring.rows(2))
    truth = monitoring.truth(row)
    items = [
        ({"requestID": known, "label": truth}, "joined"),
        ({"requestID": known, "label": truth}, "duplicate"),
        ({"requestID": "nobody-asked-this", "label": "1"}, "unknown"),
        ({"requestID": other, "label": "a class that there is not"}, "invalid"),
        ({"requestID": other, "label": "NaN"}, "invalid"),
        ({"requestID": other, "label": {"a": 1}}, "invalid"),
        ({"requestID": other, "label": [[1]]}, "invalid"),
        ({"requestID": other, "label": ["1", "1", "1"]}, "invalid"),
        ({"requestID": other, "kpis": {"revenue": "much"}}, "invalid"),
        ({"requestID": other}, "invalid"), ({"label": "1"}, "invalid"), ({"requestID": 7, "label": "1"}, "invalid"),
        ({"requestID": "x" * 100_000, "label": "1"}, None),
        ("text", "invalid"), (None, "invalid"), ([], "invalid"),
    ]
    answer = monitoring.post_feedback(risk, "risk", {"items": [item for item, _ in items]})
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    for (item, wanted), result in zip(items, results, strict=True):
        assert result["outcome"] == wanted or (wanted is None and result["outcome"] in ("invalid", "unknown")), item
        assert result["outcome"] != "invalid" or result["message"], item
    assert outcomes(monitoring.post_feedback(risk, "risk", {"requestID": other, "label": "1"}).json()) == {"joined": 1}


@pytest.mark.parametrize("data", [
    b"", b"[", b"7", b'"text"', b"null", b"{", b'{"items": 7}', b'{"items": [{"requestID": "a", "label": NaN}]}',
    b'{"items": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", b"\xff\xfe", b'{"requestID": "a", "label": 1e999}',
])
def test_bodies_that_are_no_feedback_are_refused(risk, data):
    for base in (risk.url, risk.admin_url):
        answer = risk.session.post(f"{base}/api/v1/endpoints/risk/feedback", data=data, timeout=slipway.PATIENCE)
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 200:
            assert set(answer.json()["counts"]) <= {"invalid", "unknown"}
        else:
            assert answer.json()["error"]
    assert risk.is_alive()


def test_too_many_items_are_refused_whole(risk):
    items = [{"requestID": f"r{n}", "label": "1"} for n in range(10_001)]
    answer = monitoring.post_feedback(risk, "risk", {"items": items})
    assert answer.status_code == 400 and "10000" in answer.json()["error"].replace(",", "")


def test_an_endpoint_that_is_not_there_takes_no_feedback(risk):
    answer = monitoring.post_feedback(risk, "gone", {"requestID": "a", "label": 1})
    assert answer.status_code == 404


def test_labels_that_come_after_their_window_are_late(risk):
    monitoring.watch(risk, "risk", {"labelWindowSeconds": 5})
    answers = monitoring.ask(risk, "risk", monitoring.rows(3))

    def late():
        reply = monitoring.post_feedback(
            risk, "risk", {"items": [{"requestID": i, "label": "nothing that there is"} for i, _, _ in answers]})
        return outcomes(reply.json()) == {"late": 3}

    # Labels that cannot be true are never joined, so that the same requests can be asked about until it is too late.
    slipway.until(late, "the label window to end")


def test_business_numbers_have_a_mean_with_a_margin(risk):
    answers = monitoring.ask(risk, "risk", monitoring.rows(50))
    items = [{"requestID": i, "kpis": {"revenue": n % 2}} for n, (i, _, _) in enumerate(answers)]
    assert outcomes(monitoring.post_feedback(risk, "risk", {"items": items}).json()) == {"joined": 50}
    [reading] = slipway.until(
        lambda: monitoring.readings(risk, "risk", "kpi", subject="revenue", samples=50), "the mean of 50 numbers")
    assert reading["value"] == pytest.approx(0.5)
    # 1.96 standard errors of 50 draws of 0 and 1; Student's quantile and the unbiased deviation make it 5 % wider.
    assert reading["margin"] == pytest.approx(1.96 * 0.5 / 50**0.5, rel=0.08)


def test_the_command_sends_one_or_a_file(risk, tmp_path):
    answers = monitoring.ask(risk, "risk", monitoring.rows(4))
    first = answers[0]
    told = risk.home.run_json("feedback", "risk", "--id", first[0], "--label", monitoring.truth(first[2]))
    assert told["counts"] == {"joined": 1}
    table = tmp_path / "labels.csv"
    lines = [f"{i},{monitoring.truth(row)},1.5" for i, _, row in answers[1:3]]
    table.write_text("request_id,label,revenue\n" + "\n".join(lines) + "\n")
    assert risk.home.run("feedback", "risk", "--file", table) == "2 joined\n"
    stream = tmp_path / "labels.jsonl"
    item = {"requestID": answers[3][0], "label": monitoring.truth(answers[3][2])}
    stream.write_text(json.dumps(item) + "\nnonsense\n")
    done = risk.home.try_run("feedback", "risk", "--file", stream)
    assert done.returncode == 1 and "1 joined, 1 invalid" in done.stdout and "line 2" in done.stderr
