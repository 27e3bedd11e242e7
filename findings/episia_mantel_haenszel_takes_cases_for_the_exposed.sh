#!/usr/bin/env bash
# episia 0.1.3 (epidemiology, after OpenEpi): a Table2x2 holds exposed cases, unexposed cases, exposed others, unexposed others, and its own risk_ratio goes by
# that. mantel_haenszel_or, which pools such tables over age groups, takes the first two for the exposed: common_rr is the ratio of how many of the ill and of the
# well are exposed. With one age group only, the same table has a risk ratio of 8 by itself and 3.3 pooled. common_rd, the difference of risks, has no denominator
# at all: 47 where 0.35 is right, a difference that cannot be above 1. The common odds ratio is the same either way, so the first line of what is printed looks
# fine and the ratio of risks below it understates the gap between the deprived and the others. The right values are by hand: sums over age groups of ill * people
# of the other group / all, one over the other; and their difference over the sum of people * people / all. What helps: give each table turned, Table2x2(exposed
# cases, exposed others, unexposed cases, unexposed others), for common_rr alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps episia==0.1.3 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version
from unittest.mock import MagicMock

import pandas as pd

# Nothing is drawn here.
sys.modules.update(dict.fromkeys(["matplotlib", "matplotlib.pyplot", "plotly", "plotly.graph_objects"], MagicMock()))
from episia.stats.contingency import Table2x2
from episia.stats.stratified import mantel_haenszel_or, stratified_by_variable

print("episia", version("episia"))
# Of each age group: ill and people among the deprived, ill and people among the others.
AGES = {"under 50": (80, 200, 20, 400), "50 to 74": (150, 500, 50, 500), "75 and over": (90, 300, 60, 300)}


def right(ages: list[tuple[int, int, int, int]]) -> tuple[float, float]:
    """Pooled risk ratio and difference of risks by Mantel and Haenszel."""
    above = sum(ill * others / (people + others) for ill, people, _, others in ages)
    below = sum(other * people / (people + others) for _, people, other, others in ages)
    return round(above / below, 3), round((above - below) / sum(people * others / (people + others) for _, people, _, others in ages), 3)


def found(ages: list[tuple[int, int, int, int]]) -> tuple[float, float]:
    """What the package gives, from a table of persons."""
    rows = []
    for age, (ill, people, other, others) in enumerate(ages):
        rows += [(age, 1, int(number < ill)) for number in range(people)] + [(age, 0, int(number < other)) for number in range(others)]
    tables = stratified_by_variable(pd.DataFrame(rows, columns=["age", "deprived", "ill"]), "deprived", "ill", "age")
    assert [(table.a, table.total_exposed, table.b, table.total_unexposed) for table in tables.tables] == ages
    pooled = mantel_haenszel_or(tables)
    return round(float(pooled.common_rr), 3), round(float(pooled.common_rd), 3)


sets = {"all ages": list(AGES.values()), **{age: [counts] for age, counts in AGES.items()}}
seen = {name: (found(ages), right(ages)) for name, ages in sets.items()}
for name, (package, hand) in seen.items():
    print(f"  {name}: ratio of risks {package[0]}, by hand {hand[0]}; difference of risks {package[1]}, by hand {hand[1]}")
ill, people, other, others = AGES["under 50"]
alone = Table2x2(ill, other, people - ill, others - other).risk_ratio().estimate
print("  the table of the package for under 50 alone:", round(float(alone), 3))
assert round(float(alone), 3) == seen["under 50"][1][0] == 8
turned = mantel_haenszel_or([Table2x2(ill, people - ill, other, others - other) for ill, people, other, others in AGES.values()])
print("  all ages, each table turned:", round(float(turned.common_rr), 3))
assert [package for package, _ in seen.values()] == [(1.784, 37.222), (3.333, 46.667), (1.714, 50), (1.286, 15)]
assert [hand for _, hand in seen.values()] == [(2.811, 0.209), (8, 0.35), (3, 0.2), (1.5, 0.1)]
assert round(float(turned.common_rr), 3) == seen["all ages"][1][0]
PY
