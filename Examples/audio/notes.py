# SPDX-License-Identifier: Apache-2.0
"""Plays notes to the pitch model and says how far off it was. usage: notes.py"""
import math
import random

from client import Endpoint, mean

RATE = 16000
NOTES = {"A3": 0, "B3": 2, "C#4": 4, "D4": 5, "E4": 7, "F#4": 9, "G#4": 11, "A4": 12}


def voice(frequency, seconds=0.5):
    """A tone with overtones, as a voice has them, at half of full scale."""
    count = int(RATE * seconds)
    return [sum(0.5 / n * math.sin(2 * math.pi * n * frequency * t / RATE) for n in (1, 2, 3)) / 1.83 for t in range(count)]


def heard(endpoint, samples):
    """The pitch of the frames that the model is sure of, in hertz, and the share of such frames."""
    values = {"audio": (samples, [1, len(samples)])}
    for name, limit in (("fmin", 46.875), ("fmax", 2093.75)):
        if name in endpoint.inputs:
            values[name] = ([limit], [1] * len(endpoint.inputs[name]["shape"]))
    _, outputs = endpoint.ask(values)
    sure = [p for p, c in zip(outputs["pitch"], outputs["confidence"]) if c >= 0.5]
    return mean(sure) if sure else 0.0, len(sure) / len(outputs["pitch"])


def main():
    endpoint = Endpoint("pitch")
    for note, semitones in NOTES.items():
        frequency = 220 * 2 ** (semitones / 12)
        pitch, share = heard(endpoint, voice(frequency))
        off = 1200 * math.log2(pitch / frequency)
        print(f"{note:3}  played {frequency:6.1f} Hz, heard {pitch:6.1f} Hz ({off:+.1f} cents), sure of {share:.0%}")
    generator = random.Random(7)
    _, share = heard(endpoint, [generator.uniform(-0.5, 0.5) for _ in range(RATE // 2)])
    print(f"noise: sure of {share:.0%}")


main()
