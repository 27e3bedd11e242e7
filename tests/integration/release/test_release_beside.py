"""What people open beside the report: the schema meta, the comments, and the files beside the DuckDB file."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import pytest

from dagster_project.duck import connection
from dagster_project.lake.files import hash_file
from dagster_project.publish.beside.csv_files import MAXIMUM_ROWS, harmless_select
from dagster_project.publish.beside.workbook import load_sheets, write_workbook
from dagster_project.publish.publish import publish
from dagster_project.release.inputs import period_end
from dagster_project.release.releases import BESIDE, verify_current
from dagster_project.release.versions import code_version
from dagster_project.settings import PROJECT_ROOT
from tests.integration.release.release_estate import Estate
from tests.warehouses import Warehouse

NUMBERS = "('BIGINT', 'INTEGER', 'DOUBLE')"


@pytest.fixture
def published(sample_warehouse: Warehouse) -> Path:
    return sample_warehouse.lake / "published"


# -- the dictionary ---------------------------------------------------------------------------------------------------


def test_every_table_and_every_column_has_a_comment(sample_warehouse: Warehouse) -> None:
    tables = "select table_name from duckdb_tables() where comment is null or trim(comment) = ''"
    columns = "select table_name, column_name from duckdb_columns() where not internal and (comment is null or trim(comment) = '')"
    assert sample_warehouse.query(tables) == []
    assert sample_warehouse.query(columns) == []
    assert sample_warehouse.one("select count(*) from duckdb_tables()") > 40


def test_dictionary_has_every_column_and_says_what_each_is(sample_warehouse: Warehouse) -> None:
    missing = """
        select schema_name, table_name, column_name from duckdb_columns() where not internal
        except select table_schema, table_name, column_name from meta.data_dictionary"""
    assert sample_warehouse.query(missing) == []
    marts = "from meta.data_dictionary where table_schema = 'main'"
    assert sample_warehouse.query(f"select table_name, column_name {marts} and source is null") == []
    assert sample_warehouse.query(f"select table_name, column_name {marts} and description is null") == []
    text = f"select table_name, column_name {marts} and data_type = 'VARCHAR' and code_list is null"
    assert sample_warehouse.query(text) == []
    number = f"select table_name, column_name {marts} and data_type in {NUMBERS} and unit is null"
    assert sample_warehouse.query(number) == []


def test_sources_in_the_dictionary_are_sources_of_the_release(sample_warehouse: Warehouse) -> None:
    unknown = """
        select distinct s from (select unnest(string_split(source, ', ')) as s from meta.data_dictionary where table_schema = 'main')
        where s not in (select slug from meta.source_status)
            and s not in ('This warehouse', 'returns of trusts', 'look-up tables of this warehouse')"""
    assert sample_warehouse.query(unknown) == []
    waiting = "select distinct source from meta.data_dictionary where table_name = 'mart_waiting_list' and column_name = 'value'"
    assert {"nhse_rtt", "nhse_wlmds"} <= set(sample_warehouse.one(waiting).split(", "))


def test_the_vintage_caveat_stands_wherever_deciles_do(sample_warehouse: Warehouse) -> None:
    without = "select table_name from meta.data_dictionary where column_name = 'imd_version' and caveat not like '%not comparable%'"
    assert sample_warehouse.query(without) == []
    assert sample_warehouse.one("select count(*) from meta.glossary") >= 30
    examples = "select count(distinct table_name) from meta.worked_examples where part = 'expected'"
    assert sample_warehouse.one(examples) == len(
        sample_warehouse.query("select table_name from duckdb_tables() where schema_name = 'main'")
    )
    see = "select term from meta.glossary where definition is null or see is null"
    assert sample_warehouse.query(see) == []


def test_every_source_in_use_says_how_old_it_is(sample_warehouse: Warehouse) -> None:
    silent = """
        select slug, entity, newest_period_in_use from meta.source_status
        where periods_in_use_count > 0 and (newest_period_end is null or age_days is null or licence is null or attribution is null or held is null)"""
    assert sample_warehouse.query(silent) == []
    wrong = """
        select slug from meta.source_status, meta.releases
        where this_release and newest_period_end is not null and age_days <> date_diff('day', newest_period_end, built_at::date)"""
    assert sample_warehouse.query(wrong) == []


def test_periods_end_on_their_last_day() -> None:
    found = {
        period: str(period_end(period))
        for period in ("2019", "2026-02", "2025-06-29", "fy2023-24", "2025-q3", "2025-12+37-7", "odd")
    }
    assert found == {
        "2019": "2019-12-31",
        "2026-02": "2026-02-28",
        "2025-06-29": "2025-06-29",
        "fy2023-24": "2024-03-31",
        "2025-q3": "2025-09-30",
        "2025-12+37-7": "2025-12-31",
        "odd": "None",
    }


# -- the files --------------------------------------------------------------------------------------------------------


def test_every_file_beside_is_in_the_manifest_and_reached_through_the_pointer(estate: Estate) -> None:
    estate.take(1)
    publish(estate.project)
    files = json.loads((estate.lake.published / "manifest.json").read_text())["files"]
    for name in BESIDE:
        assert (estate.lake.published / name).exists(), name
    listed = {name.split("/")[0] for name in files}
    assert set(BESIDE) <= listed
    for name in ("marts.xlsx", "datapackage.json", "sbom.cdx.json", "csv/dim_organisation.csv"):
        assert hash_file(estate.lake.published / name) == files[name]["sha256"]
    (estate.lake.published / "marts.xlsx").resolve().chmod(0o644)
    (estate.lake.published / "marts.xlsx").resolve().write_bytes(b"damaged")
    assert verify_current(estate.lake) == ["marts.xlsx is not the file that was published (sha256 differs)"]


def test_the_page_of_the_folder_leads_to_every_table_and_to_nothing_that_is_not_there(
    published: Path, sample_warehouse: Warehouse
) -> None:
    text = (published / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"]+)"', text))
    assert {link for link in links if not (published / link).exists()} == set()
    tables = {
        name for (name,) in sample_warehouse.query("select table_name from duckdb_tables() where schema_name = 'main'")
    }
    assert {f"parquet/{table}.parquet" for table in tables} <= links
    assert {f"csv/{path.name}" for path in (published / "csv").iterdir()} <= links
    assert "SYNTHETIC DATA" in text and "http" not in text.replace("http-equiv", "")


def test_csv_holds_the_table_and_only_small_tables_have_one(published: Path, sample_warehouse: Warehouse) -> None:
    rows = dict(
        sample_warehouse.query("select table_name, estimated_size from duckdb_tables() where schema_name = 'main'")
    )
    assert {path.stem for path in (published / "csv").iterdir()} == {t for t, n in rows.items() if n <= MAXIMUM_ROWS}
    for table in ("mart_priorities", "dim_indicator", "mart_survey_benchmark"):
        with (published / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            read = list(csv.reader(stream))
        assert len(read) - 1 == rows[table]
        columns = "select column_name from meta.data_dictionary where table_name = '{}' order by column_position"
        assert read[0] == [name for (name,) in sample_warehouse.query(columns.format(table))]


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-2+3", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(cell: str) -> None:
    with connection(None) as con:
        con.execute("create table t (words varchar, n integer)")
        con.execute("insert into t values (?, -5), ('plain - text', -5)", [cell])
        rows = con.execute(harmless_select(con, "t")).fetchall()
    assert rows == [(f"'{cell}", -5), ("plain - text", -5)]


def _sheets(path: Path) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    book = openpyxl.load_workbook(path)
    for name in book.sheetnames:
        yield name, [tuple(row) for row in book[name].iter_rows(values_only=True)]


def test_workbook_has_cover_contents_notes_and_every_sheet_marked_as_one_table(published: Path) -> None:
    book = openpyxl.load_workbook(published / "marts.xlsx")
    wanted = [sheet.name for sheet in load_sheets()]
    assert book.sheetnames == ["Cover", "Contents", "Notes", *wanted]
    for name in wanted:
        assert len(book[name].tables) == 1, name
        assert str(book[name]["A2"].value).startswith("SYNTHETIC DATA"), name
        assert not book[name].merged_cells.ranges, name


def test_workbook_shows_shorthand_where_there_is_no_number_and_never_an_empty_cell(published: Path) -> None:
    seen: set[object] = set()
    for name, rows in _sheets(published / "marts.xlsx"):
        if name in {"Cover", "Contents", "Notes"}:
            continue
        header = next(i for i, row in enumerate(rows) if all(cell is not None for cell in row))
        for row in rows[header:]:
            assert None not in row, (name, row)
            seen.update(cell for cell in row if isinstance(cell, str) and cell.startswith("["))
            assert not any(isinstance(cell, str) and cell[:1] in "=+@" for cell in row), (name, row)
    assert {"[c]", "[x]", "[z]"} <= seen <= {"[c]", "[x]", "[z]", "[r]"}


def test_workbook_says_hidden_exactly_where_the_mart_does(published: Path, sample_warehouse: Warehouse) -> None:
    sheet = next(sheet for sheet in load_sheets() if sheet.name == "Returned_rates")
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
        frame = con.execute(sheet.query).df()
    rows = dict(_sheets(published / "marts.xlsx"))["Returned_rates"]
    place = rows[5].index("Per cent")
    shown = [row[place] for row in rows[6:]]
    assert len(shown) == len(frame)
    marks = {"suppressed": "[c]", "not_applicable": "[z]"}
    for cell, status, rate in zip(shown, frame["status"], frame["Per cent"], strict=True):
        assert cell == (pytest.approx(rate) if status == "published" else marks.get(status, "[x]")), (cell, status)


CODE = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)+$|^[A-Z0-9]{2,}(_[A-Z0-9]+)+$")
"""A word of a program: core20, imd_decile, absolute_gap, ACUTE_SPECIALIST."""


def test_workbook_has_words_where_the_marts_have_codes_and_per_cent_where_a_figure_is_a_share(published: Path) -> None:
    sheets = dict(_sheets(published / "marts.xlsx"))
    codes = {
        (name, rows[5][place], cell)
        for name, rows in sheets.items()
        if name not in {"Cover", "Contents", "Notes"}
        for row in rows[6:]
        for place, cell in enumerate(row)
        if isinstance(cell, str) and CODE.match(cell) and rows[5][place] != "Identifier"
    }
    assert codes == set()
    gaps = [dict(zip(sheets["England_gaps"][5], row, strict=True)) for row in sheets["England_gaps"][6:]]
    wide = [
        row
        for row in gaps
        if row["Indicator"].startswith("Waiting over 52 weeks by group") and row["Groups"].startswith("Deciles")
    ]
    first = {row["Measure"]: row for row in wide if str(row["Group compared"]).startswith("Decile 1 ")}
    ends = {row[0][:9]: row[1] for row in sheets["Waits_by_decile"][6:]}
    assert first["Difference"]["Unit"] == "percentage points"
    assert first["Difference"]["Value"] == pytest.approx(ends["Decile 1 "] - ends["Decile 10"], abs=0.011)
    assert first["Ratio"]["Unit"] == "ratio"


def test_workbook_draws_the_gradient_beside_its_table(published: Path) -> None:
    sheet = openpyxl.load_workbook(published / "marts.xlsx")["Waits_by_decile"]
    (chart,) = sheet._charts
    headings = {cell.value: cell.column_letter for cell in sheet[6]}
    drawn = {series.tx.v or series.tx.strRef.f: series.val.numRef.f for series in chart.series}
    assert drawn == {
        heading: f"Waits_by_decile!${headings[heading]}$7:${headings[heading]}$16"
        for heading in ("Per cent", "Lower limit", "Upper limit")
    }


def test_workbook_of_the_same_file_has_the_same_bytes(published: Path, tmp_path: Path) -> None:
    manifest = json.loads((published / "manifest.json").read_text())
    with connection(None) as con:
        con.execute(f"attach '{published / 'marts.duckdb'}' as copy (read_only)")
        write_workbook(con, tmp_path / "again.xlsx", manifest)
    assert hash_file(tmp_path / "again.xlsx") == manifest["files"]["marts.xlsx"]["sha256"]


def test_data_package_describes_files_that_are_there_with_their_columns(published: Path) -> None:
    package = json.loads((published / "datapackage.json").read_text())
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names) > 80
    assert package["licenses"][0]["path"].startswith("https://www.nationalarchives.gov.uk/")
    for resource in package["resources"]:
        path = published / resource["path"]
        assert path.is_file(), resource["path"]
        with connection(None) as con:
            found = [row[0] for row in con.execute(f"describe from '{path}'").fetchall()]
        assert [field["name"] for field in resource["schema"]["fields"]] == found
        assert all(field["description"] for field in resource["schema"]["fields"])


def _folded(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return name.lower().replace("_", "-").replace(".", "-")


def test_bill_of_materials_is_valid_and_lists_what_is_installed(published: Path) -> None:
    from importlib.metadata import version

    text = (published / "sbom.cdx.json").read_text()
    listed = {_folded(one["name"]): one["version"] for one in json.loads(text)["components"]}
    for name in ("duckdb", "dbt-core", "dagster", "great-expectations", "pandas"):
        assert listed[name] == version(name)
    frozen = subprocess.run([sys.executable, "-m", "pip", "list", "--format", "json"], capture_output=True, check=True)
    installed = {_folded(one["name"]) for one in json.loads(frozen.stdout)} - {"nhs-health-inequalities-warehouse"}
    assert installed == set(listed) - {"nhs-health-inequalities-warehouse"}
    assert json.loads(text)["bomFormat"] == "CycloneDX" and json.loads(text)["specVersion"] == "1.6"


def test_bill_of_materials_says_what_is_needed_where_it_came_from_and_by_which_commit(published: Path) -> None:
    listed = json.loads((published / "sbom.cdx.json").read_text())
    components = {_folded(one["name"]): one for one in listed["components"]}
    lock = (PROJECT_ROOT / "requirements.lock").read_text()
    for name, scope in {"duckdb": "required", "numpy": "required", "pytest": "excluded", "pluggy": "excluded"}.items():
        one = components[name]
        assert one["scope"] == scope, name
        assert one["licenses"][0]["license"]["name"]
        block = lock[lock.index(f"\n{name}=={one['version']}") :].split("# via")[0]
        assert {hashed["content"] for hashed in one["hashes"]} == set(re.findall("[0-9a-f]{64}", block)) != set()
    (commit,) = listed["metadata"]["component"]["pedigree"]["commits"]
    assert commit["uid"] == code_version()
