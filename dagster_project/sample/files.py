"""Bytes in the publishers' formats: CSV, zip, workbook, landing page, and where a mirror keeps them.

Everything here is a pure function of its arguments. No clock, locale or hash order reaches a byte, so that one seed
gives one estate on every machine. The figures themselves are made in the modules named after the sources.
"""

from __future__ import annotations

import csv
import datetime
import html
import io
import math
import random
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import xlsxwriter  # comes with gptables, ships neither stubs nor py.typed

from dagster_project.lake.paths import SYNTHETIC_MARKER

Cell = str | int | float | None
Published = dict[str, bytes]  # address -> bytes

NOTICE = (
    "Synthetic figures for trying and testing the warehouse: invented organisations, invented counts. "
    "Not published by, and not endorsed by, any public body."
)
UPLOADS = "https://www.england.nhs.uk/statistics/wp-content/uploads/sites/2"
STATISTICAL_WORK_AREAS = "https://www.england.nhs.uk/statistics/statistical-work-areas"
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_SUPPRESSED_BELOW = 8  # the smallest number in the real WLMDS files is 10, so 1 to 7 are hidden before rounding


def open_stream(seed: int, *labels: object) -> random.Random:
    """Give a stream of random numbers of its own for ``labels``; a text seed is hashed by SHA-512, not ``hash``."""
    return random.Random("/".join(str(part) for part in (seed, *labels)))


def scatter(expected: float, stream: random.Random) -> int:
    """Round an expected count up or down at random, so that its mean over many draws is ``expected``."""
    return math.floor(expected + stream.random())


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Share ``total`` out over ``weights`` as whole numbers that add up to it (largest remainders first)."""
    whole = math.fsum(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [math.floor(value) for value in exact]
    order = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in order[: total - sum(shares)]:
        shares[place] += 1
    return shares


def round_to_five(count: int) -> int:
    """Round to the nearest multiple of five, as NHS England does below England level."""
    return 5 * math.floor(count / 5 + 0.5)


def suppress(count: int) -> str:
    """Give the published text of a count: ``*`` for 1 to 7, else the nearest multiple of five."""
    return "*" if 0 < count < _SUPPRESSED_BELOW else str(round_to_five(count))


def csv_bytes(
    rows: Iterable[Sequence[Cell]], *, line_end: str = "\r\n", quote_all: bool = False, separator: str = ","
) -> bytes:
    """Write rows as UTF-8 CSV without a byte order mark."""
    text = io.StringIO()
    csv.writer(
        text, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    ).writerows(rows)
    return text.getvalue().encode()


def zip_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Pack members into a zip with fixed times.

    Members are stored, not deflated: deflate's output differs between zlib and zlib-ng, a stored member's does not.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, date_time=_ZIP_EPOCH)
            entry.create_system = 0  # else the byte says on which operating system the estate was made
            archive.writestr(entry, content)
    return packed.getvalue()


def workbook_bytes(sheets: Sequence[tuple[str, Sequence[Sequence[Cell]]]]) -> bytes:
    """Write an .xlsx workbook; a text that starts with ``=SUM(`` becomes a formula with its sum as the cached value."""
    draft = io.BytesIO()
    book = xlsxwriter.Workbook(draft, {"in_memory": True})
    book.set_properties({"title": NOTICE, "created": datetime.datetime(1980, 1, 1, tzinfo=datetime.UTC)})
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                _write_cell(sheet, rows, row, column, value)
    book.close()
    with zipfile.ZipFile(draft) as archive:
        return zip_bytes((entry.filename, archive.read(entry)) for entry in archive.infolist())


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet, rows: Sequence[Sequence[Cell]], row: int, column: int, value: Cell
) -> None:
    if isinstance(value, str) and value.startswith("=SUM("):
        below = (cells[column] for cells in rows[row + 1 :])
        cached = sum(number for number in below if isinstance(number, int))
        sheet.write_formula(row, column, value, None, cached)
    elif isinstance(value, str):
        sheet.write_string(row, column, value)
    elif value is not None:
        sheet.write_number(row, column, value)


def ods_bytes(sheets: Sequence[tuple[str, Sequence[Sequence[Cell]]]]) -> bytes:
    """Write an OpenDocument spreadsheet with the least that a reader needs."""
    tables = "".join(
        f'<table:table table:name="{html.escape(name)}">{"".join(map(_ods_row, rows))}</table:table>'
        for name, rows in sheets
    )
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "manifest")
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    content = f"<office:spreadsheet>{tables}</office:spreadsheet>"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{media}"/>'
        for path, media in (("/", kind), ("content.xml", "text/xml"))
    )
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    body = (
        f"{declaration}<office:document-content{spaces}><office:body>{content}</office:body></office:document-content>"
    )
    manifest = f"{declaration}<manifest:manifest{spaces}>{entries}</manifest:manifest>"
    members = (("mimetype", kind), ("content.xml", body), ("META-INF/manifest.xml", manifest))
    return zip_bytes((name, text.encode()) for name, text in members)


def _ods_row(cells: Sequence[Cell]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(value: Cell) -> str:
    if value is None:
        return "<table:table-cell/>"
    kind = 'string"' if isinstance(value, str) else f'float" office:value="{value}"'
    text = html.escape(str(value), quote=False)
    return f'<table:table-cell office:value-type="{kind}><text:p>{text}</text:p></table:table-cell>'


def link_line(address: str, text: str) -> str:
    """Give the paragraph of a landing page that links to one file."""
    return f'<p><a href="{html.escape(address)}">{html.escape(text)}</a></p>'


def landing_page(title: str, links: Iterable[tuple[str, str]]) -> bytes:
    """Give a landing page: heading, navigation, the notice, then one paragraph for each (address, link text)."""
    heading = html.escape(f"{title} (synthetic)", quote=False)
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="en-GB"><head><meta charset="utf-8"><title>{heading}</title></head>',
        f"<body><h1>{heading}</h1>",
        '<p><a href="https://www.england.nhs.uk/">Home</a> <a href="/statistics/feed/">Feed</a></p>',
        f"<p>{NOTICE}</p>",
        *(link_line(address, text) for address, text in links),
        "</body></html>",
        "",
    ]
    return "\n".join(lines).encode()


def mirror_path(folder: Path, address: str) -> Path:
    """Say where ``wget --force-directories`` keeps an address: host first, query in the name, a folder's index.html."""
    parts = urlsplit(address)
    name = unquote(parts.path.lstrip("/"))
    name += "index.html" if parts.path.endswith("/") else ""
    return folder / parts.netloc / (f"{name}?{parts.query}" if parts.query else name)


def write_marker(folder: Path) -> Path:
    """Say at the root of the estate that it is synthetic."""
    marker = folder / SYNTHETIC_MARKER
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("Invented organisations and figures.\n", encoding="utf-8", newline="\n")
    return marker


def write_published(folder: Path, published: Published) -> list[Path]:
    """Write every address to its place under ``folder``; a file that already has these bytes is left untouched."""
    written = []
    for address, content in published.items():
        path = mirror_path(folder, address)
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        written.append(path)
    return sorted(written)
