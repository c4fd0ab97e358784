"""The sample's real binaries on the virtual board, for tests and benchmarks: flash contents in, console and counts out.

Nothing here knows how the bootloader works. It places signed images and requests where the build's map says they belong,
as an application that knows MCUboot's trailer would (docs/SPEC.md, "Trailer"), and runs `farboot board`.
"""
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FARBOOT = pathlib.Path(os.environ.get("FARBOOT", ROOT / "build/host/farboot"))
SECTOR = 4096
EXTERNAL_SIZE = 8 * 1024 * 1024
MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")


def board_of(folder):
    """The board that a build folder is for, as `farboot board` calls it."""
    cache = (pathlib.Path(folder) / "CMakeCache.txt").read_text()
    return re.search(r"^BOARD:\w+=(\w+)", cache, re.MULTILINE).group(1)


def farboot(*words):
    return subprocess.run([str(FARBOOT), *map(str, words)], check=True, capture_output=True, text=True).stdout


class Build:
    """One build folder of an application: its map and its images."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.board = board_of(folder)
        self.merged = self.folder / "merged.hex"
        self.update = self.folder / "app_update.bin"
        self.map = dict(line.split("=", 1) for line in (self.folder / "pm.config").read_text().splitlines() if "=" in line)

    def pm(self, name):
        return int(self.map[f"PM_{name}"], 0)


def external_flash(build, image=b"", request=None, image_offset=SECTOR):
    """External flash with `image` where swap using offset wants it, and a request ("test", "permanent" or None)."""
    contents = bytearray(b"\xff" * EXTERNAL_SIZE)
    start, size = build.pm("MCUBOOT_SECONDARY_OFFSET"), build.pm("MCUBOOT_SECONDARY_SIZE")
    contents[start + image_offset:start + image_offset + len(image)] = image
    end = start + size
    if request is not None:
        contents[end - 16:end] = MAGIC
        contents[end - 40] = 3 if request == "permanent" else 2
    if request == "permanent":
        contents[end - 24] = 1
    return bytes(contents)


def header(image):
    """The fields of an image header: header size, protected TLV size, payload size."""
    return struct.unpack_from("<HHI", image, 8)


class Run:
    def __init__(self, status, console, board_log, stats):
        self.status, self.console, self.board_log, self.stats = status, console, board_log, stats

    def expect(self, *texts):
        """The console shows these texts in this order."""
        at = 0
        for text in texts:
            found = self.console.find(text, at)
            if found < 0:
                raise AssertionError(f"console lacks {text!r} (in this order) — status {self.status}\n{self.console}\n{self.board_log}")
            at = found + len(text)
        return self

    def reject(self, *texts):
        for text in texts:
            if text in self.console:
                raise AssertionError(f"console shows {text!r}\n{self.console}")
        return self


def run(load, external=None, flash_dir=None, until=None, options=(), timeout=120, name="nrf52840dk"):
    """Runs the board from power-on. `external`: initial contents of the chip; `flash_dir`: contents that persist."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        folder = pathlib.Path(flash_dir) if flash_dir else scratch / "flash"
        folder.mkdir(exist_ok=True)
        if external is not None:
            (folder / "ext.bin").write_bytes(external)
        command = [FARBOOT, "board", "run", name, "--flash-dir", folder, "--uart", f"log:{scratch / 'console'}",
                   "--stats", scratch / "stats.json", "--timeout", timeout]
        if load:
            command += ["--load", load]
        if until:
            command += ["--until", until]
        done = subprocess.run([str(word) for word in [*command, *options]], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300)
        console = scratch / "console"
        stats = scratch / "stats.json"
        return Run(done.returncode, console.read_text(errors="replace") if console.exists() else "", done.stderr,
                   json.loads(stats.read_text()) if stats.exists() else {})
