"""What Apache Spark computes does not hang on its threads, its partitions or the order of what it reads.

Two sessions: one thread and one partition over whole tables, and two threads and seven partitions over the same rows, scattered over files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import pytest

from dagster_project.duck import open_database, quote_literal
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.settings import Settings
from tests.fixtures.measures_project.rendering import OnSpark
from tests.integration.measures.vectors import load_cases
from tests.parity.__main__ import Project
from tests.parity.asked import Spark, write_table
from tests.parity.compare import first_difference
from tests.parity.compiled import compile_for_spark
from tests.warehouses import Warehouse

pytestmark = [pytest.mark.requires_engine, pytest.mark.timeout(3600)]
WHOLE, SCATTERED = 1, 5
SETTINGS = {
    WHOLE: ("local[1]", {"spark.sql.shuffle.partitions": "1"}),
    SCATTERED: ("local[2]", {"spark.sql.shuffle.partitions": "7", "spark.sql.files.minPartitionNum": "7"}),
}
"""By the number of files of each table that is read."""


@pytest.fixture(scope="module", params=[WHOLE, SCATTERED])
def files(request: pytest.FixtureRequest) -> int:
    """How many files each table is scattered over; the other settings go with it."""
    return int(request.param)


@pytest.fixture(scope="module")
def spark(files: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    with Spark(tmp_path_factory.mktemp("spark"), *SETTINGS[files]) as session:
        yield session


def of_the_engine(nodes: Mapping[str, dict[str, object]]) -> list[str]:
    """The models tagged `engine` and all that they read, each after what it reads."""
    graph: dict[str, list[str]] = {}
    waiting = [each for each, node in nodes.items() if "engine" in node["tags"]]  # type: ignore[operator]
    while waiting:
        each = waiting.pop()
        graph[each] = nodes.get(each, {}).get("depends_on", {}).get("nodes", [])  # type: ignore[attr-defined]
        waiting += [read for read in graph[each] if read not in graph]
    return list(TopologicalSorter(graph).static_order())


def test_facts_are_the_same_on_other_threads_and_partitions(
    files: int, spark: Spark, sample_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the rows of returns to the facts, each model over what Spark made of those before it; the facts are counts, so equal to the last."""
    run = Run.of(Settings(data_lake=sample_warehouse.lake, sources="sample"))
    project = Project(run, tmp_path, json.loads(compile_for_spark(run).read_text(encoding="utf-8")))
    names, nodes = project.relations(), project.compiled["nodes"]
    monkeypatch.chdir(Lake(sample_warehouse.lake).build)
    compared = []
    with open_database(run.lake.warehouse, read_only=True) as con:
        for each in of_the_engine(nodes):
            name, of_duckdb = names[each]
            if not each.startswith("model."):
                spark_reads = {name: write_table(con, of_duckdb, tmp_path / name, files)}
                assert list(spark.ask(spark_reads, [])) == []
                continue
            to = tmp_path / name
            (said,) = spark.ask({}, [{"id": each, "sql": nodes[each]["compiled_code"], "to": str(to)}])
            assert "refused" not in said
            made = quote_literal(f"{to}/*.parquet")
            assert list(spark.ask({name: (str(to), "")}, [])) == []
            if "engine" in nodes[each]["tags"]:
                con.execute(f"create or replace temp view got as from read_parquet({made})")
                assert first_difference(con, of_duckdb, "got") == ""
                compared.append(each.split(".")[-1])
    assert sorted(compared) == ["int_returns__inclusion", "int_returns__rate_cell", "int_returns__sent"]


MEASURES = {
    "f04_dsr": ("select i.*, e.multiplier from inputs i join expected e using (case_id)", "04_dsr"),
    "f07_heat": ("select * from inputs", "07_heat"),
    "f14_ethnicity": ("select * from inputs", "14_ethnicity"),
    "f16_excess": ("select * from inputs", "16_excess"),
    "f17_mean": ("select * from inputs", "17_mean"),
}
"""Those that add up over rows, or choose among them: the others see one row each."""


@pytest.mark.requires_vectors
@pytest.mark.parametrize("statement", MEASURES)
def test_measures_are_the_same_on_other_threads_and_partitions(
    files: int, spark: Spark, statement: str, tmp_path: Path
) -> None:
    query, family = MEASURES[statement]
    cases: duckdb.DuckDBPyConnection = load_cases(
        query, inputs=f"{family}_inputs.csv", expected=f"{family}_expected.csv"
    )
    assert OnSpark(spark, tmp_path, files)(statement, cases)
