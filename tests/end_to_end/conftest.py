"""The nights after the first one: the sample's data folder moved to another place, a broken month, then the mended one beside one
bad file of each of five publishers, and a full inbox.

In the second whole night identifiers and small counts lie in the inbox, and a trust starts it with the return of its own extract. One
run for all workers; tests read it and change nothing.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.paths import Lake
from dagster_project.returns.area import ReturnsArea
from dagster_project.sample.estate import break_month, mend_month, write_estate
from dagster_project.sample.files import mirror_path
from tests.end_to_end.planting import NEEDLES, plant, spelt
from tests.fixtures.estate_lake import newest_files
from tests.fixtures.meaning import DAMAGES
from tests.warehouses import Warehouse, files_of, shared_folder, told_once

ATTENDANCES = (
    "select sum(numerator) from fct_indicator_value where indicator_id = 'ae_attendances' "
    "and organisation_level = 'england' and geography_basis = 'as_reported'"
)
TRUST, VALIDATED = "R9B", 400
"""Who makes a return of an extract, and how many pathways its validation took off the list since the first one."""
RENAMED = ("Trauma and Orthopaedics Service", "Trauma and Orthopaedic Service")
BAD = {
    ("nhse_cwt", "provider"): "error in a cell",
    ("ukhsa_vaccination", "cover"): "column lost",
    ("cvdprevent", "indicator"): "words in a cell",
    ("nhse_rtt", "full_extract"): "row doubled with another figure",
}
"""Beside the renamed label of nhse_wlmds: a table of each other format (workbook, ODS, document, zip) and what happens to its newest file."""


@dataclass(frozen=True)
class Story:
    """What the two nights said and did."""

    bad_night: dict[str, Any]
    bad_status: dict[str, Any]
    """What `hiw status` said after the bad night."""
    good_status: dict[str, Any]
    good_night: dict[str, Any]
    published_stayed: bool
    """Whether the bad night left every published file as it was."""
    release_before: str
    attendances_before: float
    damaged: dict[str, str]
    """By source of BAD, the table, period and file that was damaged before the good night, as a message names them."""


@pytest.fixture(scope="session")
def story(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Warehouse]:
    """The two nights, and the warehouse after them."""
    folder = shared_folder(tmp_path_factory) / "the_story"
    warehouse = Warehouse(folder / "lake", {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(folder / "estate")})

    def tell(_: Path) -> dict[str, Any]:
        shutil.copytree(sample_warehouse.lake, warehouse.lake, symlinks=True)
        write_estate(folder / "estate")
        return asdict(_tell(warehouse, folder / "estate"))

    return Story(**told_once(tmp_path_factory, "story", tell)), warehouse


def rename_treatment_function(estate: Path) -> None:
    """One name in the file of treatment functions, written as the RTT file writes it: no seed knows it there."""
    (specialty,) = estate.rglob("WLMDS-Demographics-Specialty-*.csv")
    text = specialty.read_text(encoding="utf-8")
    assert RENAMED[0] in text
    specialty.write_text(text.replace(*RENAMED), encoding="utf-8")


def damage_files(lake: Lake, estate: Path) -> dict[str, str]:
    """One file of each table of BAD, in place; how a message names each."""
    damaged = {}
    for file in newest_files(lake):
        if kind := BAD.get((file.source, file.entity)):
            entity = load_sources()[file.source].entity(file.entity)
            DAMAGES[kind](mirror_path(estate, file.address), entity, random.Random(file.address))
            damaged[file.source] = f"{file.entity} {file.period} ({file.path.name}"
    return damaged


def trial_of(warehouse: Warehouse) -> Path:
    """Where the trust keeps its extract: beside the data folder."""
    return warehouse.lake.parent / "trial"


def night_of_an_extract(warehouse: Warehouse, trial: Path) -> dict[str, Any]:
    """The night that a trust starts with a corrected return, which it makes of its extract; as `refresh` gives it, and what intake said."""
    sampled = warehouse.hiw(
        "extract", "sample", "WL01", "--form", "untidy", "--organisation", TRUST, "--out", str(trial)
    )
    assert sampled.returncode == 0, sampled.stderr
    mapping, extract = trial / "mapping-WL01.yml", trial / "extract.csv"
    header, *rows = extract.read_bytes().splitlines(keepends=True)
    extract.write_bytes(header + b"".join(rows[VALIDATED:]))
    files = (f"wlmds_open={extract}", f"area={trial / 'area.csv'}")
    made = warehouse.hiw("extract", "make", str(mapping), *files, "--out", str(trial / "return"), "--night", "--json")
    assert made.stdout.strip(), made.stderr
    told = json.loads(made.stdout)
    return told["night"] | {"exit_code": made.returncode, "intake": told["intake"]}


def _tell(warehouse: Warehouse, estate: Path) -> Story:
    release = json.loads(warehouse.hiw("status", "--json").stdout)["release"]
    attendances, published = warehouse.one(ATTENDANCES), files_of(warehouse.lake / "published")
    break_month(estate)
    bad_night = warehouse.refresh()
    stayed = files_of(warehouse.lake / "published") == published
    bad_status = json.loads(warehouse.hiw("status", "--json").stdout)
    mend_month(estate)
    rename_treatment_function(estate)
    damaged = damage_files(Lake(warehouse.lake), estate)
    plant(Lake(warehouse.lake))
    inbox = ReturnsArea.of(Lake(warehouse.lake)).inbox
    assert {one for one in NEEDLES if spelt(inbox, one)} == set(NEEDLES), "the search does not find them"
    good_night = night_of_an_extract(warehouse, trial_of(warehouse))
    good_status = json.loads(warehouse.hiw("status", "--json").stdout)
    return Story(bad_night, bad_status, good_status, good_night, stayed, release, attendances, damaged)


@pytest.fixture(scope="session")
def planted_warehouse(story: tuple[Story, Warehouse]) -> Warehouse:
    """After a night into whose inbox identifiers and small counts had been put."""
    assert (story[0].good_night["exit_code"], story[0].good_night["outcome"]) == (0, "published"), story[0].good_night
    return story[1]
