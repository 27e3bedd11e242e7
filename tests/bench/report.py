"""The report of 250 organisations: how long a site of that size takes, from the file to the last page.

The file is a published one of the sample estate whose trusts are copied under new codes until there are enough; every table that names
a trust is copied with it. The aim is under 30 seconds.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import quote_identifier
from dagster_project.report import build_report

ORGANISATIONS = 250
AIM_SECONDS = 30
CODES = ("organisation_code",)


def enlarge(marts: Path, organisations: int = ORGANISATIONS) -> int:
    """Copy the trusts of a file until trusts and ICBs of today are that many; gives how many there are then."""
    with duckdb.connect(str(marts)) as con:
        count = "select count(*) from dim_organisation where is_current and organisation_level "
        trusts, boards = (con.execute(count + which).fetchall()[0][0] for which in ("= 'trust'", "= 'icb'"))
        copies = -(-(organisations - boards - trusts) // trusts)
        con.execute(
            "create temp table copied as select organisation_code as code from dim_organisation where is_current and organisation_level = 'trust'"
        )
        columns = con.execute(
            "select table_name, list(column_name) from duckdb_columns() where schema_name = 'main' and not internal "
            "and list_contains(?, column_name) and database_name = current_database() group by table_name",
            [list(CODES)],
        ).fetchall()
        for name, listed in columns:
            table, codes = quote_identifier(name), [quote_identifier(column) for column in listed]
            renamed = ", ".join(f"t.{code} || '-' || n.i as {code}" for code in codes)
            con.execute(
                f"insert into {table} select t.* replace ({renamed}) from {table} as t cross join range(?) as n(i) "
                f"where t.{codes[0]} in (select code from copied)",
                [copies],
            )
        now = con.execute(count + "in ('trust', 'icb')").fetchall()
    return int(now[0][0])


def measure(folder: Path, published: Path) -> dict[str, Any]:
    """Seconds, files and bytes of the report of an enlarged copy of a published file; `folder` is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    marts = folder / "marts.duckdb"
    shutil.copyfile(published, marts)
    organisations = enlarge(marts)
    start = time.perf_counter()
    names = build_report(marts, folder / "site")
    seconds = time.perf_counter() - start
    size = sum((folder / "site" / name).stat().st_size for name in names)
    shutil.rmtree(folder)
    return {
        "organisations": organisations,
        "seconds": round(seconds, 2),
        "aim_seconds": AIM_SECONDS,
        "files": len(names),
        "megabytes": round(size / 1e6, 1),
    }
