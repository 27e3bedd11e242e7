"""AP01 of the sample: what trusts do, for whom, paid by what. R9A has the breadth, R9B names a group and does nothing for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dagster_project.returns.calendar import Participant
from dagster_project.sample import returns_survey_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "AP01"
HEADER = (
    "item_id",
    "item_type",
    "programme_code",
    "approach_code",
    "target_group_code",
    "scope_level",
    "treatment_function_code",
    "metric_id",
    "baseline",
    "target",
    "target_date",
    "status",
    "funding_type",
    "published_url",
)
MEASURED = ("WL_GT52_PCT", 3.1, 1, "2027-03-31")
NOT_MEASURED = ("", "", "", "")
PLAN = "https://sample-icb.example.invalid/inequalities-plan"
_Item = tuple[str, str, str, str, str, str, tuple[Cell, ...], str, str, str]
PLANTED_ITEMS: Mapping[str, tuple[_Item, ...]] = {
    "R9A": (
        ("ACTION", "", "POPULATION_GROUPS", "IH_HOMELESS", "WHOLE_ORG", "", NOT_MEASURED, "ACTIVE", "RECURRENT", ""),
        ("PILOT", "OTHER", "DATA_ANALYSIS", "IH_HOMELESS", "DIVISION", "", NOT_MEASURED, "PLANNED", "EXTERNAL", ""),
        ("ACTION", "", "POPULATION_GROUPS", "IH_HOMELESS", "SITE", "", NOT_MEASURED, "CLOSED", "NONE", ""),
        ("ACTION", "", "WAITING_LISTS", "CORE20", "SERVICE", "110", MEASURED, "ACTIVE", "NON_RECURRENT", ""),
        ("PLAN", "", "ANCHOR", "ALL", "WHOLE_ORG", "", NOT_MEASURED, "ACTIVE", "NONE", PLAN),
    ),
    "R9B": (("ACTION", "", "WORKFORCE", "ETHNIC_MINORITY", "WHOLE_ORG", "", NOT_MEASURED, "ACTIVE", "RECURRENT", ""),),
    "R9C": (
        ("PROGRAMME", "EDS2022", "WORKFORCE", "ETHNIC_MINORITY", "WHOLE_ORG", "", MEASURED, "ACTIVE", "RECURRENT", ""),
    ),
    "R9E": (("ACTION", "", "PREVENTION", "PC_CYP", "SERVICE", "X04", NOT_MEASURED, "PAUSED", "NONE", ""),),
}
"""Trust -> item type, programme, approach, group, scope, function, metric with baseline, target and day, status, funding, address."""


def _rows(trust: str) -> Iterator[tuple[Cell, ...]]:
    for number, item in enumerate(PLANTED_ITEMS[trust], start=1):
        kind, programme, approach, group, scope, function, metric, status, funding, address = item
        place = (f"HI-{number:03d}", kind, programme, approach, group, scope, function)
        yield *place, *metric, status, funding, address


def returns() -> Iterator[SampleReturn]:
    """Yield the lists of four trusts at the end of September 2026."""
    for trust in PLANTED_ITEMS:
        rows = list(_rows(trust))
        yield SampleReturn(COLLECTION, trust, story.QUARTER_END, HEADER, rows, len(rows))


def participants() -> Iterator[Participant]:
    """Yield those who send it."""
    return story.participants_of(COLLECTION, tuple(PLANTED_ITEMS), story.QUARTER_END, story.QUARTER_END)
