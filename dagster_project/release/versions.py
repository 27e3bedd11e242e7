"""Which code and which libraries built a release."""

from __future__ import annotations

import platform
import subprocess
import tomllib
from importlib.metadata import version

from dagster_project.settings import PROJECT_ROOT

LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "dagster-dbt", "great-expectations", "pandas")


def library_versions() -> dict[str, str]:
    """Return the versions of everything that may change what a release holds."""
    return {"python": platform.python_version()} | {library: version(library) for library in LIBRARIES}


def code_version() -> str:
    """Return the commit of the checkout, with `+changed` when files differ from it; without git, the package's version."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return package_version()
    return f"{commit}+changed" if changed else commit


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(PROJECT_ROOT), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def package_version() -> str:
    """Return the version in pyproject.toml, which lies beside the package in every checkout."""
    return str(tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
