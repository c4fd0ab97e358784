#!/usr/bin/env python3
"""The expected partitions.yml and regions.yml of every case are what PyYAML, which the nRF Connect SDK's own tool uses,
would write for the same data: same keys, same order, same anchors, same numbers.

usage: yaml_form_test.py CASES
"""
import pathlib
import sys

try:
    import yaml
except ImportError:
    print("skipped: no PyYAML")
    sys.exit(77)


class Dumper(yaml.Dumper):
    pass


Dumper.add_representer(int, lambda dumper, n: dumper.represent_scalar("tag:yaml.org,2002:int", hex(n)))


def main():
    checked = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*/expected/**/*.yml")):
        text = path.read_text()
        again = yaml.dump(yaml.safe_load(text), Dumper=Dumper, default_flow_style=False)
        if again != text:
            print(f"{path}: PyYAML writes it differently:\n{again}")
            return 1
        checked += 1
    print(f"{checked} files")
    return 0 if checked >= 10 else 1


if __name__ == "__main__":
    sys.exit(main())
