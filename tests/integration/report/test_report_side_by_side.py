"""Boards on the map and organisations side by side: every board has its own square, colours say what is clear, tables are the marts'."""

from __future__ import annotations

import csv
import json
import re

import pytest

from dagster_project.report.blocks import indicator_page
from dagster_project.report.tile_map import COLUMNS, PLACES, places_of
from tests.integration.report.report_reader import Site, figures_of
from tests.warehouses import MIRROR, Warehouse


@pytest.mark.requires_mirror
def test_every_board_before_and_after_april_2026_has_a_square_of_its_own() -> None:
    """The codes are the publisher's: 42 of the look-up of 2024, and 36 after the successions of ODS."""
    lookup = next(MIRROR.glob("geoportal*/LSOA_(2021)_to_SICBL*"))
    with lookup.open(encoding="utf-8-sig", newline="") as file:
        before = {row["ICB24CDH"] for row in csv.DictReader(file)}
    successions = (MIRROR / "www.odsdatasearchandexport.nhs.uk" / "api" / "getReport?report=succ").read_text("latin-1")
    merged = [row for row in csv.reader(successions.splitlines()) if row[0] in before and row[3] == "20260401"]
    after = before - {row[0] for row in merged} | {row[1] for row in merged}
    assert (len(before), len(after)) == (42, 36)
    assert set(PLACES) == before | after
    for boards in (before, after):
        assert len({PLACES[code][1:] for code in boards}) == len(boards), "two boards in one square"
        assert len({PLACES[code][0] for code in boards}) == len(boards), "two boards with one label"
    for old, new, *_ in merged:
        (_, column, row), (_, other, below) = PLACES[old], PLACES[new]
        assert max(abs(column - other), abs(row - below)) <= 2, (old, new)


def test_a_board_that_is_not_on_the_list_stands_below_the_others() -> None:
    places = places_of(["QHM", "QNX", *(f"Z{n}" for n in range(9))])
    assert places["QHM"] == (4, 0) and places["QNX"] == (5, 8)
    assert [places[f"Z{n}"] for n in (0, 7, 8)] == [(0, 9), (7, 9), (0, 10)]
    assert len(set(places.values())) == len(places) and max(column for column, _ in places.values()) < COLUMNS


def test_a_square_is_coloured_as_the_mart_is_sure(sample_site: Site, sample_warehouse: Warehouse) -> None:
    """Waits over 52 weeks are better low: a clear gap above zero is worse for the most deprived quintile."""
    section = sample_site.page("index.html").select_one("section[aria-labelledby='map']")
    assert section is not None
    wanted = sample_warehouse.query(
        "select organisation_code, certainty, coalesce(value, value_low), coalesce(value, value_high) from fct_inequality_measure "
        "where indicator_id = 'wlmds_over_52_weeks' and organisation_level = 'icb' and geography_basis = 'as_reported' "
        "and treatment_function_code = 'all' and measure = 'absolute_gap' and dimension = 'imd_quintile' "
        "and (comparison_group, reference_group) = ('1', '5') "
        "qualify dense_rank() over (order by period_end desc) = 1"
    )
    said = {"too few to tell": "cannot be told", "no clear difference": "no clear difference", None: "cannot be told"}
    figure = section.select("figure")[0]
    assert "52 weeks" in figure.h3.get_text()  # type: ignore[union-attr]
    rows = {json.loads(str(line["data-key"]))["organisation_code"]: line for line in figure.select("tbody tr")}
    assert set(rows) == {code for code, *_ in wanted} and len(wanted) > 3
    for code, certainty, low, high in wanted:
        clear = "worse" if low and low > 0 else "better" if high and high < 0 else "no clear difference"
        reading = rows[code].find_all(["th", "td"])[-1].get_text()
        assert reading == said.get(certainty, clear), code
    squares = [text.get_text() for text in figure.select("svg text:not(.figure)")]
    assert set(rows) <= set(squares)


def test_the_page_of_comparison_has_every_trust_of_each_funnel_and_leads_nowhere_else(
    sample_site: Site, sample_warehouse: Warehouse
) -> None:
    soup = sample_site.page("compare.html")
    options = {str(option["value"]): str(option["id"]) for option in soup.select("#organisation option")}
    assert {name for name in sample_site.names if name.startswith("organisation-")} == {
        f"organisation-{anchor}.html" for anchor in options.values()
    }
    funnel = sample_warehouse.query(
        "select organisation_code from mart_funnel where indicator_id = 'rtt_over_52_weeks' and dimension = 'all' "
        "qualify dense_rank() over (order by period_end desc) = 1"
    )
    table = soup.find("table", attrs={"data-table": "mart_funnel", "data-key": re.compile("rtt_over_52_weeks")})
    assert table is not None
    keys = [json.loads(str(line["data-key"]))["organisation_code"] for line in table.select("tbody tr")]  # type: ignore[union-attr]
    assert sorted(keys) == sorted(code for (code,) in funnel)


def test_the_search_box_knows_every_organisation_and_indicator(sample_site: Site) -> None:
    index = (sample_site.folder / "search.js").read_text(encoding="ascii")
    entries = json.loads(index.removeprefix("window.reportIndex = ").removesuffix(";\n"))
    addresses = {address for _, _, address in entries}
    pages = {name for name in sample_site.names if name.startswith(("organisation-", "indicator-"))}
    assert pages <= addresses <= set(sample_site.names)
    for name in sample_site.pages:
        boxes = sample_site.page(name).select("#sought[data-index='search.js']")
        assert len(boxes) == (not name.startswith("brief-")), name


def test_an_indicator_that_is_only_standardised_has_its_figures_on_its_page(
    sample_site: Site, sample_warehouse: Warehouse
) -> None:
    """Boards side by side; their limits are far apart, so nothing is said of limits that overlap."""
    wanted = sample_warehouse.query(
        "select organisation_code from fct_indicator_value where indicator_id = 'op_appointments_standardised' and organisation_level = 'icb' "
        "and value is not null order by all"
    )
    name = indicator_page("op_appointments_standardised")
    section = sample_site.page(name).select_one("section[aria-labelledby='organisations']")
    assert section is not None
    figures = figures_of(name, sample_site.page(name))
    of_boards = [one for one in figures if (one.table, one.column) == ("fct_indicator_value", "value")]
    shown = {dict(one.key).get("organisation_code") for one in of_boards}
    assert len(wanted) > 2 and {code for (code,) in wanted} <= shown
    assert "neighbours overlap" not in section.get_text()


def test_where_no_limits_are_known_none_are_said_to_overlap(sample_site: Site, sample_warehouse: Warehouse) -> None:
    without = sample_warehouse.query(
        "select indicator_id from fct_indicator_value inner join dim_indicator using (indicator_id) "
        "where organisation_level <> 'england' and value is not null and dim_indicator.unit <> 'count' "
        "group by all having count(*) > 1 and count(ci_lower_95) = 0"
    )
    pages = [indicator_page(indicator_id) for (indicator_id,) in without]
    said = [sample_site.page(name).get_text() for name in pages if name in sample_site.names]
    assert any("no 95% limits are known: the order is not a rank" in text for text in said)
    assert [text for text in said if "neighbours overlap" in text or "95% limits as a bar" in text] == []
