# SPDX-License-Identifier: Apache-2.0
"""A small client of the Open Inference Protocol, with nothing but the standard library."""
import csv
import http.client
import json
import math
import os
import socket
from pathlib import Path
from urllib.parse import urlparse


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def package_file(package, *parts):
    """A file that an installed package ships; the package itself is not imported."""
    import importlib.util

    return Path(importlib.util.find_spec(package).origin).parent.joinpath(*parts)


def write_csv(path, names, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        writer.writerows(rows)


class Endpoint:
    """One endpoint, asked row by row over one connection."""

    def __init__(self, name, url=None):
        self.name = name
        address = urlparse(url or os.environ["EXAMPLE_URL"])
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self.inputs = {i["name"]: i for i in self.call("GET", f"/v2/models/{name}")[1]["inputs"]}

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content.decode()}")
        return answer.headers["x-request-id"], json.loads(content)

    def ask(self, values):
        """Asks one question; `values` has each input's data and shape. Returns the request's id and the outputs."""
        inputs = [
            {"name": n, "datatype": self.inputs[n]["datatype"], "shape": list(shape), "data": data}
            for n, (data, shape) in values.items()]
        request, answer = self.call("POST", f"/v2/models/{self.name}/infer", {"inputs": inputs})
        return request, {o["name"]: o["data"] for o in answer["outputs"]}

    def ask_row(self, row):
        """Asks about one row: a value for each input by its name, or a list for the only input."""
        if isinstance(row, dict):
            return self.ask({n: ([row[n]], [1] * len(self.inputs[n]["shape"])) for n in self.inputs})
        only, = self.inputs
        return self.ask({only: (list(row), (1, len(row)))})

    def tell(self, truths):
        """Sends what turned out to be true, by request id."""
        items = [{"requestID": request, "label": label} for request, label in truths]
        reply = self.call("POST", f"/api/v1/endpoints/{self.name}/feedback", {"items": items})[1]
        return reply["counts"]


def mean(values):
    values = [v for v in values if not math.isnan(v)]
    return sum(values) / len(values)
