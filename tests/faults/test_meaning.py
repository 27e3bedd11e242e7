"""A fuzzer of meaning: a file written in another way gives the same figures, a damaged one is held by name; no third thing.

Each case takes the newest sample file of a table, applies one mutation (tests/fixtures/meaning.py) and offers it as a new
edition of its period to the real parse, gate 1 and comparison with the edition in use. What comes of it is `same` (in use
with the figures of the good file), `held` (refused or held with a message that names the file), `silent` (held without its
name) or `wrong` (in use with other figures). `silent` and `wrong` must not be.

No check can see one plausible count that is changed by little where no total and no earlier edition tells its value, a row
that is left out where nothing published says that it was there (NOT_TOLD), a label exchanged for another of the same list
in every row, or a minus before a figure of a column of decimals, which may be negative. Such damage is not tried.

The suite tries TRIED mutations, drawn by its seed. `make fuzz` tries 5,000 (HIW_FUZZ) and prints the counts by source and kind.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from dagster_project.lake.snapshots import Snapshot
from tests.fixtures.estate_lake import IN_ORDER, EstateLake, begin, newest_files
from tests.fixtures.meaning import DAMAGES, GUISES
from tests.fixtures.tried import try_mutation

TRIED = int(os.environ.get("HIW_FUZZ") or 30)
KINDS = GUISES | DAMAGES
READ_AS_WRITTEN = 0.6
"""Share of the guises that must be read and not only held, or a gate that holds everything would do."""

NOT_TOLD = {
    "row lost": {
        "cvdprevent.indicator",
        "nhsd_hes_monthly.treatment_function",
        "nhse_ldhc.extract",
        "nhse_mhsds.measure",
        "nhse_msds.data",
        "nhse_msds.measures",
        "nhse_smi.phsmi",
        "nhse_talking_therapies.monthly",
        "nhse_talking_therapies.trust",
        "nhse_wlmds.timeseries",
        "nhse_wres.trust",
        "ohid_dental_extractions.extractions",
        "ohid_fingertips.indicator",
    },
    "total changed": {"nhse_wlmds.timeseries"},
}
"""By kind of damage, the tables of which no total of the row and no full list of rows is published; the total of a time series of
WLMDS may be anything above the longest wait that it counts."""


@pytest.fixture(scope="module")
def estate(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> EstateLake:
    return begin(sample_estate, tmp_path_factory.mktemp("meaning"), IN_ORDER)


def cases(estate: EstateLake, seed: int) -> Iterator[tuple[Snapshot, str, random.Random]]:
    """Every file with every kind in an order drawn by the seed, then all of them again with other rows and columns."""
    pairs = [(file, kind) for file in newest_files(estate.lake) for kind in KINDS]
    pairs = [(file, kind) for file, kind in pairs if f"{file.source}.{file.entity}" not in NOT_TOLD.get(kind, ())]
    for turn in count():
        random.Random(f"{seed} {turn}").shuffle(pairs)
        for file, kind in pairs:
            yield file, kind, random.Random(f"{seed} {turn} {file.address} {kind}")


@pytest.mark.timeout(0)  # beside other work on the machine a mutation takes seconds
def test_a_changed_file_gives_the_same_figures_or_is_held_by_name(estate: EstateLake, seed: int) -> None:
    outcomes, faults = Counter[tuple[str, str, str]](), list[str]()
    for file, kind, stream in cases(estate, seed):
        if outcomes.total() == TRIED:
            break
        outcome = try_mutation(estate, file, KINDS[kind], stream)
        if outcome is None:
            continue
        outcomes[file.source, kind, outcome.what] += 1
        if outcome.what not in {"same", "held"}:
            faults.append(f"{file.source} {file.entity}, {kind}: {outcome.what} {outcome.said[:300]}")
    print(_table(outcomes))
    assert faults == []
    read = sum(n for (_, kind, what), n in outcomes.items() if kind in GUISES and what == "same")
    assert read >= READ_AS_WRITTEN * sum(n for (_, kind, _), n in outcomes.items() if kind in GUISES)


@pytest.mark.parametrize(
    ("table", "kind", "said"),
    [
        ("nhse_rtt.full_extract", "total changed", "rows_not_adding_up"),  # 159 for 106 who wait 14 to 15 weeks
        (
            "ukhsa_vaccination.influenza",
            "row shifted",
            "organisation_name",
        ),  # 50000 for the name, the figures beside theirs
    ],
)
def test_what_the_fuzzer_found_is_held(estate: EstateLake, table: str, kind: str, said: str) -> None:
    (file,) = (one for one in newest_files(estate.lake) if f"{one.source}.{one.entity}" == table)
    outcome = try_mutation(estate, file, KINDS[kind], random.Random(f"1 {file.entity} {kind}"))
    assert outcome is not None
    assert outcome.what == "held" and said in outcome.said, outcome


def _table(outcomes: Counter[tuple[str, str, str]]) -> str:
    """The counts of each source and kind, and of all together."""
    words = ("same", "held", "silent", "wrong")
    names = [*sorted({source for source, _, _ in outcomes}), *KINDS, "all"]
    lines = [f"{'':34}" + "".join(f"{word:>8}" for word in words)]
    for name in names:
        counts = [sum(n for (s, k, w), n in outcomes.items() if w == word and name in {s, k, "all"}) for word in words]
        lines.append(f"{name:34}" + "".join(f"{number:8,}" for number in counts))
    return "\n".join(lines)
