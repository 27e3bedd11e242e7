"""Compile the project for Spark, run every node on what DuckDB's warehouse holds, and name the nodes that are not the same."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console

from dagster_project.duck import open_database, quote_identifier, quote_literal
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea
from dagster_project.settings import load_settings
from dagster_project.transform.engine import ENVIRONMENT, SPARK_TYPES, why_it_cannot_run
from dagster_project.transform.facts import MANIFEST
from tests.parity.asked import SESSION, SPARK_SIDE, Spark
from tests.parity.compare import columns_of, first_difference
from tests.parity.compiled import compile_for_spark

EQUAL = ""
REASONS = {
    "int_inequality_summary": "what chance makes of Theil's index and of the mean log deviation where groups are all but alike: "
    "1e-8 of the value, which is what a sum leaves that cancels out",
}
"""Why a node is left as it is."""


@dataclass(frozen=True)
class Node:
    """A model, or a data test of the night, as dbt compiled it for Spark and for DuckDB."""

    unique_id: str
    name: str
    spark_sql: str
    duckdb_sql: str
    relation: str
    """Where DuckDB's warehouse holds it; "" for a test."""
    reads: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Project:
    """Both manifests of one checkout: dbt-duckdb's of the nightly run, and dbt-spark's."""

    run: Run
    folder: Path
    compiled: dict[str, Any]
    """The manifest of dbt-spark, with the SQL of every node."""

    def nodes(self) -> list[Node]:
        """Every model, and every data test that a nightly run asks, in the order of their names."""
        spark = self.compiled["nodes"]
        target = self.run.lake.dbt_target
        duck = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
        run = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
        ids = {result["unique_id"] for result in run if result["unique_id"].startswith(("model.", "test."))}
        return [_node(spark[each], duck[each], target) for each in sorted(ids) if each in spark]

    def relations(self) -> dict[str, tuple[str, str]]:
        """Of each source, seed and model: its name for Spark, and what DuckDB selects from."""
        spark = self.compiled
        duck = json.loads((self.run.lake.dbt_target / "manifest.json").read_text(encoding="utf-8"))
        names = {}
        for kind in ("nodes", "sources"):
            for each, node in spark[kind].items():
                if node.get("relation_name") and each in duck[kind]:
                    names[each] = (node["relation_name"].replace("`", ""), _duckdb_name(duck[kind][each]))
        return names


def _duckdb_name(node: dict[str, Any]) -> str:
    location = (node.get("config") or {}).get("meta", {}).get("external_location") or node.get("meta", {}).get(
        "external_location"
    )
    return location.format(**node) if location else f"{node['schema']}.{node.get('alias') or node['identifier']}"


def _node(spark: dict[str, Any], duck: dict[str, Any], target: Path) -> Node:
    is_model = duck["resource_type"] == "model"
    path = Path(duck["original_file_path"])
    compiled = target / "compiled" / duck["package_name"] / (path if is_model else path.parent / path.name)
    if not is_model and path.suffix != ".sql":
        compiled /= duck["path"]
    return Node(
        unique_id=duck["unique_id"],
        name=duck["name"],
        spark_sql=spark["compiled_code"],
        duckdb_sql=compiled.read_text(encoding="utf-8"),
        relation=f"{duck['schema']}.{duck['alias']}" if is_model else "",
        reads=tuple(spark["depends_on"]["nodes"]),
        key=tuple((duck["config"].get("meta") or {}).get("key") or ()),
    )


class Parity:
    """One comparison; what was found out is kept by the text of both queries, so that a second one runs what changed."""

    def __init__(self, project: Project, con: duckdb.DuckDBPyConnection) -> None:
        self.project, self.con = project, con
        self.night = str((project.folder.parent / "dbt" / "run_results.json").stat().st_mtime_ns)
        self.inputs = project.folder / f"inputs-{self.night}"
        self.kept = project.folder / "outcomes.json"
        self.outcomes: dict[str, str] = json.loads(self.kept.read_text()) if self.kept.exists() else {}

    def digest(self, node: Node) -> str:
        """Of both queries, of the warehouse that they read, of the version of Spark, and of the files that judge."""
        judges = [
            *(path.name for path in sorted(ENVIRONMENT.glob("lib/*/site-packages/pyspark-*.dist-info"))),
            *(path.read_text() for path in (SPARK_SIDE, SESSION, Path(__file__).with_name("compare.py"))),
            self.night,
        ]
        return hashlib.sha256(json.dumps([node.spark_sql, node.duckdb_sql, node.key, *judges]).encode()).hexdigest()

    def export(self, name: str, selected: str) -> tuple[str, str]:
        """The rows of a source, seed or model as one Parquet file, whole numbers above 64 bits as decimals: its folder and columns."""
        folder = self.inputs / name
        columns = columns_of(self.con, selected)
        if not (folder / "part.parquet").exists():
            folder.mkdir(parents=True, exist_ok=True)
            wide = [quote_identifier(column) for column, kind in columns.items() if kind == "HUGEINT"]
            replaced = f" replace ({', '.join(f'cast({it} as decimal(38, 0)) as {it}' for it in wide)})" if wide else ""
            to = quote_literal(str(folder / "part.parquet"))
            self.con.execute(f"copy (select *{replaced} from {selected}) to {to} (format parquet)")
        known = all(kind in SPARK_TYPES or kind.startswith("DECIMAL") for kind in columns.values())
        return str(folder), ", ".join(
            f"`{column}` {SPARK_TYPES.get(kind, kind)}" for column, kind in columns.items() if known
        )

    def run(self, nodes: list[Node], analyse_only: bool) -> Iterator[tuple[Node, str]]:
        """Each node with the reason for which it is not the same on Spark; "" where it is."""
        for old in self.project.folder.glob("inputs-*"):
            if old != self.inputs:
                shutil.rmtree(old)
        names = self.project.relations()
        tables = {}
        for each in sorted({read for node in nodes for read in node.reads if read in names}):
            tables[names[each][0]] = self.export(*names[each])
        results = self.project.folder / "results"
        queries = [
            {"id": node.unique_id, "sql": node.spark_sql, "to": "" if analyse_only else str(results / node.name)}
            for node in nodes
        ]
        by_id = {node.unique_id: node for node in nodes}
        with Spark(self.project.folder) as spark:
            for said in spark.ask(tables, queries):
                node = by_id.pop(said["id"])
                yield node, said.get("refused") or (EQUAL if analyse_only else self.compare(node, results / node.name))
        yield from ((node, "Spark ended before it") for node in by_id.values())

    def compare(self, node: Node, folder: Path) -> str:
        """The first difference of Spark's rows from DuckDB's."""
        self.con.execute(
            f"create or replace temp view got as select * from read_parquet({quote_literal(f'{folder}/*.parquet')})"
        )
        wanted = node.relation
        if not wanted:
            self.con.execute(f"create or replace temp view wanted as {node.duckdb_sql}")
            wanted = "wanted"
        return first_difference(self.con, wanted, "got", node.key)

    def keep(self, node: Node, outcome: str) -> None:
        self.outcomes[self.digest(node)] = outcome
        self.kept.write_text(json.dumps(self.outcomes, indent=0), encoding="utf-8")


def main() -> None:
    """Compare the nodes of which the name holds a word of the command line; all without one."""
    parser = argparse.ArgumentParser(prog="make engine-parity", description=__doc__)
    parser.add_argument("words", nargs="*", help="parts of names of nodes")
    parser.add_argument("--analyse-only", action="store_true", help="have Spark read the queries, run none")
    options = parser.parse_args()
    run = Run.of(load_settings())
    lake = run.lake
    if why := why_it_cannot_run():
        raise SystemExit(f"Spark cannot be started: {why}.")
    if not lake.warehouse.exists():
        raise SystemExit(f"{lake.warehouse} is not there: run `make refresh` first.")
    if (ReturnsArea.of(lake).clean_root / MANIFEST).exists():
        raise SystemExit(
            "The facts of this nightly run are Spark's own: run `make refresh` with HIW_ENGINE=duckdb first."
        )
    manifest = json.loads(compile_for_spark(run).read_text(encoding="utf-8"))
    project = Project(run, lake.build / "engine", manifest)
    project.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(lake.build)
    with open_database(lake.warehouse, read_only=True) as con:
        sys.exit(report(Parity(project, con), options.words, options.analyse_only))


def judged(parity: Parity, nodes: list[Node], analyse_only: bool) -> Iterator[tuple[Node, str]]:
    """Each node with its outcome: those that are known already, then the others, the shortest query first, each kept as soon as it is known."""
    outcomes = {node.unique_id: None if analyse_only else parity.outcomes.get(parity.digest(node)) for node in nodes}
    yield from ((node, outcome) for node in nodes if (outcome := outcomes[node.unique_id]) is not None)
    to_do = sorted((node for node in nodes if outcomes[node.unique_id] is None), key=lambda node: len(node.spark_sql))
    for node, outcome in parity.run(to_do, analyse_only):
        if not analyse_only:
            parity.keep(node, outcome)
        yield node, outcome


def report(parity: Parity, words: list[str], analyse_only: bool) -> int:
    """Print each node that is not the same with its reason, as soon as it is known, and the count; 0 where there is none."""
    console = Console(highlight=False, soft_wrap=True)
    nodes = [node for node in parity.project.nodes() if not words or any(word in node.name for word in words)]
    equal = 0
    for node, outcome in judged(parity, nodes, analyse_only):
        equal += outcome == EQUAL
        if outcome != EQUAL:
            because = f" ({REASONS[node.name]})" if node.name in REASONS else ""
            console.print(f"{node.name}: {outcome}{because}", markup=False)
    did = "accepts" if analyse_only else "accepts and computes equally"
    console.print(f"Spark {did} {equal} of {len(nodes)} nodes.")
    return 1 if equal < len(nodes) else 0


if __name__ == "__main__":
    main()
