"""Dagster's event log in SQLite, with the files kept open.

Dagster's own class makes an engine for every event, and SQLite copies the write-ahead log back and syncs it whenever the last connection
closes: 5 to 8 ms for an event, 13 s of a nightly run with two thousand. Here the engine of a file, its compiled statements with it, stays open,
through the two methods by which every SQL storage of Dagster gets its connections.
`synchronous=NORMAL` is what SQLite advises with a write-ahead log: a killed process loses nothing, a machine without power at most the last
lines of the log, and the warehouse does not read the log to decide anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.engine import Connection, Engine

KEPT_OPEN = 8
"""The index and the runs opened last; the web pages open a file for every run that they show."""


class EventLog(SqliteEventLogStorage):
    """The same files in the same place as Dagster's default: history/runs/ of DAGSTER_HOME."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._kept: dict[str, Engine] = {}
        self._tables: set[str] = set()
        self._begun: dict[str, Connection] | None = None
        self._one_at_a_time = RLock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to set."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """Dagster's hook: the class named in dagster.yaml."""
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data)

    def has_table(self, table_name: str) -> bool:
        """Asked before every tag of an asset event; a table that was there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store all events in one transaction for each file: a run begins with five hundred that say what is planned."""
        with self._one_at_a_time, ExitStack() as open_files:
            self._begun = {}
            try:
                for event in events:
                    for shard in (event.run_id, INDEX_SHARD_NAME):
                        if shard not in self._begun:
                            self._begun[shard] = open_files.enter_context(self._begin(shard))
                    self.store_event(event)
            finally:
                self._begun = None

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Iterator[Connection]:
        """Open a transaction in the file of a run."""
        with self._one_at_a_time:
            shard = str(run_id)
            if self._begun is not None and shard in self._begun:
                yield self._begun[shard]
                return
            with self._begin(shard) as connection:
                yield connection

    def index_connection(self) -> AbstractContextManager[Connection]:
        """Return a transaction in the file that all runs share."""
        return self.run_connection(INDEX_SHARD_NAME)

    @contextmanager
    def _begin(self, shard: str) -> Iterator[Connection]:
        with self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._kept.pop(shard, None)
        if engine is not None and not Path(self.path_for_shard(shard)).exists():  # wiped
            engine.dispose()
            engine = None
        if engine is None:
            with super().run_connection(shard):
                """Dagster makes the tables of a new file."""
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            sqlalchemy.event.listen(engine, "connect", _sync_less)
        self._kept[shard] = engine
        while len(self._kept) > KEPT_OPEN:
            self._kept.pop(next(iter(self._kept))).dispose()
        return engine

    def dispose(self) -> None:
        """Close what is open; called when the instance is left."""
        super().dispose()
        for engine in self._kept.values():
            engine.dispose()
        self._kept.clear()


def _sync_less(connection: Any, _record: object) -> None:
    connection.execute("pragma synchronous = normal")
