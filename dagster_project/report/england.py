"""The first page: what stands out in England, the Core20PLUS5 scorecard, the widest gaps, waits and trends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dagster_project.report import commitments, gap_trends, groups, priorities, returned, tile_map, tiles, trends
from dagster_project.report.blocks import Block, Page, Paragraph, Section, say
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.figures import gap_format, mark, present, show_period
from dagster_project.report.marts import group_rows
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
        by_tenth = _waiting(context, "deprivation", "Waiting list by deprivation", splits, "imd_decile")
        sections.append(replace(by_tenth, blocks=[*by_tenth.blocks, *_sectors(context)]))
        sections.append(_waiting(context, "ethnicity", "Waiting list by ethnic category", splits, "ethnic_group"))
    if control:
        sections.append(trends.section(context, control, slopes, everything.lines))
    sections += gap_trends.sections(context, everything.gap_trends.get(ENGLAND, []))
    sections += returned.england(context, everything.returned)
    sections += commitments.england(context, everything.commitments)
    sections.append(Section("read", "How to read this page", [Paragraph(tiles.RULE), Paragraph(SHORTHAND)]))
    sections = [replace(section, paper=PAPER.get(section.anchor, 0)) for section in sections]
    return Page("index.html", "Health inequalities in England", sections, LEAD, paper="short")


def _waiting(context: Context, anchor: str, title: str, splits: Sequence[groups.Split], dimension: str) -> Section:
    return groups.section(context, anchor, title, [split for split in splits if split.dimension == dimension])


def _sectors(context: Context) -> list[Block]:
    """Say how much of each Core20 gap comes from who is treated in the independent sector; nothing where a sector is hidden."""
    newest = context.marts.rows(
        "mart_sector_gap", "period_end = (select max(period_end) from mart_sector_gap) and value is not null"
    )
    said: list[Block] = []
    for indicator_id, rows in group_rows(newest, "indicator_id").items():
        of = {row["measure"]: row for row in rows}
        if not {"england_gap", "gap_from_independent_sector", "nhs_acute_gap"} <= set(of):
            continue
        whole, part, acute = (of[name] for name in ("england_gap", "gap_from_independent_sector", "nhs_acute_gap"))
        form = gap_format(context.unit(indicator_id), present([row["value"] for row in (whole, part, acute)]))
        text = say(
            "{name}: the most deprived quintile stands {whole} percentage points from the rest ({day}); {part} of them ({lower} to {upper}) come from who "
            "is treated in the independent sector. Trusts are to be compared with all NHS acute providers, where it is {acute}.",
            name=context.short_name(indicator_id),
            whole=mark(whole, "value", form),
            day=show_period(whole),
            part=mark(part, "value", form),
            lower=mark(part, "ci_lower_95", form),
            upper=mark(part, "ci_upper_95", form),
            acute=mark(acute, "value", form),
        )
        said.append(Paragraph(text))
    return said
