"""What several tables together give away is found on the candidate, withheld by real dbt, and stays withheld (publish/withholding.py)."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.publish.withholding import REGISTER, SAID, build_safe_candidate, find_sets, rebuild_marts, withhold
from dagster_project.release.errors import ReleaseError
from dagster_project.release.project import ReleaseProject
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.clean_tables import write_empty_returns
from tests.fixtures.returns_inbox import open_modes
from tests.warehouses import Warehouse

SET = ("geo_level", "geo_code", "metric_id", "dim_type", "period_end")
"""A set in the register, by the names of the returns."""
SHOWN_SET = ("organisation_level", "organisation_code", "indicator_id", "dimension", "period_end")
GIVEN_AWAY = """
    select icb_code, indicator_id, dimension, group_code, period_end, sum(numerator),
        any_value(organisation_code) filter (numerator_status = 'suppressed')
    from marts.mart_hi_rate
    where organisation_level = 'trust' and icb_code is not null and dimension in ('ETHNIC5', 'IMD_QUINTILE') and not is_sent_suppressed
    group by all having count(*) = 3 and count(*) filter (numerator_status = 'suppressed') = 1 and count(numerator) = 2
    order by all limit 1"""
"""A group of which two trusts of an ICB are shown and the third is hidden."""


def one_set(**other: Any) -> dict[str, Any]:
    values = ("TRUST", "R9A", "WL_GT52_PCT", "ETHNIC5", dt.date(2026, 9, 30))
    return dict(zip(SET, values, strict=True)) | other


def test_a_set_is_written_once_and_privately(tmp_path: Path) -> None:
    area = ReturnsArea.of(Lake(tmp_path / "lake"))
    area.prepare()
    write_empty_returns(area)
    assert withhold(area, []) == 0
    assert withhold(area, [one_set(), one_set(geo_code="R9B")]) == 2
    assert withhold(area, [one_set(), one_set(geo_code="R9C")]) == 1
    assert withhold(area, [one_set()]) == 0
    files = sorted(area.clean(REGISTER).glob("*.parquet"))
    assert len(files) == 3, "the empty one and two"
    assert open_modes(area.root) == []
    read = duckdb.execute(
        f"select geo_code, period_end from read_parquet('{area.clean(REGISTER)}/*.parquet') order by 1"
    )
    assert read.fetchall() == [(code, dt.date(2026, 9, 30)) for code in ("R9A", "R9B", "R9C")]


@pytest.fixture
def moved(sample_warehouse: Warehouse, tmp_path: Path) -> Lake:
    """A copy of the sample's data folder after its night."""
    shutil.copytree(sample_warehouse.lake, tmp_path / "lake", symlinks=True)
    return Lake(tmp_path / "lake")


def shown(path: Path, schema: str, wanted: tuple[Any, ...]) -> set[tuple[Any, ...]]:
    """Numerator, denominator, their statuses, rate, group and reason of the rows of a set of mart_hi_rate."""
    with duckdb.connect(str(path), read_only=True) as con:
        same = " and ".join(f"{name} = ?" for name in SHOWN_SET)
        columns = "numerator, numerator_status, denominator, denominator_status, value, group_code, withheld_reason"
        return set(con.execute(f"select {columns} from {schema}.mart_hi_rate where {same}", list(wanted)).fetchall())


def test_a_set_that_a_sum_gives_away_is_withheld_and_the_candidate_passes_the_attack(
    moved: Lake, run_for: Callable[..., Any]
) -> None:
    """D4: the sum of an ICB, planted so low in the warehouse that the hidden trust can only be 1."""
    run = run_for(moved)
    with duckdb.connect(str(moved.warehouse)) as con:
        row = con.execute(GIVEN_AWAY).fetchone()
        assert row is not None
        icb, metric, dimension, group, period, visible, trust = row
        con.execute(
            "update marts.mart_hi_rate set numerator = ?, numerator_status = 'published' where organisation_level = 'icb' and organisation_code = ? "
            "and indicator_id = ? and dimension = ? and group_code = ? and period_end = ?",
            [visible - 5, icb, metric, dimension, group, period],
        )
    before = shown(moved.warehouse, "marts", ("trust", trust, metric, dimension, period))
    assert any(status == "suppressed" for _, status, *_ in before) and any(row[0] for row in before)
    other = ("trust", trust, metric, "AGE", period)

    draft, withheld = build_safe_candidate(run)

    assert withheld >= 1
    after = shown(draft.path, "main", ("trust", trust, metric, dimension, period))
    assert {(row[0], row[1], row[4]) for row in after} == {(None, "withheld", None)}
    assert sorted(map(str, (row[2:4] for row in after))) == sorted(map(str, (row[2:4] for row in before))), (
        "the denominator is shown by a metric that divides by the same codes, so it stands here too"
    )
    assert all(reason for *_, reason in after)
    assert shown(draft.path, "main", other) == shown(moved.marts, "main", other), "more was withheld than that"
    project = ReleaseProject.load(run)
    assert find_sets(project, draft) == ()


def test_marts_that_cannot_be_built_again_stop_the_candidate_and_dbts_words_stay_in_build(
    moved: Lake, run_for: Callable[..., Any]
) -> None:
    (ReturnsArea.of(moved).clean(REGISTER) / "damaged.parquet").write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(ReleaseError, match=r"dbt ended with 1\. Next: read build/dbt/" + SAID) as raised:
        rebuild_marts(run_for(moved))
    assert "damaged" not in str(raised.value)
    assert "damaged.parquet" in (moved.build / "dbt" / SAID).read_text(encoding="utf-8")
    assert moved.build.stat().st_mode & 0o077 == 0
