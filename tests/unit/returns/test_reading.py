"""Files to a table of text: encodings, quotes, blank lines and row numbers, workbooks, caps; nothing is guessed or padded."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from dagster_project.returns import reading
from dagster_project.returns.reading import Unreadable, read_data, read_manifest_record

COLUMNS = ["code", "words"]
Cells = list[tuple[int, str | None, str | None]]


def cells(path: Path) -> Cells:
    """What stands in `cells` after reading."""
    with duckdb.connect() as con:
        read_data(con, path, COLUMNS)
        return con.execute("select * from cells order by 1").fetchall()


def written(folder: Path, content: bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"code,words\n1,a\n2,b\n", [(1, "1", "a"), (2, "2", "b")]),
        (b"\xef\xbb\xbfcode,words\r\n007, 1E3 \r\n", [(1, "007", "1E3")]),
        ("code,words\n1,Zoë’s\n".encode("cp1252"), [(1, "1", "Zoë’s")]),
        ("code,words\n1,Zoë’s\n".encode(), [(1, "1", "Zoë’s")]),
        (b"code,words\n1,a\n\n\n2,b\n", [(1, "1", "a"), (4, "2", "b")]),
        (b'code,words\n1,"a\nb"\n2,"x,""y"\n', [(1, "1", "a\nb"), (2, "2", 'x,"y')]),
        (b"code,words\n1,\n,b", [(1, "1", None), (2, None, "b")]),
        (b"code,words\n", []),
        (b"code,words\n1,a,\n", [(1, "1", "a")]),
    ],
    ids=["plain", "bom", "cp1252", "utf-8", "blank lines", "quotes", "blank cells", "header only", "comma at the end"],
)
def test_text_is_read_as_it_stands_with_rows_as_the_sheet_counts(
    content: bytes, expected: Cells, tmp_path: Path
) -> None:
    assert cells(written(tmp_path, content)) == expected


def test_plain_and_careful_way_give_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"code,words\n" + b"".join(b"%d, word %d \n" % (n, n) for n in range(12_000))
    path = written(tmp_path, content)
    plain = cells(path)
    monkeypatch.setattr(reading, "_read_plain", lambda *_: None)
    assert cells(path) == plain
    assert len(plain) == 12_000


def test_file_name_with_the_signs_of_a_pattern_is_only_a_name(tmp_path: Path) -> None:
    written(tmp_path, b"code,words\n9,other\n", "ax.csv")
    assert cells(written(tmp_path, b"code,words\n1,mine\n", "a[x]?*.csv")) == [(1, "1", "mine")]


def test_short_and_long_rows_are_named_and_never_padded(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        found = read_data(con, written(tmp_path, b"code,words\n1\n2,b\n3,c,d\n"), COLUMNS)
        assert found.ragged == [(2, 1), (4, 3)]
        assert con.execute("select code from cells").fetchall() == [("2",)]


@pytest.mark.parametrize(
    ("content", "why", "row"),
    [
        (b"", "it is empty", None),
        (b"code,words\n1,a\x00b\n", "line 2 holds the control character 0x00", 2),
        (b'code,words\n1,"a\n2,b\n', "quotation marks are not closed", 2),
        (b"code,words\n1,a\x81\n", "it is neither UTF-8 nor Windows-1252 text", 2),
        ("code,words\n1,a\n".encode("utf-16"), "UTF-16", None),
        (b"<!DOCTYPE html><html><title>Log in</title></html>", "site answered", None),
        (b"\ncode,words\n", "its first row is blank", 1),
        (b"code,words\n1," + b"x" * 40_000 + b"\n", "a cell is longer than 32,767 characters", 2),
        (b"PK\x03\x04nonsense", "first bytes", None),
    ],
    ids=["empty", "NUL", "open quote", "neither encoding", "utf-16", "web page", "blank first row", "long cell", "zip"],
)
def test_what_cannot_be_read_is_refused_with_its_row(content: bytes, why: str, row: int | None, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=why) as caught:
        cells(written(tmp_path, content))
    assert caught.value.row in {row, caught.value.row if row is None else row}


def test_more_rows_than_the_cap_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAXIMUM_ROWS", 3)
    for content in (b"code,words\n" + b"1,a\n" * 4, b'code,words\n"1",a\n' + b"1,a\n" * 3):
        with pytest.raises(Unreadable, match="more than 3 rows"):
            cells(written(tmp_path, content))


def make_workbook(path: Path, first_row: int = 0, first_column: int = 0) -> Path:
    """A workbook with a sheet `data`: numbers, a date, a gap, a blank row."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("data")
        date = book.add_format({"num_format": "yyyy-mm-dd"})
        rows = [["code", "words"], [7, 1.5], [None, None], ["x", ""]]
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write(first_row + number, first_column + place, cell)
        sheet.write_datetime(first_row + 3, first_column + 1, dt.date(2026, 10, 31), date)
        book.add_worksheet("manifest").write_row(0, 0, ["org_code", "row_count"])
        book.get_worksheet_by_name("manifest").write_row(1, 0, ["R9A", 2])
    return path


def test_workbook_gives_the_text_of_the_csv_and_its_own_row_numbers(tmp_path: Path) -> None:
    path = make_workbook(tmp_path / "a.xlsx")
    assert cells(path) == [(1, "7", "1.5"), (3, "x", "2026-10-31")]
    assert read_manifest_record(path, None) == [{"org_code": "R9A", "row_count": "2"}]


def test_workbook_whose_table_does_not_begin_in_a1_is_not_shifted_into_place(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="the header must be in row 1"):
        cells(make_workbook(tmp_path / "low.xlsx", first_row=2))
    with duckdb.connect() as con:
        found = read_data(con, make_workbook(tmp_path / "right.xlsx", first_column=1), COLUMNS)
    assert found.header.unknown == [1]


def test_workbook_without_its_sheet_or_damaged_is_refused(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Sheet1")
    with pytest.raises(Unreadable, match="no sheet 'data'"):
        cells(tmp_path / "a.xlsx")
    path = make_workbook(tmp_path / "b.xlsx")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(Unreadable):
        cells(path)


def test_ods_is_read_too(tmp_path: Path) -> None:
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in (["code", "words"], ["007", "a"])
    )
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    content = f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet><table:table table:name="data">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        package.writestr("content.xml", content)
    assert cells(tmp_path / "a.ods") == [(1, "007", "a")]
