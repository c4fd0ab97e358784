"""farboot smp against a device on a pseudo terminal.

usage: client_test.py FARBOOT PTY_SERVER
"""
import contextlib
import json
import os
import pty
import subprocess
import sys
import unittest

from device import device, make_image

FARBOOT, SERVER = sys.argv[1], sys.argv[2]
TIMEOUT_S = 120


class Run:
    def __init__(self, port, *words, timeout="0.4", options=()):
        done = subprocess.run([FARBOOT, "smp", "--port", str(port), "--timeout", timeout, *options, *map(str, words)],
                              capture_output=True, text=True, timeout=TIMEOUT_S)
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr


def ok(port, *words, **more):
    run = Run(port, *words, **more)
    assert run.status == 0, f"{words}: {run.err}"
    return run


def refused(port, *words, **more):
    """One line on standard error; returns it."""
    run = Run(port, *words, **more)
    assert run.status == 1, f"{words}: status {run.status}"
    assert run.err.count("\n") == 1 and run.err.startswith("farboot smp: error: "), run.err
    return run.err


def images(port):
    listed = json.loads(ok(port, "image", "list", options=["--json"]).out)["images"]
    return {image["slot"]: image for image in listed}


class Client(unittest.TestCase):
    def test_os_group(self):
        with device(FARBOOT, SERVER, "chatter") as (port, _):
            self.assertEqual(ok(port, "os", "echo", "hello there").out, "hello there\n")
            self.assertIn("1024 bytes", ok(port, "os", "params").out)
            self.assertEqual(ok(port, "os", "info").out,
                             "application: Farboot pty\nbootloader: MCUboot, swap using offset\n")
            ok(port, "os", "reset")
            run = ok(port, "os", "echo", "again", options=["--console"])
            self.assertEqual(run.out, "again\n")
            self.assertIn("some console text", run.err)

    def test_update(self):
        with device(FARBOOT, SERVER) as (port, directory):
            before = images(port)
            self.assertEqual(list(before), [0])
            self.assertTrue(before[0]["active"] and before[0]["confirmed"])
            self.assertEqual(before[0]["version"], "1.0.0")
            make_image(FARBOOT, directory / "v2.bin", "2.0.0", 100000)
            run = ok(port, "image", "upload", directory / "v2.bin")
            self.assertIn("uploading: ", run.err)
            after = images(port)
            self.assertEqual(after[1]["version"], "2.0.0")
            self.assertFalse(after[1]["pending"])
            digest = after[1]["hash"]
            run = ok(port, "image", "test", digest[:8])
            self.assertIn("pending", run.out)
            self.assertTrue(images(port)[1]["pending"] and not images(port)[1]["permanent"])
            ok(port, "image", "confirm", digest)
            self.assertTrue(images(port)[1]["permanent"])
            self.assertIn("already requested", refused(port, "image", "test", digest))
            self.assertIn("already running", refused(port, "image", "test", after[0]["hash"]))
            self.assertIn("no image on the device", refused(port, "image", "test", "00" * 32))
            ok(port, "image", "confirm")
            ok(port, "image", "erase")
            self.assertEqual(list(images(port)), [0])

    def test_upload_goes_on_after_the_client_is_killed(self):
        with device(FARBOOT, SERVER, "delay=5") as (port, directory):
            make_image(FARBOOT, directory / "v2.bin", "2.0.0", 100000)
            upload = [FARBOOT, "smp", "--port", str(port), "image", "upload", str(directory / "v2.bin")]
            with subprocess.Popen(upload, stderr=subprocess.PIPE, text=True) as client:
                self.assertIn("uploading: ", client.stderr.readline())
                client.kill()
            self.assertNotIn(1, images(port))
            run = ok(port, "image", "upload", directory / "v2.bin")
            self.assertRegex(run.out, r"resumed at byte [1-9]")
            self.assertEqual(images(port)[1]["version"], "2.0.0")

    def test_upload_survives_a_bad_line(self):
        for options in ["drop=10000"], ["corrupt=10000", "seed=7"], ["drop=30000", "corrupt=30000", "chatter"]:
            with self.subTest(options=options), device(FARBOOT, SERVER, *options) as (port, directory):
                make_image(FARBOOT, directory / "v2.bin", "2.0.0", 40000)
                ok(port, "image", "upload", directory / "v2.bin", timeout="0.2")
                self.assertEqual(images(port)[1]["version"], "2.0.0")

    def test_another_file_starts_anew(self):
        with device(FARBOOT, SERVER) as (port, directory):
            for version in "2.0.0", "3.0.0":
                make_image(FARBOOT, directory / "new.bin", version, 50000)
                run = ok(port, "image", "upload", directory / "new.bin")
                self.assertNotIn("resumed", run.out)
                self.assertEqual(images(port)[1]["version"], version)

    def test_wrong_files_are_refused_before_anything_is_lost(self):
        with device(FARBOOT, SERVER) as (port, directory):
            good = make_image(FARBOOT, directory / "v2.bin", "2.0.0", 50000)
            ok(port, "image", "upload", directory / "v2.bin")
            before = images(port)
            wrong = directory / "wrong.bin"
            wrong.write_bytes(b"\x7fELF" + bytes(1000))
            self.assertIn("not an MCUboot image", refused(port, "image", "upload", wrong))
            wrong.write_bytes(good[:-200])
            self.assertIn("cut short", refused(port, "image", "upload", wrong))
            wrong.write_bytes(b":020000040000FA\n")
            self.assertIn("Intel HEX", refused(port, "image", "upload", wrong))
            self.assertIn("nothing.bin", refused(port, "image", "upload", directory / "nothing.bin"))
            make_image(FARBOOT, wrong, "2.0.0", 200000)
            self.assertRegex(refused(port, "image", "upload", wrong), r"has \d+ bytes, .* takes at most 188416")
            self.assertIn("device refused", refused(port, "--image", "1", "image", "upload", directory / "v2.bin"))
            self.assertEqual(images(port), before)

    def test_ports(self):
        with device(FARBOOT, SERVER) as (port, directory):
            self.assertIn("does not exist", refused(directory / "none", "image", "list"))
            (directory / "file").write_bytes(b"")
            self.assertIn("not a serial port", refused(directory / "file", "image", "list"))
            master, slave = pty.openpty()
            self.assertIn("no answer", refused(os.ttyname(slave), "os", "echo", "x"))
            os.close(master)
            os.close(slave)
            self.assertEqual(Run(port, "image", "frobnicate").status, 2)
            self.assertEqual(Run(port, "image", "upload").status, 2)
            self.assertEqual(Run(port, "image", "list", "x").status, 2)

    def test_a_terminal_gets_a_bar(self):
        with device(FARBOOT, SERVER) as (port, directory):
            make_image(FARBOOT, directory / "v2.bin", "2.0.0", 50000)
            master, slave = pty.openpty()
            shown = b""
            with subprocess.Popen([FARBOOT, "smp", "--port", str(port), "image", "upload", str(directory / "v2.bin")],
                                  stdout=subprocess.DEVNULL, stderr=slave) as client:
                os.close(slave)
                with contextlib.suppress(OSError):  # the terminal's end
                    while True:
                        shown += os.read(master, 65536)
            os.close(master)
            self.assertEqual(client.returncode, 0)
            self.assertIn(b"100 %", shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
