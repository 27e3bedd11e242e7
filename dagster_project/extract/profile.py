"""What `hiw extract check` says of an extract before a return is made: completeness, periods, faults; counts as told, no value of a record."""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dagster_project.duck import quote_identifier as _q
from dagster_project.extract.mapping import Mapping
from dagster_project.extract.refused import silent
from dagster_project.extract.running import ExtractRun, Summary, Wanted, open_run
from dagster_project.lake.run import Run

OTHER = "other months, or none"


@dataclass(frozen=True)
class Profile:
    """The profile of one layout's files."""

    summary: Summary
    blank: list[tuple[str, str, str]]
    """Element, the trust's column, how many records lack it."""
    periods: list[tuple[str, str]]
    """Month, how many records; months of fewer records than are told are not named."""

    @property
    def stops(self) -> bool:
        """Say whether `make` would refuse."""
        return self.summary.counted == "0" or any(line.stops for line in self.summary.faults)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        lines = {
            name: [asdict(line) for line in getattr(self.summary, name)]
            for name in ("left_out", "faults", "without_decile")
        }
        return {
            "layout": self.summary.found.layout.name,
            "read": self.summary.read,
            "counted": self.summary.counted,
            "blank": [dict(zip(("element", "column", "told"), one, strict=True)) for one in self.blank],
            "periods": [dict(zip(("month", "told"), one, strict=True)) for one in self.periods],
        } | lines


def profile_extract(
    mapping: Mapping, base: Path, files: Sequence[str], wanted: Wanted, installation: Run
) -> list[Profile]:
    """Profile each layout's files. Raises Refused where they cannot be read."""
    with open_run(mapping, base, files, wanted, installation) as run:
        return [Profile(summary, _blank(run, summary), _periods(run, summary)) for summary in run.summaries]


def _blank(run: ExtractRun, summary: Summary) -> list[tuple[str, str, str]]:
    found = summary.found
    there = [element for element in found.layout.elements if found.has(element.name)]
    counts = ", ".join(f"count(*) - count({_q(element.column)})" for element in there)
    with silent("the extract cannot be counted"):
        numbers = run.con.execute(f"select {counts} from {_q(found.layout.name)}").fetchone() or ()
    return [
        (element.name, found.columns[element.name], told)
        for element, told in zip(there, run.told(numbers), strict=True)
    ]


def _periods(run: ExtractRun, summary: Summary) -> list[tuple[str, str]]:
    """Months by the layout's own date."""
    with silent("the extract cannot be counted"):
        rows = run.con.execute(run.sql[f"{summary.found.layout.name}_periods"]).fetchall()
    return [(month or OTHER, told) for month, told in rows]
