"""The Core20PLUS5 scorecard of England: every indicator of the five clinical areas for adults and for children, and its gap."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.release.report.blocks import Block, Paragraph, Section, Tabular, indicator_page
from dagster_project.release.report.context import ENGLAND, Context
from dagster_project.release.report.figures import gap_format, present, show_period, value_format
from dagster_project.release.report.groups import is_clear
from dagster_project.release.report.marts import Row
from dagster_project.release.report.tables import Column, Figures, Words, make_table

EXPLAINED = (
    "Core20PLUS5 is NHS England's approach to inequalities: the most deprived fifth (Core20), groups chosen locally (PLUS), and five clinical "
    "areas, one set for adults and one for children and young people. Here is where England stands on each indicator that this release "
    "holds, and how far Core20 is from the rest. An area without a row has no published figures here yet."
)
NEWEST = (
    "organisation_code = 'ENG' and treatment_function_code = 'all' and geography_basis = 'current' and standardisation = 'crude' and period_end = "
    "(select max(n.period_end) from {table} as n where n.indicator_id = {table}.indicator_id and n.organisation_code = 'ENG' "
    "and n.dimension = {table}.dimension)"
)


def section(context: Context) -> list[Section]:
    """The scorecard, where the catalogue has indicators of Core20PLUS5; otherwise nothing."""
    elements = {
        indicator_id: str(row["core20plus5_element"])
        for indicator_id, row in context.indicators.items()
        if row.get("core20plus5_element")
    }
    if not elements or "fct_indicator_value" not in context.marts.columns:
        return []
    values = _rows(context, "fct_indicator_value", "dimension = 'all'", elements)
    gaps = _rows(context, "fct_inequality_measure", "dimension = 'core20' and measure = 'absolute_gap'", elements)
    blocks: list[Block] = [Paragraph(EXPLAINED)]
    for title, chosen in (("Adults", False), ("Children and young people", True)):
        own = [row for row in values if _is_for_children(context, row) == chosen]
        if own:
            blocks.append(Tabular(make_table(f"{title}: where England stands", own, _values(context, elements))))
    if gaps:
        blocks.append(Tabular(make_table("Core20 against the rest of England", gaps, _gaps(context, elements))))
    return [Section("core20plus5", "Core20PLUS5 scorecard", blocks)]


def _is_for_children(context: Context, row: Row) -> bool:
    return str(context.indicators[row["indicator_id"]].get("core20plus5_programme")) == "children"


def _rows(context: Context, table: str, where: str, elements: dict[str, str]) -> list[Row]:
    rows = context.marts.rows(table, f"{where} and {NEWEST.format(table=table)}")
    kept = [row for row in rows if row["indicator_id"] in elements and row["organisation_code"] == ENGLAND]
    return sorted(kept, key=lambda row: (elements[row["indicator_id"]], row["indicator_id"], row["period_end"]))


def _named(context: Context, elements: dict[str, str]) -> list[Column]:
    return [
        Words(
            "Indicator",
            lambda row: context.short_name(row["indicator_id"]),
            lambda row: indicator_page(row["indicator_id"]),
        ),
        Words("Area", lambda row: elements[row["indicator_id"]]),
    ]


def _values(context: Context, elements: dict[str, str]) -> Sequence[Column]:
    def form(row: Row) -> str:
        return value_format(context.unit(row["indicator_id"]), present([row["value"]]))

    return [
        *_named(context, elements),
        Words("Period", show_period),
        Figures("England", "value", form),
        Figures("Lower 95% limit", "ci_lower_95", form),
        Figures("Upper 95% limit", "ci_upper_95", form),
    ]


def _gaps(context: Context, elements: dict[str, str]) -> Sequence[Column]:
    def form(row: Row) -> str:
        return value_format(
            context.unit(row["indicator_id"]), present([row["comparison_value"], row["reference_value"]])
        )

    def difference(row: Row) -> str:
        return gap_format(context.unit(row["indicator_id"]), present([row["comparison_value"], row["reference_value"]]))

    return [
        *_named(context, elements),
        Figures("Core20", "comparison_value", form),
        Figures("The rest", "reference_value", form),
        Figures("Gap", "value", difference),
        Figures("Lower 95% limit", "ci_lower_95", difference),
        Figures("Upper 95% limit", "ci_upper_95", difference),
        Words("More than chance", lambda row: "yes" if is_clear(row) else "no"),
    ]
