"""Code lists and thresholds: keys, validity by day, exemptions by organisation; contracts against the clean tables of dbt."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path

import pytest
import yaml

from dagster_project.contracts.collection import (
    SEEDS_FOLDER,
    CodeList,
    ReturnsContractError,
    load_collections,
    load_common,
    read_collection,
)
from dagster_project.returns.clean_tables import load_clean_tables
from dagster_project.returns.codes import lists_of, read_seed, thresholds, valid_codes
from dagster_project.returns.validation import validate
from tests.fixtures.returns_files import VALID, context, write_return

KEYS = {
    "ethnic_category": ["code"],
    "person_stated_gender": ["code"],
    "attended_or_did_not_attend": ["code"],
    "accommodation_status": ["crosswalk_version", "code"],
    "survey_question": ["question_code", "wave_from"],
    "survey_option": ["question_code", "option_code", "wave_from"],
    "return_code": ["list_code", "code"],
    "wait_band": ["code"],
    "age_band": ["code"],
    "return_treatment_function": ["code"],
    "eds_band": ["band_edition", "total_from"],
    "rule_thresholds": ["rule_id", "parameter", "org_code", "valid_from"],
}
# Written by hand from the templates, not from the seeds.
ALLOWED = {
    ("WL01", "rtt_part"): "2 2A",
    ("WL01", "treatment_function_code"): "100 101 110 120 130 140 150 160 170 300 301 320 330 340 400 410 430 502 X02 X03 X04 X05 X06 ALL",
    ("WL01", "grouping_set"): "G0 G1 G2 G3 G4 G5 G9",
    ("WL01", "ethnic_category"): "A B C D E F G H J K L M N P R S Z 99 WHITE MIXED ASIAN BLACK OTHER UNK ALL",
    ("WL01", "imd_decile"): "1 2 3 4 5 6 7 8 9 10 99 ALL Q1 Q2 Q3 Q4 Q5 Q99",
    ("WL01", "age_band"): "00_04 05_17 18_18 19_29 30_39 40_49 50_64 65_74 75_84 85_PLUS UNK ALL",
    ("WL01", "person_stated_gender_code"): "1 2 9 X ALL",
    ("WL01", "wait_band"): "W000_018 W018_026 W026_040 W040_052 W052_065 W065_078 W078_104 W104_PLUS WUNK",
    ("OP01", "first_attendance_code"): "1 2 3 4 ALL",
    ("OP01", "attended_or_did_not_attend_code"): "5 6 7 3 2 4 0",
    ("UC01", "accommodation_group"): "HOMELESS HOUSED SUPPORTED INSTITUTION NOT_KNOWN ALL",
    ("WF01", "role_code"): "PHC PHR PHP HIL HIA",
    ("WF01", "recruitment_stage"): "NONE CONSIDERING JD_DRAFTED JD_APPROVED ADVERTISED APPOINTED IN_POST",
    ("WR01", "ethnic_group"): "WHITE BME UNKNOWN",
    ("ED01", "outcome_code"): "1A 1B 1C 1D 2A 2B 2C 2D 3A 3B 3C",
}  # fmt: skip


def test_every_seed_of_the_returns_has_its_key_and_its_types() -> None:
    described = yaml.safe_load((SEEDS_FOLDER / "returns.yml").read_text(encoding="utf-8"))["seeds"]
    types = {seed["name"]: seed["config"]["column_types"] for seed in described}
    assert set(KEYS) <= set(types)
    for name, key in KEYS.items():
        rows = read_seed(name)
        assert len({tuple(row[column] for column in key) for row in rows}) == len(rows), name
        assert list(rows[0]) == list(types[name]), name


@pytest.mark.parametrize(("collection", "column"), ALLOWED)
def test_code_list_of_a_column_is_that_of_the_specification(collection: str, column: str) -> None:
    codes = load_collections()[collection].column(column).codes
    assert codes is not None
    assert valid_codes(codes, dt.date(2026, 10, 31)) == ALLOWED[collection, column].split()


# Written from the interface between intake and dbt, not from the contracts.
CLEAN = {
    "wl01": "org_code VARCHAR, census_date DATE, rtt_part VARCHAR, treatment_function_code VARCHAR, grouping_set VARCHAR, "
    "ethnic_category VARCHAR, imd_decile VARCHAR, age_band VARCHAR, person_stated_gender_code VARCHAR, wait_band VARCHAR, "
    "pathway_count BIGINT, pathway_count_status VARCHAR",
    "uc01": "org_code VARCHAR, activity_month DATE, measure_code VARCHAR, accommodation_group VARCHAR, "
    "accommodation_status_code VARCHAR, identification_method VARCHAR, value DOUBLE, value_status VARCHAR, "
    "denominator_source VARCHAR",
    "sa01": "item_no INTEGER, score INTEGER, evidence_ref VARCHAR",
    "wr01": "wres_indicator INTEGER, snapshot_date DATE, staff_scope VARCHAR, ethnic_group VARCHAR, numerator BIGINT, "
    "numerator_status VARCHAR, denominator BIGINT, denominator_status VARCHAR",
}


@pytest.mark.parametrize("table", CLEAN)
def test_clean_tables_have_the_columns_of_the_interface(table: str) -> None:
    found = [f"{name} {kind}" for name, kind in load_clean_tables()[table].items()]
    assert found == [*CLEAN[table].split(", "), "submission_id VARCHAR", "row_number BIGINT", "data_origin VARCHAR"]


def test_chinese_people_are_asian_in_returns_as_in_published_figures_and_other_in_the_code_set_of_2001_alone() -> None:
    """The census of 2021 (ONS, TS021) lists Chinese under Asian, Asian British or Asian Welsh."""
    groups = {row["code"]: (row["group5"], row["group5_2001"]) for row in read_seed("ethnic_category")}
    assert groups["R"] == ("ASIAN", "OTHER")
    assert {code for code, (now, then) in groups.items() if now != then} == {"R"}


def test_an_ethnic_category_is_in_the_same_group_of_five_wherever_it_comes_from() -> None:
    """Returns, published waiting lists and outpatients: one group for each category, so that a trust stands beside England."""
    published = {
        row["category_code"]: row["group_code"]
        for row in read_seed("waiting_list_groups", SEEDS_FOLDER.parent / "waiting_list")
        if row["dimension"] == "ethnic_group_5"
    }
    returned = {
        row["code"]: row["group5"].lower() for row in read_seed("ethnic_category") if row["level"] == "category"
    }
    not_known = {"not_stated": "unk", "not_known": "unk"}
    assert returned == {code: not_known.get(group, group) for code, group in published.items()}


def test_day_126_is_within_18_weeks_and_day_365_is_over_52() -> None:
    bands = {row["code"]: row for row in read_seed("wait_band")}
    assert (bands["W000_018"]["days_to"], bands["W052_065"]["days_from"]) == ("126", "365")
    over_52 = [code for code, row in bands.items() if row["is_over_52"] == "true"]
    assert over_52 == ["W052_065", "W065_078", "W078_104", "W104_PLUS"]


def test_funding_was_not_asked_in_2021() -> None:
    waves = {(r["question_code"], r["option_code"]): r["wave_from"] for r in read_seed("survey_option")}
    assert waves["HI_BARRIER", "HI_FUNDING"] == "2024"
    assert waves["HI_BARRIER", "OP_PRESSURE"] == "2021"


def test_exemption_of_an_organisation_holds_for_it_and_for_its_days_only() -> None:
    share = [
        thresholds(org, day)["W06"]["unknown_share"]
        for org, day in [
            ("R9R", dt.date(2026, 10, 31)),
            ("R9R", dt.date(2027, 4, 30)),
            ("R9R", dt.date(2026, 3, 31)),
            ("R9A", dt.date(2026, 10, 31)),
        ]
    ]
    assert share == [0.35, 0.2, 0.2, 0.2]


def test_exempted_trust_is_not_warned(tmp_path: Path) -> None:
    rows = [
        row | {"org_code": "R9R", "ethnic_category": "Z" if row["ethnic_category"] == "J" else row["ethnic_category"]}
        for row in VALID["WL01"]()
    ]
    rows = [
        row | {"pathway_count": {"A": "70", "Z": "30"}.get(row["ethnic_category"], row["pathway_count"])}
        for row in rows
        if row["grouping_set"] == "G1"
    ]
    for org, warned in (("R9R", False), ("R9B", True)):
        mine = [row | {"org_code": org} for row in rows]
        submission = write_return(tmp_path / org, "WL01", mine, org_code=org)
        with validate(submission, context(sender_org=org)) as verdict:
            assert ("W06" in verdict.warned_rules) is warned


def test_code_is_valid_from_and_to_its_days(tmp_path: Path) -> None:
    shutil.copytree(SEEDS_FOLDER, tmp_path / "seeds")
    path = tmp_path / "seeds" / "return_code.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if (row["list_code"], row["code"]) == ("employment_model", "SLA"):
            row["valid_to"] = "2026-08-31"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    codes = CodeList(list_code="employment_model")
    assert "SLA" in valid_codes(codes, dt.date(2026, 8, 31), tmp_path / "seeds")
    assert "SLA" not in valid_codes(codes, dt.date(2026, 9, 1), tmp_path / "seeds")
    changed = [row | {"employment_model": "SLA"} for row in VALID["WF01"]()]
    with validate(write_return(tmp_path, "WF01", changed), context(seeds=tmp_path / "seeds")) as verdict:
        assert {f.column for f in verdict.findings if f.rule == "C08"} == {"employment_model"}


def test_contract_that_is_wrong_is_refused_with_file_and_place(tmp_path: Path) -> None:
    with pytest.raises(ReturnsContractError, match=r"ZZ99\.yml"):
        read_collection(tmp_path / "ZZ99.yml")
    (tmp_path / "ZZ01.yml").write_text("code: ZZ01\ntitle: x\nnonsense: 1\n", encoding="utf-8")
    with pytest.raises(ReturnsContractError, match="nonsense"):
        read_collection(tmp_path / "ZZ01.yml")


def test_every_column_and_rule_says_what_it_is() -> None:
    for collection in load_collections().values():
        assert all(len(column.description) > 3 for column in collection.columns)
        assert set(lists_of(collection.code)) == {c.name for c in collection.columns if c.codes}
        assert all(rule.row_sql or rule.sql for rule in collection.rules)
        assert all(rule.group for rule in collection.rules if rule.severity == "G")
    assert all(rule.mend and rule.why for rule in load_common().rules)
