"""Files that are either whole or absent: atomic writes, hashes, free space, and the base of the lake's errors.

Nothing here knows what a file holds; that is content.py and archives.py.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

FULL_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


class LakeError(Exception):
    """Something the lake refuses or cannot do: what happened, why, and what an operator does next."""

    def __init__(self, what: str, why: str, next_step: str) -> None:
        super().__init__(what, why, next_step)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}: {self.why}. Next: {self.next_step.rstrip('.')}."


class NoSpace(LakeError):
    """The disk is full, over quota or read-only; nothing was left half written."""


def part_of(path: Path) -> Path:
    """Return the name under which `path` is written until it is whole; in the same folder, so that the rename is atomic."""
    return path.with_name(path.name + ".part")


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: after a power loss a renamed file is found under its new name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing_whole(path: Path, mode: int = 0o644, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """Open a stream whose bytes appear at `path` only when the block ends well: `.part`, fsync, rename, fsync of the folder.

    When the block raises, `path` is as it was and no `.part` is left. A full disk is raised as NoSpace. A file of a workspace, which
    no later run reads, need not be `lasting`: it is not forced to the disk (a sixth of the time of a month of MHSDS).
    """
    part = part_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if lasting:
                os.fsync(stream.fileno())
        part.replace(path)
        if lasting:
            sync_folder(path.parent)
    except OSError as error:
        if error.errno in FULL_DISK_ERRORS:
            raise _no_space(path, error) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def write_atomically(path: Path, payload: bytes, mode: int = 0o644) -> None:
    """Write `payload` to `path` whole or not at all; raises NoSpace when the disk cannot hold it."""
    with writing_whole(path, mode) as stream:
        stream.write(payload)


def append_line(path: Path, line: bytes, mode: int = 0o644) -> None:
    """Add one line to a log and sync it; a last line that a kill cut short is taken away first. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode)
    try:
        _end_torn_line(descriptor)
        _write_all(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _end_torn_line(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        last = os.pread(descriptor, size, 0).rfind(b"\n") + 1
        os.ftruncate(descriptor, last)


def _write_all(descriptor: int, payload: bytes) -> None:
    """A nearly full disk takes only a part, without an error; the error comes with the rest."""
    while payload:
        payload = payload[os.write(descriptor, payload) :]


def hash_file(path: Path) -> str:
    """Return the sha256 of the file in hexadecimal, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_free_space(folder: Path, needed_bytes: int) -> None:
    """Raise NoSpace unless the disk under `folder` (which may not exist yet) has `needed_bytes` and a free inode."""
    standing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    disk = os.statvfs(standing)
    free_bytes = disk.f_bavail * disk.f_frsize
    # Btrfs and some network disks report no inodes at all (f_files = 0): that is not a shortage.
    if disk.f_files and not disk.f_favail:
        raise NoSpace(
            f"no file can be made in {folder}", "the disk has no free inode", "remove small files from this disk"
        )
    if free_bytes < needed_bytes:
        raise NoSpace(
            f"not enough room in {folder}",
            f"{needed_bytes:,} bytes are needed and {free_bytes:,} are free",
            "free some space or set HIW_DATA_LAKE to a larger disk, then run again",
        )


def _no_space(path: Path, error: OSError) -> NoSpace:
    return NoSpace(
        f"could not write {path}",
        f"the disk answered '{os.strerror(error.errno or 0)}'",
        "free some space or set HIW_DATA_LAKE to a larger, writable disk, then run again",
    )
