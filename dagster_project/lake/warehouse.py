"""Where dbt builds: the warehouse file, or DuckLake, whose tables are Parquet files and whose catalogue is a PostgreSQL database.

Either is attached as `warehouse`, as dbt's SQL calls it. What is published is a file of its own in both cases. The password of the
catalogue is libpq's own business (PGPASSWORD, ~/.pgpass, a service file): it is in no setting, statement or message.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.duck import extension_file, open_database, quote_literal
from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run

EXTENSIONS = ("postgres_scanner", "ducklake")
PATIENCE = {"ducklake_max_retry_count": 200, "ducklake_retry_backoff": 1.0}
"""A commit that another writer overtakes is tried again, 100 ms later. Beside one that wrote a row a second, the ten times that DuckLake
has by default ended 4 of 193 models of a night on a busy machine."""


def is_there(run: Run) -> bool:
    """Say whether dbt can have built something: a catalogue that has nothing yet says so itself when it is attached."""
    return bool(run.settings.ducklake) or run.lake.warehouse.exists()


def ducklake_data(run: Run) -> str:
    """Return the folder of DuckLake's Parquet files, with a slash at its end."""
    return f"{run.settings.ducklake_data or run.lake.build / 'ducklake'}/"


def attach_warehouse(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Attach what dbt built for reading as `warehouse`; of a file once its writer has let go of it.

    ATTACH fails at once where an open waits, so the waiting is done by an open. Raises duckdb.Error, and LakeError where an extension lacks.
    """
    place = str(run.lake.warehouse)
    if run.settings.ducklake:
        load_ducklake(con)
        place = f"ducklake:postgres:{run.settings.ducklake}"
    else:
        open_database(Path(place), read_only=True, wait_seconds=run.wait_seconds).close()
    con.execute(f"attach {quote_literal(place)} as warehouse (read_only)")
    # Staging views name their Parquet from build/, where dbt works (transform/dbt.py).
    con.execute("set file_search_path = ?", [str(run.lake.build)])


def load_ducklake(con: duckdb.DuckDBPyConnection) -> None:
    """Load DuckLake and what speaks to its catalogue from their packages. Raises LakeError where they are not installed."""
    for name in EXTENSIONS:
        path = extension_file(name)
        if path is None:
            raise LakeError(
                "DuckLake",
                f"DuckDB's extension {name} is not installed, or is of another version",
                "run `make databases` in the project's folder",
            )
        con.load_extension(str(path))
    for setting, value in PATIENCE.items():
        con.execute(f"set global {setting} = {value}")
