"""A session of Apache Spark in a process of .venv-engine (spark_side.py), which answers query after query."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.settings import PROJECT_ROOT
from dagster_project.transform.engine import ENVIRONMENT

SPARK_SIDE = Path(__file__).with_name("spark_side.py")
SESSION = PROJECT_ROOT / "dagster_project" / "transform" / "spark_session.py"
Table = tuple[str, str]
"""The folder of a table's Parquet files, and its columns in Spark's words; "" where Spark is to read them from the files."""


class Spark:
    """The process, for as long as a with block lasts. What the JVM says is in spark.log of `folder`, where it works.

    `settings` are Spark's own.
    """

    def __init__(self, folder: Path, master: str = "local[2]", settings: Mapping[str, str] | None = None) -> None:
        self.folder, self.master, self.settings = folder, master, dict(settings or {})

    def __enter__(self) -> Spark:
        (self.folder / "scratch").mkdir(parents=True, exist_ok=True)
        self.log = (self.folder / "spark.log").open("wb")
        python = [str(ENVIRONMENT / "bin" / "python"), "-m", "tests.parity.spark_side"]
        self.process = subprocess.Popen(
            [*python, str(self.folder / "scratch"), self.master, json.dumps(self.settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill() if kind else self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.log.close()

    def ask(self, tables: Mapping[str, Table], queries: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
        """One answer for each query, in their order, over these tables; fewer where the process ends before."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"tables": tables, "queries": queries}).encode() + b"\n")
        self.process.stdin.flush()
        answers = (json.loads(line) for line in self.process.stdout if line.startswith(b"{"))
        for _, answer in zip(queries, answers, strict=False):
            yield answer


def write_table(con: duckdb.DuckDBPyConnection, selected: str, folder: Path, files: int = 1) -> Table:
    """What DuckDB selects from, as Parquet for Spark: in one file, or scattered over several, each in an order of its own."""
    folder.mkdir(parents=True)
    rows = f"select * from {selected}"
    for part in range(files):
        if files > 1:
            numbered = f"select *, row_number() over () as _place from {selected}"
            rows = f"select * exclude (_place) from ({numbered}) where _place % {files} = {part} order by hash(_place)"
        con.execute(f"copy ({rows}) to {quote_literal(str(folder / f'part-{part}.parquet'))} (format parquet)")
    return str(folder), ""
