#!/usr/bin/env bash
# samplics 0.6.1, TaylorEstimator(PopParam.median): a median wait with its standard error and interval. The error needs to know how densely people lie around
# the median; samplics looks at a ten-millionth of the range, so at the gap between two neighbours. In twenty samples of 400 people from one population the
# error is anything from a tenth of the true one to all of it, by chance, and half the true one on the whole. Waits in whole weeks (or days) have an interval
# of one point. With domain= the errors are worked out around the median of ALL people: groups that wait differently, as the deprived and the well off do, get
# no error at all. "The intervals do not overlap" is then worth nothing. And of few people the median itself is low: of 10, 20 and 30 it is 15, with equal
# weights. The right error is how much medians of such samples differ, and what a bootstrap says, both below. What helps: a bootstrap.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: samplics==0.6.1 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
from samplics import TaylorEstimator
from samplics.utils.types import PopParam

print("samplics", version("samplics"))
rng = np.random.default_rng(7)


def median(values, **options):
    """samplics' median with its standard error."""
    estimator = TaylorEstimator(PopParam.median)
    estimator.estimate(y=np.asarray(values, dtype=float), samp_weight=np.ones(len(values)), **options)
    return estimator.point_est, estimator.stderror


def bootstrap(values):
    """The standard error of a median by a thousand samples drawn from the values."""
    return float(np.std(np.median(rng.choice(values, (1000, len(values))), axis=1)))


true = float(np.std(np.median(rng.gamma(4, 10, (2000, 400)), axis=1)))
samples = rng.gamma(4, 10, (20, 400))
errors = sorted(float(median(sample)[1]) / true for sample in samples)
drawn = sorted(bootstrap(sample) / true for sample in samples)
print(f"  true error {true:.2f}; over it: samplics {errors[0]:.2f} to {errors[-1]:.2f}, half of them under {errors[10]:.2f}; bootstrap {drawn[0]:.2f} to {drawn[-1]:.2f}")
assert errors[0] < 0.2 and errors[10] < 0.75 and drawn[0] > 0.5 and drawn[-1] < 2

well, deprived = samples[0], samples[1] + 150
points, found = median(np.concatenate([well, deprived]), domain=np.repeat(["well off", "deprived"], 400))
for name, values in (("well off", well), ("deprived", deprived)):
    print(f"  {name}: median {points[name]:.1f} (numpy {np.median(values):.1f}), error {found[name]:.1g}, bootstrap {bootstrap(values):.2f}")
    assert abs(points[name] - np.median(values)) < 1 and found[name] < 1e-6 and bootstrap(values) > 0.5
weeks = np.round(well / 7)
print("  in whole weeks: median", median(weeks)[0], "error", f"{median(weeks)[1]:.1g}")
assert median(weeks)[1] < 1e-4
print("  of 10, 20 and 30:", median([10, 20, 30])[0])
assert median([10, 20, 30])[0] == 15
PY
