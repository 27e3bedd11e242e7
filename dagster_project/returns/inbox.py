"""The drop folder: which submissions lie in it whole, what has lain in it too long, and a private copy of what is taken.

A file is collected once its size and modification time are unchanged between two polls, or its sender has put `<name>.done` beside it. Only
regular files with one name are opened, by descriptor and without following links, so that nothing can be swapped between
the look and the copy. What a file holds is not read here; how it is taken out is in claims.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from dagster_project.returns.area import FILE_MODE, PIECE_BYTES, ReturnsArea, make_private_folder, write_private
from dagster_project.returns.limits import MAXIMUM_FILE_BYTES
from dagster_project.returns.submission import FILE_NAME, ORGANISATION_CODE, sidecar_of

Refusal = Literal["not_a_file", "name", "too_large"]

DONE, RECEIVED, MANIFEST, CONFIRMED = ".done", ".received", ".manifest.csv", ".confirm"
UNFINISHED_ENDINGS = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".swp")
"""Names under which transfer programs write until the file is whole."""
SETTLE_SECONDS = 2.0
MANIFEST_PATIENCE = dt.timedelta(hours=1)
"""How long a CSV waits for its manifest; then it is judged without, and rejected with that reason."""

LEFT_AFTER = dt.timedelta(days=1)
"""What no run can take (names of transfers under way, folders, manifests without data) is reported after this time."""
TAKEN_HERE = ".hiw-taken"
"""Where claims.py takes entries to in a drop folder that lies on another disk."""


class FileLook(NamedTuple):
    """Which file it is and in which state: number, size in bytes, time of the last change in nanoseconds."""

    inode: int
    size: int
    changed: int


def file_look(status: os.stat_result) -> FileLook:
    """Of a status."""
    return FileLook(status.st_ino, status.st_size, status.st_mtime_ns)


def arrived_at(status: os.stat_result) -> dt.datetime:
    """When an entry was last changed, written or renamed, UTC: the sender cannot set it."""
    return min(dt.datetime.fromtimestamp(status.st_ctime, dt.UTC), dt.datetime.now(dt.UTC))


class NotARegularFile(Exception):
    """A link, a folder, a pipe, a device, or a file with a second name."""


class StillChanging(Exception):
    """The file changed while it was copied; it is read again next time."""


@dataclass(frozen=True)
class Arrival:
    """A submission that lies in the inbox whole; or an entry that is none, with the reason why it is refused."""

    path: Path
    sender_org: str | None
    look: FileLook
    received_at: dt.datetime
    manifest: Path | None = None
    refusal: Refusal | None = None
    is_folder: bool = False


@dataclass(frozen=True)
class Left:
    """An entry that no run can take and that has lain there for more than a day."""

    path: Path
    sender_org: str | None
    since: dt.datetime
    what: str


@dataclass
class InboxView:
    """What one look at the inbox found."""

    ready: list[Arrival] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)
    companions: list[Path] = field(default_factory=list)
    """Markers and manifests whose data file is not there: theirs was taken in, or is still to come."""
    left: list[Left] = field(default_factory=list)
    confirmations: list[tuple[Path, str | None]] = field(default_factory=list)
    """Empty files by which a sender confirms that a held file may go, and whose folder they lay in."""


@dataclass(frozen=True)
class _Entry:
    path: Path
    sender_org: str | None
    status: os.stat_result

    @property
    def key(self) -> str:
        """Return a hash of the path."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()

    @property
    def look(self) -> FileLook:
        return file_look(self.status)

    def arrival(self, refusal: Refusal | None = None, manifest: Path | None = None) -> Arrival:
        """Return the entry as something that can be taken."""
        is_folder = stat.S_ISDIR(self.status.st_mode)
        moment = arrived_at(self.status)
        return Arrival(self.path, self.sender_org, self.look, moment, manifest, refusal, is_folder)


def view_inbox(
    area: ReturnsArea, *, settle_seconds: float = SETTLE_SECONDS, now: dt.datetime | None = None
) -> InboxView:
    """Look, wait if need be until a second look can tell, look again; raises OSError.

    A look of the last run counts as the first one for what was not whole then. `now` is the moment of the look.
    """
    before = _read_looks(area)
    entries = list(_entries(area))
    if any(_is_fresh(entry, before) and not _is_done(entry) for entry in entries):
        before |= {entry.key: entry.look for entry in entries}
        time.sleep(settle_seconds)
        entries = list(_entries(area))
    view = _judge(entries, before, now or dt.datetime.now(dt.UTC))
    _remember_looks(area, [entry for entry in entries if entry.path in set(view.waiting)])
    return view


def _is_fresh(entry: _Entry, before: dict[str, FileLook]) -> bool:
    """Whether a second look at the entry can tell something."""
    name = entry.path.name
    marker = name.endswith((DONE, RECEIVED, CONFIRMED)) or _is_unfinished(name)
    return stat.S_ISREG(entry.status.st_mode) and not marker and before.get(entry.key) != entry.look


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower().endswith(UNFINISHED_ENDINGS)


def _read_looks(area: ReturnsArea) -> dict[str, FileLook]:
    """The looks of the last run; none where they cannot be read, which costs a wait."""
    try:
        remembered = json.loads(area.looks.read_text(encoding="utf-8"))
        return {str(key): FileLook(*map(int, look)) for key, look in remembered.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember_looks(area: ReturnsArea, waiting: list[_Entry]) -> None:
    """Write down the looks of what is not whole, by the hash of its name: a name can hold an identifier."""
    if waiting:
        write_private(area.looks, json.dumps({entry.key: entry.look for entry in waiting}).encode(), area)
    else:
        area.looks.unlink(missing_ok=True)


def _entries(area: ReturnsArea) -> Iterator[_Entry]:
    """Everything in the inbox and in its senders' folders, in the order of names."""
    if not area.inbox.is_dir():
        return
    for path in sorted(area.inbox.iterdir()):
        status = path.lstat()
        if path.name == TAKEN_HERE:
            continue
        if stat.S_ISDIR(status.st_mode) and ORGANISATION_CODE.fullmatch(path.name):
            for below in sorted(path.iterdir()):
                if below.name != TAKEN_HERE:
                    yield _Entry(below, path.name, below.lstat())
        else:
            yield _Entry(path, None, status)


def refusal_of(status: os.stat_result) -> Refusal | None:
    """Return why an entry is not opened at all; None for a regular file of one name and of a size that is accepted."""
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        return "not_a_file"
    return "too_large" if status.st_size > MAXIMUM_FILE_BYTES else None


def _judge(entries: list[_Entry], before: dict[str, FileLook], now: dt.datetime) -> InboxView:
    view, by_path = InboxView(), {entry.path: entry for entry in entries}
    for entry in entries:
        name = entry.path.name
        what = _what_is_left(entry, by_path)
        if what and now - arrived_at(entry.status) > LEFT_AFTER:
            view.left.append(Left(entry.path, entry.sender_org, arrived_at(entry.status), what))
        if refusal := refusal_of(entry.status):
            view.ready.append(entry.arrival(refusal))
        elif _is_unfinished(name):
            continue
        elif _is_confirmation(entry):
            view.confirmations.append((entry.path, entry.sender_org))
        elif (data := _data_of(name)) is not None:
            if not any(entry.path.with_name(one) in by_path for one in data):
                view.companions.append(entry.path)
        elif not (_is_done(entry) or before.get(entry.key) == entry.look):
            view.waiting.append(entry.path)
        elif not FILE_NAME.fullmatch(name):
            view.ready.append(entry.arrival("name"))
        else:
            _take_return(view, entry, by_path, before, now)
    return view


def _what_is_left(entry: _Entry, by_path: dict[Path, _Entry]) -> str:
    """What no run takes, in words; "" for everything else."""
    if stat.S_ISDIR(entry.status.st_mode):
        return "a folder that is not named by the code of an organisation"
    if _is_unfinished(entry.path.name):
        return "a hidden file, or one whose name says that it is still being sent"
    data = _data_of(entry.path.name)
    if data is None or any(entry.path.with_name(one) in by_path for one in data):
        return ""
    return "a manifest or marker without its data file"


def _is_confirmation(entry: _Entry) -> bool:
    name = entry.path.name
    is_named = name.endswith(CONFIRMED) and FILE_NAME.fullmatch(name.removesuffix(CONFIRMED)) is not None
    return is_named and entry.status.st_size == 0


def _data_of(name: str) -> list[str] | None:
    """The names of the data files that an entry can go with; None where it is no companion."""
    if name.endswith(DONE):
        return [name.removesuffix(DONE)]
    for ending in (MANIFEST, RECEIVED):
        stem = name.removesuffix(ending)
        data = [stem + suffix for suffix in (".csv", ".xlsx", ".ods")]
        if stem != name and any(FILE_NAME.fullmatch(one) for one in data):
            return data
    return None


def _take_return(
    view: InboxView, entry: _Entry, by_path: dict[Path, _Entry], before: dict[str, FileLook], now: dt.datetime
) -> None:
    sidecar = by_path.get(sidecar_of(entry.path))
    if sidecar is not None and refusal_of(sidecar.status):
        sidecar = None
    if _is_done(entry):
        is_whole = True
    elif sidecar is not None:
        is_whole = before.get(sidecar.key) == sidecar.look
    else:
        is_whole = entry.path.suffix != ".csv" or now - arrived_at(entry.status) >= MANIFEST_PATIENCE
    if is_whole:
        view.ready.append(entry.arrival(manifest=sidecar.path if sidecar else None))
    else:
        view.waiting.append(entry.path)


def _is_done(entry: _Entry) -> bool:
    """Whether its sender has put a marker beside it, or beside the data file whose manifest it is."""
    names = [entry.path.name]
    if entry.path.name.endswith(MANIFEST):
        names.append(entry.path.name.removesuffix(MANIFEST) + ".csv")
    return any(entry.path.with_name(name + DONE).is_file() for name in names)


@dataclass(frozen=True)
class PrivateCopy:
    """A file of the inbox as it was when it was copied."""

    path: Path
    sha256: str
    changed_at: dt.datetime
    """When the inbox's file was last changed, written or renamed, UTC: the moment of its arrival. The sender cannot set it."""


def copy_privately(source: Path, target: Path, area: ReturnsArea) -> PrivateCopy:
    """Copy a file of the inbox to `target` in the working folder, 0600, and take its sha256.

    Raises NotARegularFile for links, second names and everything that is no file, StillChanging where it changed
    meanwhile, OSError.
    """
    make_private_folder(target.parent, within=area.root)
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise NotARegularFile from error
    with os.fdopen(descriptor, "rb") as stream:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or before.st_nlink != 1:
            raise NotARegularFile
        digest, size = hashlib.sha256(), 0
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with os.fdopen(out, "wb") as copy:
            while piece := stream.read(PIECE_BYTES):
                size += len(piece)
                digest.update(piece)
                copy.write(piece)
        after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != before.st_size:
        target.unlink()
        raise StillChanging
    return PrivateCopy(target, digest.hexdigest(), arrived_at(before))
