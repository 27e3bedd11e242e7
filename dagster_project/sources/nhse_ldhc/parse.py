"""Health checks of people with a learning disability to one row an organisation, indicator and field."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

DAY = "coalesce(try_strptime(achievement_date, '%d/%m/%Y'), try_strptime(achievement_date, '%Y-%m-%d'))::date"
LEVEL = """
    case
        when organisation_code in ('ENG', 'E92000001', 'England', 'ENGLAND') then 'england'
        when regexp_full_match(organisation_code, 'Y[0-9]{2}') then 'region'
        when regexp_full_match(organisation_code, 'Q[0-9A-Z]{2}') then 'icb'
        when regexp_full_match(organisation_code, '[0-9]{1,2}[A-Z]{1,2}') then 'sub_icb'
        when regexp_full_match(organisation_code, '[A-Z][0-9]{5}') then 'practice'
        -- one shape for both: D7T5G is an ICB, W2U3Z a sub-ICB location
        when regexp_full_match(organisation_code, '[A-Z][0-9][A-Z][0-9][A-Z]') then 'commissioner'
    end"""
FIELD = """
    case lower(field_name)
        when 'numerator' then 'numerator' when 'denominator' then 'denominator'
        when 'pca' then 'pca' when 'personalised care adjustments' then 'pca' when 'exclusions' then 'exclusions'
    end"""


def parse(job: ParseJob) -> str:
    """The clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    job.require_none(
        f"select distinct organisation_code from typed where {LEVEL} is null order by all",
        "an organisation code whose level is not known",
        "add the shape of the code to parse.py",
    )
    job.require_none(
        f"select distinct field_name from typed where {FIELD} is null order by all",
        "a FIELD_NAME that is not in the list (numerator, denominator, PCA, exclusions)",
        "add it to parse.py",
    )
    return f"""
        select
            date_trunc('month', {DAY})::date as month_start,
            {LEVEL} as organisation_level,
            case when {LEVEL} = 'england' then 'ENG' else organisation_code end as organisation_code,
            indicator_code,
            {FIELD} as field_name,
            value,
            value_status
        from typed
    """
