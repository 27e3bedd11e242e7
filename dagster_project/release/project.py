"""Everything that a release is made from and judged by, loaded once for a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import duckdb
import yaml
from pydantic import Field, ValidationError

from dagster_project.contracts.source import Source, load_sources
from dagster_project.contracts.strict import Strict
from dagster_project.contracts.suite import Suite, load_marts, load_thresholds
from dagster_project.duck import connection
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.lake.warehouse import attach_warehouse, is_there
from dagster_project.release.dbt_artifacts import ExposedModel, read_exposed_models
from dagster_project.release.dictionary import Dictionary, load_dictionary
from dagster_project.release.errors import ReleaseError
from dagster_project.settings import PROJECT_ROOT
from dagster_project.yaml_files import read_yaml

MARTS = PROJECT_ROOT / "dbt" / "models" / "marts"
EXAMPLE_QUERIES = "example_queries.yml"
ROWS_FALL = "release_rows_fall_maximum_share"


class ExampleQuery(Strict):
    """A question that the marts answer, for whom, and the query that answers it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    question: str = Field(min_length=10)
    user: str = Field(min_length=3)
    sql: str = Field(min_length=10)
    needs: Literal["sources", "returns"] = "sources"
    """Where its rows come from. No return need ever come in: a query over returns may find none, one over sources may not."""


def load_example_queries(path: Path = MARTS) -> tuple[ExampleQuery, ...]:
    """Load the example queries of a file, or of every example_queries.yml below a folder, in the order of the files.

    Raises ReleaseError naming the file and the place.
    """
    files = [path] if path.is_file() else sorted(path.rglob(EXAMPLE_QUERIES), key=lambda file: (len(file.parts), file))
    queries = tuple(query for file in files for query in _read_example_queries(file))
    names = [query.name for query in queries]
    if len(set(names)) != len(names):
        raise ReleaseError(f"{path.name} cannot be used", "a name stands twice", "give every query its own name")
    return queries


def _read_example_queries(path: Path) -> tuple[ExampleQuery, ...]:
    try:
        listed = read_yaml(path)["example_queries"]
        return tuple(ExampleQuery.model_validate(body) for body in listed)
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise ReleaseError(
            f"{path.name} cannot be used", str(error), "write name, question, user and sql for each query"
        ) from error


@dataclass(frozen=True)
class ReleaseProject:
    """What a release is made from (the run's data folder, dbt's artefacts, sources) and judged by (suites, thresholds)."""

    run: Run
    manifest: Path
    run_results: Path
    suites: Mapping[str, Suite]
    sources: Mapping[str, Source]
    example_queries: tuple[ExampleQuery, ...]
    rows_fall_maximum_share: float
    dictionary: Dictionary = field(default_factory=Dictionary)

    @classmethod
    def load(cls, run: Run) -> ReleaseProject:
        """Load the project of the checkout, for one data folder."""
        dbt_target = run.lake.dbt_target
        return cls(
            run=run,
            manifest=dbt_target / "manifest.json",
            run_results=dbt_target / "run_results.json",
            suites=load_marts(),
            sources=load_sources(),
            example_queries=load_example_queries(),
            rows_fall_maximum_share=float(load_thresholds()[ROWS_FALL].value),
            dictionary=load_dictionary(MARTS),
        )

    @property
    def lake(self) -> Lake:
        """Return the data folder."""
        return self.run.lake

    @cached_property
    def models(self) -> tuple[ExposedModel, ...]:
        """Return the marts that are published."""
        return read_exposed_models(self.manifest)

    @contextmanager
    def engine(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open an in-memory DuckDB to which files are attached; it spills onto the data disk."""
        self.lake.temporary.mkdir(parents=True, exist_ok=True)
        with connection(None, limits=self.run.limits) as con:
            yield con

    def read_columns(self) -> dict[str, list[str]]:
        """Read the columns of every table and view of the warehouse, by its name; none where there is no warehouse."""
        if not is_there(self.run):
            return {}
        found: dict[str, list[str]] = {}
        with self.engine() as con:
            attach_warehouse(con, self.run)
            for table, column in con.execute(
                "select table_name, column_name from duckdb_columns() where database_name = 'warehouse' and not internal "
                "order by table_name, column_index"
            ).fetchall():
                found.setdefault(table, []).append(column)
        return found
