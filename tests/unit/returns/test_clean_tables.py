"""The empty clean tables: right columns, private, and left alone where they are right already."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb

from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.clean_tables import load_clean_tables, write_empty_returns


def test_every_table_can_be_read_before_the_first_return(tmp_path: Path) -> None:
    area = ReturnsArea(tmp_path / "returns")
    write_empty_returns(area)
    for table, columns in load_clean_tables().items():
        read = duckdb.read_parquet(str(area.clean(table) / "*.parquet"))
        assert (read.columns, [str(kind) for kind in read.types]) == (list(columns), list(columns.values()))
        assert read.fetchall() == []


def test_folders_and_files_are_the_operators_alone(tmp_path: Path) -> None:
    area = ReturnsArea(tmp_path / "returns")
    paths = write_empty_returns(area)
    folders = {area.root, area.clean_root, *(path.parent for path in paths)}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}


def test_a_right_file_is_not_touched_and_a_damaged_or_outdated_one_is_replaced(tmp_path: Path) -> None:
    area = ReturnsArea(tmp_path / "returns")
    good, damaged, outdated, *_ = write_empty_returns(area)
    before = good.stat().st_mtime_ns
    damaged.write_bytes(b"PAR1")
    duckdb.sql("select 1 as old_column").write_parquet(str(outdated))
    write_empty_returns(area)
    assert good.stat().st_mtime_ns == before
    for path in (damaged, outdated):
        assert duckdb.read_parquet(str(path)).columns == list(load_clean_tables()[path.parent.name])
