"""A bad night on purpose: the latest A&E month of a written estate is revised wrongly, and later revised again.

The revision raises one trust's Type 1 attendances and breaches. In the broken issue the total row was forgotten, so the
providers do not add up to it; in the fixed issue it is right.
"""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path

from dagster_project.sample import nhse_ae
from dagster_project.sample.files import MONTHS, csv_bytes, link_line, mirror_path, write_published

PAGE = f"{nhse_ae.PAGES}2025-26/"
REVISED_TRUST = "R9A"
ADDED_ATTENDANCES, ADDED_OVER_FOUR_HOURS = 100, 40
_ADDED = {"A&E attendances Type 1": ADDED_ATTENDANCES, "Attendances over 4hrs Type 1": ADDED_OVER_FOUR_HOURS}
_LINK = re.compile(r'<p><a href="(?P<address>[^"]+\.csv)">[^<]+</a></p>')
_NAME = re.compile(r"/(?P<month>[A-Z][a-z]+)-(?P<year>\d{4})-CSV-(?P<tail>[^/]+)\.csv$")


@dataclass(frozen=True)
class _Issue:
    """The first link of the landing page: the newest issue of the newest month; ``month`` from 0."""

    line: str
    address: str
    year: int
    month: int
    tail: str


def break_month(folder: Path) -> Path:
    """Publish a broken revision of the latest month beside the original and link to it; return the new file.

    Raises ValueError when the latest month has a revision already.
    """
    newest = _newest_issue(folder)
    if newest.tail.startswith("revised"):
        raise ValueError(f"{newest.address} is a revision already: fix it before the month is broken again")
    address = nhse_ae.file_address(newest.year, newest.month, revised=True)
    content = _alter(mirror_path(folder, newest.address).read_bytes(), REVISED_TRUST)
    return _publish(folder, newest, address, content, keep=True)


def mend_month(folder: Path) -> Path:
    """Publish the fixed revision in the place of the broken one and return the new file.

    The broken file stays where it is, without a link, as uploads do. Raises ValueError when no month was broken.
    """
    newest = _newest_issue(folder)
    if newest.tail != "revised":
        raise ValueError(f"{newest.address} is not a broken month: call break_month first")
    later_year, later_month = divmod(newest.year * 12 + newest.month + 1, 12)
    later_folder = nhse_ae.file_address(later_year, later_month, revised=True).rsplit("/", 1)[0]
    address = f"{later_folder}/{MONTHS[newest.month]}-{newest.year}-CSV-revised-2.csv"
    content = _alter(mirror_path(folder, newest.address).read_bytes(), "TOTAL")
    return _publish(folder, newest, address, content, keep=False)


def _newest_issue(folder: Path) -> _Issue:
    link = _LINK.search(mirror_path(folder, PAGE).read_text(encoding="utf-8"))
    address = html.unescape(link["address"]) if link else ""
    name = _NAME.search(address)
    if link is None or name is None:
        raise ValueError(f"the first link of {PAGE} is not to an A&E month: {address or 'no link'}")
    return _Issue(link[0], address, int(name["year"]), MONTHS.index(name["month"]), name["tail"])


def _alter(content: bytes, code: str) -> bytes:
    """Add the revision to the line of one organisation code (or of the total row)."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    for line in lines[1:]:
        if line[1].strip().upper() == code:
            for column, added in _ADDED.items():
                place = lines[0].index(column)
                line[place] = str(int(line[place]) + added)
    return csv_bytes(lines)


def _publish(folder: Path, newest: _Issue, address: str, content: bytes, *, keep: bool) -> Path:
    text = nhse_ae.link_text(newest.year, newest.month, revised=True)
    page = mirror_path(folder, PAGE).read_text(encoding="utf-8")
    lines = [link_line(address, text), newest.line] if keep else [link_line(address, text)]
    page = page.replace(newest.line, "\n".join(lines), 1)
    write_published(folder, {address: content, PAGE: page.encode()})
    return mirror_path(folder, address)
