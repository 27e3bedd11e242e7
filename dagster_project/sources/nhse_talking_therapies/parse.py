"""Talking Therapies: one row a month, organisation and measure, from the tidied extract or the publisher's own file."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

LEVELS = {"England": "england", "SubICB": "sub_icb", "Provider": "provider"}
"""The kinds of organisation that are read."""
LEFT_OUT = ("CommissioningRegion", "SubICB/Provider")
"""The kinds that are set aside. A third kind may be one of those that are read under a new name."""
CODE = "case group_type when 'England' then 'ENG' when 'SubICB' then reported_code when 'Provider' then second_code end"
"""A provider has its code in ORG_CODE2: its ORG_CODE1 is the word `all` (April 2026)."""


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    return _select_trusts(job) if job.entity.name == "trust" else _select_monthly(job)


def _select_trusts(job: ParseJob) -> str:
    job.require_none(
        "select distinct month from typed where try_strptime(month, '%B %Y') is null",
        "a month that is none",
        "look at the file",
    )
    job.require_none(
        "select organisation_code, month, measure, value from typed where measure like 'Percentage%' and value not between 0 and 100",
        "a percentage outside 0 to 100 (trust, month, measure, value)",
        "look whether the publisher changed the unit",
    )
    return """
        select
            strptime(month, '%B %Y')::date as period_start,
            'provider' as organisation_level,
            organisation_code,
            measure,
            value,
            value_status
        from typed
    """


def _select_monthly(job: ParseJob) -> str:
    start = "coalesce(try_strptime(reported_start, '%d/%m/%Y')::date, try_strptime(reported_start, '%Y-%m-%d')::date)"
    levels = " ".join(f"when '{word}' then '{level}'" for word, level in LEVELS.items())
    known = ", ".join(f"'{word}'" for word in LEVELS)
    left_out = ", ".join(f"'{word}'" for word in LEFT_OUT)
    job.require_none(
        f"select distinct group_type from typed where group_type not in ({known}, {left_out}) order by all",
        "a kind of organisation that is not known (GROUP_TYPE)",
        "look whether the publisher renamed one; add it to LEVELS or LEFT_OUT in parse.py",
    )
    job.set_aside("organisations of a kind that is not read", job.count("typed", f"group_type not in ({known})"))
    job.require_none(
        f"select distinct group_type, reported_code, second_code from typed "
        f"where group_type in ({known}) and not coalesce(regexp_full_match({CODE}, '[0-9A-Z]{{3,6}}'), false) order by all",
        "an organisation without its code (GROUP_TYPE, ORG_CODE1, ORG_CODE2)",
        "look whether the publisher moved the code to another column",
    )
    return f"""
        select
            {start} as period_start,
            case group_type {levels} end as organisation_level,
            {CODE} as organisation_code,
            measure,
            value,
            value_status
        from typed
        where group_type in ({known})
    """
