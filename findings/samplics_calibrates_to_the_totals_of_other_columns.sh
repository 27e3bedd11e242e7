#!/usr/bin/env bash
# samplics 0.6.1, SampleWeight().calib_covariates and calibrate: weights of a survey that meet known totals of several columns. calib_covariates makes the matrix and
# a dictionary with the names of its columns, to be filled with the totals. Three steps go wrong without a word. calibrate takes the dictionary's values in
# their order and does not look at the names: with {"M": ..., "F": ...} women get the total of men. calib_covariates cuts every number to a whole one, so
# a deprivation score or a rate below 1 is 0 for most, and weights that meet the total of the cut column miss the real one. And of a table that was sorted
# or filtered before, it puts the numbers beside the categories by their old row labels, so a woman gets a man's age; calibrate then meets totals of people who
# do not exist. The right totals are the known ones, by definition of calibration: the sum of weight times value over the table. What helps: a matrix of one's own
# (float columns, one per name), controls in exactly that order, and these sums after it, as below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: samplics==0.6.1 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
import pandas as pd
from samplics import SampleWeight

print("samplics", version("samplics"), "pandas", version("pandas"))
people = pd.DataFrame({"sex": ["F"] * 10 + ["M"] * 8, "score": np.linspace(0.1, 5.2, 18), "age": range(20, 56, 2)})
one = np.ones(len(people))


def totals(weights, table, number=None):
    """Sum of the weights of women and of men, and of weight times the number."""
    found = [weights[(table.sex == sex).to_numpy()].sum() for sex in "FM"]
    return [round(float(total), 2) for total in (*found, *([] if number is None else [weights @ table[number].to_numpy(dtype=float)]))]


matrix, names = SampleWeight().calib_covariates(people, x_cat=["sex"])
assert set(names) == {"F", "M"}
for known in ({"F": 57, "M": 50}, {"M": 50, "F": 57}):
    found = totals(SampleWeight().calibrate(samp_weight=one, aux_vars=matrix, control=known), people)
    print(f"  known {known}: women and men {found}")
    assert found == list(known.values())

known = {"F": 57, "M": 50, "score": 260}
matrix, names = SampleWeight().calib_covariates(people, x_cat=["sex"], x_cont=["score"])
assert list(names) == list(known)
cut = totals(SampleWeight().calibrate(samp_weight=one, aux_vars=matrix, control=known), people, "score")
own = np.column_stack([people.sex == "F", people.sex == "M", people.score]).astype(float)
right = totals(SampleWeight().calibrate(samp_weight=one, aux_vars=own, control=known), people, "score")
print(f"  known {known}: with calib_covariates {cut}, with a matrix of one's own {right}; its scores {matrix[:, 2].tolist()}")
assert right == list(known.values()) and cut[:2] == right[:2] and cut[2] > 300
assert matrix[:, 2].tolist() == np.floor(people.score).tolist()

older = people.sort_values("age", ascending=False)
matrix, _ = SampleWeight().calib_covariates(older, x_cat=["sex"], x_cont=["age"])
pairs = {sex: sorted(int(age) for flag, age in matrix[:, [column, 2]] if flag) for column, sex in enumerate("FM")}
real = {sex: sorted(older.age[older.sex == sex].tolist()) for sex in "FM"}
print("  sorted by age: youngest woman", real["F"][0], "in the matrix", pairs["F"][0], "oldest woman", real["F"][-1], "in the matrix", pairs["F"][-1])
assert pairs != real
PY
