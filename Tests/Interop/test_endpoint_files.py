# SPDX-License-Identifier: Apache-2.0
"""`slipway apply -f`: endpoints become what a file says, or the line that is wrong is told."""
import json
import re

import pytest
import slipway
import tinymodels

EVERY_KEY = """endpoints:
  m:
    routes:
      - {version: "m:1", weight: 99%}
      - {version: "m@next", weight: 1%}
    sticky: header:x-user-id
    rules:
      - {header: x-beta, equals: "1", version: "m:3"}
      - {header: x-any, version: "m:2"}
    shadow:
      - {version: "m:3", rate: 12.5%, tolerance: 1e-3}
      - {version: "m:2", rate: 1%, compare: top-1}
    rollout:
      - {weight: 1%, hold: 1h}
      - {weight: 50%, hold: 1d}
    engine: onnxruntime
    device: cpu
    precision: f32
    instances: 2
    cache: 16MiB
    batching:
      enabled: true
      max_batch: 64
      preferred: [8, 16, 32]
      max_delay: 2ms
      latency_target: 20ms
      pad: true
      padded_dimension: sequence_length
      mask: attention_mask
    limits:
      requests: 1000
      rows: 5000
      bytes: 64MB
      wait: 2s
      deadline: 5s
      call: 30s
    quota: {requests_per_minute: 6000, rows_per_minute: 60000}
    client_quota: {requests_per_minute: 600, rows_per_minute: 6000}
    lifecycle:
      policy: availability
      pinned: false
      load: eager
      idle_unload: 1h
      rollback_window: 10m
      warm_up: random
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A server with m:1 to m:3 and other:1; each test has endpoints of its own."""
    with slipway.Server(slipway.Home(tmp_path_factory.mktemp("files") / "home")) as server:
        for number in (1, 2, 3):
            server.import_version("m", tinymodels.add(number))
        server.import_version("other", tinymodels.identity())
        server.import_version("two", tinymodels.two_outputs())
        for number in (1, 2, 3):
            # Other factors make other files with the same signature.
            server.import_version("masked", tinymodels.masked_sum(number))
        server.home.run("alias", "masked", "next", "2")
        yield server
        assert server.is_alive()


@pytest.fixture(params=["home", "server"])
def place(request, registry, tmp_path):
    """`apply` on the home, and through the server's admin API."""
    place = Place(registry, ["--server", registry.admin_url] if request.param == "server" else [], tmp_path)
    yield place
    place.clear()


@pytest.fixture
def home_place(registry, tmp_path):
    place = Place(registry, [], tmp_path)
    yield place
    place.clear()


class Place:
    """Applies files whose endpoints `m` and `n` are the test's own: they get other names in the registry."""

    count = 0

    def __init__(self, server, where, folder):
        self.server, self.where = server, where
        self.path = folder / "endpoints.yaml"
        Place.count += 1
        self.suffix = f"-{Place.count}"

    def own(self, name):
        return name + self.suffix

    def clear(self):
        admin = slipway.Admin(self.server)
        for name in ("m", "n"):
            if self.revisions(name):
                admin.undeploy(self.own(name))

    def try_apply(self, text, *options):
        self.path.write_text(re.sub(r"^  ([mn]):", rf"  \1{self.suffix}:", text, flags=re.MULTILINE))
        return self.server.home.try_run("apply", "-f", self.path, *options, *self.where)

    def apply(self, text, *options):
        """What changed and the revision after it, by endpoint."""
        done = self.try_apply(text, *options, "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return {e["endpoint"].removesuffix(self.suffix): (e["change"], e["revision"]) for e in json.loads(done.stdout)["endpoints"]}

    def revisions(self, name):
        answer = slipway.Admin(self.server).call("GET", f"/endpoints/{self.own(name)}/revisions")
        return [r["number"] for r in answer.json()] if answer.status_code == 200 else []

    def refuse(self, text, *expected, options=()):
        """The file must be refused with each of the lines and without any change."""
        done = self.try_apply(text, *options)
        assert done.returncode == 1 and done.stdout == ""
        for line in expected:
            assert line in done.stderr, f"{line!r} is not in: {done.stderr}"
        assert self.revisions("m") == []


def file(version, more=""):
    return f'endpoints:\n  m:\n    routes: [{{version: "{version}"}}]\n{more}'


def test_new_changed_and_unchanged_endpoints(place):
    both = file("m:1") + "  n:\n    routes: [{version: other}]\n"
    assert place.apply(both) == {"m": ("new", 1), "n": ("new", 1)}
    assert place.apply(both) == {"m": ("unchanged", 1), "n": ("unchanged", 1)}
    changed = both.replace("m:1", "m:2") + "    batching: {max_batch: 8}\n"
    assert place.apply(changed) == {"m": ("changed", 2), "n": ("changed", 2)}
    # Endpoints that are not named stay as they are; what a file leaves out has its default.
    assert place.apply(file("m:2")) == {"m": ("unchanged", 2)}
    assert place.revisions("m") == [1, 2] and place.revisions("n") == [1, 2]


def test_the_difference_is_shown(place):
    place.apply(file("m:1"))
    text = place.try_apply(file("m:2", "    batching: {max_batch: 64}\n")).stdout
    assert text.splitlines() == [
        f"{place.own('m')}: changed", "  - primary: m:1", "  + primary: m:2", "  + batching.max_batch: 64",
        f"{place.own('m')} is at revision 2",
    ]


def test_a_dry_run_changes_nothing(place):
    done = place.try_apply(file("m:1"), "--dry-run")
    assert done.returncode == 0 and ": new" in done.stdout and "revision" not in done.stdout
    assert place.revisions("m") == []
    place.apply(file("m:1"))
    assert place.apply(file("m:2"), "--dry-run") == {"m": ("changed", 1)}
    assert place.revisions("m") == [1]


def test_what_was_applied_is_served(place):
    place.apply(file("m:2"), "--wait")
    with slipway.Caller(place.server, place.own("m")) as caller:
        assert caller.value(1) == (3, "2")


def test_every_key_is_accepted_and_kept(place):
    text = EVERY_KEY.replace('"m:', '"masked:').replace('"m@', '"masked@')
    assert place.apply(text) == {"m": ("new", 1)}
    assert place.apply(text) == {"m": ("unchanged", 1)}
    spec = slipway.Admin(place.server).call("GET", "/endpoints/" + place.own("m")).json()["revision"]["spec"]
    assert spec["canaries"] == [{"version": {"model": "masked", "number": 2}, "share": 1}]
    assert spec["limits"]["bytes"] == 64_000_000 and spec["cacheBytes"] == 16 << 20
    assert spec["lifecycle"]["rollbackWindowSeconds"] == 600 and spec["batching"]["preferredRows"] == [8, 16, 32]


@pytest.mark.parametrize("text, expected", [
    (file("m:1", "    batching: {max_bach: 64}\n"),
     ["endpoints.yaml:4: unknown key 'max_bach' in 'batching', did you mean 'max_batch'?"]),
    (file("m:1", "    limit:\n      requests: 4\n"), ["endpoints.yaml:4: unknown key 'limit'", "'limits'?"]),
    ('endpoints:\n  m:\n    routes:\n      - {version: "m:1", weight: 90%}\n      - {version: "m:2", weight: 5%}\n',
     ["endpoints.yaml:3: the weights add up to 95%, expected 100%"]),
    ('endpoints:\n  m:\n    routes:\n      - {version: "m:1", weight: 90%}\n      - {version: "m:9", weight: 10%}\n',
     ["endpoints.yaml:5: model 'm' has no version 9, it has [1, 2, 3]"]),
    (file("nobody"), ["endpoints.yaml:3: ", "nobody"]),
    (file("m:1", "    limits:\n      rows: 4\n    batching: {max_batch: 8}\n"), ["endpoints.yaml:5: limits.rows"]),
    (file("m:1", "    limits: {deadline: soon}\n"), ["endpoints.yaml:4: ", "'soon'"]),
    (file("m:1", "    sticky: x-user\n"), ["endpoints.yaml:4: 'sticky' is 'x-user', expected header:NAME"]),
    (file("m:1", "    lifecycle: {policy: availabilty}\n"), ["endpoints.yaml:4: ", "availability"]),
    (file("m:1", "    batching: {max_bach: 1}\n    limits: {deadline: x}\n    foo: 1\n"),
     ["endpoints.yaml:4: ", "endpoints.yaml:5: ", "endpoints.yaml:6: "]),
    (file("m:1", "    quota: {tokens_per_minute: 5}\n"),
     ["endpoints.yaml:4: quota.tokens_per_minute: ", "m:1 is no language model"]),
    (file("m:1", "    routes: []\n"), ["endpoints.yaml:"]),
    (file("m:1", "\tbatching: 1\n"), ["endpoints.yaml:4: "]),
    ("", ["endpoints.yaml:1: the file is empty"]),
    ("a: &a [*a]\n", ["endpoints.yaml:1: "]),
    ("endpoints: 5\n", ["endpoints.yaml:1: "]),
])
def test_what_is_wrong_is_told_with_its_line(home_place, text, expected):
    home_place.refuse(text, *expected)


def test_one_bad_endpoint_keeps_the_file_from_being_applied(place):
    place.refuse(file("m:1") + '  n:\n    routes: [{version: "other:7"}]\n', "endpoints.yaml:5: ")


def test_another_signature_is_refused_unless_it_is_allowed(place):
    place.apply(file("m:1"))
    done = place.try_apply(file("other:1"))
    assert done.returncode == 0, "the same inputs and outputs with other names of dimensions fit"
    done = place.try_apply(file("two"))
    assert done.returncode == 1 and "endpoints.yaml:3: " in done.stderr and "--allow-signature-change" in done.stderr
    assert place.apply(file("two"), "--allow-signature-change") == {"m": ("changed", 3)}


def test_a_change_of_what_has_changed_meanwhile_is_a_conflict(place):
    place.apply(file("m:1"))
    place.apply(file("m:2"))
    path = f"/endpoints/{place.own('m')}/spec"
    spec = {"spec": {"primary": {"model": "m", "number": 3}}, "expectedRevision": 1}
    answer = slipway.Admin(place.server).call("PUT", path, json=spec)
    assert answer.status_code == 409 and answer.json()["category"] == "conflict"
    assert place.revisions("m") == [1, 2]
    answer = slipway.Admin(place.server).call("PUT", path, json={**spec, "expectedRevision": 2})
    assert answer.status_code == 200 and place.revisions("m") == [1, 2, 3]


def test_many_that_apply_at_once_make_one_revision_each_or_are_told(place):
    place.apply(file("m:1"))

    def work(number):
        path = place.path.parent / f"{number}.yaml"
        text = file(f"m:{2 + number % 2}", f"    instances: {1 + number % 2}\n")
        path.write_text(text.replace("  m:", f"  {place.own('m')}:"))
        done = place.server.home.try_run("apply", "-f", path, *place.where)
        return done

    results = slipway.in_threads(4, work)
    applied = sum(" is at revision " in done.stdout for done in results)
    assert applied >= 1 and place.revisions("m") == list(range(1, applied + 2))
    for done in results:
        assert done.returncode == 0 or "changed" in done.stderr, done.stderr


def test_standard_input_is_read(place):
    done = place.server.home.try_run("apply", "-f", "-", *place.where)
    assert done.returncode == 1 and "stdin:1: the file is empty" in done.stderr


def test_a_file_that_is_not_there_is_named(place):
    done = place.server.home.try_run("apply", "-f", "/nowhere/endpoints.yaml", *place.where)
    assert done.returncode == 1 and "/nowhere/endpoints.yaml" in done.stderr
