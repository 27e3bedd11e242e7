"""SA01 of the sample: the 25 items of the self-assessment. R9A has a domain at every rating, and one that is too thinly answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dagster_project.returns.calendar import Participant
from dagster_project.sample import returns_survey_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "SA01"
HEADER = ("item_no", "score", "evidence_ref")
DOMAINS = ("DATA", "LEADERSHIP", "PARTNERSHIP", "CAPACITY", "DELIVERY")
"""Items 1 to 5, 6 to 10 and so on."""
PLANTED_POINTS: Mapping[str, tuple[int | None, ...]] = {"R9A": (15, 10, 5, 0, None)}
"""Points by domain out of 15; None where fewer than four items are answered."""
WITHOUT_EVIDENCE = ("R9B", 6)
TRUSTS = story.ACUTE


def score_of(trust: str, item: int) -> int | None:
    """Return the score of an item; None for NA."""
    domain = (item - 1) // 5
    if trust in PLANTED_POINTS:
        points = PLANTED_POINTS[trust][domain]
        return (None if item > 23 else 2) if points is None else points // 5
    if (trust, item) == WITHOUT_EVIDENCE:
        return 3
    return (story.TRUSTS.index(trust) + item + domain) % 4


def _rows(trust: str) -> Iterator[tuple[Cell, ...]]:
    for item in range(1, 26):
        score = score_of(trust, item)
        evidenced = score == 3 and (trust, item) != WITHOUT_EVIDENCE
        yield item, "NA" if score is None else score, f"Board paper {item} (invented)" if evidenced else ""


def returns() -> Iterator[SampleReturn]:
    """Yield one self-assessment of each acute trust, for the year to March 2026."""
    for trust in TRUSTS:
        rows = list(_rows(trust))
        total = sum(row[1] for row in rows if isinstance(row[1], int))
        yield SampleReturn(COLLECTION, trust, story.YEAR_END, HEADER, rows, total)


def participants() -> Iterator[Participant]:
    """Yield those who send it."""
    return story.participants_of(COLLECTION, TRUSTS, story.YEAR_END, story.YEAR_END)
