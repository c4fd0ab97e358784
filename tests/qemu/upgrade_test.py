#!/usr/bin/env python3
"""samples/smp_update on a board that QEMU has, updated over its serial port: test, back again without confirmation, once
more and confirmed.

usage: upgrade_test.py BOARD OLD_BUILD NEW_BUILD     (versions 1.0.0 and 2.0.0)
"""
import pathlib
import sys
import tempfile

from qemu_device import Device, digest, skip_without_qemu


def install(device, update):
    device.smp("image", "upload", update)
    device.smp("image", "test", digest(update))
    device.smp("os", "reset")
    device.expect("2.0.0", "test")
    info = device.smp("os", "info")
    if "test update" not in info:
        raise AssertionError(info)


def main():
    board, old, new = sys.argv[1], *map(pathlib.Path, sys.argv[2:4])
    update = new / "app_update.bin"
    skip_without_qemu()
    with tempfile.TemporaryDirectory() as scratch, Device(board, scratch) as device:
        device.board.load(old / "merged.hex")
        device.start()
        device.expect("1.0.0", "confirmed")
        install(device, update)
        device.smp("os", "reset")
        device.expect("1.0.0", "confirmed")
        print("ok: installed, not confirmed, and back")
        install(device, update)
        device.smp("image", "confirm")
        device.smp("os", "reset")
        device.expect("2.0.0", "confirmed")
        device.kill()
        device.start()
        device.expect("2.0.0", "confirmed")
        print("ok: installed and confirmed, also after QEMU was started again")
        for text in ("panic", "fault"):
            if text in device.console.text.decode(errors="replace"):
                raise AssertionError(device.console.text.decode(errors="replace"))


if __name__ == "__main__":
    sys.exit(main())
