"""Find the CSV files of dbt's seeds, which Python reads as dbt does."""

from __future__ import annotations

from pathlib import Path

from dagster_project.contracts.source import Source
from dagster_project.settings import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt" / "seeds"


def seed_file(name: str) -> Path:
    """Return the CSV of a seed of dbt; raises ValueError unless there is exactly one of that name."""
    found = sorted(SEEDS.rglob(f"{name}.csv"))
    if len(found) != 1:
        raise ValueError(f"dbt/seeds holds {len(found)} files {name}.csv, where one is expected")
    return found[0]


def seed_files(source: Source) -> list[Path]:
    """Return the seeds that judge a source's labels, by name: a changed seed judges again."""
    names = {labels.seed for entity in source.entities for labels in entity.labels if labels.seed}
    return [seed_file(name) for name in sorted(names)]
