"""The floor: the same work as bare DuckDB queries, in one process and one connection, without any of the stack.

For each new RTT month: hash and unpack the zip, count the records of the text, CSV to typed Parquet with explicit types; the clean
tables of the other sources are read and written once, without their parsing. Then the SQL of every model, as dbt compiled it, in
the order of its dependencies, and that of every data test; then the published tables to a fresh file, to Parquet and to CSV. What
it leaves out is the stack's tax: discovery, provenance, rejects, workbooks, dbt, Great Expectations, Dagster, evidence, the
disclosure gate, the report.

Usage: python -m tests.bench.floor ARCHIVES LAKE WORK NEW_MONTHS
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.nights import KEPT

WEEKS = [f"w{week:03d}" for week in range(105)]
TEXTS = ["period", "ppc", "ppn", "provider", "pn", "cpc", "cpn", "commissioner", "cn", "part", "pd", "tf", "tn"]
COLUMNS = dict.fromkeys(TEXTS, "VARCHAR") | dict.fromkeys([*WEEKS, "total", "unknown", "total_all"], "INTEGER")
PROJECT = "nhs_health_inequalities"


def convert(connection: duckdb.DuckDBPyConnection, archive: Path, work: Path) -> None:
    """One month: hash, unpack, count, CSV to Parquet."""
    with archive.open("rb") as content:
        hashlib.file_digest(content, "sha256")
    text = work / "month.csv"
    with zipfile.ZipFile(archive) as opened, opened.open(opened.namelist()[0]) as source, text.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    with text.open("rb") as content:
        lines = sum(block.count(b"\n") for block in iter(lambda: content.read(1 << 22), b""))
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    parquet = work / f"{archive.stem}.parquet"
    connection.execute(
        f"copy (select * from read_csv('{text}', auto_detect=false, header=true, columns={{{columns}}}, delim=',', "
        f"quote='\"', escape='\"')) to '{parquet}' (format parquet, compression zstd, row_group_size 32768)"
    )
    loaded = connection.execute(f"select count(*) from '{parquet}'").fetchone()
    if loaded is None or loaded[0] != lines - 1:
        raise RuntimeError(f"{archive.name}: {lines - 1} records, {loaded} loaded")


def rewrite_clean_tables(connection: duckdb.DuckDBPyConnection, lake: Path, work: Path) -> None:
    """The clean tables of every source but RTT, each read and written once."""
    clean = lake / "clean"
    tables = [
        path for path in sorted(clean.rglob("vintages/*/*.parquet")) if not path.name.endswith(".rejects.parquet")
    ]
    for place, table in enumerate(path for path in tables if path.relative_to(clean).parts[0] != "nhse_rtt"):
        connection.execute(
            f"copy (from '{table}') to '{work / f'{place}.parquet'}' (format parquet, compression zstd, row_group_size 32768)"
        )


def build_models(connection: duckdb.DuckDBPyConnection, lake: Path) -> list[str]:
    """Every model's compiled SQL, once; the seeds are copied. Return the names of the published tables."""
    target = lake / "build" / "dbt"
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    connection.execute(f"attach '{lake / 'build' / 'warehouse.duckdb'}' as night (read_only)")
    # The SQL names its Parquet from build/, where dbt works.
    connection.execute("set file_search_path = ?", [str(lake / "build")])
    for schema in ("staging", "intermediate", "marts", "seeds", "restricted"):
        connection.execute(f"create schema if not exists {schema}")
    for (seed,) in connection.execute(
        "select table_name from duckdb_tables() where database_name = 'night' and schema_name = 'seeds'"
    ).fetchall():
        connection.execute(f'create table seeds."{seed}" as from night.seeds."{seed}"')
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    for key in TopologicalSorter({key: node["depends_on"]["nodes"] for key, node in models.items()}).static_order():
        if key in models and models[key]["config"]["materialized"] == "by_part":
            _make_parts(connection, models[key], target)
        elif key in models:
            sql = (target / "run" / PROJECT / "models" / models[key]["path"]).read_text(encoding="utf-8")
            connection.execute(sql.replace("__dbt_tmp", ""))
    for test in _compiled_tests(manifest, target):
        if connection.execute(test).fetchall():
            raise RuntimeError(f"a data test that passed in the night finds rows here: {test[:300]}")
    exposed: list[dict[str, Any]] = list(manifest["exposures"].values())
    return [models[key]["name"] for exposure in exposed for key in exposure["depends_on"]["nodes"]]


def _make_parts(connection: duckdb.DuckDBPyConnection, model: dict[str, Any], target: Path) -> None:
    """The parts that the night made are made here too; the table is then copied as the night left it, with those that it kept."""
    query = (target / "compiled" / PROJECT / "models" / model["path"]).read_text(encoding="utf-8")
    connection.execute(f"create or replace temp table made as ({query})")
    table = f'"{model["schema"]}"."{model["name"]}"'
    connection.execute(f"create table {table} as from night.{table}")


def _compiled_tests(manifest: dict[str, Any], target: Path) -> list[str]:
    """The SQL of every data test that ran in the night and passed."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    passed = [result["unique_id"] for result in results if result["status"] == "pass"]
    tests = [manifest["nodes"][key] for key in passed if manifest["nodes"].get(key, {}).get("resource_type") == "test"]
    return [str(test["compiled_code"]) for test in tests]


def write_marts(connection: duckdb.DuckDBPyConnection, marts: list[str], work: Path) -> None:
    """The published tables in a fresh file, as Parquet and as CSV."""
    connection.execute(f"attach '{work / 'published.duckdb'}' as published (storage_version 'v1.0.0')")
    for mart in marts:
        connection.execute(f'create table published."{mart}" as from marts."{mart}"')
        connection.execute(f"copy marts.\"{mart}\" to '{work / mart}.parquet' (format parquet, compression zstd)")
        connection.execute(f"copy marts.\"{mart}\" to '{work / mart}.csv' (header)")


def main() -> None:
    """Do the work of one night."""
    archives, lake, work = (Path(argument) for argument in sys.argv[1:4])
    new_months = int(sys.argv[4])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    months = sorted(archives.rglob("Full-CSV*.zip"))
    if not new_months:
        for archive in months:
            hashlib.sha256(archive.read_bytes())
        return
    config: dict[str, Any] = {"memory_limit": "1GB", "threads": 2, "preserve_insertion_order": False}
    connection = duckdb.connect(str(work / "warehouse.duckdb"), config=config)
    for archive in months[-new_months:]:
        convert(connection, archive, work)
    if new_months == KEPT:
        rewrite_clean_tables(connection, lake, work)
    write_marts(connection, build_models(connection, lake), work)
    connection.close()


if __name__ == "__main__":
    main()
