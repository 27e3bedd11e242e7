"""After a whole night with planted identifiers none of them is found in any byte of the data folder (security goal S-7).

One night of the sample, with thirteen files of made-up patients put into its inbox beforehand: every byte of every file is
searched, names included, zip, gzip and Parquet unpacked, databases read, and with them Dagster's event log, dbt's target and
logs, alerts, answers and the release.
"""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.register import Register
from tests.end_to_end.planting import NEEDLES, spelt
from tests.fixtures.returns_inbox import open_modes
from tests.warehouses import Warehouse


@pytest.fixture(scope="module")
def after_the_night(planted_warehouse: Warehouse) -> Lake:
    return Lake(planted_warehouse.lake)


def test_every_planted_file_was_refused_and_purged(after_the_night: Lake) -> None:
    purged = [one for one in Register(ReturnsArea.of(after_the_night)).receipts() if one.outcome == "purged"]
    # 13 planted here, one in the sample's own bad files.
    assert len(purged) == 14
    kinds = {kind for one in purged for kind in one.kinds.split(",")}
    assert {"nhs_number", "postcode", "email", "date_of_birth", "comment", "hidden_sheet", "pivot_cache"} <= kinds


def test_no_byte_of_the_data_folder_spells_an_identifier(after_the_night: Lake) -> None:
    assert spelt(after_the_night.root, *NEEDLES) == []


def test_the_returns_and_what_is_built_of_them_are_private(after_the_night: Lake) -> None:
    assert open_modes(after_the_night.returns) == []
    assert after_the_night.build.stat().st_mode & 0o077 == 0 and after_the_night.warehouse.stat().st_mode & 0o077 == 0


def test_no_release_holds_a_row_of_a_return(after_the_night: Lake) -> None:
    with duckdb.connect(str(after_the_night.marts), read_only=True) as con:
        schemas = {row[0] for row in con.execute("select distinct schema_name from duckdb_tables()").fetchall()}
        columns = {row[0] for row in con.execute("select distinct column_name from duckdb_columns()").fetchall()}
    assert schemas == {"main", "meta"} and "response_text" not in columns and "known_issues" not in columns
