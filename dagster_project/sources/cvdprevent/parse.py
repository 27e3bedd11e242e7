"""One document of the CVDPREVENT interface to one row an area and group; ids come from the address and are checked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dagster_project.duck import quote_literal
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import read_document
from dagster_project.sources.cvdprevent.discover import LEVELS, check_code, month_of

INDICATOR_NAME = "trim(regexp_replace(indicator_name, '[\ufffd\u00a0]+$', ''))"
"""Some names end in a broken character and a no-break space."""
STANDARDISED = " - age standardised"
BASE_TYPE = f"replace(lower(category_type), '{STANDARDISED}', '')"
# "Male - 40-59" is the band 40-59 of men; the sex is in CategoryAttribute too.
NAME = "lower(regexp_replace(category_name, '^(Male|Female|Persons) - ', ''))"
ETHNIC_GROUPS = {
    **{name: name for name in ("asian", "black", "mixed", "other", "white", "unknown")},
    # Not the same people: of some no ethnicity was asked for or coded, others chose not to say.
    "missing": "not_known",
    "not stated": "not_stated",
}
PLUS_GROUPS = {
    "severe_mental_illness": {"people with smi": "with", "people without smi": "without"},
    "learning_disability": {
        "people with a diagnosed learning disability": "with",
        "people without a diagnosed learning disability": "without",
    },
}


def _words(groups: Mapping[str, str]) -> str:
    """SQL: the group code of the category's name, NULL where it is not known."""
    return f"case {NAME} {' '.join(f'when {quote_literal(name)} then {quote_literal(g)}' for name, g in groups.items())} end"


DIMENSION = f"""
    case {BASE_TYPE}
        when 'sex' then case when {NAME} = 'persons' then 'all' else 'sex' end
        when 'age group' then 'age_band'
        when 'ethnicity' then 'ethnic_group_5'
        when 'ethnicity (broad)' then 'ethnic_group_5'
        when 'deprivation quintile' then 'imd_quintile'
        when 'mental health' then 'severe_mental_illness'
        when 'learning disability' then 'learning_disability'
    end"""
GROUP = f"""
    case {DIMENSION}
        when 'all' then 'all'
        when 'sex' then case when {NAME} in ('male', 'female') then {NAME} end
        when 'age_band' then nullif(regexp_extract({NAME}, '^([0-9]{{2}}-[0-9]{{2}}|80[+])$', 1), '')
        when 'ethnic_group_5' then {_words(ETHNIC_GROUPS)}
        when 'imd_quintile' then
            case when {NAME} = 'unknown' then {NAME} else nullif(regexp_extract({NAME}, '^([1-5])( - .*)?$', 1), '') end
        {" ".join(f"when {quote_literal(name)} then {_words(groups)}" for name, groups in PLUS_GROUPS.items())}
    end"""
AREA_CODES = {"england": "E92", "region": "E40", "icb": "E54", "sub_icb": "E38"}
"""How the codes of each level begin (ONS register of geographic codes)."""


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the document."""
    indicator, time_period, level = _request(job)
    if job.entity.format_of(job.snapshot.address) == "csv":
        job.read_csv()
    else:
        job.read_rows(read_document(job, "indicatorRawData", texts=["copyright"]))
    _check_indicator(job, indicator)
    _check_level(job, LEVELS[level])
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
            {INDICATOR_NAME} as indicator_name,
            {quote_literal(LEVELS[level])} as organisation_level,
            area_code,
            area_name,
            {DIMENSION} as dimension,
            {GROUP} as group_code,
            category_name,
            lower(sex) as sex,
            case when lower(category_type) like '%{STANDARDISED}' then 'age_standardised' else 'crude' end as standardisation,
            numerator,
            denominator,
            value,
            lower_limit,
            upper_limit,
            case when value is not null then 'published' when value_note ilike '%suppressed%' then 'suppressed' else 'missing' end
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


def _check_level(job: ParseJob, level: str) -> None:
    """Every area is of the level that was asked for: the answer itself does not say which one it is."""
    begins = AREA_CODES[level]
    job.require_none(
        f"select distinct area_code, area_name from typed where not starts_with(area_code, {quote_literal(begins)}) order by all",
        f"an area that is not of the level that was asked for ({level}, codes that begin with {begins})",
        "ask again; if the interface mixes levels, ask its publisher",
    )
