#!/usr/bin/env bash
# IneqPy 0.4.1, measures of inequality of grouped data (areas with a population as weight), three of which are wrong without a word. hoover() takes each value
# times its share of the weights from the mean, so that five areas without any difference have 2.0 of an index that ends at 1, and more areas more.
# gini() takes each area's whole population as below itself, and a covariance of a sample: two halves with 1 and 3 have 0.5, where it is 0.25; the same
# people in smaller areas have another Gini, so deciles, wards and practices cannot be compared. atkinson(e=1) takes the logarithm of the mean once for
# each area and so goes to 1 with their number. theil() and atkinson(e=0.5) agree with their formulas. What helps: the formula in a line of numpy, as below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: IneqPy==0.4.1 pandas==2.3.3 numpy==2.3.5 scipy==1.17.1 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
from ineqpy import inequality

print("IneqPy", version("IneqPy"))


def hoover(x, w):
    """Half of the people-weighted distance from the mean, as a share of the whole."""
    share, mean = w / w.sum(), np.average(x, weights=w)
    return (share * abs(x - mean)).sum() / (2 * mean)


def gini(x, w):
    """Mean difference between two people, over twice the mean."""
    share = w / w.sum()
    return (abs(x[:, None] - x) * share * share[:, None]).sum() / (2 * np.average(x, weights=w))


def atkinson(x, w):
    """1 less the geometric mean over the mean (aversion 1)."""
    return 1 - np.exp(np.average(np.log(x), weights=w)) / np.average(x, weights=w)


equal, half, rates = np.full(5, 10.0), np.array([1.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0, 10.0])
one, people = np.ones(5), np.array([50.0, 30.0, 10.0, 5.0, 5.0])
CASES = (
    ("hoover", "five equal areas", equal, one, hoover, 2.0, 0.0),
    ("hoover", "rates 1 2 3 4 10", rates, one, hoover, 2.0, 0.3),
    ("gini", "two halves, 1 and 3", half, np.array([50.0, 50.0]), gini, 0.5, 0.25),
    ("gini", "five areas", rates, people, gini, 0.3946, 0.3738),
    ("gini", "the same as 100 people", np.repeat(rates, people.astype(int)), np.ones(100), gini, 0.3776, 0.3738),
    ("atkinson", "rates 1 2 3 4 10", rates, one, atkinson, 0.9971, 0.2519),
)
for name, what, x, w, formula, shown, right in CASES:
    found = getattr(inequality, name)(x, w, **({"e": 1} if name == "atkinson" else {}))
    print(f"  {name:9} {what:22} IneqPy {found:.4f}  formula {formula(x, w):.4f}")
    assert abs(found - shown) < 1e-4 and abs(formula(x, w) - right) < 1e-4, (name, what, found)
share = rates / rates.mean()
assert abs(inequality.theil(rates, one) - (share * np.log(share)).mean()) < 1e-9
assert abs(inequality.atkinson(rates, one, e=0.5) - (1 - np.mean(np.sqrt(share)) ** 2)) < 1e-9
PY
