"""One document of the CVDPREVENT interface to one row an area and group; ids come from the address and are checked."""

from __future__ import annotations

import re

from dagster_project.duck import quote_literal
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_document
from dagster_project.sources.cvdprevent.discover import LEVELS, check_code, month_of

STANDARDISED = " - age standardised"
BASE_TYPE = f"replace(lower(category_type), '{STANDARDISED}', '')"
# "Male - 40-59" is the band 40-59 of men; the sex stands in CategoryAttribute too.
NAME = "lower(regexp_replace(category_name, '^(Male|Female|Persons) - ', ''))"
DIMENSION = f"""
    case {BASE_TYPE}
        when 'sex' then case when {NAME} = 'persons' then 'all' else 'sex' end
        when 'age group' then 'age_band'
        when 'ethnicity' then 'ethnic_group_5'
        when 'deprivation quintile' then 'imd_quintile'
    end"""
GROUP = f"""
    case {BASE_TYPE}
        when 'sex' then case when {NAME} = 'persons' then 'all' when {NAME} in ('male', 'female') then {NAME} end
        when 'age group' then nullif(regexp_extract({NAME}, '^([0-9]{{2}}-[0-9]{{2}}|80[+])$', 1), '')
        when 'ethnicity' then case when {NAME} in ('asian', 'black', 'mixed', 'other', 'unknown', 'white') then {NAME} end
        when 'deprivation quintile' then
            case when {NAME} = 'unknown' then {NAME} else nullif(regexp_extract({NAME}, '^([1-5])( - .*)?$', 1), '') end
    end"""


def parse(job: ParseJob) -> str:
    """The clean rows: a SELECT over the typed rows of the document."""
    indicator, time_period, level = _request(job)
    job.read_rows(read_document(job, "indicatorRawData"))
    _check_indicator(job, indicator)
    job.require_none(
        f"select distinct category_type, category_name from typed where {DIMENSION} is null or {GROUP} is null order by all",
        "a category that is not in the code list (MetricCategoryTypeName, MetricCategoryName)",
        "look whether the publisher changed its labels; add them to parse.py",
    )
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_month,
            {time_period} as time_period_id,
            {indicator} as cvdprevent_indicator_id,
            indicator_code,
            indicator_name,
            {quote_literal(LEVELS[level])} as organisation_level,
            area_code,
            area_name,
            {DIMENSION} as dimension,
            {GROUP} as group_code,
            lower(sex) as sex,
            case when lower(category_type) like '%{STANDARDISED}' then 'age_standardised' else 'crude' end as standardisation,
            numerator,
            denominator,
            value,
            lower_limit,
            upper_limit,
            case when value is not null then 'published' when value_note ilike '%suppress%' then 'suppressed' else 'missing' end
            as value_status,
            value_note
        from typed
    """


def _request(job: ParseJob) -> tuple[int, int, int]:
    match = re.search(job.entity.link_pattern, job.snapshot.address)
    if match is None or int(match["level"]) not in LEVELS:
        raise job.error(f"{job.snapshot.address} is not the address of a wanted document", "look at discover.py")
    return int(match["indicator"]), int(match["time_period"]), int(match["level"])


def _check_indicator(job: ParseJob, indicator: int) -> None:
    """One code and one period, those of the address."""
    found = job.connection.execute("select distinct indicator_code, period_name from typed order by all").fetchall()
    if len(found) != 1:
        raise job.error(f"it holds more than one indicator or period: {found[:3]}", "ask the publisher")
    code, period_name = found[0]
    check_code(indicator, code, job.report.name)
    expected = job.period_start.strftime("%Y-%m")
    if month_of(period_name) != expected:
        raise job.error(
            f"TimePeriodName is {period_name!r} where the address stands for {expected}", "ask the publisher"
        )
