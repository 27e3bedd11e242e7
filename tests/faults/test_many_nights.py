"""Many nights in a row on a small estate: what a night with nothing new leaves behind, and what a month adds.

The nights are of the dates of one winter, in the clock of London: both changes of the clock and the end of a year lie in them. The
date is given where the product takes one (discovery, intake); stamps are of the machine's own clock. Here the first nights; all of them: `make endurance`.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dagster_project.lake.paths import Lake
from dagster_project.publish.publish import publish
from dagster_project.returns.intake import Intake
from tests.fixtures.ae_site import AeLake, csv_bytes, month_lines
from tests.fixtures.returns_inbox import drop, wl01
from tests.fixtures.runs import run_at
from tests.integration.release.release_estate import Estate, generation_of

LONDON = ZoneInfo("Europe/London")
FIRST, DAY_OF_MONTH = dt.date(2025, 10, 20), 12
"""The first night, and the day on which the month before comes out."""
NIGHTS, WHOLE = 12, 163
"""Of the suite: one month comes out and the clock goes back; of endurance: to the end of March, when it goes forward."""
MEMORY_BYTES = 48 << 20


@dataclass(frozen=True)
class Morning:
    """What is there after a night."""

    files: int
    size: int
    handles: int
    memory: int


class ManyNights:
    """Three parts of the warehouse in one folder, and their nights."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.estate = Estate.fresh(root / "release")
        self.site = AeLake.begin(root / "sources")
        self.returns = Lake(root / "returns")
        self.generation = 0
        self._month_comes_out(dt.date(2025, 9, 30))

    def run(self, night: dt.date) -> bool:
        """One night at half past one, an hour that one of them has twice and another has not; whether it brought something new."""
        month = night.replace(day=1) - dt.timedelta(days=1)
        if comes_out := night.day == DAY_OF_MONTH:
            self._month_comes_out(month)
        taken_in = self.site.run(today=night)
        assert taken_in.messages == [], night
        moment = dt.datetime(night.year, night.month, night.day, 1, 30, tzinfo=LONDON)
        report = Intake(run_at(self.returns)).run(settle_seconds=0, now=moment)
        published = publish(self.estate.project, keep_releases=2)
        assert generation_of(self.estate.lake.marts) == self.generation, night
        assert (published.outcome == "published") == bool(report.receipts) == bool(taken_in.fetched.new), night
        return comes_out or bool(taken_in.fetched.new)

    def _month_comes_out(self, month: dt.date) -> None:
        period = f"{month:%Y-%m}"
        self.site.site.publish(period, csv_bytes(month_lines(period)))
        sent = dt.datetime.combine(month + dt.timedelta(days=12), dt.time(9))
        drop(self.returns, wl01(month=month, received=sent))
        self.generation += 1
        self.estate.take(self.generation)

    def morning(self) -> Morning:
        """Of all three folders and of this process; candidates are brought by the test, not by a night."""
        files = [path for path in self.root.rglob("*") if path.is_file() and "mirror" not in path.parts]
        files = [path for path in files if not {"candidates", "evidence"} & set(path.parts)]
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        size = sum(path.stat().st_size for path in files if not path.is_symlink())
        return Morning(
            len(files), size, sum(1 for _ in Path("/proc/self/fd").iterdir()), pages * os.sysconf("SC_PAGESIZE")
        )


@pytest.fixture
def in_london(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = os.environ["TZ"]
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    yield
    os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("in_london")
@pytest.mark.parametrize("nights", [NIGHTS, pytest.param(WHOLE, marks=pytest.mark.endurance)])
def test_nights_without_news_leave_nothing_and_every_month_adds_the_same(nights: int, tmp_path: Path) -> None:
    many = ManyNights(tmp_path)
    assert many.run(FIRST)
    mornings, added = [many.morning()], []
    for number in range(1, nights):
        new = many.run(FIRST + dt.timedelta(days=number))
        mornings.append(many.morning())
        before, after = mornings[-2:]
        if new:
            added.append((after.files - before.files, after.size - before.size))
        else:
            assert (after.files, after.size) == (before.files, before.size), f"night {number} left something"
    handles = [morning.handles for morning in mornings[1:]]
    grown = mornings[-1].memory - mornings[5].memory
    print(
        f"{nights} of {nights} nights, {len(added)} months; handles {min(handles)} to {max(handles)}, memory {grown:+,} bytes"
    )
    assert len(added) == sum((FIRST + dt.timedelta(days=n)).day == DAY_OF_MONTH for n in range(1, nights))
    assert max(handles) == min(handles)
    assert grown < MEMORY_BYTES
    # Two releases are kept: from the third month on, a month adds its own files only.
    assert all(size < 1.2 * added[1][1] + 4096 for _, size in added[2:])
