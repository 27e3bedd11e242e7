"""Skip rebuilding what stands in the warehouse when this exact project version built it: seeds, views, and parts of tables.

They change with the project alone, and are 99 of the 260 nodes of a nightly run: dbt takes fifteen milliseconds for each. The record
names the project and the bytes of the file that the last whole run left; another project, a warehouse that anybody has written
to since (one model built by hand) or a run that did not succeed, and all is built again. Where it stands, a table that is made by part
keeps the parts whose inputs have not changed (dbt/macros/materializations/by_part.sql).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dagster_project.lake.files import hash_file, write_atomically
from dagster_project.lake.paths import Lake
from dagster_project.transform.dbt import BUILD, KEEP_PARTS

STANDING = "resource_type:seed config.materialized:view"
WITHOUT_STANDING = ("--exclude", STANDING, "--indirect-selection", "empty")
"""Indirect selection would leave out the tests of the views as well, and gate 2 would miss them."""
RECORD = "standing.json"
WHOLE = (BUILD, {KEEP_PARTS: "no"})
"""How dbt builds everything: its arguments, and what its environment says besides."""


@dataclass(frozen=True)
class Standing:
    """What a whole run of dbt left in a warehouse; `project` is its fingerprint (release/state.py)."""

    lake: Lake
    project: str

    @property
    def record(self) -> Path:
        """Return where it is written down."""
        return self.lake.build / "dbt" / RECORD

    def plan(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return how dbt builds what does not stand: its arguments, and what its environment says besides."""
        return ((*BUILD, *WITHOUT_STANDING), {KEEP_PARTS: "yes"}) if self.stands() else WHOLE

    def stands(self) -> bool:
        """Say whether seeds and views of the warehouse are those of this project."""
        try:
            return bool(json.loads(self.record.read_text(encoding="utf-8")) == self._now())
        except (OSError, ValueError):
            return False

    def forget(self) -> None:
        """Before dbt starts: a run that is killed leaves no record."""
        self.record.unlink(missing_ok=True)

    def remember(self) -> None:
        """After all of dbt's nodes have succeeded, and dbt has closed the file."""
        write_atomically(self.record, json.dumps(self._now()).encode())

    def _now(self) -> dict[str, str]:
        return {"project": self.project, "warehouse": hash_file(self.lake.warehouse)}
