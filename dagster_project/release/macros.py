"""The measures as macros of the published file, so that an analyst runs them on data of her own.

The statements are rendered by dbt from the macros that every figure of the marts is made with (int_published_macros): there is
one definition of each measure. Not here: the definitions (dbt/macros/measures).
"""

from __future__ import annotations

import duckdb

SCHEMA, TABLE = "intermediate", "int_published_macros"


def read_measure_macros(connection: duckdb.DuckDBPyConnection) -> str:
    """The statements that dbt rendered, from the attached `warehouse`; empty where its project has no measures."""
    listed = (
        "select count(*) from duckdb_tables() where database_name = 'warehouse' and schema_name = ? and table_name = ?"
    )
    if connection.execute(listed, [SCHEMA, TABLE]).fetchone() == (0,):
        return ""
    row = connection.execute("select create_macros from warehouse.intermediate.int_published_macros").fetchone()
    return "" if row is None else str(row[0])


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
