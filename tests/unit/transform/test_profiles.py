"""dbt gives DuckDB its settings once, because some cannot be given again after a query has spilled to disk.

Found by the bench of returns: with 210 trusts a model spilled, and the next one failed at "Cannot switch temporary directory".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.transform.dbt import DBT_PROJECT

SPILLING = "create temp table held as select md5(cast(i as varchar)) as words from range(2_000_000) as t(i)"


def night() -> dict[str, Any]:
    """The target of the night in profiles.yml."""
    profiles = yaml.safe_load((DBT_PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    target: dict[str, Any] = profiles["nhs_health_inequalities"]["outputs"]["night"]
    return target


@contextmanager
def spilled(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has written to its temporary directory."""
    config = {"memory_limit": "40MB", "threads": 1, "temp_directory": str(folder / "spill")}
    with duckdb.connect(str(folder / "w.duckdb"), config=config) as con:
        con.execute(SPILLING)
        yield con


def test_what_dbt_repeats_on_every_cursor_can_be_repeated_after_a_spill(tmp_path: Path) -> None:
    """Nothing is repeated now: every setting is given when the file is opened."""
    target = night()
    assert set(target["config_options"]) >= {"temp_directory", "memory_limit", "threads", "preserve_insertion_order"}
    with spilled(tmp_path) as con:
        for name, value in target.get("settings", {}).items():
            con.cursor().execute(f"set {name} = '{value}'")


def test_duckdb_takes_the_options_of_the_night(tmp_path: Path) -> None:
    given = {"memory_limit": "40MB", "threads": "1", "temp_directory": str(tmp_path / "spill")}
    options = {name: given.get(name, value) for name, value in night()["config_options"].items()}
    with duckdb.connect(str(tmp_path / "w.duckdb"), config=options) as con:
        con.cursor().execute(SPILLING)
        found = con.execute("select current_setting('threads'), current_setting('preserve_insertion_order')").fetchone()
    assert found == (1, False)


def test_temporary_directory_is_not_one_of_them(tmp_path: Path) -> None:
    """Planted: were this no error, the test above would prove nothing."""
    with spilled(tmp_path) as con, pytest.raises(duckdb.NotImplementedException, match="temporary directory"):
        con.cursor().execute(f"set temp_directory = '{tmp_path / 'spill'}'")
