"""The broken A&E month, its mending, and the RTT months of the bench."""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest
from estate_files import find_file, read_csv, read_records

from dagster_project.sample.estate import break_month, mend_month, write_estate, write_rtt_months
from dagster_project.sample.nhse_rtt import HEADER

PAGE = "ae-attendances-and-emergency-admissions-2025-26/index.html"


def difference(path: Path) -> dict[str, int]:
    """By how much the providers of an A&E file exceed its total row, column by column."""
    header, *rows, total = read_csv(path)
    sums = {name: sum(int(row[place]) for row in rows) for place, name in enumerate(header) if place > 3}
    over = {name: sums[name] - int(total[header.index(name)]) for name in sums}
    return {name: count for name, count in over.items() if count}


def linked(folder: Path, month: str) -> list[str]:
    page = find_file(folder, PAGE).read_text(encoding="utf-8")
    return [name for name in re.findall(r'href="[^"]+/([^/"]+\.csv)"', page) if name.startswith(month)]


@pytest.fixture
def night(tmp_path: Path) -> Path:
    write_estate(tmp_path)
    return tmp_path


def test_broken_month_does_not_add_up_and_is_linked_above_the_original(night: Path) -> None:
    broken = break_month(night)
    assert difference(broken) == {"A&E attendances Type 1": 100, "Attendances over 4hrs Type 1": 40}
    assert linked(night, "February-2026") == ["February-2026-CSV-revised.csv", "February-2026-CSV-SYN02a.csv"]
    assert not difference(find_file(night, "February-2026-CSV-SYN02a.csv"))


def test_mended_month_adds_up_and_takes_the_place_of_the_broken_one(night: Path) -> None:
    broken = break_month(night)
    mended = mend_month(night)
    assert not difference(mended)
    assert read_csv(mended)[:-1] == read_csv(broken)[:-1]
    assert linked(night, "February-2026") == ["February-2026-CSV-revised-2.csv", "February-2026-CSV-SYN02a.csv"]
    assert mended.parent.as_posix() > broken.parent.as_posix()


def test_breaking_and_mending_change_nothing_but_their_file_and_the_page(night: Path) -> None:
    before = {path: path.read_bytes() for path in night.rglob("*") if path.is_file()}
    new = {break_month(night), mend_month(night)}
    after = {path: path.read_bytes() for path in night.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() == new
    assert {path for path in before if before[path] != after[path]} == {find_file(night, PAGE)}


def test_breaking_follows_the_latest_month_of_the_second_edition(tmp_path: Path) -> None:
    write_estate(tmp_path, edition=2)
    assert break_month(tmp_path).name == "March-2026-CSV-revised.csv"


def test_breaking_twice_and_mending_what_is_whole_are_refused(night: Path) -> None:
    with pytest.raises(ValueError, match="not a broken month"):
        mend_month(night)
    break_month(night)
    with pytest.raises(ValueError, match="a revision already"):
        break_month(night)
    mend_month(night)
    with pytest.raises(ValueError, match="not a broken month"):
        mend_month(night)


def test_large_month_has_the_asked_size_unique_keys_and_totals_that_add_up(tmp_path: Path) -> None:
    write_rtt_months(tmp_path, 1, 3000, seed=3)
    rows = read_records(find_file(tmp_path, "*.zip"))
    assert 3000 - 35 < len(rows) <= 3000
    assert tuple(rows[0]) == HEADER
    names = ("Provider Org Code", "Commissioner Org Code", "RTT Part Type", "Treatment Function Code")
    keys = {tuple(row[name] for name in names) for row in rows}
    assert len(keys) == len(rows)
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        sign = -1 if row["Treatment Function Code"] == "C_999" else 1
        measures = [int(cell) if cell else 0 for cell in list(row.values())[13:]]
        for place, count in enumerate(measures):
            key = (row["Provider Org Code"], row["Commissioner Org Code"], row["RTT Part Type"], str(place))
            sums[key] += sign * count
        assert row["RTT Part Type"] == "Part_3" or measures[-1] == sum(measures[:105])
    assert set(sums.values()) == {0}


def test_large_months_are_kept_and_a_further_month_is_added(tmp_path: Path) -> None:
    first = write_rtt_months(tmp_path, 2, 500, seed=3)
    before = {path: path.stat().st_mtime_ns for path in first if path.suffix == ".zip"}
    second = write_rtt_months(tmp_path, 3, 500, seed=3)
    zips = [path for path in second if path.suffix == ".zip"]
    assert [path.stat().st_mtime_ns for path in before] == list(before.values())
    assert {path.name[:24] for path in zips if path not in before} == {"Full-CSV-data-file-Apr25"}
    assert "Apr25" in find_file(tmp_path, "rtt-data-2025-26/index.html").read_text(encoding="utf-8")
    assert "Mar25" in find_file(tmp_path, "rtt-data-2024-25/index.html").read_text(encoding="utf-8")


def test_large_month_of_another_seed_is_another_file(tmp_path: Path) -> None:
    write_rtt_months(tmp_path, 1, 500, seed=3)
    write_rtt_months(tmp_path, 1, 500, seed=4)
    zips = sorted(tmp_path.rglob("*.zip"))
    assert len(zips) == 2
    contents = [zipfile.ZipFile(path).read(zipfile.ZipFile(path).namelist()[0]) for path in zips]
    assert contents[0] != contents[1]
