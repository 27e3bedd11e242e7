"""Reading the published file for the report: every query once for all pages, rows that know their table and key.

Not here: what is done with the rows.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any

import duckdb

from dagster_project.duck import quote_identifier

ROWS_AT_A_TIME = 10_000
KEYS: dict[str, tuple[str, ...]] = {
    "dim_indicator": ("indicator_id",),
    "dim_indicator_breakdown": ("indicator_id", "breakdown"),
    "dim_indicator_target": ("indicator_id", "target_no", "organisation_level"),
    "dim_indicator_verification": ("indicator_id", "part"),
    "dim_organisation": ("organisation_code",),
    "dim_source": ("source_id",),
    "fct_indicator_value": (
        "indicator_id",
        "organisation_code",
        "treatment_function_code",
        "period_start",
        "period_end",
        "dimension",
        "group_code",
        "geography_basis",
        "standardisation",
    ),
    "fct_inequality_measure": (
        "indicator_id",
        "organisation_code",
        "treatment_function_code",
        "period_start",
        "period_end",
        "geography_basis",
        "standardisation",
        "dimension",
        "measure",
        "comparison_group",
        "reference_group",
    ),
    "mart_control_chart": ("indicator_id", "organisation_code", "period_start"),
    "mart_core20_population": ("imd_version", "organisation_code"),
    "mart_core20plus5_adults": ("indicator_id", "organisation_code", "period_start", "period_end", "standardisation"),
    "mart_core20plus5_children": ("indicator_id", "organisation_code", "period_start", "period_end", "standardisation"),
    "mart_coverage": ("indicator_id", "breakdown", "organisation_level"),
    "mart_data_quality": (
        "source_id",
        "measure",
        "field_name",
        "waiting_band",
        "organisation_level",
        "organisation_code",
        "period_end",
    ),
    "mart_five_priorities": ("priority_no", "indicator_id", "organisation_code"),
    "mart_funnel": ("indicator_id", "organisation_code", "period_end", "dimension", "group_code"),
    "mart_priorities": ("indicator_id", "organisation_code", "period_end", "dimension", "group_code"),
    "mart_sector_gap": ("indicator_id", "period_end", "measure"),
    "mart_trend": (
        "measure",
        "indicator_id",
        "organisation_code",
        "dimension",
        "group_code",
        "reference_group",
        "standardisation",
    ),
    "mart_waiting_list": (
        "indicator_id",
        "organisation_code",
        "treatment_function_code",
        "period_start",
        "period_end",
        "dimension",
        "group_code",
        "geography_basis",
    ),
    "mart_action": ("organisation_code", "item_id"),
    "mart_action_summary": ("organisation_code", "measure"),
    "mart_hi_intersection": (
        "organisation_level",
        "organisation_code",
        "indicator_id",
        "ethnic_group_5",
        "imd_quintile",
        "period_end",
    ),
    "mart_hi_rate": (
        "organisation_level",
        "organisation_code",
        "indicator_id",
        "dimension",
        "group_code",
        "period_end",
        "is_estimate",
    ),
    "mart_inclusion_health": ("organisation_code", "group_code", "measure_code", "identification_method", "period_end"),
    "mart_inequality_summary": (
        "organisation_level",
        "organisation_code",
        "indicator_id",
        "dimension",
        "period_end",
        "measure",
    ),
    "mart_maturity": ("organisation_code", "domain_code"),
    "mart_plus_group": ("organisation_code", "group_code"),
    "mart_publication": ("mart_name",),
    "mart_statement": (
        "statement_version",
        "line_no",
        "organisation_code",
        "indicator_id",
        "breakdown",
        "dimension",
        "group_code",
        "standardisation",
    ),
    "mart_submission": ("collection_code", "organisation_code", "period_end"),
    "mart_survey_benchmark": ("wave", "question_code", "option_code", "stratum_type", "stratum", "source_id"),
    "mart_target_progress": ("target_id", "period_end", "source_id"),
    "mart_target_reading": ("indicator_id", "organisation_code", "period_start", "period_end", "standardisation"),
    "mart_trust_vs_peer": ("organisation_code", "question_code", "option_code", "stratum_type"),
    "mart_workforce_equality": (
        "standard",
        "organisation_code",
        "snapshot_date",
        "indicator_no",
        "indicator_part",
        "staff_scope",
        "measure_kind",
        "comparison_group",
        "source_id",
    ),
    "meta.inputs": ("slug", "entity", "period", "sha256"),
    "meta.releases": ("release_id",),
    "meta.source_status": ("slug", "entity"),
}
"""Table -> its key: by these columns a number on a page is found again in the file."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a published table."""

    table: str
    values: dict[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    def get(self, column: str, default: Any = None) -> Any:
        """Return the value of a column, or the default where the table has no such column or the cell is NULL."""
        value = self.values.get(column)
        return default if value is None else value

    def key(self) -> dict[str, str | None]:
        """Return the key as text, as `cast(column as varchar)` writes it."""
        return {name: _as_text(self.values[name]) for name in KEYS[self.table] if name in self.values}


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


class Marts:
    """The tables of one opened published file (the connection's default database)."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self.columns: dict[str, list[str]] = defaultdict(list)
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_database() "
            "and not internal order by schema_name, table_name, column_index"
        ).fetchall():
            self.columns[table if schema == "main" else f"{schema}.{table}"].append(column)

    def has(self, table: str, *columns: str) -> bool:
        """Return whether the file has this table with all of these columns."""
        return table in self.columns and set(columns) <= set(self.columns[table])

    def rows(self, table: str, where: str = "true", parameters: Sequence[Any] = (), *, order: str = "") -> list[Row]:
        """Read rows of a table in the order given, then that of its key; none where the file has no such table."""
        if table not in self.columns:
            return []
        relation = ".".join(quote_identifier(part) for part in table.split("."))
        keys = [quote_identifier(name) for name in KEYS[table] if name in self.columns[table]]
        ordered = ", ".join(part for part in (order, *keys) if part)
        found = self._con.execute(f"select * from {relation} where {where} order by {ordered}", parameters)
        names = [column[0] for column in found.description or ()]
        rows = []
        # A part at a time, and equal texts once: all cells of 60 months as objects of their own took 1.3 GB.
        while part := found.fetchmany(ROWS_AT_A_TIME):
            shared = ([intern(value) if type(value) is str else value for value in values] for values in part)
            rows += [Row(table, dict(zip(names, values, strict=True))) for values in shared]
        return rows

    def distinct(self, table: str, column: str) -> list[str]:
        """Return the different texts of a column, in order."""
        name = quote_identifier(column)
        found = self._con.execute(f"select distinct {name} from {quote_identifier(table)} order by all")
        return [row[0] for row in found.fetchall()]

    def pairs(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read rows of its own query, as tuples."""
        return self._con.execute(sql, parameters).fetchall()


def group_rows(rows: Iterable[Row], *columns: str) -> dict[Any, list[Row]]:
    """Group rows by the value of a column (or the tuple of several), in their order."""
    grouped: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        values = tuple(row[column] for column in columns)
        grouped[values[0] if len(values) == 1 else values].append(row)
    return dict(grouped)
