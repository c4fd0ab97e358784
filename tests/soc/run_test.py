#!/usr/bin/env python3
"""Has the firmware of tests/soc misbehave on the virtual board: each fault is one line with its registers, then a reset.

usage: run_test.py FARBOOT MERGED_HEX
"""
import os
import re
import select
import subprocess
import sys
import time

LINE = r"\(exception {}\) pc=0x{} lr=0x[0-9a-f]{{8}} cfsr=0x{} hfsr=0x[0-9a-f]{{8}} addr=0x{}\r\n"


def fault(name, exception, pc="[0-9a-f]{8}", cfsr="[0-9a-f]{8}", addr="00000000"):
    return "E: fault: " + name + " " + LINE.format(exception, pc, cfsr, addr)


# letter -> what the console shows; then the board has been reset and is ready again
ENDS = {
    "b": fault("BusFault", 5, pc="0000[0-9a-f]{4}", cfsr="00008200", addr="70000000"),
    "u": fault("UsageFault", 6, pc="0000[0-9a-f]{4}", cfsr="00010000"),
    "v": fault("HardFault", 11, pc="0000[0-9a-f]{4}", cfsr="00000000"),
    "s": fault("stack overflow", 4, addr="200000[0-9a-f]{2}"),
    "l": fault("BusFault", 5, pc="00000000", addr="2[0-9a-f]{7}"),
    "p": "E: panic: asked for\r\n",
}
CHECKS = {"f": 6, "w": 6}  # letter -> lines that say PASS


class Board:
    def __init__(self, farboot, image):
        self.process = subprocess.Popen([farboot, "board", "run", "nrf52840dk", "--load", image, "--timeout", "60"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.text = ""

    def expect(self, pattern):
        """Waits for the pattern, takes the text up to its end and returns it."""
        end = time.monotonic() + 30
        while True:
            found = re.search(pattern, self.text)
            if found:
                taken, self.text = self.text[:found.end()], self.text[found.end():]
                return taken
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in\n{self.text}")
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                raise AssertionError(f"the board ended before {pattern!r}\n{self.text}")
            self.text += data.decode(errors="replace")

    def send(self, letter):
        self.process.stdin.write(letter.encode())
        self.process.stdin.flush()


def main():
    board = Board(*sys.argv[1:3])
    try:
        board.expect("ready\r\n")
        for letter, pattern in ENDS.items():
            board.send(letter)
            shown = board.expect(pattern)
            if shown.count("E: ") != 1:
                raise AssertionError(f"more than one line:\n{shown}")
            board.expect("ready\r\n")
            print(f"ok: {shown.strip()}")
        for letter, lines in CHECKS.items():
            board.send(letter)
            shown = board.expect(f"done {letter}\r\n")
            if "FAIL" in shown or shown.count("PASS") != lines:
                raise AssertionError(shown)
            print(f"ok: {lines} checks of {letter!r}")
    finally:
        board.process.kill()
        board.process.wait()


if __name__ == "__main__":
    sys.exit(main())
