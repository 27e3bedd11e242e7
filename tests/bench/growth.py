"""What a night costs as the history grows: one new month, and one revised month in the middle, over 1, 12, 36, 60 months of RTT.

Beside them lie 1, 6, 24, 25 months of returns of 210 trusts. One data folder grows from step to step; before each step a night that is not
measured takes the history in. Months of RTT come by the front door (a mirror of the publisher's site); returns are laid down as intake
leaves them, rows and line of the submission, because their check costs the same whatever is kept (tests/bench/returns.py). Beside the
nights: pandas, polars and bare DuckDB make two figures anew from all months that are kept, as a script without memory does.

`python -m tests.bench.growth [STEPS [TRUSTS [ROWS]]]` runs it alone, STEPS as RTT:returns, such as 1:1,6:6. How to read it: README.md here.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.assets.stages import RECORD
from dagster_project.lake.paths import Lake
from dagster_project.returns.area import ReturnsArea, placing_private, write_private
from dagster_project.returns.calendar import PARTICIPANT_COLUMNS
from dagster_project.returns.clean_tables import load_clean_tables
from dagster_project.sample import organisations as org
from dagster_project.sample.estate import write_estate, write_rtt_months
from dagster_project.sample.files import csv_bytes, mirror_path
from dagster_project.sample.ods_organisation import REPORT
from dagster_project.settings import load_settings
from tests.bench import peers
from tests.bench.nights import remove_archives
from tests.bench.returns import MAKE, ROWS
from tests.bench.watch import run_watched

STEPS = os.environ.get("HIW_BENCH_GROWTH", "1:1,12:6,36:24,60:24")
TRUSTS = int(os.environ.get("HIW_BENCH_TRUSTS", "210"))
RTT_ROWS = 183_000
SEED = 20261130
FIRST_RTT, FIRST_RETURN = (2021, 3), (2024, 9)
"""April 2021, which the contract of nhse_rtt takes first, and October 2024; months count from 0."""
MODELS = 12
"""So many are named."""
AIM_TIME, AIM_MEMORY, AIM_REVISED = 1.5, 1.1, 2.0


@dataclass
class Growing:
    """A mirror and a data folder that grow month by month."""

    work: Path
    trusts: int
    rtt_rows: int
    rtt: int = 0
    """Months of RTT that the mirror offers."""
    returns: int = 0
    """Months of returns that lie in the data folder."""

    def __post_init__(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        write_estate(self.mirror)
        remove_archives(self.mirror)
        self._open_trusts()
        self._con = duckdb.connect()
        self._con.execute(MAKE)
        self._con.execute(f"create table sent as from cells order by g = 'G9', part, f, g, e, i, a, s, b limit {ROWS}")

    @property
    def mirror(self) -> Path:
        return self.work / "mirror"

    @property
    def lake(self) -> Lake:
        return Lake(self.work / "lake")

    @property
    def codes(self) -> list[str]:
        """The trusts that send returns: providers of the months of RTT (sample/rtt_months.py)."""
        return [f"N9{number:03d}" for number in range(self.trusts)]

    def _open_trusts(self) -> None:
        """Put them into the list of trusts, spread over the estate's ICBs."""
        report = mirror_path(self.mirror, f"{REPORT}etr")
        rows = []
        for number, code in enumerate(self.codes):
            icb = org.ICBS[number % len(org.ICBS)]
            cells = {1: code, 2: f"SAMPLE TRUST {code} (SYNTHETIC)", 3: icb.region.code, 4: icb.code, 11: "20100401"}
            rows.append([cells.get(column, "") for column in range(1, 28)])
        report.write_bytes(report.read_bytes() + csv_bytes(rows, quote_all=True))

    def _expect(self) -> None:
        """Let every trust take part up to the month that was sent last: what is shown in detail are the newest months that are expected."""
        span = {"from_period": _month(0)[:7], "to_period": _month(self.returns - 1)[:7], "collection_code": "WL01"}
        rows = [dict.fromkeys(PARTICIPANT_COLUMNS, "") | span | {"org_code": code} for code in self.codes]
        lines = [PARTICIPANT_COLUMNS, *([row[name] for name in PARTICIPANT_COLUMNS] for row in rows)]
        area = ReturnsArea.of(self.lake)
        write_private(area.participants, csv_bytes(lines), area)

    # -- the history ---------------------------------------------------------------------------------------------------

    def reach(self, rtt: int, returns: int) -> None:
        """Lay down months until so many are there."""
        self.rtt = max(self.rtt, rtt)
        self._offer()
        while self.returns < returns:
            self._send(self.returns)
            self.returns += 1
        self._expect()

    def revise(self, rtt: int, returns: int) -> None:
        """Offer the month of RTT at a place a second time, and take in each trust's return of a month again."""
        self._offer({rtt})
        self._send(returns, "R", 1)

    def _offer(self, revised: set[int] | None = None) -> None:
        write_rtt_months(self.mirror, self.rtt, self.rtt_rows, SEED, FIRST_RTT, revised or ())

    def _send(self, place: int, kind: str = "P", more: int = 0) -> None:
        """One return of WL01 of every trust, of the month at a place; `more` makes it another file."""
        area = ReturnsArea.of(self.lake)
        area.prepare()
        last = dt.date.fromisoformat(_month(place))
        first = last.replace(day=1)
        for number, code in enumerate(self.codes):
            sha = f"{SEED + place * 1000 + number + more * 500:064x}"
            name = f"WL01_{code}_{last:%Y-%m}_{kind}01_{sha[-8:]}"
            with placing_private(area.accepted("WL01", name), area) as part:
                self._con.execute(
                    f"copy (select '{code}' as org_code, date '{last}' as census_date, part as rtt_part, f as treatment_function_code, "
                    "g as grouping_set, e as ethnic_category, i as imd_decile, a as age_band, s as person_stated_gender_code, b as wait_band, "
                    f"cast(n * {(number + place) % 4 + 1 + more} as bigint) as pathway_count, 'published' as pathway_count_status, "
                    f"'{name}' as submission_id, row_number() over () as row_number, 'synthetic' as data_origin from sent) "
                    f"to '{part}' (format parquet, compression zstd)"
                )
            known = {
                "submission_id": name, "collection_code": "WL01", "template_version": "1.0.0", "org_code": code,
                "period_start": first, "period_end": last, "submission_type": kind, "sequence_no": 1,
                "disclosure_profile": "RESTRICTED", "imd_version": "IMD2025", "nil_return": False, "route": "inbox",
                "received_at": dt.datetime.combine(last, dt.time()) + dt.timedelta(12 + more), "file_sha256": sha,
                "row_count": ROWS, "rows_accepted": ROWS, "rows_quarantined": 0, "groups_rejected": 0,
                "verdict": "accepted", "failed_rules": "", "warned_rules": "", "data_origin": "synthetic",
            }  # fmt: skip
            self._note(area, known)

    def _note(self, area: ReturnsArea, known: dict[str, Any]) -> None:
        types = load_clean_tables()["submission"]
        columns = ", ".join(f"?::{kind} as {name}" for name, kind in types.items())
        self._con.execute(f"create or replace table one as select {columns}", [known[name] for name in types])
        with placing_private(area.submission(known["submission_id"]), area) as part:
            self._con.execute(f"copy one to '{part}' (format parquet)")

    # -- nights --------------------------------------------------------------------------------------------------------

    def night(self) -> dict[str, Any]:
        """Seconds, peak memory in MB, and the seconds of each stage and model, of one nightly run; raises RuntimeError."""
        settings = {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(self.mirror), "HIW_DATA_LAKE": str(self.lake.root)}
        before = self._published()
        watched = run_watched([str(Path(sys.executable).with_name("hiw")), "refresh"], dict(os.environ) | settings)
        if before == self._published():
            raise RuntimeError(f"the night published nothing new:\n{watched.output}")
        return {
            "seconds": round(watched.seconds, 1),
            "cpu_seconds": round(watched.cpu_seconds, 1),
            "peak_mb": round(watched.peak_mb),
            "stages": json.loads((self.lake.dagster_home / RECORD).read_text(encoding="utf-8")),
            "models": self._models(),
        }

    def _published(self) -> tuple[int, int] | None:
        """Which file is published; None before the first night."""
        status = self.lake.marts.stat() if self.lake.marts.exists() else None
        return (status.st_ino, status.st_mtime_ns) if status else None

    def _models(self) -> dict[str, float]:
        """Seconds of each model of the night, the slowest first."""
        results = json.loads((self.lake.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
        results.sort(key=lambda one: -one["execution_time"])
        return {one["unique_id"].split(".")[2]: round(one["execution_time"], 1) for one in results}


def _month(place: int) -> str:
    """The last day of the month of returns at a place, as 2024-10-31."""
    after = divmod(FIRST_RETURN[0] * 12 + FIRST_RETURN[1] + place + 1, 12)
    return (dt.date(after[0], after[1] + 1, 1) - dt.timedelta(days=1)).isoformat()


def measure(work: Path, steps: str = STEPS, trusts: int = TRUSTS, rtt_rows: int = RTT_ROWS) -> dict[str, Any]:
    """The nights of every step, with their ratio to those of the first step and the slope for each month that is kept more."""
    growing = Growing(work, trusts, rtt_rows)
    found: dict[str, Any] = {
        "trusts": trusts,
        "rtt_rows": rtt_rows,
        "aims": {"ratio": AIM_TIME, "memory_ratio": AIM_MEMORY, "revised_to_new": AIM_REVISED},
        "steps": [],
    }
    for rtt, returns in (map(int, step.split(":")) for step in steps.split(",")):
        growing.reach(rtt, returns)
        history = growing.night()
        # every month that is new has its returns, also where the steps keep as many as before
        growing.reach(rtt + 1, growing.returns + 1)
        new = growing.night()
        growing.revise(rtt // 2, growing.returns // 2)
        kept = {"rtt": growing.rtt - 1, "returns": growing.returns - 1}
        step = kept | {"history": history, "new": new, "revised": growing.night()}
        found["steps"].append(step | {"peers": peers.measure(growing.lake, work / "peers")})
        _compare(found["steps"])
        _show(found["steps"][-1:])
    _show(found["steps"])
    shutil.rmtree(work)
    return found


def _compare(steps: list[dict[str, Any]]) -> None:
    """Put ratios to the first step and slopes to the last one, by the clock and by the processor."""
    first, last = steps[0], steps[-1]
    months = last["rtt"] + last["returns"] - first["rtt"] - first["returns"]
    for kind in ("seconds", "cpu_seconds"):
        grown = last["new"][kind] - first["new"][kind]
        last[f"{kind}_ratio"] = round(last["new"][kind] / first["new"][kind], 2)
        last[f"{kind}_per_month_kept"] = round(grown / months, 3) if months else 0.0
        last[f"{kind}_revised_to_new"] = round(last["revised"][kind] / last["new"][kind], 2)
    last["memory_ratio"] = round(last["new"]["peak_mb"] / first["new"]["peak_mb"], 2)


def _show(steps: list[dict[str, Any]]) -> None:
    for kind, words in (("seconds", "by the clock"), ("cpu_seconds", "of the processor")):
        table = Table(
            "RTT",
            "returns",
            f"new month s {words}",
            f"ratio (aim {AIM_TIME})",
            "s for each month kept",
            "revised month s",
            f"to new (aim {AIM_REVISED})",
            "MB",
            f"ratio (aim {AIM_MEMORY})",
        )
        for row in steps:
            cells = (row["new"][kind], row[f"{kind}_ratio"], row[f"{kind}_per_month_kept"], row["revised"][kind])
            memory = (row["new"]["peak_mb"], row["memory_ratio"])
            table.add_row(*map(str, (row["rtt"], row["returns"], *cells, row[f"{kind}_revised_to_new"], *memory)))
        Console().print(table)
    table = Table("RTT", "returns", *(f"{name} s" for name in peers.NAMES), *(f"{name} MB" for name in peers.NAMES))
    for row in steps:
        found = [row["peers"].get(name, {}) for name in peers.NAMES]
        cells = [str(one.get(key, "not here")) for key in ("cpu_seconds", "peak_mb") for one in found]
        table.add_row(str(row["rtt"]), str(row["returns"]), *cells)
    Console().print(table)
    first, last = steps[0]["new"]["models"], steps[-1]["new"]["models"]
    Console().print("stages of the new months:", *(row["new"]["stages"] for row in steps))
    Console().print("models of the last new month:", dict(islice(last.items(), MODELS)))
    if len(steps) > 1:
        grown = sorted(((last[name] - first.get(name, 0.0), name) for name in last), reverse=True)[:MODELS]
        Console().print(
            "seconds that they grew by since the first step:", {name: round(more, 1) for more, name in grown}
        )


def main(arguments: list[str]) -> None:
    """Measure at the scale of the arguments, in data_lake/bench."""
    steps, trusts, rows = (*arguments, *(STEPS, str(TRUSTS), str(RTT_ROWS))[len(arguments) :])
    folder = load_settings().data_lake / "bench"
    found = measure(folder / "growth", steps, int(trusts), int(rows))
    (folder / "growth.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
