"""The search of a text file, whatever its encoding and separator, with little memory however long its lines, fields and rows are.

Every character is in some cell. A text whose lines or rows are longer than those of any return is not searched, and not taken.
What is looked for: identifiers.py.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np

from dagster_project.lake.content import UnreadableText, detect_encoding
from dagster_project.returns.findings import Finding
from dagster_project.returns.identifiers import BLOCK_ROWS, HEADER_ROWS, CellScanner
from dagster_project.returns.limits import MAXIMUM_FILE_BYTES
from dagster_project.returns.reading import Content, different_cells

SEPARATORS = ",;\t|"
_LINE_FEED, _RETURN = 10, 13
PIECE = 1 << 20
"""The longest line and field, so that no file decides how much memory is taken: a cell of a workbook holds 32,767 characters."""
BLOCK_CELLS, LARGEST_BLOCK = 4_000_000, 16 * PIECE
"""A row has no more cells than bytes: so many rows are held at a time that they stay below this, whatever they hold; where
quotation marks join lines to rows, below four times as much."""
MAXIMUM_CELLS_OF_A_ROW = 2_000


class _RowTooLong(Exception):
    """More cells than any return has, or quotation marks that hold a row together over more than a block."""


def scan_csv(path: Path) -> list[Finding]:
    """Findings of a text file; one with a line or row that no return has is not searched. Raises OSError."""
    if _is_clean(path):
        return []
    longest, scanner = _longest_line(path), CellScanner("text")
    if longest > PIECE:
        return [Finding("too_large", "text")]
    csv.field_size_limit(PIECE)
    with path.open(encoding=_encoding(path), errors="replace", newline="") as text:
        separator = _separator(text.readline())
        text.seek(0)
        try:
            scanner.scan_blocks(_blocks(text, separator, max(1, min(BLOCK_ROWS, BLOCK_CELLS // max(1, longest)))))
        except (csv.Error, _RowTooLong):
            # A quotation mark that closes a million characters later.
            return [*scanner.findings, Finding("too_large", "text")]
    return scanner.findings


def _is_clean(path: Path) -> bool:
    """Whether a plain text holds nothing: DuckDB gathers the different cells of each column, and each is looked at once. Where
    one is found, or the text is not plain, every row is read instead, which says where it stands.
    """
    if path.stat().st_size > MAXIMUM_FILE_BYTES:
        return False
    content = Content(path)
    if not content.is_plain:
        return False
    separator = _separator(content.header.decode("ascii"))
    with path.open(encoding="utf-8-sig") as text:
        first = [line.rstrip("\n").split(separator) for line in islice(text, HEADER_ROWS)]
    columns = different_cells(path, content, separator)
    return columns is not None and CellScanner("text").finds_nothing(columns, first)


def _blocks(text: IO[str], separator: str, size: int) -> Iterator[list[list[str]]]:
    """So many rows at a time; raises csv.Error, _RowTooLong."""
    fed = 0

    def pieces() -> Iterator[list[str]]:
        nonlocal fed
        while lines := text.readlines(PIECE):
            fed += PIECE
            if fed > LARGEST_BLOCK:
                raise _RowTooLong
            yield lines

    reader = csv.reader(chain.from_iterable(pieces()), delimiter=separator)
    while block := list(islice(reader, size)):
        fed = 0
        if max(map(len, block)) > MAXIMUM_CELLS_OF_A_ROW:
            raise _RowTooLong
        yield block


def _separator(header: str) -> str:
    """The sign that divides the first line into the most cells."""
    return max(SEPARATORS, key=header.count)


def _longest_line(path: Path) -> int:
    """Bytes of the longest line."""
    longest, begin, end = 0, 0, 0
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            signs = np.frombuffer(piece, np.uint8)
            ends = np.flatnonzero((signs == _LINE_FEED) | (signs == _RETURN)) + end
            if ends.size:
                longest = max(longest, int(ends[0]) - begin, int(np.diff(ends).max(initial=0)))
                begin = int(ends[-1])
            end += len(piece)
    return max(longest, end - begin)


def _encoding(path: Path) -> str:
    """As the reader would decode it; text of no known encoding is searched byte by byte, which keeps all ASCII."""
    try:
        return detect_encoding(path)
    except UnreadableText:
        with path.open("rb") as stream:
            return "utf-16" if stream.read(2) in {b"\xff\xfe", b"\xfe\xff"} else "latin-1"
