"""Sections that put a mart into words: what they list is what the mart has, and words do not say more than it does."""

from __future__ import annotations

import json
import re

from bs4 import Tag

from tests.integration.report.report_reader import Site
from tests.warehouses import Warehouse


def _section(site: Site, page: str, anchor: str) -> Tag:
    found = site.page(page).select_one(f"section[aria-labelledby='{anchor}']")
    assert found is not None, (page, anchor)
    return found


def _table(section: Tag, caption: str) -> Tag:
    return next(table for table in section.select("table") if table.caption and caption in table.caption.get_text())


def _rows(table: Tag) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in line.find_all(["th", "td"])] for line in table.select("tbody tr")]


def test_no_two_rows_of_the_scorecard_have_the_same_name(sample_site: Site) -> None:
    named = 0
    for name in sample_site.pages:
        for table in sample_site.page(name).select("section[aria-labelledby='core20plus5'] table"):
            heads = [row[0] for row in _rows(table)]
            assert len(heads) == len(set(heads)), (name, sorted(heads))
            named += len(heads)
    assert named > 20


def test_the_scorecard_has_every_newest_row_of_england(sample_site: Site, sample_warehouse: Warehouse) -> None:
    section = _section(sample_site, "index.html", "core20plus5")
    for mart, title in (
        ("mart_core20plus5_adults", "Adults"),
        ("mart_core20plus5_children", "Children and young people"),
    ):
        wanted = sample_warehouse.query(
            f"select indicator_id, standardisation from {mart} where organisation_code = 'ENG' "
            "qualify dense_rank() over (partition by indicator_id order by period_end desc) = 1"
        )
        table = _table(section, f"{title}: everybody")
        common = json.loads(str(table["data-key"]))
        keys = [common | json.loads(str(line["data-key"])) for line in table.select("tbody tr")]
        assert sorted((key["indicator_id"], key["standardisation"]) for key in keys) == sorted(wanted)


def test_the_scorecard_reads_each_target_as_its_mart_does(sample_site: Site, sample_warehouse: Warehouse) -> None:
    wanted = sample_warehouse.query(
        "select target_reading from mart_core20plus5_adults where organisation_code = 'ENG' "
        "qualify dense_rank() over (partition by indicator_id order by period_end desc) = 1"
    )
    table = _table(_section(sample_site, "index.html", "core20plus5"), "Adults: everybody")
    place = [head.get_text(strip=True) for head in table.select("thead th")].index("Target met")
    said = [row[place] for row in _rows(table)]
    assert sorted(said) == sorted(reading or "not known" for (reading,) in wanted)
    assert {"lapsed", "not yet due", "no target"} <= set(said)


def _fact(site: Site, indicator_id: str, name: str) -> str:
    facts = site.page(f"indicator-{indicator_id}.html").select("dt")
    return next(fact.find_next("dd").get_text(" ") for fact in facts if fact.get_text(strip=True) == name)  # type: ignore[union-attr]


def test_an_indicator_says_how_far_it_was_verified_and_every_target_that_it_had(sample_site: Site) -> None:
    assert "Nobody has verified this indicator" in _fact(sample_site, "CORE-01", "Verified")
    verified = _fact(sample_site, "MAT-01", "Verified")
    assert "read in the source on 29 November 2026: Maternity Services Monthly Statistics" in verified
    assert "secondary source" in _fact(sample_site, "SMK-01", "Verified")
    steps = _fact(sample_site, "cancer_62_days", "Targets")
    assert "from 1 April 2025 until 31 March 2026, to England, " in steps and "85% within 62 days" in steps


def test_every_group_that_a_trust_names_stands_on_its_page(sample_site: Site, sample_warehouse: Warehouse) -> None:
    named = sample_warehouse.query(
        "select organisation_code, group_name, open_actions from mart_plus_group where selected"
    )
    for code, group, actions in named:
        table = _table(_section(sample_site, f"organisation-{code}.html", "plus"), "Groups the trust puts first")
        row = next(row for row in _rows(table) if row[0] == group)
        assert row[1].startswith("named")
        assert row[6] == str(actions)
    assert len(named) > 50


def test_the_gate_is_told_of_every_published_table(sample_site: Site, sample_warehouse: Warehouse) -> None:
    words = {"PASSED": "passed", "PASSED_WITH_WARNINGS": "passed, with warnings", "FAILED": "failed"}
    wanted = sample_warehouse.query("select mart_name, gate_status from mart_publication order by 1")
    rows = _rows(_section(sample_site, "provenance.html", "publication").select("table")[0])
    assert [(row[0], row[3]) for row in rows] == [(name, words[status]) for name, status in wanted]


def test_a_figure_of_the_board_or_of_england_is_never_called_the_trusts(
    sample_site: Site, sample_warehouse: Warehouse
) -> None:
    looked_at = 0
    for (code,) in sample_warehouse.query(
        "select distinct organisation_code from mart_statement where organisation_level = 'trust'"
    ):
        section = _section(sample_site, f"organisation-{code}.html", "statement")
        for table in section.select("table[data-table='mart_statement']"):
            own = "figures of its own" in table.caption.get_text()  # type: ignore[union-attr]
            said = {row[3] for row in _rows(table)} if "Lines with figures" in table.caption.get_text() else set()  # type: ignore[union-attr]
            looked_at += len(said)
            assert said <= (
                {"NHS trust"} if own else {"England", "ICB of the trust", "Providers in the ICB of the trust"}
            ), code
    assert looked_at > 20


def test_coverage_says_of_every_indicator_what_the_mart_says(sample_site: Site, sample_warehouse: Warehouse) -> None:
    held = sample_warehouse.query(
        "select indicator_name, bool_or(availability = 'available' and breakdown = 'ethnicity') from mart_coverage "
        "where organisation_level = 'england' group by indicator_id, indicator_name"
    )
    rows = _rows(_section(sample_site, "coverage.html", "levels").select("table")[0])
    assert sorted((row[0], row[3] == "held") for row in rows) == sorted(held)
    assert sum(is_held for _, is_held in held) > 3
    named = {name for name, is_held in held if is_held}
    first = _rows(_section(sample_site, "coverage.html", "held").select("table")[0])
    assert {row[0] for row in first if re.search(r"England(?! \(in part\))", row[3])} == named


def test_a_gap_without_limits_is_not_judged(sample_site: Site, sample_warehouse: Warehouse) -> None:
    """A crude rate that is printed without its counts (6,900 and 6,200 in 100,000) was called no clear difference."""
    without = sample_warehouse.query(
        "select indicator_id from fct_inequality_measure where organisation_code = 'ENG' and measure = 'absolute_gap' and dimension = 'imd_quintile' "
        "and reference_group = '5' and standardisation = 'crude' and value is not null and ci_lower_95 is null"
    )
    for (indicator_id,) in without:
        said = _section(sample_site, f"indicator-{indicator_id}.html", "gradient").get_text()
        assert "no limits, so the difference is not judged" in said and "no clear difference" not in said, indicator_id
    assert without
