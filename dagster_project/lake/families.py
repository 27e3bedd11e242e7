"""Clean rows of publications that come in pairs, in one layout each: the audits of the RCPCH and NHS England's two data sets on staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
SHARE = "numerator, numerator_status, denominator, denominator_status, value, value_status"


def read_audit(job: ParseJob, words: Sequence[str] = ()) -> str:
    """Return one row an organisation, measure and group of children; `words` are further columns of short texts, made codes."""
    job.read_rows(read_sheet(job, "^data$"))
    job.require_none(
        f"select distinct breakdown, group_label from typed where {GROUP} is null order by all",
        "a group that is not in the code list (Breakdown, Group)",
        "add the label to lake/families.py",
    )
    further = [f"replace(lower({word}), ' ', '_') as {word}," for word in words]
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            replace(lower(level), ' ', '_') as organisation_level,
            case level when 'England' then 'ENG' else organisation_code end as organisation_code,
            organisation_name,
            measure,
            {" ".join(further)}
            {DIMENSION} as dimension,
            {GROUP} as group_code,
            {SHARE}
        from typed
    """


def read_staff(job: ParseJob, units: Mapping[str, Sequence[str]]) -> str:
    """Return one row a trust, indicator, pay band and group of staff; `units`: unit -> numbers of the indicators that are no percentage."""
    cases = [f"when '{number}' then '{unit}'" for unit, numbers in units.items() for number in numbers]
    unit = f"case indicator {' '.join(cases)} else 'percent' end"
    job.read_rows(read_sheet(job, "^trust data$"))
    job.require_none(
        f"select organisation_code, indicator, staff_group from typed where (staff_group = 'Ratio') <> ({unit} = 'ratio') order by all",
        "a relative likelihood without the group Ratio, or the other way round (code, indicator, group)",
        "look whether the indicators were renumbered",
    )
    return f"""
        select
            {job.period_start.year} as data_year,
            case when organisation_code = 'ENG' then 'england' else 'trust' end as organisation_level,
            organisation_code,
            organisation_name,
            indicator,
            coalesce(part, 'all') as part,
            replace(lower(staff_group), '-', '_') as staff_group,
            {SHARE},
            {unit} as unit
        from typed
    """
