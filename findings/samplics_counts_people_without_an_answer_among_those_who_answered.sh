#!/usr/bin/env bash
# samplics 0.6.1, TaylorEstimator(PopParam.prop): a share with its interval. Of 100 people ten smoke, thirty do not, sixty were not asked. samplics says 10 % smoke
# and 30 % do not: the shares do not add up to 1, because people without an answer are in the divisor and in no category. The MEAN of the same 0/1 column is
# missing, as anyone would notice. The parameter remove_nan=True helps for numbers, and for text in some kinds of column: a missing value that
# is None (a numpy or polars column, or pandas' object) or pd.NA (pandas' "string") stays in the divisor, without a word. So the same survey, read
# by another reader, has smoking at 10 % or at 25 %. It hurts most where an answer is missing most, by group: differences in asking look like differences in health.
# The right share is that of those who answered, a plain count. What helps: drop the missing rows (from weights, strata and units too) before the call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: samplics==0.6.1 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
import pandas as pd
import polars as pl
from samplics import TaylorEstimator
from samplics.utils.types import PopParam

print("samplics", version("samplics"), "pandas", version("pandas"), "polars", version("polars"))
answers = ["yes"] * 10 + ["no"] * 30 + [None] * 60
known = [answer for answer in answers if answer is not None]
right = known.count("yes") / len(known)
assert right == 0.25


def share(column, level, **options):
    """The share of one answer, and of all answers together."""
    estimator = TaylorEstimator(PopParam.prop)
    estimator.estimate(y=column, samp_weight=np.ones(len(column)), **options)
    return round(float(estimator.point_est[level]), 4), round(float(sum(estimator.point_est.values())), 4)


columns = {
    "0/1, numpy": (np.array([{"yes": 1, "no": 0}.get(answer, np.nan) for answer in answers]), 1),
    "text, numpy": (np.array(answers, dtype=object), "yes"),
    "text, pandas object": (pd.Series(answers, dtype=object), "yes"),
    "text, pandas string": (pd.Series(answers, dtype="string"), "yes"),
    "text, polars": (pl.Series(answers), "yes"),
    "text, pandas category": (pd.Series(answers, dtype="category"), "yes"),
}
removed = {}
for name, (column, level) in columns.items():
    plain, removed[name] = share(column, level), share(column, level, remove_nan=True)
    print(f"  {name:22} yes {plain[0]} (all answers {plain[1]}); with remove_nan {removed[name][0]} (all answers {removed[name][1]})")
    assert plain == (0.1, 0.4)
assert removed["0/1, numpy"] == removed["text, pandas category"] == (right, 1)
assert all(removed[name] == (0.1, 0.4) for name in columns if name not in ("0/1, numpy", "text, pandas category"))
mean = TaylorEstimator(PopParam.mean)
mean.estimate(y=columns["0/1, numpy"][0], samp_weight=np.ones(100))
print("  mean of the 0/1 column:", mean.point_est)
assert np.isnan(mean.point_est)
PY
