"""The rounding of counts stands once in the limits of a gap: in a sum of groups that of every part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint  # type: ignore[import-untyped]

from dagster_project.lake.paths import Lake
from tests.rebuilding import Models
from tests.simulation import Simulated
from tests.warehouses import Warehouse

GAP, COMPARISON = (f"model.nhs_health_inequalities.int_inequality_{name}" for name in ("gap", "comparison"))
Z = float(norm.ppf(0.975))
PRINTED = (0.21, 0.12, 0.33)
"""Asian: the rate and its limits, which hold the rounding, beside 20 of 100."""
CELLS = 18
"""Rounded counts in the whole, unknown groups among them."""


def _whole(events: int, people: int) -> tuple[float, float, float]:
    """Share of all groups, Wilson's limits with the variance 2 of each rounded count added on the logit scale."""
    share = events / people
    error = np.sqrt(2 * CELLS * (1 + share**2)) / people / (share * (1 - share))
    apart = logit(np.array(proportion_confint(events, people, method="wilson"))) - logit(share)
    lower, upper = expit(logit(share) + np.sign(apart) * np.hypot(apart, Z * error))
    return share, float(lower), float(upper)


def test_the_whole_of_rounded_groups_has_limits_that_hold_the_rounding(
    sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    """No figure for everybody: the whole is the sum, 50 of 200. Limits by Donner and Zou, worked out here."""
    models = Models(Lake(sample_warehouse.lake))
    con = Simulated(models, tmp_path).con
    con.execute(
        "insert into intermediate.int_inequality_rounding by name select 'nhse_msds' as source_id, 'trust' as organisation_level, true as is_rounded"
    )
    con.execute(
        """
        insert into marts.fct_indicator_value by name
        select
            'MAT-03' as indicator_id, 'R9A' as organisation_code, 'trust' as organisation_level, 'all' as treatment_function_code,
            date '2025-06-01' as period_start, date '2025-06-30' as period_end, 'month' as period_type, 'current' as geography_basis,
            'crude' as standardisation, 'ethnic_group_5' as dimension, 'printed' as value_basis, 'published' as value_status,
            'nhse_msds' as source_id, *
        from (values ('asian', 20, 100, ?, ?, ?), ('white', 30, 100, 0.3, 0.2, 0.4))
            as figures(group_code, numerator, denominator, value, ci_lower_95, ci_upper_95)
        """,
        PRINTED,
    )
    found = con.execute(
        f"select value, ci_lower_95, ci_upper_95 from ({models.query(GAP)}) as gaps "
        "where measure = 'absolute_gap' and comparison_group = 'asian' and reference_group = 'whole'"
    ).fetchall()
    con.close()
    (value, lower, upper), (whole, whole_lower, whole_upper) = PRINTED, _whole(50, 200)
    gap = value - whole
    assert found == [
        pytest.approx(
            (
                gap,
                gap - np.hypot(value - lower, whole_upper - whole),
                gap + np.hypot(upper - value, whole - whole_lower),
            ),
            rel=1e-9,
        )
    ]


def test_the_average_of_rounded_groups_has_limits_that_hold_the_rounding_of_all(
    sample_warehouse: Warehouse, tmp_path: Path
) -> None:
    """A fifth is two rounded tenths, everybody else eight: variances of 2 each, on Newcombe's half-widths."""
    fifths = {"1": (80, 300), "2": (60, 300), "3": (55, 300), "4": (50, 300), "5": (40, 300)}
    models = Models(Lake(sample_warehouse.lake))
    con = Simulated(models, tmp_path).con
    for code, (events, people) in fifths.items():
        con.execute(
            """
            insert into intermediate.int_inequality_group by name
            select
                1 as family_id, 'wlmds_over_52_weeks' as indicator_id, 'R9A' as organisation_code, 'trust' as organisation_level,
                'all' as treatment_function_code, date '2025-06-29' as period_start, date '2025-06-29' as period_end,
                'snapshot' as period_type, 'current' as geography_basis, 'crude' as standardisation, 'imd_quintile' as dimension,
                'proportion' as unit, true as has_direction, true as is_used, true as is_rounded, 'published' as value_status,
                ? as group_code, group_code = '5' as is_reference, ? as numerator, numerator as adverse_events, ? as denominator,
                false as is_bounded, 'lower_is_better' as polarity
            """,
            [code, events, people],
        )
    found = con.execute(
        "select average_least_excess, average_lower, average_upper "
        f"from ({models.query(COMPARISON)}) as compared where group_code = '1'"
    ).fetchall()
    con.close()
    (x1, n1), (x2, n2) = fifths["1"], (205, 1200)
    gap = x1 / n1 - x2 / n2
    rounding = 2 * 2 * (1 + (x1 / n1) ** 2) / n1**2 + 2 * 8 * (1 + (x2 / n2) ** 2) / n2**2
    ends = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb")
    limits = [gap + np.sign(end - gap) * np.sqrt((end - gap) ** 2 + Z**2 * rounding) for end in ends]
    scale = n1 * n2 / (n1 + n2)
    assert found == [pytest.approx((scale * gap, scale * limits[0], scale * limits[1]), rel=1e-9)]
