"""How every part of the warehouse opens DuckDB: one configuration, waiting for the lock, quoting identifiers.

Not here: queries (they belong to the models) and paths (lake/paths.py).
"""

from __future__ import annotations

import importlib.util
import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

LOCK_WORDS = ("lock", "Conflicting")
MACHINE_ERRORS = (duckdb.OutOfMemoryException, duckdb.IOException, duckdb.FatalException, duckdb.InternalException)
"""No fault of the file that was read: it is read or judged again when there is room."""
Configuration = dict[str, str | bool | int | float | list[str]]


def quote_identifier(name: str) -> str:
    """Return a DuckDB identifier, quoted: the only way by which a name reaches SQL text."""
    if "\x00" in name:
        raise ValueError("an identifier cannot hold a NUL character")
    return '"' + name.replace('"', '""') + '"'


def quote_literal(value: str) -> str:
    """Return a string literal for the few statements (COPY TO, ATTACH, read_parquet in a view) that take no parameters."""
    if "\x00" in value:
        raise ValueError("a literal cannot hold a NUL character")
    return "'" + value.replace("'", "''") + "'"


def extension_file(name: str) -> Path | None:
    """Return the file of an extension that a package (duckdb-extension-...) brought for this DuckDB; None where there is none. DuckDB checks its signature."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension")
        if path.is_file():
            return path
    return None


@dataclass(frozen=True)
class EngineLimits:
    """What DuckDB may take: memory (such as 1GB), threads, and the folder that it spills into."""

    memory: str = "1GB"
    threads: int = 2
    spill: Path | None = None


STANDARD = EngineLimits()
ONE_THREAD = EngineLimits(threads=1)


def _configuration(limits: EngineLimits) -> Configuration:
    configuration: Configuration = {
        "memory_limit": limits.memory,
        "threads": limits.threads,
        # An extension that is missing must fail at once instead of waiting for a download.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if limits.spill is not None:
        configuration["temp_directory"] = str(limits.spill)
    return configuration


def open_database(
    path: Path | None,
    *,
    read_only: bool = False,
    limits: EngineLimits = STANDARD,
    wait_seconds: float = 0.0,
) -> duckdb.DuckDBPyConnection:
    """Return a connection to `path` (None: in memory); waits up to `wait_seconds` for another process's lock.

    Raises duckdb.IOException when the lock is still held at the deadline; its text names the process that holds it.
    """
    deadline = time.monotonic() + wait_seconds
    configuration = _configuration(limits)
    while True:
        try:
            return duckdb.connect(str(path or ":memory:"), read_only=read_only, config=configuration)
        except duckdb.IOException as error:
            if not any(word in str(error) for word in LOCK_WORDS) or time.monotonic() >= deadline:
                raise
            time.sleep(0.2 + random.random() * 0.3)  # noqa: S311


@contextmanager
def connection(
    path: Path | None,
    *,
    read_only: bool = False,
    limits: EngineLimits = STANDARD,
    wait_seconds: float = 0.0,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """`open_database` as a context: the file is free again whatever happens inside (a leaked handle locks the nightly run)."""
    opened = open_database(path, read_only=read_only, limits=limits, wait_seconds=wait_seconds)
    try:
        yield opened
    finally:
        opened.close()


_SCRATCH_KEPT = 4
_scratch: dict[EngineLimits, duckdb.DuckDBPyConnection] = {}
_scratch_lock = threading.Lock()
_workspaces = itertools.count(1)


@contextmanager
def scratch_connection(limits: EngineLimits = ONE_THREAD) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection to this process's database in memory, for work that makes nothing but temporary tables and views.

    To open its own database takes 25 ms, a quarter of what a small file takes to be parsed and judged. All connections
    with the same limits share the memory.
    """
    cursor = _scratch_cursor(limits)
    try:
        yield cursor
    except (duckdb.FatalException, duckdb.InternalException):
        _forget_scratch(limits)
        raise
    finally:
        cursor.close()


def _scratch_cursor(limits: EngineLimits) -> duckdb.DuckDBPyConnection:
    with _scratch_lock:
        if limits not in _scratch:
            _scratch[limits] = open_database(None, limits=limits)
        for old in list(_scratch)[:-_SCRATCH_KEPT]:
            _scratch.pop(old).close()
        return _scratch[limits].cursor()


def _forget_scratch(limits: EngineLimits) -> None:
    """DuckDB calls the whole database invalid; the next one gets a new one."""
    with _scratch_lock:
        _scratch.pop(limits, None)


class Workspace:
    """Its own schema in this process's database in memory, for work that makes tables, types, macros and views.

    As `scratch_connection`; everything made in it is gone when it is closed, and nothing of one workspace is seen in another.
    """

    def __init__(self, limits: EngineLimits = ONE_THREAD) -> None:
        self._limits = limits
        self.connection = _scratch_cursor(limits)
        self._schema = quote_identifier(f"workspace_{next(_workspaces)}")
        self.connection.execute(f"create schema {self._schema}")
        self.connection.execute(f"use {self._schema}")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a second connection to the same schema, to read from while the first one works."""
        cursor = self.connection.cursor()
        cursor.execute(f"use {self._schema}")
        return cursor

    def close(self) -> None:
        """Take everything away."""
        try:
            self.connection.execute("use main")
            self.connection.execute(f"drop schema {self._schema} cascade")
        except duckdb.Error:
            # A broken database, or one that a cursor still reads: its memory goes with its last connection.
            _forget_scratch(self._limits)
        finally:
            self.connection.close()
