"""The process that runs Great Expectations: same answers as here, nothing passes when it dies, and it dies with its asker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import duckdb
import pytest

from dagster_project.contracts.suite import load_marts
from dagster_project.lake.files import LakeError
from dagster_project.quality import judge
from dagster_project.quality.judge import Question, answers, ask, start_judge
from dagster_project.quality.runner import run_suite
from dagster_project.settings import PROJECT_ROOT
from tests.fixtures.processes import is_running, wait_until
from tests.fixtures.runs import SMALL

SUITE = load_marts()["mart_control_chart"]


def _columns() -> str:
    """A table of one row, another number in every column, that the suite's query fits and that breaks rules of it."""
    described = duckdb.connect()
    nothing: list[str] = []
    while True:
        columns = ", ".join(f"{place} as {name}" for place, name in enumerate(nothing, 1)) or "1 as nothing"
        try:
            described.execute(f"create or replace view batch as select {columns} where false")
            described.execute(SUITE.query)
            return f"select {columns}"
        except duckdb.BinderException as error:
            nothing.append(str(error).split('"')[1])


def _child() -> int:
    (pid,) = judge._process()._processes
    return int(pid)


def test_its_answers_are_those_of_run_suite() -> None:
    relation = _columns()
    with duckdb.connect() as con:
        here = run_suite(con, SUITE, relation, made_of_returns=False)
    (there, broken) = answers(
        ask([Question(SUITE, relation, False), Question(SUITE, "select 1 as other", False)], SMALL)
    )
    assert there == here
    assert {outcome.passed for outcome in here} == {True, False}
    assert isinstance(broken, duckdb.BinderException)


def test_nothing_passes_when_it_is_killed_and_the_next_question_is_answered() -> None:
    question = Question(SUITE, _columns(), False)
    answers(ask([question], SMALL))
    os.kill(_child(), signal.SIGSTOP)
    asked = ask([question], SMALL)
    os.kill(_child(), signal.SIGKILL)
    with pytest.raises(LakeError, match="could not judge"):
        answers(asked)
    assert isinstance(answers(ask([question], SMALL))[0], list)
    for asks_first in (
        lambda: None,
        start_judge,
    ):  # a step with a new file starts it, and may be the first to meet the dead one
        os.kill(_child(), signal.SIGKILL)
        time.sleep(0.5)
        asks_first()
        assert isinstance(answers(ask([question], SMALL))[0], list), "it died between two questions"


def test_it_ends_with_a_killed_asker(tmp_path: Path) -> None:
    script = tmp_path / "asker.py"
    script.write_text(
        textwrap.dedent("""
            import time
            from dagster_project.quality import judge

            if __name__ == "__main__":
                judge.start_judge()
                print(*judge._process()._processes, flush=True)
                time.sleep(60)
        """)
    )
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
    asker = subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True)
    assert asker.stdout is not None
    child = int(asker.stdout.readline())
    asker.kill()
    asker.wait()
    assert wait_until(lambda: not is_running(child), 30), "it outlives its asker"
