# /// script
# requires-python = ">=3.11"
# dependencies = ["marimo", "duckdb==1.5.5", "pandas", "altair"]
# ///
"""A notebook that reads only the published file: open it, ask, compare, cite.

    HIW_MARTS=/srv/hiw/published/marts.duckdb uvx marimo edit --sandbox marts.py     (or: marimo run marts.py)

Run as a plain script (`python marts.py`) it executes every cell once; `make test-compat` does that in its own environment.
"""

import marimo

app = marimo.App(width="medium", app_title="NHS health inequalities marts")


@app.cell
def open_the_file():
    import os

    import altair as alt
    import duckdb
    import marimo as mo

    marts = duckdb.connect(os.environ.get("HIW_MARTS", "data_lake/published/marts.duckdb"), read_only=True)
    marts.execute("set enable_external_access = false")
    return alt, marts, mo


@app.cell
def say_what_it_is(marts, mo):
    release = marts.execute("select release_id, built_at, data_origin from meta.releases where this_release").df()
    origin = release.loc[0, "data_origin"]
    warning = "" if origin == "published" else "**Synthetic data: every figure is invented. Do not quote.**"
    mo.md(
        f"# Health inequalities: release {release.loc[0, 'release_id']}\n\nBuilt {release.loc[0, 'built_at']} (UTC). {warning}"
    )
    return (origin,)


@app.cell
def choose_an_indicator(marts, mo):
    names = marts.execute(
        """
        select distinct i.indicator_name, i.indicator_id
        from dim_indicator as i
        join fct_indicator_value as f using (indicator_id)
        where f.organisation_code = 'ENG' and f.dimension = 'imd_decile' and f.value_status = 'published'
        order by i.indicator_name"""
    ).fetchall()
    indicator = mo.ui.dropdown(dict(names), value=names[0][0], label="Indicator")
    indicator
    return (indicator,)


@app.cell
def draw_the_gradient(alt, indicator, marts, mo, origin):
    deciles = marts.execute(
        """
        select try_cast(group_code as integer) as decile, value, ci_lower_95 as lower, ci_upper_95 as upper, period_end
        from fct_indicator_value
        where indicator_id = ? and organisation_code = 'ENG' and dimension = 'imd_decile' and geography_basis = 'current'
            and treatment_function_code = 'all' and value_status = 'published' and group_code <> 'unknown'
        qualify period_end = max(period_end) over ()
        order by decile""",
        [indicator.value],
    ).df()
    title = "England by decile of deprivation (1 is the most deprived), with 95% limits"
    base = alt.Chart(deciles, title=title if origin == "published" else f"SYNTHETIC: {title}").encode(x="decile:O")
    chart = base.mark_rule(color="#12436D").encode(y=alt.Y("lower:Q", title="value"), y2="upper:Q") + base.mark_point(
        color="#12436D", filled=True, size=60
    ).encode(y="value:Q")
    mo.vstack([chart, deciles])
    return (deciles,)


@app.cell
def is_there_a_slope(indicator, marts):
    measures = marts.execute(
        """
        select measure, value, ci_lower_95, ci_upper_95, value_status, value_status_reason
        from fct_inequality_measure
        where indicator_id = ? and organisation_code = 'ENG' and dimension = 'imd_decile' and geography_basis = 'current'
            and measure in ('slope_index', 'relative_index', 'absolute_gap', 'relative_gap')
        qualify period_end = max(period_end) over ()
        order by measure""",
        [indicator.value],
    ).df()
    measures
    return (measures,)


@app.cell
def measure_your_own_figures(marts):
    # The measures of the warehouse are macros inside the file: 45 of 1,030 with its 95% limits.
    own = marts.execute(
        "select proportion(45, 1030) as share, wilson_lower(45, 1030) as lower, wilson_upper(45, 1030) as upper"
    ).df()
    own
    return (own,)


@app.cell
def cite(marts):
    attributions = marts.execute(
        "select distinct publisher, attribution from meta.source_status where periods_in_use_count > 0 order by all"
    ).df()
    attributions
    return (attributions,)


if __name__ == "__main__":
    app.run()
