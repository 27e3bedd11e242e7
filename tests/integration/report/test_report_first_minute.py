"""What a board sees first: tiles chosen by the rule that is stated, a brief for each organisation, no dead end and no note to ourselves."""

from __future__ import annotations

import json
import re

import duckdb
import pytest

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake
from dagster_project.operate.brief import write_brief
from dagster_project.report.gap_trends import read_gap_trends
from dagster_project.report.marts import Marts
from tests.integration.report.report_reader import Site
from tests.warehouses import Warehouse

PARTS = {"Largest avoidable gaps", "What improves or worsens", "How good the data are", "Questions a board could ask"}


def _tiles(site: Site) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Title of a tile to its figures: column and key."""
    found = {}
    for tile in site.page("index.html").select("section[aria-labelledby='stands-out'] .tile"):
        spans = tile.select("span[data-column]")
        found[tile.h3.get_text()] = [(str(s["data-column"]), json.loads(str(s["data-key"]))) for s in spans]  # type: ignore[union-attr]
    return found


def test_tiles_are_chosen_by_the_rule_that_the_page_states(sample_site: Site, sample_warehouse: Warehouse) -> None:
    tiles = _tiles(sample_site)
    assert 4 <= len(tiles) <= 6
    for title, pattern in (("Largest gap by deprivation", "imd%"), ("Largest gap by ethnicity", "ethnic%")):
        indicator_id, group_code = sample_warehouse.query(
            "select indicator_id, group_code from mart_priorities, meta.releases where this_release and organisation_code = 'ENG' "
            f"and dimension like '{pattern}' and priority_rank is not null and period_end > built_at - interval 2 years "
            "order by priority_rank, avoidable_per_1000 desc limit 1"
        )[0]
        column, key = tiles[title][0]
        assert (column, key["indicator_id"], key["group_code"]) == (
            "excess_count",
            indicator_id,
            group_code,
        )
    steepest = sample_warehouse.query(
        "select indicator_id from mart_trend join dim_indicator using (indicator_id), meta.releases where this_release "
        "and organisation_code = 'ENG' and measure = 'value' and trend_rating is not null and unit = 'proportion' "
        "and last_period_end > built_at - interval 2 years order by abs(trend_slope) desc limit 1"
    )
    assert [(key["indicator_id"],) for _, key in tiles["Changing most"][:1]] == steepest, "none where chance may be all"


def test_a_line_of_gaps_ends_where_figures_cannot_be_compared() -> None:
    """Three years of a gap: the first lies before a break, so the third year has the second before it, and the second none."""
    with duckdb.connect() as con:
        con.execute(
            "create table fct_indicator_value as select 'a' as indicator_id, 'ENG' as organisation_code, 'all' as treatment_function_code, "
            "'year' as period_type, make_date(y, 12, 31) as period_end, case when y = 2025 then date '2024-12-31' end as previous_period_end, "
            "'2019' as imd_version, 'current' as geography_basis, 'crude' as standardisation, 'imd_quintile' as dimension, '1' as group_code "
            "from range(2023, 2026) as years(y)"
        )
        con.execute(
            "create table fct_inequality_measure as select * exclude (group_code, previous_period_end), 'england' as organisation_level, "
            "'absolute_gap' as measure, '1' as comparison_group, '5' as reference_group, year(period_end)::double as value from fct_indicator_value"
        )
        (line,) = read_gap_trends(Marts(con))["ENG"]
    assert [row["value"] for row in line] == [2024, 2025]


def test_every_gap_of_two_periods_has_its_line(sample_site: Site, sample_warehouse: Warehouse) -> None:
    """Of England, most and least deprived quintile, until less than two years before the release; the newest figure heads the tile."""
    wanted = sample_warehouse.query(
        "select indicator_id, max(period_end)::varchar from fct_inequality_measure, meta.releases where this_release and organisation_code = 'ENG' "
        "and dimension = 'imd_quintile' and (comparison_group, reference_group) = ('1', '5') and measure = 'absolute_gap' and standardisation = 'crude' "
        "and geography_basis = 'current' and treatment_function_code = 'all' and value is not null "
        "group by indicator_id, imd_version, period_type, built_at having count(*) > 1 and max(period_end) > built_at - interval 2 years"
    )
    found = []
    for tile in sample_site.page("index.html").select("section[aria-labelledby='gap-trends'] .tile"):
        key = json.loads(str(tile.select_one(".value [data-column='value']")["data-key"]))  # type: ignore[index]
        assert tile.select_one("svg.spark path") is not None
        found.append((key["indicator_id"], key["period_end"]))
    assert wanted and sorted(found) == sorted(wanted)


def test_every_long_series_without_a_control_chart_has_its_line(sample_site: Site, sample_warehouse: Warehouse) -> None:
    """England's waits of each week by age and by sex: a line of as many points as the trend uses, the newest figure heads the tile."""
    wanted = sample_warehouse.query(
        "select indicator_id, group_code, last_period_end::varchar, points_used from mart_trend where organisation_code = 'ENG' and measure = 'value' "
        "and points_used >= 13 and trend <> 'Cannot be calculated' and source_id = 'nhse_wlmds' "
        "and indicator_id not in (select indicator_id from mart_control_chart where organisation_code = 'ENG')"
    )
    found = []
    for tile in sample_site.page("index.html").select("section[aria-labelledby='trends'] .tile"):
        key = json.loads(str(tile.select_one(".value [data-column='value']")["data-key"]))  # type: ignore[index]
        points = str(tile.select_one("svg.spark path")["d"]).count("L") + 1  # type: ignore[index]
        found.append((key["indicator_id"], key["group_code"], key["period_end"], points))
    assert len(wanted) == 10 and sorted(found) == sorted(wanted)


def test_the_first_page_says_what_comes_from_who_is_treated_in_the_independent_sector(
    sample_site: Site, sample_warehouse: Warehouse
) -> None:
    """Of each indicator whose sectors are all shown; one with a hidden sector says nothing."""
    wanted = sample_warehouse.query(
        "select indicator_id from mart_sector_gap where measure = 'gap_from_independent_sector' and value is not null order by all"
    )
    cells = sample_site.page("index.html").select(
        "section[aria-labelledby='deprivation'] [data-table='mart_sector_gap'][data-column='value']"
    )
    keys = [json.loads(str(cell["data-key"])) for cell in cells]
    found = sorted(key["indicator_id"] for key in keys if key["measure"] == "gap_from_independent_sector")
    assert wanted and [(indicator_id,) for indicator_id in found] == wanted


def test_series_too_short_for_a_trend_are_a_sentence_and_old_figures_say_their_age(
    sample_site: Site, sample_warehouse: Warehouse
) -> None:
    section = sample_site.page("index.html").select_one("section[aria-labelledby='trends']")
    assert section is not None
    assert "Cannot be calculated" not in section.get_text()
    short = sample_warehouse.one(
        "select count(*) from mart_trend where organisation_code = 'ENG' and trend = 'Cannot be calculated' "
        "and indicator_id not in (select indicator_id from mart_control_chart where organisation_code = 'ENG')"
    )
    assert f"{short} series have too few points" in section.get_text()
    assert re.search(r"March 2021 \(5 years old\)", section.get_text())


def test_every_organisation_has_a_brief_that_is_whole_by_itself(sample_site: Site) -> None:
    pages = [name for name in sample_site.names if name.startswith("organisation-")]
    for name in pages:
        alone = sample_site.page(name.replace("organisation-", "brief-"))
        assert [str(a["href"]) for a in alone.select("a")] == [name]
        assert {h.get_text() for h in alone.select("h3")} >= PARTS, name
        first = sample_site.page(name).select_one("main section")
        assert first is not None and first.h2 is not None and first.h2.get_text() == "Brief for the board"
    assert len(pages) > 20


def test_a_brief_that_is_not_there_is_said_with_what_to_do(sample_warehouse: Warehouse, tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(LakeError, match="no brief of X99"):
        write_brief(Lake(sample_warehouse.lake), "X99", tmp_path)
    assert not list(tmp_path.iterdir())


def test_no_page_shows_a_note_to_ourselves_and_no_indicator_is_a_dead_end(
    sample_site: Site, sample_warehouse: Warehouse
) -> None:
    noted = sample_warehouse.query(
        "select indicator_id from dim_indicator where contains(caveats, '[to be ') union "
        "select indicator_id from dim_indicator_target where contains(target_statement || target_source, '[to be ')"
    )
    for (indicator_id,) in noted:
        said = sample_site.page(f"indicator-{indicator_id}.html").get_text()
        assert "(not yet checked in the document)" in said, indicator_id
    assert noted
    assert [name for name in sample_site.pages if "[to be " in sample_site.page(name).get_text()] == []
    empty = sample_warehouse.query(
        "select indicator_id from dim_indicator where indicator_id not in (select indicator_id from fct_indicator_value)"
    )
    listed = sample_site.page("find.html").select_one("section[aria-labelledby='empty']")
    assert listed is not None
    for (indicator_id,) in empty:
        page = f"indicator-{indicator_id}.html"
        assert listed.select_one(f"a[href='{page}']") is not None, indicator_id
        section = sample_site.page(page).select_one("section[aria-labelledby='why']")
        assert section is not None and section.select("tbody tr"), indicator_id
    assert len(empty) > 20
