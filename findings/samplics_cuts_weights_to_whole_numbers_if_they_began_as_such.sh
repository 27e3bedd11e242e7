#!/usr/bin/env bash
# samplics 0.6.1, SampleWeight().normalize, poststratify and rake: weights of a survey are made to add up to the population. Where the weights that go in are whole
# numbers (everyone 1, the usual start, or a count of households as it comes from a file), each weight that comes out is cut to a whole number, because the
# new weights are written into a copy of the old column. 57 women in a sample of ten weigh 5 each, not 5.7: the population is 50. rake cuts once in each
# step of every round, and returns what it has without reaching its totals. Where the sample is larger than the population of
# a group, as with weights that are to add up to 1 or 100 %, every weight is 0. Nothing is raised; adj_factor holds the right factor. The right totals are the
# control totals themselves, by definition of the method, and come out for the same weights as 1.0. What helps: `samp_weight.astype(float)` before every call,
# and a sum by group after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: samplics==0.6.1 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
from samplics import SampleWeight

print("samplics", version("samplics"))
sex = np.array(["F"] * 10 + ["M"] * 8)
age = np.array(["0-64", "65+"] * 9)
POPULATION = {"sex": {"F": 57, "M": 50}, "age": {"0-64": 70, "65+": 37}}


def totals(weights, groups):
    """What the weights of each group add up to."""
    return {str(group): round(float(weights[groups == group].sum()), 6) for group in np.unique(groups)}


for kind in (float, int):
    one = np.ones(len(sex), dtype=kind)
    stratified = SampleWeight().poststratify(samp_weight=one, control=POPULATION["sex"], domain=sex)
    normal = SampleWeight().normalize(samp_weight=one, control=1, domain=sex)
    raked = SampleWeight().rake(samp_weight=one, margins={"sex": sex, "age": age}, control=POPULATION)
    print(f"  weights of 1 as {kind.__name__}: poststratify {totals(stratified, sex)}, to 1 {totals(normal, sex)}, rake {totals(raked, sex)} {totals(raked, age)}")
    if kind is float:
        assert totals(stratified, sex) == totals(raked, sex) == POPULATION["sex"]
        assert totals(raked, age) == POPULATION["age"] and totals(normal, sex) == {"F": 1, "M": 1}
    else:
        assert totals(stratified, sex) == {"F": 50, "M": 48}
        assert totals(normal, sex) == {"F": 0, "M": 0}
        assert sum(totals(raked, sex).values()) < 100 < sum(POPULATION["sex"].values())
PY
