#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How near a dense layer of one row comes to what memory delivers.

    bench/dense_row.py [--liteforge build/release/bin/liteforge] [--runs N]

One row reads each weight once, so that a layer larger than the caches is as
fast as memory. Makes a Keras model of one layer of 144 MB of weights, converts
it to float32, 8-bit weights and int8, and prints what
`benchmark --profile` says of its operator: bytes of weights a second, and their
share of what the machine reads, measured in the same run by one thread.

Needs python3-numpy and python3-h5py.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

import numpy as np

from keras_conversion import HERE, layer, write_h5

UNITS = 6000


def convert(liteforge, source, target, *options):
    subprocess.run([liteforge, "convert", source, "-o", target, "--no-check",
                    *options], check=True, capture_output=True)


def share(liteforge, model, runs):
    """(GB/s, share of the peak) of the dense layer; the median of some runs."""
    found = []
    for _ in range(3):
        done = subprocess.run(
            [liteforge, "benchmark", model, "--threads", "1", "--runs",
             str(runs), "--profile", "--json"], check=True,
            capture_output=True, text=True)
        measured = json.loads(done.stdout)
        dense = next(row for row in measured["profile"]
                     if row["op"] == "FULLY_CONNECTED")
        rate = dense["bytes"] / dense["us_per_run"] / 1e3
        found.append((rate / measured["peak_read_gb_per_s"], rate))
    return statistics.median(found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--liteforge",
                        default=HERE.parent / "build/release/bin/liteforge")
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = folder / "dense.h5"
        write_h5(source,
                 [layer("Dense", "dense", units=UNITS, activation="linear",
                        use_bias=True, batch_input_shape=[1, UNITS])],
                 {"dense": {"kernel": (UNITS, UNITS), "bias": (UNITS,)}})
        rows = np.random.default_rng(2).random((4, UNITS), np.float32)
        np.save(folder / "rows.npy", rows)
        kinds = {"float32": ["--optimize", "none"],
                 "8-bit weights": ["--optimize", "default"],
                 "int8": ["--optimize", "int8", "--representative-data",
                          folder / "rows.npy"]}
        for kind, how in kinds.items():
            model = folder / "model.tflite"
            convert(options.liteforge, source, model, *how)
            part, rate = share(options.liteforge, model, options.runs)
            print(f"{kind:14} {rate:6.1f} GB/s  {100 * part:4.0f} % of what "
                  "memory delivers", flush=True)


if __name__ == "__main__":
    main()
