"""WR01 of the sample: race equality on 31 March 2026. At R9A White applicants are appointed 1.5 times as often, BME staff
disciplined twice as often; at R9D indicator 2 is so large that somebody should read the counts again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dagster_project.returns.calendar import Participant
from dagster_project.sample import returns_survey_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "WR01"
HEADER = ("wres_indicator", "snapshot_date", "staff_scope", "ethnic_group", "numerator", "denominator")
TRUSTS = ("R9A", "R9B", "R9C", "R9D")
Counts = Mapping[int, tuple[tuple[int, int], tuple[int, int]]]
PLANTED: Counts = {
    2: ((120, 400), (60, 300)),
    3: ((40, 2_000), (40, 1_000)),
    4: ((1_000, 2_000), (400, 1_000)),
    5: ((500, 2_000), (300, 1_000)),
    6: ((400, 2_000), (300, 1_000)),
    7: ((1_200, 2_000), (450, 1_000)),
    8: ((120, 2_000), (150, 1_000)),
}
"""Indicator -> numerator and denominator of White and of BME staff, multiples of five so that rounding moves nothing."""
SUSPECT: Counts = {2: ((500, 1_000), (10, 500))}
BOARD = {"WHITE": 12, "BME": 2, "UNKNOWN": 0}
BANDS = {"BAND_5": (700, 500), "BAND_8A": (190, 40), "VSM": (18, 3)}
NOT_KNOWN = 30


def _staff(trust: str) -> Iterator[tuple[str, int, int]]:
    """Scope, White and BME staff: bands first, then everybody with the bands that are not sent."""
    place = TRUSTS.index(trust)
    for scope, (white, bme) in BANDS.items():
        yield scope, white + 10 * place, bme
    yield "ALL", 2_000 + 10 * place, 1_000


def _rows(trust: str) -> Iterator[tuple[Cell, ...]]:
    day = story.YEAR_END.isoformat()
    for scope, white, bme in _staff(trust):
        unknown = NOT_KNOWN if scope == "ALL" else 0
        for group, heads in (("WHITE", white), ("BME", bme), ("UNKNOWN", unknown)):
            yield 1, day, scope, group, heads, white + bme + unknown
    planted = {**PLANTED, **(SUSPECT if trust == "R9D" else {})}
    for indicator, pair in planted.items():
        for group, (numerator, denominator) in zip(("WHITE", "BME"), pair, strict=True):
            yield indicator, day, "ALL", group, numerator, denominator
    for group, heads in BOARD.items():
        yield 9, day, "BOARD", group, heads, sum(BOARD.values())


def returns() -> Iterator[SampleReturn]:
    """Yield one return of each of four trusts."""
    for trust in TRUSTS:
        rows = list(_rows(trust))
        total = sum(int(row[4] or 0) for row in rows)
        yield SampleReturn(COLLECTION, trust, story.YEAR_END, HEADER, rows, total)


def participants() -> Iterator[Participant]:
    """Yield those who send it."""
    return story.participants_of(COLLECTION, TRUSTS, story.YEAR_END, story.YEAR_END)
