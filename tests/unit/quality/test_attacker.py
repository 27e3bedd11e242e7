"""The attacker's bounds against the reference vectors, and against every table of whole numbers that fits what is shown."""

from __future__ import annotations

import csv
import itertools
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from dagster_project.quality import solving
from dagster_project.quality.attacker import Attack, attack, propagate
from dagster_project.quality.exchanges import Exchanges
from dagster_project.quality.proven import Proven
from dagster_project.quality.solving import System

THRESHOLD, HALF = 7, 2
LARGEST = 200_000
"""Tables that the oracle tries at most."""
MOST_GROUPS = 19
"""Age bands are the most groups that one organisation is divided into here: longer sums are over all organisations."""
Equation = tuple[list[int], int]
"""The cells that add up, and the cell that they add up to."""


def shown(count: int) -> tuple[int, int, bool]:
    """Least and most of a true count behind what is shown of it, and whether it is hidden."""
    if 1 <= count <= THRESHOLD:
        return 1, THRESHOLD, True
    rounded = (count + HALF) // 5 * 5
    return (rounded - HALF, rounded + HALF, False) if count else (0, 0, False)


def system(bounds: list[tuple[float, float, bool]], equations: list[Equation]) -> System:
    entries = [(n, cell, 1.0) for n, (parts, _) in enumerate(equations) for cell in parts]
    entries += [(n, whole, -1.0) for n, (_, whole) in enumerate(equations)]
    rows, cells, signs = zip(*entries, strict=True)
    matrix = csr_matrix((signs, (rows, cells)), shape=(len(equations), len(bounds)))
    lows, highs, targets = (np.array(part) for part in zip(*bounds, strict=True))
    exact, wide = np.ones(len(equations), bool), np.array([len(parts) > MOST_GROUPS for parts, _ in equations])
    return System(lows.astype(float), highs.astype(float), matrix, exact, wide, targets.astype(bool))


def of_counts(counts: list[int], equations: list[Equation]) -> System:
    return system([shown(count) for count in counts], equations)


def bounds_of(found: Attack, cell: int) -> tuple[int, int]:
    return round(found.lows[cell]), round(found.highs[cell])


# -- reference vectors ------------------------------------------------------------------------------------------------


@pytest.mark.requires_vectors
def test_bounds_of_tables_with_an_exact_total_are_those_of_the_vectors() -> None:
    folder = Path(os.environ.get("HIW_VECTORS") or Path(__file__).parents[4] / "shared" / "vectors")
    tables = defaultdict(list)
    with (folder / "13_suppression_tables.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            tables[row["case_id"]].append(row)
    assert len(tables) == 14
    for name, rows in tables.items():
        total = float(rows[0]["published_exact_total"])
        cells: list[tuple[float, float, bool]] = []
        for row in rows:
            hidden = row["primary_suppressed"] == "True"
            exact = float(row["count"])
            cells.append((1, THRESHOLD, True) if hidden else (exact, exact, False))
        parts = list(range(len(cells)))
        found = attack(system([*cells, (total, total, False)], [(parts, len(cells))]), 2, exhaustive=True)
        for number, row in enumerate(rows):
            if row["primary_suppressed"] == "True":
                assert bounds_of(found, number) == (float(row["attacker_min"]), float(row["attacker_max"])), name
                assert found.too_narrow[number] == (row["disclosed_without_secondary"] == "True"), name


# -- an oracle that tries every table ---------------------------------------------------------------------------------


def brute_force(counts: list[int], equations: list[Equation]) -> list[tuple[int, int]]:
    """Least and most of every cell over all tables of whole numbers that fit what is shown: every one of them is tried."""
    wholes = {whole for _, whole in equations}
    inner = [cell for cell in range(len(counts)) if cell not in wholes]
    ranges = [np.arange(shown(counts[cell])[0], shown(counts[cell])[1] + 1, dtype=np.int16) for cell in inner]
    assume(np.prod([len(values) for values in ranges]) <= LARGEST)
    tried = np.meshgrid(*ranges, indexing="ij")
    table = {cell: values.ravel() for cell, values in zip(inner, tried, strict=True)}
    fits = np.ones(tried[0].size, dtype=bool)
    for parts, whole in equations:
        total = sum((table[cell] for cell in parts), start=np.zeros(tried[0].size, dtype=np.int16))
        fits &= table.setdefault(whole, total) == total
    for cell in wholes:
        fits &= (table[cell] >= shown(counts[cell])[0]) & (table[cell] <= shown(counts[cell])[1])
    return [(int(table[cell][fits].min()), int(table[cell][fits].max())) for cell in range(len(counts))]


def two_way(rows: int, columns: int) -> list[Equation]:
    """Inner cells first, then row totals, column totals and the total."""
    inner = rows * columns
    total = inner + rows + columns
    equations: list[Equation] = [([r * columns + c for c in range(columns)], inner + r) for r in range(rows)]
    equations += [([r * columns + c for r in range(rows)], inner + rows + c) for c in range(columns)]
    return [*equations, (list(range(inner, inner + rows)), total), (list(range(inner + rows, total)), total)]


def with_totals(inner: list[int], equations: list[Equation]) -> list[int]:
    table = dict(enumerate(inner))
    for parts, whole in equations:
        table[whole] = sum(table[cell] for cell in parts)
    return [table[cell] for cell in sorted(table)]


small_counts = st.one_of(st.integers(0, 7), st.integers(8, 13), st.integers(0, 2))


@given(inner=st.lists(small_counts, min_size=6, max_size=6), shape=st.sampled_from([(2, 2), (2, 3), (1, 5)]))
@hypothesis_settings(max_examples=60)
def test_bounds_of_two_way_tables_are_those_of_whole_numbers(inner: list[int], shape: tuple[int, int]) -> None:
    equations = two_way(*shape)
    counts = with_totals(inner[: shape[0] * shape[1]], equations)
    planted = of_counts(counts, equations)
    found = attack(planted, 3, exhaustive=True)
    truth = brute_force(counts, equations)
    assert not found.inconsistent.any()
    for cell in np.flatnonzero(planted.targets):
        assert bounds_of(found, cell) == truth[cell], (counts, cell)
        assert found.too_narrow[cell] == (truth[cell][1] - truth[cell][0] + 1 < 3)


@given(inner=st.lists(small_counts, min_size=6, max_size=6))
@hypothesis_settings(max_examples=60)
def test_a_cell_is_solved_no_further_than_needed_and_the_verdict_is_the_same(inner: list[int]) -> None:
    equations = two_way(2, 3)
    planted = of_counts(with_totals(inner, equations), equations)
    quick, whole = attack(planted, 3), attack(planted, 3, exhaustive=True)
    assert (quick.too_narrow == whole.too_narrow).all()


@given(inner=st.lists(st.sampled_from([0, 0, 0, 1, 3, 5, 8]), min_size=8, max_size=8))
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.filter_too_much])
def test_bounds_of_a_cube_hold_the_truth_and_every_table_that_fits(inner: list[int]) -> None:
    """2 x 2 x 2 with its three margins of two dimensions: whole numbers may be narrower than the solver's bounds, never wider."""
    place = {cell: n for n, cell in enumerate(itertools.product(range(2), repeat=3))}
    equations: list[Equation] = []
    for axis in range(3):
        for fixed in itertools.product(range(2), repeat=2):
            parts = [n for cell, n in place.items() if tuple(v for a, v in enumerate(cell) if a != axis) == fixed]
            equations.append((parts, 8 + len(equations)))
    counts = with_totals(inner, equations)
    planted = of_counts(counts, equations)
    found = attack(planted, 3, exhaustive=True)
    truth = brute_force(counts, equations)
    for cell in np.flatnonzero(planted.targets):
        low, high = found.lows[cell] - 1e-6, found.highs[cell] + 1e-6
        assert low <= truth[cell][0] <= counts[cell] <= truth[cell][1] <= high


@given(inner=st.lists(small_counts, min_size=9, max_size=9))
@hypothesis_settings(max_examples=100)
def test_propagation_never_loses_the_truth(inner: list[int]) -> None:
    equations = two_way(3, 3)
    counts = with_totals(inner, equations)
    lows, highs = propagate(of_counts(counts, equations))
    assert (lows <= counts).all()
    assert (highs >= counts).all()


# -- what rounding leaves open ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "values"),
    [
        ([100, 50, 3, 153], 7),  # rounding alone is enough: the common case
        ([12, 6, 18], 2),  # 10 + [c] = 20: 6 or 7
        ([8, 13, 1, 22], 1),  # 10 + 15 + [c] = 20: only 1
        ([7, 7, 7, 7, 28], 1),  # four hidden under 30: all are 7
        ([18, 1, 1, 1, 1, 22], 1),  # 20 and four hidden under 20: all are 1
        ([0, 0, 5, 5], 7),  # everybody in one cell: both hidden
    ],
)
def test_independent_rounding_is_not_enough_at_its_edges(counts: list[int], values: int) -> None:
    planted = of_counts(counts, [(list(range(len(counts) - 1)), len(counts) - 1)])
    found = attack(planted, 3)
    hidden = np.flatnonzero(planted.targets)
    assert set(found.values_left()[hidden]) == {values}
    assert found.too_narrow[hidden].all() == (values < 3)


def test_two_relations_tell_what_neither_tells_alone() -> None:
    """The same hidden 4 under 10 beside 10 (at most 4) and under 30 beside 10 and 10 (at least 4)."""
    counts = [4, 8, 12, 12, 12, 28]
    first, second = ([0, 1], 4), ([0, 2, 3], 5)
    assert not attack(of_counts(counts, [first]), 3).too_narrow.any()
    assert not attack(of_counts(counts, [second]), 3).too_narrow.any()
    found = attack(of_counts(counts, [first, second]), 3)
    assert found.too_narrow[0]
    assert bounds_of(found, 0) == (4, 4)


def test_figures_that_contradict_each_other_are_said_and_not_attacked() -> None:
    planted = system([(1, 7, True), (8, 12, False), (38, 42, False)], [([0, 1], 2)])
    found = attack(planted, 3)
    assert found.inconsistent.any()
    assert not found.too_narrow.any()


def test_a_contradiction_that_only_the_solver_sees_is_said() -> None:
    """A circle of three sums of two: 38 to 42 each, but the first and the second are alike and their sum is 8 to 12."""
    bounds: list[tuple[float, float, bool]] = [(1, 7, True)] * 4 + [
        (8, 12, False),
        (2, 2, False),
        (8, 12, False),
        (2, 2, False),
    ]
    equations: list[Equation] = [([0, 1], 4), ([0, 2], 5), ([1, 3], 6), ([2, 3], 7)]
    found = attack(system(bounds, equations), 3, exhaustive=True)
    fits = [
        v
        for v in itertools.product(range(1, 8), repeat=4)
        if v[0] + v[2] == 2 and v[2] + v[3] == 2 and 8 <= v[0] + v[1] <= 12 and 8 <= v[1] + v[3] <= 12
    ]
    assert bool(fits) != bool(found.inconsistent.any())


def test_an_unknown_part_leaves_only_the_upper_bound() -> None:
    planted = system([(1, 7, True), (0, np.inf, False), (8, 12, False)], [([0, 1], 2)])
    lows, highs = propagate(planted)
    assert (lows[0], highs[0], highs[1]) == (1, 7, 11)
    assert not attack(planted, 3).too_narrow.any()


def test_many_blocks_at_once_are_judged_like_each_alone() -> None:
    random = np.random.default_rng(20261122)
    tables = [random.integers(0, 14, 6).tolist() for _ in range(600)]
    equations = two_way(2, 3)
    size = 12
    counts = [count for table in tables for count in with_totals(table, equations)]
    many = [
        ([cell + n * size for cell in parts], whole + n * size)
        for n in range(len(tables))
        for parts, whole in equations
    ]
    together = attack(of_counts(counts, many), 3).too_narrow.reshape(-1, size)
    for number in range(0, len(tables), 30):
        alone = attack(of_counts(with_totals(tables[number], equations), equations), 3).too_narrow
        assert (together[number] == alone).all()
    assert 0 < together.sum() < together.size


def trusts_and_england(trusts: int, seed: int) -> tuple[list[int], list[Equation]]:
    """Two-way tables of many trusts, and the table of England that each of their cells adds up to."""
    random = np.random.default_rng(seed)
    equations = two_way(2, 3)
    return england_of([with_totals(random.integers(0, 12, 6).tolist(), equations) for _ in range(trusts)], equations)


def england_of(tables: list[list[int]], equations: list[Equation]) -> tuple[list[int], list[Equation]]:
    """The tables of trusts and of England, and all that adds up in each and among them."""
    trusts, size = len(tables), len(tables[0])
    england = np.sum(tables, axis=0).tolist()
    counts = [count for table in [*tables, england] for count in table]
    all_equations = [([c + n * size for c in parts], w + n * size) for n in range(trusts + 1) for parts, w in equations]
    all_equations += [([c + n * size for n in range(trusts)], c + trusts * size) for c in range(size)]
    return counts, all_equations


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Small blocks are solved part by part too; whether each table that was seen fits everything."""
    fits: list[bool] = []
    plain = solving.Block.see

    def keep(self: solving.Block, table: np.ndarray) -> None:
        fits.append(self.equations.fits(table))
        plain(self, table)

    monkeypatch.setattr(solving, "LARGE", 0)
    monkeypatch.setattr(solving, "GROUP", 240)
    monkeypatch.setattr(solving.Block, "see", keep)
    return fits


@pytest.mark.parametrize("seed", range(4))
def test_a_block_that_england_holds_together_is_judged_alike_part_by_part(
    request: pytest.FixtureRequest, seed: int
) -> None:
    counts, equations = trusts_and_england(40, seed)
    planted = of_counts(counts, equations)
    whole = attack(planted, 3)
    fits = request.getfixturevalue("in_parts")
    taken_apart = attack(planted, 3)
    assert len(fits) > 1, "the block was not taken apart"
    assert all(fits)
    assert (taken_apart.too_narrow == whole.too_narrow).all()
    assert 0 < whole.too_narrow.sum() < planted.targets.sum()


@pytest.mark.parametrize("waiting", [40, 25, 8])
def test_a_block_falls_into_trusts_however_few_of_them_have_anybody_in_a_cell(waiting: int) -> None:
    """In a month of 40 trusts a cell of England with few open parts tied their tables together: no first table was found, and all
    their sets were withheld (487 where 5 had to be)."""
    trusts, equations = 40, two_way(2, 3)
    random = np.random.default_rng(3)
    tables = []
    for trust in range(trusts):
        cells = random.integers(1, 12, 6)
        cells[0] *= trust < waiting
        tables.append(with_totals(cells.tolist(), equations))
    planted = of_counts(*england_of(tables, equations))
    lows, highs = propagate(planted)
    cells = np.flatnonzero(highs - lows > 1e-6)
    block = solving.Block.cut(replace(planted, lows=lows, highs=highs), cells).equations
    parts = solving.Parts.split(block, block.wide)
    trust_of = cells // len(tables[0])
    of_parts = {label: set(trust_of[parts.labels == label]) for label in np.unique(parts.labels)}
    assert all(len(found) == 1 for found in of_parts.values()), of_parts
    assert set(trust_of[parts.shared]) == {trusts}, "England's own table"


def test_a_first_table_is_found_part_by_part_or_it_is_said_that_none_fits(in_parts: list[bool]) -> None:
    counts, equations = trusts_and_england(40, 11)
    planted = of_counts(counts, equations)
    lows, highs = propagate(planted)
    cells = np.flatnonzero(highs - lows > 1e-6)
    block = solving.Block.cut(replace(planted, lows=lows, highs=highs), cells)
    assert block.solve(planted.targets[cells], 3, 0)
    assert in_parts
    assert all(in_parts)
    beyond = replace(block, equations=replace(block.equations, right=block.equations.right + 1000))
    assert not beyond.solve(planted.targets[cells], 3, 0)
    assert beyond.equations.contradictory()


def test_a_block_whose_parts_give_no_first_table_is_solved_as_a_whole(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = of_counts(*trusts_and_england(40, 11))
    whole = attack(planted, 3)
    fits = request.getfixturevalue("in_parts")
    monkeypatch.setattr(solving, "PASSES", 0)
    found = attack(planted, 3)
    assert fits
    assert all(fits)
    assert (found.too_narrow == whole.too_narrow).all(), "withheld for want of a table"


def test_exchanges_keep_every_sum_and_are_seen_only_within_the_bounds() -> None:
    counts, equations = trusts_and_england(40, 11)
    planted = of_counts(counts, equations)
    lows, highs = propagate(planted)
    cells = np.flatnonzero(highs - lows > 1e-6)
    block = solving.Block.cut(replace(planted, lows=lows, highs=highs), cells).equations
    table, targets = np.array(counts, dtype=float)[cells], planted.targets[cells]
    assert block.fits(table)
    found = Exchanges.of(block, targets, np.random.default_rng(1))
    tables = [table + times * change for change in found.changes.toarray() for times in (-2, -1, 1, 2)]
    fitting = np.array([one for one in tables if block.fits(one)] + [table])
    assert found.changes.nnz
    assert not (found.changes @ block.matrix[block.exact].T).count_nonzero()
    least, most = found.around(table, np.ones(len(table), dtype=bool))
    assert (least == fitting.min(axis=0)).all()
    assert (most == fitting.max(axis=0)).all()
    assert len(fitting) > 100


# -- blocks of any shape, beside every table of whole numbers -----------------------------------------------------------


@st.composite
def any_block(draw: st.DrawFn) -> tuple[list[int], System]:
    """Up to seven cells in sums and at-most sums of any shape, which need not be totally unimodular; the true counts fit."""
    counts = draw(st.lists(st.integers(0, 6), min_size=3, max_size=7))
    size = len(counts)
    sides = st.lists(st.sampled_from([-1, 0, 1]), min_size=size, max_size=size).filter(any)
    matrix = np.array(draw(st.lists(sides, min_size=1, max_size=4)), dtype=float)
    # A settled cell for each equation takes what is left over.
    right = matrix @ counts
    exact = np.array(draw(st.lists(st.booleans(), min_size=len(matrix), max_size=len(matrix))))
    spare = np.array([0 if equal else draw(st.integers(0, 2)) for equal in exact])
    bounds = [(1.0, 5.0, True) if count in range(1, 6) else (float(count), float(count), False) for count in counts]
    bounds += [(value, value, False) for value in right + spare]
    lows, highs, targets = (np.array(part) for part in zip(*bounds, strict=True))
    whole = csr_matrix(np.hstack([matrix, -np.eye(len(matrix))]))
    return counts, System(lows, highs, whole, exact, np.zeros(len(matrix), bool), targets.astype(bool))


def every_table(block: System) -> np.ndarray:
    """Every table of whole numbers that fits, a row each."""
    ranges = [np.arange(low, high + 1) for low, high in zip(block.lows, block.highs, strict=True)]
    tables = np.stack([axis.ravel() for axis in np.meshgrid(*ranges, indexing="ij")], axis=1)
    sums = tables @ block.equations.toarray().T
    return np.asarray(tables[np.where(block.exact, sums == 0, sums <= 0).all(axis=1)])


@given(any_block())
@hypothesis_settings(max_examples=150)
def test_no_cell_is_called_wide_enough_that_every_table_says_is_narrow(given_block: tuple[list[int], System]) -> None:
    counts, block = given_block
    tables = every_table(block)
    least, most = tables.min(axis=0), tables.max(axis=0)
    found, exact = attack(block, 3), attack(block, 3, exhaustive=True)
    assert not found.inconsistent.any()
    for cell in np.flatnonzero(block.targets):
        truth = most[cell] - least[cell] + 1 < 3
        assert found.too_narrow[cell] or not truth, (counts, cell)
        assert exact.too_narrow[cell] == truth, (counts, cell)
        assert bounds_of(exact, cell) == (least[cell], most[cell]), (counts, cell)


def test_what_is_wide_in_real_numbers_and_narrow_in_whole_ones_is_found() -> None:
    """a + b = b + c = a + c = d from 3 to 5: a, b and c are alike, so an odd d would need halves, and d is 4."""
    equations: list[Equation] = [([0, 1], 3), ([1, 2], 4), ([0, 2], 5)]
    bounds: list[tuple[float, float, bool]] = [(1, 3, False)] * 3 + [(3, 5, True), (3, 5, False), (3, 5, False)]
    planted = system(bounds, equations)
    tied = [(3, 1.0, 4, -1.0), (4, 1.0, 5, -1.0)]
    extra = np.zeros((2, 6))
    for row, (first, plus, second, minus) in enumerate(tied):
        extra[row, first], extra[row, second] = plus, minus
    together = csr_matrix(np.vstack([planted.equations.toarray(), extra]))
    found = attack(
        replace(planted, equations=together, exact=np.ones(5, bool), wide=np.zeros(5, bool)), 3, exhaustive=True
    )
    assert bounds_of(found, 3) == (4, 4)
    assert found.too_narrow[3]


# -- blocks that were proved before -----------------------------------------------------------------------------------


def many_tables(tables: list[list[int]]) -> System:
    """Two-way tables beside each other that have nothing to do with one another, of 12 cells each."""
    equations, size = two_way(2, 3), 12
    counts = [count for table in tables for count in with_totals(table, equations)]
    return of_counts(
        counts, [([c + n * size for c in p], w + n * size) for n in range(len(tables)) for p, w in equations]
    )


def random_tables(number: int, seed: int) -> list[list[int]]:
    return np.random.default_rng(seed).integers(0, 14, (number, 6)).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_the_next_release_solves_what_is_new_and_what_was_not_proved_and_says_the_same(
    seed: int, tmp_path: Path
) -> None:
    """A month more at any place, one revised: every cell is judged as by an attack that knows nothing."""
    tables, file = random_tables(200, seed), tmp_path / "proven.txt"
    first = Proven.read(file)
    before = attack(many_tables(tables), 3, proven=first)
    first.write(file)
    assert (before.too_narrow == attack(many_tables(tables), 3).too_narrow).all() and before.too_narrow.any()
    narrow = int(before.too_narrow.reshape(-1, 12).any(axis=1).sum())

    again = attack(many_tables(tables), 3, proven=Proven.read(file))
    assert (again.too_narrow == before.too_narrow).all()
    assert again.blocks_solved <= narrow < before.blocks_solved

    new, place = random_tables(20, seed + 100), 50 * seed
    tables = [*tables[:place], *new, *tables[place:]]
    tables[-1] = [9 - count % 9 for count in tables[-1]]
    later = Proven.read(file)
    found, fresh = attack(many_tables(tables), 3, proven=later), attack(many_tables(tables), 3)
    assert (found.too_narrow == fresh.too_narrow).all()
    assert found.blocks_solved <= narrow + len(new) + 1


CHANGES: dict[str, Callable[[System], System]] = {
    "a bound": lambda one: replace(one, highs=np.where(one.targets, one.highs - 1, one.highs)),
    "what is attacked": lambda one: replace(
        one, targets=one.targets & (np.arange(len(one.targets)) != np.argmax(one.targets))
    ),
    "an equation": lambda one: replace(one, equations=one.equations[1:], exact=one.exact[1:], wide=one.wide[1:]),
    "an equation that is no longer exact": lambda one: replace(one, exact=np.arange(len(one.exact)) > 0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_block_of_which_anything_changed_is_solved_again(change: str) -> None:
    planted, proven = many_tables([[1, 2, 3, 4, 5, 6]]), Proven()
    assert attack(planted, 3, proven=proven).blocks_solved == 1 and len(proven.used) == 1
    known = Proven(frozenset(proven.used))
    assert attack(planted, 3, proven=known).blocks_solved == 0
    changed = CHANGES[change](planted)
    assert attack(changed, 3, proven=known).blocks_solved == attack(changed, 3).blocks_solved == 1
    assert attack(planted, 4, proven=known).blocks_solved == attack(planted, 4).blocks_solved == 1


def test_a_block_with_a_count_that_is_too_narrow_is_never_known() -> None:
    seen = 0
    for table in random_tables(15, 0):
        proven = Proven()
        found = attack(many_tables([table]), 3, proven=proven)
        if found.blocks_solved and found.too_narrow.any():
            seen += 1
            assert not proven.used
    assert seen


def test_a_file_that_is_no_list_of_marks_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "proven.txt"
    for content in (b"", b"\xff\xfe", b"all\n", b"0" * 31):
        file.write_bytes(content)
        assert not Proven.read(file).known
