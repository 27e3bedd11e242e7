"""Provisional monthly HES: activity by provider and commissioner, England by age band and by treatment function.

Every breakdown is the whole of England once more, so England proves the others within rounding and suppression.
"""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

WRONG_FILE = "look whether the publisher linked the wrong file; the snapshot is kept"
BROKEN_SUM = "ask the publisher; the year stays at its last good vintage"
ROUNDING = 2.5
"""Counts below England are rounded to 5; a shown zero is a zero."""
SMALLEST_HIDDEN, LARGEST_HIDDEN = 1, 7
LEVEL = """
    case breakdown
        when 'National' then 'england'
        when 'Region of Provider' then 'region_of_provider'
        when 'Region of CCG' then 'region_of_ccg'
        when 'Provider' then 'provider'
        when 'CCG' then 'ccg'
    end"""
CODE = """
    case
        when breakdown = 'National' then 'ENG'
        when breakdown in ('Region of Provider', 'Region of CCG') then replace(region_code, '-', 'none')
        else organisation_code
    end"""


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    if job.entity.name == "provider_activity":
        return _parse_activity(job)
    return _parse_open_data(job)


# -- by provider and commissioner ----------------------------------------------------------------------------------


def _parse_activity(job: ParseJob) -> str:
    _check_activity_period(job)
    job.require_none(
        "select activity_month, breakdown, organisation_code, organisation_name from typed where "
        "(breakdown = 'National') <> (organisation_code = 'All') "
        "or (breakdown in ('National', 'Region of Provider', 'Region of CCG')) <> (organisation_code in ('All', '-'))",
        "an organisation code that does not belong to its breakdown (month, breakdown, code, name)",
        "look whether the publisher changed the breakdowns",
    )
    measures = [column.name for column in job.entity.file_columns if column.has_status]
    _check_breakdowns(job)
    for name in measures:
        _check_against_england(job, name)
    columns = ", ".join(f"{name}, {name}_status" for name in measures)
    return f"""
        select
            strptime(activity_month, '%b %Y')::date as period_start,
            {LEVEL} as organisation_level,
            {CODE} as organisation_code,
            nullif(organisation_name, '-') as organisation_name,
            nullif(region_code, '-') as region_code,
            {columns}
        from typed
    """


def _check_activity_period(job: ParseJob) -> None:
    year = job.snapshot.period.removeprefix("fy")
    job.require_none(
        f"select distinct financial_year from typed where financial_year <> '{year}'",
        f"it is listed as {year} but Financial Year holds",
        WRONG_FILE,
    )
    job.require_none(
        "select distinct activity_month from typed where strptime(activity_month, '%b %Y')::date "
        f"not between date '{job.period_start}' and date '{job.period_end}'",
        f"an Activity Month outside the financial year {year}",
        WRONG_FILE,
    )
    job.require_none(
        "select string_agg(distinct reporting_period, ' and ') as periods from typed "
        "having count(distinct reporting_period) > 1",
        "more than one Reporting Period in a file",
        "look whether the file holds two editions of the same rows",
    )


def _check_breakdowns(job: ParseJob) -> None:
    """Every month has one England row and all four other breakdowns."""
    job.require_none(
        "select activity_month, breakdown from (select distinct activity_month from typed) "
        "cross join (values ('National'), ('Region of Provider'), ('Region of CCG'), ('Provider'), ('CCG')) as b (breakdown) "
        "except select activity_month, breakdown from typed order by all",
        "a month without one of the five breakdowns (month, breakdown)",
        "look whether the publisher cut the file",
    )


def _check_against_england(job: ParseJob, name: str) -> None:
    """England less the rows shown lies between the least and the most that rounding and hidden cells can make up.

    In 2020-21 all 12 months and 20 measures agree, regions within 12 (eight parts), CCGs and providers within the hidden cells.
    """
    job.require_none(
        f"""
        with
            parts as (
                select
                    activity_month,
                    breakdown,
                    coalesce(sum({name}), 0) as shown,
                    {ROUNDING} * count(*) filter (where {name} > 0) as rounding,
                    count(*) filter (where {name}_status = 'suppressed') as hidden
                from typed
                where breakdown <> 'National'
                group by all
            ),
            england as (select activity_month, {name} as england from typed where breakdown = 'National')
        select activity_month, breakdown, shown, hidden || ' hidden', england
        from parts
        join england using (activity_month)
        where
            coalesce(
                england - shown
                not between hidden * {SMALLEST_HIDDEN} - rounding and hidden * {LARGEST_HIDDEN} + rounding,
                true
            )
        order by all
        """,
        f"{name} does not sum to England within rounding and suppression (month, breakdown, shown, hidden, England)",
        BROKEN_SUM,
    )


# -- open data by age band and treatment function ------------------------------------------------------------------


def _parse_open_data(job: ParseJob) -> str:
    digits = "%Y" if job.entity.name == "age_band" else "%y"
    job.connection.execute(f"""
        create temp table dated as
        select
            try_strptime(month_ending, '%d%b{digits}')::date as month_end,
            try_strptime(year_start, '%d%b{digits}')::date as first_day,
            try_strptime(year_end, '%d%b{digits}')::date as last_day,
            *
        from typed
    """)
    _check_open_data_dates(job)
    _check_appointments(job)
    measures = ", ".join(column.name for column in job.entity.file_columns if column.type == "count")
    return f"""
        select
            '{job.snapshot.period}' as edition,
            date_trunc('month', month_end)::date as period_start,
            {_group_columns(job)},
            {measures}
        from dated
    """


def _group_columns(job: ParseJob) -> str:
    if job.entity.name == "treatment_function":
        return "replace(treatment_function_code, '&', 'unknown') as treatment_function_code, treatment_function_name"
    bands = len(next(column for column in job.entity.file_columns if column.name == "age_band").allowed)
    job.require_none(
        f"select month_ending, count(distinct age_band) from dated group by month_ending "
        f"having count(distinct age_band) <> {bands}",
        f"a month that does not have all {bands} age bands (month, bands)",
        "look whether the publisher cut the file",
    )
    # 01. 0 - 4 to 0-4, 04. 15 to 15, 23. 90+ to 90+
    return "replace(regexp_extract(age_band, '^[0-9]{2}[.] (.+)$', 1), ' - ', '-') as age_band"


def _check_open_data_dates(job: ParseJob) -> None:
    """Months end on their last day, lie in their year, and the years are the file's own and the two before it."""
    job.require_none(
        "select distinct month_ending, year_start, year_end, part_year from dated where coalesce("
        "month_end <> last_day(month_end) or month_end not between first_day and last_day "
        "or last_day <> (first_day + interval 1 year - interval 1 day)::date or left(part_year, 4) <> year(first_day)::varchar, "
        "true) order by all",
        "a month end that does not belong to its year (Month_Ending, FY_Start_Date, FY_End_Date, PARTYEAR)",
        "look at the dates of the file",
    )
    job.require_none(
        "select max(last_day) as newest, min(first_day) as oldest from dated "
        f"having newest <> date '{job.period_end}' or oldest < date '{job.period_start}' - interval 2 year",
        f"it is listed as {job.snapshot.period}, but its years are others (end of the newest, start of the oldest)",
        WRONG_FILE,
    )


def _check_appointments(job: ParseJob) -> None:
    """Attended and missed are parts of all appointments, first and follow-up are parts of attended: so in all 6,401 rows."""
    group = "age_band" if job.entity.name == "age_band" else "treatment_function_code"
    job.require_none(
        f"select month_ending, {group}, appointments, attended, did_not_attend, first_attendances, follow_up_attendances "
        "from dated where attended + did_not_attend > appointments or first_attendances + follow_up_attendances > attended",
        "parts that are more than the whole (month, group, appointments, attended, missed, first, follow-up)",
        BROKEN_SUM,
    )
