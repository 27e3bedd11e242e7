"""An indicator by deprivation or ethnicity within an organisation: chart with limits, gap in a sentence, table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dagster_project.report.blocks import Block, Paragraph, Picture, Section, say
from dagster_project.report.charts import Dot, Frame, Reference
from dagster_project.report.context import Context
from dagster_project.report.dots import draw_dots
from dagster_project.report.figures import (
    FORMATS,
    drawn_as,
    gap_format,
    mark,
    present,
    show,
    show_period,
    tick,
    value_format,
)
from dagster_project.report.marts import Marts, Row
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

DIMENSIONS = {
    "imd_quintile": "by deprivation of the area where people live (quintiles)",
    "imd_decile": "by deprivation of the area where people live (deciles)",
    "ethnic_group_5": "by ethnic group",
    "ethnic_group_5_2001": "by ethnic group (Chinese people in other)",
    "ethnic_group": "by ethnic category",
    "core20": "in the most deprived quintile (Core20) and the rest",
    "sex": "by sex",
    "age_band": "by age",
    "severe_mental_illness": "with and without severe mental illness",
    "learning_disability": "with and without a learning disability",
    "autism": "autistic people and others",
}
EXTREMES = {"imd_quintile": ("1", "5", "quintile"), "imd_decile": ("1", "10", "decile")}
REFERENCE = {"ethnic_group_5": "white", "ethnic_group_5_2001": "white", "ethnic_group": "A"}
CAVEAT = (
    "What this does not say: groups differ in age, urgency and kind of treatment, and nothing here allows for that. A difference between "
    "groups is not by itself a difference in care. Of the differences that are called clear, one in twenty or fewer is chance (q value)."
)
NAMED = 2
"""Groups that a title names; the table has all."""
Gaps = Mapping[str, Row]


@dataclass(frozen=True)
class Split:
    """An indicator by the groups of one dimension in one organisation, and its gaps by comparison group."""

    indicator_id: str
    dimension: str
    rows: Sequence[Row]
    gaps: Gaps


def read_splits(marts: Marts, table: str, where: str, *, gaps_where: str = "true") -> dict[str, list[Split]]:
    """Read every split of the newest period of a mart, by organisation, in order of dimension and indicator."""
    if not marts.has(table, "dimension", "group_code"):
        return {}
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in marts.rows(table, where):
        grouped.setdefault((row["organisation_code"], row["dimension"], row["indicator_id"]), []).append(row)
    gaps = _read_gaps(marts, gaps_where)
    splits: dict[str, list[Split]] = {}
    for (code, dimension, indicator_id), rows in sorted(grouped.items(), key=lambda item: _order(*item[0])):
        newest = max(row["period_end"] for row in rows)
        kept = [row for row in rows if row["period_end"] == newest]
        found = gaps.get((code, dimension, indicator_id, str(newest)), {})
        splits.setdefault(code, []).append(Split(indicator_id, dimension, kept, found))
    return splits


def _order(code: str, dimension: str, indicator_id: str) -> tuple[str, int, str]:
    return code, list(DIMENSIONS).index(dimension), indicator_id


def _read_gaps(marts: Marts, where: str) -> dict[tuple[str, str, str, str], dict[str, Row]]:
    gaps: dict[tuple[str, str, str, str], dict[str, Row]] = {}
    chosen = (
        "measure = 'absolute_gap' and geography_basis = 'current' and treatment_function_code = 'all' and standardisation = 'crude' "
        "and reference_group in ('5', '10', 'white', 'A', 'rest')"
    )
    for row in marts.rows("fct_inequality_measure", f"{chosen} and {where}"):
        place = (row["organisation_code"], row["dimension"], row["indicator_id"], str(row["period_end"]))
        gaps.setdefault(place, {})[row["comparison_group"]] = row
    return gaps


def section(context: Context, anchor: str, title: str, splits: Sequence[Split]) -> Section:
    """Return the charts and tables of several splits, and what they do not say."""
    blocks: list[Block] = [picture(context, split) for split in splits]
    if not blocks:
        return Section(anchor, title, [Paragraph("Not enough data: no figures by group are published here.", "inset")])
    return Section(anchor, title, [*blocks, Paragraph(CAVEAT, "caveat")])


def picture(context: Context, split: Split) -> Picture:
    """Return one split: the finding, the chart, the gap in a sentence, the table."""
    rows = sorted(split.rows, key=context.group_order)
    unit = context.unit(split.indicator_id)
    form = value_format(unit, present([row["value"] for row in rows]))
    title = f"{context.short_name(split.indicator_id)}: {finding(context, split)}"
    extreme = EXTREMES.get(split.dimension, ("", "", ""))[0]
    dots = [_dot(context, row, form, row["group_code"] == extreme) for row in rows]
    described = f"Each group {drawn_as(rows)}, {DIMENSIONS[split.dimension]}; {show_period(rows[0])}."
    references = _references(context, split, form)
    drawing = draw_dots(Frame(title, described, context.synthetic), dots, tick(form), references=references)
    return Picture(title, drawing, table(context, rows, form), gap_note(context, split, unit))


def _dot(context: Context, row: Row, form: str, highlight: bool) -> Dot:
    name = context.group_name(row["dimension"], row["group_code"])
    lower, upper = row.get("ci_lower_95"), row.get("ci_upper_95")
    return Dot(name, row["value"], lower, upper, show(row, "value", form), highlight)


def _references(context: Context, split: Split, form: str) -> list[Reference]:
    """The target in force for the organisation in the period of the figures, where there is one."""
    of = split.rows[0]
    target = context.targets.get((split.indicator_id, of["organisation_code"], of["period_end"]))
    return [] if target is None else [Reference(target, f"Target {FORMATS[form](target)}")]


def table(context: Context, rows: Sequence[Row], form: str) -> Table:
    """Return the groups with counts, value and limits."""
    name = context.short_name(rows[0]["indicator_id"])
    columns: list[Column] = [
        Words("Group", lambda row: context.group_name(row["dimension"], row["group_code"])),
        Figures("Counted", "numerator", "whole"),
    ]
    if context.unit(rows[0]["indicator_id"]) != "count":
        columns += [
            Figures("Of", "denominator", "whole"),
            Figures("Value", "value", form),
            *limits(form),
        ]
    return make_table(f"{name} {DIMENSIONS[rows[0]['dimension']]}, {show_period(rows[0])}", rows, columns)


# -- what the gap says ------------------------------------------------------------------------------------------------


NO_LIMITS = "there are no limits, so the difference is not judged"
"""A rate without its counts has none: its gap is known, and may be chance."""


CLEAR = "This is a clear difference."


def _is_clear(gap: Row) -> bool:
    return bool(gap["certainty"] == "clear difference")


def _nearest(gap: Row) -> float:
    """A gap, or of one with hidden counts the end of its bounds that is nearer to none; 0 where they lie on both sides."""
    ends = [gap["value"]] if gap["value"] is not None else sorted((gap["value_low"], gap["value_high"]), key=abs)
    return 0.0 if ends[0] * ends[-1] < 0 else float(ends[0])


def finding(context: Context, split: Split) -> str:
    """Say what the split shows, in words without figures: for the title of the chart."""
    if not any(row["value"] is not None for row in split.rows):
        return "too few to tell the groups apart"
    if split.dimension in EXTREMES:
        return _finding_of_extremes(split)
    if not split.gaps:
        return DIMENSIONS[split.dimension]
    return _finding_of_groups(context, split)


def _finding_of_extremes(split: Split) -> str:
    first, _, part = EXTREMES[split.dimension]
    gap = split.gaps.get(first)
    if gap is not None and gap["value"] is None and _is_clear(gap):
        return f"{'higher' if gap['value_low'] > 0 else 'lower'} in the most deprived {part} than in the least deprived"
    if gap is None or gap["value"] is None:
        return f"the most and the least deprived {part} cannot be compared"
    if gap["certainty"] is None:
        return NO_LIMITS
    if not _is_clear(gap):
        return f"no clear difference between the most and the least deprived {part}"
    return f"{'higher' if gap['value'] > 0 else 'lower'} in the most deprived {part} than in the least deprived"


def _finding_of_groups(context: Context, split: Split) -> str:
    gaps = split.gaps.values()
    reference = context.group_name(split.dimension, REFERENCE.get(split.dimension, "rest"))
    if all(gap["value"] is None and not _is_clear(gap) for gap in gaps):
        return "the groups cannot be compared, because figures are hidden or not there"
    if not any(gap["certainty"] in ("clear difference", "no clear difference") for gap in gaps):
        return NO_LIMITS
    ordered = sorted(filter(_is_clear, gaps), key=lambda gap: (-abs(_nearest(gap)), gap["comparison_group"]))
    if not ordered:
        return f"no clear difference between any group and {reference}"
    said = []
    for word, sign in (("higher", 1), ("lower", -1)):
        names = [
            context.group_name(split.dimension, gap["comparison_group"]) for gap in ordered if _nearest(gap) * sign > 0
        ]
        more = " and others" if len(names) > NAMED else ""
        said += [f"{word} among {', '.join(f'“{name}”' for name in names[:NAMED])}{more}"] if names else []
    return f"{' and '.join(said)} than among “{reference}”"


def gap_note(context: Context, split: Split, unit: str) -> Markup | str:
    """Say the gap with its limits, and what it means; an empty text where there is no single gap."""
    if split.dimension not in EXTREMES:
        return ""
    first, _, part = EXTREMES[split.dimension]
    gap = split.gaps.get(first)
    if gap is None:
        return ""
    form = gap_format(unit, present([row["value"] for row in split.rows]))
    words = "percentage points" if unit == "proportion" else "in the unit of the indicator"
    if gap["value"] is None and gap["value_status"] == "bounded":
        return say(
            "Gap between the most and the least deprived {part}: {gap} {words}, whatever the hidden counts are; chance comes on top. {sure}",
            sure=CLEAR if _is_clear(gap) else "Too few to tell whether it is a clear difference.",
            part=part,
            gap=mark(gap, "value", form),
            words=words,
        )
    if gap["value"] is None:
        return say(
            "Gap between the most and the least deprived {part}: {gap}.", part=part, gap=mark(gap, "value", form)
        )
    if gap["certainty"] is None:
        return say(
            "Gap between the most and the least deprived {part}: {gap} {words}; {why}.",
            part=part,
            gap=mark(gap, "value", form),
            words=words,
            why=NO_LIMITS,
        )
    return say(
        "Gap between the most and the least deprived {part}: {gap} {words} (95% limits {lower} to {upper}). {sure}",
        part=part,
        gap=mark(gap, "value", form),
        words=words,
        lower=mark(gap, "ci_lower_95", form),
        upper=mark(gap, "ci_upper_95", form),
        sure=CLEAR if _is_clear(gap) else "There is no clear difference.",
    )
