"""UC01 of the sample: urgent care by housing. At R9A homeless people attend A&E six times, are admitted four times as
often, and stay twice as long as housed people: the ratios that are quoted everywhere, here on a denominator that is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from dagster_project.returns.calendar import MONTHLY, QUARTERLY, period_start, periods_between
from dagster_project.sample import returns_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "UC01"
HEADER = (
    "org_code",
    "activity_month",
    "measure_code",
    "accommodation_group",
    "accommodation_status_code",
    "identification_method",
    "value",
    "denominator_source",
)
POPULATION = {"HOMELESS": 2_000, "HOUSED": 300_000}
SOURCE = {"HOMELESS": "H-CLIC", "HOUSED": "ONS_MYE"}
ATTENDANCES_OF_HOUSED = 0.03
"""A&E attendances of one housed person in a month."""
ADMISSIONS_OF_HOUSED = 0.01
DAYS_OF_HOUSED = 4
RATIOS: Mapping[str, tuple[float, float, float]] = {
    "R9A": (6.0, 4.0, 2.0),
    "R9B": (3.0, 2.0, 1.5),
    "R9C": (4.0, 3.0, 1.5),
    story.HOUSING_NOT_KNOWN: (5.0, 3.0, 2.0),
}
"""Homeless over housed: attendances, emergency admissions, mean length of stay; 2, 2 and 1 elsewhere."""
EPC_REGISTERED = {dt.date(2026, 6, 30): 720, dt.date(2026, 9, 30): 1_300}
EPC_GROWTH_STATED = 90


def population(org_code: str, group: str) -> int:
    """Return the people of the group whom the trust serves."""
    return round(POPULATION[group] * story.size_of(org_code))


def month_counts(org_code: str, group: str, quarter: dt.date) -> dict[str, int]:
    """Return the count of each measure of one month of the quarter for homeless or housed people; 2 in 100 more in the newest quarter."""
    attended, admitted, stayed = RATIOS.get(org_code, (2.0, 2.0, 1.0)) if group == "HOMELESS" else (1.0, 1.0, 1.0)
    persons = population(org_code, group) * (1.02 if quarter == story.NEWEST_QUARTER else 1)
    attendances = round(persons * ATTENDANCES_OF_HOUSED * attended)
    admissions = round(persons * ADMISSIONS_OF_HOUSED * admitted)
    return {
        "AE_ATTENDANCES": attendances,
        "AE_PERSONS": round(attendances * 0.7),
        "EM_ADMISSIONS": admissions,
        "EM_DISCHARGED_SPELLS": admissions,
        "EM_BED_DAYS": round(admissions * DAYS_OF_HOUSED * stayed),
    }


def not_known_share(org_code: str) -> float:
    """Share of all attendances and admissions whose housing is not known."""
    return 0.5 if org_code == story.HOUSING_NOT_KNOWN else 0.1


def _rows(org_code: str, quarter: dt.date) -> Iterator[tuple[Cell, ...]]:
    first = period_start(QUARTERLY, quarter)
    for month in periods_between(MONTHLY, f"{first:%Y-%m}", quarter + dt.timedelta(days=1)):
        place = (org_code, month.isoformat())
        known = {group: month_counts(org_code, group, quarter) for group in POPULATION}
        for group, counts in known.items():
            yield from ((*place, measure, group, "ALL", "CODED_STATUS", n, "") for measure, n in counts.items())
        share = not_known_share(org_code)
        for measure in known["HOUSED"]:
            unknown = round(sum(counts[measure] for counts in known.values()) * share / (1 - share))
            yield (*place, measure, "NOT_KNOWN", "ALL", "CODED_STATUS", unknown, "")
    place = (org_code, quarter.isoformat())
    for group in POPULATION:
        size, source = population(org_code, group), SOURCE[group]
        yield (*place, "POP_DENOMINATOR", group, "ALL", "CODED_STATUS", size, source)
    if org_code == "R9A":
        yield (*place, "EPC_REGISTERED", "HOMELESS", "ALL", "CODED_STATUS", EPC_REGISTERED[quarter], "")
    if org_code == "R9A" and quarter == story.NEWEST_QUARTER:
        yield (*place, "EPC_GROWTH_STATED", "HOMELESS", "ALL", "CODED_STATUS", EPC_GROWTH_STATED, "")


def returns() -> Iterator[SampleReturn]:
    """Yield every submission; R9F's newest quarter does not come."""
    for code in story.URGENT_CARE_TRUSTS:
        for quarter in story.quarters():
            if code == story.MISSING and quarter == story.NEWEST_QUARTER:
                continue
            rows = list(_rows(code, quarter))
            total = sum(row[6] for row in rows if isinstance(row[6], int) and row[2] != "EPC_GROWTH_STATED")
            yield SampleReturn(COLLECTION, code, quarter, HEADER, rows, total)
