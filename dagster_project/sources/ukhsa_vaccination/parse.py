"""Vaccine coverage: COVER at 12 months by local authority, influenza uptake to one row a commissioner and cohort."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_sheet

VACCINES = ("dtap_ipv_hib", "pcv1", "rotavirus", "menb")
COHORTS = ("aged_65", "respiratory")
LEVEL = """
    case
        when lower(organisation_code) in ('eng', 'e92000001', 'england') then 'england'
        when regexp_full_match(organisation_code, 'Y[0-9]{2}') then 'region'
        when regexp_full_match(organisation_code, 'Q[0-9A-Z]{2}') then 'icb'
        when regexp_full_match(organisation_code, '[0-9]{1,2}[A-Z]{1,2}') then 'sub_icb'
        -- one shape for both: D7T5G is an ICB, W2U3Z a sub-ICB location
        when regexp_full_match(organisation_code, '[A-Z][0-9][A-Z][0-9][A-Z]') then 'commissioner'
    end"""


def parse(job: ParseJob) -> str:
    """The clean rows: a SELECT over the typed rows of the file."""
    return {"cover": _parse_cover, "influenza": _parse_influenza}[job.entity.name](job)


def _parse_cover(job: ParseJob) -> str:
    job.read_rows(read_sheet(job, "^12m_UTLA_GOR$"))
    values = ", ".join(f"{name}, {name}_status" for name in ("denominator", *VACCINES))
    return f"select date '{job.period_start.isoformat()}' as period_start, area_code, area_name, {values} from typed"


def _parse_influenza(job: ParseJob) -> str:
    job.read_rows(read_sheet(job, "ICB"))
    job.require_none(
        f"select organisation_code from typed where {LEVEL} is null order by all",
        "an organisation code whose level is not known",
        "add the shape of the code to parse.py",
    )
    parts = [
        f"""
        select
            date '{job.period_start.isoformat()}' as month_start,
            {LEVEL} as organisation_level,
            case when {LEVEL} = 'england' then 'ENG' else organisation_code end as organisation_code,
            organisation_name,
            '{cohort}' as cohort,
            {cohort}_registered as registered,
            {cohort}_registered_status as registered_status,
            {cohort}_vaccinated as vaccinated,
            {cohort}_vaccinated_status as vaccinated_status
        from typed
        """
        for cohort in COHORTS
    ]
    return " union all ".join(parts)
