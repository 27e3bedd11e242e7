"""One object for a run: what its steps share, made once from the settings and handed down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.lake.night import hold_night_lock, night_lock
from dagster_project.lake.paths import SYNTHETIC_MARKER, Lake, Origin
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from dagster_project.duck import EngineLimits


def utc_now() -> dt.datetime:
    """Return the machine's clock, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Run:
    """A nightly run or a command on one data folder; `run` is what functions call it, as `context.run` is Dagster's.

    The release id is no part of it: it follows from the files that are in use when the models are built (release/state.py).
    """

    settings: Settings
    origin: Origin
    """Whether the files that it takes are published or synthetic. Decided once, so that no run mixes the two."""
    clock: Callable[[], dt.datetime] = utc_now

    @classmethod
    def of(cls, settings: Settings) -> Run:
        """Return the run that the settings ask for; nothing is fetched or written."""
        return cls(settings, origin_of(settings))

    @cached_property
    def lake(self) -> Lake:
        """Return the data folder."""
        return Lake(self.settings.data_lake)

    @cached_property
    def limits(self) -> EngineLimits:
        """Memory and threads of DuckDB; it spills onto the data disk."""
        from dagster_project.duck import EngineLimits  # for start-up time: `hiw status` needs no DuckDB

        return EngineLimits(self.settings.memory_limit, self.settings.threads, self.lake.temporary)

    @property
    def wait_seconds(self) -> float:
        """Return how long to wait for a lock that another process holds."""
        return self.settings.lock_wait_seconds

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the data folder for the length of a block. Raises LakeError when another run keeps it."""
        with night_lock(self.lake, self.wait_seconds):
            yield

    def hold(self) -> bool:
        """Hold the data folder until this process ends; False where it did already. Raises LakeError as `lock`."""
        return hold_night_lock(self.lake, self.wait_seconds)

    def offline(self) -> Run:
        """Return the same run, from the files that are kept."""
        return replace(self, settings=self.settings.model_copy(update={"offline": True}))

    def elsewhere(self, folder: Path, origin: Origin) -> Run:
        """Return the same limits and clock on another data folder, with a warehouse file in it."""
        return replace(
            self, settings=self.settings.model_copy(update={"data_lake": folder, "ducklake": ""}), origin=origin
        )


def origin_of(settings: Settings) -> Origin:
    """Say whether the transport that is set gives published or synthetic files; nothing is fetched or written for it."""
    if settings.sources == "sample":
        return "synthetic"
    marked = settings.sources == "mirror" and settings.mirror and (settings.mirror / SYNTHETIC_MARKER).is_file()
    return "synthetic" if marked else "published"
