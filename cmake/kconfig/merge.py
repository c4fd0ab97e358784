#!/usr/bin/env python3
"""Merges an image's Kconfig fragments: .config, autoconf.h, a CMake file and facts for diagnostics.

The environment gives srctree, BOARD, BOARD_DIR, IMAGE, IMAGE_DIR and FARBOOT_DEVICETREE_JSON. As long as the inputs
are the ones of the last run, an existing .config is kept, so that what menuconfig changed survives.
"""
import argparse
import hashlib
import json
import os
import pathlib
import sys

import kconfiglib

import kconfigfunctions
import options


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, required=True, help="directory for the results")
    parser.add_argument("--fragments", nargs="*", default=[], help="in the order in which they apply")
    parser.add_argument("--set", nargs="*", default=[], metavar="CONFIG_X=y", help="from the command line, applied last")
    parser.add_argument("--follow", help="fragment with what other images decide; need not exist")
    return parser.parse_args()


def _write(path, text):
    """Leaves the file and its time alone when it is right, so that nothing is built again for nothing."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _devicetree_symbols(directory):
    """Kconfig.dts: one hidden option per enabled compatible, as Zephyr has them."""
    lines = []
    for compatible in kconfigfunctions.enabled_compatibles():
        name = "".join(c if c.isalnum() else "_" for c in compatible).upper()
        lines.append(f"config DT_HAS_{name}_ENABLED\n\tdef_bool y\n")
    _write(directory / "Kconfig.dts", "\n".join(lines))
    os.environ["KCONFIG_DTS"] = str(directory / "Kconfig.dts")


def _digest(arguments, kconf):
    digest = hashlib.sha256(repr(arguments.set).encode())
    follow = [arguments.follow] if arguments.follow and os.path.exists(arguments.follow) else []
    for path in arguments.fragments + follow + [str(pathlib.Path(kconf.srctree, f)) for f in kconf.kconfig_filenames]:
        digest.update(path.encode() + pathlib.Path(path).read_bytes())
    return digest.hexdigest()


def _fail(messages):
    for message in messages:
        print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def _followed(kconf, arguments):
    """Assignments that follow another image; they apply where this image's options allow it."""
    if not arguments.follow or not os.path.exists(arguments.follow):
        return []
    return options.sort_unknown(kconf, options.read_fragment(arguments.follow)[0])[0]


def _merge(kconf, arguments):
    assignments, bad = [], []
    for path in arguments.fragments:
        more, wrong = options.read_fragment(path)
        assignments += more
        bad += wrong
    for text in arguments.set:
        name, _, value = text.removeprefix("CONFIG_").partition("=")
        assignments.append(options.Assignment(name, value, f"command line -D{text}"))
    good, ignored, unknown = options.sort_unknown(kconf, assignments)
    if bad or unknown:
        _fail(bad + unknown)
    wrong = options.assign(kconf, good + _followed(kconf, arguments))
    if wrong:
        _fail(wrong)
    errors, warnings = options.ineffective(kconf, good)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if errors:
        _fail(errors)
    if ignored:
        names = ", ".join(f"CONFIG_{name}" for name in dict.fromkeys(ignored))
        print(f"note: accepted without effect, since there is no RTOS: {names}", file=sys.stderr)


def _configure(kconf, arguments):
    config, stamp = arguments.output / ".config", arguments.output / ".config.inputs"
    digest = _digest(arguments, kconf)
    if config.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        kconf.load_config(str(config))
    else:
        _merge(kconf, arguments)
    kconf.write_config(str(config), header="# Made from the fragments of this image; menuconfig may change it.\n",
                       save_old=False)
    stamp.write_text(digest, encoding="utf-8")


def _cmake(kconf):
    """set() for every option with a value, and the list of Kconfig files that were read."""
    lines = []
    for sym in kconf.unique_defined_syms:
        value = sym.str_value
        if sym.orig_type in (kconfiglib.BOOL, kconfiglib.TRISTATE) and value == "n":
            lines.append(f'set(CONFIG_{sym.name} "")')  # hides a -D of that name, which is the application's
        elif value != "" or sym.orig_type is kconfiglib.STRING:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace(";", "\\;")
            lines.append(f'set(CONFIG_{sym.name} "{escaped}")')
    files = ";".join(str(pathlib.Path(kconf.srctree, f)) for f in kconf.kconfig_filenames)
    lines.append(f'set(FARBOOT_KCONFIG_FILES "{files}")')
    return "\n".join(lines) + "\n"


def main():
    arguments = _arguments()
    (arguments.output / "include").mkdir(parents=True, exist_ok=True)
    _devicetree_symbols(arguments.output)
    kconf = options.load_tree(os.path.join(os.environ["srctree"], "Kconfig"))
    _configure(kconf, arguments)
    kconf.write_autoconf(str(arguments.output / "include" / "autoconf.h"), header="/* Made from .config. */\n")
    _write(arguments.output / "config.cmake", _cmake(kconf))
    facts = {"drivers": options.drivers(kconf), "indicators": options.selectors(kconf),
             "unmet": {s.name: options.unmet_dependencies(s) for s in kconf.unique_defined_syms if s.str_value == "n"}}
    _write(arguments.output / "kconfig.json", json.dumps(facts, indent=1))


if __name__ == "__main__":
    try:
        main()
    except (kconfiglib.KconfigError, OSError) as problem:
        sys.exit(f"error: {problem}")
