"""Planted faults: each is found with its count and its element, and nothing of a record stands in anything that is said or left behind.

All faults of a layout stand in one extract, each on its own number of records, so that one run finds them all; the numbers are
multiples of five, which are told as they are.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures import extracts as own
from tests.fixtures.extracts import run

SECRET = "9434765919"
"""Stands in every record, in columns that are read and in one that is not."""
WL01_FAULTS: list[tuple[str, str, int, dict[str, str]]] = [
    # where it is told, the words by which it is found, on how many records, the cells
    ("faults", "WAITING_LIST_TYPE: a list type", 10, {"Waiting_List_Type": "PTLO"}),
    ("faults", "WAITING_LIST_TYPE: a list type", 15, {"Waiting_List_Type": ""}),
    (
        "faults",
        "ACTIVITY_TREATMENT_FUNCTION_CODE: a treatment function",
        20,
        {"ACTIVITY_TREATMENT_FUNCTION_CODE": "999"},
    ),
    ("faults", "ACTIVITY_TREATMENT_FUNCTION_CODE: a treatment function", 10, {"ACTIVITY_TREATMENT_FUNCTION_CODE": ""}),
    ("faults", "ETHNIC_CATEGORY: an ethnic category", 25, {"ETHNIC_CATEGORY": "AA1"}),
    ("faults", "ETHNIC_CATEGORY: an ethnic category", 10, {"ETHNIC_CATEGORY": "I"}),
    ("faults", "ETHNIC_CATEGORY: an ethnic category", 10, {"ETHNIC_CATEGORY": "9A"}),
    ("faults", "PERSON_STATED_GENDER_CODE: a gender", 30, {"PERSON_STATED_GENDER_CODE": "F"}),
    ("faults", "REFERRAL_TO_TREATMENT_PERIOD_STATUS: an RTT status", 15, {"REFERRAL_TO_TREATMENT_PERIOD_STATUS": "37"}),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: no clock start",
        10,
        {"REFERRAL_TO_TREATMENT_PERIOD_START_DATE": ""},
    ),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: no clock start",
        15,
        {"REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "01/01/1900"},
    ),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: no clock start",
        10,
        {"REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "30/12/1899"},
    ),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: a clock start before",
        15,
        {"PERSON_BIRTH_DATE": "02/06/2026"},
    ),
    ("faults", "DECISION_TO_ADMIT_DATE: a decision", 20, {"DECISION_TO_ADMIT_DATE": "31/05/2026"}),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: a clock start after",
        20,
        {"REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "01/10/2026"},
    ),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_END_DATE: a clock that ends",
        10,
        {
            "REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "02/09/2026",
            "REFERRAL_TO_TREATMENT_PERIOD_END_DATE": "01/09/2026",
        },
    ),
    ("faults", "PERSON_BIRTH_DATE: no birth date", 15, {"PERSON_BIRTH_DATE": ""}),
    ("faults", "PERSON_BIRTH_DATE: an age below 0", 10, {"PERSON_BIRTH_DATE": "01/10/2026"}),
    ("faults", "PERSON_BIRTH_DATE: an age below 0", 15, {"PERSON_BIRTH_DATE": "29/09/1905"}),
    ("faults", "PERSON_BIRTH_DATE: a text that is no date", 20, {"PERSON_BIRTH_DATE": "1980-02-31", "WITH": "birth"}),
    ("faults", "PERSON_BIRTH_DATE: a text that is no date", 10, {"PERSON_BIRTH_DATE": "05/09/80"}),
    (
        "faults",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: a text that is no date",
        15,
        {"REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "01/06/26"},
    ),
    ("faults", "DECISION_TO_ADMIT_DATE: IRTT without", 25, {"Waiting_List_Type": "IRTT"}),
    (
        "faults",
        "DECISION_TO_ADMIT_DATE: ORTT with",
        30,
        {"Waiting_List_Type": "ORTT", "DECISION_TO_ADMIT_DATE": "01/09/2026"},
    ),
    ("faults", "PATIENT_PATHWAY_IDENTIFIER: neither", 10, {"PATIENT_PATHWAY_IDENTIFIER": ""}),
    ("left_out", "another provider", 15, {"ORGANISATION_IDENTIFIER_(CODE_OF_PROVIDER)": "RXX01"}),
    ("left_out", "the list of another day", 20, {"Week_Ending_Date": "27/09/2026"}),
    ("left_out", "not on an RTT clock", 10, {"Waiting_List_Type": "ONON"}),
    ("left_out", "not on an RTT clock", 15, {"Waiting_List_Type": "INON"}),
    ("left_out", "the clock ended", 20, {"REFERRAL_TO_TREATMENT_PERIOD_END_DATE": "30/09/2026"}),
    ("left_out", "clock stopped", 25, {"REFERRAL_TO_TREATMENT_PERIOD_STATUS": "30"}),
    ("left_out", "clock stopped", 10, {"REFERRAL_TO_TREATMENT_PERIOD_STATUS": "92"}),
    ("left_out", "planned", 15, {"ADMISSION_METHOD_CODE_(HOSPITAL_PROVIDER_SPELL)": "13"}),
    ("left_out", "no record", 10, dict.fromkeys(own.WLMDS_HEADER, "")),
    ("left_out", "no record", 5, dict.fromkeys(own.WLMDS_HEADER, "") | {"PATIENT_PATHWAY_IDENTIFIER": "Total"}),
    ("left_out", "an older version", 20, {"SAME": "pathway"}),
    ("without_decile", "neither postcode", 20, {"derLSOA2021": ""}),
    ("without_decile", "outside England", 15, {"derLSOA2021": "W01001234"}),
    ("without_decile", "not in the list", 10, {"derLSOA2021": "E01000001"}),
    ("without_decile", "several deciles", 10, {"derLSOA2021": "", "derLSOA": "SPLIT"}),
    ("without_decile", "ZZ99", 10, {"derLSOA2021": "", "POSTCODE": "ZZ99 3VZ"}),
    ("without_decile", "not in the lookup", 15, {"derLSOA2021": "", "POSTCODE": "QQ1 1QQ"}),
    ("without_decile", "not in the lookup", 10, {"derLSOA2021": "", "POSTCODE": "QQ2 2QQ"}),
    # Not faults: they are counted, and none of the words above is said of them.
    ("fine", "", 10, {"REFERRAL_TO_TREATMENT_PERIOD_END_DATE": "31/12/9999"}),
    ("fine", "", 10, {"REFERRAL_TO_TREATMENT_PERIOD_END_DATE": "01/10/2026"}),
    ("fine", "", 10, {"ETHNIC_CATEGORY": "a2", "PERSON_STATED_GENDER_CODE": "0"}),
    ("fine", "", 10, {"derLSOA2021": "", "derLSOA": "ONE_DECILE"}),
    ("fine", "", 10, {"derLSOA2021": "", "POSTCODE": " zy11aa"}),
    ("fine", "", 10, {"ACTIVITY_TREATMENT_FUNCTION_CODE": "173", "ORGANISATION_IDENTIFIER_(CODE_OF_PROVIDER)": "r9a"}),
]
ALSO = {
    "PERSON_BIRTH_DATE: no birth date": 30,
    "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: no clock start": 15,
    "not in the list": 10,
    "several deciles": 10,
    "the clock ended": 10,
    "REFERRAL_TO_TREATMENT_PERIOD_START_DATE: a clock start before": 10,
    "DECISION_TO_ADMIT_DATE: a decision": 20,
}
"""Records that have the fault because of another one: no readable birth date, an ended clock, a clock start of tomorrow; two words for one line."""
HEADER = [
    *own.WLMDS_HEADER,
    "REFERRAL_TO_TREATMENT_PERIOD_STATUS",
    "DECISION_TO_ADMIT_DATE",
    "ADMISSION_METHOD_CODE_(HOSPITAL_PROVIDER_SPELL)",
    "derLSOA",
    "POSTCODE",
    "Last_PAS_Validation_Comments",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files and the mapping."""
    made = tmp_path_factory.mktemp("extract")
    own.write_public_files(made)
    # ONSPD has the LSOAs of both years; some lookups place the postcodes of nowhere.
    one = sorted(own.deciles(made))[0]
    (made / "nspl.csv").write_text(f"pcds,lsoa11,lsoa21\nZY1 1AA,E01990001,{one}\nZZ99 3VZ,,{one}\nQQ2 2QQ,{one},\n")
    (made / "mapping.yml").write_text(
        own.MAPPING.replace("lsoa_change.csv}", "lsoa_change.csv, postcode_lookup: nspl.csv}")
    )
    return made


def split_areas(folder: Path) -> dict[str, str]:
    """An LSOA of 2011 whose parts have several deciles of 2025, and one whose parts have one."""
    decile_of, parts = own.deciles(folder), {}
    for line in (folder / "lsoa_change.csv").read_text().splitlines()[1:]:
        _, old, change, _, new, *_ = line.split(",")
        if change != "U":
            parts.setdefault(old, set()).add(decile_of[new])
    several = sorted(old for old, found in parts.items() if len(found) > 1)
    return {
        "SPLIT": several[0] if several else "E01999999",
        "ONE_DECILE": sorted(old for old, found in parts.items() if len(found) == 1)[0],
    }


def planted(folder: Path) -> list[list[str]]:
    """The rows of an extract with every fault."""
    areas = split_areas(folder)
    sound = {
        "Waiting_List_Type": "IRTT",
        "DECISION_TO_ADMIT_DATE": "01/09/2026",
        "ETHNIC_CATEGORY": "A",
        "ACTIVITY_TREATMENT_FUNCTION_CODE": "110",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "01/06/2026",
        "PERSON_BIRTH_DATE": "29/02/1980",
        "PERSON_STATED_GENDER_CODE": "1",
        "derLSOA2021": sorted(own.deciles(folder))[0],
        "DATE_AND_TIME_DATA_SET_CREATED": "01/10/2026 06:00:00",
        "Week_Ending_Date": "30/09/2026",
        "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER": "R9A",
        "ORGANISATION_IDENTIFIER_(CODE_OF_PROVIDER)": "R9A01",
        "NHS_NUMBER": SECRET,
        "Last_PAS_Validation_Comments": f"call Mrs Smith {SECRET}",
    }
    rows = []
    for place, (_, words, number, cells) in enumerate(WL01_FAULTS):
        for one in range(number):
            key = f"{SECRET}{place:02d}{one:04d}"
            row = (
                sound
                | {"PATIENT_PATHWAY_IDENTIFIER": key}
                | {name: areas.get(text, text) for name, text in cells.items()}
            )
            if "IRTT without" in words:
                row["DECISION_TO_ADMIT_DATE"] = ""
            rows.append([row.get(name, "") for name in HEADER])
            if "SAME" in cells:
                older = row | {
                    "DATE_AND_TIME_DATA_SET_CREATED": "30/09/2026 06:00:00",
                    "PERSON_STATED_GENDER_CODE": "2",
                }
                rows.append([older.get(name, "") for name in HEADER])
    return rows


def test_every_planted_fault_of_wl01_is_found_with_its_count_and_element(folder: Path) -> None:
    rows = planted(folder)
    (folder / "x.csv").write_text(own.csv_text(HEADER, rows))
    code, said = run("check", folder / "mapping.yml", folder / "x.csv", "--json")
    assert code == 1, said
    (profile,) = json.loads(said)
    assert SECRET not in said and "Smith" not in said
    for where in ("faults", "left_out", "without_decile"):
        found = own.told_of(profile[where])
        for words in {words for place, words, *_ in WL01_FAULTS if place == where}:
            wanted = sum(number for place, other, number, _ in WL01_FAULTS if (place, other) == (where, words))
            wanted += ALSO.get(words, 0)
            assert [told for what, told in found.items() if words in what] == [str(wanted)], (words, found)
        if where == "faults":
            assert all(any(what.startswith(words) for _, words, *_ in WL01_FAULTS if words) for what in found), found
    code, said = run("make", folder / "mapping.yml", folder / "x.csv", "--out", folder / "refused")
    assert code == 2 and SECRET not in said and "ETHNIC_CATEGORY: 45 records" in " ".join(said.split()), said
    assert not (folder / "refused").exists()


def test_what_is_below_eight_is_never_told(folder: Path) -> None:
    base = own.pathways(100, own.deciles(folder))
    rows = [own.wlmds_row(one) for one in base] + [
        own.wlmds_row(base[0] | {"pathway": f"X{place}", "Waiting_List_Type": "ONON"}) for place in range(3)
    ]
    (folder / "few.csv").write_text(own.csv_text(own.WLMDS_HEADER, rows))
    _, said = run("check", folder / "mapping.yml", folder / "few.csv", "--json")
    (profile,) = json.loads(said)
    told = {line["what"]: line["told"] for line in profile["left_out"]}
    assert told["not on an RTT clock: ONON, INON (WAITING_LIST_TYPE)"] == "fewer than 8"
    # Neither is it the difference of what is told: all numbers are to the nearest 5.
    assert (profile["read"], profile["counted"]) == ("105", "100")


DAMAGED = {
    "a row that is cut": lambda text: text + f"{SECRET},x\n",
    "a quote that never ends": lambda text: text + f'"{SECRET}, Mrs Smith\n',
    "bytes of another encoding": lambda text: text.encode() + SECRET.encode() + b"\xff\xfe\x81,Smith\n",
    "no header": lambda text: text.split("\n", 1)[1],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_named_without_its_content(folder: Path, name: str) -> None:
    records = [one | {"nhs_number": SECRET} for one in own.pathways(50, own.deciles(folder))]
    damaged: Any = DAMAGED[name](own.csv_text(own.WLMDS_HEADER, map(own.wlmds_row, records)))
    (folder / "damaged.csv").write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    code, said = run("make", folder / "mapping.yml", folder / "damaged.csv", "--out", folder / "never")
    assert code == 2 and SECRET not in said and "Smith" not in said and "PPI0" not in said, said
    assert not (folder / "never").exists()


@pytest.mark.parametrize(
    ("files", "seen"),
    [(1, "*"), pytest.param(15, "*/duckdb_temp_storage*", marks=pytest.mark.endurance)],
    ids=["as it begins", "while DuckDB spills"],
)
def test_nothing_is_left_after_a_kill(folder: Path, tmp_path: Path, files: int, seen: str) -> None:
    """The private folder goes, and no byte of a record stands where it could have written.

    DuckDB spills with three million records, because less than 160 MB does not hold the tables that spill.
    """
    records = [one | {"nhs_number": SECRET} for one in own.pathways(200, own.deciles(folder))]
    (tmp_path / "extract.csv").write_text(
        own.csv_text(own.WLMDS_HEADER, [own.wlmds_row(one) for one in records] * 1_000)
    )
    private, out = tmp_path / "private", tmp_path / "out"
    private.mkdir()
    command = [
        Path(sys.executable).with_name("hiw"),
        "extract",
        "make",
        folder / "mapping.yml",
        *[tmp_path / "extract.csv"] * files,
        "--out",
        out,
    ]
    process = subprocess.Popen(
        list(map(str, command)),
        env=os.environ | {"TMPDIR": str(private), "HIW_MEMORY_LIMIT": "160MB", "HIW_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + 600
    while not list(private.glob(seen)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)  # the watcher is quick: what was spilled is looked at before the kill
    (made,) = private.iterdir()
    mode, there = made.stat().st_mode & 0o777, list(private.glob(seen))
    process.kill()
    said = process.communicate()[0]
    assert there and mode == 0o700 and process.returncode == -signal.SIGKILL, said
    while made.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(private.iterdir()) == []
    assert SECRET.encode() not in said
    left = [path for path in (*out.rglob("*"), *Path(os.environ["HIW_DATA_LAKE"]).rglob("*")) if path.is_file()]
    assert not [path for path in left if SECRET.encode() in path.read_bytes()]
