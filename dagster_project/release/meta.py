"""The schema `meta` of the published file: what its tables are, with the comments that analysts see, and how rows get in.

The tables describe the release itself; what they hold is gathered by candidate.py, changes.py and evidence.py.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.release.contents import META, qualified


@dataclass(frozen=True)
class MetaColumn:
    """A column of a meta table."""

    name: str
    type: str
    description: str
    unit: str = ""


@dataclass(frozen=True)
class MetaTable:
    """A table of the schema meta."""

    name: str
    description: str
    columns: tuple[MetaColumn, ...]


def _table(name: str, description: str, *columns: tuple[str, ...]) -> MetaTable:
    return MetaTable(name, description, tuple(MetaColumn(*column) for column in columns))


META_TABLES = (
    _table(
        "releases",
        "This release and the earlier ones that were kept when it was built; one row for each.",
        (
            "release_id",
            "VARCHAR",
            "First 12 hexadecimal digits of the fingerprint of everything the release is made from.",
        ),
        ("this_release", "BOOLEAN", "True for the release that this file holds."),
        ("built_at", "TIMESTAMP", "When the file was built.", "UTC"),
        (
            "published_at",
            "TIMESTAMP",
            "When it became the current release; NULL in the file itself, see manifest.json.",
            "UTC",
        ),
        ("data_origin", "VARCHAR", "published: publishers' files; synthetic: invented organisations and figures."),
        ("fingerprint", "VARCHAR", "sha256 over input snapshots, dbt files, suites and code."),
        ("code_version", "VARCHAR", "Commit, or version of the package, that built it."),
        ("table_count", "BIGINT", "Published tables, meta tables not counted.", "count"),
        ("row_count", "BIGINT", "Rows of the published tables together.", "count"),
        ("sha256", "VARCHAR", "Of the published file; NULL in the file itself, see manifest.json."),
    ),
    _table(
        "source_status",
        "How each entity of each source stood when the release was built; one row for each source and entity.",
        ("slug", "VARCHAR", "The source: publisher and dataset."),
        ("entity", "VARCHAR", "The table of the source."),
        ("title", "VARCHAR", "What it is called."),
        ("publisher", "VARCHAR", "Who publishes it."),
        ("licence", "VARCHAR", "Licence of the publisher's files, as an SPDX identifier."),
        ("attribution", "VARCHAR", "The sentence to cite when figures are used."),
        (
            "format_status",
            "VARCHAR",
            "confirmed: a real file of the table passed every check of a test; unconfirmed: its format is known from documents or extracts only.",
        ),
        ("confirmed_by_period", "VARCHAR", "Period of that real file; NULL where there was none."),
        ("newest_period_in_use", "VARCHAR", "Newest period whose data are in this release; NULL when there is none."),
        ("newest_period_end", "DATE", "Last day of that period."),
        ("age_days", "BIGINT", "Days from that day to the day on which the release was built.", "days"),
        ("periods_in_use_count", "BIGINT", "Periods whose data are in this release.", "count"),
        (
            "held",
            "BOOLEAN",
            "True when a newer file did not pass its checks, so that a period stays at its last good state.",
        ),
        ("held_reason", "VARCHAR", "Which periods, and why."),
        ("held_since", "TIMESTAMP", "Since when the first of them is held.", "UTC"),
        (
            "quiet",
            "BOOLEAN",
            "True when nothing new comes from the source: its pages gave no file, its newest file has no usable row, or a period is due.",
        ),
        ("quiet_reason", "VARCHAR", "What is missing."),
        ("quiet_since", "DATE", "Since which day."),
        ("last_accepted_at", "TIMESTAMP", "When a file of it last passed its checks.", "UTC"),
        ("rows_in_use_count", "BIGINT", "Rows of its clean tables in use.", "count"),
        ("rejected_rows_count", "BIGINT", "Rows of the files in use that broke a rule and were left out.", "count"),
        ("suppressed_cells_count", "BIGINT", "Cells of the files in use that the publisher suppressed.", "count"),
    ),
    _table(
        "data_dictionary",
        "Every column of every table of this file; one row for each.",
        ("table_schema", "VARCHAR", "main: published figures; meta: about the release."),
        ("table_name", "VARCHAR", "The table."),
        ("column_position", "BIGINT", "Place of the column in the table, from 1."),
        ("column_name", "VARCHAR", "The column."),
        ("data_type", "VARCHAR", "Its DuckDB type."),
        ("unit", "VARCHAR", "Its unit; NULL where it is no number."),
        ("description", "VARCHAR", "What it holds: its definition."),
        (
            "code_list",
            "VARCHAR",
            "The codes that a column of text may hold, or where they are listed; NULL for others.",
        ),
        (
            "source",
            "VARCHAR",
            "Datasets that the figures come from, comma separated; meta.source_status describes them.",
        ),
        ("caveat", "VARCHAR", "What to keep in mind; NULL where nothing is special."),
        ("table_description", "VARCHAR", "What the table holds."),
    ),
    _table(
        "glossary",
        "The words of this file; one row for each term. `hiw find WORD` looks here for what a word is called otherwise.",
        ("term", "VARCHAR", "The word."),
        (
            "also_called",
            "VARCHAR",
            "What others call it, comma separated: DNA, RTT; NULL where there is no other name.",
        ),
        ("definition", "VARCHAR", "What it means here."),
        ("see", "VARCHAR", "The table or column to look at."),
    ),
    _table(
        "worked_examples",
        "A small example of each table, worked by hand and tested: one row for each relation that it gives, and one for the rows that come out.",
        ("table_name", "VARCHAR", "The table."),
        ("explanation", "VARCHAR", "The sum in words."),
        ("part_no", "BIGINT", "Order of the parts, from 1.", "running number"),
        ("part", "VARCHAR", "given: rows of what the table reads; expected: the rows that come out."),
        ("relation", "VARCHAR", "The relation that the rows are of."),
        ("rows_json", "VARCHAR", "The rows, as a JSON list; columns that they leave out are NULL or of no concern."),
    ),
    _table(
        "example_queries",
        "Queries to start from; every one was run on this file before it was published. Those that give rows come first.",
        ("name", "VARCHAR", "Short name."),
        ("question", "VARCHAR", "What it answers."),
        ("user", "VARCHAR", "Who asks."),
        ("needs", "VARCHAR", "sources: the publishers' files are enough; returns: it needs what trusts send."),
        ("rows_count", "BIGINT", "Rows that it gives in this release; NULL where it was not run.", "count"),
        ("sql", "VARCHAR", "The query."),
    ),
    _table(
        "inputs",
        "Every file whose data are in this release: one row for each source, entity and period, and for each return in use.",
        ("slug", "VARCHAR", "The source; returns for what trusts send."),
        ("entity", "VARCHAR", "The table of the source, or the collection."),
        ("period", "VARCHAR", "The period that the file is about."),
        ("sha256", "VARCHAR", "Of the file exactly as published."),
        ("url", "VARCHAR", "Where it was found; empty for a return."),
        ("retrieved_at", "TIMESTAMP", "When it was fetched or came in.", "UTC"),
        ("file", "VARCHAR", "Its name; of a return its submission_id."),
        ("rows_count", "BIGINT", "Rows of the clean table made from it; NULL for a return.", "count"),
    ),
    _table(
        "rejects",
        "How many rows of the files in use broke which rule and were left out; counts only, never what was in them.",
        ("slug", "VARCHAR", "The source."),
        ("entity", "VARCHAR", "The table of the source."),
        ("period", "VARCHAR", "The period of the file."),
        ("sha256", "VARCHAR", "Of the file exactly as published."),
        ("file", "VARCHAR", "Its name."),
        ("column_name", "VARCHAR", "The column whose rule was broken; NULL when the line as a whole was."),
        ("rule", "VARCHAR", "The rule."),
        ("rejected_rows_count", "BIGINT", "Rows that broke it.", "count"),
    ),
    _table(
        "checks",
        "Every check that this release, or a file in it, went through; one row for each.",
        ("name", "VARCHAR", "Name of the check."),
        ("kind", "VARCHAR", "landing, suite, dbt, reconciliation, key, disclosure, difference or example_query."),
        ("mart", "VARCHAR", "The table it is about; NULL when it is about the release or a source."),
        ("passed", "BOOLEAN", "Whether it held."),
        ("severity", "VARCHAR", "critical: a failure holds the release back; warning: it is only said."),
        ("summary", "VARCHAR", "What was found."),
        ("counts", "VARCHAR", "Counts behind the summary, as JSON."),
        ("failing_keys", "VARCHAR", "Keys of rows that failed, at most 20, as JSON."),
    ),
    _table(
        "changes",
        "What moved against the release before this one; for rows, one row for each table, indicator, measure and new file.",
        (
            "change_type",
            "VARCHAR",
            "rows, table_added, table_removed, column_added, column_removed, input_added or input_removed.",
        ),
        ("table_name", "VARCHAR", "The table; NULL for inputs."),
        ("indicator_id", "VARCHAR", "The indicator, where the table has indicators."),
        ("measure", "VARCHAR", "The measure, where the table has measures."),
        ("slug", "VARCHAR", "The source of the input, or of the file that brought the rows."),
        ("entity", "VARCHAR", "The table of that source; NULL for rows of a file that gives several."),
        ("period", "VARCHAR", "The period of that file."),
        ("snapshot_sha256", "VARCHAR", "The file that brought the change, where the table or the input names it."),
        ("rows_added_count", "BIGINT", "Rows whose key is new.", "count"),
        ("rows_removed_count", "BIGINT", "Rows whose key is gone.", "count"),
        ("rows_changed_count", "BIGINT", "Rows with the same key and another value.", "count"),
        ("description", "VARCHAR", "The change in words."),
    ),
)
META_BY_NAME = {table.name: table for table in META_TABLES}


def create_meta(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Create the schema and its empty tables, with comments on all of them."""
    con.execute(f"create schema {qualified(database, META)}")
    for table in META_TABLES:
        name = qualified(database, META, table.name)
        columns = ", ".join(f"{qualified(column.name)} {column.type}" for column in table.columns)
        con.execute(f"create table {name} ({columns})")
        comment(con, name, table.description, {c.name: with_unit(c.description, c.unit) for c in table.columns})


def comment(con: duckdb.DuckDBPyConnection, relation: str, description: str, columns: Mapping[str, str]) -> None:
    """Comment on a table and its columns, in one call. `relation` is quoted already."""
    said = {f"table {relation}": description}
    said |= {f"column {relation}.{qualified(name)}": text for name, text in columns.items()}
    con.execute(";".join(f"comment on {what} is {quote_literal(text)}" for what, text in said.items()))


def with_unit(description: str, unit: str) -> str:
    """Return a description that ends with its unit."""
    return f"{description} [{unit}]" if unit else description


def insert(con: duckdb.DuckDBPyConnection, database: str, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows to a meta table. Every row has every column, or KeyError.

    One JSON parameter for all of them: DuckDB binds row by row otherwise, which takes a second for two thousand rows.
    """
    columns = META_BY_NAME[table].columns
    listed = [{column.name: row[column.name] for column in columns} for row in rows]
    shape = json.dumps([{column.name: column.type for column in columns}])
    names = ", ".join(f"r.{qualified(column.name)}" for column in columns)
    con.execute(
        f"insert into {qualified(database, META, table)} "
        f"select {names} from (select unnest(from_json(?::json, ?)) as r)",
        [json.dumps(listed, default=str), shape],
    )
