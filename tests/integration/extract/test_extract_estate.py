"""One truth for both ways: the return made of a sample trust's extract is the sample's own return, cell by cell."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from dagster_project.extract.making import make_return
from dagster_project.extract.mapping import load_mapping
from dagster_project.extract.running import Wanted
from dagster_project.lake.run import Run
from dagster_project.sample import returns_op01, returns_uc01, returns_wl01
from dagster_project.sample import returns_story as story
from dagster_project.sample.extracts import FORMS, sample_extract
from dagster_project.sample.returns_files import SampleReturn
from dagster_project.settings import load_settings

NEWEST = story.NEWEST_MONTH
CASES = [
    ("WL01", "R9A", NEWEST, "wlmds_open"),
    ("WL01", "R9A", NEWEST, "untidy"),
    ("WL01", story.SAFE, NEWEST, "untidy"),
    ("WL01", "R9K", dt.date(2025, 8, 31), "wlmds_open"),
    ("OP01", story.SAFE, NEWEST, "cds_020"),
    ("OP01", "R9B", NEWEST, "untidy"),
    ("UC01", "R9A", NEWEST, "ecds"),
    ("UC01", story.HOUSING_NOT_KNOWN, NEWEST, "ecds"),
]
"""Part 2A, a SAFE sender, deciles of 2019, deciles and housing that are not known, and each layout."""
COUNT = {"WL01": "pathway_count", "OP01": "appointment_count", "UC01": "value"}


def estate_return(code: str, org_code: str, month: dt.date) -> SampleReturn:
    """The sample's own return."""
    if code == "WL01":
        return returns_wl01.build_return(org_code, month)
    module = returns_op01 if code == "OP01" else returns_uc01
    return next(one for one in module.returns() if (one.org_code, one.period_end) == (org_code, month))


def as_cells(rows: list[dict[str, str]], count: str) -> dict[tuple[str, ...], str]:
    """Key -> count."""
    return {tuple(text for name, text in row.items() if name != count): row[count] for row in rows}


@pytest.mark.parametrize(("code", "org_code", "month", "form"), CASES)
def test_the_estates_extract_gives_the_estates_return(
    code: str, org_code: str, month: dt.date, form: str, tmp_path: Path
) -> None:
    compare(code, org_code, month, form, tmp_path)


@pytest.mark.endurance
def test_every_extract_of_every_sample_trust_gives_its_return(tmp_path: Path) -> None:
    """In every form, the newest period that the sample has a return of."""
    sent = {"OP01": returns_op01.returns(), "UC01": returns_uc01.returns()}
    trusts = {code: {one.org_code for one in made if one.period_end == NEWEST} for code, made in sent.items()}
    trusts["WL01"] = set(story.WAITING_LIST_TRUSTS)
    asked = [(code, org, form) for code, forms in FORMS.items() for form in forms for org in sorted(trusts[code])]
    assert len(asked) > 50
    for code, org_code, form in asked:
        folder = tmp_path / f"{code} {org_code} {form}"
        folder.mkdir()
        compare(code, org_code, NEWEST, form, folder)


def compare(code: str, org_code: str, month: dt.date, form: str, tmp_path: Path) -> None:
    """The command's return of the sample's extract against the sample's return."""
    files = sample_extract(code, org_code, month, form)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    inputs = ("ecds", "admitted_care", "area")
    named = [f"{name}={tmp_path / name}.csv" for name in inputs if f"{name}.csv" in files]
    named += (
        [f"{'wlmds_open' if code == 'WL01' else 'cds_020'}={tmp_path / 'extract.csv'}"]
        if "extract.csv" in files
        else []
    )
    mapping = load_mapping(tmp_path / f"mapping-{code}.yml")
    estate = estate_return(code, org_code, month)
    wanted = Wanted(is_safe=estate.disclosure_profile == "SAFE")
    made = make_return(mapping, tmp_path, named, tmp_path / "out", wanted, Run.of(load_settings()))
    with made.data.open(encoding="utf-8", newline="") as stream:
        found = as_cells(list(csv.DictReader(stream)), COUNT[code])
    own = as_cells([dict(zip(estate.header, map(str, row), strict=True)) for row in estate.rows], COUNT[code])
    assert own
    assert {key: found.get(key) for key in own} == own
    # What the sample's return does not list (WUNK, groups of housing) is nobody.
    listed = {
        key
        for key in found
        if code == "UC01"
        or all(
            text == "ALL"
            for name, text in zip(estate.header, key, strict=False)
            if name in {"treatment_function_code", "first_attendance_code"}
        )
    }
    assert {key for key in listed - own.keys() if found[key] != "0" and "G9" not in key} == set()
