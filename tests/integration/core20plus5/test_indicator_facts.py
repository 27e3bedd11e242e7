"""What publishers' own code, documents and files say of the indicators, asked of the published dim_indicator by meaning.

A row is an indicator, a column and what its text must say.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.warehouses import Warehouse

THREE = r"^england,region,icb$"
COHORT = "(?s)29 weeks.*four months"
FACTS = [
    *[(i, "definition", COHORT) for i in ("MAT-01", "MAT-02")],
    *[(i, "definition", "at least 70%") for i in ("MAT-01", "MAT-02")],
    *[(i, "denominator_definition", r"All women .*29 weeks.*on a pathway or not") for i in ("MAT-01", "MAT-02")],
    *[(i, "caveats", "four months before") for i in ("MAT-01", "MAT-02")],
    *[(i, "caveats", "of all women, not of women on a pathway") for i in ("MAT-01", "MAT-02")],
    ("MAT-03", "denominator_definition", r"29 weeks \(203 days\).*had not been discharged"),
    ("MAT-03", "numerator_definition", "(?s)plan.*203 days.*midwife and a team"),
    ("MAT-04", "definition", r"(?s)single babies of 22\+0 to 36\+6.*22\+0 to 45\+0"),
    ("MAT-04", "denominator_definition", "(?s)154 to 315 days.*multiples are left out"),
    ("MAT-04", "caveats", "Single babies only"),
    ("MAT-05", "breaks_in_series", r"SATOD v2.*6\.0% v1, 5\.6% v2"),
    ("MAT-05", "denominator_definition", "status is known"),
    *[("CYP-MHS95", f"{by}_levels", THREE) for by in ("deprivation", "ethnicity", "age", "sex")],
    ("CYP-MHS95a", "levels", THREE),
    *[("CYP-MHS95a", f"{by}_levels", THREE) for by in ("deprivation", "ethnicity", "age", "sex")],
    *[(i, "levels", THREE) for i in ("CYP-MHS95b", "CYP-MHS95c", "STM-MHS157b", "STM-MHS157c")],
    *[(i, "available_level", "by group only|only by group") for i in ("CYP-MHS95b", "CYP-MHS95c")],
    *[(i, "available_level", "by group only|only by group") for i in ("STM-MHS157b", "STM-MHS157c")],
    *[(i, f"{by}_levels", "^$") for i in ("CYP-MHS95b", "STM-MHS157b") for by in ("age", "sex")],
    *[(i, f"{by}_levels", THREE) for i in ("CYP-MHS95b", "STM-MHS157b") for by in ("deprivation", "ethnicity")],
    ("CYP-MHS95f", "levels", THREE),
    ("CYP-MHS95f", "ethnicity_levels", THREE),
    ("CYP-MHS95f", "indicator_name", "White British and the non-White British"),
    ("CYP-MHS95f", "caveats", "title says White and non-White"),
    ("CYP-MHS95g", "levels", THREE),
    *[(i, "definition", r"publisher names\s+directly standardised") for i in ("CYP-MHS95f", "CYP-MHS95g")],
    *[(i, "indicator_name", "the publisher names standardised") for i in ("CYP-MHS95b", "STM-MHS157b", "MHS158b")],
    *[(f"STM-MHS157{part}", "population_covered", "^everybody$") for part in ("", "a", "b", "c")],
    ("STM-MHS157", "levels", "^england,region,icb,sub_icb,trust$"),
    *[
        (f"STM-MHS157{p}", f"{by}_levels", THREE)
        for p in ("", "a")
        for by in ("deprivation", "ethnicity", "age", "sex")
    ],
    ("STM-MHS157", "available_level", "deprivation decile"),
    ("STM-LD-02", "target_statement", "by March 2024"),
    ("STM-LD-02", "target_source", "(?s)Parliament.*2021 and 2023"),
    ("rtt_over_52_weeks", "target_statement", "Under 1% of the waiting list by March 2026"),
    ("rtt_over_65_weeks", "target_statement", "(?s)None by September 2024 at the latest, save for.*named specialties"),
    ("rtt_within_18_weeks", "target_statement", "(?s)65%.*March 2026.*70%.*March 2027.*92%.*March 2029"),
    ("wlmds_within_18_weeks", "target_statement", "(?s)65%.*March 2026.*70%.*March 2027.*92%.*March 2029"),
    ("ae_four_hour_all", "target_statement", "(?s)95%.*Constitution.*78%.*March 2026.*82%.*March 2027.*85%.*2029"),
    (
        "ae_four_hour_all",
        "target_source",
        "(?s)Handbook to the NHS Constitution.*2025/26 priorities.*Medium Term Planning",
    ),
    ("WDES-1", "caveats", "(?s)2023 bank staff are left out.*very senior managers"),
    ("WDES-2", "numerator_definition", "appointment of non-disabled applicants"),
    ("WDES-2", "denominator_definition", "appointment of disabled applicants"),
    ("WDES-2", "definition", "Above 1 is against disabled applicants"),
    ("WDES-3", "definition", "(?s)capability process: disabled staff compared with non-disabled"),
    ("WDES-6", "definition", "(?s)pressure from their manager.*not well enough"),
    ("WDES-8", "definition", "disabled staff only"),
    ("WDES-9", "definition", "(?s)9a: staff engagement score.*9b:.*yes or no"),
    *[(i, "breaks_in_series", "(?s)2024-25.*pregnant women.*October") for i in ("RESP-01", "RESP-02")],
    ("RESP-01", "caveats", "no less than the season before"),
    ("RESP-02", "caveats", r"74\.9% in 2024-25"),
    ("SMI-01", "target_statement", "^60%"),
    ("SMI-01", "numerator_definition", "(?s)alcohol.*glucose.*lipids.*blood pressure.*weight.*smoking"),
    ("AF-01", "definition", "(?s)18 and over.*CHADS2 or CHA2DS2-VASc score of 2 or more.*last 6 months"),
    ("AF-01", "target_statement", "^95%, the upper threshold of QOF"),
    ("LIP-03", "definition", r"(?s)2\.0 mmol/l or less, or non-HDL 2\.6 or less; no test counts as not met"),
    ("HYP-02", "definition", "last 12 months"),
    (
        "CYP-AST-02",
        "published_elsewhere",
        "(?s)90810, Hospital admissions for asthma.*92780 is the registered population",
    ),
    ("CYP-EPI-01", "caveats", "learning disability or autism"),
    ("CYP-ORAL-01", "caveats", "(?s)under 10.*age of the Statement"),
    *[(i, "breaks_in_series", "QOF 2025/26 removed the register") for i in ("qof_dementia", "qof_learning_disability")],
    ("STM-TT", "definition", r"(?s)at caseness.*improved reliably.*48\.4%"),
    ("STM-EL-01", "definition", "18, 52 and 65 weeks.*Waiting List Minimum Data Set"),
    ("STM-EL-02", "definition", "source 11, 12, 13; dominant episode"),
    ("STM-EL-02", "method", "2013 European Standard Population"),
    ("SMI-01", "denominator_definition", "remission"),
    ("STM-RESTR", "unit", "^rate_per_1000$"),
    ("STM-EL-03", "definition", "attended and missed"),
    ("STM-RESTR", "definition", "1,000 occupied bed days"),
    ("CAN-03", "available_level", "(?s)England and Cancer Alliance, rolling year, unadjusted"),
    ("CAN-02", "caveats", "no deprivation gap may be read"),
    # indicators that were lacking
    ("STM-EL-04", "definition", "(?s)Emergency admissions.*21 to 25, 28 and 2A to 2D.*standardised"),
    ("STM-EL-05", "definition", "(?s)A&E attendances.*standardised.*Emergency Care Data Set"),
    ("STM-EL-06", "definition", "codes 3 and 4"),
    *[(f"STM-EL-0{n}", "not_public", ".{20}") for n in (4, 5, 6, 7)],
    ("rtt_first_within_18_weeks", "target_statement", "72% .*March 2026"),
    ("cancer_28_days", "target_statement", "80% within 28 days"),
    ("cancer_31_days", "target_statement", "96% .*March 2029"),
    ("cancer_62_days", "target_statement", "(?s)75% .*March 2026.*85% .*March 2029"),
    ("ae_over_12_hours_from_arrival", "target_statement", "(?s)Under 10%.*2025/26"),
    ("MHS158", "definition", "Community treatment orders"),
    *[(i, f"{by}_levels", THREE) for i in ("MHS158", "MHS158a", "MHS158b") for by in ("deprivation", "ethnicity")],
    ("MHS109", "definition", "aged 18 to 24"),
    ("MHS91", "ethnicity_levels", THREE),
    ("maternity_smoking_at_booking", "numerator_definition", "CQIMSmokingBooking"),
    ("satod_v2", "published_elsewhere", "sub-ICB, quarterly"),
    ("LIP-04", "definition", "(?s)10% or more.*CVDP006CHOL"),
    ("LIP-04", "why", "NICE quality statement"),
    ("LIP-05", "definition", "CVDP011CHOL"),
    *[(i, "levels", "^england,region,icb,sub_icb$") for i in ("LIP-04", "LIP-05")],
    ("CYP-EPI-02", "definition", "learning disability or autism"),
]
"""Of the facts that are sure; those that are only likely say so in their own text."""


LIKELY = [
    *[
        (i, "caveats")
        for i in ("STM-CVD-01", "STM-CVD-02", "CYP-MHS95b", "STM-MHS157b", "CAN-02", "ae_four_hour_type_1")
    ],
    *[(f"op_did_not_attend{part}", "caveats") for part in ("", "_first", "_subsequent")],
    *[(i, "definition") for i in ("SMK-02", "CAN-02", "HYP-05", "LIP-05", "STM-EL-07", "CYP-ORAL-02")],
    *[(i, "definition") for i in ("WDES-4a", "WDES-4b", "WDES-10")],
    *[(i, "denominator_definition") for i in ("SMK-01", "SMK-02", "CAN-02", "HYP-03", "LIP-02")],
    ("STM-MHS157", "numerator_definition"),
    ("RESP-05", "published_elsewhere"),
    *[(i, "target_statement") for i in ("HYP-03", "LIP-01", "STM-LD-01", "STM-LD-02", "SMI-01", "STM-TT", "MAT-05")],
    *[(i, "target_statement") for i in ("rtt_over_78_weeks", "talking_therapies_recovery")],
    *[(i, "target_statement") for i in ("talking_therapies_improvement", "community_within_18_weeks")],
]
"""What is only likely says so where it stands."""


@pytest.fixture(scope="module")
def published(sample_warehouse: Warehouse) -> dict[str, dict[str, Any]]:
    columns = [row[0] for row in sample_warehouse.query("select column_name from (describe dim_indicator)")]
    found = {
        str(row[0]): dict(zip(columns, row, strict=True))
        for row in sample_warehouse.query("select * from dim_indicator")
    }
    for indicator_id, by, levels in sample_warehouse.query(
        "select indicator_id, breakdown, levels from dim_indicator_breakdown"
    ):
        found[indicator_id]["levels" if by == "all" else f"{by}_levels"] = levels
    checked = "select indicator_id, part, verification, verified_on, verified_against from dim_indicator_verification"
    for indicator_id, part, how, day, against in sample_warehouse.query(checked):
        found[indicator_id] |= {
            f"{part}_verification": how,
            f"{part}_verified_on": day,
            f"{part}_verified_against": against,
        }
    return found


@pytest.mark.parametrize(("indicator_id", "column", "says"), FACTS)
def test_the_published_catalogue_says_what_the_publisher_says(
    published: dict[str, dict[str, Any]], indicator_id: str, column: str, says: str
) -> None:
    assert re.search(says, str(published[indicator_id][column] or ""))


@pytest.mark.parametrize(("indicator_id", "column"), LIKELY)
def test_what_is_only_likely_says_so(published: dict[str, dict[str, Any]], indicator_id: str, column: str) -> None:
    assert "likely" in str(published[indicator_id][column]).lower()
    parts = {"target_statement": "target", "denominator_definition": "denominator"}
    how = published[indicator_id].get(f"{parts.get(column, column)}_verification")
    assert how != "read in the source", "a part that is only likely was not read in the source"


def test_no_type_of_department_alone_has_the_target_of_all(sample_warehouse: Warehouse) -> None:
    query = "select count(*) from dim_indicator_target where indicator_id = 'ae_four_hour_type_1'"
    assert sample_warehouse.one(query) == 0


def test_cancer_waits_of_icbs_are_published_and_not_held(sample_warehouse: Warehouse) -> None:
    """Targets of 31 and 62 days are of ICBs too; the file of commissioners is not read, which is another thing than not published."""
    assert sample_warehouse.query(
        "select indicator_id, availability, availability_reason like '%file of commissioners%' from mart_coverage "
        "where indicator_id like 'cancer_%' and organisation_level = 'icb' and breakdown = 'all' order by 1"
    ) == [
        ("cancer_28_days", "not_published", False),
        ("cancer_31_days", "published_not_held", True),
        ("cancer_62_days", "published_not_held", True),
    ]


TARGETS = [
    ("rtt_over_52_weeks", 0.01, "2025-04-01", "2026-03-31"),
    ("wlmds_over_52_weeks", 0.01, "2025-04-01", "2026-03-31"),
    ("rtt_over_65_weeks", 0.0, "2024-03-27", "2024-09-30"),
    ("STM-LD-02", 30.0, "2019-01-07", "2024-03-31"),
    ("SMI-01", 0.6, None, "2025-03-31"),
    ("MAT-01", 0.75, None, "2022-09-20"),
    ("AF-01", 0.95, None, None),
]


@pytest.mark.parametrize(("indicator_id", "value", "applies_from", "applies_to"), TARGETS)
def test_a_target_is_published_with_its_days_and_source(
    sample_warehouse: Warehouse, indicator_id: str, value: float, applies_from: str | None, applies_to: str | None
) -> None:
    rows = sample_warehouse.query(
        "select distinct target, valid_from::varchar, valid_to::varchar, target_source is not null from dim_indicator_target "
        f"where indicator_id = '{indicator_id}'"
    )
    assert rows == [(value, applies_from, applies_to, True)]


def test_verification_is_published_for_every_part(published: dict[str, dict[str, Any]]) -> None:
    """Read in the source and secondary ones name day and document; what nobody verified says so and names none."""
    words = {"read in the source", "secondary source", "not verified"}
    for indicator_id, one in published.items():
        for part in ("definition", "denominator", "target", "levels"):
            how, day, against = (one[f"{part}_{name}"] for name in ("verification", "verified_on", "verified_against"))
            assert how in words, indicator_id
            assert (how == "not verified") == (day is None) == (against is None), indicator_id
            assert not re.search(r"shared|mirror|\.csv", str(against)), indicator_id
        verified = [one[f"{part}_verification"] for part in ("definition", "denominator", "target", "levels")]
        assert (one["checked_by"] == "not yet checked") == (set(verified) == {"not verified"}), indicator_id
    assert published["MAT-01"]["denominator_verification"] == "read in the source"
    assert published["SMK-01"]["denominator_verification"] == "secondary source"
    assert published["HYP-03"]["target_verification"] == "not verified", "general knowledge is no source"


def test_the_statement_asks_for_rates_and_shows_no_count_in_their_place(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.query(
        "select line_no, string_agg(distinct indicator_id, ' ' order by indicator_id) from mart_statement where line_no in (3, 4, 5, 6) group by 1 order by 1"
    )
    assert rows == [
        (3, "STM-EL-04"),
        (4, "STM-EL-03 STM-EL-06 op_appointments_standardised op_attendances_per_1000 op_tele_share"),
        (5, "STM-EL-05"),
        (6, "STM-EL-07"),
    ]
    assert sample_warehouse.query(
        "select distinct indicator_id, availability from mart_statement where line_no in (3, 5, 6) order by 1"
    ) == [("STM-EL-04", "not_public"), ("STM-EL-05", "not_public"), ("STM-EL-07", "not_public")]


def test_a_crude_rate_or_a_share_is_a_named_proxy_of_a_line_that_asks_for_a_standardised_rate(
    sample_warehouse: Warehouse,
) -> None:
    """Line 4 asks for age and sex standardised rates, line 14 for case-mix adjusted shares, line 23 for settings with a service."""
    shown = sample_warehouse.query(
        "select distinct line_no, indicator_id, standardisation, availability, note is not null from mart_statement "
        "where line_no in (4, 14, 23) and value is not null and figures_of_code = 'ENG' order by all"
    )
    crude = [(4, "op_attendances_per_1000"), (4, "op_tele_share"), (14, "CAN-01"), (23, "MAT-05")]
    named = [(*line, "crude", "not_public", True) for line in crude]
    # for age alone, not for sex: the nearest that can be worked out of what is public
    named.append((4, "op_appointments_standardised", "indirectly_age_standardised", "not_public", True))
    assert [row for row in shown if row[4]] == sorted(named)
    assert {row[:3] for row in shown if not row[4]} == {(14, "CAN-02", "case_mix_adjusted")}
    standardised = (
        "select count(*) from mart_statement where (line ilike '%standardised%' or line ilike '%adjusted%') "
        "and availability in ('available', 'partly') and standardisation in ('crude', 'not_confirmed', 'none')"
    )
    assert sample_warehouse.one(standardised) == 0


def test_detentions_of_a_trust_stand_in_its_statement(sample_warehouse: Warehouse) -> None:
    query = (
        "select count(*) from mart_statement where indicator_id = 'STM-MHS157' and organisation_level = 'trust' and breakdown = 'all' "
        "and level_label = 'NHS trust' and value is not null"
    )
    assert sample_warehouse.one(query) > 0


POLICIES = [
    ("P2024_ICB_PLANS", "2024-03-27", "objective", "V"),
    ("P2024_65_WEEKS", "2024-03-27", "objective", "V"),
    ("P2024_NATIONAL_STRATEGY", "2024-03-27", "mention", "V"),
    ("P2025_52_WEEKS", "2025-01-30", "target", "V"),
    ("P2023_STATEMENT_V1", "2023-11-27", "review_duty", "V"),
    ("P2025_AE_78", "2025-01-30", "target", "V"),
    ("P2025_FIRST_APPOINTMENT", "2025-01-30", "target", "V"),
    ("P2025_TEN_YEAR_PLAN", "2025-07-03", "mention", "V"),
    ("P2025_AE_82", "2025-10-24", "target", "V"),
    ("P2025_AE_85", "2025-10-24", "target", "V"),
    ("P2026_CANCER_PLAN", "2026-02-04", "target", "V"),
    ("P2026_NEW_ICBS", "2026-04-01", "reference", "V"),
]


def test_the_timeline_of_policy_has_its_days_and_strengths(sample_warehouse: Warehouse) -> None:
    found = {
        row[0]: row
        for row in sample_warehouse.query(
            "select policy_id, published_date::varchar, strength, verification from mart_policy"
        )
    }
    assert [found[policy[0]] for policy in POLICIES] == POLICIES


def test_a_relative_likelihood_says_against_whom_it_is(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.query(
        "select distinct standard, indicator_no, ratio_direction from mart_workforce_equality where unit = 'ratio' order by all"
    )
    found = {(standard, number): words for standard, number, words in rows}
    assert found["WRES", 2] == "WHITE compared with BME: above 1 is against BME"
    assert found["WRES", 3] == "BME compared with WHITE: above 1 is against BME"
    assert all(words and ": above 1 is against " in words for words in found.values())
    both = "select distinct indicator_part, polarity from mart_workforce_equality where standard = 'WDES' and indicator_no = 4 order by 1"
    assert set(sample_warehouse.query(both)) <= {("a", "lower_is_better"), ("b", "higher_is_better")}


@pytest.mark.requires_mirror
def test_continuity_of_carer_reproduces_the_figure_of_the_publisher(mirror_warehouse: Warehouse) -> None:
    """England, April 2025: 350 of 33,570 women, 1.0%, on a pathway or not."""
    ((numerator, denominator, value, reading),) = mirror_warehouse.query(
        "select all_numerator, all_denominator, all_value, target_reading from mart_core20plus5_adults "
        "where indicator_id = 'MAT-01' and organisation_code = 'ENG' and period_end = '2025-04-30'"
    )
    assert (numerator, denominator, round(100 * value, 1)) == (350, 33570, 1.0)
    assert reading == "lapsed"


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("indicator_id", "group", "numerator", "denominator", "printed"),
    [
        # Groups of MAT-02 add up to all 33,570 women, on a pathway or not: 8,760 + 22,195 + 1,775 + 840.
        ("MAT-02", "minority", 110, 8760, 1.3),
        ("MAT-02", "white", 180, 22195, 0.8),
        ("MAT-02", "other", 50, 1775, 2.8),
        ("MAT-02", "unknown", 10, 840, 1.2),
        ("MAT-02", "all", 350, 33570, 1.0),
        ("MAT-03", "all", 7295, 42710, 17.1),
        ("MAT-04", "all", 2595, 41120, 63),
        ("MAT-05", "all", 2295, 40945, 5.6),
        ("maternity_smoking_at_booking", "all", 4360, 49205, 8.9),
    ],
)
def test_denominators_of_maternity_reproduce_the_rate_that_the_publisher_prints(
    mirror_warehouse: Warehouse, indicator_id: str, group: str, numerator: int, denominator: int, printed: float
) -> None:
    """England, April 2025, read with a second reader of workbooks; preterm births are printed in 1,000, the others in 100."""
    per = 1000 if indicator_id == "MAT-04" else 100
    assert round(per * numerator / denominator, 0 if per == 1000 else 1) == printed
    assert mirror_warehouse.query(
        "select numerator, denominator from fct_indicator_value where organisation_code = 'ENG' and geography_basis = 'current' "
        f"and indicator_id = '{indicator_id}' and group_code = '{group}' and dimension in ('all', 'ethnic_group_msds') "
        "and period_end = '2025-04-30'"
    ) == [(numerator, denominator)]


@pytest.mark.requires_mirror
def test_real_figures_are_read_against_the_target_of_their_own_period(mirror_warehouse: Warehouse) -> None:
    rows = mirror_warehouse.query(
        "select indicator_id, period_end::varchar, target, target_reading from mart_target_reading where organisation_code = 'ENG' "
        "and indicator_id in ('rtt_over_52_weeks', 'rtt_over_65_weeks', 'rtt_within_18_weeks') order by all"
    )
    assert rows == [
        ("rtt_over_52_weeks", "2026-01-31", 0.01, "not yet due"),
        ("rtt_over_65_weeks", "2026-01-31", None, "lapsed"),
        ("rtt_within_18_weeks", "2026-01-31", 0.65, "not yet due"),
    ]


@pytest.mark.requires_mirror
def test_bodies_of_wales_are_no_trusts_of_england(mirror_warehouse: Warehouse) -> None:
    assert (
        mirror_warehouse.query(
            "select organisation_code from dim_trust where organisation_code in ('RQF', 'RT4', 'RYT')"
        )
        == []
    )
