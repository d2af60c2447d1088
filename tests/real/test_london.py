"""Tests of the converter on journeys written by hand: `python3 -m unittest` in this folder."""

import csv
import gzip
import json
import pathlib
import tempfile
import unittest

import london

COLUMNS = ["orig_row", "dayofweek_num", "day", "mode", "start_stn", "end_station"]
COLUMNS += ["ent_mins_post_midnight", "ex_time_mins_post_midnight", "pay_method"]

ROWS = [
    # id, day, start, end, entry, exit
    ("1", "Mon", "Bank", "Oakwood", 480, 510),
    ("2", "Mon", "FENCHURCH ST NR", "Unfinished", 490, 0),
    ("3", "Mon", "LEBANON RD TRAM     ", "Not Applicable", 500, 0),
    ("4", "Mon", "Bank", "Bank", 529, 529),
    ("5", "Mon", "Oakwood", "Bank", 530, 560),
    ("6", "Tue", "Fenchurch St NR", "Bank", 1430, 1450),
]


class Convert(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.source = self.folder / "in.csv.gz"
        with gzip.open(self.source, "wt", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for number, day, start, end, entry, left in ROWS:
                writer.writerow([number, 0, day, "LUL", start, end, entry, left, "PAYG"])

    def taps(self, out):
        with open(self.folder / out / "taps.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def test_counts_are_those_of_the_rows(self):
        seen = london.convert(self.source, self.folder / "out")
        # 4 rail journeys, 1 tram ride, 1 without a tap off; 4 x 2 + 1 + 1 taps.
        self.assertEqual(seen["journeys"], 5)
        self.assertEqual(seen["incomplete"], 1)
        self.assertEqual(seen["taps"], 10)
        self.assertEqual(seen["charged_minor"], 4 * 200 + 120 + 600)
        written = json.loads((self.folder / "out/expected.json").read_text(encoding="utf-8"))
        self.assertEqual(written, seen)

    def test_times_and_routes(self):
        london.convert(self.source, self.folder / "out")
        taps = {tap["tap_id"]: tap for tap in self.taps("out")}
        self.assertEqual(taps["1-on"]["time"], "2009-11-02T08:00:00+00:00")
        self.assertEqual(taps["4-off"]["time"], "2009-11-02T08:49:30+00:00")
        # 24 h 10 min after Tuesday's midnight.
        self.assertEqual(taps["6-off"]["time"], "2009-11-04T00:10:30+00:00")
        self.assertEqual(taps["3-on"]["route_id"], "tram")
        self.assertEqual(taps["1-on"]["route_id"], "")
        self.assertNotIn("2-off", taps)
        self.assertNotIn("3-off", taps)

    def test_two_spellings_are_one_stop(self):
        names = london.stops(london.read(self.source))
        self.assertEqual(names["fenchurch-st-nr"], "Fenchurch St NR")
        self.assertEqual(len(names), 4)

    def test_an_account_has_one_journey_at_a_time(self):
        journeys = london.read(self.source)
        london.pack(journeys)
        account = {journey["id"]: journey["account"] for journey in journeys}
        # 1 ends at 510, 2 was on at 490, 3 at 500: at 529 the second is free longest (since 510),
        # at 530 the third (since 520).
        self.assertEqual(account["4"], account["2"])
        self.assertEqual(account["5"], account["3"])
        self.assertEqual(len({account["1"], account["2"], account["3"]}), 3)

    def test_repeats_and_disorder_keep_the_taps(self):
        london.convert(self.source, self.folder / "plain")
        seen = london.convert(self.source, self.folder / "mixed", shuffle=1, repeat_every=3)
        self.assertEqual(seen["duplicates"], 3)
        plain = {tap["tap_id"]: tap for tap in self.taps("plain")}
        mixed = self.taps("mixed")
        self.assertEqual(len(mixed), 13)
        self.assertEqual({tap["tap_id"]: tap for tap in mixed}, plain)
        self.assertNotEqual([tap["tap_id"] for tap in mixed[:10]], list(plain))


if __name__ == "__main__":
    unittest.main()
