"""The measures library against pandas, phstatsmethods and numpy: 100,000 groups of ten deciles through Wilson and slope index.

The SQL is what dbt renders from the macros, and its time includes both tables that it writes; the others keep their results in memory.
Every path runs in one process, one after the other, and its slope indices are checked against numpy's before a time counts.
"""

from __future__ import annotations

import statistics
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


def _logit(share: Array) -> Array:
    return np.log(share / (1 - share))


def _logistic(value: Array) -> Array:
    return 1 / (1 + np.exp(-value))


def run_numpy(deciles: pd.DataFrame) -> tuple[float, Array]:
    """Seconds of a vectorised numpy version with the same results: points and limits of both indices."""
    cases = deciles["cases"].to_numpy(dtype=np.float64).reshape(-1, 10)
    people = deciles["people"].to_numpy(dtype=np.float64).reshape(-1, 10)
    start = time.perf_counter()
    lower, upper = wilson(cases, people)
    error = (_logit(upper) - _logit(lower)) / (2 * Z95)
    share = people / people.sum(axis=1, keepdims=True)
    ridit = np.cumsum(share, axis=1) - share / 2 - 0.5
    y = _logit(cases / people)
    spread = (share * ridit**2).sum(axis=1)
    mean, slope = (share * y).sum(axis=1), (share * ridit * y).sum(axis=1) / spread
    margin = Z95 * np.sqrt(((share * ridit * error) ** 2).sum(axis=1)) / spread
    ends = [
        (_logistic(mean + half / 2), _logistic(mean - half / 2)) for half in (slope - margin, slope, slope + margin)
    ]
    indices = [(top - bottom, top / bottom) for top, bottom in ends]
    return time.perf_counter() - start, indices[1][0]


def fit_group(group: pd.DataFrame) -> float:
    """The slope index of one group by numpy's least squares, as it is written with pandas groupby.apply."""
    people = group["people"].to_numpy(dtype=np.float64)
    share = people / people.sum()
    ridit = np.cumsum(share) - share / 2
    weight = np.sqrt(share)
    design = np.column_stack([weight, ridit * weight])
    y = _logit(group["cases"].to_numpy(dtype=np.float64) / people)
    (intercept, slope), *_ = np.linalg.lstsq(design, y * weight, rcond=None)
    return float(1 / (1 + np.exp(-(intercept + slope))) - 1 / (1 + np.exp(-intercept)))


def run_pandas(deciles: pd.DataFrame) -> tuple[float, Array]:
    """Seconds of pandas groupby.apply with least squares: Wilson limits and points of the slope index, no limits of it."""
    start = time.perf_counter()
    frame = deciles.copy()
    frame["lower"], frame["upper"] = wilson(
        frame["cases"].to_numpy(dtype=np.float64), frame["people"].to_numpy(dtype=np.float64)
    )
    slopes = frame.groupby("org")[["cases", "people"]].apply(fit_group)
    return time.perf_counter() - start, slopes.to_numpy()


def run_phstatsmethods(deciles: pd.DataFrame) -> tuple[float, Array]:
    """Seconds of phstatsmethods' Wilson proportions alone: it has no slope index. Gives the lower limits."""
    from PHStatsMethods import ph_proportion

    start = time.perf_counter()
    frame = ph_proportion(deciles, "cases", "people", ["org", "decile"])
    return time.perf_counter() - start, frame["lower_95_ci"].to_numpy()


def _median_run(run: Callable[[], tuple[float, Array]], times: int = 3) -> tuple[float, Array]:
    """The median of several timings and the last results; the first run also warms caches."""
    runs = [run() for _ in range(times)]
    return statistics.median(seconds for seconds, _ in runs), runs[-1][1]


def measure(folder: Path, groups: int = GROUPS) -> dict[str, Any]:
    """Times of the four paths, as {"groups", "sql_seconds", "paths": {name: Timing}}; prints the table.

    Raises AssertionError where two paths give different answers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    render_statements()
    deciles = make_deciles(groups)
    sql_seconds, by_sql = _median_run(lambda: run_sql(deciles, folder))
    numpy_seconds, by_numpy = _median_run(lambda: run_numpy(deciles))
    np.testing.assert_allclose(by_sql, by_numpy, rtol=1e-9, atol=1e-12)

    paths = {"numpy, vectorised": _timing(numpy_seconds, groups, groups, sql_seconds)}
    few = deciles[deciles["org"] < groups * PANDAS_SHARE]
    seconds, by_pandas = _median_run(lambda: run_pandas(few), times=1)
    np.testing.assert_allclose(by_pandas, by_numpy[: by_pandas.size], rtol=1e-9, atol=1e-12)
    paths["pandas groupby.apply, least squares"] = _timing(seconds, by_pandas.size, groups, sql_seconds)

    few = deciles[deciles["org"] < groups * PHSTATSMETHODS_SHARE]
    seconds, lower = _median_run(lambda: run_phstatsmethods(few), times=1)
    np.testing.assert_allclose(lower, wilson(few["cases"].to_numpy(float), few["people"].to_numpy(float))[0], rtol=1e-9)
    paths["phstatsmethods, Wilson only"] = _timing(seconds, lower.size // 10, groups, sql_seconds)
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
