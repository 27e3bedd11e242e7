#!/usr/bin/env bash
# python-calamine 0.9.1 gives a cell that holds an error (#DIV/0!, #REF!) as "", exactly as an empty one, in .xlsx and in .ods; openpyxl gives the error's
# text. In publishers' tables an empty cell means that nothing was reported, so a broken formula becomes a gap in the data and no reader notices. An .ods
# file marks an error in the text of the cell only, beside an empty stored value: there a second reader has to look at the text. In .ods it also drops
# a tab and a line break inside a cell, so that the words on both sides become one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: python-calamine==0.9.1 openpyxl==3.1.5 XlsxWriter==3.2.9 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import xlsxwriter
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

folder = Path(sys.argv[1])
NAMES = "urn:oasis:names:tc:opendocument:xmlns:"
CELL = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'


def document(*cells: str) -> Path:
    """An .ods workbook of one row."""
    spaces = "".join(f' xmlns:{name}="{NAMES}{name}:1.0"' for name in ("office", "table", "text"))
    body = f'<table:table table:name="S"><table:table-row>{"".join(cells)}</table:table-row></table:table>'
    path = folder / "table.ods"
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            f'<m:manifest xmlns:m="{NAMES}manifest:1.0" m:version="1.3"><m:file-entry m:full-path="/" '
            'm:media-type="application/vnd.oasis.opendocument.spreadsheet"/></m:manifest>',
        )
        archive.writestr(
            "content.xml",
            f'<office:document-content{spaces} office:version="1.3"><office:body><office:spreadsheet>{body}'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def read(path: Path) -> list:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0]


print("python-calamine", version("python-calamine"))
with xlsxwriter.Workbook(folder / "table.xlsx") as workbook:
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ["RXX", ""])
    sheet.write_formula(0, 1, "=1/0", None, "#DIV/0!")
    sheet.write(0, 2, 12)
by_calamine = read(folder / "table.xlsx")
by_openpyxl = [cell.value for cell in load_workbook(folder / "table.xlsx", data_only=True).active[1]]
print("  .xlsx:", by_calamine, "openpyxl:", by_openpyxl)
assert by_calamine == ["RXX", "", 12.0] and by_openpyxl == ["RXX", "#DIV/0!", 12]
error = read(document(CELL.format("", "RXX"), CELL.format(' office:string-value=""', "#DIV/0!"), CELL.format("", "end")))
print("  .ods, error as LibreOffice writes it:", error)
assert error == ["RXX", "", "end"]
words = read(document(CELL.format("", "Integrated<text:tab/>care<text:line-break/>board")))
print("  .ods, tab and line break in a cell:", words)
assert words == ["Integratedcareboard"]
PY
