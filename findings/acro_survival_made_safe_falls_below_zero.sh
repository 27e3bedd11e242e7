#!/usr/bin/env bash
# acro 1.0.2 (SACRO), ACRO(suppress=True).surv_func: the Kaplan-Meier curve for release, with events held back until ten people have left. Each block of
# events is divided by those at risk at the block's END instead of its start, so the people of the block are missing from their own denominator. The column
# "rounded_survival_fun" is then too low in every block, and the error multiplies: of 100 people who all had an event the curve is at 0 while 9 % still wait.
# Where fewer people remain than a block holds it is NEGATIVE (of 25 people: 0.96, 0.32, -0.32). It hurts small
# groups most: a deprived quintile with few people looks worse than it is.
# What helps: the product of 1 - events/at risk at the start of the block, as below; without censoring inside a block it
# meets Kaplan and Meier's own curve at each block's end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: acro==1.0.2 pandas==2.3.3 2>/dev/null
cd "$folder"
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PY'
import logging
from importlib.metadata import version

import numpy as np
from acro import ACRO

logging.disable(logging.CRITICAL)
print("acro", version("acro"))


def curves(people: int):
    """acro's table of so many people, one event a day, nobody censored."""
    return ACRO(suppress=True).surv_func(np.arange(1, people + 1), np.ones(people, int), output="table")


for people in (25, 100):
    table = curves(people)
    safe = table["rounded_survival_fun"]
    # without censoring the share without an event is plain arithmetic
    share = 1 - np.arange(1, people + 1) / people
    assert np.allclose(table["Surv prob"], share)
    steps = np.flatnonzero(np.diff(safe)) + 1
    print(f"  of {people} people, days", [int(table.index[at]) for at in steps])
    print("    for release:", [round(float(safe.iloc[at]), 2) for at in steps], " share without an event:", share[steps].round(2).tolist())
    at_risk = table["num at risk"].to_numpy()
    events = table["num events"].to_numpy()
    right, wrong, before = float(share[0]), float(share[0]), 1
    for at in steps:
        block = events[before : at + 1].sum()
        right *= 1 - block / at_risk[before]
        wrong *= 1 - block / at_risk[at]
        before = at + 1
        assert np.isclose(right, share[at]) and np.isclose(wrong, safe.iloc[at])
small, large = curves(25)["rounded_survival_fun"], curves(100)["rounded_survival_fun"]
assert small.min() < -0.3 and (np.diff(large) <= 1e-12).all()
assert np.isclose(large.loc[91], 0) and curves(100)["Surv prob"].loc[91] > 0.08
PY
