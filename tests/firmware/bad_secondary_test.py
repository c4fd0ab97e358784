#!/usr/bin/env python3
"""Whatever lies in the secondary slot with a request: it is refused with a reason, the request is cleared, and the
primary boots; the next boot finds nothing to do. Real binaries on the virtual board.

usage: bad_secondary_test.py OLD_BUILD NEW_BUILD
"""
import pathlib
import random
import struct
import sys
import tempfile

import board

SEED = 20261122


def resign_with_unknown_key(new, scratch):
    """The update's payload, signed by a key that the bootloader does not hold."""
    key, payload, out = scratch / "unknown.pem", scratch / "payload.bin", scratch / "unknown.bin"
    signed = new.update.read_bytes()
    header_size, _, payload_size = board.header(signed)
    payload.write_bytes(signed[header_size:header_size + payload_size])
    board.farboot("imgtool", "keygen", "-t", "ecdsa-p256", "-k", key)
    board.farboot("imgtool", "sign", "-k", key, "-v", "2.0.0", "-H", hex(header_size), "--pad-header", "-S",
                  new.map["PM_MCUBOOT_SECONDARY_SIZE"], payload, out)
    return out.read_bytes()


def patched(image, offset, field, value):
    copy = bytearray(image)
    struct.pack_into(field, copy, offset, value)
    return bytes(copy)


def too_large_to_swap(old, new, scratch):
    """A well-signed image that fits the slot but leaves no room for what the swap needs."""
    size = old.pm("MCUBOOT_SECONDARY_SIZE") - board.SECTOR - 0x800
    payload, out = scratch / "large.bin", scratch / "large_signed.bin"
    payload.write_bytes(new.update.read_bytes()[0x200:0x240] + random.Random(SEED).randbytes(size - 0x240))
    board.farboot("imgtool", "sign", "-k", board.ROOT / "apps/mcuboot/keys/published-test-ec-p256.pem", "-v", "2.0.0", "-H", "0x200",
                  "--pad-header", "--overwrite-only", "-S", hex(old.pm("MCUBOOT_SECONDARY_SIZE")), payload, out)
    return out.read_bytes()


def cases(old, new, scratch):
    image = new.update.read_bytes()
    yield "garbage", random.Random(SEED).randbytes(len(image))
    yield "truncated image", image[:len(image) // 2]
    yield "one payload bit changed", patched(image, 0x400, "<B", image[0x400] ^ 1)
    yield "unknown key", resign_with_unknown_key(new, scratch)
    yield "payload size overflows", patched(image, 12, "<I", 0xFFFFFF00)
    yield "header size of all ones", patched(image, 8, "<H", 0xFFFF)
    yield "protected TLV size beyond the slot", patched(image, 10, "<H", 0xFFFF)
    yield "too large to swap", too_large_to_swap(old, new, scratch)


def main():
    old, new = map(board.Build, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for name, image in cases(old, new, scratch):
            flash = scratch / name.replace(" ", "_")
            flash.mkdir()
            for request in ("test", "permanent"):
                first = board.run(old.merged, board.external_flash(old, image, request), flash, "(slot primary")
                first.expect("Swap type:", "smp_update 1.0.0").reject("panic", "fault")
                if "E: " not in first.console and "W: " not in first.console:
                    raise AssertionError(f"{name}: refused without a reason\n{first.console}")
                again = board.run(None, flash_dir=flash, until="(slot primary")
                again.expect("Swap type: none", "smp_update 1.0.0").reject("E: ", "W: ")
            print(f"ok: {name}")


if __name__ == "__main__":
    sys.exit(main())
