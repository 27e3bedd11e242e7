"""Trends of an organisation: control charts with Making Data Count icons from mart_control_chart, slopes from mart_trend."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dagster_project.report import value_lines
from dagster_project.report.blocks import Block, Paragraph, Picture, Section, Tabular, say
from dagster_project.report.charts import Frame, Point, Reference, draw_control_chart
from dagster_project.report.context import Context
from dagster_project.report.figures import (
    FORMATS,
    gap_format,
    lower_first,
    mark,
    present,
    show,
    show_period,
    tick,
    value_format,
)
from dagster_project.report.icons import Icon, assurance_icon, draw_icon, variation_icon
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.tables import Figures, Table, Words, make_table

TITLE, ANCHOR = "Trends", "trends"
DRAWN = 4
"""Charts on a page: every series is in the summary table; a page of eleven charts was read by nobody."""
OLD_DAYS = 365
NO_TREND = "Cannot be calculated"
ORDER = ("indicator_id", "measure", "dimension", "group_code", "standardisation")
HOW_TO_READ = (
    "How to read these charts: the solid line is the mean, the dashed lines are the process limits within which months or quarters vary by chance. A blue "
    "square is an unusual one for the better, an orange diamond one for the worse (a clear difference), a grey circle ordinary variation. "
    "Limits start again after a break in the series. They are wider where neighbouring ones are alike, and where the time of year shows the "
    "chart is of figures less their season. A control chart shows that something changed, not why."
)


def section(context: Context, control: Sequence[Row], slopes: Sequence[Row], lines: value_lines.Lines) -> Section:
    """Return the section for the rows of one organisation; `lines` are those of all of them."""
    series = group_rows(control, "indicator_id")
    by_indicator = {
        row["indicator_id"]: row
        for row in slopes
        if (row["measure"], row["dimension"], row["standardisation"]) == ("value", "all", "crude")
    }
    newest = [row for row in control if row["is_latest"]]
    blocks: list[Block] = []
    if newest:
        drawn = [
            picture(context, series[row["indicator_id"]], by_indicator.get(row["indicator_id"]))
            for row in _worst(context, newest)
        ]
        blocks = [Tabular(_summary(context, newest)), Paragraph(HOW_TO_READ), *(chart for chart in drawn if chart)]
    others = [row for row in slopes if row["indicator_id"] not in series]
    told = [row for row in others if row["trend"] != NO_TREND]
    if told:
        blocks += [Tabular(_slopes(context, told)), *value_lines.blocks(context, told, lines)]
    if others and len(told) < len(others):
        blocks.append(Paragraph(_short(others, told)))
    return Section(
        ANCHOR,
        TITLE,
        blocks or [Paragraph("Too few to tell: no series is long enough for a chart.", "inset")],
    )


def _short(others: Sequence[Row], told: Sequence[Row]) -> str:
    """How many series cannot have a trend yet, in place of a row for each; the counts are of rows of the file."""
    short = len(others) - len(told)
    words = f"{short} series has" if short == 1 else f"{short} series have"
    return f"{words} too few points for a trend yet: table mart_trend of the file names them and says why."


def _worst(context: Context, newest: Sequence[Row]) -> list[Row]:
    """The series worth a chart: recent ones with settled limits first, concern before the rest, in order of the catalogue."""
    concern = "special_cause_concern"
    recent = [row for row in newest if not context.is_old(row)]
    return sorted(
        recent, key=lambda r: (r["limits_kind"] != "limits", r["variation_icon"] != concern, r["indicator_id"])
    )[:DRAWN]


def _summary(context: Context, newest: Sequence[Row]) -> Table:
    form = value_format("proportion", present([v for r in newest for v in (r["value"], r["mean_value"])]))
    return make_table(
        "Every series of months or quarters: where it stands now",
        newest,
        [
            context.indicator_column(),
            Words("Period", context.dated),
            Figures("Value", "value", form),
            Figures("Mean", "mean_value", form),
            Words("Variation", lambda row: variation_icon(row["variation_icon"], row["polarity"]).meaning),
            Words("Target", lambda row: assurance_icon(row["assurance_icon"]).meaning.removeprefix("Target: ")),
        ],
    )


def picture(context: Context, rows: Sequence[Row], slope: Row | None) -> Picture | None:
    """Draw one series; None where it holds no figure at all."""
    newest = next((row for row in rows if row["is_latest"]), None)
    values = present([row["charted_value"] for row in rows])
    if newest is None or not values:
        return None
    variation = variation_icon(newest["variation_icon"], newest["polarity"])
    assurance = assurance_icon(newest["assurance_icon"])
    form = value_format(context.unit(newest["indicator_id"]), values)
    title = _title(context, newest, variation, assurance)
    frame = Frame(title, _described(rows, newest, form), context.synthetic)
    target = newest.get("target")
    drawing = draw_control_chart(
        frame,
        [_point(row) for row in rows],
        tick(form),
        target=None if target is None else Reference(target, f"Target {FORMATS[form](target)}"),
    )
    icons = [draw_icon(icon) for icon in (variation, assurance)]
    return Picture(title, drawing, _months(context, rows, form), _note(context, newest, slope, form), icons)


def _title(context: Context, newest: Row, variation: Icon, assurance: Icon) -> str:
    name = context.short_name(newest["indicator_id"])
    words = f"{name}: {lower_first(variation.meaning)}"
    return f"{words}; {lower_first(assurance.meaning)}" if assurance.letter else words


def _described(rows: Sequence[Row], newest: Row, form: str) -> str:
    trial = " The limits are trial limits: fewer than 13 points." if newest["limits_kind"] == "trial limits" else ""
    return (
        f"Control chart from {show_period(rows[0])} to {show_period(rows[-1])}, newest figure {show(newest, 'value', form)} in "
        f"{show_period(newest)}, with mean and process limits.{trial}"
    )


def _point(row: Row) -> Point:
    return Point(
        f"{row['period_end']:%b %Y}",
        row["charted_value"],
        row["segment"],
        row["mean_value"],
        row["lower_process_limit"],
        row["upper_process_limit"],
        row.get("point_type", ""),
    )


def _months(context: Context, rows: Sequence[Row], form: str) -> Table:
    name = context.short_name(rows[0]["indicator_id"])
    return make_table(
        f"{name}, period by period",
        rows,
        [
            Words("Period", show_period),
            Figures("Value", "value", form),
            *([Figures("Less its season", "charted_value", form)] if any(row["is_seasonal"] for row in rows) else []),
            Figures("Mean", "mean_value", form),
            Figures("Lower process limit", "lower_process_limit", form),
            Figures("Upper process limit", "upper_process_limit", form),
            Words("Point", lambda row: row.get("special_cause_type", row.get("limits_reason", ""))),
        ],
    )


def _note(context: Context, newest: Row, slope: Row | None, form: str) -> Markup:
    parts = [
        say(
            "{month}: {value}, mean {mean}, process limits {lower} to {upper}.",
            month=show_period(newest),
            value=mark(newest, "value", form),
            mean=mark(newest, "mean_value", form),
            lower=mark(newest, "lower_process_limit", form),
            upper=mark(newest, "upper_process_limit", form),
        )
    ]
    if newest["is_autocorrelated"]:
        parts.append(
            say(
                "Neighbouring periods are alike (correlation {r}): the limits are widened, and runs do not count.",
                r=mark(newest, "autocorrelation", "number2"),
            )
        )
    if newest["is_seasonal"]:
        parts.append(
            say(
                "The time of year shows (correlation with a wave of one year {r}): the chart is of figures less their season.",
                r=mark(newest, "season_correlation", "number2"),
            )
        )
    if newest["limits_kind"] == "trial limits":
        parts.append(Markup("Fewer than 13 points: these are trial limits."))
    if (context.release.built_at.date() - newest["period_end"]).days > OLD_DAYS:
        parts.append(Markup("No newer figure is published."))
    if slope is not None and slope["trend_slope"] is not None:
        parts.append(_slope(context, slope))
    return Markup(" ").join(parts)


def _slope(context: Context, slope: Row) -> Markup:
    unit = context.unit(slope["indicator_id"])
    annual = slope["method"] == "ohid_recent_trend"
    if annual:
        return say("Recent trend over five years: {trend}.", trend=lower_first(slope["trend"]))
    form = gap_format(unit, present([slope["trend_slope"]]))
    return say(
        "Change a year over the last {points} points: {slope}{words} (95% limits {lower} to {upper}); {trend}.",
        points=mark(slope, "points_used", "whole"),
        slope=mark(slope, "trend_slope", form),
        words=" percentage points" if unit == "proportion" else "",
        lower=mark(slope, "trend_slope_ci_lower_95", form),
        upper=mark(slope, "trend_slope_ci_upper_95", form),
        trend=lower_first(slope["trend"]),
    )


def _slopes(context: Context, rows: Sequence[Row]) -> Table:
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in ORDER))
    return make_table(
        "Rising or falling: series without a control chart",
        ordered,
        [
            context.indicator_column(),
            Words("What", lambda row: _subject(context, row)),
            Figures("Points", "points_used", "whole"),
            Words("Until", lambda row: context.dated_day(row["last_period_end"], f"{row['last_period_end']:%B %Y}")),
            Words("Trend", lambda row: row["trend"]),
            Words(
                "That is",
                lambda row: row.get("trend_rating", "not judged: neither direction is better, or no clear change"),
            ),
        ],
        reason="",
    )


def _subject(context: Context, row: Row) -> str:
    kind = {"value": "value", "absolute_gap": "gap"}.get(row["measure"], "slope index")
    parts = [kind] if row["dimension"] == "all" else [kind, context.group_name(row["dimension"], row["group_code"])]
    return ", ".join(parts if row["standardisation"] == "crude" else [*parts, row["standardisation"].replace("_", " ")])
