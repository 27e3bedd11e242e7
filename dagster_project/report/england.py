"""The first page: what stands out in England, the Core20PLUS5 scorecard, the widest gaps, waits and trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dagster_project.report import commitments, gap_trends, groups, priorities, returned, tile_map, tiles, trends
from dagster_project.report.blocks import Page, Paragraph, Section
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.organisations import Everything

WHERE = (
    "treatment_function_code = 'all' and geography_basis = 'current' and organisation_level = 'england' "
    "and unit = 'proportion' and dimension in ('imd_decile', 'ethnic_group')"
)
LEAD = "Gaps between groups of patients in England, in every NHS trust and every integrated care board."
PAPER = {"stands-out": 1, "core20plus5": 1, "map": 4, "gaps": 1, "deprivation": 2, "ethnicity": 2, "trends": 4}
"""Charts of each section that go on paper: six sides at most."""
SHORTHAND = "A figure that cannot be shown says why: [c] confidential, [x] not available, [z] not applicable. A zero is a figure: none were counted."


def page(context: Context, everything: Everything) -> Page:
    """Return the page of England."""
    own = f"organisation_code = '{ENGLAND}'"
    splits = groups.read_splits(context.marts, "mart_waiting_list", WHERE, gaps_where=own).get(ENGLAND, [])
    scorecards = everything.scorecards
    gaps, control, slopes = (
        rows.get(ENGLAND, []) for rows in (everything.priorities, everything.control, everything.slopes)
    )
    first = tiles.section(context, gaps, scorecards.of(ENGLAND), slopes, control)
    cards, boards = scorecards.sections(context, ENGLAND), tile_map.section(context)
    sections = [first, *cards[:1], *([boards] if boards.blocks else []), *cards[1:]]
    if gaps:
        sections.append(priorities.section(context, gaps))
    if splits:
        sections.append(_waiting(context, "deprivation", "Waiting list by deprivation", splits, "imd_decile"))
        sections.append(_waiting(context, "ethnicity", "Waiting list by ethnic category", splits, "ethnic_group"))
    if control:
        sections.append(trends.section(context, control, slopes))
    sections += gap_trends.sections(context, everything.gap_trends.get(ENGLAND, []))
    sections += returned.england(context, everything.returned)
    sections += commitments.england(context, everything.commitments)
    sections.append(Section("read", "How to read this page", [Paragraph(tiles.RULE), Paragraph(SHORTHAND)]))
    sections = [replace(section, paper=PAPER.get(section.anchor, 0)) for section in sections]
    return Page("index.html", "Health inequalities in England", sections, LEAD, paper="short")


def _waiting(context: Context, anchor: str, title: str, splits: Sequence[groups.Split], dimension: str) -> Section:
    return groups.section(context, anchor, title, [split for split in splits if split.dimension == dimension])
