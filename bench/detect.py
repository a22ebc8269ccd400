#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `liteforge detect` takes beside the model, a frame of 640 x 480.

    bench/detect.py MODEL… [--frames 60] [--rounds 5] [--save]

For each detector: a video of 640 x 480 runs through `detect` on one core, once
with N frames and once with 2 N; the difference is N frames without the start.
The same of `benchmark` gives the model's own invoke. Both are processor time,
so other programs' is not in it; that they slow this one down all the same is
kept small by taking the least of several rounds.

The video is `raw` (planar YUV, as most cameras give 640 x 480) or `jpeg`
(motion JPEG of 1.5 bits a pixel, as photographs have). Prints both times, the
share that is not the model, and the stages as `detect` says them (wall time).
--save also draws and writes a video.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 640, 480


FRAMES = 4  # different ones


def yuv_frame(seed):
    """Planes of tiles of color with noise in their brightness."""
    draw = random.Random(seed)
    tiles = [[[draw.randrange(40, 215) for _ in range(3)] for _ in range(9)]
             for _ in range(7)]
    noise = [draw.randrange(-10, 11) for _ in range(4099)]
    luma = bytes(tiles[y // 75][x // 75][0] + noise[(y * WIDTH + x) % 4099]
                 for y in range(HEIGHT) for x in range(WIDTH))
    chroma = [bytes(tiles[y // 37 % 7][x // 37 % 9][c]
                    for y in range(HEIGHT // 2) for x in range(WIDTH // 2))
              for c in (1, 2)]
    return luma + chroma[0] + chroma[1]


def write_raw(path, frames, count):
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F30:1 C420jpeg\n" % (WIDTH, HEIGHT))
        for k in range(count):
            file.write(b"FRAME\n" + frames[k % len(frames)])


def on_one_core(command):
    """Processor seconds and output of a command pinned to one core."""
    core = min(os.sched_getaffinity(0))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", str(core), *map(str, command)],
                          capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = (after.ru_utime - before.ru_utime +
               after.ru_stime - before.ru_stime)
    return seconds, done.stdout


def make_videos(liteforge, model, folder, count):
    """For each kind the paths of videos with N and with 2 N frames."""
    frames = [yuv_frame(seed) for seed in range(FRAMES)]
    videos = {"raw": [], "jpeg": []}
    for n in (count, 2 * count):
        raw = folder / f"{n}.y4m"
        write_raw(raw, frames, n)
        videos["raw"].append(raw)
        # Nothing is certain enough to be drawn.
        jpeg = folder / f"{n}.avi"
        subprocess.run([liteforge, "detect", model, "--source", raw,
                        "--threshold", "1", "--save", jpeg],
                       check=True, capture_output=True)
        videos["jpeg"].append(jpeg)
    return videos


class Pair:
    """Two commands that differ by `count` runs; what one run takes is the
    difference of the least that each took."""

    def __init__(self, commands, count):
        self.commands, self.count = commands, count
        self.least = [float("inf")] * 2
        self.out = ""

    def go(self):
        for k, command in enumerate(self.commands):
            seconds, self.out = on_one_core(command)
            self.least[k] = min(self.least[k], seconds)

    def per_run_ms(self):
        return 1000 * (self.least[1] - self.least[0]) / self.count


def measure(liteforge, model, videos, options):
    """Milliseconds of a frame, of an invoke, and the stages'."""
    counts = (options.frames, 2 * options.frames)
    detect = Pair([[liteforge, "detect", model, "--source", video, "--json"] +
                   (["--save", video.with_suffix(".out.avi")] if options.save
                    else []) for video in videos], options.frames)
    invoke = Pair([[liteforge, "benchmark", model, "--threads", "1",
                    "--warmup", "1", "--runs", runs] for runs in counts],
                  options.frames)
    rows = []
    for _ in range(options.rounds):
        invoke.go()
        detect.go()
        rows += [json.loads(line)["ms"] for line in detect.out.splitlines()]
    stages = {name: statistics.median(row[name] for row in rows)
              for name in rows[0]}
    return detect.per_run_ms(), invoke.per_run_ms(), stages


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--liteforge",
                        default=HERE.parent / "build/release/bin/liteforge")
    options = parser.parse_args()
    print("video  frame ms  invoke ms  beside it  stages (median ms)  model")
    with tempfile.TemporaryDirectory() as folder:
        videos = make_videos(options.liteforge, options.models[0],
                             pathlib.Path(folder), options.frames)
        for model in options.models:
            for kind, pair in videos.items():
                frame, invoke, stages = measure(options.liteforge, model, pair,
                                                options)
                text = ", ".join(f"{k} {v:.1f}" for k, v in stages.items())
                print(f"{kind:5}  {frame:8.2f}  {invoke:9.2f}  "
                      f"{frame / invoke - 1:8.1%}  {text}  {model}",
                      flush=True)


if __name__ == "__main__":
    main()
