"""The statements of `hiw extract`, as dbt rendered them from dbt/macros/extract: there is one definition of each rule."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from dagster_project.lake.run import Run
from dagster_project.transform.dbt import EXTRACT_STATEMENTS, prepare_manifest

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def statements(installation: Run) -> dict[str, str]:
    """Name -> SELECT; rendered by dbt when the project has changed since. Raises LakeError when dbt cannot."""
    return _read(prepare_manifest(installation).with_name(EXTRACT_STATEMENTS))


@cache
def _read(path: Path) -> dict[str, str]:
    return by_name(path.read_text(encoding="utf-8"))


def by_name(rendered: str) -> dict[str, str]:
    """Name -> SELECT of the rendered statements."""
    parts = NAME.split(rendered)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
