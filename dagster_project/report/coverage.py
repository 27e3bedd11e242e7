"""Coverage: which figures exist at which level and by which breakdown, which of them are held, and why the others are not.

And the Statement: what an organisation can say on each line of NHS England's Statement on information on health inequalities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from dagster_project.report.blocks import Block, Bullets, Page, Paragraph, Section, Tabular, indicator_page, link
from dagster_project.report.context import Context
from dagster_project.report.figures import present, show_period, value_format
from dagster_project.report.marts import Marts, Row, group_rows
from dagster_project.report.tables import Cell, Column, Figures, Table, Words, limits, make_table, plain_table

COVERAGE, STATEMENT = "mart_coverage", "mart_statement"
PATH, TITLE = "coverage.html", "Coverage"
LEVELS = {
    "england": "England",
    "region": "Regions",
    "icb": "Integrated care boards",
    "sub_icb": "Sub-ICB locations",
    "trust": "NHS trusts",
}
SHORT = {"england": "England", "region": "regions", "icb": "ICBs", "sub_icb": "sub-ICBs", "trust": "trusts"}
HELD = {"available": "", "partly": " (in part)"}
"""Statuses of what is held, and what is said of it behind the level."""
BREAKDOWNS = {
    "all": "Everybody",
    "deprivation": "Deprivation",
    "ethnicity": "Ethnicity",
    "age": "Age",
    "sex": "Sex",
}
STATUSES = {
    "available": "held",
    "partly": "held in part",
    "not_in_this_release": "published, not in this release",
    "published_not_held": "published elsewhere, not held",
    "not_public": "not public",
    "not_published": "not published",
}
HOW_TO_READ = (
    "Held: every figure is there. Held in part: some are hidden, missing or not applicable. Published, not in this release: the source gives it, and "
    "no figure has come. Not public: nobody outside the NHS can see it. Not published: the source does not give this breakdown at this level."
)
STATEMENT_SAID = (
    "Trusts and boards report each year on NHS England's Statement on information on health inequalities. Here is what can be said on each line, for "
    "everybody and for the most deprived quintile (Core20). Where there is no figure of its own, that of its board or of England stands instead, "
    "and “Figures of” says so. By ethnicity, age and sex: table mart_statement of the file."
)
PROXIES = "Lines that no public figure answers, with one that comes near"
PROXY = Words("How it differs", lambda row: row["note"])


# -- the page of coverage ---------------------------------------------------------------------------------------------


def pages(context: Context) -> list[Page]:
    """Return the page of coverage, where the file has the table."""
    rows = context.marts.rows(COVERAGE)
    by_level = group_rows(rows, "organisation_level")
    if not rows:
        return []
    folded = [
        block
        for level, title in LEVELS.items()
        if level in by_level
        for block in (_whole(context, title, by_level[level]), *_reasons(context, title, by_level[level]))
    ]
    sections = [
        _held(context, rows),
        Section(
            "levels",
            "Every indicator, level by level, and why figures are not there",
            [Paragraph(HOW_TO_READ), *folded],
        ),
    ]
    lead = "Which figures exist at which level and by which breakdown, which of them this release holds, and why the others are not there."
    return [Page(PATH, TITLE, sections, lead, [("index.html", "England")])]


def _whole(context: Context, title: str, rows: Sequence[Row]) -> Tabular:
    table = _matrix(context, title, rows)
    return Tabular(table, table.caption)


def _held(context: Context, rows: Sequence[Row]) -> Section:
    """One row for each indicator that has figures: for whom they are held, by each breakdown; and how many have none."""
    known = _by_indicator(rows)
    said = [
        (_head(context, own[0]), *(_levels(own, breakdown) for breakdown in BREAKDOWNS))
        for own in known
        if any(row["availability"] in HELD for row in own)
    ]
    table = plain_table("Held: for whom, by each breakdown", ("Indicator", *BREAKDOWNS.values()), said)
    count = f"{len(said)} of {len(known)} indicators have figures in this release. The others, and why they have none, are in the tables below."
    return Section("held", "What is held", [Paragraph(count), Tabular(table)])


def _by_indicator(rows: Sequence[Row]) -> list[list[Row]]:
    return sorted(
        group_rows(rows, "indicator_id").values(), key=lambda own: (own[0]["indicator_name"], own[0]["indicator_id"])
    )


def _levels(rows: Sequence[Row], breakdown: str) -> str:
    """The levels at which a breakdown is held, in the order of LEVELS; a dash where it is at none."""
    found = {row["organisation_level"]: row["availability"] for row in rows if row["breakdown"] == breakdown}
    said = [SHORT[level] + HELD[found[level]] for level in LEVELS if found.get(level) in HELD]
    return ", ".join(said) or "–"


def _matrix(context: Context, title: str, rows: Sequence[Row]) -> Table:
    rows_said = [(_head(context, own[0]), *_statuses(own)) for own in _by_indicator(rows)]
    return plain_table(f"{title}: indicators by breakdown", ("Indicator", *BREAKDOWNS.values()), rows_said)


def _head(context: Context, row: Row) -> Cell:
    known = row["indicator_id"] in context.indicators
    return Cell(row["indicator_name"], address=indicator_page(row["indicator_id"]) if known else None)


def _statuses(rows: Sequence[Row]) -> list[str]:
    found = {row["breakdown"]: row["availability"] for row in rows}
    return [STATUSES.get(found.get(name, ""), "not known") for name in BREAKDOWNS]


def _reasons(context: Context, title: str, rows: Sequence[Row]) -> list[Block]:
    """Why a breakdown is not held in full, said once for all breakdowns of an indicator that have the same reason."""
    missing = [row for row in rows if row["availability"] != "available" and row.get("availability_reason")]
    grouped = group_rows(missing, "indicator_name", "indicator_id", "availability_reason").items()
    said = [
        (_head(context, own[0]), ", ".join(BREAKDOWNS[row["breakdown"]].lower() for row in own), reason)
        for (_, _, reason), own in sorted(grouped)
    ]
    table = plain_table(f"{title}: why figures are not there", ("Indicator", "For", "Why"), said)
    return [Tabular(table, f"{title}: why figures are not there, or not all")] if said else []


def why_not(context: Context, rows: Sequence[Row]) -> list[Section]:
    """Say for an indicator without figures what exists and where, why it is not here, and what comes near."""
    if not rows:
        return []
    said = [
        (STATUSES[status], _where(own), reason or "not known")
        for (status, reason), own in sorted(
            group_rows(rows, "availability", "availability_reason").items(),
            key=lambda item: (list(STATUSES).index(item[0][0]), item[0][1] or ""),
        )
    ]
    titles = ("What exists", "For", "Why, and where")
    near = _near(context, rows[0])
    blocks: list[Block] = [Tabular(plain_table("Where figures of this indicator exist", titles, said))]
    if near:
        blocks += [Paragraph("Indicators of the same area that have figures here:"), Bullets(near)]
    return [Section("why", "Why there are no figures here", blocks)]


def _where(rows: Sequence[Row]) -> str:
    """Levels with their breakdowns, levels of the same breakdowns together."""
    by_level = group_rows(rows, "organisation_level")
    same: dict[str, list[str]] = {}
    for level, title in LEVELS.items():
        names = [
            words.lower()
            for name, words in BREAKDOWNS.items()
            if any(r["breakdown"] == name for r in by_level.get(level, []))
        ]
        if names:
            same.setdefault("every breakdown" if len(names) == len(BREAKDOWNS) else ", ".join(names), []).append(title)
    return "; ".join(f"{', '.join(titles)}: {names}" for names, titles in same.items())


def _near(context: Context, row: Row) -> list[Markup]:
    """Up to five indicators of the same clinical area that this release has figures of."""
    area, held = row.get("core20plus5_area"), "availability in ('available', 'partly')"
    if not area:
        return []
    found = context.marts.rows(
        COVERAGE, f"core20plus5_area = ? and breakdown = 'all' and organisation_level = 'england' and {held}", [area]
    )
    return [link(indicator_page(r["indicator_id"]), context.short_name(r["indicator_id"])) for r in found[:5]]


# -- the Statement ----------------------------------------------------------------------------------------------------


def read_statement(marts: Marts) -> dict[Any, list[Row]]:
    """Read the lines of every organisation: everybody and Core20, and what is not there."""
    return group_rows(marts.rows(STATEMENT, "breakdown = 'all' or dimension = 'core20'"), "organisation_code")


def statement(context: Context, rows: Sequence[Row]) -> list[Section]:
    """Return the section of one organisation."""
    proxies = [row for row in rows if row.get("note")]
    held = [row for row in rows if row["dimension"] != "none" and not row.get("note")]
    own = [row for row in held if row["figures_of_code"] == row["organisation_code"]]
    others = [row for row in held if row["figures_of_code"] != row["organisation_code"]]
    missing = [row for row in rows if row["dimension"] == "none"]
    blocks: list[Block] = []
    if own:
        blocks.append(Tabular(_figures(context, "Lines with figures of its own", own)))
    if others:
        title = "Lines with figures of its board or of England only"
        blocks.append(Tabular(_figures(context, title, others), title))
    if proxies:
        blocks.append(Tabular(_figures(context, PROXIES, proxies, PROXY), PROXIES))
    if missing:
        blocks.append(Tabular(_missing(missing), "Lines without a figure, and why"))
    return (
        [Section("statement", "Statement on health inequalities", [Paragraph(STATEMENT_SAID), *blocks])]
        if blocks
        else []
    )


def _figures(context: Context, caption: str, rows: Sequence[Row], *further: Column) -> Table:
    def form(row: Row) -> str:
        return value_format(row["unit"], present([row["value"]]))

    ordered = sorted(
        rows,
        key=lambda row: (
            row["line_no"],
            row["indicator_id"],
            row["dimension"],
            row["group_code"],
            row["standardisation"],
        ),
    )
    columns: list[Column] = [
        Words("Line", lambda row: f"{row['line_no']}. {row['line']}"),
        context.indicator_column(),
        Words(
            "Group",
            lambda row: "everybody" if row["dimension"] == "all" else str(row.get("group_name", row["group_code"])),
        ),
        Words("Figures of", lambda row: row["level_label"]),
        Words("Period", show_period),
        Figures("Value", "value", form),
        *limits(form),
        *further,
    ]
    return make_table(caption, ordered, columns)


def _missing(rows: Sequence[Row]) -> Table:
    ordered = sorted(rows, key=lambda row: (row["line_no"], row["indicator_id"]))
    columns: list[Column] = [
        Words("Line", lambda row: f"{row['line_no']}. {row['line']}"),
        Words("Indicator", lambda row: row.get("indicator_name", "none in the catalogue")),
        Words("Why", lambda row: row.get("availability_reason", "not known")),
    ]
    return make_table("Lines without a figure", ordered, columns, reason="")
