"""Every file of the mirror that belongs to a source is in use after the night of the real files, or stands here with its reason."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.clean_writer import build_clean_table
from dagster_project.lake.files import LakeError, hash_file
from dagster_project.lake.ledger import Ledger
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
