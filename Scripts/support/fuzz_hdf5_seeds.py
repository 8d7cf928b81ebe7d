#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small HDF5 files to start fuzzing from, one structure of the format each.

Needs h5py 3.16.0 and numpy 2.4.6. usage: fuzz_hdf5_seeds.py ZIP    (Benchmarks/Fuzz/Seeds/hdf5.zip)
"""
import json
import os
import sys
import tempfile
import zipfile

import h5py
import numpy as np

VALUES = np.arange(12, dtype="f4").reshape(3, 4)


def attributes(file):
    file.attrs["text"] = "hello"
    file.attrs["texts"] = ["a", "bb"]
    file.attrs["fixed"] = np.array([b"x", b"yy"])
    file.attrs["number"] = np.float32(3)
    file.attrs["truth"] = True


def many_attributes(file):
    for index in range(12):
        file.attrs[f"a{index}"] = index


def groups(file):
    for index in range(12):
        file.create_group(f"layers/dense_{index}")


def types(file):
    for kind in (">f4", "f2", "i1", "u8", "?"):
        file[kind.strip(">?") or "bool"] = np.zeros(2, kind)
    file["texts"] = ["hi", "there"]
    file.create_dataset("unwritten", shape=(2, 2), dtype="i4")


def compact(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((4,))
    h5py.Dataset(h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_FLOAT, space, properties))[...] = [1, 2, 3, 4]


def implicit(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((2, 2))
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((3, 4))
    h5py.Dataset(h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_FLOAT, space, properties))[...] = VALUES


def paged(file):
    file.create_dataset("x", shape=(1200,), dtype="i1", chunks=(1,), maxshape=(1200,))[1100] = 3


def dataset(**options):
    return lambda file: file.create_dataset("x", data=VALUES, **options)


def links(file):
    file["x"] = VALUES
    file["soft"] = h5py.SoftLink("/x")
    file["external"] = h5py.ExternalLink("other.h5", "/x")
    file["type"] = np.dtype("f4")
    file.create_dataset("named", shape=(1,), dtype=file["type"])


def model(file):
    """What Keras 2 writes for one layer."""
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 3, "use_bias": False, "activation": "relu",
                                               "batch_input_shape": [None, 4]}}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [dense]}}
    file.attrs["model_config"] = json.dumps(config)
    file.attrs["keras_version"] = "2.15.0"
    group = file.create_group("model_weights")
    group.attrs["layer_names"] = [b"d"]
    layer = group.create_group("d")
    layer.attrs["weight_names"] = [b"d/kernel:0"]
    layer["d/kernel:0"] = VALUES.T


FILES = {
    "attributes": attributes, "many_attributes": many_attributes, "groups": groups, "types": types, "compact": compact,
    "links": links, "model": model, "implicit": implicit, "paged": paged, "chunks": dataset(chunks=(2, 2)),
    "packed": dataset(chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True),
    "single": dataset(chunks=(3, 4), compression="gzip"),
    "growing": dataset(chunks=(2, 2), maxshape=(None, 4), shuffle=True),
    "growing_packed": dataset(chunks=(1, 2), maxshape=(3, None), compression="gzip"),
    "growing_both": dataset(chunks=(2, 2), maxshape=(None, None)),
    "growing_both_packed": dataset(chunks=(2, 2), maxshape=(None, None), compression="gzip"),
}


def main(target):
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(
            target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for version in ("earliest", "latest"):
            for name, make in FILES.items():
                path = os.path.join(folder, "file.h5")
                bounds = version if version == "latest" else (version, "latest")
                with h5py.File(path, "w", libver=bounds) as file:
                    make(file)
                # Dates are those of zip's first day, so that the archive is the same each time.
                with open(path, "rb") as written:
                    archive.writestr(zipfile.ZipInfo(f"{version}-{name}.h5"), written.read(), zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    main(sys.argv[1])
