"""What stands out in England: up to six tiles, each composed by a rule that the end of the page states.

Nothing older than two years heads the page. A tile without a figure says in a sentence what there is instead; one whose table the file
does not have is left out. Counts are of rows of the file. Not here: the sections that the tiles lead to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from dagster_project.report.blocks import Paragraph, Section, Tile, Tiles, indicator_page, say
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.dumbbells import Kind, draw_spark
from dagster_project.report.figures import gap_format, mark, present, show_period, value_format
from dagster_project.report.marts import Row
from dagster_project.report.priorities import counted, excess, ranked
from dagster_project.report.scorecard import READINGS, judged
from dagster_project.report.trends import NO_TREND

RULE = (
    "What stands out is chosen by rule: the group with the most avoidable events per 1,000 people, by deprivation and by ethnicity, where the "
    "difference is clear; the widest clear gap of the Core20PLUS5 scorecard; the steepest clear change; the gaps that "
    "close or widen; and how complete the recording is. Figures of two years old or more are left out here."
)
DEPRIVATION, ETHNICITY = ("imd_quintile", "imd_decile"), ("ethnic_group", "ethnic_group_5", "ethnic_group_5_2001")


def section(
    context: Context, gaps: Sequence[Row], scorecard: Sequence[Row], slopes: Sequence[Row], control: Sequence[Row]
) -> Section:
    """Return the tiles, of rows of England; `scorecard` are the newest ones of both scorecards."""
    found = [
        *_gap(context, "Largest gap by deprivation", gaps, DEPRIVATION),
        *_gap(context, "Largest gap by ethnicity", gaps, ETHNICITY),
        *_core20(context, scorecard),
        *_change(context, slopes, control),
        *_closing(context, slopes),
        *_recording(context),
    ]
    empty = Paragraph("This release holds no figures of England that are complete and recent enough to stand here.")
    return Section("stands-out", "What stands out", [Tiles(found)] if found else [empty])


def _gap(context: Context, title: str, gaps: Sequence[Row], dimensions: Sequence[str]) -> Iterator[Tile]:
    ours = [row for row in gaps if row["dimension"] in dimensions and not context.is_old(row)]
    clear = ranked(ours)
    if not clear:
        if ours:
            yield Tile(
                title, "None clear", "No group fares worse by a clear difference.", "", "index.html#gaps", "Gaps"
            )
        return
    row, figures = clear[0], excess(clear[0])
    yield Tile(
        title,
        say("about {excess} avoidable", **figures),
        say(
            "{indicator}: {group}, beside {reference}. Avoidable {counted}, 95% limits {lower} to {upper}.",
            group=context.plain_group(row["dimension"], row["group_code"]),
            indicator=context.short_name(row["indicator_id"]),
            counted=counted(row),
            reference=context.plain_group(row["dimension"], row["reference_group"]),
            **figures,
        ),
        f"Worse, a clear difference. {show_period(row)}",
        "index.html#gaps",
        "All gaps",
        "worse",
    )


def _core20(context: Context, rows: Sequence[Row]) -> Iterator[Tile]:
    title = "Widest gap of Core20PLUS5"
    known = judged(rows)
    clear = [row for row in known if row["core20_gap_reading"] in {"worse", "better"} and not context.is_old(row)]
    if not clear:
        if known:
            said = "No recent gap between the most deprived quintile and the rest is a clear difference."
            yield Tile(title, "None clear", said, "", "index.html#core20plus5", "Scorecard")
        return
    row = min(clear, key=lambda r: (r["core20_gap_reading"] != "worse", -abs(r["core20_gap"]), r["indicator_id"]))
    values = present([row["core20_value"], row["rest_value"]])
    form = value_format("proportion", values)
    yield Tile(
        title,
        say("{gap} points", gap=mark(row, "core20_gap", gap_format("proportion", values))),
        say(
            "{indicator}: {core20} in the most deprived quintile, {rest} in the rest.",
            indicator=context.short_name(row["indicator_id"]),
            core20=mark(row, "core20_value", form),
            rest=mark(row, "rest_value", form),
        ),
        f"{READINGS[row['core20_gap_reading']]}, a clear difference. {show_period(row)}",
        indicator_page(row["indicator_id"]),
        "This indicator",
        row["core20_gap_reading"],
    )


def _recent(context: Context, row: Row) -> bool:
    return row["last_period_end"] is not None and not context.is_old_day(row["last_period_end"])


def _change(context: Context, rows: Sequence[Row], control: Sequence[Row]) -> Iterator[Tile]:
    title = "Changing most"
    told = [row for row in rows if row["measure"] == "value" and row["trend"] != NO_TREND and _recent(context, row)]
    rated = [row for row in told if row["trend_rating"] and context.unit(row["indicator_id"]) == "proportion"]
    if not rated:
        if told:
            said = f"None of {len(told)} series that are long enough shows a clear change."
            yield Tile(title, "No clear change", said, "", "index.html#trends", "Trends")
        return
    row = min(rated, key=lambda r: (-abs(r["trend_slope"]), r["indicator_id"], r["dimension"], r["group_code"]))
    form = gap_format("proportion", present([row["trend_slope"]]))
    who = "" if row["dimension"] == "all" else f", {context.group_name(row['dimension'], row['group_code'])}"
    yield Tile(
        title,
        say("{slope} points", slope=mark(row, "trend_slope", form)),
        say(
            "a year: {indicator}{who} (95% limits {lower} to {upper}).",
            indicator=context.short_name(row["indicator_id"]),
            who=who,
            lower=mark(row, "trend_slope_ci_lower_95", form),
            upper=mark(row, "trend_slope_ci_upper_95", form),
        ),
        f"A clear change, getting {row['trend_rating']}. Until {row['last_period_end']:%B %Y}",
        indicator_page(row["indicator_id"]),
        "This indicator",
        row["trend_rating"],
        _spark(row, control),
    )


def _spark(row: Row, control: Sequence[Row]) -> Markup | str:
    if row["dimension"] != "all":
        return ""
    values = present([point["value"] for point in control if point["indicator_id"] == row["indicator_id"]])
    return draw_spark(values) if len(values) > 2 else ""  # noqa: PLR2004 - two points are no line


def _closing(context: Context, rows: Sequence[Row]) -> Iterator[Tile]:
    gaps = [row for row in rows if row["measure"] != "value"]
    if not gaps:
        return
    told = [row for row in gaps if row["trend"] != NO_TREND and _recent(context, row)]
    closing = [row for row in told if row["trend_rating"] == "better"]
    widening = [row for row in told if row["trend_rating"] == "worse"]
    shown = (closing or widening)[:1]
    words = "closing" if closing else "widening"
    kind: Kind = "better" if closing else "worse"
    names = "".join(f"{context.short_name(row['indicator_id'])} is {words}. " for row in shown)
    short = len(gaps) - len(told)
    said = f"{names}Of {len(gaps)} gaps between groups that are followed, {len(closing)} close and {len(widening)} widen clearly"
    said += f"; {short} have too few periods yet, or none since two years ago." if short else "."
    value = f"{len(shown and (closing or widening))} {words}" if shown else "None closing"
    until = f"Until {shown[0]['last_period_end']:%B %Y}" if shown else ""
    yield Tile("Gaps that close", value, said, until, "index.html#trends", "Trends", kind if shown else "neither")


def _recording(context: Context) -> Iterator[Tile]:
    own = f"organisation_code = '{ENGLAND}' or (organisation_level = 'england' and organisation_code = 'all')"
    rows = [
        row
        for row in context.marts.rows("mart_data_quality", own)
        if (row["measure"], row["field_name"], row["waiting_band"]) == ("known_share", "ethnicity", "total")
        and row["value"] is not None
        and not context.is_old(row)
    ]
    if not rows:
        return
    row = max(rows, key=lambda r: (r["period_end"], r["source_id"]))
    yield Tile(
        "How complete the data are",
        mark(row, "value", "percent1"),
        f"of pathways on the waiting list have a known ethnic group. {_held(context)}",
        show_period(row),
        "data-quality.html",
        "Data quality",
    )


def _held(context: Context) -> str:
    """For how many indicators England has figures by deprivation and by ethnicity: a count of rows of the coverage table."""
    rows = context.marts.rows("mart_coverage", "organisation_level = 'england'")
    parts = []
    for breakdown in ("deprivation", "ethnicity"):
        own = [row for row in rows if row["breakdown"] == breakdown]
        held = [row for row in own if row["availability"] in {"available", "partly"}]
        parts += [f"by {breakdown} {len(held)} of {len(own)}"] if own else []
    return f"Indicators with figures of England {', '.join(parts)}." if parts else ""
