#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small convolutional network on 8x8 pictures of digits and saves it
as Keras would.

Everything is plain numpy: layers, gradients, Adam. That makes the folder
independent of TensorFlow twice over: the model can be made without it, and
expected.npy says what the network answers according to code that has nothing
in common with liteforge.

Needs python3-numpy, python3-h5py and python3-sklearn (for the data only).
Writes digits.h5, expected.npy and samples/ beside this file. The seed is
fixed: on the same machine the result is the same, byte for byte.
"""

import json
import os
import pathlib
import struct
import zlib

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # sums in a fixed order

import h5py
import numpy as np
import sklearn.datasets

SEED = 20240607
EPOCHS = 60
BATCH = 32
HELD_OUT = 360  # of 1,797 pictures
HERE = pathlib.Path(__file__).resolve().parent
KERAS_VERSION = "2.4.0"


# --- Layers -----------------------------------------------------------------
# forward(x, training) returns the output and keeps what backward(gradient)
# needs, which returns the gradient of the input and sets self.gradients, one
# per entry of self.trained. Pictures are [n, h, w, channels].


def patches(x, size):
    """[n, h, w, c] -> [n, h, w, size, size, c], padded with zeros ("same")."""
    edge = size // 2
    padded = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (size, size), axis=(1, 2))
    return np.moveaxis(windows, 3, 5)


def unpatch(gradient, size):
    """The transpose of patches(): adds overlapping patches up."""
    n, h, w, _, _, c = gradient.shape
    edge = size // 2
    padded = np.zeros((n, h + 2 * edge, w + 2 * edge, c), gradient.dtype)
    for row in range(size):
        for col in range(size):
            padded[:, row:row + h, col:col + w] += gradient[:, :, :, row, col]
    return padded[:, edge:edge + h, edge:edge + w]


def glorot(rng, shape, fan_in, fan_out):
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


class Layer:
    weights = {}  # name -> array, in the order Keras stores them
    trained = ()  # names of those that are learnt

    def forward(self, x, training):
        raise NotImplementedError

    def backward(self, gradient):
        raise NotImplementedError


class Conv2D(Layer):
    """relu(conv(x, kernel) + bias), same padding, stride 1."""

    keras_class, base_name = "Conv2D", "conv2d"
    trained = ("kernel", "bias")

    def __init__(self, rng, size, inputs, filters):
        area = size * size
        self.size, self.filters = size, filters
        self.weights = {
            "kernel": glorot(rng, (size, size, inputs, filters),
                             area * inputs, area * filters),
            "bias": np.zeros(filters, np.float32),
        }

    def forward(self, x, training):
        self.patches = patches(x, self.size)
        self.out = np.maximum(
            np.tensordot(self.patches, self.weights["kernel"], 3)
            + self.weights["bias"], 0)
        return self.out

    def backward(self, gradient):
        gradient = gradient * (self.out > 0)
        self.gradients = {
            "kernel": np.tensordot(self.patches, gradient,
                                   ((0, 1, 2), (0, 1, 2))),
            "bias": gradient.sum((0, 1, 2)),
        }
        return unpatch(
            np.tensordot(gradient, self.weights["kernel"], ((3,), (3,))),
            self.size)

    def config(self):
        return {
            "filters": self.filters,
            "kernel_size": [self.size, self.size],
            "strides": [1, 1],
            "padding": "same",
            "data_format": "channels_last",
            "dilation_rate": [1, 1],
            "groups": 1,
            "activation": "relu",
            "use_bias": True,
            **kernel_and_bias_config(),
        }


class SeparableConv2D(Layer):
    """relu(each channel by its own kernel, then a 1x1 convolution + bias)."""

    keras_class, base_name = "SeparableConv2D", "separable_conv2d"
    trained = ("depthwise_kernel", "pointwise_kernel", "bias")

    def __init__(self, rng, size, inputs, filters):
        self.size, self.filters = size, filters
        self.weights = {
            "depthwise_kernel": glorot(rng, (size, size, inputs, 1),
                                       size * size, size * size),
            "pointwise_kernel": glorot(rng, (1, 1, inputs, filters), inputs,
                                       filters),
            "bias": np.zeros(filters, np.float32),
        }

    def forward(self, x, training):
        depthwise = self.weights["depthwise_kernel"][..., 0]
        self.patches = patches(x, self.size)
        self.middle = np.einsum("nhwijc,ijc->nhwc", self.patches, depthwise)
        self.out = np.maximum(
            self.middle @ self.weights["pointwise_kernel"][0, 0]
            + self.weights["bias"], 0)
        return self.out

    def backward(self, gradient):
        depthwise = self.weights["depthwise_kernel"][..., 0]
        gradient = gradient * (self.out > 0)
        middle = gradient @ self.weights["pointwise_kernel"][0, 0].T
        self.gradients = {
            "depthwise_kernel": np.einsum(
                "nhwijc,nhwc->ijc", self.patches, middle)[..., None],
            "pointwise_kernel": np.tensordot(
                self.middle, gradient, ((0, 1, 2), (0, 1, 2)))[None, None],
            "bias": gradient.sum((0, 1, 2)),
        }
        return unpatch(middle[:, :, :, None, None, :] * depthwise, self.size)

    def config(self):
        return {
            "filters": self.filters,
            "kernel_size": [self.size, self.size],
            "strides": [1, 1],
            "padding": "same",
            "data_format": "channels_last",
            "dilation_rate": [1, 1],
            "groups": 1,
            "activation": "relu",
            "use_bias": True,
            **kernel_and_bias_config(),
            "depth_multiplier": 1,
            "depthwise_initializer": initializer("GlorotUniform", seed=None),
            "pointwise_initializer": initializer("GlorotUniform", seed=None),
            "depthwise_regularizer": None,
            "pointwise_regularizer": None,
            "depthwise_constraint": None,
            "pointwise_constraint": None,
        }


class BatchNormalization(Layer):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, by channel."""

    keras_class, base_name = "BatchNormalization", "batch_normalization"
    trained = ("gamma", "beta")
    momentum, epsilon = 0.99, 0.001

    def __init__(self, channels):
        self.weights = {
            "gamma": np.ones(channels, np.float32),
            "beta": np.zeros(channels, np.float32),
            "moving_mean": np.zeros(channels, np.float32),
            "moving_variance": np.ones(channels, np.float32),
        }

    def forward(self, x, training):
        w = self.weights
        if training:
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            for name, now in (("moving_mean", mean),
                              ("moving_variance", variance)):
                w[name] += (1 - self.momentum) * (now - w[name])
        else:
            mean, variance = w["moving_mean"], w["moving_variance"]
        self.inverse = 1 / np.sqrt(variance + self.epsilon)
        self.unit = (x - mean) * self.inverse
        return w["gamma"] * self.unit + w["beta"]

    def backward(self, gradient):
        axes = (0, 1, 2)
        self.gradients = {
            "gamma": (gradient * self.unit).sum(axes),
            "beta": gradient.sum(axes),
        }
        scaled = gradient * self.weights["gamma"]
        return self.inverse * (scaled - scaled.mean(axes) - self.unit
                               * (scaled * self.unit).mean(axes))

    def config(self):
        return {
            "axis": [3],
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": True,
            "scale": True,
            "beta_initializer": initializer("Zeros"),
            "gamma_initializer": initializer("Ones"),
            "moving_mean_initializer": initializer("Zeros"),
            "moving_variance_initializer": initializer("Ones"),
            "beta_regularizer": None,
            "gamma_regularizer": None,
            "beta_constraint": None,
            "gamma_constraint": None,
        }


class MaxPooling2D(Layer):
    """The largest of each 2x2 square; height and width must be even."""

    keras_class, base_name = "MaxPooling2D", "max_pooling2d"

    def forward(self, x, training):
        n, h, w, c = x.shape
        squares = x.reshape(n, h // 2, 2, w // 2, 2, c)
        out = squares.max((2, 4))
        hits = squares == out[:, :, None, :, None]
        self.share = hits / hits.sum((2, 4), keepdims=True, dtype=x.dtype)
        self.shape = x.shape
        return out

    def backward(self, gradient):
        spread = self.share * gradient[:, :, None, :, None]
        return spread.reshape(self.shape)

    def config(self):
        return {
            "pool_size": [2, 2],
            "padding": "valid",
            "strides": [2, 2],
            "data_format": "channels_last",
        }


class Flatten(Layer):
    keras_class, base_name = "Flatten", "flatten"

    def forward(self, x, training):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient):
        return gradient.reshape(self.shape)

    def config(self):
        return {"data_format": "channels_last"}


class Dropout(Layer):
    """In training sets a share of the values to 0 and scales up the rest."""

    keras_class, base_name = "Dropout", "dropout"

    def __init__(self, rng, rate):
        self.rng, self.rate = rng, rate

    def forward(self, x, training):
        keep = 1 - self.rate
        self.mask = ((self.rng.random(x.shape) < keep) / keep
                     if training else np.ones(x.shape)).astype(x.dtype)
        return x * self.mask

    def backward(self, gradient):
        return gradient * self.mask

    def config(self):
        return {"rate": self.rate, "noise_shape": None, "seed": None}


class Dense(Layer):
    """softmax(x @ kernel + bias). backward() takes the gradient of the cross
    entropy by what goes into softmax: probability - truth."""

    keras_class, base_name = "Dense", "dense"
    trained = ("kernel", "bias")

    def __init__(self, rng, inputs, units):
        self.units = units
        self.weights = {
            "kernel": glorot(rng, (inputs, units), inputs, units),
            "bias": np.zeros(units, np.float32),
        }

    def forward(self, x, training):
        self.x = x
        logits = x @ self.weights["kernel"] + self.weights["bias"]
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def backward(self, gradient):
        self.gradients = {"kernel": self.x.T @ gradient,
                          "bias": gradient.sum(0)}
        return gradient @ self.weights["kernel"].T

    def config(self):
        return {
            "units": self.units,
            "activation": "softmax",
            "use_bias": True,
            **kernel_and_bias_config(),
        }


# --- Training ---------------------------------------------------------------


class Adam:
    """Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015."""

    def __init__(self, rate):
        self.rate, self.step, self.state = rate, 0, {}

    def update(self, layers):
        self.step += 1
        for number, layer in enumerate(layers):
            for name in layer.trained:
                self.move(layer.weights[name], layer.gradients[name],
                          (number, name))

    def move(self, weight, gradient, key):
        mean, square = self.state.setdefault(
            key, (np.zeros_like(weight), np.zeros_like(weight)))
        mean += 0.1 * (gradient - mean)
        square += 0.001 * (gradient * gradient - square)
        unbiased = mean / (1 - 0.9**self.step)
        scale = np.sqrt(square / (1 - 0.999**self.step)) + 1e-7
        weight -= (self.rate * unbiased / scale).astype(weight.dtype)


def make_layers(rng):
    return [
        Conv2D(rng, 3, 1, 16),  # 8x8x16
        BatchNormalization(16),
        MaxPooling2D(),  # 4x4x16
        SeparableConv2D(rng, 3, 16, 32),  # 4x4x32
        BatchNormalization(32),
        MaxPooling2D(),  # 2x2x32
        Flatten(),  # 128
        Dropout(rng, 0.25),
        Dense(rng, 128, 10),
    ]


def predict(layers, x, dtype=np.float32):
    """Probabilities [n, 10]. In float64 the weights are widened on the way."""
    x = x.astype(dtype)
    for layer in layers:
        x = layer.forward(x, training=False)
    return x


def train(layers, pictures, labels, rng):
    adam = Adam(0.003)
    for epoch in range(EPOCHS):
        adam.rate = 0.003 * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(pictures))
        for start in range(0, len(order), BATCH):
            chosen = order[start:start + BATCH]
            x = pictures[chosen]
            for layer in layers:
                x = layer.forward(x, training=True)
            gradient = (x - np.eye(10, dtype=x.dtype)[labels[chosen]]) / len(x)
            for layer in reversed(layers):
                gradient = layer.backward(gradient)
            adam.update(layers)


def accuracy(layers, pictures, labels):
    return float(np.mean(predict(layers, pictures).argmax(1) == labels))


# --- The file, as tf.keras 2.4 writes it ------------------------------------


def initializer(name, **config):
    return {"class_name": name, "config": config}


def kernel_and_bias_config():
    return {
        "kernel_initializer": initializer("GlorotUniform", seed=None),
        "bias_initializer": initializer("Zeros"),
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }


def layer_names(layers):
    """conv2d, conv2d_1 …: numbered by class, as Keras does."""
    count, names = {}, []
    for layer in layers:
        number = count.get(layer.base_name, 0)
        count[layer.base_name] = number + 1
        suffix = f"_{number}" if number else ""
        names.append(layer.base_name + suffix)
    return names


def model_config(layers, names):
    shape = [None, 8, 8, 1]
    parts = [{
        "class_name": "InputLayer",
        "config": {"batch_input_shape": shape, "dtype": "float32",
                   "sparse": False, "ragged": False,
                   "name": names[0] + "_input"},
    }]
    for name, layer in zip(names, layers):
        config = {"name": name, "trainable": True}
        if layer is layers[0]:
            config["batch_input_shape"] = shape
        config["dtype"] = "float32"
        config.update(layer.config())
        parts.append({"class_name": layer.keras_class, "config": config})
    return {"class_name": "Sequential",
            "config": {"name": "digits", "layers": parts}}


def save(path, layers):
    names = layer_names(layers)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = KERAS_VERSION
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(
            model_config(layers, names)).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([n.encode() for n in names])
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = KERAS_VERSION.encode()
        for name, layer in zip(names, layers):
            inner = group.create_group(name)
            paths = [f"{name}/{weight}:0" for weight in layer.weights]
            inner.attrs["weight_names"] = np.array(
                [path.encode() for path in paths])
            for path, value in zip(paths, layer.weights.values()):
                inner.create_dataset(path, data=value)


# --- Samples ----------------------------------------------------------------


def png(picture, scale):
    """An 8-bit grey PNG of a [h, w] picture in [0, 1], enlarged."""
    grey = np.rint(picture * 255).astype(np.uint8)
    grey = grey.repeat(scale, 0).repeat(scale, 1)
    h, w = grey.shape
    lines = b"".join(b"\0" + line.tobytes() for line in grey)

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


def save_samples(layers, pictures, labels):
    """One held-out picture of each digit; row K of expected.npy is sample K."""
    folder = HERE / "samples"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("digit_*"):
        old.unlink()
    chosen = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    for row, index in enumerate(chosen):
        stem = f"digit_{labels[index]}_{row:02d}"
        np.save(folder / f"{stem}.npy", pictures[index:index + 1])
        (folder / f"{stem}.png").write_bytes(png(pictures[index, :, :, 0], 16))
    expected = predict(layers, pictures[chosen], np.float64)
    np.save(HERE / "expected.npy", expected.astype(np.float32))


def main():
    data = sklearn.datasets.load_digits()
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(data.images))
    # 0..16, the pixels set in a 4x4 square of the scan, becomes 0..1.
    pictures = (data.images[order] / 16).astype(np.float32)[..., None]
    labels = data.target[order]
    layers = make_layers(rng)
    train(layers, pictures[HELD_OUT:], labels[HELD_OUT:], rng)
    print(f"trained on {len(pictures) - HELD_OUT} pictures: accuracy "
          f"{accuracy(layers, pictures[HELD_OUT:], labels[HELD_OUT:]):.4f}")
    print(f"held out {HELD_OUT} pictures: accuracy "
          f"{accuracy(layers, pictures[:HELD_OUT], labels[:HELD_OUT]):.4f}")
    save(HERE / "digits.h5", layers)
    save_samples(layers, pictures[:HELD_OUT], labels[:HELD_OUT])


if __name__ == "__main__":
    main()
