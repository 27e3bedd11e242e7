"""Values over time as small multiples: series that have a trend and no control chart, such as the weeks of the waiting list by age and by sex.

A line goes back to the last break in the series, where its trend begins (mart_trend). Neighbouring weeks are alike, so that limits of a
control chart would say nothing of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.report.blocks import Block, Paragraph, Tile, Tiles, indicator_page, say
from dagster_project.report.context import Context
from dagster_project.report.dumbbells import draw_spark
from dagster_project.report.figures import mark, present, show_period, value_format
from dagster_project.report.marts import Row

FEWEST, MOST = 13, 12
WHERE = (
    "indicator_id = ? and organisation_code = ? and dimension = ? and group_code = ? and standardisation = ? and geography_basis = 'current' "
    "and treatment_function_code = 'all' and value is not null and period_start >= ? and period_end <= ?"
)
KEY = (
    "indicator_id",
    "organisation_code",
    "dimension",
    "group_code",
    "standardisation",
    "first_period_start",
    "last_period_end",
)
HOW_TO_READ = (
    "Each line is one value over the weeks, quarters or years that are held since the last break in its series."
)


def blocks(context: Context, slopes: Sequence[Row]) -> list[Block]:
    """Return the lines of the series behind these rows of mart_trend; none where all of them are short or old."""
    long = [row for row in slopes if row["measure"] == "value" and row["points_used"] >= FEWEST]
    recent = [row for row in long if not context.is_old_day(row["last_period_end"])]
    ordered = sorted(recent, key=lambda row: tuple(row[name] for name in KEY[:5]))
    tiles = [tile for tile in (_tile(context, row) for row in ordered[:MOST]) if tile]
    left = len(ordered) - MOST
    more = [Paragraph(f"{left} more are in table fct_indicator_value of the file.")] if left > 0 else []
    return [Paragraph(HOW_TO_READ), Tiles(tiles), *more] if tiles else []


def _tile(context: Context, slope: Row) -> Tile | None:
    rows = context.marts.rows("fct_indicator_value", WHERE, [slope[name] for name in KEY], order="period_end")
    if len(rows) < FEWEST:
        return None
    first, newest = rows[0], rows[-1]
    form = value_format(context.unit(slope["indicator_id"]), present([row["value"] for row in rows]))
    name = context.short_name(slope["indicator_id"])
    group = "" if slope["dimension"] == "all" else f", {context.group_name(slope['dimension'], slope['group_code'])}"
    return Tile(
        f"{name}{group}",
        mark(newest, "value", form),
        say(
            "First of the line: {value} ({period}). {trend}.",
            value=mark(first, "value", form),
            period=show_period(first),
            trend=", ".join(filter(None, (slope["trend"], slope.get("trend_rating")))),
        ),
        f"{show_period(newest)}, {len(rows)} periods",
        indicator_page(slope["indicator_id"]),
        "The indicator",
        spark=draw_spark([row["value"] for row in rows]),
    )
