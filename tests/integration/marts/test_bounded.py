"""Figures with hidden counts: their bounds, worked out again by trying every count that may have been hidden."""

from __future__ import annotations

from itertools import product

import pytest

from tests.warehouses import Warehouse

FEWEST = 50
RANGE = 6
"""A hidden count is 1 to 7."""


def test_bounds_of_a_value_are_the_counts_of_its_own_row_and_pin_no_hidden_count(sample_warehouse: Warehouse) -> None:
    """Nothing new is disclosed: both ends follow from three numbers of the row that stood there before."""
    rows = sample_warehouse.query(
        "select numerator_low, numerator_high, denominator, value_low, value_high, value from fct_indicator_value "
        "where value_status = 'bounded' and indicator_id = 'wlmds_over_52_weeks'"
    )
    assert len(rows) > FEWEST
    for low, high, people, value_low, value_high, value in rows:
        assert value is None
        assert high - low >= RANGE
        assert (value_low, value_high) == pytest.approx((low / people, min(high, people) / people), rel=1e-12)


def test_bounds_of_a_gap_are_its_least_and_most_over_every_count_that_may_be_hidden(
    sample_warehouse: Warehouse,
) -> None:
    rows = sample_warehouse.query(
        """
        select m.measure, m.value_low, m.value_high, coalesce(c.numerator, c.numerator_low), coalesce(c.numerator, c.numerator_high), c.denominator,
            coalesce(r.numerator, r.numerator_low), coalesce(r.numerator, r.numerator_high), r.denominator
        from fct_inequality_measure as m
        join fct_indicator_value as c using (indicator_id, organisation_code, treatment_function_code, period_start, period_end, geography_basis, standardisation, dimension)
        join fct_indicator_value as r using (indicator_id, organisation_code, treatment_function_code, period_start, period_end, geography_basis, standardisation, dimension)
        where m.value_status = 'bounded' and m.indicator_id = 'wlmds_over_52_weeks' and m.comparison_group = c.group_code and m.reference_group = r.group_code
        order by hash(m.organisation_code, m.comparison_group, m.measure, m.reference_group) limit 400
        """
    )
    assert len({row[0] for row in rows}) == 2
    assert len(rows) > FEWEST
    for measure, low, high, *counts in rows:
        first, last, people, reference_first, reference_last, reference_people = map(int, counts)
        pairs = product(
            range(first, min(last, people) + 1), range(reference_first, min(reference_last, reference_people) + 1)
        )
        shares = [(hidden / people, reference / reference_people) for hidden, reference in pairs]
        found = [a - b if measure == "absolute_gap" else a / b for a, b in shares]
        assert (low, high) == pytest.approx((min(found), max(found)), rel=1e-9, abs=1e-12)
