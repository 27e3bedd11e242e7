"""disclosed_sets_to_withhold: which sets leave a hidden count too few values, against every table that fits what is shown.

The expected answer comes from writing out all true counts that could stand behind the shown ones, never from the macro's bounds.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import duckdb
import pytest

from tests.fixtures.measures_project.rendering import run_statement

FEWEST_VALUES = 3
HIDDEN, WITHHELD = "[c]", "withheld"
Shown = int | str
Sets = Mapping[str, tuple[Shown, Mapping[str, Sequence[Shown]]]]
"""Trust: what is shown of its whole, and of the parts of each dimension."""


def table_of(sets: Sets) -> duckdb.DuckDBPyConnection:
    """`cases` with these counts as x; n is a count that hides nothing."""
    con = duckdb.connect()
    con.execute(
        "create table cases (trust varchar, dimension varchar, x int, x_status varchar, n int, n_status varchar)"
    )
    rows = [row for trust, (whole, parts) in sets.items() for row in rows_of(trust, whole, parts)]
    con.executemany("insert into cases values (?, ?, ?, ?, 500, 'published')", rows)
    return con


def rows_of(trust: str, whole: Shown, parts: Mapping[str, Sequence[Shown]]) -> Iterable[tuple[Any, ...]]:
    yield (trust, "all", *cell_of(whole))
    for dimension, shown in parts.items():
        yield from ((trust, dimension, *cell_of(one)) for one in shown)


def cell_of(shown: Shown) -> tuple[int | None, str]:
    return (shown, "published") if isinstance(shown, int) else (None, {HIDDEN: "suppressed"}.get(shown, shown))


def withheld(sets: Sets) -> set[tuple[str, str]]:
    """Trust and dimension of every set that the macro finds."""
    return {(row["trust"], row["dimension"]) for row in run_statement("d_withheld_sets", table_of(sets))}


def found(whole: Shown, *parts: Shown) -> bool:
    """Whether one set is found."""
    return bool(withheld({"R9A": (whole, {"sex": parts})}))


def behind(shown: Shown) -> range:
    """Every true count that is shown so."""
    if isinstance(shown, str):
        return range(1, 8)
    return range(shown, shown + 1) if shown == 0 else range(shown - 2, shown + 3)


def fewest_values(whole: Shown, parts: Sequence[Shown]) -> int | None:
    """How few values one of the hidden parts can have in all tables whose sum fits the whole; None where none is hidden."""
    seen: dict[int, set[int]] = defaultdict(set)
    for table in product(*map(behind, parts)):
        if sum(table) in behind(whole):
            for place, shown in enumerate(parts):
                if shown == HIDDEN:
                    seen[place].add(table[place])
    return min(map(len, seen.values()), default=None)


@pytest.mark.parametrize(
    ("whole", "parts", "why"),
    [
        (20, (10, 15, HIDDEN), "20 is at most 22, the others at least 21: the hidden one is 1"),
        (30, (HIDDEN, HIDDEN, HIDDEN, HIDDEN), "28 among four of at most 7: each is 7"),
        (10, (10, 0, HIDDEN, HIDDEN, HIDDEN), "12 less 8 leaves four for three: 1 or 2"),
        (HIDDEN, (0, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN), "seven among six: 1 or 2"),
    ],
)
def test_a_set_whose_hidden_count_can_be_worked_out_is_found(whole: Shown, parts: tuple[Shown, ...], why: str) -> None:
    assert (fewest_values(whole, parts) or 0) < FEWEST_VALUES, why
    assert found(whole, *parts), why


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        (20, (15, HIDDEN)),
        (25, (10, 15, HIDDEN)),
        (30, (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN)),
        (20, (10, 10)),
        (HIDDEN, (0, HIDDEN)),
    ],
)
def test_a_set_that_leaves_room_enough_stays(whole: Shown, parts: tuple[Shown, ...]) -> None:
    assert fewest_values(whole, parts) in (None, *range(FEWEST_VALUES, 8))
    assert not found(whole, *parts)


def test_every_set_is_judged_as_all_tables_that_fit_it_say(seed: int) -> None:
    """The true counts are drawn first, so that what is shown can be true."""
    draw, sets, expected = random.Random(seed), {}, set()
    for number in range(400):
        true = [draw.choice((0, 1, 1, 2, 7, 7, 8, 12)) for _ in range(draw.randint(2, 5))]
        parts = [HIDDEN if 1 <= x <= 7 else (x + 2) // 5 * 5 for x in true]
        whole = HIDDEN if 1 <= sum(true) <= 7 else (sum(true) + 2) // 5 * 5
        sets[f"T{number}"] = (whole, {"sex": parts})
        fewest = fewest_values(whole, parts)
        expected |= {(f"T{number}", "sex")} if fewest is not None and fewest < FEWEST_VALUES else set()
    assert len(expected) > 10
    assert withheld(sets) == expected


def test_only_the_dimension_of_the_trust_that_gives_it_away_is_found() -> None:
    ethnicity = (10, 15, HIDDEN)
    given = {
        "R9A": (20, {"sex": (15, HIDDEN), "ethnicity": ethnicity}),
        "R9B": (25, {"sex": (20, HIDDEN), "ethnicity": ethnicity}),
    }
    assert withheld(given) == {("R9A", "ethnicity")}


def test_a_whole_that_is_withheld_bounds_nothing_and_an_unknown_part_leaves_only_the_upper_bound() -> None:
    assert not found(WITHHELD, 10, 15, HIDDEN)
    assert not found(30, HIDDEN, HIDDEN, HIDDEN, WITHHELD)
    assert found(20, 10, 15, HIDDEN, WITHHELD)


def test_one_count_that_gives_it_away_withholds_the_set_for_all_counts() -> None:
    con = table_of({"R9A": (25, {"sex": (10, 15, HIDDEN)})})
    assert run_statement("d_withheld_sets", con) == []
    con.execute("update cases set n = 20 where dimension = 'all'")
    con.execute("update cases set n = x, n_status = x_status where dimension = 'sex'")
    assert len(run_statement("d_withheld_sets", con)) == 1


def test_the_mart_shows_nothing_of_a_set_that_is_found_or_nothing_of_its_whole() -> None:
    """What returns_withheld_sets makes of it: `withheld` in place of every count and rate, zeros too, with the reason."""
    given: Sets = {"R9A": (20, {"sex": (10, 15, HIDDEN)}), "R9B": (25, {"sex": (10, 15, HIDDEN)})}
    rows = run_statement("d_withheld_cells", table_of(given))
    hidden = [row for row in rows if row["numerator_status"] == WITHHELD]
    assert {(row["hidden"], row["trust"], row["dimension"]) for row in hidden} == {
        ("parts", "R9A", "sex"),
        ("whole", "R9A", "all"),
    }
    assert len(rows) == 16 and len(hidden) == 4
    for row in hidden:
        assert (row["numerator"], row["denominator"], row["denominator_status"]) == (None, None, WITHHELD)
        assert row["rate_status"] == WITHHELD and "could be worked out" in row["withheld_reason"]
