"""Faults D1 to D8 (tests/README.md): a small number that would leave the warehouse, each planted and the release held back.

D1, what other artefacts of a night hold, is in test_disclosure_artefacts.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.assets.release import _check_result
from dagster_project.contracts.check import CheckResult
from dagster_project.publish.evidence import seal
from dagster_project.publish.publish import publish
from dagster_project.quality.marts import audit
from dagster_project.quality.safe_counts import Rule
from dagster_project.release.errors import Refused
from dagster_project.settings import PROJECT_ROOT
from tests.faults.disclosing import CROSS, CROSS_SENT, RELATIONS, SENT, WAITS, Cells, Disclosing
from tests.integration.release.release_estate import Estate, fingerprint_of
from tests.warehouses import files_of

WHITE = "organisation_code = 'Q01' and group_code = 'white'"
ATTACK = "disclosure.attack"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate.fresh(tmp_path)


@pytest.fixture
def disclosing(estate: Estate) -> Disclosing:
    return Disclosing.fresh(estate)


def blocked(results: list[CheckResult]) -> dict[str, CheckResult]:
    """What holds the release, by name; reconciliation left aside, because faults are planted behind dbt's back."""
    return {result.name: result for result in results if result.blocks}


def test_counts_by_the_rule_are_published(disclosing: Disclosing) -> None:
    results = disclosing.audit()
    assert blocked(results) == {}
    attack = next(result for result in results if result.name == ATTACK)
    assert attack.counts["hidden"] == 8
    assert attack.counts["relations"] >= 14
    disclosing.publish()
    names = {path.name for path in (disclosing.estate.lake.published).iterdir()}
    assert "marts.duckdb" in names


# -- D1, D2: counts that are not rounded, rates that are not of the counts shown --------------------------------------


@pytest.mark.parametrize(
    ("fault", "statement", "said"),
    [
        ("D1", f"update {WAITS} set numerator = 4 where {WHITE}", "1 rows with a numerator from 1 to 7"),
        (
            "D1",
            f"update {WAITS} set numerator = 2 where numerator_status = 'suppressed'",
            "2 rows with a numerator that is hidden",
        ),
        ("D2", f"update {WAITS} set numerator = 41 where {WHITE}", "1 rows with a numerator that is no multiple of 5"),
        ("D2", f"update {WAITS} set rate = 100 * 41 / 298.0 where {WHITE}", "that is not the rate of the counts shown"),
        ("D2", f"update {WAITS} set rate_lower = rate_lower + 0.01 where {WHITE}", "rate_lower that is not Wilson's"),
        ("D2", f"update {WAITS} set rate_upper = rate_upper - 0.01 where {WHITE}", "rate_upper that is not Wilson's"),
        ("D6", f"update {WAITS} set denominator = 40, rate = 100 where {WHITE}", "rows with a rate on fewer than 8"),
        ("D6", f"update {WAITS} set numerator = 0, rate = 0 where {WHITE}", "rows with a rate on fewer than 8"),
        (
            "D6",
            f"update {WAITS} set rate = 50, rate_status = 'published' where numerator is null",
            "rows with a rate whose counts are not shown",
        ),
        ("D8", f"update {WAITS} set numerator = 0 where numerator is null", "2 rows with a numerator that is hidden"),
        ("D8", f"update {WAITS} set numerator_status = null where {WHITE}", "rows whose numerator_status is none"),
        ("D8", f"update {WAITS} set numerator_status = 'hidden' where {WHITE}", "rows whose numerator_status is none"),
    ],
)
def test_a_figure_that_breaks_the_rule_blocks(disclosing: Disclosing, fault: str, statement: str, said: str) -> None:
    found = blocked(disclosing.audit(statement))[f"disclosure.{WAITS}"]
    assert said in found.summary, fault
    assert found.failing_keys
    assert all(key.startswith("Q01 / ") for key in found.failing_keys)


def test_a_rate_of_the_true_counts_blocks_although_it_is_close(disclosing: Disclosing) -> None:
    """D2, as a model would do it: 40 of 300 rounds to itself, 31 of 198 does not."""
    statement = f"update {WAITS} set rate = 100 * 31 / 198.0 where group_code = 'female'"
    assert list(blocked(disclosing.audit(statement))) == [f"disclosure.{WAITS}"]


# -- D3, D4, D5: adding up --------------------------------------------------------------------------------------------


def with_sexes(female: int, male: int, not_known: int) -> Cells:
    """As SENT, with other numerators by sex and ethnicity that fit them."""
    total = female + male + not_known
    changed = dict(SENT) | {
        ("Q01", "all", "all"): (total, 400),
        ("Q01", "sex", "female"): (female, 198),
        ("Q01", "sex", "male"): (male, 195),
        ("Q01", "sex", "not_known"): (not_known, 7),
        ("Q01", "ethnicity", "white"): (total, 300),
        ("Q01", "ethnicity", "asian"): (0, 60),
        ("Q01", "ethnicity", "black"): (0, 36),
        ("Q01", "ethnicity", "other"): (0, 4),
    }
    return changed


def test_a_total_that_gives_a_hidden_count_away_blocks(disclosing: Disclosing) -> None:
    """D3: 10 + 15 + [c] = 20 leaves only 1. Every figure is rounded by the rule."""
    disclosing.send(WAITS, with_sexes(8, 13, 1))
    disclosing.send(CROSS, {("Q01", "white", "female"): (8, 198)})
    disclosing.describe(CROSS, relations=[], no_relations="one cell of the table is shown alone")
    found = blocked(disclosing.audit())
    assert list(found) == [ATTACK]
    (key,) = found[ATTACK].failing_keys
    assert key.startswith(f"{WAITS} / Q01 / sex / not_known / numerator / {WAITS}: groups make up the trust")
    said = found[ATTACK].summary + " ".join(found[ATTACK].failing_keys)
    assert not re.search(r"\b(only|is|=) 1\b", said), "a finding never says the value"


def test_an_exact_total_beside_rounded_parts_blocks_twice(disclosing: Disclosing) -> None:
    """D3: 62 beside 30 + 25 + [c]: no multiple of 5, and it narrows the hidden one to 3 at least."""
    found = blocked(
        disclosing.audit(f"update {WAITS} set numerator = 63, rate = 100 * 63 / 400.0 where dimension = 'all'")
    )
    assert f"disclosure.{WAITS}" in found


CUTS = {
    ("Q01", "all", "all"): (46, 400),
    ("Q01", "sex", "female"): (17, 188),
    ("Q01", "sex", "male"): (17, 185),
    ("Q01", "sex", "not_known"): (12, 27),
    ("Q01", "ethnicity", "white"): (18, 264),
    ("Q01", "ethnicity", "asian"): (0, 60),
    ("Q01", "ethnicity", "black"): (0, 36),
    ("Q01", "ethnicity", "other"): (28, 40),
}
CUTS_CROSS = {
    ("Q01", "other", "female"): (12, 18),
    ("Q01", "other", "male"): (12, 18),
    ("Q01", "other", "not_known"): (4, 4),
    ("Q01", "white", "female"): (5, 120),
    ("Q01", "white", "male"): (5, 120),
    ("Q01", "white", "not_known"): (8, 24),
}


def test_two_cuts_that_give_a_hidden_count_away_together_block(disclosing: Disclosing) -> None:
    """D4: under 10 beside 10 the hidden count is 4 at most, under 30 beside 10 and 10 it is 4 at least."""
    disclosing.send(WAITS, CUTS)
    disclosing.send(CROSS, CUTS_CROSS)
    one, other = ({**relation, "complete": True, "counts": {"numerator": "numerator"}} for relation in RELATIONS[CROSS])
    for relations in ([one], [other]):
        disclosing.describe(CROSS, relations=relations)
        assert blocked(disclosing.audit()) == {}
    disclosing.describe(CROSS, relations=[one, other])
    found = blocked(disclosing.audit())
    assert list(found) == [ATTACK]
    (key,) = [
        key for key in found[ATTACK].failing_keys if key.startswith(f"{CROSS} / Q01 / other / not_known / numerator / ")
    ]
    assert "ethnic groups of a sex" in key
    assert "sexes of an ethnic group" in key


FIRST = dict(SENT) | {
    ("Q01", "all", "all"): (12, 400),
    ("Q01", "sex", "female"): (8, 198),
    ("Q01", "sex", "male"): (0, 195),
    ("Q01", "sex", "not_known"): (4, 7),
    ("Q01", "ethnicity", "white"): (12, 300),
    ("Q01", "ethnicity", "asian"): (0, 60),
    ("Q01", "ethnicity", "black"): (0, 36),
    ("Q01", "ethnicity", "other"): (0, 4),
}
SECOND = dict(FIRST) | {
    ("Q01", "all", "all"): (28, 400),
    ("Q01", "sex", "female"): (12, 198),
    ("Q01", "sex", "male"): (12, 195),
    ("Q01", "ethnicity", "white"): (28, 300),
}


@pytest.mark.parametrize("was_published", [False, True])
def test_a_revision_that_gives_a_patient_away_blocks(disclosing: Disclosing, was_published: bool) -> None:
    """D5: before, 10 + 0 + [c] = 10; after late figures of both sexes, 10 + 10 + [c] = 30. The [c] was not revised: 4."""
    disclosing.describe(CROSS, relations=[], no_relations="cells of the table are shown alone")
    if was_published:
        disclosing.send(WAITS, FIRST)
        disclosing.publish()
    revised = {cell for cell in SECOND if SECOND[cell] != FIRST[cell]}
    disclosing.send(WAITS, SECOND, revised=frozenset(revised))
    found = blocked(disclosing.audit())
    assert (ATTACK in found) == was_published
    if was_published:
        assert found[ATTACK].failing_keys[0].startswith(f"{WAITS} / Q01 / sex / not_known / numerator / ")


def test_a_return_that_gives_a_patient_away_beside_the_last_release_is_held_and_published_does_not_move(
    disclosing: Disclosing,
) -> None:
    """D5 by real publishes: two go out one after the other, the third is held and named, and a mended fourth goes out."""
    disclosing.describe(CROSS, relations=[], no_relations="cells of the table are shown alone")
    lake = disclosing.estate.lake
    harmless = dict(FIRST) | {("Q01", "ethnicity", "asian"): (0, 65)}
    for generation, sent in enumerate((FIRST, harmless), start=1):
        disclosing.send(WAITS, sent, revised=frozenset(cell for cell in sent if sent[cell] != FIRST[cell]))
        disclosing.publish(generation)
    before, second = files_of(lake.published), lake.marts.resolve()
    revised = frozenset(cell for cell in SECOND if SECOND[cell] != FIRST[cell])

    disclosing.send(WAITS, SECOND, revised=revised)
    draft = disclosing.estate.build(fingerprint_of(3))
    evidence = seal(disclosing.project, draft, audit(disclosing.project, draft), run_id="test")
    assert [result.name for result in evidence.blocking if result.kind != "reconciliation"] == [ATTACK]
    with pytest.raises(Refused, match=f"{WAITS} / Q01 / sex / not_known / numerator"):
        publish(disclosing.project, evidence.sha256)
    shown = _check_result(
        dg.AssetCheckKey(dg.AssetKey("release_candidate"), "disclosure"), evidence.results, evidence.path
    )
    assert not shown.passed and f"{WAITS} / Q01 / sex / not_known / numerator" in (shown.description or "")
    assert files_of(lake.published) == before and lake.marts.resolve() == second

    disclosing.estate.change(
        f"update main.{WAITS} set numerator = null, numerator_status = 'withheld', rate = null, rate_lower = null,"
        " rate_upper = null, rate_status = 'withheld' where dimension = 'sex'"
    )
    disclosing.publish(4)
    assert lake.marts.resolve() != second


def test_a_contradiction_between_releases_is_no_finding(disclosing: Disclosing) -> None:
    """D5: figures that were silently revised look alike and do not add up together; nothing follows, so nothing is held."""
    before = dict(SENT) | {("Q01", "sex", "female"): (33, 198), ("Q01", "all", "all"): (62, 400)}
    disclosing.send(WAITS, before)
    disclosing.describe(CROSS, relations=[], no_relations="cells of the table are shown alone")
    disclosing.publish()
    disclosing.send(WAITS, SENT)
    assert blocked(disclosing.audit()) == {}


def test_a_release_before_without_a_column_of_today_does_not_hold_the_release(disclosing: Disclosing) -> None:
    """A mart that grew a column since, which its relations name: the older release is attacked as far as it can be."""
    disclosing.publish()
    grown = {**RELATIONS[WAITS][0], "parts": {"where": "dimension = 'sex' and not is_left_out"}}
    results = with_column(disclosing, "is_left_out", "boolean", "false", relations=[grown])
    assert blocked(results) == {}


def test_relations_that_do_not_hold_block(disclosing: Disclosing) -> None:
    """A declaration that does not fit the figures has not been attacked: denied."""
    found = blocked(
        disclosing.audit(f"update {WAITS} set denominator = 900, rate = 100 * numerator / 900.0 where {WHITE}")
    )
    assert "relations that do not hold" in found[ATTACK].summary


# -- D6, D8: means of few, bounds of figures that came rounded ---------------------------------------------------------


def with_column(disclosing: Disclosing, name: str, kind: str, value: str, **declared: Any) -> list[CheckResult]:
    disclosing.estate.change(f"alter table {WAITS} add column {name} {kind}", f"update {WAITS} set {name} = {value}")
    disclosing.describe(WAITS, columns={name: kind}, **declared)
    return disclosing.audit()


def test_a_mean_of_fewer_than_eight_blocks(disclosing: Disclosing) -> None:
    """D6: a mean, and by the same rule a median, a minimum or a maximum."""
    means = [{"value": "mean_weeks", "base": "denominator", "status": "rate_status"}]
    shown = "case when rate_status = 'published' then 20 end"
    assert blocked(with_column(disclosing, "mean_weeks", "double", shown, means=means)) == {}
    changed = f"update {WAITS} set mean_weeks = 20, rate_status = 'published' where denominator is null"
    summary = blocked(disclosing.audit(changed))[f"disclosure.{WAITS}"].summary
    assert "rows with a mean_weeks of fewer than 8 people" in summary


def test_a_derived_number_that_knows_more_than_what_is_shown_blocks(disclosing: Disclosing) -> None:
    """D2: two groups that show the same figures, and a number beside them that differs: true counts went into it."""
    derived = {"excess": {"how": "shown rate less the shown rate of all", "inputs": ["numerator", "denominator"]}}
    disclosing.send(WAITS, dict(SENT) | {("Q02", "all", "all"): (60, 400), ("Q02", "ethnicity", "white"): (62, 398)})
    results = with_column(
        disclosing, "excess", "double", "case when group_code = 'all' then 1.0 else 1.01 end", derived=derived
    )
    assert "excess has several values for 1 sets of the shown" in blocked(results)[f"disclosure.{WAITS}"].summary


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ("1", "2", "hidden rows whose bounds of numerator say too much"),
        (
            "case when numerator is null then 1 else numerator - 1 end",
            "coalesce(numerator + 2, 7)",
            "say more than the rounded count",
        ),
    ],
)
def test_bounds_of_upstream_suppression_that_say_too_much_block(
    disclosing: Disclosing, low: str, high: str, said: str
) -> None:
    """D8: figures that came suppressed and rounded carry their bounds, which must be wide enough themselves."""
    disclosing.estate.change(
        f"alter table {WAITS} add column numerator_low bigint",
        f"alter table {WAITS} add column numerator_high bigint",
        f"update {WAITS} set numerator_low = {low}, numerator_high = {high} where numerator is distinct from 0",
    )
    counts = {
        "numerator": {"status": "numerator_status", "low": "numerator_low", "high": "numerator_high"},
        "denominator": "denominator_status",
    }
    columns = {"numerator_low": "bigint", "numerator_high": "bigint"}
    disclosing.describe(WAITS, columns=columns, counts=counts)
    assert said in blocked(disclosing.audit())[f"disclosure.{WAITS}"].summary


# -- D7: switched off, or never switched on ----------------------------------------------------------------------------


def test_suppression_that_was_switched_off_blocks(disclosing: Disclosing, monkeypatch: pytest.MonkeyPatch) -> None:
    """D7: the mart as a build with a threshold of 0 and a base of 1 makes it; no setting changes what the gate demands."""
    for name in ("HIW_DISCLOSURE_THRESHOLD", "DISCLOSURE_THRESHOLD", "DBT_DISCLOSURE_THRESHOLD"):
        monkeypatch.setenv(name, "0")
    statement = f"""update {WAITS} w set numerator = s.x, numerator_status = 'published', denominator = s.n, denominator_status = 'published',
        rate = 100 * s.x / s.n::double, rate_status = 'published' from restricted.sent_{WAITS} s where s.group_code = w.group_code"""
    found = blocked(disclosing.audit(statement))[f"disclosure.{WAITS}"]
    assert "2 rows with a numerator from 1 to 7" in found.summary
    assert "rows with a numerator that is no multiple of 5" in found.summary


def test_macros_and_gate_have_the_same_rule() -> None:
    text = (PROJECT_ROOT / "dbt" / "macros" / "disclosure" / "parameters.sql").read_text(encoding="utf-8")
    defaults = {name: int(value) for name, value in re.findall(r'var\("(\w+)", (\d+)\)', text)}
    rule = Rule.load()
    expected = {
        "disclosure_threshold": rule.threshold,
        "disclosure_base": rule.base,
        "disclosure_minimum_values": rule.minimum_values,
    }
    assert defaults == expected == {"disclosure_threshold": 7, "disclosure_base": 5, "disclosure_minimum_values": 3}


def test_a_candidate_with_a_finding_cannot_be_published_by_hand(disclosing: Disclosing) -> None:
    disclosing.send(WAITS, with_sexes(8, 13, 1))
    disclosing.describe(CROSS, relations=[], no_relations="cells of the table are shown alone")
    draft = disclosing.estate.build(fingerprint_of(3))
    evidence = seal(disclosing.project, draft, audit(disclosing.project, draft), run_id="test")
    assert not evidence.passed
    with pytest.raises(Refused, match="can be worked out too closely"):
        publish(disclosing.project)


@pytest.mark.parametrize("policy", ["", "none", "off"])
def test_a_mart_without_a_policy_blocks(disclosing: Disclosing, policy: str) -> None:
    disclosing.policy(WAITS, policy)
    assert f"disclosure.{WAITS}" in blocked(disclosing.audit())


@pytest.mark.parametrize("policy", ["published_statistics", "counts_of_organisations", "reference"])
def test_counts_of_the_returns_under_a_softer_policy_block(disclosing: Disclosing, policy: str) -> None:
    """D7: whatever a mart calls itself, a column of the returns' true counts does not leave."""
    disclosing.estate.change(
        f"alter table {WAITS} add column pathway_count bigint",
        f"update {WAITS} w set pathway_count = s.x from restricted.sent_{WAITS} s where s.group_code = w.group_code",
    )
    disclosing.describe(WAITS, columns={"pathway_count": "bigint"})
    disclosing.policy(WAITS, policy)
    found = blocked(disclosing.audit())
    assert "pathway_count has the name of a count of the returns" in found["disclosure.restricted"].summary
    if policy != "published_statistics":
        assert "pathway_count counts people" in found[f"disclosure.{WAITS}"].summary


def test_a_number_that_the_declaration_does_not_name_blocks(disclosing: Disclosing) -> None:
    found = blocked(with_column(disclosing, "extra", "bigint", "3"))
    assert "extra is a number that the declaration does not name" in found[f"disclosure.{WAITS}"].summary


def test_a_list_in_which_counts_could_hide_blocks(disclosing: Disclosing) -> None:
    found = blocked(with_column(disclosing, "extra", "bigint[]", "[3, 4]"))
    assert "in which counts could hide" in found[f"disclosure.{WAITS}"].summary


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"counts": {}}, "config.meta.safe_counts cannot be used"),
        ({"unknown_word": 1}, "config.meta.safe_counts cannot be used"),
        ({"relations": []}, "names no relations, and does not say why"),
        (
            {"counts": {"numerator": "numerator_status"}},
            "denominator is the base of a rate or mean and no declared count",
        ),
        ({"rates": []}, "rate is a number that the declaration does not name"),
    ],
)
def test_a_declaration_with_a_hole_blocks(disclosing: Disclosing, changes: dict[str, Any], said: str) -> None:
    disclosing.describe(WAITS, **changes)
    assert said in blocked(disclosing.audit())[f"disclosure.{WAITS}"].summary


def test_a_relation_that_connects_nothing_blocks(disclosing: Disclosing) -> None:
    """A slip of the pen in a declaration would switch the attack off without a word."""
    relation = {
        "name": "groups make up the trust",
        "same": ["organisation_code"],
        "parts": {"where": "dimension = 'sexx'"},
    }
    disclosing.describe(WAITS, relations=[relation])
    assert "connects no row" in blocked(disclosing.audit())[ATTACK].summary
    # of an edition that no trust sends any more the attack has nothing to add up
    disclosing.describe(WAITS, relations=[relation | {"optional": True}])
    assert ATTACK not in blocked(disclosing.audit())


def test_what_is_restricted_does_not_leave(disclosing: Disclosing) -> None:
    found = blocked(
        disclosing.audit(
            f"update {WAITS} set revision_flag = '/srv/data/returns/received/WL01/2026-10/Q01/x.csv' where {WHITE}"
        )
    )
    assert found["disclosure.restricted"].summary == f"{WAITS}.revision_flag holds a path into the data folder"


def test_the_parts_of_the_baseline_are_those_of_its_cross(disclosing: Disclosing) -> None:
    """The baseline is not safe by being empty: all hidden cells stand in relations."""
    assert len(CROSS_SENT) == 4
    attack = next(result for result in disclosing.audit() if result.name == ATTACK)
    assert attack.passed
    assert attack.counts["cells"] == 2 * (len(SENT) + len(CROSS_SENT))
