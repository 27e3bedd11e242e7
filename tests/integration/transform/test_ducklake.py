"""The project's own materializations in DuckLake; its catalogue is a file here. With PostgreSQL: tests/end_to_end/test_ducklake.py."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from dagster_project.lake.files import LakeError
from dagster_project.lake.warehouse import load_ducklake
from dagster_project.settings import Settings
from dagster_project.transform.dbt import DBT_PROJECT
from tests.fixtures import databases
from tests.fixtures.histories import build

PROJECT = {
    "dbt_project.yml": "{name: tiny, profile: tiny, config-version: 2}",
    "profiles.yml": """
tiny:
  target: t
  outputs:
    t: {type: duckdb, path: ":memory:", database: warehouse, threads: 1, plugins: [{module: dagster_project.transform.ducklake}],
        attach: [{path: "ducklake:duckdb:lake.catalogue", alias: warehouse, is_ducklake: true, options: {data_path: "FOLDER/data/"}}]}
""",
    "models/halves.sql": "{{ config(materialized='view') }} select 1e0 as whole, 1e0 / 3e0 as third, typeof(0.5e0) as kind",
    "models/was_view.sql": "{{ config(materialized='table') }} select 2 as one",
    "models/kept.sql": "{{ config(materialized='table') }} select 2 as one, 'b' as two",
    "models/broken.sql": "{{ config(materialized='table') }} select 2 as one",
    "models/empty.sql": "{{ config(materialized='table') }} select cast(null as integer) as one",
    "models/models.yml": """
models:
  - {name: kept, config: {contract: {enforced: true}},
     columns: [{name: two, data_type: varchar}, {name: one, data_type: integer}]}
  - {name: broken, config: {contract: {enforced: true}}, columns: [{name: one, data_type: varchar}]}
  - {name: empty, config: {contract: {enforced: true}},
     columns: [{name: one, data_type: integer, constraints: [{type: not_null}]}]}
""",
}
BEFORE = "create view was_view as select 1 as one; create table broken as select 1 as one; create table empty as select 1 as one"


def _opened(folder: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    load_ducklake(con)
    con.execute(f"attach 'ducklake:duckdb:{folder}/lake.catalogue' as warehouse (data_path '{folder}/data/')")
    con.execute("use warehouse.main")
    return con


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], duckdb.DuckDBPyConnection]]:
    """The status of every model after one run over a lake that holds other kinds of them, and the lake."""
    folder = tmp_path_factory.mktemp("tiny")
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.replace("FOLDER", str(folder)), encoding="utf-8")
    shutil.copytree(DBT_PROJECT / "macros" / "materializations", folder / "macros")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(databases.PACKAGES))
        patch.chdir(folder)
        with _opened(folder) as con:
            con.execute(BEFORE)
        statuses = {name: status for name, (status, _) in build(folder).items()}
        with _opened(folder) as con:
            yield statuses, con


@pytest.mark.requires_databases
def test_a_double_of_a_view_stays_a_double(built: tuple[dict[str, str], duckdb.DuckDBPyConnection]) -> None:
    """DuckLake keeps the text of a view, in which DuckDB 1.5.5 prints 1e0 as 1.0: a decimal, when it is read again."""
    statuses, con = built
    assert statuses["halves"] == "success"
    assert con.execute("select typeof(whole), typeof(third), kind from halves").fetchall() == [("DOUBLE",) * 3]


@pytest.mark.requires_databases
def test_kinds_change_and_contracts_hold(built: tuple[dict[str, str], duckdb.DuckDBPyConnection]) -> None:
    statuses, con = built
    assert {name: statuses[name] for name in ("was_view", "kept", "broken", "empty")} == {
        "was_view": "success", "kept": "success", "broken": "error", "empty": "error",
    }  # fmt: skip
    assert [row[:2] for row in con.execute("describe kept").fetchall()] == [("two", "VARCHAR"), ("one", "INTEGER")]
    assert [con.execute(f"from {name}").fetchall() for name in ("was_view", "broken", "empty")] == [
        [(2,)],
        [(1,)],
        [(1,)],
    ]


@pytest.mark.parametrize("words", ["host=db password=secret", "postgres://me:secret@db/lake", "secret"])
def test_a_setting_holds_no_password_and_repeats_none(words: str) -> None:
    from dagster_project.runtime.failures import explain

    with pytest.raises(ValidationError) as refused:
        Settings(ducklake=words)
    assert "secret" not in str(refused.value) + str(explain(refused.value))


def test_without_the_extensions_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(LakeError, match="make databases"):
        load_ducklake(duckdb.connect())
