"""RTT full extracts of the sample from before April 2021: March 2021, whose bands end at 52 weeks, and March 2017 in the older layout.

They are written to the layouts that public pipelines read; no real file was available. Planted: three lines stand above the
headings of March 2017, and its last column has no heading.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dagster_project.sample import nhse_rtt
from dagster_project.sample.files import MONTHS, Cell, Published, csv_bytes, zip_bytes

OF_52_WEEKS, OLDER = (2021, 2), (2017, 2)  # year, month from 0
BANDS = (*nhse_rtt.BANDS[:52], "Gt 52 Weeks SUM 1")
TOTALS = ("Total", "Patients with unknown clock start date", "Total All")
OTHER_CODE, OTHER_NAME = "X01", "Other"
ABOVE = [["Consultant-led Referral to Treatment Waiting Times"], ["Full extract"], []]


def published_files(seed: int, edition: int) -> Published:
    """Give a zip a month and the landing page of its financial year; the editions are the same."""
    del edition
    files: Published = {}
    for year, month in (OF_52_WEEKS, OLDER):
        address = nhse_rtt.file_address(year, month, f"{year}0")
        files[address] = zip_bytes([(nhse_rtt.inner_name(year, month), month_csv(seed, year, month))])
        links = {nhse_rtt.financial_year(year, month): [(address, nhse_rtt.link_text(year, month))]}
        files |= nhse_rtt.landing_pages(links)
    return files


def month_csv(seed: int, year: int, month: int) -> bytes:
    """Give the bytes of a month's CSV in the layout of that time."""
    older = (year, month) < (2017, 9)
    name = f"RTT-{MONTHS[month].upper()}-{year}"
    period = [nhse_rtt.financial_year(year, month), MONTHS[month].upper()] if older else [name]
    tail: list[Cell] = [""] if older else []
    lines: list[list[Cell]] = [[*period, *line, *tail] for line in _lines(nhse_rtt.pathways_of(seed, year, month))]
    return csv_bytes([*(ABOVE if older else []), [*headings(older), *tail], *lines])


def headings(older: bool) -> list[str]:
    """Give the headings of the layout from October 2017 on, or of the older one."""
    of_period = ["Year", "Period Name"] if older else ["Period"]
    identity = [h.replace("RTT Part Type", "RTT Part Name") if older else h for h in nhse_rtt.IDENTITY[1:]]
    return [*of_period, *identity, *BANDS, *TOTALS]


def _lines(rows: tuple[nhse_rtt.Pathways, ...]) -> Iterator[list[Cell]]:
    """Give the rows of a month behind its period: the detail of a provider, commissioner and part, then its total."""
    for _, group in itertools.groupby(rows, key=lambda row: (row.provider.code, row.commissioner.code, row.part)):
        detail = list(group)
        named = [row for row in detail if not row.treatment_function.startswith("X")]
        others = [row for row in detail if row.treatment_function.startswith("X")]
        for row in named:
            yield _line(row, row.treatment_function, nhse_rtt.TREATMENT_FUNCTIONS[row.treatment_function])
        if others:
            yield _line(nhse_rtt.add_up(others), OTHER_CODE, OTHER_NAME)
        yield _line(nhse_rtt.add_up(detail), nhse_rtt.TOTAL_CODE, nhse_rtt.TOTAL_NAME)


def _line(row: nhse_rtt.Pathways, code: str, name: str) -> list[Cell]:
    identity = nhse_rtt.identity(row)[:-1]
    *bands, total, unknown, total_all = nhse_rtt.measures(row)
    over = sum(row.bands[52:]) if row.bands else ""
    return [*identity, code, name, *bands[:52], over, total, unknown, total_all]
