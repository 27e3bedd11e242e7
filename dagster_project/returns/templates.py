"""The template of a return: header and manifest as CSV, and an accessible workbook, both from the collection's contract.

The workbook has one table from A1 on each sheet, no merged cells, no formulas, nothing hidden, and text cells throughout, so
that codes such as 007 and dates stay as they are typed. What may be typed comes from the same lists that the check uses.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any, Literal

import xlsxwriter

from dagster_project.contracts.collection import Collection, Column, load_common
from dagster_project.lake.files import write_atomically
from dagster_project.returns.codes import Row, rows_of
from dagster_project.returns.limits import DATA_SHEET, EXAMPLE_SHEET, LISTS_SHEET, MANIFEST_SHEET, NOTES_SHEET

TYPED_ROWS = 100_000
"""Rows below the header that have drop-downs; more can be sent as CSV."""
WIDTH = 22
FIXED_DAY = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's properties have no zone; the bytes depend on the contract alone
SYNTHETIC = "Synthetic figures, of no trust: they show the form only"
REQUIRED_WORDS = {"Y": "always", "C": "where a rule says so", "N": "no"}
TYPE_WORDS = {
    "code": "code of the list",
    "text": "text",
    "free_text": "free text without personal data",
    "date": "date, YYYY-MM-DD",
    "integer": "whole number",
    "decimal": "number",
    "count": "count, or [c] in SAFE files",
    "decimal_count": "count, or [c] in SAFE files",
    "year": "year, YYYY",
    "url": "address, https://",
}
GENERAL_NOTES = (
    ("How to send", "Name the file HIW-<return>_<organisation>_<YYYY-MM of the period's end>_v<sequence number> and send it with its manifest. A workbook carries the manifest as its sheet 'manifest'."),
    ("How to make the manifest", "For a CSV run: hiw returns manifest FILE --signed-off-role CIO --signed-off-date 2026-11-11. It works out hash, rows and control total."),
    ("How to check", "Run: hiw returns check FILE. It works without network and runs the same rules as intake."),
    ("Never send", "NHS numbers, postcodes, dates of birth, names, telephone numbers, e-mail addresses. A file that holds one is refused and destroyed."),
    ("RESTRICTED", "True counts. They are kept apart and never leave without disclosure control."),
    ("SAFE", "Counts of 1 to 7 are written [c], all others are rounded to the nearest 5; 0 stays 0."),
    ("Blank", "A blank cell is missing. It is never read as 0."),
)  # fmt: skip


def template_name(collection: Collection) -> str:
    """Return `HIW-WL01_template_v1.0.0`."""
    return f"HIW-{collection.code}_template_v{collection.template_version}"


def write_template(collection: Collection, folder: Path, form: Literal["csv", "xlsx"] | None = None) -> list[Path]:
    """Return the files of a template, in `folder`; gives the paths. Raises NoSpace or OSError."""
    name, payloads = template_name(collection), {}
    if form in {None, "csv"}:
        payloads[f"{name}.csv"] = as_csv([[column.name for column in collection.columns]])
        manifest = manifest_start(collection)
        payloads[f"{name}.manifest.csv"] = as_csv([list(manifest), list(manifest.values())])
    if form in {None, "xlsx"}:
        payloads[f"{name}.xlsx"] = workbook(collection)
    for file_name, payload in payloads.items():
        write_atomically(folder / file_name, payload)
    return [folder / file_name for file_name in payloads]


def manifest_start(collection: Collection) -> dict[str, str]:
    """Return the manifest with what is known before anything is typed."""
    known = {"collection_code": collection.code, "template_version": collection.template_version}
    known |= {"nil_return": "N", "submission_type": "P", "sequence_no": "1"}
    return {column.name: known.get(column.name, "") for column in load_common().manifest}


def example_rows(collection: Collection) -> list[dict[str, str]]:
    """Return the worked example: synthetic figures of an invented trust."""
    usual = {column.name: column.example for column in collection.columns}
    return [usual | changed for changed in collection.example_rows]


def as_csv(rows: list[list[str]]) -> bytes:
    """Return rows as the CSV of a template."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode()


# -- workbook ----------------------------------------------------------------------------------------------------------


def workbook(collection: Collection) -> bytes:
    """Return the workbook's bytes; the same for the same contract and code lists."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {
            "title": f"{collection.code} {collection.title}: template {collection.template_version}",
            "subject": collection.grain,
            "keywords": f"{collection.code}, template_version {collection.template_version}",
            "comments": "Accessible template: one table on each sheet, from cell A1.",
            "created": FIXED_DAY,
        }
    )
    writer = _Writer(book)
    places = writer.place_lists([*load_common().manifest, *collection.columns])
    writer.typed(DATA_SHEET, collection.columns, places, [], rows=TYPED_ROWS)
    start = manifest_start(collection)
    writer.typed(MANIFEST_SHEET, load_common().manifest, places, [list(start.values())], rows=1)
    writer.table(NOTES_SHEET, ("Topic", "Note"), (28, 110), _notes(collection))
    names = [column.name for column in collection.columns]
    example = [[*(row[name] for name in names), SYNTHETIC] for row in example_rows(collection)]
    writer.table(EXAMPLE_SHEET, (*names, "note"), tuple(WIDTH for _ in (*names, "")), example)
    writer.write_lists()
    book.close()
    return memory.getvalue()


def _notes(collection: Collection) -> list[list[str]]:
    found = [
        ["Return", f"{collection.code}: {collection.title}"],
        ["template_version", collection.template_version],
        ["Grain", collection.grain],
        ["Key", ", ".join(collection.key)],
        ["Cadence", collection.cadence.replace("_", "-")],
        ["Natural source", collection.natural_source],
        ["control_total", collection.control.words],
        *([topic, words] for topic, words in GENERAL_NOTES),
        *(["Note", note] for note in collection.notes),
    ]
    found += [[f"Column {column.name}", _column_note(column)] for column in collection.columns]
    return found + [[f"Manifest {column.name}", _column_note(column)] for column in load_common().manifest]


def _column_note(column: Column) -> str:
    parts = [column.description, f"Type: {TYPE_WORDS[column.type]}", f"Required: {REQUIRED_WORDS[column.required]}"]
    if column.data_dictionary_element:
        parts.append(f"NHS Data Dictionary: {column.data_dictionary_element}")
    return ". ".join(parts) + "."


class _Writer:
    """The sheets of one workbook."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.header = book.add_format({"bold": True, "text_wrap": True, "locked": True, "valign": "top"})
        self.text = book.add_format({"num_format": "@", "locked": False})
        self.number = book.add_format({"num_format": "General", "locked": False})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.lists: list[list[str]] = []

    def place_lists(self, columns: list[Column]) -> dict[str, str]:
        """Column -> the range of its codes on the sheet of lists."""
        places = {}
        for column in columns:
            if column.codes is not None and column.name not in places:
                first = len(self.lists) + 2
                self.lists += [[column.name, row[column.codes.column], _label(row)] for row in _once(column)]
                places[column.name] = f"={LISTS_SHEET}!$B${first}:$B${len(self.lists) + 1}"
        return places

    def typed(
        self, name: str, columns: tuple[Column, ...], places: dict[str, str], content: list[list[str]], *, rows: int
    ) -> None:
        """Write a sheet to type into: a locked header, unlocked cells, a drop-down where there is a list."""
        sheet = self.book.add_worksheet(name)
        for place, column in enumerate(columns):
            is_number = column.type in {"count", "decimal_count", "integer", "decimal"}
            sheet.set_column(place, place, max(WIDTH, len(column.name) + 2), self.number if is_number else self.text)
            sheet.write_string(0, place, column.name, self.header)
            if column.name in places:
                self._drop_down(sheet, place, rows, places[column.name], column)
        for number, row in enumerate(content, start=1):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell, self.text)
        sheet.freeze_panes(1, 0)
        # Without a password: the lock keeps the structure from slips, it is no secret.
        sheet.protect(
            "", {"insert_rows": True, "delete_rows": True, "sort": True, "autofilter": True, "format_columns": True}
        )

    def _drop_down(self, sheet: Any, place: int, rows: int, source: str, column: Column) -> None:
        """A drop-down with words for those who cannot see the arrow; Excel takes 255 characters of them."""
        rule: dict[str, Any] = {
            "validate": "list",
            "source": source,
            "input_title": column.name[:32],
            "input_message": column.description[:255],
        }
        rule |= {
            "error_title": "Not in the list",
            "error_message": "Choose a code of the list; the sheet 'lists' says what each means.",
        }
        rule["ignore_blank"] = column.required != "Y"
        sheet.data_validation(1, place, rows, place, rule)

    def table(self, name: str, headings: tuple[str, ...], widths: tuple[int, ...], rows: list[list[str]]) -> None:
        """Write a sheet to read."""
        sheet = self.book.add_worksheet(name)
        for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, heading, self.header)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell, self.wrapped)
        sheet.freeze_panes(1, 0)
        sheet.protect("")

    def write_lists(self) -> None:
        """Write the sheet of lists: one table of column, code and what it means."""
        self.table(LISTS_SHEET, ("column", "code", "meaning"), (36, 26, 70), self.lists)


def _once(column: Column) -> list[Row]:
    """The rows of a column's list, each code once: two questions may share an option code."""
    assert column.codes is not None  # noqa: S101 - the caller has looked
    found: dict[str, Row] = {}
    for row in rows_of(column.codes):
        code = row[column.codes.column]
        found[code] = (
            found[code] | {"option_label": f"{_label(found[code])}; {_label(row)}", "question_code": ""}
            if code in found
            else row
        )
    return list(found.values())


def _label(row: Row) -> str:
    """What a code means; an option says of which question, a code with a group says which."""
    label = row.get("label") or row.get("option_label") or row.get("question_label") or ""
    if row.get("option_label") is not None and row.get("question_code"):
        return f"{row['question_code']}: {label}"
    if "accommodation_group" in row:
        return f"{row['accommodation_group']}: {label}"
    return label
