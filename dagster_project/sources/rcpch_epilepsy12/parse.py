"""Epilepsy12 to one row an organisation, measure and group of children."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_sheet

DIMENSION = """
    case breakdown when 'All' then 'all' when 'Deprivation quintile' then 'imd_quintile' when 'Ethnicity' then 'ethnic_group_5'
    else replace(lower(breakdown), ' ', '_') end"""
GROUP = f"""
    case
        when {DIMENSION} = 'all' then 'all'
        when lower(group_label) in ('unknown', 'not known') then 'unknown'
        when lower(group_label) = 'not stated' and breakdown = 'Ethnicity' then 'not_stated'
        when breakdown = 'Deprivation quintile' then nullif(regexp_extract(group_label, '^([1-5])\\b', 1), '')
        when breakdown = 'Ethnicity' then nullif(regexp_extract(lower(group_label), '^(white|mixed|asian|black|other)\\b', 1), '')
        else group_label
    end"""


def parse(job: ParseJob) -> str:
    """The clean rows: a SELECT over the typed rows of the file."""
    job.read_rows(read_sheet(job, "^data$"))
    job.require_none(
        f"select distinct breakdown, group_label from typed where {GROUP} is null order by all",
        "a group that is not in the code list (Breakdown, Group)",
        "add the label to parse.py",
    )
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            replace(lower(level), ' ', '_') as organisation_level,
            case level when 'England' then 'ENG' else organisation_code end as organisation_code,
            organisation_name,
            measure,
            {DIMENSION} as dimension,
            {GROUP} as group_code,
            numerator,
            numerator_status,
            denominator,
            denominator_status,
            value,
            value_status
        from typed
    """
