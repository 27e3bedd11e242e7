"""The engine that computes the measures: DuckDB, and in `make engine-test` Apache Spark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.measures_project.rendering import OnSpark, computed_by
from tests.parity.asked import Spark


@pytest.fixture(scope="session")
def measures_on_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnSpark]:
    """One session for all tests: each start of it takes seconds."""
    folder = tmp_path_factory.mktemp("measures")
    with Spark(folder) as spark:
        yield OnSpark(spark, folder)


@pytest.fixture(
    scope="module",
    params=["duckdb", pytest.param("spark", marks=[pytest.mark.requires_engine, pytest.mark.timeout(3600)])],
)
def engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test that uses it runs on both engines."""
    if request.param == "duckdb":
        yield
        return
    with computed_by(request.getfixturevalue("measures_on_spark")):
        yield
