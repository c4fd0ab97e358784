#!/usr/bin/env python3
"""Runs one case of the Partition Manager and compares all that it writes with what is expected.

usage: golden_test.py FARBOOT CASE [--update]

CASE is a folder: `commands` holds a farboot command a line ("> FILE" takes its standard output, "\\" continues the
line); every other file is an input; `expected/` holds each file that the commands must write, byte for byte. What they
write to standard error is compared with `expected/stderr` if the case has it. --update rewrites `expected/` after a
deliberate change; read the difference before you commit it.
"""
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile


def run(farboot, work, line):
    words = shlex.split(line)
    output = None
    if ">" in words:
        output = work / words[words.index(">") + 1]
        words = words[:words.index(">")]
    done = subprocess.run([farboot, *words], cwd=work, capture_output=True, timeout=60)
    if output is not None:
        output.write_bytes(done.stdout)
    return done.stderr


def files_below(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run_case(farboot, case):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for name, data in files_below(case).items():
            if name != "commands" and not name.startswith("expected/"):
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).write_bytes(data)
        inputs = files_below(work)
        commands = (case / "commands").read_text().replace("\\\n", " ")
        errors = b"".join(run(farboot, work, line) for line in commands.splitlines() if line.strip())
        written = {n: d for n, d in files_below(work).items() if inputs.get(n) != d}
    if errors:
        written["stderr"] = errors
    return written


def main():
    farboot, case = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    written = run_case(farboot, case)
    if sys.argv[3:] == ["--update"]:
        shutil.rmtree(case / "expected", ignore_errors=True)
        for name, data in written.items():
            (case / "expected" / name).parent.mkdir(parents=True, exist_ok=True)
            (case / "expected" / name).write_bytes(data)
    expected = files_below(case / "expected")
    for name in sorted(set(written) | set(expected)):
        if written.get(name) != expected.get(name):
            print(f"{case.name}/{name}: expected:\n{expected.get(name, b'(no such file)').decode()}\n"
                  f"--- found:\n{written.get(name, b'(no such file)').decode()}")
            return 1
    if not expected:
        print(f"{case.name}: nothing is expected, which tests nothing")
        return 1
    print(f"{case.name}: {len(expected)} files as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
