"""OP01 of the sample: outpatient appointments by outcome. Deprived patients miss more of them (`did_not_attend_share`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache

import numpy as np

from dagster_project.sample import returns_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn
from dagster_project.sample.returns_people import (
    DECILES,
    ETHNIC,
    FIVE_OF,
    Counts,
    fifth_of,
    grouping_sets,
    people,
    spread,
)
from dagster_project.sample.returns_wl01 import list_size, safe_text

COLLECTION = "OP01"
CODES = ("5", "6", "7", "2", "3", "4")
"""On time; late but seen; late, not seen; cancelled by the patient; did not attend; cancelled by the provider."""
HEADER = (
    "org_code",
    "activity_month",
    "treatment_function_code",
    "first_attendance_code",
    "attended_or_did_not_attend_code",
    "grouping_set",
    "ethnic_category",
    "imd_decile",
    "age_band",
    "person_stated_gender_code",
    "appointment_count",
)


def did_not_attend_share(five: int, fifth: int) -> float:
    """Return the planted share of appointments that are missed, in every trust alike."""
    by_fifth = (0.088, 0.078, 0.070, 0.064, 0.060, 0.070)[fifth]
    return by_fifth * (1.1 if five in (1, 3) else 1.0)


@cache
def counts_of(org_code: str, month: dt.date) -> Counts:
    """Return the appointments by ethnic category, decile and outcome."""
    outcomes = np.empty((len(ETHNIC), len(DECILES), len(CODES)))
    for row, code in enumerate(ETHNIC):
        for column in range(len(DECILES)):
            missed = did_not_attend_share(FIVE_OF[code], fifth_of(column))
            rest = 1 - missed - 0.075 - 0.060
            outcomes[row, column] = [rest * 0.92, rest * 0.08, missed * 0.05, 0.075, missed * 0.95, 0.060]
    shares = people(org_code, month)[:, :, np.newaxis] * outcomes
    return spread(shares, round(1.1 * list_size(org_code, month)))


def _rows(org_code: str, month: dt.date) -> Iterator[tuple[Cell, ...]]:
    safe = org_code == story.SAFE
    for cell, numbers in grouping_sets(org_code, counts_of(org_code, month)):
        for code, number in zip(CODES, numbers.tolist(), strict=True):
            yield (org_code, month.isoformat(), "ALL", "ALL", code, *cell, safe_text(number) if safe else number)


def returns() -> Iterator[SampleReturn]:
    """Yield every submission. Outpatient returns of the newest month: R9F's does not come, R9L's does."""
    for code in story.WAITING_LIST_TRUSTS:
        for month in story.months_of(code):
            if month == story.NEWEST_MONTH and code == story.MISSING:
                continue
            rows = list(_rows(code, month))
            yield SampleReturn(
                COLLECTION,
                code,
                month,
                HEADER,
                rows,
                sum(row[-1] for row in rows if isinstance(row[-1], int)),
                disclosure_profile="SAFE" if code == story.SAFE else "RESTRICTED",
                imd_version=story.imd_version(code, month),
                ethnic_code_set="EC2001",
                received_at=story.moment_of(code, COLLECTION, month),
            )
