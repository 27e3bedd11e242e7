"""From landing pages to addresses: names of every generation that was seen, editions in order, pages that are gone."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.contracts.source import LandingPage, Source, load_sources
from dagster_project.lake.discovery import Located, discover, period_bounds
from dagster_project.lake.http import Fetched, SourceMoved
from dagster_project.lake.paths import Origin

TODAY = dt.date(2026, 3, 20)
UPLOADS = "https://www.england.nhs.uk/statistics/wp-content/uploads/sites/2"


class Pages:
    """A site of pages and nothing else."""

    origin: Origin = "published"

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def read_page(self, address: str) -> str:
        self.asked.append(address)
        if address not in self.pages:
            raise SourceMoved(address, "there is no such page", "look")
        return self.pages[address]

    def fetch(self, address: str, *_: object, **__: object) -> Fetched:
        raise AssertionError(f"discovery fetched {address}")


def links(*addresses: str) -> str:
    return "".join(f'<p><a href="{address}">Monthly A&amp;E</a></p>' for address in addresses)


def source(*pages: LandingPage, slug: str = "nhse_ae") -> Source:
    return load_sources()[slug].model_copy(update={"landing_pages": pages})


PAGE = "https://www.england.nhs.uk/ae/"
ONE_PAGE = LandingPage(address=PAGE)


def found(*addresses: str) -> list[Located]:
    return list(discover(source(ONE_PAGE), Pages({PAGE: links(*addresses)}), TODAY).located)


# Names of the real series: four generations of A&E, revisions of RTT, versions of WLMDS.
@pytest.mark.parametrize(
    ("slug", "entity", "name", "period", "revision"),
    [
        ("nhse_ae", "monthly", "2022/05/April-2021-revised-120522-ABC456.csv", "2021-04", 200),
        ("nhse_ae", "monthly", "2024/10/Monthly-AE-September-2024.csv", "2024-09", 0),
        ("nhse_ae", "monthly", "2025/02/Monthly-AE-November-2024-revised.csv", "2024-11", 200),
        ("nhse_ae", "monthly", "2026/01/September-2025-CSV-revised.csv", "2025-09", 200),
        ("nhse_ae", "monthly", "2026/01/December-2025-CSV-K7F4Sp.csv", "2025-12", 0),
        ("nhse_rtt", "full_extract", "2026/03/Full-CSV-data-file-Jan26-ZIP-4M-WL5BiP.zip", "2026-01", 0),
        ("nhse_rtt", "full_extract", "2026/02/Full-CSV-data-file-Apr25-ZIP-4M-revised.zip", "2025-04", 200),
        ("nhse_rtt", "full_extract", "2026/02/Full-CSV-data-file-Apr25-ZIP-4M-revised-2.zip", "2025-04", 202),
        ("nhse_wlmds", "geography", "2026/03/WLMDS-Demographics-Geography-to-22-February-2026-v2.csv", "2026-02-22", 2),
        ("nhse_wlmds", "timeseries", "2025/07/WLMDS-Demographics-Timeseries-to-29-June-2025.csv", "2025-06-29", 0),
    ],
)
def test_period_and_revision_are_read_from_the_name(
    slug: str, entity: str, name: str, period: str, revision: int
) -> None:
    pages = Pages({PAGE: links(f"{UPLOADS}/{name}")})
    (located,) = discover(source(ONE_PAGE, slug=slug), pages, TODAY).located
    assert (located.entity, located.period, located.revision) == (entity, period, revision)
    assert located.uploaded == name[:7].replace("/", "-")


def test_links_are_resolved_against_their_page_and_decoded_only_for_matching() -> None:
    (located,) = found("../uploads/sites/2/2026/02/January%2D2026-CSV-a.csv")
    assert located.address == "https://www.england.nhs.uk/uploads/sites/2/2026/02/January%2D2026-CSV-a.csv"
    assert located.period == "2026-01"


def test_workbooks_and_other_files_of_the_page_are_not_taken() -> None:
    names = ["January-2026-CSV-a.csv", "January-2026-a.xls", "Quarter-3-2025-26.csv", "January-2026.csv.zip"]
    assert [f.address.rsplit("/", 1)[1] for f in found(*(f"{UPLOADS}/2026/02/{name}" for name in names))] == names[:1]


def test_editions_of_a_month_come_oldest_first_whatever_their_order_on_the_page() -> None:
    first = f"{UPLOADS}/2026/02/January-2026-CSV-a.csv"
    revised = f"{UPLOADS}/2026/04/January-2026-CSV-revised.csv"
    again = f"{UPLOADS}/2026/04/January-2026-CSV-revised-2.csv"
    for order in ([first, revised, again], [again, first, revised], [revised, again, first]):
        assert [located.address for located in found(*order)] == [first, revised, again]


def test_of_two_first_editions_in_one_folder_the_upper_link_is_the_newer() -> None:
    upper, lower = (f"{UPLOADS}/2026/02/January-2026-CSV-{token}.csv" for token in ("zzz", "aaa"))
    assert [located.address for located in found(upper, lower)] == [lower, upper]


def test_yearly_pages_are_asked_from_the_first_year_to_the_current_one_and_missing_ones_are_named() -> None:
    page = LandingPage(address="https://www.england.nhs.uk/ae-{financial_year}/", first_financial_year=2023)
    pages = Pages({"https://www.england.nhs.uk/ae-2024-25/": links(f"{UPLOADS}/2025/02/January-2025-CSV-a.csv")})
    discovery = discover(source(page), pages, TODAY)
    assert pages.asked == [f"https://www.england.nhs.uk/ae-{year}/" for year in ("2025-26", "2024-25", "2023-24")]
    assert discovery.missing_pages == (pages.asked[0], pages.asked[2])
    assert [located.period for located in discovery.located] == ["2025-01"]


@pytest.mark.parametrize(("today", "newest"), [("2026-03-31", "2025-26"), ("2026-04-01", "2026-27")])
def test_financial_year_begins_in_april(today: str, newest: str) -> None:
    page = LandingPage(address="https://www.england.nhs.uk/ae-{financial_year}/", first_financial_year=2025)
    pages = Pages({})
    with pytest.raises(SourceMoved):
        discover(source(page), pages, dt.date.fromisoformat(today))
    assert pages.asked[0].endswith(f"ae-{newest}/")


def test_century_is_kept_in_a_financial_year() -> None:
    page = LandingPage(address="https://www.england.nhs.uk/ae-{financial_year}/", first_financial_year=2099)
    pages = Pages({})
    with pytest.raises(SourceMoved):
        discover(source(page), pages, dt.date(2099, 12, 1))
    assert pages.asked == ["https://www.england.nhs.uk/ae-2099-00/"]


def test_pages_that_a_page_leads_to_are_read_once_and_not_further() -> None:
    year = "https://www.england.nhs.uk/ae-2025-26/"
    pages = Pages(
        {
            PAGE: links(year, year, PAGE),
            year: links(f"{UPLOADS}/2026/02/January-2026-CSV-a.csv", "https://www.england.nhs.uk/ae-2024-25/"),
        }
    )
    page = LandingPage(address=PAGE, follow_pattern=r"/ae-20\d\d-\d\d/$")
    assert len(discover(source(page), pages, TODAY).located) == 1
    assert pages.asked == [PAGE, year]


def test_page_without_any_known_link_is_an_error_that_names_the_page_and_what_to_do() -> None:
    with pytest.raises(SourceMoved, match=r"(?s)ae/.*no landing page of nhse_ae links to a file.*fix link or"):
        discover(source(ONE_PAGE), Pages({PAGE: links("https://www.england.nhs.uk/about/")}), TODAY)


def test_page_whose_data_files_match_nothing_is_an_error_that_names_them() -> None:
    names = [f"{UPLOADS}/2026/02/AE-by-provider-{n}.csv" for n in ("Jan", "Feb")]
    with pytest.raises(SourceMoved, match=r"(?s)data files on the pages: 2, matched: 0: AE-by-provider-Feb.csv, AE-by"):
        discover(source(ONE_PAGE), Pages({PAGE: links(*names)}), TODAY)


def test_data_file_that_is_neither_taken_nor_left_out_is_named() -> None:
    names = ["January-2026-CSV-a.csv", "Ambulance-January-2026-handover.xlsx", "Notes-on-the-series.XLSX", "guide.pdf"]
    page = Pages({PAGE: links(*(f"{UPLOADS}/2026/02/{name}" for name in names))})
    asked = source(ONE_PAGE).model_copy(update={"left_out": ("^ambulance",)})
    assert discover(asked, page, TODAY).unknown_names == ("Notes-on-the-series.XLSX",)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("2025-06-29", "2025-06-29", "2025-06-29"),
        ("fy2023-24", "2023-04-01", "2024-03-31"),
        ("2019", "2019-01-01", "2019-12-31"),
        ("2025-12+11-7", "2025-12-01", "2025-12-31"),
        ("fy2024-25-q1", "2024-04-01", "2024-06-30"),
        ("fy2024-25-q3", "2024-10-01", "2024-12-31"),
        ("fy2024-25-q4", "2025-01-01", "2025-03-31"),
    ],
)
def test_bounds_of_a_period(period: str, first: str, last: str) -> None:
    assert [day.isoformat() for day in period_bounds(period)] == [first, last]


@given(day=st.dates(dt.date(2000, 1, 1), dt.date(2098, 12, 31)))
def test_every_day_lies_in_its_month_its_year_and_its_financial_year(day: dt.date) -> None:
    year = day.year if day.month >= 4 else day.year - 1
    for period in (f"{day:%Y-%m}", f"{day:%Y}", f"fy{year}-{(year + 1) % 100:02d}", day.isoformat()):
        first, last = period_bounds(period)
        assert first <= day <= last
