"""What a file really is, whatever its name says: its format, its encoding, how many records it holds.

Everything is read in pieces of bounded size. What the columns mean belongs to the parsers.
"""

from __future__ import annotations

import codecs
import csv
import html
import mmap
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from dagster_project.lake.archives import (
    DAMAGE,
    ArchiveLimits,
    CorruptArchive,
    PasswordProtected,
    refuse_unsafe_members,
)
from dagster_project.lake.files import LakeError, writing_whole

Format = Literal["csv", "zip", "xlsx", "xls", "ods", "json"]

PIECE_BYTES = 4 << 20
MAXIMUM_LINE_BYTES = 1 << 20
"""The longest line of the real files is 10 kB; DuckDB's own cap is 2 MB."""
MAXIMUM_COLUMNS = 2_000
MAXIMUM_RECORDS = 10_000_000
WORKBOOK_LIMITS = ArchiveLimits(maximum_members=2_000, maximum_total_bytes=2_000_000_000, maximum_ratio=500)
"""A workbook is a zip of XML, which compresses well; the 500 still stops a bomb."""

_ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(rb"\s*<(!doctype\s+html|html|head|body|script|meta|title|div|!--)", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,120})", re.IGNORECASE)
_OTHER_FORMATS = {
    _ZIP_MAGIC: "a zip archive or a workbook",
    OLE_MAGIC: "an old Office file (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
    b"<?xml": "an XML document",
    b"<": "a page of markup",
    b"{": "a JSON document",
}
_LEADING_ZERO = re.compile(rb",0[0-9]")
CONTROL_BYTES = bytes(code for code in range(0x20) if code not in b"\t\n\r") + b"\x7f"
_CONTROL = re.compile(b"[" + re.escape(CONTROL_BYTES) + b"]")
_BIFF_BEGIN = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_BIFF_FILE_PASS = 0x2F

# UTF-8 read as cp1252 and written again as UTF-8: é becomes Ã©, £ becomes Â£, ’ becomes â€™, a BOM becomes ï»¿.
_CP1252_HIGH = "".join(bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xC0))
_MOJIBAKE = re.compile(f"Ã[{re.escape(_CP1252_HIGH)}]|Â[{re.escape(_CP1252_HIGH)}]|â[€‚„†‡‹›˜™]|ï»¿|\ufffd|[\x80-\x9f]")
_LONGEST_MOJIBAKE = 3


class WrongContent(LakeError):
    """The file is not what its name says."""


class HtmlInsteadOfData(WrongContent):
    """An error, login or cookie page under the name of a data file; keep it as evidence."""


class UnreadableText(LakeError):
    """The text cannot be decoded without loss, holds control characters, or has been garbled before it came."""


class _NotOfThisEncoding(UnreadableText):
    """Not text of the encoding that was tried."""


class UnbalancedQuotes(LakeError):
    """A quotation mark is opened and never closed, so that records cannot be told apart."""


def check_content(path: Path, expected: Format) -> None:
    """Raise unless the file is what `expected` says: by its first bytes, then by the marks of that format.

    Raises HtmlInsteadOfData, WrongContent, PasswordProtected, CorruptArchive or UnreadableText (NUL and other control
    characters, lines or column counts beyond the caps, text garbled before it came).
    """
    with path.open("rb") as stream:
        head = stream.read(8192)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise WrongContent(f"{path.name} is empty", "it holds no data at all", "fetch it again, or ask its publisher")
    if _HTML_START.match(head.removeprefix(codecs.BOM_UTF8)):
        raise _html_instead(path, head, expected)
    if expected == "csv":
        _check_csv(path, head)
    elif expected == "json":
        _check_json(path, head)
    elif expected == "xls":
        _check_xls(path, head)
    else:
        _check_zip_based(path, head, expected)


def detect_encoding(path: Path) -> str:
    """Return 'utf-8-sig' or 'utf-16' by the byte order mark, else 'utf-8' where all of it decodes strictly, else 'cp1252'.

    Raises UnreadableText where neither holds, and where the text was garbled before it came ('Ã©', U+FFFD).
    """
    marked = _encoding_by_mark(path)
    if marked is not None:
        _read_through(path, marked)
        return marked
    try:
        _read_through(path, "utf-8")
    except _NotOfThisEncoding:
        _read_through(path, "cp1252")
        return "cp1252"
    return "utf-8"


def rewrite_as_utf8(path: Path, encoding: str, destination: Path) -> Path:
    """Return `destination`, holding the text of `path` as UTF-8 without byte order mark, line ends untouched; streamed.

    Raises UnreadableText where the file is not text of `encoding`; `destination` is then as it was.
    """
    with writing_whole(destination, lasting=False) as stream:
        for text in _decode(path, encoding, look_for_mojibake=False):
            stream.write(text.encode("utf-8"))
    return destination


def count_records(path: Path) -> tuple[int, bool]:
    """Count the CSV records, header included, counted apart from any parser, and whether a cell holds a line end.

    Counts line endings outside quotes. A final line without a newline counts; blank lines do not. Raises UnbalancedQuotes at an odd number of quotation
    marks, UnreadableText at line ends of a lone carriage return and above MAXIMUM_RECORDS.
    """
    counter = _RecordCounter(path)
    for piece in _utf8_pieces(path):
        counter.add(piece)
    return counter.finish(), counter.breaks_in_cells


def cells_of_unended_line(path: Path) -> int | None:
    """Return how many cells the last line of a CSV has where no line end follows it; None where one does.

    Whole files of publishers may end so (Fingertips, QOF); only a line that lacks cells shows that a file was cut.
    """
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - MAXIMUM_LINE_BYTES))
        line = stream.read().rpartition(b"\n")[2].decode("utf-8", errors="replace")
    return len(next(csv.reader([line]), [])) if line.strip() else None


def lines_ending_in_counts(path: Path, cells: int) -> int:
    """Return how many lines end in at least `cells` cells that hold digits or nothing; 0 where a cell begins with 0 and a digit.

    Fast because it works on bytes: once digits are removed, a matching line ends in `cells` commas.
    """
    commas, rest, found = b"," * cells, b"", 0
    for piece in chain(_pieces(path), [b"\n"]):
        lines, end, rest = (rest + piece).rpartition(b"\n")
        if _LEADING_ZERO.search(lines):
            return 0
        bare = lines.translate(None, b"0123456789\r") + end
        found += bare.count(commas + b"\n")
    return found


def may_hold_errors(path: Path) -> bool:
    """Say whether a text holds a mark with which errors of spreadsheets begin; nearly none does, and its cells need no look then."""
    end = b""
    for piece in _pieces(path):
        if b"#" in piece or (b":" in piece and b"Err:" in end + piece):
            return True
        end = piece[-3:]
    return False


# -- formats ---------------------------------------------------------------------------------------------------------


def _html_instead(path: Path, head: bytes, expected: str) -> HtmlInsteadOfData:
    title = _TITLE.search(head)
    named = f" titled {html.unescape(title.group(1).decode('utf-8', 'replace')).strip()!r}" if title else ""
    return HtmlInsteadOfData(
        f"{path.name} is a web page{named}, not {expected}",
        "the publisher's site answered with an error, login or cookie page under the file's address",
        "open the address in a browser; if the file has moved, fix the link pattern of the source",
    )


def _wrong(path: Path, expected: str, why: str) -> WrongContent:
    return WrongContent(
        f"{path.name} is not {expected}",
        why,
        "look at the file; if the publisher changed its format, change the source",
    )


def _check_csv(path: Path, head: bytes) -> None:
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for magic, name in _OTHER_FORMATS.items():
        if text.startswith(magic):
            raise _wrong(path, "csv", f"its first bytes are those of {name}")
    lines = _LineChecker(path)
    for piece in _utf8_pieces(path):
        lines.add(piece)


def _check_json(path: Path, head: bytes) -> None:
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] not in (b"{", b"["):
        raise _wrong(path, "json", f"it begins with {head[:20]!r}, which no JSON document does")


def _check_zip_based(path: Path, head: bytes, expected: Format) -> None:
    if head.startswith(OLE_MAGIC):
        _refuse_encrypted_office(path)
        raise _wrong(path, expected, "its first bytes are those of an old Office file (.xls)")
    if not head.startswith(_ZIP_MAGIC):
        raise _wrong(path, expected, f"its first bytes are {head[:8]!r}, not those of a zip archive")
    if expected != "zip":
        _check_workbook(path, expected)


def _check_workbook(path: Path, expected: Format) -> None:
    try:
        with zipfile.ZipFile(path) as opened:
            members = opened.infolist()
            refuse_unsafe_members(path, members, WORKBOOK_LIMITS)
            names = {member.filename for member in members}
            manifest = _read_start(opened, "META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
    except DAMAGE as error:
        raise CorruptArchive(f"{path.name} is damaged", str(error), "fetch it again") from error
    if expected == "xlsx" and "[Content_Types].xml" not in names:
        raise _wrong(path, "xlsx", "it is a zip archive without the parts of a workbook")
    if expected == "ods" and "content.xml" not in names:
        raise _wrong(path, "ods", "it is a zip archive without the parts of a spreadsheet")
    if b"encryption-data" in manifest:
        raise _password(path)


def _read_start(opened: zipfile.ZipFile, name: str) -> bytes:
    with opened.open(name) as stream:
        return stream.read(1 << 20)


def _check_xls(path: Path, head: bytes) -> None:
    if not head.startswith(OLE_MAGIC):
        raise _wrong(path, "xls", f"its first bytes are {head[:8]!r}, not those of an old Office file")
    _refuse_encrypted_office(path)


def _refuse_encrypted_office(path: Path) -> None:
    """An OLE file with the stream EncryptedPackage is an encrypted .xlsx; a FILEPASS record marks an encrypted .xls."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0 or _has_file_pass(content):
            raise _password(path)


def _has_file_pass(content: mmap.mmap) -> bool:
    """FILEPASS comes first or, after WRITEPROT, second in the workbook's globals ([MS-XLS] 2.1.7.20.3)."""
    position = content.find(_BIFF_BEGIN)
    for _ in range(3):
        if position < 0 or position + 4 > len(content):
            return False
        record = int.from_bytes(content[position : position + 2], "little")
        if record == _BIFF_FILE_PASS:
            return True
        position += 4 + int.from_bytes(content[position + 2 : position + 4], "little")
    return False


def _password(path: Path) -> PasswordProtected:
    return PasswordProtected(
        f"{path.name} was not read", "the workbook is password-protected", "ask the sender for it without a password"
    )


# -- text ------------------------------------------------------------------------------------------------------------


def _encoding_by_mark(path: Path) -> str | None:
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise _unreadable(path, "it is written in UTF-32")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def _read_through(path: Path, encoding: str) -> None:
    """Decode the whole file, keeping nothing; raises UnreadableText. Plain ASCII, as most files are, is text of all three encodings."""
    if encoding != "utf-16" and all(piece.isascii() for piece in _pieces(path)):
        return
    for _ in _decode(path, encoding, look_for_mojibake=True):
        pass


def _decode(path: Path, encoding: str, *, look_for_mojibake: bool) -> Iterator[str]:
    """The text in pieces, strictly decoded; raises UnreadableText with the line where it is not text of `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, end = 1, ""
    try:
        for piece in _pieces(path):
            text = decoder.decode(piece)
            if look_for_mojibake and not text.isascii():
                _refuse_mojibake(path, end + text, line - end.count("\n"))
            yield text
            line += text.count("\n")
            end = (end + text[-_LONGEST_MOJIBAKE:])[-_LONGEST_MOJIBAKE + 1 :]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line += bytes(error.object[: error.start]).count(b"\n")
        raw = bytes(error.object[error.start : error.start + 1]).hex()
        why = f"byte 0x{raw} in line {line:,} is not {encoding}, and no other encoding fits"
        raise _NotOfThisEncoding(*_unreadable(path, why).args) from error


def _refuse_mojibake(path: Path, text: str, line: int) -> None:
    found = _MOJIBAKE.search(text)
    if found is None:
        return
    line += text.count("\n", 0, found.start())
    why = f"{found.group()!a} in line {line:,} shows that its text was garbled before it came"
    raise _unreadable(path, why)


def _unreadable(path: Path, why: str) -> UnreadableText:
    return UnreadableText(
        f"{path.name} cannot be read as text", why, "ask its publisher or sender for the file saved as CSV in UTF-8"
    )


def _utf8_pieces(path: Path) -> Iterator[bytes]:
    """The file as it is, or re-encoded where its mark says UTF-16, so that commas and line ends are single bytes."""
    if _encoding_by_mark(path) == "utf-16":
        return (text.encode("utf-8") for text in _decode(path, "utf-16", look_for_mojibake=False))
    return _pieces(path)


# -- lines and records -----------------------------------------------------------------------------------------------


def _places(piece: bytes, content: npt.NDArray[np.uint8], byte: bytes) -> npt.NDArray[np.int64]:
    """Where a byte stands in a piece; to see that it is nowhere costs a third of listing its places."""
    return np.flatnonzero(content == ord(byte)) if byte in piece else np.empty(0, np.int64)


@dataclass
class _LineChecker:
    """Refuses control characters and lines beyond the caps, piece by piece."""

    path: Path
    line: int = 1
    line_bytes: int = 0
    """Length, so far, of the line in which the last piece ended."""

    def add(self, piece: bytes) -> None:
        content = np.frombuffer(piece, np.uint8)
        ends = _places(piece, content, b"\n")
        spaces = len(ends) + sum(piece.count(byte) for byte in (b"\t", b"\r") if byte in piece)
        if np.count_nonzero(content < ord(" ")) != spaces or b"\x7f" in piece:
            self._refuse_control(piece)
        self._check_lengths(piece, ends)
        self.line += len(ends)
        self.line_bytes = len(piece) - int(ends[-1]) - 1 if len(ends) else self.line_bytes + len(piece)

    def _refuse_control(self, piece: bytes) -> None:
        found = _CONTROL.search(piece)
        assert found is not None  # noqa: S101 - the caller has seen that one is there
        line = self.line + piece.count(b"\n", 0, found.start())
        raise _unreadable(self.path, f"line {line:,} holds the control character 0x{found.group().hex()}")

    def _check_lengths(self, piece: bytes, ends: npt.NDArray[np.int64]) -> None:
        edges = np.concatenate(([-1 - self.line_bytes], ends, [len(piece)]))
        for index in np.flatnonzero(np.diff(edges) > MAXIMUM_COLUMNS):
            start, end = max(0, int(edges[index]) + 1), int(edges[index + 1])
            if edges[index + 1] - edges[index] > MAXIMUM_LINE_BYTES:
                raise self._beyond(int(index), f"is longer than {MAXIMUM_LINE_BYTES:,} bytes")
            if piece.count(b",", start, end) >= MAXIMUM_COLUMNS:
                raise self._beyond(int(index), f"has more than {MAXIMUM_COLUMNS:,} columns")

    def _beyond(self, index: int, why: str) -> UnreadableText:
        return _unreadable(self.path, f"line {self.line + index:,} {why}")


@dataclass
class _RecordCounter:
    """Counts the line ends that stand outside quotation marks, carrying the state from piece to piece.

    Quotation marks are counted, not parsed: a doubled one inside a quoted field changes the parity twice.
    """

    path: Path
    records: int = 0
    quoted: bool = False
    """Whether the last piece ended inside quotation marks."""
    lines: int = 0
    first_quoted_line_end: int | None = None
    breaks_in_cells: bool = False
    """Whether a line feed or carriage return stands inside quotation marks."""
    pending_bytes: int = 0
    """Bytes since the last line end outside quotation marks; a lone carriage return among them is counted too."""
    last_byte: int = field(default=ord("\n"))

    def add(self, piece: bytes) -> None:
        if not piece:  # a mark of UTF-16 with nothing behind it
            return
        content = np.frombuffer(piece, np.uint8)
        ends, marks = _places(piece, content, b"\n"), _places(piece, content, b'"')
        self._refuse_lone_returns(piece, content, marks)
        inside = self._is_inside(marks, ends)
        self.breaks_in_cells |= bool(inside.any())
        if self.first_quoted_line_end is None and inside.any():
            self.first_quoted_line_end = self.lines + int(np.argmax(inside)) + 1
        self._count(piece, content, ends[~inside])
        self.lines += len(ends)
        self.quoted ^= bool(len(marks) % 2)
        self.last_byte = piece[-1]

    def _is_inside(self, marks: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        parity: npt.NDArray[np.int64] = (np.searchsorted(marks, positions) + self.quoted) % 2
        return parity.astype(np.bool_)

    def _count(self, piece: bytes, content: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> None:
        lengths = np.diff(ends, prepend=-1 - self.pending_bytes) - 1
        before = np.where(ends > 0, content[ends - 1], self.last_byte)
        blank = (lengths == 0) | ((lengths == 1) & (before == ord("\r")))
        self.records += int(len(ends) - np.count_nonzero(blank))
        self.pending_bytes = len(piece) - int(ends[-1]) - 1 if len(ends) else self.pending_bytes + len(piece)
        if self.records > MAXIMUM_RECORDS:
            raise _unreadable(self.path, f"it holds more than {MAXIMUM_RECORDS:,} records")

    def _refuse_lone_returns(self, piece: bytes, content: npt.NDArray[np.uint8], marks: npt.NDArray[np.int64]) -> None:
        if self.last_byte == ord("\r") and not self.quoted and piece[:1] != b"\n":
            raise self._lone_return(self.lines + 1)
        returns = _places(piece, content, b"\r")
        returns = returns[returns < len(content) - 1]
        lone = returns[content[returns + 1] != ord("\n")]
        inside = self._is_inside(marks, lone)
        self.breaks_in_cells |= bool(inside.any())
        lone = lone[~inside]
        if len(lone):
            raise self._lone_return(self.lines + piece.count(b"\n", 0, int(lone[0])) + 1)

    def _lone_return(self, line: int) -> UnreadableText:
        return _unreadable(
            self.path, f"line {line:,} holds a carriage return without line feed outside quotation marks"
        )

    def finish(self) -> int:
        if self.quoted:
            line = self.first_quoted_line_end or self.lines + 1
            raise UnbalancedQuotes(
                f"{self.path.name} has an odd number of quotation marks",
                f"the first quoted field that runs over a line end does so in line {line:,}",
                "look for a stray quotation mark there, and ask its publisher or sender for a fixed file",
            )
        if self.last_byte == ord("\r"):
            raise self._lone_return(self.lines + 1)
        return self.records + (1 if self.pending_bytes else 0)
