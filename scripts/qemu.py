#!/usr/bin/env python3
"""Runs firmware on a board that QEMU has a machine for (boards/<board>/qemu.json); the contents of its flash chips are
files, which last.

examples:
  scripts/qemu.py ast1030_evb --load build/x/merged.hex --flash-dir build/x/flash
  scripts/qemu.py ast1030_evb --flash-dir build/x/flash --uart-link build/x/uart
      (then: build/host/farboot smp --port build/x/uart image list)
"""
import argparse
import ctypes
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import tty

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOOT = "boot.bin"  # what the processor starts from, at address 0


PR_SET_PDEATHSIG = 1


class Error(Exception):
    pass


def _end_with_parent():
    """However this process ends, QEMU does not stay behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def read_hex(path):
    """(address, bytes) of the data records of an Intel HEX file."""
    upper = 0
    for number, line in enumerate(pathlib.Path(path).read_text(errors="replace").splitlines(), 1):
        try:
            record = bytes.fromhex(line.strip().removeprefix(":"))
            count, address, kind, data = record[0], int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        except (ValueError, IndexError):
            raise Error(f"{path}:{number}: no record of Intel HEX") from None
        if len(data) != count or sum(record) % 256 != 0:
            raise Error(f"{path}:{number}: length or checksum is wrong")
        if kind == 0:
            yield upper + address, data
        elif kind in (2, 4):
            upper = int.from_bytes(data, "big") << (4 if kind == 2 else 16)


class Chip:
    """A flash chip's file; `address`: of its contents in hex files, None when a build places nothing in it."""

    def __init__(self, folder, description):
        self.path = folder / description["file"]
        self.size = description["size"]
        self.address = int(description["address"], 0) if "address" in description else None

    def prepare(self, is_fresh):
        if is_fresh or not self.path.exists():
            self.path.write_bytes(b"\xff" * self.size)
        elif self.path.stat().st_size != self.size:
            raise Error(f"{self.path} has {self.path.stat().st_size} bytes, the chip {self.size}")

    def holds(self, address):
        return self.address is not None and 0 <= address - self.address < self.size


class Board:
    """A board and the folder of its flash contents; QEMU comes and goes."""

    def __init__(self, name, folder):
        description = ROOT / "boards" / name / "qemu.json"
        if not description.exists():
            known = sorted(path.parent.name for path in ROOT.glob("boards/*/qemu.json"))
            raise Error(f"QEMU has no machine for board {name}; there is one for: {', '.join(known)}")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        facts = json.loads(description.read_text())
        self.machine, self.options = facts["machine"], facts.get("options", [])
        self.chips = [Chip(self.folder, chip) for chip in facts["chips"]]

    def load(self, hex_file=None):
        """Factory-fresh chips with the contents of a hex file, or the chips as they were left."""
        for chip in self.chips:
            chip.prepare(is_fresh=hex_file is not None)
        if hex_file is None:
            if not (self.folder / BOOT).exists():
                raise Error(f"there is no firmware in {self.folder}: pass --load merged.hex once")
            return
        boot = bytearray()
        contents = {chip: bytearray(chip.path.read_bytes()) for chip in self.chips}
        for address, data in read_hex(hex_file):
            chip = next((chip for chip in self.chips if chip.holds(address)), None)
            target, at = (boot, address) if chip is None else (contents[chip], address - chip.address)
            if at + len(data) > (0x100000 if chip is None else chip.size):
                raise Error(f"{hex_file}: nothing is at address {address:#x} of this board")
            target.extend(b"\xff" * (at - len(target)))
            target[at:at + len(data)] = data
        (self.folder / BOOT).write_bytes(boot)
        for chip, data in contents.items():
            chip.path.write_bytes(data)

    def command(self):
        """One worker thread: writes reach the files in the order in which the chips took them, so that a killed QEMU
        leaves what a power cut would."""
        words = ["qemu-system-arm", "-M", self.machine, "-display", "none", "-monitor", "none", "-nodefaults",
                 "-chardev", "stdio,id=uart,signal=off", "-serial", "chardev:uart", *self.options, "-kernel", self.folder / BOOT,
                 "-object", "main-loop,id=main-loop,thread-pool-max=1"]
        for index, chip in enumerate(self.chips):
            words += ["-drive", f"file={chip.path},if=mtd,format=raw,index={index}"]
        return [str(word) for word in words]

    def start(self, **streams):
        return subprocess.Popen(self.command(), preexec_fn=_end_with_parent, **streams)


class Console:
    """The UART of a board that QEMU runs, as a pseudo-terminal for `farboot smp` and as text; QEMU may be killed and
    started again in between."""

    def __init__(self, board, link=None, log=None):
        self.board, self.link, self.log = board, link, log
        self.text = b""
        self.grown = threading.Condition()
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.qemu = None
        if link:
            pathlib.Path(link).unlink(missing_ok=True)
            os.symlink(os.ttyname(self.slave), link)

    def start(self, errors=None):
        """`errors`: where QEMU's own messages go."""
        self.qemu = self.board.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        os.set_blocking(self.qemu.stdin.fileno(), False)
        self.pump = threading.Thread(target=self._carry, args=(self.qemu,), daemon=True)
        self.pump.start()

    def _carry(self, qemu):
        inputs = [qemu.stdout.fileno(), self.master]
        while True:
            ready, _, _ = select.select(inputs, [], [])
            if qemu.stdout.fileno() in ready:
                data = os.read(qemu.stdout.fileno(), 65536)
                if not data:
                    break
                self._show(data)
            if self.master in ready:
                try:
                    os.write(qemu.stdin.fileno(), os.read(self.master, 4096))
                except OSError:  # QEMU is gone, or does not read: a UART loses what comes too fast
                    pass
        with self.grown:
            self.grown.notify_all()

    def _show(self, data):
        try:
            os.write(self.master, data)
        except BlockingIOError:  # nobody reads the terminal
            pass
        if self.log:
            self.log.write(data)
            self.log.flush()
        with self.grown:
            self.text += data
            self.grown.notify_all()

    def wait(self, *texts, since=0, seconds=60):
        """Waits until the console has shown one of the texts since position `since`; returns it and where it ends.
        (None, position) when QEMU ended or time is up."""
        wanted = [text.encode() for text in texts]

        def found():
            hits = [(self.text.find(text, since), text) for text in wanted]
            return min(((at, text) for at, text in hits if at >= 0), default=None)

        with self.grown:
            self.grown.wait_for(lambda: found() or not self.pump.is_alive(), seconds)
            hit = found()
        return (None, len(self.text)) if hit is None else (hit[1].decode(), hit[0] + len(hit[1]))

    def kill(self):
        """As when power goes: what QEMU has not yet written to the chips' files is lost."""
        self._end(signal.SIGKILL)

    def stop(self):
        """QEMU writes what the chips have taken, and ends."""
        self._end(signal.SIGTERM)

    def _end(self, how):
        if self.qemu is None:
            return
        self.qemu.send_signal(how)
        self.qemu.wait()
        self.pump.join()
        self.qemu.stdin.close()
        self.qemu.stdout.close()
        self.qemu = None

    def close(self):
        self.kill()
        os.close(self.master)
        os.close(self.slave)
        if self.link:
            pathlib.Path(self.link).unlink(missing_ok=True)


def serve(board, link, log):
    """Until QEMU ends or the user interrupts."""
    console = Console(board, link, log)
    console.start()
    try:
        return console.qemu.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        console.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("board")
    parser.add_argument("--load", metavar="HEX", help="begin with fresh chips and this firmware (merged.hex)")
    parser.add_argument("--flash-dir", metavar="DIR", help="where the chips' contents are kept (default: not kept)")
    parser.add_argument("--uart-link", metavar="PATH", help="the UART is a pseudo-terminal with this name, and its text "
                        "is shown (default: the UART is this terminal)")
    words = parser.parse_args()
    if shutil.which("qemu-system-arm") is None:
        raise Error("qemu-system-arm is missing; on Debian: apt-get install qemu-system-arm")
    with tempfile.TemporaryDirectory() as scratch:
        board = Board(words.board, words.flash_dir or scratch)
        board.load(words.load)
        if words.uart_link:
            return serve(board, words.uart_link, sys.stdout.buffer)
        return board.start().wait()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Error, OSError) as error:
        sys.exit(f"qemu.py: error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
