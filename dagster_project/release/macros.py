"""The measures as macros of the published file, so that an analyst runs them on data of her own.

The statements are rendered by dbt from the macros that every figure of the marts is made with (dbt/analyses/measure_macros.sql): there is
one definition of each measure. Not here: the definitions (dbt/macros/measures).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

MEASURE_MACROS = "measure_macros.sql"


def read_measure_macros(manifest: Path) -> str:
    """Return the statements that dbt rendered, beside its manifest; empty where its project has no measures."""
    path = manifest.with_name(MEASURE_MACROS)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def add_measure_macros(connection: duckdb.DuckDBPyConnection, compiled_sql: str) -> int:
    """Create the macros in the file attached as `draft`; how many it then has.

    `compiled_sql` is what read_measure_macros gives. Raises duckdb.Error for a statement that this DuckDB does not take.
    """
    if compiled_sql:
        connection.execute(compiled_sql)
    counted = (
        "select count(distinct function_name) from duckdb_functions() where database_name = 'draft' and not internal"
    )
    row = connection.execute(counted).fetchone()
    return 0 if row is None else int(row[0])
