"""index.html: what lies in the folder of a release, for whoever opens the folder first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.html_pages import style_hash, templates
from dagster_project.publish.beside.workbook import SYNTHETIC
from dagster_project.release.contents import MAIN

PACKAGE = "dagster_project.publish.beside"
PLACES = (
    ("report/index.html", "the report for boards: England, each ICB and trust, each with a brief of one page"),
    ("marts.xlsx", "a workbook of the tables that answer a board's questions, newest period"),
    ("marts.duckdb", "all tables in one file for analysts; open it read-only with DuckDB"),
    ("csv/", "each table of up to 10,000 rows, safe to open in a spreadsheet"),
    ("parquet/", "every table, in the schema meta those about the release"),
    ("datapackage.json", "every file and column described for programs"),
    ("manifest.json", "what this release was made of, and the sha256 of each file"),
    ("evidence.json", "every check that it passed"),
    ("sbom.cdx.json", "the software that made it"),
)


def write_index_page(
    con: duckdb.DuckDBPyConnection, path: Path, manifest: Mapping[str, Any], csv_files: Mapping[str, str]
) -> None:
    """Return the page of the release whose file is attached as `copy`; its links are relative, so that the folder can be moved."""
    said = dict(
        con.execute(
            "select table_name, any_value(table_description) from copy.meta.data_dictionary where table_schema = ? group by 1",
            [MAIN],
        ).fetchall()
    )
    style = Path(__file__).with_name("pages").joinpath("index.css").read_text(encoding="utf-8")
    tables = [
        {
            "name": table["name"],
            "words": said[table["name"]],
            "rows": table["rows"],
            "parquet": table["parquet"],
            "csv": csv_files.get(table["name"]),
        }
        for table in manifest["tables"]
        if table["schema"] == MAIN
    ]
    page = templates(PACKAGE, "pages").get_template("index.html")
    text = page.render(
        title="NHS health inequalities marts",
        synthetic=SYNTHETIC if manifest["data_origin"] != "published" else "",
        release_id=manifest["release_id"],
        day=dt.datetime.fromisoformat(manifest["built_at"]).date().isoformat(),
        licence=manifest["licence"],
        places=PLACES,
        tables=tables,
        style=style,
        style_hash=style_hash(style),
    )
    path.write_text(text, encoding="utf-8")
