"""`hiw verify`: a release of the sample built again from what is kept; a changed cell, a lost file and a changed file are named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.publish.verify import Difference, Verification
from dagster_project.release.releases import current_name
from tests.warehouses import Warehouse

TABLE, COLUMN = "mart_core20_population", "numerator"


@pytest.fixture
def copied(sample_warehouse: Warehouse, tmp_path: Path) -> Warehouse:
    """The data folder of the sample in a path with blanks, with a release of its own, on a machine of another time zone; what is kept are
    links, one for each source."""
    there, here = Lake(sample_warehouse.lake), Lake(tmp_path / "a copy")
    name = current_name(there)
    assert name is not None
    shutil.copytree(there.releases / name, here.releases / name)
    here.published.mkdir()
    (here.published / "current").symlink_to(os.path.relpath(here.releases / name, here.published))
    here.raw("any").parent.mkdir()
    for folder in (there.root / "raw").iterdir():
        here.raw(folder.name).symlink_to(folder)
    here.returns.symlink_to(there.returns)
    return Warehouse(here.root, {**sample_warehouse.settings, "TZ": "America/St_Johns"})


def marts(copied: Warehouse) -> Path:
    (release,) = Lake(copied.lake).releases.iterdir()
    return release / "marts.duckdb"


def test_one_changed_cell_is_found_in_its_table_and_column_and_all_else_is_the_same(copied: Warehouse) -> None:
    path = marts(copied)
    path.chmod(0o644)
    with duckdb.connect(str(path)) as con:
        changed = con.execute(
            f"update {TABLE} set {COLUMN} = {COLUMN} + 1 where rowid = (select min(rowid) from {TABLE} where {COLUMN} > 0)"
        ).fetchone()
    assert changed == (1,)
    said = copied.hiw("verify")
    assert said.returncode == 1, said.stdout + said.stderr
    first, second, third = said.stdout.splitlines()
    assert first.startswith(path.parent.name) and ": 1 of " in first and first.endswith(" tables differ")
    assert f"{TABLE}: differs in {COLUMN} (" in second
    assert third == "marts.duckdb is not the file that was published (sha256 differs)"
    assert list(Lake(copied.lake).temporary.iterdir()) == [], "it leaves nothing"


def test_what_is_no_longer_kept_is_named_and_nothing_is_built(copied: Warehouse) -> None:
    lake = Lake(copied.lake)
    lost, changed = lake.raw("mhclg_imd"), lake.raw("nhse_rtt")
    lost.unlink()
    target = changed.resolve()
    changed.unlink()
    shutil.copytree(target, changed)
    with duckdb.connect(str(marts(copied)), read_only=True) as con:
        period, sha256, name = con.execute(
            "select period, sha256, file from meta.inputs where slug = 'nhse_rtt' order by all limit 1"
        ).fetchall()[0]
    file = lake.snapshot("nhse_rtt", period, sha256) / name
    file.write_bytes(file.read_bytes() + b"one more line\n")
    said = copied.hiw("verify", marts(copied).parent.name)
    assert said.returncode == 4, said.stdout + said.stderr
    first, *rest = said.stdout.splitlines()
    assert "cannot be built again" in first and "no longer kept" in first
    assert {line.split()[0] for line in rest} == {"mhclg_imd:", "nhse_rtt:"}
    assert sum("nhse_rtt" in line and sha256 in line for line in rest) == 1


def test_a_return_that_was_changed_or_purged_is_named(copied: Warehouse) -> None:
    lake = Lake(copied.lake)
    returns = lake.returns.resolve()
    lake.returns.unlink()
    shutil.copytree(returns, lake.returns)
    first, second = sorted(path for path in (lake.returns / "clean" / "wl01").glob("*.parquet"))[-2:]
    first.unlink()
    second.write_bytes(b"something else")
    said = copied.hiw("verify")
    assert said.returncode == 4
    assert [line.split()[1] for line in said.stdout.splitlines()[1:]] == [f"wl01/{first.name}", f"wl01/{second.name}"]


def test_a_release_that_is_not_there_is_a_wrong_call(copied: Warehouse) -> None:
    said = copied.hiw("verify", "20200101T000000000000Z-none")
    assert said.returncode == 2
    assert "There is no release" in said.stderr and marts(copied).parent.name in said.stderr


def test_the_answer_says_plainly_what_came_of_it() -> None:
    assert Verification("r", 3).lines() == ["r: the same, all 3 tables"]
    assert Verification("r", 3).same
    gone, new = Difference("old_mart", 5, None), Difference("new_mart", None, 5)
    found = Verification("r", 3, (gone, new), notes=("the project is not the one that built the release (then abc)",))
    assert not found.same
    assert found.lines()[1:3] == ["  old_mart: not built any more", "  new_mart: not in the release"]
    assert found.lines()[-1].endswith("(then abc)")
