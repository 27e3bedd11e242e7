"""What a return is by its content, whatever its name says: text, a workbook, or something else that is not taken."""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path
from typing import Literal

from dagster_project.lake.archives import DAMAGE
from dagster_project.lake.content import OLE_MAGIC
from dagster_project.returns.area import PIECE_BYTES

Content = Literal["text", "html", "xlsx", "ods", "ole", "zip", "other"]

HEAD_BYTES = 4096
_HTML = re.compile(rb"\s*<(!doctype\s+html|html|head|body|table|meta|\?xml)", re.IGNORECASE)
_OTHER = re.compile(
    rb"\x1f\x8b|7z\xbc\xaf\x27\x1c|Rar!|BZh[1-9]|\xfd7zXZ|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|MZ|\x7fELF|PAR1|SQLite format 3|"
    rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|BM....\x00\x00\x00\x00|RIFF....WEBP|%!PS|\{\\rtf|"
    rb".{4}ftyp|.{128}DICM|.{257}ustar",
    re.DOTALL,
)
_OTHER_TEXT = re.compile(
    rb"%PDF-|^(?:MIME-Version|Content-Transfer-Encoding):|^begin [0-7]{3} ", re.IGNORECASE | re.MULTILINE
)
"""A PDF may have bytes before its mark; an e-mail and uuencoded text carry files as letters."""
_CONTROL = bytes(code for code in (*range(1, 0x20), 0x7F) if code not in b"\t\n\r\f\x1a")
_CONTROL_SHARE = 1_000
"""One control sign in a thousand: a text with a stray one is judged and refused as a text, a binary file has ten times as many."""
_NUL_SHARE_OF_UTF_16 = 3


def kind_of_content(path: Path) -> Content:
    """Return what the file is by its bytes and its members; raises OSError."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith(OLE_MAGIC):
        return "ole"
    if head.startswith(b"PK"):
        return _kind_of_zip(path)
    if _OTHER.match(head) or _OTHER_TEXT.search(head) or _is_binary(path):
        return "other"
    return "html" if _HTML.match(head.removeprefix(codecs.BOM_UTF8)) else "text"


def _kind_of_zip(path: Path) -> Content:
    try:
        with zipfile.ZipFile(path) as opened:
            names = set(opened.namelist())
    except (*DAMAGE, OSError):
        return "zip"
    if "[Content_Types].xml" in names:
        return "xlsx"
    return "ods" if "content.xml" in names else "zip"


def _is_binary(path: Path) -> bool:
    """Whether the bytes are no text of UTF-8, of a Windows code page or of UTF-16, which has a NUL beside each plain letter."""
    size = nul = control = 0
    with path.open("rb") as stream:
        is_marked = stream.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
        stream.seek(0)
        while piece := stream.read(PIECE_BYTES):
            size += len(piece)
            nul += piece.count(0)
            control += len(piece) - len(piece.translate(None, _CONTROL))
    is_utf_16 = is_marked or size < nul * _NUL_SHARE_OF_UTF_16 < size * 2
    return control * _CONTROL_SHARE > size + _CONTROL_SHARE * 2 or (
        not is_utf_16 and nul * _CONTROL_SHARE > size + _CONTROL_SHARE * 2
    )
