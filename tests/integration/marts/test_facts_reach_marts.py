"""Facts that a mart's question covers reach it: what the marts declare, and the figures that joins once lost."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep  # type: ignore[import-untyped]

from tests.warehouses import Warehouse

MODELS = Path(__file__).resolve().parents[3] / "dbt" / "models" / "marts"
ELSEWHERE = {
    "fct_indicator_value": "the facts themselves",
    "fct_inequality_measure": "the facts themselves",
    "mart_control_chart": "a month a row of the series, which int_inequality_month completes",
    "mart_coverage": "counts figures, shows none",
    "mart_external_benchmark": "stated figures of others beside ours, joined by hand",
    "mart_funnel": "trusts of one period, with limits of their own",
    "mart_priorities": "excess events, worked out from the groups",
    "mart_sector_gap": "a gap split into parts; the suite adds them up",
    "mart_statement": "falls back from trust to ICB to England by its own rule",
    "mart_trend": "a line through figures, not the figures",
    "mart_target_reading": "figures of everybody whose indicator and level has a target",
    "mart_target_progress": "dbt/tests/published_figures_reach_their_targets.sql",
}
"""Marts that read facts and do not say which they cover, and why."""
READS = re.compile(r"ref\(.fct_|beside_england\(|core20plus5_rows\(")


def _declared() -> dict[str, bool]:
    found = {}
    for path in MODELS.rglob("_models.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            tests = [name for one in model.get("data_tests", []) for name in one]
            found[model["name"]] = "facts_reach_the_mart" in tests
    return found


def test_a_mart_that_reads_facts_says_which_it_covers_or_why_not() -> None:
    declared = _declared()
    reading = {path.stem for path in MODELS.rglob("*.sql") if READS.search(path.read_text(encoding="utf-8"))}
    assert {"mart_waiting_list", "mart_five_priorities", "mart_core20plus5_adults"} <= reading
    assert sorted(name for name in reading if not declared[name] and name not in ELSEWHERE) == []


@pytest.mark.requires_mirror
def test_waiting_list_gaps_by_deprivation_stand_among_the_five_priorities(mirror_warehouse: Warehouse) -> None:
    """Core20 over 52 weeks of WLMDS: it has no figure for everybody, and once had no row. England: see test_known_answers."""
    found = dict(
        mirror_warehouse.query(
            "select organisation_level, count(core20_gap) from mart_five_priorities where indicator_id = 'wlmds_over_52_weeks' group by 1"
        )
    )
    facts = dict(
        mirror_warehouse.query(
            "select organisation_level, count(value) from fct_inequality_measure where indicator_id = 'wlmds_over_52_weeks' "
            "and dimension = 'core20' and measure = 'absolute_gap' and comparison_group = 'core20' and geography_basis = 'current' "
            "and treatment_function_code = 'all' and organisation_level <> 'england_sector' "
            "and period_end = date '2025-06-29' group by 1"
        )
    )
    assert found == facts
    assert (found["england"], found["region"]) == (1, 7) and found["icb"] >= 28 and found["trust"] >= 95


@pytest.mark.requires_mirror
def test_national_targets_are_read_with_the_published_waiting_times(mirror_warehouse: Warehouse) -> None:
    """RTT January 2026: 4,412,147 of 7,187,677 within 18 weeks; 58.9% on 30 November 2024 to 65% on 31 March 2026 is 427 of 486 days."""
    ((actual, trajectory, target, rag, reading, source),) = mirror_warehouse.query(
        "select value, trajectory, target, rag, target_reading, source_id from mart_target_progress where target_id = 'NAT_WL18_2026'"
    )
    assert actual == pytest.approx(100 * 4_412_147 / 7_187_677)
    assert trajectory == pytest.approx(58.9 + 427 / 486 * (65 - 58.9))
    assert (target, rag, reading, source) == (65, "RED", "not yet due", "nhse_rtt")


def test_a_gap_of_core20_has_one_sign_one_reference_and_limits(sample_warehouse: Warehouse) -> None:
    """Core20 less the other four fifths, summed by hand from mart_hi_rate; Newcombe by statsmodels, a variance of 2 for each rounded count."""
    rows = sample_warehouse.query(
        """
        with fifths as (
            select indicator_id, organisation_code, period_end,
                sum(numerator) filter (where group_code = '1') as x1, sum(denominator) filter (where group_code = '1') as n1,
                sum(numerator) filter (where group_code <> '1') as x2, sum(denominator) filter (where group_code <> '1') as n2
            from mart_hi_rate
            where dimension = 'IMD_QUINTILE' and group_code in ('1', '2', '3', '4', '5') and not is_estimate
            group by all having count(*) filter (where value_status = 'published') = 5
        )
        select x1, n1, x2, n2, core20_gap, core20_gap_ci_lower_95, core20_gap_ci_upper_95
        from mart_target_progress as target
        join fifths on target.indicator_id = fifths.indicator_id and target.organisation_code = fifths.organisation_code and target.period_end = fifths.period_end
        where target.source_id = 'returns'
        """
    )
    assert rows
    for x1, n1, x2, n2, *found in rows:
        gap = x1 / n1 - x2 / n2
        rounding = 2 * (1 + (x1 / n1) ** 2) / n1**2 + 2 * 4 * (1 + (x2 / n2) ** 2) / n2**2
        ends = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb")
        away = [np.sign(end - gap) * np.sqrt((end - gap) ** 2 + norm.ppf(0.975) ** 2 * rounding) for end in ends]
        assert found == pytest.approx([100 * gap, *(100 * (gap + one) for one in away)], rel=1e-9)
