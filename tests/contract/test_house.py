"""What the models and the prose are held to: short models, and comments that cite what is here.

Layers and circles are held by import-linter in `make lint`, names of columns by test_vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dagster_project.settings import PROJECT_ROOT

PACKAGE = "dagster_project"
LONGEST_MODEL = 250
ABSENT = re.compile(
    r"stack decisions?,|\b(returns|methods|faults|design|house|stack|style|sources-\w+)\.md [\dA-Z§]|\bissue #?\d", re.I
)
"""Words that cite a document which is not in the repository."""
FAULT = re.compile(r"\bfaults? ([A-Z]\d+)")
"""A fault that is cited: tests/README.md lists them with an anchor each."""


def models(root: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in (root / "dbt" / "models").rglob("*.sql")}


def absent_citations(root: Path) -> Iterator[str]:
    """Comments and texts of code that cite what is not here."""
    listed = root / "tests" / "README.md"
    faults = set(re.findall(r"\b[A-Z]\d+\b", listed.read_text("utf-8"))) if listed.exists() else set()
    for suffix in ("py", "sql", "yml"):
        for folder in (PACKAGE, "dbt", "expectations", "tests"):
            for path in sorted((root / folder).rglob(f"*.{suffix}")):
                if "target" in path.parts:  # what dbt compiled
                    continue
                for number, line in enumerate(path.read_text("utf-8", errors="ignore").split("\n"), 1):
                    cites = ABSENT.search(line) or set(FAULT.findall(line)) - faults
                    if cites and path.name != Path(__file__).name:
                        yield f"{path.relative_to(root)}:{number}"


def test_models_are_short_and_comments_cite_what_is_here() -> None:
    assert {
        name: sql.count("\n") for name, sql in models(PROJECT_ROOT).items() if sql.count("\n") > LONGEST_MODEL
    } == {}
    assert list(absent_citations(PROJECT_ROOT)) == []


def test_a_citation_of_what_is_not_here_is_found(tmp_path: Path) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "one.py").write_text("# see fault F3\n# see faults.md 3\n# see README.md\n")
    assert list(absent_citations(tmp_path)) == [f"{PACKAGE}/one.py:1", f"{PACKAGE}/one.py:2"]
