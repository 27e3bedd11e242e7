"""Annual outpatient activity: the real files of 2023-24 and 2024-25, and each rule that they taught, on small files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from dagster_project.lake.files import LakeError

SLUG = "nhsd_hes_outpatient"
FILES = "files.digital.nhs.uk/"
ETHNICITY_DEPRIVATION = FILES + "5A/1C07D2/hosp-epis-stat-outp-eth-imd-dec-2023-24-data.csv"
DEPRIVATION_WORKBOOK = FILES + "33/9F40B2/hosp-epis-stat-outp-imd-dec-2024-25-tab.xlsx"
ETHNICITY_WORKBOOK = FILES + "22/8E3FA1/hosp-epis-stat-outp-ethn-cat-2024-25-tab.xlsx"
AGE_SEX_SPECIALTY = FILES + "B8/53E19F/hosp-epis-stat-outp-all-firs-atte-2023-24-data.csv"
AGE_SEX_WORKBOOK = FILES + "11/7D2E90/hosp-epis-stat-outp-all-atte-2024-25-tab.xlsx"
MAIN_SPECIALTY = FILES + "0E/F2A6C4/hosp-epis-stat-outp-main-spec-tret_spec-2023-24-data.csv"

# -- the real files ------------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
def test_deprivation_and_ethnicity_of_2023_24_reconcile_to_the_published_total(
    parse_file: Any, mirror_file: Any
) -> None:
    parsed = parse_file(SLUG, "ethnicity_deprivation", mirror_file(ETHNICITY_DEPRIVATION), "fy2023-24")
    assert parsed.rows("select dimension, count(*), sum(attendances) from clean group by all order by all") == [
        ("ethnic_group", 18, 104_634_817),
        ("imd_decile", 11, 104_634_817),
    ]
    assert parsed.report.records_in == 210
    assert parsed.report.set_aside == {
        "percentages and ratios of the counts beside them": 30,
        "totals, used as a checksum": 6,
    }
    known = dict(parsed.rows("select dimension || ' ' || group_code, attendances from clean"))
    assert known["imd_decile 1"] == 10_115_623
    assert known["imd_decile 2"] == 10_296_889
    assert known["imd_decile 5"] == 10_371_621
    assert known["imd_decile 6"] == 10_495_863
    assert known["imd_decile 10"] == 10_076_201  # LESS DEPRIVED 10%
    assert known["imd_decile unknown"] == 1_519_838
    assert known["ethnic_group A"] == 62_675_159
    assert known["ethnic_group N"] == 1_867_146
    assert known["ethnic_group R"] == 363_025
    assert known["ethnic_group Z"] == 12_245_455
    assert known["ethnic_group 99"] == 8_993_663


@pytest.mark.requires_mirror
def test_the_two_wordings_of_one_measure_give_the_same_national_counts(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "ethnicity_deprivation", mirror_file(ETHNICITY_DEPRIVATION), "fy2023-24")
    sums = parsed.rows(
        "select distinct sum(attended_first), sum(attended_first_tele), sum(attended_subsequent), "
        "sum(attended_subsequent_tele), sum(attended_kind_unknown) from clean group by dimension"
    )
    assert sums == [(29_521_220, 4_473_686, 56_551_432, 14_080_684, 7_795)]


@pytest.mark.requires_mirror
def test_the_workbooks_of_2024_25_give_the_shape_of_the_csv(parse_file: Any, mirror_file: Any) -> None:
    csv = parse_file(SLUG, "ethnicity_deprivation", mirror_file(ETHNICITY_DEPRIVATION), "fy2023-24")
    deprivation = parse_file(SLUG, "deprivation_workbook", mirror_file(DEPRIVATION_WORKBOOK), "fy2024-25")
    ethnicity = parse_file(SLUG, "ethnicity_workbook", mirror_file(ETHNICITY_WORKBOOK), "fy2024-25")
    assert deprivation.rows("describe clean") == ethnicity.rows("describe clean") == csv.rows("describe clean")
    groups = "select group_code from clean where dimension = ? order by all"
    assert deprivation.rows(groups, ["imd_decile"]) == csv.rows(groups, ["imd_decile"])
    assert ethnicity.rows(groups, ["ethnic_group"]) == csv.rows(groups, ["ethnic_group"])
    for parsed in (deprivation, ethnicity):
        assert parsed.value("select sum(attendances) from clean") == 113_225_153
        assert parsed.report.set_aside == {"totals, used as a checksum": 1}
    first_and_last = "select attendances from clean where group_code in ('1', '10') order by group_code"
    assert deprivation.rows(first_and_last) == [(10_929_927,), (10_793_290,)]
    known = dict(ethnicity.rows("select group_code, attended_kind_unknown from clean where group_code in ('Z', '99')"))
    assert known == {"Z": 418, "99": 6_297}


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("entity", "address", "period", "sums"),
    [
        (
            "age_sex_specialty",
            AGE_SEX_SPECIALTY,
            "fy2023-24",
            [("all", 104_634_817, 60_482_200, 43_133_577), ("first", 33_994_906, 19_936_864, 13_755_107)],
        ),
        ("age_sex_workbook", AGE_SEX_WORKBOOK, "fy2024-25", [("all", 113_225_153, 65_786_591, 47_049_643)]),
    ],
)
def test_ages_and_sexes_count_everyone_once(
    parse_file: Any, mirror_file: Any, entity: str, address: str, period: str, sums: list[Any]
) -> None:
    parsed = parse_file(SLUG, entity, mirror_file(address), period)
    assert (
        parsed.rows(
            "select attendance_kind, sum(attendances), sum(attendances_female), sum(attendances_male) "
            "from clean group by all order by all"
        )
        == sums
    )
    assert parsed.value("select count(distinct age_band) from clean") == 25
    assert parsed.rows("select * from clean where main_specialty_code in ('All', '&')") == []


@pytest.mark.requires_mirror
def test_single_ages_of_the_workbook_are_read_as_ages(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "age_sex_workbook", mirror_file(AGE_SEX_WORKBOOK), "fy2024-25")
    general_surgery = dict(
        parsed.rows(
            "select age_band, attendances from clean where main_specialty_code = '100' and length(age_band) < 3"
        )
    )
    assert general_surgery == {"0": 4_371, "15": 5_350, "16": 9_773, "17": 12_548, "18": 14_934, "19": 16_191}


@pytest.mark.requires_mirror
def test_both_breakdowns_by_specialty_add_up_to_england(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "main_specialty", mirror_file(MAIN_SPECIALTY), "fy2023-24")
    assert parsed.rows(
        "select breakdown, count(*), sum(attendances), sum(attended_kind_unknown) from clean group by all order by all"
    ) == [("main_specialty", 87, 104_634_817, 7_795), ("treatment_function", 178, 104_634_817, 7_795)]
    unknown = "select breakdown, specialty_name, attendances from clean where specialty_code = 'unknown' order by all"
    assert parsed.rows(unknown) == [
        ("main_specialty", "Not Known", 587_288),
        ("treatment_function", "Not Known", 547_728),
    ]


# -- the rules, on small files -------------------------------------------------------------------------------------

DECILES = [
    "MOST DEPRIVED 10%",
    "MORE DEPRIVED 10-20%",
    "MORE DEPRIVED 20-30%",
    "MORE DEPRIVED 30-40%",
    "MORE DEPRIVED 40-50%",
    "LESS DEPRIVED 40-50%",
    "LESS DEPRIVED 30-40%",
    "LESS DEPRIVED 20-30%",
    "LESS DEPRIVED 10-20%",
    "LESS DEPRIVED 10%",
    "Unknown/Non-UK Country",
]
ETHNIC_CATEGORIES = {
    "British (White)": "A",
    "Irish (White)": "B",
    "Any other White background": "C",
    "White and Black Caribbean (Mixed)": "D",
    "White and Black African (Mixed)": "E",
    "White and Asian (Mixed)": "F",
    "Any other Mixed background": "G",
    "Indian (Asian or Asian British)": "H",
    "Pakistani (Asian or Asian British)": "J",
    "Bangladeshi (Asian or Asian British)": "K",
    "Any other Asian background": "L",
    "Caribbean (Black or Black British)": "M",
    "African (Black or Black British)": "N",
    "Any other Black background": "P",
    "Chinese (other ethnic group)": "R",
    "Any other ethnic group": "S",
    "Not stated": "Z",
    "Not Known": "99",
}
COUNTS = (50, 10, 30, 9, 1)  # first, first tele, subsequent, subsequent tele, kind unknown: 100 in all
ETHNIC_WORDS = [
    "Attended appointment",
    "Attended tele consultation",
    "Attended subsequent appointment",
    "Attended subsequent tele consultation",
    "Attended but first/subsequent/tele unknown",
]
DECILE_WORDS = ["Attended first appointment", "Attended first tele consultation", *ETHNIC_WORDS[2:]]
GROUP_HEADER = ["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE", "MEASURE_VALUE"]
Rows = list[list[str]]
Change = Callable[[Rows], Any]


def group_rows() -> Rows:
    """A file of 18 ethnic categories of 1,100 attendances, and 11 deciles of 1,800: 19,800 by both."""
    rows: Rows = []
    for label in [*ETHNIC_CATEGORIES, "All Ethnic Groups"]:
        times = 11 * (18 if label == "All Ethnic Groups" else 1)
        rows += packed_rows("Activity by Ethnicity", "All Attendances", ETHNIC_WORDS, label, times)
    for label in DECILES:
        rows += packed_rows("Activity by IMD Decile", "All attendances", DECILE_WORDS, label, 18)
    return rows


def packed_rows(measure_type: str, all_words: str, words: Sequence[str], label: str, times: int) -> Rows:
    counts = [f"{times * count:.1f}" for count in (100, *COUNTS)]
    packed = zip([all_words, *words, "Percentage of all attendances"], [*counts, "5.5"], strict=True)
    return [["2324", measure_type, f"{measure} - {label}", value] for measure, value in packed]


def find_row(rows: Rows, measure: str) -> list[str]:
    (row,) = [row for row in rows if measure in row]
    return row


def set_value(measure: str, value: str) -> Change:
    def change(rows: Rows) -> None:
        find_row(rows, measure)[-1] = value

    return change


def rename(measure: str, new: str) -> Change:
    def change(rows: Rows) -> None:
        find_row(rows, measure)[2] = new

    return change


def parse_groups(
    parse_file: Any, write_csv: Any, tmp_path: Path, *changes: Change, header: list[str] | None = None
) -> Any:
    rows = group_rows()
    for change in changes:
        change(rows)
    path = write_csv(tmp_path / "groups.csv", header or GROUP_HEADER, rows)
    return parse_file(SLUG, "ethnicity_deprivation", path, "fy2023-24")


def test_the_group_is_what_stands_behind_the_last_dash(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    parsed = parse_groups(parse_file, write_csv, tmp_path)
    deciles = parsed.rows("select group_label, group_code from clean where dimension = 'imd_decile'")
    assert dict(deciles) == dict(zip(DECILES, [*map(str, range(1, 11)), "unknown"], strict=True))
    categories = parsed.rows("select group_label, group_code from clean where dimension = 'ethnic_group'")
    assert dict(categories) == ETHNIC_CATEGORIES


def test_both_names_of_the_least_deprived_tenth_are_decile_10(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    def rename_all(rows: Rows) -> None:
        for row in rows:
            row[2] = row[2].replace(" - LESS DEPRIVED 10%", " - Least deprived 10%")

    parsed = parse_groups(parse_file, write_csv, tmp_path, rename_all)
    assert parsed.row("select group_label, attendances from clean where group_code = '10'") == (
        "Least deprived 10%",
        1_800,
    )


REFUSED_GROUPS = {
    "a label that is not in the code list": (
        rename("All Attendances - Not stated", "All Attendances - Roma"),
        r"group that is not in the code list .*: Activity by Ethnicity, All Attendances - Roma",
    ),
    "a measure that is new": (
        rename("All attendances - MOST DEPRIVED 10%", "Did not attend - MOST DEPRIVED 10%"),
        r"measure that is not in the list .*: Activity by IMD Decile, Did not attend - MOST DEPRIVED 10%",
    ),
    "a label of the other dimension": (
        rename("All attendances - MOST DEPRIVED 10%", "All attendances - Not stated"),
        r"Activity by IMD Decile, All attendances - Not stated",
    ),
    "a group that is missing": (
        lambda rows: [rows.remove(row) for row in list(rows) if "LESS DEPRIVED 30-40%" in row[2]],
        r"group of the code list that the file does not have .*: imd_decile, 7",
    ),
    "a cell that is missing": (
        lambda rows: rows.remove(find_row(rows, "Attended tele consultation - Not stated")),
        r"group without a value of attended_first_tele .*: ethnic_group, Not stated",
    ),
    "a cell that stands twice": (
        lambda rows: rows.append(list(find_row(rows, "All Attendances - Not stated"))),
        r"stands more than once .*: Activity by Ethnicity, Z, attendances, 2",
    ),
    "ethnic groups that do not sum to their total": (
        set_value("All Attendances - All Ethnic Groups", "19801.0"),
        r"groups do not sum to the total of attendances .*: ethnic_group, 19800, 19801",
    ),
    "kinds that do not sum": (
        set_value("Attended first appointment - MOST DEPRIVED 10%", "901.0"),
        r"kinds of attendance do not sum to all attendances .*: imd_decile, MOST DEPRIVED 10%, 1800, 1801",
    ),
    "half an attendance": (
        set_value("All attendances - MOST DEPRIVED 10%", "1800.5"),
        r"count that is not a whole number .*: Activity by IMD Decile, All attendances - MOST DEPRIVED 10%, 1, 1800.5",
    ),
    "a value that is no number": (
        set_value("All attendances - MOST DEPRIVED 10%", "*"),
        r"row 135, column measure_value: must be a number",
    ),
}


@pytest.mark.parametrize("fault", REFUSED_GROUPS)
def test_a_file_with_a_fault_is_refused_by_name(parse_file: Any, write_csv: Any, tmp_path: Path, fault: str) -> None:
    change, words = REFUSED_GROUPS[fault]
    with pytest.raises(LakeError, match=words):
        parse_groups(parse_file, write_csv, tmp_path, change)


def test_deprivation_that_does_not_reconcile_to_ethnicity_is_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path
) -> None:
    changes = [
        set_value("All attendances - Unknown/Non-UK Country", "1790.0"),
        set_value("Attended first appointment - Unknown/Non-UK Country", "890.0"),
    ]
    with pytest.raises(
        LakeError, match=r"attendances by deprivation and by ethnicity do not reconcile .*: 19790, 19800"
    ):
        parse_groups(parse_file, write_csv, tmp_path, *changes)


def test_a_missing_column_is_named(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    header = ["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURES", "MEASURE_VALUE"]
    with pytest.raises(LakeError, match=r"column 'MEASURE' is missing"):
        parse_groups(parse_file, write_csv, tmp_path, header=header)


def test_a_file_of_another_year_is_refused(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    def make_older(rows: Rows) -> None:
        for row in rows:
            row[0] = "2223"

    with pytest.raises(LakeError, match=r"listed as fy2023-24, so REPORTING_PERIOD should be 2324, but .*: 2223"):
        parse_groups(parse_file, write_csv, tmp_path, make_older)


# -- the workbooks -------------------------------------------------------------------------------------------------

WORKBOOK_HEADER = [
    "All Attendances\xa0",
    "Attended first appointment\xa0",
    "Attended first tele consultation\xa0",
    "Attended subsequent appointment\xa0",
    "Attended subsequent tele consultation\xa0",
    "Attended but first / subsequent / tele unknown1",
    "Percentage of all attendances",
]


def ethnicity_sheet() -> list[list[Any]]:
    total = [18 * count for count in (100, *COUNTS)]
    rows: list[list[Any]] = [["Ethnic Category", "", *WORKBOOK_HEADER], ["", "Total Activity", *total, 1.0]]
    for label, code in ETHNIC_CATEGORIES.items():
        rows.append([99 if code == "99" else code, label, 100, *COUNTS, 0.056])
    return rows


def parse_ethnicity(parse_file: Any, write_workbook: Any, tmp_path: Path, sheet: list[list[Any]]) -> Any:
    path = write_workbook(tmp_path / "groups.xlsx", {"Ethnic Category": sheet})
    return parse_file(SLUG, "ethnicity_workbook", path, "fy2024-25")


def test_no_break_spaces_footnotes_and_numbers_as_codes_are_read(
    parse_file: Any, write_workbook: Any, tmp_path: Path
) -> None:
    parsed = parse_ethnicity(parse_file, write_workbook, tmp_path, ethnicity_sheet())
    assert parsed.value("select sum(attendances) from clean") == 1_800
    assert parsed.row("select group_label, attended_kind_unknown from clean where group_code = '99'") == (
        "Not Known",
        1,
    )


def test_a_formula_gives_its_last_result(parse_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "formula.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("IMD Decile")
        sheet.write_row(0, 0, ["Index of Multiple Deprivation Decile", *WORKBOOK_HEADER])
        sheet.write_row(1, 0, ["Total Activity", 0, *(11 * count for count in COUNTS), 1.0])
        sheet.write_formula(1, 1, "=SUM(B3:B13)", None, 1_100)
        for place, label in enumerate(DECILES, start=2):
            sheet.write_row(place, 0, [label, 100, *COUNTS, 0.09])
    parsed = parse_file(SLUG, "deprivation_workbook", path, "fy2024-25")
    assert parsed.value("select sum(attendances) from clean") == 1_100


def change_cell(row: int, column: int, value: Any) -> Callable[[list[list[Any]]], None]:
    def change(sheet: list[list[Any]]) -> None:
        sheet[row][column] = value

    return change


REFUSED_WORKBOOKS = {
    "a code beside the wrong label": (
        change_cell(2, 0, "B"),
        r"ethnic category code that does not belong to its label .*: B, British \(White\)",
    ),
    "a heading that was renamed": (
        change_cell(0, 2, "Attendances"),
        r"column 'All Attendances' is missing",
    ),
    "a heading that is new": (
        lambda sheet: [row.append("DNA" if place == 0 else 1) for place, row in enumerate(sheet)],
        r"column 10, 'DNA', is not in the contract",
    ),
    "a cell that is no number": (
        change_cell(4, 2, "n/a"),
        r"row 5, column attendances: must be a whole number",
    ),
    "a label that is new": (
        change_cell(4, 1, "Roma"),
        r"group that is not in the code list: Roma",
    ),
    "a total that is wrong": (
        lambda sheet: (change_cell(1, 2, 1_801)(sheet), change_cell(1, 3, 901)(sheet)),
        r"groups do not sum to the total of attendances .*: ethnic_group, 1800, 1801",
    ),
}


@pytest.mark.parametrize("fault", REFUSED_WORKBOOKS)
def test_a_workbook_with_a_fault_is_refused_by_name(
    parse_file: Any, write_workbook: Any, tmp_path: Path, fault: str
) -> None:
    change, words = REFUSED_WORKBOOKS[fault]
    sheet = ethnicity_sheet()
    change(sheet)
    with pytest.raises(LakeError, match=words):
        parse_ethnicity(parse_file, write_workbook, tmp_path, sheet)


def test_a_file_that_is_no_workbook_is_refused(parse_file: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.xlsx"
    path.write_text("<!DOCTYPE html><html>Just a moment...</html>", encoding="utf-8")
    with pytest.raises(LakeError, match="cannot be read as a workbook"):
        parse_file(SLUG, "ethnicity_workbook", path, "fy2024-25")


# -- age and sex ---------------------------------------------------------------------------------------------------

AGE_HEADER = ["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE", "MAINSPEF_CODE", "MAINSPEF_DESCRIPTION", "MEASURE_VALUE"]
ALL_AGES = [
    *("0", "1-4", "5-9", "10-14", "15", "16", "17", "18", "19", "20-24", "25-29", "30-34", "35-39", "40-44", "45-49"),
    *("50-54", "55-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85-89", "90-120", "Unknown"),
]


def age_rows() -> Rows:
    """Two specialties of 10 attendances an age band, 6 of women and 3 of men; half of them are first ones."""
    rows: Rows = []
    for age in ALL_AGES:
        for code, times in (("All", 4), ("&", 2), ("100", 2)):
            for sex, count in (("All Genders", 5), ("Female", 3), ("Male", 1)):
                measure = f"{age.replace('Unknown', 'Age Unknown')} {sex}"
                for kind, share in (("All", times), ("First", times // 2)):
                    measure_type = f"{kind} Attendances by Age and Gender"
                    rows.append(["2324", measure_type, measure, code, f"name of {code}", str(share * count)])
    return rows


def age_row(rows: Rows, measure: str, code: str) -> list[str]:
    (row,) = [row for row in rows if row[1].startswith("All") and row[2] == measure and row[3] == code]
    return row


def parse_ages(parse_file: Any, write_csv: Any, tmp_path: Path, rows: Rows) -> Any:
    return parse_file(SLUG, "age_sex_specialty", write_csv(tmp_path / "ages.csv", AGE_HEADER, rows), "fy2023-24")


def test_age_and_sex_are_unpacked_and_totals_are_left_out(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    parsed = parse_ages(parse_file, write_csv, tmp_path, age_rows())
    counts = "attendances, attendances_female, attendances_male"
    query = f"select distinct {counts} from clean where main_specialty_code = 'unknown' and attendance_kind = ?"
    assert parsed.rows(query, ["all"]) == [(10, 6, 2)]
    assert parsed.rows(query, ["first"]) == [(5, 3, 1)]
    ages = [age for (age,) in parsed.rows("select distinct age_band from clean")]
    assert sorted(ages) == sorted(age.lower() for age in ALL_AGES)
    assert parsed.value("select sum(attendances) from clean where attendance_kind = 'all'") == 500
    assert parsed.report.set_aside == {"rows of all specialties, used as a checksum": 150}


def test_an_absent_row_of_a_sex_is_zero(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = age_rows()
    rows.remove(age_row(rows, "0 Male", "100"))
    age_row(rows, "0 Male", "All")[-1] = "2"
    parsed = parse_ages(parse_file, write_csv, tmp_path, rows)
    query = "select attendances_male from clean where main_specialty_code = ? and age_band = '0' and attendance_kind = 'all'"
    assert parsed.value(query, ["100"]) == 0
    assert parsed.value(query, ["unknown"]) == 2


@pytest.mark.parametrize(
    ("measure", "code", "column", "value", "words"),
    [
        ("0 Male", "100", 5, "3", r"main specialties do not sum to All .*: .*, 0, Male, 5, 4"),
        ("0 Male", "100", 2, "0 Boys", r"age band or sex that is not in the list .*: All Attendances .*, 0 Boys"),
        ("1-4 Male", "100", 2, "Apr-01 Male", r"age band or sex that is not in the list .*: .*, Apr-01 Male"),
        ("0 Male", "100", 2, "1-4 Male", r"cell that stands more than once .*: .*, 100, 1-4, Male, 2"),
        ("0 Male", "All", 3, "101", r"age and sex without its row of all specialties .*: all, Male, 0"),
        ("0 Male", "100", 4, "", r"column code_description: the cell must not be empty"),
        ("0 Male", "100", 3, "1OO", r"column code: the text must match"),
    ],
)
def test_ages_with_a_fault_are_refused_by_name(
    parse_file: Any, write_csv: Any, tmp_path: Path, measure: str, code: str, column: int, value: str, words: str
) -> None:
    rows = age_rows()
    age_row(rows, measure, code)[column] = value
    with pytest.raises(LakeError, match=words):
        parse_ages(parse_file, write_csv, tmp_path, rows)


def test_a_file_without_first_attendances_is_refused(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = [row for row in age_rows() if row[1].startswith("All")]
    with pytest.raises(LakeError, match=r"age and sex without its row of all specialties .*: first, "):
        parse_ages(parse_file, write_csv, tmp_path, rows)


def test_more_women_and_men_than_people_are_refused(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = age_rows()
    age_row(rows, "0 Male", "100")[-1] = "5"
    age_row(rows, "0 Male", "All")[-1] = "7"
    with pytest.raises(LakeError, match=r"women and men are more than everyone .*: all, 100, 0, 10, 6, 5"):
        parse_ages(parse_file, write_csv, tmp_path, rows)


def age_sheets(year: str = "2024-25") -> dict[str, list[list[Any]]]:
    header = ["Main Specialty Code", "Main Specialty Code Description"]
    header += [int(age) if age.isdigit() else age for age in ALL_AGES] + ["Total"]  # type: ignore[misc]
    sheets: dict[str, list[list[Any]]] = {"Introduction": [[""], [f"Hospital Outpatient Activity {year}\n\n"]]}
    for title, count in (("All", 10), ("Male", 3), ("Female", 6)):
        rows: list[list[Any]] = [["All", "Total Activity", *[4 * count] * 25, 100 * count]]
        rows += [[code, f"name of {code}", *[count] * 25, 25 * count] for code in ("&", 100, 110, 120)]
        sheets[f"All Attendances - {title}"] = [header, *rows]
    return sheets


def test_the_sheets_of_the_sexes_stand_beside_each_other(parse_file: Any, write_workbook: Any, tmp_path: Path) -> None:
    sheets = age_sheets()
    path = write_workbook(tmp_path / "ages.xlsx", sheets)
    parsed = parse_file(SLUG, "age_sex_workbook", path, "fy2024-25")
    assert parsed.value("select count(*) from clean") == 100
    assert parsed.row("select distinct attendances, attendances_female, attendances_male from clean") == (10, 6, 3)
    codes = [code for (code,) in parsed.rows("select distinct main_specialty_code from clean order by all")]
    assert codes == ["100", "110", "120", "unknown"]


def test_a_workbook_of_another_year_is_refused(parse_file: Any, write_workbook: Any, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "ages.xlsx", age_sheets("2023-24"))
    with pytest.raises(LakeError, match="listed as fy2024-25 but its introduction says 2023-24"):
        parse_file(SLUG, "age_sex_workbook", path, "fy2024-25")


def test_a_workbook_without_the_sheet_of_men_is_refused(parse_file: Any, write_workbook: Any, tmp_path: Path) -> None:
    sheets = age_sheets()
    del sheets["All Attendances - Male"]
    path = write_workbook(tmp_path / "ages.xlsx", sheets)
    with pytest.raises(LakeError, match=r"age and sex without its row of all specialties .*: all, Male, 0"):
        parse_file(SLUG, "age_sex_workbook", path, "fy2024-25")


def test_ages_that_do_not_sum_to_their_total_are_refused(parse_file: Any, write_workbook: Any, tmp_path: Path) -> None:
    sheets = age_sheets()
    sheets["All Attendances - Male"][2][-1] = 76
    path = write_workbook(tmp_path / "ages.xlsx", sheets)
    with pytest.raises(LakeError, match=r"ages of a row do not sum to its total .*: Male, &, 75, 76"):
        parse_file(SLUG, "age_sex_workbook", path, "fy2024-25")


# -- specialties ---------------------------------------------------------------------------------------------------

SPECIALTY_HEADER = ["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE", "CODE", "CODE_DESCRIPTION", "MEASURE_VALUE"]
TYPO = "Activity by Main Speciaity Code"


def specialty_rows(measure_type: str = TYPO) -> Rows:
    words = ["All Attendances", *DECILE_WORDS]
    rows: Rows = []
    for code, times in [("All", 9), ("&", 1), *((str(100 + number), 1) for number in range(8))]:
        rows += [
            ["2324", measure_type, measure, code, f"name of {code}", str(times * count)]
            for measure, count in zip(words, (100, *COUNTS), strict=True)
        ]
        rows.append(
            ["2324", measure_type, "Follow-up attendances for each first attendance", code, f"name of {code}", "0.7"]
        )
    return rows


def parse_specialties(parse_file: Any, write_csv: Any, tmp_path: Path, rows: Rows) -> Any:
    path = write_csv(tmp_path / "specialties.csv", SPECIALTY_HEADER, rows)
    return parse_file(SLUG, "main_specialty", path, "fy2023-24")


@pytest.mark.parametrize("measure_type", [TYPO, "Activity by Main Specialty Code"])
def test_the_typing_error_of_the_publisher_and_its_correction_are_one(
    parse_file: Any, write_csv: Any, tmp_path: Path, measure_type: str
) -> None:
    parsed = parse_specialties(parse_file, write_csv, tmp_path, specialty_rows(measure_type))
    assert parsed.row("select distinct breakdown from clean") == ("main_specialty",)
    assert parsed.value("select attendances from clean where specialty_code = 'unknown'") == 100
    assert parsed.value("select sum(attendances) from clean") == 900


def test_a_specialty_that_was_lost_shows_in_the_total(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = [row for row in specialty_rows() if row[3] != "104"]
    with pytest.raises(LakeError, match=rf"specialties do not sum to All in attendances .*: {TYPO}, 800, 900"):
        parse_specialties(parse_file, write_csv, tmp_path, rows)


def test_another_spelling_of_the_breakdown_is_refused(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = specialty_rows("Activity by Speciality")
    with pytest.raises(LakeError, match="column measure_type: the text must be one of"):
        parse_specialties(parse_file, write_csv, tmp_path, rows)
