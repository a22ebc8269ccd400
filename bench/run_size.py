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
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
MAP = HERE.parent / "build/release/bin/liteforge-run.map"
# What takes room in the file; .bss does not.
SECTIONS = re.compile(r"\.(text|rodata|data|eh_frame|gcc_except_table|tdata|"
                      r"init_array)")


# The folder of each section of a function or constant, by its mangled name.
FOLDER_OF = {}


def learn_folders(build):
    """From the archives of the folders, whose objects may have equal names."""
    for archive in sorted((build / "src").rglob("lib*.a")):
        listed = subprocess.run(["objdump", "-h", archive], check=True,
                                capture_output=True, text=True).stdout
        folder = str(archive.parent.relative_to(build))
        for name in re.findall(r"^ *\d+ (\.\S+)", listed, re.MULTILINE):
            if name.count(".") > 1:
                FOLDER_OF.setdefault(name, folder)


def part_of(path, section):
    archive = re.search(r"(lib[^/]*)\.a\(", path)
    if archive and "liteforge" in archive.group(1):
        return FOLDER_OF.get(section, "src, tables and strings")
    if archive:
        return archive.group(1)
    return "cli" if "cli/" in path else "start"


def sizes(map_file):
    """(path of the object, section, bytes) of all that is kept."""
    text = pathlib.Path(map_file).read_text(errors="replace")
    text = text[text.index("Linker script and memory map"):]
    pattern = re.compile(r"^ (\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$",
                         re.MULTILINE)
    for section, address, size, path in pattern.findall(text):
        if int(address, 16) and SECTIONS.match(section):
            yield path, section, int(size, 16)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("map", nargs="?", default=MAP)
    parser.add_argument("--top", type=int, default=0)
    options = parser.parse_args()
    learn_folders(pathlib.Path(options.map).parents[1])
    parts, objects = collections.Counter(), collections.Counter()
    for path, section, size in sizes(options.map):
        parts[part_of(path, section)] += size
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
