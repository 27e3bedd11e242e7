"""Every indicator has its file, every file says what it must, and none of the Core20PLUS5 and Statement catalogue is missing."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from dagster_project.contracts.indicator import INDICATORS_FOLDER, IndicatorError, indicator_ids, load_indicators
from dagster_project.contracts.source import load_sources
from dagster_project.operate.verified import README, readme
from dagster_project.settings import PROJECT_ROOT
from tests.fixtures.guides import GUIDES, SOURCES_GUIDE

MODELS = PROJECT_ROOT / "dbt" / "models"
STATEMENT = PROJECT_ROOT / "dbt" / "seeds" / "indicators" / "statement_indicators.csv"
CATALOGUE = [
    "CORE-01",
    "MAT-01",
    "MAT-02",
    "MAT-03",
    "MAT-04",
    "MAT-05",
    "MAT-06",
    "SMI-01",
    "SMI-02..07",
    "RESP-01",
    "RESP-02",
    "RESP-03",
    "RESP-04",
    "RESP-05",
    "CAN-01",
    "CAN-02",
    "CAN-03",
    "HYP-01",
    "HYP-02",
    "HYP-03",
    "HYP-04",
    "HYP-05",
    "LIP-01",
    "LIP-02",
    "LIP-03",
    "AF-01",
    "SMK-01",
    "SMK-02",
    "SMK-03",
    "CYP-AST-01",
    "CYP-AST-02",
    "CYP-DIA-01",
    "CYP-DIA-02",
    "CYP-EPI-01",
    "CYP-ORAL-01",
    "CYP-MHS95",
    "CYP-MHS95a",
    "CYP-MHS95b",
    "CYP-MHS95c",
    "CYP-MHS95f",
    "CYP-MHS95g",
    "STM-MHS157",
    "STM-MHS157a",
    "STM-MHS157b",
    "STM-MHS157c",
    "STM-RESTR",
    "STM-TT",
    "STM-EL-01",
    "STM-EL-02",
    "STM-EL-03",
    "STM-UEC-01",
    "STM-CVD-01/02",
    "STM-DM-01/02",
    "STM-LD-01",
    "STM-LD-02",
    "WRES-1",
    "WRES-2",
    "WRES-3",
    "WRES-4",
    "WRES-5",
    "WRES-6",
    "WRES-7",
    "WRES-8",
    "WRES-9",
    "WDES-1..10",
    "DQ-01",
    "DQ-02",
]
"""The lines of the catalogue of outcome indicators, as they stand in it."""
INDICATORS = load_indicators()


def test_every_line_of_the_catalogue_has_its_indicators() -> None:
    assert len(CATALOGUE) == 67
    assert {one.catalogue_id for one in INDICATORS.values()} - {""} == set(CATALOGUE)
    assert sum(one.catalogue_id == "SMI-02..07" for one in INDICATORS.values()) == 6
    assert sum(one.catalogue_id == "WDES-1..10" for one in INDICATORS.values()) == 11, "metric 4 is two"


def test_every_indicator_named_in_the_sql_of_a_subject_has_a_file() -> None:
    """An indicator without a file would be left out of the facts; dbt/tests/every_figure_has_its_indicator.sql asks the data."""
    named = re.compile(r"'((?:MAT|SMI|CAN|RESP|HYP|LIP|AF|SMK|CYP|STM|DQ)-[A-Za-z0-9-]+)'")
    found = {
        name
        for path in MODELS.glob("intermediate/**/*.sql")
        for name in named.findall(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 10
    assert sorted(found - indicator_ids()) == []


def test_identifiers_are_those_of_the_files() -> None:
    assert indicator_ids() == set(INDICATORS)


@pytest.mark.parametrize("indicator_id", sorted(INDICATORS))
def test_a_definition_has_an_owner_a_review_ahead_and_a_target_with_its_source(indicator_id: str) -> None:
    one = INDICATORS[indicator_id]
    assert one.next_review > dt.datetime.now(dt.UTC).date(), "its review is due"
    assert one.author and one.checked_by
    assert not one.source_id or one.source_id in load_sources()
    for target in one.targets:
        assert len(target.source.title) > 10 and len(target.statement) > 3
        beyond = set(target.levels) - set(one.levels) if one.levels else set()
        assert beyond <= {"icb"} and (not beyond or "ICB" in one.available_level), "say why no figure is held of it"
    assert [other for other in one.held_as if other not in INDICATORS] == []


def test_continuity_of_carer_has_no_target_since_21_september_2022() -> None:
    for indicator_id in ("MAT-01", "MAT-02", "MAT-03"):
        (target,) = INDICATORS[indicator_id].targets
        assert target.applies_to == dt.date(2022, 9, 20)


def test_no_level_of_a_trust_is_claimed_where_the_source_has_none() -> None:
    without_trusts = {
        "cvdprevent",
        "ndrs_staging",
        "nhse_ldhc",
        "ukhsa_vaccination",
        "rcpch_npda",
        "nhse_smi",
        "ohid_fingertips",
    }
    assert [i for i, one in INDICATORS.items() if one.source_id in without_trusts and "trust" in one.levels] == []


def test_the_statement_names_indicators_of_the_catalogue() -> None:
    with STATEMENT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted({row["indicator_id"] for row in rows} - {"none"} - set(INDICATORS)) == []
    assert {row["source_status"] for row in rows} <= {"verified", "memory", "official"}
    asked = {row["line"]: row["asks_standardised"] for row in rows}
    assert {line for line, asks in asked.items() if asks == "true"} == {
        line for line in asked if "standardised" in line or "adjusted" in line
    }
    statement = {i for i in INDICATORS if i.startswith("STM-")}
    assert sorted(statement - {row["indicator_id"] for row in rows}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"polarity": "up"}, "polarity"),
        ({"not_public": "a reason beside a source"}, "exactly one of source_id"),
        ({"levels": []}, "a source needs both"),
        ({"target": {"value": 0.5}}, "Extra inputs"),
        ({"checked_by": "not yet checked"}, "what was verified against which document"),
        ({"checked_by": "a reviewer", "verification": {}}, "what was verified against which document"),
        (
            {"verification": {"levels": {"verification": "read in the source", "verified_on": "2026-01-31"}}},
            "verified_against",
        ),
        ({"verification": {"levels": {"verification": "from memory"}}}, "verification.levels.verification"),
        ({"breakdowns": {"deprivation": {"levels": ["england"]}}}, "breakdowns must be"),
        ({"indicator_id": "MAT-99"}, "indicator_id is 'MAT-99'"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_file_that_says_too_little_or_too_much_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    content = yaml.safe_load((INDICATORS_FOLDER / "MAT-01.yml").read_text(encoding="utf-8")) | change
    (tmp_path / "MAT-01.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(IndicatorError, match=re.escape(said)):
        load_indicators(tmp_path)


def test_a_breakdown_at_a_level_without_figures_or_without_a_reason_is_refused(tmp_path: Path) -> None:
    content = yaml.safe_load((INDICATORS_FOLDER / "MAT-01.yml").read_text(encoding="utf-8"))
    content["breakdowns"]["age"] = {"levels": ["sub_icb"]}
    (tmp_path / "MAT-01.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(IndicatorError, match="no figures: sub_icb"):
        load_indicators(tmp_path)
    content["breakdowns"]["age"] = {"levels": []}
    (tmp_path / "MAT-01.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    load_indicators.cache_clear()
    with pytest.raises(IndicatorError, match="needs a note"):
        load_indicators(tmp_path)


FACTS = [  # indicator, field, words that the publisher's own code, documents and files ask for
    ("MAT-01", "denominator", "on a pathway or not"),
    ("MAT-02", "denominator", "on a pathway or not"),
    ("MAT-03", "denominator", "29 weeks (203 days)"),
    ("MAT-04", "denominator", "single babies of 154 to 315 days"),
    ("MAT-05", "breaks_in_series", "5.6% v2"),
    ("WDES-2", "definition", "non-disabled applicants compared with disabled applicants. Above 1 is against"),
    ("WDES-3", "definition", "disabled staff compared with non-disabled staff. Above 1 is against"),
    ("WDES-8", "definition", "disabled staff only"),
    ("WDES-9", "definition", "9b"),
    ("WDES-1", "caveats", "bank staff are left out"),
    ("RESP-01", "breaks_in_series", "eligible from October"),
    ("RESP-02", "breaks_in_series", "eligible from October"),
    ("AF-01", "definition", "last 6 months"),
    ("LIP-03", "definition", "2.0 mmol/l"),
    ("CYP-AST-02", "published_elsewhere", "90810"),
    ("CYP-EPI-01", "caveats", "learning disability or autism"),
    ("CYP-ORAL-01", "caveats", "under 10"),
    ("qof_dementia", "breaks_in_series", "2025/26"),
    ("qof_learning_disability", "breaks_in_series", "2025/26"),
]


@pytest.mark.parametrize(("indicator_id", "field", "words"), FACTS)
def test_a_definition_says_what_the_publisher_counts(indicator_id: str, field: str, words: str) -> None:
    assert words in str(getattr(INDICATORS[indicator_id], field))


@pytest.mark.parametrize(
    ("indicator_id", "applies_from", "applies_to"),
    [
        ("rtt_over_52_weeks", dt.date(2025, 4, 1), dt.date(2026, 3, 31)),
        ("wlmds_over_52_weeks", dt.date(2025, 4, 1), dt.date(2026, 3, 31)),
        ("rtt_over_65_weeks", dt.date(2024, 3, 27), dt.date(2024, 9, 30)),
        ("STM-LD-02", dt.date(2019, 1, 7), dt.date(2024, 3, 31)),
    ],
)
def test_a_target_says_from_when_and_by_when(indicator_id: str, applies_from: dt.date, applies_to: dt.date) -> None:
    (target,) = INDICATORS[indicator_id].targets
    assert (target.kind, target.applies_from, target.applies_to) == ("milestone", applies_from, applies_to)


@pytest.mark.parametrize("indicator_id", ["rtt_within_18_weeks", "wlmds_within_18_weeks"])
def test_steps_of_one_indicator_are_targets_of_their_own(indicator_id: str) -> None:
    steps = [(t.value, t.applies_to) for t in INDICATORS[indicator_id].targets if "england" in t.levels]
    assert steps == [(0.65, dt.date(2026, 3, 31)), (0.70, dt.date(2027, 3, 31)), (0.92, dt.date(2029, 3, 31))]


def test_the_four_hour_standard_of_all_types_is_no_target_of_type_1_alone() -> None:
    assert INDICATORS["ae_four_hour_type_1"].targets == ()
    values = [(t.value, t.kind) for t in INDICATORS["ae_four_hour_all"].targets]
    assert values == [(0.95, "standard"), (0.78, "milestone"), (0.82, "milestone"), (0.85, "milestone")]


def test_a_target_of_a_financial_year_applies_from_its_first_day() -> None:
    """2025/26 guidance came out on 30 January 2025 and is of the year that begins in April."""
    begun = {
        target.applies_from
        for one in INDICATORS.values()
        for target in one.targets
        if "2025/26 priorities" in target.source.title and target.applies_to == dt.date(2026, 3, 31)
    }
    assert begun == {dt.date(2025, 4, 1)}


RATIOS = sorted(i for i, one in INDICATORS.items() if one.unit == "ratio")


@pytest.mark.parametrize("indicator_id", RATIOS)
def test_a_ratio_says_who_is_compared_with_whom_and_what_above_1_means(indicator_id: str) -> None:
    definition = INDICATORS[indicator_id].definition
    assert " compared with " in definition and "Above 1 " in definition


def test_metrics_with_two_directions_are_two_indicators() -> None:
    assert {"WRES-2", "WRES-3", "WRES-4", "WDES-2", "WDES-3"} <= set(RATIOS)
    assert "WDES-4" not in INDICATORS
    assert INDICATORS["WDES-4a"].polarity == "lower_is_better"
    assert INDICATORS["WDES-4b"].polarity == "higher_is_better"


def test_the_guide_gives_each_source_the_levels_of_its_indicators() -> None:
    words = {"trust": "trust", "sub_icb": "sub-ICB", "icb": "ICB", "region": "region", "england": "England"}
    held: dict[str, set[str]] = defaultdict(set)
    for one in INDICATORS.values():
        held[one.source_id] |= set(one.levels)
    text = SOURCES_GUIDE.read_text(encoding="utf-8")
    row = r"^\| `([a-z_]+)`[ *]*(?:, `([a-z_]+)`[ *]*)?\| [^|]+ \| ([^|]*England) \|$"
    told = {s: levels for *sources, levels in re.findall(row, text, re.MULTILINE) for s in sources if s}
    assert len(told) > 10
    # The years before 2021 of the indicators of nhse_rtt; the older layouts name no ICB by a code of its time.
    assert told.pop("nhse_rtt_archive") == "trust, England"
    assert told == {s: ", ".join(word for level, word in words.items() if level in held[s]) for s in told}


@pytest.mark.parametrize(
    ("seed", "code", "column", "says"),
    [
        *[("survey/trust_type_rule", code, "reason", "MENTAL_HEALTH_LD.*likely") for code in ("TAD", "TAH", "TAJ")],
        ("survey/trust_type_rule", "RNK", "reason", "part of G6V2S since 1 April 2026"),
        *[("survey/trust_type_rule", code, "reason", "WALES.*NHS Wales") for code in ("RQF", "RT4", "RYT")],
        ("returns/accommodation_status", "HM02", "note", "HOMELESS.*[Ll]ikely"),
        ("returns/accommodation_status", "MA00", "note", "ACCOMMODATION TYPE.*likely; homeless are 12 to 19"),
        ("returns/hi_metric", "WL_LE18_PCT", "paired_note", r"can nullify.*if it was clearly communicated \(likely\)"),
    ],
)
def test_a_row_of_a_seed_says_what_it_rests_on(seed: str, code: str, column: str, says: str) -> None:
    with (PROJECT_ROOT / "dbt" / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if code in list(row.values())[:2]]
    assert re.search(says, " ".join(row.values())) and row[column]


SURVEY = [*GUIDES, *INDICATORS_FOLDER.glob("*.yml"), *PROJECT_ROOT.rglob("sources/*/source.yml")]


def test_a_figure_of_a_survey_names_its_base() -> None:
    """Respondents of one survey, 72 trusts: never trusts as a whole."""
    quoted = 0
    for path in SURVEY:
        text = " ".join(path.read_text(encoding="utf-8").split())
        assert not re.search(r"\d%? of (NHS |England's |all )?trusts\b", text), path
        assert len(re.findall(r"survey in 2024", text)) == len(re.findall(r"survey in 2024 \(72 trusts", text)), path
        quoted += text.count("survey in 2024 (72 trusts")
    assert quoted > 20


def test_the_page_of_the_catalogue_says_how_much_is_verified() -> None:
    """Counted here by hand from the files; written anew with `hiw catalogue table`."""
    assert README.read_text(encoding="utf-8") == readme(), "run `hiw catalogue table`"
    parts = [
        one.verification["denominator"].verification for one in INDICATORS.values() if "denominator" in one.verification
    ]
    read, secondary = parts.count("read in the source"), parts.count("secondary source")
    assert f"| denominator | {read} | {secondary} | {len(INDICATORS) - len(parts)} |" in readme()
    nobody = readme().rpartition("## Not verified in any part")[2]
    assert {"CORE-01", "rtt_waiting"} <= set(nobody.strip().split(", "))
    assert not {i for i, one in INDICATORS.items() if one.verification} & set(nobody.strip().split(", "))
