"""The large tables of a candidate that grow by a period at a time: the periods that have settled are kept in a file of their own.

Three tables of 60 months of RTT (7.3 million rows) are written in 17 s; the file is copied, and what is newer added, in 3 s. Nothing is ever
taken out of the file: what DuckDB deletes stays in its blocks, and a figure that is withheld today must not be in a file of tomorrow. Where
a period of it has changed or is gone, the file is made again.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.lake.files import hash_file, write_atomically
from dagster_project.release.contents import (
    MAIN,
    attach_to_write,
    columns_of,
    count_rows,
    discard,
    marks_of_periods,
    qualified,
    sync_file,
    tables_of,
)
from dagster_project.release.dbt_artifacts import ExposedModel

LARGE = 500_000
"""Rows. A table with fewer is copied in less than a second."""
SETTLED_AFTER_DAYS = 100
"""Before the newest period of a table. A month still moves when the next one comes (which organisations are missing), and is revised."""
GROWN = "grown"


@dataclass(frozen=True)
class Grown:
    """The file and the record of its bytes: one that a killed run left half written is made again."""

    path: Path

    @property
    def record(self) -> Path:
        """Return where the hash of the file is written down."""
        return self.path.with_suffix(".sha256")

    def copy(self, con: duckdb.DuckDBPyConnection, models: Iterable[ExposedModel], draft: Path) -> tuple[str, ...]:
        """Bring the file to what has settled in the attached `warehouse`, copy it to `draft`, and return the names of the tables in it.

        They lack the column of the release and the newest periods. No table is large: no draft is written. Raises duckdb.Error and OSError.
        """
        kept = [model for model in models if model.part and count_rows(con, model.built) >= LARGE]
        if not kept:
            self._discard()
            return ()
        is_whole = self._is_whole()
        self.record.unlink(missing_ok=True)
        if not (is_whole and self._add(con, kept)):
            self._discard()
            self._add(con, kept)
        sync_file(self.path)
        write_atomically(self.record, hash_file(self.path).encode())
        shutil.copyfile(self.path, draft)
        return tuple(model.name for model in kept)

    def _is_whole(self) -> bool:
        try:
            return self.record.read_text(encoding="utf-8") == hash_file(self.path)
        except OSError:
            return False

    def _discard(self) -> None:
        self.record.unlink(missing_ok=True)
        discard(self.path)

    def _add(self, con: duckdb.DuckDBPyConnection, models: list[ExposedModel]) -> bool:
        """Add the new periods of every table; False, with nothing written, where adding is not enough."""
        attach_to_write(con, self.path, GROWN)
        try:
            if not tables_of(con, GROWN):
                for model in models:
                    con.execute(f"create table {_kept(model)} as select {_columns(model)} from {model.built} limit 0")
            news = [_new_parts(con, model) for model in models] if _same_tables(con, models) else [None]
            if None in news:
                return False
            for model, parts in zip(models, news, strict=True):
                order = ", ".join(qualified(name) for name in (model.part, *model.key))
                con.execute(
                    f"insert into {_kept(model)} select {_columns(model)} from {model.built} "
                    f"where {qualified(model.part)} in (select unnest(?)) order by {order}",
                    [parts],
                )
            con.execute(f"checkpoint {GROWN}")
            return True
        finally:
            con.execute(f"detach {GROWN}")


def _kept(model: ExposedModel) -> str:
    return qualified(GROWN, MAIN, model.name)


def _columns(model: ExposedModel) -> str:
    return ", ".join(qualified(name) for name in model.built_names)


def _same_tables(con: duckdb.DuckDBPyConnection, models: list[ExposedModel]) -> bool:
    """Whether the file holds these tables and no other, each with the columns of today."""
    if tables_of(con, GROWN) != sorted((MAIN, model.name) for model in models):
        return False
    return all(
        columns_of(con, _kept(model)) == columns_of(con, f"(select {_columns(model)} from {model.built})")
        for model in models
    )


def _new_parts(con: duckdb.DuckDBPyConnection, model: ExposedModel) -> list[dt.date] | None:
    """The settled periods that the file lacks; None where one that it has is no longer as the warehouse has it, by a hash of all its rows."""
    built, kept = (
        {
            period: mark
            for period, *mark in con.execute(marks_of_periods(relation, model.built_names, model.part)).fetchall()
        }
        for relation in (model.built, _kept(model))
    )
    if any(built.get(period) != mark for period, mark in kept.items()):
        return None
    settled = max(built) - dt.timedelta(SETTLED_AFTER_DAYS)
    return sorted(period for period in built.keys() - kept.keys() if period < settled)
