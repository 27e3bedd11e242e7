"""The measures inside the published file: what an analyst gets who opens it for reading and brings data of her own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from statsmodels.stats.proportion import proportion_confint  # type: ignore[import-untyped]


@pytest.fixture
def analyst(sample_warehouse: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published file."""
    connection = duckdb.connect(str(sample_warehouse.lake / "published" / "marts.duckdb"), read_only=True)
    yield connection
    connection.close()


def test_a_wilson_limit_can_be_asked_for(analyst: duckdb.DuckDBPyConnection) -> None:
    found = analyst.execute("select wilson_lower(10, 100), wilson_upper(10, 100)").fetchone()
    assert found == pytest.approx(proportion_confint(10, 100, method="wilson"), rel=1e-12)


def test_a_measure_that_is_not_defined_is_null_with_its_reason(analyst: duckdb.DuckDBPyConnection) -> None:
    found = analyst.execute("select wilson_lower(10, 0), wilson_reason(10, 0)").fetchone()
    assert found == (None, "zero denominator")


def test_every_macro_says_what_it_gives(analyst: duckdb.DuckDBPyConnection) -> None:
    macros = analyst.execute(
        "select function_name, comment from duckdb_functions() where not internal and database_name <> 'system'"
    ).fetchall()
    assert len({name for name, _ in macros}) > 100
    assert [name for name, comment in macros if not comment] == []


def test_the_macro_gives_the_slope_index_that_the_fact_holds(analyst: duckdb.DuckDBPyConnection) -> None:
    """One definition: the table macro on the groups of the fact is the row of fct_inequality_measure.

    The limits of the row enclose those of the macro: they hold the rounding of the counts as well, which the groups' own do not.
    """
    rows = analyst.execute(
        """
        with deciles as (
            select concat_ws('|', indicator_id, organisation_code, treatment_function_code, period_end, geography_basis) as family,
                cast(group_code as integer) as decile, denominator, value, ci_lower_95, ci_upper_95
            from fct_indicator_value
            where indicator_id = 'wlmds_over_52_weeks' and dimension = 'imd_decile' and group_code <> 'unknown'
        ),
        own as (
            from slope_index('deciles', family, decile, denominator, value, lower_column := ci_lower_95, upper_column := ci_upper_95,
                value_kind := 'proportion', transformed := true, index_multiplier := -1)
        )
        select own.slope_index, own.slope_index_lower, own.slope_index_upper, fact.value, fact.ci_lower_95, fact.ci_upper_95
        from own
        join fct_inequality_measure as fact
            on own.group_key = concat_ws('|', indicator_id, organisation_code, treatment_function_code, period_end, geography_basis)
        where fact.measure = 'slope_index' and fact.dimension = 'imd_decile'
        """
    ).fetchall()
    known = [row for row in rows if row[3] is not None]
    assert known
    assert all(row[0] is None for row in rows if row[3] is None)
    for row in known:
        assert row[0] == pytest.approx(row[3], rel=1e-12)
        assert row[4] <= row[1] < row[2] <= row[5]


def test_data_of_her_own_stay_hers(analyst: duckdb.DuckDBPyConnection) -> None:
    """The file is read-only, so a table of her own is a temporary one; the macros take it by name."""
    analyst.execute(
        "create temp table own as select g as decile, 'mine' as place, 100 * g as people, 0.5 - 0.01 * g as share from range(1, 10) t(g)"
    )
    found = analyst.execute(
        "select slope_index, slope_index_reason from slope_index('own', place, decile, people, share)"
    ).fetchall()
    assert found == [(None, "a quantile is missing")]


def test_the_gap_of_two_groups_in_an_icb_is_the_fact_of_its_trusts_in_their_newest_period(
    analyst: duckdb.DuckDBPyConnection,
) -> None:
    trusts = analyst.execute(
        "select organisation_code from dim_organisation where current_icb_code = 'Z9M1X' and organisation_level = 'trust'"
    ).fetchall()
    gaps = """select organisation_code, period_end, gap, ci_lower_95, ci_upper_95, value_status
        from gap_in_icb('Z9M1X', 'wlmds_over_52_weeks', 'core20', 'rest') where organisation_level = 'trust' order by all"""
    found = analyst.execute(gaps).fetchall()
    facts = """select organisation_code, period_end, value, ci_lower_95, ci_upper_95, value_status
        from fct_inequality_measure
        where indicator_id = 'wlmds_over_52_weeks' and dimension = 'core20' and measure = 'absolute_gap' and geography_basis = 'current'
            and treatment_function_code = 'all' and organisation_code in (select unnest(?)) order by all"""
    newest: dict[str, Any] = {row[0]: row for row in analyst.execute(facts, [[code for (code,) in trusts]]).fetchall()}
    assert found == list(newest.values())
    assert len(found) > 3 and any(row[2] is not None for row in found)
