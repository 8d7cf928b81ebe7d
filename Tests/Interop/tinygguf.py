# SPDX-License-Identifier: Apache-2.0
"""GGUF files made from others: a vocabulary with a transformer of a few thousand numbers, changed metadata, broken bytes.

The layout is that of version 3: magic, version, numbers of tensors and of metadata, metadata, tensor table, data at
multiples of 32 bytes; all little-endian.
"""
import struct

import numpy as np

UINT32, FLOAT32, BOOL, STRING, ARRAY, UINT64 = 4, 6, 7, 8, 9, 10
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
ALIGNMENT = 32


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def uint32(value):
    return struct.pack("<II", UINT32, value)


def float32(value):
    return struct.pack("<If", FLOAT32, value)


def boolean(value):
    return struct.pack("<I?", BOOL, value)


def string(value):
    return struct.pack("<I", STRING) + text(value)


class Metadata:
    """The metadata of a file: each value with its type, as bytes, by its key and in order."""

    def __init__(self, data):
        assert data[:4] == b"GGUF"
        self.data = data
        _, _, count = struct.unpack_from("<IQQ", data, 4)
        self.at, self.values = 24, {}
        for _ in range(count):
            key = self.string().decode()
            start = self.at
            self.at += 4
            self.skip(struct.unpack_from("<I", data, start)[0])
            self.values[key] = data[start:self.at]

    def string(self):
        length = struct.unpack_from("<Q", self.data, self.at)[0]
        self.at += 8 + length
        return self.data[self.at - length:self.at]

    def skip(self, kind):
        if kind == STRING:
            self.string()
        elif kind == ARRAY:
            element, count = struct.unpack_from("<IQ", self.data, self.at)
            self.at += 12
            if element in SIZES:
                self.at += count * SIZES[element]
            else:
                for _ in range(count):
                    self.skip(element)
        else:
            self.at += SIZES[kind]


def text_of(values, key):
    """A string of the metadata; None where there is none."""
    return values[key][12:].decode() if key in values else None


def strings(values, key):
    """A list of strings of the metadata."""
    data = values[key]
    _, _, count = struct.unpack_from("<IIQ", data)
    at, found = 16, []
    for _ in range(count):
        length = struct.unpack_from("<Q", data, at)[0]
        found.append(data[at + 8:at + 8 + length])
        at += 8 + length
    return found


def number(values, key):
    return struct.unpack_from("<I", values[key], 4)[0] if key in values else None


def vocabulary(path):
    """The metadata of a file that is about its tokenizer, the chat template included."""
    with open(path, "rb") as file:
        values = Metadata(file.read()).values
    return {k: v for k, v in values.items() if k.startswith("tokenizer.")}


def write(path, values, tensors):
    """Writes a file: `values` as Metadata has them, `tensors` as arrays by name, float32 or float16."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(values))
    head += b"".join(text(key) + value for key, value in values.items())
    offset, blobs = 0, []
    for name, array in tensors.items():
        kind = {"float32": 0, "float16": 1}[array.dtype.name]
        shape = array.shape[::-1]  # the fastest dimension comes first
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        blob = array.tobytes()
        blob += bytes(-len(blob) % ALIGNMENT)
        blobs.append(blob)
        offset += len(blob)
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % ALIGNMENT) + b"".join(blobs))
    return path


def tiny(path, vocabulary, seed=1, width=32, context=512, **metadata):
    """A transformer of one layer with random weights and a whole vocabulary: it talks nonsense, the same for one seed.

    `metadata` adds values or replaces them: `chat_template="..."`, `pooling=1`.
    """
    random = np.random.default_rng(seed)
    count = struct.unpack_from("<Q", vocabulary["tokenizer.ggml.tokens"], 8)[0]
    values = {
        "general.architecture": string("llama"), "general.name": string(f"tiny {seed}"), "llama.block_count": uint32(1),
        "llama.context_length": uint32(context), "llama.embedding_length": uint32(width),
        "llama.feed_forward_length": uint32(2 * width), "llama.attention.head_count": uint32(2),
        "llama.attention.head_count_kv": uint32(2), "llama.rope.dimension_count": uint32(width // 2),
        "llama.attention.layer_norm_rms_epsilon": float32(1e-5), "llama.vocab_size": uint32(count), **vocabulary}
    if "chat_template" in metadata:
        values["tokenizer.chat_template"] = string(metadata["chat_template"])
    if "pooling" in metadata:
        values["llama.pooling_type"] = uint32(metadata["pooling"])

    def weights(rows, columns, kind=np.float32):
        return (random.standard_normal((rows, columns)) / columns ** 0.5).astype(kind)

    ones = np.ones(width, np.float32)
    layer = {"attn_norm": ones, "attn_q": weights(width, width), "attn_k": weights(width, width),
             "attn_v": weights(width, width), "attn_output": weights(width, width), "ffn_norm": ones,
             "ffn_gate": weights(2 * width, width), "ffn_up": weights(2 * width, width),
             "ffn_down": weights(width, 2 * width)}
    tensors = {"token_embd.weight": weights(count, width, np.float16), "output_norm.weight": ones,
               **{f"blk.0.{name}.weight": array for name, array in layer.items()}}
    return write(path, values, tensors)


def golden(path):
    """The (text, tokens) pairs that llama.cpp ships beside a vocabulary file."""
    with open(f"{path}.inp", encoding="utf-8", newline="") as file:
        texts = file.read().split("\n__ggml_vocab_test__\n")
    with open(f"{path}.out", encoding="utf-8") as file:
        tokens = [[int(t) for t in line.split()] for line in file.read().split("\n")]
    return list(zip(texts, tokens))
