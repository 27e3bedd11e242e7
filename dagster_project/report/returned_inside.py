"""Inside the returns of one trust: ethnic groups within each fifth of deprivation, and the two ends of deprivation period by period.

Beside the page's public figures of peers they are what a trust learns from its own return. Rates are per cent, as in returned.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.report.blocks import Block, Paragraph, Tabular
from dagster_project.report.context import Context
from dagster_project.report.figures import show_date, show_period
from dagster_project.report.marts import Marts, Row, group_rows
from dagster_project.report.tables import Column, Figures, Words, limits, make_table

METRICS = ("WL_GT52_PCT", "OP_DNA_PCT")
OF_METRICS = f"indicator_id in {METRICS}"
PERIODS = 13
"""A year of months, and the month of the year before."""
RATE = "value_status"
CROSSED = (
    "A difference between ethnic groups that stays within a quintile is not explained by deprivation as it is measured here. The rows are "
    "many: read the certainty, which allows for that, before a single limit. It is judged for groups and quintiles that have both disadvantages."
)


@dataclass
class Inside:
    """The rows of all trusts, by code."""

    crossed: dict[Any, list[Row]]
    series: dict[Any, list[Row]]


def read_inside(marts: Marts) -> Inside:
    """Read each mart with one query; nothing where the file has no such mart."""
    newest = "period_end = (select max(n.period_end) from mart_hi_intersection as n where n.organisation_code = mart_hi_intersection.organisation_code)"
    crossed = f"{OF_METRICS} and {newest} and imd_quintile <> 99 and ethnic_group_5 in ('WHITE', 'MIXED', 'ASIAN', 'BLACK', 'OTHER')"
    series = f"{OF_METRICS} and not is_estimate and organisation_level = 'trust' and dimension = 'IMD_QUINTILE' and group_code in ('1', '5')"
    return Inside(
        group_rows(marts.rows("mart_hi_intersection", crossed), "organisation_code"),
        group_rows(marts.rows("mart_hi_rate", series), "organisation_code"),
    )


def blocks(context: Context, inside: Inside, code: str) -> list[Block]:
    """Return the tables of one trust; nothing where it sent no return."""
    names = {row["indicator_id"]: row["indicator_name"] for row in inside.series.get(code, [])}
    crossed = group_rows(inside.crossed.get(code, []), "indicator_id")
    series = group_rows(inside.series.get(code, []), "indicator_id")
    found: list[Block] = [
        _crossed(context, names[one], crossed[one]) for one in METRICS if one in crossed and one in names
    ]
    found += [Paragraph(CROSSED, "caveat")] if found else []
    return [*found, *(_series(context, series[one]) for one in METRICS if one in series)]


def _crossed(context: Context, name: str, rows: Sequence[Row]) -> Tabular:
    """Ethnic groups side by side in each fifth, the most deprived first."""
    columns: list[Column] = [
        Words("Fifth", lambda row: context.group_name("imd_quintile", str(row["imd_quintile"]))),
        Words("Ethnic group", lambda row: context.group_name("ethnic_group_5", row["ethnic_group_5"].lower())),
        Figures("Of", "denominator", "whole", "denominator_status"),
        Figures("Rate", "value", "share1", RATE),
        *limits("share1", RATE),
        Words("Worse together than apart", lambda row: row.get("certainty", "not judged")),
    ]
    ordered = sorted(
        rows, key=lambda row: (row["imd_quintile"], row["ethnic_group_5"] != "WHITE", row["ethnic_group_5"])
    )
    caption = f"{name} by ethnic group within each fifth of deprivation, {show_period(rows[0])}"
    return Tabular(make_table(caption, ordered, columns, reason="withheld_reason"))


def _series(context: Context, rows: Sequence[Row]) -> Tabular:
    """The most and the least deprived fifth in each period, the newest first."""
    periods = sorted({row["period_end"] for row in rows}, reverse=True)[:PERIODS]
    kept = [row for period in periods for row in rows if row["period_end"] == period]
    columns: list[Column] = [
        Words("Period to", lambda row: show_date(row["period_end"])),
        Words("Fifth", lambda row: context.group_name("imd_quintile", row["group_code"])),
        Figures("Of", "denominator", "whole", "denominator_status"),
        Figures("Rate", "value", "share1", RATE),
        *limits("share1", RATE),
    ]
    caption = f"{rows[0]['indicator_name']} in the most and the least deprived fifth, period by period"
    return Tabular(make_table(caption, kept, columns, reason="withheld_reason"))
