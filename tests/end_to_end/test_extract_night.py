"""A trust makes a return of its extract with `--night` and sees it on its own page, beside public figures of its peers.

What must be seen is counted here from the rows of the extract.
"""

from __future__ import annotations

import csv
import datetime as dt

from bs4 import BeautifulSoup

from dagster_project.lake.paths import Lake
from dagster_project.sample.returns_story import NEWEST_MONTH
from tests.end_to_end.conftest import TRUST, Story, trial_of
from tests.integration.report.report_reader import figures_of
from tests.warehouses import Warehouse

LONGEST = 364
"""Days after which somebody waits over 52 weeks."""


def test_a_trust_sees_the_return_of_its_own_extract_beside_its_peers(story: tuple[Story, Warehouse]) -> None:
    told, warehouse = story
    assert told.good_night["intake"]["outcome"].startswith("accepted"), told.good_night
    assert told.good_night["intake"]["used_instead"] == ""
    with (trial_of(warehouse) / "extract.csv").open(encoding="cp1252", newline="") as stream:
        starts = [row["Clock Start"] for row in csv.DictReader(stream, delimiter=";")]
    waits = [(NEWEST_MONTH - dt.datetime.strptime(start, "%d-%b-%Y").date()).days for start in starts]  # noqa: DTZ007 - a day
    rounded = tuple((number + 2) // 5 * 5 for number in (sum(wait > LONGEST for wait in waits), len(waits)))
    own = f"organisation_code = '{TRUST}' and indicator_id = 'WL_GT52_PCT' and period_end = date '{NEWEST_MONTH}'"
    assert warehouse.query(f"select numerator, denominator from mart_hi_rate where {own} and dimension = 'ALL'") == [
        rounded
    ]

    page = f"organisation-{TRUST}.html"
    report = Lake(warehouse.lake).published / "report"
    soup = BeautifulSoup((report / page).read_text(encoding="utf-8"), "html.parser")
    figures = list(figures_of(page, soup))
    of_groups = {
        f"{people:,}"
        for (people,) in warehouse.query(
            f"select denominator from mart_hi_rate where {own} and dimension in ('IMD_QUINTILE', 'ETHNIC5') and denominator is not null"
        )
    }
    shown = {one.text for one in figures if one.table == "mart_hi_rate" and one.column == "denominator"}
    assert of_groups and of_groups <= shown, "gaps by deprivation and ethnic group"
    crossed = [one for one in figures if one.table == "mart_hi_intersection" and one.column == "value"]
    assert len([one for one in crossed if "[" not in one.text]) > 10, "ethnic groups within fifths"
    periods = {dict(one.key)["period_end"] for one in figures if one.table == "mart_hi_rate"}
    assert len(periods) > 6, "the periods before"
    assert any(one.table == "mart_funnel" for one in figures), "public figures of peers"
