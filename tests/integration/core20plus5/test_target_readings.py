"""A figure is read against the target by the days of the target and the figure's own period: before, in and after its month."""

from __future__ import annotations

import datetime as dt

import duckdb
import jinja2
import pytest

from dagster_project.indicators import load_indicators
from dagster_project.settings import PROJECT_ROOT
from tests.warehouses import Warehouse

MACROS = (PROJECT_ROOT / "dbt" / "macros" / "core20plus5" / "core20plus5_rows.sql").read_text(encoding="utf-8")
READINGS = [
    # Under 1% by March 2026, set for 2025/26: January 2026 had 1.9%.
    ("rtt_over_52_weeks", "2025-03-31", 0.025, "no target: not set before 1 April 2025"),
    ("rtt_over_52_weeks", "2026-01-31", 0.019, "not yet due"),
    ("rtt_over_52_weeks", "2026-03-31", 0.0101, "not met"),
    ("rtt_over_52_weeks", "2026-03-31", 0.01, "met"),
    ("rtt_over_52_weeks", "2026-03-31", None, "not known"),
    ("rtt_over_52_weeks", "2026-04-30", 0.005, "lapsed"),
    # The week of WLMDS that ends in March is in the month, the first of April is not.
    ("wlmds_over_52_weeks", "2026-03-29", 0.02, "not met"),
    ("wlmds_over_52_weeks", "2026-04-05", 0.02, "lapsed"),
    # None by September 2024.
    ("rtt_over_65_weeks", "2024-08-31", 0.001, "not yet due"),
    ("rtt_over_65_weeks", "2024-09-30", 0.0, "met"),
    ("rtt_over_65_weeks", "2024-10-31", 0.0, "lapsed"),
    # 92% by March 2029.
    ("rtt_within_18_weeks", "2026-01-31", 0.6139, "not yet due"),
    ("rtt_within_18_weeks", "2029-03-31", 0.9199, "not met"),
    ("rtt_within_18_weeks", "2029-04-30", 0.93, "lapsed"),
    # A standard without a day is in force throughout.
    ("ae_four_hour_all", "2020-01-31", 0.95, "met"),
    ("ae_four_hour_all", "2026-01-31", 0.72, "not met"),
    ("ae_four_hour_type_1", "2026-01-31", 0.72, "no target"),
    ("MAT-04", "2026-01-31", 60.0, "no target"),
]


@pytest.mark.parametrize(("indicator_id", "period_end", "value", "reading"), READINGS)
def test_a_reading_goes_by_the_period_of_the_figure(
    indicator_id: str, period_end: str, value: float | None, reading: str
) -> None:
    one = load_indicators()[indicator_id]
    target = one.target
    call = MACROS + "{{ target_reading('figure.value', 'figure.period_end', 'indicator') }}"
    expression = jinja2.Environment(autoescape=False).from_string(call).render()
    with duckdb.connect() as con:
        con.execute(
            "create table indicator as select ? as polarity, ?::double as target, ?::varchar as target_statement, "
            "?::date as target_valid_from, ?::date as target_due",
            [
                one.polarity,
                one.current_target,
                target and target.statement,
                target and target.valid_from,
                target and target.due,
            ],
        )
        con.execute(
            "create table figure as select ?::double as value, ?::date as period_end",
            [value, dt.date.fromisoformat(period_end)],
        )
        ((found,),) = con.execute(f"select {expression} from figure, indicator").fetchall()
    assert found == reading


def test_the_scorecard_of_the_sample_reads_lapsed_and_not_yet_due(sample_warehouse: Warehouse) -> None:
    """75% of cancers at stage 1 or 2 by 2028; 80% of hypertension treated to threshold by March 2025."""
    rows = sample_warehouse.query(
        "select distinct indicator_id, target_reading from mart_core20plus5_adults where indicator_id in ('CAN-01', 'HYP-03') order by 1"
    )
    assert rows == [("CAN-01", "not yet due"), ("HYP-03", "lapsed")]
