"""A figure is read against the target in force in its own period: before, in and after its days, at its level."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import jinja2
import pytest
import yaml

from dagster_project.contracts.indicator import INDICATORS_FOLDER, IndicatorError, load_indicators
from dagster_project.lake.paths import Lake
from dagster_project.settings import PROJECT_ROOT
from dagster_project.transform.indicator_table import target_rows
from tests.warehouses import Warehouse

MACROS = (PROJECT_ROOT / "dbt" / "macros" / "targets" / "target_in_force.sql").read_text(encoding="utf-8")
SPANS = "models/intermediate/targets/int_indicator_target.sql"
READINGS = """
# indicator, level, end of the period, figure, reading, target in force; a dash is none
# 65% by March 2026, 70% by March 2027, 92% by March 2029, for England.
rtt_within_18_weeks            england  2025-03-31  0.60    no target    -
rtt_within_18_weeks            england  2026-01-31  0.6139  not yet due  0.65
rtt_within_18_weeks            england  2026-03-31  0.65    met          0.65
rtt_within_18_weeks            england  2026-03-31  0.6499  not met      0.65
rtt_within_18_weeks            england  2026-04-30  0.66    not yet due  0.70
rtt_within_18_weeks            england  2027-03-31  0.6999  not met      0.70
rtt_within_18_weeks            england  2028-03-31  0.93    not yet due  0.92
rtt_within_18_weeks            england  2029-03-31  0.9199  not met      0.92
rtt_within_18_weeks            england  2029-04-30  0.93    lapsed       -
# The steps of 2026 and 2027 are England's; a trust has steps in points, and the 92% of 2029.
rtt_within_18_weeks            trust    2026-03-31  0.70    not yet due  0.92
rtt_within_18_weeks            trust    2029-03-31  0.93    met          0.92
wlmds_within_18_weeks          england  2026-03-29  0.64    not met      0.65
wlmds_within_18_weeks          england  2026-04-05  0.64    not yet due  0.70
wlmds_within_18_weeks          england  2029-04-01  0.64    lapsed       -
# Under 1% by March 2026, set for 2025/26: January 2026 had 1.9%.
rtt_over_52_weeks              trust    2025-03-31  0.025   no target    -
rtt_over_52_weeks              england  2026-01-31  0.019   not yet due  0.01
rtt_over_52_weeks              england  2026-03-31  0.0101  not met      0.01
rtt_over_52_weeks              england  2026-03-31  0.01    met          0.01
rtt_over_52_weeks              england  2026-03-31  -       -            0.01
rtt_over_52_weeks              england  2026-04-30  0.005   lapsed       -
# The week of WLMDS that ends in March is in the month, the first of April is not.
wlmds_over_52_weeks            england  2026-03-22  0.02    not met      0.01
wlmds_over_52_weeks            england  2026-02-22  0.02    not yet due  0.01
wlmds_over_52_weeks            england  2026-04-05  0.02    lapsed       -
# None by September 2024.
rtt_over_65_weeks              icb      2024-08-31  0.001   not yet due  0.0
rtt_over_65_weeks              icb      2024-09-30  0.0     met          0.0
rtt_over_65_weeks              icb      2024-10-31  0.0     lapsed       -
# 80% by March 2026, and again to March 2029.
cancer_28_days                 england  2025-03-31  0.80    no target    -
cancer_28_days                 trust    2026-02-28  0.78    not yet due  0.80
cancer_28_days                 england  2026-03-31  0.7999  not met      0.80
cancer_28_days                 england  2029-03-31  0.80    met          0.80
cancer_28_days                 england  2029-04-30  0.80    lapsed       -
# 75% by March 2026, 85% by March 2029.
cancer_62_days                 england  2026-02-28  0.70    not yet due  0.75
cancer_62_days                 england  2026-03-31  0.75    met          0.75
cancer_62_days                 trust    2029-03-31  0.8499  not met      0.85
cancer_62_days                 england  2029-04-30  0.85    lapsed       -
# 96% by March 2029, of the National Cancer Plan of 4 February 2026.
cancer_31_days                 england  2026-01-31  0.97    no target    -
cancer_31_days                 trust    2028-12-31  0.97    not yet due  0.96
cancer_31_days                 trust    2029-03-31  0.9599  not met      0.96
cancer_31_days                 england  2029-03-31  0.96    met          0.96
cancer_31_days                 england  2029-04-30  0.97    lapsed       -
# Set for integrated care boards too, of which no figure is held.
cancer_31_days                 icb      2029-03-31  0.95    not met      0.96
cancer_62_days                 icb      2026-03-31  0.75    met          0.75
cancer_62_days                 icb      2026-04-30  0.75    not yet due  0.85
cancer_28_days                 icb      2026-03-31  0.80    no target    -
# 72% by March 2026.
rtt_first_within_18_weeks      trust    2025-03-31  0.80    no target    -
rtt_first_within_18_weeks      icb      2025-12-31  0.80    not yet due  0.72
rtt_first_within_18_weeks      england  2026-03-31  0.7199  not met      0.72
rtt_first_within_18_weeks      trust    2026-03-31  0.72    met          0.72
rtt_first_within_18_weeks      trust    2026-04-30  0.80    lapsed       -
# Under 10% in every month of 2025/26; November 2025 had 7.2%.
ae_over_12_hours_from_arrival  england  2025-03-31  0.05    no target    -
ae_over_12_hours_from_arrival  england  2025-11-30  0.072   met          0.10
ae_over_12_hours_from_arrival  trust    2025-04-30  0.101   not met      0.10
ae_over_12_hours_from_arrival  trust    2026-03-31  0.09    met          0.10
ae_over_12_hours_from_arrival  england  2026-04-30  0.05    lapsed       -
# 69% in 2026/27.
talking_therapies_improvement  england  2026-03-31  0.70    no target    -
talking_therapies_improvement  england  2026-12-31  0.70    not yet due  0.69
talking_therapies_improvement  england  2027-03-31  0.68    not met      0.69
talking_therapies_improvement  england  2027-04-30  0.70    lapsed       -
# 95% is a standard; the steps of planning stand before it while they apply, and it stays after them.
ae_four_hour_all               trust    2020-01-31  0.95    met          0.95
ae_four_hour_all               england  2025-03-31  0.78    not met      0.95
ae_four_hour_all               trust    2025-04-30  0.78    not yet due  0.78
ae_four_hour_all               trust    2026-01-31  0.72    not yet due  0.78
ae_four_hour_all               england  2026-03-31  0.78    met          0.78
ae_four_hour_all               england  2027-03-31  0.80    not met      0.82
ae_four_hour_all               england  2029-03-31  0.85    met          0.85
ae_four_hour_all               england  2029-04-30  0.85    not met      0.95
# The four-hour target is of all types together.
ae_four_hour_type_1            england  2020-01-31  0.96    no target    -
ae_four_hour_type_1            trust    2026-03-31  0.72    no target    -
ae_four_hour_type_1            trust    2029-03-31  0.72    no target    -
# Withdrawn on 21 September 2022.
MAT-01                         england  2022-08-31  0.2     not met      0.75
MAT-01                         england  2022-09-30  0.8     lapsed       -
MAT-01                         england  2025-04-30  0.01    lapsed       -
MAT-01                         sub_icb  2022-08-31  0.2     no target    -
# No more than 30 for every million by March 2024.
STM-LD-02                      england  2018-12-31  45.0    no target    -
STM-LD-02                      england  2023-03-31  45.0    not yet due  30.0
STM-LD-02                      england  2024-03-31  31.0    not met      30.0
STM-LD-02                      england  2024-04-30  29.0    lapsed       -
SMI-01                         england  2024-03-31  0.685   met          0.6
SMI-01                         england  2025-03-31  0.59    not met      0.6
SMI-01                         england  2025-06-30  0.7     lapsed       -
AF-01                          icb      2026-03-31  0.9499  not met      0.95
MAT-04                         england  2026-01-31  60.0    no target    -
"""


def _readings() -> list[tuple[str, ...]]:
    lines = (line for line in READINGS.splitlines() if line and not line.startswith("#"))
    return [tuple(re.split(r"\s{2,}", line)) for line in lines]


@pytest.fixture(scope="module")
def spans(sample_warehouse: Warehouse) -> duckdb.DuckDBPyConnection:
    """The spans of int_indicator_target, worked out by its own SQL from the targets of the catalogue."""
    con = duckdb.connect()
    con.execute(
        "create table dim_indicator_target (indicator_id varchar, target_no int, organisation_level varchar, target double, target_kind varchar, "
        "valid_from date, valid_to date, target_statement varchar, target_source varchar)"
    )
    for one in load_indicators().values():
        for row in target_rows(one):
            con.execute(f"insert into dim_indicator_target values ({', '.join('?' * 9)})", list(row.values()))
    compiled = Lake(sample_warehouse.lake).dbt_target / "compiled" / "nhs_health_inequalities" / SPANS
    # the model's own SQL, with the table of this connection in place of the warehouse's
    con.execute("create table spans as " + re.sub(r'"warehouse"\."\w+"\.', "", compiled.read_text("utf-8")))
    return con


def _number(text: str) -> float | None:
    return None if text == "-" else float(text)


def _rendered(text: str) -> str:
    return jinja2.Environment(autoescape=False).from_string(text).render(ref=lambda name: name)


@pytest.mark.parametrize(("indicator_id", "level", "period_end", "value", "reading", "in_force"), _readings())
def test_a_reading_goes_by_the_period_and_the_level_of_the_figure(
    spans: duckdb.DuckDBPyConnection,
    indicator_id: str,
    level: str,
    period_end: str,
    value: str,
    reading: str,
    in_force: str,
) -> None:
    call = "{{ target_reading('figure.value', 'figure.period_end', 'figure.polarity') }}"
    joined = "{{ join_target('figure') }}"
    sql = _rendered(MACROS + f"select {call}, target.target from figure {joined}").replace(
        "int_indicator_target", "spans"
    )
    spans.execute(
        "create or replace table figure as select ? as indicator_id, ? as organisation_level, ?::double as value, ?::date as period_end, ? as polarity",
        [indicator_id, level, _number(value), period_end, load_indicators()[indicator_id].polarity],
    )
    assert spans.execute(sql).fetchall() == [(None if reading == "-" else reading, _number(in_force))]


def test_spans_follow_each_other_without_gap_or_overlap(spans: duckdb.DuckDBPyConnection) -> None:
    """A figure has one target at most: the next span begins on the day after the last one, and the last has no end."""
    wrong = spans.execute(
        "select * from (select *, lead(from_date) over (partition by indicator_id, organisation_level order by from_date) as following from spans) "
        "where coalesce(following - 1, date '9999-12-31') <> to_date or from_date > to_date"
    ).fetchall()
    assert wrong == []


def test_a_group_and_a_specialty_have_no_target_of_their_own(sample_warehouse: Warehouse) -> None:
    held = sample_warehouse.query(
        "select distinct dimension = 'all' and treatment_function_code = 'all' as everybody, target_reading = 'no target' as without "
        "from mart_waiting_list where indicator_id in ('wlmds_within_18_weeks', 'rtt_over_65_weeks') order by all"
    )
    assert (False, True) in held and (False, False) not in held


def test_the_marts_of_the_sample_read_lapsed_and_not_yet_due(sample_warehouse: Warehouse) -> None:
    """75% of cancers at stage 1 or 2 by 2028; 80% of hypertension treated to threshold by March 2025."""
    rows = sample_warehouse.query(
        "select distinct indicator_id, target, target_reading from mart_core20plus5_adults where indicator_id in ('CAN-01', 'HYP-03', 'MAT-01') order by 1"
    )
    assert rows == [("CAN-01", 0.75, "not yet due"), ("HYP-03", None, "lapsed"), ("MAT-01", None, "lapsed")]
    told = sample_warehouse.query("select distinct target_reading from mart_statement where target_reading is not null")
    assert {("lapsed",), ("not yet due",), ("no target",)} <= set(told)


@pytest.mark.requires_mirror
def test_the_statement_of_the_real_files_reads_lapsed_and_not_yet_due(mirror_warehouse: Warehouse) -> None:
    """RTT of January 2026: none over 65 weeks was for September 2024, under 1% over 52 weeks and 65% within 18 weeks for March 2026."""
    rows = mirror_warehouse.query(
        "select distinct indicator_id, target, target_reading from mart_statement where organisation_code = 'ENG' and dimension = 'all' "
        "and figures_of_code = 'ENG' and indicator_id in ('rtt_over_52_weeks', 'rtt_over_65_weeks') order by all"
    )
    assert rows == [("rtt_over_52_weeks", 0.01, "not yet due"), ("rtt_over_65_weeks", None, "lapsed")]


MARTS = {
    "mart_control_chart": "m.value is not null",
    "mart_funnel": "m.dimension = 'all'",
    "mart_five_priorities": "m.value is not null",
    "mart_core20plus5_adults": "m.standardisation = r.standardisation",
    "mart_statement": "m.dimension = 'all' and m.figures_of_code = m.organisation_code and m.standardisation = r.standardisation",
    "mart_urgent_care": "true",
    "mart_cancer_waiting": "true",
}


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_reads_a_figure_as_the_mart_of_readings_does(sample_warehouse: Warehouse, mart: str) -> None:
    compared = sample_warehouse.query(
        "select (m.target, m.target_reading) is not distinct from (r.target, r.target_reading), m.indicator_id, m.period_end, "
        f"m.target, m.target_reading, r.target, r.target_reading from {mart} as m "
        "join mart_target_reading as r on m.indicator_id = r.indicator_id and m.organisation_code = r.organisation_code "
        f"and m.period_end = r.period_end where {MARTS[mart]}"
    )
    assert compared and [row for row in compared if not row[0]] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"applies_to": None, "kind": "milestone"}, "a milestone needs applies_to"),
        ({"applies_from": "2030-01-01"}, "applies_from is after applies_to"),
        ({"source": {"title": "half a source"}}, "source.publisher"),
        ({"levels": []}, "levels"),
    ],
)
def test_a_target_without_its_days_source_or_level_is_refused(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    content = yaml.safe_load((INDICATORS_FOLDER / "MAT-01.yml").read_text(encoding="utf-8"))
    content["targets"][0] |= change
    _refused(tmp_path, content, said)


def test_two_targets_of_a_level_that_begin_together_are_refused(tmp_path: Path) -> None:
    content = yaml.safe_load((INDICATORS_FOLDER / "MAT-01.yml").read_text(encoding="utf-8"))
    content["targets"] *= 2
    _refused(tmp_path, content, "same applies_from")


def _refused(folder: Path, content: dict[str, object], said: str) -> None:
    (folder / "MAT-01.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(IndicatorError, match=said):
        load_indicators(folder)
