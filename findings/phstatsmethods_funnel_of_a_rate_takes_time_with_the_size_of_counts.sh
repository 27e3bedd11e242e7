#!/usr/bin/env bash
# OHID's PHStatsMethods 0.1.16, calculate_funnel_limits for rates and ratios: each of 400 limits is found by halving, and each of some 23 halvings adds
# up Poisson probabilities one by one from 0 in Python up to the count. Time grows with the largest count: ten times the events take ten
# times as long, where the chi-squared quantile gives the same limit at once (checked here). Events of a trust in the thousands take seconds to minutes; the
# counts of a national table of waiting times (7 million) take hours. The same points can be had from scipy.stats.chi2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: PHStatsMethods==0.1.16 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import sys
from importlib.metadata import version

from PHStatsMethods.utils_funnel import poisson_funnel
from scipy.stats import chi2

print("PHStatsMethods", version("PHStatsMethods"))


def lines_run(events: int) -> int:
    """How many lines of Python one limit takes: a count, so that no clock is asked."""
    count = 0

    def step(frame, event, argument):
        nonlocal count
        count += event == "line"
        return step

    sys.settrace(step)
    try:
        poisson_funnel(events, 0.025, "high")
    finally:
        sys.settrace(None)
    return count


found = {events: lines_run(events) for events in (100, 1_000, 10_000)}
for events, lines in found.items():
    print(f"  one limit of {events:,} events: {lines:,} lines of Python")
assert found[10_000] > 8 * found[1_000] > 40 * found[100]
limit, quantile = poisson_funnel(1_000, 0.025, "high"), chi2.ppf(0.975, 2 * 1_000 + 2) / 2
print(f"  expected events at the limit of 1,000: {limit:.2f}; by chi-squared {quantile:.2f}")
assert abs(limit / quantile - 1) < 1e-4
PY
