"""ED01 of the sample: EDS 2022 of 2025/26, with totals that agree, that do not, and one that is not there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from dagster_project.returns.calendar import Participant
from dagster_project.sample import returns_survey_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "ED01"
HEADER = (
    "assessment_year",
    "domain_no",
    "outcome_code",
    "service_name",
    "score",
    "published_url",
    "published_date",
)
YEAR = "2025/26"
SERVICES = ("Maternity", "Outpatients", "Urgent care")
OUTCOMES = ("1A", "1B", "1C", "1D", "2A", "2B", "2C", "2D", "3A", "3B", "3C")
MISSING = ("R9E", "3C")
PLANTED_SCORES: Mapping[str, str] = {
    "R9A": "22222222233",
    "R9B": "33333333322",
    "R9C": "22222222221",
    "R9D": "22222222222",
    "R9E": "11111111111",
}
"""One digit for each outcome; in domain 1 the middle score of the three services."""
STATED_TOTALS = {"R9C": 22}
"""What the trust gives as its total, where it is not the sum."""
LATE = "R9A"


def total_of(trust: str) -> int:
    """Return the sum of the outcomes that are sent."""
    digits = zip(OUTCOMES, PLANTED_SCORES[trust], strict=True)
    return sum(int(digit) for outcome, digit in digits if (trust, outcome) != MISSING)


def _rows(trust: str) -> Iterator[tuple[Cell, ...]]:
    published = dt.date(2026, 3, 5) if trust == LATE else dt.date(2026, 2, 20)
    where = (f"https://{trust.lower()}.example.invalid/eds-2025-26", published.isoformat())
    for outcome, digit in zip(OUTCOMES, PLANTED_SCORES[trust], strict=True):
        if (trust, outcome) == MISSING:
            continue
        if outcome[0] != "1":
            yield YEAR, int(outcome[0]), outcome, "", int(digit), *where
            continue
        for service, score in zip(SERVICES, (3, int(digit), 0), strict=True):
            yield YEAR, 1, outcome, service, score, *where


def returns() -> Iterator[SampleReturn]:
    """Yield one assessment of each of five trusts; the control total is the total that the trust states."""
    for trust in PLANTED_SCORES:
        total = STATED_TOTALS.get(trust, total_of(trust))
        yield SampleReturn(COLLECTION, trust, story.YEAR_END, HEADER, list(_rows(trust)), total)


def participants() -> Iterator[Participant]:
    """Yield those who send it."""
    return story.participants_of(COLLECTION, tuple(PLANTED_SCORES), story.YEAR_END, story.YEAR_END)
