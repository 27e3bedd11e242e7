#!/usr/bin/env bash
# episia 0.1.3 (epidemiology, after OpenEpi): proportion_ci(..., method="clopper_pearson") is the exact interval, which the package says holds at least the
# confidence that is asked for. With no event at all, or with nothing but events, it takes half the confidence (0.475) where half the error (0.025) belongs. No
# death in 30 operations gets an upper limit of 2.5% instead of 11.6%, none in 100 has 0.7% instead of 3.6%; at a true share of 2.45% nearly every second team of
# 30 would see none. The more confidence is asked for, the narrower the interval: 99% ends below 95%. With one event it is right, so the upper limit jumps from
# 2.5% to 17%. It hurts where small numbers are the rule: rare harms, small practices, "no case" in an area, vaccines with 100% uptake. The right value is the
# share at which no event has a chance of 2.5%, found by hand from the binomial distribution, 1 - 0.025^(1/n). What helps: the Wilson interval, which is the
# default, or scipy's binomtest(...).proportion_ci().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps episia==0.1.3 2>/dev/null
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version
from math import comb
from unittest.mock import MagicMock

# Nothing is drawn here.
sys.modules.update(dict.fromkeys(["matplotlib", "matplotlib.pyplot", "plotly", "plotly.graph_objects"], MagicMock()))
from episia.stats.descriptive import proportion_ci

print("episia", version("episia"))


def reaches(count: int, people: int, share: float) -> float:
    """Chance of so many events or more."""
    return sum(comb(people, number) * share**number * (1 - share) ** (people - number) for number in range(count, people + 1))


def solved(count: int, people: int, chance: float) -> float:
    """The share with this chance of so many events or more."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if reaches(count, people, middle) < chance else (low, middle)
    return low


def exact(count: int, people: int) -> tuple[float, float]:
    """The exact 95% interval: 2.5% of chance at each end."""
    return (round(solved(count, people, 0.025), 4) if count else 0.0, round(solved(count + 1, people, 0.975), 4) if count < people else 1.0)


def package(count: int, people: int, **level: float) -> tuple[float, float]:
    """What the package gives."""
    result = proportion_ci(count, people, method="clopper_pearson", **level)
    return round(float(result.ci_lower), 4), round(float(result.ci_upper), 4)


seen = {}
for count, people in ((0, 30), (1, 30), (30, 30), (0, 100)):
    seen[count, people] = package(count, people), exact(count, people)
    print(f"  {count} of {people}: the package {seen[count, people][0]}, by hand {seen[count, people][1]}")
assert seen[0, 30] == ((0, 0.0245), (0, 0.1157)) and seen[30, 30] == ((0.9755, 1), (0.8843, 1)) and seen[0, 100] == ((0, 0.0074), (0, 0.0362))
assert seen[1, 30][0] == seen[1, 30][1]
missed = reaches(1, 30, 0.0245)
print(f"  chance of no event in 30 at a true share of 2.45%: {1 - missed:.1%}; 99% interval of the package for 0 of 30: {package(0, 30, confidence=0.99)}")
assert abs(1 - missed - 0.475) < 0.001 and package(0, 30, confidence=0.99)[1] < package(0, 30)[1]
PY
