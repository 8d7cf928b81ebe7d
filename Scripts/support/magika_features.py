# SPDX-License-Identifier: Apache-2.0
"""What the magika model eats and says, with nothing but the standard library.

The model reads `bytes: int32[batch, 2048]`: the first 1,024 bytes of a file without leading blanks and the last 1,024
without trailing blanks, padded with 256, and answers `target_label: float32[batch, 214]`, one score per kind of file.
Sizes, labels and thresholds come from the config.min.json that is delivered with the model.

As a program:  magika_features.py ASSET_DIR npz FILE OUT.npz | json FILE | label ANSWER.json
"""
import json
import struct
import sys
import zipfile
from pathlib import Path


class Magika:
    """The feature extraction and the label table of one delivered model."""

    def __init__(self, folder):
        config = json.loads((Path(folder) / "config.min.json").read_text(encoding="utf-8"))
        self.labels = config["target_labels_space"]
        self.beginning, self.end = config["beg_size"], config["end_size"]
        self.block, self.padding = config["block_size"], config["padding_token"]
        self.minimum = config["min_file_size_for_dl"]

    def features(self, content):
        """The tokens of a file's content, or None when there is too little of it for the model."""
        head = list(content[: self.block].lstrip()[: self.beginning])
        tail = list(content[-self.block:].rstrip()[-self.end:])
        if len(content) < self.minimum or len(head) < self.minimum:
            return None
        head += [self.padding] * (self.beginning - len(head))
        return head + [self.padding] * (self.end - len(tail)) + tail

    def label(self, scores):
        best = max(range(len(scores)), key=scores.__getitem__)
        return self.labels[best], scores[best]


def request(tokens):
    """An Open Inference V2 request in JSON."""
    return {"inputs": [{"name": "bytes", "shape": [1, len(tokens)], "datatype": "INT32", "data": tokens}]}


def write_npz(path, name, tokens):
    """An .npz file with one int32 array of shape [1, n]."""
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': (1, {len(tokens)}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(tokens)}i", *tokens)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name + ".npy", data)


def scores_of(answer):
    """The scores in a V2 answer."""
    output = next(o for o in answer["outputs"] if o["name"] == "target_label")
    return output["data"][0] if isinstance(output["data"][0], list) else output["data"]


def main(arguments):
    magika, action, file = Magika(arguments[0]), arguments[1], arguments[2]
    if action == "label":
        label, score = magika.label(scores_of(json.loads(Path(file).read_text(encoding="utf-8"))))
        print(f"{label} ({score:.3f})")
        return
    tokens = magika.features(Path(file).read_bytes())
    if tokens is None:
        sys.exit(f"{file} is too short for the model")
    if action == "npz":
        write_npz(arguments[3], "bytes", tokens)
    else:
        print(json.dumps(request(tokens)))


if __name__ == "__main__":
    main(sys.argv[1:])
