#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What liteforge-run's bytes are, by part, from the linker's map.

    bench/run_size.py [build/release/bin/liteforge-run.map] [--top N]

Prints a line a part (folder of ours, or library), largest first, and the N
largest object files.
"""
import argparse
import collections
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
MAP = HERE.parent / "build/release/bin/liteforge-run.map"
# What takes room in the file; .bss does not.
SECTIONS = re.compile(r"\.(text|rodata|data|eh_frame|gcc_except_table|tdata|"
                      r"init_array)")


def part_of(path):
    ours = re.search(r"liteforge_(\w+?)_objects\.dir", path)
    if ours:
        return "src/" + ours.group(1)
    archive = re.search(r"(lib[^/]*)\.a\((.*)\)", path)
    if archive and "liteforge" in archive.group(1):
        return "src/" + LIBRARY_PART.get(archive.group(2), "?")
    if archive:
        return archive.group(1)
    return "cli" if "cli/" in path else "start"


LIBRARY_PART = {}
# Those of cmake/Install.cmake; of equal names of files the last one's counts.
RUNTIME_FOLDERS = ["detection", "vision", "base", "formats/tflite", "runtime",
                   "ops", "kernels", "kernels/micro"]


def learn_parts():
    """Objects of the runtime's archive, by the folder of their source."""
    for folder in RUNTIME_FOLDERS:
        for source in (HERE.parent / "src" / folder).glob("*.cc"):
            LIBRARY_PART[source.name + ".o"] = folder


def sizes(map_file):
    """(path of the object, bytes) of each part of a section that is kept."""
    text = pathlib.Path(map_file).read_text(errors="replace")
    text = text[text.index("Linker script and memory map"):]
    pattern = re.compile(r"^ (\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$",
                         re.MULTILINE)
    for section, address, size, path in pattern.findall(text):
        if int(address, 16) and SECTIONS.match(section):
            yield path, int(size, 16)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("map", nargs="?", default=MAP)
    parser.add_argument("--top", type=int, default=0)
    options = parser.parse_args()
    learn_parts()
    parts, objects = collections.Counter(), collections.Counter()
    for path, size in sizes(options.map):
        parts[part_of(path)] += size
        objects[path.rsplit("/", 1)[-1]] += size
    for part, size in parts.most_common():
        if size >= 1024:
            print(f"{size / 1024:9.0f} KB  {part}")
    print(f"{sum(parts.values()) / 1024:9.0f} KB  in all")
    file = pathlib.Path(str(options.map).removesuffix(".map"))
    if file.exists():
        print(f"{file.stat().st_size / 1024:9.0f} KB  the file: "
              f"{file.stat().st_size:,} bytes")
    for name, size in objects.most_common(options.top):
        print(f"{size / 1024:9.0f} KB  {name}")


if __name__ == "__main__":
    main()
