"""The report as a folder of files: which pages there are, how they are rendered, and the files beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dagster_project.duck import EngineLimits, connection
from dagster_project.html_pages import style_hash, templates
from dagster_project.report import (
    about,
    compare,
    coverage,
    england,
    indicators,
    organisations,
    provenance,
    quality,
    survey,
)
from dagster_project.report.blocks import Page
from dagster_project.report.context import Context
from dagster_project.report.lineage import Lineage
from dagster_project.report.marts import Marts

PACKAGE = "dagster_project.report"
SEARCH = "search.js"
STATIC = ("report.css", "report.js", "icon.svg", "LICENCE-nhsuk-frontend.txt")
NAVIGATION = (
    ("index.html", "England"),
    ("find.html", "Organisations and indicators"),
    ("compare.html", "Compare"),
    ("survey.html", "Survey"),
    ("data-quality.html", "Data quality"),
    (coverage.PATH, coverage.TITLE),
    ("provenance.html", "Where figures come from"),
    ("cite.html", "How to cite"),
)


LIMITS = EngineLimits(memory="512MB")
"""The report is made beside the Parquet files, which have a gigabyte of their own. Its queries of 60 months need between 120 and 256 MB."""


def build_report(marts_file: Path, folder: Path, lineage: Lineage | None = None) -> list[str]:
    """Write the site of a published file into a new folder; gives the files' names, in order.

    The bytes depend on the file and on `lineage` alone: no clock, no random identifier. Raises duckdb.Error or OSError.
    """
    folder.mkdir(parents=True)
    written = []
    with connection(marts_file, read_only=True, limits=LIMITS) as con:
        context = Context.read(Marts(con))
        for name, content in _files(context, lineage or Lineage.empty()):
            (folder / name).write_bytes(content)
            written.append(name)
    return sorted(written)


def _files(context: Context, lineage: Lineage) -> Iterator[tuple[str, bytes]]:
    for name in STATIC:
        yield name, files(PACKAGE).joinpath("static", name).read_bytes()
    pages = list(_pages(context, lineage))
    navigation = [entry for entry in NAVIGATION if any(page.path == entry[0] for page in pages)]
    style = files(PACKAGE).joinpath("static", "report.css").read_text(encoding="utf-8")
    common = {
        "release": context.release,
        "navigation": navigation,
        "style": Markup(style),  # noqa: S704 - a file of this package
        "style_hash": style_hash(style),
    }
    for page in pages:
        yield page.path, _render(page, common).encode()
    yield SEARCH, _search_index(pages)
    yield from indicators.downloads(context)


def _search_index(pages: Sequence[Page]) -> bytes:
    """What the search box of every page looks in, as a script: a page that is opened as a file may load no other kind of data."""
    lists = [lists for page in pages for lists in page.extra.get("lists", [])]
    entries = [[e["words"], e["note"], e["address"]] for _, _, entries in lists for e in entries]
    entries += [[page.title, "page", page.path] for page in pages if page.path in dict(NAVIGATION)]
    return f"window.reportIndex = {json.dumps(entries, separators=(',', ':'))};\n".encode()


def _pages(context: Context, lineage: Lineage) -> Iterator[Page]:
    everything = organisations.read_everything(context)
    yield england.page(context, everything)
    yield from organisations.pages(context, everything)
    yield from compare.pages(context, everything)
    yield from indicators.pages(context, everything)
    yield from survey.pages(context)
    yield quality.page(context)
    yield from coverage.pages(context)
    yield from provenance.pages(context, lineage)
    yield from about.pages(context)


def _render(page: Page, common: Mapping[str, Any]) -> str:
    """The HTML of a page; everything in it is escaped unless this package marked it up."""
    return templates(PACKAGE, "templates").get_template(page.template).render(page=page, **common, **page.extra)
