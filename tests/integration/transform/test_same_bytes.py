"""The same inputs give the same rows: no thread, no order of rows and no folder changes a figure."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from tests.ordering import findings, without_ties
from tests.rebuilding import Models, differences, rebuild_elsewhere
from tests.warehouses import Warehouse

SORTED_AFTERWARDS = {
    "int_returns__rate_cell": {"list(grouping_set): chooses without an order"},
    "int_returns__submission": {"string_agg(VALUE_CONSTANT): chooses without an order"},
}
"""The list is sorted by list_sort, around the aggregate or within array_to_string, which the plan of the aggregate cannot show."""

PLANTED = {
    "select sum(x) from t": "sum(x): adds doubles in any order",
    "select k, avg(x * 2) from t group by k": "avg(*(x, OPERATOR_CAST(VALUE_CONSTANT))): adds doubles in any order",
    "select stddev_samp(x) over (partition by k order by n) from t": "stddev_samp(x): adds doubles in any order",
    "select any_value(n) from t": "any_value(n): chooses without an order",
    "select first(n) from t": "first(n): chooses without an order",
    "select max_by(n, x) from t": "max_by(n, x): chooses without an order",
    "select string_agg(k, ',') from t": "string_agg(k): chooses without an order",
    "select row_number() over (partition by k) from t": "row_number(): chooses without an order",
    "select n from t limit 1": "limit(any): takes rows",
    "select n - (select n from t) from t": "first(BOUND_REF): chooses without an order",
}
HARMLESS = (
    "select sum(x order by x), sum(n), max(k) from t",
    "select avg(x order by x) over (partition by k) from t",
    "select max_by(n, x order by n), string_agg(k, ',' order by k) from t",
    "select row_number() over (partition by k order by n) from t",
    "select n - (select max(n) from t) from t",
)


@pytest.fixture(scope="module")
def models(sample_warehouse: Warehouse) -> Models:
    """The models of the sample's first night."""
    return Models(Lake(sample_warehouse.lake))


@pytest.fixture
def opened(models: Models) -> duckdb.DuckDBPyConnection:
    """Its warehouse, for reading."""
    con = duckdb.connect(str(models.lake.warehouse), read_only=True)
    con.execute("set file_search_path = ?", [str(models.lake.build)])
    return con


def _table() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create table t as select 'a' as k, i as n, i / 3e0 as x from range(3) as r(i)")
    return con


@pytest.mark.parametrize(("query", "said"), PLANTED.items())
def test_the_lint_finds_what_hangs_on_the_order_of_rows(query: str, said: str) -> None:
    assert said in map(str, findings(_table(), query))


@pytest.mark.parametrize("query", HARMLESS)
def test_the_lint_passes_what_does_not(query: str) -> None:
    assert findings(_table(), query) == []


def test_no_model_hangs_on_the_order_of_rows(models: Models, opened: duckdb.DuckDBPyConnection) -> None:
    found = {}
    for name in models.names:
        short = name.rsplit(".", 1)[-1]
        said = set(map(str, findings(opened, models.query(name)))) - SORTED_AFTERWARDS.get(short, set())
        found.update({short: sorted(said)} if said else {})
    assert found == {}, "add doubles with in_order (dbt/macros/measures/in_order.sql); give what chooses an order"


def test_a_tie_is_found() -> None:
    ranked = without_ties("select row_number() over w from t window w as (partition by k order by n // 2)")
    assert ranked is not None
    with pytest.raises(duckdb.InvalidInputException, match="tie: ORDER BY n // 2"):
        _table().execute(ranked).fetchall()


def test_every_order_that_ranks_rows_is_total(models: Models, opened: duckdb.DuckDBPyConnection) -> None:
    """Two rows that stand equal would be ranked by chance."""
    tied, ranked = [], 0
    for name in models.names:
        query = without_ties(models.query(name))
        if query is None:
            continue
        ranked += 1
        try:
            opened.execute(query).fetchall()
        except duckdb.InvalidInputException as error:
            tied.append(f"{name}: {error}")
    assert tied == []
    assert ranked > 20, "the search found hardly any ranking: has sqlglot changed the names of its classes?"


@pytest.mark.endurance
@pytest.mark.parametrize(
    ("threads", "folder", "zone", "umask"),
    [(1, "one thread", "Pacific/Chatham", 0o077), (4, "four threads", "America/St_Johns", 0o002)],
)
def test_other_threads_other_order_of_rows_another_folder_another_machine(
    models: Models, tmp_path: Path, seed: int, threads: int, folder: str, zone: str, umask: int
) -> None:
    """The night ran with two threads. The rows of every clean table are shuffled; the path has blanks. A release that is built again in
    another zone and folder: tests/integration/release/test_verify.py."""
    again = rebuild_elsewhere(
        models.lake, tmp_path / folder, threads=threads, seed=seed + threads, zone=zone, umask=umask
    )
    assert differences(models.lake.warehouse, again) == []
