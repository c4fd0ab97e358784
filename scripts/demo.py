#!/usr/bin/env python3
"""The demo's steps: see ./demo. Each step is one line; a step that does not happen ends the run with status 1."""
import json
import math
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "demo"
FARBOOT = ROOT / "build" / "host" / "farboot"
SAMPLE = ROOT / "samples" / "smp_update"
PORT = OUT / "uart"
CONSOLE = OUT / "console.log"
PATIENCE_S = 60  # real seconds that any one step may take on the virtual board
SECTOR = 4096


class StepFailed(Exception):
    pass


def say(text):
    print(f"demo: {text}", flush=True)


def run(what, command, log):
    """Runs a command of the build; its output goes to a file, the end of which is shown when it fails."""
    started = time.monotonic()
    with open(log, "ab") as sink:
        done = subprocess.run([str(word) for word in command], cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        tail = "\n".join(pathlib.Path(log).read_text(errors="replace").splitlines()[-25:])
        raise StepFailed(f"{what} failed; the end of {log.relative_to(ROOT)}:\n{tail}")
    say(f"{what} ({time.monotonic() - started:.1f} s)")


def build():
    log = OUT / "build.log"
    run("built the host tools", ["cmake", "--preset", "host"], log) if not FARBOOT.exists() else None
    run("host tools are up to date", ["cmake", "--build", "--preset", "host"], log)
    for version in ("1.0.0", "2.0.0"):
        tree = ROOT / "build" / f"smp_update-{version}"
        run(f"configured samples/smp_update {version} for the nRF52840 DK: mcuboot and app",
            ["cmake", "-S", SAMPLE, "-B", tree, "-G", "Ninja", "-DBOARD=nrf52840dk",
             f"-DAPP_VERSION={version}"], log)
        run(f"built it: {tree.relative_to(ROOT)}", ["cmake", "--build", tree], log)
    return ROOT / "build" / "smp_update-1.0.0", ROOT / "build" / "smp_update-2.0.0"


class Board:
    """The virtual board, one process from first power-on to the end; it survives its own resets and power cuts."""

    def __init__(self, firmware, cut):
        shutil.rmtree(OUT / "flash", ignore_errors=True)
        for stale in (CONSOLE, PORT):
            stale.unlink(missing_ok=True)
        self.seen = 0
        self.process = subprocess.Popen(
            [FARBOOT, "board", "run", "nrf52840dk", "--load", firmware, "--flash-dir", OUT / "flash", "--uart", "pty",
             "--uart-link", PORT, "--console-log", CONSOLE, "--cut-from", "Starting upgrade with backup",
             "--cut", cut, "--torn", "--seed", "1", "--stats", OUT / "stats.json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(OUT / "board.log", "w"))

    def wait(self, *texts):
        """Waits until the console shows these texts in this order, from where the last wait ended."""
        until = time.monotonic() + PATIENCE_S
        for text in texts:
            while True:
                console = CONSOLE.read_bytes() if CONSOLE.exists() else b""
                at = console.find(text.encode(), self.seen)
                if at >= 0:
                    self.seen = at + len(text)
                    break
                if self.process.poll() is not None or time.monotonic() > until:
                    raise StepFailed(self.explain(text, console))
                time.sleep(0.02)

    def explain(self, text, console):
        state = "still runs" if self.process.poll() is None else f"ended with status {self.process.returncode}"
        lines = (console[-2000:].decode(errors="replace").splitlines()[-12:]
                 + (OUT / "board.log").read_text(errors="replace").splitlines()[-5:])
        return f"the console never showed \"{text}\" (the board {state}); its last lines:\n  " + "\n  ".join(lines)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


def smp(*words, show=False):
    command = [str(FARBOOT), "smp", "--port", str(PORT), *map(str, words)]
    done = subprocess.run(command, stdout=None if show else subprocess.PIPE, stderr=None if show else subprocess.STDOUT,
                          text=True)
    if done.returncode != 0:
        raise StepFailed(f"{' '.join(command[1:])} failed: {(done.stdout or '').strip()}")
    return done.stdout or ""


def image_hash(path):
    text = subprocess.run([FARBOOT, "imgtool", "dumpinfo", "--json", path], check=True, capture_output=True, text=True).stdout
    return next(tlv["data"] for tlv in json.loads(text)["tlv_area"]["tlvs"] if tlv["type_name"] == "SHA256")


def upload(board, update):
    say(f"uploading {update.relative_to(ROOT)} over the serial port, into mcuboot_secondary in external flash")
    smp("image", "upload", update, show=True)
    say("uploaded")


def reset(board):
    smp("os", "reset")
    board.wait("*** Booting Farboot")


def scenario(board, update):
    digest = image_hash(update)
    board.wait("*** Booting Farboot", "Jumping to the first image slot", "smp_update 1.0.0")
    say("power on: the bootloader verified version 1.0.0 and started it")

    upload(board, update)
    smp("image", "test", digest)
    say("version 2.0.0 is marked for test; reset")
    reset(board)
    board.wait("Swap type: test", "Starting upgrade with backup")
    say("the bootloader accepted the request; it installs version 2.0.0 while it saves 1.0.0 to mcuboot_backup")
    board.wait("*** Booting Farboot")
    say("power was cut inside an erase, in the middle of the upgrade; power is back")
    board.wait("Boot source: primary slot", "smp_update 2.0.0")
    say("the upgrade went on and version 2.0.0 runs, on test")

    reset(board)
    board.wait("Swap type: revert", "smp_update 1.0.0")
    say("reset without confirming: version 1.0.0 is back")

    upload(board, update)
    smp("image", "test", digest)
    reset(board)
    board.wait("Swap type: test", "smp_update 2.0.0")
    smp("image", "confirm")
    say("uploaded, tested and confirmed version 2.0.0")
    reset(board)
    board.wait("Swap type: none", "smp_update 2.0.0")
    say("reset: version 2.0.0 stays")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    board = None
    try:
        (OUT / "build.log").unlink(missing_ok=True)
        old, new = build()
        update = new / "app_update.bin"
        middle = math.ceil(update.stat().st_size / SECTOR)  # of the two erases that each sector takes
        board = Board(old / "merged.hex", f"erase:{middle}")
        scenario(board, update)
    except StepFailed as failed:
        say(f"FAILED: {failed}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 1
    finally:
        if board is not None:
            board.stop()
    say(f"console: {CONSOLE.relative_to(ROOT)}")
    say(f"for a real nRF52840 DK: flash {(old / 'merged.hex').relative_to(ROOT)}, then send "
        f"{update.relative_to(ROOT)} over its serial port")
    say("all steps passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
