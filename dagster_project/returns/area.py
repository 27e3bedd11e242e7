"""Where returns lie, and who may read them: the owner of the process and nobody else, whatever the umask says.

No other module joins these names. Folders are 0700 and files 0600 from the moment they exist: a return may hold true
counts, which are disclosive below 8. What a file holds is the business of reading.py and identifiers.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dagster_project.lake.files import sync_folder, writing_whole
from dagster_project.lake.paths import Lake

FOLDER_MODE, FILE_MODE = 0o700, 0o600
PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class ReturnsArea:
    """The paths of one data folder's returns. Nothing is created by asking for a path."""

    root: Path

    @classmethod
    def of(cls, lake: Lake) -> ReturnsArea:
        """Return the area of a data folder."""
        return cls(lake.returns)

    @property
    def inbox(self) -> Path:
        """Return the drop folder: files of unknown sender in itself, files of a bound sender in `inbox/<org_code>/`."""
        return self.root / "inbox"

    @property
    def taken(self) -> Path:
        """Submissions that were taken out of the drop folder and are not yet at their end (claims.py)."""
        return self.root / "taken"

    @property
    def working(self) -> Path:
        """Private copies of files that are being judged; swept at the start of every intake."""
        return self.root / "working"

    @property
    def received_root(self) -> Path:
        return self.root / "received"

    @property
    def clean_root(self) -> Path:
        """Return what dbt reads: one folder for each collection, and `submission` and `expected`."""
        return self.root / "clean"

    @property
    def quarantine_root(self) -> Path:
        return self.root / "quarantine"

    @property
    def held_root(self) -> Path:
        """Return files that were refused and could not be judged, under lock until their senders confirm (held.py)."""
        return self.root / "held"

    @property
    def answers_root(self) -> Path:
        return self.root / "answers"

    @property
    def made_of_root(self) -> Path:
        """Return which clean tables each kept release was made of (release/made_of.py)."""
        return self.root / "made_of"

    @property
    def register(self) -> Path:
        """Return one line for every receipt, refusal and purge; it never holds a value of a return."""
        return self.root / "register.jsonl"

    @property
    def participants(self) -> Path:
        """Who takes part in which collection, and from which MESH mailbox."""
        return self.root / "participants.csv"

    @property
    def looks(self) -> Path:
        """Size and time of the files in the inbox that were not whole when they were last seen, by the hash of the name."""
        return self.root / "looks.json"

    def received(self, collection: str, period: str, org_code: str, sha256: str) -> Path:
        """Return the folder of one file exactly as it came; `period` is YYYY-MM."""
        return self.received_root / collection / period / org_code / sha256

    def unplaced(self, sha256: str) -> Path:
        """Return the folder of a file whose name does not say what it is."""
        return self.received_root / "_unplaced" / sha256

    def held(self, digest: str) -> Path:
        """Return the folder of one file that is held."""
        return self.held_root / digest

    def clean(self, collection: str) -> Path:
        """Return the folder of the accepted rows of a collection (or of `submission`, `expected`)."""
        return self.clean_root / collection.lower()

    def accepted(self, collection: str, submission_id: str) -> Path:
        return self.clean(collection) / f"{submission_id}.parquet"

    def quarantined(self, collection: str, submission_id: str) -> Path:
        return self.quarantine_root / collection.lower() / f"{submission_id}.parquet"

    def submission(self, submission_id: str) -> Path:
        """Return the one-row table of a submission."""
        return self.clean("submission") / f"{submission_id}.parquet"

    def answers(self, org_code: str) -> Path:
        return self.answers_root / org_code

    def prepare(self) -> None:
        """Make the folders that people and other programs look for, private."""
        for folder in (self.inbox, self.received_root, self.clean_root, self.quarantine_root, self.answers_root):
            make_private_folder(folder, within=self.root)


def make_private_folder(folder: Path, *, within: Path) -> Path:
    """Make `folder` with every folder from `within` down to it at 0700, made where missing; raises OSError."""
    within.parent.mkdir(parents=True, exist_ok=True)
    below = [within / part for part in _parents_between(within, folder)]
    for path in (within, *below):
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        # mkdir's mode is cut by the umask, and a folder that somebody made before may be open.
        if path.stat().st_mode & 0o777 != FOLDER_MODE:
            path.chmod(FOLDER_MODE)
    return folder


def _parents_between(within: Path, folder: Path) -> list[Path]:
    relative = folder.relative_to(within)
    return [path for path in (*reversed(relative.parents), relative) if path != Path()]


@contextmanager
def writing_private(path: Path, area: ReturnsArea) -> Iterator[BinaryIO]:
    """Open a stream whose bytes appear at `path`, 0600 in folders of 0700, only when the block ends well (lake/files.py)."""
    make_private_folder(path.parent, within=area.root)
    with writing_whole(path, FILE_MODE) as stream:
        yield stream


def write_private(path: Path, payload: bytes, area: ReturnsArea) -> None:
    """Write `payload` to `path` whole or not at all, 0600 in folders of 0700; raises NoSpace or OSError."""
    with writing_private(path, area) as stream:
        stream.write(payload)


@contextmanager
def placing_private(path: Path, area: ReturnsArea) -> Iterator[Path]:
    """Open a `.part` beside `path` for a writer that wants a name (DuckDB's COPY); it becomes `path` when the block ends well."""
    make_private_folder(path.parent, within=area.root)
    part = path.with_name(path.name + ".part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE))
        yield part
        part.chmod(FILE_MODE)
        _sync_file(part)
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def purge_file(path: Path) -> None:
    """Overwrite a file with zeros and take its name away. No error where there is none; a link is only unlinked.

    The overwriting is a second belt: a journal or a copy-on-write disk may keep old blocks, which is why returns belong
    on an encrypted disk; on the others nothing can be undeleted.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        path.unlink(missing_ok=True)
        return
    try:
        # Somebody else's second name of the same content is not ours to destroy.
        if os.fstat(descriptor).st_nlink == 1:
            _overwrite(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _overwrite(descriptor: int, size: int) -> None:
    position = 0
    while position < size:
        position += os.pwrite(descriptor, bytes(min(PIECE_BYTES, size - position)), position)
    os.fsync(descriptor)
    os.ftruncate(descriptor, 0)


def purge_folder(folder: Path) -> None:
    """Purge every file below `folder`, then the folder itself; no error where there is none."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            purge_file(path)
    shutil.rmtree(folder)


def keep_build_private(lake: Lake) -> None:
    """build/ at 0700 and the warehouse file at 0600: its schema `restricted` holds the rows of returns."""
    make_private_folder(lake.build, within=lake.build)
    for path in (lake.warehouse, lake.warehouse.with_name(lake.warehouse.name + ".wal")):
        if path.exists():
            path.chmod(FILE_MODE)
