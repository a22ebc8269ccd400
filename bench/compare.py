#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times liteforge and TensorFlow Lite in turns, on the same files.

    bench/compare.py --oracle ORACLE.py MODELS… [--rounds 5] [--threads 1 2]

MODELS are .tflite files, or directories searched for them. ORACLE.py is a
program that runs TensorFlow Lite: `ORACLE.py bench MODEL --threads T --runs N`
prints a line with `median=<microseconds>`. Prints a row for each model: kind
(float, int8, uint8, hybrid, int16), medians over the rounds, and their ratio,
below 1 where liteforge is faster; and the geometric mean of each kind. Models
that either cannot run are named and left out.
"""
import argparse
import collections
import json
import math
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def run(command):
    done = subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, timeout=600)
    return done.stdout if done.returncode == 0 else None


def kind_of(liteforge, model):
    """By the types of the constants: what the model is quantized to."""
    described = run([liteforge, "inspect", model, "--json"])
    if described is None:
        return None
    described = json.loads(described)
    versions = {row["name"]: row["version"] for row in described["operators"]}
    heavy = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"} & set(versions)
    types = described.get("constant_types", {})
    if not heavy:
        return "other"
    dtype = described["inputs"][0]["dtype"] if described["inputs"] else ""
    quantized = "QUANTIZE" in versions or dtype in ("int8", "uint8", "int16")
    if dtype == "uint8" or types.get("uint8"):
        return "uint8" if "QUANTIZE" not in versions else "int8"
    if dtype == "int16":
        return "int16"
    if quantized:
        return "int8"
    size = described["file_bytes"] / max(1, described["parameters"])
    return "float" if size > 3 else "hybrid"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--oracle", type=pathlib.Path, required=True)
    parser.add_argument("--liteforge", type=pathlib.Path,
                        default=HERE.parent / "build/release/bin/liteforge")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--at-least", type=float, default=50,
                        help="leave out models faster than this, in us")
    options = parser.parse_args()
    files = []
    for path in options.models:
        files += sorted(path.rglob("*.tflite")) if path.is_dir() else [path]
    for threads in options.threads:
        ratios = collections.defaultdict(list)
        print(f"threads {threads}")
        for model in files:
            kind = kind_of(options.liteforge, model)
            if kind is None:
                continue
            ours, theirs = [], []
            for _ in range(options.rounds):
                a = run([options.liteforge, "benchmark", model, "--json",
                         "--threads", threads, "--runs", options.runs])
                b = run([sys.executable, options.oracle, "bench", model,
                         "--threads", threads, "--runs", options.runs])
                found = re.search(r"median=([\d.]+)", b or "")
                if a is None or not found:
                    break
                if float(found.group(1)) < options.at_least:
                    break
                ours.append(json.loads(a)["median_us"])
                theirs.append(float(found.group(1)))
            if len(ours) < options.rounds:
                continue
            a, b = statistics.median(ours), statistics.median(theirs)
            ratios[kind].append(a / b)
            name = model.parent.name if model.stem == "model" else model.stem
            print(f"{name:<56} {kind:<7} {a:10.0f} {b:10.0f} {a / b:6.2f}",
                  flush=True)
        for kind, values in sorted(ratios.items()):
            mean = math.exp(statistics.mean(map(math.log, values)))
            print(f"{kind}: geometric mean {mean:.2f} of {len(values)} models, "
                  f"largest {max(values):.2f}")


if __name__ == "__main__":
    main()
