#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes transformer.keras, a small transformer as Keras 3 saves it, and
transformer.json, what it gives: computed here with numpy from the layers'
definitions (keras/src/layers), in double precision.

    ./make_transformer.py        needs python3-numpy and python3-h5py
"""
import io
import json
import math
import pathlib
import zipfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
WORDS, WIDTH, HEADS, KEY, HIDDEN, CLASSES = 12, 8, 2, 3, 16, 3
EPSILON = 1e-3
random = np.random.default_rng(7)


def weight(*shape):
    return random.uniform(-0.8, 0.8, shape).astype(np.float32)


# By the paths of model.weights.h5.
ATTENTION = "multi_head_attention"
WEIGHTS = {
    "embedding": [weight(WORDS, WIDTH)],
    **{f"{ATTENTION}/{part}_dense":
       [weight(WIDTH, HEADS, KEY), weight(HEADS, KEY)]
       for part in ("query", "key", "value")},
    f"{ATTENTION}/output_dense": [weight(HEADS, KEY, WIDTH), weight(WIDTH)],
    "layer_normalization": [weight(WIDTH) + 1, weight(WIDTH)],
    "dense": [weight(WIDTH, HIDDEN), weight(HIDDEN)],
    "dense_1": [weight(HIDDEN, WIDTH), weight(WIDTH)],
    "layer_normalization_1": [weight(WIDTH) + 1, weight(WIDTH)],
    "dense_2": [weight(WIDTH, CLASSES), weight(CLASSES)],
}


# ------------------------------------------------------------------ the model

def tensor(layer):
    return {"class_name": "__keras_tensor__",
            "config": {"shape": [None, None, WIDTH], "dtype": "float32",
                       "keras_history": [layer, 0, 0]}}


def layer(class_name, name, inputs, config, **arguments):
    return {
        "module": "keras.layers", "class_name": class_name, "name": name,
        "registered_name": None,
        "config": {"name": name, "trainable": True, "dtype": {
            "module": "keras", "class_name": "DTypePolicy",
            "config": {"name": "float32"}, "registered_name": None}, **config},
        "inbound_nodes": [{"args": inputs, "kwargs": arguments}]}


def layers():
    norm = {"axis": -1, "epsilon": EPSILON, "center": True, "scale": True}
    yield {"module": "keras.layers", "class_name": "InputLayer",
           "name": "words", "registered_name": None, "inbound_nodes": [],
           "config": {"batch_shape": [None, None], "dtype": "int32",
                      "sparse": False, "name": "words"}}
    yield layer("Embedding", "embed", [tensor("words")],
                {"input_dim": WORDS, "output_dim": WIDTH, "mask_zero": False})
    yield layer("MultiHeadAttention", "attend",
                [tensor("embed"), tensor("embed")],
                {"num_heads": HEADS, "key_dim": KEY, "value_dim": KEY,
                 "dropout": 0.1, "use_bias": True, "output_shape": None,
                 "attention_axes": None}, use_causal_mask=True)
    yield layer("Dropout", "drop", [tensor("attend")], {"rate": 0.1})
    yield layer("Add", "add", [[tensor("embed"), tensor("drop")]], {})
    yield layer("LayerNormalization", "norm", [tensor("add")], norm)
    yield layer("Dense", "wide", [tensor("norm")],
                {"units": HIDDEN, "activation": "gelu", "use_bias": True})
    yield layer("Dense", "narrow", [tensor("wide")],
                {"units": WIDTH, "activation": "linear", "use_bias": True})
    yield layer("Add", "add_2", [[tensor("norm"), tensor("narrow")]], {})
    yield layer("LayerNormalization", "norm_2", [tensor("add_2")], norm)
    yield layer("GlobalAveragePooling1D", "mean", [tensor("norm_2")],
                {"data_format": "channels_last", "keepdims": False})
    yield layer("Dense", "classes", [tensor("mean")],
                {"units": CLASSES, "activation": "softmax", "use_bias": True})


def write_archive(path):
    stored = io.BytesIO()
    with h5py.File(stored, "w") as file:
        for place, weights in WEIGHTS.items():
            for i, values in enumerate(weights):
                file.create_dataset(f"layers/{place}/vars/{i}", data=values)
    config = {"module": "keras.src.models.functional",
              "class_name": "Functional", "registered_name": "Functional",
              "config": {"name": "transformer", "trainable": True,
                         "layers": list(layers()),
                         "input_layers": ["words", 0, 0],
                         "output_layers": ["classes", 0, 0]}}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (
                ("metadata.json", json.dumps({"keras_version": "3.3.3",
                                              "date_saved": "2024-05-01"})),
                ("config.json", json.dumps(config)),
                ("model.weights.h5", stored.getvalue())):
            archive.writestr(zipfile.ZipInfo(name), data)


# ------------------------------------------------------------------ its values

def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu(x):
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


def norm(x, gamma, beta):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta


def attention(x):
    def part(name):
        kernel, bias = WEIGHTS[f"{ATTENTION}/{name}_dense"]
        return np.einsum("btd,dhk->bthk", x, kernel.astype(float)) + bias
    query, key, value = part("query"), part("key"), part("value")
    scores = np.einsum("bqhk,bthk->bhqt", query, key) / math.sqrt(KEY)
    length = x.shape[1]
    scores[:, :, np.triu(np.ones((length, length), bool), 1)] = -np.inf
    kernel, bias = WEIGHTS[f"{ATTENTION}/output_dense"]
    return np.einsum("bhqt,bthk,hkd->bqd", softmax(scores), value,
                     kernel.astype(float)) + bias


def dense(x, name):
    kernel, bias = WEIGHTS[name]
    return x @ kernel.astype(float) + bias


def transformer(words):
    x = WEIGHTS["embedding"][0].astype(float)[words]
    x = norm(x + attention(x), *WEIGHTS["layer_normalization"])
    y = dense(gelu(dense(x, "dense")), "dense_1")
    x = norm(x + y, *WEIGHTS["layer_normalization_1"])
    return softmax(dense(x.mean(1), "dense_2"))


def main():
    write_archive(HERE / "transformer.keras")
    cases = []
    for batch, length in ((1, 5), (3, 7), (2, 1)):
        words = random.integers(0, WORDS, (batch, length))
        cases.append({"words": words.tolist(),
                      "classes": transformer(words).tolist()})
    (HERE / "transformer.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
