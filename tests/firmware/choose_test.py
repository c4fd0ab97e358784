#!/usr/bin/env python3
"""Direct XIP, RAM load and single slot with real binaries on the virtual board: which image runs, and where; that one which
does not confirm itself gives way; that a boot which finds nothing new writes nothing.

usage: choose_test.py DIRECT_XIP_BUILD RAM_LOAD_BUILD SINGLE_SLOT_BUILD
"""
import pathlib
import sys
import tempfile

import board

PAD = 0x200
KEY = board.ROOT / "apps/mcuboot/keys/published-test-ec-p256.pem"


def sign(build, scratch, variant, version, *options):
    """The build's application signed as another version; it prints the version in its header."""
    signed = pathlib.Path(scratch) / f"{variant}-{version}.bin"
    board.farboot("imgtool", "sign", "-k", KEY, "-v", version, "-H", hex(PAD), "--pad-header", "-S",
                  build.map["PM_MCUBOOT_PRIMARY_SIZE"], "--max-sectors", 1, *options, build.folder / variant / f"{variant}.bin", signed)
    return signed.read_bytes()


class Slot:
    """A slot in a file that holds a device's contents."""

    def __init__(self, path, start, size):
        self.path, self.start, self.size = path, start, size

    def _write(self, offset, data):
        contents = bytearray(self.path.read_bytes())
        contents[self.start + offset:self.start + offset + len(data)] = data
        self.path.write_bytes(contents)

    def put(self, image):
        """As an application would: erased, then written."""
        self._write(0, image + b"\xff" * (self.size - len(image)))

    def request(self):
        self._write(self.size - 16, board.MAGIC)

    def confirm(self):
        self._write(self.size - 24, b"\x01")

    def read(self, offset, length):
        contents = self.path.read_bytes()
        return contents[self.start + offset:self.start + offset + length]


class Device:
    """A board whose flash lasts from one run to the next."""

    def __init__(self, build, scratch, name):
        self.build, self.flash = build, pathlib.Path(scratch) / name
        self.flash.mkdir()
        (self.flash / "ext.bin").write_bytes(b"\xff" * board.EXTERNAL_SIZE)
        self.primary = Slot(self.flash / "int.bin", build.pm("MCUBOOT_PRIMARY_ADDRESS"), build.pm("MCUBOOT_PRIMARY_SIZE"))

    def boot(self, version, vectors, *options, load=None):
        done = board.run(load, flash_dir=self.flash, until="(sound)", options=options, name=self.build.board)
        return done.expect(f"choose {version} runs at {vectors:#010x} (sound)").reject("panic", "fault")


def operations(done):
    return sum(done.stats["boots"][-1][device][kind] for device in ("internal", "external") for kind in ("erases", "programs"))


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def direct_xip(build, scratch):
    device = Device(build, scratch, "xip")
    here = build.pm("MCUBOOT_PRIMARY_ADDRESS") + PAD
    there = build.pm("MCUBOOT_SECONDARY_ADDRESS") + PAD
    secondary = Slot(device.flash / "int.bin", there - PAD, device.primary.size)
    second = sign(build, scratch, "mcuboot_secondary_app", "2.0.0")

    expect(operations(device.boot("1.0.0", here, load=build.merged)) == 0, "a first boot wrote something")
    secondary.put(sign(build, scratch, "app", "2.0.0"))
    secondary.request()
    device.boot("1.0.0", here).expect("built for another address")
    secondary.put(second)
    device.boot("1.0.0", here)  # nobody asked for it
    secondary.request()
    device.boot("2.0.0", there)
    device.boot("1.0.0", here)
    expect(operations(device.boot("1.0.0", here)) == 0, "a boot that changes nothing wrote something")
    print("ok: direct XIP: tried once, and back")

    secondary.put(second)
    secondary.request()
    device.boot("2.0.0", there, "--cut", "1")  # not torn: a flag that reads as set by chance means "tried"
    secondary.confirm()
    device.boot("2.0.0", there)
    expect(operations(device.boot("2.0.0", there)) == 0, "a boot that changes nothing wrote something")
    device.primary.put(sign(build, scratch, "app", "3.0.0", "--rom-fixed", hex(here - PAD)))
    device.primary.request()
    device.boot("3.0.0", here)
    device.boot("2.0.0", there, "--cut", "1", "--torn")
    expect(device.primary.read(0, 4) == b"\xff" * 4, "the failed image was not erased beside a confirmed one")
    expect(operations(device.boot("2.0.0", there)) == 0, "a boot that changes nothing wrote something")
    print("ok: direct XIP: confirmed, and updated into the other slot")


def ram_load(build, scratch):
    device = Device(build, scratch, "ram")
    ram = build.pm("MCUBOOT_RAM_ADDRESS")
    secondary = Slot(device.flash / "ext.bin", build.pm("MCUBOOT_SECONDARY_OFFSET"), device.primary.size)
    second = sign(build, scratch, "app", "2.0.0", "--load-addr", hex(ram))

    expect(operations(device.boot("1.0.0", ram + PAD, load=build.merged)) == 0, "a first boot wrote something")
    for address in (build.pm("MCUBOOT_RAM_ADDRESS") - 4, 0x20000000,
                    build.pm("MCUBOOT_RAM_END_ADDRESS") - len(second) + 4, 0xfffffff0):
        secondary.put(sign(build, scratch, "app", "2.0.0", "--load-addr", hex(address)))
        secondary.request()
        device.boot("1.0.0", ram + PAD).expect(f"RAM load address {address:#x} is invalid")
    secondary.put(second)
    secondary.request()
    device.boot("2.0.0", ram + PAD, "--cut", "1")
    device.boot("1.0.0", ram + PAD)
    expect(operations(device.boot("1.0.0", ram + PAD)) == 0, "a boot that changes nothing wrote something")
    secondary.put(second)
    secondary.request()
    device.boot("1.0.0", ram + PAD, "--ext-flash", "none")
    device.boot("2.0.0", ram + PAD)
    secondary.confirm()
    device.boot("2.0.0", ram + PAD).expect("Image 0 loaded from the secondary slot")
    secondary.put(second[:0x400] + bytes([second[0x400] ^ 1]) + second[0x401:])
    secondary.request()
    device.boot("1.0.0", ram + PAD).expect("Image in the secondary slot is not valid!")
    print("ok: RAM load: from both devices, tried once and back, confirmed, addresses outside of the RAM for images")


def single_slot(build, scratch):
    device = Device(build, scratch, "single")
    start = device.primary.start

    expect(operations(device.boot("1.0.0", start + PAD, load=build.merged)) == 0, "a boot wrote something")
    device.primary.put(sign(build, scratch, "app", "0.9.0"))
    device.boot("0.9.0", start + PAD)
    device.primary.put(device.primary.read(0, 0x300) + b"\0" + device.primary.read(0x301, 0x4000))
    broken = board.run(None, flash_dir=device.flash, until="Unable to find bootable image", name=build.board)
    broken.expect("Image in the primary slot is not valid!", "Unable to find bootable image")
    print("ok: single slot")


def main():
    builds = [board.Build(folder) for folder in sys.argv[1:4]]
    with tempfile.TemporaryDirectory() as scratch:
        for check, build in zip((direct_xip, ram_load, single_slot), builds):
            check(build, scratch)


if __name__ == "__main__":
    sys.exit(main())
