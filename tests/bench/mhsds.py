"""A month of MHSDS at its real size: a ZIP with one CSV of 800,000 rows and 170 MB, fetched, parsed and judged; beside it bare DuckDB.

The floor hashes and unpacks the same ZIP, counts its lines, reads the CSV and writes the rows of the measures that are taken.

Usage: python -m tests.bench.mhsds night|floor MIRROR FOLDER
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.contracts.source import load_sources
from dagster_project.contracts.suite import landing_fingerprint
from dagster_project.lake.acceptance import Acceptance
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import fetch_source
from dagster_project.lake.transport import MirrorTransport
from dagster_project.quality.judge import answers, ask, start_judge
from dagster_project.quality.landing import landing_gate
from dagster_project.sample.files import landing_page, mirror_path, write_marker
from dagster_project.sample.nhse_mhsds import FILES, HEADER, PAGE, PROVIDER_GROUPS
from dagster_project.settings import PROJECT_ROOT
from tests.bench.watch import run_watched
from tests.fixtures.runs import SMALL, run_at

SLUG, ROWS, ORGANISATIONS = "nhse_mhsds", 800_000, 1_000
RELEASE, NAME = f"{PAGE}/performance-april-2026", "MHSDS Data_AprPerf_2026"
TODAY = dt.date(2026, 7, 20)
AIM_RATIO, AIM_MB = 3.0, 600
TAKEN = ("MHS81", "MHS150", "MHS150a", "MHS150b", "MHS151", "MHS151a", "MHS151b")
WORDS = "The number of people in contact with services at the end of the reporting period, as it stands in the file of the publisher"


def measure(work: Path) -> dict[str, Any]:
    """Seconds and peak memory of both, and the ratio; `work` is emptied first."""
    shutil.rmtree(work, ignore_errors=True)
    write_month(work / "mirror")
    found = {}
    for what in ("floor", "night"):
        command = [sys.executable, "-m", "tests.bench.mhsds", what, str(work / "mirror"), str(work / what)]
        watched = run_watched(command, dict(os.environ) | {"PYTHONPATH": str(PROJECT_ROOT)})
        found[what] = json.loads(watched.output.splitlines()[-1]) | {"peak_mb": round(watched.peak_mb, 1)}
    shutil.rmtree(work)
    ratio = round(found["night"]["seconds"] / found["floor"]["seconds"], 2)
    return found | {"ratio": ratio, "aim_ratio": AIM_RATIO, "aim_mb": AIM_MB}


def write_month(mirror: Path) -> Path:
    """Write the landing pages and the ZIP of one month into `mirror`; the ZIP's path. The CSV lies in a folder of it, as in April 2026."""
    address = f"{FILES}/{NAME.replace(' ', '%20')}.zip"
    pages = {
        f"{PAGE}/": landing_page("Mental health services monthly statistics", [(RELEASE, "Performance April 2026")]),
        f"{RELEASE}/": landing_page("Mental health services, April 2026", [(address, "MHSDS data file")]),
    }
    for place, content in pages.items():
        path = mirror_path(mirror, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_marker(mirror)
    archive = mirror_path(mirror, address)
    archive.parent.mkdir(parents=True, exist_ok=True)
    text = archive.with_suffix(".csv")
    with duckdb.connect() as con:
        con.execute("create table labels (breakdown varchar, label varchar)")
        con.executemany(
            "insert into labels values (?, ?)",
            [(b, label) for b, labels in PROVIDER_GROUPS.items() for label in labels],
        )
        con.execute("create table taken as select unnest(?) as measure", [list(TAKEN)])
        con.execute(_ROWS, {"organisations": ORGANISATIONS, "rows": ROWS, "words": WORDS})
        con.execute(f"copy month to '{text}' (header)")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(text, f"{NAME}/{NAME}.csv")
    text.unlink()
    return archive


_ROWS = """
    create table month as
    with
        organisations as (
            select format('R{:02X}', number) || chr((65 + number % 26)::integer) as code,
                'INVENTED MENTAL HEALTH NHS FOUNDATION TRUST OF A LONG NAME ' || number as name
            from range($organisations) as n(number)
        ),
        detentions as (
            select 'Provider; ' || breakdown as breakdown, code, name, label, measure
            from organisations, labels, taken
        ),
        others as (
            select 'Provider', code, name, 'NONE', 'EIP' || number
            from organisations, range(5000) as n(number)
            order by number, code
            limit $rows - (select count(*) from detentions)
        )
    select '01/04/2026' as REPORTING_PERIOD_START, '30/04/2026' as REPORTING_PERIOD_END, 'Performance' as STATUS,
        breakdown as BREAKDOWN, code as PRIMARY_LEVEL, name as PRIMARY_LEVEL_DESCRIPTION, label as SECONDARY_LEVEL,
        label as SECONDARY_LEVEL_DESCRIPTION, measure as MEASURE_ID, $words as MEASURE_NAME,
        case when hash(code, label, measure) % 5 < 3 then '*' else (5 * (1 + hash(code, label) % 40))::varchar end as MEASURE_VALUE
    from (from detentions union all from others)
"""


def _night(mirror: Path, folder: Path) -> float:
    source, lake, transport = load_sources()[SLUG], Lake(folder), MirrorTransport(mirror)
    gate = landing_gate(SMALL)
    start_judge()  # a night starts it once for all files, while the sources are looked at
    answers(ask([], SMALL))
    start = time.perf_counter()
    fetched = fetch_source(source, transport, lake, today=TODAY)
    rules = landing_fingerprint(SLUG)
    done = Acceptance(source, run_at(lake, transport.origin, threads=2), gate, rules).run()
    seconds = time.perf_counter() - start
    if fetched.problems or done.refused or done.held:
        raise RuntimeError(f"{fetched.problems} {done.refused} {done.held}")
    return seconds


def _floor(mirror: Path, folder: Path) -> float:
    (archive,) = mirror.rglob("*.zip")
    folder.mkdir()
    text = folder / "month.csv"
    start = time.perf_counter()
    with archive.open("rb") as content:
        hashlib.file_digest(content, "sha256")
    with zipfile.ZipFile(archive) as opened, opened.open(opened.namelist()[0]) as source, text.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    with text.open("rb") as content:
        lines = sum(block.count(b"\n") for block in iter(lambda: content.read(1 << 22), b""))
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in HEADER)
    with duckdb.connect(config={"memory_limit": "500MB", "threads": 2}) as con:
        con.execute(
            f"copy (select *, try_cast(MEASURE_VALUE as double) from read_csv('{text}', auto_detect=false, header=true, "
            f"columns={{{columns}}}, delim=',', quote='\"', escape='\"') where MEASURE_ID in {TAKEN}) "
            f"to '{folder / 'month.parquet'}' (format parquet, compression zstd, row_group_size 32768)"
        )
    seconds = time.perf_counter() - start
    if lines != ROWS + 1:
        raise RuntimeError(f"{lines} lines where {ROWS + 1} were written")
    return seconds


def main() -> None:
    """Do the work of one side and print its seconds."""
    what, mirror, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    seconds = {"night": _night, "floor": _floor}[what](mirror, folder)
    print(json.dumps({"seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
