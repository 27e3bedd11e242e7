"""One published file through its parser, without a lake: what every test in this folder stands on.

`parse_file(slug, entity, path, period)` gives a `Parsed`: the parse report and the clean table, which is open in DuckDB
as `clean`. A file that is refused raises LakeError, as it does in the night.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.duck import STANDARD, open_database, quote_literal
from dagster_project.lake.clean_writer import build_clean_table, read_report
from dagster_project.lake.files import hash_file
from dagster_project.lake.parse_report import ParseReport
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import Snapshot
from tests.warehouses import MIRROR, Warehouse

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Parsed:
    """A parsed file: its report, and its clean table under the name `clean`."""

    report: ParseReport
    clean: Path
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str = "select * from clean order by all", parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query over `clean`."""
        return self.connection.execute(query, list(parameters)).fetchall()

    def row(self, query: str, parameters: Sequence[Any] = ()) -> Row:
        """The only row of a query over `clean`."""
        (row,) = self.rows(query, parameters)
        return row

    def value(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The only cell of a query over `clean`."""
        (cell,) = self.row(query, parameters)
        return cell

    def rejects(self) -> list[Row]:
        """The rejected rows: record number, column, rule, cell; empty when none was."""
        path = self.clean.with_suffix(".rejects.parquet")
        query = f"select * from read_parquet({quote_literal(str(path))}) order by all"
        return self.connection.execute(query).fetchall() if path.exists() else []


ParseFile = Callable[[str, str, Path, str], Parsed]


@pytest.fixture
def parse_file(tmp_path: Path, real_files: dict[tuple[str, str, Path, str], Parsed]) -> Iterator[ParseFile]:
    """Parse one file as the night does; raises LakeError (ParseError) where the night would hold the source."""
    with ExitStack() as open_connections:

        def parse(slug: str, entity: str, path: Path, period: str) -> Parsed:
            asked = (slug, entity, path, period)
            if asked not in real_files:
                parsed = _parse(*asked, Path(tempfile.mkdtemp(prefix="parsed-", dir=tmp_path)))
                if not path.is_relative_to(MIRROR):
                    open_connections.enter_context(parsed.connection)
                    return parsed
                real_files[asked] = parsed
            return real_files[asked]

        yield parse


@pytest.fixture(scope="module")
def real_files() -> Iterator[dict[tuple[str, str, Path, str], Parsed]]:
    """The publishers' own files that a module has parsed: a month of maternity statistics takes ten seconds each time."""
    parsed: dict[tuple[str, str, Path, str], Parsed] = {}
    yield parsed
    for done in parsed.values():
        done.connection.close()


@pytest.fixture
def in_use(mirror_warehouse: Warehouse) -> Iterator[Callable[[str, str, str], Parsed]]:
    """`in_use(slug, entity, period)`: what the night of the real files made of a file; MSDS takes seconds to parse again."""
    with ExitStack() as open_connections:

        def find(slug: str, entity: str, period: str) -> Parsed:
            folder = Lake(mirror_warehouse.lake).current(slug, entity, "published")
            clean = (folder / f"{period}.parquet").resolve()
            return Parsed(ParseReport(**read_report(clean)), clean, open_connections.enter_context(_open(clean)))

        yield find


def _open(clean: Path) -> duckdb.DuckDBPyConnection:
    con = open_database(None)
    con.execute(f"create view clean as select * from read_parquet({quote_literal(str(clean))})")
    return con


def _parse(slug: str, entity: str, path: Path, period: str, folder: Path) -> Parsed:
    snapshot = Snapshot(slug, entity, period, f"file://{path.name}", hash_file(path), "published", path)
    (folder / "workspace").mkdir()
    clean = folder / "clean.parquet"
    report = build_clean_table(load_sources()[slug], snapshot, clean, folder / "workspace", STANDARD)
    return Parsed(report, clean, _open(clean))


@pytest.fixture(scope="session")
def mirror_file() -> Callable[[str], Path]:
    """The path of a real published file, by its address without `https://`; for tests marked requires_mirror."""

    def find(address: str) -> Path:
        path = MIRROR / address
        assert path.is_file(), f"the mirror {MIRROR} has no {address}"
        return path

    return find


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    """A CSV file, quoted only where needed, as the publishers write them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def write_workbook(path: Path, sheets: dict[str, Iterable[Sequence[Any]]]) -> Path:
    """An .xlsx workbook with the rows of each sheet, from cell A1."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    workbook.save(path)
    return path


@pytest.fixture(name="write_csv", scope="session")
def write_csv_fixture() -> Callable[[Path, Sequence[str], Iterable[Sequence[Any]]], Path]:
    """`write_csv(path, header, rows)`, for tests that make a small synthetic file."""
    return write_csv


@pytest.fixture(name="write_workbook", scope="session")
def write_workbook_fixture() -> Callable[[Path, dict[str, Iterable[Sequence[Any]]]], Path]:
    """`write_workbook(path, {sheet: rows})`, for tests that make a small synthetic workbook."""
    return write_workbook
