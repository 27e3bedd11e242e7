"""The database in memory that parsing shares: nothing passes from one connection to the next, a broken one is not used again."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.duck import scratch_connection


def test_temporary_tables_stay_with_their_connection() -> None:
    with scratch_connection() as first, scratch_connection() as second:
        first.execute("create temp table rejects (n integer)")
        with pytest.raises(duckdb.CatalogException):
            second.execute("from rejects")


def test_after_a_fatal_error_the_next_one_has_a_new_database() -> None:
    with scratch_connection() as before:
        before.execute("create table mark (n integer)")
    with pytest.raises(duckdb.FatalException), scratch_connection() as broken:
        assert broken.execute("from mark").fetchall() == []
        raise duckdb.FatalException("invalidated")
    with scratch_connection() as after, pytest.raises(duckdb.CatalogException):
        after.execute("from mark")
