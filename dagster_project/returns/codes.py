"""The code lists and thresholds of the returns, read from `dbt/seeds/returns/`: the same files that dbt loads.

Not here: which column takes which list (collections/*.yml).
"""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from pathlib import Path

from dagster_project.contracts.collection import SEEDS_FOLDER, CodeList, ReturnsContractError, load_collections
from dagster_project.contracts.indicator import indicator_ids

Row = dict[str, str]
EVERY_ORGANISATION = "ALL"


@cache
def read_seed(name: str, folder: Path = SEEDS_FOLDER) -> tuple[Row, ...]:
    """Return the rows of a seed, as text; raises ReturnsContractError when it is not there."""
    path = folder / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return tuple(csv.DictReader(stream))
    except OSError as error:
        raise ReturnsContractError(f"the code list {name}.csv is not in {folder.name}/") from error


def rows_of(codes: CodeList, folder: Path = SEEDS_FOLDER) -> list[Row]:
    """Return the rows of a list, in the order of the seed."""
    return [
        row
        for row in read_seed(codes.seed, folder)
        if (not codes.list_code or row["list_code"] == codes.list_code)
        and (not codes.levels or row["level"] in codes.levels)
    ]


def valid_codes(codes: CodeList, day: dt.date, folder: Path = SEEDS_FOLDER) -> list[str]:
    """Return the codes that may be used on a day, each once, in order."""
    found = [row[codes.column] for row in rows_of(codes, folder) if _is_valid(row, day)]
    return list(dict.fromkeys(found))


def _is_valid(row: Row, day: dt.date) -> bool:
    """Validity is by day, or by wave (a year) for the survey; blank means without end."""
    if "wave_from" in row:
        # Which option belongs to which wave is its own rule (SV01), because the wave is in the rows.
        return True
    return row["valid_from"] <= day.isoformat() and (not row["valid_to"] or day.isoformat() <= row["valid_to"])


def thresholds(org_code: str, day: dt.date, folder: Path = SEEDS_FOLDER) -> dict[str, dict[str, float]]:
    """Rule -> parameter -> value for an organisation on a day: its own exemption before the general value."""
    found: dict[str, dict[str, float]] = {}
    rows = read_seed("rule_thresholds", folder)
    for wanted in (EVERY_ORGANISATION, org_code):
        for row in rows:
            if row["org_code"] == wanted and _is_valid(row, day):
                found.setdefault(row["rule_id"], {})[row["parameter"]] = float(row["value"])
    return found


def metric_ids(folder: Path = SEEDS_FOLDER) -> frozenset[str]:
    """Return the metrics by which an action may be measured (P01): those of the returns and the indicators of the publishers."""
    return frozenset(row["metric_id"] for row in read_seed("hi_metric", folder)) | indicator_ids()


def lists_of(collection_code: str, folder: Path = SEEDS_FOLDER) -> dict[str, list[Row]]:
    """Column -> the rows of its code list, for the templates."""
    columns = load_collections()[collection_code].columns
    return {column.name: rows_of(column.codes, folder) for column in columns if column.codes}
