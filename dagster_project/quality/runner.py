"""Great Expectations, run on pandas batches that hold only what a suite names. Imported lazily: the import costs seconds.

An expectation that raises counts as failed and critical: the gate fails closed.

A result of Great Expectations holds cells of the table (unexpected_list, observed_value, the message of an exception), whatever
result format is asked for. They end here: only counts, places and keys go on, and of a table made of returns no observed
value, no message of an exception, and no key that is itself what was judged.
"""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.contracts.check import LEFT_OUT, MAXIMUM_KEYS, explain
from dagster_project.contracts.suite import Expectation, Suite, load_thresholds

if TYPE_CHECKING:
    import pandas as pd

THRESHOLD = "threshold:"
"""A keyword argument written `threshold:<name>` takes the value of that row of thresholds.yml."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one expectation; never a value of a return, only counts and keys."""

    suite: str
    expectation: str
    column: str
    severity: str
    passed: bool
    notes: str
    unexpected_count: int
    failing_keys: tuple[str, ...]
    observed: str
    error: str

    @property
    def sentence(self) -> str:
        """Return what failed, for an operator."""
        keys = f"; rows: {', '.join(self.failing_keys)}" if self.failing_keys else ""
        seen = f" (observed {self.observed})" if self.observed else ""
        return f"{self.column or self.suite}: {self.notes}{seen}{keys}{'; ' + self.error if self.error else ''}"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for evidence files and tables."""
        return asdict(self) | {"failing_keys": list(self.failing_keys)}


def run_suite(
    connection: duckdb.DuckDBPyConnection, suite: Suite, relation_sql: str, *, made_of_returns: bool
) -> list[Outcome]:
    """Judge one table. `relation_sql` is a SELECT or a quoted table that stands for the name `batch` in the suite's query.

    Raises duckdb.Error when the suite's query does not fit the table: a gate that cannot look must not pass.
    """
    try:
        connection.execute("create or replace temp view batch as " + relation_sql)
        frame = connection.execute(suite.query).df()
    except duckdb.Error as error:
        if made_of_returns:
            raise type(error)(explain(error, made_of_returns=True)) from None
        raise
    if not made_of_returns:
        return _judge(frame, suite, [suite.key] * len(suite.expectations))
    keys = [tuple(name for name in suite.key if name not in _judged(e)) for e in suite.expectations]
    return [_without_values(outcome) for outcome in _judge(frame, suite, keys)]


def _judge(frame: pd.DataFrame, suite: Suite, keys: list[tuple[str, ...]]) -> list[Outcome]:
    """The outcome of each expectation, failing rows named by the columns in `keys`."""
    thresholds = {name: threshold.value for name, threshold in load_thresholds().items()}
    try:
        results = _validate(_batches().get_batch(batch_parameters={"dataframe": frame}), suite, thresholds)
    except Exception as error:
        return [_outcome(suite, e, False, error=f"the suite could not be run: {error}") for e in suite.expectations]
    return [
        _read(result, frame[list(key)], suite, expectation)
        for result, expectation, key in zip(results, suite.expectations, keys, strict=True)
    ]


def _judged(expectation: Expectation) -> set[str]:
    """Every text among the arguments: the columns that are judged are there, under several names."""
    listed = [value if isinstance(value, list) else [value] for value in expectation.kwargs.values()]
    return {value for values in listed for value in values if isinstance(value, str)}


def _without_values(outcome: Outcome) -> Outcome:
    return replace(outcome, observed="", error=LEFT_OUT if outcome.error else "")


def prepare() -> None:
    """Import Great Expectations."""
    _batches()


@cache
def _batches() -> Any:
    """The one batch definition of this process: Great Expectations writes its whole configuration again for each new asset."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("tables")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("all")
    )


def _validate(batch: Any, suite: Suite, thresholds: dict[str, float | int]) -> list[Any]:
    """The results in the order of the expectations: one call for all, which shares what they measure."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    configured = [
        ExpectationConfiguration(
            type=e.type, kwargs=_with_thresholds(e.kwargs, thresholds), meta={"place": place}
        ).to_domain_obj()
        for place, e in enumerate(suite.expectations)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        form = {"result_format": "COMPLETE", "include_unexpected_rows": False}
        results = batch.validate(ExpectationSuite(name=suite.name, expectations=configured), result_format=form).results
    return sorted(results, key=lambda result: int(result.expectation_config.meta["place"]))


def _read(result: Any, keys: pd.DataFrame, suite: Suite, expectation: Expectation) -> Outcome:
    """`keys`: of every row the cells that may name it."""
    detail = dict(result.result or {})
    raised = _raised(result)
    return _outcome(
        suite,
        expectation,
        bool(result.success) and not raised,
        unexpected_count=int(detail.get("unexpected_count") or 0),
        keys=_failing_keys(keys, detail.get("unexpected_index_list") or []),
        observed="" if detail.get("observed_value") is None else str(detail["observed_value"])[:200],
        error=raised,
    )


def _with_thresholds(kwargs: dict[str, Any], thresholds: dict[str, float | int]) -> dict[str, Any]:
    filled = dict(kwargs)
    for name, value in kwargs.items():
        if isinstance(value, str) and value.startswith(THRESHOLD):
            filled[name] = thresholds[value.removeprefix(THRESHOLD)]
    return filled


def _raised(result: Any) -> str:
    information = result.exception_info or {}
    if information.get("raised_exception"):
        return str(information.get("exception_message"))
    inner = [value for value in information.values() if isinstance(value, dict) and value.get("raised_exception")]
    return str(inner[0].get("exception_message")) if inner else ""


def _failing_keys(keys: pd.DataFrame, places: list[Any]) -> tuple[str, ...]:
    if not places or keys.columns.empty:
        return ()
    indices = [place if isinstance(place, int) else place.get("index") for place in places[:MAXIMUM_KEYS]]
    rows = keys.loc[[index for index in indices if index is not None]]
    return tuple(" / ".join(str(cell) for cell in row) for row in rows.itertuples(index=False))


def _outcome(
    suite: Suite,
    expectation: Expectation,
    passed: bool,
    *,
    unexpected_count: int = 0,
    keys: tuple[str, ...] = (),
    observed: str = "",
    error: str = "",
) -> Outcome:
    severity = "critical" if error else expectation.severity
    column = str(expectation.kwargs.get("column") or "/".join(map(str, expectation.kwargs.get("column_list", []))))
    return Outcome(
        suite.name,
        expectation.type,
        column,
        severity,
        passed,
        " ".join(expectation.notes.split()),
        unexpected_count,
        () if passed else keys,
        observed,
        error,
    )
