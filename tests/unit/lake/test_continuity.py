"""A clean table beside an earlier one: rows and codes that are gone, figures that stand where others stood."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dagster_project.contracts.source import Entity
from dagster_project.duck import connection, quote_literal
from dagster_project.lake.continuity import Breaks, Earlier, Limits, find_breaks

LIMITS = Limits(least_rows=0.95, most_codes_lost=0.1, most_rows_lost=0, exchanged=0.5)
TRUSTS = [f"R9{place:02d}" for place in range(60)]
Row = tuple[Any, ...]
Compare = Callable[..., Breaks]
MONTHLY = Entity.model_validate(
    {
        "name": "monthly",
        "title": "Waits",
        "grain": "one row for each trust and month",
        "link_pattern": "x",
        "format": "csv",
        "absent_row": "gap",
        "columns": [],
        "clean": [
            {"name": "period_start", "type": "DATE", "key": True, "description": "Month"},
            {"name": "organisation_code", "type": "VARCHAR", "key": True, "description": "Trust"},
            {"name": "group_code", "type": "VARCHAR", "key": True, "description": "Group"},
            {"name": "numerator", "type": "BIGINT", "description": "Waits over 18 weeks"},
            {"name": "denominator", "type": "BIGINT", "description": "Waits"},
            {"name": "region_name", "type": "VARCHAR", "description": "Region"},
            {"name": "icb_name", "type": "VARCHAR", "description": "ICB"},
        ],
    }
)


def write(path: Path, rows: Sequence[Row]) -> Path:
    """A clean table, with the report that names its file."""
    with connection(None) as con:
        columns = ", ".join(f'"{c.name}" {c.type}' for c in MONTHLY.clean_columns)
        con.execute(f"create table rows ({columns})")
        lists = ", ".join(f"unnest(${place})" for place in range(1, len(rows[0]) + 1))
        con.execute(f"insert into rows select {lists}", [list(column) for column in zip(*rows, strict=True)])
        con.execute(f"copy rows to {quote_literal(str(path))} (format parquet)")
    path.with_suffix(".report.json").write_text(json.dumps({"period": "2026-01", "file": "January.csv"}))
    return path


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """`compare(new, old)`: the breaks of new rows beside old ones, which are of the same period if they have its date."""

    def run(
        new: Sequence[Row], old: Sequence[Row], *, limits: Limits = LIMITS, same_period: bool | None = None
    ) -> Breaks:
        same = new[0][0] == old[0][0] if same_period is None else same_period
        earlier = Earlier(write(tmp_path / "old.parquet", old), same)
        return find_breaks(MONTHLY, write(tmp_path / "new.parquet", new), earlier, limits)

    return run


def month(period: str, seed: int = 1, groups: Sequence[str] = ("a", "b", "c")) -> list[Row]:
    """Figures of 60 trusts of very different size; another seed moves each by about a tenth."""
    size, drawn = np.random.default_rng(0), np.random.default_rng(seed)
    rows: list[Row] = []
    for place, trust in enumerate(TRUSTS):
        waits = np.exp(size.normal(7, 1))
        for group, share in zip(groups, (0.6, 0.3, 0.1), strict=True):
            all_waits = int(waits * share * np.exp(drawn.normal(0, 0.1))) + 10
            long_waits = int(all_waits * 0.35 * np.exp(drawn.normal(0, 0.1)))
            rows.append(
                (f"{period}-01", trust, group, long_waits, all_waits, f"Region {place % 7}", f"ICB {place % 42}")
            )
    return rows


def exchange(rows: Sequence[Row], one: int, other: int) -> list[Row]:
    order = list(range(len(rows[0])))
    order[one], order[other] = other, one
    return [tuple(row[place] for place in order) for row in rows]


def relabel(rows: Sequence[Row], labels: dict[str, str]) -> list[Row]:
    return [(*row[:2], labels.get(row[2], row[2]), *row[3:]) for row in rows]


def test_edition_with_other_figures_and_more_rows_is_let_through(compare: Compare) -> None:
    old = month("2026-01")
    new = [*month("2026-01", seed=2), ("2026-01-01", "R9ZZ", "a", 5, 50, "Region 1", "ICB 1")]
    assert compare(new, old) == Breaks()


def test_month_that_grew_by_a_half_is_let_through(compare: Compare) -> None:
    grown = [(*row[:3], row[3] * 3 // 2, row[4] * 3 // 2, *row[5:]) for row in month("2026-02", seed=2)]
    assert compare(grown, month("2026-01")) == Breaks()


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_table_that_was_cut_is_a_break_with_both_counts(compare: Compare, share: float) -> None:
    old = month("2026-01")
    failures = compare(old[: int(share * len(old))], old).failures
    assert failures[0] == (
        f"{int(180 * share)} rows, where the edition that it replaces, 2026-01 (January.csv) has 180 and 95% of them must be there"
    )


def test_organisation_that_is_gone_is_named_and_few_of_them_are_a_warning(compare: Compare) -> None:
    old = month("2026-01")
    few = compare([row for row in old if row[1] not in {"R903", "R907"}], old)
    assert few.failures == []  # the rows of a code that is gone are not named once more
    assert few.warnings == [
        "2 of 60 values of organisation_code in the edition that it replaces, 2026-01 (January.csv) are not in it (R903, R907)"
    ]
    many = compare([row for row in old if row[1] not in set(TRUSTS[:7])], old)
    assert "7 of 60 values of organisation_code" in many.failures[1]
    assert many.failures[1].endswith("(R900, R901, R902, R903, R904, ...)")


def test_code_with_a_row_where_others_have_many_comes_and_goes_between_periods(compare: Compare) -> None:
    rare = [*month("2026-01"), *(("2026-01-01", trust, "rare", 1, 10, "Region 1", "ICB 1") for trust in TRUSTS[:1])]
    assert compare(month("2026-02"), rare).failures == []


def test_row_that_an_edition_lost_is_named_while_nothing_else_changed(compare: Compare) -> None:
    old = month("2026-01")
    assert compare([row for row in old if row[1:3] != ("R907", "b")], old) == Breaks(
        [
            "1 of 180 rows in the edition that it replaces, 2026-01 (January.csv) are not in it (2026-01-01 / R907 / b), "
            "and the figures of 0 others changed"
        ]
    )


def test_figure_that_an_edition_left_blank_is_named_unless_it_is_a_revision(compare: Compare) -> None:
    def blank(rows: Sequence[Row]) -> list[Row]:
        return [(*row[:3], None, *row[4:]) if row[1:3] == ("R907", "b") else row for row in rows]

    old = month("2026-01")
    said = "1 rows have a blank, and no mark, for a figure that the edition that it replaces, 2026-01 (January.csv) has"
    (failure,) = compare(blank(old), old).failures
    assert failure == f"{said} (2026-01-01 / R907 / b), and the figures of 0 others changed"
    revised = compare(blank(month("2026-01", seed=2)), old)
    assert revised.failures == [] and revised.warnings[0].startswith(said)


@pytest.mark.parametrize(("allowed", "held"), [(0, True), (0.05, False)])
def test_rows_may_go_in_a_revised_edition_only_where_the_publisher_leaves_out_nobody(
    compare: Compare, allowed: float, held: bool
) -> None:
    old, revised = month("2026-01"), month("2026-01", seed=2)
    limits = Limits(least_rows=0.95, most_codes_lost=0, most_rows_lost=allowed, exchanged=0.5)
    found = compare([row for row in revised if row[1:3] != ("R907", "b")], old, limits=limits)
    assert bool(found.failures) is held
    (said,) = found.failures or found.warnings
    assert "(2026-01-01 / R907 / b), and the figures of 179 others changed" in said


def test_row_of_a_month_that_the_next_one_lacks_is_named_where_nearly_all_stay(compare: Compare) -> None:
    old = month("2026-01")
    new = [row for row in month("2026-02", seed=2) if row[1:3] != ("R907", "b")]
    assert compare(new, old) == Breaks(
        [],
        [
            "1 of 180 rows in the period before, 2026-01 (January.csv) are not in it (2026-01-01 / R907 / b); "
            "their figures are missing"
        ],
    )
    assert compare([row for row in new if row[1] not in TRUSTS[:2] or row[2] == "a"], old) == Breaks()


def test_edition_that_lost_a_month_is_a_break_unless_it_is_the_oldest_of_a_rolling_window(compare: Compare) -> None:
    year = [row for number in range(1, 10) for row in month(f"2026-0{number}", seed=number)]
    rolled = [*(row for row in year if row[0] != "2026-01-01"), *month("2026-10", seed=10)]
    limits = Limits(least_rows=0.8, most_codes_lost=0, most_rows_lost=0, exchanged=0.5)
    assert compare(rolled, year, limits=limits, same_period=True) == Breaks()
    for gone in ("2026-01-01", "2026-04-01"):
        lost = [row for row in year if row[0] != gone]
        (failure,) = compare(lost, year, limits=limits, same_period=True).failures
        assert failure.startswith("1 of 9 values of period_start") and failure.endswith(f"({gone})")


@pytest.mark.parametrize(
    ("period", "seed"), [("2026-01", 1), ("2026-01", 2), ("2026-02", 2)], ids=["unchanged", "revised", "next month"]
)
@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda rows: exchange(rows, 3, 4), "numerator and denominator"),
        (lambda rows: exchange(rows, 5, 6), "region_name and icb_name"),
        (lambda rows: relabel(rows, {"a": "c", "c": "a"}), "denominator of a and denominator of c"),
    ],
    ids=["figures", "texts", "categories"],
)
def test_exchanged_headings_are_a_break(
    compare: Compare, period: str, seed: int, spoil: Callable[[list[Row]], list[Row]], named: str
) -> None:
    (failure,) = compare(spoil(month(period, seed)), month("2026-01")).failures
    assert named in failure and "look exchanged" in failure and "January.csv" in failure


def test_exchanged_headings_that_name_a_figure_and_a_category_are_a_break(compare: Compare) -> None:
    """`a, numerator` and `b, denominator` of a sheet that has four columns for its two groups."""
    old = [row for row in month("2026-01") if row[2] != "c"]
    of_a = {row[1]: row[3] for row in old if row[2] == "a"}
    of_b = {row[1]: row[4] for row in old if row[2] == "b"}
    new = [(*row[:3], of_b[row[1]], *row[4:]) if row[2] == "a" else (*row[:4], of_a[row[1]], *row[5:]) for row in old]
    (failure,) = compare(new, old).failures
    assert failure.startswith("numerator of a and denominator of b look exchanged")


def test_small_figures_of_one_row_are_each_others_by_chance(compare: Compare) -> None:
    def one(numerator: int, denominator: int) -> list[Row]:
        return [("2026-01-01", "R900", "a", numerator, denominator, "Region 1", "ICB 1")]

    assert compare(one(6, 5), one(5, 6)) == Breaks()
    assert "numerator and denominator look exchanged" in compare(one(912, 340), one(340, 912)).failures[0]
