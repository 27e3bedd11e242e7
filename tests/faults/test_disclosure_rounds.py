"""What the attack finds is withheld, round by round, until a release is left that can be published (publish/withholding.py).

The month is that of tests/bench/disclosure.py: generated counts of five trusts of one ICB, shown by a few lines of its own.
"""

from __future__ import annotations

import duckdb

from dagster_project.publish.withholding import ROUNDS
from dagster_project.quality.attack import audit_attack
from tests.bench.disclosure import declared_models, make_release, withhold_sets

TRUSTS, SEED = 5, 10


def test_a_release_is_left_where_the_sum_of_england_gives_a_count_of_a_withheld_set_away() -> None:
    """The ages of a trust are withheld; England's less those of the four other trusts leave one of them 0 or 1. Nothing was found to
    withhold that was not withheld already, so that the release was held, every night again."""
    models, asked = declared_models(), []
    with duckdb.connect() as con:
        make_release(con, "draft", TRUSTS, SEED)
        for _ in range(ROUNDS):
            attacked = audit_attack(con, models)
            new = [one for one in attacked.sets if one not in asked]
            if not new:
                break
            asked += new
            withhold_sets(con, list(attacked.sets))
    assert attacked.result.passed, attacked.result.summary
    assert {"geo_level": "NATIONAL", "geo_code": "ENGLAND", "metric_id": "WL_GT65_PCT", "dim_type": "AGE"} in [
        {name: one[name] for name in ("geo_level", "geo_code", "metric_id", "dim_type")} for one in asked
    ]
