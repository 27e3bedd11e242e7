#!/usr/bin/env bash
# statsmodels 0.15.0, confint_poisson_2indep: the interval of a ratio of two rates, as of the most against the least deprived. The default method ("score")
# looks for each limit by minimising, from the limit of another method: without events in one group there is no second limit to find, the search for it
# ends at the first, and both limits are one figure, which does not hold the ratio itself. Method "sqrtcc" leaves the two populations out: 200 deaths of 10,000
# against 1,000 of 50,000 are a ratio of 1 with an interval of 0.17 to 0.23. confint_poisson(0, n, "midp-c") is one point above 0 for the first reason.
# Nothing is raised or warned, and no docstring says so. With events in both groups "score" is right. What helps: the exact interval by the binomial (scipy,
# below), or "mover" where the second group has events.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: statsmodels==0.15.0 scipy==1.17.1 pandas==2.3.3 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import statsmodels
from scipy.stats import beta, poisson
from statsmodels.stats.rates import confint_poisson, confint_poisson_2indep


def exact(deaths, people, other_deaths, other_people):
    """Clopper and Pearson's limits of the share of all deaths, as a ratio of rates."""
    low = beta.ppf(0.025, deaths, other_deaths + 1) if deaths else 0.0
    high = beta.ppf(0.975, deaths + 1, other_deaths) if other_deaths else 1.0
    return tuple(float(s / (1 - s) * other_people / people) if s < 1 else np.inf for s in (low, high))


print("statsmodels", statsmodels.__version__, "- deaths, people against deaths, people: ratio of rates, 95 %")
found = {}
for case in ((20, 1000, 10, 2000), (0, 1000, 10, 2000), (0, 1000, 50, 1000), (10, 1000, 0, 2000), (200, 10_000, 1000, 50_000)):
    deaths, people, other_deaths, other_people = case
    ratio = deaths / people / (other_deaths / other_people) if other_deaths else np.inf
    limits = {"exact": exact(*case)}
    for name in ("score", "sqrtcc", "mover"):
        method = {} if name == "score" else {"method": name}
        limits[name] = tuple(float(np.squeeze(one)) for one in confint_poisson_2indep(*case, compare="ratio", **method))
    found[case] = limits
    shown = ", ".join(f"{name} {low:.3f} to {high:.3f}" for name, (low, high) in limits.items())
    print(f"  {deaths:3} of {people:,} against {other_deaths:,} of {other_people:,}: {ratio:.2f}; {shown}")
    low, high = limits["score"]
    if 0 in (deaths, other_deaths):
        assert high - low < 1e-4 * high and not low <= ratio <= high
    else:
        assert np.allclose(limits["score"], limits["exact"], rtol=0.2) and low < ratio < high
low, high = found[200, 10_000, 1000, 50_000]["sqrtcc"]
assert high < 0.25 and np.allclose((5 * low, 5 * high), found[200, 10_000, 1000, 50_000]["exact"], rtol=0.05)
low, high = (float(np.squeeze(one)) for one in confint_poisson(0, 1000, method="midp-c"))
print(f"  0 of 1,000 by midp-c: {1000 * low:.2f} to {1000 * high:.2f} per 1,000")
assert abs(high - low) < 1e-4 * high and abs(poisson.pmf(0, 1000 * low) / 2 - 0.025) < 1e-3
PY
