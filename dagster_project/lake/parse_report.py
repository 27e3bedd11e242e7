"""Report the outcome of every record of a file, or why the file is refused as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from dagster_project.lake.files import LakeError

MAXIMUM_LISTED_LINES = 40


class ParseError(LakeError):
    """A file that breaks its contract as a whole: the source is held at its last good snapshot."""


@dataclass
class ParseReport:
    """The outcome of every record of a file."""

    source: str
    entity: str
    period: str
    sha256: str
    file: str
    parser: str
    encoding: str = ""
    preamble: list[str] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)
    ignored_headings: list[str] = field(default_factory=list)
    records_in: int = 0
    records_loaded: int = 0
    records_rejected: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    """Records that were used as a checksum and left out, by reason."""
    statuses: dict[str, int] = field(default_factory=dict)
    """How many cells are not published, by status."""
    corrections_applied: dict[str, int] = field(default_factory=dict)
    thousands_marks: dict[str, int] = field(default_factory=dict)
    """Cells of a count that were written with thousands marks and read without them, by column."""
    clean_rows: int = 0
    rejects_file: str = ""

    @property
    def name(self) -> str:
        """Return how errors call the file."""
        return f"{self.source} {self.entity} {self.period} ({self.file})"
