# SPDX-License-Identifier: Apache-2.0
"""Bringing models: detect, scan, convert, verify, record; from files, URLs, standard input and through a server."""
import hashlib
import http.server
import json
import os
import pickle
import socket
import subprocess
import threading

import joblib
import numpy as np
import pytest
import requests
import slipway
import tinymodels
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A pipeline of scikit-learn with rows it has not seen and its own answers to them, in files."""
    folder = tmp_path_factory.mktemp("classifier")
    random = np.random.default_rng(7)
    x = random.normal(size=(200, 4))
    y = np.where(x[:, 0] + 0.5 * x[:, 1] > 0, "good", "bad")
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    rows = random.normal(size=(100, 4))
    joblib.dump(fitted, folder / "risk.joblib")
    (folder / "rows.csv").write_text("\n".join(",".join(map(repr, map(float, row))) for row in rows) + "\n")
    heads = ["label", "probabilities_0", "probabilities_1"]
    answers = [[label, *map(repr, map(float, p))] for label, p in zip(fitted.predict(rows), fitted.predict_proba(rows))]
    (folder / "answers.csv").write_text("\n".join(",".join(map(str, line)) for line in [heads, *answers]) + "\n")
    np.savez(folder / "answers.npz", probabilities=fitted.predict_proba(rows))
    return folder


def assert_clean(home):
    assert home.run_json("list") == []
    assert not [p for p in (home.path / "blobs").rglob("*") if p.is_file()]
    leftovers = home.path / "cache" / "import"
    assert not leftovers.exists() or not list(leftovers.iterdir())


# Safety


class Shell:
    """Its pickle opens a shell when Python loads it."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.system, (f"touch '{self.mark}'",))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", ["alone", "in a model"])
def test_a_pickle_that_opens_a_shell_is_refused_and_nothing_ran(home, tmp_path, protocol, wrap):
    mark = tmp_path / "it-ran"
    value = Shell(mark)
    if wrap == "in a model":
        fitted = LogisticRegression().fit([[0], [1]], [0, 1])
        fitted.note_ = value
        value = fitted
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    done = home.try_run("import", path, "--name", "m")
    assert done.returncode == 1
    assert "system" in done.stderr and "nothing of it was run" in done.stderr
    assert not mark.exists()
    assert_clean(home)
    converted = home.try_run("convert", path, "--out", tmp_path / "model.onnx")
    assert converted.returncode == 1 and not (tmp_path / "model.onnx").exists() and not mark.exists()
    # The pickle is what it claims to be: Python runs the command.
    pickle.loads(path.read_bytes())
    assert mark.exists()


def test_the_same_through_a_server(server, tmp_path):
    mark = tmp_path / "it-ran"
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Shell(mark)))
    done = server.home.try_run("import", path, "--name", "m", "--server", server.admin_url)
    assert done.returncode == 1 and "system" in done.stderr
    assert not mark.exists() and server.is_alive()


# Conversion and samples


def test_a_pipeline_is_converted_checked_and_recorded(home, classifier):
    made = home.run_json(
        "import", classifier / "risk.joblib", "--samples", classifier / "rows.csv", "--expected",
        classifier / "answers.csv", "--license", "MIT")
    version, report = made["version"], made["report"]
    assert version["model"] == "risk" and version["format"] == "onnx" and version["engine"] == "onnxruntime"
    assert version["source"]["name"] == "risk.joblib"
    digest = hashlib.sha256((classifier / "risk.joblib").read_bytes()).hexdigest()
    assert version["source"]["digest"] == f"sha256:{digest}"
    assert version["source"]["recipe"].startswith("convert scikit-learn ")
    assert version["metadata"]["labels.probabilities"] == "bad\ngood"
    assert version["metadata"]["license"] == "MIT"
    assert report["framework"].startswith("scikit-learn ")
    assert [step["kind"] for step in report["steps"]][-2:] == ["StandardScaler", "LogisticRegression"]
    assert report["samples"]["rows"] == 100
    assert report["samples"]["compared"] == ["label", "probabilities"]
    assert report["samples"]["largestDifference"] < 1e-5
    again = home.run_json("import", classifier / "risk.joblib")
    assert not again["isNew"] and again["version"]["digest"] == version["digest"]


def test_convert_then_import_gives_the_same_version(home, classifier, tmp_path):
    direct = home.run("import", classifier / "risk.joblib", "--name", "m")
    told = home.run_json("convert", classifier / "risk.joblib", "--out", tmp_path / "risk.onnx")
    assert told["classLabels"] == {"probabilities": ["bad", "good"]} and told["out"] == str(tmp_path / "risk.onnx")
    assert home.run("import", tmp_path / "risk.onnx", "--name", "m") == direct.strip() + " (already there)\n"


def test_expected_answers_in_an_archive(home, classifier):
    made = home.run_json(
        "import", classifier / "risk.joblib", "--samples", classifier / "rows.csv", "--expected",
        classifier / "answers.npz")
    assert made["report"]["samples"]["compared"] == ["probabilities"]


@pytest.mark.parametrize("column", [0, 1])
def test_other_answers_refuse_the_import_with_row_and_values(home, classifier, tmp_path, column):
    lines = [line.split(",") for line in (classifier / "answers.csv").read_text().splitlines()]
    lines[18][column] = "neither" if column == 0 else "0.123456"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("\n".join(",".join(line) for line in lines) + "\n")
    done = home.try_run(
        "import", classifier / "risk.joblib", "--samples", classifier / "rows.csv", "--expected", wrong)
    assert done.returncode == 1
    assert "row 17" in done.stderr and lines[18][column] in done.stderr
    assert_clean(home)


def test_vectorizer_and_model_in_two_files_take_text(server, tmp_path):
    texts = ["good and fine", "bad and evil", "fine work", "evil deeds", "good deeds", "bad work"]
    labels = [1, 0, 1, 0, 1, 0]
    vectorizer = TfidfVectorizer().fit(texts)
    model = LogisticRegression().fit(vectorizer.transform(texts), labels)
    joblib.dump(vectorizer, tmp_path / "vectorizer.joblib")
    joblib.dump(model, tmp_path / "model.joblib")
    server.home.run(
        "import", tmp_path / "vectorizer.joblib", tmp_path / "model.joblib", "--name", "mood", "--deploy")
    server.wait_ready("mood")
    asked = ["good fine deeds", "evil bad work"]
    answer = server.infer("mood", {"inputs": [slipway.tensor("text", "BYTES", [2], asked)]}).json()
    outputs = {o["name"]: o["data"] for o in answer["outputs"]}
    expected = model.predict_proba(vectorizer.transform(asked))
    assert outputs["label"] == list(model.predict(vectorizer.transform(asked)))
    # Single precision of the answer.
    assert np.allclose(np.reshape(outputs["probabilities"], expected.shape), expected, atol=1e-5)


@pytest.mark.parametrize("content, words", [
    (pickle.dumps({"weights": [1, 2, 3]}), ["pickle"]),
    (b"CBM1" + b"\0" * 60, ["CatBoost", "save_model", "json"]),
], ids=["a dictionary", "CBM"])
def test_what_is_not_converted_says_what_it_is_and_what_to_do(home, tmp_path, content, words):
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    done = home.try_run("import", path, "--name", "m")
    assert done.returncode == 1
    for word in words:
        assert word.lower() in done.stderr.lower()
    assert_clean(home)


# Engines


def test_auto_explains_every_refusal(home, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(tinymodels.unknown_operator())
    done = home.try_run("import", path, "--name", "m", "--engine", "auto")
    assert done.returncode == 1
    assert "Levitate" in done.stderr
    for engine in ["onnxruntime", "openvino"]:
        if list(slipway.ENGINES.glob(f"{engine}-*")):
            assert engine in done.stderr
    assert_clean(home)


@pytest.mark.parametrize("engine, words", [("llama", ["ONNX", "llama"]), ("nonsense", ["nonsense"])])
def test_an_engine_that_does_not_read_the_format_is_told(home, tmp_path, engine, words):
    path = tmp_path / "model.onnx"
    path.write_bytes(tinymodels.identity())
    done = home.try_run("import", path, "--name", "m", "--engine", engine)
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr


# URLs and standard input


class Site(http.server.BaseHTTPRequestHandler):
    """One file under some paths; every connection breaks after `piece` bytes."""

    content, piece, says_range, requests = b"", None, True, []

    def do_GET(self):
        type(self).requests.append((self.path, self.headers.get("Range")))
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved") or "/risk.onnx")
            self.end_headers()
            return
        start = 0
        if self.headers.get("Range") and self.headers.get("If-Range") == '"one"':
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start and self.says_range:
            self.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        self.send_header("Content-Length", str(len(self.content) - start))
        self.send_header("ETag", '"one"')
        self.end_headers()
        end = start + self.piece if self.piece else None
        self.wfile.write(self.content[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    class Own(Site):
        requests = []

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    Own.url = f"http://127.0.0.1:{running.server_address[1]}"
    yield Own
    running.shutdown()
    thread.join()
    running.server_close()


def test_a_url_is_fetched_whatever_befalls_the_connection(home, site):
    site.content = tinymodels.add(3, weight_bytes=1 << 20)
    site.piece = 400_000
    digest = hashlib.sha256(site.content).hexdigest()
    printed = home.run("import", site.url + "/moved/risk.onnx", "--sha256", digest)
    assert printed.startswith("risk:1 ")
    assert [r for r in site.requests if r[1]], "nothing was taken up again"
    assert home.run_json("show", "risk")["files"][0]["digest"] == f"sha256:{digest}"


def test_a_part_that_does_not_say_where_it_belongs_is_not_taken(home, site):
    site.content, site.piece, site.says_range = tinymodels.add(3, weight_bytes=1 << 20), 400_000, False
    done = home.try_run("import", site.url + "/risk.onnx")
    assert done.returncode == 1 and done.stderr.strip()
    assert_clean(home)


def test_another_file_than_the_one_that_was_named_is_refused(home, site):
    site.content = tinymodels.identity()
    done = home.try_run("import", site.url + "/risk.onnx", "--sha256", "0" * 64)
    assert done.returncode == 1 and hashlib.sha256(site.content).hexdigest() in done.stderr
    assert_clean(home)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/m.onnx"])
def test_other_protocols_are_not_spoken(home, url):
    done = home.try_run("import", url, "--name", "m")
    assert done.returncode == 1 and "http" in done.stderr


def test_a_url_that_is_too_large_or_leads_elsewhere_is_refused(home, site):
    site.content = tinymodels.identity()
    done = home.try_run("import", site.url + "/risk.onnx", "--max-size", "10")
    assert done.returncode == 1 and "too large" in done.stderr
    done = home.try_run("import", site.url + "/movedfile:///etc/passwd", "--name", "m")
    assert done.returncode == 1 and "http" in done.stderr


def test_standard_input(home, tmp_path):
    home.run("list")
    done = subprocess.run(
        [slipway.binary(), "import", "-", "--name", "piped", "--home", str(home.path)], env=home.environment,
        input=tinymodels.identity(), capture_output=True, timeout=slipway.PATIENCE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith("piped:1 sha256:")


# Through a server


def test_a_model_with_samples_is_sent_to_a_server(server, classifier):
    made = server.home.run_json(
        "import", classifier / "risk.joblib", "--samples", classifier / "rows.csv", "--expected",
        classifier / "answers.csv", "--server", server.admin_url)
    assert made["report"]["samples"]["compared"] == ["label", "probabilities"]
    assert made["version"]["source"]["name"] == "risk.joblib"
    assert not list((server.home.path / "cache" / "uploads").iterdir())


def test_a_folder_is_sent_to_a_server(server, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(np.arange(4, dtype="<f4").tobytes())
    (folder / "model.onnx").write_bytes(tinymodels.with_external_data("weights.bin"))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A card\n")
    made = server.home.run_json("import", folder, "--name", "m", "--server", server.admin_url)
    assert sorted(f["path"] for f in made["version"]["files"]) == ["model.onnx", "weights.bin"]
    assert made["version"]["metadata"]["license"] == "apache-2.0"


def begin(admin, content, **more):
    body = {"byteCount": len(content), "digest": "sha256:" + hashlib.sha256(content).hexdigest(), **more}
    answer = admin.call("POST", "/uploads", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def put(admin, upload, offset, piece):
    return admin.call("PUT", f"/uploads/{upload['id']}", params={"offset": offset}, data=piece)


def test_an_upload_that_broke_off_goes_on_in_a_server_that_was_started_anew(home):
    content = tinymodels.add(1, weight_bytes=3 << 20)
    with slipway.Server(home) as first:
        admin = slipway.Admin(first)
        upload = begin(admin, content)
        # A connection that ends in the middle of a piece.
        with socket.create_connection(("127.0.0.1", first.admin_port)) as broken:
            head = f"PUT /api/v1/uploads/{upload['id']}?offset=0 HTTP/1.1\r\nHost: h\r\nContent-Length: {len(content)}\r\n\r\n"
            broken.sendall(head.encode() + content[:1 << 20])
            slipway.until(
                lambda: admin.call("GET", f"/uploads/{upload['id']}").json()["offset"] > 0, "bytes to arrive")

        def closed():
            answer = put(admin, upload, content_offset(admin, upload), b"")
            return answer.status_code == 200
        slipway.until(closed, "the broken piece to end")
    with slipway.Server(home) as second:
        admin = slipway.Admin(second)
        again = begin(admin, content)
        assert again["id"] == upload["id"] and 0 < again["offset"] < len(content)
        path = home.path.parent / "model.onnx"
        path.write_bytes(content)
        printed = home.run("import", path, "--name", "m", "--server", second.admin_url)
        assert printed.startswith("m:1 sha256:")
        files = home.run_json("show", "m")["files"]
        assert files[0]["digest"] == "sha256:" + hashlib.sha256(content).hexdigest()
        assert admin.call("GET", f"/uploads/{upload['id']}").status_code == 404


def content_offset(admin, upload):
    return admin.call("GET", f"/uploads/{upload['id']}").json()["offset"]


def test_bad_pieces_are_refused_by_name(server):
    admin = slipway.Admin(server)
    content = tinymodels.identity()
    upload = begin(admin, content)
    answer = put(admin, upload, 5, content)
    assert answer.status_code == 409 and answer.json()["code"] == "uploadMismatch"
    assert put(admin, upload, 0, content[:10]).json()["offset"] == 10
    answer = put(admin, upload, 10, content)
    assert answer.status_code == 413, answer.text
    offset = content_offset(admin, upload)
    # What came before the end stays, and is another file than was announced.
    answer = put(admin, upload, offset, b"\0" * (len(content) - offset))
    assert answer.status_code == 409 and "sha256" in answer.json()["error"]
    assert admin.call("GET", f"/uploads/{upload['id']}").status_code == 404
    huge = admin.call("POST", "/uploads", json={"byteCount": 1 << 60})
    assert huge.status_code == 413
    assert admin.call("POST", "/uploads", json={"byteCount": -1}).status_code == 400
    unfinished = begin(admin, content)
    body = {"files": [{"upload": unfinished["id"], "path": "m.onnx"}], "isFolder": False, "sourceName": "m.onnx"}
    assert admin.call("POST", "/models/m/imports", json=body).status_code == 409
    put(admin, unfinished, 0, content)
    body["files"][0]["path"] = "../../m.onnx"
    assert admin.call("POST", "/models/m/imports", json=body).status_code == 400
    assert admin.call("DELETE", f"/uploads/{unfinished['id']}").status_code == 204
    assert requests.get(server.url + "/livez", timeout=slipway.PATIENCE).status_code == 200


def test_old_uploads_go_with_the_garbage(server):
    admin = slipway.Admin(server)
    content = tinymodels.identity()
    upload = begin(admin, content)
    put(admin, upload, 0, content[:20])
    part = server.home.path / "cache" / "uploads" / f"{upload['id']}.part"
    os.utime(part, (1, 1))
    freed = json.loads(server.home.run("gc", "--server", server.admin_url, "--output", "json"))
    assert freed["bytesFreed"] >= 20 and not part.exists()


def test_the_older_upload_tells_no_folders_of_the_server(server):
    admin = slipway.Admin(server)
    for content in [b"no model at all", pickle.dumps({"weights": [1, 2, 3]}), tinymodels.unknown_operator()]:
        ended = admin.upload("m", content)
        assert ended["state"] == "failed"
        assert str(server.home.path) not in json.dumps(ended), ended
    rows = admin.call("PUT", "/versions/nobody/profile", params={"filename": "r.csv"}, data=b"x\n1\n")
    assert rows.status_code == 404 and str(server.home.path) not in rows.text
