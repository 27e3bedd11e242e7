"""Which parts a workbook may have: deny by default. A part is taken when it is of a kind on the list and a relation leads to it.

Pictures, drawings, charts, embedded objects and everything that no list here names are refused, because nothing in them can be
searched or because they carry a hidden copy of rows. Names, comments and extra fields of the archive are searched as texts, and
no byte may lie between its members. What the parts hold is workbook_parts.py.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from defusedxml import ElementTree

from dagster_project.lake.archives import local_headers, unlisted_bytes
from dagster_project.returns.findings import Finding, Kind
from dagster_project.returns.spellings import scan_name, scan_text

Workbook = Literal["xlsx", "ods"]

CONTENT_TYPES = "[Content_Types].xml"
LARGEST_PRINTER_SETTINGS = 100_000
_ROOT = ""
_RELATIONS_TAKEN = frozenset(
    [
        "officeDocument",
        "core-properties",
        "extended-properties",
        "custom-properties",
        "worksheet",
        "styles",
        "theme",
        "sharedStrings",
        "calcChain",
        "sheetMetadata",
        "table",
        "printerSettings",
        "customXml",
        "customXmlProps",
        "classificationlabels",
        "hyperlink",
    ]
)
"""Last words of the relations' types; those of the strict form of the standard end in the same words."""
_RELATIONS_REFUSED: dict[str, Kind] = {
    "image": "picture",
    "thumbnail": "picture",
    "drawing": "drawing",
    "vmlDrawing": "drawing",
    "chart": "chart",
    "chartsheet": "chart",
    "oleObject": "embedded_object",
    "package": "embedded_object",
    "control": "embedded_object",
    "ctrlProp": "embedded_object",
    "pivotTable": "pivot_cache",
    "pivotCacheDefinition": "pivot_cache",
    "pivotCacheRecords": "pivot_cache",
    "externalLink": "external_link",
    "comments": "comment",
    "threadedComment": "comment",
    "person": "comment",
    "connections": "query_table",
    "queryTable": "query_table",
    "powerPivotData": "query_table",
    "vbaProject": "macro",
    "xlMacrosheet": "macro",
    "dialogsheet": "macro",
}
_NAMES_REFUSED: tuple[tuple[str, Kind], ...] = (
    (r"xl/pivot(cache|tables)/.*", "pivot_cache"),
    (r"xl/model/.*|xl/customdata/.*", "query_table"),
    (r"xl/(slicer|timeline)(cache)?s?/.*", "pivot_cache"),
    (r"xl/(comments|threadedcomments/|persons/).*|xl/notes.*", "comment"),
    (r"xl/externallinks/.*", "external_link"),
    (r"xl/connections\.xml|xl/querytables/.*", "query_table"),
    (r".*vbaproject.*|xl/(macro|dialog)sheets/.*|basic/.*|scripts/.*|dialogs/.*", "macro"),
    (r"xl/(embeddings|activex|ctrlprops)/.*|object ?\d+(/.*)?|objectreplacements/.*", "embedded_object"),
    (r"xl/revisions/.*", "tracked_changes"),
    (r"xl/media/.*|pictures/.*|docprops/thumbnail.*|media/.*", "picture"),
    (r"xl/charts(heets|ex)?/.*", "chart"),
    (r"xl/drawings/.*", "drawing"),
)
_ODS_TAKEN = re.compile(
    r"mimetype|(content|styles|meta|settings|META-INF/manifest)\.xml|manifest\.rdf|Configurations2/.*\.xml"
)
_ODS_UNLISTED = frozenset({"mimetype", "META-INF/manifest.xml"})
_THUMBNAIL = "Thumbnails/thumbnail.png"
_PNG, _PNG_CHUNKS = (
    b"\x89PNG\r\n\x1a\n",
    frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"pHYs", b"bKGD"}),
)
_THUMBNAIL_PIXELS, _THUMBNAIL_BYTES = 256, 100_000
_LINK_TAKEN = re.compile(r"https?://|mailto:|#", re.IGNORECASE)


@dataclass
class Package:
    """What is in the archive's directory, part by part."""

    refused: dict[str, Kind] = field(default_factory=dict)
    """Name of a part -> why it is refused."""
    unreached: list[str] = field(default_factory=list)
    """Parts to which no relation leads, or of no kind on the list."""
    findings: list[Finding] = field(default_factory=list)
    """Of the archive as a whole."""


def read_package(path: Path, opened: zipfile.ZipFile, content: Workbook) -> Package:
    """Judge every part by its name and by the relations that lead to it; raises what zipfile and the XML parser raise."""
    package = Package()
    names = [member.filename for member in opened.infolist() if not member.is_dir()]
    for name in names:
        kind = next((kind for pattern, kind in _NAMES_REFUSED if re.fullmatch(pattern, name.lower())), None)
        if kind is not None:
            package.refused[name] = kind
    taken = _reached(opened, package) if content == "xlsx" else _listed(opened, package)
    package.unreached = [name for name in names if name not in taken and name not in package.refused]
    package.findings += _archive_findings(path, opened)
    return package


def shown(name: str) -> str:
    """Return the part's name, fit for a message: names inside an archive are the sender's words too."""
    if scan_name(name) or not re.fullmatch(r"[\w./ \[\]-]{1,100}", name):
        return "a part of the workbook"
    return name


# -- xlsx --------------------------------------------------------------------------------------------------------------


def _reached(opened: zipfile.ZipFile, package: Package) -> set[str]:
    """The parts to which relations on the list lead from the root, the relations themselves included."""
    names = {name.lower(): name for name in opened.namelist()}
    taken, waiting = {CONTENT_TYPES}, [_ROOT]
    while waiting:
        source = waiting.pop()
        of_source = names.get(_relations_of(source).lower())
        if of_source is None:
            continue
        taken.add(of_source)
        relations = list(_relations(opened, of_source, source))
        for kind, target, is_external in relations:
            found = names.get(target.lower())
            if is_external:
                if kind != "hyperlink" or not _LINK_TAKEN.match(target):
                    package.findings.append(Finding("external_link", shown(of_source)))
            elif kind in _RELATIONS_TAKEN and found is not None and found not in taken:
                taken.add(found)
                waiting.append(found)
            elif found is not None and kind in _RELATIONS_REFUSED:
                package.refused[found] = _refusal(kind, {one for one, _, _ in relations})
    return taken | {CONTENT_TYPES}


def _refusal(kind: str, beside: set[str]) -> Kind:
    """The drawing of an old kind that Excel keeps beside comments belongs to them."""
    return "comment" if kind == "vmlDrawing" and "comments" in beside else _RELATIONS_REFUSED[kind]


def _relations_of(source: str) -> str:
    folder, name = posixpath.split(source)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _relations(opened: zipfile.ZipFile, name: str, source: str) -> Iterator[tuple[str, str, bool]]:
    """Last word of the type, target (a part's name or an address), and whether it lies outside the package."""
    for one in ElementTree.fromstring(opened.read(name), forbid_dtd=True):
        target, is_external = one.get("Target", ""), one.get("TargetMode", "") == "External"
        kind = one.get("Type", "").rstrip("/").rpartition("/")[2]
        inner = posixpath.normpath(posixpath.join("/", posixpath.dirname(source), unquote(target))).lstrip("/")
        yield kind, target if is_external else inner, is_external


# -- ods ---------------------------------------------------------------------------------------------------------------


def _listed(opened: zipfile.ZipFile, package: Package) -> set[str]:
    """The parts that the package's manifest lists and that are of a kind that a spreadsheet needs."""
    names = set(opened.namelist())
    if "META-INF/manifest.xml" not in names:
        return set()
    entries = ElementTree.fromstring(opened.read("META-INF/manifest.xml"), forbid_dtd=True)
    listed = {value for entry in entries for key, value in entry.attrib.items() if key.endswith("}full-path")}
    taken = {name for name in names if _ODS_TAKEN.fullmatch(name) and name in listed | _ODS_UNLISTED}
    if _THUMBNAIL in names & listed:
        if _is_thumbnail(opened.read(_THUMBNAIL)):
            taken.add(_THUMBNAIL)
        else:
            package.refused[_THUMBNAIL] = "picture"
    return taken


def _is_thumbnail(picture: bytes) -> bool:
    """The small picture of the first sheet that LibreOffice puts into every file: its size, and no room for anything else."""
    if not picture.startswith(_PNG) or len(picture) > _THUMBNAIL_BYTES:
        return False
    position, kinds = len(_PNG), []
    while position + 12 <= len(picture):
        length, kind = struct.unpack_from(">I4s", picture, position)
        body = picture[position + 4 : position + 8 + length]
        if kind not in _PNG_CHUNKS or picture[position + 8 + length :][:4] != struct.pack(">I", zlib.crc32(body)):
            return False
        kinds.append(kind)
        position += 12 + length
    return (
        position == len(picture)
        and kinds[-1:] == [b"IEND"]
        and max(struct.unpack_from(">II", picture, 16)) <= _THUMBNAIL_PIXELS
    )


# -- the archive -------------------------------------------------------------------------------------------------------


def _archive_findings(path: Path, opened: zipfile.ZipFile) -> Iterator[Finding]:
    """What is in the archive beside its parts: no spreadsheet program writes comments, or bytes between members."""
    if opened.comment or any(member.comment for member in opened.infolist()):
        yield Finding("foreign_part", "the archive's comment")
    if unlisted_bytes(path, opened):
        yield Finding("foreign_part", "bytes between the parts of the archive")
    texts = [opened.comment, *local_headers(path, opened.infolist())]
    for member in opened.infolist():
        texts += [member.comment, member.extra]
        yield from (Finding(kind, "the name of a part") for kind in scan_name(member.filename))
    for raw in texts:
        yield from (Finding(kind, "the archive's directory") for kind in scan_bytes(raw))


def scan_bytes(raw: bytes) -> set[Kind]:
    """Identifiers in bytes that are no text of a known encoding; the short ones are left out, which chance makes too often."""
    texts = (raw.decode("latin-1"), raw.decode("utf-16-le", "ignore"), raw[1:].decode("utf-16-le", "ignore"))
    return {kind for text in texts for kind in scan_text(text)} - {"telephone", "postcode"}
