#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `liteforge detect` takes beside the model, a frame of 640 x 480.

    bench/detect.py MODEL… [--frames 100] [--save]

For each detector: a video of 640 x 480 (motion JPEG, as cameras send) runs
through `detect` on one core, once with N frames and once with 2 N; the
difference is N frames without the start. The same of `benchmark` gives the
model's own invoke. Both are processor time, so other programs do not count.
Prints both, the share that is not the model, and the stages as `detect` says
them (wall time). --save also draws and writes a video.
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


def write_frame(path, seed):
    """Tiles of color with noise: as hard for JPEG as a photograph."""
    draw = random.Random(seed)
    tiles = [[[draw.randrange(40, 215) for _ in range(3)] for _ in range(9)]
             for _ in range(7)]
    noise = [draw.randrange(-18, 19) for _ in range(4099)]
    pixels = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            bump = noise[(y * WIDTH + x) % 4099]
            pixels += bytes(c + bump for c in tiles[y // 75][x // 75])
    path.write_bytes(b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + pixels)


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


def make_videos(liteforge, model, folder, frames):
    """Paths of videos with N and with 2 N frames."""
    images = folder / "images"
    images.mkdir()
    for k in range(4):
        write_frame(images / f"{k}.ppm", k)
    videos = []
    for count in (frames, 2 * frames):
        source = folder / f"source{count}"
        source.mkdir()
        for k in range(count):
            (source / f"{k:05}.ppm").symlink_to(images / f"{k % 4}.ppm")
        video = folder / f"{count}.avi"
        # Nothing is certain enough to be drawn.
        subprocess.run([liteforge, "detect", model, "--source", source,
                        "--threshold", "1", "--save", video],
                       check=True, capture_output=True)
        videos.append(video)
    return videos


def measure(liteforge, model, videos, frames, save):
    """Milliseconds of a frame, of an invoke, and the stages'."""
    spent = []
    for video in videos:
        command = [liteforge, "detect", model, "--source", video, "--json"]
        if save:
            command += ["--save", video.with_suffix(".out.avi")]
        seconds, out = on_one_core(command)
        spent.append(seconds)
    rows = [json.loads(line)["ms"] for line in out.splitlines()]
    stages = {name: statistics.median(row[name] for row in rows)
              for name in rows[0]}
    invoke = [on_one_core([liteforge, "benchmark", model, "--runs", runs,
                           "--warmup", "1"])[0]
              for runs in (frames, 2 * frames)]
    per_frame = [1000 * (pair[1] - pair[0]) / frames
                 for pair in (spent, invoke)]
    return (*per_frame, stages)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--liteforge",
                        default=HERE.parent / "build/release/bin/liteforge")
    options = parser.parse_args()
    print("frame ms  invoke ms  beside it  stages (median ms)  model")
    with tempfile.TemporaryDirectory() as folder:
        videos = make_videos(options.liteforge, options.models[0],
                             pathlib.Path(folder), options.frames)
        for model in options.models:
            frame, invoke, stages = measure(options.liteforge, model, videos,
                                            options.frames, options.save)
            text = ", ".join(f"{k} {v:.1f}" for k, v in stages.items())
            print(f"{frame:8.2f}  {invoke:9.2f}  {frame / invoke - 1:8.1%}  "
                  f"{text}  {model}")


if __name__ == "__main__":
    main()
