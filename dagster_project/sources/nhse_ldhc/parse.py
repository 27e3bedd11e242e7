"""Health checks of people with a learning disability to one row a practice, indicator and measure."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

SPELLINGS = ("%Y%m%d", "%d/%m/%Y", "%Y-%m-%d")
DAY = "coalesce(" + ", ".join(f"try_strptime(achievement_date, '{spelling}')" for spelling in SPELLINGS) + ")::date"


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    job.require_none(
        f"select distinct achievement_date from typed where {DAY} is null order by all",
        "an ACH_DATE that is no day of the calendar",
        "look at the file",
    )
    job.require_none(
        "select practice_code from typed group by practice_code "
        "having count(distinct (sub_icb_code, icb_code, region_code)) > 1 order by all",
        "a practice that is under two sub-ICB locations, ICBs or regions: it would be counted in both",
        "ask the publisher which is right",
    )
    return f"""
        select
            date_trunc('month', {DAY})::date as month_start,
            practice_code,
            sub_icb_code,
            icb_code,
            region_code,
            indicator_code,
            lower(measure) as measure,
            value,
            value_status
        from typed
    """
