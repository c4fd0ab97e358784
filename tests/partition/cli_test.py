#!/usr/bin/env python3
"""farboot pm as a command: exit statuses, one-line errors, files that appear whole or not at all, colours.

usage: cli_test.py FARBOOT
"""
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

FARBOOT = str(pathlib.Path(sys.argv[1]).resolve())
REGION = ["--regions", "flash_primary", "--flash_primary-size", "0x10000", "--flash_primary-placement-strategy=complex",
          "--flash_primary-device", "flash_controller"]
OUT = ["--output-partitions", "partitions.yml", "--output-regions", "regions.yml"]


def run(work, *words, expect=0):
    done = subprocess.run([FARBOOT, "pm", *words], cwd=work, capture_output=True, text=True, timeout=60)
    assert done.returncode == expect, f"{words}: exit status {done.returncode}: {done.stderr}"
    if expect != 0:
        assert done.stderr.startswith("farboot pm") and done.stderr.count("\n") == 1, done.stderr
    return done


def check_help(work):
    for words in ([], ["output"], ["report"]):
        text = run(work, *words, "--help").stdout
        assert "example:" in text and "usage: farboot pm" in text, text
    assert "--flash_primary-dynamic-partition NAME" in run(work, *REGION, "--help").stdout
    assert "--REGION-size BYTES" in run(work, "--help").stdout


def check_wrong_usage(work):
    run(work, expect=2)
    run(work, "--input-files", "pm.yml", expect=2)
    run(work, "--input-files", "pm.yml", *REGION, *OUT, "--external_flash-size", "4", expect=2)
    run(work, "--input-files", "pm.yml", *REGION, *OUT, "--flash_primary-size", "much", expect=2)
    run(work, "--input-files", "pm.yml", *REGION, *OUT, "--flash_primary-placement-strategy", "any", expect=2)
    run(work, "--input-files", "pm.yml", *OUT, "--regions", "flash-1", "--flash-1-size", "4", expect=2)
    run(work, "output", "--config-file", "pm.config", expect=2)
    run(work, "output", "--input-partitions", "p", "--input-regions", "r", "--images", "app", expect=2)
    run(work, "report", expect=2)
    assert not list(work.iterdir())


def check_failure_writes_nothing(work):
    (work / "pm.yml").write_text("x:\n  size: 0x20000\n  placement: {before: end}\n")
    error = run(work, "--input-files", "pm.yml", *REGION, *OUT, expect=1).stderr
    assert "flash_primary" in error and "0x20000" in error, error
    run(work, "--input-files", "pm.yml", *REGION, *OUT, "--static-config", "none.yml", expect=1)
    assert [p.name for p in work.iterdir()] == ["pm.yml"]


def check_life_of_a_map(work):
    (work / "pm.yml").write_text("x:\n  size: 0x1000\n  placement: {before: end}\n")
    run(work, "--input-files", "pm.yml", "none.yml", *REGION, *OUT)
    before = (work / "partitions.yml").stat()
    run(work, "--input-files", "pm.yml", *REGION, *OUT)
    after = (work / "partitions.yml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns), "unchanged file was written again"
    inputs = ["--input-partitions", "partitions.yml", "--input-regions", "regions.yml"]
    run(work, "output", *inputs, "--config-file", "pm.config")
    assert "PM_X_ADDRESS=0xf000" in (work / "pm.config").read_text()
    error = run(work, "output", *inputs, "--images", "boot", "--header-files", "boot.h", expect=1).stderr
    assert "'boot'" in error and not (work / "boot.h").exists(), error
    run(work, "output", *inputs, "--images", "NET:app", "--header-files", "app.h", expect=1)
    run(work, "output", "--input-partitions", "partitions.yml", "--input-regions", "partitions.yml", "--config-file",
        "pm.config", expect=1)


def check_report(work):
    plain = run(work, "report", "--input", "partitions.yml").stdout
    assert "\033" not in plain and "x (0x1000 - 4kB)" in plain, plain
    assert run(work, "report", "-q", "-i", "partitions.yml").stdout == ""
    run(work, "report", "-i", "none.yml", expect=1)
    master, slave = pty.openpty()
    subprocess.run([FARBOOT, "pm", "report", "-i", "partitions.yml"], cwd=work, stdout=slave, check=True, timeout=60,
                   env={**os.environ, "TERM": "xterm", "NO_COLOR": ""})
    os.close(slave)
    colours = os.read(master, 65536).decode().replace("\r\n", "\n")
    os.close(master)
    assert "\033[93m" in colours and "\033[94m" in colours
    for code in ("\033[93m", "\033[94m", "\033[0m"):
        colours = colours.replace(code, "")
    assert colours == plain, "colours change more than colours"


def main():
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_help, check_wrong_usage, check_failure_writes_nothing, check_life_of_a_map, check_report):
            check(pathlib.Path(folder))
            print(check.__name__)


if __name__ == "__main__":
    main()
