"""The sample night built in DuckLake, its catalogue in a real PostgreSQL, while another writer works beside it: `make ducklake-test`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from dagster_project.duck import quote_literal
from dagster_project.lake.paths import Lake
from dagster_project.lake.warehouse import attach_warehouse, ducklake_data, load_ducklake
from dagster_project.release.contents import content_hash, qualified, tables_of
from dagster_project.transform.dbt import run_dbt
from tests.fixtures import databases, postgres
from tests.fixtures.runs import run_at
from tests.rebuilding import RECORDS_OF_PARTS, published_content
from tests.warehouses import Warehouse, listening

pytestmark = [pytest.mark.ducklake, pytest.mark.requires_postgres, pytest.mark.requires_databases]
BUILT_BY_A_NIGHT = ("published", "releases", "dagster", "alerts", "build")
WRITER = """
import itertools, sys, time, duckdb
from dagster_project.lake.warehouse import load_ducklake

con = duckdb.connect()
load_ducklake(con)
con.execute("attach '" + sys.argv[1].replace("'", "''") + "' as lake")
for number in itertools.count():
    con.execute("insert into lake.team.notes values (?)", [number])
    print(number, flush=True)
    time.sleep(1)
"""


@dataclass(frozen=True)
class Nights:
    """The same clean tables built twice: in a file, and in DuckLake."""

    file: Lake
    lake: Lake
    words: str
    server: postgres.Server
    exit_code: int
    said: str
    noted: int
    """Rows that the other writer wrote meanwhile, as it was told."""


@pytest.fixture(scope="module")
def nights(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """A night in DuckLake of what the night of the file had fetched, with another writer in the same catalogue."""
    folder = tmp_path_factory.mktemp("ducklake")
    root = folder / "lake"
    shutil.copytree(sample_warehouse.lake, root, symlinks=True, ignore=lambda at, _: _built_at(at, sample_warehouse))
    with postgres.running_server() as server, pytest.MonkeyPatch.context() as patch:
        words = f"host=localhost port={server.port} dbname={postgres.DATABASE} user={postgres.USER}"
        words += f" sslmode=verify-full sslrootcert={server.authority}"
        patch.setenv("PGPASSWORD", postgres.PASSWORD)
        patch.syspath_prepend(str(databases.PACKAGES))
        patch.setenv("PYTHONPATH", str(databases.PACKAGES))
        night = Warehouse(root, {"HIW_SOURCES": "sample", "HIW_DUCKLAKE": words} | listening(folder))
        _begin(night, words)
        command = [sys.executable, "-c", WRITER, f"ducklake:postgres:{words}"]
        with subprocess.Popen(command, env=night.environment, stdout=subprocess.PIPE, text=True) as writer:
            try:
                done = night.hiw("refresh", "--offline", "--verbose")
            finally:
                writer.terminate()
            noted = len(str(writer.stdout and writer.stdout.read()).splitlines())
        yield Nights(
            Lake(sample_warehouse.lake), Lake(root), words, server, done.returncode, done.stdout + done.stderr, noted
        )


def _built_at(folder: str, warehouse: Warehouse) -> tuple[str, ...]:
    return BUILT_BY_A_NIGHT if Path(folder) == warehouse.lake else ()


def _begin(night: Warehouse, words: str) -> None:
    """The catalogue, with the table of another team in it."""
    place = f"ducklake:postgres:{words}"
    with duckdb.connect() as con:
        load_ducklake(con)
        data = ducklake_data(run_at(night.lake, ducklake=words))
        con.execute(f"attach {quote_literal(place)} as lake (data_path {quote_literal(data)})")
        con.execute("create schema lake.team")
        con.execute("create table lake.team.notes (number integer)")


def test_the_night_publishes_while_another_writes(nights: Nights) -> None:
    assert nights.exit_code == 0, nights.said[-3000:]
    assert "published: release" in nights.said
    assert not nights.lake.warehouse.exists(), "the night built a file"
    with duckdb.connect() as con:
        attach_warehouse(con, run_at(nights.lake, ducklake=nights.words))
        ((rows, numbers),) = con.execute("select count(*), count(distinct number) from warehouse.team.notes").fetchall()
    assert rows == numbers and rows in {nights.noted, nights.noted + 1} and rows > 10


def test_every_table_and_view_holds_what_the_file_holds(nights: Nights) -> None:
    contents = []
    for lake, words in ((nights.file, ""), (nights.lake, nights.words)):
        with duckdb.connect() as con:
            attach_warehouse(con, run_at(lake, ducklake=words))
            contents.append(
                {
                    (schema, name): content_hash(con, qualified("warehouse", schema, name))
                    for schema, name in tables_of(con, "warehouse")
                    if schema != "team" and not name.endswith(RECORDS_OF_PARTS)
                }
            )
    of_file, of_lake = contents
    assert of_lake.keys() == of_file.keys() and len(of_file) > 200
    assert {name for name, content in of_file.items() if of_lake[name] != content} == set()


def test_the_same_marts_are_published(nights: Nights) -> None:
    of_file, of_lake = published_content(nights.file), published_content(nights.lake)
    assert of_lake == of_file and len(of_file) > 40


def test_the_catalogue_holds_no_row_of_the_night(nights: Nights) -> None:
    """DuckLake puts small tables into PostgreSQL where nobody forbids it, as the other writer's; the files are in the private folder."""
    inlined = """select d.table_name, s.schema_name from ducklake_inlined_data_tables d
        join ducklake_table t using (table_id) join ducklake_schema s using (schema_id)"""
    listed = [line.split("|") for line in nights.server.query(inlined).splitlines()]
    schemas = {schema for name, schema in listed if nights.server.query(f"select count(*) from {name}") != "0"}
    assert schemas == {"team"}
    assert list((nights.lake.build / "ducklake").glob("restricted/*/*.parquet"))
    assert nights.lake.build.stat().st_mode & 0o077 == 0


def test_the_password_is_nowhere(nights: Nights) -> None:
    secret = postgres.PASSWORD.encode()
    assert postgres.PASSWORD not in nights.said
    files = [path for path in nights.lake.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path.name for path in files if secret in path.read_bytes()] == []


@pytest.mark.parametrize("password", [postgres.PASSWORD, "another secret"])
def test_dbt_says_where_the_catalogue_is_and_no_password(
    nights: Nights, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", password)
    done = run_dbt(run_at(nights.lake, ducklake=nights.words), "--no-quiet", "debug")
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == (password == postgres.PASSWORD), said
    assert "ducklake:postgres:host=localhost" in said
    assert password not in said
