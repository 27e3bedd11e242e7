"""The search of a text file, whatever its encoding and separator, with little memory however long its lines, fields and rows are.

Every character stands in some cell, or in a piece of a line that is too long to be a row. What is looked for: identifiers.py.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np

from dagster_project.lake.content import UnreadableText, detect_encoding
from dagster_project.returns.findings import Finding, Kind
from dagster_project.returns.identifiers import BLOCK_ROWS, CellScanner
from dagster_project.returns.spellings import scan_text

SEPARATORS = ",;\t|"
_LINE_END = 10
PIECE, OVERLAP = 1 << 20, 1 << 10
"""Characters. What is longer is searched in pieces that overlap, so that no file decides how much memory is taken."""
BLOCK_CELLS, LARGEST_BLOCK = 4_000_000, 16 * PIECE
"""A row has no more cells than bytes: so many rows are held at a time that they stay below this, whatever they hold; where
quotation marks join lines to rows, below four times as much."""


class _RowTooLong(Exception):
    """Quotation marks that hold a row together over more than a piece."""


def scan_csv(path: Path) -> list[Finding]:
    """Findings of a text file; raises OSError."""
    csv.field_size_limit(PIECE)
    longest, scanner = _longest_line(path), CellScanner("text")
    with path.open(encoding=_encoding(path), errors="replace", newline="") as text:
        separator = _separator(text.readline(PIECE))
        text.seek(0)
        feed = _Feed(text, longest)
        try:
            scanner.scan_blocks(feed.blocks(separator, max(1, min(BLOCK_ROWS, BLOCK_CELLS // max(1, longest)))))
        except (csv.Error, _RowTooLong):
            # A quotation mark that closes a million characters later: everything is searched once more, without cells.
            text.seek(0)
            feed.beyond |= {kind for piece in _overlapping(text) for kind in scan_text(piece)} | {"too_large"}
    said = {finding.kind for finding in scanner.findings}
    return scanner.findings + [Finding(kind, "text") for kind in sorted(feed.beyond - said)]


class _Feed:
    """The rows of a text; the lines that are longer than a piece are searched on the way, and stand as blank rows."""

    def __init__(self, text: IO[str], longest: int) -> None:
        self._text = text
        self._is_long = longest > PIECE
        self._fed = 0
        """Characters since the last block came out."""
        self.beyond: set[Kind] = set()
        """What was found in lines that are too long to be rows."""

    def blocks(self, separator: str, size: int) -> Iterator[list[list[str]]]:
        """So many rows at a time; raises csv.Error, _RowTooLong."""
        lines: Iterable[str] = self._long_lines() if self._is_long else chain.from_iterable(self._groups())
        reader = csv.reader(lines, delimiter=separator)
        while block := list(islice(reader, size)):
            self._fed = 0
            yield block

    def _groups(self) -> Iterator[list[str]]:
        """Lists of whole lines, a piece of the text at a time."""
        while lines := self._text.readlines(PIECE):
            self._count(PIECE)
            yield lines

    def _long_lines(self) -> Iterator[str]:
        while line := self._text.readline(PIECE):
            self._count(len(line))
            if len(line) < PIECE or line.endswith("\n"):
                yield line
                continue
            end = ""
            while line:
                self.beyond |= set(scan_text(end + line))
                if line.endswith("\n"):
                    break
                end, line = line[-OVERLAP:], self._text.readline(PIECE)
            yield "\n"

    def _count(self, characters: int) -> None:
        self._fed += characters
        if self._fed > LARGEST_BLOCK:
            raise _RowTooLong


def _separator(header: str) -> str:
    """The sign that divides the first line into the most cells."""
    return max(SEPARATORS, key=header.count)


def _longest_line(path: Path) -> int:
    """Bytes of the longest line."""
    longest, begin, end = 0, 0, 0
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            ends = np.flatnonzero(np.frombuffer(piece, np.uint8) == _LINE_END) + end
            if ends.size:
                longest = max(longest, int(ends[0]) - begin, int(np.diff(ends).max(initial=0)))
                begin = int(ends[-1])
            end += len(piece)
    return max(longest, end - begin)


def _overlapping(text: IO[str]) -> Iterator[str]:
    end = ""
    while piece := text.read(PIECE):
        yield end + piece
        end = piece[-OVERLAP:]


def _encoding(path: Path) -> str:
    """As the reader would decode it; text of no known encoding is searched byte by byte, which keeps all ASCII."""
    try:
        return detect_encoding(path)
    except UnreadableText:
        with path.open("rb") as stream:
            return "utf-16" if stream.read(2) in {b"\xff\xfe", b"\xfe\xff"} else "latin-1"
