"""What the sample plants in the outcome sources and what the published file says of it, from file to fact."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.sample import nhse_ldhc, rcpch_epilepsy12, rcpch_npda, ukhsa_vaccination
from dagster_project.sample.cvdprevent import true_prevalence
from dagster_project.sample.estate import DEFAULT_SEED
from dagster_project.sample.ndrs_staging import EARLY
from dagster_project.sample.nhse_mhsds import RATE_OF_CORE20, RATE_OF_REST
from dagster_project.sample.nhse_talking_therapies import BY_ETHNIC_GROUP

FIGURE = (
    "select {columns} from fct_indicator_value where indicator_id = '{indicator}' and geography_basis = 'as_reported' "
    "and period_end = (select max(period_end) from fct_indicator_value where indicator_id = '{indicator}') "
)
HYPERTENSION = FIGURE.format(columns="cast(group_code as int), value", indicator="HYP-01")
GAP = (
    "select value, ci_lower_95, ci_upper_95 from fct_inequality_measure where indicator_id = '{}' and organisation_code = 'ENG' "
    "and dimension = '{}' and measure = 'absolute_gap' and standardisation = '{}' and geography_basis = 'current' "
    "and reference_group in ('5', 'rest') order by period_end desc limit 1"
)


@pytest.mark.parametrize(("standardisation", "place"), [("crude", 0), ("age_standardised", 1)])
def test_prevalence_by_fifth_is_the_planted_one(sample_warehouse: Any, standardisation: str, place: int) -> None:
    rows = sample_warehouse.query(
        HYPERTENSION
        + f"and organisation_code = 'ENG' and dimension = 'imd_quintile' and standardisation = '{standardisation}' order by 1"
    )
    truth = [(fifth, true_prevalence(DEFAULT_SEED, fifth)[place]) for fifth in range(1, 6)]
    assert rows == [(fifth, pytest.approx(share, abs=6e-5)) for fifth, share in truth]


def test_standardising_turns_the_gap_of_hypertension_round(sample_warehouse: Any) -> None:
    """Crude prevalence is lowest where people are youngest; at the same ages they have more of it."""
    (crude,) = sample_warehouse.query(GAP.format("HYP-01", "imd_quintile", "crude"))
    (standardised,) = sample_warehouse.query(GAP.format("HYP-01", "imd_quintile", "age_standardised"))
    assert crude[2] < 0 < standardised[1]
    most, least = (true_prevalence(DEFAULT_SEED, fifth)[1] for fifth in (1, 5))
    assert standardised[0] == pytest.approx(most - least, abs=1.2e-4)


def test_core20_is_the_first_fifth_and_the_rest_the_other_four(sample_warehouse: Any) -> None:
    columns = "dimension, group_code, sum(numerator), sum(denominator)"
    query = FIGURE.format(columns=columns, indicator="HYP-01") + (
        "and organisation_code = 'ENG' and standardisation = 'crude' and dimension in ('all', 'core20', 'imd_quintile') group by 1, 2"
    )
    found = {(dimension, group): counts for dimension, group, *counts in sample_warehouse.query(query)}
    assert found["core20", "core20"] == found["imd_quintile", "1"]
    assert [a + b for a, b in zip(*(found["core20", g] for g in ("core20", "rest")), strict=True)] == found[
        "all", "all"
    ]


def test_published_split_of_childrens_access_is_the_gap_of_the_fact(sample_warehouse: Any) -> None:
    """The publisher gives the rates, their limits and their difference (MHS95g); ours must be the same."""
    (gap,) = sample_warehouse.query(GAP.format("CYP-MHS95b", "core20", "age_standardised"))
    assert gap[0] == RATE_OF_CORE20["MHS95"] - RATE_OF_REST["MHS95"]
    assert gap[1:] == pytest.approx((gap[0] - 90 * 2**0.5, gap[0] + 90 * 2**0.5), rel=1e-9)
    crude = sample_warehouse.query(GAP.format("CYP-MHS95a", "core20", "crude"))
    assert crude == [(gap[0], None, None)]


def test_a_rate_that_equals_the_crude_one_is_not_called_standardised(sample_warehouse: Any) -> None:
    """Access (MHS95b) lies 100 below the crude rate, detentions (MHS157b) equal it in every group: the label is withheld and says why."""
    query = (
        "select indicator_id, standardisation, count(*) > 20, count(distinct value_status_reason), max(value_status_reason) from fct_indicator_value "
        "where indicator_id in ('CYP-MHS95b', 'STM-MHS157b') and value_status = 'published' group by 1, 2 order by 1"
    )
    access, detentions = sample_warehouse.query(query)
    assert access == ("CYP-MHS95b", "age_standardised", True, 0, None)
    assert detentions[:4] == ("STM-MHS157b", "not_confirmed", True, 1)
    assert "equal to the crude figures within 0.5%" in detentions[4]


def test_the_sample_of_mental_health_has_the_levels_of_the_publisher(sample_warehouse: Any) -> None:
    """Counts reach sub-ICB locations and trusts, rates do not; the standardised rate is by group only, never by age or sex."""
    query = (
        "select indicator_id, string_agg(distinct organisation_level, ' ' order by organisation_level), bool_or(dimension = 'all'), "
        "bool_or(dimension in ('sex', 'age_band')) from fct_indicator_value where source_id = 'nhse_mhsds' and geography_basis = 'as_reported' "
        "and organisation_level <> 'other_provider' group by 1 order by 1"
    )
    three = "england icb region"
    assert sample_warehouse.query(query) == [
        ("CYP-MHS95", f"{three} sub_icb trust", True, True),
        ("CYP-MHS95a", three, True, True),
        ("CYP-MHS95b", three, False, False),
        ("MHS107b", "england icb", True, False),
        ("MHS150", "england icb", True, False),
        ("MHS151", "england icb", True, False),
        ("MHS81", "england icb", True, False),
        ("STM-MHS157", f"{three} sub_icb trust", True, True),
        ("STM-MHS157a", f"{three} sub_icb", True, True),
        ("STM-MHS157b", three, False, False),
    ]


def test_reliable_recovery_of_england_stands_by_ethnic_group_as_published(sample_warehouse: Any) -> None:
    query = FIGURE.format(columns="value", indicator="STM-TT") + (
        "and organisation_code = 'ENG' and dimension = 'ethnic_group_5_2001' and value is not null"
    )
    planted = [(share / 100,) for share in BY_ETHNIC_GROUP.values()]
    assert sorted(sample_warehouse.query(query)) == sorted(planted)


def test_no_measure_over_all_groups_stands_on_rates_without_people(sample_warehouse: Any) -> None:
    query = "select distinct measure from fct_inequality_measure where source_id = 'nhse_mhsds' and indicator_id <> 'MHS107b' order by 1"
    assert sample_warehouse.query(query) == [("absolute_gap",), ("relative_gap",)], (
        "only MHS107b is a share with its people"
    )


def test_early_diagnosis_of_the_ends_of_the_gradient_is_the_planted_one(sample_warehouse: Any) -> None:
    query = FIGURE.format(columns="group_code, value", indicator="CAN-01") + (
        "and organisation_code = 'ENG' and dimension = 'imd_quintile' and group_code in ('1', '5') order by 1"
    )
    assert sample_warehouse.query(query) == [("1", EARLY["1"]), ("5", EARLY["5"])]


def test_health_checks_of_complete_practices_add_up_to_every_level(sample_warehouse: Any) -> None:
    query = FIGURE.format(columns="organisation_code, numerator, denominator", indicator="STM-LD-01")
    found = {code: (checked, register) for code, checked, register in sample_warehouse.query(query)}
    assert found == nhse_ldhc.counts(DEFAULT_SEED)
    missing = FIGURE.format(columns="organisations_missing", indicator="STM-LD-01") + "and organisation_code = 'ENG'"
    assert sample_warehouse.query(missing) == [(2,)]


def test_childhood_vaccines_are_the_planted_ones_without_the_hidden_authority(sample_warehouse: Any) -> None:
    query = FIGURE.format(columns="numerator, denominator, organisations_missing", indicator="COVER-5Y-MMR2")
    assert sample_warehouse.query(query) == [(*ukhsa_vaccination.cover(DEFAULT_SEED)["5y", "MMR2_Boo"], 1)]


def test_below_england_the_publishers_value_stands_beside_rounded_counts(sample_warehouse: Any) -> None:
    query = FIGURE.format(columns="value, numerator, denominator", indicator="LIP-01")
    rows = sample_warehouse.query(
        query + "and organisation_level = 'icb' and standardisation = 'crude' and value is not null"
    )
    assert rows and all(numerator % 5 == denominator % 5 == 0 for _, numerator, denominator in rows)
    assert any(abs(value - numerator / denominator) > 0.001 for value, numerator, denominator in rows)


def test_vaccination_diabetes_and_epilepsy_are_the_planted_ones(sample_warehouse: Any) -> None:
    query = FIGURE.format(columns="numerator, denominator", indicator="RESP-01") + "and organisation_code = 'ENG'"
    _, _, registered, vaccinated = ukhsa_vaccination.uptake(DEFAULT_SEED)["ENG"]
    assert sample_warehouse.query(query) == [(vaccinated, registered)]
    sensors = (
        FIGURE.format(columns="value", indicator="CYP-DIA-01a") + "and dimension = 'imd_quintile' order by group_code"
    )
    assert sample_warehouse.query(sensors) == [(share / 100,) for share in rcpch_npda.SENSOR_BY_FIFTH.values()]
    nurses = FIGURE.format(columns="organisation_code, numerator, denominator", indicator="CYP-EPI-01")
    assert {code: pair for code, *pair in sample_warehouse.query(nurses)} == {
        code: list(pair) for code, pair in rcpch_epilepsy12.COUNTS.items()
    }


def test_levels_are_those_that_each_source_has(sample_warehouse: Any) -> None:
    query = (
        "select source_id, string_agg(distinct organisation_level, ' ' order by organisation_level) from fct_indicator_value "
        "where source_id in ('cvdprevent', 'ndrs_staging', 'nhse_ldhc', 'nhse_mhsds', 'rcpch_epilepsy12', 'rcpch_npda', 'ukhsa_vaccination') "
        "group by 1 order by 1"
    )
    assert sample_warehouse.query(query) == [
        ("cvdprevent", "england icb region sub_icb"),
        ("ndrs_staging", "england icb"),
        ("nhse_ldhc", "england icb region sub_icb"),
        ("nhse_mhsds", "england icb region sub_icb trust"),
        ("rcpch_epilepsy12", "england trust"),
        ("rcpch_npda", "england"),
        ("ukhsa_vaccination", "england icb"),
    ]
