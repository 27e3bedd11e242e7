"""Values over time as small multiples: series that have a trend and no control chart, such as the weeks of the waiting list by age and by sex.

A line goes back to the last break in the series, where its trend begins (mart_trend). Neighbouring weeks are alike, so that limits of a
control chart would say nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagster_project.report.blocks import Block, Paragraph, Tile, first_tiles, indicator_page, say
from dagster_project.report.context import OLD_YEARS, Context
from dagster_project.report.dumbbells import draw_spark
from dagster_project.report.figures import mark, present, show_period, value_format
from dagster_project.report.marts import Row, group_rows

FEWEST, MOST = 13, 12
TABLE, TRENDS = "fct_indicator_value", "mart_trend"
KEY = ("indicator_id", "organisation_code", "dimension", "group_code", "standardisation")
WHERE = """
    geography_basis = 'current' and treatment_function_code = 'all' and value is not null and exists (
        select * from mart_trend as trend
        where measure = 'value' and points_used >= ? and last_period_end > cast(? as date) - to_years(?)
            and trend.indicator_id = fct_indicator_value.indicator_id and trend.organisation_code = fct_indicator_value.organisation_code
            and trend.dimension = fct_indicator_value.dimension and trend.group_code = fct_indicator_value.group_code
            and trend.standardisation = fct_indicator_value.standardisation
            and fct_indicator_value.period_start >= first_period_start and fct_indicator_value.period_end <= last_period_end
    )"""
HOW_TO_READ = (
    "Each line is one value over the weeks, quarters or years that are held since the last break in its series."
)


Lines = Mapping[Any, Sequence[Row]]
"""Figures of each series by KEY, oldest first."""


def read_lines(context: Context) -> Lines:
    """Read the line of every series that is long enough and whose newest figure is less than two years old."""
    if not context.marts.has(TRENDS, *KEY) or not context.marts.has(TABLE, *KEY):
        return {}
    parameters = [FEWEST, context.release.built_at.date(), OLD_YEARS]
    series = group_rows(context.marts.rows(TABLE, WHERE, parameters, order="period_end"), *KEY)
    return {key: rows for key, rows in series.items() if len(rows) >= FEWEST}


def blocks(context: Context, slopes: Sequence[Row], lines: Lines) -> list[Block]:
    """Return the lines of the series behind these rows of mart_trend; none where all of them are short or old."""
    keys = {tuple(row[name] for name in KEY): row for row in slopes if row["measure"] == "value"}
    found = [(keys[key], lines[key]) for key in sorted(keys) if key in lines]
    if not found:
        return []
    return [Paragraph(HOW_TO_READ), *first_tiles(lambda one: _tile(context, *one), found, MOST, TABLE)]


def _tile(context: Context, slope: Row, rows: Sequence[Row]) -> Tile:
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
