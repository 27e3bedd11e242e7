"""Who sends which return of the sample, and what is to be seen in it. The figures follow from this page.

Four trusts send waiting lists and outpatients for fourteen months, so that a slope has twelve points; the others take part
for the newest two. The newest is September 2026.

| trust | what happens |
|---|---|
| R9A | the largest excess: over 52 weeks in the most deprived quintile; 2A beside 2 in the newest month |
| R9B | the ethnic gap in long waits vanishes within quintiles of deprivation: waits hang on the quintile alone |
| R9C | September 2026 comes three times: P, R before the close, V after it |
| R9D | inequality widens month by month |
| R9E | September 2026 comes late, before the close |
| R9F | September 2026 does not come; August is in for it in the estimated total of England |
| R9G | ethnicity is recorded for 92 of 100 in August 2026, for 74 in September: its figures by ethnicity are withheld |
| R9H | the board has suspended the waiting list return from September 2026 on |
| R9J | sends SAFE files: suppressed and rounded before they come |
| R9K | inequality narrows; the first two months are in deciles of 2019 and are not joined to the others |
| R9L | September 2026 is rejected (the control total is not that of the file) and not sent again |
| R9M | September 2026 comes after the close only: taken in, marked as revised |
| R9N | the decile is not known for 14 of 100: its figures by deprivation are withheld |
| R9Q | an eye hospital: little deprivation, few long waits |
| R9R | a nil return of the waiting list |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dagster_project.returns.calendar import MONTHLY, QUARTERLY, Participant, close_at, periods_between
from dagster_project.sample import organisations as org

NEWEST_MONTH = dt.date(2026, 9, 30)
NEWEST_QUARTER = dt.date(2026, 9, 30)
FIRST_MONTH = "2025-08"
SECOND_NEWEST = "2026-08"
IMD2019_UNTIL = "2025-09"
LONG_SERIES = ("R9A", "R9B", "R9D", "R9K")
WAITING_LIST_TRUSTS = (*(f"R9{letter}" for letter in "ABCDEFGHJKLMN"), "R9Q")
URGENT_CARE_TRUSTS = tuple(f"R9{letter}" for letter in "ABCDEFGH")
NIL, MISSING, SUSPENDED, SAFE, REJECTED, AFTER_CLOSE, LATE, RESUBMITTED = (
    "R9R",
    "R9F",
    "R9H",
    "R9J",
    "R9L",
    "R9M",
    "R9E",
    "R9C",
)
FALLING_RECORDING, DECILE_NOT_KNOWN, HOUSING_NOT_KNOWN = "R9G", "R9N", "R9D"
SUSPENSION = "https://sample-trust.example.invalid/board/suspension-of-returns"


def months_of(org_code: str) -> list[dt.date]:
    """Return the month ends for which a trust takes part in the monthly returns."""
    first = FIRST_MONTH if org_code in LONG_SERIES else SECOND_NEWEST
    return list(periods_between(MONTHLY, first, NEWEST_MONTH + dt.timedelta(days=1)))


def quarters() -> list[dt.date]:
    """Return the quarter ends of the urgent care return."""
    return list(periods_between(QUARTERLY, "2026-06", NEWEST_QUARTER + dt.timedelta(days=1)))


def size_of(org_code: str) -> float:
    """Return how large a trust is; 1 is an average acute trust."""
    return next(trust.size for trust in org.TRUSTS if trust.code == org_code)


def imd_version(org_code: str, month: dt.date) -> str:
    """Return the edition of the deciles in a trust's return."""
    return "IMD2019" if org_code == "R9K" and f"{month:%Y-%m}" <= IMD2019_UNTIL else "IMD2025"


def participants(collection_code: str) -> Iterator[Participant]:
    """Yield who takes part in WL01, OP01 or UC01."""
    newest = f"{NEWEST_QUARTER:%Y-%m}" if collection_code == "UC01" else f"{NEWEST_MONTH:%Y-%m}"
    trusts = URGENT_CARE_TRUSTS if collection_code == "UC01" else WAITING_LIST_TRUSTS
    for code in (*trusts, *((NIL,) if collection_code == "WL01" else ())):
        first = f"{months_of(code)[0]:%Y-%m}" if collection_code != "UC01" else f"{quarters()[0]:%Y-%m}"
        suspended = ("", "")
        if code == SUSPENDED and collection_code == "WL01":
            suspended = (newest, SUSPENSION)
        # The sample ends with its newest month: otherwise every month that goes by would make all its trusts late.
        yield Participant(code, collection_code, first, newest, "", *suspended)


def moment_of(org_code: str, collection_code: str, period_end: dt.date) -> dt.datetime | None:
    """Return when a return that is early, late or after the close comes in, UTC; None for the ordinary day."""
    newest = period_end == NEWEST_MONTH
    close = close_at(collection_code, period_end)
    if newest and org_code == LATE:
        return close - dt.timedelta(days=2)
    if newest and org_code == AFTER_CLOSE:
        return close + dt.timedelta(hours=10)
    return None
