"""dbt's settings of DuckDB can be given again to every cursor, also after a query has spilled to disk.

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


def test_settings_that_dbt_repeats_on_every_cursor_can_be_repeated_after_a_spill(tmp_path: Path) -> None:
    values = {"memory_limit": "40MB", "threads": "1"}
    with spilled(tmp_path) as con:
        for name, value in night()["settings"].items():
            con.cursor().execute(f"set {name} = '{values.get(name, value)}'")
    assert "temp_directory" in night()["config_options"]


def test_temporary_directory_is_not_one_of_them(tmp_path: Path) -> None:
    """Planted: were this no error, the test above would prove nothing."""
    with spilled(tmp_path) as con, pytest.raises(duckdb.NotImplementedException, match="temporary directory"):
        con.cursor().execute(f"set temp_directory = '{tmp_path / 'spill'}'")
