#!/usr/bin/env python3
"""Settles London's real taps and checks every figure against the data.

    check_london.py FAREGATE DATA.csv.gz

FAREGATE is the program, DATA the Oyster sample (`../shared/data/afc/london_oyster_*.csv.gz` from
the root of the workspace). The taps are settled three times: as they are, shuffled with every
tenth repeated into a second database, and once more the shuffled file into the first one. Each
time the figures must be those that `london.py` counts in DATA, and the canonical dumps of both
databases must be the same byte for byte. Prints what it saw; ends with 1 when anything differs,
with 2 when DATA is not there.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import london

SEED = 20091102
REPEAT_EVERY = 10


def settle(faregate, folder, database, dump):
    """Runs `faregate settle`; returns its object."""
    command = [faregate, "settle", "--json", "--city", folder / "city", "--taps"]
    command += [folder / "taps.csv", "--db", f"sqlite://{database}", "--dump", dump]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise SystemExit(f"faregate settle ended with {done.returncode}\n{done.stdout}")
    return json.loads(done.stdout)


def compare(label, expected, seen):
    """Prints each figure; returns how many are wrong."""
    wrong = 0
    print(f"{label} ({seen['wall_s']:.1f} s)")
    for key, value in expected.items():
        if key == "rows":
            continue
        good = seen.get(key) == value
        wrong += not good
        print(f"  {key:17} {seen.get(key)!s:>12} " + ("" if good else f"WRONG, expected {value}"))
    return wrong


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    faregate, data = sys.argv[1:]
    if not pathlib.Path(data).is_file():
        print(f"{data} is absent: London's taps were not settled", file=sys.stderr)
        return 2
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="faregate-london-") as place:
        place = pathlib.Path(place)
        plain = london.convert(data, place / "plain")
        mixed = london.convert(data, place / "mixed", SEED, REPEAT_EVERY)
        first, second = place / "first.sqlite", place / "second.sqlite"
        dumps = [place / name for name in ("first.dump", "second.dump", "again.dump")]

        seen = settle(faregate, place / "plain", first, dumps[0])
        wrong += compare("as they are", {**plain, "recompute_equal": True}, seen)
        seen = settle(faregate, place / "mixed", second, dumps[1])
        wrong += compare("shuffled, every tenth twice", {**mixed, "recompute_equal": True}, seen)
        seen = settle(faregate, place / "mixed", first, dumps[2])
        known = {**mixed, "duplicates": mixed["rows"], "recompute_equal": True}
        wrong += compare("the shuffled file again, into the first books", known, seen)

        texts = [dump.read_bytes() for dump in dumps]
        same = texts[0] == texts[1] == texts[2]
        wrong += not same
        print(f"canonical dumps ({len(texts[0])} bytes): " + ("equal" if same else "DIFFERENT"))
    print("London: " + ("every figure is the data's" if wrong == 0 else f"{wrong} WRONG"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
