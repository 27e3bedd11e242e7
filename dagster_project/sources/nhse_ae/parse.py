"""Monthly A&E file to one row a provider; the TOTAL row proves the sum and is set aside."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

# Nine spellings in 59 files: TOTAL, Total, TOTAl, "TOTAL ", ...; the code cell always reads so after trimming.
TOTAL = "upper(organisation_code) = 'TOTAL'"
MEASURES = slice(4, None)


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    job.require_none(
        f"select distinct period from typed where not regexp_full_match(period, '(?i)MSitAE-[a-z]+-[0-9]{{4}}') and not {TOTAL}",
        "Period is not written as MSitAE-MONTH-YEAR",
        "look whether this is another file of the same page",
    )
    _check_total(job)
    measures = ", ".join(column.name for column in job.entity.file_columns[MEASURES])
    return f"""
        select
            strptime(lower(split_part(period, '-', 2) || '-' || split_part(period, '-', 3)), '%B-%Y')::date as period_start,
            organisation_code,
            organisation_name,
            upper(parent_organisation) as region_name,
            {measures},
            'published' as over_4_hours_type_1_status
        from typed
        where not {TOTAL}
    """


def _check_total(job: ParseJob) -> None:
    """Provider rows sum exactly to the TOTAL row in 59 of 59 real months; rejected rows are named by that sum too."""
    totals = job.count("typed", TOTAL)
    if totals != 1:
        raise job.error(f"{totals} TOTAL rows where there should be one", "look at the end of the file")
    for column in job.entity.file_columns[MEASURES]:
        job.require_none(
            f"select sum({column.name}) filter (where not {TOTAL}) as providers, sum({column.name}) filter (where {TOTAL}) as total "
            "from typed having providers is distinct from total",
            f"the provider rows of {column.header!r} do not sum to the TOTAL row (providers, total)",
            "ask the publisher; the month stays at its last good vintage",
        )
    job.require_none(
        "select organisation_code, count(*) from typed group by all having count(*) > 1 order by all",
        "a provider stands twice, and the TOTAL row counts it twice (code, rows)",
        "ask the publisher which of its rows is right; the month stays at its last good vintage",
    )
    job.set_aside("TOTAL row, used as a checksum", totals)
