"""What intake knows beside a file: the organisation list, what was accepted before, last month's rows, published totals.

Not here: the rules that use it (validation.py). What is not available is None, and the answer says what was not checked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import duckdb

from dagster_project.duck import EngineLimits, connection
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.codes import metric_ids
from dagster_project.returns.register import Receipt, known_submissions
from dagster_project.returns.submission import Context, Organisations, Route

SMALL_BYTES = 20_000_000
"""The largest return has 10 MB. A second thread takes as long by the clock, and the processor twice as long."""
RANKS: Mapping[str, int] = {"P": 1, "R": 2, "V": 3}
TOTALS = """
    select case indicator_id when 'rtt_waiting' then 'rtt' else 'wlmds' end, numerator
    from fct_indicator_value
    where indicator_id in ('rtt_waiting', 'wlmds_waiting') and organisation_code = ? and period_end = ?
        and treatment_function_code = 'all' and dimension = 'all' and geography_basis = 'as_reported'
        and value_status = 'published' and numerator is not null
"""


class Surroundings:
    """What one run of intake knows; read once, when it is first asked for."""

    def __init__(self, run: Run, area: ReturnsArea) -> None:
        self._run = run
        self._area = area

    @cached_property
    def _organisations(self) -> Organisations | None:
        return Organisations.of_lake(self._run.lake, self._run.origin)

    @cached_property
    def _metrics(self) -> frozenset[str]:
        return metric_ids()

    def context(
        self,
        receipts: Sequence[Receipt],
        *,
        received_at: dt.datetime,
        route: Route,
        sender_org: str | None,
        collection: str,
        org_code: str,
        period: str,
        size: int,
    ) -> Context:
        """For a submission of `size` bytes whose name says collection, trust and period (YYYY-MM)."""
        mine = [one for one in receipts if (one.collection_code, one.org_code) == (collection, org_code)]
        return Context(
            received_at=received_at,
            route=route,
            organisations=self._organisations,
            sender_org=sender_org,
            register=known_submissions(mine),
            previous=self._previous(mine, collection, period),
            published_totals=self._published_totals(org_code, period) if collection == "WL01" else None,
            metrics=self._metrics,
            searched=True,
            data_origin="synthetic" if self._run.origin == "synthetic" else "return",
            limits=self._limits(size),
        )

    def _limits(self, size: int) -> EngineLimits:
        threads = self._run.limits.threads if size > SMALL_BYTES else 1
        return EngineLimits(self._run.limits.memory, threads, self._area.working)

    def _previous(self, receipts: Sequence[Receipt], collection: str, period: str) -> Path | None:
        """The accepted rows of the newest earlier period of this trust, of its best submission."""
        earlier = [one for one in receipts if one.is_accepted and one.period_end[:7] < period]
        if not earlier:
            return None
        best = max(earlier, key=lambda r: (r.period_end, RANKS.get(r.submission_type, 0), r.sequence_no))
        path = self._area.accepted(collection, best.submission_id)
        return path if path.exists() else None

    def _published_totals(self, org_code: str, period: str) -> Mapping[str, int] | None:
        """Pathways that NHS England published for the trust and month, out of our own published file; None without one."""
        year, month = int(period[:4]), int(period[5:])
        last_day = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
        if not self._run.lake.marts.exists():
            return None
        try:
            with connection(self._run.lake.marts, read_only=True) as con:
                found = {name: round(total) for name, total in con.execute(TOTALS, [org_code, last_day]).fetchall()}
        except duckdb.Error:
            return None
        return found or None
