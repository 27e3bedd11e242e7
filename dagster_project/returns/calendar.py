"""Which returns are expected, from whom and by when: the calendar, and the list of who takes part.

Not here: what came (the register of intake) and how an expected return stands, which dbt decides (mart_submission).

A month is due on the 13th working day after its end (soft: the day that trusts are given) and closes on the 18th, as RTT does
(RTT recording and reporting guidance v5.0, section 9). The other cadences are ours: a quarter has a week more, because
housing and project lists are joined by hand; half-years and years two weeks more, because boards sign them off. Every
year is a financial year, ending on 31 March: WRES is a snapshot of that day, EDS reports carry it, the survey's fieldwork
is February to March. A day ends at 23:59:59 in London; the clean table holds UTC.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import duckdb
import holidays

from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.calendar import LONDON
from dagster_project.lake.files import LakeError
from dagster_project.returns.area import ReturnsArea, placing_private
from dagster_project.returns.clean_tables import load_clean_tables

LAST_SECOND = dt.time(23, 59, 59)
SATURDAY = 5
PARTICIPANT_COLUMNS = (
    "org_code",
    "collection_code",
    "from_period",
    "to_period",
    "mesh_mailbox",
    "suspended_from",
    "suspension_url",
)


@dataclass(frozen=True)
class Cadence:
    """How long a period is, in which months one ends, and on which working days after it a return is due and closes."""

    months: int
    ends_in: frozenset[int]
    soft_working_days: int
    close_working_days: int


MONTHLY = Cadence(1, frozenset(range(1, 13)), 13, 18)
QUARTERLY = Cadence(3, frozenset({3, 6, 9, 12}), 18, 23)
HALF_YEARLY = Cadence(6, frozenset({3, 9}), 23, 28)
YEARLY = Cadence(12, frozenset({3}), 23, 28)
CADENCES: Mapping[str, Cadence] = MappingProxyType(
    {
        "WL01": MONTHLY,
        "OP01": MONTHLY,
        "UC01": QUARTERLY,
        "AP01": QUARTERLY,
        "WF01": HALF_YEARLY,
        "WR01": YEARLY,
        "SV01": YEARLY,
        "SA01": YEARLY,
        "ED01": YEARLY,
    }
)


@dataclass(frozen=True)
class Participant:
    """A trust that takes part in a collection. Periods are `2026-10`, the month in which one ends; "" has no limit.

    From the period `suspended_from` on the trust's board has suspended it, and says so at `suspension_url`.
    """

    org_code: str
    collection_code: str
    from_period: str
    to_period: str = ""
    mesh_mailbox: str = ""
    suspended_from: str = ""
    suspension_url: str = ""

    def takes_part(self, period: str) -> bool:
        """Say whether a return is expected for the period."""
        return self.from_period <= period and (not self.to_period or period <= self.to_period)

    def is_suspended(self, period: str) -> bool:
        """Say whether the board has suspended the return for the period."""
        return bool(self.suspended_from) and self.suspended_from <= period


@dataclass(frozen=True)
class ExpectedReturn:
    """One return that the calendar expects; both moments in UTC, without a zone, as the clean table holds them."""

    collection_code: str
    org_code: str
    period_start: dt.date
    period_end: dt.date
    soft_deadline: dt.datetime
    close_at: dt.datetime
    suspended: bool
    suspension_url: str | None
    is_due: bool
    """The soft deadline has passed: what has not come is late."""
    is_closed: bool


@cache
def bank_holidays(year: int) -> frozenset[dt.date]:
    """Return the bank holidays of England in a year, moved ones and single ones (a coronation) included."""
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_working_day(day: dt.date) -> bool:
    """Monday to Friday, and no bank holiday in England."""
    return day.weekday() < SATURDAY and day not in bank_holidays(day.year)


def working_day_after(day: dt.date, number: int) -> dt.date:
    """Return the `number`th working day after a day; raises ValueError below 1."""
    if number < 1:
        raise ValueError(f"the {number}th working day after {day} does not exist")
    while number:
        day += dt.timedelta(days=1)
        number -= is_working_day(day)
    return day


def month_end(year: int, month: int) -> dt.date:
    """Return the last day of a month."""
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)


def period_start(cadence: Cadence, period_end: dt.date) -> dt.date:
    """Return the first day of the period that ends on a day."""
    months = period_end.year * 12 + period_end.month - cadence.months
    return dt.date(months // 12, months % 12 + 1, 1)


def soft_deadline(collection_code: str, period_end: dt.date) -> dt.datetime:
    """Return when a return is due, UTC: the day that trusts are given. Raises KeyError for an unknown collection."""
    return _end_of_day(working_day_after(period_end, CADENCES[collection_code].soft_working_days))


def close_at(collection_code: str, period_end: dt.date) -> dt.datetime:
    """When a collection closes, UTC: what comes later goes into the next release. Raises KeyError as above."""
    return _end_of_day(working_day_after(period_end, CADENCES[collection_code].close_working_days))


def _end_of_day(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, LAST_SECOND, LONDON).astimezone(dt.UTC).replace(tzinfo=None)


def periods_between(cadence: Cadence, first: str, last: dt.date) -> Iterator[dt.date]:
    """Yield the ends of the periods from `first` (`2026-10`) on that lie before `last`, the earliest first."""
    year, month = int(first[:4]), int(first[5:7])
    while (end := month_end(year, month)) < last:
        if month in cadence.ends_in:
            yield end
        year, month = year + month // 12, month % 12 + 1


def expected_returns(participants: Iterable[Participant], now: dt.datetime) -> list[ExpectedReturn]:
    """Return every return whose period had ended by `now` (with a time zone), by collection, period and trust."""
    found = [
        _expected(participant, end, now.astimezone(dt.UTC).replace(tzinfo=None))
        for participant in participants
        for end in periods_between(
            CADENCES[participant.collection_code], participant.from_period, now.astimezone(LONDON).date()
        )
        if participant.takes_part(f"{end:%Y-%m}")
    ]
    return sorted(found, key=lambda one: (one.collection_code, one.period_end, one.org_code))


def _expected(participant: Participant, end: dt.date, now: dt.datetime) -> ExpectedReturn:
    code, suspended = participant.collection_code, participant.is_suspended(f"{end:%Y-%m}")
    due, close = soft_deadline(code, end), close_at(code, end)
    return ExpectedReturn(
        collection_code=code,
        org_code=participant.org_code,
        period_start=period_start(CADENCES[code], end),
        period_end=end,
        soft_deadline=due,
        close_at=close,
        suspended=suspended,
        suspension_url=(participant.suspension_url or None) if suspended else None,
        is_due=due < now,
        is_closed=close < now,
    )


def read_participants(path: Path) -> list[Participant]:
    """Return the rows of participants.csv; none where there is no file. Raises LakeError naming the line that cannot be used."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != PARTICIPANT_COLUMNS:
            raise _unusable(path, 1, f"the columns must be {', '.join(PARTICIPANT_COLUMNS)}")
        rows = [(number, row) for number, row in enumerate(reader, start=2)]
    return [_participant(path, number, row) for number, row in rows]


def _participant(path: Path, number: int, row: Mapping[str | None, str | None]) -> Participant:
    if None in row or None in row.values():
        raise _unusable(path, number, f"it does not have {len(PARTICIPANT_COLUMNS)} cells")
    participant = Participant(**{name: str(row[name]).strip() for name in PARTICIPANT_COLUMNS})
    if participant.collection_code not in CADENCES:
        raise _unusable(path, number, f"there is no collection {participant.collection_code!r}")
    for name in ("from_period", "to_period", "suspended_from"):
        period = getattr(participant, name)
        if not _is_period(period) and (period or name == "from_period"):
            raise _unusable(path, number, f"{name} {period!r} is not a month written as 2026-10")
    if participant.suspended_from and not participant.suspension_url.startswith("https://"):
        raise _unusable(path, number, "a suspension needs the https address of the board's decision")
    return participant


def _is_period(text: str) -> bool:
    try:
        return dt.date.fromisoformat(f"{text}-01").strftime("%Y-%m") == text
    except ValueError:
        return False


def _unusable(path: Path, number: int, why: str) -> LakeError:
    return LakeError(
        f"{path.name} line {number}", why, "fix the line; until then the expected returns stay as they were"
    )


def write_expected(area: ReturnsArea, now: dt.datetime) -> Path:
    """Write `clean/expected/expected.parquet` from participants.csv, rewritten only when it changed; gives its path.

    It changes when a period ends or a deadline passes, so that a nightly run in which nothing came still tells who is late.

    Raises LakeError for a line of participants.csv that cannot be used, OSError or duckdb.Error when it cannot be written.
    """
    path = area.clean("expected") / "expected.parquet"
    columns = load_clean_tables()["expected"]
    rows = expected_returns(read_participants(area.participants), now)
    with scratch_connection() as con:
        listed = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in columns.items())
        con.execute(f"create or replace temp table expected ({listed})")
        if rows:
            values = [[getattr(row, name) for row in rows] for name in columns]
            con.execute(f"insert into expected select {', '.join('unnest(?)' for _ in columns)}", values)
        if not _holds_the_same(con, path):
            with placing_private(path, area) as part:
                con.execute(f"copy expected to {quote_literal(str(part))} (format parquet)")
    return path


def _holds_the_same(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether the file has the rows of the table `expected`, no more and no fewer; a damaged file has not."""
    differing = """
        (from expected except all from read_parquet($path)) union all (from read_parquet($path) except all from expected)"""
    try:
        return path.exists() and not con.execute(f"select 1 from ({differing}) limit 1", {"path": str(path)}).fetchall()
    except duckdb.Error:
        return False
