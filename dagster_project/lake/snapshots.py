"""Fetch and keep: every file exactly as published, under its sha256, with its provenance beside it.

Not here: what is inside the files (clean.py) and where they are (discovery.py).
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dagster_project.contracts.source import Entity, Source
from dagster_project.lake.content import check_content
from dagster_project.lake.discovery import Located, discover
from dagster_project.lake.files import LakeError, NoSpace, hash_file, require_free_space, sync_folder, write_atomically
from dagster_project.lake.http import Fetched
from dagster_project.lake.ledger import Entry, Event, Ledger
from dagster_project.lake.paths import Lake, Origin
from dagster_project.lake.transport import Transport

PROVENANCE = "provenance.json"
CONTENT_FORMATS = {"csv": "csv", "zip_csv": "zip", "xlsx": "xlsx", "ods": "ods", "json": "json"}
Progress = Callable[[Iterable[Located], str], Iterable[Located]]


@dataclass(frozen=True)
class Snapshot:
    """A kept file: what it is an edition of, and where it lies."""

    source: str
    entity: str
    period: str
    address: str
    sha256: str
    origin: Origin
    path: Path


@dataclass
class FetchReport:
    """What one fetch of a source did; `problems` are sentences an operator can act on."""

    located: int = 0
    new: list[str] = field(default_factory=list)
    sha256: list[str] = field(default_factory=list)
    unchanged: int = 0
    bytes_fetched: int = 0
    missing_pages: list[str] = field(default_factory=list)
    unknown_names: list[str] = field(default_factory=list)
    """Data files on the landing pages that are neither taken nor left out on purpose."""
    problems: list[str] = field(default_factory=list)
    reachable: bool = True
    periods_fetched: set[str] = field(default_factory=set)


def fetch_source(
    source: Source,
    transport: Transport,
    lake: Lake,
    *,
    today: dt.date,
    periods: frozenset[str] | None = None,
    again: bool = False,
    progress: Progress = lambda items, _: items,
) -> FetchReport:
    """Discover the source's files and keep those that are new; with `periods`, only these; `again`
    (or `periods`) fetches in full whatever is kept.

    Never raises for a publisher's fault: the source is then held at what it has, and the report says why.
    """
    report = FetchReport()
    try:
        discovery = discover(source, transport, today)
    except LakeError as error:
        report.reachable = False
        report.problems.append(str(error))
        _note_source(source, transport, lake, "missing", str(error))
        return report
    report.missing_pages = list(discovery.missing_pages)
    report.unknown_names = list(discovery.unknown_names)
    wanted = [f for f in discovery.located if periods is None or f.period in periods]
    report.located = len(wanted)
    shutil.rmtree(_incoming(lake, source), ignore_errors=True)  # what a killed fetch left
    keeper = _Keeper(source, transport, lake, report, fresh=again or periods is not None)
    try:
        for located in progress(wanted, f"fetch {source.slug}"):
            keeper.keep(located)
    except NoSpace as error:  # no fault of a file: what is missing is fetched in the next nightly run
        report.problems.append(f"{source.slug} was not fetched to its end: {error}")
        _note_source(source, transport, lake, "refused", f"it was not fetched to its end: {error.what}")
        return report
    _note_source(source, transport, lake, "found", "")
    return report


def _note_source(source: Source, transport: Transport, lake: Lake, event: Event, reason: str) -> None:
    """Whether the source as a whole can be had; a full disk may keep even that from being written."""
    entry = Entry(event, source.slug, "", "", "", reason=reason, detail={"origin": transport.origin})
    with suppress(OSError):
        Ledger(lake.ledger).append_if_new(entry)


class _Keeper:
    """Fetches one file after another into the lake."""

    def __init__(self, source: Source, transport: Transport, lake: Lake, report: FetchReport, *, fresh: bool) -> None:
        self._source = source
        self._transport = transport
        self._lake = lake
        self._ledger = Ledger(lake.ledger)
        self._report = report
        self._known = {} if fresh else {s.address: s for s in known_snapshots(lake, source, transport.origin)}

    def keep(self, located: Located) -> None:
        """Fetch one located file; a file that must not be used is kept as evidence and reported."""
        entity = self._source.entity(located.entity)
        incoming = _incoming(self._lake, self._source)
        with _fresh_folder(incoming) as folder:
            destination = folder / file_name(located.address, entity)
            try:
                require_free_space(self._lake.root, 3 * entity.max_bytes)
                fetched = self._fetch(located, destination, entity)
                if fetched.path is not None:
                    check_content(destination, CONTENT_FORMATS[entity.format_of(located.address)])  # type: ignore[arg-type]
            except NoSpace:
                raise
            except LakeError as error:
                self._refuse(located, destination, error)
                return
            if fetched.path is None:
                self._report.unchanged += 1
            else:
                self._settle(located, fetched, folder)
            self._record("found", located, "")

    def _fetch(self, located: Located, destination: Path, entity: Entity) -> Fetched:
        known = self._known.get(located.address)
        validators = read_provenance(known.path.parent) if known else {}
        return self._transport.fetch(
            located.address,
            destination,
            etag=validators.get("etag"),
            last_modified=validators.get("last_modified"),
            maximum_bytes=entity.max_bytes,
        )

    def _settle(self, located: Located, fetched: Fetched, folder: Path) -> None:
        home = self._lake.snapshot(self._source.slug, located.period, fetched.sha256)
        self._report.bytes_fetched += fetched.size
        if not (home / PROVENANCE).exists():
            write_atomically(folder / PROVENANCE, json.dumps(self._provenance(located, fetched), indent=1).encode())
            shutil.rmtree(home, ignore_errors=True)
            home.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(home)
            sync_folder(home.parent)
            self._record("kept", located, fetched.sha256)
            self._report.new.append(f"{located.entity} {located.period}: {unquote(located.address).rsplit('/', 1)[-1]}")
            self._report.sha256.append(fetched.sha256)
            self._report.periods_fetched.add(located.period)
        else:
            self._report.unchanged += 1
        self._record("seen", located, fetched.sha256)

    def _refuse(self, located: Located, destination: Path, error: LakeError) -> None:
        evidence = ""
        if destination.exists():
            sha256 = hash_file(destination)
            home = self._lake.refused(self._source.slug) / sha256
            home.mkdir(parents=True, exist_ok=True)
            destination.replace(home / destination.name)
            evidence = str((home / destination.name).relative_to(self._lake.root))
        self._report.problems.append(str(error))
        entry = self._entry("refused", located, "", reason=str(error), evidence=evidence)
        self._ledger.append_if_new(entry)

    def _record(self, event: Any, located: Located, sha256: str) -> None:
        self._ledger.append_if_new(
            self._entry(event, located, sha256, revision=located.revision, uploaded=located.uploaded)
        )

    def _entry(self, event: Any, located: Located, sha256: str, reason: str = "", **detail: Any) -> Entry:
        detail["origin"] = self._transport.origin
        return Entry(
            event, self._source.slug, located.entity, located.period, located.address, sha256, reason, detail=detail
        )

    def _provenance(self, located: Located, fetched: Fetched) -> dict[str, Any]:
        return {
            "source": self._source.slug,
            "entity": located.entity,
            "period": located.period,
            "url": located.address,
            "final_url": fetched.address,
            "publisher": self._source.publisher,
            "licence": self._source.licence,
            "attribution": self._source.attribution,
            "retrieved_at": fetched.retrieved_at.isoformat(),
            "etag": fetched.etag,
            "last_modified": fetched.last_modified,
            "content_type": fetched.content_type,
            "sha256": fetched.sha256,
            "bytes": fetched.size,
            "origin": self._transport.origin,
            "file": file_name(located.address, self._source.entity(located.entity)),
        }


def _incoming(lake: Lake, source: Source) -> Path:
    return lake.raw(source.slug) / ".incoming"


@contextmanager
def _fresh_folder(parent: Path) -> Iterator[Path]:
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def file_name(address: str, entity: Entity) -> str:
    """Return a safe file name for a snapshot: the address's own where it is plain, else the entity's."""
    name = unquote(urlsplit(address).path).rsplit("/", 1)[-1]
    suffix = "." + CONTENT_FORMATS[entity.format_of(address)]
    plain = all(character.isalnum() or character in " ._()-" for character in name)
    return name if plain and name.lower().endswith(suffix) and not name.startswith(".") else entity.name + suffix


def read_provenance(folder: Path) -> dict[str, Any]:
    """Return the provenance of a snapshot folder."""
    provenance: dict[str, Any] = json.loads((folder / PROVENANCE).read_text(encoding="utf-8"))
    return provenance


def known_snapshots(lake: Lake, source: Source, origin: Origin) -> list[Snapshot]:
    """Return every content that an address of the source has held, oldest edition of a period first.

    The order of editions is: upload folder, revision, then the order in which the ledger saw them last (a mirror that goes
    back to an earlier content makes that content the newest again). What an address held before counts too: it is the
    vintage in use while the newer one is held, also after the clean tables have been thrown away and made again.
    """
    seen: dict[tuple[str, str, str, str], tuple[tuple[str, int, int], Entry]] = {}
    for position, entry in enumerate(Ledger(lake.ledger).entries()):
        if entry.event == "seen" and entry.source == source.slug and entry.detail.get("origin") == origin:
            edition = (str(entry.detail.get("uploaded", "")), int(entry.detail.get("revision", 0)), position)
            seen[(entry.entity, entry.period, entry.address, entry.sha256)] = (edition, entry)
    ordered = sorted(seen.values(), key=lambda pair: (pair[1].entity, pair[1].period, pair[0]))
    snapshots = [_snapshot(lake, source, entry, origin) for _, entry in ordered]
    return [snapshot for snapshot in snapshots if snapshot is not None]


def _snapshot(lake: Lake, source: Source, entry: Entry, origin: Origin) -> Snapshot | None:
    folder = lake.snapshot(source.slug, entry.period, entry.sha256)
    if not (folder / PROVENANCE).exists() or entry.entity not in {e.name for e in source.entities}:
        return None
    path = folder / str(read_provenance(folder)["file"])
    return Snapshot(source.slug, entry.entity, entry.period, entry.address, entry.sha256, origin, path)
