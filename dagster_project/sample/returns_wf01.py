"""WF01 of the sample: public health and analyst staff on 30 September 2026, and recruiting half a year before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from dagster_project.returns.calendar import Participant
from dagster_project.sample import returns_survey_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "WF01"
HEADER = (
    "org_code",
    "snapshot_date",
    "role_code",
    "headcount",
    "wte",
    "funded_establishment_wte",
    "employment_model",
    "recruitment_stage",
    "funding_type",
    "training_placement",
)
SAFE = "R9J"
PLANTED_STAGES: Mapping[str, tuple[str, str]] = {
    "R9G": ("JD_APPROVED", "ADVERTISED"),
    "R9H": ("ADVERTISED", "JD_DRAFTED"),
}
"""Recruiting of a consultant in March and in September 2026."""
JOINT = "R9A"
"""Three of its nine consultants are employed jointly with a council."""
NOT_AWARE = ("R9K", "R9L", "R9M", "R9Q")


def heads_of(trust: str) -> Mapping[str, int]:
    """Return the people by role."""
    place = story.TRUSTS.index(trust)
    return {"PHC": story.PLANTED_CONSULTANTS[trust], "HIL": 1, "HIA": (0, 3, 8, 14)[place % 4]}


def _post(trust: str, day: dt.date, role: str, heads: int, model: str) -> tuple[Cell, ...]:
    stages = PLANTED_STAGES.get(trust, ("NONE", "NONE")) if role == "PHC" else ("NONE", "NONE")
    stage = "IN_POST" if heads else stages[day == story.HALF_YEAR_END]
    count: Cell = "[c]" if trust == SAFE and 0 < heads < 8 else 5 * round(heads / 5) if trust == SAFE else heads
    funding = "RECURRENT" if heads > 8 else "NON_RECURRENT" if heads else "NONE"
    placement = "NOT_AWARE" if trust in NOT_AWARE else "APPROVED" if heads > 8 else "NO"
    wte = round(0.95 * heads, 2)
    return trust, day.isoformat(), role, count, wte, heads + (role == "PHC"), model, stage, funding, placement


def _rows(trust: str, day: dt.date) -> Iterator[tuple[Cell, ...]]:
    for role, heads in heads_of(trust).items():
        if (trust, role) == (JOINT, "PHC"):
            yield _post(trust, day, role, heads - 3, "EMPLOYED")
            yield _post(trust, day, role, 3, "JOINT_LA")
        else:
            yield _post(trust, day, role, heads, "EMPLOYED" if heads else "NONE")


def returns() -> Iterator[SampleReturn]:
    """Yield September 2026 of all, March 2026 of those whose recruiting moves."""
    earlier = [(trust, story.YEAR_END) for trust in PLANTED_STAGES]
    for trust, day in [*earlier, *((trust, story.HALF_YEAR_END) for trust in story.TRUSTS)]:
        rows = list(_rows(trust, day))
        total = sum(row[3] for row in rows if isinstance(row[3], int))
        profile = "SAFE" if trust == SAFE else "RESTRICTED"
        yield SampleReturn(COLLECTION, trust, day, HEADER, rows, total, disclosure_profile=profile)


def participants() -> Iterator[Participant]:
    """Yield those who send it."""
    for trust in story.TRUSTS:
        first = story.YEAR_END if trust in PLANTED_STAGES else story.HALF_YEAR_END
        yield from story.participants_of(COLLECTION, (trust,), first, story.HALF_YEAR_END)
