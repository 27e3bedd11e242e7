#!/usr/bin/env bash
# lifelines 0.30.3, multivariate_logrank_test with weights: do groups survive differently, each row counted so many times. Durations, groups and deaths are taken
# by their place; the weights, if they are a column of a table, by the label of the row. In a table that was sorted or shuffled after its labels were given
# each person gets another person's weight. Nothing is raised, the number of rows and the sum of the weights are right, and the same rows in another order
# have another p-value, here on the other side of 0.05. logrank_test turns its weights to an array first and is right in both orders. The right value is the
# test without weights on a table in which each row is written as often as its weight says. What helps: pass `weights=table.weight.to_numpy()`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: lifelines==0.30.3 pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import numpy as np
import pandas as pd
from lifelines.statistics import multivariate_logrank_test

print("lifelines", version("lifelines"))
draw = np.random.default_rng(9)
people = pd.DataFrame({"group": np.repeat(["least", "middle", "most"], 20), "weight": draw.integers(1, 6, 60)})
people["days"] = (draw.exponential(400, 60) * np.repeat([1.3, 1.0, 0.8], 20)).round() + 1
people["died"] = draw.random(60) < 0.8


def p_value(table: pd.DataFrame, weights=None) -> float:
    """The p-value of the three groups of this table."""
    return round(float(multivariate_logrank_test(table.days, table.group, table.died, weights=weights).p_value), 4)


written_out = p_value(people.loc[people.index.repeat(people.weight)])
print("  each row written as often as its weight says:", written_out)
found = {}
for name, table in {"as drawn": people, "sorted by days": people.sort_values("days"), "sorted by weight": people.sort_values("weight", kind="stable")}.items():
    found[name] = p_value(table, table.weight), p_value(table, table.weight.to_numpy())
    print(f"  {name}: weights as a column {found[name][0]}, as an array {found[name][1]}")
assert all(array == written_out for _, array in found.values()) and found["as drawn"][0] == written_out
assert any((column < 0.05) != (written_out < 0.05) for column, _ in found.values())
PY
