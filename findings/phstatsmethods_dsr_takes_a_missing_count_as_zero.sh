#!/usr/bin/env bash
# PHStatsMethods 0.1.16: ph_dsr takes a missing (suppressed) count of an age band as 0 and returns a rate that is too low, with limits and
# without a word. A missing population gives a missing rate; ph_proportion and ph_rate give a missing value for a missing count.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check PHStatsMethods==0.1.16 pandas==2.3.3 scipy==1.17.1 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import contextlib
import io
from importlib.metadata import version

import pandas as pd
from PHStatsMethods import euro_standard_pop, ph_dsr, ph_proportion

print("PHStatsMethods", version("PHStatsMethods"))
whole = pd.DataFrame({"age": euro_standard_pop()["esp_age_bands"], "events": 20.0, "people": 1000.0})


def rate(**changes: float) -> float:
    """The directly standardised rate when cells of the youngest band are changed."""
    table = whole.copy()
    for column, value in changes.items():
        table.loc[0, column] = value
    with contextlib.redirect_stdout(io.StringIO()):
        return ph_dsr(table, "events", "people", "age")["Value"].iloc[0]


print("20 events in each of 19 bands of 1,000 people, per 100,000")
print("  all counts present       %.1f" % rate())
print("  one count missing        %.1f" % rate(events=float("nan")))
print("  that count is 0          %.1f" % rate(events=0.0))
print("  its population missing   %.1f" % rate(people=float("nan")))
assert rate(events=float("nan")) == rate(events=0.0) < rate() == 2000.0
assert pd.isna(rate(people=float("nan")))
few = pd.DataFrame({"events": [None, 5.0], "people": [100.0, 100.0]}, dtype=float)
shown = ph_proportion(few, "events", "people")["Value"].tolist()
print("  ph_proportion, one count missing: %s" % shown)
assert pd.isna(shown[0])
PY
