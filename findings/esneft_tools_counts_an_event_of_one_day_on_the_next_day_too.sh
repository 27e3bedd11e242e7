#!/usr/bin/env bash
# esneft-tools 0.1.4 (NHS England), prepTime and summariseTime: events (attendances, admissions) per day, week or month and group, as a share of the busiest
# period. With a period of days or hours each event counts in its own period and in the next: its period is stored with the start of the following one as its
# end, and both ends are taken. Three attendances on Monday and none on Tuesday come out as two equally busy days, a Saturday's count holds
# Friday's, and the busiest day is the sum of two. With weeks and months it is right, since the only day asked for there is the last of the period. Nothing is
# raised. What helps: count by the period of the date itself (below), or weeks and months only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps esneft-tools==0.1.4 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import logging
from importlib.metadata import version

import pandas as pd

logging.disable(logging.CRITICAL)
from esneft_tools import process

print("esneft-tools", version("esneft-tools"))
COUNTS = {"2024-01-01": 3, "2024-01-03": 1, "2024-01-05": 6, "2024-01-06": 2, "2024-01-17": 5, "2024-02-07": 4}
events = pd.DataFrame({"arrival": pd.to_datetime([f"{day} 10:30" for day, count in COUNTS.items() for _ in range(count)])})


def shares(interval):
    """The package's share of the busiest period, by the first moment of each."""
    ready = process.prepTime(events, "arrival", interval=interval)
    found = process.summariseTime(ready, interval=interval)
    return {str(start): round(share, 3) for start, share in zip(found["start"], found["Freq."])}


def counted(interval):
    """The same by the period of each event."""
    sums = events["arrival"].dt.to_period(interval).value_counts().sort_index()
    return {str(period.start_time): round(count / sums.max(), 3) for period, count in sums.items()}


for interval in ("1h", "1D", "1W", "1M"):
    found, right = shares(interval), counted(interval)
    print(f"  {interval}: {len(found)} periods with events, counted {len(right)}")
    assert (found == right) is (interval in ("1W", "1M")), (interval, found, right)
found, right = shares("1D"), counted("1D")
for day in sorted(set(found) | set(right)):
    print(f"    {day[:10]}  package {found.get(day, 0):.3f}  counted {right.get(day, 0):.3f}")
assert found["2024-01-01 00:00:00"] == found["2024-01-02 00:00:00"] == round(3 / 8, 3)
assert found["2024-01-06 00:00:00"] == 1 and right["2024-01-06 00:00:00"] == round(2 / 6, 3)
PY
