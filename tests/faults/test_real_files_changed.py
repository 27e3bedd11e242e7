"""Every real file with one change of its headings or of the file as a whole: the right figures, or a refusal that names the file.

The files are those of the night of the real files; each change is offered as a new edition of its period to the real parse,
gate 1 and comparison with the edition in use (tests/fixtures/tried.py says what the outcomes are). The suite tries a sample
of the small files; `make fuzz` tries every file with every change of tests/fixtures/headings.py and prints the counts.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.contracts.suite import landing_fingerprint
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import Snapshot, known_snapshots
from tests.fixtures.estate_lake import EstateLake
from tests.fixtures.headings import HEADINGS
from tests.fixtures.tried import FIRST_OUTCOMES, table_of, try_first, try_mutation
from tests.warehouses import Warehouse

EVERY_FILE = "HIW_FUZZ" in os.environ
TRIED, SMALL, SMALL_FIRST = 12, 100_000, 400_000
NEWEST_AE = "2026-02"


@pytest.fixture
def estate(mirror_warehouse: Warehouse, tmp_path: Path) -> EstateLake:
    """The lake of the night of the real files, its bytes shared, its records and links its own."""

    def share(source: str, destination: str) -> None:
        os.link(source, destination, follow_symlinks=False)

    for folder in ("raw", "clean"):
        shutil.copytree(mirror_warehouse.lake / folder, tmp_path / "lake" / folder, symlinks=True, copy_function=share)
    shutil.copyfile(mirror_warehouse.lake / "ledger.jsonl", tmp_path / "lake" / "ledger.jsonl")
    return EstateLake(tmp_path, Lake(tmp_path / "lake"), suite_of=landing_fingerprint)


def cases(lake: Lake, seed: int) -> list[tuple[Snapshot, str]]:
    """Every file in use with every change; without HIW_FUZZ a sample of those that are read in no time."""
    pairs = [(file, kind) for file in files_in_use(lake) for kind in HEADINGS]
    if EVERY_FILE:
        return pairs
    small = [pair for pair in pairs if pair[0].path.stat().st_size < SMALL]
    return random.Random(seed).sample(small, TRIED)


def files_in_use(lake: Lake) -> list[Snapshot]:
    files = [file for source in load_sources().values() for file in known_snapshots(lake, source, "published")]
    return [file for file in files if in_use(lake, file)]


def in_use(lake: Lake, file: Snapshot) -> bool:
    link = lake.current(file.source, file.entity, "published") / f"{file.period}.parquet"
    return link.exists() and link.readlink().name.startswith(file.sha256[:16])


@pytest.mark.requires_mirror
@pytest.mark.timeout(0)  # the whole of it takes most of an hour
def test_a_changed_real_file_gives_the_right_figures_or_is_refused_by_name(estate: EstateLake, seed: int) -> None:
    outcomes, faults = Counter[tuple[str, ...]](), list[str]()
    for file, kind in cases(estate.lake, seed):
        stream = random.Random(f"{seed} {file.address} {kind}")
        outcome = try_mutation(estate, file, HEADINGS[kind], stream)
        if outcome is None:
            continue
        outcomes[kind, outcome.what] += 1
        if outcome.what not in {"same", "held"}:
            faults.append(f"{file.source} {file.entity} {file.period}, {kind}: {outcome.what} {outcome.said[:300]}")
    print(table_of(outcomes, HEADINGS))
    assert faults == []
    assert {what for _, what in outcomes} == {"same", "held"}, "a gate that holds, or takes, everything would do"


@pytest.mark.requires_mirror
@pytest.mark.timeout(0)
def test_a_row_that_a_real_first_file_lost_is_seen_or_declared(estate: EstateLake, seed: int) -> None:
    """Without any file before it: held, or named, or its source.yml says why nothing shows it."""
    outcomes, faults = Counter[tuple[str, ...]](), list[str]()
    for file in files_in_use(estate.lake):
        if (file.source == "nhse_ae" and file.period != NEWEST_AE) or (
            not EVERY_FILE and file.path.stat().st_size > SMALL_FIRST
        ):
            continue  # the months of A&E are laid out alike
        for turn in range(20 if EVERY_FILE else 1):
            what, said = try_first(estate, file, random.Random(f"{seed} {turn} {file.address} first"))
            outcomes[f"{file.source}.{file.entity}", what] += 1
            if what == "wrong":
                faults.append(f"{file.source} {file.entity} {file.period}: {said}")
    print(table_of(outcomes, sorted({table for table, _ in outcomes}), (*FIRST_OUTCOMES, "wrong")))
    assert faults == []
    assert {what for table, what in outcomes if table in ("cvdprevent.indicator", "nhsd_qof.vaccination")} == {"held"}
