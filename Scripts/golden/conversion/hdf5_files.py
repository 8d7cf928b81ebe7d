#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the HDF5 fixtures: the same content in the file format's versions, and what h5py reads from it.

Needs h5py 3.16.0 and numpy 2.4.6. usage: hdf5_files.py FOLDER    (Tests/Fixtures/hdf5)

Writes files.zip: NAME.h5, and expected.json with every attribute (`PATH@NAME`) and data set (`PATH`) as
`[type, shape, values]`, values as numbers or texts.
"""
import json
import os
import sys
import tempfile
import zipfile

import h5py
import numpy as np

VERSIONS = {"earliest": "earliest", "v108": ("v108", "v108"), "v112": ("v110", "v112"), "latest": "latest"}


def attributes(file):
    file.attrs["text"] = "hellö"
    file.attrs["fixed"] = np.bytes_(b"abc")
    file.attrs["number"] = 3
    file.attrs["truth"] = True
    file.attrs["texts"] = ["a", "bb", "ccc"]
    file.attrs["fixed_texts"] = np.array([b"x", b"yy"])
    file.attrs["matrix"] = np.arange(6.0).reshape(2, 3)
    many = file.create_group("many")
    for index in range(20):
        many.attrs[f"attribute{index}"] = f"value {index}"
    members = file.create_group("members")
    for index in range(40):
        members.create_group(f"layer_{index}")
    members["layer_3"].attrs["own"] = 3


def plain(file, rng):
    group = file.create_group("plain/of/types")
    for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 >f4 >i4".split():
        group.create_dataset(kind.replace(">", "big_"), data=(rng.standard_normal((2, 3)) * 50).astype(kind))
    group.create_dataset("bool", data=np.array([True, False, True]))
    group.create_dataset("scalar", data=np.float32(2.5))
    group.create_dataset("texts", data=["hi", "there"])
    group.create_dataset("fixed_texts", data=np.array([b"hi", b"there"]))
    group.create_dataset("unwritten", shape=(2, 2), dtype="i4")
    group.create_dataset("empty", shape=(0, 3), dtype="f4")
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((4,))
    h5py.Dataset(h5py.h5d.create(group.id, b"compact", h5py.h5t.NATIVE_FLOAT, space, properties))[...] = [1, 2, 3, 4]


def chunked(file, rng):
    group = file.create_group("chunked")
    values = rng.integers(-50, 50, (9, 7)).astype("f4")
    group.create_dataset("plain", data=values, chunks=(4, 3))
    group.create_dataset("packed", data=values, chunks=(4, 3), compression="gzip", shuffle=True, fletcher32=True)
    group.create_dataset("summed", data=values[:, :3], chunks=(5, 3), fletcher32=True)
    group.create_dataset("single", data=values, chunks=(9, 7), compression="gzip")
    group.create_dataset("growing", data=values, chunks=(2, 2), maxshape=(None, 7))
    group.create_dataset("growing_last", data=values, chunks=(2, 2), maxshape=(9, None), compression="gzip")
    group.create_dataset("growing_both", data=values, chunks=(4, 4), maxshape=(None, None))
    group.create_dataset("growing_packed", data=values, chunks=(4, 4), maxshape=(None, None), compression="gzip")
    group.create_dataset("larger", data=values, chunks=(4, 4), maxshape=(12, 12))
    partial = group.create_dataset("partial", shape=(9, 9), dtype="f4", chunks=(3, 3), fillvalue=7.5)
    partial[1, 1], partial[8, 4] = 1, 2
    paged = group.create_dataset("paged", shape=(2400,), dtype="i2", chunks=(2,))
    paged[2100:2106] = 3
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((4, 4))
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((6, 5))
    created = h5py.h5d.create(group.id, b"implicit", h5py.h5t.NATIVE_FLOAT, space, properties)
    h5py.Dataset(created)[...] = values[:6, :5]


def refused(file):
    group = file.create_group("refused")
    group.create_dataset("lzf", data=np.zeros(8), compression="lzf")
    group["soft"] = h5py.SoftLink("/chunked/plain")
    group["external"] = h5py.ExternalLink("other.h5", "/x")
    group.create_dataset("complex", data=np.array([1j]))


def described(value):
    array = np.asarray(value)
    if array.dtype.kind in "SOU":
        texts = [item.decode() if isinstance(item, bytes) else str(item) for item in array.reshape(-1)]
        return ["BYTES", list(array.shape), texts]
    names = {"b": "BOOL", "f": "FP", "i": "INT", "u": "UINT"}
    kind = names[array.dtype.kind] + ("" if array.dtype.kind == "b" else str(8 * array.dtype.itemsize))
    return [kind, list(array.shape), [float(item) for item in array.reshape(-1)]]


def answers(item, found):
    for name in sorted(item.attrs):
        found[f"{item.name}@{name}"] = described(item.attrs[name])
    if isinstance(item, h5py.Dataset):
        found[item.name] = described(item[()])
    elif item.name != "/refused":
        for name in sorted(item):
            answers(item[name], found)
    return found


def main(target):
    os.makedirs(target, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(
            os.path.join(target, "files.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        expected = {}
        for name, version in VERSIONS.items():
            path = os.path.join(folder, name)
            with h5py.File(path, "w", libver=version) as file:
                rng = np.random.default_rng(1)
                attributes(file)
                plain(file, rng)
                chunked(file, rng)
                refused(file)
            with h5py.File(path) as file:
                found = answers(file, {})
                assert not expected or found == expected
                expected = found
            with open(path, "rb") as file:
                archive.writestr(zipfile.ZipInfo(name + ".h5"), file.read(), zipfile.ZIP_DEFLATED, 9)
        archive.writestr(zipfile.ZipInfo("expected.json"), json.dumps(expected), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    main(sys.argv[1])
