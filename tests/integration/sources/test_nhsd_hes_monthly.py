"""Provisional monthly HES: the real files of 2020-21, and each rule that they taught, on small files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError

SLUG = "nhsd_hes_monthly"
PERIOD = "fy2020-21"
FILES = "files.digital.nhs.uk/"
ACTIVITY = FILES + "57/C50E24/HES MAR 2020-21 M13.csv"
AGE_BANDS = FILES + "58/C50E25/HES_M13_2021_OPEN_DATA_AGE_BANDS.csv"
FUNCTIONS = FILES + "59/C50E26/HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv"

# -- the real files ------------------------------------------------------------------------------------------------


@pytest.mark.requires_mirror
def test_five_breakdowns_of_2020_21_are_kept_apart(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "provider_activity", mirror_file(ACTIVITY), PERIOD)
    assert parsed.report.records_in == parsed.report.clean_rows == 15_997
    assert parsed.rows(
        "select organisation_level, count(*), sum(all_specialties_first_dna), sum(all_specialties_subsequent_dna) "
        "from clean group by all order by all"
    ) == [
        ("ccg", 1_717, 1_636_425, 3_877_700),
        ("england", 12, 1_636_451, 3_877_728),
        ("provider", 14_086, 1_628_360, 3_869_220),
        ("region_of_ccg", 96, 1_636_465, 3_877_730),
        ("region_of_provider", 86, 1_636_440, 3_877_720),
    ]
    assert parsed.row("select min(period_start), max(period_start) from clean") == (date(2020, 4, 1), date(2021, 3, 1))


@pytest.mark.requires_mirror
def test_england_of_april_2020_is_as_published(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "provider_activity", mirror_file(ACTIVITY), PERIOD)
    assert parsed.row(
        "select organisation_code, organisation_name, region_code, specific_acute_first_dna, all_specialties_first_seen, "
        "all_specialties_first_dna, all_specialties_subsequent_seen, all_specialties_subsequent_dna from clean "
        "where organisation_level = 'england' and period_start = date '2020-04-01'"
    ) == ("ENG", None, None, 53_844, 1_106_592, 72_907, 3_114_226, 183_357)


@pytest.mark.requires_mirror
def test_a_hidden_count_is_null_with_its_status_and_a_zero_stays_zero(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "provider_activity", mirror_file(ACTIVITY), PERIOD)
    assert parsed.report.statuses == {"suppressed": 21_028}
    assert parsed.rows(
        "select all_specialties_first_dna_status, count(*), count(all_specialties_first_dna), "
        "count(*) filter (where all_specialties_first_dna = 0) > 0, "
        "min(all_specialties_first_dna) filter (where all_specialties_first_dna > 0) from clean group by all order by all"
    ) == [("published", 12_685, 12_685, True, 10), ("suppressed", 3_312, 0, False, None)]


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("entity", "address", "rows"), [("age_band", AGE_BANDS, 864), ("treatment_function", FUNCTIONS, 5_537)]
)
def test_both_open_data_files_hold_the_same_three_years(
    parse_file: Any, mirror_file: Any, entity: str, address: str, rows: int
) -> None:
    parsed = parse_file(SLUG, entity, mirror_file(address), PERIOD)
    assert parsed.report.clean_rows == rows
    assert parsed.row("select count(distinct period_start), min(period_start), max(period_start) from clean") == (
        36,
        date(2018, 4, 1),
        date(2021, 3, 1),
    )
    assert parsed.row(
        "select sum(appointments), sum(attended), sum(did_not_attend), sum(emergency_admissions) from clean "
        "where period_start = date '2021-03-01'"
    ) == (10_055_975, 8_094_863, 559_692, 517_291)


@pytest.mark.requires_mirror
def test_age_bands_lose_their_number(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "age_band", mirror_file(AGE_BANDS), PERIOD)
    bands = [band for (band,) in parsed.rows("select distinct age_band from clean order by all")]
    assert len(bands) == 24
    assert {"0-4", "5-9", "15", "85-89", "90+", "unknown"} <= set(bands)
    assert parsed.row(
        "select attended, did_not_attend from clean where age_band = '0-4' and period_start = date '2021-03-01'"
    ) == (249_587, 23_621)


@pytest.mark.requires_mirror
def test_a_function_without_a_name_and_one_without_outpatients(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "treatment_function", mirror_file(FUNCTIONS), PERIOD)
    query = "select treatment_function_code, period_start from clean where treatment_function_name is null"
    assert parsed.rows(query) == [("111", date(2021, 3, 1))]
    assert parsed.row(
        "select finished_consultant_episodes, appointments from clean "
        "where treatment_function_code = '319' and period_start = date '2021-03-01'"
    ) == (221, 0)
    assert parsed.value("select count(*) from clean where treatment_function_code = 'unknown'") == 36


# -- the provider file, on small files -----------------------------------------------------------------------------

MEASURES = [
    "Ordinary Elective",
    "Daycase Elective",
    "Elective total",
    "Non-Elective",
    "First attendances seen - GP referrals",
    "First attendances seen - other referrals",
    "First attendances seen total",
    "First attendances DNA",
    "Subsequent attendances seen",
    "Subsequent attendances DNA",
]
IDENTITY = [
    *("Financial Year", "Reporting Period", "Activity Month", "Organisation breakdown"),
    *("Org Code", "Org Name", "Region Code", "Region Name"),
]
HEADER = [
    *IDENTITY,
    *(f"Specific acute specialties: {measure}" for measure in MEASURES),
    *(f"All specialties: {measure}" for measure in MEASURES),
]
FIRST_DNA = HEADER.index("All specialties: First attendances DNA")
Rows = list[list[str]]
Change = Callable[[Rows], Any]
MONTHS = ["Apr 2020", "May 2020", "Jun 2020", "Jul 2020", "Aug 2020", "Sep 2020", "Oct 2020"]


def activity_rows() -> Rows:
    """Seven months; England has 103 of everything, which is 60 + 40 after rounding, in each of the four breakdowns."""
    rows: Rows = []
    for month in MONTHS:
        for breakdown, code, name, region, count in (
            ("National", "All", "-", "-", "103"),
            ("Region of Provider", "-", "-", "Y56", "60"),
            ("Region of Provider", "-", "-", "-", "40"),
            ("Region of CCG", "-", "-", "Y56", "60"),
            ("Region of CCG", "-", "-", "Y58", "40"),
            ("Provider", "R1H", "BARTS", "Y56", "60"),
            ("Provider", "8HE28", "HARLEY STREET ON 15", "Y56", "40"),
            ("CCG", "00L", "NHS NORTHUMBERLAND CCG", "Y63", "60"),
            ("CCG", "13R", "LONDON COMMISSIONING HUB", "-", "40"),
        ):
            rows.append(["2020-21", "13", month, breakdown, code, name, region, "a region", *[count] * 20])
    return rows


def find(rows: Rows, month: str, breakdown: str, code: str) -> list[str]:
    (row,) = [row for row in rows if row[2:4] == [month, breakdown] and code in row[4:7]]
    return row


def parse_activity(parse_file: Any, write_csv: Any, tmp_path: Path, change: Change, header: list[str] = HEADER) -> Any:
    rows = activity_rows()
    change(rows)
    return parse_file(SLUG, "provider_activity", write_csv(tmp_path / "mar.csv", header, rows), PERIOD)


def leave(rows: Rows) -> None:
    """Change nothing."""


def test_organisations_are_named_by_their_breakdown(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    parsed = parse_activity(parse_file, write_csv, tmp_path, leave)
    assert parsed.rows(
        "select organisation_level, organisation_code, organisation_name, region_code from clean "
        "where period_start = date '2020-04-01' order by all"
    ) == [
        ("ccg", "00L", "NHS NORTHUMBERLAND CCG", "Y63"),
        ("ccg", "13R", "LONDON COMMISSIONING HUB", None),
        ("england", "ENG", None, None),
        ("provider", "8HE28", "HARLEY STREET ON 15", "Y56"),
        ("provider", "R1H", "BARTS", "Y56"),
        ("region_of_ccg", "Y56", None, "Y56"),
        ("region_of_ccg", "Y58", None, "Y58"),
        ("region_of_provider", "Y56", None, "Y56"),
        ("region_of_provider", "none", None, None),
    ]


def set_cell(month: str, breakdown: str, code: str, value: str) -> Change:
    def change(rows: Rows) -> None:
        find(rows, month, breakdown, code)[FIRST_DNA] = value

    return change


def test_a_hidden_count_may_stand_for_one_to_seven(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    def change(rows: Rows) -> None:
        set_cell("Apr 2020", "Provider", "R1H", "95")(rows)
        set_cell("Apr 2020", "Provider", "8HE28", "*")(rows)

    parsed = parse_activity(parse_file, write_csv, tmp_path, change)
    query = (
        "select all_specialties_first_dna, all_specialties_first_dna_status from clean "
        "where organisation_level = 'provider' and period_start = date '2020-04-01' order by organisation_code"
    )
    assert parsed.rows(query) == [(None, "suppressed"), (95, "published")]


def hide_too_much(rows: Rows) -> None:
    """60 of 103 leave 43 for one asterisk, which stands for 7 at most."""
    set_cell("Apr 2020", "Provider", "8HE28", "*")(rows)


def lose_breakdown(rows: Rows) -> None:
    rows[:] = [row for row in rows if not (row[2] == "May 2020" and row[3] == "CCG")]


REFUSED_ACTIVITY: dict[str, tuple[Change, str]] = {
    "a provider whose count was changed": (
        set_cell("Apr 2020", "Provider", "R1H", "75"),
        r"all_specialties_first_dna does not sum to England .*: Apr 2020, Provider, 115, 0 hidden, 103",
    ),
    "hidden cells that cannot make up the rest": (
        hide_too_much,
        r"all_specialties_first_dna does not sum to England .*: Apr 2020, Provider, 60, 1 hidden, 103",
    ),
    "a region that was lost": (
        lambda rows: rows.remove(find(rows, "Apr 2020", "Region of CCG", "Y58")),
        r"does not sum to England .*: Apr 2020, Region of CCG, 60, 0 hidden, 103",
    ),
    "an England that is hidden": (
        set_cell("Apr 2020", "National", "All", "*"),
        r"all_specialties_first_dna does not sum to England .*: Apr 2020, CCG, 100, 0 hidden, ",
    ),
    "a month without a breakdown": (lose_breakdown, r"month without one of the five breakdowns .*: May 2020, CCG"),
    "a month of another year": (
        lambda rows: [row.__setitem__(2, "Apr 2019") for row in rows if row[2] == "Apr 2020"],
        r"Activity Month outside the financial year 2020-21: Apr 2019",
    ),
    "another year": (
        lambda rows: [row.__setitem__(0, "2019-20") for row in rows],
        r"listed as 2020-21 but Financial Year holds: 2019-20",
    ),
    "two editions in one file": (
        lambda rows: [row.__setitem__(1, "12") for row in rows if row[2] == "Apr 2020"],
        r"more than one Reporting Period in a file: 1[23] and 1[23]",
    ),
    "a provider without a code": (
        lambda rows: find(rows, "Apr 2020", "Provider", "R1H").__setitem__(4, "-"),
        r"organisation code that does not belong to its breakdown .*: Apr 2020, Provider, -, BARTS",
    ),
    "a breakdown that is new": (
        lambda rows: find(rows, "Apr 2020", "CCG", "00L").__setitem__(3, "ICB"),
        r"row 9, column breakdown: the text must be one of",
    ),
    "a month with a number": (
        lambda rows: find(rows, "Apr 2020", "CCG", "00L").__setitem__(2, "2020-04"),
        r"row 9, column activity_month: the text must match",
    ),
    "another sign for a hidden count": (
        set_cell("Apr 2020", "CCG", "00L", "c"),
        r"row 9, column all_specialties_first_dna: must be a whole number that is not negative or \*",
    ),
    "a row that stands twice": (
        lambda rows: (
            set_cell("Apr 2020", "Provider", "R1H", "30")(rows),
            rows.append([*find(rows, "Apr 2020", "Provider", "R1H")[:8], *["0"] * 20]),
            find(rows, "Apr 2020", "National", "All").__setitem__(FIRST_DNA, "72"),
            [
                set_cell("Apr 2020", breakdown, code, "30")(rows)
                for breakdown, code in (("Region of Provider", "Y56"), ("Region of CCG", "Y56"), ("CCG", "00L"))
            ],
        ),
        r"rows with the same key \(period_start, organisation_level, organisation_code\): 2020-04-01, provider, R1H, 2",
    ),
}


@pytest.mark.parametrize("fault", REFUSED_ACTIVITY)
def test_a_provider_file_with_a_fault_is_refused_by_name(
    parse_file: Any, write_csv: Any, tmp_path: Path, fault: str
) -> None:
    change, words = REFUSED_ACTIVITY[fault]
    with pytest.raises(LakeError, match=words):
        parse_activity(parse_file, write_csv, tmp_path, change)


def test_a_missing_measure_is_named(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    def drop(rows: Rows) -> None:
        for row in rows:
            del row[FIRST_DNA]

    header = [heading for heading in HEADER if heading != "All specialties: First attendances DNA"]
    with pytest.raises(LakeError, match="column 'All specialties: First attendances DNA' is missing"):
        parse_activity(parse_file, write_csv, tmp_path, drop, header)


# -- the open data files, on small files ---------------------------------------------------------------------------

OPEN_DATA = [
    *("FCE", "FCEs_With_Procedure", "Ordinary_Admission_Episodes", "FCE_DAY_CASES", "FCE_DAY_WITH_PROCEDURE", "FAE"),
    *("EMERGENCY", "Total_Appointments", "Attended_Appointments", "DNA_Appointments", "First_Attendance"),
    "Follow_Up_Attendance",
]
ADMITTED = ["10", "5", "6", "4", "4", "9", "3"]
OUTPATIENTS = ["100", "80", "7", "30", "49"]
AGE_HEADER = ["Month_Ending", "FY_Start_Date", "FY_End_Date", "PARTYEAR", "Age_Band", *OPEN_DATA]
BANDS = [
    *("01. 0 - 4", "02. 5 - 9", "03. 10 - 14", "04. 15", "05. 16", "06. 17", "07. 18", "08. 19", "09. 20 - 24"),
    *("10. 25 - 29", "11. 30 - 34", "12. 35 - 39", "13. 40 - 44", "14. 45 - 49", "15. 50 - 54", "16. 55 - 59"),
    *(
        "17. 60 - 64",
        "18. 65 - 69",
        "19. 70 - 74",
        "20. 75 - 79",
        "21. 80 - 84",
        "22. 85 - 89",
        "23. 90+",
        "24. unknown",
    ),
]


def age_rows() -> Rows:
    year = ["01APR2020", "31MAR2021", "202013"]
    return [["31MAR2021", *year, band, *ADMITTED, *OUTPATIENTS] for band in BANDS]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (0, "30MAR2021", r"month end that does not belong to its year .*: 30MAR2021, 01APR2020, 31MAR2021, 202013"),
        (0, "31FEB2021", r"month end that does not belong to its year .*: 31FEB2021"),
        (0, "31MAR2020", r"month end that does not belong to its year .*: 31MAR2020"),
        (2, "31MAR2022", r"month end that does not belong to its year .*: 31MAR2021, 01APR2020, 31MAR2022"),
        (3, "201913", r"month end that does not belong to its year .*: 31MAR2021, 01APR2020, 31MAR2021, 201913"),
        (0, "31MAR21", r"row 2, column month_ending: the text must match"),
        (4, "01. 0-4", r"row 2, column age_band: the text must be one of"),
        (4, "02. 5 - 9", r"month that does not have all 24 age bands .*: 31MAR2021, 23"),
        (13, "94", r"parts that are more than the whole .*: 31MAR2021, 01. 0 - 4, 100, 94, 7, 30, 49"),
        (15, "90", r"parts that are more than the whole .*: 31MAR2021, 01. 0 - 4, 100, 80, 7, 90, 49"),
        (14, "", r"row 2, column did_not_attend: the cell must not be empty"),
    ],
)
def test_age_bands_with_a_fault_are_refused_by_name(
    parse_file: Any, write_csv: Any, tmp_path: Path, column: int, value: str, words: str
) -> None:
    rows = age_rows()
    rows[0][column] = value
    with pytest.raises(LakeError, match=words):
        parse_file(SLUG, "age_band", write_csv(tmp_path / "ages.csv", AGE_HEADER, rows), PERIOD)


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (["31MAR2020", "01APR2019", "31MAR2020", "201913"], "its years are others .*: 2020-03-31, 2019-04-01"),
        (["31MAR2018", "01APR2017", "31MAR2018", "201713"], "its years are others .*: 2021-03-31, 2017-04-01"),
    ],
)
def test_years_that_the_file_should_not_hold_are_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path, year: list[str], words: str
) -> None:
    older = [[*year, *row[4:]] for row in age_rows()]
    rows = older if year[0] == "31MAR2020" else [*age_rows(), *older]
    with pytest.raises(LakeError, match=words):
        parse_file(SLUG, "age_band", write_csv(tmp_path / "ages.csv", AGE_HEADER, rows), PERIOD)


def test_the_edition_stands_beside_each_month(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    older = [["31MAR2019", "01APR2018", "31MAR2019", "201899", *row[4:]] for row in age_rows()]
    path = write_csv(tmp_path / "ages.csv", AGE_HEADER, [*age_rows(), *older])
    parsed = parse_file(SLUG, "age_band", path, PERIOD)
    assert parsed.rows("select distinct edition, period_start from clean order by all") == [
        (PERIOD, date(2019, 3, 1)),
        (PERIOD, date(2021, 3, 1)),
    ]


FUNCTION_HEADER = [
    *("PARTYEAR", "Month_Ending", "FY_Start_Date", "FY_End_Date", "TRETSPEF", "TRETSPEF_DESCRIPTION"),
    *OPEN_DATA,
    "Latest_Month_Flag",
]


def test_dates_with_two_digits_and_blank_halves_are_read(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    year = ["202013", "31MAR21", "01APR20", "31MAR21"]
    rows = [
        [*year, "&", "Not Known", *ADMITTED, *OUTPATIENTS, "1"],
        [*year, "319", "Respite Care", *ADMITTED, *[""] * 5, ""],
        [*year, "111", "", *[""] * 7, *OUTPATIENTS, "1"],
        *([*year, str(400 + number), "a name", *ADMITTED, *OUTPATIENTS, "1"] for number in range(10)),
    ]
    parsed = parse_file(SLUG, "treatment_function", write_csv(tmp_path / "tf.csv", FUNCTION_HEADER, rows), PERIOD)
    assert parsed.rows(
        "select treatment_function_code, treatment_function_name, period_start, finished_consultant_episodes, appointments "
        "from clean where treatment_function_code < '4' or treatment_function_code = 'unknown' order by all"
    ) == [
        ("111", None, date(2021, 3, 1), 0, 100),
        ("319", "Respite Care", date(2021, 3, 1), 10, 0),
        ("unknown", "Not Known", date(2021, 3, 1), 10, 100),
    ]
