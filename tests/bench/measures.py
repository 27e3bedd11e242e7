"""The measures library against pandas, phstatsmethods and numpy: 100,000 groups of ten deciles through Wilson and slope index.

The SQL is what dbt renders from the macros, and its time includes both tables that it writes: each decile's share with its limits, and
each group's slope and relative index with theirs. Every path runs in one process, one after the other, and its numbers are checked
against numpy's before its time counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from tests.fixtures.measures_project.rendering import render_statements

GROUPS = 100_000
Z95 = 1.959963984540054
# Shares of the groups that the slow paths are given; their time is scaled up in proportion, which favours neither: both are linear.
PANDAS_SHARE = 0.01
PHSTATSMETHODS_SHARE = 0.02
Array = npt.NDArray[np.float64]


class Timing(TypedDict):
    """Seconds for all groups, how many groups were run, and how many times as long as the SQL."""

    seconds: float
    groups_run: int
    times_the_sql: float


def make_deciles(groups: int, seed: int = 20261122) -> pd.DataFrame:
    """Ten rows for each group: org, decile, cases (1 to people - 1), people."""
    generator = np.random.default_rng(seed)
    people = generator.integers(200, 20_000, groups * 10)
    cases = np.clip(generator.binomial(people, generator.uniform(0.02, 0.6, groups * 10)), 1, people - 1)
    org = np.repeat(np.arange(groups), 10)
    return pd.DataFrame({"org": org, "decile": np.tile(np.arange(1, 11), groups), "cases": cases, "people": people})


def run_sql(deciles: pd.DataFrame, folder: Path) -> tuple[float, Array]:
    """Seconds to write both tables into a DuckDB file, and the slope indices by group."""
    path = folder / "measures.duckdb"
    path.unlink(missing_ok=True)
    statements = render_statements()
    with duckdb.connect(str(path)) as connection:
        connection.register("frame", deciles)
        connection.execute("create table deciles as select * from frame")
        start = time.perf_counter()
        connection.execute(f"create table shares as {statements['bench_wilson']}")
        connection.execute(f"create table slopes as {statements['bench_slope']}")
        seconds = time.perf_counter() - start
        slopes = connection.execute("select slope_index from slopes order by org").df()["slope_index"].to_numpy()
    path.unlink()
    return seconds, slopes


def wilson(cases: Array, people: Array) -> tuple[Array, Array]:
    """Lower and upper Wilson limits by numpy."""
    margin = Z95 * np.sqrt(Z95**2 + 4 * cases * (1 - cases / people))
    centre, scale = 2 * cases + Z95**2, 2 * (people + Z95**2)
    return (centre - margin) / scale, (centre + margin) / scale


def _logit(share: Any) -> Any:
    return np.log(share / (1 - share))


def _logistic(value: Any) -> Any:
    return 1 / (1 + np.exp(-value))


def compute_indices(cases: Array, people: Array) -> Array:
    """Both indices with limits by numpy for groups of deciles (groups x 10): groups x 6, slope then relative, lower, point, upper."""
    lower, upper = wilson(cases, people)
    error = (_logit(upper) - _logit(lower)) / (2 * Z95)
    share = people / people.sum(axis=1, keepdims=True)
    ridit = np.cumsum(share, axis=1) - share / 2 - 0.5
    y = _logit(cases / people)
    spread = (share * ridit**2).sum(axis=1)
    mean, slope = (share * y).sum(axis=1), (share * ridit * y).sum(axis=1) / spread
    margin = Z95 * np.sqrt(((share * ridit * error) ** 2).sum(axis=1)) / spread
    slopes = (slope - margin, slope, slope + margin)
    ends = [(_logistic(mean + each / 2), _logistic(mean - each / 2)) for each in slopes]
    return np.column_stack([top - bottom for top, bottom in ends] + [top / bottom for top, bottom in ends])


def run_numpy(deciles: pd.DataFrame) -> tuple[float, Array]:
    """Seconds of the vectorised version, its results left in memory."""
    cases, people = (deciles[name].to_numpy(dtype=np.float64).reshape(-1, 10) for name in ("cases", "people"))
    start = time.perf_counter()
    indices = compute_indices(cases, people)
    return time.perf_counter() - start, indices[:, 1]


def run_numpy_with_tables(deciles: pd.DataFrame, folder: Path) -> tuple[float, Array]:
    """Seconds of the same with both tables written into a DuckDB file, as the SQL writes them."""
    path = folder / "numpy.duckdb"
    path.unlink(missing_ok=True)
    cases, people = (deciles[name].to_numpy(dtype=np.float64).reshape(-1, 10) for name in ("cases", "people"))
    with duckdb.connect(str(path)) as connection:
        start = time.perf_counter()
        lower, upper = wilson(cases, people)
        limits = {"share": (cases / people).ravel(), "lower": lower.ravel(), "upper": upper.ravel()}
        indices = compute_indices(cases, people)
        connection.register("limits", deciles[["org", "decile", "people"]].assign(**limits))
        connection.execute("create table shares as select * from limits")
        names = [f"{index}_{part}" for index in ("slope", "relative") for part in ("lower", "index", "upper")]
        connection.register("indices", pd.DataFrame(indices, columns=names).assign(org=deciles["org"].to_numpy()[::10]))
        connection.execute("create table slopes as select * from indices")
        seconds = time.perf_counter() - start
    path.unlink()
    return seconds, indices[:, 1]


def fit_group(group: pd.DataFrame) -> pd.Series[float]:
    """Both indices of one group with limits, by numpy's least squares on the group's columns."""
    share = group["people"] / group["people"].sum()
    ridit = share.cumsum() - share / 2
    weight = np.sqrt(share)
    design = np.column_stack([weight, ridit * weight])
    coefficients, *_ = np.linalg.lstsq(design, _logit(group["share"]) * weight, rcond=None)
    error = (_logit(group["upper"]) - _logit(group["lower"])) / (2 * Z95)
    covariance = np.linalg.pinv(design) * weight.to_numpy() * error.to_numpy()
    intercept, slope = coefficients
    margin = Z95 * np.sqrt((covariance[1] ** 2).sum())
    middle = intercept + slope / 2
    ends = [
        (_logistic(middle + each / 2), _logistic(middle - each / 2)) for each in (slope - margin, slope, slope + margin)
    ]
    names = ("lower", "index", "upper")
    slopes = {f"slope_{name}": top - bottom for name, (top, bottom) in zip(names, ends, strict=True)}
    return pd.Series(
        slopes | {f"relative_{name}": top / bottom for name, (top, bottom) in zip(names, ends, strict=True)}
    )


def run_pandas(deciles: pd.DataFrame) -> tuple[float, Array]:
    """Seconds of pandas groupby.apply with least squares in each group; the Wilson limits beforehand, vectorised."""
    start = time.perf_counter()
    cases, people = (deciles[name].to_numpy(dtype=np.float64) for name in ("cases", "people"))
    lower, upper = wilson(cases, people)
    frame = deciles.assign(share=cases / people, lower=lower, upper=upper)
    indices = frame.groupby("org")[["people", "share", "lower", "upper"]].apply(fit_group)
    return time.perf_counter() - start, indices["slope_index"].to_numpy()


def run_phstatsmethods(deciles: pd.DataFrame) -> tuple[float, Array]:
    """Seconds of phstatsmethods' Wilson proportions alone: it has no slope index. Gives the lower limits."""
    from PHStatsMethods import ph_proportion

    start = time.perf_counter()
    frame = ph_proportion(deciles, "cases", "people", ["org", "decile"])
    return time.perf_counter() - start, frame["lower_95_ci"].to_numpy()


def _best_of(runs: dict[str, Callable[[], tuple[float, Array]]], times: int) -> dict[str, tuple[float, Array]]:
    """The shortest time and the last results of each path; the paths take turns, so that a busy moment meets them all."""
    results: dict[str, tuple[float, Array]] = {}
    for _ in range(times):
        for name, run in runs.items():
            seconds, values = run()
            results[name] = (min(seconds, results.get(name, (seconds, values))[0]), values)
    return results


def measure(folder: Path, groups: int = GROUPS) -> dict[str, Any]:
    """Times of the four paths, as {"groups", "sql_seconds", "paths": {name: Timing}}; prints the table.

    Raises AssertionError where two paths give different answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    render_statements()
    deciles = make_deciles(groups)
    fast = _best_of(
        {
            "sql": lambda: run_sql(deciles, folder),
            "numpy, vectorised, nothing written": lambda: run_numpy(deciles),
            "numpy, vectorised, tables written": lambda: run_numpy_with_tables(deciles, folder),
        },
        times=7,
    )
    sql_seconds, by_sql = fast.pop("sql")
    by_numpy = fast["numpy, vectorised, nothing written"][1]
    np.testing.assert_allclose(by_sql, by_numpy, rtol=1e-9, atol=1e-12)
    paths = {name: _timing(seconds, groups, groups, sql_seconds) for name, (seconds, _) in fast.items()}

    few = deciles[deciles["org"] < groups * PANDAS_SHARE]
    seconds, by_pandas = run_pandas(few)
    np.testing.assert_allclose(by_pandas, by_numpy[: by_pandas.size], rtol=1e-9, atol=1e-12)
    paths["pandas groupby.apply, least squares"] = _timing(seconds, by_pandas.size, groups, sql_seconds)

    few = deciles[deciles["org"] < groups * PHSTATSMETHODS_SHARE]
    seconds, limits = run_phstatsmethods(few)
    np.testing.assert_allclose(
        limits, wilson(few["cases"].to_numpy(float), few["people"].to_numpy(float))[0], rtol=1e-9
    )
    paths["phstatsmethods, Wilson only"] = _timing(seconds, limits.size // 10, groups, sql_seconds)
    result = {"groups": groups, "sql_seconds": round(sql_seconds, 3), "paths": paths}
    print_table(result)
    return result


def _timing(seconds: float, groups_run: int, groups: int, sql_seconds: float) -> Timing:
    scaled = seconds * groups / groups_run
    return {"seconds": round(scaled, 3), "groups_run": groups_run, "times_the_sql": round(scaled / sql_seconds, 2)}


def print_table(result: dict[str, Any]) -> None:
    """One line for each path; where only some groups were run, the seconds are scaled to all."""
    table = Table("path", "seconds", "groups run", "times the SQL")
    table.add_row("dbt macros in DuckDB, tables written", f"{result['sql_seconds']}", f"{result['groups']:,}", "1")
    for name, row in result["paths"].items():
        table.add_row(name, f"{row['seconds']}", f"{row['groups_run']:,}", f"{row['times_the_sql']}")
    Console().print(table)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        measure(Path(scratch))
