"""Names of files: every real one that was seen, spellings of them that publishers may come to, and names of other files."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.discovery import Located, discover
from dagster_project.lake.links import name_of, read_name, revision_number
from dagster_project.lake.transport import MirrorTransport
from tests.warehouses import MIRROR

MONTHS = {"Apr": ("April", "04"), "Sep": ("September", "09"), "Nov": ("November", "11"), "May": ("May", "05")}
REAL = [
    ("nhse_ae", "monthly", "Monthly-AE-Nov-25-CSV-revised.csv", "2025-11", 200),
    ("nhse_ae", "monthly", "March-2022-revised-120522-cab316.csv", "2022-03", 200),
    ("nhse_ae", "monthly", "April-2022-revised-130624-F4scP.csv", "2022-04", 200),
    ("nhse_ae", "monthly", "October-2025-CSV-hg6dl.csv", "2025-10", 0),
    ("nhse_mhsds", "measure", "MHSDS Data_AprPerf_2026 v2.zip", "2026-04", 2),
    ("nhse_mhsds", "measure", "MHSDS%20Data_AprPerf_2026.zip", "2026-04", 0),
    ("nhse_mhsds", "measure", "MHSDS Data_MarPerf_2026_v2.zip", "2026-03", 2),
    ("nhse_mhsds", "measure", "MHSDS Data_AprFinal__2025.zip", "2025-04", 100),
    ("nhse_mhsds", "measure", "MHSDS Monthly Performance July 2025 MHSDS Data File.zip", "2025-07", 0),
    ("nhse_mhsds", "measure", "MHSDS Data_AprPrf_2023 v3.csv", "2023-04", 3),
    ("nhse_talking_therapies", "monthly", "nhstalkingtherapies_month_apr_2026_activity_performance.csv", "2026-04", 0),
    ("nhse_talking_therapies", "monthly", "nhstalkingtherapies_month_apr_2026_activity_final.csv", "2026-04", 100),
    ("nhse_talking_therapies", "monthly", "iapt_month_mar_2023_activity_final.csv", "2023-03", 100),
    ("nhse_talking_therapies", "monthly", "iapt_month_Jan_23_activity.zip", "2023-01", 0),
    ("nhse_ldhc", "extract", "learning-disabilities-health-check-scheme-eng-Jun-2022.csv", "2022-06", 0),
    ("ukhsa_vaccination", "influenza", "UKHSA_seasonal_influenza_vaccine_uptake_LA_November2223.ods", "2022-11", 0),
    ("ukhsa_vaccination", "influenza", "LA__Seasonal_influenza_vaccine_uptake_GP_patients_February_2122.ods", "2022-02", 0),
    ("ukhsa_vaccination", "cover", "2018_2019_Q1.xlsx", "fy2018-19-q1", 0),
    ("ukhsa_vaccination", "cover", "2024_2025_Q4.ods", "fy2024-25-q4", 0),
    ("nhse_rtt", "full_extract", "Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip", "2026-01", 0),
    ("nhse_rtt", "full_extract", "Full-CSV-data-file-Dec23-ZIP-3569K-58522.zip", "2023-12", 0),
    ("nhse_rtt", "full_extract", "Full-CSV-data-file-Jul26-ZIP-4M-97ylx5.zip", "2026-07", 0),
    ("nhse_rtt", "full_extract", "Full-CSV-data-file-Feb26-ZIP-4M-9j03fJT.zip", "2026-02", 0),
    ("nhse_rtt", "full_extract", "Full-CSV-data-file-Apr25-ZIP-4M-revised-2.zip", "2025-04", 202),
    ("nhse_rtt_archive", "to_52_weeks", "Full-CSV-data-file-Dec20-ZIP-2705K-98040.zip", "2020-12", 0),
    ("nhse_rtt_archive", "to_52_weeks", "Full-CSV-data-file-Mar19-revised-ZIP-3506K.zip", "2019-03", 200),
    ("nhsd_hes_monthly", "provider_activity", "HES MAR 2020-21 M13.csv", "fy2020-21", 13),
    ("nhsd_hes_monthly", "age_band", "HES_M13_2021_OPEN_DATA_AGE_BANDS.csv", "fy2020-21", 13),
    ("nhsd_hes_monthly", "treatment_function", "HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv", "fy2020-21", 13),
    ("nhsd_hes_outpatient", "ethnicity_deprivation", "hosp-epis-stat-outp-eth-imd-dec-2023-24-data.csv", "fy2023-24", 0),
    ("nhsd_hes_outpatient", "main_specialty", "hosp-epis-stat-outp-main-spec-tret_spec-2023-24-data.csv", "fy2023-24", 0),
    ("nhsd_hes_outpatient", "age_sex_specialty", "hosp-epis-stat-outp-all-firs-atte-2025-26-data.csv", "fy2025-26", 0),
    ("nhsd_hes_outpatient", "age_sex_workbook", "hosp-epis-stat-outp-all-atte-2024-25-tab.xlsx", "fy2024-25", 0),
    ("nhsd_hes_outpatient", "ethnicity_workbook", "hosp-epis-stat-outp-ethn-cat-2024-25-tab%20v2.xlsx", "fy2024-25", 2),
    ("nhsd_hes_outpatient", "deprivation_workbook", "hosp-epis-stat-outp-imd-dec-2024-25-tab.xlsx", "fy2024-25", 0),
    ("nhse_wlmds", "timeseries", "WLMDS-Demographics-Timeseries-to-29-June-2025-v1.csv", "2025-06-29", 1),
    ("nhse_wlmds", "geography", "WLMDS-Demographics-Geography-to-29-June-2025-v1.csv", "2025-06-29", 1),
    ("nhse_wlmds", "specialty", "WLMDS-Demographics-Specialty-to-29-June-2025-v1.csv", "2025-06-29", 1),
    ("nhse_msds", "data", "msds-mar2025-exp-data.xlsx", "2025-03", 0),
    ("nhse_msds", "measures", "msds-apr2025Provisional-exp-measures.xlsx", "2025-04", -100),
]  # fmt: skip


def read(slug: str, entity: str, name: str) -> tuple[str, int] | None:
    wanted = load_sources()[slug].entity(entity).link
    assert wanted is not None
    facts = read_name(wanted, f"https://files.digital.nhs.uk/1A/B2C3D4/{quote(name, safe='%')}")
    return (facts.period, facts.revision) if facts else None


@pytest.mark.parametrize(("slug", "entity", "name", "period", "revision"), REAL)
def test_real_names_are_understood(slug: str, entity: str, name: str, period: str, revision: int) -> None:
    assert read(slug, entity, name) == (period, revision)


def spelt() -> Iterator[tuple[str, str, str, str, int]]:
    """Other spellings of the facts of real names, joined by each separator, in each case."""
    editions = {
        "Perf": 0,
        "Prf": 0,
        "Performance": 0,
        "Final": 100,
        "Provisional": -100,
        "Final v2": 102,
        "revised": 200,
        "corrected": 200,
        "Updated v2.1": 202,
        "reissued": 200,
    }
    casings = (str, str.upper, str.lower)
    for (short, (long, number)), (word, revision) in itertools.product(MONTHS.items(), editions.items()):
        for month, year, gap in zip((short, long, short, long), ("2025", "25", "25", "2025"), "_ -.", strict=True):
            period, case = f"2025-{number}", casings[(len(word) + ord(gap)) % 3]
            yield "nhse_mhsds", "measure", case(gap.join(("MHSDS Data", month + word, year))) + ".zip", period, revision
            name = gap.join(("NHS", "Talking", "Therapies", "month", month, year, "activity", word))
            yield "nhse_talking_therapies", "monthly", case(name) + ".csv", period, revision
            yield (
                "nhse_ae",
                "monthly",
                case(gap.join(("Monthly-AE", month, year, "CSV", word))) + ".CSV",
                period,
                revision,
            )
    yield "nhse_mhsds", "measure", "MHSDS Data_AprFinal__2025 (1).zip", "2025-04", 100
    for first, gap, case in itertools.product(range(22, 26), ("_", " ", "-", "%20"), casings):
        years = f"20{first}-{first + 1}"
        for slug, entity, words, ending in (
            ("nhsd_hes_outpatient", "deprivation_workbook", "hosp epis stat outp imd dec {} tab", "xlsx"),
            ("nhsd_hes_outpatient", "ethnicity_deprivation", "hosp epis stat outp eth imd dec {} data", "csv"),
            ("nhsd_hes_monthly", "provider_activity", "HES MAR {}", "csv"),
            ("rcpch_npda", "measure", "NPDA results {}", "xlsx"),
            ("rcpch_epilepsy12", "measure", "Epilepsy12 national report {}", "xlsx"),
        ):
            yield slug, entity, case(words.format(years).replace(" ", gap)) + f".{ending}", f"fy{years}", 0
        for slug, entity, words in (
            ("nhse_wres", "trust", "WRES 20{} data by trust"),
            ("nhse_wdes", "trust", "Workforce Disability Equality Standard 20{} data"),
            (
                "ndrs_staging",
                "early_diagnosis",
                "Case mix adjusted percentage of cancers diagnosed at stages 1 and 2 20{}",
            ),
        ):
            yield slug, entity, case(words.format(first).replace(" ", gap)) + ".xlsx", f"20{first}", 0
        quarter = f"phsmi{gap}Q{first % 4 + 1}{gap}{years}"
        yield "nhse_smi", "phsmi", case(quarter) + ".csv", f"fy{years}-q{first % 4 + 1}", 0
    for first, gap, quarter in itertools.product(range(18, 25), ("_", " ", "-to-"), range(1, 5)):
        name = f"cover-data-tables-Q{quarter}-20{first}{gap}{first + 1}.ods"
        yield "ukhsa_vaccination", "cover", name, f"fy20{first}-{first + 1}-q{quarter}", 0


def test_other_spellings_give_the_same_facts() -> None:
    cases = list(spelt())
    wrong = [
        (name, read(slug, entity, name))
        for slug, entity, name, *facts in cases
        if read(slug, entity, name) != tuple(facts)
    ]
    assert len(cases) >= 150 and wrong == []


def others() -> Iterator[tuple[str, str, str]]:
    """Other tables of the same pages, in the spellings of the main ones, and names that give no one period."""
    side = ("4WW", "OAPs_acute", "OAPs", "Rstr", "ASCOF", "Time_Series", "DQ", "Restated", "Metadata", "EIP")
    for word, (month, (long, _)) in itertools.product(side, MONTHS.items()):
        yield "nhse_mhsds", "measure", f"MHSDS Data_{word}_{month}Perf_2026_v2.csv"
        yield "nhse_mhsds", "measure", f"mhsds-data-{month}final-2025-{word}.zip"
        yield "nhse_talking_therapies", "monthly", f"nhstalkingtherapies_month_{month}_2026_{word}_performance.csv"
        yield "nhse_ae", "monthly", f"Monthly-AE-{word}-{long}-2026.csv"
        yield "nhse_ldhc", "extract", f"learning-disabilities-health-check-scheme-eng-{word}-{month}-2022.csv"
    for month, (long, _) in MONTHS.items():
        yield "nhse_mhsds", "measure", f"CSDS Data_{month}Perf_2026.zip"
        yield "nhse_mhsds", "measure", f"MHSDS Data_{month}Perf.zip"
        yield "nhse_mhsds", "measure", f"MHSDS Data_{month}Perf_2026.xlsx"
        yield "nhse_mhsds", "measure", f"MHSDS Data_{month}Perf_2026_2025.zip"
        yield "nhse_mhsds", "measure", f"MHSDS Data_{month}_JunPerf_2026.zip"
        yield "nhse_ae", "monthly", f"DM01-{long}-2026-full-extract.csv"
        yield "nhse_msds", "data", f"msds-{month}2025-exp-measures.csv"
        yield "nhse_wlmds", "geography", f"WLMDS-Demographics-Specialty-to-29-{long}-2025-v1.csv"
        yield "nhse_wlmds", "geography", f"WLMDS-Demographics-Geography-to-31-{long}-25-26.csv"
        yield "nhse_rtt", "full_extract", f"Admitted-CSV-{month}26-ZIP-4M.zip"
    for word in ("trea-spec", "rep-tabs", "pla", "diag", "imd-dec-first", "eth"):
        yield "nhsd_hes_outpatient", "deprivation_workbook", f"hosp-epis-stat-outp-{word}-2023-24-tab.xlsx"
        yield "nhsd_hes_outpatient", "age_sex_workbook", f"hosp-epis-stat-outp-{word}-2023-24-tab.xlsx"
    yield "nhsd_hes_outpatient", "age_sex_workbook", "hosp-epis-stat-outp-all-firs-atte-2023-24-tab.xlsx"
    yield "nhsd_hes_monthly", "age_band", "HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv"
    yield "nhsd_hes_monthly", "provider_activity", "HES MAR 2020-22 M13.csv"
    yield "nhse_wres", "trust", "WDES-2025-data-by-trust.xlsx"
    yield "nhse_wres", "trust", "WRES-2025-technical-guidance.xlsx"
    yield "rcpch_npda", "measure", "npda-spotlight-workforce-2024-25.xlsx"
    yield "ukhsa_vaccination", "influenza", "flu_vaccine_uptake_gp_patients_November_2021.ods"
    yield "ukhsa_vaccination", "cover", "cover-data-tables-Q4-2023-2025.ods"
    yield "ukhsa_vaccination", "cover", "UKHSA_seasonal_influenza_vaccine_uptake_LA_November2223.ods"
    yield "nhse_wlmds", "geography", "WLMDS-Demographics-Geography-to-31-June-2025.csv"
    yield "nhse_mhsds", "measure", "csds-mar26-exp-core-data.csv"


def test_other_files_are_left_alone() -> None:
    cases = list(others())
    taken = [(name, read(slug, entity, name)) for slug, entity, name in cases if read(slug, entity, name)]
    assert len(cases) >= 150 and taken == []


@pytest.mark.requires_mirror
def test_every_linked_name_of_the_mirror_is_claimed_by_one_source_at_most() -> None:
    """Side files of MHSDS, CSDS and DM01 are claimed by none."""
    named = [(s.slug, e.name, e.link) for s in load_sources().values() for e in s.entities if e.link]
    with (MIRROR / "manifest.csv").open(encoding="utf-8", newline="") as file:
        addresses = [row["url"] for row in csv.DictReader(file)]
    claims = {a: [(slug, entity) for slug, entity, link in named if read_name(link, a)] for a in addresses}
    assert [a for a, by in claims.items() if len(by) > 1] == []
    claimed = [by[0] for by in claims.values() if by]
    counted = Counter(slug for slug, _ in claimed)
    assert (counted["nhse_ae"], counted["nhse_rtt"], counted["nhse_cwt"]) == (48, 1, 1)
    assert (counted["nhsd_hes_outpatient"], counted["nhsd_hes_monthly"]) == (6, 3)
    assert claimed.count(("ukhsa_vaccination", "cover")) == 28
    side = ("4WW", "OAPs", "csds", "DM01")
    assert [a for a, by in claims.items() if by and any(word in name_of(a) for word in side)] == []


def test_editions_of_one_period_have_one_order() -> None:
    stages = ("provisional", "performance", "final", "revised")
    ordered = [revision_number(stage, version) for stage in stages for version in (0, 2, 3)]
    assert ordered == sorted(set(ordered)) and revision_number() == revision_number("perf")
    located = [Located("x", "2026-01", str(n), revision, "", -n) for n, revision in enumerate(ordered)]
    listed = [*located[1::2], *located[::2]]
    assert sorted(listed, key=lambda item: item.edition) == located


@pytest.mark.requires_mirror
def test_every_data_link_of_the_mirrored_pages_is_taken_or_left_out() -> None:
    mirror = MirrorTransport(MIRROR)
    found = {
        slug: discover(load_sources()[slug], mirror, dt.date(2026, 4, 20))
        for slug in ("nhse_ae", "nhse_rtt", "nhse_wlmds", "nhsd_hes_outpatient", "nhsd_hes_monthly", "nhse_msds")
    }
    assert {slug: discovery.unknown_names for slug, discovery in found.items()} == dict.fromkeys(found, ())
    assert all(discovery.located for discovery in found.values())
