"""What the attack finds is withheld, round by round, until a release is left that can be published (publish/withholding.py).

The month is that of tests/bench/disclosure.py: generated counts of five trusts of one ICB, shown by a few lines of its own.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.lake.paths import Lake
from dagster_project.publish.withholding import ROUNDS, withhold
from dagster_project.quality.attack import audit_attack
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.clean_tables import write_empty_returns
from tests.bench.disclosure import declared_models, make_release, withhold_sets

TRUSTS, SEED = 5, 10
GIVES_AWAY = ("NATIONAL", "ENGLAND", "WL_GT65_PCT", "AGE")


def test_a_release_is_left_where_the_sum_of_england_gives_a_count_of_a_withheld_set_away(tmp_path: Path) -> None:
    """The ages of a trust are withheld; England's less those of the four other trusts leave one of them 0 or 1. Nothing was found to
    withhold that was not withheld already, so that the release was held, every night again."""
    models, area, found = declared_models(), ReturnsArea.of(Lake(tmp_path / "lake")), set()
    area.prepare()
    write_empty_returns(area)
    with duckdb.connect() as con:
        make_release(con, "draft", TRUSTS, SEED)
        for _ in range(ROUNDS):
            attacked = audit_attack(con, models)
            if not withhold(area, attacked.sets):
                break
            found |= {(one["geo_level"], one["geo_code"], one["metric_id"], one["dim_type"]) for one in attacked.sets}
            withhold_sets(con, list(attacked.sets))
    assert attacked.result.passed, attacked.result.summary
    assert GIVES_AWAY in found
