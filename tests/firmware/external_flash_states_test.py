#!/usr/bin/env python3
"""A valid primary boots whatever state the external chip is in; an absent or foreign chip gives exactly one warning.

usage: external_flash_states_test.py BUILD
"""
import sys

import board

# chip state -> number of warnings on the console before the application's line
STATES = {"present": 0, "none": 1, "foreign": 1, "asleep": 0, "busy": 0, "4byte": 0, "reading": 0}


def main():
    build = board.Build(sys.argv[1])
    for state, warnings in STATES.items():
        done = board.run(build.merged, until="smp_update 1.0.0 (slot primary", options=["--ext-flash", state])
        done.expect("*** Booting Farboot", "Jumping to the first image slot", "smp_update 1.0.0").reject("panic", "fault")
        bootloader = done.console.split("Jumping")[0]
        found = bootloader.count("W: ") + bootloader.count("E: ")
        if found != warnings:
            raise AssertionError(f"{state}: {found} warnings, expected {warnings}\n{done.console}")
        print(f"ok: {state}")


if __name__ == "__main__":
    sys.exit(main())
