"""The suites under expectations/: loading, checking their form, and the thresholds they name.

Nothing here imports Great Expectations, which costs seconds; `runner.py` does, once, when there is something to judge.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from dagster_project.contracts.seeds import seed_files
from dagster_project.contracts.source import load_sources
from dagster_project.contracts.strict import Strict
from dagster_project.settings import PROJECT_ROOT
from dagster_project.yaml_files import read_yaml

EXPECTATIONS = PROJECT_ROOT / "expectations"
JUDGES = PROJECT_ROOT / "dagster_project" / "quality"


class Threshold(Strict):
    """A number that a person decided: with its reason, its owner and the day of its next review."""

    value: float | int
    reason: str = Field(min_length=10)
    owner: str
    review_date: dt.date


class AcceptedEdition(Strict):
    """A file that is genuine although it changed more than gate 1 lets through: who looked, when, and what they found."""

    source: str
    entity: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    reason: str = Field(min_length=10)
    owner: str
    accepted_on: dt.date


class Expectation(Strict):
    """One expectation in Great Expectations' own words."""

    type: str
    severity: Literal["critical", "warning", "info"] = "critical"
    notes: str = Field(min_length=5)
    kwargs: dict[str, Any]


class Suite(Strict):
    """The expectations of one table.

    `query` is a SELECT over the name `batch`; it gives the columns that the expectations name, aggregated where the table is
    large. `key` are the columns of it that name a row, for the failing keys that the operator is shown.
    """

    name: str
    owner: str
    query: str
    key: tuple[str, ...]
    expectations: tuple[Expectation, ...] = Field(min_length=1)


class LandingSuites(Strict):
    """expectations/landing/<slug>.yml: one suite for each entity of a source."""

    source: str
    suites: dict[str, Suite]


@cache
def load_thresholds() -> Mapping[str, Threshold]:
    """Load expectations/thresholds.yml by name; read once in a process."""
    content = read_yaml(EXPECTATIONS / "thresholds.yml")
    return {name: Threshold.model_validate(body) for name, body in content["thresholds"].items()}


@cache
def load_accepted_editions() -> frozenset[tuple[str, str, str]]:
    """Load source, entity and sha256 of every edition in expectations/accepted_editions.yml; read once in a process."""
    content = read_yaml(EXPECTATIONS / "accepted_editions.yml")
    editions = [AcceptedEdition.model_validate(body) for body in content["editions"]]
    return frozenset((edition.source, edition.entity, edition.sha256) for edition in editions)


def load_landing(slug: str) -> LandingSuites:
    """Return the suites of one source."""
    path = EXPECTATIONS / "landing" / f"{slug}.yml"
    return LandingSuites.model_validate(read_yaml(path))


def load_marts() -> dict[str, Suite]:
    """Return the suites of the marts by mart, in alphabetical order."""
    suites = {}
    for path in sorted((EXPECTATIONS / "marts").glob("*.yml")):
        suite = Suite.model_validate(read_yaml(path))
        if suite.name != path.stem:
            raise ValueError(f"expectations/marts/{path.name} names the suite {suite.name!r}")
        suites[suite.name] = suite
    return suites


def fingerprint(*paths: Path, words: Iterable[str] = ()) -> str:
    """Return a text that changes with the suites, the thresholds and `words`: what was judged by other rules is judged again."""
    digest = hashlib.sha256(" ".join(words).encode())
    for path in (*paths, EXPECTATIONS / "thresholds.yml", JUDGES / "runner.py"):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def landing_fingerprint(slug: str) -> str:
    """Return the fingerprint of a source's suites, of the lists that its tables are compared with, and of its editions accepted by hand."""
    lists = (JUDGES / "labels.py", JUDGES.with_name("lake") / "completeness.py", *seed_files(load_sources()[slug]))
    accepted = sorted(sha256 for source, _, sha256 in load_accepted_editions() if source == slug)
    return fingerprint(EXPECTATIONS / "landing" / f"{slug}.yml", *lists, words=accepted)
