#!/usr/bin/env python3
"""Runs clang-tidy over the files on standard input that the host build compiles, two at a time.

A file whose preprocessed text and configuration are unchanged since it last passed is not analysed again
(stamps in build/lint), so that a second ./check is quick.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

BUILD = pathlib.Path("build/host")
STAMPS = pathlib.Path("build/lint")


def preprocessed(entry):
    words = shlex.split(entry["command"])
    words = words[:words.index("-o")] + ["-E", "-P", entry["file"]]
    return subprocess.run(words, cwd=entry["directory"], capture_output=True, check=True).stdout


def analyse(entry):
    digest = hashlib.sha256(preprocessed(entry) + pathlib.Path(".clang-tidy").read_bytes()
                            + pathlib.Path(entry["file"]).read_bytes())
    stamp = STAMPS / digest.hexdigest()
    if stamp.exists():
        return 0, ""
    run = subprocess.run(["clang-tidy", "--quiet", "-p", str(BUILD), entry["file"]], capture_output=True, text=True)
    if run.returncode == 0:
        stamp.touch()
    return run.returncode, run.stdout


def main():
    wanted = {os.path.abspath(line.strip()) for line in sys.stdin}
    entries = {e["file"]: e for e in json.loads((BUILD / "compile_commands.json").read_text()) if e["file"] in wanted}
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (code, text) in zip(entries, pool.map(analyse, entries.values())):
            if code != 0:
                failed += 1
                print(f"{path}:\n{text}")
    print(f"lint: {len(entries)} files analysed, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
