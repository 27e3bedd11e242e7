"""Expected returns: working days worked out by hand from the calendar of England's bank holidays (gov.uk)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.files import LakeError
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.calendar import (
    CADENCES,
    PARTICIPANT_COLUMNS,
    Participant,
    close_at,
    expected_returns,
    period_start,
    read_participants,
    soft_deadline,
    working_day_after,
    write_expected,
)

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
HEADER = ",".join(PARTICIPANT_COLUMNS)


def at_nine(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), dt.UTC)


@pytest.mark.parametrize(
    ("period_end", "soft", "close"),
    [
        # No bank holiday in November: 2 November is the first working day.
        (dt.date(2026, 10, 31), "2026-11-18 23:59:59", "2026-11-25 23:59:59"),
        # Christmas Day and Boxing Day (a Saturday, moved to Monday 28 December), New Year's Day.
        (dt.date(2026, 11, 30), "2026-12-17 23:59:59", "2026-12-24 23:59:59"),
        (dt.date(2026, 12, 31), "2027-01-20 23:59:59", "2027-01-27 23:59:59"),
        # Good Friday 3 April and Easter Monday 6 April 2026; summer time: the day ends an hour earlier in UTC.
        (dt.date(2026, 3, 31), "2026-04-21 22:59:59", "2026-04-28 22:59:59"),
        # A leap day: the month ends on Thursday 29 February 2024; Good Friday is 29 March.
        (dt.date(2024, 2, 29), "2024-03-19 23:59:59", "2024-03-26 23:59:59"),
        # The coronation of 8 May 2023 beside the early May holiday of 1 May.
        (dt.date(2023, 4, 30), "2023-05-19 22:59:59", "2023-05-26 22:59:59"),
    ],
)
def test_a_month_is_due_on_the_13th_working_day_and_closes_on_the_18th(
    period_end: dt.date, soft: str, close: str
) -> None:
    assert (str(soft_deadline("WL01", period_end)), str(close_at("WL01", period_end))) == (soft, close)


def test_longer_periods_have_longer_and_every_close_lies_after_its_deadline() -> None:
    end = dt.date(2026, 3, 31)
    deadlines = {code: soft_deadline(code, end) for code in CADENCES}
    assert deadlines["WL01"] < deadlines["UC01"] < deadlines["WF01"] == deadlines["SV01"]
    assert all(deadlines[code] < close_at(code, end) for code in CADENCES)


def test_there_is_no_working_day_before_the_first() -> None:
    with pytest.raises(ValueError, match="0th working day"):
        working_day_after(dt.date(2026, 10, 31), 0)


def test_periods_begin_after_the_one_before_ended() -> None:
    starts = {code: period_start(CADENCES[code], dt.date(2024, 3, 31)) for code in ("WL01", "UC01", "WF01", "WR01")}
    assert starts == {
        "WL01": dt.date(2024, 3, 1),
        "UC01": dt.date(2024, 1, 1),
        "WF01": dt.date(2023, 10, 1),
        "WR01": dt.date(2023, 4, 1),
    }


def test_a_return_is_expected_from_the_day_after_its_period_between_the_first_and_the_last_one() -> None:
    participant = Participant("R9A", "WL01", "2026-08", "2026-10")

    def periods(today: dt.date) -> list[str]:
        return [f"{one.period_end:%Y-%m}" for one in expected_returns([participant], at_nine(today))]

    assert periods(dt.date(2026, 8, 31)) == []
    assert periods(dt.date(2026, 9, 1)) == ["2026-08"]
    assert periods(dt.date(2027, 3, 1)) == ["2026-08", "2026-09", "2026-10"]


def test_a_quarterly_return_is_expected_for_quarters_only_and_a_yearly_one_for_financial_years() -> None:
    participants = [Participant("R9A", "UC01", "2026-02"), Participant("R9A", "WR01", "2025-01")]
    found = expected_returns(participants, NOW)
    assert [(one.collection_code, one.period_end.isoformat()) for one in found] == [
        ("UC01", "2026-03-31"),
        ("UC01", "2026-06-30"),
        ("UC01", "2026-09-30"),
        ("WR01", "2025-03-31"),
        ("WR01", "2026-03-31"),
    ]


def test_a_suspension_counts_from_its_period_on_and_carries_the_address_of_the_decision() -> None:
    board = "https://trust.example.invalid/board"
    participant = Participant("R9C", "WL01", "2026-09", "", "", "2026-10", board)
    found = expected_returns([participant], NOW)
    assert [(one.suspended, one.suspension_url) for one in found] == [(False, None), (True, board)]


def test_a_return_is_due_and_closed_once_the_last_second_of_the_day_is_over() -> None:
    participant = Participant("R9A", "WL01", "2026-10", "2026-10")

    def stands(now: str) -> tuple[bool, bool]:
        (one,) = expected_returns([participant], dt.datetime.fromisoformat(now))
        return one.is_due, one.is_closed

    assert stands("2026-11-18T23:59:59+00:00") == (False, False)
    assert stands("2026-11-19T00:00:00+00:00") == (True, False)
    assert stands("2026-11-25T23:59:59+00:00") == (True, False)
    assert stands("2026-11-26T01:00:00+01:00") == (True, True)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("R9A,WL99,2026-10,,,,", "there is no collection 'WL99'"),
        ("R9A,WL01,10/2026,,,,", "from_period '10/2026' is not a month"),
        ("R9A,WL01,,,,,", "from_period '' is not a month"),
        ("R9A,WL01,2026-10,2026-13,,,", "to_period '2026-13' is not a month"),
        ("R9A,WL01,2026-10,,,2026-10,", "needs the https address"),
        ("R9A,WL01,2026-10", "does not have 7 cells"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "participants.csv"
    path.write_text(f"{HEADER}\nR9B,WL01,2026-10,,,,\n{line}\n", encoding="utf-8")
    with pytest.raises(LakeError, match=r"participants\.csv line 3") as raised:
        read_participants(path)
    assert why in str(raised.value)


def test_a_file_without_the_columns_is_refused_and_no_file_means_nobody_takes_part(tmp_path: Path) -> None:
    assert read_participants(tmp_path / "participants.csv") == []
    (tmp_path / "participants.csv").write_text("org_code,collection\n", encoding="utf-8")
    with pytest.raises(LakeError, match="the columns must be org_code"):
        read_participants(tmp_path / "participants.csv")


def test_the_clean_table_is_rewritten_only_when_the_calendar_or_the_participants_change(tmp_path: Path) -> None:
    area = ReturnsArea(tmp_path / "returns")
    area.root.mkdir()
    area.participants.write_text(f"{HEADER}\nR9A,WL01,2026-09,,,,\n", encoding="utf-8")
    path = write_expected(area, NOW)
    written = path.stat().st_mtime_ns
    assert write_expected(area, NOW + dt.timedelta(hours=9)).stat().st_mtime_ns == written
    assert duckdb.read_parquet(str(path)).aggregate("count(*)").fetchall() == [(2,)]
    write_expected(area, at_nine(dt.date(2026, 12, 1)))
    assert duckdb.read_parquet(str(path)).aggregate("max(period_end)").fetchall() == [(dt.date(2026, 11, 30),)]
