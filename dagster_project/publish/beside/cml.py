"""The release in the layout of NHS England's Central Metrics Library (CML): metric, dimensions and metadata, beside the Parquet.

Columns and types are those of the package `cml-schemas` (pandas flavour), against which a test checks the export. The library
has no place for a figure that is not there: only published values are exported, on current geography, for all treatment
functions together. It knows no other providers than NHS trusts, so those are left out too.
"""

# ruff: noqa: S608 - tables are quoted by duck.quote_identifier (contents.qualified), all other names are constants of this file

from __future__ import annotations

from pathlib import Path

import duckdb

from dagster_project.duck import quote_literal
from dagster_project.release.contents import MAIN, qualified, tables_of

CML = "cml"
NEEDED = ("dim_indicator", "dim_source", "fct_indicator_value")
DIMENSIONS = (
    "imd_decile",
    "imd_quintile",
    "core20",
    "ethnic_group",
    "ethnic_group_5",
    "ethnic_group_5_2001",
    "ethnic_group_msds",
    "age_band",
    "sex",
    "severe_mental_illness",
    "learning_disability",
    "autism",
    "standardisation",
)
"""Every one is a column of `dimensions`; all_<name> where a figure is not broken down by it."""
LOCATION_TYPES = {
    "england": "nhs-country",
    "region": "nhs-region",
    "icb": "nhs-icb",
    "sub_icb": "nhs-sub-icb-location",
    "trust": "nhs-trust",
}
GRAINS = {"month": "monthly", "quarter": "quarterly", "year": "annual", "snapshot": "snapshot"}


def write_cml(con: duckdb.DuckDBPyConnection, database: str, folder: Path) -> list[str]:
    """Write the three tables, as Parquet, into `folder`/cml; their paths, relative to `folder`.

    Nothing is written, and the list is empty, where the release has no facts or no catalogue. `con` must have the release's
    file attached as `database`. Raises OSError or duckdb.Error when a file cannot be written.
    """
    if not set(NEEDED) <= {name for schema, name in tables_of(con, database) if schema == MAIN}:
        return []
    (folder / CML).mkdir()
    con.execute(f"create or replace temp table cml_figure as {_figures(database)}")
    queries = {"metric": _METRIC, "dimensions": _dimensions(), "metadata": _metadata(database)}
    written = []
    for name, query in queries.items():
        path = f"{CML}/{name}.parquet"
        con.execute(f"copy ({query}) to {quote_literal(str(folder / path))} (format parquet, compression zstd)")
        written.append(path)
    con.execute("drop table cml_figure")
    return written


def _case(column: str, words: dict[str, str]) -> str:
    return f"case {column} " + " ".join(f"when '{key}' then '{word}'" for key, word in words.items()) + " end"


def _figures(database: str) -> str:
    """The figures of the export, each with the columns of its dimensions and the key that follows from them."""
    parts = [
        f"case when fact.dimension = '{name}' then fact.group_code else 'all_{name}' end as {name}"
        for name in DIMENSIONS[:-1]
    ]
    return f"""
        select *, md5(concat_ws('|', {", ".join(DIMENSIONS)})) as dimension_id
        from (
            select fact.* exclude (standardisation), fact.standardisation, {", ".join(parts)},
                {_case("fact.organisation_level", LOCATION_TYPES)} as location_type,
                {_case("fact.period_type", GRAINS)} as reporting_grain
            from {qualified(database, MAIN, "fct_indicator_value")} as fact
            where fact.value is not null and fact.geography_basis = 'current' and fact.treatment_function_code = 'all'
                and fact.organisation_level in ('{"', '".join(LOCATION_TYPES)}')
        )"""


_METRIC = """
    select
        md5(concat_ws('|', indicator_id, dimension_id, organisation_code, period_start, period_end)) as datapoint_id,
        indicator_id as metric_id,
        dimension_id,
        reporting_grain,
        organisation_code as location_id,
        location_type,
        period_start::timestamp as reporting_period_start_datetime,
        null::timestamp as publication_datetime,
        value as metric_value,
        to_json({
            reporting_period_end: period_end, numerator: numerator, denominator: denominator,
            ci_lower_95: ci_lower_95, ci_upper_95: ci_upper_95, imd_version: imd_version,
            source_id: source_id, snapshot_sha256: snapshot_sha256, data_origin: data_origin
        })::varchar as additional_metric_values
    from cml_figure
    order by metric_id, location_type, location_id, reporting_period_start_datetime, datapoint_id
"""


def _dimensions() -> str:
    """One row for each combination in use; dimension_type_id names those that are broken down."""
    used = ", ".join(
        f"case when {name} not in ('all_{name}', 'crude') then '{name}' end" for name in DIMENSIONS
    )  # crude is to standardisation what all is to a group
    return f"""
        select distinct dimension_id,
            coalesce(nullif(concat_ws('|', {used}), ''), 'all') as dimension_type_id,
            (len(list_filter([{used}], lambda name: name is not null)))::bigint as dimension_count,
            {", ".join(DIMENSIONS)}
        from cml_figure
        order by dimension_id"""


def _metadata(database: str) -> str:
    """One row for each indicator with figures in the export, filled from the governed catalogue."""
    indicator, source = qualified(database, MAIN, "dim_indicator"), qualified(database, MAIN, "dim_source")
    return f"""
        with used as (
            select indicator_id, min(period_start)::timestamp as first_start,
                string_agg(distinct reporting_grain, ', ' order by reporting_grain) as grains,
                string_agg(distinct location_type, ', ' order by location_type) as locations,
                string_agg(distinct dimension, ', ' order by dimension) filter (where dimension <> 'all') as dimensions
            from cml_figure group by indicator_id
        )
        select
            coalesce(i.catalogue_id, i.indicator_id) as metric_family_id,
            i.indicator_id as metric_id,
            'Live' as metric_status,
            case when i.checked_by = 'not yet checked' then 'Draft' else 'Approved' end as metric_state,
            i.indicator_name as metric_title,
            used.first_start as metric_start_date,
            null::timestamp as metric_end_date,
            coalesce('Core20PLUS5 ' || i.core20plus5_programme, 'Health inequalities') as available_metric_category,
            used.grains as available_reporting_grain,
            used.locations as available_location_types,
            used.dimensions as available_dimension_types,
            'Health inequalities' as business_area,
            coalesce(i.core20plus5_area, i.statement_domain, 'Other') as business_sub_area,
            i.statement_domain as domain,
            s.source_title as numerator_source_name, null::varchar as numerator_project_id, s.publisher as numerator_source_platform,
            s.source_title as denominator_source_name, null::varchar as denominator_project_id, s.publisher as denominator_source_platform,
            i.author as metric_owner,
            i.indicator_id as metric_short_name,
            i.catalogue_id as metric_alias,
            i.definition as metric_description,
            i.numerator_definition || case when i.denominator_definition <> 'none' then ' / ' || i.denominator_definition else '' end as calculation,
            i.why as metric_purpose,
            i.unit as unit,
            case i.unit when 'proportion' then 'share from 0 to 1' else 'number' end as format,
            i.target_statement as target,
            coalesce(s.cadence, 'not known') as frequency_of_refresh,
            case i.unit when 'count' then 'sum' else 'sum of numerators over sum of denominators' end as aggregation,
            'Y' as statistical_disclosure_control_flag,
            'Official statistics: as the publisher has rounded and suppressed them' as statistical_disclosure_control_description,
            i.polarity as interpretation,
            i.available_level as inclusion_exclusion_rules,
            i.method as usage,
            used.locations as organisation_geog_type,
            i.breaks_in_series as footnotes,
            i.caveats as notes
        from used
        inner join {indicator} as i on used.indicator_id = i.indicator_id
        inner join {source} as s on i.source_id = s.source_id
        order by i.indicator_id"""
