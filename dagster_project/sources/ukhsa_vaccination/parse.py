"""Vaccine coverage: COVER at 12 months, 24 months and 5 years by local authority, influenza uptake to one row a commissioner and cohort."""

from __future__ import annotations

from dagster_project.duck import quote_literal
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_sheet

VACCINES = {
    "12m": ("dtap_ipv_hib", "pcv1", "pcv2", "rotavirus", "menb"),
    "24m": ("dtap_ipv_hib", "mmr1", "hib_menc", "pcv_booster", "menb_booster"),
    "5y": ("dtap_ipv_hib", "mmr1", "mmr2", "dtap_ipv_booster", "hib_menc"),
}
"""What children have had by each birthday, as the data sheet of the workbook counts it."""
ONE_OF_TWO = ("pcv1", "pcv2")
"""PCV was two doses in the first year until the birth cohorts of 2020, then one: the data sheet has either or both."""
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
    """Return the clean rows: a SELECT over the typed rows of the file."""
    return {"cover": _parse_cover, "influenza": _parse_influenza}[job.entity.name](job)


def _parse_cover(job: ParseJob) -> str:
    """A row an authority, age and vaccine from the workbook's one tidy sheet, which has had four titles and five heading rows."""
    optional = ["quarter", *(f"{name}_12m_{part}" for name in ONE_OF_TWO for part in ("numerator", "denominator"))]
    job.read_rows(read_sheet(job, ".", optional=optional, holding="mmr1_24m_numerator"))
    quarter = job.corrected_text("quarter")
    expected = job.snapshot.period.upper().replace("-", "_")
    job.require_none(
        f"select distinct {quarter} from typed where quarter is not null and upper({quarter}) <> {quote_literal(expected)}",
        f"the workbook is listed as {job.snapshot.period} but holds another quarter",
        "look whether the publisher linked the wrong workbook; the snapshot is kept",
    )
    return " union all ".join(_of_vaccine(job, age, name) for age, names in VACCINES.items() for name in names)


def _of_vaccine(job: ParseJob, age: str, vaccine: str) -> str:
    numerator, denominator = f"{vaccine}_{age}_numerator", f"{vaccine}_{age}_denominator"
    given = f"exists (select 1 from typed where {denominator} is not null)"
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            regexp_replace(area_code, '[.]0$', '') as area_code,
            area_name,
            '{age}' as age,
            '{vaccine}' as vaccine,
            {numerator} as numerator,
            {numerator}_status as numerator_status,
            {denominator} as denominator,
            {denominator}_status as denominator_status
        from typed
        where {given if vaccine in ONE_OF_TWO else "true"}
        """


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
