"""What comes in and what is known about it: a submission, its manifest, and the context in which it is judged.

Not here: the rules (collections/*.yml) and their running (validation.py).
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_literal (as duck.quote_identifier does), codes are compared in Python
from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from dagster_project.contracts.collection import SEEDS_FOLDER, Severity
from dagster_project.duck import STANDARD, EngineLimits, connection, quote_literal
from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import Lake

Route = Literal["check", "inbox", "mesh"]
DataOrigin = Literal["return", "synthetic"]
FILE_NAME = re.compile(
    r"HIW-(?P<collection>[A-Z]{2}[0-9]{2})_(?P<org>[A-Z0-9]{3,6})_(?P<period>[0-9]{4}-[0-9]{2})_v(?P<version>[0-9]{2,3})"
    r"\.(?P<format>csv|xlsx|ods)"
)
"""HIW-WL01_RXX_2026-10_v01.csv; the version is the manifest's sequence_no."""
ORGANISATION_CODE = re.compile(r"[A-Z0-9]{3,6}")
SITE_CODE_LENGTH = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or could not be checked. Holds no content of a cell."""

    rule: str
    severity: Severity
    row: int | None
    """The row as the sheet shows it (the header is row 1); None where the finding is of the whole file."""
    column: str | None
    what: str
    why: str
    mend: str
    not_checked: bool = False
    """True for "not checked: ..." where a rule needs what is not available."""

    def as_dict(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {name: getattr(self, name) for name in ("rule", "severity", "row", "column", "what", "why", "mend")} | {
            "not_checked": self.not_checked
        }


@dataclass(frozen=True)
class Manifest:
    """One row of the manifest, typed. Fields that could not be read stop the submission before this is made."""

    collection_code: str
    template_version: str
    org_code: str
    period_start: dt.date
    period_end: dt.date
    submission_type: str
    sequence_no: int
    file_name: str
    file_sha256: str
    row_count: int
    control_total: float
    disclosure_profile: str
    imd_version: str
    ethnic_code_set: str
    nil_return: bool
    signed_off_role: str
    signed_off_date: dt.date
    has_known_issues: bool
    """Whether known_issues says anything; its words are not kept here."""

    @property
    def is_safe(self) -> bool:
        """Say whether the sender has suppressed and rounded the counts."""
        return self.disclosure_profile == "SAFE"


@dataclass(frozen=True)
class Submission:
    """A data file and, for a CSV, its manifest beside it."""

    data: Path
    manifest: Path | None = None
    """The sidecar; None for a workbook, which carries it as its sheet `manifest`."""
    file_name: str = ""
    """The name under which it was sent, where the kept file has another one."""

    @property
    def name(self) -> str:
        """Return the name under which it was sent."""
        return self.file_name or self.data.name

    @cached_property
    def sha256(self) -> str:
        """Of the data file."""
        return hash_file(self.data)


def sidecar_of(data: Path) -> Path:
    """Return where the manifest of a CSV lies: beside it, `.manifest.csv` for `.csv`."""
    return data.with_name(data.stem + ".manifest.csv")


def submission_id(manifest: Manifest, sha256: str) -> str:
    """Return `WL01_R9A_2026-10_P01_0123abcd`."""
    sent = f"{manifest.submission_type}{manifest.sequence_no:02d}"
    return f"{manifest.collection_code}_{manifest.org_code}_{manifest.period_end:%Y-%m}_{sent}_{sha256[:8]}"


@dataclass(frozen=True)
class Known:
    """A submission that is in the register, rejected ones left out: what C06 compares with."""

    collection_code: str
    org_code: str
    period_end: dt.date
    submission_type: str
    sequence_no: int
    file_sha256: str


@dataclass(frozen=True)
class Organisation:
    """A trust, or another body whose code senders mistake for one."""

    code: str
    kind: Literal["trust", "commissioner"]
    opened_on: dt.date
    closed_on: dt.date | None = None


@dataclass(frozen=True)
class Organisations:
    """The organisation list as of one day: who is a trust, who closed, who followed."""

    by_code: Mapping[str, Organisation]
    successors: Mapping[str, tuple[tuple[str, dt.date], ...]] = field(default_factory=dict)
    """Code -> (successor, first day of responsibility), earliest first."""

    @classmethod
    def of_lake(cls, lake: Lake, origin: Literal["published", "synthetic"]) -> Organisations | None:
        """From the clean tables of ods_organisation; None before they were fetched for the first time."""
        folders = {name: lake.current("ods_organisation", name, origin) for name in ("trust", "sub_icb", "succession")}
        if not all(any(folder.glob("*.parquet")) for folder in folders.values()):
            return None
        with connection(None) as con:
            read = {
                name: f"read_parquet({quote_literal(str(folder / '*.parquet'))})" for name, folder in folders.items()
            }
            bodies = con.execute(
                f"select organisation_code, 'commissioner', opened_on, closed_on from {read['sub_icb']} union all "
                f"select organisation_code, 'trust', opened_on, closed_on from {read['trust']}"
            ).fetchall()
            followed = con.execute(
                f"select predecessor_code, list((successor_code, effective_on) order by effective_on, successor_code) "
                f"from {read['succession']} group by 1"
            ).fetchall()
        return cls(
            {code: Organisation(code, kind, opened, closed) for code, kind, opened, closed in bodies},
            {code: tuple((one[0], one[1]) for one in pairs) for code, pairs in followed},
        )

    def is_open(self, code: str, day: dt.date) -> bool:
        """Say whether the code is that of a trust which is open on the day."""
        found = self.by_code.get(code)
        return (
            found is not None
            and found.kind == "trust"
            and found.opened_on <= day
            and (found.closed_on is None or day <= found.closed_on)
        )

    def successor(self, code: str, day: dt.date) -> str | None:
        """Return the trust that is responsible for a closed one on the day; None where none or several are."""
        seen = {code}
        while not self.is_open(code, day):
            followed = {after for after, effective in self.successors.get(code, ()) if effective <= day}
            if len(followed) != 1 or followed <= seen:
                return None
            seen |= followed
            (code,) = followed
        return code

    def divided_among(self, code: str, day: dt.date) -> list[str]:
        """Return the several organisations that followed a closed one by the day; empty where one or none did."""
        followed = sorted({after for after, effective in self.successors.get(code, ()) if effective <= day})
        return followed if len(followed) > 1 else []

    def suggestion(self, code: str, day: dt.date) -> str | None:
        """Return the open trust that the sender probably meant: the trust of a site code, or the nearest spelling."""
        if len(code) >= SITE_CODE_LENGTH and self.is_open(code[:3], day):
            return code[:3]
        trusts = sorted(other for other in self.by_code if self.is_open(other, day))
        return next(iter(difflib.get_close_matches(code, trusts, n=1, cutoff=0.6)), None)


@dataclass(frozen=True)
class Context:
    """What is known beside the file. None means "not available": the answer then says which rule was not checked."""

    received_at: dt.datetime
    """UTC."""
    route: Route = "check"
    organisations: Organisations | None = None
    sender_org: str | None = None
    """Whose mailbox, folder or certificate the file came by (T11)."""
    register: tuple[Known, ...] | None = None
    previous: Path | None = None
    """The return of the period before: a clean Parquet, or a file as a trust sends it."""
    published_totals: Mapping[str, int] | None = None
    """`rtt` and `wlmds` -> incomplete pathways of this trust at this month's end (W05)."""
    metrics: frozenset[str] | None = None
    """The metric ids that exist (P01)."""
    searched: bool = False
    """Whether the caller has searched the file for identifiers already (intake does, before it keeps a file): C05 is then
    not run again."""
    seeds: Path = SEEDS_FOLDER
    """The folder of code lists and thresholds."""
    data_origin: DataOrigin = "return"
    limits: EngineLimits = STANDARD
    """What DuckDB may take; the owner of the folder that it spills into keeps it 0700."""
