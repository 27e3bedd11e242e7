"""Annual outpatient activity of the sample: 2023-24 as three CSV files, 2024-25 as three workbooks.

One table of attendances stands behind each year: the five kinds of attendance, shared out over ethnic categories, over
deprivation deciles, over specialties, ages and sexes. So every breakdown adds up to the same total, kind by kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from dagster_project.sample.files import (
    NOTICE,
    Cell,
    Published,
    apportion,
    csv_bytes,
    landing_page,
    open_stream,
    workbook_bytes,
)

PAGES = "https://digital.nhs.uk/data-and-information/publications/statistical/hospital-outpatient-activity/"
FILES = "https://files.digital.nhs.uk/"
ATTENDANCES = {"2023-24": 1_204_816, "2024-25": 1_291_533}
KINDS = (0.285, 0.044, 0.5405, 0.13, 0.0005)  # first, first tele, subsequent, subsequent tele, unknown
ETHNIC_CATEGORIES = {
    "A": ("British (White)", 60.0),
    "B": ("Irish (White)", 0.6),
    "C": ("Any other White background", 4.9),
    "D": ("White and Black Caribbean (Mixed)", 0.4),
    "E": ("White and Black African (Mixed)", 0.2),
    "F": ("White and Asian (Mixed)", 0.3),
    "G": ("Any other Mixed background", 0.7),
    "H": ("Indian (Asian or Asian British)", 2.4),
    "J": ("Pakistani (Asian or Asian British)", 2.2),
    "K": ("Bangladeshi (Asian or Asian British)", 0.8),
    "L": ("Any other Asian background", 1.7),
    "M": ("Caribbean (Black or Black British)", 1.1),
    "N": ("African (Black or Black British)", 1.9),
    "P": ("Any other Black background", 0.8),
    "R": ("Chinese (other ethnic group)", 0.4),
    "S": ("Any other ethnic group", 2.5),
    "Z": ("Not stated", 11.5),
    "99": ("Not Known", 8.4),
}
DECILES = (  # from the most to the least deprived; the attendance gradient is planted
    ("Most deprived 10%", 9.9),
    ("More deprived 10-20%", 10.0),
    ("More deprived 20-30%", 10.0),
    ("More deprived 30-40%", 9.9),
    ("More deprived 40-50%", 9.9),
    ("Less deprived 40-50%", 9.9),
    ("Less deprived 30-40%", 9.8),
    ("Less deprived 20-30%", 9.8),
    ("Less deprived 10-20%", 9.7),
    ("Least deprived 10%", 9.5),
    ("Unknown/Non-UK Country", 1.6),
)
SPECIALTIES = {
    "&": ("Not Known", 0.6),
    "100": ("General Surgery", 4.7),
    "101": ("Urology", 2.6),
    "110": ("Trauma and Orthopaedics", 7.5),
    "130": ("Ophthalmology", 7.3),
    "300": ("General Internal Medicine", 2.2),
    "320": ("Cardiology", 4.0),
    "330": ("Dermatology", 3.6),
    "420": ("Paediatrics", 4.2),
    "501": ("Obstetrics", 3.9),
    "502": ("Gynaecology", 4.1),
    "950": ("Nursing", 3.6),
    "960": ("Allied Health Professional", 9.0),
}
AGES = (
    ("0", 1.1),
    ("1-4", 2.0),
    ("5-9", 2.5),
    ("10-14", 2.7),
    ("15", 0.7),
    ("16", 0.6),
    ("17", 0.6),
    ("18", 0.5),
    ("19", 0.5),
    ("20-24", 3.1),
    ("25-29", 5.0),
    ("30-34", 6.4),
    ("35-39", 5.8),
    ("40-44", 4.8),
    ("45-49", 4.7),
    ("50-54", 6.1),
    ("55-59", 7.4),
    ("60-64", 8.0),
    ("65-69", 7.9),
    ("70-74", 8.2),
    ("75-79", 9.0),
    ("80-84", 6.1),
    ("85-89", 3.8),
    ("90-120", 1.8),
    ("Unknown", 0.5),
)
SEXES = {"Female": 0.57, "Male": 0.41, "Unknown": 0.02}
_ETHNIC_WORDS = ("Attended appointment", "Attended tele consultation")  # 2023-24 leaves out "first" for ethnicity only
_FIRST_WORDS = ("Attended first appointment", "Attended first tele consultation")
_OTHER_WORDS = (
    "Attended subsequent appointment",
    "Attended subsequent tele consultation",
    "Attended but first/subsequent/tele unknown",
)
_WORKBOOK_COLUMNS = ("All Attendances\xa0", *(f"{words}\xa0" for words in (*_FIRST_WORDS, *_OTHER_WORDS[:2])))

Kinds = tuple[int, ...]  # attendances of the five kinds


def published_files(seed: int, edition: int) -> Published:
    """Give both landing pages, three CSV files and three workbooks; the editions are the same."""
    names = {
        "2023-24": {
            "5A/5A0001/hosp-epis-stat-outp-eth-imd-dec-2023-24-data.csv": _ethnicity_and_deprivation_csv(seed),
            "5A/5A0002/hosp-epis-stat-outp-all-firs-atte-2023-24-data.csv": _age_and_sex_csv(seed),
            "5A/5A0003/hosp-epis-stat-outp-main-spec-tret_spec-2023-24-data.csv": _specialty_csv(seed),
        },
        "2024-25": {
            "5A/5A0004/hosp-epis-stat-outp-all-atte-2024-25-tab.xlsx": _all_attendances_workbook(seed),
            "5A/5A0005/hosp-epis-stat-outp-ethn-cat-2024-25-tab.xlsx": _ethnicity_workbook(seed),
            "5A/5A0006/hosp-epis-stat-outp-imd-dec-2024-25-tab.xlsx": _deprivation_workbook(seed),
        },
    }
    files: Published = {}
    for year, contents in names.items():
        links = [(FILES + name, name.rsplit("/", 1)[1]) for name in contents]
        files |= {FILES + name: content for name, content in contents.items()}
        files[f"{PAGES}{year}/"] = landing_page(f"Hospital Outpatient Activity, {year}", links)
    return files


@cache
def _by_group(seed: int, year: str, breakdown: str, weights: tuple[float, ...]) -> list[Kinds]:
    """Share each kind of attendance out over the groups of one breakdown."""
    stream = open_stream(seed, "outpatients", year, breakdown)
    stirred = [weight * (0.98 + 0.04 * stream.random()) for weight in weights]
    columns = [apportion(total, stirred) for total in apportion(ATTENDANCES[year], KINDS)]
    return list(zip(*columns, strict=True))


def _ethnic_groups(seed: int, year: str) -> list[Kinds]:
    return _by_group(seed, year, "ethnicity", tuple(weight for _, weight in ETHNIC_CATEGORIES.values()))


def _add_up(groups: Sequence[Kinds]) -> Kinds:
    return tuple(map(sum, zip(*groups, strict=True)))


def _ethnicity_and_deprivation_csv(seed: int) -> bytes:
    ethnic = dict(zip((label for label, _ in ETHNIC_CATEGORIES.values()), _ethnic_groups(seed, "2023-24"), strict=True))
    ethnic["All Ethnic Groups"] = _add_up(list(ethnic.values()))
    deciles = _by_group(seed, "2023-24", "deprivation", tuple(weight for _, weight in DECILES))
    # The CSV of 2023-24 shouts, and calls the last decile LESS DEPRIVED 10%; the unknown keep their spelling.
    spelt = [label.upper().replace("LEAST", "LESS") for label, _ in DECILES[:-1]] + [DECILES[-1][0]]
    rows = _packed_rows("Activity by Ethnicity", "All Attendances", (*_ETHNIC_WORDS, *_OTHER_WORDS), ethnic)
    deprivation = dict(zip(spelt, deciles, strict=True))
    rows += _packed_rows("Activity by IMD Decile", "All attendances", (*_FIRST_WORDS, *_OTHER_WORDS), deprivation)
    return csv_bytes([["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE", "MEASURE_VALUE"], *rows], line_end="\n")


def _packed_rows(measure_type: str, all_words: str, words: Sequence[str], groups: dict[str, Kinds]) -> list[list[Cell]]:
    """Give the rows of one breakdown, the group packed into MEASURE behind the last dash, numbers as float texts."""
    values: dict[str, float] = {}
    for label, kinds in groups.items():
        values[f"{all_words} - {label}"] = sum(kinds)
        values |= {f"{measure} - {label}": count for measure, count in zip(words, kinds, strict=True)}
        values[f"Percentage of all attendances - {label}"] = 100 * sum(kinds) / ATTENDANCES["2023-24"]
    order = sorted(values, key=str.casefold)
    return [["2324", measure_type, measure, f"{values[measure]:.1f}"] for measure in order]


@cache
def _ages_and_sexes(seed: int, year: str) -> dict[tuple[str, str, str], Kinds]:
    """Share attendances out over specialty, age and sex."""
    keys = [(code, age, sex) for code in SPECIALTIES for age, _ in AGES for sex in SEXES]
    weights = [
        _specialty_weight(code, age, sex) * share * sex_share
        for code in SPECIALTIES
        for age, share in AGES
        for sex, sex_share in SEXES.items()
    ]
    return dict(zip(keys, _by_group(seed, year, "ages", tuple(weights)), strict=True))


def _specialty_weight(code: str, age: str, sex: str) -> float:
    """Give the specialty's weight: children's and women's services see only children and women."""
    child = age in ("0", "1-4", "5-9", "10-14", "15")
    excluded = (code == "420" and not child) or (code in ("501", "502") and (sex == "Male" or child))
    return 0.0 if excluded else SPECIALTIES[code][1]


def _count_of(seed: int, year: str, *, code: str, age: str, sex: str, first: bool) -> int:
    """Give the attendances (or first attendances) of a specialty, age and sex; ``All`` stands for every one."""
    return sum(
        sum(kinds[:2]) if first else sum(kinds)
        for (one_code, one_age, one_sex), kinds in _ages_and_sexes(seed, year).items()
        if code in ("All", one_code) and age in ("All", one_age) and sex in ("All", one_sex)
    )


def _age_and_sex_csv(seed: int) -> bytes:
    header: list[Cell] = ["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE", "MAINSPEF_CODE", "MAINSPEF_DESCRIPTION"]
    rows: list[list[Cell]] = [[*header, "MEASURE_VALUE"]]
    for kind, first in (("All Attendances", False), ("First Attendances", True)):
        counts = _age_and_sex_counts(seed, first)
        for (code, measure), count in counts.items():
            name = "All" if code == "All" else SPECIALTIES[code][0]
            if count:  # the publisher has no row where nobody attended
                rows.append(["2324", f"{kind} by Age and Gender", measure, code, name, count])
    return csv_bytes(rows, line_end="\n")


def _age_and_sex_counts(seed: int, first: bool) -> dict[tuple[str, str], int]:
    """Give counts by specialty code and packed measure (``0 Female``, ``Age Unknown All Genders``)."""
    counts: dict[tuple[str, str], int] = {}
    for (code, age, sex), kinds in _ages_and_sexes(seed, "2023-24").items():
        count = sum(kinds[:2]) if first else sum(kinds)
        label = "Age Unknown" if age == "Unknown" else age
        for column in ("All", code):
            genders = ["All Genders"] if sex == "Unknown" else ["All Genders", sex]
            for gender in genders:
                key = (column, f"{label} {gender}")
                counts[key] = counts.get(key, 0) + count
    return dict(sorted(counts.items(), key=lambda item: (item[0][0] != "All", item[0][1], item[0][0])))


def _specialty_csv(seed: int) -> bytes:
    header: list[Cell] = ["REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE", "CODE", "CODE_DESCRIPTION", "MEASURE_VALUE"]
    rows: list[list[Cell]] = [header]
    rows += _specialty_rows("Activity by Main Speciaity Code", _by_specialty(seed, "ages"))  # spelt as published
    rows += _specialty_rows("Activity by Treatment Function", _by_specialty(seed, "treatment function"))
    return csv_bytes(rows, line_end="\n")


def _by_specialty(seed: int, breakdown: str) -> dict[str, Kinds]:
    if breakdown == "ages":
        cells = _ages_and_sexes(seed, "2023-24")
        groups = {code: _add_up([kinds for key, kinds in cells.items() if key[0] == code]) for code in SPECIALTIES}
    else:
        weights = tuple(weight for _, weight in SPECIALTIES.values())
        groups = dict(zip(SPECIALTIES, _by_group(seed, "2023-24", breakdown, weights), strict=True))
    return groups | {"All": _add_up(list(groups.values()))}


def _specialty_rows(measure_type: str, groups: dict[str, Kinds]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    order = sorted(groups, key=lambda code: (code == "All", code == "&", code))
    for place, measure in enumerate(("All Attendances", *_FIRST_WORDS, *_OTHER_WORDS)):
        for code in order:
            count = sum(groups[code]) if place == 0 else groups[code][place - 1]
            rows.append(["2324", measure_type, measure, code, _specialty_name(code), count])
    follow_up = "Follow-up attendances for each first attendance"
    for code in order:
        ratio = sum(groups[code][2:4]) / sum(groups[code][:2])
        share = 100 * sum(groups[code]) / ATTENDANCES["2023-24"]
        name = _specialty_name(code)
        rows.append(["2324", measure_type, follow_up, code, name, f"{ratio:.1f}"])
        rows.append(["2324", measure_type, "Percentage of all attendances", code, name, f"{share:.3g}"])
    return rows


def _specialty_name(code: str) -> str:
    return "All" if code == "All" else SPECIALTIES[code][0]


def _all_attendances_workbook(seed: int) -> bytes:
    introduction: list[list[Cell]] = [[""], ["Hospital Outpatient Activity 2024-25\n\n\n"], ["All Attendances Tables"]]
    introduction += [[""], [NOTICE], [""], ["Introduction"], ["Links to Tables"], ["All Attendances - All Patients"]]
    sheets: list[tuple[str, Sequence[Sequence[Cell]]]] = [("Introduction", introduction)]
    for title, sex in (("All", "All"), ("Male", "Male"), ("Female", "Female")):
        sheets.append((f"All Attendances - {title}", list(_sheet_of_ages(seed, sex))))
    return workbook_bytes(sheets)


def _sheet_of_ages(seed: int, sex: str) -> Iterator[list[Cell]]:
    """Give a sheet: single ages are numbers, age ranges texts; a specialty without a patient of the sex has no row."""
    ages = [age for age, _ in AGES]
    headings: list[Cell] = [int(age) if age.isdigit() else age for age in ages]
    yield ["Main Specialty Code", "Main Specialty Code Description", *headings, "Total"]
    for code in ("All", *SPECIALTIES):
        counts = [_count_of(seed, "2024-25", code=code, age=age, sex=sex, first=False) for age in ages]
        name = "Total Activity" if code == "All" else SPECIALTIES[code][0]
        if sum(counts):
            yield [int(code) if code.isdigit() else code, name, *counts, sum(counts)]


def _ethnicity_workbook(seed: int) -> bytes:
    groups = _ethnic_groups(seed, "2024-25")
    unknown = "Attended but first / subsequent / tele unknown\xa0"
    rows: list[list[Cell]] = [["Ethnic Category", "", *_WORKBOOK_COLUMNS, unknown, "Percentage of all attendances"]]
    rows.append(["", "Total Activity", *_measures(_add_up(groups))])
    for (code, (label, _)), kinds in zip(ETHNIC_CATEGORIES.items(), groups, strict=True):
        rows.append([int(code) if code.isdigit() else code, label, *_measures(kinds)])
    return workbook_bytes([("Ethnic Category", rows)])


def _deprivation_workbook(seed: int) -> bytes:
    groups = _by_group(seed, "2024-25", "deprivation", tuple(weight for _, weight in DECILES))
    unknown = "Attended but first / subsequent / tele unknown1"  # the 1 is a footnote
    heading = "Index of Multiple Deprivation Decile"
    rows: list[list[Cell]] = [[heading, *_WORKBOOK_COLUMNS, unknown, "Percentage of all attendances"]]
    _, *total = _measures(_add_up(groups))
    rows.append(["Total Activity", "=SUM(B3:B13)", *total])
    rows += [[label, *_measures(kinds)] for (label, _), kinds in zip(DECILES, groups, strict=True)]
    return workbook_bytes([("IMD Decile", rows)])


def _measures(kinds: Kinds) -> list[Cell]:
    """Give all attendances, the five kinds and the share of the year's total (a fraction, three places)."""
    return [sum(kinds), *kinds, round(sum(kinds) / ATTENDANCES["2024-25"], 3)]
