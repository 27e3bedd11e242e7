"""A key of a published table joins to the dimension that it names, whichever table it stands in; what does not is listed with its reason."""

from __future__ import annotations

import pytest

from dagster_project.lake.paths import Lake
from dagster_project.release.dbt_artifacts import read_exposed_models
from dagster_project.returns.codes import read_seed
from tests.warehouses import Warehouse

DIMENSIONS = {
    "dim_indicator": ("indicator_id",),
    "dim_organisation": ("organisation_code",),
    "dim_source": ("source_id",),
    "dim_group": ("dimension", "group_code"),
    "mart_publication": ("mart_name",),
}
METRICS = frozenset((row["metric_id"],) for row in read_seed("hi_metric"))
"""Metrics of the returns: mart_hi_rate has their names; dim_indicator is the catalogue of published indicators."""
FIFTHS = frozenset(("catchment_core20_fifth", str(fifth)) for fifth in range(1, 6))
BESIDE: dict[tuple[str, str], frozenset[tuple[str, ...]]] = {
    ("mart_hi_rate", "dim_indicator"): METRICS,
    ("mart_hi_intersection", "dim_indicator"): METRICS,
    ("mart_inequality_summary", "dim_indicator"): METRICS,
    # a line of the five priorities that no public figure answers
    ("mart_five_priorities", "dim_indicator"): frozenset({("none",)}),
    ("mart_five_priorities", "dim_organisation"): frozenset({("none",)}),
    # a line of the Statement without a figure
    ("mart_statement", "dim_group"): frozenset({("none", "none")}),
    # all organisations of a level together
    ("mart_data_quality", "dim_organisation"): frozenset({("all",)}),
    # what trusts send, and surveys of others that are quoted: no dataset that a publisher releases
    ("mart_data_quality", "dim_source"): frozenset({("return_op01",), ("return_wl01",)}),
    ("mart_target_progress", "dim_source"): frozenset({("returns",)}),
    ("mart_workforce_equality", "dim_source"): frozenset({("WR01",)}),
    ("mart_survey_benchmark", "dim_source"): frozenset(
        {("own_survey",), ("nhs_providers_2022",), ("nhs_providers_2024",)}
    ),
    # trusts in fifths by their catchments, not people
    ("mart_outpatients", "dim_group"): FIFTHS,
}
GROUPS_OF_THE_FORMS = {"mart_hi_rate"}
"""Groups by the codes of the return forms (IMD_QUINTILE, ETHNIC5): not always the publishers' groups, so they have no row in dim_group."""


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_key_joins_to_the_dimension_that_it_names(sample_warehouse: Warehouse, dimension: str) -> None:
    named = DIMENSIONS[dimension]
    manifest = Lake(sample_warehouse.lake).build / "dbt" / "manifest.json"
    tables = {model.name for model in read_exposed_models(manifest) if set(named) <= set(model.key)} - {dimension}
    if dimension == "dim_group":
        tables -= GROUPS_OF_THE_FORMS
    assert {table for table, beside in BESIDE if beside == dimension} <= tables
    listed = ", ".join(named)
    for table in sorted(tables):
        lost = sample_warehouse.query(f"select distinct {listed} from {table} anti join {dimension} using ({listed})")
        assert set(lost) <= BESIDE.get((table, dimension), frozenset()), (table, dimension)
