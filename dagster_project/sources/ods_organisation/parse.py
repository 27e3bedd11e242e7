"""ODS reports to organisations with dates, and to dated successions. The files have no header rows: columns count by place."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

# Roles seen in eccg: RO319 sub-ICB location (RO326 beside it in six), RO327 reporting entity, RO218 hub. Groups that closed
# before the ICBs have no role any more (142 rows).
KIND = """
    case
        when contains(roles, 'RO319') then 'sub_icb'
        when contains(roles, 'RO327') then 'sub_icb_reporting_entity'
        when contains(roles, 'RO218') then 'commissioning_hub'
        when roles is null and closed_on is not null then 'sub_icb'
    end"""
PARENTS = {
    "trust": "region_code, icb_code, government_office_region",
    # All 35 hubs carry Y63 and QWO, although they lie all over England.
    "sub_icb": f"""
        {KIND} as organisation_kind,
        case when {KIND} <> 'commissioning_hub' then region_code end as region_code,
        case when {KIND} <> 'commissioning_hub' then icb_code end as icb_code""",
}


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the report."""
    job.read_csv()
    if job.entity.name == "succession":
        return _successions(job)
    for column in ("opened_on", "closed_on"):
        _require_dates(job, column, "organisation_code")
    job.require_none(
        "select organisation_code, opened_on, closed_on from typed where closed_on < opened_on",
        "an organisation that closed before it opened (code, opened, closed)",
        "ask the publisher",
    )
    if job.entity.name == "sub_icb":
        job.require_none(
            f"select organisation_code, roles from typed where {KIND} is null",
            "a role that is not known (code, roles)",
            "look the role up in ODS and add it to KIND in parse.py",
        )
    return f"""
        select
            organisation_code,
            organisation_name,
            {PARENTS[job.entity.name]},
            postcode,
            strptime(opened_on, '%Y%m%d')::date as opened_on,
            strptime(closed_on, '%Y%m%d')::date as closed_on
        from typed
    """


def _successions(job: ParseJob) -> str:
    _require_dates(job, "effective_on", "predecessor_code")
    job.require_none(
        "select predecessor_code, effective_on from typed where predecessor_code = successor_code",
        "an organisation that succeeds itself (code, day)",
        "ask the publisher",
    )
    return """
        select predecessor_code, successor_code, strptime(effective_on, '%Y%m%d')::date as effective_on, indicator
        from typed
    """


def _require_dates(job: ParseJob, column: str, code: str) -> None:
    job.require_none(
        f"select {code}, {column} from typed where {column} is not null and try_strptime({column}, '%Y%m%d') is null",
        f"{column} is not a day written as yyyymmdd (code, text)",
        "ask the publisher",
    )
