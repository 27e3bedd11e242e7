"""A page for every trust and every integrated care board, read in a few queries for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from dagster_project.report import (
    brief,
    commitments,
    comparisons,
    coverage,
    gap_trends,
    groups,
    priorities,
    quality,
    returned,
    scorecard,
    trends,
    value_lines,
)
from dagster_project.report.blocks import Facts, Page, Paragraph, Section, link, say
from dagster_project.report.context import LEVELS, Context, Organisation
from dagster_project.report.figures import mark, present, show_date, show_period, value_format
from dagster_project.report.marts import Row, group_rows

MONTHLY = "rtt_over_52_weeks"
SPLIT_WHERE = (
    "treatment_function_code = 'all' and geography_basis = 'current' and organisation_level in ('trust', 'icb') "
    "and unit = 'proportion' and dimension in ('imd_quintile', 'ethnic_group_5')"
)
PAPER = {"brief": 1, "deprivation": 2, "ethnicity": 2, "trends": 2, "others": 2, "core20plus5": 1}
"""Charts of each section that go on paper: the brief on one side, and an annex of two sides at most."""
LEADS = {
    "trust": "Gaps between groups of patients, waits, trends and data quality of this trust. Figures have 95% limits; one that cannot be shown says why.",
    "icb": "Gaps between groups of patients, waits and data quality of the trusts in this board's area: the board of the provider, not of where people live.",
}


@dataclass
class Everything:
    """The rows of all organisations and of England, by code."""

    priorities: dict[Any, list[Row]]
    splits: dict[str, list[groups.Split]]
    control: dict[Any, list[Row]]
    slopes: dict[Any, list[Row]]
    quality: dict[Any, list[Row]]
    comparisons: dict[tuple[str, str, str], comparisons.Comparison]
    boards: list[list[Row]]
    returned: returned.Returned
    commitments: commitments.Commitments
    scorecards: scorecard.Scorecards
    statement: dict[Any, list[Row]]
    gap_trends: dict[str, list[list[Row]]]
    lines: value_lines.Lines


def read_everything(context: Context) -> Everything:
    """Read each mart with one query."""
    marts = context.marts
    level = "organisation_level in ('trust', 'icb')"
    return Everything(
        group_rows(marts.rows("mart_priorities"), "organisation_code"),
        groups.read_splits(marts, "mart_waiting_list", SPLIT_WHERE, gaps_where=level),
        group_rows(marts.rows("mart_control_chart"), "organisation_code"),
        group_rows(marts.rows("mart_trend"), "organisation_code"),
        group_rows(quality.read_newest(marts, level), "organisation_code"),
        comparisons.read_comparisons(context),
        _read_boards(context),
        returned.read_returned(marts),
        commitments.read_commitments(marts),
        scorecard.Scorecards(context),
        coverage.read_statement(marts),
        gap_trends.read_gap_trends(marts),
        value_lines.read_lines(context),
    )


def _read_boards(context: Context) -> list[list[Row]]:
    """ICBs side by side: for each of the preferred indicators the newest period."""
    where = (
        "organisation_level = 'icb' and dimension = 'all' and treatment_function_code = 'all' and geography_basis = 'current' "
        "and unit = 'proportion'"
    )
    found = group_rows(context.marts.rows("mart_waiting_list", where), "indicator_id")
    chosen = [found[name] for name in comparisons.PREFERRED if name in found]
    return [[row for row in rows if row["period_end"] == max(r["period_end"] for r in rows)] for rows in chosen]


def _told(context: Context, organisation: Organisation, everything: Everything) -> brief.Told:
    code = organisation.code
    rule, peers = comparisons.peers(context, organisation)
    return brief.Told(
        everything.priorities.get(code, []),
        everything.splits.get(code, []),
        everything.control.get(code, []),
        everything.quality.get(code, []),
        [split for peer in peers for split in everything.splits.get(peer.code, [])],
        rule,
    )


def pages(context: Context, everything: Everything) -> Iterator[Page]:
    """Yield every organisation's page and its brief."""
    for organisation in sorted(context.organisations.values(), key=lambda o: o.code):
        said = brief.blocks(context, _told(context, organisation, everything))
        yield _page(context, organisation, everything, brief.section(organisation, said))
        yield brief.page(context, organisation, said)


def _page(context: Context, organisation: Organisation, everything: Everything, first: Section) -> Page:
    code = organisation.code
    splits = everything.splits.get(code, [])
    sections = [
        first,
        priorities.section(context, everything.priorities.get(code, [])),
        _by_deprivation(context, code, everything, _of(splits, "imd_quintile")),
        groups.section(context, "ethnicity", "Waiting list by ethnic group", _of(splits, "ethnic_group_5")),
        trends.section(context, everything.control.get(code, []), everything.slopes.get(code, []), everything.lines),
        *gap_trends.sections(context, everything.gap_trends.get(code, [])),
        _beside(context, organisation, everything),
        *everything.scorecards.sections(context, code),
        *returned.sections(context, everything.returned, code),
        *commitments.sections(context, everything.commitments, code),
        *coverage.statement(context, everything.statement.get(code, [])),
        quality.section(context, everything.quality.get(code, [])),
        Section("about", "About", [Facts(_facts(context, organisation))]),
    ]
    sections = [replace(section, paper=PAPER.get(section.anchor, 0)) for section in sections]
    return Page(
        organisation.path,
        organisation.name,
        sections,
        LEADS[organisation.level],
        [("index.html", "England"), ("find.html", "Organisations and indicators")],
        paper="short side",
    )


def _by_deprivation(context: Context, code: str, everything: Everything, splits: Sequence[groups.Split]) -> Section:
    """The splits, after why two figures of long waits that stand on this page differ."""
    section = groups.section(context, "deprivation", "Waiting list by deprivation", splits)
    monthly = _monthly(code, everything)
    weekly = next((split.rows[0] for split in splits if split.indicator_id == brief.LONG_WAIT), None)
    if monthly is None or weekly is None:
        return section
    told = say(
        "Two sources count waits over 52 weeks. The monthly return (RTT) has {value} of everybody waiting in {month}. The shares by group are of the "
        "weekly waiting list (WLMDS) on {day}: another day and other pathways. One cannot be set beside the other.",
        value=mark(monthly, "value", value_format("proportion", present([monthly["value"]]))),
        month=show_period(monthly),
        day=show_period(weekly),
    )
    return replace(section, blocks=[Paragraph(told), *section.blocks])


def _monthly(code: str, everything: Everything) -> Row | None:
    """The share over 52 weeks of the monthly return: a trust's from the funnel, a board's from the waiting list."""
    compared = everything.comparisons.get((MONTHLY, "all", "all"))
    rows = [*(compared.rows if compared else []), *(row for board in everything.boards for row in board)]
    own = (row for row in rows if (row["indicator_id"], row["organisation_code"]) == (MONTHLY, code))
    return next((row for row in own if row["value"] is not None), None)


def _of(splits: Sequence[groups.Split], dimension: str) -> list[groups.Split]:
    """Those of a dimension, long waits first: paper has room for two."""
    found = [split for split in splits if split.dimension == dimension]
    return sorted(found, key=lambda split: split.indicator_id != brief.LONG_WAIT)


def _beside(context: Context, organisation: Organisation, everything: Everything) -> Section:
    if organisation.level == "trust":
        return comparisons.section_of_trust(context, organisation, everything.comparisons)
    return comparisons.section_of_icb(context, organisation, everything.boards)


def _facts(context: Context, organisation: Organisation) -> list[tuple[str, Any]]:
    row = organisation.row
    facts: list[tuple[str, Any]] = [("Code", organisation.code), ("Kind", LEVELS[organisation.level])]
    for title, column in (("Integrated care board", "icb_code"), ("Region", "region_code")):
        code = row.get(column)
        if code and code != organisation.code:
            facts.append((title, _named(context, code)))
    if not organisation.is_current:
        facts.append(("Closed on", show_date(row.get("valid_to"))))
    successors = [code for code in str(row.get("successor_codes", "")).split(",") if code]
    if successors:
        facts.append(("Succeeded by", Markup(", ").join(_named(context, code) for code in successors)))
    return facts


def _named(context: Context, code: str) -> Any:
    address = comparisons.page_of(context, code)
    return link(address, context.name(code)) if address else context.name(code)
