"""D3 between metrics: what several metrics say of one group is added up, and what that gives away is found and withheld.

The oracle tries every table of whole numbers: it knows what the metrics count (NHS Data Dictionary, ATTENDED OR DID NOT ATTEND CODE), not
how the attack works.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dagster_project.quality.attack import Attacked, audit_attack
from dagster_project.quality.declaration import SafeCounts
from dagster_project.quality.metrics import Counted, metrics_of_seed
from dagster_project.quality.safe_counts import _undeclared
from dagster_project.release.dbt_artifacts import ExposedModel
from dagster_project.returns.codes import read_seed
from tests.bench.disclosure import declared_models
from tests.warehouses import Warehouse

Shown = Mapping[str, tuple[int | str, int | str]]
"""Metric -> numerator and denominator as shown: a count, "[c]" (1 to 7) or "withheld"."""
NAMES = ("OP_DNA_PCT", "OP_PATCANC_PCT", "OP_HOSPCANC_PCT")


def model_alone() -> ExposedModel:
    """mart_hi_rate with the metrics that it declares and no other relation."""
    model = declared_models()[0]
    declared = {**model.safe_counts, "relations": [], "no_relations": "one group is shown alone here"}
    return replace(model, safe_counts=declared)


def attacked(shown: Shown) -> Attacked:
    """The attack on one group of one trust."""
    words = {"[c]": "suppressed", "withheld": "withheld"}
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as draft")
        con.execute("""create table draft.main.mart_hi_rate (organisation_level varchar, organisation_code varchar, indicator_id varchar,
            dimension varchar, group_code varchar, period_end date, is_estimate boolean, numerator bigint, numerator_status varchar, denominator bigint,
            denominator_status varchar, revision_flag varchar)""")
        for metric, counts in shown.items():
            values = [(None, words[c]) if isinstance(c, str) else (c, "published") for c in counts]
            con.execute(
                "insert into draft.main.mart_hi_rate values ('trust', 'R9A', ?, 'ETHNIC5', 'ASIAN', '2026-09-30', false, ?, ?, ?, ?, null)",
                [metric, *values[0], *values[1]],
            )
        return audit_attack(con, (model_alone(),))


def metrics_of(found: Attacked) -> set[str]:
    return {one["metric_id"] for one in found.sets}


def by_the_rule(count: int) -> int | str:
    return "[c]" if 1 <= count <= 7 else (count + 2) // 5 * 5


def behind(shown: int | str) -> range:
    """The true counts behind what is shown."""
    if isinstance(shown, str):
        return range(1, 8)
    return range(shown - 2, shown + 3) if shown else range(1)


def given_away(
    kept: int | str, missed: int | str, patient: int | str, hospital: int | str, every: int | str
) -> set[str]:
    """The metrics that hide a count which has fewer than three values in all tables that fit; `kept` were attended or missed."""
    tables = [
        (k, m, p, h, k + p + h)
        for k, m, p, h in itertools.product(*map(behind, (kept, missed, patient, hospital)))
        if m <= k and k + p + h in behind(every)
    ]
    owners = [{NAMES[0]}, {NAMES[0]}, {NAMES[1]}, {NAMES[2]}, {NAMES[1], NAMES[2]}]
    hidden = [isinstance(one, str) for one in (kept, missed, patient, hospital, every)]
    return set().union(*(owners[n] for n in range(5) if hidden[n] and len({table[n] for table in tables}) < 3))


def appointments(attended: int, missed: int, patient: int, hospital: int) -> tuple[int | str, ...]:
    kept = attended + missed
    return tuple(map(by_the_rule, (kept, missed, patient, hospital, kept + patient + hospital)))


def test_a_cancelled_appointment_that_is_all_less_the_others_is_found_and_withheld() -> None:
    """18 kept or missed, 8 and 1 cancelled, 27 in all, shown as 20, 10, [c] and 25: the hidden one can only be 1."""
    kept, missed, patient, hospital, every = appointments(18, 0, 8, 1)
    assert (kept, patient, hospital, every) == (20, 10, "[c]", 25)
    found = attacked({NAMES[0]: (missed, kept), NAMES[1]: (patient, every), NAMES[2]: (hospital, every)})
    assert not found.result.passed
    assert metrics_of(found) == {"OP_HOSPCANC_PCT"}
    assert any("sums of metrics" in key for key in found.result.failing_keys)

    withheld = attacked({NAMES[0]: (missed, kept), NAMES[1]: (patient, every), NAMES[2]: ("withheld", every)})
    assert metrics_of(withheld) == {"OP_PATCANC_PCT", "OP_HOSPCANC_PCT"}, "the sum still tells that it is 0 or 1"

    both = ("withheld", "withheld")
    safe = attacked({NAMES[0]: (missed, kept), NAMES[1]: both, NAMES[2]: both})
    assert safe.result.passed and not safe.sets


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.integers(0, 25), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_the_attack_finds_what_trying_every_table_finds(
    attended: int, missed: int, patient: int, hospital: int
) -> None:
    kept, no_show, by_patient, by_hospital, every = appointments(attended, missed, patient, hospital)
    found = attacked({NAMES[0]: (no_show, kept), NAMES[1]: (by_patient, every), NAMES[2]: (by_hospital, every)})
    assert metrics_of(found) == given_away(kept, no_show, by_patient, by_hospital, every)


def test_a_denominator_hidden_in_one_metric_is_the_one_that_its_sister_shows() -> None:
    """The list is one number, so [c] in one metric and 40 in the other contradict each other."""
    found = attacked({"WL_LE18_PCT": (30, 40), "WL_GT52_PCT": (0, "[c]")})
    assert "relations that do not hold" in found.result.summary


def test_waits_within_18_weeks_and_over_52_lie_within_the_list_and_those_over_65_within_those_over_52() -> None:
    """60 within 18 weeks of a list of 60 leave at most 4 over 52 weeks, so the 10 that are shown cannot be."""
    assert not attacked({"WL_LE18_PCT": (60, 60), "WL_GT52_PCT": (10, 60)}).result.passed
    assert not attacked({"WL_GT52_PCT": (10, 60), "WL_GT65_PCT": (20, 60)}).result.passed
    assert attacked({"WL_LE18_PCT": (40, 60), "WL_GT52_PCT": (10, 60), "WL_GT65_PCT": ("[c]", 60)}).result.passed


def test_the_relations_follow_from_what_the_metrics_count() -> None:
    counted = Counted.of(metrics_of_seed("hi_metric"))
    named: dict[int, set[str]] = {}
    for (metric, count), number in counted.number_of.items():
        named.setdefault(number, set()).add(f"{metric} {count}")
    sums = {
        (frozenset(named[one.whole]), frozenset(frozenset(named[part]) for part in one.parts), one.complete)
        for one in counted.sums
    }
    a_list = frozenset(f"{metric} denominator" for metric in ("WL_LE18_PCT", "WL_GT52_PCT", "WL_GT65_PCT"))
    every = frozenset({"OP_PATCANC_PCT denominator", "OP_HOSPCANC_PCT denominator"})
    alone = {
        name: frozenset({name})
        for name in ("OP_DNA_PCT denominator", *(f"{metric} numerator" for metric, _ in counted.number_of))
    }
    assert sums == {
        (a_list, frozenset({alone["WL_LE18_PCT numerator"], alone["WL_GT52_PCT numerator"]}), False),
        (alone["WL_GT52_PCT numerator"], frozenset({alone["WL_GT65_PCT numerator"]}), False),
        (alone["OP_DNA_PCT denominator"], frozenset({alone["OP_DNA_PCT numerator"]}), False),
        (
            every,
            frozenset(
                {alone["OP_DNA_PCT denominator"], alone["OP_PATCANC_PCT numerator"], alone["OP_HOSPCANC_PCT numerator"]}
            ),
            True,
        ),
    }


def test_a_metric_counts_codes_of_the_list_of_its_return() -> None:
    lists = {
        "WL01": {row["code"] for row in read_seed("wait_band") if row["is_known"] == "true"},
        "OP01": {row["code"] for row in read_seed("attended_or_did_not_attend") if row["allowed_in_return"] == "true"},
    }
    for row in read_seed("hi_metric"):
        assert set(row["denominator_codes"].split()) <= lists[row["collection_code"]], row["metric_id"]


def test_a_metric_that_does_not_say_what_it_counts_is_refused(tmp_path: Path) -> None:
    columns = "metric_id,collection_code,numerator_codes,denominator_codes"
    (tmp_path / "hi_metric.csv").write_text(f"{columns}\nOP_NEW_PCT,OP01,,5 6\n", encoding="utf-8")
    with pytest.raises(ValueError, match="OP_NEW_PCT does not say which codes it counts"):
        metrics_of_seed("hi_metric", tmp_path)
    found = attacked({"OP_NEW_PCT": (20, 40)})
    assert "does not declare what OP_NEW_PCT counts" in found.result.summary


def test_metrics_that_overlap_are_refused() -> None:
    crossing = {"A": {"numerator": frozenset("12")}, "B": {"numerator": frozenset("23")}}
    with pytest.raises(ValueError, match=r"A \(numerator\) and B \(numerator\) overlap"):
        Counted.of(crossing)


def test_a_mart_whose_key_names_metrics_says_what_they_count() -> None:
    model = model_alone()
    bare: dict[str, Any] = {name: value for name, value in model.safe_counts.items() if name != "metrics"}
    said = [text for text, _, _ in _undeclared(SafeCounts.model_validate(bare), model, {})]
    assert any("does not say what they count (metrics, no_metrics)" in text for text in said)


def test_a_denominator_is_shown_in_all_metrics_that_have_it_or_in_none(sample_warehouse: Warehouse) -> None:
    """C2, by the words of the seed's denominator_text, which the models do not read."""
    of_text: dict[str, list[str]] = {}
    for row in read_seed("hi_metric"):
        of_text.setdefault(row["denominator_text"], []).append(row["metric_id"])
    groups = {
        "mart_hi_rate": "organisation_level, organisation_code, dimension, group_code, period_end, is_estimate",
        "mart_hi_intersection": "organisation_code, ethnic_group_5, imd_quintile, period_end",
    }
    for (mart, group), metrics in itertools.product(groups.items(), of_text.values()):
        listed = ", ".join(f"'{metric}'" for metric in metrics)
        different = sample_warehouse.query(
            f"select {group} from {mart} where indicator_id in ({listed}) group by all "
            "having count(distinct (denominator, denominator_status)) > 1 or count(denominator) not in (0, count(*))"
        )
        assert different == [], (mart, metrics)
    shown = "numerator_status = 'withheld' and denominator_status = 'published' and withheld_reason like 'a small%'"
    assert sample_warehouse.one(f"select count(*) from mart_hi_rate where {shown}") > 0
