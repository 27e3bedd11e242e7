"""Provisional monthly HES of the sample, 2020-21 month 13: MAR by provider and CCG, age bands, treatment functions.

MAR's five breakdowns overlap, as in the real file: National is exact, the others are rounded to five and hidden (``*``
for 1 to 7). The two open-data files spell their dates differently (31MAR2021, 31MAR21). The planted truth: young adults
miss most appointments, and so do the patients of providers in poorer places.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from functools import cache

from dagster_project.sample import organisations as org
from dagster_project.sample.files import (
    MONTHS,
    Cell,
    Published,
    apportion,
    csv_bytes,
    landing_page,
    open_stream,
    scatter,
    suppress,
)

PAGE = (
    "https://digital.nhs.uk/data-and-information/publications/statistical/"
    "provisional-monthly-hospital-episode-statistics-for-admitted-patient-care-outpatient-and-accident-and-emergency-data/"
    "april-2020-march-2021-m13/"
)
FILES = "https://files.digital.nhs.uk/"
MONTHS_OF_YEAR = tuple(divmod(2020 * 12 + 3 + place, 12) for place in range(12))
MEASURES = (
    "Ordinary Elective",
    "Daycase Elective",
    "Elective total",
    "Non-Elective",
    "First attendances seen - GP referrals",
    "First attendances seen - other referrals",
    "First attendances seen total",
    "First attendances DNA",
    "Subsequent attendances seen",
    "Subsequent attendances DNA",
)
AGE_BANDS = (
    "01. 0 - 4",
    "02. 5 - 9",
    "03. 10 - 14",
    "04. 15",
    "05. 16",
    "06. 17",
    "07. 18",
    "08. 19",
    "09. 20 - 24",
    "10. 25 - 29",
    "11. 30 - 34",
    "12. 35 - 39",
    "13. 40 - 44",
    "14. 45 - 49",
    "15. 50 - 54",
    "16. 55 - 59",
    "17. 60 - 64",
    "18. 65 - 69",
    "19. 70 - 74",
    "20. 75 - 79",
    "21. 80 - 84",
    "22. 85 - 89",
    "23. 90+",
    "24. unknown",
)
TREATMENT_FUNCTIONS = {
    "&": "Not Known",
    "100": "General Surgery",
    "101": "Urology",
    "110": "Trauma and Orthopaedics",
    "130": "Ophthalmology",
    "320": "Cardiology",
    "330": "Dermatology",
    "420": "Paediatrics",
    "502": "Gynaecology",
}
NON_UK_FUNCTION = ("499", "Non-UK Provider; specialty function not known, treatment mainly medical")
ADMITTED = (
    "FCE",
    "FCEs_With_Procedure",
    "Ordinary_Admission_Episodes",
    "FCE_DAY_CASES",
    "FCE_DAY_WITH_PROCEDURE",
    "FAE",
    "EMERGENCY",
)
OUTPATIENT = (
    "Total_Appointments",
    "Attended_Appointments",
    "DNA_Appointments",
    "First_Attendance",
    "Follow_Up_Attendance",
)
_DNA_SHARES = (0.075, 0.08, 0.075, 0.09, 0.09, 0.1, 0.11, 0.115, 0.12, 0.115, 0.105, 0.095, 0.085, 0.075)
_DNA_SHARES_FROM_50 = (0.065, 0.055, 0.05, 0.045, 0.042, 0.042, 0.045, 0.05, 0.055, 0.06)
_AGE_WEIGHTS = (3, 2.5, 2.6, 0.6, 0.6, 0.6, 0.5, 0.5, 3, 5, 6, 6, 5, 5, 6, 7, 8, 8, 8, 9, 6, 4, 2, 0.5)

Activity = tuple[int, ...]  # the ten measures of the specific acute specialties, then the ten of all specialties


def published_files(seed: int, edition: int) -> Published:
    """Give the landing page and the three files; the editions are the same."""
    contents = {
        "57/5A0007/HES%20MAR%202020-21%20M13.csv": csv_bytes(_activity_report(seed), line_end="\n"),
        "58/5A0008/HES_M13_2021_OPEN_DATA_AGE_BANDS.csv": csv_bytes(_age_bands(seed), line_end="\n"),
        "59/5A0009/HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv": csv_bytes(_functions(seed), line_end="\n"),
    }
    links = [(FILES + name, name.rsplit("/", 1)[1].replace("%20", " ")) for name in contents]
    title = "Provisional Monthly Hospital Episode Statistics, April 2020 - March 2021 (M13)"
    return {FILES + name: content for name, content in contents.items()} | {PAGE: landing_page(title, links)}


def national_dna_share(seed: int) -> float:
    """Give the share of England's outpatient appointments of 2020-21 that were missed, all specialties, from MAR."""
    totals = _add_up([_national(seed, year, month) for year, month in MONTHS_OF_YEAR])
    seen, missed = totals[16] + totals[18], totals[17] + totals[19]
    return missed / (seen + missed)


def _providers() -> list[org.Provider]:
    """Give the providers of 2020-21; G9V9S had not opened, R9X and R9Y had not closed."""
    return [one for one in (*org.INDEPENDENT_PROVIDERS, *org.TRUSTS) if org.open_in(one, "202104")]


@cache
def _activity(seed: int, provider: org.Provider, year: int, month: int) -> Activity:
    stream = open_stream(seed, "mar", provider.code, year, month)
    size = provider.size * (0.5 + 0.04 * ((month - 3) % 12)) * (0.9 + 0.2 * stream.random())  # the recovery of 2020-21
    missed = 0.05 + 0.05 * provider.sub_icb.deprivation
    if provider.kind in ("mental health", "community"):
        specific = [0, 0, 0, 0, 0, 0]
    else:
        specific = [scatter(size * level, stream) for level in (40, 180, 250, 420, 450, 2200)]
    others = [scatter(size * level, stream) for level in (2, 3, 60, 60, 200, 900)]
    every = [one + other for one, other in zip(specific, others, strict=True)]
    return (*_measures(specific, missed), *_measures(every, missed))


def _measures(levels: Sequence[int], missed: float) -> Activity:
    ordinary, daycase, emergency, by_gp, by_others, subsequent = levels
    first = by_gp + by_others
    dna = (round(first * missed / (1 - missed)), round(subsequent * missed / (1 - missed)))
    return (ordinary, daycase, ordinary + daycase, emergency, by_gp, by_others, first, dna[0], subsequent, dna[1])


def _add_up(parts: Sequence[Activity]) -> Activity:
    return tuple(map(sum, zip(*parts, strict=True)))


def _national(seed: int, year: int, month: int) -> Activity:
    return _add_up([_activity(seed, provider, year, month) for provider in _providers()])


def _activity_report(seed: int) -> Iterator[list[Cell]]:
    period_columns = ("Financial Year", "Reporting Period", "Activity Month")
    columns = (*period_columns, "Organisation breakdown", "Org Code", "Org Name")
    acute = [f"Specific acute specialties: {measure}" for measure in MEASURES]
    every = [f"All specialties: {measure}" for measure in MEASURES]
    yield [*columns, "Region Code", "Region Name", *acute, *every]
    for year, month in MONTHS_OF_YEAR:
        period: list[Cell] = ["2020-21", "13", f"{MONTHS[month][:3]} {year}"]
        yield [*period, "National", "All", "-", "-", "-", *_national(seed, year, month)]
        for identity, members in _bodies():
            activity = _add_up([_activity(seed, provider, year, month) for provider in members])
            yield [*period, *identity, *map(suppress, activity)]


def _bodies() -> Iterator[tuple[list[Cell], list[org.Provider]]]:
    """Give breakdown, codes and names with the providers behind them; a CCG's patients are those of its providers."""
    providers = _providers()
    for breakdown in ("Region of CCG", "Region of Provider"):
        for region in org.REGIONS:
            members = [one for one in providers if one.sub_icb.icb.region == region]
            yield [breakdown, "-", "-", *_region_cells(region)], members
    of_the_hub = org.INDEPENDENT_PROVIDERS[-1]
    for sub_icb in org.SUB_ICBS:
        members = [one for one in providers if one.sub_icb == sub_icb and one != of_the_hub]
        name = f"NHS {sub_icb.district.upper()} CCG (SYNTHETIC)"
        yield ["CCG", sub_icb.code, name, *_region_cells(sub_icb.icb.region)], members
    hub = "SAMPLE COMMISSIONING HUB 1 (SYNTHETIC)"
    yield ["CCG", org.COMMISSIONING_HUB, hub, "-", "-"], [of_the_hub]
    for provider in providers:
        yield ["Provider", provider.code, provider.name, *_region_cells(provider.sub_icb.icb.region)], [provider]


def _region_cells(region: org.Region) -> list[Cell]:
    return [region.code, f"{region.name} COMMISSIONING REGION (SYNTHETIC)"]


def _months(years: int) -> Iterator[tuple[int, int, int]]:
    """Give (first year of the financial year, year, month), newest first."""
    for start in range(2020, 2020 - years, -1):
        for place in range(11, -1, -1):
            year, month = divmod(start * 12 + 3 + place, 12)
            yield start, year, month


def _dates(start: int, year: int, month: int, digits: int) -> tuple[str, str, str, str]:
    """Give month end, start and end of the financial year, and PARTYEAR; the files write years with 4 or 2 digits."""
    last_day = calendar.monthrange(year, month + 1)[1]
    month_end = f"{last_day}{MONTHS[month][:3].upper()}{str(year)[-digits:]}"
    part_year = f"{start}{13 if start == 2020 else 99}"
    return month_end, f"01APR{str(start)[-digits:]}", f"31MAR{str(start + 1)[-digits:]}", part_year


def _age_bands(seed: int) -> Iterator[list[Cell]]:
    yield ["Month_Ending", "FY_Start_Date", "FY_End_Date", "PARTYEAR", "Age_Band", *ADMITTED, *OUTPATIENT]
    for start, year, month in _months(3):
        for band, counts in zip(AGE_BANDS, _counts_by_age(seed, year, month), strict=True):
            yield [*_dates(start, year, month, 4), band, *counts]


@cache
def _counts_by_age(seed: int, year: int, month: int) -> list[list[int]]:
    shares = (*_DNA_SHARES, *_DNA_SHARES_FROM_50)
    return [
        _open_data_counts(seed, f"{band}/{year}/{month}", weight * 1000, missed)
        for band, weight, missed in zip(AGE_BANDS, _AGE_WEIGHTS, shares, strict=True)
    ]


def _functions(seed: int) -> Iterator[list[Cell]]:
    """Give the same episodes and appointments as the age bands, as in the real files, shared out over the treatment functions."""
    columns = ("PARTYEAR", "Month_Ending", "FY_Start_Date", "FY_End_Date", "TRETSPEF", "TRETSPEF_DESCRIPTION")
    yield [*columns, *ADMITTED, *OUTPATIENT, "Latest_Month_Flag"]
    non_uk = [10, 0, 10, 0, 0, 10, 10]
    for start, year, month in _months(3):
        month_end, year_start, year_end, part_year = _dates(start, year, month, 2)
        period = [part_year, month_end, year_start, year_end]
        stream = open_stream(seed, "functions", year, month)
        weights = [0.9 + 0.2 * stream.random() for _ in TREATMENT_FUNCTIONS]
        totals = [sum(column) for column in zip(*_counts_by_age(seed, year, month), strict=True)]
        rest = [total - other for total, other in zip(totals, [*non_uk, *[0] * len(OUTPATIENT)], strict=True)]
        shared = zip(*(apportion(total, weights) for total in rest), strict=True)
        for (code, name), counts in zip(TREATMENT_FUNCTIONS.items(), shared, strict=True):
            _, with_procedure, ordinary, day, *others, first, follow_up = counts
            admitted = [ordinary + day, with_procedure, ordinary, day, *others[:3]]
            appointments, _, did_not_attend = others[3:]
            yield [*period, code, name, *admitted, appointments, first + follow_up, did_not_attend, first, follow_up, 1]
        yield [*period, *NON_UK_FUNCTION, *non_uk, *[""] * len(OUTPATIENT), ""]


def _open_data_counts(seed: int, label: str, appointments: float, missed: float) -> list[int]:
    """Give the seven admitted counts and the five outpatient ones; the cancelled are in Total_Appointments only."""
    stream = open_stream(seed, "open data", label)
    total = round(appointments * (0.9 + 0.2 * stream.random()))
    dna = round(total * missed)
    attended = round(total * 0.85) - dna
    first = round(attended * 0.35)
    episodes = round(total * 0.18)
    day_cases = round(episodes * 0.35)
    admitted = [episodes, round(episodes * 0.6), episodes - day_cases, day_cases, round(day_cases * 0.9)]
    admitted += [round(episodes * 0.85), round(episodes * 0.3)]
    return [*admitted, total, attended, dna, first, attended - first]
