# SPDX-License-Identifier: Apache-2.0
"""Alerts: found, told to a real Alertmanager and to webhooks that misbehave, silenced, listed, and streamed."""
import contextlib
import email
import email.policy
import hashlib
import hmac
import json
import subprocess
import threading
import time

import monitoring
import pytest
import requests
import slipway
import tinymodels

ERRORS = monitoring.rule(
    "errors", "nan_rate", threshold=0.5, minimumSamples=20, severity="critical", clearSeconds=1)


@contextlib.contextmanager
def serving(home, receivers, environment=None):
    """A server with these receivers and an endpoint `pick` that answers NaN when asked for its second row."""
    home.path.mkdir(parents=True, exist_ok=True)
    (home.path / "monitoring.yaml").write_text("receivers:\n" + receivers)
    with slipway.Server(home, environment=environment) as server:
        server.deploy("pick", tinymodels.picks([[1.0], [float("nan")]]))
        monitoring.watch(server, "pick", {"rules": [ERRORS]})
        yield server
        # A test may have stopped it; then it ended by itself, with 0.
        assert server.process.poll() == 0 or server.is_alive(), server.log()


def fail(server, count=40):
    """So many requests that the model answers with what is no number."""
    for _ in range(count):
        answer = server.infer("pick", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [1])]})
        assert answer.status_code == 200, answer.text


def succeed(server):
    answer = server.infer("pick", {"inputs": [slipway.tensor("x", "FP32", [1, 1], [0])]})
    assert answer.status_code == 200, answer.text


def alerts(server, state="firing"):
    answer = slipway.Admin(server).call("GET", "/alerts", params={"endpoint": "pick", "state": state})
    assert answer.status_code == 200, answer.text
    return answer.json()


def firing(server):
    return slipway.until(lambda: [a for a in alerts(server) if a["rule"] == "errors"], "the rule to fire")


def test_a_real_alertmanager_receives_what_fires_and_what_ends(home, tmp_path):
    binary = monitoring.tool("prometheus-alertmanager", "prometheus-alertmanager")
    [port] = slipway.free_ports(1)
    url = f"http://127.0.0.1:{port}"
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    arguments = [
        binary, f"--config.file={config}", f"--storage.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
    ]

    def held():
        try:
            return requests.get(f"{url}/api/v2/alerts", timeout=slipway.PATIENCE).json()
        except requests.ConnectionError:
            return None

    with monitoring.Program(tmp_path / "log", *arguments):
        slipway.until(lambda: held() is not None, "Alertmanager to listen")
        with serving(home, f"  manager: {{type: alertmanager, url: '{url}'}}\n") as server:
            fail(server)
            firing(server)
            told = slipway.until(
                lambda: [a for a in held() or [] if a["labels"]["alertname"] == "errors"], "the alert to arrive")
            labels = told[0]["labels"]
            assert labels["endpoint"] == "pick" and labels["severity"] == "critical"
            assert told[0]["annotations"]["summary"] and told[0]["status"]["state"] == "active"
            # The rule is gone, and with it what fired by it.
            other = monitoring.rule("slow", "latency_p99_seconds", threshold=1000)
            monitoring.watch(server, "pick", {"rules": [other]})
            slipway.until(
                lambda: not [a for a in held() or [] if a["labels"]["alertname"] == "errors"],
                "Alertmanager to hear that it is over")


def test_a_webhook_is_signed_and_explains_itself(home):
    with monitoring.Receiver() as hook:
        receivers = f"  hook: {{type: webhook, url: '{hook.url}', secret_env: HOOK_SECRET}}\n"
        with serving(home, receivers, {"HOOK_SECRET": "correct horse"}) as server:
            fail(server)
            slipway.until(lambda: hook.received, "the webhook to be called")
            _, headers, data = hook.received[0]
            headers = {k.lower(): v for k, v in headers.items()}
            message = headers["x-slipway-timestamp"].encode() + b"." + data
            wanted = hmac.new(b"correct horse", message, hashlib.sha256).hexdigest()
            assert headers["x-slipway-signature"] == f"v1={wanted}"
            notice = json.loads(data)
            assert notice["rule"] == "errors" and notice["endpoint"] == "pick" and notice["severity"] == "critical"
            [alert] = [a for a in notice["alerts"] if a["state"] == "firing"][:1]
            assert alert["value"] > 0.5 and alert["samples"] >= 20 and alert["summary"] and alert["method"]


def mail(server, tls):
    return (f"  post: {{type: mail, server: '127.0.0.1:{server.port}', tls: {tls}, from: ml@example.com, "
            "to: [oncall@example.com, second@example.com]}\n")


def test_a_mail_is_sent_to_everyone_it_is_for(home):
    with monitoring.MailServer() as post, serving(home, mail(post, "none")) as server:
        fail(server)
        [(sender, recipients, text)] = slipway.until(lambda: post.messages, "the mail to be sent")
        assert sender.startswith("<ml@example.com>")
        assert [r.strip() for r in recipients] == ["<oncall@example.com>", "<second@example.com>"]
        message = email.message_from_string(text, policy=email.policy.default)
        assert message["from"] == "ml@example.com" and "errors" in message["subject"] and message["message-id"]
        assert "nan_rate" in message.get_content() and "pick:1" in message.get_content()


def test_a_mail_server_that_nobody_vouches_for_is_told_nothing(home, tmp_path):
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    pem = tmp_path / "both.pem"
    pem.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "certificate.pem").read_text())
    with monitoring.MailServer(str(pem)) as post, serving(home, mail(post, "starttls")) as server:
        fail(server)
        firing(server)
        slipway.until(lambda: post.commands.count("STARTTLS") >= 2, "the mail server to be asked again")
        assert post.messages == [] and not any(c.upper().startswith(("MAIL", "AUTH")) for c in post.commands)
        succeed(server)


@pytest.mark.parametrize("trouble", ["refused", "hang", 500])
def test_a_receiver_in_trouble_delays_nobody_and_is_told_later(home, trouble):
    with monitoring.Receiver() as bad, monitoring.Receiver() as good:
        url = bad.url
        if trouble == "refused":
            url = f"http://127.0.0.1:{slipway.free_ports(1)[0]}/hook"
        else:
            bad.answer = trouble
        receivers = (
            f"  bad: {{type: webhook, url: '{url}', deadline: 1s}}\n  good: {{type: webhook, url: '{good.url}'}}\n")
        with serving(home, receivers) as server:
            fail(server)
            firing(server)
            slipway.until(lambda: good.received, "the other receiver to be told")
            # Requests are answered while the bad one is tried again.
            succeed(server)
            if trouble == 500:
                slipway.until(lambda: len(bad.received) >= 2, "it to be tried again")
                bad.answer = 200
                before = len(bad.received)
                slipway.until(lambda: len(bad.received) > before, "it to be told in the end")
            assert server.stop() == 0, "a receiver in trouble holds up the end of the server"


def test_what_is_silenced_is_recorded_and_not_told(home):
    with monitoring.Receiver() as hook:
        with serving(home, f"  hook: {{type: webhook, url: '{hook.url}'}}\n") as server:
            silence = server.home.run("monitor", "silence", "--for", "1h", "--rule", "errors", "--reason", "a drill")
            identifier = silence.split()[0]
            # A silence made beside the server is seen within a second.
            time.sleep(2)
            fail(server)
            [alert] = firing(server)[:1]
            assert alert["isSilenced"]
            assert [b for b in hook.bodies() if b["rule"] == "errors"] == []
            assert identifier in server.home.run("monitor", "silence")
            server.home.run("monitor", "silence", "--remove", identifier)
            assert identifier not in server.home.run("monitor", "silence")
            assert server.home.try_run("monitor", "silence", "--remove", identifier).returncode == 1


def events(server, stop, last=None):
    """Events of a stream until `stop(event)`; a list of dictionaries with id, event and data."""
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    found, current = [], {}
    url = server.admin_url + "/api/v1/events"
    with requests.get(url, headers=headers, stream=True, timeout=slipway.PATIENCE) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines(decode_unicode=True):
            if line and not line.startswith(":"):
                key, _, value = line.partition(": ")
                current[key] = json.loads(value) if key == "data" else value
            elif current and not line:
                found.append(current)
                current = {}
                if stop(found[-1]):
                    return found
    return found


def test_events_tell_revisions_and_alerts_and_what_was_missed(server):
    server.deploy("pick", tinymodels.picks([[1.0], [float("nan")]]))
    told = []
    listener = threading.Thread(target=lambda: told.extend(
        events(server, lambda e: e["event"] == "alert" and e["data"]["alert"]["state"] == "firing")))
    listener.start()
    monitoring.watch(server, "pick", {"rules": [ERRORS]})
    fail(server)
    firing(server)
    listener.join(slipway.PATIENCE)
    assert not listener.is_alive()
    assert told[-1]["data"]["alert"]["rule"] == "errors"
    assert [int(e["id"]) for e in told] == sorted(int(e["id"]) for e in told)
    assert all(int(e["id"]) == e["data"]["id"] for e in told)
    # Whoever was away gets what came since the last event they have, the first of all here.
    again = events(server, lambda e: e["id"] == told[-1]["id"], last=int(told[0]["id"]))
    assert [e["id"] for e in again] == [e["id"] for e in told[1:]] or len(told) == 1
    early = events(server, lambda e: e["event"] != "gap", last=1)
    assert early[0]["event"] == "gap", "what is not kept any more must be said"
    bad = requests.get(
        server.admin_url + "/api/v1/events", headers={"Last-Event-ID": "x"}, timeout=slipway.PATIENCE)
    assert bad.status_code == 400


def test_open_event_streams_do_not_hold_up_the_end(server):
    with requests.get(server.admin_url + "/api/v1/events", stream=True, timeout=slipway.PATIENCE) as answer:
        assert answer.status_code == 200
        assert server.stop() == 0


@pytest.mark.parametrize("path", [
    "/alerts?state=burning", "/alerts?limit=0", "/alerts?limit=many", "/decisions?limit=-1", "/alerts?limit=100000",
])
def test_questions_that_make_no_sense_are_refused(shared, path):
    answer = slipway.Admin(shared).call("GET", path)
    assert answer.status_code == 400 and answer.json()["error"]


@pytest.mark.parametrize("rules, word", [
    ("[{name: a, signal: psy, above: 1}]", "psy"), ("[{name: a, signal: psi, above: 1, below: 2}]", "below"),
    ("[{name: a, signal: ks, above: 2}]", "ks"), ("[{signal: psi, above: 1}]", "name"),
    ("[{name: a, signal: psi, above: 0.1}, {name: a, signal: ks, above: 0.1}]", "a"),
    ("[{name: a, signal: psi, above: 0.1, window: 5}]", "window"),
])
def test_rules_that_make_no_sense_are_refused_with_their_line(server, tmp_path, rules, word):
    server.deploy("two", tinymodels.two_outputs())
    path = tmp_path / "endpoints.yaml"
    path.write_text(
        f"endpoints:\n  two:\n    routes: [{{version: two}}]\n    monitoring:\n      rules: {rules}\n")
    done = server.home.try_run("apply", "-f", path)
    assert done.returncode == 1 and word in done.stderr and ":5" in done.stderr, done.stderr
