"""What the disclosure macros let through, against the rule written out in Python over every pair of small counts."""

from __future__ import annotations

import csv
import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from tests.fixtures.measures_project.rendering import run_statement

HIGHEST = 45


@cache
def rows() -> dict[tuple[int | None, int | None], dict[str, Any]]:
    """Every pair of a numerator and a denominator up to HIGHEST, and pairs without a count."""
    with duckdb.connect() as con:
        con.execute(f"create table cases as select n, d from range({HIGHEST + 1}) a(n), range({HIGHEST + 1}) b(d)")
        con.execute("insert into cases values (null, 20), (20, null), (-1, 20)")
        return {(row["n"], row["d"]): row for row in run_statement("d_disclosed", con)}


def shown(count: int) -> int | None:
    """The rule, by integer arithmetic."""
    return None if 1 <= count <= 7 else (count + 2) // 5 * 5


@pytest.mark.requires_vectors
def test_counts_are_those_of_the_reference_vectors() -> None:
    folder = Path(os.environ.get("HIW_VECTORS") or Path(__file__).parents[4] / "shared" / "vectors")
    with (folder / "13_suppression_counts.csv").open(encoding="utf-8") as file:
        vectors = [row for row in csv.DictReader(file) if row["level"] == "sub_national" and row["count"]]
    small = [row for row in vectors if int(row["count"]) <= HIGHEST]
    assert len(small) > 25
    for row in small:
        got = rows()[(int(row["count"]), 20)]
        assert ("*" if got["shown_status"] == "suppressed" else str(got["shown"])) == row["published"], row


def test_counts_and_their_status() -> None:
    for (n, _), row in rows().items():
        if n is None or n < 0:
            assert (row["shown"], row["shown_status"]) == (None, "missing")
        else:
            status = "suppressed" if 1 <= n <= 7 else "published"
            assert (row["shown"], row["shown_status"]) == (shown(n), status)
            assert row["shown_twice"] == row["shown"], "rounding twice is rounding once"
            assert row["safe_low"] <= n <= row["safe_high"], "the true count lies within the bounds of a SAFE return"
            assert row["safe_high"] - row["safe_low"] == (6 if status == "suppressed" else 4 if n else 0)


def test_a_rate_never_stands_on_fewer_than_eight() -> None:
    published = 0
    for (n, d), row in rows().items():
        if n is None or d is None or n < 0 or n > d:
            continue
        published += row["rate_status"] == "published"
        if row["rate_status"] == "published":
            assert n >= 8
            assert d - n >= 8
        elif n >= 8 and d - n >= 8 + 4 + 4:
            raise AssertionError(f"{n} of {d} could be shown")
        assert (row["rate"] is None) == (row["rate_status"] != "published")
    assert published > 300


def test_the_status_of_a_rate_says_no_more_than_the_rounded_counts() -> None:
    said: dict[tuple[Any, ...], set[str]] = {}
    for (n, d), row in rows().items():
        if n is not None and d is not None and 8 <= n <= d and d >= 8:
            said.setdefault((row["shown"], row["shown_of"]), set()).add(row["rate_status"])
    assert {len(statuses) for statuses in said.values()} == {1}


def test_rates_and_limits_come_from_the_rounded_counts() -> None:
    """Wilson's limits with the variance 2 of each rounded count added on the logit scale."""
    for (n, d), row in rows().items():
        if row["rate_status"] == "published":
            assert n is not None
            assert d is not None
            x, of = shown(n), shown(d)
            assert x is not None
            assert of is not None
            share, error = x / of, np.sqrt(2 * (1 + (x / of) ** 2)) / of
            apart = logit(np.array(proportion_confint(x, of, method="wilson"))) - logit(share)
            z = norm.ppf(0.975) * error / (share * (1 - share))
            lower, upper = expit(logit(share) + np.sign(apart) * np.hypot(apart, z))
            assert row["rate"] == pytest.approx(100 * x / of)
            assert row["rate_lower"] == pytest.approx(100 * lower, rel=1e-9)
            assert row["rate_upper"] == pytest.approx(100 * upper, rel=1e-9)
        if row["ratio_status"] == "published":
            assert row["ratio"] == pytest.approx(1000 * row["shown"] / row["shown_of"])
            assert row["ratio_lower"] < row["ratio"] < row["ratio_upper"]


def test_what_has_no_rate_says_why() -> None:
    told = {pair: rows()[pair]["rate_status"] for pair in [(None, 20), (20, None), (-1, 20), (0, 0), (0, 30), (30, 30)]}
    assert told == {
        (None, 20): "missing",
        (20, None): "missing",
        (-1, 20): "missing",
        (0, 0): "not_applicable",
        (0, 30): "suppressed",
        (30, 30): "suppressed",
    }
    assert rows()[(5, 30)]["pair_status"] == "suppressed"
    assert rows()[(15, 40)]["pair_status"] == "published"
    assert [rows()[(n, 20)]["mean_status"] for n in (0, 7, 8)] == ["not_applicable", "suppressed", "published"]
    assert math.isclose(rows()[(20, 20)]["ratio"], 1000)
