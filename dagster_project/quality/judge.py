"""Great Expectations in its own process, which is asked to judge tables.

Its import takes three seconds and its rules are Python, so beside it the nightly run goes on: it is imported while a first run starts, or
as soon as a file is new or models are built, a file is judged while the next is parsed, and the suites of the marts run beside the
rest of gate 2. A night with nothing new has nothing to judge and starts none. The process ends with the one that asked, however that ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeAlias

import duckdb

from dagster_project.contracts.suite import Suite
from dagster_project.duck import EngineLimits, quote_literal, scratch_connection
from dagster_project.garbage import collect_seldom
from dagster_project.lake.files import LakeError

if TYPE_CHECKING:
    from dagster_project.quality.runner import Outcome

Answer: TypeAlias = "list[Outcome] | duckdb.Error | KeyError"
LONGEST_SECONDS = 3600
"""A nightly run of 210 trusts is judged within two minutes."""


@dataclass(frozen=True)
class Question:
    """A suite, the SELECT or quoted table that it judges, and whether that is made of returns."""

    suite: Suite
    relation_sql: str
    made_of_returns: bool


def start_judge() -> None:
    """Let the process import Great Expectations now; whoever asks first waits the less."""
    _submit(_import)


def ask(questions: Sequence[Question], limits: EngineLimits, *, database: Path | None = None) -> Future[list[Answer]]:
    """Return what `run_suite` says of each relation, which may read the DuckDB file `database` under the name `draft`."""
    return _submit(_run, questions, database, limits)


def answers(asked: Future[list[Answer]]) -> list[Answer]:
    """Return the outcomes of each question, or the DuckDB error for which it could not be judged, once they are there.

    Raises LakeError when the process died: nothing has been judged then, so nothing passes.
    """
    try:
        return asked.result(timeout=LONGEST_SECONDS)
    except TimeoutError as error:
        raise LakeError(
            "the gate could not judge",
            f"the process of Great Expectations has not answered for {LONGEST_SECONDS / 60:.0f} minutes",
            "look at the machine's load and memory, then start the nightly run again",
        ) from error
    except BrokenProcessPool as error:
        _process.cache_clear()
        raise LakeError(
            "the gate could not judge",
            "the process of Great Expectations died (it may have run out of memory)",
            "start the nightly run again; look at the machine's memory when it happens twice",
        ) from error


def dismiss_judge() -> None:
    """Let the process end while others work; who asks again starts another."""
    _process().shutdown(wait=False)
    _process.cache_clear()


def _submit(work: Callable[..., Any], *given: object) -> Future[Any]:
    """Hand over work; to another process where this one died between two questions."""
    try:
        return _process().submit(work, *given)
    except BrokenProcessPool:
        _process.cache_clear()
        return _process().submit(work, *given)


@cache
def _process() -> ProcessPoolExecutor:
    """`spawn`: a copy of this process would share DuckDB's threads and locks."""
    return ProcessPoolExecutor(1, get_context("spawn"), initializer=_begin)


def _begin() -> None:
    collect_seldom()
    asker = parent_process()
    assert asker is not None  # noqa: S101 - this function runs in a child
    # A pool's process would wait for ever for a parent that was killed.
    Thread(target=lambda: (connection.wait([asker.sentinel]), os._exit(1)), daemon=True).start()


def _import() -> None:
    from dagster_project.quality.runner import prepare

    prepare()


def _run(questions: Sequence[Question], database: Path | None, limits: EngineLimits) -> list[Answer]:
    with scratch_connection(limits) as con:
        if database is None:
            return [_judge(con, question) for question in questions]
        con.execute(f"attach {quote_literal(str(database))} as draft (read_only)")
        try:
            return [_judge(con, question) for question in questions]
        finally:
            con.execute("detach draft")


def _judge(con: duckdb.DuckDBPyConnection, question: Question) -> Answer:
    from dagster_project.quality.runner import run_suite

    try:
        return run_suite(con, question.suite, question.relation_sql, made_of_returns=question.made_of_returns)
    except (duckdb.Error, KeyError) as error:
        return error
