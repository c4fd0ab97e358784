#!/usr/bin/env python3
"""Builds the bootloader for each row of size_limits.txt, board by update mode, and compares flash and RAM with it.

The bootloader is the one of samples/smp_update, or of tests/choose where a mode moves no image and code runs from flash:
ECDSA P-256, console, drivers of the slots' devices. Another version of the compiler makes other sizes, which is no failure (exit status 77).

usage: sizes.py FARBOOT FOLDER [--lower]      --lower: take what is smaller now into size_limits.txt
example: tests/build/sizes.py build/host/farboot build/sizes
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
from importlib.machinery import SourceFileLoader

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMITS = pathlib.Path(__file__).resolve().parent / "size_limits.txt"
COMPILER = "arm-none-eabi-gcc"
STEP = 64  # bytes that limits are rounded up to
SKIPPED = 77

# What a mode takes besides the board: options of the bootloader, where updates lie in the secondary slot (None: the mode
# moves no images, and tests/choose is built), other arguments.
SAMPLE, CHOOSE = ROOT / "samples/smp_update", ROOT / "tests/choose"
SECTOR = 4096
OUTSIDE = ["-Dmcuboot_CONFIG_NORDIC_QSPI_NOR=y", f"-Dmcuboot_EXTRA_DTC_OVERLAY_FILE={CHOOSE}/external.overlay"]
MODES = {
    "swap using offset": (["BOOT_SWAP_USING_OFFSET=y"], SECTOR, []),
    "swap using move": (["BOOT_SWAP_USING_MOVE=y"], 0, []),
    "swap using scratch": (["BOOT_SWAP_USING_SCRATCH=y"], 0, []),
    "overwrite only": (["BOOT_UPGRADE_ONLY=y"], 0, []),
    "upgrade with backup": (["BOOT_UPGRADE_WITH_BACKUP=y"], 0, []),
    "direct XIP": (["BOOT_DIRECT_XIP=y"], None, []),
    "direct XIP with revert": (["BOOT_DIRECT_XIP=y", "BOOT_DIRECT_XIP_REVERT=y"], None, []),
    "RAM load": (["BOOT_RAM_LOAD=y"], None, OUTSIDE),
    "single slot": (["SINGLE_APPLICATION_SLOT=y"], None, []),
}


# Boards whose images run from RAM in every mode: the sample has all that they have. The second loads to RAM, with a way
# back, unless told otherwise.
FROM_RAM = ("ast1030_evb", "emcraft_sf2")
NO_RAM_LOAD = ["BOOT_RAM_LOAD_REVERT=n"]


def source_of(mode):
    return CHOOSE if MODES[mode][1] is None else SAMPLE


def definitions(mode):
    options, _, words = MODES[mode]
    return [*(f"-Dmcuboot_CONFIG_{option}" for option in options), *words]


def size_of(build):
    """Flash and RAM of a build folder's bootloader, as the build reports them."""
    report = SourceFileLoader("report", str(ROOT / "cmake/report.py")).load_module()
    _, flash, _, ram, _ = report._row(build, "mcuboot")
    return flash, ram


def measure(tool, folder, board, mode):
    source, words = source_of(mode), definitions(mode)
    if board in FROM_RAM:
        options = MODES[mode][0] + ([] if mode == "RAM load" else NO_RAM_LOAD)
        source, words = SAMPLE, [f"-Dmcuboot_CONFIG_{option}" for option in options]
    build = folder / board / mode.replace(" ", "_")
    for command in (["cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DBOARD={board}",
                     f"-DFARBOOT_TOOL={tool.resolve()}", *words],
                    ["cmake", "--build", build, "--target", "mcuboot"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"sizes: {' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return size_of(build)


def read_limits():
    """The compiler's version, and {(board, mode): (flash, ram)} in the file's order."""
    lines = [line.split("#")[0].split() for line in LIMITS.read_text().splitlines()]
    lines = [words for words in lines if words]
    return lines[0][1], {(words[0], " ".join(words[1:-2])): (int(words[-2]), int(words[-1])) for words in lines[1:]}


def write_limits(limits):
    """Rows only; what is above the first of them stays."""
    text = LIMITS.read_text()
    head = text[:text.index("\n", text.index("\ncompiler ") + 1) + 1]
    LIMITS.write_text(head + "".join(f"{board:<13} {mode:<23} {flash:>6} {ram:>6}\n"
                                     for (board, mode), (flash, ram) in limits.items()))


def measure_all(tool, folder):
    """Yields (board, mode), sizes, limits for each row."""
    _, limits = read_limits()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        sizes = pool.map(lambda row: measure(tool, folder, *row), limits)
        yield from zip(limits, sizes, limits.values())


def print_table(rows):
    print(f"{'board':<13} {'update mode':<23} {'flash':>8} {'limit':>8} {'RAM':>7} {'limit':>7}")
    for (board, mode), (flash, ram), (flash_limit, ram_limit) in rows:
        print(f"{board:<13} {mode:<23} {flash:>8,} {flash_limit:>8,} {ram:>7,} {ram_limit:>7,}", flush=True)
    print("Bytes of the bootloader; RAM with its stack.")


def excesses(rows):
    for (board, mode), size, limit in rows:
        for what, now, most in zip(("flash", "RAM"), size, limit):
            if now > most:
                yield (f"{board}, {mode}: the bootloader takes {now:,} bytes of {what}, {now - most:,} more than its limit. "
                       f"Make it smaller; or raise the row in {LIMITS.relative_to(ROOT)} and say in the commit what the bytes buy.")


def rounded(size):
    return -(-size // STEP) * STEP


def lower(rows):
    write_limits({key: tuple(min(rounded(now), most) for now, most in zip(size, limit)) for key, size, limit in rows})


def main():
    if len(sys.argv) < 3 or "--help" in sys.argv:
        raise SystemExit(__doc__)
    tool, folder = map(pathlib.Path, sys.argv[1:3])
    version = subprocess.run([COMPILER, "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    expected, _ = read_limits()
    rows = list(measure_all(tool, folder))
    print_table(rows)
    if version != expected:
        print(f"skipped: the limits are for {COMPILER} {expected}, this is {version}")
        return SKIPPED
    if sys.argv[3:] == ["--lower"]:
        lower(rows)
    wrong = list(excesses(rows))
    print("\n".join(wrong), file=sys.stderr)
    if any(most - now >= 2 * STEP for _, size, limit in rows for now, most in zip(size, limit)):
        print("Something got smaller: sizes.py --lower takes it into the limits.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
