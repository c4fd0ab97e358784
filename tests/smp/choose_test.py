"""Direct XIP with revert on the virtual board, updated over its serial port: the slot that does not run is written.

usage: choose_test.py FARBOOT FIRMWARE_DIR     (builds smp_choose and smp_choose_v2 below it)
"""
import pathlib
import sys
import unittest

from device import board

FARBOOT, FIRMWARE = sys.argv[1], pathlib.Path(sys.argv[2])
FOR_PRIMARY = FIRMWARE / "smp_choose_v2/app_update.bin"
FOR_SECONDARY = FIRMWARE / "smp_choose_v2/mcuboot_secondary_app_update.bin"


class Choose(unittest.TestCase):
    def test_revert_and_confirm(self):
        with board(FARBOOT, FIRMWARE, "smp_choose") as device:
            self.assertIn("direct XIP with revert", device.ask("os", "info"))
            for ends_confirmed in (False, True):
                device.ask("image", "upload", FOR_SECONDARY)
                device.test_and_reset()
                device.wait("smp_update 2.0.0 (slot secondary, test)")
                images = device.images()
                self.assertTrue(images[1]["active"] and not images[1]["confirmed"])
                self.assertTrue(images[0]["confirmed"] and images[0]["version"] == "1.0.0")
                self.assertIn("confirm the running image first", device.smp("image", "upload", FOR_PRIMARY).stderr)
                if ends_confirmed:
                    device.ask("image", "confirm")
                    device.ask("os", "reset")
                    device.wait("smp_update 2.0.0 (slot secondary, confirmed)")
                else:
                    device.ask("os", "reset")
                    device.wait("smp_update 1.0.0 (slot primary, confirmed)")
                    self.assertNotIn(1, device.images())  # the image that failed is gone
            device.ask("image", "upload", FOR_PRIMARY)  # the running image stays where it is
            images = device.images()
            self.assertTrue(images[1]["active"] and images[0]["version"] == "2.0.0")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
