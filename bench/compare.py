#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Times liteforge and TensorFlow Lite in turns, on the same files.

    bench/compare.py MODELS… --tflite LIBRARY.so [--threads 1 2] [--rounds 7]

MODELS are .tflite files, or directories searched for them. LIBRARY.so is any
build of TensorFlow Lite's C API; XNNPACK is used where the library has it and
takes the model. Each round measures all models, each in a process that loads
both libraries; either runs on the same inputs for --slice milliseconds, and
its fastest run counts. The table shows medians over the rounds and of the
ratios, below 1 where liteforge is faster: a virtual machine may have its
processors far from each other, or on one core, for seconds, which is why a
model's rounds are minutes apart. Cold start (loading, allocating, the first
run) and peak memory (what the process grew by, library included) are measured
in processes of their own, in turns too.

Prints a Markdown table, a row for each model that both can run and that
has a convolution or a dense layer, and geometric means by kind: float (its
weights may be float16), hybrid (floats with int8 weights), int8, uint8, int16.
Models that TensorFlow Lite runs in less than --at-least microseconds are shown,
but not in the means. With --dynamic-range each float model is measured once
more, as `liteforge convert --optimize default` makes it: hybrid.
"""
import argparse
import array
import collections
import ctypes as C
import json
import math
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent / "build/release"
HEAVY = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV",
         "UNIDIRECTIONAL_SEQUENCE_LSTM"}
FLOAT, BOOL = 1, 6  # TfLiteType


class Refused(Exception):
    pass


def check(status, what):
    if status:
        raise Refused(what)


class TensorFlowLite:
    def __init__(self, library, model, threads):
        self.lib = lib = C.CDLL(str(library))
        for name in ("ModelCreateFromFile", "InterpreterOptionsCreate",
                     "InterpreterCreate", "InterpreterGetInputTensor",
                     "TensorData"):
            getattr(lib, "TfLite" + name).restype = C.c_void_p
        lib.TfLiteTensorByteSize.restype = C.c_size_t
        self.model = lib.TfLiteModelCreateFromFile(str(model).encode())
        if not self.model:
            raise Refused("does not load")
        # XNNPACK refuses some graphs: without unsigned bytes, then without it.
        has_xnnpack = hasattr(lib, "TfLiteXNNPackDelegateCreate")
        if has_xnnpack:
            lib.TfLiteXNNPackDelegateCreate.restype = C.c_void_p
        for flags in ([3, 1] if has_xnnpack else []) + [None]:
            interpreter = self.create(threads, flags)
            if interpreter:
                break
        else:
            raise Refused("no interpreter")
        self.interpreter = C.c_void_p(interpreter)
        check(lib.TfLiteInterpreterAllocateTensors(self.interpreter),
              "does not allocate")
        self.run = lambda: lib.TfLiteInterpreterInvoke(self.interpreter)

    def create(self, threads, flags):
        lib = self.lib
        options = C.c_void_p(lib.TfLiteInterpreterOptionsCreate())
        lib.TfLiteInterpreterOptionsSetNumThreads(options, threads)
        if flags is not None:
            config = (C.c_uint32 * 64)(threads, flags)
            delegate = lib.TfLiteXNNPackDelegateCreate(config)
            lib.TfLiteInterpreterOptionsAddDelegate(options,
                                                    C.c_void_p(delegate))
        return lib.TfLiteInterpreterCreate(C.c_void_p(self.model), options)

    def draw_inputs(self, seed):
        """[(bytes, ctypes buffer)] and sets them."""
        generator = random.Random(seed)
        inputs = []
        count = self.lib.TfLiteInterpreterGetInputTensorCount(self.interpreter)
        for i in range(count):
            tensor = C.c_void_p(
                self.lib.TfLiteInterpreterGetInputTensor(self.interpreter, i))
            size = self.lib.TfLiteTensorByteSize(tensor)
            kind = self.lib.TfLiteTensorType(tensor)
            if kind == FLOAT:
                values = array.array("f", (generator.uniform(-1, 1)
                                           for _ in range(size // 4)))
            elif kind in (3, 9):
                values = array.array("B", generator.randbytes(size))
            else:
                values = array.array("B", bytes(size))
            data = values.tobytes()
            check(self.lib.TfLiteTensorCopyFromBuffer(tensor, data,
                                                      C.c_size_t(size)),
                  "refuses the input")
            inputs.append(data)
        return inputs


class Liteforge:
    def __init__(self, library, model, threads):
        self.lib = lib = C.CDLL(str(library))
        lib.LfOptionsCreate.restype = C.c_void_p
        lib.LfErrorMessage.restype = C.c_char_p
        options = C.c_void_p(lib.LfOptionsCreate())
        lib.LfOptionsSetNumThreads(options, threads)
        self.interpreter = C.c_void_p()
        self.check(lib.LfInterpreterFromFile(str(model).encode(), options,
                                             C.byref(self.interpreter)))
        self.check(lib.LfInterpreterAllocateTensors(self.interpreter))
        self.run = lambda: lib.LfInterpreterInvoke(self.interpreter)

    def check(self, status):
        check(status, self.lib.LfErrorMessage().decode())

    def set_inputs(self, inputs):
        for i, data in enumerate(inputs):
            tensor = self.lib.LfInterpreterInput(self.interpreter, i)
            self.check(self.lib.LfInterpreterSetTensor(
                self.interpreter, tensor, data, C.c_size_t(len(data))))


# --------------------------------------------------------------- measurements

def fastest(run, seconds):
    """The fastest run within that time, in us; at least three are tried."""
    best, end, tries = math.inf, time.perf_counter() + seconds, 0
    while tries < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        status = run()
        best = min(best, time.perf_counter() - start)
        check(status, "does not run")
        tries += 1
    return best * 1e6


def print_latency(options):
    """Prints [ours, theirs] of one model in one round, in us."""
    model, threads = options.models[0], options.threads[0]
    theirs = TensorFlowLite(options.tflite, model, threads)
    inputs = theirs.draw_inputs(1)
    ours = Liteforge(options.liteforge_c, model, threads)
    ours.set_inputs(inputs)
    sides = (ours, theirs)
    for side in sides:
        fastest(side.run, options.slice / 2000)
    times = []
    for side in sides:
        if threads > 1:
            time.sleep(0.02)  # the other's threads fall asleep
        times.append(fastest(side.run, options.slice / 1000))
    print(json.dumps(times))


def status_kb(key):
    text = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(key + r":\s+(\d+)", text).group(1))


def print_cold_start(options):
    """Of one library: prints microseconds and kB."""
    side = {"ours": Liteforge, "theirs": TensorFlowLite}[options.child]
    library = options.liteforge_c if side is Liteforge else options.tflite
    before = status_kb("VmRSS")
    C.CDLL(str(library))
    start = time.perf_counter()
    interpreter = side(library, options.models[0], 1)
    check(interpreter.run(), "does not run")
    elapsed = time.perf_counter() - start
    print(json.dumps([elapsed * 1e6, status_kb("VmHWM") - before]))


def run_child(options, what, model, threads=1):
    """What the child prints; models that crash a library crash only that."""
    done = subprocess.run(
        [sys.executable, __file__, str(model), "--child", what,
         "--tflite", str(options.tflite),
         "--liteforge-c", str(options.liteforge_c),
         "--slice", str(options.slice), "--threads", str(threads)],
        capture_output=True, text=True, timeout=600)
    if done.returncode < 0:
        raise Refused(f"crashes (signal {-done.returncode})")
    lines = done.stderr.splitlines() or ["does not start"]
    check(done.returncode, lines[-1].removeprefix("Refused: "))
    return json.loads(done.stdout.splitlines()[-1])


def measure(options, model, row):
    """One round's times of a model."""
    for threads in options.threads:
        row.latency[threads].append(
            run_child(options, "latency", model, threads))
    if not options.no_cold:
        row.cold.append([run_child(options, side, model)
                         for side in ("ours", "theirs")])


# --------------------------------------------------------------------- report

def kind_of(liteforge, model):
    """By the types of inputs and constants; None for what is no network."""
    done = subprocess.run([liteforge, "inspect", model, "--json"],
                          capture_output=True, text=True)
    if done.returncode:
        return None
    described = json.loads(done.stdout)
    operators = {row["name"] for row in described["operators"]}
    if not HEAVY & operators:
        return None
    constants = collections.Counter()  # bytes of each type
    for graph in described["subgraphs"]:
        for tensor in graph["tensors"]:
            constants[tensor["dtype"]] += tensor.get("bytes", 0)
    dtype = described["inputs"][0]["dtype"] if described["inputs"] else ""
    if "QUANTIZE" not in operators and (dtype == "uint8" or constants["uint8"]):
        return "uint8"
    if dtype == "int16":
        return "int16"
    if "QUANTIZE" in operators or dtype in ("int8", "uint8"):
        return "int8"
    floats = constants["float32"] + constants["float16"]
    return "hybrid" if constants["int8"] > floats else "float"


def with_dynamic_range(options, model, folder):
    """The model as `convert --optimize default` makes it; None if it doesn't."""
    made = pathlib.Path(folder) / (name_of(model) + "_dynamic_range.tflite")
    done = subprocess.run([options.liteforge, "convert", model, "-o", made,
                           "--optimize", "default"], capture_output=True)
    return None if done.returncode else made


def name_of(model):
    return model.parent.name if model.stem == "model" else model.stem


def geometric_mean(values):
    return math.exp(statistics.mean(map(math.log, values)))


class Row:
    """What the rounds measured of one model."""

    def __init__(self, model, kind, threads):
        self.name, self.kind = name_of(model), kind
        self.latency = {n: [] for n in threads}  # [ours, theirs], us
        self.cold = []  # [[us, kB] of ours, of theirs]
        self.refused = None

    def of_threads(self, threads):
        """(ours, theirs, ratio)"""
        times = self.latency[threads]
        return [statistics.median(values) for values in
                ([a for a, b in times], [b for a, b in times],
                 [a / b for a, b in times])]

    def of_cold(self):
        """[time ratio, memory ratio]; the fastest start of either, for what
        the machine does besides only ever adds."""
        ours, theirs = zip(*self.cold)
        return [min(ours)[0] / min(theirs)[0],
                statistics.median(a[1] / b[1] for a, b in self.cold)]


def print_header(options):
    columns = ["model", "kind"]
    for threads in options.threads:
        unit = f"{threads} thread" + ("s" if threads > 1 else "")
        columns += [f"us, {unit}", "TFLite", "ratio"]
    if not options.no_cold:
        columns += ["cold start", "memory"]
    print("| " + " | ".join(columns) + " |")
    print("|---|---|" + "--:|" * (len(columns) - 2), flush=True)


def print_row(row):
    cells = [row.name, row.kind]
    for threads in row.latency:
        ours, theirs, ratio = row.of_threads(threads)
        cells += [f"{ours:.0f}", f"{theirs:.0f}", f"{ratio:.2f}"]
    if row.cold:
        cells += [f"{ratio:.2f}" for ratio in row.of_cold()]
    print("| " + " | ".join(cells) + " |", flush=True)


def print_means(options, rows):
    """Geometric means by kind, of what is not too fast to count."""
    print()
    kinds = collections.defaultdict(list)
    for row in rows:
        if row.of_threads(options.threads[0])[1] >= options.at_least:
            kinds[row.kind].append(row)
    for kind, of_kind in sorted(kinds.items()):
        parts = []
        for threads in options.threads:
            ratios = [row.of_threads(threads)[2] for row in of_kind]
            parts.append(f"{threads} threads {geometric_mean(ratios):.2f} "
                         f"(largest {max(ratios):.2f})")
        if not options.no_cold:
            for i, what in enumerate(("cold start", "memory")):
                mean = geometric_mean([row.of_cold()[i] for row in of_kind])
                parts.append(f"{what} {mean:.2f}")
        print(f"- {kind}, {len(of_kind)} models: " + ", ".join(parts))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--tflite", type=pathlib.Path, required=True,
                        help="TensorFlow Lite's C library")
    parser.add_argument("--liteforge", default=BUILD / "bin/liteforge")
    parser.add_argument("--liteforge-c", default=BUILD / "libliteforge_c.so")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--slice", type=float, default=60, help="ms a turn")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--kinds", nargs="+", help="only these kinds")
    parser.add_argument("--no-cold", action="store_true")
    parser.add_argument("--dynamic-range", action="store_true",
                        help="float models as hybrid ones, too")
    parser.add_argument("--at-least", type=float, default=50, metavar="US")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def models_of(options, files, folder):
    """(model, kind) of all that are asked for."""
    for model in files:
        kind = kind_of(options.liteforge, model)
        wanted = options.kinds or [kind]
        if kind and kind in wanted:
            yield model, kind
        if options.dynamic_range and kind == "float":
            made = with_dynamic_range(options, model, folder)
            kind = kind_of(options.liteforge, made) if made else None
            if kind == "hybrid" and kind in (options.kinds or [kind]):
                yield made, kind


def main():
    options = arguments()
    if options.child == "latency":
        return print_latency(options)
    if options.child:
        return print_cold_start(options)
    files = []
    for path in options.models:
        files += sorted(path.rglob("*.tflite")) if path.is_dir() else [path]
    with tempfile.TemporaryDirectory() as folder:
        rows = {model: Row(model, kind, options.threads)
                for model, kind in models_of(options, files, folder)}
        for turn in range(options.rounds):
            print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
            for model, row in rows.items():
                try:
                    if not row.refused:
                        measure(options, model, row)
                except Refused as why:
                    row.refused = f"- {row.name} left out: {why}"
    print_header(options)
    measured = [row for row in rows.values() if not row.refused]
    for row in measured:
        print_row(row)
    print_means(options, measured)
    for row in rows.values():
        if row.refused:
            print(row.refused)


if __name__ == "__main__":
    main()
