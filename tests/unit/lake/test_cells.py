"""A sheet is counted from its XML, however the program that saved it spells what the format allows."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from dagster_project.lake.cells import UnreadableCell, count_rows, count_rows_of_sheets
from dagster_project.lake.files import LakeError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OF_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OF_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TEXTS = "<si><t>Trust</t></si><si><t xml:space='preserve'>  </t></si><si><r><t>5</t></r><r><t>2</t></r></si>"


def _relations(**of: tuple[str, str]) -> str:
    listed = "".join(
        f"<Relationship Id='{one}' Type='{OF_DOCUMENT}/{kind}' Target='{target}'/>"
        for one, (kind, target) in of.items()
    )
    return f"<Relationships xmlns='{OF_PACKAGE}'>{listed}</Relationships>"


def book(folder: Path, sheets: dict[str, str], *, target: str = "worksheets/sheet{}.xml") -> Path:
    """A workbook of these rows in XML; `target` is how the workbook calls its sheets."""
    path = folder / "book.xlsx"
    listed = "".join(
        f"<sheet name='{title}' sheetId='{number}' r:id='r{number}'/>" for number, title in enumerate(sheets, start=1)
    )
    of_sheets = {f"r{number}": ("worksheet", target.format(number)) for number in range(1, len(sheets) + 1)}
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("_rels/.rels", _relations(r1=("officeDocument", "/xl/workbook.xml")))
        package.writestr(
            "xl/workbook.xml",
            f"<workbook xmlns='{MAIN}' xmlns:r='{OF_DOCUMENT}'><sheets>{listed}</sheets></workbook>",
        )
        package.writestr(
            "xl/_rels/workbook.xml.rels", _relations(**of_sheets, texts=("sharedStrings", "sharedStrings.xml"))
        )
        package.writestr("xl/sharedStrings.xml", f"<sst xmlns='{MAIN}'>{TEXTS}</sst>")
        for number, rows in enumerate(sheets.values(), start=1):
            package.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f"<x:worksheet xmlns:x='{MAIN}'><x:sheetData>{rows}</x:sheetData></x:worksheet>",
            )
    return path


FILLED = {
    "a number": "<x:c r='B1'><x:v>0</x:v></x:c>",
    "a shared text": "<x:c r='A1' t='s'><x:v>0</x:v></x:c>",
    "a shared text in pieces": "<x:c t='s'><x:v>2</x:v></x:c>",
    "a text of its own": "<x:c t='inlineStr'><x:is><x:t>RXX</x:t></x:is></x:c>",
    "a result of a formula": "<x:c t='str'><x:f>A1</x:f><x:v>RXX</x:v></x:c>",
}
EMPTY = {
    "no cell": "",
    "a cell with a format only": "<x:c r='A1' s='3'/>",
    "a shared text that is not named": "<x:c r='A1' t='s'/>",
    "a shared text of blanks": "<x:c t='s'><x:v>1</x:v></x:c>",
    "a text of blanks": "<x:c t='inlineStr'><x:is><x:t> </x:t></x:is></x:c>",
    "a formula whose result is an empty text": "<x:c t='str'><x:f>A1</x:f><x:v></x:v></x:c>",
}
FAULTS = {
    "C7 holds #DIV/0!": ("<x:c r='C7' t='e'><x:v>#DIV/0!</x:v></x:c>", 1),
    "AB7 holds a formula without a stored result": ("<x:c r='AB7'><x:f>1/7</x:f></x:c>", 0),
    "B7 holds a formula without a stored result": ("<x:c r='A7'><x:v>1</x:v></x:c><x:c><x:f>1/7</x:f><x:v/></x:c>", 1),
}


@pytest.mark.parametrize("cell", FILLED.values(), ids=FILLED)
def test_a_row_with_something_counts(cell: str, tmp_path: Path) -> None:
    assert count_rows(book(tmp_path, {"Data": f"<x:row>{cell}</x:row><x:row r='9'>{cell}</x:row>"}), "Data", "x") == 2


@pytest.mark.parametrize("cell", EMPTY.values(), ids=EMPTY)
def test_a_row_with_nothing_does_not(cell: str, tmp_path: Path) -> None:
    assert count_rows(book(tmp_path, {"Data": f"<x:row>{cell}</x:row>"}), "Data", "x") == 0


@pytest.mark.parametrize("said", FAULTS)
def test_an_error_or_a_formula_without_a_result_is_named_by_its_cell(said: str, tmp_path: Path) -> None:
    cells, filled = FAULTS[said]
    path = book(tmp_path, {"Data": f"<x:row r='7'>{cells}</x:row>"})
    with pytest.raises(UnreadableCell, match=f"sheet 'Data': {said}"):
        count_rows(path, "Data", "x")
    assert count_rows(path, "Data", "x", columns={30}) == filled, "outside the table a fault is nobody's"


@pytest.mark.parametrize("target", ["worksheets/sheet{}.xml", "/xl/worksheets/sheet{}.xml", "./worksheets/sheet{}.xml"])
def test_a_sheet_is_found_however_the_workbook_writes_its_path(target: str, tmp_path: Path) -> None:
    row = f"<x:row>{FILLED['a number']}</x:row>"
    path = book(tmp_path, {"First": row, "Second": row * 3}, target=target)
    assert count_rows_of_sheets(path, ["Second", "First"], "x") == [3, 1]


def test_a_sheet_that_ends_early_is_said(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="cannot be read as a workbook"):
        count_rows(book(tmp_path, {"Data": "<x:row>"}), "Data", "x")
