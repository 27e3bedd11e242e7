"""Every number on a page is a cell of the published file, to the digits shown; what is hidden stays hidden."""

from __future__ import annotations

import random
import re

import pytest
from bs4 import BeautifulSoup

from tests.integration.report.report_reader import NUMBER, SHORTHAND, Site, figures_of, problem_with

SAMPLED = 60


def _sampled(site: Site, seed: int) -> list[str]:
    """The pages that there is only one of, and others at random."""
    alone = [name for name in site.pages if not name.startswith(("organisation-", "indicator-", "table-"))]
    others = sorted(set(site.pages) - set(alone))
    return alone + random.Random(seed).sample(others, min(len(others), SAMPLED - len(alone)))


def test_every_number_of_sixty_pages_is_the_number_of_the_file(sample_site: Site, seed: int) -> None:
    looked_at, wrong = 0, []
    for name in _sampled(sample_site, seed):
        for shown in figures_of(name, sample_site.page(name)):
            looked_at += 1
            wrong += [why for why in [problem_with(shown, sample_site.cells.row(shown.table, shown.key))] if why]
    assert wrong == []
    assert looked_at > 5000


def test_a_wrong_digit_is_noticed(sample_site: Site) -> None:
    shown = next(s for s in figures_of("index.html", sample_site.page("index.html")) if s.text not in SHORTHAND)
    row = sample_site.cells.row(shown.table, shown.key)
    assert problem_with(shown, row) is None
    assert problem_with(shown, row | {shown.column: row[shown.column] * 1.2 + 1}) is not None
    assert problem_with(shown, row | {shown.column: None, "value_status": "suppressed"}) is not None


NAMED = {"1", "5", "12", "13", "18", "20", "52", "65", "78", "95%", "99.8%", "0.001", "1,000"}
"""Numbers that are part of a name or a rule: weeks, hours, `type 1`, limits, 13 points, Core20PLUS5."""


def _marked(soup: BeautifulSoup, page: str) -> set[str]:
    """The figures of a page, and of those that are bounded both ends."""
    texts = {shown.text for shown in figures_of(page, soup)}
    return {part.lstrip("+") for text in texts for part in (text, *text.split(" to "))}


def _of_dates(text: str) -> str:
    """Without dates and years, which are not figures."""
    months = "January|February|March|April|May|June|July|August|September|October|November|December"
    short = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    return re.sub(rf"(\d{{1,2}} )?({months}|{short}) \d{{4}}|wave \d{{4}}", "", text)


def test_no_number_stands_in_a_chart_that_its_table_does_not_have(sample_site: Site) -> None:
    """Titles, descriptions and labels of charts, so also what a screen reader says."""
    named = NAMED | {number for name in sample_site.cells.names() for number in NUMBER.findall(name)}
    stray, looked_at = [], 0
    for name in sample_site.pages:
        if name.startswith("table-"):
            continue
        soup = sample_site.page(name)
        marked = _marked(soup, name)
        for figure in soup.select("figure"):
            labels = [text.get_text() for text in figure.select("svg text.figure")]
            words = [node.get_text() for node in figure.select("h3, svg.chart > title, svg.chart > desc")]
            words += [str(svg["aria-label"]) for svg in figure.select("svg.chart")]
            found = labels + [number for text in words for number in NUMBER.findall(_of_dates(text))]
            looked_at += len(found)
            stray += [(name, number) for number in found if number.lstrip("+") not in marked | named | SHORTHAND]
    assert sorted(set(stray)) == []
    assert looked_at > 1000


def test_what_is_suppressed_is_shown_as_c_and_what_is_bounded_as_its_two_ends(sample_site: Site) -> None:
    """Ends of a value only: the counts behind them stand in the file, beside the publisher's own."""
    hidden = bounded = 0
    for name in sample_site.pages:
        for shown in figures_of(name, sample_site.page(name)):
            assert shown.column not in {"numerator_low", "numerator_high"}
            row = sample_site.cells.row(shown.table, shown.key)
            if row.get("value_status") == "suppressed" and shown.column == "value":
                assert shown.text == "[c]", shown
                hidden += 1
            if row.get("value_status") == "bounded" and shown.column == "value" and "value_low" in row:
                assert " to " in shown.text, shown
                bounded += 1
    assert hidden > 10
    assert bounded > 100


def test_statuses_are_explained_below_every_table_that_has_them(sample_site: Site) -> None:
    explained = 0
    for name in sample_site.pages:
        for scroll in sample_site.page(name).select("div.scroll"):
            used = {cell.get_text() for cell in scroll.select("td.n")} & SHORTHAND
            notes = []
            sibling = scroll.find_next_sibling()
            while sibling is not None and sibling.name == "p":
                notes.append(sibling.get_text())
                sibling = sibling.find_next_sibling()
            for mark in used:
                assert any(note.startswith(mark) for note in notes), (name, mark)
                explained += 1
    assert explained > 20


@pytest.mark.parametrize("level", ["trust", "icb"])
def test_every_organisation_of_today_has_a_page(sample_site: Site, sample_warehouse, level: str) -> None:  # type: ignore[no-untyped-def]
    sql = f"select organisation_code from dim_organisation where organisation_level = '{level}' and is_current"
    for (code,) in sample_warehouse.query(sql):
        assert f"organisation-{code}.html" in sample_site.names
