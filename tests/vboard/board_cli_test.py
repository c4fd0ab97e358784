"""The command `farboot board` as a user calls it, on the test firmwares.

usage: board_cli_test.py FARBOOT FIRMWARE_DIR
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

FARBOOT, FIRMWARE = sys.argv[1], pathlib.Path(sys.argv[2])
PATIENCE_S = 60


def run(*words, **options):
    return subprocess.run([FARBOOT, "board", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_S, **options)


class BoardCommand(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.holder.name)
        self.addCleanup(self.holder.cleanup)

    def run_board(self, firmware, *words, case=0):
        selector = self.dir / "case.bin"
        selector.write_bytes(case.to_bytes(4, "little"))
        return run("run", "nrf52840dk", "--load", FIRMWARE / f"{firmware}.elf", "--load", f"{selector}@0x10001080",
                   "--timeout", 10, *words)

    def test_list_names_the_boards(self):
        done = run("list")
        self.assertEqual(done.returncode, 0)
        self.assertIn("nrf52840dk", done.stdout)

    def test_wrong_usage(self):
        for words in (["run"], ["run", "nrf52840dk"], ["run", "x", "--load", "/dev/null", "--cut", "erse:1"],
                      ["run", "nrf52840dk", "--load", "a", "--ext-flash", "melted"],
                      ["run", "nrf52840dk", "--load", "a", "--timeout", "soon"]):
            done = run(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_input_that_does_not_work(self):
        for words in (["--load", self.dir / "nothing.elf"], ["--load", "/dev/null@x"], ["--flash-dir", "/dev/null/x"]):
            done = run("run", "nrf52840dk", *words)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("error: ", done.stderr)
        self.assertIn("farboot board list", run("run", "nrf9999dk", "--load", "/dev/null@0").stderr)
        (self.dir / "int.bin").write_bytes(b"short")
        self.assertIn("not a flash of this board", run("run", "nrf52840dk", "--flash-dir", self.dir).stderr)

    def test_until_decides(self):
        done = self.run_board("flash", "--until", "end\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("word=0x12345678", done.stdout)
        self.assertEqual(self.run_board("flash", "--until", "never").returncode, 1)

    def test_firmware_bug_fails(self):
        done = self.run_board("flash", case=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("vboard: firmware bug: store to flash at 0x40000 without write enable", done.stderr)

    def test_keep_going_goes_on(self):
        done = self.run_board("flash", "--keep-going", "--until", "end\n", case=14)
        self.assertEqual(done.returncode, 0)
        self.assertIn("firmware bug", done.stderr)

    def test_flash_stays_in_files_over_a_cut(self):
        flash = self.dir / "flash"
        done = self.run_board("cuts", "--flash-dir", flash, "--cut", "4", "--stop-at-cut", "--log", self.dir / "log")
        self.assertEqual(done.returncode, 0)
        self.assertIn("power cut 1 before operation 4: ext-program", (self.dir / "log").read_text())
        internal = (flash / "int.bin").read_bytes()
        self.assertEqual(internal[0x40000:0x40004], bytes.fromhex("22221111"))
        self.assertEqual(set((flash / "ext.bin").read_bytes()), {0xff})
        again = run("run", "nrf52840dk", "--flash-dir", flash, "--until", "end\n", "--timeout", 10)
        self.assertEqual(again.returncode, 0)
        self.assertEqual((flash / "ext.bin").stat().st_size, 0x800000)

    def test_statistics_account_for_everything(self):
        stats = self.dir / "stats.json"
        self.run_board("cuts", "--stats", stats, "--mark", "half\n", "--trace", self.dir / "trace", "--until", "end\n")
        counted = json.loads(stats.read_text())
        total = counted["total"]
        self.assertEqual((total["internal"]["erases"], total["internal"]["programs"]), (2, 1))
        self.assertEqual((total["external"]["erases"], total["external"]["programmed_bytes"]), (2, 256))
        self.assertAlmostEqual(total["internal"]["stall_seconds"], 2 * 0.085 + 0.000041, 6)
        self.assertGreater(total["instructions"], total["instructions_while_uart_sends"])
        boot, = counted["boots"]
        self.assertLess(boot["first_flash_operation_seconds"], boot["last_flash_operation_seconds"])
        mark, = counted["marks"]
        self.assertEqual(mark["text"], "half\n")
        self.assertEqual(len((self.dir / "trace").read_text().splitlines()), 6)

    def test_flash_can_take_its_maximum_times(self):
        busy = []
        for words in ([], ["--slow-flash"]):
            stats = self.dir / "stats.json"
            self.run_board("cuts", "--stats", stats, "--until", "end\n", *words)
            busy.append(json.loads(stats.read_text())["total"]["external"]["busy_seconds"])
        self.assertAlmostEqual(busy[0], 2 * 0.058 + 0.00085, 5)
        self.assertAlmostEqual(busy[1], 2 * 0.24 + 0.004, 5)

    def test_a_watchdog_of_an_earlier_life_bites(self):
        stats = self.dir / "stats.json"
        done = self.run_board("cuts", "--watchdog", 50, "--until", "end\n", "--stats", stats)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("watchdog reset"), 1)
        self.assertEqual(json.loads(stats.read_text())["total"]["watchdog_feeds"], 0)

    def test_feeding_is_accounted_for(self):
        stats = self.dir / "stats.json"
        self.run_board("reset", "--until", "bitten", "--stats", stats, case=2)
        fed = json.loads(stats.read_text())["boots"][0]
        self.assertEqual(fed["watchdog_feeds"], 4)
        self.assertAlmostEqual(fed["longest_unfed_seconds"], 0.08, 2)

    def test_pseudo_terminal_serves_clients_that_come_and_go(self):
        port, log = self.dir / "port", self.dir / "log"
        selector = self.dir / "case.bin"
        selector.write_bytes((3).to_bytes(4, "little"))
        with subprocess.Popen([FARBOOT, "board", "run", "nrf52840dk", "--load", FIRMWARE / "uart.elf", "--load",
                               f"{selector}@0x10001080", "--uart", "pty", "--uart-link", port, "--log", log,
                               "--console-log", self.dir / "console"], stdin=subprocess.DEVNULL) as process:
            try:
                self.wait_for(lambda: "go" in self.text("console"))
                for _ in range(2):
                    os.close(os.open(port, os.O_RDWR | os.O_NOCTTY))
                client = os.open(port, os.O_RDWR | os.O_NOCTTY)
                os.write(client, b"x")
                self.wait_for(lambda: "got=0x00000078" in self.text("console"))
                os.close(client)
            finally:
                process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE_S), 0)
        self.assertIn("vboard: uart at /dev/", log.read_text())
        self.assertFalse(port.exists())

    def text(self, name):
        path = self.dir / name
        return path.read_text() if path.exists() else ""

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), end, self.text("log"))
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
