"""WL01 of the sample: incomplete pathways by wait band; the planted inequality is in `over_52_weeks_share`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from dagster_project.sample import returns_story as story
from dagster_project.sample.files import Cell, round_to_five
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

COLLECTION = "WL01"
BANDS = ("W000_018", "W018_026", "W026_040", "W040_052", "W052_065", "W065_078", "W078_104", "W104_PLUS")
FIRST_OVER_52, FIRST_OVER_65 = 4, 5
HEADER = (
    "org_code",
    "census_date",
    "rtt_part",
    "treatment_function_code",
    "grouping_set",
    "ethnic_category",
    "imd_decile",
    "age_band",
    "person_stated_gender_code",
    "wait_band",
    "pathway_count",
)
LIST_OF_AN_AVERAGE_TRUST = 20_000
_SPLIT_OF_OVER_52 = (0.70, 0.25, 0.04, 0.01)
_SPLIT_UNDER = (0.66, 0.16, 0.12, 0.06)
_STEP = {"R9A": 0.24, "R9C": 0.08, "R9G": 0.05, "R9H": 0.06, "R9N": 0.10, "R9Q": 0.02}


def list_size(org_code: str, month: dt.date) -> int:
    """Return the pathways of the month: 0.4% more each month, so that no two months are the same."""
    age = (month.year - 2025) * 12 + month.month
    return round(LIST_OF_AN_AVERAGE_TRUST * story.size_of(org_code) * (1 + 0.004 * age))


def deprivation_step(org_code: str, month: dt.date) -> float:
    """Return how much the share over 52 weeks rises from quintile to quintile, relative to the middle one."""
    passed = story.months_of(org_code).index(month)
    if org_code == "R9D":
        return 0.02 + 0.015 * passed
    if org_code == "R9K":
        return 0.22 - 0.012 * passed
    return _STEP.get(org_code, 0.04)


def over_52_weeks_share(org_code: str, month: dt.date, five: int, fifth: int) -> float:
    """Return the planted share over 52 weeks of an ethnic group of five and a quintile (places; the last of each: not known)."""
    base = 0.015 if org_code == "R9Q" else 0.040
    if org_code == "R9B":
        return (0.090, 0.070, 0.040, 0.025, 0.015, 0.040)[fifth]
    step = deprivation_step(org_code, month)
    by_fifth = 1.0 if fifth == len(BANDS[:6]) - 1 else 1 + step * (2 - fifth)
    return base * by_fifth * (1.15 if five in (2, 3) else 1.0)


@cache
def counts_of(org_code: str, month: dt.date) -> Counts:
    """Return the pathways by ethnic category, decile and wait band."""
    shares = people(org_code, month)
    bands = np.empty((len(ETHNIC), len(DECILES), len(BANDS)))
    for row, code in enumerate(ETHNIC):
        for column in range(len(DECILES)):
            long = over_52_weeks_share(org_code, month, FIVE_OF[code], fifth_of(column))
            under = [share * (1 - long) for share in _SPLIT_UNDER]
            bands[row, column] = [*under, *(share * long for share in _SPLIT_OF_OVER_52)]
    return spread(shares[:, :, np.newaxis] * bands, list_size(org_code, month))


def _rows(org_code: str, month: dt.date, part: str, counts: Counts) -> Iterator[tuple[Cell, ...]]:
    for cell, numbers in grouping_sets(org_code, counts):
        for band, number in zip(BANDS, numbers.tolist(), strict=True):
            yield (org_code, month.isoformat(), part, "ALL", *cell, band, number)


def build_return(org_code: str, month: dt.date, counts: Counts | None = None) -> SampleReturn:
    """Return the primary return of a trust for a month; other counts than the true ones make an earlier, wrong version."""
    counts = counts_of(org_code, month) if counts is None else counts
    rows = list(_rows(org_code, month, "2", counts))
    if org_code == "R9A" and month == story.NEWEST_MONTH:
        rows += _rows(org_code, month, "2A", counts // 3)
    profile = "RESTRICTED"
    if org_code == story.SAFE:
        rows, profile = [(*row[:-1], safe_text(int(row[-1] or 0))) for row in rows], "SAFE"
    return SampleReturn(
        COLLECTION,
        org_code,
        month,
        HEADER,
        rows,
        sum(row[-1] for row in rows if isinstance(row[-1], int)),
        disclosure_profile=profile,
        imd_version=story.imd_version(org_code, month),
        ethnic_code_set="EC2001",
        received_at=story.moment_of(org_code, COLLECTION, month),
    )


def safe_text(count: int) -> int | str:
    """Return a count as a SAFE return shows it."""
    return "[c]" if 0 < count < 8 else round_to_five(count)


def returns() -> Iterator[SampleReturn]:
    """Yield every submission, good and bad."""
    newest = story.NEWEST_MONTH
    for code in story.WAITING_LIST_TRUSTS:
        for month in story.months_of(code):
            if month == newest and code in (story.MISSING, story.SUSPENDED):
                continue
            if month == newest and code == story.RESUBMITTED:
                yield from _three_times(code, month)
                continue
            sent = build_return(code, month)
            cut_short = month == newest and code == story.REJECTED
            yield replace(sent, control_total=sent.control_total - 1) if cut_short else sent
    for month in story.months_of(story.NIL):
        yield SampleReturn(COLLECTION, story.NIL, month, HEADER, (), 0, nil_return=True)


def _three_times(org_code: str, month: dt.date) -> Iterator[SampleReturn]:
    """P with a tenth fewer pathways, R with the right ones, V after the close with three in a hundred more."""
    true = counts_of(org_code, month)
    yield build_return(org_code, month, spread(true / true.sum(), round(0.9 * true.sum())))
    soft = build_return(org_code, month).received
    yield replace(
        build_return(org_code, month), submission_type="R", sequence_no=2, received_at=soft + dt.timedelta(days=2)
    )
    yield replace(
        build_return(org_code, month, revised_counts(org_code, month)),
        submission_type="V",
        sequence_no=3,
        received_at=soft + dt.timedelta(days=15),
    )


def revised_counts(org_code: str, month: dt.date) -> Counts:
    """Return what the revision of R9C says."""
    true = counts_of(org_code, month)
    return spread(true / true.sum(), round(1.03 * true.sum()))


def in_use(org_code: str, month: dt.date) -> Counts | None:
    """Return the true counts of the submission that speaks for the trust; None where there is none."""
    if month == story.NEWEST_MONTH:
        if org_code in (story.MISSING, story.SUSPENDED, story.REJECTED):
            return None
        if org_code == story.RESUBMITTED:
            return revised_counts(org_code, month)
    return counts_of(org_code, month)
