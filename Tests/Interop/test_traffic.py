# SPDX-License-Identifier: Apache-2.0
"""Which version answers: canaries, rules, promotion, rollback and rollouts. Version n of every model adds n."""
import re

import pytest
import slipway
import tinymodels


@pytest.fixture
def versions(server):
    """A server on which m:1 is deployed, and m:2 and m:3 are only imported."""
    for number in (1, 2, 3):
        assert server.import_version("m", tinymodels.add(number)) == f"m:{number}"
    server.home.run("deploy", "m:1", "--wait")
    return server


def ask(server, count=1, headers=None, version=None):
    """How many answers each version gave; each is right and tells the version that made it."""
    counts = {}
    with slipway.Caller(server, "m", version) as caller:
        for n in range(count):
            y, told = caller.value(n, headers)
            assert y == n + int(told)
            counts[int(told)] = counts.get(int(told), 0) + 1
    return counts


def users_of_the_canary(server, users):
    """Asks three times for each user; a user must always meet the same version."""
    met = {}
    with slipway.Caller(server, "m") as caller:
        for turn in range(3):
            for user in range(users):
                _, version = caller.value(turn, {"x-user-id": f"user-{user}"})
                assert met.setdefault(user, version) == version
    return {user for user, version in met.items() if version == "2"}


def revisions(server):
    return slipway.Admin(server).call("GET", "/endpoints/m/revisions").json()


def test_a_canary_gets_its_share(versions):
    versions.home.run("deploy", "m:2", "--canary", "20%", "--wait")
    assert versions.versions("m") == {1: ("primary 80%", "ready"), 2: ("canary 20%", "ready")}
    counts = ask(versions, 3000)
    # Five standard deviations of 3,000 draws with probability 0.2: one run in two million falls outside by chance.
    assert abs(counts[2] - 600) <= 5 * (3000 * 0.2 * 0.8) ** 0.5
    told = {r: versions.metric("slipway_inference_routed_total", endpoint="m", route=r) for r in ("primary", "canary")}
    assert told == {"primary": counts[1], "canary": counts[2]}


def test_a_user_stays_on_a_version_and_a_growing_canary_only_takes(versions):
    versions.home.run("deploy", "m:2", "--canary", "20%", "--sticky", "header:x-user-id", "--wait")
    few = users_of_the_canary(versions, 300)
    versions.home.run("deploy", "m:2", "--canary", "60%", "--wait")
    more = users_of_the_canary(versions, 300)
    # Five standard deviations of 300 draws.
    assert abs(len(few) - 60) <= 35 and abs(len(more) - 180) <= 42
    assert few < more
    versions.home.run("deploy", "m:2", "--canary", "20%", "--wait")
    assert users_of_the_canary(versions, 300) == few


def test_a_cookie_keeps_a_user_too(versions):
    versions.home.run("deploy", "m:2", "--canary", "50%", "--sticky", "cookie:session", "--wait")
    for user in range(20):
        assert len(ask(versions, 5, {"Cookie": f"a=b; session=s{user}"})) == 1


def test_a_header_rule_goes_before_the_shares(versions):
    versions.apply("""endpoints:
  m:
    routes: [{version: "m:1"}]
    rules:
      - {header: X-Beta, equals: "1", version: "m:2"}
      - {header: x-gamma, version: "m:3"}
""")
    assert ask(versions, 20) == {1: 20}
    assert ask(versions, 20, {"x-beta": "1"}) == {2: 20}
    assert ask(versions, 20, {"x-beta": "2"}) == {1: 20}
    assert ask(versions, 20, {"X-Gamma": "anything", "x-beta": "0"}) == {3: 20}
    assert versions.metric("slipway_inference_routed_total", endpoint="m", route="rule") == 40


def test_a_version_asked_for_by_number_answers_itself(versions):
    versions.home.run("deploy", "m:2", "--canary", "1%", "--wait")
    assert ask(versions, 50, version=2) == {2: 50}
    assert ask(versions, 50, version=1) == {1: 50}
    answer = versions.infer("m", {"inputs": []}, path="/v2/models/m/versions/3/infer")
    assert answer.status_code == 404 and "version 3" in answer.json()["error"]


def test_a_canary_that_cannot_load_costs_nobody_an_error(versions):
    digest = versions.home.run_json("show", "m:2")["files"][0]["digest"].removeprefix("sha256:")
    blob = next(p for p in (versions.home.path / "blobs").rglob("*") if p.name == digest)
    blob.chmod(0o600)
    blob.write_bytes(b"x" * blob.stat().st_size)
    done = versions.home.try_run("deploy", "m:2", "--canary", "50%", "--wait")
    assert done.returncode == 1 and "m:2" in done.stderr
    assert ask(versions, 200) == {1: 200}
    failed = next(v for v in versions.observed("m")["versions"] if v["version"]["number"] == 2)
    assert failed["state"] == "failed" and failed["message"]


def test_promotion_and_rollback_within_the_window_load_nothing(versions):
    versions.home.run("deploy", "m:2", "--canary", "20%", "--wait")
    assert "m -> m:2" in versions.home.run("promote", "m", "--wait")
    assert ask(versions, 50) == {2: 50}
    assert versions.versions("m") == {2: ("primary", "ready"), 1: ("standby", "ready")}
    assert "rollback to m:1: at once" in versions.observed("m")["notes"]
    versions.home.run("rollback", "m", "--to", "1", "--wait")
    assert ask(versions, 50) == {1: 50}
    assert versions.versions("m") == {1: ("primary", "ready"), 2: ("standby", "ready")}
    assert versions.loads("m:1") == 1 and versions.loads("m:2") == 1


def test_a_version_without_a_canary_cannot_be_promoted_by_guessing(versions):
    done = versions.home.try_run("promote", "m")
    assert done.returncode == 1 and "canary" in done.stderr
    assert ask(versions, 5) == {1: 5}


def test_rollback_goes_to_any_revision_also_from_undeployed(versions):
    versions.home.run("deploy", "m:2", "--wait")
    versions.home.run("deploy", "m:3", "--wait")
    versions.home.run("undeploy", "m")
    slipway.until(lambda: not versions.is_ready("m"), "m to be gone")
    versions.home.run("rollback", "m", "--to", "2", "--wait")
    assert ask(versions, 20) == {2: 20}
    assert [r["number"] for r in revisions(versions)] == [1, 2, 3, 4, 5]
    done = versions.home.try_run("rollback", "m", "--to", "99")
    assert done.returncode == 1 and "99" in done.stderr


def test_a_rollout_ends_as_the_primary_by_itself(versions):
    versions.home.run("deploy", "m:2", "--rollout", "1%:500ms,50%:500ms", "--wait")
    slipway.until(lambda: versions.versions("m").get(2) == ("primary", "ready"), "m:2 to be the primary")
    assert ask(versions, 50) == {2: 50}
    steps = revisions(versions)
    shares = [[c["share"] for c in r["spec"].get("canaries", [])] for r in steps]
    assert shares == [[], [1], [50], []]
    assert steps[-1]["version"]["number"] == 2 and "rollout" not in steps[-1]["spec"]
    texts = " ".join(e["text"] for e in versions.home.run_json("history", "m")["events"])
    assert re.search(r"1%.*50%", texts)
    versions.home.run("rollback", "m", "--wait")
    assert ask(versions, 20) == {1: 20}, "a rollback passes over the steps of the rollout"


def test_a_rollout_waits_for_a_version_that_does_not_come_up(versions):
    digest = versions.home.run_json("show", "m:2")["files"][0]["digest"].removeprefix("sha256:")
    blob = next(p for p in (versions.home.path / "blobs").rglob("*") if p.name == digest)
    blob.chmod(0o600)
    blob.write_bytes(b"")
    versions.home.run("deploy", "m:2", "--rollout", "10%:100ms,50%:100ms")
    slipway.until(lambda: versions.versions("m").get(2, ("", ""))[1] == "failed", "m:2 to fail")
    assert ask(versions, 500) == {1: 500}
    assert revisions(versions)[-1]["version"]["number"] == 1


def test_a_version_of_another_signature_needs_to_be_allowed(versions):
    versions.import_version("m", tinymodels.two_outputs())
    done = versions.home.try_run("deploy", "m:4")
    assert done.returncode == 1 and "--allow-signature-change" in done.stderr and "'x'" in done.stderr
    assert ask(versions, 5) == {1: 5}
    versions.home.run("deploy", "m:4", "--allow-signature-change", "--wait")
    assert versions.versions("m")[4] == ("primary", "ready")
