#!/usr/bin/env python3
"""`farboot powercut` as a user calls it, on the sample's real binaries: the result, a replay, and what she can get wrong.

usage: powercut_test.py OLD_BUILD NEW_BUILD
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import board

OLD, NEW = map(board.Build, sys.argv[1:3])
LOAD = ["--load", OLD.merged]
UPDATE = ["--update", NEW.update]


def powercut(*words, name="nrf52840dk"):
    return subprocess.run([str(word) for word in (board.FARBOOT, "powercut", name, *words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)


class Powercut(unittest.TestCase):
    def test_an_upgrade_survives(self):
        done = powercut(*LOAD, *UPDATE, "--torn", "--double", "--pairs", 1, "--every", 2000, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertTrue(result["reverts"])
        self.assertEqual(result["failures"], [])
        total = result["cases"]["all"]
        cuts = -(-total["operations"] // 2000)
        self.assertEqual((total["before"], total["inside"], total["failed"]), (cuts, cuts, 0))
        self.assertGreater(total["twice"], 0)
        self.assertEqual(total["new"] + total["old"], total["before"] + total["inside"] + total["twice"])

    def test_the_table_is_for_people(self):
        done = powercut(*LOAD, *UPDATE, "--every", 3000, "--permanent", "--seed", 5)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("unconfirmed it stays", done.stdout)
        self.assertRegex(done.stdout, r"int-program +\d+ ")
        self.assertRegex(done.stdout, r"\d+ cases, 0 failed\n$")
        self.assertEqual(done.stderr, "")

    def test_one_case_can_be_watched(self):
        done = powercut(*LOAD, *UPDATE, "--replay", "3:40T/2C")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("power is lost inside operation 40: ", done.stderr)
        self.assertIn("power is lost before operation 2: ", done.stderr)
        for text in ("Image version: v2.0.0", "Swap type: revert", "Image version: v1.0.0", "3:40T/2C passed"):
            self.assertIn(text, done.stdout)

    def test_flash_files_with_an_update_in_them(self):
        with tempfile.TemporaryDirectory() as flash:
            flash = pathlib.Path(flash)
            board.run(OLD.merged, board.external_flash(OLD, NEW.update.read_bytes(), "test"), flash, "Booting")
            before = [(flash / name).read_bytes() for name in ("int.bin", "ext.bin", "uicr.bin")]
            words = ["--flash-dir", flash, "--map", OLD.folder / "partitions.yml"]
            done = powercut(*words, "--every", 3000)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"\d+ cases, 0 failed\n$")
            self.assertEqual(before, [(flash / name).read_bytes() for name in ("int.bin", "ext.bin", "uicr.bin")])

    def test_what_an_application_prints_can_decide(self):
        done = powercut(*LOAD, *UPDATE, "--every", 4000, "--until", "smp_update 2.0.0 (slot primary", "--until",
                        "smp_update 1.0.0 (slot primary")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def expect_error(self, done, text, status=1):
        self.assertEqual(done.returncode, status, done.stdout)
        self.assertIn(text, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_help_has_an_example(self):
        done = powercut("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("farboot powercut nrf52840dk --load build/merged.hex", done.stdout)

    def test_wrong_usage(self):
        self.expect_error(powercut(*UPDATE), "give --load FILE", 2)
        self.expect_error(powercut(*LOAD), "give --update FILE", 2)
        self.expect_error(powercut(*LOAD, *UPDATE, "--replay", "17"), "is no id such as 1:17T/3C", 2)
        self.expect_error(powercut(*LOAD, *UPDATE, "--every", "often"), "--every", 2)

    def test_input_that_does_not_work(self):
        self.expect_error(powercut(*LOAD, "--update", OLD.folder / "app_signed.hex"), "is the very image that the device runs")
        self.expect_error(powercut(*LOAD, "--update", OLD.merged.with_name("partitions.yml")), "image")
        self.expect_error(powercut("--load", OLD.folder / "mcuboot/mcuboot.hex", *UPDATE), "the primary slot: ")
        self.expect_error(powercut(*LOAD, *UPDATE, name="nrf9999dk"), "farboot board list")
        self.expect_error(powercut(*LOAD, *UPDATE, "--slot", "nowhere"), "has no nowhere in flash")
        self.expect_error(powercut(*LOAD, *UPDATE, "--replay", "1:999999C"), "there is no operation 999999")
        with tempfile.TemporaryDirectory() as folder:
            deep = pathlib.Path(folder) / "a/b/c/d"
            deep.mkdir(parents=True)
            shutil.copy(OLD.merged, deep)
            self.expect_error(powercut("--load", deep / "merged.hex", *UPDATE), "give the build's map with --map FILE")

    def test_an_update_that_the_bootloader_refuses(self):
        with tempfile.TemporaryDirectory() as folder:
            bad = pathlib.Path(folder) / "bad.bin"
            image = bytearray(NEW.update.read_bytes())
            image[0x400] ^= 1
            bad.write_bytes(image)
            self.expect_error(powercut(*LOAD, "--update", bad), "even without a cut the update is not installed")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
