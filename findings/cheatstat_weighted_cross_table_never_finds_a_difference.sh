#!/usr/bin/env bash
# cheatstat 4.1.2 (statistics for social surveys with weights): cross_tab(..., weight=...) divides chi-squared by a design effect, as one must, and gives the
# corrected p-value. What it takes for the design effect is the effective number of people, (sum of weights)^2 / sum of squared weights: near the size of the
# sample, where a design effect is near 1. So chi-squared is divided by about a thousand and no table of a survey is ever significant: 40% smokers among 500
# deprived and 12% among 500 others give p = 0.75, also with all weights 1, where the unweighted table has 1e-23. The value that is printed as DEFF is 1000.
# Whoever looks for inequalities with it finds none, anywhere. The right values are by hand: chi-squared of the weighted table, Kish's n * sum of squared weights
# / (sum of weights)^2, and p from their quotient. What helps: chi-squared from the result times DEFF over the number of answers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps cheatstat==4.1.2 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import erfc, sqrt

import pandas as pd
from cheatstat import cross_tab

print("cheatstat", version("cheatstat"))
# Answers: smokers and others among the deprived and among the others.
COUNTS = {("deprived", "smokes"): 200, ("deprived", "does not"): 300, ("others", "smokes"): 60, ("others", "does not"): 440}
survey = pd.DataFrame([cell for cell, number in COUNTS.items() for _ in range(number)], columns=["group", "smoking"])


def by_hand(weights: list[float]) -> tuple[float, float, float]:
    """Chi-squared of the weighted table (with Yates's correction), Kish's design effect and the p-value of their quotient."""
    table = survey.assign(weight=weights).groupby(["group", "smoking"]).weight.sum()
    cells, total = table.to_dict(), sum(weights)
    rows = {group: sum(value for (one, _), value in cells.items() if one == group) for group, _ in cells}
    columns = {answer: sum(value for (_, one), value in cells.items() if one == answer) for _, answer in cells}
    expected = {(group, answer): rows[group] * columns[answer] / total for group, answer in cells}
    squared = sum((abs(cells[cell] - expected[cell]) - 0.5) ** 2 / expected[cell] for cell in cells)
    effect = len(weights) * sum(weight**2 for weight in weights) / total**2
    return round(squared, 2), round(effect, 3), erfc(sqrt(squared / effect / 2))


sets = {"all weights 1": [1.0] * len(survey), "weights of 0.5 and 1.5": [0.5 + number % 2 for number in range(len(survey))]}
for name, weights in sets.items():
    info = cross_tab(survey.assign(weight=weights), "group", "smoking", weight="weight").info
    squared, effect, chance = by_hand(weights)
    kish = round(sum(weights) ** 2 / sum(weight**2 for weight in weights), 2)
    print(f"  {name}: chi-squared {info['Chi²']:.2f}, by hand {squared}")
    print(f"    design effect {info['DEFF']:.2f}, by hand {effect}; corrected p {info['p (korr.)']}, by hand {chance:.0e}; people of equal weight {kish}")
    assert abs(info["Chi²"] - squared) < 0.01 and abs(info["DEFF"] - kish) < 0.01
    assert info["p (korr.)"] > 0.6 and chance < 1e-15 and effect < 1.3
share = {group: COUNTS[group, "smokes"] / (COUNTS[group, "smokes"] + COUNTS[group, "does not"]) for group in ("deprived", "others")}
print("  smokers:", share)
assert share == {"deprived": 0.4, "others": 0.12}
PY
