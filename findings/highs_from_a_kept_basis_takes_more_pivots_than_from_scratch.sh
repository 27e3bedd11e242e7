#!/usr/bin/env bash
# HiGHS 1.16.0 (highspy): an attack on a table with hidden counts asks for the least and the most of many cells under the same sums, so that only the costs
# change from one programme to the next. Kept in one model, HiGHS starts from its last basis, which is the advice for such a series. On a table of
# three ways with its sums of two (4,320 cells, every right-hand side met by whole numbers, most vertices degenerate) with all costs changed it takes two to four
# times the pivots, and the time, of a fresh model of the same programme. Both find the same optimum. What helps: clearSolver() before each run, which
# gives the pivots of a fresh model to the last one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: highspy==1.16.0 numpy==2.3.5 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import highspy
import numpy as np

SHAPE, MOST = (18, 15, 16), 80.0


def programme():
    """Cells of 0 to 80 with every sum over one of the three ways as it was published."""
    true = np.random.default_rng(2).integers(0, 60, SHAPE).astype(float)
    place = np.arange(true.size).reshape(SHAPE)
    lines = [line for way in range(3) for line in np.moveaxis(place, way, -1).reshape(-1, SHAPE[way])]
    sums = np.array([true.ravel()[line].sum() for line in lines])
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = true.size, len(lines)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(true.size), np.zeros(true.size), np.full(true.size, MOST)
    lp.row_lower_ = lp.row_upper_ = sums
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *map(len, lines)]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(lines).astype(np.int32)
    lp.a_matrix_.value_ = np.ones(sum(map(len, lines)))
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp)
    return solver


def solve(solver, cost):
    solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return solver.getInfo().simplex_iteration_count, round(solver.getInfo().objective_function_value, 6)


dice = np.random.default_rng(1)
costs = [dice.choice([-1.0, 1.0], np.prod(SHAPE)) for _ in range(4)]
kept = programme()
from_basis = [solve(kept, cost) for cost in costs]
from_scratch = [solve(programme(), cost) for cost in costs]
cleared = []
for cost in costs:
    kept.clearSolver()
    cleared.append(solve(kept, cost))
print("highspy", version("highspy"), f"- {np.prod(SHAPE):,} cells, pivots of programmes 2 to 4")
for what, found in (("from the last basis", from_basis), ("after clearSolver()", cleared), ("from scratch", from_scratch)):
    print(f"  {what:20} {[pivots for pivots, _ in found[1:]]}")
assert [best for _, best in from_basis] == [best for _, best in from_scratch] == [best for _, best in cleared]
assert all(warm > 1.5 * cold for (warm, _), (cold, _) in zip(from_basis[1:], from_scratch[1:]))
assert sum(p for p, _ in cleared[1:]) < 0.6 * sum(p for p, _ in from_basis[1:])
PY
