#!/usr/bin/env bash
# lifelines 0.30.3, datetimes_to_durations turns two dates into a time for a survival curve. With freq="Y" a year is 365.2425 days and what remains is cut off: from
# 1 January 2021 to 1 January 2022 is 0 years, three whole years are 2, while four (with a leap day) are 4. With freq="M" a month of 30 days is 0 months, and
# 1 January to 1 March is 1. The times are given as floats and no unit is lost by the look of it. Whoever is followed to an anniversary (12-month mortality,
# 31-day months against 30-day ones) falls one unit too low, those who die in their first year have time 0, person-years come out at about half: the right
# value is the count of calendar years and months, and days over 365.25 for person-years. What helps: freq="D", and divide.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: lifelines==0.30.3 pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 python-dateutil==2.9.0.post0 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from datetime import date
from importlib.metadata import version

from dateutil.relativedelta import relativedelta
from lifelines.utils import datetimes_to_durations

print("lifelines", version("lifelines"))


def times(pairs: list[tuple[str, str]], unit: str) -> list[float]:
    """What the package gives for these dates."""
    return datetimes_to_durations([start for start, _ in pairs], [end for _, end in pairs], freq=unit)[0].tolist()


def calendar(pairs: list[tuple[str, str]], months: int) -> list[int]:
    """Whole years or months between the dates by the calendar."""
    gaps = [relativedelta(date.fromisoformat(end), date.fromisoformat(start)) for start, end in pairs]
    return [(12 * gap.years + gap.months) // months for gap in gaps]


years = [("2021-01-01", f"{2021 + number}-01-01") for number in range(1, 5)]
months = [("2021-01-01", "2021-02-01"), ("2021-01-01", "2021-03-01"), ("2021-04-15", "2021-05-15"), ("2021-01-01", "2022-01-01")]
print("  years: ", times(years, "Y"), "by the calendar", calendar(years, 12))
print("  months:", times(months, "M"), "by the calendar", calendar(months, 1))
assert calendar(years, 12) == [1, 2, 3, 4] and times(years, "Y") == [0, 1, 2, 4]
assert calendar(months, 1) == [1, 2, 1, 12] and times(months, "M") == [1, 1, 0, 11]
ends = [("2021-01-01", date.fromordinal(date(2021, 1, 1).toordinal() + day).isoformat()) for day in range(0, 731, 5)]
person_years, days = sum(times(ends, "Y")), sum(times(ends, "D"))
print(f"  {len(ends)} people followed for up to two years: {person_years:.0f} person-years, by their days {days / 365.25:.0f}")
assert person_years < 0.6 * days / 365.25
PY
