"""The database in memory that parsing shares: nothing passes from one connection to the next, a broken one is not used again."""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.duck import Workspace, scratch_connection


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


def a_workspace() -> Workspace:
    return Workspace()


def test_a_workspace_sees_its_own_tables_types_and_macros_alone_and_leaves_nothing() -> None:
    first, second = a_workspace(), a_workspace()
    for number, one in enumerate((first, second)):
        one.connection.execute("create type colour as enum ('red', 'blue')")
        one.connection.execute(f"create macro mine() as {number}")
        one.connection.execute("create table rows as select 'red'::colour as c, mine() as n")
    assert first.cursor().execute("from rows").fetchall() == [("red", 0)]
    assert second.cursor().execute("from rows").fetchall() == [("red", 1)]
    first.close()
    second.close()
    with scratch_connection() as con:
        assert con.execute("select count(*) from duckdb_schemas() where schema_name like 'workspace%'").fetchone() == (
            0,
        )
        assert con.execute("select count(*) from duckdb_types() where type_name = 'colour'").fetchone() == (0,)


def test_a_workspace_that_cannot_be_taken_away_takes_its_database_with_it() -> None:
    broken = a_workspace()
    broken.connection.execute("create table public_mark (n integer)")
    broken.connection.close()
    broken.close()
    with scratch_connection() as con:
        assert con.execute("select count(*) from duckdb_tables()").fetchone() == (0,)
