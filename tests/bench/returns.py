"""A month's returns of all trusts: 210 WL01 files of 100,000 rows through check, load and marts, beside bare DuckDB.

"Check" is the search for identifiers and every rule, "load" the clean Parquet and its line in the register, "marts" dbt's own
models up to the numerators and denominators of mart_hi_rate (int_returns__rate_cell). The floor reads the same files in one
DuckDB query into one Parquet and counts the same groups of the same metric, with no check at all. Each runs in a process of
its own, whose memory is watched with that of its children; the counts of the two must be equal, or the times mean nothing.
`python -m tests.bench.returns [trusts]` runs it alone; HIW_BENCH_TRUSTS scales it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.contracts.collection import load_collections
from dagster_project.duck import EngineLimits, scratch_connection
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, placing_private
from dagster_project.returns.clean_tables import load_clean_tables, write_empty_returns
from dagster_project.returns.intake import AT_ONCE
from dagster_project.returns.submission import Context, Submission, sidecar_of
from dagster_project.returns.validation import Verdict, validate
from dagster_project.settings import Settings, load_settings
from dagster_project.transform.dbt import run_dbt
from tests.bench.watch import run_watched

TRUSTS = int(os.environ.get("HIW_BENCH_TRUSTS", "210"))
ROWS = 100_000
GROUPS = 81
"""Rows of one function, part and band in G0 to G5: 1 + 18 + 11 + 11 + 4 + 36."""
MONTH_END = dt.date(2026, 10, 31)
RECEIVED = dt.datetime(2026, 11, 12, tzinfo=dt.UTC)
MEMORY_LIMIT = "1GB"
LIMITS = EngineLimits(MEMORY_LIMIT, threads=1)
"""As intake judges a file of this size (returns/context.py)."""
BARE_RATES = """
    select org_code, ethnic_category, sum(pathway_count) as denominator,
        sum(pathway_count) filter (wait_band in ('W052_065', 'W065_078', 'W078_104', 'W104_PLUS')) as numerator
    from {source}
    where rtt_part = '2' and treatment_function_code = 'ALL' and grouping_set = 'G1' and wait_band <> 'WUNK' group by all
"""
DBT_RATES = """
    select org_code, dim_value, denominator_low, numerator_low from restricted.int_returns__rate_cell
    where metric_id = 'WL_GT52_PCT' and dim_type = 'ETHNIC_CATEGORY'
"""
MAKE = """
create or replace table ethnic as select unnest(['A','B','C','D','E','F','G','H','J','K','L','M','N','P','R','S','Z','99']) as code;
create or replace table decile as select unnest(['1','2','3','4','5','6','7','8','9','10','99']) as code;
create or replace table age as select unnest(['00_04','05_17','18_18','19_29','30_39','40_49','50_64','65_74','75_84','85_PLUS','UNK']) as code;
create or replace table sex as select unnest(['1','2','9','X']) as code;
create or replace table fn as select unnest(['100','101','110','120','130','140','150','160','170','300','301','320','330','340','400','410',
    '430','502','X02','X03','X04','X05','X06','ALL']) as code;
create or replace table band as select unnest(['W000_018','W018_026','W026_040','W040_052','W052_065','W065_078','W078_104','W104_PLUS']) as code,
    unnest([90, 30, 20, 10, 6, 3, 2, 1]) as weight;
create or replace table groups as
    select 'G0' as g, 'ALL' as e, 'ALL' as i, 'ALL' as a, 'ALL' as s, 396 as share
    union all select 'G1', code, 'ALL', 'ALL', 'ALL', 22 from ethnic
    union all select 'G2', 'ALL', code, 'ALL', 'ALL', 36 from decile
    union all select 'G3', 'ALL', 'ALL', code, 'ALL', 36 from age
    union all select 'G4', 'ALL', 'ALL', 'ALL', code, 99 from sex
    union all select 'G5', e, i, 'ALL', 'ALL', 2 * categories * deciles
        from (select unnest(['WHITE','MIXED','ASIAN','BLACK','OTHER','UNK']) as e, unnest([3, 4, 5, 3, 1, 2]) as categories),
            (select unnest(['Q1','Q2','Q3','Q4','Q5','Q99']) as i, unnest([2, 2, 2, 2, 2, 1]) as deciles);
create or replace table cells as
    select part, fn.code as f, g, e, i, a, s, band.code as b, share * weight * (case part when '2' then 2 else 1 end)
        * (case fn.code when 'ALL' then 23 else 1 end) as n
    from (select unnest(['2', '2A']) as part), fn, groups, band
    union all
    select '2', fn.code, 'G9', ethnic.code, decile.code, age.code, sex.code, 'W000_018', 3
    from (from fn where code <> 'ALL') as fn, ethnic, decile, age, sex;
"""
"""396 is the least number that 1, 4, 11, 18 and 18 x 11 groups share evenly, so that every grouping set sums to G0, and G5 to the
categories of G1 and the deciles of G2: gate 2 publishes no figures that contradict each other. No control total of it and its multiples
by 2, 3 and 4 reads as an NHS number (that by 5 does)."""


def make_files(folder: Path, trusts: int) -> list[Submission]:
    """The files, with manifests: valid, a different multiple of the same list for each trust."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with duckdb.connect() as con:
        con.execute(MAKE)
        for number in range(trusts):
            org = f"{'RST'[number // 100]}{number % 100:02d}"
            path = folder / f"HIW-WL01_{org}_{MONTH_END:%Y-%m}_v01.csv"
            con.execute(
                f"copy (select '{org}' as org_code, date '{MONTH_END}' as census_date, part as rtt_part, f as treatment_function_code, "
                "g as grouping_set, e as ethnic_category, i as imd_decile, a as age_band, s as person_stated_gender_code, "
                f"b as wait_band, n * {number % 4 + 1} as pathway_count from cells order by g = 'G9', part, f, g, e, i, a, s, b "
                f"limit {ROWS}) to '{path}' (header)"
            )
            total = con.execute(f"select sum(pathway_count) from read_csv('{path}')").fetchone()
            assert total is not None
            made.append(Submission(path, _write_manifest(path, org, int(total[0]))))
    return made


def _write_manifest(path: Path, org: str, total: int) -> Path:
    manifest = {"collection_code": "WL01", "template_version": "1.0.0", "org_code": org}
    manifest |= {"period_start": "2026-10-01", "period_end": MONTH_END.isoformat(), "submission_type": "P"}
    manifest |= {
        "sequence_no": "1",
        "file_name": path.name,
        "file_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    manifest |= {"row_count": str(ROWS), "control_total": str(total), "disclosure_profile": "RESTRICTED"}
    manifest |= {"imd_version": "IMD2025", "ethnic_code_set": "EC2001", "nil_return": "N", "signed_off_role": "CIO"}
    manifest |= {"signed_off_date": "2026-11-11", "known_issues": ""}
    sidecar = sidecar_of(path)
    with sidecar.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, manifest)
        writer.writeheader()
        writer.writerow(manifest)
    return sidecar


# -- the two ways ------------------------------------------------------------------------------------------------------


def _run_in(work: Path) -> Run:
    return Run.of(Settings(data_lake=work / "lake", sources="sample"))


def prepare(work: Path) -> None:
    """Have dbt read the project, as every nightly run but the first finds it."""
    run = _run_in(work)
    write_empty_returns(ReturnsArea.of(run.lake))
    _dbt(run, "parse")


def run_checked(files: Path, work: Path) -> dict[str, float]:
    """Check and load, files side by side as intake has them, then marts; seconds of each."""
    run = _run_in(work)
    area = ReturnsArea.of(run.lake)
    area.prepare()
    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for future in [
            threads.submit(_check_and_load, path, area) for path in sorted(files.glob("HIW-WL01_*_v01.csv"))
        ]:
            future.result()
    loaded = time.perf_counter()
    _dbt(run, "build", "--select", "+int_returns__rate_cell", "--exclude-resource-type", "test", "unit_test")
    seconds = {"load": loaded - start, "marts": time.perf_counter() - loaded}
    _write_counts(run.lake.warehouse, DBT_RATES, work)
    return seconds


def _dbt(run: Run, *arguments: str) -> None:
    done = run_dbt(run, *arguments)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def _check_and_load(path: Path, area: ReturnsArea) -> None:
    context = Context(received_at=RECEIVED, limits=LIMITS, data_origin="synthetic")
    with validate(Submission(path, sidecar_of(path)), context) as verdict:
        if not verdict.is_accepted or verdict.failed_rules:
            raise RuntimeError(f"{path.name}: {verdict.outcome} by {verdict.failed_rules} {verdict.warned_rules}")
        _load(verdict, area)


def _load(verdict: Verdict, area: ReturnsArea) -> None:
    """The clean rows and the line of the submission, as intake places them."""
    manifest = verdict.manifest
    assert manifest is not None and verdict.submission_id is not None
    with placing_private(area.accepted("WL01", verdict.submission_id), area) as part:
        verdict.write_accepted(part)
    known = {
        "submission_id": verdict.submission_id,
        "collection_code": "WL01",
        "template_version": manifest.template_version,
        "org_code": manifest.org_code,
        "period_start": manifest.period_start,
        "period_end": manifest.period_end,
        "submission_type": "P",
        "sequence_no": 1,
        "disclosure_profile": manifest.disclosure_profile,
        "imd_version": manifest.imd_version,
        "nil_return": False,
        "received_at": RECEIVED.replace(tzinfo=None),
        "route": "inbox",
        "file_sha256": manifest.file_sha256,
        "row_count": ROWS,
        "rows_accepted": verdict.rows_accepted,
        "rows_quarantined": 0,
        "groups_rejected": 0,
        "verdict": "accepted",
        "failed_rules": "",
        "warned_rules": "",
        "data_origin": "synthetic",
    }
    types = load_clean_tables()["submission"]
    columns = ", ".join(f"?::{kind} as {name}" for name, kind in types.items())
    with placing_private(area.submission(verdict.submission_id), area) as part, scratch_connection() as con:
        con.execute(f"create or replace temp table one as select {columns}", [known[name] for name in types])
        con.execute(f"copy one to '{part}' (format parquet)")


def run_bare(files: Path, work: Path) -> dict[str, float]:
    """The floor: one query from all files to one Parquet, one to the rates."""
    work.mkdir(parents=True, exist_ok=True)
    types = {column.name: column.clean_type for column in load_collections()["WL01"].columns}
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    start = time.perf_counter()
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "threads": 2}) as con:
        con.execute(
            f"copy (from read_csv('{files}/HIW-WL01_*_v01.csv', columns = {{{columns}}}, header = true, auto_detect = false)) "
            f"to '{work}/all.parquet' (format parquet, compression zstd)"
        )
    loaded = time.perf_counter()
    _write_counts(None, BARE_RATES.format(source=f"read_parquet('{work}/all.parquet')"), work)
    return {"load": loaded - start, "marts": time.perf_counter() - loaded}


def _write_counts(database: Path | None, query: str, work: Path) -> None:
    with duckdb.connect(str(database or ":memory:"), config={"memory_limit": MEMORY_LIMIT, "threads": 2}) as con:
        con.execute(f"copy ({query} order by all) to '{work}/counts.out' (format csv, header false)")


def measure(folder: Path, trusts: int = TRUSTS) -> dict[str, Any]:
    """Both ways over the same files, each in a process of its own; raises RuntimeError where their rates differ."""
    shutil.rmtree(folder, ignore_errors=True)
    files = folder / "files"
    make_files(files, trusts)
    found: dict[str, Any] = {"trusts": trusts, "rows": trusts * ROWS}
    prepare(folder / "checked")
    for way in ("bare", "checked"):
        command = [sys.executable, "-m", "tests.bench.returns", way, str(files), str(folder / way)]
        watched = run_watched(command, dict(os.environ))
        found[way] = json.loads(watched.output.splitlines()[-1])
        found[way] |= {"seconds": round(watched.seconds, 1), "cpu_seconds": round(watched.cpu_seconds, 1)}
        found[way] |= {"peak_mb": round(watched.peak_mb)}
    counts = {(folder / way / "counts.out").read_text(encoding="ascii") for way in ("bare", "checked")}
    if len(counts) != 1 or not counts.pop():
        raise RuntimeError("the checked files give other counts than the bare ones")
    for kind in ("seconds", "cpu_seconds"):
        found["ratio" if kind == "seconds" else "cpu_ratio"] = round(found["checked"][kind] / found["bare"][kind], 1)
    _show(found)
    return found


def _show(found: dict[str, Any]) -> None:
    table = Table(
        "returns",
        "rows",
        "wall s",
        "check and load s",
        "marts s",
        "processor s",
        "peak MB",
        "times bare",
        "by processor",
    )
    for way in ("checked", "bare"):
        row = found[way]
        parts = [str(round(row.get(part, 0), 1)) for part in ("load", "marts")]
        ratios = [str(found[name]) for name in ("ratio", "cpu_ratio")] if way == "checked" else ["1", "1"]
        used = [str(row["cpu_seconds"]), str(row["peak_mb"])]
        table.add_row(way, f"{found['rows']:,}", str(row["seconds"]), *parts, *used, *ratios)
    Console().print(table)


def main(arguments: list[str]) -> None:
    """`checked FILES WORK` and `bare FILES WORK` run one way; a number, or nothing, measures both in data_lake/bench."""
    if arguments and arguments[0] in {"checked", "bare"}:
        run = run_checked if arguments[0] == "checked" else run_bare
        sys.stdout.write(json.dumps(run(Path(arguments[1]), Path(arguments[2]))) + "\n")
        return
    folder = load_settings().data_lake / "bench" / "returns"
    measure(folder, int(arguments[0]) if arguments else TRUSTS)


if __name__ == "__main__":
    main(sys.argv[1:])
