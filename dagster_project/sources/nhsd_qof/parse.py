"""Vaccination achievement of practices: one row a practice, percentages within 0 to 100."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    job.require_none(
        "select practice_code, achievement_percent from typed where achievement_percent not between 0 and 100",
        "an achievement that is no percentage (practice, achievement)",
        "look whether the publisher changed the unit",
    )
    return f"""
        select
            date '{job.period_start}' as period_start,
            practice_code,
            practice_name,
            sub_icb_code,
            achievement_percent,
            achievement_percent_status
        from typed
    """
