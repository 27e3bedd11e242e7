"""Trends of gaps as small multiples: each gap of deprivation that is held for two periods or more, its newest figure and its line.

A line goes back as far as the figures of the most deprived quintile are comparable (previous_period_end of fct_indicator_value): not across
a break in the series, nor into another edition of the Index of Multiple Deprivation. Nothing that ended two years ago is shown. Whether a
line is a clear change says mart_trend, which the section of trends shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from dagster_project.report.blocks import Paragraph, Section, Tile, first_tiles, indicator_page, say
from dagster_project.report.context import Context
from dagster_project.report.dumbbells import draw_spark
from dagster_project.report.figures import gap_format, mark, present, show_period
from dagster_project.report.marts import Marts, Row, group_rows

ANCHOR, TITLE = "gap-trends", "How gaps between the most and the least deprived move"
WHERE = (
    "measure = 'absolute_gap' and geography_basis = 'current' and treatment_function_code = 'all' and standardisation = 'crude' "
    "and dimension = 'imd_quintile' and comparison_group = '1' and reference_group = '5' and value is not null "
    "and organisation_level in ('england', 'icb', 'trust')"
)
SERIES = ("organisation_code", "indicator_id", "period_type", "imd_version")
BEFORE = """
    select organisation_code, indicator_id, period_type, imd_version, period_end, previous_period_end from fct_indicator_value
    where geography_basis = 'current' and treatment_function_code = 'all' and standardisation = 'crude' and dimension = 'imd_quintile'
        and group_code = '1' and previous_period_end is not null"""
FEWEST, MOST = 2, 8
HOW_TO_READ = (
    "Each line is one gap over the periods that are held; the dashed line is no gap. Two periods show where a gap stood, not whether it "
    "closes: that takes more of them, and the section of trends says where it is a clear change."
)


def read_gap_trends(marts: Marts) -> dict[str, list[list[Row]]]:
    """Read every gap of two comparable periods or more by organisation, oldest period first."""
    found: dict[str, list[list[Row]]] = {}
    if not marts.has("fct_inequality_measure", *SERIES) or not marts.has("fct_indicator_value", "previous_period_end"):
        return found
    before = {tuple(row[:-1]): row[-1] for row in marts.pairs(BEFORE)}
    for place, rows in group_rows(marts.rows("fct_inequality_measure", WHERE, order="period_end"), *SERIES).items():
        line = _comparable(rows, {row["period_end"]: before.get((*place, row["period_end"])) for row in rows})
        if len(line) >= FEWEST:
            found.setdefault(place[0], []).append(line)
    return found


def _comparable(rows: Sequence[Row], before: Mapping[Any, Any]) -> list[Row]:
    """Return the newest row and those before it that follow on each other, oldest first."""
    line = [rows[-1]]
    for row in reversed(rows[:-1]):
        if before[line[0]["period_end"]] != row["period_end"]:
            break
        line.insert(0, row)
    return line


def sections(context: Context, series: Sequence[Sequence[Row]]) -> list[Section]:
    """Return the section of one organisation; none where no gap is held for two periods."""
    recent = [rows for rows in series if not context.is_old(rows[-1])]
    newest = {rows[-1]["indicator_id"]: rows for rows in sorted(recent, key=lambda rows: rows[-1]["period_end"])}
    shown = sorted(newest.values(), key=lambda rows: (-len(rows), rows[-1]["indicator_id"]))
    if not shown:
        return []
    tiles = first_tiles(lambda rows: _tile(context, rows), shown, MOST, "fct_inequality_measure")
    return [Section(ANCHOR, TITLE, [Paragraph(HOW_TO_READ), *tiles])]


def _tile(context: Context, rows: Sequence[Row]) -> Tile:
    first, newest = rows[0], rows[-1]
    unit = context.unit(newest["indicator_id"])
    form = gap_format(unit, present([row["value"] for row in rows]))
    said = say(
        "{words}between the most and the least deprived quintile. First held: {value} ({period}).",
        words="percentage points " if unit == "proportion" else "",
        value=mark(first, "value", form),
        period=show_period(first),
    )
    return Tile(
        context.short_name(newest["indicator_id"]),
        mark(newest, "value", form),
        said,
        f"{show_period(newest)}, {len(rows)} periods",
        indicator_page(newest["indicator_id"]),
        "The indicator",
        spark=_line(rows),
    )


def _line(rows: Sequence[Row]) -> Markup:
    return draw_spark([row["value"] for row in rows], zero=True)
