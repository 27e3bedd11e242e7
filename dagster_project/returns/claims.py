"""Taking a submission out of the drop folder, whole, before anything of it is read: by renaming it into a private folder.

What its sender puts under the same name afterwards is another file, which waits for the next look; what is judged and taken
away is the very file that was taken out. A claim outlives a kill: the next run begins with the claims that it
finds. A file into which an open hand still writes after it was taken out stays a claim until it has kept size and time from one
run to the next. Which entries of the drop folder are submissions is the matter of inbox.py.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.lake.files import write_atomically
from dagster_project.returns.area import FILE_MODE, ReturnsArea, make_private_folder, purge_folder
from dagster_project.returns.inbox import DONE, RECEIVED, TAKEN_HERE, Arrival, FileLook, arrived_at, file_look

CLAIM, DATA, SPENT = "claim.json", "data", "spent"
MANIFEST_PART, RECEIVED_PART, DONE_PART = "manifest", "received", "done"


@dataclass
class Claim:
    """A submission in its own folder: `data`, and where there were such its manifest and markers."""

    folder: Path
    path: Path
    """Where it lay in the drop folder."""
    sender_org: str | None
    look: FileLook
    received_at: dt.datetime
    beside: dict[str, tuple[str, FileLook]]
    """Part -> name and look of what lay beside it."""

    @property
    def data(self) -> Path:
        """Return the file, or whatever the entry was."""
        return self.folder / DATA

    def part(self, name: str) -> Path | None:
        """Return what lay beside it, as a regular file; None where there was none."""
        path = self.folder / name
        return path if path.is_file() and not path.is_symlink() else None

    def is_folder(self) -> bool:
        """Say whether somebody has put a folder in the place of the file that was read."""
        return stat.S_ISDIR(self.data.lstat().st_mode)

    def has_changed(self) -> bool:
        """Say whether it is not, or no longer, what was last seen; the claim then waits for the next run."""
        status = self.data.lstat()
        if file_look(status) == self.look:
            return False
        self.look, self.received_at = file_look(status), arrived_at(status)
        self.write()
        return True

    def end(self, *, purge: bool) -> None:
        """Take it away: overwritten first where nothing of it may be left. Killed in between, the next run finishes."""
        self.data.replace(self.folder / SPENT)
        _remove(self.folder, purge=purge)

    def write(self) -> None:
        """Write down what the next run needs to know."""
        said = {
            "path": str(self.path),
            "sender_org": self.sender_org,
            "look": self.look,
            "received_at": self.received_at.isoformat(),
            "beside": self.beside,
        }
        write_atomically(self.folder / CLAIM, json.dumps(said).encode("ascii"), FILE_MODE)

    def take_beside(self) -> None:
        """Take what lay beside it too, but nothing that was put there since."""
        for part, (name, look) in self.beside.items():
            path = self.path.with_name(name)
            with contextlib.suppress(FileNotFoundError):
                if file_look(path.lstat()) == look:
                    path.rename(self.folder / part)


def take(arrival: Arrival, area: ReturnsArea) -> Claim | None:
    """Move an entry out of the drop folder; None where it has gone meanwhile. Raises OSError.

    Where the drop folder is on another disk than the other returns, to which nothing can be renamed, the private folder is
    made in the drop folder itself.
    """
    for root, within in ((area.taken, area.root), (arrival.path.with_name(TAKEN_HERE),) * 2):
        folder = make_private_folder(root / secrets.token_hex(8), within=within)
        claim = Claim(folder, arrival.path, arrival.sender_org, arrival.look, arrival.received_at, _beside(arrival))
        claim.write()
        try:
            arrival.path.rename(claim.data)
        except OSError as error:
            _remove(folder, purge=False)
            if error.errno == errno.EXDEV:
                continue
            if error.errno == errno.ENOENT:
                return None
            raise
        if claim.is_folder():
            claim.data.rename(arrival.path)
            _remove(folder, purge=False)
            return None
        claim.take_beside()
        return claim
    raise OSError(errno.EXDEV, "the drop folder lies on several disks")


def open_claims(area: ReturnsArea) -> list[Claim]:
    """Return what earlier runs took out and did not bring to its end, in the order of names; leftovers of ended ones are removed."""
    claims = []
    for root in (area.taken, *sorted(area.inbox.glob(TAKEN_HERE)), *sorted(area.inbox.glob(f"*/{TAKEN_HERE}"))):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            # Without its data a claim is spent: a purge that failed half-way leaves zeros in place of its words.
            claim = _read(folder) if os.path.lexists(folder / DATA) else None
            if claim is None:
                _remove(folder, purge=True)
            else:
                claim.take_beside()
                claims.append(claim)
    return sorted(claims, key=lambda claim: claim.path)


def _beside(arrival: Arrival) -> dict[str, tuple[str, FileLook]]:
    name = arrival.path.name
    parts = {DONE_PART: name + DONE, RECEIVED_PART: arrival.path.stem + RECEIVED}
    if arrival.manifest is not None:
        parts[MANIFEST_PART] = arrival.manifest.name
    return dict(_looks(arrival.path, parts))


def _looks(path: Path, parts: dict[str, str]) -> Iterator[tuple[str, tuple[str, FileLook]]]:
    for part, name in parts.items():
        with contextlib.suppress(FileNotFoundError):
            yield part, (name, file_look(path.with_name(name).lstat()))


def _read(folder: Path) -> Claim | None:
    """None where a kill came before the claim was written: nothing had been taken then."""
    try:
        said: dict[str, Any] = json.loads((folder / CLAIM).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    return Claim(
        folder,
        Path(said["path"]),
        said["sender_org"],
        FileLook(*said["look"]),
        dt.datetime.fromisoformat(said["received_at"]),
        {part: (name, FileLook(*look)) for part, (name, look) in said["beside"].items()},
    )


def _remove(folder: Path, *, purge: bool) -> None:
    if purge:
        purge_folder(folder)
    else:
        shutil.rmtree(folder)
    if folder.parent.name == TAKEN_HERE:
        with contextlib.suppress(OSError):
            folder.parent.rmdir()
