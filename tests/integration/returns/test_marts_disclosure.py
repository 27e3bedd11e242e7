"""Faults planted in the marts of the returns as they were published: the gate names the table and what is wrong (D2, D4, D6, D7)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.quality.attack import audit_attack
from dagster_project.quality.disclosure import _audit_mart
from dagster_project.quality.proven import Proven
from dagster_project.release.contents import tables_of
from dagster_project.release.dbt_artifacts import ExposedModel, read_exposed_models
from tests.warehouses import Warehouse

MARTS = ("mart_hi_rate", "mart_hi_intersection", "mart_inclusion_health", "mart_data_quality")
Draft = tuple[duckdb.DuckDBPyConnection, dict[str, ExposedModel]]


@pytest.fixture
def draft(sample_warehouse: Warehouse, tmp_path: Path) -> Iterator[Draft]:
    """A copy of the published file, attached for writing as gate 2 attaches a candidate."""
    copy = tmp_path / "marts.duckdb"
    shutil.copy(sample_warehouse.lake / "published" / "marts.duckdb", copy)
    copy.chmod(0o600)
    manifest = Lake(sample_warehouse.lake).build / "dbt" / "manifest.json"
    con = duckdb.connect()
    con.execute(f"attach '{copy}' as draft")
    yield con, {model.name: model for model in read_exposed_models(manifest) if model.name in MARTS}
    con.close()


def judge(draft: Draft, mart: str) -> str:
    """What the policy of the mart says; "" when nothing is wrong."""
    con, models = draft
    result = _audit_mart(con, models[mart], "synthetic", set(tables_of(con, "draft")))
    return "" if result.passed else result.summary


def test_what_is_published_passes_every_policy_and_the_attack(draft: Draft) -> None:
    con, models = draft
    assert {mart: judge(draft, mart) for mart in MARTS} == dict.fromkeys(MARTS, "")
    proven = Proven()
    first = audit_attack(con, tuple(map(strict, models.values())), proven).result
    assert first.passed, first.summary
    again = audit_attack(con, tuple(models.values()), Proven(frozenset(proven.used))).result
    assert again.passed and again.counts["blocks_solved"] == 0 < first.counts["blocks_solved"]


def strict(model: ExposedModel) -> ExposedModel:
    """The model with every relation obliged to connect rows: the sample holds some of each, so a slip of the pen shows."""
    relations = [{k: v for k, v in one.items() if k != "optional"} for one in model.safe_counts.get("relations", [])]
    return replace(model, safe_counts=dict(model.safe_counts) | {"relations": relations}) if relations else model


SHOWN = "value_status = 'published' and organisation_level = 'trust' and numerator > 100"


@pytest.mark.parametrize(
    ("mart", "plant", "said"),
    [
        ("mart_hi_rate", f"update {{}} set numerator = 3 where {SHOWN}", "numerator from 1 to 7"),
        ("mart_hi_rate", f"update {{}} set numerator = numerator + 1 where {SHOWN}", "multiple of 5"),
        ("mart_hi_rate", f"update {{}} set value = value + 0.01 where {SHOWN}", "not the rate of the counts shown"),
        ("mart_hi_rate", "update {} set numerator = 5 where numerator_status = 'suppressed'", "hidden"),
        ("mart_hi_rate", "update {} set value = 100 where value_status = 'suppressed'", "value"),
        ("mart_hi_rate", "alter table {} add column true_count bigint", "true_count"),
        ("mart_hi_intersection", "update {} set denominator = 12 where disclosure_flag = 'OK'", "multiple of 5"),
        ("mart_inclusion_health", "update {} set reference_numerator = 6", "reference_numerator"),
        (
            "mart_data_quality",
            "update {} set numerator = 40 where measure = 'known_share_of_return'",
            "rows of a return that hold a numerator",
        ),
    ],
)
def test_a_count_that_slips_through_is_named(draft: Draft, mart: str, plant: str, said: str) -> None:
    draft[0].execute(plant.format(f"draft.main.{mart}"))
    assert said in judge(draft, mart)


def test_showing_a_withheld_sum_is_found_by_the_attack(draft: Draft) -> None:
    """D4: a sum of two trusts that are shown and one that is hidden, planted so low that the hidden one can only be 1."""
    con, models = draft
    row = con.execute("""
        select icb_code, indicator_id, dimension, group_code, period_end, sum(numerator) from draft.main.mart_hi_rate
        where organisation_level = 'trust' and icb_code is not null and dimension in ('ETHNIC5', 'IMD_QUINTILE') and not is_sent_suppressed
        group by all having count(*) = 3 and count(*) filter (numerator_status = 'suppressed') = 1 and count(numerator) = 2
        order by all limit 1""").fetchone()
    assert row is not None
    *key, visible = row
    con.execute(
        "update draft.main.mart_hi_rate set numerator = ?, numerator_status = 'published' where organisation_level = 'icb' and icb_code = ?"
        " and indicator_id = ? and dimension = ? and group_code = ? and period_end = ?",
        [visible - 5, *key],
    )
    result = audit_attack(con, tuple(models.values())).result
    assert not result.passed
    assert any(f"{row[1]} / {row[2]} / {row[3]}" in found for found in result.failing_keys), result.failing_keys


def test_a_mart_without_its_declaration_does_not_leave(draft: Draft) -> None:
    """D7: deny by default."""
    con, models = draft
    bare = ExposedModel(**{**models["mart_hi_rate"].__dict__, "safe_counts": {}})
    present = set(tables_of(con, "draft"))
    assert not _audit_mart(con, bare, "synthetic", present).passed
    assert "not in the candidate" in _audit_mart(con, bare, "synthetic", set()).summary
    unnamed = ExposedModel(**{**models["mart_hi_rate"].__dict__, "disclosure_policy": ""})
    assert "names no disclosure policy" in _audit_mart(con, unnamed, "synthetic", present).summary


def test_a_mart_with_a_return_among_its_ancestors_is_known_as_one(sample_warehouse: Warehouse) -> None:
    """Of these gate 2 tells keys and numbers only; the lineage says which they are, whatever policy a mart names."""
    models = read_exposed_models(Lake(sample_warehouse.lake).build / "dbt" / "manifest.json")
    made = {model.name for model in models if model.made_of_returns}
    assert {*MARTS, "mart_submission", "mart_action", "mart_survey_benchmark", "mart_coverage"} <= made
    assert not made & {"fct_indicator_value", "mart_priorities", "dim_lsoa", "dim_organisation", "mart_waiting_list"}
