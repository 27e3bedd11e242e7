"""Three nights on twelve RTT-sized months: everything new, one new month, nothing new; each beside its floor."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from dagster_project.sample import nhse_rtt
from dagster_project.sample.estate import write_estate, write_rtt_months
from dagster_project.sample.files import MONTHS
from dagster_project.settings import PROJECT_ROOT
from tests.bench.watch import Watched, run_watched

KEPT = 12
ROWS_PER_MONTH = 183_000
SEED = 20261122


def measure(work: Path) -> dict[str, Any]:
    """Wall time, peak memory and ratio of the three nights; `work` is emptied first."""
    shutil.rmtree(work, ignore_errors=True)
    mirror = work / "mirror"
    write_estate(mirror)
    remove_archives(mirror)
    write_rtt_months(mirror, KEPT, ROWS_PER_MONTH, SEED)
    held_back = _hold_back_last_month(mirror)
    first = _both(work, mirror, KEPT - 1)
    held_back()
    second = _both(work, mirror, 1)
    third = _both(work, mirror, 0)
    shutil.rmtree(work / "lake")
    shutil.rmtree(work / "floor", ignore_errors=True)
    full = _both(work, mirror, KEPT)
    nights = {"full night": full, "one new month": second, "nothing new": third, "eleven months": first}
    return {name: _row(*pair) for name, pair in nights.items()}


def _both(work: Path, mirror: Path, new_months: int) -> tuple[Watched, Watched]:
    """The night, then the floor of the same work (it runs the SQL that the night compiled)."""
    python = sys.executable
    settings = {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(mirror), "HIW_DATA_LAKE": str(work / "lake")}
    night = run_watched([str(Path(python).with_name("hiw")), "refresh"], dict(os.environ) | settings)
    floor = run_watched(
        [python, "-m", "tests.bench.floor", str(mirror), str(work / "lake"), str(work / "floor"), str(new_months)],
        dict(os.environ) | {"PYTHONPATH": str(PROJECT_ROOT)},
    )
    return night, floor


def _row(night: Watched, floor: Watched) -> dict[str, float]:
    return {
        "night_seconds": round(night.seconds, 2),
        "floor_seconds": round(floor.seconds, 2),
        "ratio": round(night.seconds / floor.seconds, 2),
        "night_peak_mb": round(night.peak_mb, 1),
        "floor_peak_mb": round(floor.peak_mb, 1),
    }


def remove_archives(mirror: Path) -> None:
    """Take the sample's own months of RTT out of a mirror; those of the archive's layouts stay."""
    for year, month in nhse_rtt.SAMPLE_MONTHS:
        for archive in mirror.rglob(f"Full-CSV-data-file-{MONTHS[month][:3]}{year % 100}*.zip"):
            archive.unlink()


def _hold_back_last_month(mirror: Path) -> Any:
    archive = sorted(mirror.rglob("Full-CSV*.zip"))[-1]
    page = next(p for p in mirror.rglob("index.html") if archive.name in p.read_text(encoding="utf-8"))
    whole, hidden = page.read_text(encoding="utf-8"), archive.with_suffix(".held")
    page.write_text("\n".join(line for line in whole.splitlines() if archive.name not in line), encoding="utf-8")
    archive.rename(hidden)

    def put_back() -> None:
        hidden.rename(archive)
        page.write_text(whole, encoding="utf-8")

    return put_back
