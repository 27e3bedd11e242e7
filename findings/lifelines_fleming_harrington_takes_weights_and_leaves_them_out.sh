#!/usr/bin/env bash
# lifelines 0.30.3, BreslowFlemingHarringtonFitter.fit takes `weights` as the fitters of Kaplan-Meier and Nelson-Aalen do, stores nothing of them and gives the
# curve of the rows unweighted. A table with one row for each group of like people and their number as weight (so as not to hold persons), or with weights that
# make a survey stand for a population, has another survival, and its interval is as wide as if each row were one person. Nothing is raised. The
# right value is the same fitter on a table with each row written as often as its weight says; the curve is by definition exp(-H) of Nelson-Aalen's H,
# which does use the weights. What helps: fit NelsonAalenFitter with the weights and take exp(-H).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: lifelines==0.30.3 pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
import pandas as pd
from lifelines import BreslowFlemingHarringtonFitter, KaplanMeierFitter, NelsonAalenFitter

print("lifelines", version("lifelines"))
rows = pd.DataFrame({"days": [90, 180, 270, 365, 365], "died": [1, 1, 1, 1, 0], "people": [5, 15, 20, 10, 150]})
each = rows.loc[rows.index.repeat(rows.people)]


def alive(table: pd.DataFrame, weights: pd.Series | None) -> tuple[float, ...]:
    """The share alive after 270 days, and its interval."""
    fitted = BreslowFlemingHarringtonFitter().fit(table.days, table.died, weights=weights)
    return tuple(round(float(value), 3) for value in (fitted.survival_function_.loc[270].iloc[0], *fitted.confidence_interval_.loc[270]))


weighted, unweighted, written_out = alive(rows, rows.people), alive(rows, None), alive(each, None)
kaplan = KaplanMeierFitter().fit(rows.days, rows.died, weights=rows.people).survival_function_.loc[270].iloc[0]
nelson = np.exp(-NelsonAalenFitter().fit(rows.days, rows.died, weights=rows.people).cumulative_hazard_.loc[270].iloc[0])
print("  200 people, 40 dead by day 270: share alive", 160 / 200)
print("  five rows with weights:", weighted, " the same rows without:", unweighted, " each person a row:", written_out)
print(f"  with the same weights: Kaplan-Meier {kaplan:.3f}, exp(-Nelson-Aalen) {nelson:.3f}")
assert weighted == unweighted and weighted[0] < 0.5
assert abs(written_out[0] - 0.8) < 0.01 and abs(kaplan - 0.8) < 1e-9 and round(float(nelson), 3) == written_out[0]
PY
