"""MHSDS measures to one row an organisation and group: levels and groups are unpacked from BREAKDOWN and the two levels.

Labels that are not known refuse the file, because no published file has shown them.
"""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.columns import DECIMAL, SIGNED

DIFFERENCE = "measure_id = 'MHS95h' or dimension like '%gap'"
"""Rows that may be below nothing: the change in percent, and the differences of rates."""
WANTED = "regexp_full_match({}, 'MHS(81|91|95|106|107|109|150|151|157|158)[a-z]?')"
PARENT = "trim(split_part(breakdown, ';', 1))"
CHILD = "trim(substr(breakdown, length(split_part(breakdown, ';', 1)) + 2))"
LEVEL = """
    case
        when parent = 'England' then 'england'
        when parent in ('Region', 'Commissioning Region') then 'region'
        when regexp_matches(parent, '^(STP|ICB)( of .*)?$') then 'icb'
        when regexp_matches(parent, '^(CCG|Sub[ -]ICB)( .*)?$') then 'sub_icb'
        when parent = 'Provider' then 'provider'
    end"""
DIMENSION = """
    case
        when child = '' then 'all'
        when child = 'IMD Core20' then 'core20'
        when child = 'IMD Quintile' then 'imd_quintile'
        when child = 'IMD Decile' then 'imd_decile'
        -- NHS England's own code puts R and S (Chinese, any other) into Other Ethnic Groups
        when child = 'Upper Ethnicity' then 'ethnic_group_5_2001'
        -- the file of April 2026 calls the 18 groups plain Ethnicity
        when child in ('Lower Ethnicity', 'Ethnicity') then 'ethnic_group'
        when child = 'Ethnicity (White British/Non-White British)' then 'white_british'
        when child = 'Gender' then 'sex'
        when child in ('Age', 'Age Band') then 'age_band'
        when child = 'LD Status' then 'learning_disability'
        when child = 'Autism Status' then 'autism'
        when child like 'IMD - Standardised Rate Difference%' then 'imd_gap'
        when child like 'Ethnicity - Standardised Rate Difference%' then 'ethnic_gap'
        else 'other'
    end"""
GROUP = """
    case
        when dimension in ('all', 'imd_gap', 'ethnic_gap') then 'all'
        when dimension = 'other' then label
        when upper(label) in ('UNKNOWN', 'MISSING/INVALID') then 'unknown'
        when dimension = 'core20' then
            case
                when regexp_matches(label, '(?i)^(other|rest|not? |non)|less deprived') then 'rest'
                when regexp_matches(label, '(?i)core ?20|most deprived') then 'core20'
            end
        when dimension in ('imd_quintile', 'imd_decile')
        then nullif(ltrim(regexp_extract(label, '^(0?[1-9]|10)\\b', 1), '0'), '')
        when dimension = 'ethnic_group_5_2001' then
            case
                when label ilike 'white%' then 'white' when label ilike 'mixed%' then 'mixed' when label ilike 'asian%' then 'asian'
                when label ilike 'black%' then 'black' when label ilike '%other ethnic%' then 'other'
                when label ilike 'not stated' then 'not_stated' when label ilike 'not known' then 'not_known'
            end
        when dimension = 'ethnic_group' then nullif(regexp_extract(label, '^([A-HJ-NPRSZ]|99)\\b', 1), '')
        when dimension = 'white_british' then case when label ilike 'white british' then 'white_british' when label ilike 'non-white british' then 'other' end
        when dimension = 'sex' then
            case
                when label in ('1', 'Male') then 'male' when label in ('2', 'Female') then 'female'
                -- each code keeps its own word: two rows of one group would share a key
                when label = '3' then 'non_binary' when label = '4' then 'other' when label = '9' then 'indeterminate'
                when label = '0' then 'not_known' when label = 'X' then 'not_recorded'
            end
        when dimension in ('learning_disability', 'autism') then
            case label
                when '1' then 'confirmed' when '2' then 'suspected_on_pathway' when '3' then 'suspected_not_on_pathway'
                when '4' then 'suspected_pathway_not_known' when '5' then 'no_diagnosis' when 'U' then 'not_known'
                when 'X' then 'not_recorded' when 'Z' then 'not_stated'
            end
        when dimension = 'age_band' and label = 'Under 18' then '0-17'
        when dimension = 'age_band' then replace(replace(replace(label, ' to ', '-'), ' and over', '+'), ' years', '')
    end"""
# 30/04/2026, 01-04-2025, 01/06/24 and 1/6/2024 are in published files; %y takes two digits of a year only.
DAY = "try_strptime({0}, ['%d/%m/%y', '%d/%m/%Y', '%d-%m-%Y', '%Y-%m-%d'])::date"
SPELLING = r"regexp_replace(regexp_replace(day, '^[0-9]{1,2}([/-])[0-9]{1,2}\b', 'd\1m'), '[0-9]', 'y', 'g')"


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file.

    A month has 800,000 rows and a few thousand labels: levels and groups are worked out once a label.
    """
    job.read_csv()
    job.set_aside("other measures", job.count_records(f"not {WANTED.format('trim(measure_id)')}"))
    # England; X has its group where other breakdowns have their organisation
    job.connection.execute(f"""
        create temp table wanted as
        select
            reporting_period_start,
            reporting_period_end,
            status,
            breakdown,
            primary_level,
            primary_level_description,
            measure_id,
            measure_name,
            measure_value,
            case when {PARENT} = 'England' then primary_level else secondary_level end as label
        from typed where {WANTED.format("measure_id")}
    """)
    job.connection.execute(f"""
        create temp table labels as
        with
            said as (select distinct breakdown, label, {PARENT} as parent, {CHILD} as child from wanted),
            levelled as (select *, {LEVEL} as level, {DIMENSION} as dimension from said)
        select breakdown, label, level, dimension, {GROUP} as group_code from levelled
    """)
    job.connection.execute("""
        create temp view placed as
        select wanted.*, labels.level, labels.dimension, labels.group_code
        from wanted
        left join
            labels on wanted.breakdown = labels.breakdown and wanted.label is not distinct from labels.label
    """)
    _check(job)
    return """
        select
            date_trunc('month', days.last)::date as file_month,
            days.first as period_start,
            days.last as period_end,
            status as edition,
            measure_id,
            measure_name,
            breakdown,
            level as organisation_level,
            case when level = 'england' then 'ENG' else primary_level end as organisation_code,
            case when level = 'england' then 'England' else primary_level_description end as organisation_name,
            dimension,
            group_code,
            try_cast(measure_value as double) as value,
            case measure_value when '*' then 'suppressed' else 'published' end as value_status
        from placed
        inner join days using (reporting_period_start, reporting_period_end)
        where not (level <> 'england' and primary_level = 'UNKNOWN')
    """


def _check(job: ParseJob) -> None:
    if job.count("wanted") == 0:
        raise job.error(
            "it holds no row of the measures that are taken", "look at the other files of the same publication"
        )
    _check_dates(job)
    job.require_none(
        "select distinct breakdown from labels where level is null order by all",
        "a breakdown whose organisation is not known (BREAKDOWN)",
        "add it to LEVEL in parse.py",
    )
    job.require_none(
        "select distinct breakdown, label from labels where group_code is null order by all",
        "a group that is not in the code list (BREAKDOWN, label)",
        "add the label to GROUP in parse.py",
    )
    # a pattern that is no constant is compiled for each of 370,000 rows: 5 seconds
    of_kind = {
        kind: f"regexp_full_match(measure_value, '{pattern}')" for kind, pattern in (("+-", SIGNED), ("+", DECIMAL))
    }
    number = f"case when {DIFFERENCE} then {of_kind['+-']} else {of_kind['+']} end"
    job.require_none(
        f"select measure_id, breakdown, primary_level, measure_value from placed "
        f"where measure_value is null or not (measure_value = '*' or {number}) order by all",
        "a value that is neither a number nor an asterisk (MEASURE_ID, BREAKDOWN, PRIMARY_LEVEL, MEASURE_VALUE)",
        "ask the publisher what it stands for; only differences may be below 0",
    )
    unknown = job.count("placed", "level <> 'england' and primary_level = 'UNKNOWN'")
    job.set_aside("people whose organisation is not known", unknown)


def _check_dates(job: ParseJob) -> None:
    """Read each spelling of a time once, into `days`."""
    job.connection.execute(f"""
        create temp table days as
        select
            reporting_period_start,
            reporting_period_end,
            {DAY.format("reporting_period_start")} as first,
            {DAY.format("reporting_period_end")} as last
        from (select distinct reporting_period_start, reporting_period_end from wanted)
    """)
    days = "unnest([reporting_period_start, reporting_period_end]) as day from days"
    job.require_none(
        f"select distinct day from (select {days}) where {DAY.format('day')} is null order by all",
        "a day that is none (REPORTING_PERIOD_START, REPORTING_PERIOD_END)",
        "look at the file",
    )
    job.require_none(
        f"select string_agg(distinct {SPELLING}, ', ') from (select {days}) having count(distinct {SPELLING}) > 1",
        "days are spelt in more than one way, so their order of day and month is not sure",
        "ask the publisher which order is meant",
    )
