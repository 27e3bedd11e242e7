"""Fingertips of the sample: four indicators in the official 27 columns, with England under two parents.

Rows without an indicator id stand at the end of the first file, as in the available copy; tenths of local authorities fall
from the most to the least deprived; one ICB has no value and a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes, open_stream

ADDRESS = "https://fingertips.phe.org.uk/api/all_data/csv/by_indicator_id?indicator_ids="
INDICATORS = {
    "91547": ("Smoking prevalence in adults (15+) - current smokers (QOF)", "15+ yrs", 0.15, "Column not used"),
    "200": ("Learning disability: QOF prevalence (all ages)", "All ages", 0.0055, "Compared to percentiles"),
    "247": (
        "Dementia: QOF prevalence (all ages)",
        "All ages",
        0.0075,
        "Compared to Regions (statistical) value or percentiles",
    ),
    "241": ("Diabetes: QOF prevalence (17+ yrs)", "17+ yrs", 0.077, "Column not used"),
}
YEARS = (2022, 2023)
SILENT_ICB = "Q9D"
ROWS_WITHOUT_ID = 12
_HEADER = (
    "Indicator ID,Indicator Name,Parent Code,Parent Name,Area Code,Area Name,Area Type,Sex,Age,Category Type,Category,"
    "Time period,Value,Lower CI 95.0 limit,Upper CI 95.0 limit,Lower CI 99.8 limit,Upper CI 99.8 limit,Count,Denominator,"
    "Value note,Recent Trend,Compared to England value or percentiles,{},Time period Sortable,New data,Compared to goal,"
    "Time period range"
)
_DECILES = ("Most", "Second most", "Third more", "Fourth more", "Fifth more")
_LOWER_DECILES = ("Fifth less", "Fourth less", "Third less", "Second least", "Least")
_DECILE_TYPE = "County & UA deprivation deciles in England (IMD2019, 4/23 geography)"
_PARENT = ("E92000001", "England")


def published_files(seed: int, edition: int) -> Published:
    """Give one file for each indicator; the editions are the same."""
    return {ADDRESS + number: csv_bytes(_rows(seed, number), line_end="\n") for number in INDICATORS}


def icb_counts(seed: int, number: str, year: int, icb: org.Icb) -> tuple[int, int]:
    """Give count and denominator of an ICB in the financial year that begins in ``year``."""
    stream = open_stream(seed, "fingertips", number, year, icb.code)
    patients = stream.randint(400_000, 900_000)
    return round(patients * INDICATORS[number][2] * stream.uniform(0.9, 1.1)), patients


def england_counts(seed: int, number: str, year: int) -> tuple[int, int]:
    """Give count and denominator of England: all ICBs together."""
    parts = [icb_counts(seed, number, year, icb) for icb in org.ICBS]
    return sum(part[0] for part in parts), sum(part[1] for part in parts)


def _rows(seed: int, number: str) -> Iterator[list[Cell]]:
    name, age, _, column_23 = INDICATORS[number]
    yield list(_HEADER.format(column_23).split(","))
    row = partial(_row, number, name, age)
    for year in YEARS:
        england = england_counts(seed, number, year)
        yield row(("", ""), (*_PARENT, "England"), year, england)
        yield row(_PARENT, (*_PARENT, "England"), year, england)
        for place, label in enumerate(_DECILES + _LOWER_DECILES):
            part = (round(england[0] * (1.3 - place * 0.06) / 10), england[1] // 10)
            yield row(_PARENT, (*_PARENT, "England"), year, part, (_DECILE_TYPE, f"{label} deprived decile (IMD2019)"))
        for icb in org.ICBS:
            area = (f"n{icb.gss_code}", f"NHS {icb.place.title()} Integrated Care Board - {icb.code}", "ICBs")
            silent = icb.code == SILENT_ICB and year == YEARS[0]
            yield row(_PARENT, area, year, None if silent else icb_counts(seed, number, year, icb))
    if number == "91547":
        for place in range(ROWS_WITHOUT_ID):
            yield [
                "",
                name,
                "",
                "",
                f"Y99{place:03d}",
                "Sample practice",
                "GPs",
                *[""] * 4,
                "2024/25",
                15,
                *[""] * 4,
                15,
                100,
                *[""] * 8,
            ]


def _row(
    number: str,
    name: str,
    age: str,
    parent: tuple[str, str],
    area: tuple[str, str, str],
    year: int,
    counts: tuple[int, int] | None,
    category: tuple[str, str] = ("", ""),
) -> list[Cell]:
    values: list[Cell] = [""] * 7
    if counts is not None:
        value = 100 * counts[0] / counts[1]
        values = [value, value * 0.99, value * 1.01, "", "", *counts]
    note = "" if counts else "Value suppressed for disclosure control"
    period, sortable = f"{year}/{(year + 1) % 100:02d}", year * 10_000
    start: list[Cell] = [number, name, *parent, *area, "Persons", age, *category, period]
    return [*start, *values, note, "", "Not compared", "Not compared", sortable, "", "", "1y"]
