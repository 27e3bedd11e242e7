"""The table of indicators that dim_indicator reads: every file of the catalogue in one Parquet, all texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster_project.indicators import BREAKDOWNS, Indicator, load_indicators
from dagster_project.lake.paths import Lake
from dagster_project.transform.text_table import Row, write_text_table

AS_THEY_STAND = (
    "indicator_id",
    "catalogue_id",
    "indicator_name",
    "definition",
    "why_it_matters",
    "numerator",
    "denominator",
    "unit",
    "polarity",
    "population",
    "source_id",
    "published_elsewhere",
    "not_public",
    "held_in",
    "available_level",
    "method",
    "caveats",
    "author",
    "checked_by",
    "next_review",
)


def write_indicator_table(lake: Lake) -> Path:
    """The path of the Parquet with one row for each indicator; it is rewritten only when a file of the catalogue changed.

    Raises IndicatorError when a file cannot be used, OSError or duckdb.Error when the data folder cannot be written.
    """
    cells = [_cells(indicator) for indicator in load_indicators().values()]
    columns = tuple(cells[0])
    rows: list[Row] = [tuple(_text(row[name]) for name in columns) for row in cells]
    return write_text_table(lake.clean("_meta", "indicators.parquet"), columns, rows)


def _text(value: Any) -> str | None:
    """Blank and absent are both NULL: a text that says nothing is no text."""
    return str(value) if value not in (None, "") else None


def _cells(indicator: Indicator) -> Mapping[str, Any]:
    target, element = indicator.target, indicator.core20plus5
    return {
        **{name: getattr(indicator, name) for name in AS_THEY_STAND},
        "held_as": ",".join(indicator.held_as),
        "levels": ",".join(indicator.levels),
        "breaks_in_series": " ".join(indicator.breaks_in_series),
        "target": indicator.current_target,
        "target_statement": target and target.statement,
        "target_source": target and target.source,
        "target_valid_from": target and target.valid_from,
        "target_due": target and target.due,
        "target_withdrawn": target and target.withdrawn,
        "core20plus5_programme": element and element.programme,
        "core20plus5_area": element and element.area,
        "core20plus5_element": element and element.element,
        **{f"{name}_levels": ",".join(indicator.breakdowns[name].levels) for name in BREAKDOWNS},
        **{f"{name}_note": indicator.breakdowns[name].note for name in BREAKDOWNS},
    }
