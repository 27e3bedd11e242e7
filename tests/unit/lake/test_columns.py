"""A cell is read without the blanks around it, whatever letters stand beside them."""

from __future__ import annotations

from itertools import product

import duckdb

from dagster_project.lake.columns import BLANKS, without_blanks

ENDS = ["", " ", "\u00a0", " \u00a0 ", "\u2003", "\t"]
INNER = ["", "a", "a b", "a\u00a0b", "é", "~", "!", "’quoted’", "\u00a3", "0", "/", "\x1f", "ñ a"]


def test_a_text_loses_its_outer_blanks_and_nothing_else() -> None:
    """The right value is that of Python's strip."""
    texts = ["".join(parts) for parts in product(ENDS, INNER, ENDS)]
    query = f"select {without_blanks('text', BLANKS)} from (select unnest(?::varchar[]) as text)"
    found = [row[0] for row in duckdb.execute(query, [[*texts, None]]).fetchall()]
    assert found == [*(text.strip(" \u00a0") or None for text in texts), None]
