#!/usr/bin/env bash
# weightipy 0.4.2 (survey weights by raking): with `total` (rim_params={"total": ...}) weights are scaled from the sample to a population. A weight of exactly 1
# is taken for "not weighted": such people are left out of the scaling and keep 1. A group that the sample holds in its true share has a weight of exactly 1, as
# happens in any stratified sample. Here 100 answers stand for 1,000 people: a group of 200 becomes 20, the others 500 and 300 become 625 and 375, and the sum is
# 1,020. If the whole sample matches the population, nobody gets a weight at all: all are missing. Without `total` the same weights are right. The right value is
# the population of each group. Nothing is printed, and the documentation does not speak of it. What helps: weight without `total`, and multiply the weights by
# population over sum of weights.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: weightipy==0.4.2 pandas==2.3.3 numpy==2.3.5 scipy==1.16.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

import pandas as pd
import weightipy as wp

print("weightipy", version("weightipy"))
PEOPLE = 1000


def sums(answers: dict[str, int], shares: dict[str, int], total: int) -> tuple[dict[str, float], int]:
    """Weighted people of each group, and how many of them have a weight."""
    survey = pd.DataFrame({"group": [group for group, number in answers.items() for _ in range(number)]})
    scheme = wp.scheme_from_dict({"group": shares}, rim_params={"total": total})
    weights = pd.concat([survey, wp.weight_dataframe(survey, scheme)[["weights"]]], axis=1)
    return weights.groupby("group").weights.sum().round(6).to_dict(), int(weights.weights.notna().sum())


shares = {"north": 20, "midlands": 50, "south": 30}
answers = {"north": 20, "midlands": 30, "south": 50}
right = {group: PEOPLE * share / 100 for group, share in shares.items()}
scaled, plain = sums(answers, shares, PEOPLE), sums(answers, shares, 0)
by_hand = {group: round(number * PEOPLE / sum(plain[0].values()), 6) for group, number in plain[0].items()}
print("  people in the population:      ", right, "in all", PEOPLE)
print(f"  weighted with total={PEOPLE}:      ", scaled[0], "in all", round(sum(scaled[0].values()), 6))
print("  weighted without it and scaled:", by_hand)
assert scaled[0] == {"north": 20, "midlands": 625, "south": 375} and by_hand == right
same = sums(shares, shares, PEOPLE), sums(shares, shares, 0)
print("  a sample that matches the population: people with a weight", same[0][1], "of 100, without total", same[1][1])
assert same[0][1] == 0 and same[1] == (shares, 100)
PY
