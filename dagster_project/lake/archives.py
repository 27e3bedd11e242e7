"""Zip archives from outside: the one member that is wanted comes out under our own name, or the archive is refused.

Nothing that the archive says of itself is trusted: names never become paths, sizes are counted while streaming, every
member's checksum is verified. Each rule is tried in tests/faults/test_archives.py.
"""

from __future__ import annotations

import gzip
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from dagster_project.lake.files import LakeError, require_free_space, writing_whole

PIECE_BYTES = 1 << 20
RATIO_FREE_BYTES = 1 << 20
"""The ratio is not judged below 1 MB: a short file of equal lines compresses 500 to 1 and harms nobody."""
LONGEST_SHOWN_NAME = 100
DIRECTORY_BYTES_PER_MEMBER = 4096
ARCHIVE_SUFFIXES = (".zip", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".zst")
ARCHIVE_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")

_END_RECORD = struct.Struct("<4s4H2LH")
_END_SIGNATURE = b"PK\x05\x06"
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_END_RECORD_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64_BYTES = 20
_LONGEST_TAIL = _END_RECORD_64.size + _LOCATOR_64_BYTES + _END_RECORD.size + 65_535
_AES_METHOD = 99
_DIRECTORY_ENTRY_BYTES = 46
_STREAMED, _UTF_8_NAME = 0x8, 0x800
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000  # traditional, strong, and masked central directory (APPNOTE 4.4.4)

DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError)
"""What Python's zipfile raises at a zip that is damaged or made as no program of today does; the last one at a compression
method, a version or patched data that it does not know."""


@dataclass(frozen=True)
class ArchiveLimits:
    """Caps on one archive. The real RTT archive of January 2026 has one member and a ratio of 23.4."""

    maximum_members: int = 50
    maximum_total_bytes: int = 2_000_000_000
    maximum_ratio: float = 200


class UnsafeArchive(LakeError):
    """The archive breaks a rule that guards the disk or the memory; nothing was unpacked."""


class CorruptArchive(LakeError):
    """The archive is damaged, cut short or not a zip at all; nothing was unpacked."""


class PasswordProtected(LakeError):
    """The archive or workbook is encrypted; nobody here has its password."""


def extract_only_member(archive: Path, destination: Path, *, suffix: str, limits: ArchiveLimits) -> str:
    """Unpack the only member whose name ends in `suffix` (any case) to `destination`, whole or not at all.

    Gives the member's own name, as text for messages and the ledger. Folders and the `__MACOSX/` shadows of Mac
    archivers do not count as members with the suffix. Raises UnsafeArchive, CorruptArchive, PasswordProtected or
    NoSpace; each names the archive, the member and the rule. `destination` is then as it was.
    """
    _check_envelope(archive, limits)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            refuse_unsafe_members(archive, members, limits)
            _refuse_overlaps(archive, opened)
            wanted = _only_member(archive, members, suffix)
            require_free_space(destination.parent, wanted.file_size)
            _unpack(archive, opened, wanted, destination, limits)
            return wanted.filename
    except DAMAGE as error:
        raise _corrupt(archive, str(error)) from error


def unpack_gzip(archive: Path, destination: BinaryIO, *, maximum_bytes: int) -> bool:
    """Write what a gzip file holds to `destination`, counted while it streams; False where that is more than `maximum_bytes`.

    Raises CorruptArchive where it is damaged, cut short or followed by other bytes.
    """
    left = maximum_bytes
    try:
        with gzip.open(archive) as source:
            while piece := source.read(PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    return False
                destination.write(piece)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _corrupt(archive, str(error)) from error
    return True


def refuse_unsafe_members(archive: Path, members: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    """Raise unless every declared name, type, method and size in the directory of `archive` is within the rules."""
    if len(members) > limits.maximum_members:
        raise _unsafe(archive, f"{len(members):,} members", f"at most {limits.maximum_members:,} members are accepted")
    for member in members:
        _refuse_encryption(archive, member)
        _refuse_name(archive, member)
        _refuse_kind(archive, member)
        _refuse_ratio(archive, member, member.file_size, limits)
    _refuse_repeated_names(archive, members)
    total = sum(member.file_size for member in members)
    if total > limits.maximum_total_bytes:
        raise _unsafe(archive, f"{total:,} bytes unpacked", f"at most {limits.maximum_total_bytes:,} are accepted")


def _check_envelope(archive: Path, limits: ArchiveLimits) -> None:
    """Refuse bytes after the end, and a huge directory before it is read into memory."""
    size = archive.stat().st_size
    with archive.open("rb") as stream:
        if stream.read(4) not in (b"PK\x03\x04", _END_SIGNATURE):
            raise _corrupt(archive, "it does not begin as a zip archive does")
        stream.seek(max(0, size - _LONGEST_TAIL))
        tail = stream.read()
    position = tail.rfind(_END_SIGNATURE)
    if position < 0 or position + _END_RECORD.size > len(tail):
        raise _corrupt(archive, "its end record is missing, so the download was cut short")
    comment_bytes = _END_RECORD.unpack_from(tail, position)[-1]
    if position + _END_RECORD.size + comment_bytes != len(tail):
        raise _unsafe(archive, "the end record is not where the archive ends", "nothing may follow the archive")
    directory_bytes = _directory_bytes(tail, position)
    if directory_bytes > limits.maximum_members * DIRECTORY_BYTES_PER_MEMBER:
        rule = f"at most {limits.maximum_members:,} members are accepted"
        raise _unsafe(archive, f"a directory of {directory_bytes:,} bytes", rule)


def _directory_bytes(tail: bytes, position: int) -> int:
    """Declared size of the directory, from the zip64 record where there is one: the same choice as zipfile makes."""
    locator = position - _LOCATOR_64_BYTES
    record = locator - _END_RECORD_64.size
    if record >= 0 and tail[locator : locator + 4] == b"PK\x06\x07" and tail[record : record + 4] == b"PK\x06\x06":
        return int(_END_RECORD_64.unpack_from(tail, record)[-2])
    return int(_END_RECORD.unpack_from(tail, position)[5])


def _refuse_encryption(archive: Path, member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED_FLAGS or member.compress_type == _AES_METHOD:
        raise PasswordProtected(
            f"{archive.name}: member {_show(member)} was not unpacked",
            "the archive is password-protected",
            "ask the sender for the file without a password",
        )


def _refuse_name(archive: Path, member: zipfile.ZipInfo) -> None:
    name = member.orig_filename
    if not name or any(unicodedata.category(character) == "Cc" for character in name):
        raise _unsafe(archive, f"member {_show(member)}", "a name must be printable text")
    if name.startswith("/") or "\\" in name or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        raise _unsafe(archive, f"member {_show(member)}", "a name may not lead out of its folder")
    if name.lower().endswith(ARCHIVE_SUFFIXES):
        raise _unsafe(archive, f"member {_show(member)}", "an archive inside an archive is not accepted")


def _refuse_kind(archive: Path, member: zipfile.ZipInfo) -> None:
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _unsafe(archive, f"member {_show(member)}", "links and devices are not accepted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _unsafe(
            archive,
            f"member {_show(member)}",
            f"compression method {member.compress_type} is not accepted, only deflate",
        )


def _refuse_ratio(archive: Path, member: zipfile.ZipInfo, unpacked_bytes: int, limits: ArchiveLimits) -> None:
    if unpacked_bytes > max(RATIO_FREE_BYTES, limits.maximum_ratio * member.compress_size):
        raise _unsafe(
            archive,
            f"member {_show(member)} grows from {member.compress_size:,} to {unpacked_bytes:,} bytes or more",
            f"at most {limits.maximum_ratio:g} times is accepted",
        )


def _refuse_repeated_names(archive: Path, members: Iterable[zipfile.ZipInfo]) -> None:
    counts = Counter(unicodedata.normalize("NFKC", member.filename).casefold() for member in members)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise _unsafe(archive, f"member {repeated[0]!r} occurs twice (capitals aside)", "every name must be unique")


def _refuse_overlaps(archive: Path, opened: zipfile.ZipFile) -> None:
    """Members that share bytes make petabytes of a megabyte (Fifield 2019); Python 3.11.7 does not look for them."""
    members = sorted(opened.infolist(), key=lambda member: member.header_offset)
    starts = [member.header_offset for member in members] + [opened.start_dir]
    if starts[0] != 0 and members:
        raise _unsafe(archive, f"{starts[0]:,} bytes before its first member", "nothing may precede the archive")
    headers = local_headers(archive, members)
    for member, header, (start, following) in zip(members, headers, pairwise(starts), strict=True):
        if start + _LOCAL_HEADER.size + len(header) + member.compress_size > following:
            raise _unsafe(archive, f"member {_show(member)} overlaps what follows", "members may not share bytes")


def local_headers(archive: Path, members: Iterable[zipfile.ZipInfo]) -> list[bytes]:
    """Name and extra field of each member as they stand before its bytes, where nothing shows them; raises struct.error."""
    found = []
    with archive.open("rb") as stream:
        for member in members:
            stream.seek(member.header_offset)
            *_, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))
            found.append(stream.read(name_bytes + extra_bytes))
    return found


def unlisted_bytes(archive: Path, opened: zipfile.ZipFile) -> int:
    """Return how many bytes of the archive belong neither to a member nor to its directory: where a file can lie that no list names.

    Raises struct.error where a header is cut short.
    """
    members = sorted(opened.infolist(), key=lambda member: member.header_offset)
    position = unlisted = 0
    for member, header in zip(members, local_headers(archive, members), strict=True):
        unlisted += abs(member.header_offset - position)
        position = member.header_offset + _LOCAL_HEADER.size + len(header) + member.compress_size
        position += _descriptor_bytes(archive, member, position)
    directory = sum(_DIRECTORY_ENTRY_BYTES + _varying_bytes(member) for member in members)
    end = opened.start_dir + directory + _END_RECORD.size + len(opened.comment)
    after = archive.stat().st_size - end
    of_zip64 = _END_RECORD_64.size + _LOCATOR_64_BYTES
    return unlisted + abs(opened.start_dir - position) + (0 if after in (0, of_zip64) else abs(after))


def _varying_bytes(member: zipfile.ZipInfo) -> int:
    """Name, extra field and comment of an entry of the directory, as long as they are stored."""
    encoding = "utf-8" if member.flag_bits & _UTF_8_NAME else "cp437"
    return len(member.orig_filename.encode(encoding)) + len(member.extra) + len(member.comment)


def _descriptor_bytes(archive: Path, member: zipfile.ZipInfo, position: int) -> int:
    """Length of the sizes that follow a member which was written as a stream: with or without a mark, of 4 or 8 bytes each."""
    if not member.flag_bits & _STREAMED:
        return 0
    with archive.open("rb") as stream:
        stream.seek(position)
        found = stream.read(24)
    crc = struct.pack("<L", member.CRC)
    for mark in (b"PK\x07\x08" + crc, crc):
        for form in ("<QQ", "<LL"):
            sizes = struct.pack(form, member.compress_size, member.file_size)
            if found.startswith(mark + sizes):
                return len(mark + sizes)
    return 0


def _only_member(archive: Path, members: Iterable[zipfile.ZipInfo], suffix: str) -> zipfile.ZipInfo:
    candidates = [
        member
        for member in members
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and member.filename.lower().endswith(suffix.lower())
    ]
    if len(candidates) != 1:
        names = ", ".join(_show(member) for member in candidates[:5]) or "none"
        raise _unsafe(archive, f"{len(candidates)} members end in {suffix} ({names})", "exactly one is expected")
    return candidates[0]


def _unpack(
    archive: Path, opened: zipfile.ZipFile, wanted: zipfile.ZipInfo, destination: Path, limits: ArchiveLimits
) -> None:
    """Write `wanted` to `destination`; read every other member too, for its checksum and its real size."""
    left = limits.maximum_total_bytes
    with writing_whole(destination, lasting=False) as stream:
        for member in opened.infolist():
            sink = stream if member is wanted else None
            left -= _stream(archive, opened, member, sink, limits=limits, left=left)


def _stream(
    archive: Path,
    opened: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    sink: BinaryIO | None,
    *,
    limits: ArchiveLimits,
    left: int,
) -> int:
    """Bytes of `member` as they really are; zipfile checks the CRC when the last piece has been read."""
    count = 0
    with opened.open(member) as source:
        while piece := source.read(PIECE_BYTES):
            if count == 0 and piece.startswith(ARCHIVE_MAGIC):
                raise _unsafe(
                    archive, f"member {_show(member)} is an archive", "an archive inside an archive is not accepted"
                )
            count += len(piece)
            if count > left:
                raise _unsafe(
                    archive, f"member {_show(member)}", f"more than {limits.maximum_total_bytes:,} bytes unpacked"
                )
            _refuse_ratio(archive, member, count, limits)
            if sink is not None:
                sink.write(piece)
    if count != member.file_size:
        raise _corrupt(archive, f"member {_show(member)} holds {count:,} bytes and declares {member.file_size:,}")
    return count


def _show(member: zipfile.ZipInfo) -> str:
    """The name in quotes, escaped and shortened, fit for a log."""
    return ascii(member.orig_filename[:LONGEST_SHOWN_NAME])


def _unsafe(archive: Path, what: str, rule: str) -> UnsafeArchive:
    return UnsafeArchive(f"{archive.name}: {what}", rule, "keep the file as evidence and ask its publisher about it")


def _corrupt(archive: Path, why: str) -> CorruptArchive:
    return CorruptArchive(
        f"{archive.name} cannot be unpacked", why, "fetch it again; if it stays so, tell its publisher"
    )
