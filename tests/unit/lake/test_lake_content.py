"""What a file really is: formats, encodings and the independent count of records (faults F1, F4, F13, X3, X8 of tests/README.md)."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dagster_project.lake import content
from dagster_project.lake.archives import CorruptArchive, PasswordProtected, UnsafeArchive
from dagster_project.lake.content import (
    Format,
    HtmlInsteadOfData,
    UnbalancedQuotes,
    UnreadableText,
    WrongContent,
    check_content,
    count_records,
    detect_encoding,
    lines_ending_in_counts,
    rewrite_as_utf8,
)
from dagster_project.lake.files import LakeError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BIFF_BEGIN = b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(12)
XLSX_PARTS = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "return.csv"


@pytest.fixture
def tiny_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every boundary between pieces occurs: within a line end, a doubled quotation mark, a character."""
    monkeypatch.setattr(content, "PIECE_BYTES", 3)


def holding(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def zip_of(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, part in parts.items():
            opened.writestr(name, part)
    return path


# -- formats ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html>\n<html><head><title>404</title>",
        b"\xef\xbb\xbf \r\n<HTML lang='en'>",
        b"<!-- cookies --><html>",
        b"<head><meta charset=utf-8>",
        b"<script>location='/login'</script>",
    ],
)
@pytest.mark.parametrize("expected", ["csv", "zip", "xlsx", "xls", "ods"])
def test_a_web_page_under_the_name_of_data_is_refused_whatever_was_expected(
    file: Path, page: bytes, expected: Format
) -> None:
    with pytest.raises(HtmlInsteadOfData, match=f"return.csv is a web page.*not {expected}"):
        check_content(holding(file, page), expected)
    assert file.read_bytes() == page


@pytest.mark.parametrize("raw", [b"", b"\xef\xbb\xbf", b"\r\n \n"])
@pytest.mark.parametrize("expected", ["csv", "zip", "xlsx", "xls", "ods"])
def test_an_empty_file_is_refused(file: Path, raw: bytes, expected: Format) -> None:
    with pytest.raises(WrongContent, match="is empty"):
        check_content(holding(file, raw), expected)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"PK\x03\x04" + bytes(30), "zip archive or a workbook"),
        (OLE + bytes(30), "old Office file"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b'<?xml version="1.0"?><Error/>', "XML"),
        (b'{"error": "not found"}', "JSON"),
    ],
)
def test_another_format_under_the_name_of_csv_is_named(file: Path, raw: bytes, named: str) -> None:
    with pytest.raises(WrongContent, match=named):
        check_content(holding(file, raw), "csv")


@pytest.mark.parametrize("expected", ["zip", "xlsx", "xls", "ods"])
def test_csv_under_the_name_of_another_format_is_refused(file: Path, expected: Format) -> None:
    with pytest.raises(WrongContent, match="its first bytes are b'org,valu"):
        check_content(holding(file, b"org,value\n"), expected)


def test_sound_files_of_every_format_pass(tmp_path: Path) -> None:
    check_content(holding(tmp_path / "a.csv", b"org,value\r\nZA1,1\r\n"), "csv")
    check_content(zip_of(tmp_path / "a.zip", {"a.csv": b"org"}), "zip")
    check_content(zip_of(tmp_path / "a.xlsx", XLSX_PARTS), "xlsx")
    check_content(zip_of(tmp_path / "a.ods", {"content.xml": b"<x/>", "META-INF/manifest.xml": b"<m/>"}), "ods")
    check_content(holding(tmp_path / "a.xls", OLE + bytes(504) + BIFF_BEGIN + b"\xe1\x00\x02\x00\xb0\x04"), "xls")


def test_an_old_workbook_under_a_new_name_is_refused(file: Path) -> None:
    with pytest.raises(WrongContent, match=r"not xlsx.*old Office file \(\.xls\)"):
        check_content(holding(file, OLE + bytes(600)), "xlsx")


@pytest.mark.parametrize("expected", ["xlsx", "ods"])
def test_a_zip_without_the_parts_of_a_workbook_is_refused(file: Path, expected: Format) -> None:
    with pytest.raises(WrongContent, match="without the parts of a"):
        check_content(zip_of(file, {"a.csv": b"org"}), expected)


def test_a_damaged_workbook_is_refused(file: Path) -> None:
    zip_of(file, XLSX_PARTS)
    with pytest.raises(CorruptArchive, match="damaged"):
        check_content(holding(file, file.read_bytes()[:-30]), "xlsx")


def test_a_workbook_bomb_is_refused(file: Path) -> None:
    with pytest.raises(UnsafeArchive, match="at most 500 times"):
        check_content(zip_of(file, XLSX_PARTS | {"xl/worksheets/sheet1.xml": bytes(9_000_000)}), "xlsx")


@pytest.mark.parametrize("expected", ["xlsx", "xls"])
def test_an_encrypted_new_workbook_is_password_protected(file: Path, expected: Format) -> None:
    """Office wraps the encrypted zip into an OLE file with a stream of this name ([MS-OFFCRYPTO] 2.3.4)."""
    raw = OLE + bytes(1016) + "EncryptedPackage".encode("utf-16-le") + bytes(400)
    with pytest.raises(PasswordProtected, match="password-protected"):
        check_content(holding(file, raw), expected)


@pytest.mark.parametrize("between", [b"", b"\x86\x00\x00\x00"], ids=["directly", "after write protection"])
def test_an_encrypted_old_workbook_is_password_protected(file: Path, between: bytes) -> None:
    raw = OLE + bytes(504) + BIFF_BEGIN + between + b"\x2f\x00\x36\x00" + bytes(54)
    with pytest.raises(PasswordProtected, match="password-protected"):
        check_content(holding(file, raw), "xls")


def test_an_encrypted_spreadsheet_is_password_protected(file: Path) -> None:
    manifest = b"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>"
    with pytest.raises(PasswordProtected, match="password-protected"):
        check_content(zip_of(file, {"content.xml": b"x", "META-INF/manifest.xml": manifest}), "ods")


# -- F13 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0x00, 0x01, 0x08, 0x0B, 0x1A, 0x1B, 0x1F, 0x7F])
def test_f13_a_control_character_is_refused_with_its_line(file: Path, code: int) -> None:
    raw = b"org,value\nZA1,1\nZA2," + bytes([code]) + b"\n"
    with pytest.raises(UnreadableText, match=f"line 3 holds the control character 0x{code:02x}"):
        check_content(holding(file, raw), "csv")


def test_f13_the_line_is_right_across_pieces(file: Path, tiny_pieces: None) -> None:
    with pytest.raises(UnreadableText, match="line 3 holds the control character 0x00"):
        check_content(holding(file, b"org,value\nZA1,1\nZA2,\0\n"), "csv")


def test_f13_tabs_and_accents_are_no_control_characters(file: Path) -> None:
    check_content(holding(file, "org,value\nYsbyty Môn\t,1\n".encode()), "csv")


def test_f13_utf_16_is_judged_by_its_characters_not_its_zero_bytes(file: Path) -> None:
    check_content(holding(file, "org,value\n".encode("utf-16")), "csv")
    with pytest.raises(UnreadableText, match="line 2 holds the control character 0x00"):
        check_content(holding(file, "org,value\n\0\n".encode("utf-16")), "csv")


def test_f13_utf_16_without_its_mark_is_refused(file: Path) -> None:
    with pytest.raises(UnreadableText, match="control character 0x00"):
        check_content(holding(file, "org,value\n".encode("utf-16-le")), "csv")


@pytest.mark.parametrize("before", [b"", b"x" * (4 << 20), b"a\n" * (2 << 20)], ids=["first", "over pieces", "second"])
def test_f13_a_cell_of_three_megabytes_is_refused(file: Path, before: bytes) -> None:
    with pytest.raises(UnreadableText, match="longer than 1,048,576 bytes"):
        check_content(holding(file, before + b'"' + b"x" * 3_000_000 + b'"\n'), "csv")


def test_f13_a_long_line_is_measured_over_many_pieces(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PIECE_BYTES", 400_000)
    check_content(holding(file, b"org\n" + b"x" * 1_000_000 + b"\n"), "csv")
    with pytest.raises(UnreadableText, match="line 2 is longer than 1,048,576 bytes"):
        check_content(holding(file, b"org\n" + b"x" * 1_100_000 + b"\n"), "csv")


def test_f13_sixteen_thousand_columns_are_refused(file: Path) -> None:
    with pytest.raises(UnreadableText, match="line 2 has more than 2,000 columns"):
        check_content(holding(file, b"org\n" + b"," * 16_000 + b"\n"), "csv")
    check_content(holding(file, b"org\n" + b"," * 1_999 + b"x" * 9000 + b"\n"), "csv")


def test_f13_more_records_than_the_cap_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAXIMUM_RECORDS", 1000)
    assert count_records(holding(file, b"a\n" * 1000)) == (1000, False)
    with pytest.raises(UnreadableText, match="more than 1,000 records"):
        count_records(holding(file, b"a\n" * 1001))


# -- encodings (F1) -----------------------------------------------------------------------------------------------------

TEXT = "org,name\r\nZA1,St Mary’s – Môn £\r\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (b"org,name\r\n", "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
@pytest.mark.parametrize("piece", [3, 4 << 20])
def test_f1_the_encoding_is_found_and_the_text_rewritten_unchanged(
    file: Path, raw: bytes, encoding: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PIECE_BYTES", piece)
    assert detect_encoding(holding(file, raw)) == encoding
    rewritten = rewrite_as_utf8(file, encoding, file.with_name("utf8.csv"))
    assert rewritten == file.with_name("utf8.csv")
    assert rewritten.read_bytes() == (TEXT if len(raw) > 12 else "org,name\r\n").encode()
    assert file.read_bytes() == raw


GARBLED = {
    "double encoding": "caf" + "é".encode().decode("cp1252"),
    "double encoded apostrophe": "Mary" + "’".encode().decode("cp1252") + "s",
    "double encoded pound": "£".encode().decode("cp1252") + "5",
    "byte order mark in the text": "\ufeff".encode().decode("cp1252"),
    "replacement character": "Mary\ufffds",
    "cp1252 taken for latin-1": "Mary’s".encode("cp1252").decode("latin-1"),
}


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
@pytest.mark.parametrize("piece", [3, 4 << 20])
def test_f1_text_garbled_before_it_came_is_refused_with_its_line(
    file: Path, garbled: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PIECE_BYTES", piece)
    with pytest.raises(UnreadableText, match="in line 2 shows that its text was garbled"):
        detect_encoding(holding(file, f"org,name\nZA1,{garbled}\nZA2,x\n".encode()))


def test_f1_a_file_of_two_encodings_is_refused(file: Path) -> None:
    with pytest.raises(UnreadableText, match="garbled"):
        detect_encoding(holding(file, "é\n".encode() + "Mary’s\n".encode("cp1252")))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"org\nMary\x81s\n", "byte 0x81 in line 2 is not cp1252"),
        (codecs.BOM_UTF8 + b"org\n\nMary\x92s\n", "byte 0x92 in line 3 is not utf-8-sig"),
        (codecs.BOM_UTF16_LE + b"o\0r", "is not utf-16"),
        (codecs.BOM_UTF32_LE + b"o\0\0\0", "UTF-32"),
    ],
)
def test_f1_what_no_encoding_fits_is_refused(file: Path, raw: bytes, why: str) -> None:
    with pytest.raises(UnreadableText, match=why):
        detect_encoding(holding(file, raw))


def test_f1_a_rewrite_that_fails_leaves_no_file(file: Path) -> None:
    holding(file, b"org\n" * 100 + b"\x92\n")
    with pytest.raises(UnreadableText, match="line 101"):
        rewrite_as_utf8(file, "utf-8", file.with_name("utf8.csv"))
    assert [path.name for path in file.parent.iterdir()] == ["return.csv"]


@pytest.mark.parametrize("name", ["São Tomé", "SÃO PAULO", "Crème brûlée", "Ångström", "naïve", "Â"])
def test_f1_real_accents_are_not_taken_for_garbled_text(file: Path, name: str) -> None:
    assert detect_encoding(holding(file, f"{name},1\n".encode())) == "utf-8"
    assert detect_encoding(holding(file, f"{name},1\n".encode("cp1252"))) == "cp1252"


# -- records (F4) -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "records"),
    [
        (b"", 0),
        (b"\n\r\n\n", 0),
        (b"a,b", 1),
        (b"a,b\n", 1),
        (b"a,b\r\n1,2\r\n", 2),
        (b"a,b\r\n\r\n1,2\n\n\n3,4", 3),
        (b'a,"x\ny"\n', 1),
        (b'a,"x\r\n\r\ny"\r\nb,"z"\r\n', 2),
        (b'a,"say ""hello\n"""\nb,c\n', 2),
        (b'a,"x\ry"\nb,c\n', 2),
        (b'"\n"', 1),
        (b'""\n', 1),
        (b",,,\n \n", 2),
    ],
)
@pytest.mark.parametrize("piece", [1, 2, 3, 4 << 20])
def test_f4_records_are_line_ends_outside_quotation_marks(
    file: Path, raw: bytes, records: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PIECE_BYTES", piece)
    assert count_records(holding(file, raw))[0] == records


FIELDS = st.text(alphabet='ab,"\n é', max_size=6)
ROWS = st.lists(st.lists(FIELDS, min_size=2, max_size=3), max_size=12)


@given(
    rows=ROWS, end=st.sampled_from(["\n", "\r\n"]), piece=st.integers(1, 9), blanks=st.integers(0, 2), cut=st.booleans()
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_f4_the_count_agrees_with_pythons_csv_module(
    tmp_path: Path, rows: list[list[str]], end: str, piece: int, blanks: int, cut: bool
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator=end)
    for row in rows:
        writer.writerow(row)
        written.write(end * blanks)
    text = written.getvalue().removesuffix(end) if cut else written.getvalue()
    path = holding(tmp_path / "rows.csv", text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "PIECE_BYTES", piece)
        counted, breaks = count_records(path)
    assert counted == sum(1 for row in csv.reader(io.StringIO(text, newline="")) if row) == len(rows)
    assert breaks == any("\n" in cell for row in rows for cell in row)


def test_f4_records_of_a_utf_16_file_are_counted(file: Path) -> None:
    assert count_records(holding(file, 'a,"x\ny"\r\n1,2\r\n'.encode("utf-16"))) == (2, True)


@pytest.mark.parametrize("piece", [1, 2, 3, 4 << 20])
@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"name,1,2\na,b,,30\r\nc,d,4,0", 3),
        (b"a,1,2\nb,1,x\nc,1\n\n", 1),
        (b'a,1,2\nb, 1,2\nc,+1,2\nd,1e3,2\ne,5.7,2\nf,-1,2\ng,1_0,2\nh,"1",2\n', 1),
        (b'"a,1,2",3\n', 0),
        (b"a,1,2\nb,007,2\n", 0),
        (b"", 0),
    ],
)
def test_lines_that_end_in_counts(
    file: Path, raw: bytes, lines: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PIECE_BYTES", piece)
    assert lines_ending_in_counts(holding(file, raw), 2) == lines


@pytest.mark.parametrize("raw", [b'a,b\n1,"2\n3,4\n', b'a,5" pipe\n1,2\n', b'a,b\n1,2"'])
@pytest.mark.usefixtures("tiny_pieces")
def test_f4_a_quotation_mark_never_closed_is_refused(file: Path, raw: bytes) -> None:
    with pytest.raises(UnbalancedQuotes, match="odd number of quotation marks"):
        count_records(holding(file, raw))


def test_f4_the_line_of_the_first_field_that_runs_on_is_told(file: Path) -> None:
    with pytest.raises(UnbalancedQuotes, match="in line 3"):
        count_records(holding(file, b'a,b\n1,"2"\n3,"4\n5,6\n7,8\n'))


@pytest.mark.parametrize(("raw", "line"), [(b"a,b\r1,2\r3,4\r", 1), (b"a,b\n1,2\r3,4\n", 2), (b"a,b\r\n1,2\r", 2)])
@pytest.mark.parametrize("piece", [1, 2, 3, 4, 5, 4 << 20])
def test_f4_a_lone_carriage_return_is_refused_with_its_line(
    file: Path, raw: bytes, line: int, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "PIECE_BYTES", piece)
    with pytest.raises(UnreadableText, match=f"line {line} holds a carriage return without line feed"):
        count_records(holding(file, raw))


@given(raw=st.binary(max_size=200), expected=st.sampled_from(["csv", "zip", "xlsx", "xls", "ods"]))
@example(raw=codecs.BOM_UTF16_LE, expected="csv")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_at_all_are_accepted_or_refused_in_our_own_words(
    tmp_path: Path, raw: bytes, expected: Format
) -> None:
    path = holding(tmp_path / "any", raw)
    for step in (lambda: check_content(path, expected), lambda: detect_encoding(path), lambda: count_records(path)):
        try:
            step()
        except LakeError as error:
            assert error.what
            assert error.why
            assert error.next_step
