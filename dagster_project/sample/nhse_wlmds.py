"""WLMDS demographics of the sample: geography, specialty and time series of the week ending 28 December 2025.

Counts are made exactly, added up (trust, ICB, region, NHS acute, England), and only then rounded to five, hidden
(``*`` for 1 to 7) or left out (0). Two truths are planted: more patients over 52 weeks the more deprived the decile,
and in five ethnic groups. Each metric has its own denominator, because unknown ages, sexes and deciles are left
out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from functools import cache

from dagster_project.sample import organisations as org
from dagster_project.sample.files import (
    MONTHS,
    STATISTICAL_WORK_AREAS,
    UPLOADS,
    Cell,
    Published,
    apportion,
    csv_bytes,
    landing_page,
    open_stream,
    suppress,
)

PAGE = f"{STATISTICAL_WORK_AREAS}/rtt-waiting-times/wlmds/"
SNAPSHOT = datetime.date(2025, 12, 28)
AGES = ("0-18 Years", "19-64 Years", "Over 65 Years")
ETHNICITIES = (
    "99: Not known",
    "A: British",
    "B: Irish",
    "C: Any other white background",
    "D: White and Black Caribbean",
    "E: White and Black African",
    "F: White and Asian",
    "G: Any other mixed background",
    "H: Indian",
    "J: Pakistani",
    "K: Bangladeshi",
    "L: Any other Asian background",
    "M: Caribbean",
    "N: African",
    "P: Any other Black background",
    "R: Chinese",
    "S: Any other ethnic group",
    "Z: Not stated",
)
DECILES = tuple(str(decile) for decile in range(1, 11))
SEXES = ("Female", "Male")
BANDS = ("Unknown Clock Start", "01 To 18 Weeks", "18 To 52 Weeks", "Over 52 Weeks")
CATEGORIES = {"Age": AGES, "Ethnicity": ETHNICITIES, "IMD": DECILES, "Sex": SEXES}
SPECIALTIES = (
    "Cardiology Service",
    "Cardiothoracic Surgery Service",
    "Dermatology Service",
    "Ear Nose and Throat Service",
    "Elderly Medicine Service",
    "Gastroenterology Service",
    "General Internal Medicine Service",
    "General Surgery Service",
    "Gynaecology Service",
    "Neurology Service",
    "Neurosurgical Service",
    "Ophthalmology Service",
    "Oral Surgery Service",
    "Other - Medical Services",
    "Other - Mental Health Services",
    "Other - Other Services",
    "Other - Paediatric Services",
    "Other - Surgical Services",
    "Plastic Surgery Service",
    "Respiratory Medicine Service",
    "Rheumatology Service",
    "Trauma and Orthopaedics Service",
    "Unknown",
    "Urology Service",
)
WEEKS = 60
NHS_ACUTE, INDEPENDENT, OTHER, ENGLAND = "NHS ACUTE", "INDEPENDENT SECTOR", "OTHER", "ENGLAND"
_COVERAGE = {"Age": 0.985, "Ethnicity": 1.0, "IMD": 0.97, "Sex": 0.94}
_ETHNIC_SHARES = (3.5, 58, 0.9, 4.5, 0.5, 0.3, 0.4, 0.8, 3, 3.2, 1.2, 2, 1.5, 2, 0.9, 0.5, 2.6, 7.5)
_LONG_WAITS = {"J": 1.3, "K": 1.4, "M": 1.3, "P": 1.2, "C": 1.1}
_OVER_52_WEEKS = 0.03
_PATIENTS = 6000

Counts = dict[tuple[str, str], tuple[int, ...]]  # (metric, category) -> patients in each of BANDS


def published_files(seed: int, edition: int) -> Published:
    """Give the landing page and the three files; the editions are the same."""
    tables = {"Geography": _geography(seed), "Specialty": _specialty(seed), "Timeseries": _time_series(seed)}
    snapshot = f"{SNAPSHOT.day} {MONTHS[SNAPSHOT.month - 1]} {SNAPSHOT.year}"
    files: Published = {}
    links = []
    for name, rows in tables.items():
        address = f"{UPLOADS}/2026/01/WLMDS-Demographics-{name}-to-{snapshot.replace(' ', '-')}-v1.csv"
        files[address] = csv_bytes(rows, line_end="\n")
        links.append((address, f"WLMDS Demographics {name} to {snapshot} (CSV)"))
    files[PAGE] = landing_page("Waiting List Minimum Data Set (WLMDS) information", links)
    return files


def england(seed: int) -> Counts:
    """Give England's exact counts, all sectors together."""
    return add_up([_acute(seed), _sector(seed, INDEPENDENT), _sector(seed, OTHER)])


def over_52_weeks_share(seed: int, decile: int) -> float:
    """Give the true share over 52 weeks of those waiting in a deprivation decile of England, before rounding."""
    bands = england(seed)["IMD", str(decile)]
    return bands[3] / sum(bands)


def add_up(parts: Sequence[Counts]) -> Counts:
    """Add the exact counts of several bodies."""
    return {key: tuple(map(sum, zip(*(part[key] for part in parts), strict=True))) for key in parts[0]}


def trusts() -> list[org.Provider]:
    """Give the acute trusts of the geography file: those that are open at the snapshot."""
    stamp = f"{SNAPSHOT:%Y%m}"
    return [one for one in org.TRUSTS if one.kind in org.ACUTE_KINDS and org.open_in(one, stamp)]


def _geography(seed: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = [["Code", "Name", "Geography", "Metric", "Category", "Waiting Bands", "Count"]]
    for code, name, sector, counts in _bodies(seed):
        rows += [[code, name, sector, *cells] for cells in _lines(counts)]
    return rows


def _bodies(seed: int) -> Iterator[tuple[str, str, str, Counts]]:
    """Give code, name, sector and exact counts of every body, in the order of the file."""
    yield "ENG", "ENGLAND", ENGLAND, england(seed)
    yield "ENG", "ENGLAND", INDEPENDENT, _sector(seed, INDEPENDENT)
    yield "ENG", "ENGLAND", NHS_ACUTE, _acute(seed)
    yield "ENG", "ENGLAND", OTHER, _sector(seed, OTHER)
    counts = {trust: _trust_counts(seed, trust) for trust in trusts()}
    for region in org.REGIONS:
        parts = [counts[trust] for trust in counts if trust.sub_icb.icb.region == region]
        yield region.code, region.name, NHS_ACUTE, add_up(parts)
    for icb in org.ICBS:
        parts = [counts[trust] for trust in counts if trust.sub_icb.icb == icb]
        yield icb.code, f"{icb.place} ICB (SYNTHETIC)", NHS_ACUTE, add_up(parts)
    for trust, own in counts.items():
        yield trust.code, trust.name, NHS_ACUTE, own


def _lines(counts: Counts) -> Iterator[list[Cell]]:
    """Give metric, category, band and published count; a band without patients has no line, Total comes last."""
    for metric, categories in CATEGORIES.items():
        for category in sorted(categories):  # the publisher sorts as text: IMD 1, 10, 2
            bands = counts[metric, category]
            for band, count in zip((*BANDS, "Total"), (*bands, sum(bands)), strict=True):
                if count:
                    yield [metric, category, band, suppress(count)]


@cache
def _acute(seed: int) -> Counts:
    return add_up([_trust_counts(seed, trust) for trust in trusts()])


@cache
def _trust_counts(seed: int, trust: org.Provider) -> Counts:
    mix = org.decile_mix(trust.sub_icb)
    ages = (1.0, 0.0, 0.0) if trust.kind == "children" else (0.1, 0.55, 0.35)
    patients = _PATIENTS * org.size_in(trust, f"{SNAPSHOT:%Y%m}")
    return _make_counts(seed, ("trust", trust.code), round(patients), mix, ages)


@cache
def _sector(seed: int, sector: str) -> Counts:
    patients = 4000 if sector == INDEPENDENT else 700
    return _make_counts(seed, ("sector", sector), patients, tuple(0.7 + 0.06 * place for place in range(10)))


def _make_counts(
    seed: int,
    labels: tuple[str, str],
    patients: int,
    decile_mix: Sequence[float],
    ages: Sequence[float] = (0.1, 0.55, 0.35),
) -> Counts:
    """Make the exact counts of one body from its number of patients, its deciles and its ages."""
    shares = {"Age": ages, "Ethnicity": _ETHNIC_SHARES, "IMD": decile_mix, "Sex": (0.55, 0.45)}
    counts: Counts = {}
    for metric, categories in CATEGORIES.items():
        stream = open_stream(seed, "wlmds", *labels, metric)
        known = round(patients * _COVERAGE[metric])
        weights = [share * (0.8 + 0.4 * stream.random()) for share in shares[metric]]
        for category, members in zip(categories, apportion(known, weights), strict=True):
            over = _OVER_52_WEEKS * _long_wait_factor(metric, category) * (0.9 + 0.2 * stream.random())
            bands = (0.001, 0.64 - over / 2, 0.36 - over / 2, over)
            counts[metric, category] = tuple(apportion(members, bands))
    return counts


def _long_wait_factor(metric: str, category: str) -> float:
    """Give the planted excess of long waits: 1.5 in decile 1 falling to 0.6 in decile 10, up to 1.4 by ethnicity."""
    if metric == "IMD":
        return 1.6 - 0.1 * int(category)
    return _LONG_WAITS.get(category[0], 1.0) if metric == "Ethnicity" else 1.0


def _specialty(seed: int) -> list[list[Cell]]:
    rows: list[list[Cell]] = [["Treatment Function Code", "Metric", "Category", "Waiting Bands", "Count"]]
    for place, specialty in enumerate(SPECIALTIES):
        patients = 90 if specialty.startswith("Other - Mental") else 2500 + 300 * (place % 7)
        counts = _make_counts(seed, ("specialty", specialty), patients, [1.0] * 10)
        rows += [[specialty, *cells] for cells in _lines(counts)]
    return rows


def _time_series(seed: int) -> list[list[Cell]]:
    """Give England week by week, age and sex only, down to the snapshot's own week."""
    rows: list[list[Cell]] = [["Week Ending Date", "Metric", "Category", "Waiting Bands", "Count"]]
    for ago in range(WEEKS - 1, -1, -1):
        week = SNAPSHOT - datetime.timedelta(weeks=ago)
        counts = england(seed)
        if ago:
            patients = round(92_000 * (1 + 0.001 * ago))
            counts = _make_counts(seed, ("week", week.isoformat()), patients, [1.0] * 10)
        stamp = f"{week.isoformat()}T00:00:00.000Z"
        rows += [[stamp, *cells] for cells in _lines(counts) if cells[0] in ("Age", "Sex")]
    return rows
