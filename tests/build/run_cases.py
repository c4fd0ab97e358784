#!/usr/bin/env python3
"""Configures cases of cases.py and compares what came out; nothing is compiled.

usage: run_cases.py GROUP|CASE FARBOOT_BASE FARBOOT_TOOL
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import cases


def write_tree(root, files):
    for name, text in files.items():
        if text is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def configure(case, source, base, tool, *options):
    command = ["cmake", "-S", source, "-B", source / "build", "-G", "Ninja", f"-DBOARD={case.board}",
               f"-DFARBOOT_TOOL={tool}", f"-DFARBOOT_PYTHON={sys.executable}", *options, *case.args]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                         env=os.environ | {"FARBOOT_BASE": base})
    return run.returncode, run.stdout


def node_paths(dts):
    """Paths of all nodes in dtc's output."""
    paths, open_nodes = set(), []
    for line in dts.splitlines():
        text = line.strip()
        if text.endswith("{"):
            open_nodes.append(re.sub(r"^(\w+: )*", "", text[:-1].strip()))
            paths.add("/" + "/".join(open_nodes[1:]))
        elif text.startswith("}"):
            open_nodes.pop()
    return paths


def check_image_config(build, case):
    for image, lines in case.config.items():
        found = (build / image / ".config").read_text(encoding="utf-8").splitlines()
        yield from (f"{image}/.config lacks: {line}" for line in lines if line not in found)


def check_image_nodes(build, case):
    for image in case.nodes | case.no_nodes:
        found = node_paths((build / image / "devicetree.dts").read_text(encoding="utf-8"))
        yield from (f"{image}'s devicetree lacks {path}" for path in case.nodes.get(image, []) if path not in found)
        yield from (f"{image}'s devicetree has {path}" for path in case.no_nodes.get(image, []) if path in found)


def check_map(build, case):
    text = (build / "pm.config").read_text(encoding="utf-8") if case.map else ""
    values = dict(re.findall(r"^PM_(\w+)=(0x[0-9a-f]+)$", text, re.MULTILINE))
    for name, wanted in case.map.items():
        if int(values.get(name, "-1"), 0) != wanted:
            yield f"PM_{name} is {values.get(name)}, not {wanted:#x}"


def check_text(case, output):
    joined = re.sub(r"\s+", " ", output)
    for text in case.prints + case.fails:
        if re.sub(r"\s+", " ", text) not in joined:
            yield f"not printed: {text}"
    for text in case.silent:
        if text in joined:
            yield f"printed: {text}"


def check(case, status, output, build):
    if (status != 0) != bool(case.fails):
        return [f"configure step ended with status {status}"]
    problems = list(check_text(case, output))
    if status == 0:
        problems += [*check_image_config(build, case), *check_image_nodes(build, case), *check_map(build, case)]
    return problems


def run(case, base, tool, compiler):
    """Problems and output of one case. `compiler` keeps what CMake found out about the compiler for the next case."""
    with tempfile.TemporaryDirectory() as directory:
        source = pathlib.Path(directory)
        write_tree(source, cases.APPLICATION | case.files)
        known = []
        if compiler.exists():
            shutil.copytree(compiler, source / "build" / "CMakeFiles")
            known = ["-DCMAKE_PLATFORM_INFO_INITIALIZED:INTERNAL=1"]  # makes CMake read what was copied
        status, output = configure(case, source, base, tool, *known)
        if not compiler.exists() and status == 0:
            found = next((source / "build" / "CMakeFiles").glob("[0-9]*"))
            shutil.copytree(found, compiler / found.name)
        return check(case, status, output, source / "build"), output


def main():
    name, base, tool = sys.argv[1:]
    every = [case for group in cases.GROUPS.values() for case in group]
    selected = cases.GROUPS.get(name) or [case for case in every if case.name == name]
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for case in selected:
            problems, output = run(case, base, tool, pathlib.Path(directory) / "compiler")
            failed += bool(problems)
            if problems:
                print(output, *(f"{case.name}: {problem}" for problem in problems), sep="\n")
    print(f"{len(selected)} cases, {failed} failed")
    return 1 if failed or not selected else 0


if __name__ == "__main__":
    sys.exit(main())
