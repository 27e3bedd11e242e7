"""Years of figures are put on the organisations of today within little memory: the history that is kept must not end the night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dagster_project.lake.paths import Lake
from tests.rebuilding import Models
from tests.simulation import Simulated
from tests.warehouses import Warehouse

MONTHS, PROVIDERS, FUNCTIONS = 60, 100, 20
FIGURES = ("waiting", "within_18_weeks", "over_52_weeks", "over_65_weeks", "over_78_weeks")
MEMORY = "220MB"
"""600,000 figures. Summed in order of size, as those of merged organisations must be, they took more than 400 MB, none of which goes to disk."""


@pytest.fixture
def simulated(sample_warehouse: Warehouse, tmp_path: Path) -> Iterator[Simulated]:
    warehouse = Simulated(Models(Lake(sample_warehouse.lake)), tmp_path)
    yield warehouse
    warehouse.con.close()


def test_sixty_months_of_rtt_are_put_on_current_geography_within_little_memory(simulated: Simulated) -> None:
    """Providers that no merger touches keep their counts; two that merged are summed."""
    ends = pd.date_range("2021-04-30", periods=MONTHS, freq="ME")
    rows = pd.MultiIndex.from_product(
        [ends, [f"Z{number:04d}" for number in range(PROVIDERS)], [f"C_{number:03d}" for number in range(FUNCTIONS)]]
    ).to_frame(index=False, name=["period_end", "organisation_code", "treatment_function_code"])
    rows = rows.assign(organisation_level="trust", period_start=rows.period_end.dt.to_period("M").dt.start_time)
    for place, name in enumerate(FIGURES):
        rows[name] = np.arange(len(rows)) % 997 + place
    rows["snapshot_sha256"] = "a" * 64
    simulated.fill("int_waiting_list_rtt_organisation", rows)
    merged = pd.DataFrame(
        {
            "organisation_code": ["Z0001", "Z0002"],
            "current_organisation_code": ["Z0002"] * 2,
            "mapping_status": ["succeeded", "current"],
        }
    )
    simulated.fill("int_organisation_current", merged)
    simulated.con.execute(f"set memory_limit = '{MEMORY}'")
    simulated.build(["int_waiting_list_rtt_indicator_value"])
    simulated.con.execute("reset memory_limit")
    found = simulated.rows(
        "select geography_basis, count(*), sum(numerator) from intermediate.int_waiting_list_rtt_indicator_value group by all order by all"
    )
    total = sum(int(rows[name].sum()) for name in FIGURES)
    figures = len(rows) * len(FIGURES)
    assert found == [("as_reported", figures, total), ("current", figures - figures // PROVIDERS, total)]
    (both,) = simulated.rows(
        "select sum(numerator) from intermediate.int_waiting_list_rtt_indicator_value "
        "where geography_basis = 'current' and organisation_code = 'Z0002' and indicator_id = 'rtt_waiting'"
    )
    assert both == (rows[rows.organisation_code.isin(["Z0001", "Z0002"])].waiting.sum(),)
