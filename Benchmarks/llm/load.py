#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Load for any server that speaks OpenAI's chat API. Standard library only.

usage: load.py --url http://127.0.0.1:8080 --model m [--pid SERVER_PID] [--tests throughput,prefix] [--out FILE]

Each event is only stamped with its time and counted while it arrives; it is read as JSON after the last one, so that the
generator, which shares the machine with the server, costs little. `generator_cpu` tells how much.
"""
import argparse
import asyncio
import json
import os
import random
import re
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import scenarios

TICK = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
WORDS = (
    "time people year way day man thing woman life child world school state family student group country problem hand part "
    "place case week company system program question work government number night point home water room mother area money "
    "story fact month lot right study book eye job word business issue side kind head house service friend father power hour "
    "game line end member law car city community name president team minute idea body information back parent face others "
    "level office door health person art war history party result change morning reason research girl guy moment air teacher "
    "force education").split()


def text(count, seed):
    """So many words, the same for the same seed. No two seeds share a long beginning."""
    chosen = random.Random(str(seed))
    return " ".join(chosen.choice(WORDS) for _ in range(count))


class Connection(asyncio.Protocol):
    """Keeps what arrives with the time of its arrival."""

    def __init__(self, request):
        self.request, self.pieces, self.events = request, [], 0
        self.ended = asyncio.get_running_loop().create_future()
        self.transport, self.wanted, self.reached = None, None, None

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data):
        self.pieces.append((time.monotonic(), data))
        self.events += data.count(b"data: ")
        if self.wanted is not None and self.events >= self.wanted and not self.reached.done():
            self.reached.set_result(None)

    def connection_lost(self, error):
        if not self.ended.done():
            self.ended.set_result(error)
        if self.reached is not None and not self.reached.done():
            self.reached.set_result(None)


class Chat:
    """One streamed chat, from sending to the last byte. `times` holds the arrival of every event that has text."""

    def __init__(self, load, prompt, max_tokens, system=None, **more):
        messages = ([{"role": "system", "content": system}] if system else []) + [{"role": "user", "content": prompt}]
        body = {"model": load.model, "messages": messages, "stream": True, "stream_options": {"include_usage": True},
                "max_tokens": max_tokens, "temperature": 0, "ignore_eos": True, **more}
        self.load, self.body = load, json.dumps(body).encode()
        self.times, self.text, self.usage, self.timings, self.error = [], "", {}, {}, None
        self.began = self.ended = None

    async def start(self):
        place = urlsplit(self.load.url)
        head = (f"POST {place.path.rstrip('/')}/v1/chat/completions HTTP/1.1\r\nHost: {place.netloc}\r\n"
                f"Content-Type: application/json\r\nConnection: close\r\nContent-Length: {len(self.body)}\r\n\r\n")
        self.began = time.monotonic()
        loop = asyncio.get_running_loop()
        _, self.connection = await loop.create_connection(
            lambda: Connection(head.encode() + self.body), place.hostname, place.port)
        return self

    async def finish(self):
        await self.connection.ended
        self.ended = time.monotonic()
        self.read()
        return self

    async def run(self):
        return await (await self.start()).finish()

    async def events(self, count):
        """Waits until so many events have come, or the end."""
        c = self.connection
        if c.events < count and not c.ended.done():
            c.wanted, c.reached = count, asyncio.get_running_loop().create_future()
            await c.reached

    def leave(self):
        """Goes away without a word, as a client that crashed."""
        self.connection.transport.abort()
        return time.monotonic()

    # What came

    def read(self):
        received = b"".join(data for _, data in self.connection.pieces)
        head, found, rest = received.partition(b"\r\n\r\n")
        if not found or b" 200" not in head.split(b"\r\n")[0]:
            self.error = received[:300].decode("utf8", "replace") or "the server closed the connection"
            return
        for moment, event in self.stamped(len(head) + 4, b"transfer-encoding: chunked" in head.lower()):
            self.take(moment, event)

    def stamped(self, start, chunked):
        """(arrival, JSON) of each event, by the piece that its last byte came in."""
        ends, total = [], 0
        for moment, data in self.connection.pieces:
            total += len(data)
            ends.append((total, moment))
        received = b"".join(data for _, data in self.connection.pieces)
        body, origins = b"", []  # origins: (position in the body, position in what was received) of each chunk
        at = start
        while at < len(received):
            size = len(received) - at
            if chunked:
                line = received.find(b"\r\n", at)
                if line < 0:
                    break
                size, at = int(received[at:line].split(b";")[0] or b"0", 16), line + 2
                if size == 0:
                    break
            origins.append((len(body), at))
            body += received[at:at + size]
            at += size + (2 if chunked else 0)
        chunk = piece = position = 0
        for event in body.split(b"\n\n"):
            position += len(event) + 2
            last = position - 1
            while chunk + 1 < len(origins) and origins[chunk + 1][0] <= last:
                chunk += 1
            arrived = origins[chunk][1] + last - origins[chunk][0] if origins else 0
            while piece + 1 < len(ends) and ends[piece][0] <= arrived:
                piece += 1
            for line in event.split(b"\n"):
                if line.startswith(b"data: ") and line != b"data: [DONE]":
                    yield ends[piece][1], line[6:]

    def take(self, moment, event):
        try:
            told = json.loads(event)
        except ValueError:  # cut off because we left
            return
        self.error = told.get("error") or self.error
        self.usage, self.timings = told.get("usage") or self.usage, told.get("timings") or self.timings
        for choice in told.get("choices", []):
            delta = choice.get("delta", {})
            piece = delta.get("content") or delta.get("reasoning_content")
            if piece:
                self.times.append(moment)
                self.text += piece

    @property
    def first(self):
        return self.times[0] - self.began

    @property
    def gaps(self):
        return [b - a for a, b in zip(self.times, self.times[1:])]

    @property
    def output(self):
        return self.usage.get("completion_tokens") or len(self.times)

    @property
    def prompt(self):
        return self.usage.get("prompt_tokens", 0)

    @property
    def cached(self):
        details = self.usage.get("prompt_tokens_details") or {}
        return details.get("cached_tokens", self.timings.get("cache_n")) or 0

    @property
    def decode_rate(self):
        """Tokens a second from the first on."""
        took = self.times[-1] - self.times[0]
        return (self.output - 1) / took if took > 0 else None


class Load:
    """Where requests go, and what the server says and costs."""

    def __init__(self, options):
        self.url, self.model, self.pid, self.seed = options.url, options.model, options.pid, options.seed
        self.slots, self.quick = options.slots, options.quick

    def chat(self, prompt, max_tokens, system=None, **more):
        return Chat(self, prompt, max_tokens, system, **more)

    async def together(self, chats):
        return await asyncio.gather(*[c.run() for c in chats])

    def cpu(self):
        """Seconds of processor time the server has used."""
        if not self.pid:
            return 0.0
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def metrics(self):
        """Samples of /metrics by name with labels; empty where there is none."""
        try:
            with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return {}
        return {m[1]: float(m[2]) for line in lines if (m := re.match(r"([^#\s]\S*) (\S+)$", line))}


def busy_seconds():
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICK


async def measure(load, name):
    """Runs one test; its rows, and who used the machine meanwhile."""
    busy, server, own, start = busy_seconds(), load.cpu(), time.process_time(), time.monotonic()
    rows = await scenarios.ALL[name](load)
    took = time.monotonic() - start
    server, own = load.cpu() - server, time.process_time() - own
    other = max(0.0, busy_seconds() - busy - server - own) / took / CORES
    return {"rows": rows, "seconds": round(took, 2), "generator_cpu": round(own / took / CORES, 4),
            "server_cpu": round(server / took / CORES, 4) if load.pid else None,
            "other_cpu": round(other, 4) if load.pid else None}


async def run(options):
    load, results = Load(options), {}
    warm = await load.chat("warm up " + text(10, "warm"), 8).run()
    if warm.error or not warm.times:
        sys.exit(f"the first request failed: {warm.error}")
    for name in options.tests.split(","):
        results[name] = await measure(load, name)
        for row in results[name]["rows"]:
            print(name, json.dumps(row), flush=True)
        print(name, json.dumps({k: v for k, v in results[name].items() if k != "rows"}), flush=True)
    if options.out:
        with open(options.out, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the server's root, without /v1")
    parser.add_argument("--model", required=True)
    parser.add_argument("--pid", type=int, help="the server's, for its processor time")
    parser.add_argument("--slots", type=int, default=4, help="requests that the server works on at once, where it has slots")
    parser.add_argument("--seed", default="0", help="other texts, so that no cache helps across runs")
    parser.add_argument("--quick", action="store_true", help="shorter answers: for trying the harness, not for numbers")
    parser.add_argument("--tests", default=",".join(scenarios.ALL))
    parser.add_argument("--out", help="write everything that was measured as JSON")
    options = parser.parse_args()
    if unknown := [t for t in options.tests.split(",") if t not in scenarios.ALL]:
        parser.error(f"--tests: {unknown[0]} is not one of {', '.join(scenarios.ALL)}")
    asyncio.run(run(options))


if __name__ == "__main__":
    sys.modules["load"] = sys.modules["__main__"]  # what the scenarios import
    main()
