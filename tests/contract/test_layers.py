"""The layers of the package are held by import-linter: one import upward, one circle, and `make lint` fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The package with the settings of the linter, to plant an import in."""
    shutil.copytree(
        PROJECT_ROOT / "dagster_project", tmp_path / "dagster_project", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(PROJECT_ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("module", "line", "said"),
    [
        (
            "lake/files.py",
            "    from dagster_project.quality.runner import run_suite",
            "dagster_project.lake.files -> dagster_project.quality.runner",
        ),
        ("lake/files.py", "    from dagster_project.lake.snapshots import Snapshot", "dagster_project.lake"),
    ],
    ids=["up a layer", "in a circle"],
)
def test_an_import_that_a_function_hides_breaks_the_lint(copied: Path, module: str, line: str, said: str) -> None:
    with (copied / "dagster_project" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n\ndef planted() -> None:\n{line}\n")
    linted = _lint(copied)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert "BROKEN" in linted.stdout and said in linted.stdout
