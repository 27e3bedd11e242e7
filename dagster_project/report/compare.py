"""Organisations side by side: one page with a table for each measure, of which a reader chooses two organisations or more.

Without a script every table is there, whole. With it (static/report.js) a reader names the organisations, and the page shows them beside
each other: it copies cells of these tables and works nothing out. Not here: a rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dagster_project.report import comparisons, groups, quality
from dagster_project.report.blocks import Block, Page, Section, Tabular, slug
from dagster_project.report.context import LEVELS, Context, Organisation
from dagster_project.report.figures import gap_format, present, show_period, value_format
from dagster_project.report.marts import Row
from dagster_project.report.organisations import Everything
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

TITLE = "Compare organisations"
LEAD = "Choose two organisations or more, and see the same measures of each beside each other."
GAPS = (("imd_quintile", "1"), ("ethnic_group_5", "black"), ("ethnic_group_5", "asian"))
CAVEAT = (
    "Organisations differ in size, patients and services. Between two figures whose 95% limits overlap there may be no clear difference; a difference is not by "
    "itself a difference in care."
)


def pages(context: Context, everything: Everything) -> Iterator[Page]:
    """Yield the page, where there are organisations and measures to compare."""
    sections = [*_gaps(context, everything), *_overall(context, everything), *_recording(context, everything)]
    if not context.organisations or not sections:
        return
    sections = [Section(f"measure-{n}", s.title, s.blocks, "measure") for n, s in enumerate(sections, 1)]
    extra = {"levels": _choices(context), "caveat": CAVEAT}
    yield Page(comparisons.COMPARE, TITLE, sections, LEAD, [("index.html", "England")], "compare.html", extra)


def _choices(context: Context) -> list[tuple[str, list[dict[str, Any]]]]:
    """Organisations to choose from, by level: anchor, name and the board that each belongs to."""
    found = []
    for level in ("trust", "icb"):
        own = [o for o in context.organisations.values() if o.level == level]
        entries = [_choice(o) for o in sorted(own, key=lambda o: (o.name, o.code))]
        found += [(LEVELS[level], entries)] if entries else []
    return found


def _choice(organisation: Organisation) -> dict[str, Any]:
    peers = organisation.row.get("icb_code") if organisation.level == "trust" else organisation.row.get("region_code")
    return {
        "code": organisation.code,
        "anchor": slug(organisation.code),
        "name": organisation.name,
        "peers": peers or "",
    }


def _overall(context: Context, everything: Everything) -> Iterator[Section]:
    """Shares of everybody: trusts from the funnel, boards from the waiting list."""
    boards = {rows[0]["indicator_id"]: rows for rows in everything.boards if rows}
    trusts = {place[0]: found for place, found in everything.comparisons.items() if place[1] == "all"}
    wanted = {name: place for place, name in enumerate(comparisons.PREFERRED)}
    for indicator_id in sorted({*boards, *trusts}, key=lambda name: (wanted.get(name, len(wanted)), name)):
        name = context.short_name(indicator_id)
        tables: list[Block] = []
        if indicator_id in trusts:
            tables.append(_side_by_side(context, trusts[indicator_id].rows, f"{name}: NHS trusts"))
        if indicator_id in boards:
            tables.append(_side_by_side(context, boards[indicator_id], f"{name}: integrated care boards"))
        yield Section("", name, tables)


def _named(context: Context, rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (context.name(row["organisation_code"]), row["organisation_code"]))


def _side_by_side(context: Context, rows: Sequence[Row], title: str) -> Tabular:
    form = value_format(context.unit(rows[0]["indicator_id"]), present([row["value"] for row in rows]))
    caption = f"{title}, {show_period(rows[0])}"
    return Tabular(comparisons.side_by_side(context, _named(context, rows), form, caption), caption)


def _gaps(context: Context, everything: Everything) -> Iterator[Section]:
    """The gaps of trusts and boards between both ends of deprivation and between ethnic groups."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for splits in everything.splits.values():
        for split in splits:
            for dimension, group in GAPS:
                if split.dimension == dimension and group in split.gaps:
                    found.setdefault((split.indicator_id, dimension, group), []).append(split.gaps[group])
    for (indicator_id, dimension, group), rows in sorted(found.items()):
        reference = context.plain_group(dimension, rows[0]["reference_group"])
        title = f"{context.short_name(indicator_id)}: {context.plain_group(dimension, group)} minus {reference}"
        yield Section("", title, [Tabular(_gap_table(context, title, rows), f"{title}, every organisation")])


def _gap_table(context: Context, title: str, rows: Sequence[Row]) -> Table:
    known = present([row[name] for row in rows for name in ("comparison_value", "reference_value")])
    form = gap_format(context.unit(rows[0]["indicator_id"]), known)
    columns: list[Column] = [
        _organisation(context),
        Words("Period", context.dated),
        Figures("Gap", "value", form),
        *limits(form),
        Words("Reading", lambda row: row.get("certainty", groups.NO_LIMITS)),
    ]
    return make_table(f"{title}, every organisation", _named(context, rows), columns)


def _organisation(context: Context) -> Words:
    return Words(
        "Organisation",
        lambda row: context.name(row["organisation_code"]),
        lambda row: comparisons.page_of(context, row["organisation_code"]),
    )


def _recording(context: Context, everything: Everything) -> Iterator[Section]:
    """How well ethnicity is recorded on the waiting list."""
    rows = [
        row
        for own in everything.quality.values()
        for row in own
        if (row["measure"], row["field_name"], row["waiting_band"]) == ("known_share", "ethnicity", "total")
        and row["source_id"] == "nhse_wlmds"
    ]
    if rows:
        title = quality.what(rows[0])
        columns: list[Column] = [
            _organisation(context),
            Words("Period", show_period),
            Figures("Value", "value", "percent1"),
        ]
        table = make_table(f"{title}, every organisation", _named(context, rows), columns)
        yield Section("", title, [Tabular(table, f"{title}, every organisation")])
