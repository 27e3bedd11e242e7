"""dbt started ahead: it imports itself and reads the project, two seconds of a night, while the sources are looked at.

It then waits, before it writes a file or opens the warehouse (hiw_dbt.py). The step of the models tells it to go on when what it
was started for is still what is wanted; otherwise, and in a night with nothing new, it is ended.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dagster_dbt import DbtCliInvocation

from dagster_project.contracts.source import load_sources
from dagster_project.lake.paths import Lake
from dagster_project.lake.transport import origin_of
from dagster_project.release.state import project_fingerprint
from dagster_project.settings import Settings
from dagster_project.transform.dbt import NIGHT_TESTS, dbt_environment, dbt_runner, target_folder
from dagster_project.transform.hiw_dbt import WORD
from dagster_project.transform.standing import Standing
from dagster_project.transform.translator import Translator


@dataclass(frozen=True)
class Ahead:
    """A dbt that waits for the file `word`, and what it was started for."""

    standing: Standing
    arguments: tuple[str, ...]
    word: Path
    invocation: DbtCliInvocation

    def end(self) -> None:
        """It has written nothing yet."""
        self.invocation.process.kill()
        self.invocation.process.communicate()


_waiting: list[Ahead] = []


@contextmanager
def dbt_ahead(settings: Settings) -> Iterator[None]:
    """For one night in this process: start dbt now; end it if the night did not need it."""
    _waiting.append(_start(settings))
    try:
        yield
    finally:
        while _waiting:
            _waiting.pop().end()


def _start(settings: Settings) -> Ahead:
    lake, origin, target = Lake(settings.data_lake), origin_of(settings), target_folder(settings)
    standing = Standing(lake, project_fingerprint(load_sources().values(), origin))
    arguments = standing.arguments()
    word = target / "go_on"
    word.unlink(missing_ok=True)
    waits = {WORD: str(word)}
    os.environ.update(dbt_environment(settings, origin) | waits)
    try:
        invocation = dbt_runner().cli(
            [*arguments, "--select", "fqn:*", "--exclude", NIGHT_TESTS],
            manifest=target / "manifest.json",
            dagster_dbt_translator=Translator(),
            target_path=target,
        )
    finally:
        for name in waits:
            del os.environ[name]
    return Ahead(standing, tuple(arguments), word, invocation)


def tell_to_go_on(standing: Standing, arguments: Sequence[str]) -> DbtCliInvocation | None:
    """The dbt that was started for exactly this, going on from now; None when there is none."""
    if not _waiting:
        return None
    ahead = _waiting.pop()
    if (ahead.standing, ahead.arguments) != (standing, tuple(arguments)):
        ahead.end()
        return None
    ahead.word.touch()
    return ahead.invocation
