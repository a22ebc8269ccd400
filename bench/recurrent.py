#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the fused LSTM saves against the same layer as a loop.

    bench/recurrent.py [--liteforge build/release/bin/liteforge] [--threads N]

Each model is one Keras LSTM over 100 steps. Read as it is, it becomes
UNIDIRECTIONAL_SEQUENCE_LSTM; where the cell's last state is an output, which
the operator lacks, a WHILE. Prints the median latency of both for one example.

Needs python3-numpy and python3-h5py.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

import keras_conversion

HERE = pathlib.Path(__file__).resolve().parent
STEPS = 100


def model(units, return_state):
    entry = keras_conversion.layer(
        "InputLayer", "x", batch_input_shape=[1, STEPS, units],
        dtype="float32")
    lstm = keras_conversion.layer(
        "LSTM", "lstm", units=units, activation="tanh",
        recurrent_activation="sigmoid", use_bias=True, return_state=True)
    entry.update(name="x", inbound_nodes=[])
    lstm.update(name="lstm", inbound_nodes=[[["x", 0, 0, {}]]])
    outputs = [["lstm", 0, 0]] + ([["lstm", 0, 2]] if return_state else [])
    weights = {"lstm": {"kernel": (units, 4 * units),
                        "recurrent_kernel": (units, 4 * units),
                        "bias": (4 * units,)}}
    config = {"class_name": "Functional", "config": {
        "name": "m", "layers": [entry, lstm], "input_layers": [["x", 0, 0]],
        "output_layers": outputs}}
    return [entry, lstm], weights, config


def median_us(options, folder, units, return_state):
    source = os.path.join(folder, "m.h5")
    target = os.path.join(folder, "m.tflite")
    keras_conversion.write_h5(source, *model(units, return_state))
    liteforge = str(options.liteforge)
    subprocess.run([liteforge, "convert", source, "-o", target, "--no-check"],
                   check=True, stdout=subprocess.DEVNULL)
    found = json.loads(subprocess.run(
        [liteforge, "inspect", target, "--json"], check=True,
        capture_output=True, text=True).stdout)
    fused = "UNIDIRECTIONAL_SEQUENCE_LSTM" in found["operator_sequence"]
    if fused == return_state:
        raise SystemExit(f"{found['operator_sequence']} is not what is timed")
    measured = subprocess.run(
        [liteforge, "benchmark", target, "--json", "--threads",
         str(options.threads)], check=True, capture_output=True, text=True)
    return json.loads(measured.stdout)["median_us"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--liteforge",
                        default=HERE.parent / "build/release/bin/liteforge")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    print(f"{'units':>6}{'fused us':>12}{'WHILE us':>12}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for units in (16, 64, 256):
            fused = median_us(options, folder, units, False)
            loop = median_us(options, folder, units, True)
            print(f"{units:6}{fused:12.1f}{loop:12.1f}{loop / fused:8.2f}")


if __name__ == "__main__":
    main()
