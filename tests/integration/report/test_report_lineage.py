"""Where columns come from: held against DuckDB, which changes an input and sees which outputs change, and against the sample's warehouse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.report import columns
from dagster_project.report.columns import keep_origins, read_origins
from dagster_project.report.lineage import Lineage
from tests.integration.report.report_reader import Site
from tests.warehouses import Warehouse

WAITS = {"trust": "text", "grp": "text", "waiting": "integer", "total": "integer", "note": "text"}
NAMES = {"trust": "text", "name": "text", "opened": "integer"}
FOLLOWED = """
with source as (select * from waits),
known as (select * exclude (note), waiting * 2 as doubled from source where note <> 'x'),
united as (select trust, grp, waiting, doubled from known union all select trust, 'all', total, total from known)
select
    united.trust,
    upper(name) as shown,
    case when grp = 'all' then doubled else 0 end as chosen,
    row_number() over (order by waiting + 100 * ascii(united.trust)) as place,
    (select max(opened) from names) as newest,
    'fixed' as release_id,
    count(*) over () as counted
from united
inner join names using (trust)
"""


def _node(kind: str, name: str, reads: list[str], sql: str = "") -> dict[str, Any]:
    body = {"resource_type": kind, "name": name, "relation_name": name, "depends_on": {"nodes": reads}}
    return body | ({"source_name": "files", "relation_name": name} if kind == "source" else {"compiled_code": sql})


def _manifest(sql: str) -> dict[str, Any]:
    model = _node("model", "figures", ["source.p.waits", "seed.p.names"], sql) | {"fqn": ["p", "figures"]}
    return {
        "sources": {"source.p.waits": _node("source", "waits", [])},
        "nodes": {"seed.p.names": _node("seed", "names", []), "model.p.figures": model},
    }


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = duckdb.connect()
    opened.execute(
        "create table waits as select * from (values ('a', 'g', 1, 7, 'n'), ('b', 'all', 5, 3, 'm')) as t(trust, grp, waiting, total, note)"
    )
    opened.execute(
        "create table names as select * from (values ('a', 'one', 3), ('b', 'two', 4)) as t(trust, name, opened)"
    )
    return opened


def _read(con: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    found = con.execute(FOLLOWED)
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    return {name: sorted(map(repr, (row[place] for row in rows))) for place, name in enumerate(names)}


def _changes(con: duckdb.DuckDBPyConnection, table: str, column: str, change: str) -> set[str]:
    """The output columns whose values change when this input is changed and nothing else."""
    before = _read(con)
    con.execute("begin")
    con.execute(f"update {table} set {column} = {change}")
    after = _read(con)
    con.execute("rollback")
    return {name for name in before if before[name] != after[name]}


def test_the_origins_of_a_statement_are_the_inputs_that_change_it(con: duckdb.DuckDBPyConnection) -> None:
    built = {"names": list(NAMES), "figures": list(_read(con))}
    origins = read_origins(_manifest(FOLLOWED), built)["model.p.figures"]
    assert {name: {column for _, column in parents} for name, parents in origins.items()} == {
        "trust": {"trust"},
        "shown": {"name"},
        "chosen": {"grp", "waiting", "total"},
        "place": {"waiting", "total", "trust"},
        "newest": {"opened"},
        "release_id": set(),
        "counted": set(),
    }
    assert {i for parents in origins.values() for i, _ in parents} == {"source.p.waits", "seed.p.names"}
    for table, column, change in (
        ("names", "name", "name || '!'"),
        ("names", "opened", "opened + 1"),
        ("waits", "total", "total + 50"),
        ("waits", "waiting", "waiting + 50"),
        ("waits", "grp", "'all'"),
    ):
        claimed = {name for name, parents in origins.items() if column in {c for _, c in parents}}
        changed = _changes(con, table, column, change)
        assert changed <= claimed, column
        assert changed == claimed or claimed - changed <= {"place"}, column


def test_a_statement_that_cannot_be_followed_has_no_origins() -> None:
    built = {"names": list(NAMES), "figures": ["a"]}
    assert read_origins(_manifest("select nothing.a from waits"), built) == {}
    assert read_origins(_manifest("this is not SQL (("), built) == {}


def test_what_was_worked_out_is_kept_until_the_sql_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = {"names": list(NAMES), "figures": ["trust"]}
    first = keep_origins(_manifest("select trust from waits"), built, tmp_path)
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr(columns, "read_origins", lambda *_: pytest.fail("worked out again"))
    assert keep_origins(_manifest("select trust from waits"), built, tmp_path) == first
    monkeypatch.undo()
    assert keep_origins(_manifest("select grp as trust from waits"), built, tmp_path) == {
        "model.p.figures": {"trust": [("source.p.waits", "grp")]}
    }
    for broken in ("{broken", "[]", '{"model.p.figures": {"trust": [["one"]]}}'):
        kept.write_text(broken)
        assert keep_origins(_manifest("select trust from waits"), built, tmp_path) == first


@pytest.fixture(scope="module")
def sample_lineage(sample_warehouse: Warehouse) -> Lineage:
    """Of the sample's build, with the columns of its warehouse."""
    built: dict[str, list[str]] = {}
    with duckdb.connect(str(sample_warehouse.lake / "build" / "warehouse.duckdb"), read_only=True) as con:
        for table, column in con.execute(
            "select table_name, column_name from duckdb_columns() where not internal order by table_name, column_index"
        ).fetchall():
            built.setdefault(table, []).append(column)
    return Lineage.read(sample_warehouse.lake / "build" / "dbt" / "manifest.json", built)


def test_every_column_of_every_published_table_is_followed_to_tables_that_it_reads(
    sample_lineage: Lineage, sample_warehouse: Warehouse
) -> None:
    """But that of the release, which the candidate adds."""
    published = sample_warehouse.query(
        "select table_name, column_name from information_schema.columns where table_schema = 'main' and column_name <> 'release_id'"
    )
    manifest = json.loads((sample_warehouse.lake / "build" / "dbt" / "manifest.json").read_text())
    unknown = []
    for table, column in published:
        origins = sample_lineage.origins_of(table)
        if origins is None or column not in origins:
            unknown.append((table, column))
            continue
        reads = set(manifest["nodes"][sample_lineage.tables[table]]["depends_on"]["nodes"])
        assert {unique_id for unique_id, _ in origins[column]} <= reads, (table, column)
    assert unknown == []
    assert len(published) > 500


def test_known_columns_lead_to_the_publishers_columns(sample_lineage: Lineage) -> None:
    first = {
        f"{sample_lineage.nodes[i].name}.{c}" for i, c in sample_lineage.first_origins_of("mart_action", "indicator_id")
    }
    assert first == {"returns.ap01.metric_id"}
    wave = {
        f"{sample_lineage.nodes[i].name}.{c}" for i, c in sample_lineage.first_origins_of("mart_plus_group", "wave")
    }
    assert wave == {"returns.sv01.wave"}


def test_the_published_page_of_a_table_says_it(sample_site: Site) -> None:
    page = (sample_site.folder / "table-mart_action.html").read_text()
    assert "Where the columns of mart_action come from" in page
    assert "returns.ap01: metric_id" in page
    assert "could not be followed" not in page
