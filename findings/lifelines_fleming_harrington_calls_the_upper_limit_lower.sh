#!/usr/bin/env bash
# lifelines 0.30.3, BreslowFlemingHarringtonFitter: its curve is exp(-H) of the cumulative hazard H of Nelson-Aalen. The limits of H are turned to limits of survival
# one by one and keep their names, but the larger hazard is the smaller survival: the column "lower_0.95" holds the upper limit and "upper_0.95" the lower one.
# Nothing is raised, and a band that is drawn between both columns looks right. Who reports "at least so many survive", or asks whether a trust's upper limit is
# below the national figure, gets the opposite answer. The Kaplan-Meier fitter of the same package names them rightly, and a lower limit must not be above the
# estimate. What helps: take the row-wise smallest and largest of both columns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: lifelines==0.30.3 pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

from lifelines import BreslowFlemingHarringtonFitter, KaplanMeierFitter

print("lifelines", version("lifelines"))
DAYS, DIED = [*range(10, 210, 5)], [1, 1, 0, 1] * 10
found = {}
for fitter in (KaplanMeierFitter, BreslowFlemingHarringtonFitter):
    fitted = fitter().fit(DAYS, DIED)
    limits = fitted.confidence_interval_.loc[100]
    lower, upper = (float(limits[next(name for name in limits.index if side in name)]) for side in ("lower", "upper"))
    estimate = float(fitted.survival_function_.loc[100].iloc[0])
    found[fitter.__name__] = lower, estimate, upper
    print(f"  {fitter.__name__}, day 100: lower {lower:.3f}, estimate {estimate:.3f}, upper {upper:.3f}")
kaplan, fleming = found.values()
assert kaplan[0] < kaplan[1] < kaplan[2]
assert fleming[0] > fleming[1] > fleming[2]
assert abs(kaplan[0] - fleming[2]) < 0.05 and abs(kaplan[2] - fleming[0]) < 0.05
PY
