"""The sample's real binaries on the virtual board, updated over its serial port: test, revert, confirm.

usage: board_test.py FARBOOT FIRMWARE_DIR     (builds smp_offset and smp_offset_v2 below it)
"""
import pathlib
import subprocess
import sys
import unittest

from device import board

FARBOOT, FIRMWARE = sys.argv[1], pathlib.Path(sys.argv[2])
UPDATE = FIRMWARE / "smp_offset_v2/app_update.bin"


class Update(unittest.TestCase):
    def test_revert_and_confirm(self):
        with board(FARBOOT, FIRMWARE) as device:
            self.assertRegex(device.ask("os", "info"), r"booted in \d+ ms\nbootloader: .*swap using offset")
            with subprocess.Popen([FARBOOT, "smp", "--port", str(device.port), "image", "upload", str(UPDATE)],
                                  stderr=subprocess.PIPE, text=True) as interrupted:
                self.assertIn("uploading: ", interrupted.stderr.readline())
                interrupted.kill()
            self.assertEqual(list(device.images()), [0])
            self.assertRegex(device.ask("image", "upload", UPDATE), "resumed at byte [1-9]")

            device.test_and_reset()
            device.wait("smp_update 2.0.0 (slot primary, test)")
            self.assertRegex(device.ask("os", "info"), r"booted in \d+ ms, test update in \d+ ms\n")
            images = device.images()
            self.assertTrue(images[0]["active"] and not images[0]["confirmed"])
            self.assertTrue(images[1]["confirmed"] and images[1]["version"] == "1.0.0")
            refused = device.smp("image", "upload", UPDATE)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("confirm the running image first", refused.stderr)

            device.ask("os", "reset")
            device.wait("Swap type: revert")
            device.wait("smp_update 1.0.0 (slot primary, confirmed)")
            self.assertRegex(device.ask("os", "info"), r"booted in \d+ ms, revert update in \d+ ms\n")
            self.assertEqual(device.images()[1]["version"], "2.0.0")
            device.ask("image", "upload", UPDATE)
            device.test_and_reset()
            device.wait("smp_update 2.0.0 (slot primary, test)")
            device.ask("image", "confirm")
            device.ask("os", "reset")
            device.wait("Swap type: none")
            device.wait("smp_update 2.0.0 (slot primary, confirmed)")

    def test_wrong_file_loses_nothing(self):
        with board(FARBOOT, FIRMWARE) as device:
            wrong = device.console.parent / "wrong.bin"
            wrong.write_bytes(bytes(5000))
            self.assertIn("not an MCUboot image", device.smp("image", "upload", wrong).stderr)
            device.ask("os", "reset")
            device.wait("smp_update 1.0.0 (slot primary, confirmed)")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
