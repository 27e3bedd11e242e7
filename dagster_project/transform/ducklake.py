"""What dbt-duckdb does before it attaches DuckLake (plugins of dbt/profiles.yml): it loads the extensions from their packages."""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from dagster_project.lake.warehouse import load_ducklake


class Plugin(BasePlugin):
    """Called so because dbt-duckdb looks for this name."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Load the extensions. `extensions` of a profile would install them into the home folder first."""
        load_ducklake(conn)
