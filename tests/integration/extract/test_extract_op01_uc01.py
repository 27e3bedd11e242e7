"""OP01 and UC01 from appointments, attendances and spells: the command's return against a count of the same records in plain Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures import extracts as own
from tests.fixtures.extracts import run

OP01, UC01 = "HIW-OP01_R9A_2026-09_v01.csv", "HIW-UC01_R9A_2026-09_v01.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files, a postcode lookup and the mappings."""
    made = tmp_path_factory.mktemp("extract")
    own.write_public_files(made)
    lookup = [(f"AA{place // 10} {place % 10}ZZ", code) for place, code in enumerate(sorted(own.deciles(made)))]
    (made / "nspl.csv").write_text(
        own.csv_text(["pcd7", "pcds", "doterm", "lsoa21cd", "imd20ind"], [[p, p, "", code, "1"] for p, code in lookup])
    )
    (made / "hostels.csv").write_text(own.csv_text(["postcode"], [[own.HOSTEL]]))
    (made / "op01.yml").write_text(own.OP01_MAPPING)
    (made / "uc01.yml").write_text(own.UC01_MAPPING)
    return made


def postcodes(folder: Path) -> dict[str, str]:
    """Postcode -> decile."""
    return {
        f"AA{place // 10} {place % 10}ZZ": decile
        for place, (_, decile) in enumerate(sorted(own.deciles(folder).items()))
    }


def test_op01_is_the_count_of_the_appointments(folder: Path) -> None:
    records = own.appointments(3_000, postcodes(folder))
    (folder / "op.csv").write_text(own.csv_text(own.CDS_HEADER, map(own.cds_row, records), ";"))
    code, said = run("make", folder / "op01.yml", folder / "op.csv", "--out", folder / "op")
    assert code == 0, said
    rows = own.cells_of(folder / "op" / OP01, "appointment_count")
    assert {key: int(text) for key, text in rows.items() if text != "0"} == dict(
        own.count_appointments(records, postcodes(folder))
    )


def test_uc01_is_the_count_of_attendances_persons_spells_and_nights(folder: Path) -> None:
    visits, stays = own.attendances(3_000), own.spells(2_000)
    (folder / "ecds.csv").write_text(own.csv_text(own.ECDS_HEADER, map(own.ecds_row, visits)))
    (folder / "apc.csv").write_text(own.csv_text(own.SPELL_HEADER, map(own.spell_row, stays)))
    files = (f"ecds={folder / 'ecds.csv'}", f"admitted_care={folder / 'apc.csv'}")
    code, said = run("make", folder / "uc01.yml", *files, "--out", folder / "uc")
    assert code == 0, said
    found = {}
    for line in (folder / "uc" / UC01).read_text().splitlines()[1:]:
        _, month, measure, group, status, way, value, source = line.split(",")
        assert status == "ALL"
        if value != "0":
            found[(month, measure, group, way)] = (int(value), source)
    assert found.pop(("2026-09-30", "POP_DENOMINATOR", "HOMELESS", "CODED_STATUS")) == (2000, "H-CLIC")
    assert {key: value for key, (value, _) in found.items()} == dict(
        own.count_attendances(visits) + own.count_spells(stays)
    )


OP01_FAULTS: list[tuple[str, str, int, dict[str, str]]] = [
    ("faults", "ATTENDED_OR_DID_NOT_ATTEND_CODE: an outcome that is not", 10, {"AttendedOrDidNotAttendCode": "8"}),
    ("faults", "FIRST_ATTENDANCE_CODE: a kind", 15, {"FirstAttendanceCode": "N"}),
    ("faults", "ACTIVITY_TREATMENT_FUNCTION_CODE: ", 20, {"ActivityTreatmentFunctionCode": "500"}),
    ("faults", "ETHNIC_CATEGORY: ", 10, {"EthnicCategory": "Q"}),
    ("faults", "PERSON_STATED_GENDER_CODE: ", 15, {"PersonGenderCodeCurrent": "M"}),
    ("faults", "PERSON_BIRTH_DATE: no birth date", 20, {"PersonBirthDate": ""}),
    ("faults", "APPOINTMENT_DATE: an appointment before", 10, {"PersonBirthDate": "2026-09-16"}),
    ("faults", "CDS_UNIQUE_IDENTIFIER: neither", 15, {"CDS UNIQUE IDENTIFIER": "", "AttendanceIdentifier": ""}),
    ("left_out", "another provider", 10, {"ORGANISATION CODE (CODE OF PROVIDER)": "RXX"}),
    ("left_out", "not of type 020", 15, {"CDS TYPE CODE": "021"}),
    ("left_out", "no appointment date", 10, {"AppointmentDate": ""}),
    ("left_out", "another month", 20, {"AppointmentDate": "2026-08-31"}),
    ("left_out", "code 0", 15, {"AttendedOrDidNotAttendCode": "0"}),
    ("left_out", "no outcome", 10, {"AttendedOrDidNotAttendCode": ""}),
    ("left_out", "first attendance 5", 15, {"FirstAttendanceCode": "5"}),
    ("left_out", "first attendance blank", 20, {"FirstAttendanceCode": "9"}),
    ("left_out", "an older version", 10, {"SAME": "record"}),
    ("without_decile", "ZZ99", 15, {"PostcodeOfUsualAddress": "ZZ99 3CZ"}),
    ("without_decile", "not in the lookup", 20, {"PostcodeOfUsualAddress": "QQ9 9QQ"}),
]


def test_every_planted_fault_of_op01_is_found_with_its_count_and_element(folder: Path) -> None:
    sound = dict(
        zip(
            own.CDS_HEADER,
            [
                "020",
                "",
                "2026-10-05 10:00:00",
                "1980-02-29",
                "1",
                "A",
                "",
                "R9A",
                "110",
                "1",
                "5",
                "2026-09-15",
                "aa00zz",
            ],
            strict=True,
        )
    )
    sound["PostcodeOfUsualAddress"] = sorted(postcodes(folder))[0].lower().replace(" ", "")
    rows = []
    for place, (*_, number, cells) in enumerate(OP01_FAULTS):
        for one in range(number):
            row = sound | {"CDS UNIQUE IDENTIFIER": f"{place}-{one}"} | cells
            rows.append([row[name] for name in own.CDS_HEADER])
            if "SAME" in cells:
                rows.append(
                    [
                        (row | {"CDS APPLICABLE DATE TIME": "2026-10-04 10:00:00", "AppointmentDate": "2026-08-01"})[
                            name
                        ]
                        for name in own.CDS_HEADER
                    ]
                )
    (folder / "faults.csv").write_text(own.csv_text(own.CDS_HEADER, rows, ";"))
    code, said = run("check", folder / "op01.yml", folder / "faults.csv", "--json")
    assert code == 1, said
    (profile,) = json.loads(said)
    for where, words, number, _ in OP01_FAULTS:
        found = own.told_of(profile[where])
        # An appointment before birth has an age below 0, which is told of the birth date.
        assert [told for what, told in found.items() if words in what] == [str(number)], (words, found)


def test_codes_that_nobody_verified_are_taken_with_a_value_map_only(folder: Path) -> None:
    records = own.appointments(200, postcodes(folder))
    header = [name.replace("AttendedOrDidNotAttendCode", "ATTENDANCE STATUS") for name in own.CDS_HEADER]
    (folder / "status.csv").write_text(own.csv_text(header, map(own.cds_row, records), ";"))
    code, said = run("make", folder / "op01.yml", folder / "status.csv", "--out", folder / "status")
    assert code == 2 and "codes are not verified" in said
    values = ", ".join(f'"{code}": "{code}"' for code in "0234567")
    elements = f'dates: "%Y-%m-%d", elements: {{ATTENDED_OR_DID_NOT_ATTEND_CODE: {{column: ATTENDANCE STATUS, values: {{{values}}}}}}}'
    (folder / "status.yml").write_text(own.OP01_MAPPING.replace('dates: "%Y-%m-%d"', elements))
    code, said = run("make", folder / "status.yml", folder / "status.csv", "--out", folder / "status")
    assert code < 2, said
    rows = own.cells_of(folder / "status" / OP01, "appointment_count")
    assert {key: int(text) for key, text in rows.items() if text != "0"} == dict(
        own.count_appointments(records, postcodes(folder))
    )


def test_uc01_says_what_it_could_not_place(folder: Path) -> None:
    sound = ["", "", "", "L1", "AB1 2XY", "MA01", "414418009", "01", "1", "2026-08-15", "10:00:00"]
    faults = {
        "a department type": (10, {7: "06"}),
        "an attendance category that is not": (15, {8: "9"}),
        "no attendance category": (20, {8: ""}),
        "neither a verified NHS number": (10, {1: "9434765919", 2: "02", 3: ""}),
        "not in the Dictionary's list": (15, {5: "XX01"}),
        "not in codes/accommodation_snomed.csv": (20, {6: "365508006"}),
        "a spreadsheet cut": (10, {6: "1064831000000100"}),
    }
    rows = [
        [f"{words}{one}" if place == 0 else cells.get(place, text) for place, text in enumerate(sound)]
        for words, (number, cells) in faults.items()
        for one in range(number)
    ]
    (folder / "e.csv").write_text(own.csv_text(own.ECDS_HEADER, rows))
    (folder / "a.csv").write_text(
        own.csv_text(own.SPELL_HEADER, [["S1", "1", "L1", "MA01", "AB1 2XY", "21", "2026-08-15", "2026-08-14"]] * 10)
    )
    code, said = run(
        "check", folder / "uc01.yml", f"ecds={folder / 'e.csv'}", f"admitted_care={folder / 'a.csv'}", "--json"
    )
    assert code == 1 and "9434765919" not in said
    ecds, admitted = json.loads(said)
    found = {line["what"]: line["told"] for line in ecds["faults"]}
    # A number that was cut is in no list either.
    wanted = {words: str(number) for words, (number, _) in faults.items()} | {
        "not in codes/accommodation_snomed.csv": "30"
    }
    assert {words: [told for what, told in found.items() if words in what] for words in faults} == {
        words: [told] for words, told in wanted.items()
    }
    assert [line["told"] for line in admitted["faults"] if "before the admission" in line["what"]] == ["10"]


SEPTEMBER = [f"2026-09-{day:02d}" for day in range(1, 31)]
NO_PERSON = "that more than 50 attendances of a month share"
NO_IDENTIFIER = "that more than 50 "


def said_of_keys(profile: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """What a profile says of texts that stand for no identifier and of older versions: words -> number, as it is told."""
    found = own.told_of(profile["faults"]) | own.told_of(profile["left_out"])
    words = {NO_PERSON: "person", NO_IDENTIFIER: "identifier", "an older version of": "older"}
    return {
        name: told.replace(",", "")
        for what, told in found.items()
        if (name := next((words[part] for part in words if part in what), "")) and told != "0"
    }


def test_a_text_that_stands_for_no_identifier_is_no_appointment(folder: Path) -> None:
    """Numbers that begin anew each day, three versions of each, and fifty older versions of one record are what they say."""

    def row(key: str, number: str, day: str, stamp: str = "2026-10-05") -> list[str]:
        birth_and_groups = ["1980-02-29", "1", "A"]
        codes = ["R9A", "110", "1", "5", day, "ZZ99 3WZ"]
        return ["020", key, f"{stamp} 10:00:00", *birth_and_groups, number, *codes]

    rows = [
        row("", str(number), day, stamp)
        for day in SEPTEMBER
        for number in range(1, 31)
        for stamp in ("2026-10-01", "2026-10-02", "2026-10-03")
    ] + [row("K1", "", SEPTEMBER[0])] * 51
    of_days = [row("", "NULL", day) for day in SEPTEMBER[:20] for _ in range(9)]
    of_all = [row("0", "", SEPTEMBER[number % 30]) for number in range(52)]
    for name, more, wanted in (
        ("legal", [], {"older": "1850"}),
        ("none", of_days + of_all, {"identifier": str(160 + 50), "older": "2060"}),
    ):
        (folder / f"{name}.csv").write_text(own.csv_text(own.CDS_HEADER, [*rows, *more], ";"))
        code, said = run("check", folder / "op01.yml", folder / f"{name}.csv", "--json")
        assert (code, said_of_keys(json.loads(said)[0])) == (int(bool(more)), wanted), said


def test_a_text_that_stands_for_no_identifier_is_no_attendance_no_person_and_no_spell(folder: Path) -> None:
    """Each of the three apart; fifty attendances of a person and a spell of fifty-one episodes are what they say."""
    header = [*own.ECDS_HEADER, "EmergencyCareAttendanceIdentifier"]

    def visit(key: str, number: str, person: str, day: str, time: str = "10:00") -> list[str]:
        return [key, "", "", person, "AB1 2XY", "MA01", "414418009", "01", "1", day, time, number]

    def stay(spell: str, person: str, start: str) -> list[str]:
        return [spell, "1", person, "MA01", "AB1 2XY", "21", start, ""]

    visits = [
        visit("", str(number), f"L{day}{number}", day) for day in SEPTEMBER for number in range(1, 21) for _ in range(3)
    ]
    visits += [visit("E1", "", "L0", SEPTEMBER[0])] * 51
    visits += [visit(f"V{number}", "", "L1", SEPTEMBER[number % 30]) for number in range(50)]
    stays = [stay("S1", "L1", SEPTEMBER[0])] * 51
    of_days = [visit("", "0", f"N{number}", day, f"10:{number % 5}") for day in SEPTEMBER for number in range(20)]
    of_all = [visit("N/A", "", f"N{number}", SEPTEMBER[number % 30]) for number in range(61)]
    of_nobody = [visit(f"P{number}", "", "NULL", SEPTEMBER[number % 30]) for number in range(70)]
    of_spells = [stay("0", f"L{number}", day) for number, day in enumerate(SEPTEMBER * 2)]
    of_patients = [stay("", "NULL", day) for day in SEPTEMBER] * 4
    for name, more_visits, more_stays, wanted in (
        ("legal", [], [], ({"older": "1250"}, {})),
        (
            "none",
            of_days + of_all + of_nobody,
            of_spells + of_patients,
            ({"identifier": str(450 + 60), "person": "70", "older": "1760"}, {"identifier": str(60 + 90)}),
        ),
    ):
        (folder / f"{name}_e.csv").write_text(own.csv_text(header, [*visits, *more_visits]))
        (folder / f"{name}_a.csv").write_text(own.csv_text(own.SPELL_HEADER, [*stays, *more_stays]))
        files = (f"ecds={folder / f'{name}_e.csv'}", f"admitted_care={folder / f'{name}_a.csv'}")
        code, said = run("check", folder / "uc01.yml", *files, "--json")
        found = tuple(said_of_keys(profile) for profile in json.loads(said))
        assert (code, found) == (int(name != "legal"), wanted), (name, said)
