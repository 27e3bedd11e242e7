"""Whether a machine and a data folder are fit for the nightly run: the answer of `hiw doctor`."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from dagster_project.contracts.source import ContractError, load_sources
from dagster_project.lake.ledger import Ledger
from dagster_project.lake.run import Run
from dagster_project.runtime.failures import explain
from dagster_project.settings import PROJECT_ROOT

GIGABYTE = 1_000_000_000
FREE_GIGABYTES = 5
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
CHECKED_PACKAGES = (
    "duckdb",
    "dagster",
    "dagster-webserver",
    "dagster-dbt",
    "dbt-core",
    "dbt-duckdb",
    "great-expectations",
)


@dataclass(frozen=True)
class Finding:
    """One thing checked."""

    what: str
    good: bool
    found: str
    next_step: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def examine(run: Run) -> list[Finding]:
    """Return every finding; none of them changes anything."""
    looks: tuple[Callable[[Run], Finding], ...] = (
        _python,
        _packages,
        _folder,
        _space,
        _contracts,
        _ledger,
        _night,
        _records,
        _memory,
        _engine,
        _chromium,
    )
    return [_looked(look, run) for look in looks]


def _looked(look: Callable[[Run], Finding], run: Run) -> Finding:
    """A look that cannot be done is a finding too, and hides no other."""
    try:
        return look(run)
    except Exception as error:
        known = explain(error)
        return Finding(look.__name__.strip("_"), False, f"{known.what}: {known.why}", known.next_step)


def _python(run: Run) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    supported = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    return Finding("Python", supported, version, "take away .venv and run make with PYTHON=python3.11 up to python3.14")


def _packages(run: Run) -> Finding:
    lock = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    installed = {name: importlib.metadata.version(name) for name in CHECKED_PACKAGES}
    wrong = [f"{name} {version}" for name, version in installed.items() if f"{name}=={version} " not in lock]
    return Finding("packages", not wrong, ", ".join(wrong) or "as in requirements.lock", "run `make environment`")


def _folder(run: Run) -> Finding:
    root = run.lake.root
    writable = (root.is_dir() or not root.exists()) and os.access(root if root.exists() else root.parent, os.W_OK)
    return Finding("data folder", writable, str(root), "set HIW_DATA_LAKE to a folder that you may write")


def _space(run: Run) -> Finding:
    root = run.lake.root
    place = root if root.exists() else root.parent
    free = shutil.disk_usage(place).free / GIGABYTE
    return Finding("free space", free >= FREE_GIGABYTES, f"{free:.0f} GB", f"free {FREE_GIGABYTES} GB on that disk")


def _contracts(run: Run) -> Finding:
    try:
        return Finding("source contracts", True, f"{len(load_sources())} sources")
    except ContractError as error:
        return Finding("source contracts", False, str(error), "fix the file that is named")


def _ledger(run: Run) -> Finding:
    entries = sum(1 for _ in Ledger(run.lake.ledger).entries())
    return Finding("ledger", True, f"{entries} entries")


def _night(run: Run) -> Finding:
    from dagster_project.release.releases import current_name, verify_current

    lake = run.lake
    problems = verify_current(lake) if current_name(lake) is not None else []
    return Finding("published release", not problems, "; ".join(problems) or "sound, or none yet", "run `hiw rollback`")


def _records(run: Run) -> Finding:
    from dagster_project.operate.status import problems_of_records

    wrong = list(problems_of_records(run.lake.dagster_home))
    found = "; ".join(f"{one.what}: {one.why}" for one in wrong) or "can be read, or none yet"
    return Finding("Dagster's records", not wrong, found, wrong[0].next_step if wrong else "")


def _memory(run: Run) -> Finding:
    """DuckDB of the nightly run, of the judge and of dbt each take up to the limit; not even one may take more than there is."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = f"{run.limits.memory}; the machine has {there / GIGABYTE:.1f} GB"
    return Finding("memory limit", run.settings.memory_bytes <= there, found, "set HIW_MEMORY_LIMIT below that")


def _engine(run: Run) -> Finding:
    from dagster_project.transform.engine import why_it_cannot_run

    why = why_it_cannot_run() if run.settings.engine == "spark" else ""
    found = why or {"duckdb": "DuckDB", "spark": "Apache Spark, which can be started"}[run.settings.engine]
    return Finding("engine of the facts", not why, found, "do what it says, or set HIW_ENGINE=duckdb")


def _chromium(run: Run) -> Finding:
    found = shutil.which("chromium")
    return Finding("chromium", True, found or "not installed: browser tests will be skipped")
