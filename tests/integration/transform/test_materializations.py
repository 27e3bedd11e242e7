"""The project's own materializations: a model may change its kind, a contract is kept, and what fails leaves the table as it was; a
table made by part is at all times the table made whole.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.transform.dbt import DBT_PROJECT
from tests.fixtures.histories import MADE_BY_PART, Histories, build

PROJECT = {
    "dbt_project.yml": "{name: tiny, profile: tiny, config-version: 2}",
    "profiles.yml": "{tiny: {target: t, outputs: {t: {type: duckdb, path: w.duckdb, threads: 1}}}}",
    "models/was_table.sql": "{{ config(materialized='view') }} select 2 as one",
    "models/was_view.sql": "{{ config(materialized='table') }} select 2 as one",
    "models/kept.sql": "{{ config(materialized='table') }} select 2 as one, 'b' as two",
    "models/broken.sql": "{{ config(materialized='table') }} select 2 as one, 'b' as two",
    "models/fails.sql": "{{ config(materialized='table') }} select cast('b' as integer) as one",
    "models/models.yml": """
models:
  - {name: kept, config: {contract: {enforced: true}},
     columns: [{name: two, data_type: varchar}, {name: one, data_type: integer}]}
  - {name: broken, config: {contract: {enforced: true}},
     columns: [{name: one, data_type: varchar}, {name: two, data_type: varchar}]}
""",
}
BEFORE = """
create table was_table as select 1 as one; create view was_view as select 1 as one;
create table kept as select 1 as one; create table broken as select 1 as one; create table fails as select 1 as one;
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], duckdb.DuckDBPyConnection]:
    """The status of every model after one run over a warehouse of other kinds, and the warehouse."""
    folder = tmp_path_factory.mktemp("tiny")
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copytree(DBT_PROJECT / "macros" / "materializations", folder / "macros")
    with duckdb.connect(str(folder / "w.duckdb")) as con:
        con.execute(BEFORE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        statuses = {name: status for name, (status, _) in build(folder).items()}
    return statuses, duckdb.connect(str(folder / "w.duckdb"))


def test_a_table_becomes_a_view_and_a_view_a_table(built: tuple[dict[str, str], duckdb.DuckDBPyConnection]) -> None:
    statuses, con = built
    assert (statuses["was_table"], statuses["was_view"]) == ("success", "success")
    kinds = "select table_name, table_type from information_schema.tables where table_name like 'was%' order by all"
    assert con.execute(kinds).fetchall() == [("was_table", "VIEW"), ("was_view", "BASE TABLE")]
    assert con.execute("from was_table union all from was_view").fetchall() == [(2,), (2,)]


def test_a_table_under_contract_has_its_columns_in_the_order_of_the_contract(
    built: tuple[dict[str, str], duckdb.DuckDBPyConnection],
) -> None:
    statuses, con = built
    assert statuses["kept"] == "success"
    assert [row[:2] for row in con.execute("describe kept").fetchall()] == [("two", "VARCHAR"), ("one", "INTEGER")]
    assert con.execute("from kept").fetchall() == [("b", 2)]


@pytest.mark.parametrize("model", ["broken", "fails"])
def test_a_broken_contract_and_a_failing_query_leave_the_table_as_it_was(
    built: tuple[dict[str, str], duckdb.DuckDBPyConnection], model: str
) -> None:
    statuses, con = built
    assert statuses[model] == "error"
    assert con.execute(f"select one from {model}").fetchall() == [(1,)]


def test_two_hundred_histories_give_the_same_tables_by_part_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside each night by part the same night whole; then a part that is stale is planted."""
    histories = Histories(tmp_path, monkeypatch)

    def same(*, keeps: bool) -> None:
        assert (histories.night(keeps=keeps), histories.differences()) == ("", dict.fromkeys(MADE_BY_PART, 0))

    same(keeps=False)
    histories.live()
    same(keeps=True)
    monkeypatch.setenv("HIW_NAME", "second")
    same(keeps=True)
    # nothing of the returns is new: the file without rows, and that of the part which is made again to compare
    read = histories.files_read()
    assert len(read) == 2 and "_empty" in read
    earlier = {path: path.read_bytes() for path in (histories.lake.warehouse, histories.standing().record)}

    first = histories.weights.read_bytes()
    histories.weights.write_text("word,weight\na,2\nb,10\n", encoding="utf-8")
    same(keeps=False)
    histories.live()
    assert "planted" in histories.night(keeps=True, fails=True)
    histories.live()
    same(keeps=False)

    histories.weights.write_bytes(first)
    for path, content in earlier.items():
        path.write_bytes(content)
    histories.live()
    same(keeps=True)

    with duckdb.connect(str(histories.lake.warehouse)) as con:
        con.execute("update cell set people = people + 1")
    stale = histories.differences()
    assert "cell keeps rows that a fresh build of the same inputs does not give" in histories.dbt("yes")
    assert histories.differences() == stale and stale["cell"] > 0
    same(keeps=False)
