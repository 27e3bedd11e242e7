"""What the counts of several metrics say about each other, worked out from what each of them counts.

A metric counts codes: appointments not attended are codes 3 and 7 of codes 5, 6, 3 and 7. Counts of the same codes are one number
under several names, counts of codes that lie inside others are parts of them: all appointments are those kept or missed plus those
cancelled. Nobody writes these relations down, so none is forgotten. Not here: equations over the rows of a mart (attack.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from dagster_project.contracts.collection import SEEDS_FOLDER
from dagster_project.returns.codes import read_seed

Definitions = Mapping[str, Mapping[str, frozenset[str]]]
"""Metric -> count (numerator, denominator) -> the codes that it counts."""
COUNTS = ("numerator", "denominator")


@dataclass(frozen=True)
class Sum:
    """Counts without a code in common that lie in another one; `complete`: they hold all of its codes."""

    whole: int
    parts: tuple[int, ...]
    complete: bool


@dataclass(frozen=True)
class Counted:
    """Every set of codes that some metric counts, by number, and the sums between them."""

    number_of: Mapping[tuple[str, str], int]
    """(metric, count) -> the number of its set: equal numbers, equal people."""
    sums: tuple[Sum, ...]

    @classmethod
    def of(cls, definitions: Definitions) -> Counted:
        """Return the sets and their sums: of each set the largest sets inside it are the parts.

        Raises ValueError when two sets overlap and neither lies in the other: their relation is then no sum of counts that are shown.
        """
        named = {(metric, count): codes for metric, counts in definitions.items() for count, codes in counts.items()}
        sets = sorted(set(named.values()), key=lambda codes: (len(codes), sorted(codes)))
        for small, large in combinations(sets, 2):
            if small & large and not small <= large:
                names = " and ".join(sorted(f"{m} ({c})" for (m, c), codes in named.items() if codes in (small, large)))
                raise ValueError(f"the codes of {names} overlap, and neither holds all of the other's")
        numbers = {codes: number for number, codes in enumerate(sets)}
        sums = [_sum_below(whole, sets, numbers) for whole in sets]
        return cls({key: numbers[codes] for key, codes in named.items()}, tuple(one for one in sums if one.parts))


def _sum_below(whole: frozenset[str], sets: list[frozenset[str]], numbers: Mapping[frozenset[str], int]) -> Sum:
    inside = [codes for codes in sets if codes < whole]
    largest = [codes for codes in inside if not any(codes < other for other in inside)]
    complete = frozenset[str]().union(*largest) == whole
    return Sum(numbers[whole], tuple(numbers[codes] for codes in largest), complete)


def metrics_of_seed(seed: str, folder: Path = SEEDS_FOLDER) -> Definitions:
    """Return the metrics of a seed of the returns with the columns metric_id, collection_code, numerator_codes and denominator_codes.

    Raises ValueError when a metric does not say what it counts, or counts in its numerator what its denominator lacks.
    """
    found: dict[str, dict[str, frozenset[str]]] = {}
    for row in read_seed(seed, folder):
        metric = row["metric_id"]
        found[metric] = {
            count: frozenset(f"{row['collection_code']} {code}" for code in row.get(f"{count}_codes", "").split())
            for count in COUNTS
        }
        numerator, denominator = (found[metric][count] for count in COUNTS)
        if not numerator or not numerator <= denominator:
            raise ValueError(
                f"{seed}: {metric} does not say which codes it counts, and of which others they are a part"
            )
    return found
