"""Monthly A&E files of the sample, November 2024 to February 2026 (edition 2: and March 2026), on two yearly pages.

The known dirt of the real series is here: a file with a byte order mark (June 2025), one with six stray columns
(December 2024), total rows in several spellings, a month offered twice (November 2025, first issue and revision), a
month of which only the revision is left (November 2024), a trust that changes its name (R9D), and a trust whose Type 1
breaches are zero because it did not submit them (R9N to February 2025).
"""

from __future__ import annotations

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
)

PAGES = f"{STATISTICAL_WORK_AREAS}/ae-waiting-times-and-activity/ae-attendances-and-emergency-admissions-"
HEADER = (
    "Period",
    "Org Code",
    "Parent Org",
    "Org name",
    "A&E attendances Type 1",
    "A&E attendances Type 2",
    "A&E attendances Other A&E Department",
    "A&E attendances Booked Appointments Type 1",
    "A&E attendances Booked Appointments Type 2",
    "A&E attendances Booked Appointments Other Department",
    "Attendances over 4hrs Type 1",
    "Attendances over 4hrs Type 2",
    "Attendances over 4hrs Other Department",
    "Attendances over 4hrs Booked Appointments Type 1",
    "Attendances over 4hrs Booked Appointments Type 2",
    "Attendances over 4hrs Booked Appointments Other Department",
    "Patients who have waited 4-12 hs from DTA to admission",
    "Patients who have waited 12+ hrs from DTA to admission",
    "Emergency admissions via A&E - Type 1",
    "Emergency admissions via A&E - Type 2",
    "Emergency admissions via A&E - Other A&E department",
    "Other emergency admissions",
)
MONTHS_BY_EDITION = {
    edition: tuple(divmod(2024 * 12 + 10 + place, 12) for place in range(15 + edition)) for edition in (1, 2)
}
SILENT_ZERO_TRUST, SILENT_ZERO_LAST_MONTH = "R9N", "202502"
REVISED_TRUST = "R9A"
RENAMED_TRUST, NAME_BEFORE, RENAMED_FROM = "R9D", "SAMPLE CALDERHOLME HOSPITALS NHS TRUST (SYNTHETIC)", "202507"
_ATTENDANCES, _BOOKED, _OVER_FOUR_HOURS, _OVER_FOUR_HOURS_BOOKED = (slice(n, n + 3) for n in (0, 3, 6, 9))
_BYTE_ORDER_MARK_MONTH, _STRAY_COLUMNS_MONTH = "202506", "202412"
_TOTAL_SPELLINGS: dict[str, tuple[str, str, str, str]] = {
    "202412": ("Total", "Total ", "Total", "Total"),
    "202501": ("TOTAL ", "TOTAL ", "TOTAL ", "TOTAL "),
    "202504": ("Total", "Total", "Total", "Total"),
    "202506": ("TOTAL", "TOTAL ", "TOTAL ", "TOTAL "),
    "202508": ("Total ", "Total ", "Total ", "Total "),
    "202512": ("TOTAl", "TOTAL", "TOTAL", "TOTAL"),
    "202602": ("MSitAE-FEBRUARY-2026", "TOTAL", "TOTAL", "TOTAL"),
}
# Revisions published before the first edition; in the second edition January 2026 is revised as well.
_REPLACED, _BESIDE, _LATER = "202411", "202511", "202601"


@dataclass(frozen=True)
class ProviderMonth:
    """One provider's month: its eighteen counts in the order of the file."""

    provider: org.Provider
    counts: tuple[int, ...]


@dataclass(frozen=True)
class AeTotal:
    """England's attendances of a month and those that took over four hours; the booked ones are counted apart."""

    attendances: int
    over_four_hours: int
    booked_attendances: int
    booked_over_four_hours: int

    @property
    def within_four_hours_share(self) -> float:
        """Give the share within four hours of all attendances, booked ones included."""
        over = self.over_four_hours + self.booked_over_four_hours
        return 1 - over / (self.attendances + self.booked_attendances)


def published_files(seed: int, edition: int) -> Published:
    """Give both yearly landing pages and the files that they link to."""
    pages: dict[str, list[tuple[str, str]]] = {"2024-25": [], "2025-26": []}
    files: Published = {}
    for year, month in reversed(MONTHS_BY_EDITION[edition]):
        for revised in _issues(_stamp(year, month), edition):
            address = file_address(year, month, revised)
            files[address] = month_bytes(seed, year, month, revised)
            pages[_financial_year(year, month)].append((address, link_text(year, month, revised)))
            if (year, month) == (2025, 8):  # as on the real page: a workbook of the same month, which is not fetched
                workbook = (address.replace(".csv", ".xls"), "Monthly A&E September 2025 (XLS, 380KB)")
                pages["2025-26"].append(workbook)
    for financial_year, links in pages.items():
        title = f"A&E Attendances and Emergency Admissions {financial_year}"
        files[f"{PAGES}{financial_year}/"] = landing_page(title, links)
    return files


def file_address(year: int, month: int, revised: bool) -> str:
    """Give the address of a month's file, ``month`` from 0; the name's shape changed between the two pages."""
    published_year, published_month = divmod(year * 12 + month + (3 if revised else 1), 12)
    folder = f"{UPLOADS}/{published_year}/{published_month + 1:02d}"
    if _financial_year(year, month) == "2024-25":
        return f"{folder}/Monthly-AE-{MONTHS[month]}-{year}{'-revised' if revised else ''}.csv"
    return f"{folder}/{MONTHS[month]}-{year}-CSV-{'revised' if revised else f'SYN{month + 1:02d}a'}.csv"


def link_text(year: int, month: int, revised: bool) -> str:
    """Give the text of the link to a month's file."""
    return f"Monthly A&E {MONTHS[month]} {year}{' revised' if revised else ''} (CSV, 4KB)"


def total_of(seed: int, year: int, month: int, revised: bool) -> AeTotal:
    """Give England's total of one issue of a month; R9N's zeros are in it as published."""
    columns = _column_sums(_provider_months(seed, year, month, revised))
    parts = (_ATTENDANCES, _OVER_FOUR_HOURS, _BOOKED, _OVER_FOUR_HOURS_BOOKED)
    return AeTotal(*(sum(columns[part]) for part in parts))


def current_totals(seed: int, edition: int) -> dict[str, AeTotal]:
    """Give England's totals by month (``2025-11``), each from the newest issue of that month."""
    totals = {}
    for year, month in MONTHS_BY_EDITION[edition]:
        newest = _issues(_stamp(year, month), edition)[0]
        totals[f"{year}-{month + 1:02d}"] = total_of(seed, year, month, newest)
    return totals


def month_bytes(seed: int, year: int, month: int, revised: bool) -> bytes:
    """Give a month's file."""
    stamp = _stamp(year, month)
    rows = _provider_months(seed, year, month, revised)
    period = f"MSitAE-{MONTHS[month].upper()}-{year}"
    total_cells = _TOTAL_SPELLINGS.get(stamp, ("TOTAL", "TOTAL", "TOTAL", "TOTAL"))
    lines: list[list[Cell]] = [list(HEADER), *(_line(row, period, stamp) for row in rows)]
    lines.append([*total_cells, *_column_sums(rows)])
    if stamp == _STRAY_COLUMNS_MONTH:  # September 2024 of the real series: five empty columns, then a header cell "a"
        lines = [[*line, "", "", "", "", "", "a" if place == 0 else ""] for place, line in enumerate(lines)]
    mark = b"\xef\xbb\xbf" if stamp == _BYTE_ORDER_MARK_MONTH else b""
    return mark + csv_bytes(lines)


def _stamp(year: int, month: int) -> str:
    return f"{year}{month + 1:02d}"


def _financial_year(year: int, month: int) -> str:
    start = year if month >= 3 else year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def _issues(stamp: str, edition: int) -> tuple[bool, ...]:
    """Say which issues of a month are linked, newest first; True is a revision."""
    if stamp == _REPLACED:
        return (True,)
    beside = stamp == _BESIDE or (stamp == _LATER and edition > 1)
    return (True, False) if beside else (False,)


def _reporting_providers(stamp: str) -> list[org.Provider]:
    providers = [trust for trust in (*org.TRUSTS, *org.URGENT_CARE_CENTRES) if org.open_in(trust, stamp)]
    return [provider for provider in providers if provider.kind != "mental health"]


@cache
def _provider_months(seed: int, year: int, month: int, revised: bool) -> tuple[ProviderMonth, ...]:
    stamp = _stamp(year, month)
    providers = sorted(_reporting_providers(stamp), key=lambda provider: provider.code)
    return tuple(ProviderMonth(provider, _counts(seed, provider, stamp, revised)) for provider in providers)


def _counts(seed: int, provider: org.Provider, stamp: str, revised: bool) -> tuple[int, ...]:
    stream = open_stream(seed, "ae", stamp, provider.code)
    winter = 1.1 if stamp[4:] in ("11", "12", "01", "02") else 1.0
    busy = org.size_in(provider, stamp) * winter * (0.92 + 0.16 * stream.random())
    type_1, type_2, other = (scatter(busy * level, stream) for level in _levels(provider.kind))
    booked = [0, 0, scatter(other * 0.03, stream)]
    need = provider.sub_icb.deprivation
    over = [scatter(count * share, stream) for count, share in ((type_1, 0.3 + 0.2 * need), (type_2, 0.05))]
    over += [scatter(other * 0.02, stream), 0, 0, scatter(booked[2] * 0.02, stream)]
    if provider.code == SILENT_ZERO_TRUST and stamp <= SILENT_ZERO_LAST_MONTH:
        over[0] = 0
    if revised and provider.code == REVISED_TRUST:
        type_1, over[0] = type_1 + 120, over[0] + 60
    admitted = [scatter(type_1 * 0.28, stream), scatter(type_2 * 0.02, stream), scatter(other * 0.005, stream)]
    trolley = [scatter(admitted[0] * 0.2, stream), scatter(admitted[0] * 0.12, stream)]
    elsewhere = scatter(type_1 * 0.1, stream)
    return (type_1, type_2, other, *booked, *over, *trolley, *admitted, elsewhere)


def _levels(kind: str) -> tuple[int, int, int]:
    """Give an average month's Type 1, Type 2 and other attendances of a provider of size 1."""
    levels = {"acute": (1500, 20, 500), "children": (1800, 0, 300), "eye": (0, 1600, 0), "urgent care": (0, 0, 2000)}
    return levels.get(kind, (0, 0, 1500))


def _line(row: ProviderMonth, period: str, stamp: str) -> list[Cell]:
    provider = row.provider
    earlier = provider.code == RENAMED_TRUST and stamp < RENAMED_FROM
    name = NAME_BEFORE if earlier else provider.name
    return [period, provider.code, provider.sub_icb.icb.region.parent_org, name, *row.counts]


def _column_sums(rows: tuple[ProviderMonth, ...]) -> list[int]:
    return [sum(column) for column in zip(*(row.counts for row in rows), strict=True)]
