"""Patient-level extracts of the sample's trusts, in national layouts and in untidy local ones, each with its mapping file.

Their counts are those of the returns: whoever makes WL01, OP01 or UC01 of them gets the sample's own return, cell by cell. Patients,
identifiers and postcodes are invented. No night writes them: `hiw extract sample` and the tests do.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dagster_project.returns.calendar import MONTHLY, QUARTERLY, period_start, periods_between
from dagster_project.sample import organisations as org
from dagster_project.sample import returns_op01, returns_uc01, returns_wl01
from dagster_project.sample import returns_story as story
from dagster_project.sample.files import Cell, apportion, csv_bytes
from dagster_project.sample.mhclg_imd import FILE_7_2019, FILE_7_2025
from dagster_project.sample.mhclg_imd import published_files as imd_files
from dagster_project.sample.ons_geography import LSOA_2011_TO_2021
from dagster_project.sample.ons_geography import published_files as geography_files
from dagster_project.sample.returns_people import AGES, DECILES, ETHNIC, SEX_WEIGHTS, SEXES, Counts, age_weights

AGE_RANGES = ((0, 4), (5, 17), (18, 18), (19, 29), (30, 39), (40, 49), (50, 64), (65, 74), (75, 84), (85, 99))
DAYS_WAITED = ((0, 126), (127, 182), (183, 280), (281, 364), (365, 455), (456, 546), (547, 728), (729, 1100))
FUNCTIONS = ("100", "101", "108", "110", "144", "173", "301", "303", "502", "650", "711", "142", "106")
CODE_OF_GROUP = {
    "HOMELESS": ("HM01", "HM03", "HM05"),
    "HOUSED": ("MA01", "MA04", "MA06"),
    "NOT_KNOWN": ("OC98", "OC99", ""),
}


@dataclass(frozen=True)
class Patient:
    """Somebody on a list."""

    number: int
    ethnic: str
    decile: str
    age: str
    sex: str


Record = tuple[Patient, int, bool]
"""A patient, the place of the outcome (band, code), and whether it is of part 2A."""


def sample_extract(code: str, org_code: str, month: dt.date, form: str) -> dict[str, bytes]:
    """Name -> bytes of an extract, its mapping and the public files that it needs. Raises KeyError for an unknown form."""
    return FORMS[code][form](org_code, month)


# -- patients ---------------------------------------------------------------------------------------------------------


def _records(org_code: str, counts: Counts, some: Counts | None, chance: random.Random) -> Iterator[Record]:
    """Patients whose counts by ethnic category and decile, by age and by sex are those of the return, for each outcome."""
    number = 0
    for outcome in range(counts.shape[2]):
        parts = (
            [counts[:, :, outcome]]
            if some is None
            else [some[:, :, outcome], counts[:, :, outcome] - some[:, :, outcome]]
        )
        weights = (age_weights(org_code), SEX_WEIGHTS)
        left = [apportion(int(counts[:, :, outcome].sum()), one) for one in weights]
        for place, part in enumerate(parts):
            is_last = place == len(parts) - 1
            shares = left if is_last else [apportion(int(part.sum()), one) for one in weights]
            left = [[a - b for a, b in zip(all_, own, strict=True)] for all_, own in zip(left, shares, strict=True)]
            ages, sexes = (_shuffled(names, share, chance) for names, share in zip((AGES, SEXES), shares, strict=True))
            for row, ethnic in enumerate(ETHNIC):
                for column, decile in enumerate(DECILES):
                    for _ in range(int(part[row, column])):
                        yield Patient(number, ethnic, decile, ages.pop(), sexes.pop()), outcome, not is_last
                        number += 1


def _shuffled(names: Sequence[str], shares: Sequence[int], chance: random.Random) -> list[str]:
    made = [name for name, share in zip(names, shares, strict=True) for _ in range(share)]
    chance.shuffle(made)
    return made


def _born(age: str, day: dt.date, chance: random.Random) -> dt.date | None:
    """A birth date that gives an age of the band on the day, birthdays on the day itself among them."""
    if age == AGES[-1]:
        return None
    years = chance.randint(*AGE_RANGES[AGES.index(age)])
    return dt.date(day.year - years, day.month, day.day) - dt.timedelta(
        days=chance.choice((0, 364, chance.randrange(364)))
    )


@cache
def _areas(year: int) -> dict[str, list[str]]:
    """Decile -> LSOAs of the year, in the edition that stands on it."""
    lsoas, stir = (org.lsoas_2021(), 0) if year == 2021 else (org.lsoas_2011(), 9)
    found: dict[str, list[str]] = {decile: [] for decile in DECILES}
    for rank, lsoa in zip(org.imd_ranks(lsoas, stir), lsoas, strict=True):
        found[str(org.decile_of(rank, len(lsoas)))].append(lsoa.code)
    found[DECILES[-1]] = ["", "W01999999"]
    return found


def _year(org_code: str, month: dt.date) -> int:
    return 2011 if story.imd_version(org_code, month) == "IMD2019" else 2021


def _nhs_number(number: int) -> str:
    """Ten digits in the range 999, which is kept for tests, with a check digit that is wrong."""
    digits = f"999{number:06d}"
    right = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
    return f"{digits}{(right + 1) % 10}"


def _function(patient: Patient) -> str:
    return FUNCTIONS[patient.number % len(FUNCTIONS)]


# -- waiting lists ----------------------------------------------------------------------------------------------------


def _pathways(org_code: str, month: dt.date) -> tuple[list[tuple[Patient, dt.date, bool, dt.date | None, str]], bool]:
    """(patient, clock start, 2A, birth date, LSOA) of a month, and whether the trust tells part 2A."""
    chance = random.Random(f"WL01 {org_code} {month}")
    counts = returns_wl01.counts_of(org_code, month)
    has_2a = org_code == "R9A" and month == story.NEWEST_MONTH
    made = []
    for patient, band, is_2a in _records(org_code, counts, counts // 3 if has_2a else None, chance):
        shortest, longest = DAYS_WAITED[band]
        days = chance.choice((shortest, longest, chance.randint(shortest, longest)))
        area = chance.choice(_areas(_year(org_code, month))[patient.decile])
        made.append((patient, month - dt.timedelta(days=days), is_2a, _born(patient.age, month, chance), area))
    chance.shuffle(made)
    return made, has_2a


def _wlmds(org_code: str, month: dt.date) -> dict[str, bytes]:
    """Open pathways as WLMDS has them, with the LSOA that is added nationally."""
    pathways, has_2a = _pathways(org_code, month)
    header = (
        "DATE_AND_TIME_DATA_SET_CREATED,Week_Ending_Date,Waiting_List_Type,NHS_NUMBER,PERSON_BIRTH_DATE,PERSON_STATED_GENDER_CODE,ETHNIC_CATEGORY,"
        "PATIENT_PATHWAY_IDENTIFIER,ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER,ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER,"
        f"ACTIVITY_TREATMENT_FUNCTION_CODE,REFERRAL_TO_TREATMENT_PERIOD_START_DATE,REFERRAL_TO_TREATMENT_PERIOD_END_DATE,{_lsoa_column(org_code, month)}"
    ).split(",")
    rows: list[list[Cell]] = [
        [
            f"{month:%d/%m/%Y} 23:00:00",
            f"{month:%d/%m/%Y}",
            "IRTT" if is_2a else "ORTT",
            _nhs_number(one.number),
            _text(born),
            one.sex,
            one.ethnic,
            f"{org_code}{one.number:017d}",
            org_code,
            f"{org_code}01",
            _function(one),
            f"{start:%d/%m/%Y}",
            "",
            area,
        ]
        for one, start, is_2a, born, area in pathways
    ]
    list_type = "" if has_2a else "\n    elements: {WAITING_LIST_TYPE: none}"
    inputs = f'  wlmds_open:\n    dates: "%d/%m/%Y"{list_type}\n'
    return {"extract.csv": csv_bytes([header, *rows]), **_beside("WL01", org_code, month, inputs)}


def _untidy_list(org_code: str, month: dt.date) -> dict[str, bytes]:
    """The list of a patient administration system: local names and values, addresses in a file of their own."""
    pathways, has_2a = _pathways(org_code, month)
    header = [
        "Hosp No",
        "Pathway",
        "D.O.B.",
        "Sex",
        "Ethnic Origin",
        "Spec",
        "Clock Start",
        "Decision",
        "Snapshot",
        "Remarks",
    ]
    ethnic, sex = {"Z": "Not stated", "99": "NULL"}, {"1": "M", "2": "F", "9": "I", "X": "U"}
    rows: list[list[Cell]] = []
    for one, start, is_2a, born, _ in pathways:
        decided = f"{month:%d-%b-%Y}" if is_2a else ""
        who: list[Cell] = [
            f"H{one.number:07d}",
            f"{one.number:08d}",
            "" if born is None else f"{born:%d-%b-%Y}",
            sex[one.sex],
        ]
        rows.append(
            [
                *who,
                ethnic.get(one.ethnic, f"{one.ethnic}1"),
                _function(one),
                f"{start:%d-%b-%Y}",
                decided,
                f"{month:%d-%b-%Y}",
                "rang; café",
            ]
        )
    addresses: list[list[Cell]] = [[f"h{one.number:07d}".upper(), _postcode(area)] for one, *_, area in pathways]
    inputs = f"""\
  wlmds_open:
    separator: ";"
    encoding: cp1252
    dates: "%d-%b-%Y"
    missing: ["NULL"]
    elements:
      LOCAL_PATIENT_IDENTIFIER: Hosp No
      REFERRAL_IDENTIFIER: Pathway
      PERSON_BIRTH_DATE: D.O.B.
      PERSON_STATED_GENDER_CODE: {{column: Sex, values: {{M: "1", F: "2", I: "9", U: X}}}}
      ETHNIC_CATEGORY: {{column: Ethnic Origin, values: {{Not stated: Z}}}}
      ACTIVITY_TREATMENT_FUNCTION_CODE: Spec
      REFERRAL_TO_TREATMENT_PERIOD_START_DATE: Clock Start
      DECISION_TO_ADMIT_DATE: {"Decision" if has_2a else "none"}
      WEEK_ENDING_DATE: Snapshot
      WAITING_LIST_TYPE: none
      REFERRAL_TO_TREATMENT_PERIOD_END_DATE: none
  area:
    elements: {{LOCAL_PATIENT_IDENTIFIER: Hosp No}}
"""
    return {
        "extract.csv": csv_bytes([header, *rows], separator=";").decode().encode("cp1252"),
        "area.csv": csv_bytes([["Hosp No", "Postcode"], *addresses]),
        **_beside("WL01", org_code, month, inputs, postcodes=True),
    }


# -- outpatients ------------------------------------------------------------------------------------------------------


def _appointments(org_code: str, month: dt.date) -> list[tuple[Patient, str, dt.date, dt.date | None, str]]:
    """(patient, outcome, day, birth date, LSOA) of a month."""
    chance = random.Random(f"OP01 {org_code} {month}")
    made = []
    for patient, outcome, _ in _records(org_code, returns_op01.counts_of(org_code, month), None, chance):
        day = month.replace(day=chance.choice((1, month.day, chance.randint(1, month.day))))
        area = chance.choice(_areas(_year(org_code, month))[patient.decile])
        made.append((patient, returns_op01.CODES[outcome], day, _born(patient.age, day, chance), area))
    chance.shuffle(made)
    return made


def _cds(org_code: str, month: dt.date) -> dict[str, bytes]:
    """Appointments as CDS type 020 has them."""
    header = (
        "CDSTypeCode,CDSUniqueIdentifier,NHSNumber,PersonBirthDate,PersonGenderCodeCurrent,EthnicCategory,ORGANISATION CODE (CODE OF PROVIDER),"
        f"ActivityTreatmentFunctionCode,FirstAttendanceCode,AttendedOrDidNotAttendCode,AppointmentDate,{_lsoa_column(org_code, month)}"
    ).split(",")
    rows: list[list[Cell]] = [
        [
            "020",
            f"B{one.number:012d}",
            _nhs_number(one.number),
            "" if born is None else born.isoformat(),
            "0" if one.sex == "X" else one.sex,
            one.ethnic,
            org_code,
            _function(one),
            str(one.number % 4 + 1),
            outcome,
            day.isoformat(),
            area,
        ]
        for one, outcome, day, born, area in _appointments(org_code, month)
    ]
    inputs = '  cds_020:\n    dates: "%Y-%m-%d"\n'
    return {"extract.csv": csv_bytes([header, *rows]), **_beside("OP01", org_code, month, inputs)}


def _untidy_appointments(org_code: str, month: dt.date) -> dict[str, bytes]:
    """Appointments of a patient administration system: words for outcomes, postcodes, tabs."""
    words = {
        "5": "Seen",
        "6": "Seen late",
        "7": "Late not seen",
        "2": "Pt cancelled",
        "3": "DNA",
        "4": "Hosp cancelled",
    }
    header = ["Appt", "Born", "Sex", "Ethnicity", "TFC", "Type", "Outcome", "Date", "PCode"]
    rows: list[list[Cell]] = [
        [
            f"{one.number:09d}",
            "" if born is None else f"{born:%Y%m%d}",
            one.sex,
            one.ethnic,
            _function(one),
            ("New", "FU")[one.number % 2],
            words[outcome],
            f"{day:%Y%m%d}",
            _postcode(area),
        ]
        for one, outcome, day, born, area in _appointments(org_code, month)
    ]
    values = ", ".join(f'{word}: "{code}"' for code, word in words.items())
    inputs = f"""\
  cds_020:
    separator: "\\t"
    dates: "%Y%m%d"
    elements:
      ATTENDANCE_IDENTIFIER: Appt
      PERSON_BIRTH_DATE: Born
      PERSON_STATED_GENDER_CODE: Sex
      ETHNIC_CATEGORY: Ethnicity
      ACTIVITY_TREATMENT_FUNCTION_CODE: TFC
      FIRST_ATTENDANCE_CODE: {{column: Type, values: {{New: "1", FU: "2"}}}}
      ATTENDED_OR_DID_NOT_ATTEND_CODE: {{column: Outcome, values: {{{values}}}}}
      APPOINTMENT_DATE: Date
      POSTCODE_OF_USUAL_ADDRESS: PCode
"""
    return {
        "extract.csv": csv_bytes([header, *rows], separator="\t"),
        **_beside("OP01", org_code, month, inputs, postcodes=True),
    }


# -- urgent care ------------------------------------------------------------------------------------------------------


def _urgent_care(org_code: str, quarter: dt.date) -> dict[str, bytes]:
    """Attendances and spells of a quarter, with the Dictionary's accommodation code."""
    chance = random.Random(f"UC01 {org_code} {quarter}")
    visits: list[list[Cell]] = []
    stays: list[list[Cell]] = []
    rows = [
        row
        for one in returns_uc01.returns()
        if (one.org_code, one.period_end) == (org_code, quarter)
        for row in one.rows
    ]
    values = {(row[1], row[3], row[2]): int(row[6] or 0) for row in rows}
    first = period_start(QUARTERLY, quarter)
    for month in periods_between(MONTHLY, f"{first:%Y-%m}", quarter + dt.timedelta(days=1)):
        for group, codes in CODE_OF_GROUP.items():
            of_month = {
                measure: values[month.isoformat(), group, measure]
                for measure in returns_uc01.month_counts(org_code, "HOUSED", quarter)
            }
            for place in range(of_month["AE_ATTENDANCES"]):
                person = f"{group}{month:%m}{place % of_month['AE_PERSONS']:07d}"
                day = month.replace(day=chance.randint(1, month.day))
                visits.append(
                    [f"E{len(visits):09d}", person, chance.choice(codes), "01", "1", day.isoformat(), "10:00:00"]
                )
            nights, spells = of_month["EM_BED_DAYS"], of_month["EM_ADMISSIONS"]
            for stay in apportion(nights, [1.0] * spells) if spells else []:
                start = month.replace(day=chance.randint(1, month.day - stay))
                end = start + dt.timedelta(days=stay)
                stays.append(
                    [f"S{len(stays):09d}", "1", chance.choice(codes), "21", start.isoformat(), end.isoformat()]
                )
    ecds = "CDSUniqueIdentifier,LocalPatientIdentifier,ACCOMMODATION STATUS CODE,EmergencyCareDepartmentType,EmergencyCareAttendanceCategory"
    admitted = (
        "HospitalProviderSpellNumber,EpisodeNumber,ACCOMMODATION STATUS CODE,AdmissionMethodCode_HospitalProviderSpell"
    )
    stated = "".join(
        f"  - {{month: {row[1]}, measure: {row[2]}, group: {row[3]}, method: {row[5]}, value: {row[6]}, source: '{row[7]}'}}\n"
        for row in rows
        if row[2] in {"POP_DENOMINATOR", "EPC_REGISTERED", "EPC_GROWTH_STATED"}
    )
    inputs = '  ecds: {dates: "%Y-%m-%d"}\n  admitted_care: {dates: "%Y-%m-%d"}\n'
    head = _head("UC01", org_code, quarter)
    return {
        "ecds.csv": csv_bytes([[*ecds.split(","), "EmergencyCareArrivalDate", "EmergencyCareArrivalTime"], *visits]),
        "admitted_care.csv": csv_bytes(
            [[*admitted.split(","), "StartDate_HospitalProviderSpell", "DischargeDate_HospitalProviderSpell"], *stays]
        ),
        "mapping-UC01.yml": f"{head}stated:\n{stated}inputs:\n{inputs}".encode(),
    }


# -- files ------------------------------------------------------------------------------------------------------------


def _text(day: dt.date | None) -> str:
    return "" if day is None else f"{day:%d/%m/%Y}"


def _lsoa_column(org_code: str, month: dt.date) -> str:
    return "derLSOA" if _year(org_code, month) == 2011 else "derLSOA2021"


def _postcode(area: str) -> str:
    """A postcode of the area, of a form that no place has."""
    codes = _all_areas()
    return (
        f"ZY{codes.index(area) // 10} {codes.index(area) % 10}AA"
        if area in codes
        else "ZZ99 3WZ"
        if not area
        else "ZZ99 3GZ"
    )


@cache
def _all_areas() -> list[str]:
    return [lsoa.code for lsoa in org.lsoas_2021()]


def _head(code: str, org_code: str, month: dt.date) -> str:
    signed = month + dt.timedelta(days=12)
    said = "signed_off_role: COO\n"
    return f'return: {code}\norganisation: {org_code}\nperiod: "{month:%Y-%m}"\n{said}signed_off_date: {signed.isoformat()}\n'


def _beside(code: str, org_code: str, month: dt.date, inputs: str, *, postcodes: bool = False) -> dict[str, bytes]:
    """The mapping, and the public files of its edition."""
    edition = story.imd_version(org_code, month)
    published = imd_files(0, 0) | geography_files(0, 0)
    lookup: list[list[Cell]] = [["pcd7", "pcds", "lsoa21cd"]]
    lookup += [[_postcode(area), _postcode(area), area] for area in _all_areas()]
    files = "imd: File_7.csv, lsoa_change: lsoa_change.csv" + (", postcode_lookup: postcodes.csv" if postcodes else "")
    head = _head(code, org_code, month)
    return {
        f"mapping-{code}.yml": f"{head}imd_version: {edition}\nfiles: {{{files}}}\ninputs:\n{inputs}".encode(),
        "File_7.csv": published[FILE_7_2019 if edition == "IMD2019" else FILE_7_2025],
        "lsoa_change.csv": published[LSOA_2011_TO_2021],
    } | ({"postcodes.csv": csv_bytes(lookup)} if postcodes else {})


FORMS: dict[str, dict[str, Callable[[str, dt.date], dict[str, bytes]]]] = {
    "WL01": {"wlmds_open": _wlmds, "untidy": _untidy_list},
    "OP01": {"cds_020": _cds, "untidy": _untidy_appointments},
    "UC01": {"ecds": _urgent_care},
}
"""Return -> form -> what makes its files; the first form is the national layout."""
