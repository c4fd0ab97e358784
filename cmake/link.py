#!/usr/bin/env python3
"""Runs the linker of an image and explains the two failures that users meet: a device without a driver, and an image
that is larger than its partition.

usage: link.py --image NAME --directory DIR -- LINKER ARGUMENT...
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

_DEVICE = re.compile(r"undefined reference to [`'\"]__device_dts_ord_(\d+)'")
_OVERFLOW = re.compile(r"region [`'\"](FLASH|RAM)' overflowed by (\d+) bytes")
_MAP_SECTION = re.compile(r"^ (\.\S+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$")
_CONTRIBUTORS_SHOWN = 10


def _node(tree, ordinal):
    return next((node for node in tree["nodes"] if node["ordinal"] == ordinal), None)


def _driver_options(facts, node):
    names = []
    for compatible in node["compatible"]:
        symbol = "DT_HAS_" + "".join(c if c.isalnum() else "_" for c in compatible).upper() + "_ENABLED"
        names += facts["drivers"].get(symbol, [])
    return names


def _cure(facts, node):
    options = _driver_options(facts, node)
    if not options:
        return "no option of this tree compiles a driver for it; link the driver that defines the symbol"
    texts = []
    for option in options:
        unmet = facts["unmet"].get(option)
        text = f"CONFIG_{option}=y compiles its driver"
        texts.append(f"{text} (it needs {' and '.join(unmet)})" if unmet else text)
    return "; or ".join(texts)


def explain_device(image, directory, ordinal):
    """Which node the symbol stands for, and which option would define it."""
    tree = json.loads((directory / "devicetree.json").read_text(encoding="utf-8"))
    facts = json.loads((directory / "kconfig.json").read_text(encoding="utf-8"))
    node = _node(tree, ordinal)
    if node is None:
        return [f"error: image {image} refers to devicetree node {ordinal}, which its devicetree does not have"]
    label = f", label {node['labels'][0]}" if node["labels"] else ""
    compatible = ", ".join(node["compatible"]) or "no compatible"
    lines = [f"error: __device_dts_ord_{ordinal} is the driver of devicetree node {node['path']} ({compatible}{label}) "
             f"in image {image}, and nothing in this image defines it.", f"  {_cure(facts, node)}."]
    if node["status"] != "okay":
        lines.append('  The node is disabled; its status has to be "okay".')
    return lines


def _sections(map_text):
    """(name, size, origin) of the input sections that are in the image; GNU ld breaks the line after long names."""
    text = map_text.split("Linker script and memory map", 1)[-1]
    for line in re.sub(r"\n (\.\S+)\n\s+0x", r"\n \1 0x", text).splitlines():
        match = _MAP_SECTION.match(line)
        if match and match[1] and not match[1].startswith(".debug"):
            yield match[1], int(match[3], 16), match[4]


def contributors(map_text, region):
    """The files with most bytes in a region, largest first."""
    prefixes = (".text", ".rodata", ".vectors", ".data") if region == "FLASH" else (".data", ".bss", ".stack")
    sizes = collections.Counter()
    for name, size, origin in _sections(map_text):
        if name.startswith(prefixes):
            sizes[re.sub(r".*/CMakeFiles/[^/]+\.dir/", "", origin)] += size
    return sizes.most_common(_CONTRIBUTORS_SHOWN)


def _limit(directory, region):
    name = "PM_SIZE" if region == "FLASH" else "PM_SRAM_SIZE"
    text = (directory / "include" / "pm_config.h").read_text(encoding="utf-8")
    match = re.search(rf"#define {name} (\S+)", text)
    return int(match[1], 0) if match else 0


def explain_overflow(image, directory, region, excess):
    """Size, limit and largest contributors."""
    limit = _limit(directory, region)
    where = "partition" if region == "FLASH" else "RAM"
    lines = [f"error: image {image} needs {limit + excess} bytes, {excess} more than its {where} of {limit} has."]
    if region == "FLASH" and image == "mcuboot":
        lines.append(f"  Raise CONFIG_PM_PARTITION_SIZE_MCUBOOT to {-(-(limit + excess) // 4096) * 4096:#x} or more, or "
                     "leave out what it does not need.")
    map_file = directory / f"{image}.map"
    if map_file.exists():
        lines.append("  Largest contributors (bytes):")
        lines += [f"  {size:8} {name}" for name, size in contributors(map_file.read_text(errors="replace"), region)]
    return lines


def explain(image, directory, messages):
    """Lines to print below the linker's own messages."""
    lines = []
    for ordinal in dict.fromkeys(int(n) for n in _DEVICE.findall(messages)):
        lines += explain_device(image, directory, ordinal)
    for region, excess in _OVERFLOW.findall(messages):
        lines += explain_overflow(image, directory, region, int(excess))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", required=True)
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    run = subprocess.run(arguments.command[1:], stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(run.stderr)
    if run.returncode != 0:
        print("\n".join(explain(arguments.image, arguments.directory, run.stderr)), file=sys.stderr)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
