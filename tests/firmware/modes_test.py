#!/usr/bin/env python3
"""The modes that move images, once each, with real binaries on the virtual board: the requested update runs, and the next
boot takes it back where the mode can.

usage: modes_test.py UPDATE_BUILD BUILD...     (version 2.0.0 of the sample; version 1.0.0 with a bootloader of any mode)
"""
import re
import sys
import tempfile

import board


def is_set(build, option):
    return f'CONFIG_{option} "y"' in (build.folder / "mcuboot/config.cmake").read_text()


def upgrade(build, update):
    start = board.SECTOR if is_set(build, "BOOT_SWAP_USING_OFFSET") else 0
    kept = "2.0.0" if is_set(build, "BOOT_UPGRADE_ONLY") else "1.0.0"
    external = board.external_flash(build, update.update.read_bytes(), "test", start)
    with tempfile.TemporaryDirectory() as flash:
        there = board.run(build.merged, external, flash, "(slot primary", name=build.board)
        there.expect("Swap type: test", "Image version: v2.0.0", "smp_update 2.0.0")
        back = board.run(None, None, flash, "(slot primary", name=build.board)
        back.expect(f"Image version: v{kept}", f"smp_update {kept}")
        again = board.run(None, None, flash, "(slot primary", name=build.board)
        again.expect("Swap type: none", f"smp_update {kept}")
    mode = re.search(r"Starting (.*) algorithm", there.console)
    print(f"ok: {build.board}, {mode[1] if mode else 'overwrite'}: 2.0.0, then {kept}", flush=True)


def main():
    update, *builds = map(board.Build, sys.argv[1:])
    for build in builds:
        upgrade(build, update)


if __name__ == "__main__":
    sys.exit(main())
