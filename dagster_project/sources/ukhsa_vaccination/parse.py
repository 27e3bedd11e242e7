"""Vaccine coverage: COVER at 12 months, 24 months and 5 years by local authority, influenza uptake to one row a commissioner and cohort."""

from __future__ import annotations

import re

from dagster_project.duck import quote_literal
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.columns import SIGNED
from dagster_project.lake.tables import COMPARE, Cells, list_elsewhere, read_sheet

VACCINES = {
    "12m": ("dtap_ipv_hib", "pcv1", "pcv2", "rotavirus", "menb"),
    "24m": ("dtap_ipv_hib", "mmr1", "hib_menc", "pcv_booster", "menb_booster"),
    "5y": ("dtap_ipv_hib", "mmr1", "mmr2", "dtap_ipv_booster", "hib_menc"),
}
"""What children have had by each birthday, as the data sheet of the workbook counts it."""
ONE_OF_TWO = ("pcv1", "pcv2")
"""PCV was two doses in the first year until the birth cohorts of 2020, then one: the data sheet has either or both."""
COHORTS = ("aged_65", "respiratory")
AUTHORITY = "[0-9]{3}|[A-Z][0-9][A-Z][0-9][A-Z]"
CITY_OF_LONDON = "714"
"""In every quarter counted with Hackney."""
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
    rows = read_sheet(job, ".", optional=optional, holding="mmr1_24m_numerator")
    job.read_rows(rows + _hidden_authorities(job, rows))
    quarter = job.corrected_text("quarter")
    expected = job.snapshot.period.upper().replace("-", "_")
    job.require_none(
        f"select distinct {quarter} from typed where quarter is not null and upper({quarter}) <> {quote_literal(expected)}",
        f"the workbook is listed as {job.snapshot.period} but holds another quarter",
        "look whether the publisher linked the wrong workbook; the snapshot is kept",
    )
    return " union all ".join(_of_vaccine(job, age, name) for age, names in VACCINES.items() for name in names)


def _hidden_authorities(job: ParseJob, rows: list[Cells]) -> list[Cells]:
    """A row of suppressed figures for each authority that the sheets of percentages list with marks only, and the data sheet not at all.

    In 2019-20 Q3 four authorities of Greater Manchester are so left out for their quality, of England too. A note in place of a
    mark says that the children are counted elsewhere (North Northamptonshire in 2021-22 Q2, with the West). Raises ParseError
    where the other sheet has a figure: the data sheet lost a row.
    """
    codes = {re.sub("[.]0$", "", str(cells["area_code"])) for _, cells in rows}
    listed = {code: row for code, row in list_elsewhere(job, codes, AUTHORITY).items() if code != CITY_OF_LONDON}
    behind = {code: row[row.index(code) + 1 :] for code, row in listed.items()}
    lost = sorted(code for code, texts in behind.items() if any(text and re.fullmatch(SIGNED, text) for text in texts))
    if lost:
        raise job.error(f"{', '.join(lost)} have figures on other sheets and no row on the data sheet", COMPARE)
    counts = [column.name for column in job.entity.file_columns if column.type == "count"]
    return [
        (0, {"area_code": code, "area_name": _name_beside(listed[code], texts), **dict.fromkeys(counts, "*")})
        for code, texts in behind.items()
        if "*" in texts or "[c]" in texts
    ]


def _name_beside(row: list[str | None], behind: list[str | None]) -> str:
    """The name of an authority: behind its ODS code until 2024-25 Q1, then behind its ONS code, before the region's."""
    return next(text for text in (*behind[:1], *row) if text and re.fullmatch(r"[A-Z][^\d]*[a-z]", text))


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
