"""The estate as a whole: same bytes everywhere, laid out as a mirror, openly synthetic, with its dirt where it says."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from estate_files import find_file, read_csv, read_records

from dagster_project.sample import estate as sample
from dagster_project.sample.files import Cell, apportion, mirror_path, suppress, workbook_bytes

PROJECT = Path(__file__).parents[3]
DIGEST_OF_ESTATE = """
import hashlib, pathlib, sys
from dagster_project.sample.estate import write_estate
files = write_estate(pathlib.Path(sys.argv[1]), seed=int(sys.argv[2]))
print(hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest())
"""
LINK = re.compile(r'href="(https://[^"]+\.(?:csv|zip|xlsx))"')


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def write_elsewhere(folder: Path, seed: int, **environment: str) -> str:
    command = [sys.executable, "-c", DIGEST_OF_ESTATE, str(folder), str(seed)]
    kept = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment}
    finished = subprocess.run(command, env=kept, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not finished.stderr
    return finished.stdout


def test_same_seed_gives_same_bytes_in_another_process_locale_and_time_zone(tmp_path: Path) -> None:
    one = write_elsewhere(tmp_path / "one", 7, PYTHONHASHSEED="0", LC_ALL="C", TZ="Asia/Tokyo")
    other = write_elsewhere(tmp_path / "other", 7, PYTHONHASHSEED="4711", LC_ALL="C.UTF-8", TZ="America/Lima")
    assert one == other
    assert digests(tmp_path / "one") == digests(tmp_path / "other")


def test_another_seed_gives_other_figures_in_the_same_files(estate: Path, tmp_path: Path) -> None:
    sample.write_estate(tmp_path, seed=sample.DEFAULT_SEED + 1)
    ours, others = digests(estate), digests(tmp_path)
    assert ours.keys() == others.keys()
    changed = {path for path in ours if ours[path] != others[path]}
    for part in ("Full-CSV", "WLMDS-Demographics-Geography", "January-2026-CSV", "imd-dec-2024-25", "TS021"):
        assert any(part in path for path in changed), part


def test_write_estate_returns_every_file_and_stays_small(estate: Path, tmp_path: Path) -> None:
    written = sample.write_estate(tmp_path)
    assert written == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert sum(path.stat().st_size for path in written) < 15_000_000
    assert digests(tmp_path) == digests(estate)


def test_writing_again_touches_no_source_file(tmp_path: Path) -> None:
    sources = [path for path in sample.write_estate(tmp_path) if path.name != "SYNTHETIC.txt"]
    for path in sources:
        os.utime(path, ns=(1, 1))
    sample.write_estate(tmp_path)
    assert {path.stat().st_mtime_ns for path in sources} == {1}


def test_unknown_edition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="edition 3"):
        sample.write_estate(tmp_path, edition=3)


def test_every_link_of_every_landing_page_leads_to_a_file_of_the_estate(estate: Path) -> None:
    pages = list(estate.rglob("index.html"))
    links = {unescape(link) for page in pages for link in LINK.findall(page.read_text(encoding="utf-8"))}
    missing = {link for link in links if not mirror_path(estate, link).is_file()}
    assert len(pages) >= 8
    assert len(links) > 30
    assert not missing


def test_every_landing_page_and_the_root_say_synthetic(estate: Path) -> None:
    for page in estate.rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        assert "(synthetic)</title>" in text
        assert "invented organisations, invented counts" in text
    assert (estate / "SYNTHETIC.txt").is_file()


def test_mirror_path_is_that_of_wget() -> None:
    folder = Path("mirror")
    assert mirror_path(folder, "https://a.nhs.uk/x/y/") == folder / "a.nhs.uk/x/y/index.html"
    assert mirror_path(folder, "https://a.nhs.uk/get?report=etr") == folder / "a.nhs.uk/get?report=etr"
    assert mirror_path(folder, "https://a.nhs.uk/HES%20MAR.csv") == folder / "a.nhs.uk/HES MAR.csv"


def test_lake_takes_a_folder_with_the_marker_for_synthetic(estate: Path) -> None:
    from dagster_project.lake.transport import MirrorTransport

    assert MirrorTransport(estate).origin == "synthetic"


def test_suppress_hides_one_to_seven_and_rounds_the_rest_to_five() -> None:
    published = {0: "0", 1: "*", 7: "*", 8: "10", 12: "10", 13: "15", 500: "500"}
    assert {count: suppress(count) for count in published} == published


def test_apportion_shares_out_the_whole_and_gives_nothing_to_weight_nought() -> None:
    assert apportion(10, [1, 1, 1]) == [4, 3, 3]
    assert apportion(7, [0, 2, 5]) == [0, 2, 5]
    assert sum(apportion(1_204_816, [0.1, 0.3, 0.7])) == 1_204_816


def test_workbook_bytes_do_not_tell_the_time() -> None:
    sheets: list[tuple[str, list[list[Cell]]]] = [("Sheet", [["a", 1], ["=SUM(B3:B3)", 2]])]
    assert workbook_bytes(sheets) == workbook_bytes(sheets)
    assert b"2026" not in workbook_bytes(sheets)


def test_every_planted_dirt_names_a_file_of_the_estate(estate: Path) -> None:
    for name, dirt in sample.PLANTED_DIRT.items():
        assert (estate / dirt.path).is_file(), name


def test_thousands_mark_is_planted_as_told_and_is_the_only_one_of_its_file(estate: Path) -> None:
    dirt = sample.PLANTED_DIRT["thousands_mark"]
    header, *rows = read_csv(estate / dirt.path)
    marked = [(name, row[11]) for row in rows for name, cell in zip(header[13:], row[13:], strict=True) if "," in cell]
    assert marked == [(dirt.column, "C_999")]


def test_silent_zero_is_planted_as_told(estate: Path) -> None:
    dirt = sample.PLANTED_DIRT["silent_zero"]
    row = next(row for row in read_records(estate / dirt.path) if row["Org Code"] == "R9N")
    assert int(row["A&E attendances Type 1"]) > 500
    assert row[dirt.column] == dirt.value


def test_second_edition_adds_a_month_and_a_revision_and_changes_only_their_landing_page(
    estate: Path, tmp_path: Path
) -> None:
    sample.write_estate(tmp_path, edition=2)
    first, second = digests(estate), digests(tmp_path)
    added = {Path(path).name for path in second.keys() - first.keys()}
    changed = {path for path in first if first[path] != second[path]}
    assert added == {"March-2026-CSV-SYN03a.csv", "January-2026-CSV-revised.csv"}
    assert [path.rsplit("/", 2)[1] for path in changed] == ["ae-attendances-and-emergency-admissions-2025-26"]


def test_planted_answers_of_the_second_edition_differ_only_in_its_months() -> None:
    first, second = sample.plant_answers(), sample.plant_answers(edition=2)
    different = {month for month in second.ae if first.ae.get(month) != second.ae[month]}
    assert different == {"2026-01", "2026-03"}
    assert second.ae["2026-01"].attendances == first.ae["2026-01"].attendances + 120
    assert first == sample.PLANTED


def test_module_has_no_other_lazy_attribute() -> None:
    with pytest.raises(AttributeError, match="PLANTED_ANSWERS"):
        _ = sample.PLANTED_ANSWERS


def test_find_file_of_these_tests_refuses_an_ambiguous_pattern(estate: Path) -> None:
    with pytest.raises(AssertionError):
        find_file(estate, "*.zip")
