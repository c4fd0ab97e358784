"""Devices on pseudo terminals for tests of SMP clients: pty_server, and the virtual board with real binaries."""
import contextlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "firmware"))
from board import board_of  # noqa: E402

PATIENCE_S = 120


def make_image(farboot, path, version, size, seed=1):
    """An image with a digest and no signature, as `farboot imgtool sign` makes it."""
    payload = pathlib.Path(str(path) + ".payload")
    payload.write_bytes(random.Random(seed).randbytes(size))
    subprocess.run([farboot, "imgtool", "sign", "--header-size", "0x200", "--pad-header", "--align", "4", "--version",
                    version, "--slot-size", "0x100000", str(payload), str(path)], check=True)
    return path.read_bytes()


@contextlib.contextmanager
def device(farboot, server, *options):
    """Yields (port, directory); the primary slot holds version 1.0.0."""
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        port = directory / "port"
        make_image(farboot, directory / "v1.bin", "1.0.0", 20000)
        process = subprocess.Popen([server, str(port), str(directory / "v1.bin"), *options], stdout=subprocess.PIPE,
                                   text=True)
        try:
            assert process.stdout.readline() == "ready\n"
            yield port, directory
            assert process.poll() is None, "the device died"
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


class Board:
    """The virtual board with the sample's real binaries, from power-on until it is stopped; its console and a port."""

    def __init__(self, farboot, firmware, directory, name="smp_offset"):
        self.farboot = farboot
        self.port, self.console, self.seen = directory / "port", directory / "console", 0
        with open(directory / "log", "w") as log:
            self.process = subprocess.Popen(
                [farboot, "board", "run", board_of(firmware / name), "--load", str(firmware / name / "merged.hex"),
                 "--flash-dir", str(directory), "--uart", "pty", "--uart-link", str(self.port),
                 "--console-log", str(self.console)], stdin=subprocess.DEVNULL, stderr=log)

    def wait(self, text):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            console = self.console.read_bytes() if self.console.exists() else b""
            at = console.find(text.encode(), self.seen)
            if at >= 0:
                self.seen = at + len(text)
                return
            time.sleep(0.05)
        raise AssertionError(f"the console never showed {text!r}: {console[-1500:].decode(errors='replace')}")

    def smp(self, *words):
        return subprocess.run([self.farboot, "smp", "--port", str(self.port), *map(str, words)], capture_output=True,
                              text=True, timeout=PATIENCE_S)

    def ask(self, *words):
        done = self.smp(*words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def images(self):
        return {image["slot"]: image for image in json.loads(self.ask("--json", "image", "list"))["images"]}

    def test_and_reset(self):
        self.ask("image", "test", self.images()[1]["hash"])
        self.ask("os", "reset")


@contextlib.contextmanager
def board(farboot, firmware, name="smp_offset"):
    with tempfile.TemporaryDirectory() as directory:
        running = Board(farboot, firmware, pathlib.Path(directory), name)
        try:
            running.wait("smp_update 1.0.0 (slot primary, confirmed)")
            yield running
        finally:
            running.process.terminate()
            running.process.wait()
