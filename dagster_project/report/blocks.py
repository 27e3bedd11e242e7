"""What a page is made of: sections of paragraphs, lists, tables and charts with their tables. Templates turn them into HTML.

A text with figures is made by `say`: what is put into it is escaped unless it is mark-up that this package made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from markupsafe import Markup

from dagster_project.report.dumbbells import Kind
from dagster_project.report.tables import Table

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `lead` is larger, `inset` set apart, `caveat` says what the figures do not say."""

    html: Markup | str
    kind: Literal["plain", "lead", "inset", "caveat"] = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: Sequence[Markup | str]


@dataclass(frozen=True, slots=True)
class Tabular:
    """Its own table, folded away under `summary` where that is given."""

    table: Table
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart under the finding it shows, with its table folded below: it opens without a script. `icons` are next to the finding."""

    title: str
    drawing: Markup
    table: Table | None = None
    note: Markup | str = ""
    icons: Sequence[Markup] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are, as a summary list."""

    items: Sequence[tuple[str, Markup | str]]


@dataclass(frozen=True, slots=True)
class Tile:
    """A finding at a glance: its figure, what it is in a sentence, direction and date, and the place that says more."""

    title: str
    value: Markup | str
    text: Markup | str
    note: str
    address: str
    more: str
    kind: Kind = "neither"
    spark: Markup | str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles side by side."""

    items: Sequence[Tile]


@dataclass(frozen=True, slots=True)
class Part:
    """A list under a small heading."""

    title: str
    items: Sequence[Markup | str]


Block = Paragraph | Bullets | Tabular | Picture | Facts | Tiles | Part


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it; `kind` is the class of its look, where it has one of its own.

    `paper` is how many of its charts a page that prints short takes with it; a section without any stays on the screen.
    """

    anchor: str
    title: str
    blocks: Sequence[Block]
    kind: str = ""
    paper: int = 0

    @property
    def look(self) -> str:
        """Return its classes."""
        return " ".join(part for part in (self.kind, "paper" if self.paper else "") if part)

    @property
    def placed(self) -> list[tuple[Block, str, bool]]:
        """Return each block with the name by which a chart is linked to, and whether it stays on the screen when the page prints short."""
        found: list[tuple[Block, str, bool]] = []
        charts = 0
        for block in self.blocks:
            charts += isinstance(block, Picture)
            is_chart = isinstance(block, Picture)
            found.append((block, f"{self.anchor}-{charts}" if is_chart else "", is_chart and charts > self.paper))
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the site; `crumbs` are address and title of the pages above it.

    `paper` is the form in which it prints: everything, `short` (charts without their tables, in two columns), or `short side` (the same in
    the type of a brief).
    """

    path: str
    title: str
    sections: Sequence[Section]
    lead: Markup | str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    template: str = "page.html"
    extra: dict[str, Any] = field(default_factory=dict)
    paper: Literal["", "short", "short side"] = ""


def first_tiles(tile: Callable[[Found], Tile], found: Sequence[Found], most: int, table: str) -> list[Block]:
    """Return the tiles of the first ones found, `most` at most, and how many more are in which table of the file."""
    left = len(found) - most
    more = [Paragraph(f"{left} more are in table {table} of the file.")] if left > 0 else []
    return [Tiles([tile(one) for one in found[:most]]), *more]


def say(text: str, **parts: Any) -> Markup:
    """Fill the parts into a sentence of this package, escaped."""
    return Markup(text).format(**parts)  # noqa: S704


def link(address: str, words: str) -> Markup:
    """Return a link to another page of the site."""
    return Markup('<a href="{}">{}</a>').format(address, words)


def slug(name: str) -> str:
    """Return a code or identifier as part of a file name: letters, digits, hyphen and underscore stand, everything else is written as its code point.

    Two different names never give the same slug, and none can leave the folder.
    """
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f"~{ord(found[0]):x}~", name) or "~"


def organisation_page(code: str) -> str:
    """Return the file name of the page of an organisation; England's is the first page."""
    return "index.html" if code == "ENG" else f"organisation-{slug(code)}.html"


def indicator_page(indicator_id: str) -> str:
    """Return the file name of the page of an indicator."""
    return f"indicator-{slug(indicator_id)}.html"


def table_page(table: str) -> str:
    """Return the file name of the page that says where a table comes from."""
    return f"table-{slug(table)}.html"
