"""The largest avoidable gaps of an organisation, from mart_priorities: what they are, how sure, and what they do not say."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dagster_project.report.blocks import Block, Paragraph, Picture, Section, Tabular, indicator_page, link, say
from dagster_project.report.charts import Dot, Frame
from dagster_project.report.context import Context
from dagster_project.report.dots import draw_dots
from dagster_project.report.figures import mark, show, show_period, tick
from dagster_project.report.marts import Row
from dagster_project.report.tables import Column, Figures, Table, Words, make_table

TITLE, ANCHOR = "Largest avoidable gaps", "gaps"
DRAWN = 8
STATUS = "priority_status"
COUNTED = {"nhse_wlmds": "pathways", "nhse_rtt": "pathways", "nhse_rtt_archive": "pathways", "nhse_ae": "attendances"}
CAVEAT = (
    "What this does not say: an excess counts {counted}, not people harmed, and says nothing about the cause. Groups are compared as they "
    "are, without allowing for age, urgency or kind of treatment. A group is ranked only where the difference is clear: its q value is at "
    "most 5%, it fares worse than the other groups, at least ten events and a hundred {counted} stand behind it, and enough is known about the "
    "group of everybody. Deprivation and ethnicity are ranked apart, because the groups overlap."
)


def section(context: Context, rows: Sequence[Row]) -> Section:
    """Return the section for the rows of one organisation."""
    first = ranked(rows)
    others = [r for r in rows if r["priority_rank"] is None]
    blocks: list[Block] = [_headline(context, first, others)]
    if first:
        blocks += [_picture(context, first), Paragraph(say(CAVEAT, counted=counted(first[0])), "caveat")]
    if others:
        blocks.append(Tabular(_unranked(context, others), "Other groups, and why they are not ranked"))
    return Section(ANCHOR, TITLE, blocks)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Return the groups with a clear difference, most avoidable events per 1,000 people first."""
    return sorted(
        (row for row in rows if row["priority_rank"] is not None),
        key=lambda row: (
            row["priority_rank"],
            -smallest(row, "avoidable_per_1000"),
            row["indicator_id"],
            row["group_code"],
        ),
    )


def excess(row: Row) -> dict[str, Markup]:
    """Return the avoidable events of a group with their limits, for a sentence: `excess`, `lower`, `upper`."""
    column = "excess_count"
    names = {"excess": column, "lower": f"{column}_ci_lower_95", "upper": f"{column}_ci_upper_95"}
    return {name: mark(row, of, "whole") for name, of in names.items()}


def smallest(row: Row, column: str) -> float:
    """Return a figure, or the least that it can be where a count is hidden: groups are ranked by it."""
    least: float = row[f"{column}_low"] if row[column] is None else row[column]
    return least


def counted(row: Row) -> str:
    """Say what the indicator counts, in a word."""
    return COUNTED.get(str(row.get("source_id")), "cases")


BETWEEN = " A small count is hidden: whatever it is, the excess lies between these two figures."


def adverse(context: Context, row: Row) -> str:
    """Say how the adverse events of an indicator are called: those counted, or those that miss it where a higher share is better."""
    name = context.short_name(row["indicator_id"])
    indicator = context.indicators.get(row["indicator_id"])
    higher = indicator is not None and indicator["polarity"] == "higher_is_better"
    return f"do not meet “{name}”" if higher else f"count as “{name}”"


def headline(context: Context, row: Row) -> Markup:
    """Say the largest gap in two sentences."""
    reference = context.group_name(row["dimension"], row["reference_group"])
    text = (
        "<strong>{group}: {indicator}.</strong> {events} of this group’s {people} {counted} {adverse}. If the group fared like “{reference}”, there "
        "would be about {excess} fewer (95% limits {lower} to {upper}){share}: a clear difference.{hidden}"
    )
    is_bounded = row["value_status"] == "bounded"
    return say(
        text,
        group=context.group_name(row["dimension"], row["group_code"]),
        indicator=link(indicator_page(row["indicator_id"]), context.short_name(row["indicator_id"])),
        events=mark(row, "adverse_events", "whole"),
        people=mark(row, "denominator", "whole"),
        counted=counted(row),
        adverse=adverse(context, row),
        reference=reference,
        **excess(row),
        share=""
        if is_bounded
        else say(", which is {share} of them", share=mark(row, "avoidable_share_of_events", "percent0")),
        hidden=BETWEEN if is_bounded else "",
    )


def _headline(context: Context, first: Sequence[Row], others: Sequence[Row]) -> Paragraph:
    if first:
        top = first[0]
        sensitive = (
            " Beside the average of all groups there is no clear difference: the answer hangs on the group it is compared with."
            if top["is_reference_sensitive"]
            else ""
        )
        return Paragraph(headline(context, top) + sensitive, "inset")
    return Paragraph(nothing_ranked(others), "inset")


def nothing_ranked(others: Sequence[Row]) -> str:
    """Say what can be said where no group is ranked."""
    if any(row["certainty"] == "no clear difference" for row in others):
        return "No clear difference among the groups that are large enough to tell."
    return "Too few to tell: no group has figures that are complete and large enough to tell a difference from chance."


def _label(context: Context, row: Row) -> str:
    return f"{context.group_name(row['dimension'], row['group_code'])}, {context.short_name(row['indicator_id'])}"


def _picture(context: Context, rows: Sequence[Row]) -> Picture:
    drawn = rows[:DRAWN]
    dots = [
        Dot(
            _label(context, row),
            smallest(row, "excess_count"),
            row["excess_count_ci_lower_95"],
            row["excess_count_ci_upper_95"],
            show(row, "excess_count", "whole"),
            place == 0,
        )
        for place, row in enumerate(drawn)
    ]
    first = drawn[0]
    reference = context.group_name(first["dimension"], first["reference_group"])
    title = f"{_label(context, first)}: about {dots[0].shown} {counted(first)} fewer, if this group fared like “{reference}”"
    frame = Frame(
        title,
        "Excess of each ranked group over what it would have at the rate of its reference group, most per 1,000 people first, as a dot with 95% limits "
        "as a bar. Where a count is hidden the dot is the smallest that the excess can be.",
        context.synthetic,
    )
    return Picture(title, draw_dots(frame, dots, tick("whole")), _table(context, rows), f"On {show_period(first)}.")


def _words(context: Context) -> list[Column]:
    return [
        Words("Group", lambda row: context.group_name(row["dimension"], row["group_code"])),
        context.indicator_column(),
    ]


def _table(context: Context, rows: Sequence[Row]) -> Table:
    return make_table(
        "Groups with a clear difference, most avoidable events per 1,000 people first, with 95% limits",
        rows,
        [
            *_words(context),
            Figures("Adverse events", "adverse_events", "whole"),
            Figures("Of", "denominator", "whole"),
            Figures("Excess", "excess_count", "whole"),
            Figures("Lower limit", "excess_count_ci_lower_95", "whole"),
            Figures("Upper limit", "excess_count_ci_upper_95", "whole"),
            Figures("Excess over the average", "excess_against_average", "whole"),
            Figures("Group known for", "known_share", "percent1"),
        ],
        reason="priority_reason",
    )


def _unranked(context: Context, rows: Sequence[Row]) -> Table:
    columns = [
        *_words(context),
        Words("Certainty", lambda row: row["certainty"]),
        Words("Why it is not ranked", lambda row: sentence(row["priority_reason"] or row[STATUS])),
    ]
    return make_table("Groups that are not ranked", rows, columns, reason="")


def sentence(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
