#!/usr/bin/env bash
# statsmodels 0.15.0, multipletests: one missing p value among many makes every q value of Benjamini-Hochberg and Benjamini-Yekutieli missing, while
# the array of decisions beside them still says True for the smallest. The missing test is counted in the number of tests, for Holm and Bonferroni too, so
# that a p value that passes without it fails with it. Nothing is raised. A comparison without a p value is everyday here (a group whose count is
# hidden): whoever publishes q values gets a column of blanks, whoever takes the decisions gets stricter ones. What helps: adjust the known p values
# only. scipy.stats.false_discovery_control refuses the same input with an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: statsmodels==0.15.0 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import statsmodels
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

known = np.array([0.001, 0.012, 0.03, 0.045])
missing = np.append(known, np.nan)
print("statsmodels", statsmodels.__version__)
for method in ("fdr_bh", "fdr_by", "holm", "bonferroni"):
    decided, adjusted = multipletests(missing, alpha=0.05, method=method)[:2]
    alone, right = multipletests(known, alpha=0.05, method=method)[:2]
    print(f"  {method:10} with one missing:", decided[:4].tolist(), adjusted[:4].round(4).tolist())
    print(f"  {'':10} without it      :", alone.tolist(), right.round(4).tolist())
    if method.startswith("fdr"):
        assert np.isnan(adjusted).all() and decided.any()
    else:
        assert adjusted[0] == known[0] * len(missing) and right[0] == known[0] * len(known)
decided = multipletests(missing, alpha=0.05, method="fdr_bh")[0]
alone = multipletests(known, alpha=0.05, method="fdr_bh")[0]
assert alone.tolist() == [True] * 4 and decided[:4].tolist() == [True, True, True, False]
try:
    false_discovery_control(missing)
except ValueError as error:
    print("  scipy refuses:", error)
else:
    raise AssertionError("scipy takes a missing p value")
PY
