"""Every file of the mirror that belongs to a source is in use after the night of the real files, or stands here with its reason."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.duck import scratch_connection
from dagster_project.lake.clean_writer import build_clean_table
from dagster_project.lake.files import LakeError, hash_file
from dagster_project.lake.ledger import Ledger
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import Snapshot
from tests.fixtures.runs import SMALL
from tests.warehouses import MIRROR, Warehouse

pytestmark = pytest.mark.requires_mirror

NO_DATA_OF_A_SOURCE = {
    r"index\.html$": "a landing page",
    r"^manifest\.csv$": "the list of the mirror itself",
    r"/esp_2013\.csv$": "the weights are a seed, standard_population_2013",
    r"/File_6_-_IoD2019_Population_Denominators\.xls$": "its denominators stand in File 7 too, which is read",
    r"extract-RDY-(csds|DM01|nhs-oversight)": "no source reads community services, diagnostics or the oversight framework",
    r"nhstalkingtherapies_time_series\.csv$": "its published name is not known; the monthly files hold the same measures",
    r"MHSDS Data_4WW_": "a side file; test_nhse_mhsds shows that it is refused",
    r"MHSDS Data_OAPs_": "a side file; test_nhse_mhsds shows that it is refused",
}
READ_IN_OTHER_TESTS = {
    r"/0+cove/20\d\d_20\d\d_Q[1-4]\.(ods|xlsx)$": "test_ukhsa_vaccination reads all 28 quarters, the night only some",
    r"rawDataCSV": "test_cvdprevent reads the answers in CSV, the night asks for JSON",
}
OF_ONE_PROVIDER = {
    "MHSDS Data_AprPerf_2026.csv": ("nhse_mhsds", "measure", "2026-04", 737),
    "MHSDS Data_DecPerf_2025.csv": ("nhse_mhsds", "measure", "2025-12", 741),
    "MHSDS Data_SepPerf_2025.csv": ("nhse_mhsds", "measure", "2025-09", 741),
    "nhstalkingtherapies_month_apr_2026_activity_performance.csv": (
        "nhse_talking_therapies",
        "monthly",
        "2026-04",
        229,
    ),
    "Monthly-AE-Nov-25-CSV-revised.csv": ("nhse_ae", "monthly", "2025-11", "1 records, where 10"),
}
"""Rows of one provider of a published file: the table, the period, and how many clean rows they make or why they are refused."""


def names() -> list[str]:
    return sorted(path.relative_to(MIRROR).as_posix() for path in MIRROR.rglob("*") if path.is_file())


def test_every_file_is_in_use_or_has_its_reason(mirror_warehouse: Warehouse) -> None:
    entries = Ledger(mirror_warehouse.lake / "ledger.jsonl").entries()
    accepted = {unquote(e.address.split("://")[-1]) for e in entries if e.event == "accepted"}
    stated = {**NO_DATA_OF_A_SOURCE, **READ_IN_OTHER_TESTS} | {
        re.escape(f"extract-RDY-{n}"): "" for n in OF_ONE_PROVIDER
    }
    without = [
        name
        for name in names()
        if unquote(name) not in accepted and not any(re.search(pattern, name) for pattern in stated)
    ]
    assert without == []
    assert [pattern for pattern in stated if not any(re.search(pattern, name) for name in names())] == []
    assert len(accepted) >= 80


@pytest.mark.parametrize("name", OF_ONE_PROVIDER)
def test_rows_of_one_provider_are_read_or_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    slug, entity, period, expected = OF_ONE_PROVIDER[name]
    (path,) = MIRROR.rglob(f"extract-RDY-{name}")
    (tmp_path / "workspace").mkdir()
    snapshot = Snapshot(slug, entity, period, f"https://x/{name}", hash_file(path), "published", path)
    arguments = (load_sources()[slug], snapshot, tmp_path / "clean.parquet", tmp_path / "workspace")
    if isinstance(expected, int):
        assert build_clean_table(*arguments, SMALL).clean_rows == expected
    else:
        with pytest.raises(LakeError, match=expected):
            build_clean_table(*arguments, SMALL)


OF_DAY = "waiting_band = 'total' and metric"
GOLDEN = {
    # Rows of the publisher's own report, as its CSV has them (ODS) or as its ranks run (deprivation).
    "mhclg_imd lsoa_2011 2019": ("max(imd_rank)", 32_844),
    "mhclg_imd lsoa_2021 2025": ("max(imd_rank)", 33_755),
    "ods_organisation trust 2026": ("count(*)", 273),
    "ods_organisation sub_icb 2026": ("count(*)", 320),
    "ods_organisation succession 2026": ("count(*)", 11_537),
    "ons_geography lsoa_2021 2024": ("count(distinct sub_icb_code)", 106),
    "ons_geography lsoa_2011_to_2021 2022": (
        "count(distinct lsoa_code_2021) filter (where lsoa_code_2021 like 'E%')",
        33_755,
    ),
    # Residents of England, in the publisher's own totals of TS021 and TS007A.
    "ons_census ethnic_group 2021": ("sum(residents) filter (where country = 'england')", 56_490_108),
    "ons_census age_band 2021": ("sum(residents) filter (where country = 'england')", 56_490_091),
    "ohid_catchment trust_icb 2022": ("count(distinct organisation_code)", 138),
    # The row of England or the total that the file prints, or its headline.
    "nhse_rtt full_extract 2026-01": (
        f"sum({' + '.join(f'weeks_{week:03d}' for week in range(52, 105))}) "
        "filter (where treatment_function_code = 'C_999' and rtt_part_type = 'Part_2')",
        137_320,
    ),
    "nhse_ae monthly 2026-02": ("sum(attendances_type_1)", 1_271_830),
    "nhse_cwt provider 2025-09": (
        "max(people) filter (where organisation_code = 'ENG' and standard_days = 62)",
        30_483,
    ),
    "nhse_smi sdcs fy2023-24": ("sum(all_six_checks) filter (where period_start = date '2024-01-01')", 361_210),
    "nhse_talking_therapies trust 2023": (
        "max(value) filter (where organisation_code = 'R1A' and period_start = date '2023-05-01' and measure = 'Percentage_Recovery')",
        53,
    ),
    "nhse_wlmds geography 2025-06-29": (
        f"sum(pathways) filter (where sector = 'ENGLAND' and organisation_code = 'ENG' and {OF_DAY} = 'imd')",
        7_088_955,
    ),
    "nhse_wlmds specialty 2025-06-29": (f"sum(pathways) filter (where {OF_DAY} = 'imd')", 7_088_940),
    "nhse_wlmds timeseries 2025-06-29": (
        f"sum(pathways) filter (where week_ending = date '2025-06-29' and {OF_DAY} = 'age')",
        777_040 + 4_039_360 + 2_384_715,
    ),
    "nhse_msds data 2025-03": (
        "max(value) filter (where organisation_code = 'ENG' and dimension = 'TotalBookings')",
        53_705,
    ),
    "nhse_msds measures 2025-04": (
        "sum(numerator) filter (where organisation_code = 'ENG' and regexp_matches(indicator, '^COC_by_28weeks_IMD_0[12]'))",
        1_835,
    ),
    "nhsd_qof vaccination fy2023-24": ("max(achievement_percent) filter (where practice_code = 'A84006')", 89.62962963),
    "nhsd_hes_monthly provider_activity fy2020-21": (
        "max(all_specialties_first_dna) filter (where organisation_level = 'england' and period_start = date '2020-04-01')",
        72_907,
    ),
    "nhsd_hes_monthly age_band fy2020-21": ("sum(attended) filter (where period_start = date '2021-03-01')", 8_094_863),
    "nhsd_hes_monthly treatment_function fy2020-21": (
        "sum(attended) filter (where period_start = date '2021-03-01')",
        8_094_863,
    ),
    "nhsd_hes_outpatient ethnicity_deprivation fy2023-24": (
        "sum(attendances) filter (where dimension = 'imd_decile')",
        104_634_817,
    ),
    "nhsd_hes_outpatient main_specialty fy2023-24": (
        "sum(attendances) filter (where breakdown = 'main_specialty')",
        104_634_817,
    ),
    "nhsd_hes_outpatient age_sex_specialty fy2023-24": (
        "sum(attendances) filter (where attendance_kind = 'all')",
        104_634_817,
    ),
    "nhsd_hes_outpatient deprivation_workbook fy2024-25": ("sum(attendances)", 113_225_153),
    "nhsd_hes_outpatient ethnicity_workbook fy2024-25": ("sum(attendances)", 113_225_153),
    "nhsd_hes_outpatient age_sex_workbook fy2024-25": (
        "sum(attendances) filter (where attendance_kind = 'all')",
        113_225_153,
    ),
    "ohid_dental_extractions extractions fy2020-21": (
        "max(episodes) filter (where area_level = 'england' and age_band = '0-19' and deprivation_quintile = 'all' "
        "and period_start = date '2020-04-01')",
        22_549,
    ),
    "ohid_fingertips indicator 2024+91547": (
        "max(numerator) filter (where area_type = 'England' and time_period = '2022/23' and category = 'all')",
        7_664_426,
    ),
    "ukhsa_vaccination cover fy2024-25-q4": ("sum(numerator) filter (where age = '5y' and vaccine = 'mmr2')", 132_576),
    "cvdprevent indicator 2026-03+11-1": (
        "max(numerator) filter (where dimension = 'all' and standardisation = 'crude')",
        9_467_291,
    ),
}
"""One figure of each table that has a real file, from the publisher's own words, totals or rows and not from a build."""


def test_every_table_with_a_real_file_has_a_figure_that_its_publisher_states(mirror_warehouse: Warehouse) -> None:
    lake = Lake(mirror_warehouse.lake)
    of_real_files = {
        f"{entry.source} {entry.entity}" for entry in Ledger(lake.ledger).entries() if entry.event == "accepted"
    }
    assert {table.rpartition(" ")[0] for table in GOLDEN} == of_real_files
    found = {}
    with scratch_connection() as con:
        for table, (figure, _) in GOLDEN.items():
            slug, entity, period = table.split()
            clean = lake.current(slug, entity, "published") / f"{period}.parquet"
            (found[table],) = con.read_parquet(str(clean)).aggregate(figure).fetchall()[0]
    assert found == {table: value for table, (_, value) in GOLDEN.items()}
