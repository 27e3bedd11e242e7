"""Where everything lies inside the data folder. No other module joins these names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Origin = Literal["published", "synthetic"]
EMPTY = "_empty.parquet"
"""The table without rows that gives dbt the columns before the first file has come."""
SYNTHETIC_MARKER = "SYNTHETIC.txt"
"""In the root of a mirror: its files are invented."""
VERIFYING = "verify-"
"""Begins the name of the folder in which a release is built again (publish/verify.py); it holds rows of returns."""


@dataclass(frozen=True)
class Lake:
    """The data folder. Nothing is created by asking for a path."""

    root: Path

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.jsonl"

    @property
    def sample(self) -> Path:
        """Return the synthetic estate, laid out like a mirror."""
        return self.root / "build" / "sample_estate"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def temporary(self) -> Path:
        """Scratch space on the data disk: DuckDB's spill files and unpacked archives."""
        return self.root / "build" / "tmp"

    @property
    def warehouse(self) -> Path:
        """dbt's file: a cache that can always be rebuilt from the snapshots."""
        return self.root / "build" / "warehouse.duckdb"

    @property
    def dbt_target(self) -> Path:
        """Return where dbt leaves its manifest, run results and compiled SQL."""
        return self.root / "build" / "dbt"

    @property
    def candidates(self) -> Path:
        return self.root / "build" / "candidates"

    @property
    def evidence(self) -> Path:
        return self.root / "build" / "evidence"

    @property
    def alerts(self) -> Path:
        return self.root / "alerts"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def returns(self) -> Path:
        """Return what trusts send, and the clean tables made of it: private to the operator (folders 0700, files 0600)."""
        return self.root / "returns"

    @property
    def night_lock(self) -> Path:
        """Held by the process that runs the pipeline; beside Dagster's log, because it is written every night."""
        return self.dagster_home / "night.lock"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def marts(self) -> Path:
        """Return the file that analysts open."""
        return self.published / "marts.duckdb"

    def raw(self, slug: str) -> Path:
        return self.root / "raw" / slug

    def snapshot(self, slug: str, period: str, sha256: str) -> Path:
        """Return the folder of one file exactly as published, with its provenance.json."""
        return self.raw(slug) / period / sha256

    def refused(self, slug: str) -> Path:
        """Downloads that were not what they should be, kept as evidence."""
        return self.raw(slug) / "refused"

    def clean(self, slug: str, entity: str) -> Path:
        return self.root / "clean" / slug / entity

    def clean_vintage(self, slug: str, entity: str, period: str, sha256: str, parser: str) -> Path:
        """Return one parsed snapshot; a report and, if rows were rejected, their list lie beside it."""
        return self.clean(slug, entity) / "vintages" / period / f"{sha256[:16]}-{parser}.parquet"

    def current(self, slug: str, entity: str, origin: Origin) -> Path:
        """Return the folder of links to the newest accepted vintage of each period; dbt reads `*.parquet` in it."""
        return self.clean(slug, entity) / f"current_{origin}"
