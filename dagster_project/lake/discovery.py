"""From landing pages to addresses: which file of which period is where, and which of two editions is the newer.

Addresses carry random tokens (`...-ZIP-4M-WL5BiP.zip`, `/5A/1C07D2/...`), so they are read from the publisher's pages
each time; they are never built from a date.
"""

from __future__ import annotations

import datetime as dt
import importlib
import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urljoin

from bs4 import BeautifulSoup

from dagster_project.contracts.source import Entity, LandingPage, Source
from dagster_project.lake.http import SourceMoved
from dagster_project.lake.links import DATA_ENDINGS, ending_of, name_of, read_name
from dagster_project.lake.transport import Transport

PART = "+"
"""Between the period and the part of it that a file holds: `2024+91547`."""
UPLOAD_FOLDER = re.compile(r"/uploads/sites/\d+/(\d{4})/(\d{2})/")


@dataclass(frozen=True)
class Located:
    """A file that a landing page offers."""

    entity: str
    period: str
    address: str
    revision: int
    """Which edition of its period it is, as `revision_number` counts."""
    uploaded: str
    """The year and month of the upload folder, `2026-02`, or ""."""
    order: int
    """The place on the page, counted from its end: pages list newest first."""

    @property
    def edition(self) -> tuple[str, int, int]:
        """Sorts editions of one period, oldest first."""
        return (self.uploaded, self.revision, self.order)


@dataclass(frozen=True)
class Discovery:
    """What the landing pages of one source gave."""

    located: tuple[Located, ...]
    missing_pages: tuple[str, ...]
    unknown_names: tuple[str, ...] = ()
    """Names of data files on the pages that are neither taken nor among those that the source leaves out."""


def discover(source: Source, transport: Transport, today: dt.date) -> Discovery:
    """Return every file of the source that its landing pages offer today.

    Raises SourceMoved when no landing page could be read or none of them links to a file of the source. A source whose addresses are not links of a page (an interface) has a
    discover.py of its own: `locate(source, transport, today)` gives what it offers, and raises as this does.
    """
    if (source.folder / "discover.py").is_file():
        locate = importlib.import_module(f"dagster_project.sources.{source.slug}.discover").locate
        return Discovery(tuple(sorted(locate(source, transport, today), key=_order)), ())
    links, missing = _read_landing_pages(source, transport, today)
    located = [found for entity in source.entities for found in _locate(entity, links)]
    unknown = _unknown_names(source, links, {found.address for found in located})
    if not located:
        pages = ", ".join(page.address for page in source.landing_pages)
        names = f"; data files on the pages: {len(unknown)}, matched: 0: {_listed(unknown)}" if unknown else ""
        raise SourceMoved(
            pages or source.slug,
            f"no landing page of {source.slug} links to a file that its patterns know ({len(missing)} pages missing){names}",
            "open the page in a browser and fix link or landing_pages in source.yml",
        )
    return Discovery(tuple(sorted(located, key=_order)), tuple(missing), tuple(unknown))


def _unknown_names(source: Source, links: list[str], taken: set[str]) -> list[str]:
    """Data files that the pages link to and nobody declared; a new spelling of a wanted file is among them."""
    names = {name_of(address) for address in links if address not in taken and ending_of(address) in DATA_ENDINGS}
    return sorted(name for name in names if not any(re.search(p, name, re.IGNORECASE) for p in source.left_out))


def _listed(names: list[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _order(found: Located) -> tuple[str, str, tuple[str, int, int]]:
    return (found.entity, found.period, found.edition)


def _read_landing_pages(source: Source, transport: Transport, today: dt.date) -> tuple[list[str], list[str]]:
    links: dict[str, None] = {}
    missing: list[str] = []
    waiting = [(a, page.follow_pattern) for page in source.landing_pages for a in _page_addresses(page, today)]
    done: set[str] = set()
    while waiting:
        address, follow = waiting.pop(0)
        if address in done:
            continue
        done.add(address)
        try:
            text = transport.read_page(address)
        except SourceMoved:
            missing.append(address)
            continue
        found = list(_links(text, address))
        links |= dict.fromkeys(found)
        if follow:
            waiting += [(link, "") for link in found if re.search(follow, link)]
    direct = any(entity.direct_addresses for entity in source.entities)
    if source.landing_pages and len(missing) == len(done) and not direct:
        raise SourceMoved(", ".join(missing), f"no landing page of {source.slug} was found", "fix source.yml")
    return list(links), missing


def _page_addresses(page: LandingPage, today: dt.date) -> Iterator[str]:
    if page.first_financial_year is None:
        yield page.address
        return
    current = today.year if today.month >= 4 else today.year - 1  # noqa: PLR2004 - April begins the financial year
    for year in range(min(current, page.last_financial_year or current), page.first_financial_year - 1, -1):
        yield page.address.format(financial_year=f"{year}-{(year + 1) % 100:02d}")


def _links(text: str, base: str) -> Iterator[str]:
    for anchor in BeautifulSoup(text, "html.parser").find_all("a", href=True):
        yield urljoin(base, str(anchor["href"]))


def _locate(entity: Entity, links: list[str]) -> Iterator[Located]:
    for address in entity.direct_addresses:
        known = re.search(entity.link_pattern, unquote(address))
        part = PART + known["part"] if known and "part" in known.groupdict() else ""
        yield Located(entity.name, entity.fixed_period + part, address, 0, "", 0)
    if entity.link is None:
        return
    for place, address in enumerate(links):
        facts = read_name(entity.link, address)
        if facts is None:
            continue
        upload = UPLOAD_FOLDER.search(address)
        uploaded = f"{upload[1]}-{upload[2]}" if upload else ""
        period = facts.period or entity.fixed_period
        yield Located(entity.name, period, address, facts.revision, uploaded, len(links) - place)


def period_bounds(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of `2026-01`, `2025-06-29`, `fy2023-24` (April to March), `fy2024-25-q3` (October to December) or
    `2019` (calendar year); a part is left out."""
    period = period.partition(PART)[0]
    if match := re.fullmatch(r"fy(\d{4})-\d{2}-q([1-4])", period):
        month = int(match[1]) * 12 + 3 * int(match[2])  # first of the quarter, in months since year 0: April is 3
        first, after = (dt.date(m // 12, m % 12 + 1, 1) for m in (month, month + 3))
        return first, after - dt.timedelta(days=1)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
        day = dt.date.fromisoformat(period)
        return day, day
    if re.fullmatch(r"\d{4}", period):
        return dt.date(int(period), 1, 1), dt.date(int(period), 12, 31)
    if period.startswith("fy"):
        year = int(period[2:6])
        return dt.date(year, 4, 1), dt.date(year + 1, 3, 31)
    year, second = int(period[:4]), int(period[5:])
    return dt.date(year, second, 1), dt.date(year, second, monthrange(year, second)[1])
