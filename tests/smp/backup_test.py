"""Upgrade with backup on the virtual board, updated over its serial port: test, revert, confirm, and back again.

usage: backup_test.py FARBOOT FIRMWARE_DIR NAME     (builds NAME and NAME_v2 below it, of any board)
"""
import pathlib
import sys
import unittest

from device import board

FARBOOT, FIRMWARE, NAME = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
UPDATE = FIRMWARE / f"{NAME}_v2/app_update.bin"


class Backup(unittest.TestCase):
    def install(self, device, version, fallback):
        """The image of this version, in whichever slot it lies."""
        wanted = [image for image in device.images().values() if image["version"] == version and not image["active"]]
        device.ask("image", "test", wanted[0]["hash"])
        device.ask("os", "reset")
        device.wait(f"smp_update {version} (slot primary, test)")
        self.assertRegex(device.ask("os", "info"), r"\(upgrade with backup\), test update in [1-9]\d* ms")
        images = device.images()
        self.assertTrue(images[0]["active"] and not images[0]["confirmed"] and images[0]["version"] == version)
        self.assertEqual([slot for slot in (1, 2) if images[slot]["confirmed"]], [fallback])

    def test_previous_version(self):
        with board(FARBOOT, FIRMWARE, NAME) as device:
            device.ask("image", "upload", UPDATE)
            self.assertEqual(list(device.images()), [0, 1])
            self.install(device, "2.0.0", 2)
            refused = device.smp("image", "upload", UPDATE)
            self.assertIn("confirm the running image first", refused.stderr)
            device.ask("os", "reset")
            device.wait("smp_update 1.0.0 (slot primary, confirmed)")
            self.assertRegex(device.ask("os", "info"), r"revert update in [1-9]\d* ms")

            self.install(device, "2.0.0", 2)
            device.ask("image", "confirm")
            device.ask("os", "reset")
            device.wait("smp_update 2.0.0 (slot primary, confirmed)")
            images = device.images()
            self.assertEqual((images[1]["version"], images[2]["version"]), ("2.0.0", "1.0.0"))
            self.install(device, "1.0.0", 1)  # the previous version again
            device.ask("image", "confirm")
            device.ask("image", "upload", UPDATE)  # to the slot without a copy of what runs
            images = device.images()
            self.assertEqual((images[1]["version"], images[2]["version"]), ("2.0.0", "1.0.0"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
