"""Organisations, small areas and populations: golden numbers of the real files, and faults U1 to U4 (tests/README.md) planted in the sample."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.integration.dimensions.dimensions_lake import Dimensions, find_failures

# -- the sample ----------------------------------------------------------------------------------------------------


def test_the_sample_passes_every_check_and_says_that_it_is_synthetic(sample: Dimensions) -> None:
    assert sample.failed == {}
    for table in ("dim_organisation", "dim_lsoa", "dim_group", "dim_source"):
        assert sample.rows(f"select distinct data_origin from marts.{table}") == [("synthetic",)]


def test_mergers_and_divisions_of_the_sample_are_dated(sample: Dimensions) -> None:
    assert sample.rows(
        "select organisation_code, valid_to, mapping_status, current_organisation_code, successor_codes from marts.dim_organisation "
        "where organisation_code in ('R9X', 'R9Y', 'R9V', 'Q9A', 'Q9C') order by 1"
    ) == [
        ("Q9A", dt.date(2026, 3, 31), "succeeded", "Z9M1X", "Z9M1X"),
        ("Q9C", dt.date(2026, 3, 31), "split", None, "Q9D,V9N4K"),
        ("R9V", dt.date(2024, 10, 31), "succeeded", "G9V9S", "G9V9S"),
        ("R9X", dt.date(2025, 9, 30), "succeeded", "R9B", "R9B"),
        ("R9Y", dt.date(2021, 9, 30), "split", None, "R9C,R9D"),
    ]
    assert sample.rows(
        "select current_code, complete, incomplete_before from intermediate.int_icb_current_coverage order by 1"
    ) == [
        ("Q9D", False, dt.date(2026, 4, 1)),
        ("V9N4K", False, dt.date(2026, 4, 1)),
        ("Z9M1X", True, None),
    ]


def test_a_new_icb_has_no_name_that_no_file_gives(sample: Dimensions) -> None:
    assert sample.rows(
        "select organisation_code, organisation_name, valid_from, region_code from marts.dim_organisation "
        "where organisation_level = 'icb' and valid_from is not null order by 1"
    ) == [
        ("V9N4K", None, dt.date(2026, 4, 1), "Y92"),
        ("Z9M1X", None, dt.date(2026, 4, 1), "Y91"),
    ]


# -- planted faults ------------------------------------------------------------------------------------------------

ORGANISATIONS = (
    "int_organisation_mentioned",
    "int_organisation_known",
    "int_organisation_followed",
    "int_organisation_current",
    "int_organisation_current_coverage",
    "dim_organisation",
)
POPULATIONS = ("int_lsoa_crosswalk", "int_population_by_lsoa", "int_population_by_deprivation")
CONSERVED = "assert_population_is_conserved"


@pytest.mark.parametrize(
    ("test", "rebuilt"),
    [
        ("assert_current_organisations_are_current", ORGANISATIONS),
        ("assert_lsoa_vintages_are_not_mixed", ("int_lsoa_crosswalk", "dim_lsoa")),
        (CONSERVED, POPULATIONS),
        ("assert_catchment_is_whole", (*POPULATIONS, "int_trust_catchment", "int_trust_catchment_deprivation")),
        ("assert_no_activity_after_succession", ORGANISATIONS),
    ],
)
def test_without_a_fault_nothing_is_reported(
    sample: Dimensions, tmp_path: Path, test: str, rebuilt: tuple[str, ...]
) -> None:
    assert find_failures(sample, tmp_path, test, rebuilt=rebuilt) == []


def test_u1_a_chain_that_ends_in_a_closed_trust_is_not_mapped_to_it(sample: Dimensions, tmp_path: Path) -> None:
    """The model without its rule for closed organisations maps R9Z to R9E, which is a trust of the past then."""
    closed = (
        "select * replace (case when organisation_code = 'R9E' then date '2016-03-31' else closed_on end as closed_on) "
        "from good"
    )
    failures = find_failures(
        sample,
        tmp_path,
        "assert_current_organisations_are_current",
        spoilt={"stg_ods_organisation__trust": closed},
        rebuilt=ORGANISATIONS,
        edits={"int_organisation_current": ("then 'closed'", "then 'succeeded'")},
    )
    assert {row[0] for row in failures} == {"R9E", "R9Z"}


def test_u1_a_code_that_reports_after_its_succession_is_noticed(sample: Dimensions, tmp_path: Path) -> None:
    earlier = "select * replace (case when predecessor_code = 'R9X' then date '2025-01-01' else effective_on end as effective_on) from good"
    failures = find_failures(
        sample,
        tmp_path,
        "assert_no_activity_after_succession",
        spoilt={"stg_ods_organisation__succession": earlier},
        rebuilt=ORGANISATIONS,
    )
    assert {row[0] for row in failures} == {"R9X"}


def test_u2_editions_mixed_by_code_are_noticed(sample: Dimensions, tmp_path: Path) -> None:
    """95 in 100 codes occur in both vintages, so a join by code alone runs through; only the ranks show it."""
    failures = find_failures(
        sample,
        tmp_path,
        "assert_lsoa_vintages_are_not_mixed",
        rebuilt=("dim_lsoa",),
        edits={
            "dim_lsoa": (
                'deprivation_2025 as (select * from "warehouse"."staging"."stg_mhclg_imd__lsoa_2021")',
                "deprivation_2025 as (select * rename (lsoa_code_2011 as lsoa_code_2021, lsoa_name_2011 as lsoa_name_2021) "
                'from "warehouse"."staging"."stg_mhclg_imd__lsoa_2011")',
            )
        },
    )
    assert len(failures) > 300


@pytest.mark.parametrize(
    ("table", "select", "faults"),
    [
        # four LSOAs of 2021 were merged of eight of 2011
        (
            "stg_ons_geography__lsoa_2011_to_2021",
            "select * from good where change_code <> 'M'",
            {("2019", "decile"): 4},
        ),
        ("stg_mhclg_imd__lsoa_2011", "select * from good order by lsoa_code_2011 offset 6", {("2019", "decile"): 6}),
        ("stg_mhclg_imd__lsoa_2021", "select * from good order by lsoa_code_2021 offset 1", {("2025", "decile"): 1}),
        (
            "stg_ons_geography__lsoa_2021",
            "select * from good order by lsoa_code_2021 offset 1",
            {("2019", "residents"): 1, ("2025", "residents"): 1},
        ),
    ],
)
def test_u3_lsoas_that_a_file_drops_are_noticed(
    sample: Dimensions, tmp_path: Path, table: str, select: str, faults: dict[tuple[str, str], int]
) -> None:
    failures = find_failures(sample, tmp_path, CONSERVED, spoilt={table: select}, rebuilt=POPULATIONS)
    found = Counter((edition, "decile" if "decile" in fault else "residents") for edition, fault, _ in failures)
    assert found == faults


def test_u3_a_census_that_lacks_areas_is_noticed_although_it_agrees_with_itself(
    sample: Dimensions, tmp_path: Path
) -> None:
    """Three LSOAs fewer: every sum over the table is as small as the table itself, so only other lists show it."""
    short = (
        "select * from good where lsoa_code_2021 not in "
        "(select distinct lsoa_code_2021 from good order by lsoa_code_2021 limit 3)"
    )
    failures = find_failures(
        sample, tmp_path, CONSERVED, spoilt={"stg_ons_census__ethnic_group": short}, rebuilt=POPULATIONS
    )
    assert Counter(fault for _, fault, _ in failures) == {
        "an LSOA of the IMD without residents in the census": 3,
        "the two tables of the census differ": 1,
    }


def test_u3_an_inner_join_that_drops_people_is_noticed(sample: Dimensions, tmp_path: Path) -> None:
    failures = find_failures(
        sample,
        tmp_path,
        CONSERVED,
        spoilt={"stg_ons_geography__lsoa_2011_to_2021": "select * from good where change_code <> 'X'"},
        rebuilt=POPULATIONS,
        edits={"int_population_by_lsoa": ("left join crosswalk", "inner join crosswalk")},
    )
    assert [row[:2] for row in sorted(failures)] == [
        ("2019", "england: residents differ"),
        ("2019", "icb: residents differ"),
    ]


def test_u4_a_catchment_with_an_unknown_icb_is_noticed(sample: Dimensions, tmp_path: Path) -> None:
    unknown = (
        "select * replace (case when icb_gss_code = 'E54990004' then 'E54999999' else icb_gss_code end as icb_gss_code) "
        "from good"
    )
    failures = find_failures(
        sample,
        tmp_path,
        "assert_catchment_is_whole",
        spoilt={"stg_ohid_catchment__trust_icb": unknown},
        rebuilt=("int_trust_catchment", "int_trust_catchment_deprivation"),
    )
    assert {row[2] for row in failures} == {"ICB not in the look-up of LSOAs", "shares do not add up to one"}


# -- the real files ------------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
def test_the_real_files_pass_every_check(real: Dimensions) -> None:
    assert real.failed == {}


@pytest.mark.requires_mirror
def test_42_icbs_become_36_and_only_z9b2z_is_whole_among_the_new(real: Dimensions) -> None:
    assert real.rows(
        "select is_current, mapping_status, count(*) from marts.dim_organisation where organisation_level = 'icb' group by all order by all"
    ) == [(False, "split", 3), (False, "succeeded", 9), (True, "current", 36)]
    assert real.rows(
        "select current_code, divided_codes from intermediate.int_icb_current_coverage where not complete order by 1"
    ) == [
        ("D7T5G", "QJG,QM7"),
        ("QRL", "QNQ"),
        ("S0E4D", "QNQ"),
        ("S1Y5D", "QM7"),
        ("S9B9J", "QNQ"),
        ("T6Y0W", "QJG"),
    ]
    assert real.rows("select whole_codes from intermediate.int_icb_current_coverage where current_code = 'Z9B2Z'") == [
        ("QMJ,QRV,Z9B2Z",)
    ]


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("RAP", (dt.date(2024, 12, 31), "succeeded", "RAL")),
        ("RRP", (dt.date(2024, 10, 31), "succeeded", "G6V2S")),
        ("RNK", (dt.date(2026, 3, 31), "succeeded", "G6V2S")),
        ("RV7", (dt.date(2010, 3, 31), "succeeded", "R1L")),  # by way of RWN
        ("RW6", (dt.date(2021, 9, 30), "split", None)),
        ("RGZ", (dt.date(2009, 3, 31), "closed", None)),  # RYQ, its successor, closed
        ("G6V2S", (None, "current", "G6V2S")),
    ],
)
def test_a_trust_is_followed_to_the_trust_of_today(real: Dimensions, code: str, expected: tuple[Any, ...]) -> None:
    assert real.rows(
        f"select valid_to, mapping_status, current_organisation_code from marts.dim_organisation where organisation_code = '{code}'"
    ) == [expected]


@pytest.mark.requires_mirror
def test_nobody_is_lost_and_deciles_agree_with_the_publishers_own(real: Dimensions) -> None:
    """NHS England's admitted patient care table 4 of 2024-25 prints the population of each decile of IMD 2019 (mid-2020)."""
    printed = [
        5_603_911,
        5_697_232,
        5_832_954,
        5_796_889,
        5_720_152,
        5_764_872,
        5_591_424,
        5_586_550,
        5_512_645,
        5_443_509,
    ]
    counted = real.rows(
        "select population from intermediate.int_population_by_deprivation "
        "where imd_version = '2019' and organisation_code = 'ENG' order by cast(imd_decile as integer)"
    )
    assert [row[0] for row in counted] == pytest.approx(printed, rel=0.015)
    assert real.rows(
        "select imd_version, organisation_level, sum(population) from intermediate.int_population_by_deprivation group by all order by all"
    ) == [
        ("2019", "england", 56_490_108.0),
        ("2019", "icb", 56_490_108.0),
        ("2025", "england", 56_490_108.0),
        ("2025", "icb", 56_490_108.0),
    ]


@pytest.mark.requires_mirror
def test_core20_is_a_fifth_of_the_lsoas_of_each_vintage(real: Dimensions) -> None:
    assert real.rows(
        "select lsoa_vintage, imd_version, count(*), count(*) filter (where is_core20), count(icb_code) from marts.dim_lsoa group by all order by 1"
    ) == [("2011", "2019", 32_844, 6_568, 32_844), ("2021", "2025", 33_755, 6_751, 33_755)]


@pytest.mark.requires_mirror
def test_surrey_and_sussex_are_found_in_the_catchment_of_2022(real: Dimensions) -> None:
    assert real.rows(
        "select organisation_code, icb_code, round(catchment_share, 3) from intermediate.int_trust_catchment "
        "where organisation_code in ('RTK', 'RXC') and catchment_share > 0.5 order by 1"
    ) == [("RTK", "QXU", 0.859), ("RXC", "QNX", 0.986)]


# -- who is missing, and of which level a new code is, on the real files ---------------------------------------------

REPORTERS = (
    "int_waiting_list_rtt_provider",
    "int_urgent_care_provider",
    "int_data_quality_reporter",
    "int_data_quality_missing",
)
NO_ROW = "expected, and without a row in the file: "


@pytest.mark.requires_mirror
def test_a_trust_that_sends_nothing_is_counted_and_named(real: Dimensions, tmp_path: Path) -> None:
    """R0A taken out of January 2026. RTT has that month only, so the WLMDS of June 2025 says who has a waiting list; RHQ (Sheffield)
    is truly not in the file. RRP merged into G6V2S later, which does not hide that it is taken out of October 2022."""
    found = find_failures(
        real,
        tmp_path,
        "int_data_quality_missing_from_sum",
        spoilt={
            "stg_nhse_ae__monthly": "select * from good where (organisation_code, period_start) not in "
            "(('R0A', date '2026-01-01'), ('RAP', date '2022-10-01'))",
        },
        rebuilt=REPORTERS,
        # the staging view of RTT stays: a table of its 121 columns would take five times as long
        edits={"int_waiting_list_rtt_provider": ("= 'Part_2'", "= 'Part_2' and provider_code <> 'R0A'")},
    )
    told = {(source, str(day), code): (number, reason) for source, day, code, number, reason in found}
    january, october = "2026-01-31", "2022-10-31"
    assert told["nhse_rtt", january, "ENG"] == (2, NO_ROW + "R0A, RHQ")
    assert told["nhse_rtt", january, "QOP"] == (1, NO_ROW + "R0A")
    assert told["nhse_rtt", january, "Y62"] == (1, NO_ROW + "R0A")
    assert told["nhse_ae", january, "ENG"] == told["nhse_ae", january, "Y62"] == (1, NO_ROW + "R0A")
    assert told["nhse_ae", october, "ENG"] == (1, NO_ROW + "RAP")


NEW_CODES = {
    # An ICB of April 2026 in the place of QOP, under a name that ends like a trust's.
    "stg_nhse_wlmds__geography": "select * replace (case organisation_code when 'QOP' then 'D7T5G' else organisation_code end "
    "as organisation_code, case organisation_code when 'QOP' then 'trust' else organisation_level end as organisation_level, "
    "case organisation_code when 'QOP' then 'NHS CENTRAL EAST NHS TRUST' else organisation_name end as organisation_name) from good",
    # A trust under a new code, which ODS does not have yet.
    "stg_nhse_ae__monthly": "select * replace (case organisation_code when 'R0A' then 'X9Y8Z' else organisation_code end "
    "as organisation_code) from good",
}


@pytest.mark.requires_mirror
def test_a_new_code_has_the_level_of_ods_or_of_its_name_and_is_named(real: Dimensions, tmp_path: Path) -> None:
    levels = find_failures(real, tmp_path, "int_organisation_known", spoilt=NEW_CODES, rebuilt=ORGANISATIONS[:1])
    found = {row[0]: row[1:3] for row in levels}
    assert (found["D7T5G"], found["X9Y8Z"], found["G6V2S"]) == (
        ("icb", "succession"),
        ("trust", "name"),
        ("trust", "ods"),
    )
    named = find_failures(
        real, tmp_path, "assert_levels_rest_on_more_than_names", spoilt=NEW_CODES, rebuilt=ORGANISATIONS[:2]
    )
    assert {row[0] for row in named} == {"D7T5G", "X9Y8Z"}
