#!/usr/bin/env python3
"""Power cuts at the flash operations of the sample's upgrade and revert, real binaries, clean and torn, sampled.

A run goes from request to the end with one to three cuts at random operations; it must always boot a valid image and
end with the right one: version 2.0.0 after the upgrade, version 1.0.0 after the next reset without confirmation.

usage: cuts_test.py OLD_BUILD NEW_BUILD [RUNS [SEED]]
"""
import random
import sys
import tempfile
import time

import board


def cut_options(rng, operations):
    count = rng.choice((1, 1, 2, 3))
    cuts = ",".join(str(rng.randrange(operations)) for _ in range(count))
    torn = ["--torn", "--seed", str(rng.randrange(1 << 31))] if rng.random() < 0.7 else []
    return ["--cut", cuts, *torn]


def operations(done):
    """Flash operations of the last boot, counted by the board."""
    boot = done.stats["boots"][-1]
    return sum(boot[device][kind] for device in ("internal", "external") for kind in ("erases", "programs"))


def one_run(old, new, rng, counts):
    with tempfile.TemporaryDirectory() as flash:
        external = board.external_flash(old, new.update.read_bytes(), "test")
        options = cut_options(rng, counts[0])
        board.run(old.merged, external, flash, "smp_update 2.0.0 (slot primary", options).expect("smp_update 2.0.0").reject("panic", "fault")
        back = cut_options(rng, counts[1])
        board.run(None, None, flash, "smp_update 1.0.0 (slot primary", back).expect("smp_update 1.0.0").reject("panic", "fault")
        board.run(None, None, flash, "(slot primary").expect("Swap type: none", "smp_update 1.0.0")


def main():
    old, new = map(board.Build, sys.argv[1:3])
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 30
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 31)
    print(f"cuts: seed {seed} (repeat with: {sys.argv[0]} {sys.argv[1]} {sys.argv[2]} {runs} {seed})", flush=True)
    with tempfile.TemporaryDirectory() as flash:
        external = board.external_flash(old, new.update.read_bytes(), "test")
        there = board.run(old.merged, external, flash, "smp_update 2.0.0").expect("Swap type: test", "smp_update 2.0.0")
        back = board.run(None, None, flash, "smp_update 1.0.0").expect("Swap type: revert", "smp_update 1.0.0")
    counts = operations(there), operations(back)
    rng = random.Random(seed)
    began = time.monotonic()
    for index in range(runs):
        one_run(old, new, rng, counts)
    print(f"cuts: {runs} upgrades and reverts of {counts[0]} and {counts[1]} operations, {time.monotonic() - began:.0f} s, 0 failures")


if __name__ == "__main__":
    sys.exit(main())
