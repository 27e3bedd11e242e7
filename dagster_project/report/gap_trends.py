"""Trends of gaps as small multiples: each gap of deprivation that is held for two periods or more, its newest figure and its line.

A gap in another edition of the Index of Multiple Deprivation is another gap: a line has those of the newest edition alone. Nothing that
ended two years ago is shown. Whether a line is a clear change says mart_trend, which the section of trends shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dagster_project.report.blocks import Paragraph, Section, Tile, Tiles, indicator_page, say
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
FEWEST, MOST = 2, 8
HOW_TO_READ = (
    "Each line is one gap over the periods that are held; the dashed line is no gap. Two periods show where a gap stood, not whether it "
    "closes: that takes more of them, and the section of trends says where it is a clear change."
)


def read_gap_trends(marts: Marts) -> dict[str, list[list[Row]]]:
    """Read every gap of two periods or more by organisation, oldest period first."""
    found: dict[str, list[list[Row]]] = {}
    if marts.has("fct_inequality_measure", *SERIES):
        for place, rows in group_rows(marts.rows("fct_inequality_measure", WHERE, order="period_end"), *SERIES).items():
            if len(rows) >= FEWEST:
                found.setdefault(place[0], []).append(rows)
    return found


def sections(context: Context, series: Sequence[Sequence[Row]]) -> list[Section]:
    """Return the section of one organisation; none where no gap is held for two periods."""
    recent = [rows for rows in series if not context.is_old(rows[-1])]
    newest = {rows[-1]["indicator_id"]: rows for rows in sorted(recent, key=lambda rows: rows[-1]["period_end"])}
    shown = sorted(newest.values(), key=lambda rows: (-len(rows), rows[-1]["indicator_id"]))
    if not shown:
        return []
    left = len(shown) - MOST
    more = [Paragraph(f"{left} more are in table fct_inequality_measure of the file.")] if left > 0 else []
    tiles = Tiles([_tile(context, rows) for rows in shown[:MOST]])
    return [Section(ANCHOR, TITLE, [Paragraph(HOW_TO_READ), tiles, *more])]


def _tile(context: Context, rows: Sequence[Row]) -> Tile:
    first, newest = rows[0], rows[-1]
    unit = context.unit(newest["indicator_id"])
    form = gap_format(unit, present([row["value"] for row in rows]))
    said = say(
        "{words}between the most and the least deprived quintile. It was {value} in {period}.",
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
