"""RTT full CSV extracts of the sample: March, November and December 2025, January 2026; November also as a revision.

A month is a list of `Pathways`: one provider, commissioner, part and treatment function with its 105 week bands.
Part_2A is a part of Part_2, Part_3 has no bands, and the C_999 rows are the sums of the others, as published.

December 2025 writes the total of one C_999 row with a thousands mark ("1,619"), as Excel does when it saves a CSV.
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from dagster_project.sample import organisations as org
from dagster_project.sample.files import (
    MONTHS,
    STATISTICAL_WORK_AREAS,
    UPLOADS,
    Cell,
    Published,
    csv_bytes,
    landing_page,
    open_stream,
    scatter,
    zip_bytes,
)

PAGES = f"{STATISTICAL_WORK_AREAS}/rtt-waiting-times/rtt-data-"
PAGE_TITLE = "Consultant-led Referral to Treatment Waiting Times Data"
IDENTITY = (
    "Period",
    "Provider Parent Org Code",
    "Provider Parent Name",
    "Provider Org Code",
    "Provider Org Name",
    "Commissioner Parent Org Code",
    "Commissioner Parent Name",
    "Commissioner Org Code",
    "Commissioner Org Name",
    "RTT Part Type",
    "RTT Part Description",
    "Treatment Function Code",
    "Treatment Function Name",
)
BANDS = (*(f"Gt {week:02d} To {week + 1:02d} Weeks SUM 1" for week in range(104)), "Gt 104 Weeks SUM 1")
HEADER = (*IDENTITY, *BANDS, "Total", "Patients with unknown clock start date", "Total All")
PARTS = {
    "Part_1A": "Completed Pathways For Admitted Patients",
    "Part_1B": "Completed Pathways For Non-Admitted Patients",
    "Part_2": "Incomplete Pathways",
    "Part_2A": "Incomplete Pathways with DTA",
    "Part_3": "New RTT Periods - All Patients",
}
TREATMENT_FUNCTIONS = {
    "C_100": "General Surgery Service",
    "C_101": "Urology Service",
    "C_110": "Trauma and Orthopaedic Service",
    "C_120": "Ear Nose and Throat Service",
    "C_130": "Ophthalmology Service",
    "C_140": "Oral Surgery Service",
    "C_150": "Neurosurgical Service",
    "C_160": "Plastic Surgery Service",
    "C_170": "Cardiothoracic Surgery Service",
    "C_300": "General Internal Medicine Service",
    "C_301": "Gastroenterology Service",
    "C_320": "Cardiology Service",
    "C_330": "Dermatology Service",
    "C_340": "Respiratory Medicine Service",
    "C_400": "Neurology Service",
    "C_410": "Rheumatology Service",
    "C_430": "Elderly Medicine Service",
    "C_502": "Gynaecology Service",
    "X02": "Other - Medical Services",
    "X03": "Other - Mental Health Services",
    "X04": "Other - Paediatric Services",
    "X05": "Other - Surgical Services",
    "X06": "Other - Other Services",
}
TOTAL_CODE, TOTAL_NAME = "C_999", "Total"
MARKED_MONTH, MARKED_COLUMN, LEAST_WITH_A_MARK = (2025, 11), "Total All", 1000
SAMPLE_MONTHS = ((2025, 2), (2025, 10), (2025, 11), (2026, 0))  # year, month from 0
REVISED_MONTH = (2025, 10)
REVISED_TRUST = "R9A"
_BLANK_FOR_ZERO = frozenset({"R9C", "NT9A1"})  # in the real file some providers leave zeros blank (RTX, January 2026)
_WEEKLY_DECAY = {"acute": 0.945, "children": 0.95, "eye": 0.93}
_FUNCTIONS_OF = {"eye": ("C_130",), "children": ("X04", "C_120", "C_101"), "community": ("X02", "X06")}


@dataclass(frozen=True)
class Commissioner:
    """Who pays: a sub-ICB location with its ICB as the parent, or a hub, a region or NONC without one."""

    code: str
    name: str
    parent_code: str = ""
    parent_name: str = ""


@dataclass(frozen=True)
class Pathways:
    """One row: week bands (empty for Part_3) and the patients whose clock start is unknown (Part_1A and 1B only)."""

    provider: org.Provider
    commissioner: Commissioner
    part: str
    treatment_function: str
    bands: tuple[int, ...]
    unknown: int
    new_periods: int = 0

    @property
    def total_all(self) -> int:
        """Give all patients of the row."""
        return sum(self.bands) + self.unknown + self.new_periods


@dataclass(frozen=True)
class RttTotal:
    """England's incomplete pathways of a month."""

    waiting: int
    within_18_weeks: int
    over_52_weeks: int

    @property
    def within_18_weeks_share(self) -> float:
        """Give the share of those waiting who have waited 18 weeks or less."""
        return self.within_18_weeks / self.waiting


def published_files(seed: int, edition: int) -> Published:
    """Give the two yearly landing pages and their zips; the editions are the same."""
    pages: dict[str, list[tuple[str, str]]] = {"2024-25": [], "2025-26": []}
    files: Published = {}
    for year, month in reversed(SAMPLE_MONTHS):
        for revised in (True, False) if (year, month) == REVISED_MONTH else (False,):
            address = file_address(year, month, f"SYN{month + 1:02d}a", revised=revised)
            name = inner_name(year, month, revised=revised)
            files[address] = zip_bytes([(name, _month_csv(seed, year, month, revised))])
            pages[financial_year(year, month)].append((address, link_text(year, month, revised=revised)))
    return files | landing_pages(pages)


def landing_pages(pages: dict[str, list[tuple[str, str]]]) -> Published:
    """Give the landing page of each financial year with its links (address, text)."""
    return {f"{PAGES}{year}/": landing_page(f"{PAGE_TITLE} {year}", links) for year, links in pages.items()}


def financial_year(year: int, month: int) -> str:
    """Give the financial year (``2025-26``) of a month counted from 0."""
    start = year if month >= 3 else year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def file_address(year: int, month: int, token: str, *, revised: bool = False) -> str:
    """Give the address of a month's zip: the folder is the month of publication, the tail cannot be guessed."""
    published_year, published_month = divmod(year * 12 + month + (4 if revised else 2), 12)
    name = f"Full-CSV-data-file-{MONTHS[month][:3]}{year % 100}-ZIP-1M-{'revised' if revised else token}.zip"
    return f"{UPLOADS}/{published_year}/{published_month + 1:02d}/{name}"


def link_text(year: int, month: int, *, revised: bool = False) -> str:
    """Give the text of the link to a month's zip."""
    return f"Full CSV data file {MONTHS[month][:3]}{year % 100} (ZIP, 1M){' revised' if revised else ''}"


def inner_name(year: int, month: int, *, revised: bool = False) -> str:
    """Give the name of the CSV inside a month's zip."""
    last_day = calendar.monthrange(year, month + 1)[1]
    stamp = f"{year}{month + 1:02d}{last_day}"
    return f"{stamp}-RTT-{MONTHS[month]}-{year}-full-extract{'-revised' if revised else ''}.csv"


def current_totals(seed: int) -> dict[str, RttTotal]:
    """Give England's incomplete pathways by month (``2025-11``), the revised November."""
    return {
        f"{year}-{month + 1:02d}": total_of(seed, year, month, revised=(year, month) == REVISED_MONTH)
        for year, month in SAMPLE_MONTHS
    }


def total_of(seed: int, year: int, month: int, revised: bool) -> RttTotal:
    """Give England's incomplete pathways of one issue of a month, from the detail rows of Part_2."""
    waiting = [row.bands for row in _month_rows(seed, year, month, revised) if row.part == "Part_2"]
    weeks = [sum(column) for column in zip(*waiting, strict=True)]
    return RttTotal(sum(weeks), sum(weeks[:18]), sum(weeks[52:]))


def _month_csv(seed: int, year: int, month: int, revised: bool) -> bytes:
    period = f"RTT-{MONTHS[month]}-{year}"
    rows = _month_rows(seed, year, month, revised)
    lines: list[list[Cell]] = [list(HEADER)]
    for _, group in itertools.groupby(rows, key=lambda row: (row.provider.code, row.commissioner.code, row.part)):
        detail = list(group)
        lines += [_line(row, period, TREATMENT_FUNCTIONS[row.treatment_function]) for row in detail]
        lines.append(_line(add_up(detail), period, TOTAL_NAME))
    if (year, month) == MARKED_MONTH:
        _write_thousands_mark(lines[1:])
    return csv_bytes(lines)


def _write_thousands_mark(lines: list[list[Cell]]) -> None:
    place, code = HEADER.index(MARKED_COLUMN), HEADER.index("Treatment Function Code")
    first = next(line for line in lines if line[code] == TOTAL_CODE and int(str(line[place])) >= LEAST_WITH_A_MARK)
    first[place] = f"{first[place]:,}"


def pathways_of(seed: int, year: int, month: int) -> tuple[Pathways, ...]:
    """Give the detail rows of the first issue of a month (from 0) in the order of the file."""
    return _month_rows(seed, year, month, False)


@cache
def _month_rows(seed: int, year: int, month: int, revised: bool) -> tuple[Pathways, ...]:
    """Give a month's detail rows in the order of the file."""
    stamp = f"{year}{month + 1:02d}"
    rows: list[Pathways] = []
    for provider in _reporting_providers(stamp):
        size = org.size_in(provider, stamp)
        size *= 1.05 if revised and provider.code == REVISED_TRUST else 1.0
        for commissioner, share in _commissioners(provider):
            for function in _functions(provider):
                labels = ("rtt", stamp, provider.code, commissioner.code, function)
                rows += _parts(seed, labels, provider, commissioner, size * share)
    rows.sort(key=_place_in_file)
    return tuple(rows)


def _place_in_file(row: Pathways) -> tuple[str, ...]:
    """Order rows as the real file does: provider's parent, provider, commissioner's parent, commissioner, part."""
    commissioner = row.commissioner
    icb = row.provider.sub_icb.icb.code
    return (icb, row.provider.code, commissioner.parent_code, commissioner.code, row.part, row.treatment_function)


def _reporting_providers(stamp: str) -> list[org.Provider]:
    providers = (*org.TRUSTS, *org.INDEPENDENT_PROVIDERS)
    kinds = (*org.ACUTE_KINDS, "community", "independent")
    return [provider for provider in providers if provider.kind in kinds and org.open_in(provider, stamp)]


def _functions(provider: org.Provider) -> tuple[str, ...]:
    """Give a provider's treatment functions: four of the list for an acute trust, so that together they have all."""
    codes = tuple(TREATMENT_FUNCTIONS)
    start = 4 * [one.code for one in org.TRUSTS].index(provider.code) if provider in org.TRUSTS else 4
    four = tuple(codes[(start + step) % len(codes)] for step in range(4))
    return _FUNCTIONS_OF.get(provider.kind, four)


@cache
def _commissioners(provider: org.Provider) -> tuple[tuple[Commissioner, float], ...]:
    """Give a provider's commissioners with their shares of its patients."""
    home = org.SUB_ICBS.index(provider.sub_icb)
    neighbour = org.SUB_ICBS[(home + 1) % len(org.SUB_ICBS)]
    region = provider.sub_icb.icb.region
    shares = [(_sub_icb_commissioner(provider.sub_icb), 0.75), (_sub_icb_commissioner(neighbour), 0.2)]
    if provider.code in ("R9A", "R9K", "R9P"):
        shares.append((Commissioner(org.COMMISSIONING_HUB, "SAMPLE COMMISSIONING HUB 1 (SYNTHETIC)"), 0.03))
        shares.append((Commissioner(region.code, f"{region.name} COMMISSIONING REGION (SYNTHETIC)"), 0.01))
    if provider.code in ("R9A", "R9D", "NT9A1"):
        shares.append((Commissioner(org.NO_COMMISSIONER, "#N/A"), 0.02))
    return tuple(shares)


def _sub_icb_commissioner(sub_icb: org.SubIcb) -> Commissioner:
    return Commissioner(sub_icb.code, org.sub_icb_name(sub_icb), sub_icb.icb.code, org.icb_name(sub_icb.icb))


def _parts(
    seed: int, labels: tuple[str, ...], provider: org.Provider, commissioner: Commissioner, weight: float
) -> Iterator[Pathways]:
    """Give the five parts of one provider, commissioner and treatment function; parts without patients are absent."""
    stream = open_stream(seed, *labels)
    decay = _WEEKLY_DECAY.get(provider.kind, 0.93) + 0.02 * (provider.sub_icb.deprivation - 0.5)
    patients = 1100 * weight * (0.7 + 0.6 * stream.random())
    waits = [patients * share for share in _band_shares(decay)]
    incomplete = tuple(scatter(expected, stream) for expected in waits)
    decided = tuple(scatter(count * 0.17, stream) for count in incomplete)
    admitted = tuple(scatter(expected * 0.03, stream) for expected in waits)
    others = tuple(scatter(expected * 0.16, stream) for expected in waits)
    unknown = scatter(weight * 0.4, stream)
    rows = [
        Pathways(provider, commissioner, "Part_1A", labels[-1], admitted, unknown),
        Pathways(provider, commissioner, "Part_1B", labels[-1], others, 0),
        Pathways(provider, commissioner, "Part_2", labels[-1], incomplete, 0),
        Pathways(provider, commissioner, "Part_2A", labels[-1], decided, 0),
        Pathways(provider, commissioner, "Part_3", labels[-1], (), 0, scatter(240 * weight, stream)),
    ]
    return (row for row in rows if row.total_all)


@cache
def _band_shares(weekly_decay: float) -> tuple[float, ...]:
    """Give the share of patients in each of the 105 bands: each week holds ``weekly_decay`` of the week before."""
    weights = [1.0]
    while len(weights) < len(BANDS):
        weights.append(weights[-1] * weekly_decay)
    whole = sum(weights)
    return tuple(weight / whole for weight in weights)


def add_up(detail: list[Pathways]) -> Pathways:
    """Give the sum of rows of one provider, commissioner and part, under the code of their total."""
    first = detail[0]
    bands = tuple(sum(column) for column in zip(*(row.bands for row in detail), strict=True))
    unknown = sum(row.unknown for row in detail)
    new_periods = sum(row.new_periods for row in detail)
    return Pathways(first.provider, first.commissioner, first.part, TOTAL_CODE, bands, unknown, new_periods)


def _line(row: Pathways, period: str, function_name: str) -> list[Cell]:
    return [period, *identity(row), function_name, *measures(row)]


def identity(row: Pathways) -> list[Cell]:
    """Give the codes and names of a row, from the provider's parent to the code of the treatment function."""
    icb, commissioner = row.provider.sub_icb.icb, row.commissioner
    found: list[Cell] = [icb.code, org.icb_name(icb), row.provider.code, row.provider.name]
    found += [commissioner.parent_code, commissioner.parent_name, commissioner.code, commissioner.name]
    return [*found, row.part, PARTS[row.part], row.treatment_function]


def measures(row: Pathways) -> list[Cell]:
    """Give bands, Total, unknown, Total All; Part_2 and 2A leave Total and unknown blank, Part_3 all but Total All."""
    if row.part == "Part_3":
        return [*([""] * (len(BANDS) + 2)), row.total_all]
    blank = row.provider.code in _BLANK_FOR_ZERO
    bands: list[Cell] = ["" if blank and not count else count for count in row.bands]
    if row.part in ("Part_2", "Part_2A"):
        return [*bands, "", "", row.total_all]
    unknown: Cell = "" if blank and not row.unknown else row.unknown
    return [*bands, sum(row.bands), unknown, row.total_all]
