"""Files that were refused and are kept under lock: what they are, and their end.

A file is held where it was searched whole, nothing of a patient was found, and it cannot be judged all the same: a formula
without a result, an error in a cell, a sheet that the template does not have. To destroy a sender's file is the last resort, so
it stays in `held/<digest>/`, 0600, used by nothing, until its sender confirms with an empty file `<name>.confirm` that came the
same way, or a later file of the same return, trust and period is accepted. What must not be kept at all is in keeping.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from dagster_project.returns.area import ReturnsArea, purge_folder
from dagster_project.returns.submission import FILE_NAME

RECEIPT = "receipt.json"


def remove_confirmed(area: ReturnsArea, name: str, sender_org: str | None) -> int:
    """Destroy what is held of this name and sender; how many files that were. Raises OSError."""
    found = [folder for folder, one in _all(area) if one == (name, sender_org or "")]
    for folder in found:
        purge_folder(folder)
    return len(found)


def remove_superseded(area: ReturnsArea, accepted: str, sender_org: str | None) -> None:
    """Destroy what the same sender has in lock for the return, trust and period of an accepted file. Raises OSError."""
    place = _place(accepted)
    for folder, (name, sender) in list(_all(area)):
        if place is not None and sender == (sender_org or "") and _place(name) == place:
            purge_folder(folder)


def _place(name: str) -> tuple[str, ...] | None:
    named = FILE_NAME.fullmatch(name)
    return (named["collection"], named["org"], named["period"]) if named else None


def _all(area: ReturnsArea) -> Iterator[tuple[Path, tuple[str, str]]]:
    """Folder, and name and sender of the file in it; one whose receipt a kill has prevented is placed again by the next run."""
    for receipt in sorted(area.held_root.glob(f"*/{RECEIPT}")):
        said = json.loads(receipt.read_text(encoding="utf-8"))
        yield receipt.parent, (str(said["name"]), str(said["sender_org"]))
