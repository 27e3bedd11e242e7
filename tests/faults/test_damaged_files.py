"""Files that were cut, lost an organisation or had two headings exchanged, in every format: none is used without a word.

Each damaged file comes at the address of a good one whose table is in use. The suites of gate 1 are left out, so that what
holds is the contract and the comparison with what was published before. `HIW_DAMAGE=all` tries every file and damage.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.snapshots import Snapshot
from dagster_project.sample.files import mirror_path
from tests.fixtures.damage import DAMAGES, NoSuchDamage, damage_file
from tests.fixtures.estate_lake import IN_ORDER, EstateLake, begin, digest, newest_files

ALL = os.environ.get("HIW_DAMAGE") == "all"
TRIED = 48


@pytest.fixture(scope="module")
def estate(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> EstateLake:
    folder = tmp_path_factory.mktemp("damaged")
    night = begin(sample_estate, folder, IN_ORDER)
    return night.copy_to(folder / "copy")


def try_damage(estate: EstateLake, snapshot: Snapshot, name: str, seed: int) -> tuple[str, str]:
    """What became of a damaged file: refused, held, same (its figures are those of the good one), used; and what was said."""
    entity = load_sources()[snapshot.source].entity(snapshot.entity)
    path = mirror_path(estate.mirror, snapshot.address)
    good = path.read_bytes()
    try:
        damage_file(path, entity, DAMAGES[name], random.Random(f"{seed} {snapshot.address} {name}"))
    except NoSuchDamage:
        return "none", ""
    table = f"{snapshot.entity} {snapshot.period}"
    before = estate.in_use(snapshot.source)[table]
    try:
        if path.read_bytes() == good:
            return "none", ""
        fetched, parsed = estate.take_in(snapshot.source)
        messages = [*fetched.problems, *parsed.refused, *parsed.held]
        if estate.in_use(snapshot.source)[table] == before:
            refused = bool(fetched.problems or parsed.refused)
            return ("refused" if refused else "held"), "\n".join(messages)
        return ("same" if holds_the_same(estate, snapshot, before) else "used"), ""
    finally:
        path.write_bytes(good)


def holds_the_same(estate: EstateLake, snapshot: Snapshot, before: str) -> bool:
    """Whether the table that is in use now has the rows of the one before."""
    folder = estate.lake.clean(snapshot.source, snapshot.entity)
    old = folder / "vintages" / snapshot.period / before
    return digest(old) == digest(folder / "current_synthetic" / f"{snapshot.period}.parquet")


def test_no_damaged_file_is_used_where_a_good_one_was(estate: EstateLake, seed: int) -> None:
    cases = [(snapshot, name) for snapshot in newest_files(estate.lake) for name in DAMAGES]
    chosen = cases if ALL else random.Random(seed).sample(cases, TRIED)
    outcomes, faults = Counter[str](), list[str]()
    for snapshot, name in chosen:
        outcome, message = try_damage(estate, snapshot, name, seed)
        outcomes[outcome] += 1
        file = Path(snapshot.path.name).stem
        if outcome == "used" or (message and file not in message and snapshot.entity not in message):
            faults.append(f"{snapshot.source} {snapshot.entity} {name}: {outcome} {message[:300]}")
    print(f"damaged files: {dict(outcomes)}")
    assert faults == []
    assert outcomes["refused"] + outcomes["held"] > len(chosen) // 2
