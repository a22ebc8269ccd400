#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast large Keras models convert, and in how much memory.

    bench/keras_conversion.py [--liteforge build/release/bin/liteforge] [--runs N]

Makes models of 100 MB of weights (dense, convolutional, recurrent, and the
dense one as a .keras archive), converts each, and prints the best of N runs:
weights per second, and the peak memory of the process as a multiple of the
file. Weights are random, so nothing folds away.

Needs python3-numpy and python3-h5py.
"""
import argparse
import json
import os
import pathlib
import tempfile
import time
import zipfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
MEGABYTE = 1e6


def layer(class_name, name, **config):
    return {"class_name": class_name, "config": {"name": name, **config}}


def dense(units):
    """A stack of square Dense layers."""
    layers, weights = [], {}
    for i in range(7):
        name = f"dense_{i}"
        first = {"batch_input_shape": [None, units]} if i == 0 else {}
        layers.append(layer("Dense", name, units=units, activation="relu",
                            use_bias=True, **first))
        weights[name] = {"kernel": (units, units), "bias": (units,)}
    return layers, weights


def convolutional(filters):
    """A stack of 3x3 convolutions with batch normalization."""
    layers, weights = [], {}
    for i in range(10):
        conv, norm = f"conv_{i}", f"norm_{i}"
        first = {"batch_input_shape": [None, 8, 8, filters]} if i == 0 else {}
        layers.append(layer("Conv2D", conv, filters=filters,
                            kernel_size=[3, 3], strides=[1, 1], padding="same",
                            data_format="channels_last", activation="linear",
                            use_bias=False, **first))
        layers.append(layer("BatchNormalization", norm, axis=[3],
                            epsilon=0.001, center=True, scale=True))
        layers.append(layer("ReLU", f"relu_{i}"))
        weights[conv] = {"kernel": (3, 3, filters, filters)}
        weights[norm] = {w: (filters,) for w in
                         ("gamma", "beta", "moving_mean", "moving_variance")}
    return layers, weights


def recurrent(units):
    """Three LSTMs of unknown length, which become the fused operator."""
    layers, weights = [], {}
    for i in range(3):
        name = f"lstm_{i}"
        first = {"batch_input_shape": [None, None, units]} if i == 0 else {}
        layers.append(layer("LSTM", name, units=units, activation="tanh",
                            recurrent_activation="sigmoid", use_bias=True,
                            return_sequences=True, **first))
        weights[name] = {"kernel": (units, 4 * units),
                         "recurrent_kernel": (units, 4 * units),
                         "bias": (4 * units,)}
    return layers, weights


def values(shape, random):
    # Variances are positive, and deep stacks stay finite.
    return (random.random(shape, np.float32) + 0.01) / 32


def write_h5(path, layers, weights, config=None):
    """`config`: the model's, where it is no sequence of the layers."""
    random = np.random.default_rng(1)
    config = config or {"class_name": "Sequential",
                        "config": {"name": "model", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        names = [entry["config"]["name"] for entry in layers]
        group.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            own = group.create_group(name)
            stored = weights.get(name, {})
            own.attrs["weight_names"] = [f"{name}/{w}:0".encode()
                                         for w in stored]
            for weight, shape in stored.items():
                own.create_dataset(f"{name}/{weight}:0",
                                   data=values(shape, random))


def write_keras(path, layers, weights):
    random = np.random.default_rng(1)
    shape = layers[0]["config"].pop("batch_input_shape")
    config = {"class_name": "Sequential", "module": "keras", "config": {
        "name": "model", "layers": [
            layer("InputLayer", "input", batch_shape=shape, dtype="float32"),
            *layers]}}
    with tempfile.NamedTemporaryFile(suffix=".h5") as stored:
        with h5py.File(stored.name, "w") as file:
            for i, entry in enumerate(layers):
                own = weights[entry["config"]["name"]]
                group = "dense" if i == 0 else f"dense_{i}"
                for k, shape in enumerate(own.values()):
                    file.create_dataset(f"layers/{group}/vars/{k}",
                                        data=values(shape, random))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("metadata.json", '{"keras_version": "3.3.3"}')
            archive.writestr("config.json", json.dumps(config))
            archive.write(stored.name, "model.weights.h5")


def run(arguments):
    """Seconds and the peak of resident memory in bytes."""
    began = time.monotonic()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(arguments[0], arguments, os.environ,
                         file_actions=silent)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return time.monotonic() - began, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--liteforge",
                        default=HERE.parent / "build/release/bin/liteforge")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    models = [("dense.h5", write_h5, dense(1900)),
              ("convolutional.h5", write_h5, convolutional(528)),
              ("recurrent.h5", write_h5, recurrent(1024)),
              ("dense.keras", write_keras, dense(1900))]
    print(f"{'model':<18}{'MB':>7}{'s':>8}{'MB/s':>8}{'memory / file':>15}")
    with tempfile.TemporaryDirectory() as folder:
        for name, write, (layers, weights) in models:
            path = os.path.join(folder, name)
            write(path, layers, weights)
            size = sum(4 * np.prod(shape) for own in weights.values()
                       for shape in own.values())
            runs = [run([str(options.liteforge), "convert", path, "-o",
                         os.path.join(folder, "out.tflite")])
                    for _ in range(options.runs)]
            seconds = min(seconds for seconds, _ in runs)
            memory = max(memory for _, memory in runs)
            print(f"{name:<18}{size / MEGABYTE:7.1f}{seconds:8.2f}"
                  f"{size / MEGABYTE / seconds:8.0f}"
                  f"{memory / os.path.getsize(path):15.2f}")
            os.remove(path)


if __name__ == "__main__":
    main()
