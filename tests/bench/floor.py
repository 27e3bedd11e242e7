"""The floor: the same RTT work as bare DuckDB queries, in one process, without any of the stack.

What it does for each month: hash and unpack the zip, CSV to typed Parquet with explicit types, and count the records of the text a
second time. Then the shares of waits over all months for the same organisations and treatment functions, to a DuckDB file and
Parquet. What it leaves out is the stack's tax: discovery, provenance, rejects, Great Expectations, dbt, Dagster, evidence.

Usage: python -m tests.bench.floor ARCHIVES_FOLDER WORK_FOLDER [NEW_MONTHS]; months beyond NEW_MONTHS are taken from WORK_FOLDER.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from pathlib import Path

import duckdb

WEEKS = [f"w{week:03d}" for week in range(105)]
TEXTS = [
    "period",
    "ppc",
    "ppn",
    "provider",
    "pn",
    "cpc",
    "cpn",
    "commissioner",
    "cn",
    "part",
    "pd",
    "treatment_function",
    "tn",
]
COLUMNS = dict.fromkeys(TEXTS, "VARCHAR") | dict.fromkeys([*WEEKS, "total", "unknown", "total_all"], "INTEGER")


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
        f"copy (select * from read_csv('{text}', auto_detect=false, header=true, columns={{{columns}}}, delim=',', quote='\"', escape='\"')) "
        f"to '{parquet}' (format parquet, compression zstd, row_group_size 32768)"
    )
    loaded = connection.execute(f"select count(*) from '{parquet}'").fetchone()
    if loaded is None or loaded[0] != lines - 1:
        raise RuntimeError(f"{archive.name}: {lines - 1} records, {loaded} loaded")


def aggregate(connection: duckdb.DuckDBPyConnection, work: Path) -> None:
    """All months: the shares of waits by provider, parent and England for every treatment function."""

    def weeks(first: int) -> str:
        return " + ".join(f"coalesce({name}, 0)" for name in WEEKS[first:])

    within = " + ".join(f"coalesce({name}, 0)" for name in WEEKS[:18])
    connection.execute(
        f"create or replace table waits as select period, ppc, provider, treatment_function, sum({within}) as within_18, "
        f"sum({weeks(0)}) as known, sum({weeks(52)}) as over_52, sum({weeks(65)}) as over_65, sum({weeks(78)}) as over_78, "
        f"sum(total_all) as waiting from '{work}/*.parquet' where part = 'Part_2' group by all"
    )
    connection.execute(
        "create or replace table result as select *, within_18 / nullif(known, 0) as share from ("
        "select period, coalesce(provider, ppc, 'ENG') as organisation, treatment_function, sum(within_18) as within_18, sum(known) as known, "
        "sum(over_52) as over_52, sum(over_65) as over_65, sum(over_78) as over_78, sum(waiting) as waiting from waits "
        "group by grouping sets ((period, provider, treatment_function), (period, ppc, treatment_function), (period, treatment_function)))"
    )
    connection.execute(
        f"copy (from result order by all) to '{work}/../result.parquet' (format parquet, compression zstd)"
    )


def main() -> None:
    """Do the work of one night."""
    archives, work = Path(sys.argv[1]), Path(sys.argv[2])
    new = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
    work.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        str(work.parent / "floor.duckdb"),
        config={"memory_limit": "1GB", "threads": 2, "preserve_insertion_order": False},
    )
    for archive in sorted(archives.rglob("*.zip"))[-new:] if new else []:
        convert(connection, archive, work)
    if new:
        aggregate(connection, work)
    else:
        for archive in sorted(archives.rglob("*.zip")):
            hashlib.sha256(archive.read_bytes())
    connection.close()


if __name__ == "__main__":
    main()
