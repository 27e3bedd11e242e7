"""D3 in estimates: whatever a hidden count is, the estimated total of England that it is in is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

from dagster_project.lake.paths import Lake
from tests.rebuilding import Models
from tests.simulation import Simulated
from tests.warehouses import Warehouse

BEFORE, NOW = pd.Timestamp("2026-09-30"), pd.Timestamp("2026-10-31")
WAITING = {"collection_code": "WL01", "metric_id": "WL_GT52_PCT", "dim_type": "ALL", "dim_value": "ALL"}
MODELS = ("int_returns__rate_level", "int_returns__rate_shown", "int_returns__rate_estimate", "mart_hi_rate")


@pytest.fixture(scope="module")
def simulated(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    warehouse = Simulated(Models(Lake(sample_warehouse.lake)), tmp_path_factory.mktemp("estimates"))
    sent = pd.DataFrame(
        [("WL01", trust, month) for trust, month in (("AAA", BEFORE), ("BBB", BEFORE), ("AAA", NOW))],
        columns=["collection_code", "org_code", "period_end"],
    )
    missing = pd.DataFrame([("WL01", "BBB", NOW)], columns=sent.columns)
    warehouse.fill("int_returns__in_use", sent)
    warehouse.fill("stg_returns__expected", pd.concat([sent, missing]))
    warehouse.fill("int_returns__coverage", sent[["collection_code", "period_end"]].drop_duplicates())
    yield warehouse
    warehouse.con.close()


def shown_where(simulated: Simulated, hidden: int) -> list[tuple[object, ...]]:
    """The numbers of mart_hi_rate where BBB, which is missing in October, counted `hidden` of 50 in September."""
    counts = [("AAA", BEFORE, 500, 5000), ("BBB", BEFORE, hidden, 50), ("AAA", NOW, 500, 5000)]
    cells = pd.DataFrame(
        [
            {"org_code": trust, "period_end": month, "submission_id": f"{trust}{month:%m}", **WAITING}
            | {f"numerator_{side}": waiting for side in ("low", "high")}
            | {f"denominator_{side}": people for side in ("low", "high")}
            | {"is_safe": False, "is_revised": False}
            for trust, month, waiting, people in counts
        ]
    )
    simulated.fill("int_returns__rate_cell", cells)
    simulated.build(MODELS)
    return simulated.rows(
        "select period_end, organisation_code, is_estimate, numerator, denominator, value, estimate_basis_period "
        "from marts.mart_hi_rate order by all"
    )


def test_no_estimate_depends_on_a_count_that_is_hidden(simulated: Simulated) -> None:
    """By plain sums: 500 and the middle of 1 to 7 are 504, shown as 505; true counts gave 500 for 1 and 505 for 7."""
    shown = {hidden: shown_where(simulated, hidden) for hidden in range(1, 8)}
    estimates = [row[3:5] for row in shown[1] if row[2]]
    assert estimates == [(505, 5050)]
    assert [hidden for hidden, rows in shown.items() if rows != shown[1]] == []


def test_england_stands_once_where_no_icb_is_known(simulated: Simulated) -> None:
    """Of neither trust one is: as a group of their own they doubled England, and its key held the night."""
    reported = [row[3:5] for row in shown_where(simulated, 22) if row[1] == "ENG" and not row[2]]
    assert reported == [(520, 5050), (500, 5000)]


def test_an_estimate_of_a_shown_count_is_the_sum_of_what_is_shown(simulated: Simulated) -> None:
    (estimate,) = [row[3:5] for row in shown_where(simulated, 22) if row[2]]
    assert estimate == (520, 5050), "500 and 20, as the mart shows 22"
