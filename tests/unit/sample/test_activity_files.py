"""RTT, WLMDS, A&E and HES files of the estate: the publishers' rules hold in them, and the planted answers come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
import python_calamine
from estate_files import find_file, read_csv, read_records

from dagster_project.sample.estate import PLANTED
from dagster_project.sample.nhse_rtt import BANDS

RTT_FILES = {
    "2025-03": "Full-CSV-data-file-Mar25-*.zip",
    "2025-11": "Full-CSV-data-file-Nov25-*-revised.zip",
    "2025-12": "Full-CSV-data-file-Dec25-*.zip",
    "2026-01": "Full-CSV-data-file-Jan26-*.zip",
}
AE_MEASURES = slice(4, 22)
WLMDS_GEOGRAPHY = "WLMDS-Demographics-Geography-*.csv"


def number(cell: str) -> int:
    return int(cell.replace(",", "")) if cell else 0  # one total of December 2025 has a thousands mark


# RTT ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", RTT_FILES)
def test_rtt_total_rows_are_the_sums_of_their_treatment_functions(estate: Path, month: str) -> None:
    sums: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 108)
    totals = {}
    for row in read_records(find_file(estate, RTT_FILES[month])):
        key = (row["Provider Org Code"], row["Commissioner Org Code"], row["RTT Part Type"])
        measures = [number(cell) for cell in list(row.values())[13:]]
        if row["Treatment Function Code"] == "C_999":
            totals[key] = measures
        else:
            sums[key] = [one + other for one, other in zip(sums[key], measures, strict=True)]
    assert len(totals) > 150
    assert totals == dict(sums)


@pytest.mark.parametrize("month", RTT_FILES)
def test_rtt_planted_answers_come_out_of_the_file(estate: Path, month: str) -> None:
    waiting = [row for row in read_records(find_file(estate, RTT_FILES[month])) if row["RTT Part Type"] == "Part_2"]
    weeks = [sum(number(row[band]) for row in waiting if row["Treatment Function Code"] == "C_999") for band in BANDS]
    planted = PLANTED.rtt[month]
    assert (sum(weeks), sum(weeks[:18]), sum(weeks[52:])) == (
        planted.waiting,
        planted.within_18_weeks,
        planted.over_52_weeks,
    )
    assert 0.6 < planted.within_18_weeks_share < 0.7


def test_rtt_blank_cells_follow_the_real_file(estate: Path) -> None:
    for row in read_records(find_file(estate, RTT_FILES["2026-01"])):
        bands = [row[band] for band in BANDS]
        part = row["RTT Part Type"]
        assert all(band == "" for band in bands) == (part == "Part_3")
        assert (row["Total"] == "") == (part in ("Part_2", "Part_2A", "Part_3"))
        assert int(row["Total All"]) > 0
        unknown = number(row["Patients with unknown clock start date"])
        assert part == "Part_3" or int(row["Total All"]) == sum(map(number, bands)) + unknown


def test_rtt_part_2a_is_never_more_than_part_2(estate: Path) -> None:
    rows = read_records(find_file(estate, RTT_FILES["2026-01"]))
    identity = ("Provider Org Code", "Commissioner Org Code", "Treatment Function Code")
    parts = {(row["RTT Part Type"], *(row[name] for name in identity)): row for row in rows}
    decided = [key for key in parts if key[0] == "Part_2A"]
    assert len(parts) == len(rows)
    assert decided
    for key in decided:
        whole = parts[("Part_2", *key[1:])]
        assert all(number(parts[key][band]) <= number(whole[band]) for band in BANDS)


def test_rtt_holds_every_treatment_function_and_the_odd_commissioners(estate: Path) -> None:
    rows = read_records(find_file(estate, RTT_FILES["2026-01"]))
    assert len({row["Treatment Function Code"] for row in rows}) == 24
    orphans = [row for row in rows if not row["Commissioner Parent Name"]]
    odd = {row["Commissioner Org Code"]: row["Commissioner Org Name"] for row in orphans}
    assert odd.keys() == {"NONC", "9HQ", "Y91", "Y92"}
    assert odd["NONC"] == "#N/A"
    assert all(row["Provider Parent Org Code"].startswith("Q9") for row in rows)


def test_rtt_some_providers_leave_zeros_blank_and_others_write_them(estate: Path) -> None:
    styles: dict[str, set[str]] = defaultdict(set)
    for row in read_records(find_file(estate, RTT_FILES["2026-01"])):
        if row["RTT Part Type"] == "Part_2":
            styles[row["Provider Org Code"]] |= {row[band] for band in BANDS} & {"", "0"}
    assert styles["R9C"] == {""}
    assert styles["R9A"] == {"0"}


def test_rtt_trust_that_merged_reports_before_the_merger_only(estate: Path) -> None:
    reporting = {
        month: {row["Provider Org Code"] for row in read_records(find_file(estate, pattern))}
        for month, pattern in RTT_FILES.items()
    }
    assert {month for month, codes in reporting.items() if "R9X" in codes} == {"2025-03"}
    assert all("R9B" in codes for codes in reporting.values())


def test_rtt_revision_raises_one_trust_only(estate: Path) -> None:
    first = read_records(find_file(estate, "Full-CSV-data-file-Nov25-*-SYN11a.zip"))
    second = read_records(find_file(estate, RTT_FILES["2025-11"]))
    before = {tuple(row.values()) for row in first}
    changed = {row["Provider Org Code"] for row in second if tuple(row.values()) not in before}
    assert changed == {"R9A"}
    assert PLANTED.rtt["2025-11"].waiting > PLANTED.rtt_before_revision.waiting


# A&E ------------------------------------------------------------------------------------------------------------------


def ae_files(estate: Path) -> list[Path]:
    patterns = ("Monthly-AE-*.csv", "*-CSV-*.csv")
    return [path for pattern in patterns for path in estate.rglob(pattern) if "WLMDS" not in path.name]


def test_ae_every_month_adds_up_to_its_total_row(estate: Path) -> None:
    files = ae_files(estate)
    assert len(files) == 17
    for path in files:
        _, *rows, total = read_csv(path)
        sums = [sum(int(cell) for cell in column) for column in list(zip(*rows, strict=True))[AE_MEASURES]]
        assert total[1].strip().upper() == "TOTAL"
        assert [int(cell) for cell in total[AE_MEASURES]] == sums, path.name


def test_ae_planted_totals_come_out_of_the_newest_issue_of_each_month(estate: Path) -> None:
    pages = "ae-attendances-and-emergency-admissions-2025-26/index.html"
    november = [line for line in find_file(estate, pages).read_text().splitlines() if "November-2025-CSV" in line]
    assert ["revised" in line for line in november] == [True, False]
    total = read_csv(find_file(estate, "November-2025-CSV-revised.csv"))[-1]
    planted = PLANTED.ae["2025-11"]
    groups = [sum(int(cell) for cell in total[start : start + 3]) for start in (4, 10, 7, 13)]
    assert groups == [
        planted.attendances,
        planted.over_four_hours,
        planted.booked_attendances,
        planted.booked_over_four_hours,
    ]
    assert 0.5 < planted.within_four_hours_share < 0.9
    assert PLANTED.ae_before_revision["2025-11"].attendances == planted.attendances - 120


def test_ae_oddities_of_the_real_series_are_there(estate: Path) -> None:
    files = ae_files(estate)
    marked = [path.name for path in files if path.read_bytes().startswith(b"\xef\xbb\xbf")]
    wide = {path.name: len(read_csv(path)[0]) for path in files if len(read_csv(path)[0]) != 22}
    spellings = {tuple(read_csv(path)[-1][:4]) for path in files}
    assert marked == ["June-2025-CSV-SYN06a.csv"]
    assert wide == {"Monthly-AE-December-2024.csv": 28}
    assert len(spellings) == 8
    names = {row["Org name"] for path in files for row in read_records_of_ae(path) if row["Org Code"] == "R9D"}
    assert len(names) == 2


def read_records_of_ae(path: Path) -> list[dict[str, str]]:
    header, *rows = read_csv(path)
    return [dict(zip(header[:22], row, strict=False)) for row in rows]


# WLMDS ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["Geography", "Specialty", "Timeseries"])
def test_wlmds_counts_are_starred_or_multiples_of_five_from_ten_on(estate: Path, table: str) -> None:
    counts = [row["Count"] for row in read_records(find_file(estate, f"WLMDS-Demographics-{table}-*.csv"))]
    assert "*" in counts
    assert all(count == "*" or (int(count) % 5 == 0 and int(count) >= 10) for count in counts)


def test_wlmds_sectors_and_levels_are_those_of_the_real_file(estate: Path) -> None:
    rows = read_records(find_file(estate, WLMDS_GEOGRAPHY))
    sectors = {(row["Code"], row["Geography"]) for row in rows}
    assert {sector for code, sector in sectors if code == "ENG"} == {
        "ENGLAND",
        "NHS ACUTE",
        "INDEPENDENT SECTOR",
        "OTHER",
    }
    assert {sector for code, sector in sectors if code != "ENG"} == {"NHS ACUTE"}
    assert {code[0] for code, _ in sectors} == {"E", "Y", "Q", "R"}


def england(estate: Path, metric: str) -> dict[tuple[str, str], str]:
    rows = read_records(find_file(estate, WLMDS_GEOGRAPHY))
    ours = [row for row in rows if row["Geography"] == "ENGLAND" and row["Metric"] == metric]
    return {(row["Category"], row["Waiting Bands"]): row["Count"] for row in ours}


def test_wlmds_planted_deprivation_gradient_comes_out(estate: Path) -> None:
    counts = england(estate, "IMD")
    shares = [int(counts[str(d), "Over 52 Weeks"]) / int(counts[str(d), "Total"]) for d in range(1, 11)]
    assert shares == pytest.approx([PLANTED.wlmds_over_52_weeks_share[d] for d in range(1, 11)], abs=0.001)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 2 * shares[9]


def test_wlmds_planted_ethnic_difference_comes_out(estate: Path) -> None:
    counts = england(estate, "Ethnicity")
    share = {
        category: int(counts[category, "Over 52 Weeks"]) / int(counts[category, "Total"])
        for category in ("A: British", "K: Bangladeshi")
    }
    assert share["K: Bangladeshi"] > 1.2 * share["A: British"]


def test_wlmds_metrics_have_denominators_of_their_own(estate: Path) -> None:
    totals = {}
    for metric in ("Age", "Ethnicity", "IMD", "Sex"):
        counts = england(estate, metric)
        totals[metric] = sum(int(count) for (_, band), count in counts.items() if band == "Total")
    assert totals["Ethnicity"] > totals["Age"] > totals["IMD"] > totals["Sex"]


def test_wlmds_trusts_regions_and_england_agree_within_rounding(estate: Path) -> None:
    rows = read_records(find_file(estate, WLMDS_GEOGRAPHY))
    totals: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["Geography"] == "NHS ACUTE" and row["Metric"] == "Sex" and row["Waiting Bands"] == "Total":
            totals[row["Code"][0]] += int(row["Count"])
    assert max(totals.values()) - min(totals.values()) < 2.5 * 2 * 20
    assert totals["R"] > 50_000


def test_wlmds_small_and_empty_cells_are_starred_and_absent(estate: Path) -> None:
    rows = read_records(find_file(estate, WLMDS_GEOGRAPHY))
    children = {row["Category"] for row in rows if row["Code"] == "R9P" and row["Metric"] == "Age"}
    assert children == {"0-18 Years"}
    starred = [row for row in rows if row["Count"] == "*"]
    assert any(row["Metric"] == "Ethnicity" and row["Waiting Bands"] == "Over 52 Weeks" for row in starred)
    assert 0.05 < len(starred) / len(rows) < 0.3


def test_wlmds_time_series_ends_at_the_snapshot_with_its_figures(estate: Path) -> None:
    rows = read_records(find_file(estate, "WLMDS-Demographics-Timeseries-*.csv"))
    weeks = sorted({row["Week Ending Date"] for row in rows})
    assert len(weeks) == 60
    assert weeks[-1] == "2025-12-28T00:00:00.000Z"
    last = {
        (row["Category"], row["Waiting Bands"]): row["Count"]
        for row in rows
        if row["Week Ending Date"] == weeks[-1] and row["Metric"] == "Sex"
    }
    assert last == england(estate, "Sex")


# HES outpatient -------------------------------------------------------------------------------------------------------


def packed(estate: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Measure type, words before the last dash, group behind it."""
    values: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in read_records(find_file(estate, "*eth-imd-dec-2023-24-data.csv")):
        words, group = row["MEASURE"].rsplit(" - ", 1)
        values[row["MEASURE_TYPE"]][words][group] = float(row["MEASURE_VALUE"])
    return values


def test_hes_outpatient_deciles_add_up_to_the_ethnic_total(estate: Path) -> None:
    values = packed(estate)
    deciles = values["Activity by IMD Decile"]["All attendances"]
    ethnic = dict(values["Activity by Ethnicity"]["All Attendances"])
    total = ethnic.pop("All Ethnic Groups")
    assert len(deciles) == 11
    assert len(ethnic) == 18
    assert sum(deciles.values()) == sum(ethnic.values()) == total == PLANTED.hes_outpatient_imd_total["2023-24"]
    kinds = [words for words in values["Activity by IMD Decile"] if words.startswith("Attended")]
    assert sum(sum(values["Activity by IMD Decile"][words].values()) for words in kinds) == total


def test_hes_outpatient_every_file_of_2023_24_has_the_same_total(estate: Path) -> None:
    total = PLANTED.hes_outpatient_imd_total["2023-24"]
    ages = read_records(find_file(estate, "*all-firs-atte-2023-24-data.csv"))
    everyone = [row for row in ages if row["MEASURE"].endswith("All Genders") and row["MEASURE_TYPE"].startswith("All")]
    assert sum(int(row["MEASURE_VALUE"]) for row in everyone if row["MAINSPEF_CODE"] == "All") == total
    assert sum(int(row["MEASURE_VALUE"]) for row in everyone if row["MAINSPEF_CODE"] != "All") == total
    specialties = read_records(find_file(estate, "*main-spec-tret_spec-2023-24-data.csv"))
    for measure_type in ("Activity by Main Speciaity Code", "Activity by Treatment Function"):
        counts = {
            row["CODE"]: int(row["MEASURE_VALUE"])
            for row in specialties
            if (row["MEASURE_TYPE"], row["MEASURE"]) == (measure_type, "All Attendances")
        }
        assert counts.pop("All") == sum(counts.values()) == total


def test_hes_outpatient_workbooks_agree_and_the_formula_has_its_value(estate: Path) -> None:
    def sheet(pattern: str, name: str) -> list[list[object]]:
        book = python_calamine.CalamineWorkbook.from_path(str(find_file(estate, pattern)))
        return [list(row) for row in book.get_sheet_by_name(name).to_python(skip_empty_area=False)]

    total = PLANTED.hes_outpatient_imd_total["2024-25"]
    deciles = sheet("*imd-dec-2024-25-tab.xlsx", "IMD Decile")
    ethnic = sheet("*ethn-cat-2024-25-tab.xlsx", "Ethnic Category")
    ages = sheet("*all-atte-2024-25-tab.xlsx", "All Attendances - All")
    assert deciles[1][1] == ethnic[1][2] == ages[1][-1] == total
    assert sum(float(str(row[1])) for row in deciles[2:]) == total
    assert len(sheet("*all-atte-2024-25-tab.xlsx", "All Attendances - Male")) == len(ages) - 2


# HES monthly ----------------------------------------------------------------------------------------------------------


def test_mar_providers_add_up_to_the_nation_within_rounding_and_stars(estate: Path) -> None:
    rows = read_records(find_file(estate, "HES MAR 2020-21 M13.csv"))
    measure = "All specialties: Subsequent attendances seen"
    months = {row["Activity Month"] for row in rows}
    assert len(months) == 12
    for month in months:
        ours = [row for row in rows if row["Activity Month"] == month]
        national = next(int(row[measure]) for row in ours if row["Organisation breakdown"] == "National")
        providers = [row[measure] for row in ours if row["Organisation breakdown"] == "Provider"]
        assert abs(sum(int(cell) for cell in providers if cell != "*") - national) <= 2.5 * len(providers) + 7


def test_mar_planted_share_of_missed_appointments_comes_out(estate: Path) -> None:
    rows = read_records(find_file(estate, "HES MAR 2020-21 M13.csv"))
    national = [row for row in rows if row["Organisation breakdown"] == "National"]
    seen, missed = (
        sum(int(row[f"All specialties: {measure}"]) for row in national for measure in measures)
        for measures in (
            ("First attendances seen total", "Subsequent attendances seen"),
            ("First attendances DNA", "Subsequent attendances DNA"),
        )
    )
    assert missed / (seen + missed) == pytest.approx(PLANTED.hes_monthly_dna_share, abs=1e-12)
    assert any("*" in row.values() for row in rows)


def test_hes_age_bands_of_young_adults_miss_most(estate: Path) -> None:
    rows = read_records(find_file(estate, "HES_M13_2021_OPEN_DATA_AGE_BANDS.csv"))
    missed = {
        row["Age_Band"]: int(row["DNA_Appointments"]) / int(row["Total_Appointments"])
        for row in rows
        if row["Month_Ending"] == "31MAR2021"
    }
    assert len(rows) == 864
    assert max(missed, key=lambda band: missed[band]) == "09. 20 - 24"
    assert {row["PARTYEAR"] for row in rows} == {"201899", "201999", "202013"}


def test_hes_treatment_functions_write_years_with_two_digits_and_leave_blanks(estate: Path) -> None:
    rows = read_records(find_file(estate, "HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv"))
    assert {row["FY_Start_Date"] for row in rows} == {"01APR18", "01APR19", "01APR20"}
    blank = [row for row in rows if not row["Latest_Month_Flag"]]
    assert {row["TRETSPEF"] for row in blank} == {"499"}
    assert {row["Attended_Appointments"] for row in blank} == {""}


def test_hes_treatment_functions_add_up_to_the_age_bands(estate: Path) -> None:
    """As the real files do, in each of their 36 months."""

    def sums(name: str) -> Counter[str]:
        counted = Counter[str]()
        for row in read_records(find_file(estate, name)):
            counted[row["Month_Ending"]] += int(row["FCE"])
        return counted

    functions = sums("HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv")
    ages = sums("HES_M13_2021_OPEN_DATA_AGE_BANDS.csv")
    assert functions == {month[:5] + month[7:]: count for month, count in ages.items()} and len(ages) == 36
