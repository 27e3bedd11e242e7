"""Give the latest period a publisher should have published by a given date, from the calendar in its source.yml."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from dagster_project.contracts.source import Source

THURSDAY = 3
LONDON = ZoneInfo("Europe/London")
"""Publication days and deadlines of returns are days there."""


def second_thursday(year: int, month: int) -> dt.date:
    """Return the second Thursday of a month: the day on which NHS England publishes its monthly statistics."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(THURSDAY - first.weekday()) % 7 + 7)


def _month_end(year: int, month: int) -> dt.date:
    return (dt.date(year + month // 12, month % 12 + 1, 1)) - dt.timedelta(days=1)


def publication_day(source: Source, period_end: dt.date) -> dt.date:
    """Return the day on which the period that ended on `period_end` is published."""
    calendar = source.calendar
    earliest = period_end + dt.timedelta(days=calendar.lag_days)
    return second_thursday(earliest.year, earliest.month) if calendar.rule == "second_thursday" else earliest


def newest_expected_period(source: Source, today: dt.date) -> str:
    """Return the newest month (`2026-01`), or snapshot month, that should be out by now, grace included; "" without a rule.

    Sources by financial year give `fy2024-25`.
    """
    calendar = source.calendar
    if calendar.rule == "irregular":
        return ""
    grace = dt.timedelta(days=calendar.grace_days)
    end = today.replace(day=1) - dt.timedelta(days=1)
    while publication_day(source, end) + grace > today or not _ends_a_period(source, end):
        end = end.replace(day=1) - dt.timedelta(days=1)
    return _name(source, end)


def _name(source: Source, end: dt.date) -> str:
    """The period that ends on that day, as the lake writes it."""
    if source.calendar.months_per_period == 12:  # noqa: PLR2004 - a financial year
        return f"fy{end.year - 1}-{end.year % 100:02d}"
    return f"{end:%Y-%m}"


def _ends_a_period(source: Source, end: dt.date) -> bool:
    months = source.calendar.months_per_period
    return end.month == 3 if months == 12 else end.month % months == 0  # noqa: PLR2004 - financial years end in March


def due_since(source: Source, newest: dt.date, today: dt.date) -> tuple[str, dt.date] | None:
    """Return the first period after the one that ended on `newest` that should be out, and the day since when; None when none is."""
    if source.calendar.rule == "irregular":
        return None
    end = newest
    while end == newest or not _ends_a_period(source, end):
        end = _month_end(end.year + end.month // 12, end.month % 12 + 1)
    day = publication_day(source, end) + dt.timedelta(days=source.calendar.grace_days)
    return (_name(source, end), day) if day <= today else None
