"""When a publisher's next period is due; the days of publication are those that NHS England announced."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.contracts.source import Calendar, Source, load_sources
from dagster_project.lake.calendar import newest_expected_period, publication_day, second_thursday


def source_with(**calendar: Any) -> Source:
    return load_sources()["nhse_ae"].model_copy(update={"calendar": Calendar(**calendar)})


# RTT and A&E came out on 12 March 2026 and 11 June 2026, both second Thursdays; the others are read off a calendar.
@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2026, 3, 12), (2026, 6, 11), (2026, 1, 8), (2026, 10, 8), (2024, 2, 8), (2023, 6, 8), (2026, 4, 9)],
)
def test_second_thursday(year: int, month: int, day: int) -> None:
    assert second_thursday(year, month) == dt.date(year, month, day)


@given(day=st.dates(dt.date(2000, 1, 1), dt.date(2100, 12, 31)))
def test_second_thursday_is_a_thursday_of_the_second_week(day: dt.date) -> None:
    found = second_thursday(day.year, day.month)
    assert (found.isoweekday(), found.month) == (4, day.month)
    assert 8 <= found.day <= 14


AE = {"rule": "second_thursday", "lag_days": 1, "grace_days": 4}
RTT = {"rule": "second_thursday", "lag_days": 40, "grace_days": 7}
WLMDS = {"rule": "days_after_period_end", "lag_days": 46, "grace_days": 14}
ANNUAL = {"rule": "days_after_period_end", "lag_days": 180, "grace_days": 30, "months_per_period": 12}


@pytest.mark.parametrize(
    ("calendar", "today", "expected"),
    [
        pytest.param(AE, "2026-03-15", "2026-01", id="three-days-after-publication-is-within-grace"),
        pytest.param(AE, "2026-03-16", "2026-02", id="grace-is-over"),
        pytest.param(AE, "2026-01-01", "2025-11", id="year-end-not-yet-out"),
        pytest.param(AE, "2026-01-12", "2025-12", id="year-end"),
        pytest.param(AE, "2024-02-29", "2024-01", id="leap-day"),
        pytest.param(RTT, "2026-03-18", "2025-12", id="rtt-of-january-came-on-12-March-and-is-within-grace"),
        pytest.param(RTT, "2026-03-19", "2026-01", id="rtt-grace-is-over"),
        pytest.param(RTT, "2026-04-16", "2026-02", id="february-plus-40-days-is-9-April"),
        pytest.param(WLMDS, "2026-11-22", "2026-08", id="days-after-period-end"),
        pytest.param(WLMDS, "2026-11-29", "2026-09", id="46-and-14-days-after-30-September"),
        pytest.param(ANNUAL, "2026-10-26", "fy2024-25", id="financial-year-not-yet-out"),
        pytest.param(ANNUAL, "2026-10-27", "fy2025-26", id="financial-year-210-days-after-31-March"),
        pytest.param({"rule": "irregular"}, "2026-11-22", "", id="no-rule"),
    ],
)
def test_newest_period_that_should_be_out(calendar: dict[str, Any], today: str, expected: str) -> None:
    assert newest_expected_period(source_with(**calendar), dt.date.fromisoformat(today)) == expected


@given(today=st.dates(dt.date(2021, 6, 1), dt.date(2040, 1, 1)), calendar=st.sampled_from([AE, RTT, WLMDS, ANNUAL]))
def test_expectation_never_goes_back_and_is_never_ahead_of_publication(
    today: dt.date, calendar: dict[str, Any]
) -> None:
    source = source_with(**calendar)
    now, tomorrow = (newest_expected_period(source, today + dt.timedelta(days=n)) for n in (0, 1))
    assert now <= tomorrow
    end = dt.date(int(now[2:6]) + 1, 3, 31) if now.startswith("fy") else _last_day(now)
    assert publication_day(source, end) + dt.timedelta(days=source.calendar.grace_days) <= today


def _last_day(month: str) -> dt.date:
    first = dt.date.fromisoformat(f"{month}-01")
    return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
