"""What a check says, in the one form in which evidence, meta.checks and Dagster carry it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import duckdb

Severity = Literal["critical", "warning"]
SEVERITIES: tuple[Severity, Severity] = ("critical", "warning")
Kind = Literal["landing", "suite", "dbt", "reconciliation", "key", "disclosure", "difference", "example_query"]
MAXIMUM_KEYS = 20
KEYS_IN_A_SENTENCE = 3
LEFT_OUT = "it could not be evaluated (why is left out, because the table is made of returns)"
OF_NAMES = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
"""Errors that come before a row is read: they say names of columns and no cell."""


@dataclass(frozen=True)
class CheckResult:
    """One check on a candidate."""

    name: str
    kind: Kind
    mart: str
    """The table it is about; "" for the release as a whole or a source."""
    passed: bool
    severity: Severity
    """What a failure means: critical holds the release back, warning is only said."""
    summary: str
    counts: Mapping[str, int] = field(default_factory=dict)
    failing_keys: tuple[str, ...] = ()
    evidence: str = ""
    """Path of the evidence file inside the data folder, once the candidate is sealed."""

    @property
    def blocks(self) -> bool:
        """Return whether it holds the release back."""
        return not self.passed and self.severity == "critical"

    @property
    def sentence(self) -> str:
        """Return the summary, with the first of the rows it is about; a suite's summary names them itself."""
        if self.passed or self.kind == "suite" or not self.failing_keys:
            return self.summary
        named, more = self.failing_keys[:KEYS_IN_A_SENTENCE], len(self.failing_keys) - KEYS_IN_A_SENTENCE
        return f"{self.summary}: {'; '.join(named)}{f'; and {more} more' if more > 0 else ''}"

    @property
    def asset_check_name(self) -> str:
        """Return the name in letters, digits and underscores, as Dagster wants it."""
        return re.sub(r"\W+", "_", self.name)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self) | {"counts": dict(self.counts), "failing_keys": list(self.failing_keys)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> CheckResult:
        """Return the result that `as_dict` wrote; raises KeyError or TypeError when it is not one."""
        return cls(**{**content, "failing_keys": tuple(content["failing_keys"])})


def explain(error: Exception, *, made_of_returns: bool) -> str:
    """Return what an error says; DuckDB quotes the cell that it stumbles on, so of a table made of returns only names, and words of ours."""
    quotes = isinstance(error, duckdb.Error) and not isinstance(error, OF_NAMES)
    return LEFT_OUT if made_of_returns and quotes else str(error)


def shown_keys(rows: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Return the keys of rows as text, at most MAXIMUM_KEYS of them."""
    return tuple(" / ".join("" if cell is None else str(cell) for cell in row) for row in rows[:MAXIMUM_KEYS])
