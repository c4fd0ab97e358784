#!/usr/bin/env python3
"""Flash that MCUboot left when its power was cut in the middle of a swap is finished by Farboot. And from the same start
Farboot comes by the very same flash contents, so that MCUboot would finish what Farboot began; MCUboot itself is not run.

usage: vectors_test.py BOOT_DUMP FOLDER

FOLDER (or the environment's FARBOOT_VECTORS) holds README.json, which says what must come out of each dump. Exit status
77 where there is no folder.
"""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

MODES = {"swap-using-offset": "offset", "swap-using-move": "move", "swap-using-scratch": "scratch"}
MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
ERASED = b"\xff"
CUT_SHORT = 3  # boot_dump's exit status
SCRATCH = 3    # README.json's number of the area


class Slots:
    """A pair of slots in files, booted in place."""

    def __init__(self, boot_dump, folder, work):
        self.boot_dump, self.folder, self.work = boot_dump, folder, work
        self.primary, self.secondary, self.scratch = work / "primary.bin", work / "secondary.bin", work / "scratch.bin"

    def load(self, vector, directory, name):
        internal, external = (gzip.decompress((self.folder / directory / f"{name}_{part}.bin.gz").read_bytes())
                              for part in ("int", "ext"))
        size = vector["internal_flash"]["primary_slot"][1]
        self.primary.write_bytes(internal[:size])
        self.scratch.write_bytes(internal[size:])
        self.secondary.write_bytes(external)

    def start(self, vector):
        """As an application left them: the old image in place, the new one uploaded and asked for."""
        old, new = image(self.folder, "old"), image(self.folder, "new")
        size = vector["internal_flash"]["primary_slot"][1]
        offset = vector["external_flash"]["new_image_initial_offset_in_secondary"]
        self.primary.write_bytes(old.ljust(size, ERASED))
        self.secondary.write_bytes((ERASED * offset + new).ljust(size - len(MAGIC), ERASED) + MAGIC)
        self.scratch.write_bytes(ERASED * (vector["internal_flash"]["size"] - size))

    def areas(self):
        return [path.read_bytes() for path in (self.primary, self.secondary, self.scratch)]

    def boot(self, mode, max_sectors, *cut):
        run = subprocess.run([self.boot_dump, mode, self.primary, self.secondary, self.scratch,
                              self.folder / "public_key_p256.der", str(max_sectors), *map(str, cut)],
                             capture_output=True, text=True)
        return run.returncode, run.stdout + run.stderr


def image(folder, name):
    return gzip.decompress((folder / f"{name}_image_signed.bin.gz").read_bytes())


def trailer(slot):
    """magic, image_ok, copy_done, swap type as README.json places them from the slot's end."""
    return slot[-16:].hex(), slot[-24], slot[-32], slot[-40]


def problems(slots, folder, expected):
    """What differs from the expectation, as a list of lines."""
    found = []
    primary, secondary = slots.primary.read_bytes(), slots.secondary.read_bytes()
    new_runs = expected["primary_begins_with"].startswith("new")
    runs, kept = image(folder, "new" if new_runs else "old"), image(folder, "old" if new_runs else "new")
    offset = expected["secondary_image_offset"]
    if primary[:len(runs)] != runs:
        found.append("another image is in the primary slot")
    if secondary[offset:offset + len(kept)] != kept:
        found.append(f"the other image is not in the secondary slot at {offset}")
    magic, image_ok, copy_done, swap_info = trailer(primary)
    if magic != MAGIC.hex() or copy_done != 1:
        found.append("the primary trailer does not say that the swap is complete")
    if image_ok != (0xff if new_runs else 1) or swap_info != (2 if new_runs else 4):
        found.append(f"image_ok is {image_ok:#x}, swap_info {swap_info:#x}")
    return found


def runs(readme, folder):
    """Vector, dump and expectation of every boot to be tried."""
    for name, vector in readme["vectors"].items():
        for cut in vector["cuts"]:
            yield name, f"cut_{cut['n']:02}", vector["final_expected"]
        # What MCUboot completed is understood as well: without confirmation the next boot reverts.
        if (folder / name / "final_ext.bin.gz").exists():
            yield name, "final", readme["vectors"][name + "-revert"]["final_expected"]


def what_counts(areas, name, cut):
    """The areas without the two bytes and places in which the bootloaders may differ and read each other's."""
    primary, secondary, scratch = map(bytearray, areas)
    if name.endswith("-revert"):
        primary[-24] = 0xff  # image_ok: Farboot sets it with the rest of the trailer, MCUboot in some modes at the end
    if cut["next_op"]["area"] == SCRATCH:
        del scratch[cut["next_op"]["off"]:]  # Farboot erases scratch as it is filled, MCUboot all of it before
    return primary, secondary, scratch


def comes_by(slots, name, vector, cut, max_sectors):
    """Whether a boot of Farboot has, before one of its operations, the contents that MCUboot left at `cut`."""
    slots.load(vector, name, f"cut_{cut['n']:02}")
    wanted = what_counts(slots.areas(), name, cut)
    status, op = CUT_SHORT, 0
    while status == CUT_SHORT:
        if name.endswith("-revert"):
            slots.load(vector, name.removesuffix("-revert"), "final")
        else:
            slots.start(vector)
        status, _ = slots.boot(MODES[vector["mode"]], max_sectors, op)
        if what_counts(slots.areas(), name, cut) == wanted:
            return True
        op += 1
    return False


def main():
    boot_dump = sys.argv[1]
    folder = pathlib.Path(os.environ.get("FARBOOT_VECTORS", sys.argv[2]))
    if not (folder / "README.json").exists():
        print(f"SKIPPED: no flash dumps of MCUboot in {folder}; set FARBOOT_VECTORS")
        return 77
    readme = json.loads((folder / "README.json").read_text())
    max_sectors = readme["mcuboot_config"]["BOOT_MAX_IMG_SECTORS"]
    done, reached, failed = 0, 0, 0
    with tempfile.TemporaryDirectory() as work:
        slots = Slots(boot_dump, folder, pathlib.Path(work))
        for name, dump, expected in runs(readme, folder):
            vector = readme["vectors"][name]
            slots.load(vector, name, dump)
            status, text = slots.boot(MODES[vector["mode"]], max_sectors)
            wrong = problems(slots, folder, expected) if status == 0 else ["no image boots"]
            done += 1
            if wrong:
                failed += 1
                print(f"{name}/{dump}: {'; '.join(wrong)}\n{text}")
        for name, vector in readme["vectors"].items():
            for cut in vector["cuts"]:
                reached += 1
                if not comes_by(slots, name, vector, cut, max_sectors):
                    failed += 1
                    print(f"{name}/cut_{cut['n']:02}: Farboot never has these flash contents")
    print(f"{done} dumps of MCUboot finished, contents of {reached} come by; {failed} failures")
    return 1 if failed or done == 0 else 0


sys.exit(main())
