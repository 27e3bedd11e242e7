"""The models of a warehouse built again from its clean tables, by DuckDB alone: seconds, where a night takes a minute.

dbt leaves the very statements that it ran in build/dbt/run; they are run here in their order, in another file, with other threads, on
clean tables whose rows lie in another order.
"""

from __future__ import annotations

import graphlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.lake.paths import Lake
from dagster_project.release.contents import attach, content_hash, qualified, tables_of
from dagster_project.settings import PROJECT_ROOT

FOLDERS = ("clean", "returns/clean")
CHECK_OF_PARTS = "select error("
"""What follows the table itself in dbt/macros/materializations/by_part.sql, and begins with a check."""
RECORDS_OF_PARTS = ("__wanted", "__recorded")


@dataclass(frozen=True)
class Models:
    """What dbt built in a data folder: every model in its order, and the statements that make it."""

    lake: Lake

    @cached_property
    def manifest(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.lake.build / "dbt" / "manifest.json").read_text(encoding="utf-8"))
        return read

    @cached_property
    def names(self) -> list[str]:
        """Unique ids of the models, each after what it reads."""
        nodes = {key: node for key, node in self.manifest["nodes"].items() if node["resource_type"] == "model"}
        graph = {key: [up for up in node["depends_on"]["nodes"] if up in nodes] for key, node in nodes.items()}
        return list(graphlib.TopologicalSorter(graph).static_order())

    def statement(self, name: str) -> str:
        """The DDL of a model as dbt ran it; of a table that is made by part, without the record of its parts."""
        return self._sql("run", name).partition(CHECK_OF_PARTS)[0]

    def query(self, name: str) -> str:
        """The SELECT of a model as dbt compiled it."""
        return self._sql("compiled", name)

    def _sql(self, kind: str, name: str) -> str:
        node = self.manifest["nodes"][name]
        path = self.lake.build / "dbt" / kind / node["package_name"] / node["original_file_path"]
        return path.read_text(encoding="utf-8")


def rebuild(lake: Lake, folder: Path, *, threads: int, seed: int | None = None) -> Path:
    """Build every model of `lake` again into `folder`/build/warehouse.duckdb; with a seed, from clean tables in random order."""
    models, target = Models(lake), Lake(folder)
    target.temporary.mkdir(parents=True)
    for name in FOLDERS:
        if (lake.root / name).exists():
            shutil.copytree(lake.root / name, target.root / name, symlinks=True)
    if seed is not None:
        _shuffle(target, random.Random(seed))
    with duckdb.connect(str(target.warehouse)) as con:
        con.execute("set threads = ?", [threads])
        con.execute("set preserve_insertion_order = false")
        con.execute("set file_search_path = ?", [str(target.build)])
        con.execute(f"attach {quote_literal(str(lake.warehouse))} as before (read_only)")
        for schema in ("staging", "intermediate", "marts", "restricted", "seeds"):
            con.execute(f"create schema if not exists {qualified(schema)}")
        for schema, name in tables_of(con, "before"):
            if schema == "seeds":
                con.execute(f"create table {qualified(schema, name)} as from {qualified('before', schema, name)}")
        con.execute("detach before")
        for name in models.names:
            con.execute(models.statement(name))
    return target.warehouse


def rebuild_elsewhere(lake: Lake, folder: Path, *, threads: int, seed: int, zone: str, umask: int) -> Path:
    """`rebuild` in a process of its own, in another time zone and with another umask."""
    code = (
        "import sys; from pathlib import Path; from dagster_project.lake.paths import Lake; from tests.rebuilding import rebuild; "
        "rebuild(Lake(Path(sys.argv[1])), Path(sys.argv[2]), threads=int(sys.argv[3]), seed=int(sys.argv[4]))"
    )
    command = [sys.executable, "-c", code, str(lake.root), str(folder), str(threads), str(seed)]
    subprocess.run(command, env=os.environ | {"TZ": zone}, umask=umask, cwd=PROJECT_ROOT, check=True)
    return Lake(folder).warehouse


def _shuffle(lake: Lake, chance: random.Random) -> None:
    paths = sorted(path for name in FOLDERS for path in (lake.root / name).rglob("*.parquet"))
    with duckdb.connect() as con:
        for path in (path for path in paths if path.is_file() and not path.is_symlink()):
            shuffled = path.with_suffix(".shuffled")
            con.execute("select setseed(?)", [chance.random()])
            con.execute(
                f"copy (select * from read_parquet(?) order by random()) to {quote_literal(str(shuffled))} (format parquet)",
                [str(path)],
            )
            shuffled.replace(path)


def differences(one: Path, other: Path) -> list[str]:
    """The tables of two warehouses that do not hold the same rows, with the columns that differ."""
    return list(_differences(one, other))


def _differences(one: Path, other: Path) -> Iterator[str]:
    with duckdb.connect() as con:
        for alias, path in (("one", one), ("other", other)):
            con.execute(f"attach {quote_literal(str(path))} as {alias} (read_only)")
        con.execute("set file_search_path = ?", [str(one.parent)])
        listed = "select schema_name, table_name from duckdb_tables() where database_name = 'one' order by all"
        for schema, name in con.execute(listed).fetchall():
            if name.endswith(RECORDS_OF_PARTS):
                continue
            relations = [qualified(alias, schema, name) for alias in ("one", "other")]
            if content_hash(con, relations[0]) != content_hash(con, relations[1]):
                columns = [row[0] for row in con.execute(f"describe {relations[0]}").fetchall()]
                differing = [c for c in columns if len({_column(con, r, c) for r in relations}) > 1]
                yield f"{schema}.{name}: {', '.join(differing)}"


def published_content(lake: Lake) -> dict[str, tuple[str, int]]:
    """Name -> hash and rows of every published table, but for the name of the release in each row and the table that says when it was published."""
    with duckdb.connect() as con:
        attach(con, lake.marts.resolve(), "release")
        return {
            name: content_hash(con, f"(select * exclude (release_id) from {qualified('release', schema, name)})")
            for schema, name in tables_of(con, "release")
            if schema == "main" and name != "mart_publication"
        }


def _column(con: duckdb.DuckDBPyConnection, relation: str, column: str) -> tuple[str, int]:
    return content_hash(con, f"(select {qualified(column)} from {relation})")
