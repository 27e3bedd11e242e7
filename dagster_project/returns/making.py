"""The manifest of a CSV, made from the file itself: hash, rows and control total, which nobody can type without error.

What only a person can say (role and day of sign-off, profile, known issues) is given by the caller. Not here: judgement.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier; the control total is an expression of the contract
from __future__ import annotations

import datetime as dt
from pathlib import Path

from dagster_project.contracts.collection import SEEDS_FOLDER, Collection, load_collections, load_common
from dagster_project.duck import connection
from dagster_project.lake.files import LakeError, hash_file, write_atomically
from dagster_project.returns.manifest import MONTHS
from dagster_project.returns.reading import Unreadable, read_data
from dagster_project.returns.submission import FILE_NAME, sidecar_of
from dagster_project.returns.templates import as_csv
from dagster_project.returns.typed import make_enums, type_rows


class NotMade(LakeError):
    """A manifest that cannot be made: the file's name or content does not say what it needs."""


Counted = tuple[int, float]
"""Rows, and the control total as the contract defines it."""


def make_manifest(path: Path, said: dict[str, str], counted: Counted | None = None) -> Path:
    """Write the manifest beside a CSV; `said` holds what a person says, by column. Raises NotMade, NoSpace or OSError.

    Whoever wrote the file from a table may give what was `counted` in that: the file is then not read again.
    """
    named = FILE_NAME.fullmatch(path.name)
    if named is None or named["collection"] not in load_collections() or named["format"] != "csv":
        raise NotMade(
            "no manifest was made",
            "the file name does not have the form HIW-<return>_<organisation>_<YYYY-MM>_v<NN>.csv",
            "rename the file; a workbook carries its manifest as a sheet",
        )
    collection = load_collections()[named["collection"]]
    first, last = _period(named["period"], collection)
    is_safe = said.get("disclosure_profile") == "SAFE"
    rows, total = counted or _count(path, collection, last, is_safe=is_safe)
    known = {
        "collection_code": collection.code,
        "template_version": collection.template_version,
        "org_code": named["org"],
        "period_start": first.isoformat(),
        "period_end": last.isoformat(),
        "submission_type": "P",
        "sequence_no": str(int(named["version"])),
        "file_name": path.name,
        "file_sha256": hash_file(path),
        "row_count": str(rows),
        "control_total": f"{total:.0f}",
        "nil_return": "N" if rows else "Y",
    }
    manifest = {column.name: (known | said).get(column.name, "") for column in load_common().manifest}
    sidecar = sidecar_of(path)
    write_atomically(sidecar, as_csv([list(manifest), list(manifest.values())]))
    return sidecar


def _period(month: str, collection: Collection) -> tuple[dt.date, dt.date]:
    """First and last day of the period that ends in a month (YYYY-MM)."""
    try:
        start = dt.date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise NotMade(
            "no manifest was made", "the file name holds no month", "name it by the last month of its period"
        ) from error
    months = start.year * 12 + start.month
    after, before = months, months - MONTHS[collection.cadence]
    return dt.date(before // 12, before % 12 + 1, 1), dt.date(after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)


def _count(path: Path, collection: Collection, day: dt.date, *, is_safe: bool) -> Counted:
    with connection(None) as con:
        try:
            reading = read_data(con, path, [column.name for column in collection.columns])
        except Unreadable as error:
            raise NotMade("no manifest was made", error.why, "fix the file; 'hiw returns check' says where") from error
        make_enums(con, collection, day, SEEDS_FOLDER)
        type_rows(con, collection, [], is_safe=is_safe)
        found = con.execute(f"select coalesce(cast({collection.control.sql} as double), 0) from rows").fetchone()
    return reading.rows + reading.ragged_count, float(found[0]) if found else 0.0
