"""What the gate says where DuckDB fails on a draft: of a table made of returns no cell, of published data the whole message."""

from __future__ import annotations

from typing import Literal

import duckdb
import pytest

from dagster_project.contracts.check import LEFT_OUT, explain
from dagster_project.quality.marts import _run_example
from dagster_project.release.project import ExampleQuery

CELL = "943 476 5919"


@pytest.mark.parametrize(("needs", "told"), [("returns", False), ("sources", True)])
def test_an_example_query_that_stumbles_on_a_cell_quotes_it_only_of_published_data(
    needs: Literal["sources", "returns"], told: bool
) -> None:
    query = ExampleQuery(
        name="any",
        question="What is the answer?",
        user="analyst",
        sql="select cast(a as int) from answers",
        needs=needs,
    )
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as draft")
        con.execute(f"create table draft.answers as select '{CELL}' as a")
        result = _run_example(con, query)
    assert result.blocks
    assert (CELL in result.summary) is told


def test_an_error_before_a_row_is_read_names_the_column_of_any_table() -> None:
    with duckdb.connect() as con:
        with pytest.raises(duckdb.BinderException) as raised:
            con.execute("select wrong from (select 1 as a)")
        assert "wrong" in explain(raised.value, made_of_returns=True)
        with pytest.raises(duckdb.ConversionException) as failed:
            con.execute(f"select cast('{CELL}' as int)")
        assert explain(failed.value, made_of_returns=True) == LEFT_OUT


def test_an_error_in_words_of_ours_is_told_of_any_table() -> None:
    assert explain(ValueError("the relation connects no row"), made_of_returns=True) == "the relation connects no row"
