"""Macros that each engine has words of its own for: the rows are the same, on DuckDB and on every Apache Spark."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.fixtures.measures_project.rendering import run_over

pytestmark = pytest.mark.usefixtures("engine")
MOST_STEPS = 8
"""Of each_step: with the first rows nine links of a chain."""


def chain(links: int) -> pd.DataFrame:
    """A code that was succeeded so many times."""
    return pd.DataFrame(
        {"from_code": [f"R{n:02}" for n in range(links)], "to_code": [f"R{n + 1:02}" for n in range(links)]}
    )


def test_a_column_stays_whose_name_begins_as_that_of_one_left_out() -> None:
    cases = pd.DataFrame(
        {
            "known": [1, 2, 3],
            "known_to": [4, 5, 6],
            "known_total": [7, 8, 9],
            "grouped": ["a", "a", "b"],
            "placed": [2, 1, 1],
        }
    )
    rows = run_over(cases, "e_columns")
    assert sorted(tuple(row.items()) for row in rows) == [
        (("grouped", "a"), ("placed", 1), ("known_total", 8)),
        (("grouped", "b"), ("placed", 1), ("known_total", 9)),
    ]


def test_texts_stand_in_their_order_and_what_is_null_is_left_out() -> None:
    cases = pd.DataFrame(
        {"grouped": ["a"] * 4 + ["b"], "placed": [3, 1, 2, 4, 1], "said": ["first", "third", "second", None, None]}
    )
    rows = {row["grouped"]: (row["in_order"], row["each_once"], row["later"]) for row in run_over(cases, "e_texts")}
    assert rows == {"a": ("third, second, first", "first,second,third", "second,first"), "b": (None, None, None)}


def test_steps_are_taken_until_nothing_follows() -> None:
    rows = run_over(chain(MOST_STEPS + 1), "e_steps")
    assert len(rows) == sum(range(1, MOST_STEPS + 2))
    assert max((row["steps"], row["from_code"], row["to_code"]) for row in rows) == (9, "R00", "R09")


def test_a_longer_chain_is_followed_or_stops_the_query(request: pytest.FixtureRequest) -> None:
    if "spark" in request.node.callspec.id:
        with pytest.raises(AssertionError, match=r"^\['"):
            run_over(chain(MOST_STEPS + 2), "e_steps")
    else:
        assert max(row["steps"] for row in run_over(chain(MOST_STEPS + 2), "e_steps")) == MOST_STEPS + 2
