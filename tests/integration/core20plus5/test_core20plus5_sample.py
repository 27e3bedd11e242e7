"""Core20PLUS5, coverage, Statement and CML in the published file of the sample; and one test for each fault of a peer that was read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dagster_project.contracts.indicator import load_indicators
from dagster_project.contracts.source import load_sources
from dagster_project.publish.beside.cml import write_cml
from dagster_project.release.contents import attach
from dagster_project.sources.ohid_fingertips.parse import INDICATORS
from tests.fixtures.cml_schemas import check_against_published
from tests.warehouses import Warehouse

WITHOUT_TRUSTS = (
    "('cvdprevent', 'ndrs_staging', 'nhse_ldhc', 'ukhsa_vaccination', 'rcpch_npda', 'nhse_smi', 'ohid_fingertips')"
)
BOTH = ("mart_core20plus5_adults", "mart_core20plus5_children")


# -- what exists and what is missing ------------------------------------------------------------------------------------


def test_every_indicator_is_in_the_coverage_with_all_its_rows_and_a_reason_for_every_gap(
    sample_warehouse: Warehouse,
) -> None:
    rows = sample_warehouse.query("select indicator_id, count(*) from mart_coverage group by all")
    assert {row[0]: row[1] for row in rows} == dict.fromkeys(load_indicators(), 25)
    silent = "select count(*) from mart_coverage where availability <> 'available' and availability_reason is null"
    assert sample_warehouse.one(silent) == 0
    assert sample_warehouse.one("select count(distinct catalogue_id) from mart_coverage") == 67


def test_no_figure_stands_at_a_level_or_by_a_breakdown_that_the_catalogue_does_not_claim(
    sample_warehouse: Warehouse,
) -> None:
    beyond = (
        "select indicator_id, breakdown, organisation_level from mart_coverage where row_count > 0 and not is_stated"
    )
    assert sample_warehouse.query(beyond) == []


@pytest.mark.parametrize("mart", BOTH)
def test_no_row_is_labelled_trust_whose_source_has_no_trusts(sample_warehouse: Warehouse, mart: str) -> None:
    assert sample_warehouse.one(f"select count(*) from {mart} where organisation_level = 'trust'") > 0
    wrong = f"select indicator_id from {mart} where label_says_trust and source_id in {WITHOUT_TRUSTS}".replace(
        "label_says_trust", "(organisation_level = 'trust' or level_label ilike '%trust%')"
    )
    assert sample_warehouse.query(wrong) == []


def test_a_trust_without_a_figure_is_shown_that_of_its_icb_under_that_name(sample_warehouse: Warehouse) -> None:
    of_icb = sample_warehouse.query(
        "select distinct s.organisation_code, s.figures_of_code, o.current_icb_code from mart_statement as s "
        "join dim_organisation as o using (organisation_code) where s.level_label like '%ICB of the trust'"
    )
    assert of_icb and all(shown == icb for _, shown, icb in of_icb)
    waits = sample_warehouse.query(
        "select distinct level_label from mart_statement where source_id in ('nhse_rtt', 'nhse_wlmds') and level_label ilike '%icb%' order by 1"
    )
    assert waits == [("Providers in the ICB",), ("Providers in the ICB of the trust",)]
    own = "select count(*) from mart_statement where level_label = 'NHS trust' and figures_of_code <> organisation_code"
    assert sample_warehouse.one(own) == 0


def test_the_statement_has_every_line_by_every_breakdown_for_every_organisation_that_must_report(
    sample_warehouse: Warehouse,
) -> None:
    holes = sample_warehouse.query(
        "select organisation_code, line_no, indicator_id from mart_statement group by all having count(distinct breakdown) <> 5"
    )
    assert holes == []
    lines = "select count(distinct line_no) from mart_statement where organisation_code = 'ENG'"
    assert sample_warehouse.one(lines) == 28
    assert (
        sample_warehouse.one(
            "select count(*) from mart_statement where availability = 'not_public' and value is not null and note is null"
        )
        == 0
    )


def test_continuity_of_carer_is_rated_by_no_target(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.query(
        "select distinct target, distance_to_target, target_reading, target_statement from mart_core20plus5_adults where indicator_id in ('MAT-01', 'MAT-03')"
    )
    ((target, distance, reading, statement),) = rows
    assert target is None and distance is None and reading == "lapsed"
    assert "21 September 2022" in statement


def test_crude_and_standardised_hypertension_stand_side_by_side_and_say_why_the_gradient_reverses(
    sample_warehouse: Warehouse,
) -> None:
    rows = sample_warehouse.query(
        "select standardisation, core20_value, all_value, slope_index, caveats from mart_core20plus5_adults "
        "where indicator_id = 'HYP-01' and organisation_code = 'ENG' and period_end = (select max(period_end) from "
        "mart_core20plus5_adults where indicator_id = 'HYP-01') order by 1"
    )
    (standardised, crude) = rows
    assert (standardised[0], crude[0]) == ("age_standardised", "crude")
    assert crude[1] < crude[2] and crude[3] < 0, "crude: lowest in the most deprived fifth"
    assert standardised[1] > standardised[2] and standardised[3] > 0, "standardised: highest"
    assert "younger" in crude[4]


def test_published_race_and_disability_figures_stand_beside_the_returns_and_are_not_added(
    sample_warehouse: Warehouse,
) -> None:
    sources = "select standard, source_id, count(*) > 0 from mart_workforce_equality group by all order by all"
    assert sample_warehouse.query(sources) == [
        ("WDES", "nhse_wdes", True),
        ("WRES", "WR01", True),
        ("WRES", "nhse_wres", True),
    ]
    harassed = sample_warehouse.query(
        "select comparison_group, value from mart_workforce_equality where source_id = 'nhse_wres' and organisation_code = 'ENG' "
        "and indicator_no = 6 order by 1"
    )
    assert harassed == [("BME", pytest.approx(0.249)), ("WHITE", pytest.approx(0.207))]


# -- faults of a peer, one by one -----------------------------------------------------------------------------------------


def test_wrong_ids_an_indicator_of_fingertips_is_taken_by_its_name_not_by_a_number_from_memory() -> None:
    """A peer took 241 for hypertension (it is diabetes) and 91102 for premature mortality (it is life expectancy at 65)."""
    assert not set(INDICATORS) & {"22401", "91102", "93088"}
    assert INDICATORS["241"].startswith("Diabetes:")
    assert INDICATORS["91547"].startswith("Smoking")
    named = [one for one in load_indicators().values() if "Fingertips" in one.published_elsewhere]
    assert named and all(not one.source_id for one in named), "no figure is taken by a number that only a list names"


def test_unweighted_slope_the_index_of_a_mart_is_that_of_people_not_of_groups(sample_warehouse: Warehouse) -> None:
    """Worked out by hand from the printed rates of the tenths: weighted least squares over the ridit, times 1 and not times the number of ranks."""
    tenths = sample_warehouse.query(
        "select value * denominator, denominator from fct_indicator_value where indicator_id = 'MAT-03' and organisation_code = 'ENG' "
        "and dimension = 'imd_decile' and group_code <> 'unknown' and geography_basis = 'current' order by group_code::int"
    )
    assert len(tenths) == 10
    shown = sample_warehouse.one(
        "select slope_index from mart_core20plus5_adults where indicator_id = 'MAT-03' and organisation_code = 'ENG'"
    )
    weighted, unweighted = (_slope(tenths, weigh) for weigh in (True, False))
    assert shown == pytest.approx(weighted, rel=0.1), "within what the logit scale of the method changes"
    assert abs(shown - weighted) < abs(shown - unweighted)


def _slope(tenths: list[tuple[float, float]], weigh: bool) -> float:
    people = sum(denominator for _, denominator in tenths)
    below, points = 0.0, []
    for numerator, denominator in tenths:
        share = denominator / people
        points.append((below + share / 2, numerator / denominator, share if weigh else 1 / len(tenths)))
        below += share
    x_mean, y_mean = (sum(p[2] * p[i] for p in points) / sum(p[2] for p in points) for i in (0, 1))
    slope = sum(w * (x - x_mean) * (y - y_mean) for x, y, w in points) / sum(
        w * (x - x_mean) ** 2 for x, _, w in points
    )
    return -slope


def test_means_of_means_the_core20_value_is_a_sum_over_a_sum(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.query(
        "select numerator, denominator, value from fct_indicator_value where indicator_id = 'MAT-03' and organisation_code = 'ENG' "
        "and dimension = 'imd_decile' and group_code in ('1', '2') and geography_basis = 'current'"
    )
    shown = sample_warehouse.one(
        "select core20_value from mart_core20plus5_adults where indicator_id = 'MAT-03' and organisation_code = 'ENG'"
    )
    assert shown == pytest.approx(sum(row[0] for row in rows) / sum(row[1] for row in rows))
    assert shown != pytest.approx(sum(row[2] for row in rows) / 2, abs=1e-9), "the deciles are not of one size"


def test_polarity_ignored_the_same_sign_is_better_for_one_indicator_and_worse_for_another(
    sample_warehouse: Warehouse,
) -> None:
    readings = set()
    for mart in BOTH:
        readings |= set(
            sample_warehouse.query(
                f"select polarity, core20_gap > 0, core20_gap_reading from {mart} where core20_gap_reading in ('better', 'worse')"
            )
        )
    assert ("higher_is_better", True, "worse") not in readings and ("lower_is_better", True, "better") not in readings
    assert ("lower_is_better", True, "worse") in readings, "more extractions of teeth are worse"
    assert ("higher_is_better", False, "worse") in readings, "fewer cancers found early are worse"


def test_mixed_imd_versions_no_row_rests_on_two_and_a_population_keeps_its_own(sample_warehouse: Warehouse) -> None:
    for mart in BOTH:
        assert sample_warehouse.one(f"select max(imd_versions) from {mart}") == 1
    editions = sample_warehouse.query(
        "select imd_version, value from mart_core20_population where organisation_code = 'ENG' order by 1"
    )
    assert [edition for edition, _ in editions] == ["2019", "2025"]
    assert editions[0][1] != editions[1][1]


def test_area_types_misread_every_level_has_codes_of_its_own_kind(sample_warehouse: Warehouse) -> None:
    """A peer took Fingertips' area type 7 (practices) for districts and 15 (England) for ICBs."""
    known = "select organisation_code, organisation_level from dim_organisation"
    for mart in (*BOTH, "mart_core20_population"):
        wrong = f"select m.organisation_code, m.organisation_level from {mart} as m left join ({known}) as o using (organisation_code) where o.organisation_level is distinct from m.organisation_level"
        assert sample_warehouse.query(wrong) == []


def test_a_core20_join_that_cannot_match_fingertips_gives_no_core20_and_says_so(sample_warehouse: Warehouse) -> None:
    """A peer looked for LSOAs among area codes that are never LSOAs: its Core20 rate was always empty, without a word."""
    assert "ohid_fingertips" in load_sources()
    rows = sample_warehouse.query(
        "select distinct core20_value, core20_value_status, core20_value_status_reason from mart_core20plus5_adults where indicator_id = 'SMK-02'"
    )
    assert rows == [(None, "not_available", "Only tenths of local authorities, which are not Core20.")]
    matched = "select count(core20_value) > 0 from mart_core20plus5_adults where indicator_id = 'MAT-03' and organisation_level = 'trust'"
    assert sample_warehouse.one(matched) is True


# -- the layout of the Central Metrics Library ----------------------------------------------------------------------------


def test_the_release_carries_the_layout_of_the_central_metrics_library(sample_warehouse: Warehouse) -> None:
    folder = sample_warehouse.lake / "published" / "current" / "cml"
    with duckdb.connect() as con:
        metric = f"read_parquet('{folder / 'metric.parquet'}')"
        rows, keys = con.execute(f"select count(*), count(distinct datapoint_id) from {metric}").fetchone() or (0, 0)
        orphans = f"select count(*) from {metric} where dimension_id not in (select dimension_id from read_parquet('{folder / 'dimensions.parquet'}'))"
        assert con.execute(orphans).fetchone() == (0,)
        without = f"select distinct metric_id from {metric} where metric_id not in (select metric_id from read_parquet('{folder / 'metadata.parquet'}'))"
        assert con.execute(without).fetchall() == []
    expected = sample_warehouse.one(
        "select count(*) from fct_indicator_value where value is not null and geography_basis = 'current' "
        "and treatment_function_code = 'all' and organisation_level not in ('other_provider', 'england_sector')"
    )
    assert rows == keys == expected > 1000


@pytest.mark.requires_cml_schemas
def test_the_export_fits_the_published_schema_and_a_spoilt_one_does_not(
    sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    with duckdb.connect() as con:
        attach(con, sample_warehouse.lake / "published" / "marts.duckdb", "release")
        write_cml(con, "release", tmp_path)
        assert check_against_published(tmp_path / "cml") == ""
        metric = tmp_path / "cml" / "metric.parquet"
        con.execute(f"create table spoilt as select * replace (metric_value::varchar as metric_value) from '{metric}'")
        con.execute(f"copy spoilt to '{metric}' (format parquet)")
    assert "metric_value" in check_against_published(tmp_path / "cml")
