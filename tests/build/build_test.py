#!/usr/bin/env python3
"""The build step as users meet it: what a change builds again, and how link errors are explained.

usage: build_test.py FARBOOT_BASE FARBOOT_TOOL
"""
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import time
import unittest

import cases
import run_cases

BASE, TOOL = sys.argv[1:3]
USES_SECONDARY = """#include <farboot/flash_area.h>
#include "pm_config.h"

int main(void)
{
    const struct flash_area *area;

    return flash_area_open(PM_MCUBOOT_SECONDARY_ID, &area);
}
"""


class Application:
    """An application in a temporary directory, configured and built like a user's."""

    def __init__(self, files, *args):
        self._directory = tempfile.TemporaryDirectory(prefix="a path with spaces ")
        self.source = pathlib.Path(self._directory.name)
        self.build = self.source / "build"
        run_cases.write_tree(self.source, cases.APPLICATION | files)
        status, output = run_cases.configure(cases.Case("test", args=args), self.source, BASE, TOOL)
        if status != 0:
            raise AssertionError(output)

    def close(self):
        self._directory.cleanup()

    def make(self, *targets):
        command = ["cmake", "--build", str(self.build), *(("--target", *targets) if targets else ())]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                             env=os.environ | {"FARBOOT_BASE": BASE})
        return run.returncode, run.stdout

    def change(self, name, text):
        """Writes a file so that its time differs from everything built before."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        later = time.time() + 2
        os.utime(path, (later, later))

    def config(self, image):
        return (self.build / image / ".config").read_text(encoding="utf-8")


class BuildTest(unittest.TestCase):
    def application(self, files, *args):
        result = Application(files, *args)
        self.addCleanup(result.close)
        return result

    def assert_builds(self, application, *targets):
        status, output = application.make(*targets)
        self.assertEqual(status, 0, output)
        return output

    def test_missing_driver_is_explained_at_link(self):
        options = "CONFIG_BOOTLOADER_MCUBOOT=y\nCONFIG_FLASH=y\nCONFIG_PM_OVERRIDE_EXTERNAL_DRIVER_CHECK=y\n"
        application = self.application(cases.EXTERNAL | {"prj.conf": options, "src/main.c": USES_SECONDARY})
        status, output = application.make("app")
        self.assertNotEqual(status, 0)
        ordinal = re.search(r"undefined reference to `__device_dts_ord_(\d+)'", output)[1]
        explanation = output[output.index("undefined reference"):]
        self.assertIn(f"__device_dts_ord_{ordinal} is the driver of devicetree node /soc/qspi@40029000/mx25r6435f@0 "
                      "(nordic,qspi-nor, label mx25r64) in image app", explanation)
        self.assertIn("CONFIG_NORDIC_QSPI_NOR=y compiles its driver", explanation)

    def test_bootloader_too_large_names_size_limit_and_contributors(self):
        application = self.application({}, "-Dmcuboot_CONFIG_PM_PARTITION_SIZE_MCUBOOT=0x1000")
        status, output = application.make("mcuboot")
        self.assertNotEqual(status, 0)
        self.assertRegex(output, r"error: image mcuboot needs \d+ bytes, \d+ more than its partition of 4096 has")
        self.assertRegex(output, r"Raise CONFIG_PM_PARTITION_SIZE_MCUBOOT to 0x[0-9a-f]+000 or more")
        self.assertRegex(output, r"Largest contributors \(bytes\):\n +\d{3,} \S+")

    def test_image_too_large_for_the_update_mode_is_refused_when_signed(self):
        source = "const char big[0xf2000] = {1};\nint main(void)\n{\n    return *(const volatile char *)big;\n}\n"
        application = self.application(cases.EXTERNAL | {"src/main.c": source})
        status, output = application.make("app_signed")
        self.assertNotEqual(status, 0)
        self.assertIn(str(0xf4000 - 2 * 4096), output)

    def test_every_kind_of_input_builds_again_what_depends_on_it(self):
        application = self.application({"dts/mine.dtsi": "/ { mine-1 { }; };\n", "pm.yml": "",
                                        "app.overlay": "#include <mine.dtsi>\n"})
        report = self.assert_builds(application)
        self.assertRegex(report, r"(?m)^app +\d+ B +\d+ B +[\d.]+% +\d+ B")
        self.assertRegex(report, r"(?m)^mcuboot +\d+ B +49152 B")
        self.assertIn("no work to do", self.assert_builds(application, "app", "mcuboot", "merged"))
        application.change("prj.conf", "CONFIG_BOOTLOADER_MCUBOOT=y\nCONFIG_MAIN_STACK_SIZE=3000\n")
        self.assertIn("app.elf", self.assert_builds(application))
        self.assertIn("CONFIG_MAIN_STACK_SIZE=3000", application.config("app"))
        application.change("child_image/mcuboot/boards/nrf52840dk.conf", "CONFIG_MAIN_STACK_SIZE=3001\n")
        output = self.assert_builds(application)
        self.assertIn("mcuboot.elf", output)
        self.assertNotIn("app.elf", output)
        self.assertIn("CONFIG_MAIN_STACK_SIZE=3001", application.config("mcuboot"))
        application.change("dts/mine.dtsi", "/ { mine-2 { }; };\n")
        self.assert_builds(application)
        self.assertIn("mine-2", (application.build / "app" / "devicetree.dts").read_text(encoding="utf-8"))
        application.change("pm.yml", "mine:\n  size: 0x1000\n  placement:\n    before: [end]\n")
        self.assertIn("app.elf", self.assert_builds(application))
        self.assertIn("PM_MINE_SIZE=0x1000", (application.build / "pm.config").read_text(encoding="utf-8"))
        application.change("pm_static.yml", "mcuboot: {address: 0x0, size: 0xd000, region: flash_primary}\n")
        self.assert_builds(application)
        self.assertIn("PM_MCUBOOT_SIZE=0xd000", (application.build / "pm.config").read_text(encoding="utf-8"))

    def test_menuconfig_opens_and_its_changes_last_until_an_input_changes(self):
        application = self.application({})
        config = application.config("app").replace("CONFIG_MAIN_STACK_SIZE=4096", "CONFIG_MAIN_STACK_SIZE=5000")
        application.change("build/app/.config", config)
        self.assert_builds(application, "app")
        self.assertIn("CONFIG_MAIN_STACK_SIZE=5000", (application.build / "app/include/autoconf.h").read_text("utf-8")
                      .replace("#define ", "").replace("SIZE ", "SIZE="))
        application.change("prj.conf", "CONFIG_BOOTLOADER_MCUBOOT=y\n# changed\n")
        self.assert_builds(application, "app")
        self.assertIn("CONFIG_MAIN_STACK_SIZE=4096", application.config("app"))
        self.assertEqual(run_in_terminal(["cmake", "--build", str(application.build), "--target", "app_menuconfig"]), 0)


def run_in_terminal(command):
    """Status of a full-screen program that is left with q at once."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"TERM": "xterm", "FARBOOT_BASE": BASE}
        os.execvp(command[0], command)
    shown = b""
    try:
        while chunk := os.read(terminal, 4096):
            if b"Farboot: image app" in (shown := shown + chunk):
                os.write(terminal, b"q")
    except OSError:
        pass  # the other side of a terminal is gone
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
