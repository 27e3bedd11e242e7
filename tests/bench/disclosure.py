"""What the attack on a month of 210 trusts costs: generated counts, shown by the rule, attacked as gate 2 attacks a candidate.

The release holds what the marts of the returns hold in a month: for each trust, ICB and for England eight counts (four metrics, each a
numerator and a denominator) by age, sex, deprivation and ethnicity, for trusts and three metrics also by these two together. True counts come from one random
table for each trust; they are rounded, suppressed and withheld here by a few lines of their own, and the relations are those that the
marts declare. Time is of the processor (user and system), so that other work on the machine does not count.
`python -m tests.bench.disclosure [trusts]` runs it alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from dagster_project.publish.withholding import ROUNDS
from dagster_project.quality.attack import Attacked, audit_attack
from dagster_project.quality.proven import Proven
from dagster_project.release.dbt_artifacts import ExposedModel
from dagster_project.settings import PROJECT_ROOT

TRUSTS, ICBS = 210, 42
SEED = 20261122
OUTCOMES = {"WL": (0.62, 0.35, 0.025, 0.005), "OP": (0.82, 0.07, 0.06, 0.05)}
"""Shares of the list: up to 18, 52, 65 weeks and longer; of all appointments: attended, missed, cancelled by patient, by hospital."""
METRICS = {
    "WL_LE18_PCT": ([0], [0, 1, 2, 3]),
    "WL_GT52_PCT": ([2, 3], [0, 1, 2, 3]),
    "WL_GT65_PCT": ([3], [0, 1, 2, 3]),
    "OP_DNA_PCT": ([5], [4, 5]),
    "OP_PATCANC_PCT": ([6], [4, 5, 6, 7]),
    "OP_HOSPCANC_PCT": ([7], [4, 5, 6, 7]),
}
"""Metric: the outcomes of its numerator and of its denominator, by their place in OUTCOMES."""
CROSSED = ("WL_LE18_PCT", "WL_GT52_PCT", "OP_DNA_PCT")
"""The metrics of mart_hi_intersection."""
CATEGORIES = dict(zip("ABCDEFGHJKLMNPRSZ", [70, 1, 5, 1, 1, 1, 1, 3, 2, 1, 2, 1.5, 2, 1, 1, 2, 3], strict=True)) | {
    "99": 2
}
FIVE = {
    c: g
    for g, cs in {"WHITE": "ABC", "MIXED": "DEFG", "ASIAN": "HJKLR", "BLACK": "MNP", "OTHER": "S"}.items()
    for c in cs
}
DECILES = [*map(str, range(1, 11)), "99"]
AGES = [f"{low:02d}_{low + 4:02d}" for low in range(0, 90, 5)] + ["UNK"]
SEXES = ["1", "2", "9", "X"]
Counts = npt.NDArray[np.int64]


def _groups() -> tuple[list[tuple[str, str]], npt.NDArray[np.int64]]:
    """(dimension, group) of the 101 rows, and which of the cells (category, decile), ages and sexes each is the sum of."""
    cells = [(c, d) for c in CATEGORIES for d in DECILES] + [("age", a) for a in AGES] + [("sex", s) for s in SEXES]
    rows: dict[tuple[str, str], list[int]] = {}
    for place, (first, second) in enumerate(cells):
        if first in ("age", "sex"):
            rows.setdefault((first.upper(), second), []).append(place)
            continue
        fifth = second if second == "99" else str((int(second) + 1) // 2)
        five = FIVE.get(first, "UNK")
        for key in (("ALL", "ALL"), ("ETHNIC5", five), ("ETHNIC_CATEGORY", first), ("IMD_QUINTILE", fifth)):
            rows.setdefault(key, []).append(place)
        for key in (("IMD_DECILE", second), ("CROSS", f"{five} {fifth}")):
            rows.setdefault(key, []).append(place)
    sums = np.zeros((len(rows), len(cells)), dtype=np.int64)
    for row, places in enumerate(rows.values()):
        sums[row, places] = 1
    return list(rows), sums


GROUPS, SUMS = _groups()


def make_counts(trusts: int, seed: int) -> Counts:
    """True counts: (trusts, metrics, numerator and denominator, groups)."""
    random = np.random.default_rng(seed)
    weights = np.outer(list(CATEGORIES.values()), [10.0] * 10 + [2.0]).ravel()
    shares = [np.full(len(AGES), 5.0), np.array([52.0, 47.0, 0.3, 0.7])]
    found = np.zeros((trusts, len(METRICS), 2, SUMS.shape[1]), dtype=np.int64)
    for trust in range(trusts):
        people = int(random.lognormal(9.2, 0.8))
        mine = weights * random.lognormal(0, 0.9, len(weights))
        waiting = random.multinomial(people, mine / mine.sum())
        cells = [
            random.multinomial(waiting, OUTCOMES["WL"]),
            random.multinomial(random.binomial(waiting, 0.6), OUTCOMES["OP"]),
        ]
        mixes = [mix * random.lognormal(0, 0.5, len(mix)) for mix in shares]
        outcomes = np.stack([_with_margins(column, mixes, random) for part in cells for column in part.T])
        for number, sides in enumerate(METRICS.values()):
            found[trust, number] = [outcomes[places].sum(axis=0) for places in sides]
    return found @ SUMS.T


def _with_margins(counts: Counts, mixes: list[npt.NDArray[np.float64]], random: np.random.Generator) -> Counts:
    """The counts of one outcome, and the ages and sexes of the people counted."""
    return np.concatenate([counts, *(random.multinomial(counts.sum(), mix / mix.sum()) for mix in mixes)])


# -- what is shown ----------------------------------------------------------------------------------------------------

SUPPRESSED, PUBLISHED, WITHHELD = range(3)
HALF_OF_THE_FIFTHS = 3
Statuses = npt.NDArray[np.int64]


def show(counts: Counts, icb: Counts) -> tuple[Counts, Statuses]:
    """What is shown of the counts of trusts, ICBs and England, and their statuses."""
    icbs = np.stack([counts[icb == one].sum(axis=0) for one in range(icb.max() + 1)])
    whole = np.concatenate([counts, icbs, counts.sum(axis=0)[None]])
    shown = np.where((whole >= 1) & (whole <= 7), 0, (whole + 2) // 5 * 5)
    status = np.where((whole >= 1) & (whole <= 7), SUPPRESSED, PUBLISHED)
    _withhold(shown, status)
    hidden = status[: len(counts)] != PUBLISHED
    few = np.stack([(hidden & (icb == one)[:, None, None, None]).any(axis=(0, 2)) for one in range(icb.max() + 1)])
    status[len(counts) : -1][np.repeat(few[:, :, None], 2, axis=2)] = WITHHELD
    return shown, status


def _withhold(shown: Counts, status: Statuses) -> None:
    """Withhold the sets of one trust in which one relation alone leaves a hidden count fewer than three values."""
    hidden = status == SUPPRESSED
    low, high = np.where(hidden, 1, np.maximum(shown - 2, 0)), np.where(hidden, 7, np.where(shown > 0, shown + 2, 0))
    for dimension, sets in _sets().items():
        narrow = np.zeros(shown.shape[:2], dtype=bool)
        for parts, whole in sets:
            k = hidden[..., parts].sum(axis=-1)
            seen_low = np.where(hidden, 0, low)[..., parts].sum(axis=-1)
            seen_high = np.where(hidden, 0, high)[..., parts].sum(axis=-1)
            most = np.minimum(7, high[..., whole] - seen_low - (k - 1))
            least = np.maximum(1, low[..., whole] - seen_high - 7 * (k - 1))
            narrow |= ((k > 0) & (most - least + 1 < 3)).any(axis=-1)
        members = [n for n, (name, _) in enumerate(GROUPS) if name == dimension]
        status[..., members] = np.where(narrow[..., None, None], WITHHELD, status[..., members])
    # Half of the fifths of an ethnic group hidden: it is shown in none (mart_hi_intersection).
    for five in {group.split()[0] for name, group in GROUPS if name == "CROSS"}:
        members = [n for n, (name, group) in enumerate(GROUPS) if name == "CROSS" and group.startswith(f"{five} ")]
        thin = ((status[..., members] == SUPPRESSED).sum(axis=-1) >= HALF_OF_THE_FIFTHS).any(axis=-1)
        status[..., members] = np.where(thin[..., None, None], WITHHELD, status[..., members])


def _sets() -> dict[str, list[tuple[list[int], int]]]:
    """For each dimension the sums that its groups stand in."""
    place = {key: n for n, key in enumerate(GROUPS)}
    below = {
        "CROSS": ("ETHNIC5", "IMD_QUINTILE"),
        "ETHNIC_CATEGORY": ("ETHNIC5", "ALL"),
        "IMD_DECILE": ("IMD_QUINTILE", "ALL"),
    }
    found: dict[str, list[tuple[list[int], int]]] = {}
    for dimension in dict.fromkeys(name for name, _ in GROUPS if name != "ALL"):
        parts = [n for n, (name, _) in enumerate(GROUPS) if name == dimension]
        for name, group in GROUPS:
            if name in below.get(dimension, ("ALL",)):
                whole = place[name, group]
                inside = [n for n in parts if (SUMS[n] <= SUMS[whole]).all() or dimension in ("AGE", "SEX")]
                found.setdefault(dimension, []).append((inside, whole))
    return found


# -- the release ------------------------------------------------------------------------------------------------------


def make_release(con: duckdb.DuckDBPyConnection, database: str, trusts: int = TRUSTS, seed: int = SEED) -> None:
    """Both marts, in a database in memory that is attached under this name."""
    icb = np.arange(trusts, dtype=np.int64) % max(1, trusts * ICBS // TRUSTS)
    shown, status = show(make_counts(trusts, seed), icb)
    names = [*(f"T{n:03d}" for n in range(trusts)), *(f"I{n:02d}" for n in range(icb.max() + 1)), "ENGLAND"]
    levels = ["trust"] * trusts + ["icb"] * (icb.max() + 1) + ["england"]
    geo, metric, group = (axis.ravel() for axis in np.indices((len(names), len(METRICS), len(GROUPS))))
    frame = pd.DataFrame(
        {
            "organisation_level": np.array(levels)[geo],
            "organisation_code": np.array(names)[geo],
            "indicator_id": np.array(list(METRICS))[metric],
            "dimension": np.array([name for name, _ in GROUPS])[group],
            "group_code": np.array([value for _, value in GROUPS])[group],
            "icb_number": np.concatenate([icb, np.arange(icb.max() + 1), [-1]])[geo],
        }
    )
    words = np.array(["suppressed", "published", "withheld"])
    for side, name in enumerate(("numerator", "denominator")):
        frame[f"{name}_shown"] = shown[:, :, side].ravel()
        frame[f"{name}_status"] = words[status[:, :, side].ravel()]
    _write(con, database, frame)


def _write(con: duckdb.DuckDBPyConnection, database: str, frame: pd.DataFrame) -> None:
    con.execute(f"attach ':memory:' as {database}")
    con.register("frame", frame)
    columns = ", ".join(
        f"case when {name}_status = 'published' then {name}_shown end::bigint as {name}, {name}_status"
        for name in ("numerator", "denominator")
    )
    common = f"organisation_level, organisation_code, indicator_id, date '2026-10-31' as period_end, {columns}, null::varchar as revision_flag"
    con.execute(f"""
        create table {database}.mart_hi_rate as
        select {common}, dimension, group_code, case when icb_number >= 0 then 'I' || icb_number end as icb_code, false as is_estimate,
            null::varchar as withheld_reason, true as is_expected, false as is_sent_suppressed
        from frame where dimension <> 'CROSS'""")
    con.execute(f"""
        create table {database}.mart_hi_intersection as
        select {common}, split_part(group_code, ' ', 1) as ethnic_group_5, split_part(group_code, ' ', 2) as imd_quintile
        from frame where dimension = 'CROSS' and organisation_level = 'trust' and indicator_id in {CROSSED}""")
    con.unregister("frame")


def declared_models() -> tuple[ExposedModel, ...]:
    """The two marts with the declarations of the project; published bounds and dimensions that are not generated are left out."""
    path = PROJECT_ROOT / "dbt" / "models" / "marts" / "returns" / "_models.yml"
    described = {model["name"]: model["config"]["meta"] for model in yaml.safe_load(path.read_text("utf-8"))["models"]}
    models = []
    for name in ("mart_hi_rate", "mart_hi_intersection"):
        declared = dict(described[name]["safe_counts"])
        declared["counts"] = {count: f"{count}_status" for count in declared["counts"]}
        declared["relations"] = [one for one in declared["relations"] if "2019" not in one["name"]]
        key = tuple(described[name]["key"])
        models.append(ExposedModel(name, "main", name, "", (), key, "safe_counts", f"model.{name}", declared))
    return tuple(models)


def measure(trusts: int = TRUSTS) -> dict[str, Any]:
    """Processor seconds of the attack on a generated month, the sets that it has withheld, and what the attack says after that.

    `rounds_cpu_seconds` are those of all rounds of a night, each of which knows the blocks that the one before has proved;
    `next_night_cpu_seconds` those of the same month in the release of the next night.
    """
    models, proven = declared_models(), Proven()
    with duckdb.connect() as con:
        make_release(con, "draft", trusts)
        seconds, withheld = [], 0
        for _ in range(ROUNDS):
            attacked, proven, used = _attacked(con, models, proven)
            seconds.append(used)
            if not attacked.sets:
                break
            withheld += len(attacked.sets)
            withhold_sets(con, list(attacked.sets))
        again = _attacked(con, models, proven)[2]
        found = {"cpu_seconds": round(seconds[0], 1), "rounds": len(seconds), "sets_withheld": withheld}
        found |= {"rounds_cpu_seconds": round(sum(seconds), 1), "next_night_cpu_seconds": round(again, 1)}
        return {"trusts": trusts, **found, **attacked.result.counts}


def _attacked(
    con: duckdb.DuckDBPyConnection, models: tuple[ExposedModel, ...], proven: Proven
) -> tuple[Attacked, Proven, float]:
    """An attack that knows what was proved before, what the next one knows, and processor seconds."""
    start, known = time.process_time(), Proven(frozenset(proven.used))
    attacked = audit_attack(con, models, known)
    return attacked, known, time.process_time() - start


def withhold_sets(con: duckdb.DuckDBPyConnection, sets: list[Mapping[str, Any]]) -> None:
    """As the marts do when they are built again (dbt/macros/returns/returns_shown_cells.sql)."""
    con.register("sets", pd.DataFrame(sets))
    hidden = "numerator = null, numerator_status = 'withheld', denominator = null, denominator_status = 'withheld'"
    # the register of withheld sets keeps the names of the returns
    level = "case t.organisation_level when 'england' then 'NATIONAL' else upper(t.organisation_level) end"
    same = f"{level} = s.geo_level and t.organisation_code = s.geo_code and t.indicator_id = s.metric_id and t.period_end = s.period_end"
    for table, dimension in (("mart_hi_rate", "t.dimension"), ("mart_hi_intersection", "'ETHNIC5_IMD_QUINTILE'")):
        con.execute(f"update draft.{table} as t set {hidden} from sets as s where {same} and {dimension} = s.dim_type")
    con.unregister("sets")


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if sys.argv[1:] else TRUSTS)))
