#!/usr/bin/env bash
# lifetables 0.0.11, create_life_table and compute_le: life expectancy from death rates by single year of age. The last age is the open one ("90 and over", as
# the Office for National Statistics publishes rates); its people live on for 1/rate years on average, some four to ten. lifetables gives each of them half a
# year (final_separation_factor=0.5). Life expectancy is too low, the more so the healthier the group: 3.5 years at birth for one with low rates, 0.5 for one
# with high rates. So it is the GAP between the least and the most deprived that shrinks, by a third.
# Rates by bands of five years are taken for single years as well: 17.8 years at birth instead of some 80. The right value is
# Chiang's: those alive at its start over its rate, below. What helps: final_separation_factor=1/rate of the last age, group by
# group.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: lifetables==0.0.11 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import exp

import polars as pl
from lifetables import create_life_table

print("lifetables", version("lifetables"), "polars", version("polars"))


def rates(level):
    """Death rates by single year to 90 and over, rising by 9.4 % a year."""
    return [0.004, *(level * 3e-5 * exp(0.094 * age) for age in range(1, 91))]


def chiang(rate):
    """Life expectancy at birth: years lived at each age, in the last of them 1/rate."""
    alive, years = 1.0, 0.0
    for age, each in enumerate(rate[:-1]):
        lived = 0.14 if age == 0 else 0.5
        dying = alive * each / (1 + (1 - lived) * each)
        years += alive - (1 - lived) * dying
        alive -= dying
    return years + alive / rate[-1]


def at_birth(rate, step=1, **options):
    """lifetables' own."""
    table = pl.LazyFrame({"age": range(0, step * len(rate), step), "mortality": rate})
    return create_life_table(table, **options).collect()["e"][0]


groups = {"least deprived": rates(0.7), "most deprived": rates(1.5)}
right, found, helped = ({name: how(rate) for name, rate in groups.items()} for how in (chiang, at_birth, lambda rate: at_birth(rate, final_separation_factor=1 / rate[-1])))
for name in groups:
    print(f"  {name}: {found[name]:.2f} years at birth, by Chiang {right[name]:.2f}, with the factor 1/rate {helped[name]:.2f}")
    assert abs(helped[name] - right[name]) < 1e-9 and found[name] < right[name] - 0.4
gap, shown = (years["least deprived"] - years["most deprived"] for years in (right, found))
print(f"  gap: {shown:.2f} instead of {gap:.2f}")
assert shown < 0.7 * gap
bands = at_birth([3e-5 * exp(0.094 * (age + 2.5)) for age in range(0, 91, 5)], step=5)
print(f"  in bands of five years: {bands:.1f}")
assert bands < 20
PY
