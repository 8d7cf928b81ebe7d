# SPDX-License-Identifier: Apache-2.0
"""What is asked of a server, one function per test: each takes a Load and returns rows of numbers.

Times are in milliseconds, rates in tokens a second. A row's `errors` lists answers that were not as asked."""
import asyncio
import time

REWRITE = (
    "The harbour office opens at seven and closes when the last boat has left. Captains sign the book, pay the fee and "
    "hang the key of the pump on the board beside the door. Whoever arrives at night takes a free place at the eastern "
    "pier and comes to the office in the morning. Dogs stay on the leash, fires stay on the boats, and nobody swims "
    "between the piers. In winter the water is turned off, and the crane works on Tuesdays only. Fuel is sold at the "
    "northern end by the brothers who also mend sails; they take a break at noon and do not like to be hurried. The "
    "ferry to the islands leaves from the western pier at nine, at one and at five, and waits for the train when the "
    "train is late. Those who wish to stay longer than a month write to the council, which meets on the first Monday and "
    "answers within a week. The old lighthouse may be visited on Sundays; the keeper tells how the lamp was carried up "
    "in pieces and how the storm took the roof. There are two hundred and eleven steps, and a bench half way. Children "
    "count them aloud. From the top one sees both bays, the quarry, the white houses on the hill and, on clear days, the "
    "mountains behind the border. The path back leads through the gardens, where the gate is locked at dusk. ")


def milliseconds(seconds):
    return None if seconds is None else round(seconds * 1e3, 2)


def quantile(values, share):
    ordered = sorted(values)
    return milliseconds(ordered[min(len(ordered) - 1, int(len(ordered) * share))]) if ordered else None


def good(chats):
    return [c for c in chats if not c.error and c.times]


def faults(chats, tokens=None):
    """What was wrong: errors, and answers with fewer tokens than asked."""
    told = [str(c.error)[:200] for c in chats if c.error]
    if tokens:
        told += [f"{c.output} of {tokens} tokens" for c in good(chats) if c.output < tokens]
    return told


def text(count, *seed):
    from load import text
    return text(count, "/".join(map(str, seed)))


async def throughput(load):
    """1, 4 and 8 clients, each sending the next request when it has its answer."""
    rows, tokens, each = [], 32 if load.quick else 128, 1 if load.quick else 2
    for clients in (1, 4, 8):
        async def client(number):
            return [await load.chat("Write a story using these words: " + text(40, load.seed, clients, number, k), tokens).run()
                    for k in range(each)]
        cpu, start = load.cpu(), time.monotonic()
        chats = sum(await asyncio.gather(*[client(n) for n in range(clients)]), [])
        took, ok = time.monotonic() - start, good(chats)
        output, gaps = sum(c.output for c in ok), [g for c in ok for g in c.gaps]
        decoding = [r for c in ok if (r := c.decode_rate)]
        rows.append({
            "case": f"{clients} users", "clients": clients, "rate": round(output / took, 1),
            "decode_rate": round(clients * sum(decoding) / len(decoding), 1) if decoding else None,
            "first_p50": quantile([c.first for c in ok], .5), "first_p95": quantile([c.first for c in ok], .95),
            "gap_p50": quantile(gaps, .5), "gap_p95": quantile(gaps, .95), "gap_max": quantile(gaps, 1),
            "cpu_per_token": round((load.cpu() - cpu) * 1e3 / output, 3) if load.pid and output else None,
            "errors": faults(chats, tokens)})
    return rows


async def prefill(load):
    """A prompt alone, of about 512 and of about 1,500 tokens: tokens over the time to the first token."""
    rows = []
    for words in (440, 1430):
        for k in range(1 if load.quick else 3):
            chat = await load.chat(text(words, load.seed, "prefill", words, k), 1).run()
            rate = chat.prompt / chat.first if chat.times else None
            rows.append({"case": f"{words} words", "prompt_tokens": chat.prompt, "cached": chat.cached,
                         "rate": rate and round(rate, 1), "first": milliseconds(chat.first if chat.times else None),
                         "errors": faults([chat])})
    return rows


async def interference(load):
    """One client reads along while another sends a prompt of about 1,500 tokens; and the same prompt alone."""
    rows = []
    for k in range(1 if load.quick else 3):
        alone = await load.chat("Summarise this text. " + text(1450, load.seed, "alone", k), 2).run()
        victim = await load.chat("Tell a very long story about: " + text(10, load.seed, "victim", k), 600).start()
        await victim.events(62)
        intruder = load.chat("Summarise this text. " + text(1450, load.seed, "intruder", k), 2)
        sent = time.monotonic()
        await intruder.run()
        answered = intruder.times[0] if intruder.times else time.monotonic()
        await asyncio.sleep(.3)
        victim.leave()
        await victim.finish()
        pairs = list(zip(victim.times, victim.times[1:]))
        before = [b - a for a, b in pairs if b < sent]
        during = [b - a for a, b in pairs if b >= sent and a <= answered]
        rows.append({
            "case": "1,500-token intruder", "gap_before": quantile(before, .5), "gap_max": quantile(during, 1),
            "victim_tokens": len(during), "intruder_tokens": intruder.prompt,
            "intruder_first": milliseconds(intruder.first if intruder.times else None),
            "alone_first": milliseconds(alone.first if alone.times else None), "errors": faults([intruder, alone])})
        await asyncio.sleep(.3)
    return rows


async def prefix(load):
    """8 clients at once with one prefix of about 800 tokens and 32 output tokens each: cold, warm, and 8 prefixes."""
    rows = []
    for case in ("different", "same, cold", "same, warm"):
        def system(number):
            shared = text(770, load.seed, "prefix", number if case == "different" else "one")
            return "You answer in one line. Background: " + shared
        cpu, start = load.cpu(), time.monotonic()
        chats = await load.together(
            [load.chat(f"Question {n}, {case}: " + text(8, load.seed, n, case), 32, system(n)) for n in range(8)])
        took, ok = time.monotonic() - start, good(chats)
        rows.append({
            "case": case, "total": milliseconds(took), "first_p50": quantile([c.first for c in ok], .5),
            "first_max": quantile([c.first for c in ok], 1), "prompt_tokens": sum(c.prompt for c in ok),
            "cached": sum(c.cached for c in ok), "server_cpu_s": round(load.cpu() - cpu, 2) if load.pid else None,
            "errors": faults(chats, 32)})
    return rows


class Watch:
    """Waits for a server to be idle again: by Slipway's metrics where it has them, else by its processor time."""

    STEPS = "slipway_language_step_seconds_count{"
    USED = 'kind="used"'

    def __init__(self, load):
        self.load, self.told = load, any(k.startswith("slipway_language_kv_cells") for k in load.metrics())

    def steps(self, samples):
        return sum(v for k, v in samples.items() if k.startswith(self.STEPS))

    async def idle(self, since):
        """(seconds until cells are free or no processor time is used, steps meanwhile where they are told)."""
        if self.told:
            before = self.steps(self.load.metrics())
            while time.monotonic() - since < 30:
                samples = self.load.metrics()
                used = sum(v for k, v in samples.items() if k.startswith("slipway_language_kv_cells{") and self.USED in k)
                if used == 0:
                    return time.monotonic() - since, self.steps(samples) - before
                await asyncio.sleep(.002)
            return None, None
        last = self.load.cpu()
        while self.load.pid and time.monotonic() - since < 30:
            await asyncio.sleep(.1)
            now = self.load.cpu()
            if now - last < .02:
                return max(0.0, time.monotonic() - since - .1), None
            last = now
        return None, None


async def disconnect(load):
    """Clients go away while they read, and in the middle of a long prompt; then the server must be idle, and at once
    free for another."""
    rows, watch = [], Watch(load)
    for k in range(1 if load.quick else 3):
        chats = [load.chat("Tell a very long story about: " + text(10, load.seed, "leave", k, n), 3000)
                 for n in range(load.slots)]
        for chat in chats:
            await chat.start()
        await asyncio.gather(*[c.events(6) for c in chats])
        left = [c.leave() for c in chats][-1]
        free, steps = await watch.idle(left)
        rows.append({"case": "while decoding", "free": milliseconds(free), "steps": steps, "next_first": None, "errors": []})
        await asyncio.gather(*[c.finish() for c in chats])

        calm = await load.chat("Say hello. " + text(5, load.seed, "calm", k), 2).run()
        long = await load.chat("Summarise. " + text(2800, load.seed, "long", k), 5).start()
        await asyncio.sleep(.3)
        left = long.leave()
        free, steps = await watch.idle(left)
        await long.finish()
        long = await load.chat("Summarise. " + text(2800, load.seed, "again", k), 5).start()
        await asyncio.sleep(.3)
        long.leave()
        probe = await load.chat("Say hello. " + text(5, load.seed, "probe", k), 2).run()
        await long.finish()
        rows.append({"case": "in a prefill", "free": milliseconds(free), "steps": steps,
                     "next_first": milliseconds(probe.first if probe.times else None),
                     "calm_first": milliseconds(calm.first if calm.times else None), "errors": faults([calm, probe])})
    return rows


async def speculation(load):
    """The same request with and without drafts: a text to be repeated, and an ordinary chat."""
    rows = []
    cases = (("rewriting", "Repeat the following text exactly, word for word:\n\n" + REWRITE, 64 if load.quick else 256),
             ("chat", "Explain to a friend how a bicycle stays upright.", 64 if load.quick else 192))
    for k in range(1 if load.quick else 3):
        for case, prompt, tokens in cases:
            rates, texts, errors = {}, {}, []
            # By turns who goes first, so that drift of the machine hits both.
            for wanted in ((True, False) if k % 2 else (False, True)):
                chat = await load.chat(f"[{load.seed}.{k}] " + prompt, tokens, speculation=wanted).run()
                rates[wanted], texts[wanted] = chat.decode_rate if chat.times else None, chat.text
                errors += faults([chat], tokens)
            ratio = rates[True] / rates[False] if rates[True] and rates[False] else None
            rows.append({"case": case, "off": rates[False] and round(rates[False], 1), "on": rates[True] and round(rates[True], 1),
                         "ratio": ratio and round(ratio, 3), "same_text": texts[True] == texts[False], "errors": errors})
    return rows


SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["people"],
    "properties": {"people": {"type": "array", "minItems": 40, "items": {
        "type": "object", "additionalProperties": False, "required": ["name", "age", "city"],
        "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"},
                       "city": {"type": "string", "maxLength": 20}}}}}}


async def grammar(load):
    """Tokens a second of an answer that follows a JSON schema, and of a free one to the same prompt; 1 and 4 clients."""
    rows, tokens = [], 48 if load.quick else 192
    shape = {"response_format": {"type": "json_schema", "json_schema": {"name": "people", "strict": True, "schema": SCHEMA}}}
    for k in range(1 if load.quick else 3):
        for clients in (1, 4):
            rates, errors = {}, []
            for constrained in ((True, False) if k % 2 else (False, True)):
                more = {**(shape if constrained else {}), "speculation": False}
                chats = await load.together(
                    [load.chat(f"[{load.seed}.{k}.{n}] Invent people and list them as JSON.", tokens, **more) for n in range(clients)])
                rates[constrained] = sum(filter(None, (c.decode_rate for c in good(chats))))
                errors += faults(chats, tokens)
            rows.append({"case": f"{clients} users", "unconstrained": round(rates[False], 1), "constrained": round(rates[True], 1),
                         "ratio": round(rates[True] / rates[False], 3) if rates[False] else None, "errors": errors})
    return rows


ALL = {f.__name__: f for f in (throughput, prefill, interference, prefix, disconnect, speculation, grammar)}
