#!/usr/bin/env python3
"""Turns London's Oyster sample of November 2009 into taps and a city to settle them in.

    london.py IN.csv.gz OUT_DIR [--shuffle SEED] [--repeat-every N]

IN is TfL's 5 % sample of Oyster journeys, Monday to Wednesday, one journey a row: where and in
which minute it was entered and left. It holds no card and no date, and fares are not in it. So:

- **Dates** are ours: 2 to 4 November 2009 were a Monday to Wednesday. Minutes count from midnight
  of that day in London; 1440 and more is the night after, still the same service day (04:00).
- **Seconds** are ours: entries are written at second 0 of their minute and exits at second 30, so
  that the 22 journeys entered and left in one minute keep their order.
- **Riders** are ours: journeys are packed into accounts so that an account has a few a day and
  never two at once; between two there are at least GAP_MINUTES.
- **Tariff** is ours: one fare for rails, one for trams, one for a journey without a tap off.
- **Stops** are the names of stations in IN, spelling merged over letter case. The sample has no
  coordinates, and nothing here depends on any: all stand at Charing Cross.
- An end station `Unfinished` is a journey without a tap off; `Not Applicable` is a tram ride,
  where riders only tap on. A tram ride that ends at a station's gate is a journey by rail.

OUT_DIR gets `city/` (city.toml, gtfs/), `taps.csv` and `expected.json`, which says what settling
the taps must come to. It is computed here from IN alone. Only the standard library is used.
"""

import argparse
import csv
import datetime
import gzip
import heapq
import json
import pathlib
import random
import re
import zoneinfo

ZONE = zoneinfo.ZoneInfo("Europe/London")
DAYS = {
    "Mon": datetime.date(2009, 11, 2),
    "Tue": datetime.date(2009, 11, 3),
    "Wed": datetime.date(2009, 11, 4),
}

# The tariff, in pence.
RAIL_MINOR = 200
TRAM_MINOR = 120
MAXIMUM_MINOR = 600

# Longer than any ride in the sample (141 minutes).
LONGEST_MINUTES = 180
EXIT_SECOND = 30
# Packing of journeys into accounts.
GAP_MINUTES = 20
JOURNEYS_PER_DAY_MAX = 4

TRAM_ROUTE = "tram"
NO_END = "Unfinished"
NO_EXIT = "Not Applicable"
HEADER = ["tap_id", "account_id", "time", "kind", "stop_id", "route_id", "device_id"]


def read(path):
    """The journeys of the sample, in order of entry: dicts of what we use, checked."""
    journeys = []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            entry = int(row["ent_mins_post_midnight"])
            left = int(row["ex_time_mins_post_midnight"])
            end = row["end_station"].strip()
            if end in (NO_END, NO_EXIT):
                if left != 0:
                    raise SystemExit(f"{path} line {line}: left at {left} but ends nowhere")
                left = None
            elif not entry <= left < entry + LONGEST_MINUTES:
                raise SystemExit(f"{path} line {line}: entered at {entry}, left at {left}")
            journeys.append(
                {
                    "id": row["orig_row"],
                    "day": row["day"],
                    "start": row["start_stn"].strip(),
                    "end": end,
                    "entry": entry,
                    "exit": left,
                }
            )
    if len({journey["id"] for journey in journeys}) != len(journeys):
        raise SystemExit(f"{path}: a row number is there twice")
    order = list(DAYS)
    journeys.sort(key=lambda j: (order.index(j["day"]), j["entry"], int(j["id"])))
    return journeys


def stop_id(name):
    """One id for all spellings of a name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def stops(journeys):
    """Names by stop id; of two spellings the one that is not all capitals."""
    names = {}
    for journey in journeys:
        for name in (journey["start"], journey["end"]):
            if name in (NO_END, NO_EXIT):
                continue
            known = names.setdefault(stop_id(name), name)
            if known.lower() != name.lower():
                raise SystemExit(f"{known!r} and {name!r} would be one stop")
            if known.isupper():
                names[stop_id(name)] = name
    return names


def pack(journeys):
    """Gives each journey an account. Accounts are free again GAP_MINUTES after a journey's last
    tap, and take JOURNEYS_PER_DAY_MAX a day; the one that has been free longest is next."""
    count = 0
    for day in DAYS:
        # Every account of the days before is free from the first minute on.
        free = [(0, number, 0) for number in range(count)]
        for journey in (j for j in journeys if j["day"] == day):
            if free and free[0][0] <= journey["entry"]:
                _, number, rides = heapq.heappop(free)
            else:
                number, rides = count, 0
                count += 1
            journey["account"] = f"rider-{number:05}"
            last = journey["entry"] if journey["exit"] is None else journey["exit"]
            if rides + 1 < JOURNEYS_PER_DAY_MAX:
                heapq.heappush(free, (last + GAP_MINUTES, number, rides + 1))


def instant(day, minutes, second):
    """RFC 3339 with London's offset."""
    midnight = datetime.datetime.combine(DAYS[day], datetime.time())
    wall = midnight + datetime.timedelta(minutes=minutes, seconds=second)
    return wall.replace(tzinfo=ZONE).isoformat()


def taps(journeys):
    """The rows of taps.csv, in the order of the journeys."""
    rows = []
    for journey in journeys:
        is_tram = journey["end"] == NO_EXIT

        def tap(kind, name, minutes, second):
            stop = stop_id(name)
            route = TRAM_ROUTE if is_tram else ""
            tap_id = f"{journey['id']}-{kind}"
            time = instant(journey["day"], minutes, second)
            rows.append([tap_id, journey["account"], time, kind, stop, route, f"gate-{stop}"])

        tap("on", journey["start"], journey["entry"], 0)
        if journey["exit"] is not None:
            tap("off", journey["end"], journey["exit"], EXIT_SECOND)
    return rows


def expect(journeys, rows, repeated):
    """What the books must say."""
    incomplete = sum(journey["end"] == NO_END for journey in journeys)
    trams = sum(journey["end"] == NO_EXIT for journey in journeys)
    rails = len(journeys) - incomplete - trams
    return {
        "rows": len(rows) + repeated,
        "taps": len(rows),
        "duplicates": repeated,
        "rejected": 0,
        "journeys": rails + trams,
        "incomplete": incomplete,
        "unpriced": 0,
        "charges": len({(journey["account"], journey["day"]) for journey in journeys}),
        "charged_minor": rails * RAIL_MINOR + trams * TRAM_MINOR + incomplete * MAXIMUM_MINOR,
        "currency": "GBP",
        "ledger_sum_minor": 0,
    }


def write_csv(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_city(folder, names):
    """A city of the stations seen, with the tariff above."""
    pounds = lambda minor: f"{minor // 100}.{minor % 100:02}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "city.toml").write_text(
        f"""# Made by tests/real/london.py from the Oyster sample's stations. Not London's fares.
name = "London, 5 % sample of November 2009"
time_zone = "Europe/London"
currency = "GBP"
service_day_starts = "04:00"
default_network = "rail"

[journey]
longest_minutes = {LONGEST_MINUTES}

[incomplete]
policy = "maximum_fare"
maximum_minor = {MAXIMUM_MINOR}

[operator]
name = "Sample Transit"

[[tap_on_only]]
network = "tram"
""",
        encoding="utf-8",
    )
    gtfs = folder / "gtfs"
    write_csv(
        gtfs / "agency.txt",
        ["agency_id", "agency_name", "agency_url", "agency_timezone"],
        [["sample", "Sample Transit", "https://example.org/", "Europe/London"]],
    )
    write_csv(
        gtfs / "stops.txt",
        ["stop_id", "stop_name", "stop_lat", "stop_lon"],
        [[stop, name, "51.5074", "-0.1278"] for stop, name in sorted(names.items())],
    )
    write_csv(
        gtfs / "routes.txt",
        ["route_id", "agency_id", "route_short_name", "route_type"],
        [["rail", "sample", "Rail", "1"], [TRAM_ROUTE, "sample", "Tram", "0"]],
    )
    write_csv(
        gtfs / "networks.txt",
        ["network_id", "network_name"],
        [["rail", "Rail"], ["tram", "Tram"]],
    )
    write_csv(
        gtfs / "route_networks.txt",
        ["network_id", "route_id"],
        [["rail", "rail"], ["tram", TRAM_ROUTE]],
    )
    write_csv(
        gtfs / "fare_products.txt",
        ["fare_product_id", "fare_product_name", "amount", "currency"],
        [
            ["rail-single", "Rail single", pounds(RAIL_MINOR), "GBP"],
            ["tram-single", "Tram single", pounds(TRAM_MINOR), "GBP"],
        ],
    )
    write_csv(
        gtfs / "fare_leg_rules.txt",
        ["network_id", "from_area_id", "to_area_id", "fare_product_id"],
        [["rail", "", "", "rail-single"], ["tram", "", "", "tram-single"]],
    )


def convert(source, out, shuffle=None, repeat_every=None):
    """Writes `out` from `source`; returns what is expected of it."""
    out = pathlib.Path(out)
    journeys = read(source)
    pack(journeys)
    rows = taps(journeys)
    expected_rows = list(rows)
    repeated = rows[repeat_every - 1 :: repeat_every] if repeat_every else []
    rows = rows + repeated
    if shuffle is not None:
        random.Random(shuffle).shuffle(rows)
    write_city(out / "city", stops(journeys))
    write_csv(out / "taps.csv", HEADER, rows)
    expected = expect(journeys, expected_rows, len(repeated))
    (out / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
    return expected


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", metavar="IN.csv.gz")
    parser.add_argument("out", metavar="OUT_DIR")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="put the taps in this disorder")
    parser.add_argument("--repeat-every", type=int, metavar="N", help="every Nth tap comes twice")
    given = parser.parse_args()
    if given.repeat_every is not None and given.repeat_every < 1:
        parser.error("--repeat-every needs a number from 1")
    print(json.dumps(convert(given.source, given.out, given.shuffle, given.repeat_every)))


if __name__ == "__main__":
    main()
