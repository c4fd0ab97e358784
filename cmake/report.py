#!/usr/bin/env python3
"""Prints what each image needs of its partition and of RAM.

usage: report.py BUILD_DIRECTORY IMAGE...
"""
import pathlib
import re
import subprocess
import sys


def _definitions(path):
    return dict(re.findall(r"#define (\w+) (0x[0-9a-fA-F]+|\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE))


def _symbols(elf):
    """Addresses of the linker script's symbols."""
    text = subprocess.run(["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True).stdout
    return {words[2]: int(words[0], 16) for words in map(str.split, text.splitlines()) if len(words) == 3}


def _row(build, image):
    directory = build / image
    pm = _definitions(directory / "include" / "pm_config.h")
    symbols = _symbols(directory / f"{image}.elf")
    flash = (directory / f"{image}.bin").stat().st_size
    ram = symbols["ram_used_end"] - symbols["ram_used_start"]
    return image, flash, int(pm["PM_SIZE"], 0), ram, int(pm["PM_SRAM_SIZE"], 0)


def main():
    build = pathlib.Path(sys.argv[1])
    print(f"{'image':<12}{'flash':>10}{'partition':>12}{'used':>8}{'RAM':>10}{'available':>12}{'used':>8}")
    for image, flash, partition, ram, available in (_row(build, image) for image in sys.argv[2:]):
        print(f"{image:<12}{flash:>8} B{partition:>10} B{flash / partition:>8.1%}{ram:>8} B{available:>10} B"
              f"{ram / available:>8.1%}")
    print("RAM includes the stack.")


if __name__ == "__main__":
    main()
