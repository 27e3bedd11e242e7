"""Tooth extractions: up to eight tables side by side on a sheet, laid under one another; one row an area, year and age."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.lake.clean import ParseJob
from dagster_project.lake.headings import cell_text
from dagster_project.lake.tables import count_again

TABLES = {
    "population": r"ONS Mid 20\d\d Population",
    "episodes": r"^Table \d+: FCEs? for (tooth )?extraction - all diagnoses",
    "episodes_decay": r"^Table \d+: FCEs? for (tooth )?extraction with caries as primary diagnosis(?!.*percentage)",
    "episodes_not_decay": r"^Table \d+: FCEs? for (tooth )?extraction with no diagnosis(?!.*percentage)",
}
"""What the four tables of counts are called; the others are rates and percentages of them."""
LEVELS = {"England region": "statistical_region", "England lower tier local authority": "local_authority"}
CODE_HEADINGS = {"ONS Code", "Region Code", "LA Code"}
AGE = re.compile(r"^(?:Age|Total)\s+(\d+-\d+)yrs$")
DEPRIVATION = re.compile(r"^Table 3: Caries tooth extractions for England by deprivation quintile")
LAST_YEAR = "2020-21"
LOOK = "look at the workbook; fix parse.py if the publisher changed its layout"
Row = tuple[int, dict[str, str | None]]
"""Number of a record, and its cells. One row of a sheet gives five records: place of the sheet, row and place of the age
are read from the number as 11|00085 -> sheet 11, row 8, fifth age."""
SHEET, ROW = 100_000, 10


@dataclass(frozen=True)
class _Table:
    """One of the tables that stand side by side: which count it holds, and the places of its columns."""

    count: str
    code: int
    name: int
    ages: dict[str, int]


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the rows of all sheets."""
    job.read_rows(_all_rows(job))
    _check_england(job)
    counts = ", ".join(
        f"{name}, {name}_status" for name in ("population", "episodes", "episodes_decay", "episodes_not_decay")
    )
    return f"""
        select
            make_date(cast(left(financial_year, 4) as integer), 4, 1) as period_start,
            area_level, area_code, rtrim(area_name, '^') as area_name, age_band, deprivation_quintile, {counts}
        from typed
        where sheet not like '% local_authority' or area_level <> 'england'
    """


def _check_england(job: ParseJob) -> None:
    """England stands on the sheets of regions and of local authorities and must say the same; deprivation sums to it."""
    job.require_none(
        "select financial_year, age_band, min(episodes), max(episodes), min(episodes_decay), max(episodes_decay) from typed "
        "where area_level = 'england' and deprivation_quintile = 'all' group by all "
        "having count(*) <> 2 or min(episodes) <> max(episodes) or min(episodes_decay) <> max(episodes_decay) "
        "or min(population) <> max(population)",
        "England is not the same on the sheets of regions and of local authorities (year, ages, least, most, decay)",
        LOOK,
    )
    job.require_none(
        "select financial_year, sum(episodes_decay) filter (where deprivation_quintile <> 'all') as fifths, "
        "max(episodes_decay) filter (where deprivation_quintile = 'all') as england from typed "
        f"where area_level = 'england' and age_band = '0-19' and financial_year = '{LAST_YEAR}' "
        "group by all having fifths is distinct from england",
        "the quintiles of deprivation do not sum to England (year, fifths, England)",
        LOOK,
    )
    job.set_aside(
        "England on the sheets of local authorities, a checksum",
        job.count("typed", "sheet like '% local_authority' and area_level = 'england'"),
    )


def _all_rows(job: ParseJob) -> Iterator[Row]:
    try:
        workbook = CalamineWorkbook.from_path(job.snapshot.path)
        sheets = [(title, workbook.get_sheet_by_name(title).to_python()) for title in workbook.sheet_names]
    except CalamineError as error:
        raise job.error(f"it cannot be read as a workbook: {error}", "look at the file") from error
    headings = [str(rows[0][0]) if rows else "" for _, rows in sheets]
    levels = [next((kind for words, kind in LEVELS.items() if h.endswith(f"by {words}")), None) for h in headings]
    count_again(job, [sheet for sheet, level in zip(sheets, levels, strict=True) if level])
    for place, ((title, rows), heading, level) in enumerate(zip(sheets, headings, levels, strict=True), start=1):
        if level is not None:
            listed = _rows_of_areas(job, f"{title} {level}", heading, level, rows)
            yield from ((place * SHEET + number, cells) for number, cells in listed)
        yield from ((place * SHEET + number, cells) for number, cells in _rows_of_deprivation(title, rows))
    if not any(levels):
        raise job.error("no sheet says that it is by England region or lower tier local authority", LOOK)


def _rows_of_areas(job: ParseJob, sheet: str, heading: str, level: str, rows: Sequence[Sequence[Any]]) -> Iterator[Row]:
    year = _year(heading)
    titles = next((n for n, row in enumerate(rows) if str(row[0]).startswith("Table 1:")), None)
    if year is None or titles is None:
        raise job.error(f"sheet {sheet!r} has no financial year in its title or no Table 1", LOOK)
    tables = _find_tables(job, sheet, rows[titles], rows[titles + 1])
    for number, row in enumerate(rows[titles + 2 :], start=titles + 3):
        codes = {str(row[table.code]) for table in tables}
        if len(codes) != 1:
            raise job.error(f"row {number} of sheet {sheet!r} is of several areas: {', '.join(sorted(codes))}", LOOK)
        (code,) = codes
        area = "england" if code.startswith("E92") else level
        name = "England" if area == "england" else cell_text(row[tables[0].name])
        for step, age in enumerate(tables[0].ages, start=1):
            cells = {table.count: cell_text(row[table.ages[age]]) for table in tables}
            fixed = {"sheet": sheet, "financial_year": year, "area_level": area, "area_code": code, "area_name": name}
            yield number * ROW + step, fixed | {"age_band": age, "deprivation_quintile": "all"} | cells


def _find_tables(job: ParseJob, sheet: str, titles: Sequence[Any], headings: Sequence[Any]) -> list[_Table]:
    """The four tables of counts; a table reaches from its title to the next one."""
    starts = [place for place, title in enumerate(titles) if str(title).startswith("Table ")]
    tables = []
    for start, end in zip(starts, [*starts[1:], len(headings)], strict=True):
        count = next((name for name, words in TABLES.items() if re.search(words, str(titles[start]))), None)
        if count is None or "rate" in str(titles[start]):
            continue
        span = {place: " ".join(str(headings[place]).split()) for place in range(start, end)}
        ages = {match[1]: place for place, text in span.items() if (match := AGE.match(text))}
        code = next((place for place, text in span.items() if text in CODE_HEADINGS), start)
        tables.append(_Table(count, code, code + 1 if span[code] == "LA Code" else start, ages))
    counts, ages_found = [table.count for table in tables], {tuple(table.ages) for table in tables}
    if sorted(counts) != sorted(TABLES) or len(ages_found) != 1:
        raise job.error(
            f"sheet {sheet!r} has the tables {', '.join(counts) or 'none'}, not each of {', '.join(TABLES)}", LOOK
        )
    return tables


def _rows_of_deprivation(title: str, rows: Sequence[Sequence[Any]]) -> Iterator[Row]:
    start = next((n for n, row in enumerate(rows) if DEPRIVATION.match(str(row[0]))), None)
    if start is None:
        return
    for number, row in enumerate(rows[start + 2 :], start=start + 3):
        fifth = cell_text(row[0])
        if fifth is None or not fifth.isdigit():
            return
        yield (
            number * ROW,
            {
                "sheet": f"{title} deprivation",
                "financial_year": LAST_YEAR,
                "area_level": "england",
                "area_code": "E92000001",
                "area_name": "England",
                "age_band": "0-19",
                "deprivation_quintile": fifth,
                "episodes_decay": cell_text(row[1]),
                "population": cell_text(row[2]),
            },
        )


def _year(heading: str) -> str | None:
    """`2020-21` from `during 2020 to 2021` or `during 2020-21`."""
    match = re.search(r"during (20\d\d)(?:-(\d\d)| to 20(\d\d))\b", heading)
    return f"{match[1]}-{match[2] or match[3]}" if match else None
