"""One of each kind of bad file, from trusts that take part in nothing, so that no figure of the sample hangs on them.

Small waiting lists of R9P (a children's hospital) for September 2026, each with one fault. What must become of each stands
beside it; the rules are those of the collection's contract.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dagster_project.sample import returns_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn
from dagster_project.sample.returns_wl01 import BANDS, COLLECTION, HEADER

SENDER, CLOSED, UNKNOWN = "R9P", "R9X", "R9I"
NHS_NUMBER = "9990000018"
"""A number of the range that is given to nobody; it passes the modulus 11 check."""


@dataclass(frozen=True)
class BadReturn:
    """A return with one fault, and the rule that finds it; `severity` as in the contracts: F, G, R or W."""

    sent: SampleReturn
    rule: str
    severity: str


def _rows(org_code: str, *, safe: bool = False) -> list[tuple[Cell, ...]]:
    place = (org_code, story.NEWEST_MONTH.isoformat(), "2", "ALL")
    totals = (600, 200, 100, 50, 30, 10, 0, 0)
    rows: list[tuple[Cell, ...]] = []
    for band, total in zip(BANDS, totals, strict=True):
        rows.append((*place, "G0", "ALL", "ALL", "ALL", "ALL", band, total))
        halves = (total // 2, total - total // 2)
        rows += [(*place, "G4", "ALL", "ALL", "ALL", sex, band, n) for sex, n in zip("12", halves, strict=True)]
    return [(*row[:-1], 5 * round(int(row[-1] or 0) / 5)) for row in rows] if safe else rows


def _sent(number: int, rows: list[tuple[Cell, ...]], org_code: str = SENDER) -> SampleReturn:
    total = sum(row[-1] for row in rows if isinstance(row[-1], int))
    return SampleReturn(COLLECTION, org_code, story.NEWEST_MONTH, HEADER, rows, total, sequence_no=number)


def bad_returns() -> Mapping[str, BadReturn]:
    """Return one bad return for each kind of fault. Sequence numbers rise, so that none of them is refused for its number."""
    good = _rows(SENDER)
    renamed = ("organisation", *HEADER[1:])
    longer = [(*row[:-1], int(row[-1] or 0) + (row[4] == "G4" and row[9] == BANDS[0])) for row in good]
    unknown_code = [
        ("".join(("Q", "Q")) if cell == "1" and place == 8 else cell for place, cell in enumerate(row)) for row in good
    ]
    small = [*_rows(SENDER, safe=True)[:-1], (*_rows(SENDER, safe=True)[-1][:-1], 3)]
    tomorrow = (story.NEWEST_MONTH + dt.timedelta(days=60)).isoformat()
    kinds = {
        "header is not the template's": BadReturn(replace(_sent(1, good), header=renamed), "C01", "F"),
        "hash is not the file's": BadReturn(
            replace(_sent(2, good), overrides=(("file_sha256", "0" * 64),)), "C02", "F"
        ),
        "organisation does not exist": BadReturn(_sent(3, _rows(UNKNOWN), UNKNOWN), "C03", "F"),
        "trust has closed": BadReturn(_sent(4, _rows(CLOSED), CLOSED), "C03", "F"),
        "row stands twice": BadReturn(_sent(5, [*good, good[0]]), "C04", "F"),
        "an NHS number is in a cell": BadReturn(
            replace(_sent(6, [*good[:-1], (*good[-1][:-1], NHS_NUMBER)]), known_issues=""), "C05", "F"
        ),
        "signed off after it was sent": BadReturn(
            replace(_sent(7, good), overrides=(("signed_off_date", tomorrow),)), "C07", "F"
        ),
        "gender code does not exist": BadReturn(_sent(8, [tuple(row) for row in unknown_code]), "C08", "R"),
        "SAFE file is not suppressed": BadReturn(replace(_sent(9, small), disclosure_profile="SAFE"), "C10", "F"),
        "groups do not sum to the total": BadReturn(_sent(10, longer), "C14", "G"),
    }
    return MappingProxyType(kinds)


def returns() -> Iterator[SampleReturn]:
    """Yield the bad files in the order of their numbers."""
    for bad in bad_returns().values():
        yield replace(bad.sent, imd_version="IMD2025", ethnic_code_set="EC2001")
