"""WDES to one row a trust, metric, pay band and group of staff."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.families import read_staff

UNITS = {"ratio": ("2", "3"), "percentage_points": ("10",), "score": ("9a",)}


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    return read_staff(job, UNITS)
