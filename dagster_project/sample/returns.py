"""The returns of the sample: who takes part, every file that the sample's trusts send, and how they reach the inbox.

A collection brings a module with `returns()` (its submissions) and, where it has participants of its own, `participants()`;
add it to `_MODULES`. `returns_files.py` says what a submission is, `returns_story.py` who sends what and when.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from dagster_project.returns.area import FILE_MODE, ReturnsArea, make_private_folder, write_private
from dagster_project.returns.calendar import PARTICIPANT_COLUMNS, Participant
from dagster_project.sample import (
    returns_ap01,
    returns_bad,
    returns_ed01,
    returns_op01,
    returns_sa01,
    returns_story,
    returns_sv01,
    returns_uc01,
    returns_wf01,
    returns_wl01,
    returns_wr01,
)
from dagster_project.sample.files import csv_bytes
from dagster_project.sample.returns_files import SampleReturn

_MODULES = (
    *(returns_wl01, returns_op01, returns_uc01, returns_bad),
    *(returns_wf01, returns_wr01, returns_sv01, returns_sa01, returns_ed01, returns_ap01),
)
_STAMP = "sample_returns.sha256"


def sample_returns() -> Iterator[SampleReturn]:
    """Yield every submission of the sample, bad ones too, in the order in which they come in."""
    yield from sorted(
        (one for module in _MODULES for one in module.returns()), key=lambda one: (one.received, one.stem)
    )


def sample_participants() -> list[Participant]:
    """Return who takes part in what."""
    own = [one for module in _MODULES if hasattr(module, "participants") for one in module.participants()]
    return [one for code in ("WL01", "OP01", "UC01") for one in returns_story.participants(code)] + own


def participants_csv() -> bytes:
    """Return the sample's participants.csv."""
    rows = ([getattr(one, name) for name in PARTICIPANT_COLUMNS] for one in sample_participants())
    return csv_bytes([PARTICIPANT_COLUMNS, *rows])


def drop_sample_returns(area: ReturnsArea) -> list[Path]:
    """Write participants.csv, and put the sample's files into the inbox as the trusts would; gives the data files.

    They are dropped once: a stamp says which edition of these modules was dropped, and nothing is written while it is the
    same. Raises OSError or NoSpace when the folder cannot be written.
    """
    stamp, edition = area.root / _STAMP, _edition()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == edition:
        return []
    write_private(area.participants, participants_csv(), area)
    make_private_folder(area.inbox, within=area.root)
    written = []
    for sent in sample_returns():
        for name, content in sent.files().items():
            _write(area.inbox / name, content)
        written.append(area.inbox / f"{sent.stem}.csv")
    write_private(stamp, edition.encode(), area)
    return written


def _write(path: Path, content: bytes) -> None:
    """Write without waiting for the disk: five hundred files that can always be made again."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as stream:
        stream.write(content)


def _edition() -> str:
    """A hash over the modules that make the returns."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("returns*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
