"""Faults N12 to N14 of archives (tests/README.md): every one a real zip file, most of them crafted byte by byte.

After every refusal the destination is as it was, no `.part` is left, and the archive itself stays as evidence.
"""

from __future__ import annotations

import io
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dagster_project.lake.archives import (
    ArchiveLimits,
    CorruptArchive,
    PasswordProtected,
    UnsafeArchive,
    extract_only_member,
)
from dagster_project.lake.files import LakeError, NoSpace

ROWS = b"org_code,patients\r\nZA1,10\r\nZA2,20\r\n"
LIMITS = ArchiveLimits(maximum_members=5, maximum_total_bytes=3_000_000, maximum_ratio=200)


@dataclass(frozen=True)
class Member:
    """One member as its headers describe it; `None` means the truth."""

    name: bytes
    content: bytes = ROWS
    method: int = zipfile.ZIP_DEFLATED
    flags: int = 0
    mode: int = 0o100644
    declared_size: int | None = None
    crc: int | None = None


def write_zip(path: Path, members: Sequence[Member], *, before: bytes = b"", after: bytes = b"") -> Path:
    """A zip with exactly these headers, truthful or not."""
    body, directory = io.BytesIO(), io.BytesIO()
    body.write(before)
    for member in members:
        packed = _pack(member)
        crc = zlib.crc32(member.content) if member.crc is None else member.crc
        size = len(member.content) if member.declared_size is None else member.declared_size
        common = struct.pack("<4H3L2H", member.flags, member.method, 0, 33, crc, len(packed), size, len(member.name), 0)
        offset = body.tell()
        body.write(b"PK\x03\x04\x14\0" + common + member.name + packed)
        tail = struct.pack("<3H2L", 0, 0, 0, member.mode << 16, offset)
        directory.write(b"PK\x01\x02\x14\x03\x14\0" + common + tail + member.name)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(members), len(members), directory.tell(), body.tell(), 0)
    path.write_bytes(body.getvalue() + directory.getvalue() + end + after)
    return path


def _pack(member: Member) -> bytes:
    if member.method != zipfile.ZIP_DEFLATED:
        return member.content
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(member.content) + packer.flush()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "extract.zip"


def unpack(archive: Path, limits: ArchiveLimits = LIMITS) -> tuple[str, bytes]:
    destination = archive.parent / "out" / "unpacked.csv"
    name = extract_only_member(archive, destination, suffix=".csv", limits=limits)
    return name, destination.read_bytes()


def refuse(archive: Path, kind: type[LakeError], match: str, limits: ArchiveLimits = LIMITS) -> None:
    """Unpacking must fail as told and leave everything as it was; the error names the archive."""
    evidence = archive.read_bytes()
    destination = archive.parent / "out" / "unpacked.csv"
    destination.parent.mkdir()
    destination.write_bytes(b"last good file")
    with pytest.raises(kind, match=match) as caught:
        extract_only_member(archive, destination, suffix=".csv", limits=limits)
    assert type(caught.value) is kind
    assert "extract.zip" in caught.value.what or kind is NoSpace
    assert [path.name for path in destination.parent.iterdir()] == ["unpacked.csv"]
    assert destination.read_bytes() == b"last good file"
    assert archive.read_bytes() == evidence
    assert sorted(path.name for path in archive.parent.iterdir()) == ["extract.zip", "out"]


# -- what must work, so that the refusals below mean something ----------------------------------------------------------


def test_the_only_csv_comes_out_under_our_name(archive: Path) -> None:
    write_zip(archive, [Member(b"20260131-RTT-January-2026-full-extract.CSV"), Member(b"notes.txt", b"about")])
    assert unpack(archive) == ("20260131-RTT-January-2026-full-extract.CSV", ROWS)


def test_folders_and_the_shadows_of_mac_archivers_do_not_count(archive: Path) -> None:
    shadow = Member(b"__MACOSX/._rtt.csv", b"shadow")
    write_zip(archive, [Member(b"data/", b"", mode=0o40755), Member(b"data/rtt.csv"), shadow])
    assert unpack(archive) == ("data/rtt.csv", ROWS)


def test_a_streamed_archive_with_data_descriptors_is_read(archive: Path) -> None:
    """The real RTT archive of January 2026 is one: sizes stand after each member, not before it (flag bit 3)."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("rtt.csv", ROWS)
    archive.write_bytes(pipe.getvalue())
    assert zipfile.ZipFile(archive).infolist()[0].flag_bits & 0x8
    assert unpack(archive) == ("rtt.csv", ROWS)


def test_n13_a_truthful_zip64_archive_is_read(archive: Path) -> None:
    with (
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened,
        opened.open("a.csv", "w", force_zip64=True) as out,
    ):
        out.write(ROWS)
    assert unpack(archive) == ("a.csv", ROWS)


def test_the_ratio_of_the_real_extract_of_january_2026_is_accepted(archive: Path) -> None:
    """85,011,853 bytes out of 3,630,575: rows that resemble one another compress 23.4 times, and denser months will come."""
    line = b"2026-01,RTT-January-2026,ZA1,%d," + b"0," * 40 + b"\r\n"
    write_zip(archive, [Member(b"a.csv", b"".join(line % (number * 7919) for number in range(20_000)))])
    packed = zipfile.ZipFile(archive).infolist()[0]
    assert packed.file_size / packed.compress_size > 23.4
    assert len(unpack(archive)[1]) == packed.file_size


# -- N12 ----------------------------------------------------------------------------------------------------------------


def test_n12_a_bomb_is_refused_by_its_ratio(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv", bytes(2_000_000))])
    refuse(archive, UnsafeArchive, "member 'a.csv' grows from .* at most 200 times")


def test_n12_a_bomb_that_declares_a_small_size_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv", bytes(2_000_000), declared_size=1000)])
    refuse(archive, CorruptArchive, "Bad CRC-32")


def test_n12_a_bomb_that_declares_a_small_size_and_its_checksum_gives_no_more_than_it_declares(archive: Path) -> None:
    crc = zlib.crc32(bytes(1000))
    write_zip(archive, [Member(b"a.csv", bytes(2_000_000), declared_size=1000, crc=crc)])
    assert unpack(archive) == ("a.csv", bytes(1000))


def test_n12_a_declared_total_beyond_the_cap_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv", random.Random(1).randbytes(1000), declared_size=150_000), Member(b"b.txt")])
    refuse(archive, UnsafeArchive, "150,035 bytes unpacked", replace(LIMITS, maximum_total_bytes=150_000))


def test_n12_a_member_that_holds_less_than_it_declares_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv", declared_size=len(ROWS) + 1)])
    refuse(archive, CorruptArchive, f"holds {len(ROWS)} bytes and declares {len(ROWS) + 1}")


def test_n12_overlapping_members_are_refused(archive: Path) -> None:
    """Two directory entries that share one compressed body: the way of Fifield's bomb."""
    write_zip(archive, [Member(b"a.csv"), Member(b"b.txt", b"x")])
    content = bytearray(archive.read_bytes())
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<L", 0)
    archive.write_bytes(content)
    refuse(archive, UnsafeArchive, "overlaps what follows.*may not share bytes")


def test_n12_a_member_that_reaches_into_the_directory_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv", ROWS, zipfile.ZIP_STORED)])
    content = bytearray(archive.read_bytes())
    for header, field in ((content.index(b"PK\x03\x04"), 18), (content.index(b"PK\x01\x02"), 20)):
        content[header + field : header + field + 8] = struct.pack("<2L", len(ROWS) + 10, len(ROWS) + 10)
    archive.write_bytes(content)
    refuse(archive, UnsafeArchive, "overlaps what follows")


@pytest.mark.parametrize("name", [b"inner.zip", b"inner.GZ", b"inner.tar", b"inner.7z"])
def test_n12_an_archive_inside_the_archive_is_refused_by_name(archive: Path, name: bytes) -> None:
    write_zip(archive, [Member(b"a.csv"), Member(name, b"x")])
    refuse(archive, UnsafeArchive, "an archive inside an archive")


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\x1f\x8b\x08"])
def test_n12_an_archive_inside_the_archive_is_refused_by_content(archive: Path, magic: bytes) -> None:
    write_zip(archive, [Member(b"a.csv", magic + b"x" * 100)])
    refuse(archive, UnsafeArchive, "member 'a.csv' is an archive")


def test_n12_too_many_members_are_refused(archive: Path) -> None:
    write_zip(archive, [Member(f"{number}.txt".encode()) for number in range(5)] + [Member(b"a.csv")])
    refuse(archive, UnsafeArchive, "6 members.*at most 5 members")


def test_n12_a_huge_directory_is_refused_before_it_is_read(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million entries cost zipfile most of a gigabyte before anyone can count them."""
    write_zip(archive, [Member(f"{number}.txt".encode(), b"") for number in range(1000)])

    def must_not_open(*_: object) -> None:
        raise AssertionError("the directory was read")

    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", must_not_open)
    refuse(archive, UnsafeArchive, r"a directory of .* at most 5 members")


def test_n12_a_huge_zip64_directory_is_refused_before_it_is_read(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_zip(archive, [Member(b"a.csv")])
    end = archive.read_bytes().index(b"PK\5\6")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 10**6, 10**6, 10**8, 65)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    masked = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    archive.write_bytes(archive.read_bytes()[:end] + record + locator + masked)
    refuse(archive, UnsafeArchive, "a directory of 100,000,000 bytes")


def test_n12_a_file_that_the_disk_cannot_hold_is_refused(archive: Path) -> None:
    generous = ArchiveLimits(maximum_total_bytes=1 << 62, maximum_ratio=1e18)
    with (
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened,
        opened.open("a.csv", "w", force_zip64=True) as out,
    ):
        out.write(ROWS)
    content = archive.read_bytes()
    entry = content.index(b"PK\x01\x02")
    extra = struct.pack("<2HQ", 1, 8, 1 << 60)
    header = bytearray(content[entry : content.index(b"PK\5\6")])
    header[24:28], header[30:32] = b"\xff" * 4, struct.pack("<H", len(extra))
    directory = bytes(header[:46]) + b"a.csv" + extra
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(directory), entry, 0)
    archive.write_bytes(content[:entry] + directory + end)
    refuse(archive, NoSpace, "not enough room.*bytes are needed", generous)


# -- N13 ----------------------------------------------------------------------------------------------------------------


def test_n13_a_bad_checksum_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv", crc=1)])
    refuse(archive, CorruptArchive, r"Bad CRC-32 for file 'a\.csv'")


def test_n13_a_bad_checksum_of_another_member_is_refused_too(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv"), Member(b"notes.txt", b"about", crc=1)])
    refuse(archive, CorruptArchive, r"Bad CRC-32 for file 'notes\.txt'")


@pytest.mark.parametrize("kept", [10, 60, -30, -1])
def test_n13_an_archive_cut_short_is_refused(archive: Path, kept: int) -> None:
    write_zip(archive, [Member(b"a.csv")])
    archive.write_bytes(archive.read_bytes()[:kept])
    refuse(archive, CorruptArchive, "cut short")


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html></html>", b"\x1f\x8b\x08\0" + b"x" * 50, ROWS])
def test_n13_what_is_no_zip_is_refused(archive: Path, content: bytes) -> None:
    archive.write_bytes(content)
    refuse(archive, CorruptArchive, "does not begin as a zip archive does")


@pytest.mark.parametrize("junk", [b"\0", b"junk" * 100, b"PK\5\6"])
def test_n13_junk_after_the_archive_is_refused(archive: Path, junk: bytes) -> None:
    write_zip(archive, [Member(b"a.csv")], after=junk)
    refuse(archive, UnsafeArchive if junk != b"PK\5\6" else CorruptArchive, "nothing may follow|cut short")


def test_n13_junk_before_the_archive_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv")], before=b"PK\x03\x04junk")
    refuse(archive, UnsafeArchive, "8 bytes before its first member")


@pytest.mark.parametrize(
    "encrypted",
    [Member(b"a.csv", flags=0x1), Member(b"a.csv", flags=0x1, method=99), Member(b"a.csv", flags=0x41)],
    ids=["traditional", "AES", "strong"],
)
def test_n13_a_password_is_its_own_message(archive: Path, encrypted: Member) -> None:
    write_zip(archive, [encrypted])
    refuse(archive, PasswordProtected, "password-protected.*without a password")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 9])
def test_n13_other_methods_than_deflate_are_refused(archive: Path, method: int) -> None:
    write_zip(archive, [Member(b"a.csv", method=method)])
    refuse(archive, UnsafeArchive, f"method {method} is not accepted")


# -- N14 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [b"../../x.csv", b"/etc/x.csv", b"C:\\x.csv", b"C:x.csv", b"..\\x.csv", b"a/../../x.csv", b"\\\\host\\x.csv"],
)
def test_n14_a_name_that_leads_elsewhere_is_refused(archive: Path, name: bytes) -> None:
    write_zip(archive, [Member(name)])
    refuse(archive, UnsafeArchive, "may not lead out of its folder")
    assert not (archive.parent.parent / "x.csv").exists()


@pytest.mark.parametrize("name", [b"a\0.csv", b"a\n.csv", b"a\x1b[2J.csv"])
def test_n14_a_name_with_control_characters_is_refused_and_shown_escaped(archive: Path, name: bytes) -> None:
    write_zip(archive, [Member(name)])
    refuse(archive, UnsafeArchive, r"member 'a\\.*printable text")


@pytest.mark.parametrize("mode", [0o120777, 0o20666, 0o10666], ids=["symlink", "device", "fifo"])
def test_n14_links_and_devices_are_refused(archive: Path, mode: int) -> None:
    write_zip(archive, [Member(b"a.csv", b"/etc/passwd", mode=mode)])
    refuse(archive, UnsafeArchive, "links and devices")


@pytest.mark.parametrize("second", ["a.csv", "A.CSV", "Ａ.csv"])
def test_n14_names_that_fall_together_are_refused(archive: Path, second: str) -> None:
    write_zip(archive, [Member(b"a.csv"), Member(second.encode(), b"other", flags=0x800)])
    refuse(archive, UnsafeArchive, "occurs twice")


@pytest.mark.parametrize(
    ("names", "count"),
    [((b"a.csv", b"b.csv"), r"2 members end in \.csv \('a\.csv', 'b\.csv'\)"), ((b"a.txt",), "0 members")],
)
def test_n14_not_exactly_one_member_with_the_suffix_is_refused(
    archive: Path, names: tuple[bytes, ...], count: str
) -> None:
    write_zip(archive, [Member(name) for name in names])
    refuse(archive, UnsafeArchive, f"{count}.*exactly one")


def test_n14_an_archive_without_members_is_refused(archive: Path) -> None:
    write_zip(archive, [])
    refuse(archive, UnsafeArchive, "0 members end in")


def test_n14_a_directory_that_names_a_member_otherwise_than_its_own_header_is_refused(archive: Path) -> None:
    write_zip(archive, [Member(b"a.csv")])
    archive.write_bytes(archive.read_bytes().replace(b"a.csv", b"../x", 1).replace(b"../x", b"b.csv", 1))
    refuse(archive, CorruptArchive, "differ")


# -- any damage at all --------------------------------------------------------------------------------------------------


def test_no_flipped_byte_gives_other_rows(archive: Path) -> None:
    """2,000 archives with one to three bytes changed: the same rows, or a refusal of ours; nothing else, ever."""
    rows = b"".join(b"ZA%d,%d\r\n" % (number, number * 7 % 31) for number in range(60))
    sound = write_zip(archive, [Member(b"a.csv", rows), Member(b"notes.txt", b"about")]).read_bytes()
    chance, refused = random.Random(20260131), 0
    for _ in range(2000):
        damaged = bytearray(sound)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        archive.write_bytes(damaged)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert unpack(archive)[1] == rows, bytes(damaged)
        except LakeError:
            refused += 1
    assert refused > 1000
