#!/usr/bin/env python3
"""Runs the suite's firmware under QEMU and fails unless every check passed.

usage: qemu_test.py BUILD
"""
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/firmware"))
from board import board_of  # noqa: E402

VERDICTS = {"flash_driver: all checks passed": 0, "flash_driver: failed": 1, "flash_driver: no access to a chip": 1}
SKIPPED = 77


def main():
    build = pathlib.Path(sys.argv[1])
    if shutil.which("qemu-system-arm") is None:
        print("skipped: no qemu-system-arm")
        return SKIPPED
    command = [ROOT / "scripts/qemu.py", board_of(build), "--load", build / "merged.hex"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        for line in map(str.strip, process.stdout):
            print(line, flush=True)
            if line in VERDICTS:
                process.terminate()
                return VERDICTS[line]
    return 1


if __name__ == "__main__":
    sys.exit(main())
