#!/usr/bin/env bash
# pyqicharts 2.0.0, qic(chart="run") and anhoej_rules: a run chart and the rules of Anhoej and Olesen (2014), which tell a shift from chance by the longest run on one
# side of the median and by the number of crossings. The limit of crossings is one lower than the publisher's for every length of chart, that of the longest
# run one higher for some, both to the side of no signal. The longest run is rounded up instead of to the nearest number (of 20 months: 8 for 7). The
# limit of crossings is the last count that is rare by chance, where the rule's is the first that is not; both ask for FEWER than the limit, so one count that the
# rule reports is missed. Of charts of 20 months with a real shift half-way two thirds of the signals are lost. The right limits are those in the authors' own
# table (qicharts2, appendix: round(log2(n) + 3) and qbinom(0.05, n - 1, 0.5)), computed below without a library. What helps: compare longest_run and
# crossings, which are right, with limits from these two formulas.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: pyqicharts==2.0.0 pandas==2.3.3 2>/dev/null
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from math import comb, log2

import numpy as np
from pyqicharts import anhoej_rules

print("pyqicharts", version("pyqicharts"))


def crossings_limit(n):
    """The first count of crossings whose chance, it or fewer, reaches 5 %."""
    total = 0
    for count in range(n):
        total += comb(n - 1, count)
        if total >= 0.05 * 2 ** (n - 1):
            return count


assert [(round(log2(n) + 3), crossings_limit(n)) for n in (10, 20, 24)] == [(6, 2), (7, 6), (8, 8)]
for n in range(10, 61, 2):
    found = anhoej_rules([number % 2 for number in range(n)])
    assert found.n_used == n and found.lower_crossings_limit == crossings_limit(n) - 1
    assert found.expected_longest_run in (round(log2(n) + 3), round(log2(n) + 3) + 1)
    if n in (12, 20, 24, 36):
        print(f"  {n} months: longest run {found.expected_longest_run} (rule {round(log2(n) + 3)}), crossings {found.lower_crossings_limit} (rule {crossings_limit(n)})")
rng = np.random.default_rng(11)
N, CHARTS = 20, 1000
caught = {"rule": 0, "pyqicharts": 0}
for _ in range(CHARTS):
    values = rng.normal(0, 1, N) + np.repeat([0, 1.5], N // 2)
    found = anhoej_rules(values)
    caught["pyqicharts"] += found.any_signal
    caught["rule"] += found.longest_run > round(log2(N) + 3) or found.crossings < crossings_limit(N)
print(f"  of {CHARTS} charts of {N} months with a shift half-way, signalled:", caught)
assert caught["rule"] > caught["pyqicharts"] + 100
PY
