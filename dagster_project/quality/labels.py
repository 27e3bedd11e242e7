"""Gate 1: every label that dbt joins or compares is one that it knows; a file with another one is held and the label named.

The declarations are in source.yml (`labels`). A seed is read as dbt reads it, from its CSV.
"""

# ruff: noqa: S608 - columns go through duck.quote_identifier, words through quote_literal; `where` is the contract's own SQL

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.contracts.check import Severity
from dagster_project.contracts.seeds import SEEDS, seed_file
from dagster_project.contracts.source import Entity, Labels
from dagster_project.duck import quote_identifier, quote_literal

MAXIMUM_NAMED = 10


def find_unknown_labels(
    connection: duckdb.DuckDBPyConnection, entity: Entity, clean: Path, severity: Severity
) -> tuple[str, ...]:
    """Return one sentence for each list of that severity that the clean table goes beyond: column, labels, rows and what to do."""
    sentences = (_judge(connection, labels, clean) for labels in entity.labels if labels.severity == severity)
    return tuple(sentence for sentence in sentences if sentence)


def _judge(connection: duckdb.DuckDBPyConnection, labels: Labels, clean: Path) -> str:
    columns = [quote_identifier(name) for name in labels.columns]
    shown = " || ' / ' || ".join(f"coalesce(cast({name} as varchar), '(blank)')" for name in columns)
    rows = connection.execute(
        f"select {shown} as label, count(*) as of_rows from read_parquet({quote_literal(str(clean))}) as batch "
        f"where ({labels.where}) and ({_is_known(labels, columns)}) is not true group by all order by of_rows desc, label"
    ).fetchall()
    return _sentence(labels, rows) if rows else ""


def _is_known(labels: Labels, columns: list[str]) -> str:
    if labels.pattern:
        return f"regexp_full_match(cast({columns[0]} as varchar), {quote_literal(labels.pattern)})"
    if labels.values:
        known = ", ".join(map(quote_literal, labels.values))
        return f"cast({columns[0]} as varchar) in ({known})"
    others = [quote_identifier(name) for name in labels.seed_columns or labels.columns]
    equal = " and ".join(
        f"cast(batch.{own} as varchar) = seed.{other}" for own, other in zip(columns, others, strict=True)
    )
    file = quote_literal(str(seed_file(labels.seed)))
    reading = f"read_csv({file}, header=true, all_varchar=true, delim=',', quote='\"', escape='\"')"
    return f"exists (select 1 from {reading} as seed where {equal})"


def _sentence(labels: Labels, rows: list[tuple[str, int]]) -> str:
    named = "; ".join(
        f"{label!r} ({count:,} {'row' if count == 1 else 'rows'})" for label, count in rows[:MAXIMUM_NAMED]
    )
    more = f"; and {len(rows) - MAXIMUM_NAMED} more" if len(rows) > MAXIMUM_NAMED else ""
    many = "an unknown label" if len(rows) == 1 else f"{len(rows)} unknown labels"
    if labels.seed:
        place = f"add it to dbt/seeds/{seed_file(labels.seed).relative_to(SEEDS)} ({', '.join(labels.seed_columns or labels.columns)})"
    else:
        place = "add it to `labels` in source.yml and to the models that compare it"
    return f"{' and '.join(labels.columns)}: {many}: {named}{more}. If the publisher renamed or added it, {place}; if not, ask the publisher"
