#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What quantization, pruning and clustering cost and save.

    bench/quantization.py [MODELS] [--liteforge build/release/bin/liteforge]

Prints, for the models found in MODELS and for the digits example:
  - int8 models against the official int8 twins of the same weights: operators,
    input and output scales, file size, mean error against the float model
  - size of int8 and float16 files against float32
  - zipped size of pruned int8 models against int8 alone
  - digits: accuracy of float, int8, and of 70 % pruning with and without
    fitting the rest anew

Needs python3-numpy; python3-sklearn for the digits' data.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import zlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
DIGITS = HERE.parent / "examples/digits"
# The permutation and split of examples/digits/train_digits.py.
DIGITS_SEED, HELD_OUT = 20240607, 360

TWINS = {  # our source, the official int8 model, the range of an input value
    "mlperf_vww_96": ("h5/mlperf_vww_96_h5/model.h5",
                      "tflite/mlperf_vww_96_int8/model.tflite", (0, 1)),
    "mlperf_pretrained_resnet": (
        "h5/mlperf_pretrained_resnet_h5/model.h5",
        "tflite/mlperf_pretrained_resnet_quant/model.tflite", (0, 255)),
}
MILLION = ["h5/mlperf_str_ww_ref_model_h5/model.h5",
           "h5/moonflower_mnist_model_h5/model.h5",
           "h5/mlperf_ad01_h5/model.h5"]


class Liteforge:
    def __init__(self, executable, folder):
        self.executable, self.folder = executable, folder

    def __call__(self, *arguments):
        done = subprocess.run([self.executable, *map(str, arguments)],
                              capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json"))

    def convert(self, source, name, *arguments):
        out = self.folder / name
        self("convert", source, "-o", out, *arguments)
        return out


def zipped(path):
    return len(zlib.compress(path.read_bytes(), 9))


def smooth_pictures(count, shape, low, high, seed):
    """Pictures of a few soft blobs each: nearer to photographs than noise."""
    rng = np.random.default_rng(seed)
    height, width, channels = shape
    rows, columns = np.mgrid[0:height, 0:width]
    pictures = np.empty((count, height, width, channels), np.float32)
    for picture in pictures:
        picture[:] = rng.random(channels)
        for _ in range(12):
            y, x = rng.random() * height, rng.random() * width
            size = (0.05 + 0.3 * rng.random()) * height
            blob = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / size ** 2)
            colour = rng.random(channels)
            picture += blob[..., None] * (colour - picture)
        picture[0, 0], picture[0, 1] = 0, 1  # the whole range is seen
    return (np.clip(pictures, 0, 1) * (high - low) + low).astype(np.float32)


def dense_inputs(count, details, seed):
    shape = [count] + [max(1, d) for d in details["shape"][1:]]
    return np.random.default_rng(seed).standard_normal(shape).astype(
        np.float32)


def operators(model):
    return sorted((row["name"], row["count"]) for row in model["operators"])


def twins(lf, models):
    print("== against the official int8 models of the same weights")
    for name, (source, twin, (low, high)) in TWINS.items():
        source, twin = models / source, models / twin
        if not (source.exists() and twin.exists()):
            print(f"{name}: not in {models}")
            continue
        plain = lf.convert(source, "float.tflite")
        shape = lf.json("inspect", plain)["inputs"][0]["shape"][1:]
        np.save(lf.folder / "seen.npy",
                smooth_pictures(64, shape, low, high, 1))
        np.save(lf.folder / "new.npy",
                smooth_pictures(32, shape, low, high, 2))
        ours = lf.convert(source, "int8.tflite", "--optimize", "int8",
                          "--strict-int8", "--representative-data", "seen.npy",
                          "--input-type", "int8", "--output-type", "int8")
        mine, theirs = lf.json("inspect", ours), lf.json("inspect", twin)
        print(f"{name}: operators "
              f"{'alike' if operators(mine) == operators(theirs) else 'DIFFER'}"
              f", {ours.stat().st_size} bytes (theirs {twin.stat().st_size})")
        for side in ("inputs", "outputs"):
            a, b = (m[side][0]["quantization"] for m in (mine, theirs))
            print(f"  {side[:-1]} scale {a['scale'][0]:.6g} (theirs "
                  f"{b['scale'][0]:.6g}), zero point {a['zero_point'][0]} "
                  f"({b['zero_point'][0]})")
        for label, model in (("ours", ours), ("theirs", twin)):
            row = lf.json("compare", plain, model, "--data", "new.npy")
            print(f"  {label:<7} mean error {row['outputs'][0]['mean_abs']:.5f}"
                  f", same class first {row['same_top1']:.3f}")


def sizes(lf, models):
    print("== size of the file, of float32 = 100 %")
    for source in sorted(models.glob("h5/*/model.h5")):
        done = subprocess.run(
            [lf.executable, "convert", source, "-o", lf.folder / "f.tflite"],
            capture_output=True)
        if done.returncode:
            continue
        plain = lf.folder / "f.tflite"
        details = lf.json("inspect", plain)
        if details["parameters"] < 1_000_000 or len(details["inputs"]) != 1:
            continue
        inputs = details["inputs"][0]
        if inputs["dtype"] != "float32":
            continue
        np.save(lf.folder / "seen.npy", dense_inputs(4, inputs, 1))
        int8 = ["--optimize", "int8", "--representative-data", "seen.npy"]
        small = lf.convert(plain, "q.tflite", *int8)
        half = lf.convert(plain, "h.tflite", "--optimize", "float16")
        dynamic = lf.convert(plain, "d.tflite", "--optimize", "default")
        pruned = lf.convert(plain, "p.tflite", "--prune", "0.5", *int8)
        whole = plain.stat().st_size
        print(f"{source.parent.name}: {details['parameters']} weights; int8 "
              f"{small.stat().st_size / whole:.1%}, dynamic "
              f"{dynamic.stat().st_size / whole:.1%}, float16 "
              f"{half.stat().st_size / whole:.1%}; zipped int8 with half the "
              f"weights pruned {zipped(pruned) / zipped(small):.1%} of int8")


def digits(lf):
    print("== digits: part of the 360 held-out pictures read rightly")
    try:
        import sklearn.datasets
    except ImportError:
        print("python3-sklearn is not installed")
        return
    data = sklearn.datasets.load_digits()
    order = np.random.default_rng(DIGITS_SEED).permutation(len(data.images))
    pictures = (data.images[order] / 16).astype(np.float32)[..., None]
    labels = data.target[order]
    held = lf.folder / "held"
    held.mkdir()
    np.save(held / "examples.npy", pictures[:HELD_OUT])
    np.save(held / "labels.npy", labels[:HELD_OUT])
    np.save(lf.folder / "seen.npy", pictures[HELD_OUT:])
    seen = ["--representative-data", "seen.npy"]
    rows = {
        "float": [],
        "dynamic": ["--optimize", "default"],
        "float16": ["--optimize", "float16"],
        "int8": ["--optimize", "int8", *seen],
        "int16x8": ["--optimize", "int16x8", *seen],
        "int8, bias correction": ["--optimize", "int8", "--bias-correction",
                                  *seen],
        "70 % pruned": ["--prune", "0.7,layer"],
        "70 % pruned, fitted": ["--prune", "0.7,layer", *seen],
        "70 % pruned, fitted, int8": ["--prune", "0.7,layer", "--optimize",
                                      "int8", *seen],
        "16 weights a layer": ["--cluster", "16"],
    }
    for name, arguments in rows.items():
        model = lf.convert(DIGITS / "digits.h5", "digits.tflite", *arguments)
        score = lf.json("evaluate", model, "--dataset", held)
        print(f"{name:<26} {score['top1']:.4f}   {model.stat().st_size} bytes, "
              f"zipped {zipped(model)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="?", type=pathlib.Path)
    parser.add_argument("--liteforge", type=pathlib.Path,
                        default=HERE.parent / "build/release/bin/liteforge")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lf = Liteforge(options.liteforge.resolve(), pathlib.Path(folder))
        if options.models:
            twins(lf, options.models)
            sizes(lf, options.models)
        digits(lf)


if __name__ == "__main__":
    main()
