"""Cancer Waiting Times workbook to one row a standard and provider; the line of England proves the sum and stays."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.tables import Cells, read_sheet

SHEETS = {"28": r"^28-DAY.*ALL ROUTES", "31": r"^31-DAY.*ALL CANCER", "62": r"^62-DAY.*ALL CANCER"}
NEXT_PART = r"^PART [B-Z]\b"
ENGLAND = "organisation_name = 'ALL ENGLISH PROVIDERS'"
WITHIN = "case standard when '28' then within_28_days when '31' then within_31_days else within_62_days end"
AFTER = WITHIN.replace("within", "after")


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_rows([row for standard, sheet in SHEETS.items() for row in _rows(job, standard, sheet)])
    _check_month(job)
    _check_sums(job)
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            cast(standard as bigint) as standard_days,
            case when {ENGLAND} then 'ENG' else organisation_code end as organisation_code,
            case when {ENGLAND} then 'england' else 'provider' end as organisation_level,
            organisation_name,
            cast(people as double) as people,
            cast({WITHIN} as double) as people_within
        from typed
    """


def _rows(job: ParseJob, standard: str, sheet: str) -> list[Cells]:
    """The first table of a sheet; of 31 and 62 days the routes and stages follow below it."""
    names = ("organisation_code", "organisation_name", "patients_included", "people")
    columns = (*names, f"within_{standard}_days", f"after_{standard}_days")
    return [
        (number, cells | {"standard": standard}) for number, cells in read_sheet(job, sheet, columns, until=NEXT_PART)
    ]


def _check_month(job: ParseJob) -> None:
    """Each sheet writes its month (Sep-25) above the table."""
    month = f"{job.period_start:%b-%y}".casefold()
    found = sum(line.casefold() == month for line in job.report.preamble)
    if found != len(SHEETS):
        raise job.error(
            f"{found} of {len(SHEETS)} sheets have {month!r} above their table, which is the month of the address",
            "look whether the address holds the workbook of another month",
        )


def _check_sums(job: ParseJob) -> None:
    """Within and after make the total, and providers make England, in all 436 rows of September 2025."""
    job.require_none(
        f"select standard, organisation_name, people from typed where {WITHIN} + {AFTER} is distinct from people order by all",
        "within and after the standard do not make the total (standard, provider, total)",
        "ask the publisher; the month stays at its last good vintage",
    )
    job.require_none(
        f"select standard, organisation_name from typed where (organisation_code is null) <> ({ENGLAND}) order by all",
        "a provider without a code, or a code beside England (standard, name)",
        "look at the rows; the month stays at its last good vintage",
    )
    for column in ("people", WITHIN):
        job.require_none(
            f"select standard, sum({column}) filter (where not {ENGLAND}) as providers, sum({column}) filter (where {ENGLAND}) as england "
            f"from typed group by standard having providers is distinct from england or count(*) filter (where {ENGLAND}) <> 1 order by all",
            "the providers do not sum to ALL ENGLISH PROVIDERS (standard, providers, England)",
            "ask the publisher; the month stays at its last good vintage",
        )
    job.require_none(
        "select standard, organisation_code, count(*) from typed group by all having count(*) > 1 order by all",
        "a provider stands twice (standard, code, rows)",
        "ask the publisher which of its rows is right; the month stays at its last good vintage",
    )
