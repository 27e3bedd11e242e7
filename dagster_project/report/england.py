"""The first page: England, the Core20PLUS5 scorecard, the widest gaps, and where to go from here."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.report import commitments, coverage, groups, priorities, returned, scorecard, trends
from dagster_project.report.blocks import Block, Bullets, Page, Paragraph, Section, link
from dagster_project.report.context import ENGLAND, Context

WHERE = (
    "treatment_function_code = 'all' and geography_basis = 'current' and organisation_level = 'england' "
    "and unit = 'proportion' and dimension in ('imd_decile', 'ethnic_group')"
)
LEAD = (
    "Where are the gaps between groups of patients, are the differences clear, are they closing, and how many people does it concern? For "
    "England, every NHS trust and every integrated care board, from what publishers publish."
)


def page(context: Context) -> Page:
    """The page of England."""
    own = f"organisation_code = '{ENGLAND}'"
    marts = context.marts
    splits = groups.read_splits(marts, "mart_waiting_list", WHERE, gaps_where=own).get(ENGLAND, [])
    sections = [Section("start", "Start here", _start(context))]
    sections += scorecard.Scorecards(context).sections(context, ENGLAND)
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
    return Page("index.html", "Health inequalities in England", sections, LEAD)


def _waiting(context: Context, anchor: str, title: str, splits: Sequence[groups.Split], dimension: str) -> Section:
    return groups.section(context, anchor, title, [split for split in splits if split.dimension == dimension])


def _start(context: Context) -> list[Block]:
    ways = [
        link("find.html", "Find a trust, an integrated care board or an indicator"),
        link("data-quality.html", "See how complete the data are"),
    ]
    if coverage.COVERAGE in context.marts.columns:
        ways.append(link(coverage.PATH, "See which figures exist, and which are held"))
    ways.append(link("provenance.html", "See where each figure comes from"))
    return [
        Bullets(ways),
        Paragraph(
            "A figure that cannot be shown says why: [c] confidential, [x] not available, [z] not applicable. Zero is a zero."
        ),
    ]
