"""Sheets and documents are read by the headings of the contract, and what differs is said: one rule a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dagster_project.contracts.source import FileColumn
from dagster_project.lake.files import LakeError
from dagster_project.lake.parse_report import ParseError
from dagster_project.lake.tables import read_document, read_sheet
from dagster_project.sample.files import Cell, ods_bytes, workbook_bytes
from tests.fixtures.planted_workbooks import with_damaged_part, with_patched_data

COLUMNS = [FileColumn(name="code", header="Org Code"), FileColumn(name="count", header="Count", aliases=("Number",))]
HEADER: list[Cell] = ["Org Code", "Count"]


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Any]:
    """`job(content, extra_columns=...)`: as much of a ParseJob as reading asks for."""

    def make(content: bytes, extra_columns: str = "refuse", suffix: str = "xlsx") -> Any:
        path = tmp_path / f"file.{suffix}"
        path.write_bytes(content)
        return SimpleNamespace(
            snapshot=SimpleNamespace(path=path),
            entity=SimpleNamespace(file_columns=COLUMNS, extra_columns=extra_columns),
            report=SimpleNamespace(ignored_headings=[], preamble=[], footer=[], name="file"),
            error=lambda why, next_step: ParseError("file", why, next_step),
        )

    return make


@pytest.mark.parametrize(("write", "suffix"), [(workbook_bytes, "xlsx"), (ods_bytes, "ods")])
def test_a_table_goes_on_below_a_blank_row_and_ends_where_the_notes_begin(job: Any, write: Any, suffix: str) -> None:
    made = job(
        write([("Data", [["A title"], HEADER, ["R9A", 12], ["R9B", 0.5], [], ["R9C", 1], [], ["Source: us"]])]),
        suffix=suffix,
    )
    assert read_sheet(made, "^data$") == [
        (3, {"code": "R9A", "count": "12"}),
        (4, {"code": "R9B", "count": "0.5"}),
        (6, {"code": "R9C", "count": "1"}),
    ]
    assert made.report.footer == ["Source: us"]


def test_headings_match_whatever_their_case_blanks_and_known_aliases(job: Any) -> None:
    made = job(workbook_bytes([("Data", [[" org\u00a0 CODE ", "number"], ["R9A", 1]])]))
    assert read_sheet(made, "data") == [(2, {"code": "R9A", "count": "1"})]


def test_a_heading_that_is_not_in_the_contract_is_refused_or_listed(job: Any) -> None:
    content = workbook_bytes([("Data", [[*HEADER, "Note"], ["R9A", 1, "x"]])])
    with pytest.raises(ParseError, match=r"missing \[\], not known \['Note'\]"):
        read_sheet(job(content), "data")
    made = job(content, extra_columns="ignore")
    assert len(read_sheet(made, "data")) == 1 and made.report.ignored_headings == ["Note"]


def test_only_the_columns_that_are_asked_for_must_be_there(job: Any) -> None:
    made = job(workbook_bytes([("Data", [["Org Code"], ["R9A"]])]))
    assert read_sheet(made, "data", ["code"]) == [(2, {"code": "R9A"})]


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ([("One", [HEADER]), ("Two", [HEADER])], r"0 sheets have a title like 'data', its sheets are \['One', 'Two'\]"),
        ([("Data 1", [HEADER]), ("Data 2", [HEADER])], "2 sheets have a title like 'data'"),
        ([("Data", [])], "sheet 'Data' is empty"),
        (
            [("Data", [["Code", "Count"]])],
            r"sheet 'Data', row 1: expected .*missing \['Org Code'\], not known \['Code'\]",
        ),
    ],
)
def test_another_workbook_is_refused_with_what_it_holds(job: Any, sheets: Any, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read_sheet(job(workbook_bytes(sheets)), "data")


def test_what_is_no_workbook_is_refused(job: Any) -> None:
    with pytest.raises(ParseError, match="cannot be read as a workbook"):
        read_sheet(job(b"PK\x03\x04nothing"), "data")


@pytest.mark.parametrize("spoil", [with_damaged_part, with_patched_data])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_a_damaged_part_that_a_reader_opens_refuses_the_file(job: Any, spoil: Any, part: str) -> None:
    content = spoil(workbook_bytes([("Data", [HEADER, ["R9A", 1]])]), part)
    with pytest.raises(LakeError, match="cannot be read as a workbook"):
        read_sheet(job(content), "data")


def test_numbers_of_a_document_stay_as_they_are_written(job: Any) -> None:
    made = job(b'{"rows": [{"Org Code": "R9A", "Count": 1.50}, {"Org Code": null, "Count": 1e2}]}')
    assert read_document(made, "rows") == [(1, {"code": "R9A", "count": "1.50"}), (2, {"code": None, "count": "1e2"})]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", "cannot be read as JSON"),
        (b'{"rows": [{"Org Code": "R9A", "Count": NaN}]}', "NaN is no number of JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b"[]", "should hold a list 'rows' and nothing else, it holds list"),
        (json.dumps({"rows": [], "total": 2}).encode(), r"it holds \['rows', 'total'\]"),
        (json.dumps({"rows": ["R9A"]}).encode(), "record 1 of 'rows'"),
        (json.dumps({"rows": [{"Org Code": True, "Count": 1}]}).encode(), "record 1, 'Org Code': .*found bool"),
    ],
)
def test_another_document_is_refused_with_what_it_holds(job: Any, document: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        read_document(job(document), "rows")


def test_a_heading_that_stands_twice_refuses_the_sheet(job: Any) -> None:
    made = job(workbook_bytes([("Data", [["Org Code", "Count", "COUNT "], ["R9A", 1, 1], ["R9B", 1, 2]])]))
    with pytest.raises(LakeError, match=r"row 1: these headings stand more than once, over other cells: \['count'\]"):
        read_sheet(made, "data")


def test_a_heading_that_stands_twice_over_the_same_cells_is_read(job: Any) -> None:
    """WITHIN 31 DAYS of the workbook of cancer waits."""
    made = job(workbook_bytes([("Data", [["Org Code", "Count", "COUNT "], ["R9A", 1, 1]])]))
    assert [cells for _, cells in read_sheet(made, "data")] == [{"code": "R9A", "count": "1"}]
