#!/usr/bin/env bash
# acro 1.0.2 (SACRO), enable_rounding() and crosstab or pivot_table with aggfunc="mean" and margins=True: the row and column "All". Without rounding, and with
# suppression, "All" is the mean of all people. With rounding it is the mean of the table's cells, each group weighing the same however large: 300 people who
# waited 20 days and 20 who waited 80 have "All" = 50 instead of 23.75. With aggfunc="median" it is the median of medians. What is rounded to 5 is not a
# count but the mean itself, so the share of a yes/no column is 0 everywhere, and normalize="index" is a table of zeros. It hurts most where groups differ in size,
# as the groups of ethnicity do. The right figure is the plain mean of all values. What helps: margins=False and a call of its own for the total, with
# aggfunc="sum" and a count rather than the mean.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: acro==1.0.2 pandas==2.3.3 2>/dev/null
cd "$folder"
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PY'
import logging
from importlib.metadata import version

import pandas as pd
from acro import ACRO

logging.disable(logging.CRITICAL)
print("acro", version("acro"))
rows = [("large", sex, 20.0) for sex in "FM" for _ in range(150)] + [("small", sex, 80.0) for sex in "FM" for _ in range(10)]
people = pd.DataFrame(rows, columns=["group", "sex", "wait"])
right = sum(wait for *_, wait in rows) / len(rows)
assert right == 23.75


def total(aggfunc, *, rounding):
    """The total of totals as acro gives it out."""
    checker = ACRO(suppress=True)
    if rounding:
        checker.enable_rounding()
    table = checker.crosstab(people.group, people.sex, values=people.wait, aggfunc=aggfunc, margins=True)
    pivot = checker.pivot_table(people, index=["group"], columns=["sex"], values="wait", aggfunc=aggfunc, margins=True)
    assert table.loc["All", "All"] == pivot.loc["All", "All"]
    return float(table.loc["All", "All"])


found = {(how, rounding): total(how, rounding=rounding) for how in ("mean", "median") for rounding in (False, True)}
print("  mean of all:", right, " suppressed:", found["mean", False], " rounded:", found["mean", True])
print("  median of all:", people.wait.median(), " suppressed:", found["median", False], " rounded:", found["median", True])
assert found["mean", False] == right and found["median", False] == people.wait.median() == 20
assert found["mean", True] == found["median", True] == 50
checker = ACRO()
checker.enable_rounding()
shares = checker.crosstab(people.group, people.sex, normalize="index")
print("  shares of women, rounded:", shares["F"].tolist())
assert (shares == 0).all().all()
PY
