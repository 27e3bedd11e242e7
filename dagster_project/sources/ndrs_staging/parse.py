"""Early diagnosis of cancer to one row an area, period, cancer group and quintile of deprivation."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_sheet

FIFTH = "nullif(regexp_extract(deprivation, '^([1-5])\\b', 1), '')"


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_rows(read_sheet(job, "^data$"))
    job.require_none(
        f"select distinct deprivation from typed where lower(deprivation) <> 'all' and {FIFTH} is null order by all",
        "a quintile of deprivation that is not in the code list",
        "add the label to parse.py",
    )
    return f"""
        select
            {job.period_start.year} as release_year,
            replace(replace(lower(geography_type), '-', '_'), ' ', '_') as organisation_level,
            geography_code as area_code,
            geography_name as area_name,
            make_date(left(diagnosis_period, 4)::int, 1, 1) as period_start,
            make_date(right(diagnosis_period, 4)::int, 12, 31) as period_end,
            case adjustment when 'Unadjusted' then 'crude' else 'case_mix_adjusted' end as standardisation,
            case when lower(cancer_group) in ('all', 'all cancers') then 'all' else cancer_group end as cancer_group,
            case lower(deprivation) when 'all' then 'all' else 'imd_quintile' end as dimension,
            coalesce({FIFTH}, 'all') as group_code,
            early_stage,
            early_stage_status,
            staged,
            staged_status,
            value,
            value_status,
            lower_limit,
            lower_limit_status,
            upper_limit,
            upper_limit_status
        from typed
    """
