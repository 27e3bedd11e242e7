#!/usr/bin/env bash
# xlsx2csv 0.8.6 takes the format of a number for a date wherever a letter of dates (d, m, y, h, s) stands in it, also within the quotes of a unit. A wait
# stored as 18 and shown as "18 weeks" (format 0 "weeks") comes out as the text 0 "weeks", whatever the number was; 18.5 days as 0.0 "17ays". Of formats
# without such a letter some round: 0.0 gives one decimal place of what the cell holds, 0% whole per cents (0.4 % becomes 0%), #,##0.0 gives all; a cell without
# a format is cut to six decimal places, so that 0.0000001 is 0. No error, no message. openpyxl gives the numbers. What helps: `--ignore-formats date time
# percentage float`, which writes every number as it is stored, and dates as numbers of days.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: xlsx2csv==0.8.6 openpyxl==3.1.5 XlsxWriter==3.2.9 2>/dev/null
cd "$folder"
venv/bin/python - <<'PY'
import csv
import subprocess
from importlib.metadata import version

import xlsxwriter
from openpyxl import load_workbook

CASES = (
    ('0 "weeks"', 18, '0 "weeks"'),
    ('0 "weeks"', 52, '0 "weeks"'),
    ('0.0 "days"', 18.5, '0.0 "17ays"'),
    ('0.0 "years"', 81.4, '0.0 "years"'),
    ('0 "months"', 12, '0 "01ont12s"'),
    ('0 "per 100,000"', 55, "55"),
    ("0.0", 12.345678, "12.3"),
    ("#,##0.0", 12.345678, "12.345678"),
    ("0%", 0.004, "0%"),
    ("General", 0.0000001, "0"),
    ("General", 1 / 3, "0.333333"),
)
"""Format, number in the cell, what is written."""
with xlsxwriter.Workbook("table.xlsx") as workbook:
    sheet = workbook.add_worksheet()
    for row, (shape, number, _) in enumerate(CASES):
        sheet.write_number(row, 0, number, workbook.add_format({"num_format": shape}))


def written(*options):
    run = subprocess.run(["venv/bin/xlsx2csv", "table.xlsx", *options], capture_output=True, text=True, check=True)
    assert not run.stderr
    return [line[0] for line in csv.reader(run.stdout.splitlines())]


print("xlsx2csv", version("xlsx2csv"))
held = [cell.value for (cell,) in load_workbook("table.xlsx", data_only=True).active.rows]
ignored = written("--ignore-formats", "date", "time", "percentage", "float")
for (shape, number, expected), value, plain, there in zip(CASES, written(), ignored, held):
    print(f"  {shape:16} {number:<20} xlsx2csv {value:14} without formats {plain}")
    assert value == expected and there == number and abs(float(plain) - number) < 1e-12, (shape, value, plain, there)
PY
