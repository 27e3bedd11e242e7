"""Cancer waiting times of the sample: the provider workbook of two months, with its sheets, parts and half counts.

Planted: below the table of 62 days stands a part with one route, which must not be added to all routes.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.sample import organisations as org
from dagster_project.sample.files import (
    STATISTICAL_WORK_AREAS,
    UPLOADS,
    Cell,
    Published,
    landing_page,
    open_stream,
    workbook_bytes,
)

PAGE = f"{STATISTICAL_WORK_AREAS}/cancer-waiting-times/monthly-data-and-summaries/2025-26-monthly-cancer-waiting-times-statistics/"
MONTHS = {"202508": ("AUGUST-2025", "Aug-25", "2025/10"), "202509": ("SEPTEMBER-2025", "Sep-25", "2025/11")}
SHEETS = {
    28: ("28-DAY FDS (ALL ROUTES)", 2000, 0.74),
    31: ("31-DAY (ALL CANCER)", 420, 0.91),
    62: ("62-DAY (ALL CANCER)", 210, 0.68),
}
"""Title, people a month of a provider of size 1, share in time, by days of the standard."""


def published_files(seed: int, edition: int) -> Published:
    """Give a workbook for each month and their landing page; the editions are the same."""
    files = {address(stamp): workbook_bytes(_sheets(seed, stamp)) for stamp in MONTHS}
    links = [
        (place, f"Monthly Provider Cancer Waiting Times Statistics, {MONTHS[s][0]}")
        for s, place in zip(MONTHS, files, strict=True)
    ]
    return {**files, PAGE: landing_page("2025-26 Monthly Cancer Waiting Times Statistics", links)}


def address(stamp: str) -> str:
    """Give the address of the workbook of a month (202509)."""
    month, _, folder = MONTHS[stamp]
    return f"{UPLOADS}/{folder}/{month}-CWT-CRS-PROVIDER-WORKBOOK-FINAL.xlsx"


def counts(seed: int, stamp: str, days: int) -> dict[org.Provider, tuple[float, float]]:
    """Give people and people in time by provider; of 62 days in halves."""
    _, people, share = SHEETS[days]
    found = {}
    for provider in org.TRUSTS:
        if provider.kind == "acute" and org.open_in(provider, stamp):
            stream = open_stream(seed, "cancer waits", stamp, provider.code, days)
            step = 2 if days == 62 else 1
            total = round(people * org.size_in(provider, stamp) * (0.9 + 0.2 * stream.random()) * step) / step
            found[provider] = total, round(total * (share - 0.04 + 0.08 * stream.random()) * step) / step
    return found


def _sheets(seed: int, stamp: str) -> list[tuple[str, Sequence[Sequence[Cell]]]]:
    front: list[list[Cell]] = [[None, "Cancer Waiting Times statistics: Provider Based"], [None, MONTHS[stamp][0]]]
    return [("Frontpage", front), *((SHEETS[days][0], _sheet(seed, stamp, days)) for days in SHEETS)]


def _sheet(seed: int, stamp: str, days: int) -> list[list[Cell]]:
    kind = ["ALL ROUTES"] if days == 28 else ["ALL STAGES" if days == 31 else "ALL ROUTES", "ALL CANCERS"]
    rows: list[list[Cell]] = [
        [f"WAITS OF {days} DAYS"],
        [MONTHS[stamp][1]],
        [],
        [],
        [],
        [],
        [] if days == 28 else ["PART A: ALL"],
        [],
    ]
    table = _table(counts(seed, stamp, days), days, kind)
    part: list[list[Cell]] = [
        [],
        ["PART B: URGENT SUSPECTED CANCER"],
        [],
        *_table(counts(seed, stamp, days), days, ["URGENT", *kind[1:]]),
    ]
    return rows + table + (part if days != 28 else [])


def _table(found: dict[org.Provider, tuple[float, float]], days: int, kind: list[str]) -> list[list[Cell]]:
    named = "TREATMENT STAGE" if days == 31 else "REFERRAL ROUTE"
    heading: list[Cell] = [None, "ODS CODE (1)", "ACCOUNTABLE PROVIDER", named, *(["CANCER TYPE"] if kind[1:] else [])]
    heading += ["TOTAL", f"WITHIN {days} DAYS", f"AFTER {days} DAYS", "PERCENTAGE"]
    lines = [(p.code, p.name.upper(), *pair) for p, pair in found.items()]
    total, within = (sum(pair[place] for pair in found.values()) for place in (0, 1))
    rows = [*lines, (None, "ALL ENGLISH PROVIDERS", total, within)]
    return [heading, *([None, code, name, *kind, n, m, n - m, m / n] for code, name, n, m in rows)]
