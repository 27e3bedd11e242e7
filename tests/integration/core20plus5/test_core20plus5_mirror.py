"""Known answers of the real files, read from the marts: worked out by hand from the publishers' own figures."""

from __future__ import annotations

import pytest

from tests.warehouses import Warehouse

pytestmark = pytest.mark.requires_mirror


def test_continuity_of_carer_by_28_weeks_core20_against_the_rest(mirror_warehouse: Warehouse) -> None:
    """MSDS April 2025: 1,835 of 10,850 in deciles 1 and 2 (16.91%), 5,430 of 31,605 in the others (17.18%)."""
    ((core20, of_core20, value, rest, of_rest, rest_value, gap, reading, editions),) = mirror_warehouse.query(
        "select core20_numerator, core20_denominator, core20_value, rest_numerator, rest_denominator, rest_value, core20_gap, "
        "core20_gap_reading, imd_versions from mart_core20plus5_adults "
        "where indicator_id = 'MAT-03' and organisation_code = 'ENG' and period_end = '2025-04-30'"
    )
    assert (core20, of_core20, rest, of_rest) == (1835, 10850, 5430, 31605)
    assert (round(100 * value, 2), round(100 * rest_value, 2)) == (16.91, 17.18)
    assert gap == pytest.approx(1835 / 10850 - 5430 / 31605)
    assert (reading, editions) == ("no_clear_difference", 1)


def test_all_six_checks_in_severe_mental_illness(mirror_warehouse: Warehouse) -> None:
    """SDCS 2019-20 Q1: 144,160 of 489,185 (29.5%); 2023-24 Q4: 361,210 of 527,556 (68.5%; a peer stated 51%)."""
    rows = mirror_warehouse.query(
        "select all_numerator, all_denominator, round(100 * all_value, 1), target_reading from mart_core20plus5_adults "
        "where indicator_id = 'SMI-01' and organisation_code = 'ENG' and period_end in ('2019-06-30', '2024-03-31') order by period_end"
    )
    assert rows == [(144160, 489185, 29.5, "not met"), (361210, 527556, 68.5, "met")]


def test_a_quarter_of_bookings_are_of_core20(mirror_warehouse: Warehouse) -> None:
    """MSDS March 2025: 13,370 of the 53,470 bookings with a decile (25.0%)."""
    ((core20, rest),) = mirror_warehouse.query(
        "select core20_numerator, rest_numerator from mart_core20plus5_adults "
        "where indicator_id = 'maternity_bookings' and organisation_code = 'ENG' and period_end = '2025-03-31'"
    )
    assert (core20, core20 + rest) == (13370, 53470)
    assert round(100 * core20 / (core20 + rest), 1) == 25.0


def test_core20_is_a_fifth_of_england_and_of_no_icb_by_definition(mirror_warehouse: Warehouse) -> None:
    ((lowest, england, highest),) = mirror_warehouse.query(
        "select min(value) filter (where organisation_level = 'icb'), max(value) filter (where organisation_code = 'ENG'), "
        "max(value) filter (where organisation_level = 'icb') from mart_core20_population where imd_version = '2025'"
    )
    assert england == pytest.approx(0.2, abs=0.005)
    assert lowest < 0.02 and highest > 0.45


def test_a_trust_has_no_core20_share_of_its_own_but_that_of_the_icbs_of_its_catchment(
    mirror_warehouse: Warehouse,
) -> None:
    """The catchments go down to ICBs only: 13 trusts of one ICB had nearly one figure, which is not that of their patients."""
    ((trusts, named, of_their_own),) = mirror_warehouse.query(
        "select count(*), count(core20_share_of_catchment_icbs), count(value) from mart_core20_population"
        " where organisation_level = 'trust' and imd_version = '2019'"
    )
    assert trusts == named > 100 and of_their_own == 0


def test_no_figure_of_the_real_files_stands_where_the_catalogue_claims_none(mirror_warehouse: Warehouse) -> None:
    beyond = (
        "select indicator_id, breakdown, organisation_level from mart_coverage where row_count > 0 and not is_stated"
    )
    assert mirror_warehouse.query(beyond) == []


def test_extractions_for_decay_in_the_most_deprived_fifth_are_worse(mirror_warehouse: Warehouse) -> None:
    ((core20, rest, reading),) = mirror_warehouse.query(
        "select round(core20_value, 1), round(rest_value, 1), core20_gap_reading from mart_core20plus5_children "
        "where indicator_id = 'dental_decay_0_19' and organisation_code = 'ENG' and period_end = '2021-03-31'"
    )
    assert (core20, rest, reading) == (176.7, 89.1, "worse")


def test_cancer_waits_stand_beside_their_targets_and_the_places_of_a_trusts_patients(
    mirror_warehouse: Warehouse,
) -> None:
    """September 2025: 73.8% told within 28 days, 91.2% and 68.0% treated within 31 and 62; the target of 31 days is of February 2026."""
    england = mirror_warehouse.query(
        "select indicator_id, round(100 * value, 1), target_reading, core20_share_of_catchment_icbs, basis from mart_cancer_waiting "
        "where organisation_code = 'ENG' and geography_basis = 'current' and period_end = '2025-09-30' order by 1"
    )
    assert england == [
        ("cancer_28_days", 73.8, "not yet due", None, None),
        ("cancer_31_days", 91.2, "no target", None, None),
        ("cancer_62_days", 68.0, "not yet due", None, None),
    ]
    differing, compared, silent = mirror_warehouse.query(
        "select count(*) filter (where mart.core20_share_of_catchment_icbs <> people.core20_share_of_catchment_icbs), count(*), "
        "count(*) filter (where not coalesce(mart.basis like 'ecological:%not of the people who wait%', false)) "
        "from mart_cancer_waiting as mart join mart_core20_population as people using (organisation_code, imd_version) "
        "where mart.indicator_id = 'cancer_62_days'"
    )[0]
    assert (differing, silent) == (0, 0) and compared > 100
    editions = "select count(distinct imd_version) from mart_cancer_waiting where basis is not null"
    assert mirror_warehouse.one(editions) == 1, "shares of two editions are never compared"
