"""After a whole night with planted identifiers none of them is found in any byte of the data folder (security goal S-7).

One night of the sample, with thirteen files of made-up patients put into its inbox beforehand: every byte of every file is
searched, names included, zip, gzip and Parquet unpacked, databases read, and with them Dagster's event log, dbt's target and
logs, alerts, answers and the release.
"""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.register import Register
from dagster_project.sample.returns_files import SampleReturn
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.planted_workbooks import DASHED, NUMBER, SPACED
from tests.fixtures.returns_inbox import drop, drop_bytes, open_modes, wl01
from tests.warehouses import Warehouse

POSTCODE, EMAIL, BIRTH = "LS1 4XX", "joan.bloggs@example.nhs.uk", "1951-07-23"
NEEDLES = (NUMBER, SPACED, DASHED, POSTCODE, EMAIL, BIRTH)
pytestmark = pytest.mark.xdist_group("leak")


@pytest.fixture(scope="module")
def after_the_night(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("leak") / "lake")
    _plant(lake)
    assert {needle for needle in NEEDLES if _spelt(lake.root, needle)} == set(NEEDLES), "the search does not find them"
    night = Warehouse(lake.root, {"HIW_SOURCES": "sample"}).refresh()
    assert night["exit_code"] == 0, night
    return lake


def _plant(lake: Lake) -> None:
    """In a cell (plain, spaced, dashed, postcode, e-mail, date of birth), a name, a manifest, and what workbooks hide."""
    for number, value in enumerate(NEEDLES, start=81):
        sent = wl01(number=number)
        rows = [*sent.rows[:-1], (*sent.rows[-1][:8], value, *sent.rows[-1][9:])]
        drop(lake, SampleReturn(**(vars(sent) | {"rows": rows})))
    drop(lake, wl01(number=90, known_issues=f"see patient {SPACED}"))
    for name, workbook in {
        "v91": planted.comment(),
        "v92": planted.hidden_sheet(),
        "v93": planted.pivot_cache(),
        "v94": planted.cell(int(NUMBER)),
    }.items():
        drop_bytes(lake, f"HIW-WL01_R9A_2026-10_{name}.xlsx", workbook)
    drop_bytes(lake, f"ward list {SPACED}.csv", b"org_code\nR9A\n")
    drop_bytes(lake, f"HIW-WL01_R9A_2026-10_v95_{NUMBER}.csv", b"org_code\nR9B\n")


def _spelt(root: Path, *needles: str) -> list[str]:
    """Every place below that spells one of the needles."""
    wanted = [needle.encode(code) for needle in needles for code in ("utf-8", "utf-16-le")]
    found = []
    for path in sorted(root.rglob("*")):
        contents = [os.fsencode(path.name), *(_contents(path) if path.is_file() and not path.is_symlink() else ())]
        found += [str(path.relative_to(root)) for content in contents if any(one in content for one in wanted)]
    return found


def _contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what it holds packed."""
    content = path.read_bytes()
    yield content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif content.startswith(b"PAR1"):
        yield _texts_of_parquet(path)
    elif content[8:12] == b"DUCK":
        yield from _texts_of_duckdb(path)
    elif content.startswith(b"SQLite format 3\0"):
        yield from _texts_of_sqlite(path)


def _texts_of_parquet(path: Path) -> bytes:
    """The columns of text of a Parquet, which its compression hides from a search of its bytes."""
    with duckdb.connect() as con:
        return _distinct_texts(con, "read_parquet(?)", [str(path)])


def _texts_of_duckdb(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        for schema, table in tables:
            yield _distinct_texts(con, f'"{schema}"."{table}"', [])


def _distinct_texts(con: duckdb.DuckDBPyConnection, relation: str, parameters: list[str]) -> bytes:
    described = con.execute(f"describe select * from {relation}", parameters).fetchall()
    texts = [row[0] for row in described if row[1] in {"VARCHAR", "BIGINT"}]
    found = [
        con.execute(
            f'select string_agg(distinct cast("{name}" as varchar), chr(10)) from {relation}', parameters
        ).fetchone()
        for name in texts
    ]
    return "\n".join(row[0] for row in found if row and row[0]).encode()


def _texts_of_sqlite(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
        yield "\n".join(con.iterdump()).encode()


def test_every_planted_file_was_refused_and_purged(after_the_night: Lake) -> None:
    purged = [one for one in Register(ReturnsArea.of(after_the_night)).receipts() if one.outcome == "purged"]
    # 13 planted here, one in the sample's own bad files.
    assert len(purged) == 14
    kinds = {kind for one in purged for kind in one.kinds.split(",")}
    assert {"nhs_number", "postcode", "email", "date_of_birth", "comment", "hidden_sheet", "pivot_cache"} <= kinds


def test_no_byte_of_the_data_folder_spells_an_identifier(after_the_night: Lake) -> None:
    assert _spelt(after_the_night.root, *NEEDLES) == []


def test_the_returns_and_what_is_built_of_them_are_private(after_the_night: Lake) -> None:
    assert open_modes(after_the_night.returns) == []
    assert after_the_night.build.stat().st_mode & 0o077 == 0 and after_the_night.warehouse.stat().st_mode & 0o077 == 0


def test_no_release_holds_a_row_of_a_return(after_the_night: Lake) -> None:
    with duckdb.connect(str(after_the_night.marts), read_only=True) as con:
        schemas = {row[0] for row in con.execute("select distinct schema_name from duckdb_tables()").fetchall()}
        columns = {row[0] for row in con.execute("select distinct column_name from duckdb_columns()").fetchall()}
    assert schemas == {"main", "meta"} and "response_text" not in columns and "known_issues" not in columns
