"""datapackage.json: the Parquet and CSV files described in the form of the Data Package standard (Frictionless), version 2."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
LICENCES = {
    "OGL-UK-3.0": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
TYPES = {
    "VARCHAR": "string",
    "DATE": "date",
    "TIMESTAMP": "datetime",
    "BOOLEAN": "boolean",
    "DOUBLE": "number",
    "INTEGER": "integer",
    "BIGINT": "integer",
}


def write_data_package(
    con: duckdb.DuckDBPyConnection, path: Path, manifest: Mapping[str, Any], csv_files: Mapping[str, str]
) -> None:
    """Write one resource for each Parquet and each CSV file, its fields from meta.data_dictionary."""
    fields = _fields(con)
    resources = [
        resource
        for table in manifest["tables"]
        for resource in _resources(table, fields[table["schema"], table["name"]], csv_files)
    ]
    package = {
        "$schema": PROFILE,
        "name": "nhs-health-inequalities-marts",
        "title": "NHS health inequalities marts",
        "id": manifest["release_id"],
        "version": manifest["release_id"],
        "created": manifest["built_at"],
        "description": f"Published tables of release {manifest['release_id']}; data origin {manifest['data_origin']}.",
        "licenses": [_licence(name) for name in manifest["licence"].split(", ") if name],
        "sources": _sources(con),
        "resources": resources,
    }
    path.write_text(json.dumps(package, indent=1, ensure_ascii=False), encoding="utf-8")


def _licence(name: str) -> dict[str, str]:
    return {"name": name} | ({"path": LICENCES[name]} if name in LICENCES else {})


def _sources(con: duckdb.DuckDBPyConnection) -> list[dict[str, str]]:
    query = """
        select slug, any_value(publisher), any_value(attribution) from copy.meta.source_status
        where periods_in_use_count > 0 group by slug order by slug"""
    return [{"title": f"{slug}: {publisher}. {words}"} for slug, publisher, words in con.execute(query).fetchall()]


def _fields(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[dict[str, str]]]:
    query = """
        select table_schema, table_name, column_name, data_type, description, unit
        from copy.meta.data_dictionary order by table_schema, table_name, column_position"""
    fields: dict[tuple[str, str], list[dict[str, str]]] = {}
    for schema, table, name, kind, description, unit in con.execute(query).fetchall():
        field = {"name": name, "type": TYPES.get(kind, "any"), "description": description}
        fields.setdefault((schema, table), []).append(field | ({"unit": unit} if unit else {}))
    return fields


def _resources(
    table: Mapping[str, Any], fields: list[dict[str, str]], csv_files: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    name = table["name"] if table["schema"] == "main" else f"{table['schema']}_{table['name']}"
    kind = {"mediatype": "application/vnd.apache.parquet", "format": "parquet"}
    yield {"name": name.replace("_", "-"), "path": table["parquet"], **kind, "schema": {"fields": fields}}
    if table["schema"] == "main" and table["name"] in csv_files:
        text = {"mediatype": "text/csv", "format": "csv", "encoding": "utf-8"}
        shown = {"fields": fields, "missingValues": [""]}
        yield {"name": f"{name}-csv".replace("_", "-"), "path": csv_files[table["name"]], **text, "schema": shown}
