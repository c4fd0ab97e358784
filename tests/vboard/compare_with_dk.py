#!/usr/bin/env python3
"""Compares what an application prints on the virtual board and on a real nRF52840 DK, line by line and in time.

For the facts on which driver and model agree only because both rest on general knowledge (docs/TESTING.md). Flash
BUILD/merged.hex, start this, then press reset. Lines must be the same; the times are printed side by side.

usage: compare_with_dk.py --port /dev/ttyACM0 --until TEXT BUILD
example: compare_with_dk.py --port /dev/ttyACM0 --until "external_flash: all checks passed" build/host/firmware/external_flash
"""
import argparse
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import termios
import time
import tty

ROOT = pathlib.Path(__file__).resolve().parents[2]
FARBOOT = os.environ.get("FARBOOT", str(ROOT / "build/host/farboot"))


def lines_on_virtual_board(build, until):
    """(modelled seconds, line) of each line up to the one with `until`."""
    with tempfile.TemporaryDirectory() as folder:
        console, stats = pathlib.Path(folder) / "console", pathlib.Path(folder) / "stats.json"
        command = [FARBOOT, "board", "run", "nrf52840dk", "--load", str(build / "merged.hex"), "--uart", f"log:{console}",
                   "--until", until, "--timeout", "300"]
        subprocess.run(command, check=True, capture_output=True)
        texts = [text for text in console.read_text(errors="replace").splitlines() if text]
        marks = [word for text in dict.fromkeys(texts) for word in ("--mark", text)]
        subprocess.run([*command, "--stats", str(stats), *marks], check=True, capture_output=True)
        return [(mark["seconds"], mark["text"]) for mark in json.loads(stats.read_text())["marks"]]


def lines_on_dk(port, until, patience_s):
    fd = os.open(port, os.O_RDONLY | os.O_NOCTTY)
    tty.setraw(fd)
    attributes = termios.tcgetattr(fd)
    attributes[4] = attributes[5] = termios.B115200
    termios.tcsetattr(fd, termios.TCSANOW, attributes)
    found, pending, end = [], b"", time.monotonic() + patience_s
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        pending += os.read(fd, 4096)
        *whole, pending = pending.split(b"\n")
        found += [(time.monotonic(), text.decode(errors="replace").strip()) for text in whole if text.strip()]
        if any(until in text for _, text in found) or until.encode() in pending:
            return found + ([(time.monotonic(), pending.decode(errors="replace").strip())] if pending else [])
    raise SystemExit(f"{port}: \"{until}\" did not come within {patience_s} s; is merged.hex flashed, and was reset pressed?")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", required=True)
    parser.add_argument("--until", required=True, help="text of the last line to compare")
    parser.add_argument("--patience", type=float, default=120, help="seconds to wait for the DK (default 120)")
    parser.add_argument("build", type=pathlib.Path)
    args = parser.parse_args()
    real = lines_on_dk(args.port, args.until, args.patience)
    model = lines_on_virtual_board(args.build, args.until)
    while real and real[0][1] != model[0][1]:  # what it was still printing when reset was pressed
        del real[0]
    if not real:
        raise SystemExit(f"the DK never printed \"{model[0][1]}\": was reset pressed after this was started?")
    different = 0
    print(f"{'DK':>9} {'model':>9}  seconds since the first line")
    for (at, text), (modelled, expected) in zip(real, model):
        same = text == expected or args.until in text
        different += not same
        print(f"{at - real[0][0]:9.3f} {modelled - model[0][0]:9.3f}  {text}" + ("" if same else f"   <- model: {expected}"))
    print(f"{different} of {len(model)} lines differ" + ("" if len(real) >= len(model) else "; the DK printed fewer"))
    return 1 if different or len(real) < len(model) else 0


if __name__ == "__main__":
    sys.exit(main())
