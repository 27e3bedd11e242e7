"""Every mart about organisations says in which ICB they lie, so that "our trusts" is a condition on one column."""

from __future__ import annotations

from tests.contract.test_vocabulary import published
from tests.warehouses import Warehouse


def test_every_mart_about_organisations_has_the_icb_beside_the_code() -> None:
    about_organisations = {
        table for table, columns in published().items() if table.startswith("mart_") and "organisation_code" in columns
    }
    assert len(about_organisations) > 30
    assert {
        table for table in about_organisations if not {"icb_code", "icb_name"} <= published()[table].keys()
    } == set()


def test_the_icb_is_that_of_today_or_the_one_that_was_divided(sample_warehouse: Warehouse) -> None:
    """Known from the estate's look-up and successions: Q9A merged into Z9M1X in April 2026, Q9C was divided, Q9D took a part and stays."""
    icb = "select distinct icb_code from mart_statement where organisation_code = '{code}'"
    found = {code: sample_warehouse.one(icb.format(code=code)) for code in ("R9A", "R9S", "R9U", "Q9D")}
    assert found == {"R9A": "Z9M1X", "R9S": "Q9C", "R9U": "Q9D", "Q9D": "Q9D"}
    assert sample_warehouse.one("select distinct icb_code from mart_statement where organisation_code = 'ENG'") is None


def test_all_marts_give_an_organisation_the_same_icb(sample_warehouse: Warehouse) -> None:
    tables = [table for table, columns in published().items() if table != "dim_lsoa" and "icb_name" in columns]
    said = " union ".join(
        f"select organisation_code, icb_code, icb_name from {table}" for table in tables if table.startswith("mart_")
    )
    differing = (
        f"select organisation_code from ({said}) where organisation_code <> 'all' group by 1 having count(*) > 1"
    )
    assert sample_warehouse.query(differing) == []
