"""What the sample's trusts say of themselves: survey, self-assessment, workforce, EDS, race equality, actions.

Twelve acute trusts answer the survey of 2026 and so are a stratum that is shown; two specialist, two mental health and one
community trust are strata below the minimum base of ten and are refused. R9N takes part in the survey and sends nothing.

| trust | what is to be seen |
|---|---|
| R9A | consultants and a very well developed board; homeless people named, measured (six times the A&E visits) and paid for |
| R9B | homeless people named, nothing done; EDS total 31, on whose band two editions disagree; item 6 scored 3 without evidence |
| R9C | EDS outcomes that add to 21 under a stated total of 22; free text that may be quoted with the trust's name |
| R9D | consultants and a board still developing; applicants of indicator 2 so far apart that the counts are to be read again |
| R9E | an EDS outcome without a score, so that there is no total; an action for a group it did not name |
| R9F, R9T | two and three consultants: hidden as a count, known as a yes |
| R9G, R9H | recruiting moves on, and backwards, from March to September 2026 |
| R9J | a SAFE workforce file with [c] |
| R9U | does not know how developed its board is |

`PLANTED_*` are the answers that tests look for; nothing else here is one.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache

from dagster_project.contracts.collection import SEEDS_FOLDER
from dagster_project.returns.calendar import Participant

YEAR_END = dt.date(2026, 3, 31)
YEAR_BEFORE = dt.date(2025, 3, 31)
HALF_YEAR_END = dt.date(2026, 9, 30)
QUARTER_END = dt.date(2026, 9, 30)

ACUTE = tuple(f"R9{letter}" for letter in "ABCDEFGHJKLM")
OTHERS = ("R9P", "R9Q", "R9R", "R9T", "R9U")
TRUSTS = (*ACUTE, *OTHERS)
SILENT = "R9N"

PLANTED_RATINGS: Mapping[str, str] = dict(
    zip(
        TRUSTS,
        (
            *("VERY_WELL", "FAIRLY_WELL", "FAIRLY_WELL", "DEVELOPING", "FAIRLY_WELL", "FAIRLY_WELL"),
            *("DEVELOPING", "UNDEVELOPED", "DEVELOPING", "VERY_WELL", "FAIRLY_WELL", "DEVELOPING"),
            *("DEVELOPING", "DEVELOPING", "FAIRLY_WELL", "DEVELOPING", "DONT_KNOW"),
        ),
        strict=True,
    )
)
PLANTED_CONSULTANTS: Mapping[str, int] = dict(
    zip(TRUSTS, (9, 10, 8, 12, 9, 2, 0, 0, 0, 11, 0, 0, 8, 0, 0, 3, 0), strict=True)
)
"""Heads of public health consultants."""
PLANTED_APPROACHES: Mapping[str, int] = {
    "DATA_ANALYSIS": 10,
    "WORKFORCE": 9,
    "CONDITIONS": 8,
    "WAITING_LISTS": 6,
    "QI_LENS": 4,
    "POPULATION_GROUPS": 9,
    "PREVENTION": 3,
    "DIGITAL_INCLUSION": 2,
    "ANCHOR": 5,
    "COMMUNITY_CO_PRODUCTION": 1,
    "OTHER": 0,
}
"""Acute trusts out of twelve that use each approach in 2026."""
PLANTED_BARRIERS_2025: Mapping[str, int] = {"OP_PRESSURE": 6, "FINANCE": 9}
PLANTED_BARRIERS_2026: Mapping[str, int] = {"OP_PRESSURE": 11, "FINANCE": 7}
"""Acute trusts out of twelve that name a barrier."""
PLANTED_GROUPS: Mapping[str, frozenset[str]] = {
    "R9A": frozenset({"IH_HOMELESS", "ETHNIC_MINORITY"}),
    "R9B": frozenset({"IH_HOMELESS"}),
    "R9C": frozenset({"ETHNIC_MINORITY"}),
    "R9D": frozenset({"LD_AUTISM"}),
    "R9E": frozenset({"COASTAL"}),
}
"""PLUS groups that these trusts name in 2026."""


@cache
def options_of(wave: int) -> Mapping[str, tuple[str, ...]]:
    """Return the options that the wave offers by question, from the seed of the contracts; free text last."""
    found: dict[str, list[str]] = {}
    with (SEEDS_FOLDER / "survey_option.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if int(row["wave_from"]) <= wave <= int(row["wave_to"] or 9999):
                found.setdefault(row["question_code"], []).append(row["option_code"])
    return {question: tuple(options) for question, options in found.items()}


def is_among(trust: str, number: int, turn: int) -> bool:
    """Say whether the trust is among `number` of its twelve: seven and twelve have no common factor, so exactly so many are."""
    place = TRUSTS.index(trust) % len(ACUTE)
    return (7 * place + turn) % len(ACUTE) < number


def participants_of(collection: str, trusts: tuple[str, ...], first: dt.date, last: dt.date) -> Iterator[Participant]:
    """Yield who takes part, from the first period to the last: the sample ends, or every trust would be late some day."""
    for trust in trusts:
        yield Participant(trust, collection, f"{first:%Y-%m}", f"{last:%Y-%m}")
