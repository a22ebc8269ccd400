#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What quantization, pruning and clustering cost and save.

    bench/quantization.py [MODELS] [--liteforge build/release/bin/liteforge]
                          [--oracle tflite_oracle.py] [--only PART]

Prints, for the models found in MODELS and for the digits example:
  twins     int8 models against the official int8 twins of the same weights:
            operators, input and output scales, file size, mean error against
            the float model; of other trainings, operators and size
  sizes     int8 and float16 files against float32; zipped size of pruned int8
            models against int8 alone, what the weights' entropy would allow
            single numbers to take, and the outputs' error on the photographs
  sparse    run time of 2:4- and block-pruned float models against dense ones
  oracle    every float model, in int8, int16x8 and with int8 weights, run by
            TensorFlow Lite (a script with a class Model as in
            MODELS/../tools/tflite_oracle.py) against liteforge, in quanta
  digits    accuracy of float, int8, and of 70 % pruning with and without
            fitting the rest anew
  bad       what is said about bad input

Needs python3-numpy; python3-h5py for the dense layers of `sparse`,
python3-sklearn for the digits' data.
"""
import argparse
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zlib

import numpy as np

from float_twin import INT8, FlatBuffer, float_twin

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
# Of other trainings: only what they are made of can be compared.
COUSINS = {
    "mlperf_ad01": ("h5/mlperf_ad01_h5/model.h5",
                    "tflite/mlperf_ad01_int8/model.tflite"),
    "mlperf_kws": ("savedmodel/mlperf_kws_ref_model_saved/saved_model",
                   "tflite/mlperf_kws_ref_model/model.tflite"),
}
PICTURES, SEEN = 192, 64


class Liteforge:
    def __init__(self, executable, folder):
        self.executable, self.folder = executable, folder

    def __call__(self, *arguments):
        done = subprocess.run([self.executable, *map(str, arguments)],
                              capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def fails(self, *arguments):
        return subprocess.run([self.executable, *map(str, arguments)],
                              capture_output=True, cwd=self.folder).returncode

    def json(self, *arguments):
        return json.loads(self(*arguments, "--json"))

    def convert(self, source, name, *arguments):
        out = self.folder / name
        self("convert", source, "-o", out, *arguments)
        return out


def zipped(path):
    return len(zlib.compress(path.read_bytes(), 9))


def weights_by_entropy(path):
    """Bytes of the int8 weights if each number cost what its frequency in its
    tensor says: less is not to be had by coding numbers one by one."""
    f = FlatBuffer(path.read_bytes())
    model = f.follow(0)
    buffers = f.tables(model, 4)
    total = 0
    for tensor in f.tables(f.tables(model, 2)[0], 0):
        stored = f.numbers(buffers[f.scalar(tensor, 2, "I")], 0, np.uint8)
        if f.scalar(tensor, 1, "b") != INT8 or len(stored) == 0:
            continue
        part = np.bincount(stored) / len(stored)
        part = part[part > 0]
        total -= len(stored) * (part * np.log2(part)).sum() / 8
    return total


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
                smooth_pictures(SEEN, shape, low, high, 1))
        np.save(lf.folder / "new.npy",
                smooth_pictures(PICTURES, shape, low, high, 2))
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
        methods = {m: lf.convert(source, f"{m}.tflite", "--optimize", "int8",
                                 "--representative-data", "seen.npy",
                                 "--calibration", m)
                   for m in ("minmax", "average", "mse", "kl")}
        for label, model in {"ours": ours, "theirs": twin, **methods}.items():
            row = lf.json("compare", plain, model, "--data", "new.npy")
            print(f"  {label:<7} mean error {row['outputs'][0]['mean_abs']:.5f}"
                  f", same class first {row['same_top1']:.3f}")


def cousins(lf, models):
    print("== against official int8 models of other trainings")
    for name, (source, twin) in COUSINS.items():
        source, twin = models / source, models / twin
        if not (source.exists() and twin.exists()):
            print(f"{name}: not in {models}")
            continue
        plain = lf.convert(source, "float.tflite")
        np.save(lf.folder / "seen.npy",
                dense_inputs(8, lf.json("inspect", plain)["inputs"][0], 1))
        ours = lf.convert(source, "int8.tflite", "--optimize", "int8",
                          "--strict-int8", "--representative-data", "seen.npy",
                          "--input-type", "int8", "--output-type", "int8")
        mine, theirs = lf.json("inspect", ours), lf.json("inspect", twin)
        kinds = [sorted(n for n, _ in operators(m)) for m in (mine, theirs)]
        types = [[t["dtype"] for t in m["inputs"] + m["outputs"]]
                 for m in (mine, theirs)]
        print(f"{name}: operators {kinds[0]} (theirs {kinds[1]}), types "
              f"{'alike' if types[0] == types[1] else 'DIFFER'}, "
              f"{ours.stat().st_size} bytes (theirs {twin.stat().st_size})")


# --- A million weights and more ----------------------------------------------

# Trained networks that the repositories have in 8 bits only: what they stand
# for, in float32 (float_twin.py), and what photographs become for them.
LARGE = ["tflite/coral_tf2_mobilenet_v2_1_0_224_ptq/model.tflite",
         "tflite/coral_mobilenet_v2_1_0_224_quant/model.tflite"]
PHOTOGRAPHS = ["bird", "cat", "grace_hopper", "sunflower"]
NORMAL = ["--mean", "127.5", "--std", "127.5"]


def million(lf, models):
    """Float models with a million weights or more, and photographs' folder."""
    photographs = lf.folder / "photographs"
    photographs.mkdir(exist_ok=True)
    for name in PHOTOGRAPHS:
        picture = models / f"images/{name}.bmp"
        if picture.exists():
            shutil.copy(picture, photographs)
    for source in LARGE:
        if not (models / source).exists():
            print(f"{source}: not in {models}")
            continue
        twin = lf.folder / "twin.tflite"
        twin.write_bytes(float_twin((models / source).read_bytes()))
        plain = lf.convert(twin, "f.tflite")
        details = lf.json("inspect", plain)
        if details["parameters"] >= 1_000_000:
            name = pathlib.PurePath(source).parent.name
            yield name, plain, details, photographs


def sizes(lf, models):
    print("== size of the file, of float32 = 100 %")
    for name, plain, details, photographs in million(lf, models):
        seen = ["--representative-data", photographs, *NORMAL]
        int8 = ["--optimize", "int8", *seen]
        small = lf.convert(plain, "q.tflite", *int8)
        half = lf.convert(plain, "h.tflite", "--optimize", "float16")
        dynamic = lf.convert(plain, "d.tflite", "--optimize", "default")
        lf.convert(plain, "c.tflite", "--calibration-out", "seen.json", *seen)
        known = ["--optimize", "int8", "--calibration-in", "seen.json"]
        pruned = {
            f"{pattern}{' fitted' if arguments is int8 else ''}":
                lf.convert(plain, f"p{k}.tflite", "--prune", pattern,
                           *arguments)
            for k, (pattern, arguments) in enumerate(
                [("0.5", known), ("0.5", int8), ("0.5,block", known),
                 ("0.5,block16", known), ("0.5,block16", int8)])}
        whole = plain.stat().st_size
        print(f"{name}: {details['parameters']} weights; int8 "
              f"{small.stat().st_size / whole:.1%}, dynamic "
              f"{dynamic.stat().st_size / whole:.1%}, float16 "
              f"{half.stat().st_size / whole:.1%}")
        for how, model in pruned.items():
            entropy = weights_by_entropy(model) / weights_by_entropy(small)
            error = lf.json("compare", plain, model, "--data", photographs,
                            *NORMAL)["outputs"][0]
            print(f"  int8 pruned {how}: zipped "
                  f"{zipped(model) / zipped(small):.1%} of int8 zipped "
                  f"(entropy {entropy:.1%}), error {error['rmse']:.4f}")


def dense_layers(lf):
    """Seven dense layers of a million weights each, drawn."""
    try:
        import keras_conversion
    except ImportError:
        print("python3-h5py is not installed")
        return
    source = lf.folder / "dense.h5"
    keras_conversion.write_h5(source, *keras_conversion.dense(1024))
    yield "7 dense layers of 1024", lf.convert(source, "f.tflite")


def sparse(lf, models):
    print("== run time of pruned float models, of the dense one = 1")
    large = ((name, plain) for name, plain, _, _ in million(lf, models))
    for name, plain in itertools.chain(dense_layers(lf), large):
        pruned = {p: lf.convert(plain, f"{p.replace(':', '_')}.tflite",
                                "--prune", p)
                  for p in ("0.5,2:4", "0.5,block", "0.6", "0.7,block", "0.7",
                            "0.8")}
        # In turns, so that a busy machine is busy for all.
        times = {m: [] for m in (plain, *pruned.values())}
        for _ in range(9):
            for model in times:
                times[model].append(lf.json("benchmark", model)["min_us"])
        dense = np.median(times[plain])
        print(f"{name}: dense {dense:.0f} us")
        for pattern, model in pruned.items():
            print(f"  {pattern}: {dense / np.median(times[model]):.2f} times "
                  f"as fast, {model.stat().st_size / plain.stat().st_size:.0%} "
                  "of the size")


# --- Our files in TensorFlow Lite -------------------------------------------

SHOWN, COMPARED = 8, 3  # examples
ORACLE_MODES = {
    "int8": ["--optimize", "int8", "--input-type", "int8", "--output-type",
             "int8"],
    "int16x8": ["--optimize", "int16x8", "--input-type", "int16",
                "--output-type", "int16"],
    "dynamic": ["--optimize", "default"],
}


def drawn(spec, rng):
    """An input as case.json has it: a file, or numbers from a seed."""
    dtype, shape = np.dtype(spec["dtype"]), [max(1, d) for d in spec["shape"]]
    low, high = spec.get("low", -1), spec.get("high", 1)
    if dtype.kind == "f":
        return rng.uniform(low, high, shape).astype(dtype)
    return rng.integers(0, 2, shape).astype(dtype)


def float_cases(models):
    """Name, source, arguments and inputs of the float models."""
    for path in sorted(models.glob("*/*/case.json")):
        case = json.loads(path.read_text())
        if case.get("expect") != "ok" or case.get("category") != "float":
            continue
        if path.parent.parent.name == "kernels":
            continue
        rng = np.random.default_rng(1)
        inputs = [np.load(path.parent / i["file"]) if "file" in i
                  else drawn(i, rng) for i in case["inputs"]]
        yield (path.parent.name, path.parent / case["source"],
               case.get("convert", []), inputs)


def shuffled(arrays, rng):
    """The same numbers elsewhere: of the same distribution."""
    return [rng.permutation(a.reshape(-1)).reshape(a.shape)
            if a.dtype.kind == "f" else a for a in arrays]


def in_terms(array, details):
    quantization = details.get("quantization", {"scale": []})
    if array.dtype.kind != "f" or not quantization["scale"]:
        return array.astype(details["dtype"])
    info = np.iinfo(details["dtype"])
    stored = np.round(array / quantization["scale"][0])
    return np.clip(stored + quantization["zero_point"][0], info.min,
                   info.max).astype(details["dtype"])


def in_tflite(script, model, folder):
    """What TensorFlow Lite makes of folder/in_E_K.npy, as lists of outputs;
    in a process of its own, which may crash."""
    code = f"""
import importlib.util, numpy as np, pathlib
spec = importlib.util.spec_from_file_location("oracle", {str(script)!r})
oracle = importlib.util.module_from_spec(spec)
spec.loader.exec_module(oracle)
folder = pathlib.Path({str(folder)!r})
for e in range({COMPARED}):
    model = oracle.Model({str(model)!r}, xnnpack=False)
    for k in range(len(model.inputs())):
        model.set(k, np.load(folder / f"in_{{e}}_{{k}}.npy"))
    model.invoke()
    for k, output in enumerate(model.outputs()):
        np.save(folder / f"theirs_{{e}}_{{k}}.npy", output)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True,
                          text=True, timeout=120)
    if done.returncode:
        lines = (done.stderr.strip() or "crashed").splitlines()
        reasons = [line for line in lines if line.startswith("ERROR")]
        return (reasons or lines)[-1]
    return None


def later(version, other):
    return [*map(int, version.split("."))] > [*map(int, other.split("."))]


def difference(ours, theirs):
    """In quanta; of float outputs in 1/255 of the largest number."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return np.inf
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    worst = np.abs(np.where(a == b, 0, a - b)).max(initial=0)
    if ours.dtype.kind != "f":
        return worst
    largest = np.abs(b).max(initial=0)
    return worst / largest * 255 if largest > 0 else worst


def in_quanta(lf, script, model, examples):
    """The largest difference between liteforge and TensorFlow Lite, or why
    there is none."""
    details = lf.json("inspect", model)
    if len(details["inputs"]) != len(examples[0]):
        return "other inputs"
    folder = lf.folder / "oracle"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for e, arrays in enumerate(examples):
        for k, (array, of_input) in enumerate(zip(arrays, details["inputs"])):
            np.save(folder / f"in_{e}_{k}.npy", in_terms(array, of_input))
    reason = in_tflite(script, model, folder)
    if reason and later(details["min_runtime_version"], "2.9.0"):
        return f"needs TensorFlow Lite {details['min_runtime_version']}"
    if reason:
        return reason
    worst = 0
    for e in range(len(examples)):
        arguments = []
        for k in range(len(details["inputs"])):
            arguments += ["--input", folder / f"in_{e}_{k}.npy"]
        lf("run", model, *arguments, "--output-dir", folder / "ours")
        for k in range(len(details["outputs"])):
            worst = max(worst, difference(
                np.load(folder / f"ours/output_{k}.npy"),
                np.load(folder / f"theirs_{e}_{k}.npy")))
    return worst


def oracle(lf, models, script):
    print("== our files in TensorFlow Lite: largest difference from liteforge,"
          " in quanta")
    print("   (of float outputs in 1/255 of their largest number)")
    ran = {mode: [] for mode in ORACLE_MODES}
    for name, source, arguments, inputs in float_cases(models):
        plain = lf.folder / "f.tflite"
        if not any(i.dtype == np.float32 for i in inputs) or lf.fails(
                "convert", source, "-o", plain, *arguments):
            continue
        rng = np.random.default_rng(2)
        names = [i["name"] for i in lf.json("inspect", plain)["inputs"]]
        seen = lf.folder / "seen"
        shutil.rmtree(seen, ignore_errors=True)
        seen.mkdir()
        for e in range(SHOWN):
            arrays = inputs if e == 0 else shuffled(inputs, rng)
            np.savez(seen / f"{e}.npz", **dict(zip(names, arrays)))
        examples = [inputs] + [shuffled(inputs, rng)
                               for _ in range(COMPARED - 1)]
        for mode, flags in ORACLE_MODES.items():
            data = [] if mode == "dynamic" else ["--representative-data", seen]
            model = lf.folder / "q.tflite"
            if lf.fails("convert", source, "-o", model, *arguments, *flags,
                        *data):
                continue
            if changes_nothing(lf, plain, model):
                continue
            worst = in_quanta(lf, script, model, examples)
            ran[mode].append((name, worst))
    for mode, rows in ran.items():
        numbers = [w for _, w in rows if not isinstance(w, str)]
        near = sum(w <= 1 for w in numbers)
        print(f"{mode}: {near} of {len(numbers)} models within 1 quantum, "
              f"{sum(w == 0 for w in numbers)} equal; largest "
              f"{max(numbers, default=0):.3g}; {len(rows) - len(numbers)} do "
              "not run in TensorFlow Lite")
        for name, worst in rows:
            if isinstance(worst, str):
                print(f"  {name}: {worst[:120]}")
            elif worst > 1:
                print(f"  {name}: {worst:.3g}")


def changes_nothing(lf, plain, model):
    """Whether there was nothing to quantize."""
    kinds = [{t["dtype"] for g in lf.json("inspect", m)["subgraphs"]
              for t in g["tensors"]} for m in (plain, model)]
    return kinds[0] == kinds[1]


def bad(lf):
    print("== bad input")
    model = DIGITS / "digits.h5"
    np.save(lf.folder / "shape.npy", np.zeros((4, 9, 9, 1), np.float32))
    np.save(lf.folder / "words.npy", np.array(["a", "b"]))
    nan = np.zeros((4, 8, 8, 1), np.float32)
    nan[2, 3, 3] = np.nan
    np.save(lf.folder / "nan.npy", nan)
    np.save(lf.folder / "inf.npy", np.where(np.isnan(nan), np.inf, nan))
    np.save(lf.folder / "zeros.npy", np.zeros((4, 8, 8, 1), np.float32))
    (lf.folder / "empty").mkdir()
    for data in (None, "shape.npy", "words.npy", "nan.npy", "inf.npy", "empty",
                 "missing.npy", "zeros.npy"):
        arguments = [] if data is None else ["--representative-data", data]
        done = subprocess.run(
            [lf.executable, "convert", model, "-o", "bad.tflite", "--optimize",
             "int8", *arguments], cwd=lf.folder, capture_output=True, text=True)
        said = done.stderr if done.returncode else "converted"
        print(f"{data or 'no data'}: {said.strip().splitlines()[-1]}")


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
        "70 % pruned": ["--prune", "0.7"],
        "70 % pruned, fitted": ["--prune", "0.7", *seen],
        "70 % of each, pruned": ["--prune", "0.7,layer"],
        "70 % of each, fitted": ["--prune", "0.7,layer", *seen],
        "70 % pruned, fitted, int8": ["--prune", "0.7", "--optimize", "int8",
                                      *seen],
        "2:4 pruned, fitted": ["--prune", "0.5,2:4", *seen],
        "half pruned by 4, fitted": ["--prune", "0.5,block", *seen],
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
    parser.add_argument("--oracle", type=pathlib.Path)
    parser.add_argument("--only", action="append", choices=[
        "twins", "sizes", "sparse", "oracle", "digits", "bad"])
    options = parser.parse_args()
    models, script = options.models, options.oracle
    if models:
        models = models.resolve()
    if models and script is None:
        script = models.parent / "tools/tflite_oracle.py"
    with tempfile.TemporaryDirectory() as folder:
        lf = Liteforge(options.liteforge.resolve(), pathlib.Path(folder))
        parts = {"digits": lambda: digits(lf), "bad": lambda: bad(lf)}
        if models:
            parts = {"twins": lambda: (twins(lf, models), cousins(lf, models)),
                     "sizes": lambda: sizes(lf, models),
                     "sparse": lambda: sparse(lf, models)} | parts
            if script.exists():
                parts["oracle"] = lambda: oracle(lf, models, script)
        for name, run in parts.items():
            if not options.only or name in options.only:
                run()


if __name__ == "__main__":
    main()
