"""Fingertips to one row an area, category and period: ids compared with names, parents left out, equal rows counted once."""

from __future__ import annotations

from itertools import pairwise

from dagster_project.duck import quote_literal
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.discovery import PART

INDICATORS = {
    "91547": "Smoking prevalence in adults (%) - current smokers (QOF)",
    "200": "Learning disability: QOF prevalence (%)",
    "247": "Dementia: QOF prevalence (%)",
    "241": "Diabetes: QOF prevalence%",
}
"""Every indicator that is read, with its name; `%` stands for the words that change: `(15+)` of 91547 was `(aged 15 and over)`
in 2026. The rest is fixed, because Fingertips has neighbours such as smoking in routine and manual occupations."""
YEAR = "cast(substr(time_period_sortable, 1, 4) as integer)"
START = f"make_date({YEAR}, case when contains(time_period, '/') then 4 else 1 end, 1)"
YEARS = "cast(regexp_extract(time_period_range, '^[0-9]+') as integer)"
BASIS = """
    case
        when category_type is null then 'none'
        when regexp_matches(category_type, '^(District|County) & UA deprivation deciles') then 'local_authority_deciles'
        when category_type like 'CCG deprivation deciles%' then 'ccg_deciles'
        else 'other'
    end"""


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    without_id = job.count("typed", "indicator_id is null")
    if without_id:
        job.set_aside("rows without an indicator id, appended to the publisher's file", without_id)
    _require_indicator(job)
    job.require_none(
        "select distinct time_period, time_period_sortable, time_period_range from typed where indicator_id is not null "
        "and not (regexp_full_match(coalesce(time_period_sortable, ''), '[0-9]{4}0000') "
        "and regexp_full_match(coalesce(time_period_range, ''), '[0-9]+y'))",
        "a time period that is no year or years (period, sortable, range)",
        "add the kind of period to parse.py",
    )
    _prove_limits(job)
    return f"""
        select distinct
            cast(indicator_id as integer) as indicator_id,
            indicator_name,
            area_code,
            area_name,
            area_type,
            coalesce(sex, 'all') as sex,
            coalesce(age, 'all') as age,
            coalesce(category_type, 'all') as category_type,
            coalesce(category, 'all') as category,
            {BASIS} as category_basis,
            time_period,
            {START} as period_start,
            cast({START} + to_years({YEARS}) - interval '1 day' as date) as period_end,
            value,
            ci_lower_95,
            ci_upper_95,
            numerator,
            denominator,
            case
                when value is not null then 'published'
                when regexp_matches(value_note, '(?i)suppress|disclosure|small (count|number)|too small') then 'suppressed'
                else 'missing'
            end as value_status,
            value_note
        from typed
        where indicator_id is not null
    """


def _prove_limits(job: ParseJob) -> None:
    """The 95% limits lie on either side of the value and between the 99.8% ones: 11,354 rows of 91547 have them so."""
    order = ["ci_lower_99_8", "ci_lower_95", "value", "ci_upper_95", "ci_upper_99_8"]
    wrong = " or ".join(f"{lower} > {upper} + 0.000001" for lower, upper in pairwise(order))
    job.require_none(
        f"select area_code, time_period, {', '.join(order)} from typed where indicator_id is not null and ({wrong}) order by all",
        f"a value outside its limits ({', '.join(['area', 'period', *order])})",
        "compare the headings of the file with those of the one before",
    )


def _require_indicator(job: ParseJob) -> None:
    """The file holds the indicator of its address, and the id still means what we know it for."""
    asked = job.snapshot.period.partition(PART)[2]
    known = quote_literal(INDICATORS.get(asked, "no such indicator"))
    job.require_none(
        f"select distinct indicator_id, indicator_name from typed where indicator_id is not null "
        f"and (indicator_id <> {quote_literal(asked)} or indicator_name not like {known})",
        f"indicator {asked or 'of the address'} should be called {INDICATORS.get(asked, 'something that parse.py knows')!r}, but the file has",
        "look in Fingertips what the id means today; a wrong id makes every figure of it wrong",
    )
