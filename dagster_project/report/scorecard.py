"""The Core20PLUS5 scorecard: every indicator of the five clinical areas for adults and for children, Core20 beside the rest, gap and target.

A level is named as it is (`level_label`): only maternity has figures of trusts, and boards' are of the places their patients are counted in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dagster_project.report.blocks import Block, Paragraph, Picture, Section, Tabular, indicator_page
from dagster_project.report.charts import Frame
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.dumbbells import Pair, draw_dumbbells
from dagster_project.report.figures import TICKS, gap_format, present, show, value_format
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

PROGRAMMES = (
    ("mart_core20plus5_adults", "Adults"),
    ("mart_core20plus5_children", "Children and young people"),
)
POPULATION, PRIORITIES = "mart_core20_population", "mart_five_priorities"
EXPLAINED = (
    "Core20PLUS5 is NHS England's approach to inequalities: the most deprived quintile (Core20), groups chosen locally (PLUS), and five clinical "
    "areas, one set for adults and one for children and young people. In the tables Core20 is next to the other four quintiles, with the gap "
    "between them and its 95% limits, where the source has figures by deprivation; then everybody and the target. An area without a row has no published figures here."
)
READINGS = {
    "better": "Core20 fares better",
    "worse": "Core20 fares worse",
    "higher": "higher in Core20",
    "lower": "lower in Core20",
    "no_clear_difference": "no clear difference",
    "no_interval": "no limits, so not judged",
    "not_known": "not known",
}
KINDS = {"worse": 0, "better": 1}
NO_GAP = "No clear difference between the most deprived quintile and the rest"
KEY = (
    "Percentage points, the most deprived quintile minus the rest, with 95% limits. Orange diamond: worse. Blue square: better. Grey circle: no "
    "clear difference, or neither direction is better."
)
STANDARDISED = {
    "crude": "",
    "age_standardised": ", age standardised",
    "indirectly_age_standardised": ", indirectly age standardised",
    "case_mix_adjusted": ", case-mix adjusted",
    "not_confirmed": ", not confirmed as standardised",
}


class Scorecards:
    """The newest rows of every organisation, by mart and code."""

    def __init__(self, context: Context) -> None:
        marts = context.marts
        newest = "period_end = (select max(n.period_end) from {0} as n where n.indicator_id = {0}.indicator_id and n.organisation_code = {0}.organisation_code)"
        self.programmes = {
            table: group_rows(marts.rows(table, newest.format(table)), "organisation_code") for table, _ in PROGRAMMES
        }
        self.population = group_rows(marts.rows(POPULATION), "organisation_code")
        self.priorities = group_rows(marts.rows(PRIORITIES), "organisation_code")

    def of(self, code: str) -> list[Row]:
        """Return the newest rows of an organisation in both scorecards."""
        return [row for rows in self.programmes.values() for row in rows.get(code, [])]

    def sections(self, context: Context, code: str) -> list[Section]:
        """Return the scorecard and the five priorities of an organisation; a section without rows is left out."""
        found = [
            Section("core20plus5", "Core20PLUS5 scorecard", self._scorecard(context, code)),
            Section("five-priorities", "Five priorities for tackling inequalities", self._priorities(context, code)),
        ]
        return [section for section in found if section.blocks]

    def _scorecard(self, context: Context, code: str) -> list[Block]:
        blocks: list[Block] = list(_gaps(context, self.of(code)))
        for table, title in PROGRAMMES:
            rows = self.programmes[table].get(code, [])
            if rows:
                blocks += _tables(context, title, rows, code)
        people = self.population.get(code, [])
        if people:
            blocks.append(Tabular(_population(people)))
        return [*blocks[:1], Paragraph(EXPLAINED), *blocks[1:]] if blocks else []

    def _priorities(self, context: Context, code: str) -> list[Block]:
        rows: Sequence[Row] = self.priorities.get(code, [])
        return [Tabular(_priorities(context, sorted(rows, key=_place)))] if rows else []


def _place(row: Row) -> tuple[Any, ...]:
    return (row["priority_no"], row["indicator_id"])


def judged(rows: Sequence[Row]) -> list[Row]:
    """Return those with a gap in percentage points."""
    return [row for row in rows if row["unit"] == "proportion" and row["core20_gap"] is not None]


def _gaps(context: Context, rows: Sequence[Row]) -> Iterator[Block]:
    """One chart of every gap in percentage points, clear ones first; indicators of other units are in the tables alone."""
    known = judged(rows)
    if not known:
        return
    ordered = sorted(
        known, key=lambda r: (KINDS.get(r["core20_gap_reading"], 2), -abs(r["core20_gap"]), _named(context, r))
    )
    worse, better = (sum(r["core20_gap_reading"] == word for r in known) for word in ("worse", "better"))
    said = [words for count, words in ((worse, "worse on some"), (better, "better on some")) if count]
    title = f"The most deprived quintile fares {' and '.join(said)} of these indicators" if said else NO_GAP
    described = (
        "Each indicator: the filled mark is the most deprived quintile (Core20) minus the rest, in percentage points, with 95% limits as a bar; the "
        "hollow mark at zero is the rest. Orange diamond: worse. Blue square: better. Grey circle: no clear difference, or neither is better."
    )
    drawing = draw_dumbbells(
        Frame(title, described, context.synthetic),
        [_pair(context, row) for row in ordered],
        points,
        zero="Same as the rest",
    )
    yield Picture(title, drawing, note=KEY)


def _pair(context: Context, row: Row) -> Pair:
    old = f", {context.years_old(row['period_end'])} years old" if context.is_old(row) else ""
    return Pair(
        f"{_named(context, row)}{old}",
        0.0,
        row["core20_gap"],
        row["core20_gap_ci_lower_95"],
        row["core20_gap_ci_upper_95"],
        show(row, "core20_gap", _gap_form(row), "gap_status"),
        row["core20_gap_reading"] if row["core20_gap_reading"] in KINDS else "neither",
    )


def points(value: float) -> str:
    """Write a mark of an axis of differences of shares."""
    text = TICKS["number"](100 * value)
    return f"+{text}" if value > 0 else text


def _tables(context: Context, title: str, rows: Sequence[Row], code: str) -> list[Block]:
    """Core20 beside the rest where there are figures by deprivation, then everybody and the target: together they are too wide to read."""
    for row in rows:
        row.values["gap_status"] = gap_status(row)
    ordered = sorted(rows, key=lambda row: (row["core20plus5_element"], row["indicator_id"], row["standardisation"]))
    divided = [row for row in ordered if row["core20_value_status"] != "not_available"]
    first = _first_columns(context, code)
    blocks: list[Block] = []
    if divided:
        reason = "core20_gap_reason"
        caption = f"{title}: Core20 and the rest"
        blocks.append(Tabular(make_table(caption, divided, [*first, *_core20_columns()], reason=reason), caption))
    caption = f"{title}: everybody, and the target"
    everybody = make_table(
        caption,
        ordered,
        [*first, *_everybody_columns()],
        reason="all_value_status_reason",
    )
    return [*blocks, Tabular(everybody, caption)]


def _first_columns(context: Context, code: str) -> list[Column]:
    level = [] if code == ENGLAND else [Words("Figures of", lambda row: row["level_label"])]
    return [
        Words("Indicator", lambda row: _named(context, row), lambda row: indicator_page(row["indicator_id"])),
        Words("Area", lambda row: row["core20plus5_element"]),
        *level,
        Words("Period", context.dated),
    ]


def _core20_columns() -> list[Column]:
    return [
        Figures("Core20", "core20_value", _form, "core20_value_status"),
        Figures("The rest", "rest_value", _form, "rest_value_status"),
        Figures("Gap", "core20_gap", _gap_form, "gap_status"),
        *limits(_gap_form, "gap_status", of="core20_gap"),
        Words("Reading", lambda row: READINGS.get(row["core20_gap_reading"], row["core20_gap_reading"])),
    ]


def _everybody_columns() -> list[Column]:
    return [
        Figures("Everybody", "all_value", _form, "all_value_status"),
        *limits(_form, "all_value_status", of="all"),
        Figures("Target", "target", _form, "target_reading"),
        Words("Target met", lambda row: row.get("target_reading", "not known")),
    ]


def gap_status(row: Row) -> str:
    """Say why there is no gap: the reason of the first of both groups that has no value."""
    statuses = [str(row[f"{group}_value_status"]) for group in ("core20", "rest")]
    return next((status for status in statuses if status != "published"), "published")


def _named(context: Context, row: Row) -> str:
    standardised = STANDARDISED.get(row["standardisation"], f", {row['standardisation'].replace('_', ' ')}")
    return f"{context.short_name(row['indicator_id'])}{standardised}"


def _values(row: Row) -> list[float]:
    return present([row[f"{group}_value"] for group in ("all", "core20", "rest")])


def _form(row: Row) -> str:
    return value_format(row["unit"], _values(row))


def _gap_form(row: Row) -> str:
    return gap_format(row["unit"], _values(row))


BASES = {
    "residents": "people who live there, Census 2021",
    "catchment": "all who live in the boards that its patients come from; not its patients",
}


def _population(rows: Sequence[Row]) -> Table:
    share = (
        Figures(
            "Share in Core20 of the boards that its patients come from", "core20_share_of_catchment_icbs", "percent1"
        )
        if any(row["basis"] == "catchment" for row in rows)
        else Figures("Share in Core20", "value", "percent1")
    )
    columns: list[Column] = [
        Words("Edition of the Index of Multiple Deprivation", lambda row: f"IMD {row['imd_version']}"),
        share,
        Figures("People in Core20", "numerator", "whole"),
        Figures("Of", "denominator", "whole"),
        Words("Counted by", lambda row: BASES.get(row["basis"], row["basis"])),
    ]
    return make_table(
        "People in the most deprived quintile of England (Core20); editions cannot be compared", rows, columns
    )


def _priorities(context: Context, rows: Sequence[Row]) -> Table:
    def form(row: Row) -> str:
        return value_format(row["unit"], present([row["value"], row["target"]]))

    def difference(row: Row) -> str:
        return gap_format(row["unit"], present([row["value"], row["target"]]))

    columns: list[Column] = [
        Words("Priority", lambda row: f"{row['priority_no']}. {row['priority']}"),
        Words("Indicator", lambda row: context.short_name(row["indicator_id"]), lambda row: _page(context, row)),
        Words("Period", lambda row: context.dated(row) if row["period_end"] else "none"),
        Figures("Value", "value", form),
        *limits(form),
        Figures("Target", "target", form),
        Words("Target met", lambda row: row.get("target_reading", "not known")),
        Figures("Core20 minus the rest", "core20_gap", difference, "core20_gap_reading"),
        Words("Reading", lambda row: READINGS.get(row["core20_gap_reading"], "not known")),
    ]
    return make_table("What is known of each priority", rows, columns)


def _page(context: Context, row: Row) -> str | None:
    return indicator_page(row["indicator_id"]) if row["indicator_id"] in context.indicators else None
