"""What is in the way of a source by the ledger, and since when: files that are held or refused, pages that gave nothing.

Only what was said last counts: a file that was refused and came well in the next nightly run is no trouble any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from dagster_project.lake.ledger import VERDICTS, Entry
from dagster_project.lake.paths import Origin

Key = TypeVar("Key")
BAD = frozenset({"held", "refused", "missing"})


@dataclass(frozen=True)
class Trouble:
    """One thing that was said last of a file, an address or a whole source."""

    entry: Entry
    since: str
    """When it was said first, without anything better in between (ISO 8601, UTC)."""


@dataclass(frozen=True)
class Troubles:
    """Everything that is in the way."""

    verdicts: dict[tuple[str, str, str], Trouble]
    """Source, entity, period -> what gate 1 said last of the period, good or bad."""
    downloads: dict[tuple[str, str, str, str], Trouble]
    """Source, entity, period, address -> the file there was refused when it came, and has not come well since."""
    sources: dict[str, Trouble]
    """Source -> its pages gave nothing (missing), or it was not fetched for want of space (refused)."""


def troubles_of(entries: Iterable[Entry], origin: Origin) -> Troubles:
    """Return what the ledger says last of every period, address and source of this origin; entries are oldest first."""
    found = Troubles({}, {}, {})
    for entry in entries:
        if entry.detail.get("origin", origin) != origin:
            continue
        if entry.event in VERDICTS and entry.sha256:
            _take(found.verdicts, (entry.source, entry.entity, entry.period), entry)
        elif not entry.entity:
            _take(found.sources, entry.source, entry)
        elif entry.event in {"refused", "found", "seen"}:
            _take(found.downloads, (entry.source, entry.entity, entry.period, entry.address), entry)
    return Troubles(found.verdicts, _bad(found.downloads), _bad(found.sources))


def _bad(known: dict[Key, Trouble]) -> dict[Key, Trouble]:
    return {key: trouble for key, trouble in known.items() if trouble.entry.event in BAD}


def _take(known: dict[Key, Trouble], key: Key, entry: Entry) -> None:
    before = known.get(key)
    if before is not None and before.entry.event in BAD and entry.event in BAD:
        known[key] = Trouble(entry, before.since)
    else:
        known[key] = Trouble(entry, entry.at)
