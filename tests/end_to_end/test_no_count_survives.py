"""D1 and D2 after a whole night: a trust's waiting list with many counts of 1 to 7 came in by the drop folder, and was published.

What the trust sent is added up here from the rows of its file; what may be shown of it is worked out by integer arithmetic. Then
the published file, and everything beside it, is read as a person would.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from bs4 import BeautifulSoup

from dagster_project.duck import quote_identifier
from dagster_project.lake.paths import Lake
from dagster_project.quality.declaration import SafeCounts
from dagster_project.release.dbt_artifacts import read_exposed_models
from tests.end_to_end.planting import FEW, METRICS, Cell, contents, true_counts
from tests.fixtures.sheets import read_sheets
from tests.integration.report.report_reader import figures_of
from tests.warehouses import Warehouse

NEWEST = "period_end = (select max(period_end) from mart_hi_rate where organisation_code = 'R9F')"
SMALL = range(1, 8)
LONGEST = 10_000
"""Counts from here on are looked for in texts; shorter ones stand there by chance."""


def rounded(count: int) -> int | None:
    """What is shown of a count: nothing of 1 to 7, the nearest 5 of others."""
    return None if count in SMALL else (count + 2) // 5 * 5


def shown(warehouse: Warehouse) -> dict[Cell, dict[str, Any]]:
    """The rows of the trust in the published file by metric, dimension and group."""
    columns = [
        "indicator_id",
        "dimension",
        "group_code",
        "numerator",
        "numerator_status",
        "denominator",
        "denominator_status",
        "value",
    ]
    rows = warehouse.query(
        f"select {', '.join(columns)} from mart_hi_rate where organisation_code = '{FEW}' and {NEWEST}"
    )
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return {
        (row["indicator_id"], row["dimension"], row["group_code"]): row
        for row in named
        if row["indicator_id"] in METRICS
    }


@cache
def safe_marts(lake: Path) -> dict[str, tuple[str, ...]]:
    """Every mart that counts people, and its columns of counts."""
    models = read_exposed_models(Lake(lake).build / "dbt" / "manifest.json")
    counting = [model for model in models if model.disclosure_policy == "safe_counts"]
    return {model.name: tuple(SafeCounts.model_validate(model.safe_counts).counts) for model in counting}


def is_safe(number: int) -> bool:
    """Whether a count of people may be shown so: 0, or 10 and more in steps of 5."""
    return number == 0 or (number > max(SMALL) and number % 5 == 0)


def test_the_return_came_in_by_the_drop_folder_and_is_small_enough_to_be_a_test(planted_warehouse: Warehouse) -> None:
    status = planted_warehouse.one(
        f"select status from mart_submission where collection_code = 'WL01' and organisation_code = '{FEW}' and {NEWEST}"
    )
    assert status.startswith("ACCEPTED")
    above = [count for count, _ in true_counts().values()]
    assert sum(count in SMALL for count in above) > 40 and sum(count % 5 > 0 for count in above) > 60


def test_each_count_of_the_trust_is_hidden_rounded_or_withheld(planted_warehouse: Warehouse) -> None:
    seen, hidden, published = shown(planted_warehouse), 0, 0
    for cell, counts in true_counts().items():
        for column, count in zip(("numerator", "denominator"), counts, strict=True):
            found, status = seen[cell][column], seen[cell][f"{column}_status"]
            if status == "withheld":
                assert found is None, cell
                continue
            assert (found, status) == (rounded(count), "suppressed" if count in SMALL else "published"), cell
            hidden, published = hidden + (found is None), published + (found is not None)
    assert hidden > 20 and published > 60, (hidden, published)


def test_rates_come_from_the_rounded_counts(planted_warehouse: Warehouse) -> None:
    differing, rates = 0, {cell: row for cell, row in shown(planted_warehouse).items() if row["value"] is not None}
    for cell, row in rates.items():
        assert row["value"] == pytest.approx(100 * row["numerator"] / row["denominator"], abs=1e-9), cell
        if cell in true_counts():
            count, people = true_counts()[cell]
            assert count not in SMALL
            differing += abs(row["value"] - 100 * count / people) > 1e-6
    assert differing > 20, "no rate would tell the true counts from the rounded ones"


def test_no_mart_holds_a_count_of_people_of_1_to_7_or_one_that_is_not_rounded(planted_warehouse: Warehouse) -> None:
    marts = safe_marts(planted_warehouse.lake)
    assert {"mart_hi_rate", "mart_hi_intersection", "mart_inclusion_health", "mart_ph_workforce"} <= set(marts)
    for mart, counts in marts.items():
        for column in map(quote_identifier, counts):
            unsafe = f"{column} <> 0 and ({column} between 1 and {max(SMALL)} or {column} % 5 <> 0)"
            assert planted_warehouse.one(f"select count(*) from {mart} where {unsafe}") == 0, (mart, column)


def test_parquet_and_csv_beside_the_file_hold_the_same_rows(planted_warehouse: Warehouse) -> None:
    published = Lake(planted_warehouse.lake).published
    as_csv = 0
    with duckdb.connect() as con:
        con.execute(f"attach '{published / 'marts.duckdb'}' as marts (read_only)")
        for mart, counts in safe_marts(planted_warehouse.lake).items():
            parquet = f"read_parquet('{published / 'parquet' / mart}.parquet')"
            both = f"(from marts.main.{mart} except all from {parquet}) union all (from {parquet} except all from marts.main.{mart})"
            assert con.execute(both).fetchall() == [], mart
            path = published / "csv" / f"{mart}.csv"
            if path.exists():
                as_csv += 1
                with path.open(encoding="utf-8", newline="") as stream:
                    cells = [row[column] for row in csv.DictReader(stream) for column in counts]
                assert all(is_safe(int(float(cell))) for cell in cells if cell), mart
                assert "" in cells, f"nothing is hidden in {mart}"
    assert as_csv >= 2


def test_the_workbook_shows_rounded_counts(planted_warehouse: Warehouse) -> None:
    rows = read_sheets(Lake(planted_warehouse.lake).published / "marts.xlsx")["Returned_rates"]
    heading = next(place for place, row in enumerate(rows) if "Numerator" in row)
    columns = [rows[heading].index(name) for name in ("Numerator", "Denominator")]
    cells = [row[column] for row in rows[heading + 1 :] for column in columns]
    assert len(cells) > 100
    assert all(is_safe(int(float(str(cell)))) for cell in cells if not str(cell).startswith("["))


def test_the_page_of_the_trust_says_c_for_what_is_hidden_and_rounds_the_rest(planted_warehouse: Warehouse) -> None:
    published = Lake(planted_warehouse.lake).published
    page = f"organisation-{FEW}.html"
    soup = BeautifulSoup((published / "report" / page).read_text(encoding="utf-8"), "html.parser")
    figures = [one for one in figures_of(page, soup) if one.table == "mart_hi_rate"]
    assert "[c]" in {one.text for one in figures}
    people = [one.text.replace(",", "") for one in figures if one.column == "denominator" and "[" not in one.text]
    assert len(people) > 10 and all(is_safe(int(text)) for text in people)


def test_no_true_count_stands_in_anything_that_the_night_leaves_but_the_private_files(
    planted_warehouse: Warehouse,
) -> None:
    """Files of the release, evidence, messages and Dagster's log, unpacked; parquets and databases of the release are read above."""
    counts = {count for pair in true_counts().values() for count in pair if count >= LONGEST and count % 5}
    assert len(counts) > 5
    spellings = "|".join(f"{count}|{count:,}" for count in sorted(counts))
    number = re.compile(rb"(?<![\w.])(?:" + spellings.encode() + rb")(?!\w|[.,]\d)")
    lake = Lake(planted_warehouse.lake)
    private = [lake.returns, lake.warehouse]
    assert any(number.search(text) for path in lake.returns.rglob("*.csv") for text in contents(path)), (
        "the search is blind"
    )
    found = []
    for path in sorted(lake.root.rglob("*")):
        if not path.is_file() or path.is_symlink() or any(path.is_relative_to(one) for one in private):
            continue
        if path.suffix not in {".parquet", ".duckdb"}:
            found += [path.relative_to(lake.root) for text in contents(path) if number.search(text)]
    assert found == []
