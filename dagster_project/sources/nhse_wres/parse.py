"""WRES to one row a trust, indicator, pay band and group of staff."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_sheet

UNIT = """
    case
        when indicator in ('2', '3', '4') then 'ratio'
        when indicator = '9' then 'percentage_points'
        else 'percent'
    end"""
LEVEL = "case when organisation_code = 'ENG' then 'england' else 'trust' end"


def parse(job: ParseJob) -> str:
    """The clean rows: a SELECT over the typed rows of the file."""
    job.read_rows(read_sheet(job, "^trust data$"))
    job.require_none(
        f"select organisation_code, indicator, staff_group from typed where (staff_group = 'Ratio') <> ({UNIT} = 'ratio') order by all",
        "a relative likelihood without the group Ratio, or the other way round (code, indicator, group)",
        "look whether the indicators were renumbered",
    )
    return f"""
        select
            {job.period_start.year} as data_year,
            {LEVEL} as organisation_level,
            organisation_code,
            organisation_name,
            indicator,
            coalesce(part, 'all') as part,
            replace(lower(staff_group), '-', '_') as staff_group,
            numerator,
            numerator_status,
            denominator,
            denominator_status,
            value,
            value_status,
            {UNIT} as unit
        from typed
    """
