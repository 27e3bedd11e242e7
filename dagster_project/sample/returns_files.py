"""What a sample return is, and its bytes: the data file, its manifest, and the moment at which it is said to come in.

A trust's folder of the inbox gets three files: `HIW-WL01_R9A_2026-10_v01.csv`, the sidecar `….manifest.csv`, and
`….received` with one moment in UTC (`2026-11-12T09:00:00`). The last one exists in the sample only: without it every
return would come in on the nightly run that made it, and nothing could be early, late or revised.
Not here: who sends what (returns_story.py) and the figures (returns_<collection>.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.returns.calendar import CADENCES, period_start, soft_deadline
from dagster_project.sample.files import Cell, csv_bytes

TEMPLATE_VERSION = "1.0.0"
RECEIVED = ".received"
MANIFEST = ".manifest.csv"
MANIFEST_COLUMNS = (
    "collection_code",
    "template_version",
    "org_code",
    "period_start",
    "period_end",
    "submission_type",
    "sequence_no",
    "file_name",
    "file_sha256",
    "row_count",
    "control_total",
    "disclosure_profile",
    "imd_version",
    "ethnic_code_set",
    "nil_return",
    "signed_off_role",
    "signed_off_date",
    "known_issues",
)


@dataclass(frozen=True)
class SampleReturn:
    """One submission. `header` and `rows` are the data file; `overrides` puts other words into the manifest (bad files)."""

    collection_code: str
    org_code: str
    period_end: dt.date
    header: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    control_total: int
    submission_type: str = "P"
    sequence_no: int = 1
    received_at: dt.datetime | None = None
    """UTC without a zone; None for the day before the soft deadline, nine o'clock."""
    disclosure_profile: str = "RESTRICTED"
    imd_version: str = ""
    ethnic_code_set: str = ""
    nil_return: bool = False
    known_issues: str = ""
    overrides: tuple[tuple[str, str], ...] = ()

    @property
    def stem(self) -> str:
        """Return the name without its ending."""
        return f"HIW-{self.collection_code}_{self.org_code}_{self.period_end:%Y-%m}_v{self.sequence_no:02d}"

    @property
    def received(self) -> dt.datetime:
        """Return when it comes in, UTC without a zone."""
        early = soft_deadline(self.collection_code, self.period_end) - dt.timedelta(days=1)
        return self.received_at or early.replace(hour=9, minute=0, second=0)

    def data(self) -> bytes:
        """Return the data file: CSV in UTF-8 with a header."""
        return csv_bytes([self.header, *self.rows])

    def manifest(self) -> bytes:
        """Return the sidecar: a header and one row."""
        starts = period_start(CADENCES[self.collection_code], self.period_end)
        values: dict[str, Cell] = {
            "collection_code": self.collection_code,
            "template_version": TEMPLATE_VERSION,
            "org_code": self.org_code,
            "period_start": starts.isoformat(),
            "period_end": self.period_end.isoformat(),
            "submission_type": self.submission_type,
            "sequence_no": self.sequence_no,
            "file_name": f"{self.stem}.csv",
            "file_sha256": hashlib.sha256(self.data()).hexdigest(),
            "row_count": len(self.rows),
            "control_total": self.control_total,
            "disclosure_profile": self.disclosure_profile,
            "imd_version": self.imd_version,
            "ethnic_code_set": self.ethnic_code_set,
            "nil_return": "Y" if self.nil_return else "N",
            "signed_off_role": "COO",
            "signed_off_date": (self.received.date() - dt.timedelta(days=1)).isoformat(),
            "known_issues": self.known_issues,
        }
        return csv_bytes([MANIFEST_COLUMNS, [(values | dict(self.overrides))[name] for name in MANIFEST_COLUMNS]])

    def files(self) -> dict[str, bytes]:
        """Name -> bytes of the three files; the data file last, so that a watcher that sees it finds its sidecars."""
        return {
            f"{self.stem}{MANIFEST}": self.manifest(),
            f"{self.stem}{RECEIVED}": f"{self.received.isoformat()}\n".encode(),
            f"{self.stem}.csv": self.data(),
        }
