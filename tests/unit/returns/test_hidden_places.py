"""Deny by default: whatever stands in a workbook where no cell shows it is found or refused; what programs write is taken."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dagster_project.contracts.collection import load_collections
from dagster_project.returns.findings import MEND, WHAT
from dagster_project.returns.search import scan_file
from dagster_project.returns.templates import write_template
from dagster_project.returns.workbook_package import shown
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.hidden_places import ITEM, ODS, OTHER, XLSX, Make, changed, named, related
from tests.fixtures.planted_workbooks import NUMBER, SPACED

UNSEARCHED = {
    "picture", "drawing", "chart", "embedded_object", "foreign_part", "pivot_cache", "tracked_changes", "comment", "external_link",
}  # fmt: skip
"""Kinds by which a file goes for what cannot be searched in it."""


def scanned(tmp_path: Path, content: bytes, name: str) -> Any:
    path = tmp_path / name
    path.write_bytes(content)
    return scan_file(path)


@pytest.mark.parametrize("place", XLSX)
def test_a_number_in_any_place_of_a_workbook_removes_it(place: str, tmp_path: Path) -> None:
    findings = scanned(tmp_path, XLSX[place](), "a.xlsx")
    purging = {finding.kind for finding in findings if finding.purges}
    assert purging & ({"nhs_number"} | UNSEARCHED), findings
    assert all(MEND[kind] and WHAT[kind] for kind in purging)
    assert not any(NUMBER in finding.what or SPACED in finding.what for finding in findings)


@pytest.mark.parametrize("place", ODS)
def test_a_number_or_a_foreign_thing_in_any_place_of_an_ods_refuses_it(place: str, tmp_path: Path) -> None:
    findings = scanned(tmp_path, ODS[place](), "a.ods")
    assert any(finding.refuses for finding in findings)
    assert not any(NUMBER in finding.what or SPACED in finding.what for finding in findings)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods", "txt"])
@pytest.mark.parametrize("content", OTHER)
def test_what_is_neither_text_nor_a_workbook_is_removed_under_any_name(
    content: str, ending: str, tmp_path: Path
) -> None:
    findings = scanned(tmp_path, OTHER[content], f"a.{ending}")
    assert [finding.kind for finding in findings if finding.purges] in (["other_format"], ["damaged"])


def _of_openpyxl() -> bytes:
    return named("_xlnm.Print_Area_x", "data!$A$1:$D$3")


def _with_template_sheets(book: Any, sheet: Any) -> None:
    for name in ("manifest", "lists", "notes", "example (synthetic)"):
        book.add_worksheet(name)


TAKEN: dict[str, Make] = {
    "xlsxwriter": planted.plain,
    "openpyxl": _of_openpyxl,
    "all sheets of the template": lambda: planted.plain(_with_template_sheets),
    "a filter, a frozen row, a validation": lambda: planted.plain(
        lambda b, s: (s.autofilter("A1:D3"), s.freeze_panes(1, 0), s.data_validation("C2:C9", {"validate": "list", "source": ["2", "2A"]}))
    ),
    "colours that look like postcodes": lambda: planted.plain(lambda b, s: s.write(3, 3, "x", b.add_format({"bg_color": "#EE11AB"}))),
    "a link to a page": lambda: planted.plain(lambda b, s: s.write_url("D4", "https://www.england.nhs.uk/statistics/", string="x")),
    "a table": lambda: planted.plain(lambda b, s: s.add_table("F1:G3", {"name": "pathways"})),
    "an empty text as the result of a formula": changed(
        "xl/worksheets/sheet1.xml", "</sheetData>", '<row r="9"><c r="F9" t="str"><f>IF(A1="x","y","")</f><v></v></c></row></sheetData>'
    ),
    "an empty text as the result, written short": changed(
        "xl/worksheets/sheet1.xml", "</sheetData>", '<row r="9"><c r="F9" t="str"><f>IF(A1="x","y","")</f><v/></c></row></sheetData>'
    ),
    "a label of sensitivity": related("classificationlabels", "docMetadata/LabelInfo.xml", "<labelList/>", "_rels/.rels"),
    "a custom part of Office": related("customXml", ITEM, "<Sources/>", "xl/_rels/workbook.xml.rels"),
    "a printer's settings": related("printerSettings", "xl/printerSettings/printerSettings1.bin", b"\\\0p\0r\0n\0" + bytes(900)),
}  # fmt: skip


@pytest.mark.parametrize("program", TAKEN)
def test_what_programs_write_by_themselves_is_taken(program: str, tmp_path: Path) -> None:
    assert scanned(tmp_path, TAKEN[program](), "a.xlsx") == []


@pytest.mark.parametrize("code", sorted(load_collections()))
def test_the_template_filled_in_and_saved_is_taken(code: str, tmp_path: Path) -> None:
    (path,) = write_template(load_collections()[code], tmp_path, "xlsx")
    assert scan_file(path) == []
    book = openpyxl.load_workbook(path)
    stream = io.BytesIO()
    book.save(stream)
    assert scanned(tmp_path, stream.getvalue(), "saved.xlsx") == []


@pytest.mark.parametrize(
    ("stored", "kinds"),
    [
        ('t="str"><f>A1</f><v></v>', set()),
        ('t="str"><f>A1</f><v/>', set()),
        ('t="str"><f>A1</f>', {"formula_without_value"}),
        ("><f>A1</f><v></v>", {"formula_without_value"}),
        ("><f>A1</f>", {"formula_without_value"}),
        ("><f>A1</f><v>0</v>", set()),
        ('t="b"><f>A1</f><v>1</v>', set()),
    ],
)
def test_an_empty_result_that_is_stored_is_a_result_and_an_absent_one_is_not(
    stored: str, kinds: set[str], tmp_path: Path
) -> None:
    row = f'<row r="9"><c r="A9" {stored}</c></row></sheetData>'
    findings = scanned(tmp_path, changed("xl/worksheets/sheet1.xml", "</sheetData>", row)(), "a.xlsx")
    assert {finding.kind for finding in findings} == kinds and not any(finding.purges for finding in findings)


@pytest.mark.parametrize(
    ("blank_rows", "make"),
    [(rows, make) for rows in (0, 1, 3) for make in ("xlsx", "csv")],
)
def test_the_row_of_a_finding_is_that_of_the_sheet_with_blank_rows_above(
    blank_rows: int, make: str, tmp_path: Path
) -> None:
    def fill(book: Any, sheet: Any) -> None:
        other = book.add_worksheet("notes")
        other.write(blank_rows, 2, "x")
        other.write(blank_rows + 2, 2, SPACED)

    lines = ["" for _ in range(blank_rows)] + [",,x", ",,", f",,{SPACED}"]
    contents: dict[str, Callable[[], bytes]] = {"xlsx": lambda: planted.plain(fill), "csv": "\n".join(lines).encode}
    (finding,) = scanned(tmp_path, contents[make](), f"a.{make}")
    assert (finding.kind, finding.row, finding.column) == ("nhs_number", blank_rows + 3, 3)


@pytest.mark.parametrize("name", ["xl/media/943_476_5919.png", "xl/media/LS1_4AP.png", "xl/media/12_March_1956.png"])
def test_a_part_whose_name_holds_an_identifier_is_not_named(name: str) -> None:
    assert shown(name) == "a part of the workbook"
    assert shown("xl/media/image_1.png") == "xl/media/image_1.png"
