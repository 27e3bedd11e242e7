"""Faults planted in copies of the published marts of Core20PLUS5: the suites of gate 2 name each of them.

All faults of a mart go into one copy, in rows that do not meet: a run of a suite costs seconds.
"""

from __future__ import annotations

import duckdb
import pytest

from dagster_project.contracts.suite import load_marts
from dagster_project.quality.runner import run_suite
from tests.warehouses import Warehouse

FAULTS = {
    "mart_core20plus5_adults": [
        ("imd_versions = 2", "indicator_id = 'MAT-01'", "mixed_editions"),
        ("organisation_level = 'trust'", "indicator_id = 'HYP-01'", "trusts_of_no_trust_source"),
        ("core20_gap = -core20_gap", "indicator_id = 'MAT-03'", "gaps_that_are_no_difference"),
        ("core20_gap_reading = 'better'", "indicator_id = 'CAN-01'", "readings_against_polarity"),
        ("target_reading = 'not met'", "indicator_id = 'MAT-01'", "targets_misread"),
        ("target_reading = 'not met'", "indicator_id = 'CAN-01'", "targets_out_of_their_month"),
        ("all_value = 0", "all_value is null", "values_against_status"),
    ],
    "mart_core20plus5_children": [
        ("core20_gap_reading = 'better'", "indicator_id = 'dental_decay_0_19'", "readings_against_polarity"),
    ],
    "mart_core20_population": [
        ("value = 1.2", "organisation_code = 'R9A'", "shares_that_are_none"),
        ("value = core20_share_of_catchment_icbs", "organisation_code = 'R9B'", "basis_against_level"),
        ("basis = 'residents'", "organisation_level = 'trust'", "basis_against_level"),
    ],
    "mart_coverage": [
        ("availability_reason = null", "indicator_id = 'SMK-03'", "gaps_without_reason"),
        ("is_stated = false", "indicator_id = 'SMI-01'", "levels_not_in_the_catalogue"),
        ("availability = 'available'", "indicator_id = 'CYP-AST-01'", "claims_without_figures"),
        ("indicator_id = 'MAT-01'", "indicator_id = 'MAT-02' and breakdown = 'sex'", "rows_missing"),
    ],
    "mart_statement": [
        ("level_label = 'NHS trust'", "level_label = 'ICB of the trust'", "trusts_with_figures_of_others"),
        ("value = 0", "availability = 'not_public' and value is null", "values_that_are_not_there"),
        (
            "availability = 'available'",
            "indicator_id = 'op_tele_share' and value is not null",
            "proxies_called_answers",
        ),
    ],
    "mart_five_priorities": [("value = 0", "priority_no = 5", "values_against_status")],
    "mart_cancer_waiting": [
        ("basis = null", "organisation_level = 'trust'", "shares_without_words"),
        ("value = 1.2", "organisation_code = 'ENG'", "shares_that_are_none"),
    ],
}


@pytest.mark.parametrize("mart", FAULTS)
def test_planted_faults_are_held_back_at_the_gate(sample_warehouse: Warehouse, mart: str) -> None:
    """The published file itself has passed these suites; the same table with the faults does not, and each is named."""
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_warehouse.lake / 'published' / 'marts.duckdb'}' as published (read_only)")
        con.execute(f"create table broken as from published.main.{mart}")
        for fault, where, _ in FAULTS[mart]:
            con.execute(f"update broken set {fault} where {where}")
        outcomes = run_suite(con, load_marts()[mart], "select * from broken", made_of_returns=False)
    refused = [one.sentence for one in outcomes if not one.passed and one.severity == "critical"]
    unseen = [column for _, _, column in FAULTS[mart] if not any(column in sentence for sentence in refused)]
    assert unseen == []
