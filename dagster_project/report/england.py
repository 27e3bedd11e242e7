"""The first page: what stands out in England, the Core20PLUS5 scorecard, the widest gaps, waits and trends."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.report import commitments, groups, priorities, returned, scorecard, tiles, trends
from dagster_project.report.blocks import Page, Paragraph, Section
from dagster_project.report.context import ENGLAND, Context

WHERE = (
    "treatment_function_code = 'all' and geography_basis = 'current' and organisation_level = 'england' "
    "and unit = 'proportion' and dimension in ('imd_decile', 'ethnic_group')"
)
LEAD = "Gaps between groups of patients in England, in every NHS trust and every integrated care board."
SHORTHAND = "A figure that cannot be shown says why: [c] confidential, [x] not available, [z] not applicable. A zero is a figure: none were counted."


def page(context: Context) -> Page:
    """The page of England."""
    own = f"organisation_code = '{ENGLAND}'"
    marts = context.marts
    splits = groups.read_splits(marts, "mart_waiting_list", WHERE, gaps_where=own).get(ENGLAND, [])
    scorecards = scorecard.Scorecards(context)
    sections = [tiles.section(context, scorecards.of(ENGLAND)), *scorecards.sections(context, ENGLAND)]
    ranked = marts.rows("mart_priorities", own)
    if ranked:
        sections.append(priorities.section(context, ranked))
    if splits:
        sections.append(_waiting(context, "deprivation", "Waiting list by deprivation", splits, "imd_decile"))
        sections.append(_waiting(context, "ethnicity", "Waiting list by ethnic category", splits, "ethnic_group"))
    control = marts.rows("mart_control_chart", own)
    if control:
        sections.append(trends.section(context, control, marts.rows("mart_trend", own)))
    sections += returned.england(context, returned.read_returned(marts))
    sections += commitments.england(context, commitments.read_commitments(marts))
    sections.append(Section("read", "How to read this page", [Paragraph(tiles.RULE), Paragraph(SHORTHAND)]))
    return Page("index.html", "Health inequalities in England", sections, LEAD)


def _waiting(context: Context, anchor: str, title: str, splits: Sequence[groups.Split], dimension: str) -> Section:
    return groups.section(context, anchor, title, [split for split in splits if split.dimension == dimension])
