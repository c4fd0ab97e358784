#!/usr/bin/env python3
"""A board stays in its lane: it is data in boards/ and dts/, and adds no condition to boot/, flash/ or drivers/.

usage: boards_test.py
"""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARDS = sorted(path.parent for path in (ROOT / "boards").glob("*/board.cmake"))
MOST_LINES = {"nrf52840dk": 550}  # its SoC lists every peripheral that an overlay may name
DEFAULT_MOST_LINES = 300
ROOMS = ("boot", "flash", "drivers")
# Include guards, and the default of an option that a program without configuration lacks.
ALLOWED = re.compile(r"#ifndef (\w+_H|CONFIG_\w+)$")


def devicetree(path):
    """The lines of a devicetree file and of the SoC's files that it includes."""
    text = path.read_text()
    lines = text.count("\n")
    for name in re.findall(r"#include <(\w+/[\w.-]+\.dtsi)>", text):
        lines += devicetree(ROOT / "dts" / name)
    return lines


def sources():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.[ch]")):
            yield path, path.read_text()


class Lane(unittest.TestCase):
    def test_boards_are_small(self):
        for board in BOARDS:
            lines = sum(devicetree(path) if path.suffix == ".dts" else path.read_text().count("\n")
                        for path in board.iterdir() if path.is_file())
            self.assertLessEqual(lines, MOST_LINES.get(board.name, DEFAULT_MOST_LINES), board.name)

    def test_portable_rooms_have_no_conditions(self):
        for path, text in sources():
            for line in re.findall(r"^[ \t]*#[ \t]*(?:if|elif).*$", text, re.MULTILINE):
                self.assertRegex(line.strip(), ALLOWED, path)

    def test_portable_rooms_name_no_board(self):
        for path, text in sources():
            self.assertNotIn("CONFIG_BOARD_", text, path)


if __name__ == "__main__":
    unittest.main()
