"""Every row of the reference vectors through the dbt macros in DuckDB, and in Apache Spark (`make engine-test`): one test for each family.

The numbers come from other implementations (see the vectors' README); `HIW_VECTORS` names another folder of the same schema.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.measures_project.rendering import run_statement
from tests.integration.measures.vectors import (
    explain_family,
    explain_number,
    index_rows,
    load_cases,
    read_family,
    read_rows,
    take_part,
)

pytestmark = [pytest.mark.requires_vectors, pytest.mark.usefixtures("engine")]
WITH_MULTIPLIER = "select inputs.*, expected.multiplier from inputs inner join expected using (case_id)"
HEAT_NAMES = {
    "aci": "absolute_concentration_index",
    "rci": "relative_concentration_index",
    "sii_linear": "slope_index_linear",
    "rii_linear": "relative_index_linear",
    "d": "difference",
    "r": "ratio",
    "d_ref": "difference_from_reference",
    "r_ref": "ratio_to_reference",
    "par": "population_attributable_risk",
    "paf": "population_attributable_fraction",
    "bgv": "between_group_variance",
    "bgsd": "between_group_standard_deviation",
    "covar": "coefficient_of_variation",
    "idisu": "index_of_disparity",
    "idisw": "index_of_disparity_weighted",
    "mdmu": "mean_difference_from_mean",
    "mdmw": "mean_difference_from_mean_weighted",
    "mdbu": "mean_difference_from_best",
    "mdbw": "mean_difference_from_best_weighted",
    "mdru": "mean_difference_from_reference",
    "mdrw": "mean_difference_from_reference_weighted",
    "ti": "theil_index",
    "mld": "mean_log_deviation",
}


def _scales(rows: list[dict[str, str]]) -> dict[str, float]:
    return {row["case_id"]: float(row["multiplier"]) for row in rows}


def test_family_01_proportions_with_wilson_limits() -> None:
    expected = read_rows("01_proportion.csv")
    got = run_statement("f01_proportion", load_cases(inputs="01_proportion.csv"))
    assert explain_family(expected, got, read_family("01_proportion"), _scales(expected)) == []


def test_family_02_rates_exact_below_ten_events_and_byar_from_ten() -> None:
    got = run_statement("f02_rate", load_cases(inputs="02_rate.csv"))
    assert explain_family(read_rows("02_rate.csv"), got, read_family("02_rate")) == []


def test_family_03_lookups_of_limits_and_normal_quantiles() -> None:
    connection = load_cases(inputs="03_poisson_exact_0_9.csv", z="03_z.csv")
    got = run_statement("f03_lookup", connection)
    assert explain_family(read_rows("03_poisson_exact_0_9.csv"), got, read_family("03_lookup")) == []
    quantiles = {str(row["confidence"]): row["z"] for row in got}
    for row in read_rows("03_z.csv"):
        assert quantiles[row["confidence"]] == pytest.approx(float(row["z"]), rel=1e-12)


def test_family_04_directly_standardised_rates() -> None:
    connection = load_cases(WITH_MULTIPLIER, inputs="04_dsr_inputs.csv", expected="04_dsr_expected.csv")
    got = run_statement("f04_dsr", connection)
    assert explain_family(read_rows("04_dsr_expected.csv"), got, read_family("04_dsr")) == []


def test_family_04_directly_standardised_rates_of_repeat_events() -> None:
    files = {"inputs": "04_dsr_nonind_inputs.csv", "expected": "04_dsr_nonind_expected.csv"}
    got = run_statement("f04_dsr_nonind", load_cases(WITH_MULTIPLIER, **files))
    assert explain_family(read_rows(files["expected"]), got, read_family("04_dsr_nonind")) == []


def test_family_05_indirectly_standardised_ratios_and_rates() -> None:
    connection = load_cases(WITH_MULTIPLIER, inputs="05_isr_inputs.csv", expected="05_isr_expected.csv")
    got = run_statement("f05_isr", connection)
    assert explain_family(read_rows("05_isr_expected.csv"), got, read_family("05_isr")) == []


SLOPE_CASES = """
    select inputs.*, expected.transform, expected.multiplier,
        case expected.value_type when 0 then 'other' when 1 then 'rate' when 2 then 'proportion' end as value_type,
        -- The file does not say how many quantiles there should be; they come in fives, so nine rows are deciles with one missing.
        5 * ceil(max(quantile) over (partition by case_id) / 5) as quantiles
    from inputs inner join expected using (case_id)
"""


@pytest.fixture(scope="module")
def slope_indices(engine: None) -> dict[tuple[str, ...], Any]:
    """Rows of slope_index by case and confidence level, with the columns of the vectors."""
    connection = load_cases(SLOPE_CASES, inputs="06_sii_inputs.csv", expected="06_sii_expected.csv")
    rows = run_statement("f06_sii", connection)
    for row in rows:
        row |= {"sii": row["slope_index"], "rii": row["relative_index"], "reason": row["slope_index_reason"]}
    return dict(index_rows(rows, ["case_id", "confidence"]))


def _largest_values() -> dict[str, float]:
    largest: dict[str, float] = {}
    for row in read_rows("06_sii_inputs.csv"):
        largest[row["case_id"]] = max(largest.get(row["case_id"], 0.0), abs(float(row["value"] or 0)))
    return largest


def test_family_06_slope_and_relative_index_points(slope_indices: dict[tuple[str, ...], Any]) -> None:
    family = take_part(read_family("06_sii"), outputs=["sii", "rii", "intercept"])
    got = [row for (_, confidence), row in slope_indices.items() if confidence == "0.95"]
    assert explain_family(read_rows("06_sii_expected.csv"), got, family, _largest_values()) == []


# Shares of the interval's width, by manifest: closed forms that are exact, and the approximations without a transform.
SIMULATION_SHARE = {
    ("exact", "sii", "95"): 0.01,
    ("exact", "sii", "998"): 0.01,
    ("exact", "rii", "95"): 0.01,
    ("exact", "rii", "998"): 0.01,
    ("approximate", "sii", "95"): 0.02,
    ("approximate", "sii", "998"): 0.05,
    ("approximate", "rii", "95"): 0.05,
    ("approximate", "rii", "998"): 0.08,
}


def _explain_limits(expected: dict[str, str], got: dict[str, Any], index: str, level: str, scale: float) -> list[str]:
    """Deviations of one interval from its closed form (where that is exact) and from a million simulated draws."""
    basis = "exact" if expected[f"{index}_ci_basis"] == "exact" else "approximate"
    name = {"sii": "slope_index", "rii": "relative_index"}[index]
    deviations = []
    for side in ("lower", "upper"):
        value, wanted = got[f"{name}_{side}"], expected[f"{index}_{side}{level}"]
        simulated = expected[f"{index}_{side}{level}_mc1e6"]
        if basis == "exact" or wanted == "":
            deviations.append(explain_number(value, wanted, 1e-7, 1e-9 * scale))
        if simulated:
            ends = [float(expected[f"{index}_{end}{level}_mc1e6"]) for end in ("lower", "upper")]
            share = SIMULATION_SHARE[basis, index, level]
            deviations.append(explain_number(value, simulated, 0.0, share * abs(ends[1] - ends[0])))
    return [f"{expected['case_id']} {index} {level}: {why}" for why in deviations if why]


def test_family_06_slope_and_relative_index_limits(slope_indices: dict[tuple[str, ...], Any]) -> None:
    largest = _largest_values()
    deviations = []
    for row in read_rows("06_sii_expected.csv"):
        for confidence, level in (("0.95", "95"), ("0.998", "998")):
            got = slope_indices[row["case_id"], confidence]
            for index in ("sii", "rii"):
                deviations += _explain_limits(row, got, index, level, largest[row["case_id"]])
    assert deviations == []


def test_family_07_measures_of_who_heat() -> None:
    got = run_statement("f07_heat", load_cases(inputs="07_heat_inputs.csv"))
    for row in got:
        row |= {"se": row["standard_error"], "lower95": row["lower"], "upper95": row["upper"]}
    expected = [
        row | {"measure": HEAT_NAMES[row["measure"]]}
        for row in read_rows("07_heat_expected.csv")
        if row["expect"] != "info"
    ]
    family = read_family("07_heat")
    assert explain_family(expected, got, take_part(family, outputs=["estimate"])) == []
    with_limits = [row for row in expected if row["lower95"]]
    assert explain_family(with_limits, got, take_part(family, outputs=["se", "lower95", "upper95"])) == []


def test_family_08_absolute_and_relative_gaps_of_pairs() -> None:
    got = run_statement("f08_gap", load_cases(inputs="08_gap.csv"))
    expected = read_rows("08_gap.csv")
    assert explain_family(expected, got, read_family("08_gap"), _scales(expected)) == []


def test_family_09_funnel_limits_and_labels() -> None:
    got = run_statement("f09_funnel", load_cases(inputs="09_funnel.csv"))
    assert explain_family(read_rows("09_funnel.csv"), got, read_family("09_funnel")) == []


CONTROL_CHART_CASES = """
    select points.case_id, points.screen_outliers, points.t, points.value,
        inputs.improvement_direction, inputs.target, inputs.fix_after_n, inputs.rebase_at
    from points inner join inputs using (case_id)
"""


def test_family_10_control_charts_points_and_icons() -> None:
    connection = load_cases(CONTROL_CHART_CASES, inputs="10_spc_cases.csv", points="10_spc_points.csv")
    got = run_statement("f10_spc", connection)
    for row in got:
        row |= {"t": row["period"], "lpl": row["lower_process_limit"], "upl": row["upper_process_limit"]}
    family = read_family("10_spc")
    icons = [label for label in family["labels"] if label.endswith("_icon")]
    of_points = [label for label in family["labels"] if label not in icons]
    points = take_part(family, outputs=["mean", "lpl", "upl"], labels=of_points)
    assert explain_family(read_rows("10_spc_points.csv"), got, points) == []
    summary = take_part(family, labels=icons) | {"key": ["case_id", "screen_outliers"]}
    assert explain_family(read_rows("10_spc_summary.csv"), [row for row in got if row["is_latest"]], summary) == []


def test_family_11_recent_trends() -> None:
    query = "select inputs.*, expected.kind from inputs inner join expected using (case_id)"
    connection = load_cases(query, inputs="11_trend_inputs.csv", expected="11_trend_expected.csv")
    got = run_statement("f11_trend", connection)
    assert explain_family(read_rows("11_trend_expected.csv"), got, read_family("11_trend")) == []


def test_family_12_benchmark_labels() -> None:
    got = run_statement("f12_benchmark", load_cases(inputs="12_benchmark.csv"))
    assert explain_family(read_rows("12_benchmark.csv"), got, read_family("12_benchmark")) == []


def test_family_13_suppressed_and_rounded_counts() -> None:
    got = run_statement("f13_suppression_counts", load_cases(inputs="13_suppression_counts.csv"))
    family = take_part(read_family("13_suppression"), labels=["published"])
    assert explain_family(read_rows("13_suppression_counts.csv"), got, family) == []


def test_family_13_what_an_exact_total_gives_away() -> None:
    got = run_statement("f13_suppression_tables", load_cases(inputs="13_suppression_tables.csv"))
    labels = ["primary_suppressed", "attacker_min", "attacker_max", "disclosed_without_secondary"]
    family = take_part(read_family("13_suppression"), labels=labels) | {"key": ["case_id", "cell"]}
    assert explain_family(read_rows("13_suppression_tables.csv"), got, family) == []


def test_family_14_ethnicity_completeness() -> None:
    got = run_statement("f14_ethnicity", load_cases(inputs="14_ethnicity_inputs.csv"))
    assert explain_family(read_rows("14_ethnicity_expected.csv"), got, read_family("14_ethnicity")) == []


def test_family_15_deprivation_quantiles() -> None:
    got = run_statement("f15_quantile", load_cases(inputs="15_quantile.csv"))
    assert explain_family(read_rows("15_quantile.csv"), got, read_family("15_quantile")) == []


def test_family_16_excess_events() -> None:
    got = run_statement("f16_excess", load_cases(inputs="16_excess_inputs.csv"))
    columns = {"ref_rate": "reference_rate", "excess_net": "excess_net", "excess_positive": "excess_positive_only"}
    columns |= {"paf_net": "attributable_fraction"}
    wide: dict[str, dict[str, Any]] = {}
    for row in got:
        case = wide.setdefault(row["case_id"], {key: row[key] for key in ("case_id", "events", "population")})
        case |= {f"{name}_{row['reference']}": row[column] for name, column in columns.items()}
        if row["reference"] == "least_deprived":
            case["se_excess_net_least_deprived_poisson"] = row["excess_net_standard_error"]
    expected = read_rows("16_excess_expected.csv")
    numbers = [
        column for column in expected[0] if column not in ("case_id", "note", "provenance", "expect", "policy_note")
    ]
    family = {"key": ["case_id"], "outputs": dict.fromkeys(numbers, (1e-09, 1e-09))}
    scales = {row["case_id"]: max(1.0, float(row["events"] or 1)) for row in expected}
    assert explain_family(expected, wide.values(), family, scales) == []


def test_family_17_means_with_students_limits() -> None:
    got = run_statement("f17_mean", load_cases(inputs="17_mean_inputs.csv"))
    assert explain_family(read_rows("17_mean_expected.csv"), got, read_family("17_mean")) == []


def test_a_planted_fault_is_seen() -> None:
    """The comparison itself: a value out by one part in a million, a NaN, a zero for a NULL and a missing row are all found."""
    family = {"key": ["case_id"], "outputs": {"value": (1e-9, 0.0)}}
    expected = [{"case_id": name, "value": value} for name, value in (("a", "2"), ("b", ""), ("c", ""), ("d", "1"))]
    got = [{"case_id": "a", "value": 2.000002}, {"case_id": "b", "value": float("nan")}, {"case_id": "c", "value": 0.0}]
    assert len(explain_family(expected, got, family)) == 4
