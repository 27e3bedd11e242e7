"""What `make engine-parity` calls equal: planted differences are each found, and none is seen where engines only write otherwise."""

from __future__ import annotations

import duckdb
import pytest

from tests.parity.compare import first_difference, kind_of

WANTED = "select * from (values (1, 'a', 0.1e0, date '2026-01-31'), (2, 'b', null, null)) as t(id, word, figure, day)"

SAME = {
    "another order of rows": f"{WANTED} order by id desc",
    "wider whole numbers": WANTED.replace("select *", "select cast(id as hugeint) as id, word, figure, day"),
    "the last digits of a double": WANTED.replace("0.1e0", "0.10000000001e0"),
    "another order of columns": WANTED.replace("select *", "select day, figure, word, id"),
}
DIFFERENT = {
    "a figure out by a millionth": (WANTED.replace("0.1e0", "0.1000001e0"), "figure differs in 1 rows"),
    "zero for NULL": (WANTED.replace("'b', null", "'b', 0e0"), "figure differs in 1 rows"),
    "NULL for a figure": (WANTED.replace("0.1e0", "cast(null as double)"), "figure differs in 1 rows"),
    "NaN for a figure": (WANTED.replace("0.1e0", "cast('nan' as double)"), "figure differs in 1 rows"),
    "another word": (WANTED.replace("'a'", "'A'"), "word differs in 1 rows"),
    "another day": (WANTED.replace("-31", "-30"), "day differs in 1 rows"),
    "a row too many": (f"{WANTED} union all select 3, 'c', 1e0, null", "3 rows, not 2"),
    "a key twice": (WANTED.replace("(2, 'b'", "(1, 'b'"), "1 rows have no partner of their key"),
    "another key": (WANTED.replace("(2, 'b'", "(3, 'b'"), "2 rows have no partner of their key"),
    "text for a number": (WANTED.replace("select *", "select id, word, cast(figure as text) as figure, day"), "column"),
    "a decimal for a double": (WANTED.replace("0.1e0", "0.1"), "column figure is decimal, not double"),
    "no column": (WANTED.replace("select *", "select id, word, figure"), "columns differ: day"),
}


def _compared(got: str, key: tuple[str, ...]) -> str:
    con = duckdb.connect()
    con.execute(f"create view wanted as {WANTED}")
    con.execute(f"create view got as {got}")
    return first_difference(con, "wanted", "got", key)


@pytest.mark.parametrize("key", [("id",), ()], ids=["with a key", "without"])
@pytest.mark.parametrize("got", SAME.values(), ids=SAME)
def test_what_is_written_otherwise_is_equal(got: str, key: tuple[str, ...]) -> None:
    assert _compared(got, key) == ""


@pytest.mark.parametrize(("got", "said"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_is_not_equal_is_found(got: str, said: str) -> None:
    assert _compared(got, ("id",)).startswith(said)


@pytest.mark.parametrize("got", [got for got, _ in DIFFERENT.values()], ids=DIFFERENT)
def test_what_is_not_equal_is_found_without_a_key(got: str) -> None:
    assert _compared(got, ()) != ""


def test_a_key_that_several_rows_share_is_found_on_both_sides() -> None:
    con = duckdb.connect()
    con.execute("create view twice as select 1 as id, 2 as figure from range(2)")
    assert first_difference(con, "twice", "twice", ("id",)) == "rows share a key"


def test_kinds() -> None:
    assert {kind_of(name) for name in ("BIGINT", "UTINYINT", "HUGEINT", "DECIMAL(38,0)")} == {"whole number"}
    assert kind_of("DECIMAL(5,2)") == "decimal"
