#!/usr/bin/env python3
"""Kills QEMU (SIGKILL) at random instants of an update and starts it again, until the update has come to its end; many
times. Flash is files, so what the chips had taken lasts and nothing else does, as when power is lost; a page or an erase
that was being written to a file is torn.

usage: kills.py BOARD OLD_BUILD NEW_BUILD [--kills N] [--seed S] [--round R]

A round is one story from its beginning: which one, how often QEMU is killed in it and when follow from the seed and the
round's number (--round plays that one alone); the instants themselves are real time, so the same round need not hit the same instruction.

| story | starts as | must end as |
| upload | 1.0.0 runs, the upload of 2.0.0 begins | 1.0.0 |
| install | a test of 2.0.0 is asked for | 2.0.0; 1.0.0 when 2.0.0 had been installed whole and then did not confirm itself |
| keep | 2.0.0 is asked for, confirmed | 2.0.0 |
| revert | 2.0.0 has run and is not confirmed | 1.0.0 |
"""
import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time

from qemu_device import Device, Failed, digest, seed_of, skip_without_qemu

STORIES = ("upload", "install", "install", "keep", "keep", "revert", "revert")
IN_A_ROW = 4       # kills of one round at most
BEGINS = "*** Booting"
INSTALLED = "Update: 100 %"  # from here on the image may have been marked as tried


class Campaign:
    def __init__(self, words, scratch):
        self.words, self.scratch = words, pathlib.Path(scratch)
        self.update = words.new / "app_update.bin"
        self.flash = self.scratch / "flash"
        self.durations = {}  # seconds from a story's beginning to the application, uninterrupted
        self.kills = self.ends_new = self.ends_old = 0

    def snapshot(self, device, name):
        device.stop()
        shutil.copytree(self.flash, self.scratch / name)

    def restore(self, name):
        shutil.rmtree(self.flash)
        shutil.copytree(self.scratch / name, self.flash)

    def boot(self, device, story):
        """One boot without interruption, timed."""
        device.start()
        device.wait(BEGINS)
        started = time.monotonic()
        runs = device.wait_for_application()
        self.durations[story] = time.monotonic() - started
        return runs

    def prepare(self, device):
        """The states that stories start from."""
        wanted = digest(self.update)
        device.board.load(self.words.old / "merged.hex")
        self.boot(device, "upload")
        self.snapshot(device, "upload")
        self.boot(device, "upload")
        started = time.monotonic()
        device.smp("image", "upload", self.update)
        self.durations["upload"] = time.monotonic() - started
        self.snapshot(device, "uploaded")
        self.boot(device, "uploaded")
        device.smp("image", "confirm", wanted)
        self.snapshot(device, "keep")
        self.boot(device, "keep")
        device.kill()
        self.restore("uploaded")
        self.boot(device, "uploaded")
        device.smp("image", "test", wanted)
        self.snapshot(device, "install")
        self.boot(device, "install")
        self.snapshot(device, "revert")
        self.boot(device, "revert")
        device.kill()

    def cut(self, device, story, fraction):
        """Starts QEMU and kills it; `fraction` of the story's duration behind its beginning. What the console showed."""
        upload = None
        device.start()
        start = device.seen
        device.wait(BEGINS)
        if story == "upload":
            device.wait_for_application()
            upload = device.smp_process("image", "upload", "--timeout", "1", self.update)
        time.sleep(fraction * self.durations[story])
        device.kill()
        self.kills += 1
        if upload is not None:
            upload.kill()
            upload.communicate()
        return device.console.text[start:].decode(errors="replace")

    def check(self, device, story, shown):
        """Boots to the application, and says whether it is the right one."""
        device.start()
        version, state = device.wait_for_application()
        device.kill()
        is_old = (version, state) == ("1.0.0", "confirmed")
        right = {"upload": is_old, "revert": is_old, "keep": (version, state) == ("2.0.0", "confirmed"),
                 "install": (version, state) == ("2.0.0", "test")}[story]
        if story == "install" and is_old:
            right = any(self.tried_after in console for console in shown)
        if not right:
            raise Failed(f"version {version} ({state}) runs")
        self.ends_old += is_old
        self.ends_new += not is_old

    def play(self, device, number):
        rng = random.Random(f"{self.words.seed}/{number}")
        story = rng.choice(STORIES)
        fractions = [rng.random() for _ in range(rng.randint(1, IN_A_ROW))]
        shown = []
        try:
            self.restore(story)
            for fraction in fractions:
                shown.append(self.cut(device, story, fraction))
            self.check(device, story, shown)
        except Failed as failed:
            raise Failed(f"round {number} of seed {self.words.seed}: {story}, killed at "
                         f"{', '.join(f'{f * self.durations[story]:.3f} s' for f in fractions)}: {failed}\n"
                         + "\n--- killed ---\n".join(shown)) from None

    def run(self, device):
        self.prepare(device)
        # In modes that choose an image nothing is installed: "tried" is written in the very boot that starts it.
        self.tried_after = INSTALLED if INSTALLED in device.console.text.decode(errors="replace") else BEGINS
        rounds = range(10**9) if self.words.round is None else [self.words.round]
        for number in rounds:
            if self.kills >= self.words.kills:
                break
            self.play(device, number)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("board")
    parser.add_argument("old", type=pathlib.Path)
    parser.add_argument("new", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--round", type=int)
    words = parser.parse_args()
    words.seed = seed_of(words.seed)
    skip_without_qemu()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, Device(words.board, scratch) as device:
        campaign = Campaign(words, scratch)
        try:
            campaign.run(device)
        except Failed as failed:
            kept = pathlib.Path(tempfile.mkdtemp(prefix="farboot-qemu-"))
            shutil.copytree(campaign.flash, kept, dirs_exist_ok=True)
            print(f"FAILED after {campaign.kills} kills, seed {words.seed}; flash is in {kept}: {failed}")
            return 1
    print(f"{words.board} {words.old.name}: seed {words.seed}, {campaign.kills} kills, always a valid image; "
          f"ended with 2.0.0 {campaign.ends_new} times, with 1.0.0 {campaign.ends_old} times; "
          f"{time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
