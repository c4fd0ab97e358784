#!/usr/bin/env python3
"""Has the firmware of tests/soc misbehave: each fault is one line with its registers, then a reset. On the virtual
board, or on a board that QEMU has a machine for.

usage: run_test.py FARBOOT BUILD
"""
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "firmware"))
from board import board_of  # noqa: E402

LINE = r"\(exception {}\) pc=0x{} lr=0x[0-9a-f]{{8}} cfsr=0x{} hfsr=0x[0-9a-f]{{8}} addr=0x{}\r\n"


def fault(name, exception, pc="[0-9a-f]{8}", cfsr="[0-9a-f]{8}", addr="00000000"):
    return "E: fault: " + name + " " + LINE.format(exception, pc, cfsr, addr)


# letter -> what the console shows; then the board has been reset and is ready again
ENDS = {
    "b": fault("BusFault", 5, pc="0000[0-9a-f]{4}", cfsr="00008200", addr="70000000"),
    "u": fault("UsageFault", 6, pc="0000[0-9a-f]{4}", cfsr="00010000"),
    "v": fault("HardFault", 11, pc="0000[0-9a-f]{4}", cfsr="00000000"),
    "s": fault("stack overflow", 4, addr="(200000|200003|000103)[0-9a-f]{2}"),
    "l": fault("BusFault", 5, pc="00000000", addr="2[0-9a-f]{7}"),
    "p": "E: panic: asked for\r\n",
}
# Where the processor has a stack limit, nothing is stacked below it, and the frame is not there to be shown.
STACK_LIMIT = fault("stack overflow", 6, pc="00000000", cfsr="00100000")
# On Armv6-M every fault is a HardFault without a cause, and nothing guards the stack.
NO_CAUSE = fault("HardFault", 3, pc="0000[0-9a-f]{4}", cfsr="00000000")
ENDS_OF = {"nrf5340dk": {**ENDS, "s": STACK_LIMIT},
           "bbc_microbit": {"b": NO_CAUSE, "u": NO_CAUSE, "v": ENDS["v"], "p": ENDS["p"]}}
CHECKS = {"f": 6, "w": 7}  # letter -> lines that say PASS
LATEST_US = 50  # that a wait ends on the virtual board; QEMU's time is that of the host
ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77


def is_on_qemu(board):
    return (ROOT / "boards" / board / "qemu.json").exists()


class Board:
    def __init__(self, farboot, build):
        name, image = board_of(build), build / "merged.hex"
        command = [farboot, "board", "run", name, "--load", image, "--timeout", "60"]
        if is_on_qemu(name):
            command = [ROOT / "scripts/qemu.py", name, "--load", image]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
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


def check_waits(shown, is_virtual):
    late = [int(us) for us in re.findall(r"(\d+) late", shown)]
    if len(late) != 6 or (is_virtual and max(late) >= LATEST_US):
        raise AssertionError(shown)


def main():
    build = pathlib.Path(sys.argv[2])
    qemu = is_on_qemu(board_of(build))
    if qemu and shutil.which("qemu-system-arm") is None:
        print("skipped: no qemu-system-arm")
        return SKIPPED
    has_flash = 'CONFIG_SOC_FLASH_NRF "y"' in (build / "app/config.cmake").read_text()
    checks = CHECKS if has_flash else {"w": CHECKS["w"]}
    board = Board(sys.argv[1], build)
    try:
        board.expect("ready\r\n")
        for letter, pattern in ENDS_OF.get(board_of(build), ENDS).items():
            board.send(letter)
            shown = board.expect(pattern)
            if shown.count("E: ") != 1:
                raise AssertionError(f"more than one line:\n{shown}")
            board.expect("ready\r\n")
            print(f"ok: {shown.strip()}")
        for letter, lines in checks.items():
            board.send(letter)
            shown = board.expect(f"done {letter}\r\n")
            if "FAIL" in shown or shown.count("PASS") != lines:
                raise AssertionError(shown)
            if letter == "w":
                check_waits(shown, not qemu)
            print(f"ok: {lines} checks of {letter!r}")
    finally:
        board.process.terminate()
        board.process.wait()


if __name__ == "__main__":
    sys.exit(main())
