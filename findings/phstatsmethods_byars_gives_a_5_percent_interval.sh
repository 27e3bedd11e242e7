#!/usr/bin/env bash
# PHStatsMethods 0.1.16 (OHID's Python package): the public function byars(value, confidence=0.95) returns the interval of 5% confidence.
# byars_lower and byars_upper of the same package give the interval of 95%. Below 10 events the same holds for its exact branch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check PHStatsMethods==0.1.16 pandas==2.3.3 scipy==1.17.1 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

from PHStatsMethods.confidence_intervals import byars, byars_lower, byars_upper, exact
from scipy.stats import chi2

print("PHStatsMethods", version("PHStatsMethods"))
got, parts = byars(100), (byars_lower(100), byars_upper(100))
exact_95 = (chi2.ppf(0.025, 200) / 2, chi2.ppf(0.975, 202) / 2)
print("100 events, confidence 0.95")
print("  byars                     %.2f to %.2f" % got)
print("  byars_lower, byars_upper  %.2f to %.2f" % parts)
print("  exact Poisson by scipy    %.2f to %.2f" % exact_95)
assert abs(parts[0] - exact_95[0]) < 0.05 and abs(parts[1] - exact_95[1]) < 0.05
assert got[1] - got[0] < 0.1 * (parts[1] - parts[0]), "byars has become an interval of 95%"
small, right = byars(5), exact(5)
print("5 events: byars %.2f to %.2f, exact %.2f to %.2f" % (*small, *right))
assert small[1] - small[0] < 0.2 * (right[1] - right[0])
PY
