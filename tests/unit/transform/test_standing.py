"""Seeds and views are left standing only in the warehouse that this project made, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.transform.dbt import BUILD
from dagster_project.transform.standing import STANDING, Standing


@pytest.fixture
def standing(tmp_path: Path) -> Standing:
    """The record of a whole run that has just ended."""
    lake = Lake(tmp_path)
    lake.build.mkdir()
    with duckdb.connect(str(lake.warehouse)) as con:
        con.execute("create view stg as select 1 as one")
    made = Standing(lake, "this project")
    made.remember()
    return made


def write_by_hand(standing: Standing) -> Standing:
    with duckdb.connect(str(standing.lake.warehouse)) as con:
        con.execute("create or replace view stg as select 2 as one")
    return standing


def be_killed(standing: Standing) -> Standing:
    standing.forget()
    return standing


def lose_warehouse(standing: Standing) -> Standing:
    standing.lake.warehouse.unlink()
    return standing


def damage_record(standing: Standing) -> Standing:
    standing.record.write_text('{"project"')
    return standing


def change_project(standing: Standing) -> Standing:
    return Standing(standing.lake, "another project")


def test_what_this_project_made_stands_and_is_left_out(standing: Standing) -> None:
    assert standing.stands()
    left_out = ("--exclude", STANDING, "--indirect-selection", "empty")
    assert standing.plan() == ((*BUILD, *left_out), {"HIW_KEEP_PARTS": "yes"})


@pytest.mark.parametrize("change", [write_by_hand, be_killed, lose_warehouse, damage_record, change_project])
def test_after_anything_else_all_is_built_again(standing: Standing, change: Callable[[Standing], Standing]) -> None:
    changed = change(standing)
    assert not changed.stands()
    assert changed.plan() == (BUILD, {"HIW_KEEP_PARTS": "no"})
