"""WLMDS demographics to one row an organisation (or specialty, or week), metric, category and band."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

# Labels drift between releases ("A: British", "A British"), so only the leading code is kept.
CATEGORY_CODE = """
    case metric
        when 'IMD' then regexp_extract(category, '^([0-9]{1,2})', 1)
        when 'Ethnicity' then regexp_extract(category, '^([A-HJ-NPRSZ]|99)\\b', 1)
        when 'Age' then
            case regexp_extract(category, '^(0|19|Over 65|65)', 1)
                when '0' then '0-18' when '19' then '19-64' when '' then '' else '65+' end
        when 'Sex' then lower(regexp_extract(category, '^(?i)(female|male)', 1))
    end"""
BAND = """
    case waiting_band
        when '01 To 18 Weeks' then 'weeks_00_18'
        when '18 To 52 Weeks' then 'weeks_18_52'
        when 'Over 52 Weeks' then 'weeks_over_52'
        when 'Unknown Clock Start' then 'unknown_clock_start'
        when 'Total' then 'total'
    end"""
LEVEL = """
    case
        when organisation_code = 'ENG' then 'england'
        when regexp_full_match(organisation_code, 'Y[0-9]{2}') then 'region'
        when regexp_full_match(organisation_code, 'Q[0-9A-Z]{2}') then 'icb'
        when regexp_full_match(organisation_code, 'R[0-9A-Z]{2}') then 'trust'
        -- New codes have one shape for both: G6V2S is a trust, D7T5G an ICB of April 2026. The file's names end in "ICB",
        -- "INTEGRATED CARE BOARD" or "NHS (FOUNDATION) TRUST"; one that ends in neither refuses the file.
        when regexp_full_match(organisation_code, '[A-Z][0-9][A-Z][0-9][A-Z]')
        then
            case
                when regexp_matches(organisation_name, '(?i)(\\bICB|integrated care board)\\s*$') then 'icb'
                when regexp_matches(organisation_name, '(?i)\\bNHS (foundation )?trust\\s*$') then 'trust'
            end
    end"""
WEEK_ENDING = """
    cast(coalesce(
        try_strptime(week_ending, '%Y-%m-%dT%H:%M:%S.000Z'), try_strptime(week_ending, '%d/%m/%Y')
    ) as date)"""
OWN_COLUMNS = {
    "geography": f"organisation_code, organisation_name, sector, {LEVEL} as organisation_level",
    "specialty": "treatment_function_name",
    "timeseries": f"{WEEK_ENDING} as week_ending",
}


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    job.require_none(
        f"select distinct metric, category from typed where coalesce({CATEGORY_CODE}, '') = '' "
        "or (metric = 'IMD' and not regexp_full_match(category, '[1-9]|10'))",
        "a category that is not in the code list (metric, category)",
        "look whether the publisher changed its labels; add them to parse.py",
    )
    if job.entity.name == "geography":
        job.require_none(
            f"select distinct organisation_code, organisation_name from typed where {LEVEL} is null",
            "an organisation code whose level is not known (code, name)",
            "add the new shape of code to parse.py",
        )
    if job.entity.name == "timeseries":
        _require_one_date_spelling(job)
    return f"""
        select
            date '{job.period_start.isoformat()}' as snapshot_date,
            {OWN_COLUMNS[job.entity.name]},
            lower(metric) as metric,
            {CATEGORY_CODE} as category_code,
            {BAND} as waiting_band,
            pathways,
            pathways_status
        from typed
    """


def _require_one_date_spelling(job: ParseJob) -> None:
    """Each week is a day of the calendar, and the file keeps to one of its two spellings: a mix means that it was put together."""
    job.require_none(
        f"select distinct week_ending from typed where {WEEK_ENDING} is null",
        "a Week Ending Date that is no day of the calendar",
        "look at the file",
    )
    job.require_none(
        "select min(week_ending), max(week_ending) from typed having count(distinct contains(week_ending, '/')) > 1",
        "two spellings of Week Ending Date in one file",
        "look whether rows of two releases were put together",
    )
