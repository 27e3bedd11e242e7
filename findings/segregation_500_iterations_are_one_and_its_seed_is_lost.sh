#!/usr/bin/env bash
# segregation 2.5.4 (PySAL; 2.6.0 has the same lines): ModifiedDissim is the dissimilarity index less what chance alone gives in small units (wards, practices,
# schools), by default from the mean of 500 random draws. Every draw is started from the same seed, so all 500 are the same draw: the "mean" is one throw, more
# iterations only take longer, and the index of one table differs from call to call by as much as with 2 iterations. `seed`, which the documentation of the
# function names, is taken by the class and dropped without a word, so the call cannot be repeated either. Small units are what the index is for, and there the
# throw is wide: a town whose people live as if by chance (right: near 0) is called less even or more even than chance. ModifiedGini is made in the same way. The
# right value is computed by hand with the mean of 500 separate draws; it differs from call to call by about a thirtieth of that. What helps: set numpy's seed to
# a new number before each of a hundred calls and take their mean, or draw by hand.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: segregation==2.5.4 pandas==2.3.3 numpy==2.3.5 geopandas==1.1.1 libpysal==4.13.0 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from random import Random
from statistics import mean, stdev

import numpy as np
import pandas as pd
from segregation.singlegroup import Dissim, ModifiedDissim

print("segregation", version("segregation"))
CALLS, SIZE = 20, 10
group = [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5, 1, 0]
table = pd.DataFrame({"group": group, "people": SIZE})


def dissimilarity(numbers: list[int]) -> float:
    """The dissimilarity index of units of the same size."""
    members, others = sum(numbers), SIZE * len(numbers) - sum(numbers)
    return sum(abs(number / members - (SIZE - number) / others) for number in numbers) / 2


def by_hand(draws: int, random: Random) -> float:
    """The index less the mean of so many separate draws."""
    share = sum(group) / SIZE / len(group)
    chance = mean(dissimilarity([sum(random.random() < share for _ in range(SIZE)) for _ in group]) for _ in range(draws))
    found = dissimilarity(group)
    return (found - chance) / (1 - chance) if found >= chance else (found - chance) / chance


def package(draws: int, start: int, **given: int) -> float:
    """What the package gives."""
    np.random.seed(start)
    return float(ModifiedDissim(table, "group", "people", iterations=draws, n_jobs=1, **given).statistic)


assert abs(Dissim(table, "group", "people").statistic - dissimilarity(group)) < 1e-12
seen = {draws: [package(draws, start) for start in range(CALLS)] for draws in (2, 500)}
random = Random(1)
right = [by_hand(500, random) for _ in range(CALLS)]
print(f"  dissimilarity {dissimilarity(group):.3f}; {CALLS} calls each, lowest, highest and spread:")
for name, values in {"the package, 2 iterations": seen[2], "the package, 500 iterations": seen[500], "by hand, 500 draws": right}.items():
    print(f"    {name}: {min(values):+.3f} to {max(values):+.3f}, {stdev(values):.4f}")
assert max(abs(few - many) for few, many in zip(seen[2], seen[500])) < 1e-9
assert abs(mean(right)) < 0.1 and stdev(right) < 0.01 and stdev(seen[500]) > 10 * stdev(right)
first, second = package(100, 1, seed=7), package(100, 2, seed=7)
print(f"  two calls with seed=7: {first:+.3f} and {second:+.3f}")
assert abs(first - second) > 0.01
PY
