"""The tables that dim_indicator and dim_indicator_target read: every file of the catalogue in two Parquets, all texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster_project.contracts.indicator import BREAKDOWNS, PARTS, Indicator, Part, load_indicators
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
    "crude_indicator",
    "available_level",
    "method",
    "caveats",
    "author",
    "checked_by",
    "next_review",
)


def write_indicator_tables(lake: Lake) -> tuple[Path, Path]:
    """Return the paths of two Parquets: one row for each indicator, and one for each target at each of its levels.

    They are rewritten only when a file of the catalogue changed. Raises IndicatorError when a file cannot be used, OSError or
    duckdb.Error when the data folder cannot be written.
    """
    catalogue = load_indicators().values()
    indicators = [_cells(indicator) for indicator in catalogue]
    targets = [row for indicator in catalogue for row in target_rows(indicator)]
    return _write(lake, "indicators", indicators), _write(lake, "indicator_targets", targets)


def _write(lake: Lake, name: str, cells: list[Mapping[str, Any]]) -> Path:
    columns = tuple(cells[0])
    rows: list[Row] = [tuple(_text(row[name]) for name in columns) for row in cells]
    return write_text_table(lake.clean("_meta", f"{name}.parquet"), columns, rows)


def _text(value: Any) -> str | None:
    """Blank and absent are both NULL: a text that says nothing is no text."""
    return str(value) if value not in (None, "") else None


def _cells(indicator: Indicator) -> Mapping[str, Any]:
    element = indicator.core20plus5
    return {
        **{name: getattr(indicator, name) for name in AS_THEY_STAND},
        "held_as": ",".join(indicator.held_as),
        "levels": ",".join(indicator.levels),
        "breaks_in_series": " ".join(indicator.breaks_in_series),
        "target_statement": "; ".join(target.statement for target in indicator.targets),
        "target_source": "; ".join(dict.fromkeys(target.source.in_words for target in indicator.targets)),
        "core20plus5_programme": element and element.programme,
        "core20plus5_area": element and element.area,
        "core20plus5_element": element and element.element,
        **{f"{name}_levels": ",".join(indicator.breakdowns[name].levels) for name in BREAKDOWNS},
        **{f"{name}_note": indicator.breakdowns[name].note for name in BREAKDOWNS},
        **{cell: value for part in PARTS for cell, value in _verified(indicator, part)},
    }


def _verified(indicator: Indicator, part: Part) -> Iterator[tuple[str, Any]]:
    found = indicator.verification.get(part)
    yield f"{part}_verification", found.verification if found else "not verified"
    yield f"{part}_verified_on", found and found.verified_on
    yield f"{part}_verified_against", found and found.verified_against.in_words


def target_rows(indicator: Indicator) -> Iterator[Mapping[str, Any]]:
    """Yield the targets of an indicator, one row for each level, as dim_indicator_target has them."""
    for number, target in enumerate(indicator.targets, start=1):
        for level in target.levels:
            yield {
                "indicator_id": indicator.indicator_id,
                "target_no": number,
                "organisation_level": level,
                "target": target.value,
                "target_kind": target.kind,
                "applies_from": target.applies_from,
                "applies_to": target.applies_to,
                "target_statement": target.statement,
                "target_source": target.source.in_words,
            }
