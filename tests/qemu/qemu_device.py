"""A board that QEMU runs, with the real binaries of samples/smp_update: what tests do with it over its serial port."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import qemu  # noqa: E402

FARBOOT = os.environ.get("FARBOOT", str(ROOT / "build/host/farboot"))
PATIENCE_S = 60
SKIPPED = 77
RUNS = "smp_update "  # and the version: what the application prints when it starts


def skip_without_qemu():
    if shutil.which("qemu-system-arm") is None:
        print("skipped: no qemu-system-arm (scripts/setup --check installs it)")
        sys.exit(SKIPPED)


class Failed(Exception):
    pass


class Device:
    """Flash contents in `folder`, and QEMU as often as it is started."""

    def __init__(self, board, folder):
        self.folder = pathlib.Path(folder)
        self.board = qemu.Board(board, self.folder / "flash")
        self.port = self.folder / "uart"
        self.console = qemu.Console(self.board, link=self.port)
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.console.close()

    def start(self):
        self.seen = len(self.console.text)
        with open(self.folder / "qemu.log", "ab") as log:
            self.console.start(errors=log)

    def kill(self):
        self.console.kill()

    def stop(self):
        self.console.stop()

    def wait(self, *texts, seconds=PATIENCE_S):
        """Waits for the first of these texts behind what was waited for before; returns it. Raises Failed."""
        start = self.seen
        text, self.seen = self.console.wait(*texts, since=start, seconds=seconds)
        if text is None:
            tail = self.console.text[start:].decode(errors="replace")[-3000:]
            log = (self.folder / "qemu.log").read_text(errors="replace")[-1000:]
            raise Failed(f"the console never showed {' or '.join(map(repr, texts))}; since then:\n{tail}\nQEMU:\n{log}")
        return text

    def wait_for_application(self):
        """The version that runs, and its state: confirmed or test."""
        self.wait(RUNS)
        self.wait(")")
        line = self.console.text[:self.seen].decode(errors="replace").rsplit(RUNS, 1)[1]
        return re.match(r"(\S+) \(slot \w+, (\w+)\)", line).groups()

    def expect(self, version, state):
        runs = self.wait_for_application()
        if runs != (version, state):
            raise Failed(f"version {runs[0]} ({runs[1]}) runs, not {version} ({state})")

    def smp_process(self, *words):
        return subprocess.Popen([FARBOOT, "smp", "--port", str(self.port), *map(str, words)],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def smp(self, *words):
        process = self.smp_process(*words)
        output, _ = process.communicate(timeout=PATIENCE_S)
        if process.returncode != 0:
            raise Failed(f"farboot smp {' '.join(map(str, words))}: {output}")
        return output


def digest(image):
    text = subprocess.run([FARBOOT, "imgtool", "dumpinfo", "--json", image], check=True, capture_output=True,
                          text=True).stdout
    return next(tlv["data"] for tlv in json.loads(text)["tlv_area"]["tlvs"] if tlv["type_name"] == "SHA256")


def seed_of(words_seed):
    """The seed given on the command line or in FARBOOT_SEED, or a fresh one."""
    if words_seed is not None:
        return words_seed
    return int(os.environ.get("FARBOOT_SEED", 0)) or int.from_bytes(os.urandom(4), "little")
