"""The synthetic estate: a folder laid out as a mirror of the publishers' sites, filled with invented figures."""

from __future__ import annotations

from pathlib import Path

DEFAULT_SEED = 20260401


def write_estate(folder: Path, *, seed: int = DEFAULT_SEED, edition: int = 1) -> list[Path]:
    """Write the synthetic estate into ``folder`` and return the files written, sorted."""
    raise ValueError(f"under construction: {folder} {seed} {edition}")


def break_month(folder: Path) -> Path:
    """Publish a broken vintage of the latest A&E month and return its file."""
    raise ValueError(f"under construction: {folder}")


def mend_month(folder: Path) -> Path:
    """Publish the mended vintage of the latest A&E month and return its file."""
    raise ValueError(f"under construction: {folder}")


def write_rtt_months(folder: Path, months: int, rows_per_month: int, seed: int) -> list[Path]:
    """Write RTT-sized monthly zips and their landing pages; return the files written."""
    raise ValueError(f"under construction: {folder} {months} {rows_per_month} {seed}")
