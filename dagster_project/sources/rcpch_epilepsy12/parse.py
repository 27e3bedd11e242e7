"""Epilepsy12 to one row an organisation, measure and group of children."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.families import read_audit


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    return read_audit(job)
