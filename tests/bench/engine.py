"""Facts of many returns: DuckDB within 1 GB beside Apache Spark on two local workers, by the same dbt models, with equal answers.

42 million rows are two months of WL01 of 210 trusts in the composition of returns.py, 126 million are six. They are laid down as clean tables:
trusts send multiples of one list, so the files are far smaller than real ones, and reading them from disk is not measured. Each engine runs in a
process of its own, whose memory and processor time are taken with those of all that it starts: for Spark that is dbt, driver, master and two
workers of one core. The slope is what one more million rows costs; the rest is the price of starting.
`python -m tests.bench.engine 1 3` takes millions of rows; HIW_BENCH_ENGINE too. It needs `make engine`.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
import os
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.assets.engine import build_engine_assets
from dagster_project.duck import quote_literal
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, placing_private
from dagster_project.returns.clean_tables import load_clean_tables, write_empty_returns
from dagster_project.settings import Settings, load_settings
from dagster_project.transform.dbt import prepare_manifest, run_dbt
from dagster_project.transform.engine import why_it_cannot_run
from dagster_project.transform.facts import engine_models, forget_facts
from tests.bench.returns import MAKE, ROWS
from tests.bench.watch import run_watched
from tests.fixtures.spark_cluster import running_cluster
from tests.parity.compare import first_difference

MILLIONS = os.environ.get("HIW_BENCH_ENGINE", "42,126").split(",")
TRUSTS = 210
FIRST_YEAR = 2025
WAYS = ("duckdb", "spark")
CELL, KEY = "int_returns__rate_cell", ("submission_id", "metric_id", "dim_type", "dim_value", "imd_quintile")
LARGE = """
spark.executor.memory               2g
"""
SENT = "create table sent as from cells order by g = 'G9', part, f, g, e, i, a, s, b limit {rows}"
RETURN = """
    select '{org}' as org_code, date '{last}' as census_date, part as rtt_part, f as treatment_function_code, g as grouping_set, e as ethnic_category,
        i as imd_decile, a as age_band, s as person_stated_gender_code, b as wait_band, cast(n * {times} as bigint) as pathway_count,
        'published' as pathway_count_status, '{name}' as submission_id, row_number() over () as row_number, 'synthetic' as data_origin
    from sent
"""
REGISTER = """
    select submission_id, 'WL01' as collection_code, '1.0.0' as template_version, split_part(submission_id, '_', 2) as org_code,
        date_trunc('month', date '{last}') as period_start, date '{last}' as period_end, 'P' as submission_type, 1 as sequence_no,
        'RESTRICTED' as disclosure_profile, 'IMD2025' as imd_version, false as nil_return, date '{last}' + interval 12 day as received_at,
        'inbox' as route, sha256(submission_id) as file_sha256, {rows} as row_count, {rows} as rows_accepted, 0 as rows_quarantined,
        0 as groups_rejected, 'accepted' as verdict, '' as failed_rules, '' as warned_rules, 'synthetic' as data_origin
    from (select unnest(?) as submission_id)
"""


def _run(folder: Path, **settings: Any) -> Run:
    return Run.of(Settings(data_lake=folder / "lake", sources="sample", memory_limit="1GB", threads=2, **settings))


def lay_down(run: Run, millions: float) -> int:
    """The clean tables of so many million rows; gives the rows."""
    area = ReturnsArea.of(run.lake)
    area.prepare()
    write_empty_returns(area)
    submissions = max(1, round(millions * 1_000_000 / ROWS))
    trusts = min(TRUSTS, submissions)
    months = max(1, round(submissions / trusts))
    with duckdb.connect(config={"threads": 2}) as con:
        con.execute(MAKE)
        con.execute(SENT.format(rows=ROWS))
        for place in range(months):
            year, month = FIRST_YEAR + place // 12, place % 12 + 1
            last = dt.date(year, month, calendar.monthrange(year, month)[1])
            names = [f"WL01_{'RST'[one // 100]}{one % 100:02d}_{last:%Y-%m}_P01_{one:08x}" for one in range(trusts)]
            for number, name in enumerate(names):
                sent = RETURN.format(org=name.split("_")[1], last=last, times=number % 4 + 1, name=name)
                _place(con, area, "wl01", area.accepted("WL01", name), sent)
            _place(con, area, "submission", area.submission(f"{last}"), REGISTER.format(last=last, rows=ROWS), names)
    return ROWS * trusts * months


def _place(con: duckdb.DuckDBPyConnection, area: ReturnsArea, table: str, path: Path, query: str, *given: Any) -> None:
    types = ", ".join(f"{name}::{kind} as {name}" for name, kind in load_clean_tables()[table].items())
    with placing_private(path, area) as part:
        con.execute(f"copy (select {types} from ({query})) to {quote_literal(str(part))} (format parquet)", list(given))


def run_duckdb(folder: Path) -> None:
    """The models in the warehouse, by DuckDB."""
    run = _run(folder)
    forget_facts(ReturnsArea.of(run.lake), engine_models(prepare_manifest(run)))
    built = run_dbt(run, "build", "--select", "+tag:engine", "--exclude-resource-type", "test", "unit_test")
    if built.returncode:
        raise RuntimeError(built.stdout + built.stderr)


def run_spark(folder: Path) -> None:
    """The models by Spark, handed over."""
    with ExitStack() as stack:
        cluster = stack.enter_context(running_cluster(folder / "cluster", settings=LARGE, worker_mb=2600))
        cluster.have_workers(stack, 2)
        os.environ.update(cluster.environment)
        run = _run(folder, engine="spark", spark=cluster.where)
        dg.materialize(build_engine_assets(run, prepare_manifest(run)))


def measure(folder: Path, millions: list[float]) -> dict[str, Any]:
    """Both engines at each size; raises RuntimeError where their facts differ."""
    found: dict[str, Any] = {"sizes": []}
    for size in millions:
        shutil.rmtree(folder, ignore_errors=True)
        run = _run(folder)
        begun = time.perf_counter()
        row: dict[str, Any] = {"rows": lay_down(run, size), "seconds_to_make": round(time.perf_counter() - begun, 1)}
        prepare_manifest(run)
        for way in WAYS:
            command = [sys.executable, "-m", "tests.bench.engine", way, str(folder)]
            watched = run_watched(command, os.environ | {"DAGSTER_HOME": ""})
            row[way] = {"seconds": round(watched.seconds, 1), "cpu_seconds": round(watched.cpu_seconds, 1)}
            row[way] |= {"peak_mb": round(watched.peak_mb)}
        row["facts"] = _compared(run)
        found["sizes"].append(row)
    first, last = found["sizes"][0], found["sizes"][-1]
    if more := (last["rows"] - first["rows"]) / 1_000_000:
        found["cpu_seconds_for_a_million_rows"] = {
            way: round((last[way]["cpu_seconds"] - first[way]["cpu_seconds"]) / more, 2) for way in WAYS
        }
    return found


def _compared(run: Run) -> int:
    """The rows of the facts, which are equal."""
    with duckdb.connect(str(run.lake.warehouse), read_only=True) as con:
        facts = ReturnsArea.of(run.lake).clean(CELL)
        con.execute(f"create temp view got as from read_parquet({quote_literal(f'{facts}/*.parquet')})")
        if different := first_difference(con, f"restricted.{CELL}", "got", KEY):
            raise RuntimeError(f"the facts differ: {different}")
        counted = con.execute("select count(*) from got").fetchone()
    if not counted or not counted[0]:
        raise RuntimeError("there are no facts")
    return int(counted[0])


def _show(found: dict[str, Any]) -> None:
    table = Table("return rows", "facts", "engine", "wall s", "processor s", "peak MB")
    for row in found["sizes"]:
        for way in WAYS:
            used = (str(row[way][name]) for name in ("seconds", "cpu_seconds", "peak_mb"))
            table.add_row(f"{row['rows']:,}", f"{row['facts']:,}", way, *used)
    Console().print(table)
    slopes = found.get("cpu_seconds_for_a_million_rows", {})
    for way, slope in slopes.items():
        Console().print(f"{way}: {slope} s of processor time for each million rows more")


def main(arguments: list[str]) -> None:
    """`duckdb FOLDER` and `spark FOLDER` run one engine; numbers, or nothing, measure both in data_lake/bench."""
    if arguments and arguments[0] in WAYS:
        (run_duckdb if arguments[0] == "duckdb" else run_spark)(Path(arguments[1]))
        return
    if why := why_it_cannot_run():
        sys.exit(f"Skipped: {why}.")
    bench = load_settings().data_lake / "bench"
    found = measure(bench / "engine", [float(one) for one in arguments or MILLIONS])
    _show(found)
    path = bench / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(results | {"engine": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
