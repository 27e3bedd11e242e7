"""The outcome of a submission, its findings, and the rows that may go on.

A verdict holds a workspace of DuckDB with the rows until it is closed; use it in a `with`. What is shown of it never holds the
content of a cell.
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter or a quoted path
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal

from dagster_project.contracts.collection import Collection, Column
from dagster_project.duck import Workspace, quote_literal
from dagster_project.duck import quote_identifier as _q
from dagster_project.returns.checks import Check
from dagster_project.returns.reading import HEADER_ROWS
from dagster_project.returns.submission import Context, Finding, Manifest, Submission, submission_id

Outcome = Literal["accepted", "accepted_with_warnings", "rejected", "unreadable"]
OF_EACH_BUILD = frozenset({"W05"})
"""Rules that look at what is published. The sender reads in the answer what they say that day; the record leaves them out and dbt asks
them at each build (int_returns__submission), so that no verdict hangs on the day on which a file came."""
LISTED_PER_CHECK = 200
"""How many failing cells of one check are in `findings`; `failing_cells` gives all."""
SEVERITY_ORDER = "FGRWI"


@dataclass
class Verdict:
    """The judgement of one submission."""

    submission: Submission
    context: Context
    collection: Collection | None = None
    manifest: Manifest | None = None
    successor_code: str | None = None
    """The trust that now stands for a closed one (T2); `manifest.org_code` stays what was reported."""
    findings: list[Finding] = field(default_factory=list)
    """Most severe first; at most LISTED_PER_CHECK of one check."""
    counts: Counter[str] = field(default_factory=Counter)
    """Rule -> how often it was broken, whatever is listed. What was not checked does not count."""
    rows: int = 0
    rows_quarantined: int = 0
    """Rows that R sets aside."""
    rows_in_refused_groups: int = 0
    """Further rows that go with a group that G refuses."""
    groups_rejected: int = 0
    control_low: float | None = None
    control_high: float | None = None
    """Between these lies the true total of the count column: a suppressed cell is 1 to 7."""
    checks: list[Check] = field(default_factory=list)
    workspace: Workspace | None = None

    # -- what R2 and the answers ask -----------------------------------------------------------------------------------

    @property
    def outcome(self) -> Outcome:
        """Count `unreadable` as rejected in the register; exit codes tell the two apart."""
        broken = [finding for finding in self.findings if not finding.not_checked]
        if any(finding.rule == "C00" for finding in broken):
            return "unreadable"
        if any(finding.severity == "F" for finding in broken) or (self.rows and not self.rows_accepted):
            return "rejected"
        return "accepted_with_warnings" if any(finding.severity in "GRW" for finding in broken) else "accepted"

    @property
    def is_accepted(self) -> bool:
        """Say whether rows go on."""
        return self.outcome in {"accepted", "accepted_with_warnings"}

    @property
    def rows_accepted(self) -> int:
        """Return rows that go on, were the file accepted."""
        return self.rows - self.rows_quarantined - self.rows_in_refused_groups

    @property
    def failed_rules(self) -> list[str]:
        """Rules that refuse the file, a group or a row, sorted."""
        return self._rules_of("FGR")

    @property
    def warned_rules(self) -> list[str]:
        """Rules that warn, sorted."""
        return self._rules_of("W")

    @property
    def recorded_warnings(self) -> list[str]:
        """Return `warned_rules` without those that each build asks again."""
        return [rule for rule in self.warned_rules if rule not in OF_EACH_BUILD]

    def _rules_of(self, severities: str) -> list[str]:
        return sorted({f.rule for f in self.findings if f.severity in severities and not f.not_checked})

    @property
    def submission_id(self) -> str | None:
        """None where the manifest could not be read."""
        return submission_id(self.manifest, self.submission.sha256) if self.manifest else None

    def failing_cells(self) -> Iterator[tuple[Check, int | None]]:
        """Yield every failing cell, by rule and row: the check, and the row as the sheet shows it (None for the whole file)."""
        if self.workspace is None or not self.checks:
            return
        cursor = self.workspace.cursor().execute(
            f"select check_number, row_number + {HEADER_ROWS} from failing order by check_number, row_number"
        )
        while batch := cursor.fetchmany(10_000):
            for number, row in batch:
                yield self.checks[number], row

    # -- rows ----------------------------------------------------------------------------------------------------------

    def write_accepted(self, path: Path) -> int:
        """Write the rows that go on to a Parquet of the collection's clean columns; gives their number.

        A row whose count alone could not be read stands there without it, with the status `rejected`: the models then know that
        what is summed over it is not known, and take the absence for no 0. Raises ValueError where nothing was accepted.
        """
        if not self.is_accepted or self.collection is None or self.workspace is None:
            raise ValueError("a submission that was not accepted has no clean rows")
        columns = ", ".join(part for column in self.collection.columns for part in _clean(column))
        # the table holds the rows in their order: one of which nothing is left out needs no sort and no look at each row
        chosen = (
            f"where row_number not in (select row_number from left_out) or ({self._is_rejected_count()}) order by row_number"
            if self.rows_accepted < self.rows
            else ""
        )
        self.workspace.connection.execute(
            f"copy (select {columns}, {quote_literal(self.submission_id or '')} as submission_id, row_number, "
            f"{quote_literal(self.context.data_origin)} as data_origin from rows {chosen}) "
            f"to {quote_literal(str(path))} (format parquet, compression zstd)"
        )
        return self.rows_accepted

    def _is_rejected_count(self) -> str:
        """SQL: the row was set aside, its key is known, and a count of it is not."""
        if self.collection is None or not self.collection.count_columns:
            return "false"
        unread = " or ".join(_q(f"{name}_unread") for name in self.collection.count_columns)
        key = "".join(f" and {_q(name)} is not null" for name in self.collection.key)
        return f"({unread}){key} and row_number not in (select row_number from left_out where is_group)"

    def write_quarantine(self, path: Path) -> int:
        """Write the rows that were set aside, as text, with row_number and the rules; gives their number."""
        if self.workspace is None or self.collection is None:
            raise ValueError("a file that was not read has no rows to set aside")
        self.workspace.connection.execute(
            "copy (select cells.*, rules from cells join (select row_number, string_agg(distinct rule, ',' order by rule) as rules "
            "from left_out group by row_number) using (row_number) order by row_number) "
            f"to {quote_literal(str(path))} (format parquet, compression zstd)"
        )
        return self.rows_quarantined + self.rows_in_refused_groups

    # -- its end -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the rows."""
        if self.workspace is not None:
            self.workspace.close()
            self.workspace = None

    def __enter__(self) -> Verdict:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _clean(column: Column) -> Iterator[str]:
    """The clean columns of one column: an ENUM becomes text again, a count gets its status."""
    name = _q(column.name)
    yield f"cast({name} as {column.clean_type}) as {name}"
    if column.is_count:
        status = _q(f"{column.name}_status")
        yield (
            f"case when {_q(column.name + '_suppressed')} then 'suppressed' when {_q(column.name + '_unread')} then 'rejected' "
            f"else 'published' end as {status}"
        )
