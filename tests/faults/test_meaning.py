"""A fuzzer of meaning: a file written in another way gives the same figures, a damaged one is held by name; no third thing.

Each case takes the newest sample file of a table, applies one mutation (tests/fixtures/meaning.py) and offers it as a new
edition of its period to the real parse, gate 1 and comparison with the edition in use. What comes of it is `same` (in use
with the figures of the good file), `held` (refused or held with a message that names the file), `silent` (held without its
name) or `wrong` (in use with other figures). `silent` and `wrong` must not be.

The edition that a file replaces shows what no total of the file itself shows: a row that is gone, columns that are exchanged.
The first file of a table has none: what shows a lost row there is declared in source.yml, or why nothing does.
What nothing tells is not tried: one plausible figure that is changed a little where no total holds it, and a label that is
exchanged for another of the same list in every row.

The mutations are listed in an order drawn by the seed: each file with each kind (over 1,700 in the first turn), then again
with other rows and columns. The suite tries the first TRIED that change a file. `make fuzz` tries 5,000 (HIW_FUZZ). Both
print the counts by source and kind.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.snapshots import Snapshot
from tests.fixtures.estate_lake import IN_ORDER, EstateLake, begin, newest_files
from tests.fixtures.meaning import DAMAGES, GUISES
from tests.fixtures.tried import FIRST_OUTCOMES, table_of, try_first, try_mutation

TRIED = int(os.environ.get("HIW_FUZZ") or 120)
FIRST_FILES = 20 if "HIW_FUZZ" in os.environ else 1
"""How often a row is lost from the first file of each table."""
KINDS = GUISES | DAMAGES
READ_AS_WRITTEN = 0.5
"""Share of the guises that must be read and not only held, or a gate that holds everything would do."""


@pytest.fixture(scope="module")
def estate(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> EstateLake:
    return begin(sample_estate, tmp_path_factory.mktemp("meaning"), IN_ORDER)


def cases(estate: EstateLake, seed: int) -> Iterator[tuple[Snapshot, str, random.Random]]:
    """Every file with every kind, then all of them again with other rows and columns. The seed draws the order of the kinds
    of each file; the files take turns, so that a sample holds all."""
    files = list(newest_files(estate.lake))
    for turn in count():
        drawn = [
            (file, random.Random(f"{seed} {turn} {file.address}").sample(list(KINDS), len(KINDS))) for file in files
        ]
        for place in range(len(KINDS)):
            for file, kinds in drawn:
                yield file, kinds[place], random.Random(f"{seed} {turn} {file.address} {kinds[place]}")


@pytest.mark.timeout(0)  # beside other work on the machine a mutation takes seconds
def test_a_changed_file_gives_the_same_figures_or_is_held_by_name(estate: EstateLake, seed: int) -> None:
    outcomes, faults = Counter[tuple[str, ...]](), list[str]()
    for file, kind, stream in cases(estate, seed):
        if outcomes.total() == TRIED:
            break
        outcome = try_mutation(estate, file, KINDS[kind], stream)
        if outcome is None:
            continue
        outcomes[file.source, kind, outcome.what] += 1
        if outcome.what not in {"same", "held"}:
            faults.append(f"{file.source} {file.entity}, {kind}: {outcome.what} {outcome.said[:300]}")
    print(table_of(outcomes, [*sorted({source for source, *_ in outcomes}), *KINDS]))
    assert faults == []
    read = sum(n for (_, kind, what), n in outcomes.items() if kind in GUISES and what == "same")
    assert read >= READ_AS_WRITTEN * sum(n for (_, kind, _), n in outcomes.items() if kind in GUISES)


def test_a_row_that_the_first_file_of_a_table_lost_is_seen_or_declared(estate: EstateLake, seed: int) -> None:
    """Without any file before it; tables whose known file is counted are tried with that file (test_real_files_changed.py)."""
    outcomes, faults = Counter[tuple[str, ...]](), list[str]()
    for file in newest_files(estate.lake):
        entity = load_sources()[file.source].entity(file.entity)
        for turn in range(0 if entity.usual_records else FIRST_FILES):
            stream = random.Random(f"{seed} {turn} {file.address} first")
            what, said = try_first(estate, file, stream)
            outcomes[f"{file.source}.{file.entity}", what] += 1
            if what == "wrong":
                faults.append(f"{file.source} {file.entity}: {said}")
    print(table_of(outcomes, sorted({table for table, _ in outcomes}), (*FIRST_OUTCOMES, "wrong")))
    assert faults == []


@pytest.mark.parametrize(
    ("table", "kind", "said"),
    [
        ("nhse_rtt.full_extract", "total changed", "rows_not_adding_up"),  # 159 for 106 who wait 14 to 15 weeks
        # 50000 for the name, the figures beside theirs
        ("ukhsa_vaccination.influenza", "row shifted", "organisation_name"),
        ("nhse_wlmds.timeseries", "total changed", "The bands add up to their total"),
        ("nhse_wlmds.timeseries", "row lost", "rows in the edition that it replaces"),
        ("nhse_talking_therapies.monthly", "minus before a figure", "not negative"),
        ("nhse_msds.data", "minus before a figure", "not negative"),
        ("nhse_wres.trust", "row lost", "1 of 48 rows in the edition that it replaces"),
        ("nhse_msds.data", "row lost", "the groups of a dimension are fewer than everybody"),
        # the larger of two figures of one measure was taken
        ("nhse_smi.phsmi", "row doubled with another figure", "a figure that stands more than once"),
        ("nhse_ldhc.extract", "figure lost", "1 rows have a blank, and no mark"),
    ],
)
def test_what_the_fuzzer_found_is_held(estate: EstateLake, table: str, kind: str, said: str) -> None:
    (file,) = (one for one in newest_files(estate.lake) if f"{one.source}.{one.entity}" == table)
    outcome = try_mutation(estate, file, KINDS[kind], random.Random(f"1 {file.entity} {kind}"))
    assert outcome is not None
    assert outcome.what == "held" and said in outcome.said, outcome
