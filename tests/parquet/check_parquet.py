#!/usr/bin/env python3
"""Reads `faregate export --format parquet` with pyarrow and compares it with the CSV export.

Usage: check_parquet.py FAREGATE CITY

Riders of the city package CITY are settled; each cell of each table and its type must agree with
the CSV, charges must add up to what was charged, and postings to zero.
"""

import csv
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.parquet

# Columns that are no text.
TYPES = {
    "service_day": pyarrow.date32(),
    "at": pyarrow.timestamp("us", tz="UTC"),
    "started_at": pyarrow.timestamp("us", tz="UTC"),
    "revision": pyarrow.int64(),
    "amount_minor": pyarrow.int64(),
    "fare_minor": pyarrow.int64(),
}
TABLES = {"taps", "journeys", "charges", "postings"}


def ask(faregate, *words):
    done = subprocess.run([faregate, *map(str, words)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def taps(city):
    """Rides of 37 riders between five stations on two days, every ninth without its end."""
    with open(city / "gtfs/stops.txt", newline="") as file:
        stations = [row["stop_id"] for row in csv.DictReader(file)]
    rows = ["tap_id,account_id,time,kind,stop_id,route_id,device_id"]
    for number in range(200):
        rider, start, end = number % 37, stations[number % 3], stations[number % 5]
        hour = f"2019-01-{7 + number // 100:02}T{7 + number // 37 % 3:02}"
        rows.append(f"{number}-on,r{rider},{hour}:10:00+08:00,on,{start},,g")
        if number % 9:
            rows.append(f"{number}-off,r{rider},{hour}:40:00+08:00,off,{end},,g")
    return "\n".join(rows) + "\n"


def shown(value):
    """A cell as the CSV has it: instants in UTC, without zeros at the end of a fraction."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        text = value.astimezone(datetime.timezone.utc).isoformat().removesuffix("+00:00")
        return (text.rstrip("0") if "." in text else text) + "Z"
    return str(value)


def compare(folder):
    """Every table, cell by cell; the sums of their amounts."""
    paths = {path.stem: path for path in (folder / "parquet").iterdir()}
    assert set(paths) == TABLES, paths
    sums = {}
    for name, path in paths.items():
        table = pyarrow.parquet.read_table(path)
        for field in table.schema:
            assert field.type == TYPES.get(field.name, pyarrow.string()), (name, field)
        rows = [{key: shown(cell) for key, cell in row.items()} for row in table.to_pylist()]
        with open(folder / "csv" / f"{name}.csv", newline="") as file:
            expected = list(csv.DictReader(file))
        assert expected, f"{name} is empty"
        for number, (got, wanted) in enumerate(zip(rows, expected, strict=True), 1):
            assert got == wanted, f"{name}, row {number}: {got} is not {wanted}"
        if "amount_minor" in table.column_names:
            sums[name] = sum(table.column("amount_minor").to_pylist())
    return sums


def main(faregate, city):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "taps.csv").write_text(taps(city))
        books = ["--json", "--city", city, "--db", folder / "books.db"]
        settled = ask(faregate, "settle", *books, "--taps", folder / "taps.csv")
        assert settled["rejected"] == 0 and settled["charges"] > 30, settled
        for form in ["csv", "parquet"]:
            ask(faregate, "export", *books, "--format", form, "--out", folder / form)
        sums = compare(folder)
    assert sums == {"charges": settled["charged_minor"], "postings": 0}, sums
    print(f"pyarrow {pyarrow.__version__} reads what was written; sums {sums}")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
