#!/usr/bin/env python3
"""Power lost in the update of a second image pair, with the sample's real bootloader for two pairs (upgrade with backup).

usage: pairs_test.py BUILD
"""
import json
import pathlib
import random
import struct
import sys
import tempfile
import unittest

import board

BUILD = board.Build(sys.argv[1])
KEY = board.ROOT / "apps/mcuboot/keys/published-test-ec-p256.pem"
HEADER = 0x200
EVERY = 400


def companion(folder, version, size):
    """A signed image that nobody starts; its vectors are those of the slot, as the bootloader wants them."""
    address = BUILD.pm("MCUBOOT_PRIMARY_1_ADDRESS")
    payload, image = folder / f"{version}.bin", folder / f"{version}_signed.bin"
    payload.write_bytes(struct.pack("<II", 0x20001000, address + HEADER + 0x101) + random.Random(version).randbytes(size))
    board.farboot("imgtool", "sign", "-k", KEY, "-v", f"{version}.0.0", "-H", HEADER, "--pad-header",
                  "-S", BUILD.pm("MCUBOOT_PRIMARY_1_SIZE"), "--align", 4, payload, image)
    return image, f"{image}@{address:#x}"


class Pairs(unittest.TestCase):
    def test_an_update_of_the_second_pair_survives(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (_, old), (new, _) = companion(folder, 1, 2500), companion(folder, 2, 5000)
            result = json.loads(board.farboot("powercut", BUILD.board, "--load", BUILD.merged, "--load", old,
                                              "--update", new, "--pair", 1, "--every", EVERY, "--torn", "--json"))
        self.assertTrue(result["reverts"])
        self.assertEqual(result["failures"], [])
        total = result["cases"]["all"]
        cuts = -(-total["operations"] // EVERY)
        self.assertEqual((total["before"], total["inside"], total["failed"]), (cuts, cuts, 0))
        self.assertEqual(total["new"] + total["old"], 2 * cuts)
        self.assertGreater(total["new"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
