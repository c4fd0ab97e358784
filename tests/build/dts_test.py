#!/usr/bin/env python3
"""`farboot dts` as a user calls it: status, messages, and outputs that appear whole or not at all.

usage: dts_test.py FARBOOT
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = sys.argv[1]
SOURCE = '/dts-v1/; / { n: node@10 { compatible = "test,thing"; count = <3>; }; chosen { test,it = &n; }; };'
BINDING = "properties:\n  compatible: {type: string-array}\n  count: {type: int, required: true}\n"


class DtsTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        (self.directory / "test,thing.yaml").write_text(BINDING, encoding="utf-8")

    def blob(self, source=SOURCE):
        subprocess.run(["dtc", "-q", "-@", "-O", "dtb", "-o", self.directory / "a.dtb"], input=source, text=True, check=True)
        return self.directory / "a.dtb"

    def run_tool(self, *arguments):
        run = subprocess.run([TOOL, "dts", *map(str, arguments)], capture_output=True, text=True, check=False)
        return run.returncode, run.stdout, run.stderr

    def test_outputs(self):
        header, cmake = self.directory / "d.h", self.directory / "d.cmake"
        status, _, errors = self.run_tool(self.blob(), "-b", self.directory, "--header", header, "--cmake", cmake)
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("#define DT_N_S_node_10_P_count 3\n", header.read_text(encoding="utf-8"))
        self.assertIn('set("DT_PROP_/node@10_count" "3")', cmake.read_text(encoding="utf-8"))

    def test_standard_output(self):
        status, output, _ = self.run_tool(self.blob(), "-b", self.directory, "--json", "-")
        self.assertEqual(status, 0)
        self.assertIn('"chosen": {"test,it": "/node@10"}', output)

    def test_findings_fail_and_leave_no_output(self):
        header = self.directory / "d.h"
        status, _, errors = self.run_tool(self.blob(SOURCE.replace("count = <3>;", "")), "-b", self.directory,
                                          "--header", header)
        self.assertEqual(status, 1)
        self.assertIn('error: /node@10: property count is required by "test,thing"', errors)
        self.assertFalse(header.exists())

    def test_bad_inputs_name_the_file(self):
        (self.directory / "bad.dtb").write_bytes(b"\xd0\x0d\xfe\xed" + bytes(60))
        status, _, errors = self.run_tool(self.directory / "bad.dtb")
        self.assertEqual((status, "bad.dtb is no valid devicetree blob" in errors), (1, True))
        status, _, errors = self.run_tool(self.directory / "none.dtb")
        self.assertEqual((status, "none.dtb" in errors), (1, True))
        (self.directory / "test,thing.yaml").write_text("properties: [\n", encoding="utf-8")
        status, _, errors = self.run_tool(self.blob(), "-b", self.directory)
        self.assertEqual((status, "test,thing.yaml: not a readable YAML file" in errors), (1, True))
        (self.directory / "test,thing.yaml").write_text("include: nowhere.yaml\n", encoding="utf-8")
        status, _, errors = self.run_tool(self.blob(), "-b", self.directory)
        self.assertEqual((status, "the included nowhere.yaml" in errors), (1, True))

    def test_usage(self):
        self.assertEqual(self.run_tool()[0], 2)
        status, output, _ = self.run_tool("--help")
        self.assertEqual((status, "example:" in output), (0, True))

    def test_full_disk(self):
        status, _, errors = self.run_tool(self.blob(), "-b", self.directory, "--json", "/dev/full/x")
        self.assertEqual((status, "/dev/full/x" in errors), (1, True))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
