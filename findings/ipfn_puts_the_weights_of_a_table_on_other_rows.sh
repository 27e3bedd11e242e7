#!/usr/bin/env bash
# ipfn 1.4.4 with a pandas table: iterative proportional fitting, as for a population by area, age, sex and ethnic group out of a census table and newer totals. Three
# or more totals, one of them over two columns together: the table is sorted by these two for that step, the copies for the next steps are not, and new
# values are written row by row from one order into the other. Unless the table came sorted by just these columns, values change places among people of one
# region, in every round. All totals are met and verbose=1 says 1, "success": nothing looks wrong, and single cells are many times too large or small. With two
# totals over different pairs of columns even a sorted table does not help, the totals are missed by half, and it still says 1. The right cells are those of
# the method by its definition, six lines below, and ipfn's own for the same numbers as a numpy array. What helps: give it a numpy array; or check that the
# result keeps the first table's odds ratios.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: ipfn==1.4.4 pandas==2.3.3 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
from importlib.metadata import version
from itertools import product

import numpy as np
import pandas as pd
from ipfn import ipfn

print("ipfn", version("ipfn"), "pandas", version("pandas"))
LEVELS = {"age": ["0-64", "65+"], "sex": ["F", "M"], "region": ["N", "S", "W"], "group": ["A", "B"]}
NAMES = list(LEVELS)
SHAPE = tuple(map(len, LEVELS.values()))
rng = np.random.default_rng(2)
census, newer = (rng.integers(low, high, SHAPE).astype(float) for low, high in ((5, 60), (50, 600)))
table = pd.DataFrame(list(product(*LEVELS.values())), columns=NAMES).assign(total=census.ravel())


def margin(array, columns):
    """The totals over some columns, with the other axes kept as one."""
    return array.sum(axis=tuple(at for at, name in enumerate(NAMES) if name not in columns), keepdims=True)


def fitted(wanted):
    """Proportional fitting by its definition."""
    cells = census.copy()
    for _ in range(500):
        for columns in wanted:
            cells = cells * margin(newer, columns) / margin(cells, columns)
    return cells


def by_pandas(rows, wanted):
    """ipfn's cells for rows in their order, and whether it says that it converged."""
    totals = [table.assign(total=newer.ravel()).groupby(columns)["total"].sum() for columns in wanted]
    result, converged = ipfn.ipfn(rows.copy(), totals, wanted, verbose=1).iteration()
    return result.sort_values(NAMES)["total"].to_numpy().reshape(SHAPE), converged


def by_numpy(wanted):
    """ipfn's cells for the same numbers as an array."""
    axes = [[NAMES.index(name) for name in columns] for columns in wanted]
    return ipfn.ipfn(census.copy(), [np.squeeze(margin(newer, columns)) for columns in wanted], axes).iteration()


def off(cells, right):
    """How many times a cell is too large or too small, at worst."""
    return round(float(np.exp(np.abs(np.log(cells / right)).max())), 2)


def missed(cells, wanted):
    """The largest relative distance from a total."""
    return round(float(max(np.abs(margin(cells, columns) / margin(newer, columns) - 1).max() for columns in wanted)), 3)


for wanted in ([["age", "sex"], ["region"], ["group"]], [["age", "sex"], ["region", "group"], ["sex", "group"]]):
    right = fitted(wanted)
    assert off(by_numpy(wanted), right) == 1 and missed(right, wanted) == 0
    print("  totals by", *(" and ".join(columns) for columns in wanted), sep="; ")
    orders = {"sorted": table, "sorted by region": table.sort_values(["region", "group", "age", "sex"]), "in no order": table.sample(frac=1, random_state=3)}
    for name, rows in orders.items():
        cells, converged = by_pandas(rows, wanted)
        print(f"    {name}: totals missed by {missed(cells, wanted)}, worst cell {off(cells, right)} times off, converged: {converged}")
        assert converged == 1
        if len(wanted[1]) == 2:
            assert missed(cells, wanted) > 0.1 and off(cells, right) > 1.5
        else:
            assert missed(cells, wanted) == 0 and (off(cells, right) == 1 if name == "sorted" else off(cells, right) > 2)
PY
