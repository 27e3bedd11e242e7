"""Which snapshots a release is made of, and how each source stands: from the links in clean/, provenance and ledger."""

from __future__ import annotations

import calendar
import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster_project.contracts.source import Source
from dagster_project.lake.calendar import due_since
from dagster_project.lake.discovery import PART, period_bounds
from dagster_project.lake.ledger import Entry, Ledger
from dagster_project.lake.paths import Lake, Origin
from dagster_project.lake.snapshots import PROVENANCE, read_provenance
from dagster_project.lake.trouble import BAD, Troubles, troubles_of
from dagster_project.release.errors import ReleaseError


@dataclass(frozen=True)
class Input:
    """One clean table in use: the accepted vintage of a source's entity and period."""

    slug: str
    entity: str
    period: str
    sha256: str
    url: str
    retrieved_at: str
    file: str
    clean: Path
    report: Mapping[str, Any]
    """What the parser counted (lake/parse_report.py)."""


@dataclass(frozen=True)
class SourceStatus:
    """How one entity of a source stands at the time of the release."""

    slug: str
    entity: str
    title: str
    publisher: str
    licence: str
    attribution: str
    format_status: str
    confirmed_by_period: str | None
    newest_period_in_use: str | None
    newest_period_end: str | None
    age_days: int | None
    periods_in_use_count: int
    held: bool
    held_reason: str | None
    held_since: str | None
    quiet: bool
    quiet_reason: str | None
    quiet_since: str | None
    last_accepted_at: str | None
    rows_in_use_count: int
    rejected_rows_count: int
    suppressed_cells_count: int


def links_in_use(lake: Lake, sources: Iterable[Source], origin: Origin) -> Iterator[tuple[Source, str, Path]]:
    """Yield the source, entity and link of every period in use, in a fixed order."""
    for source in sources:
        for entity in source.entities:
            for link in sorted(lake.current(source.slug, entity.name, origin).glob("*.parquet")):
                if not link.name.startswith("_"):
                    yield source, entity.name, link


def inputs_in_use(lake: Lake, sources: Iterable[Source], origin: Origin) -> tuple[Input, ...]:
    """Return every clean table in use with its provenance; raises ReleaseError when the lake has lost a part of one."""
    return tuple(_input(lake, source, entity, link) for source, entity, link in links_in_use(lake, sources, origin))


def _input(lake: Lake, source: Source, entity: str, link: Path) -> Input:
    clean = link.resolve()
    try:
        report = json.loads(clean.with_suffix(".report.json").read_text(encoding="utf-8"))
        folder = lake.snapshot(source.slug, link.stem, report["sha256"])
        provenance = read_provenance(folder)
        clean.stat()
    except (OSError, ValueError, KeyError) as error:
        raise ReleaseError(
            f"{source.slug} {entity} {link.stem} cannot be traced to its {PROVENANCE}",
            str(error),
            f"fetch and parse {source.slug} again",
        ) from error
    return Input(
        slug=source.slug,
        entity=entity,
        period=link.stem,
        sha256=report["sha256"],
        url=provenance["url"],
        retrieved_at=provenance["retrieved_at"],
        file=provenance["file"],
        clean=clean,
        report=report,
    )


def last_judgements(lake: Lake, origin: Origin) -> dict[tuple[str, str, str], Entry]:
    """Return what was said last about each source, entity and period: by gate 1, or by the look at a file as it came."""
    troubles = troubles_of(Ledger(lake.ledger).entries(), origin)
    judged = {place: trouble.entry for place, trouble in troubles.verdicts.items()}
    return judged | {place[:3]: trouble.entry for place, trouble in troubles.downloads.items()}


def period_end(period: str) -> dt.date | None:
    """Return the last day of a period as the lake writes it: 2019, 2026-01, 2025-06-29, fy2024-25, fy2024-25-q3 or 2025-q3; None for other words.

    An interface adds the version of the data to the period (`2025-12+37-7`, cvdprevent).
    """
    period = period.partition("+")[0]
    if re.fullmatch(r"fy\d{4}-\d{2}(-q[1-4])?", period):
        return period_bounds(period)[1]
    if match := re.fullmatch(r"(\d{4})-?q([1-4])", period, re.IGNORECASE):
        return _month_end(int(match[1]), 3 * int(match[2]))
    if match := re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", period):
        year, month, day = int(match[1]), int(match[2] or 12), match[3]
        return dt.date(year, month, int(day)) if day else _month_end(year, month)
    return None


def _month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def source_statuses(lake: Lake, sources: Iterable[Source], origin: Origin, today: dt.date) -> tuple[SourceStatus, ...]:
    """Return one row for each entity of each source, whether or not it has data; ages are as of `today`."""
    chosen = list(sources)
    inputs = inputs_in_use(lake, chosen, origin)
    entries = list(Ledger(lake.ledger).entries())
    troubles = troubles_of(entries, origin)
    accepted = _last_accepted(entries, origin)
    found = []
    for source in chosen:
        quiet = _quiet(source, [item for item in inputs if item.slug == source.slug], troubles, origin, today)
        found += [_status(source, entity.name, inputs, troubles, quiet, accepted, today) for entity in source.entities]
    return tuple(found)


def _last_accepted(entries: list[Entry], origin: Origin) -> dict[tuple[str, str], str]:
    return {
        (entry.source, entry.entity): entry.at
        for entry in entries
        if entry.event == "accepted" and entry.detail.get("origin") == origin
    }


def _status(
    source: Source,
    entity: str,
    inputs: tuple[Input, ...],
    troubles: Troubles,
    quiet: tuple[str, str] | None,
    accepted: Mapping[tuple[str, str], str],
    today: dt.date,
) -> SourceStatus:
    mine = [item for item in inputs if (item.slug, item.entity) == (source.slug, entity)]
    held = list(_held(source.slug, entity, {(item.period, item.sha256) for item in mine}, troubles))
    newest = max((item.period.partition(PART)[0] for item in mine), default=None)
    end = None if newest is None else period_end(newest)
    confirmed = source.entity(entity).confirmed_by
    return SourceStatus(
        slug=source.slug,
        entity=entity,
        title=f"{source.title}: {source.entity(entity).title}",
        publisher=source.publisher,
        licence=source.licence,
        attribution=source.attribution,
        format_status=source.format_status_of(entity),
        confirmed_by_period=None if confirmed is None else confirmed.period,
        newest_period_in_use=newest,
        newest_period_end=None if end is None else end.isoformat(),
        age_days=None if end is None else (today - end).days,
        periods_in_use_count=len(mine),
        held=bool(held),
        held_reason="; ".join(reason for reason, _ in held) or None,
        held_since=min((since for _, since in held), default=None),
        quiet=quiet is not None,
        quiet_reason=None if quiet is None else quiet[0],
        quiet_since=None if quiet is None else quiet[1],
        last_accepted_at=accepted.get((source.slug, entity)),
        rows_in_use_count=sum(int(item.report["clean_rows"]) for item in mine),
        rejected_rows_count=sum(int(item.report["records_rejected"]) for item in mine),
        suppressed_cells_count=sum(int(item.report["statuses"].get("suppressed", 0)) for item in mine),
    )


def _held(slug: str, entity: str, in_use: set[tuple[str, str]], troubles: Troubles) -> Iterator[tuple[str, str]]:
    """Why files of the entity are not in use, and since when.

    A verdict on the vintage in use is no reason to call the source held: the ledger does not repeat an old acceptance.
    """
    for (source, name, period), trouble in sorted(troubles.verdicts.items()):
        entry = trouble.entry
        if (source, name) == (slug, entity) and entry.event in BAD and (period, entry.sha256) not in in_use:
            yield f"{period}: {entry.reason}", trouble.since
    for (source, name, period, _), trouble in sorted(troubles.downloads.items()):
        if (source, name) == (slug, entity):
            yield f"{period}: {trouble.entry.reason}", trouble.since
    whole = troubles.sources.get(slug)
    if whole is not None and whole.entry.event == "refused":
        yield whole.entry.reason, whole.since


def _quiet(
    source: Source, mine: list[Input], troubles: Troubles, origin: Origin, today: dt.date
) -> tuple[str, str] | None:
    """Why nothing new comes from a source, and since which day; None where it speaks.

    Its pages gave nothing, its newest file holds no usable row, or a period is due by the publisher's calendar and nothing
    newer is in use. Invented files come out on no day.
    """
    missing = troubles.sources.get(source.slug)
    if missing is not None and missing.entry.event == "missing":
        return missing.entry.reason, missing.since[:10]
    ends = [(end, item) for item in mine if (end := period_end(item.period)) is not None]
    if not ends:
        return None
    end, newest = max(ends, key=lambda pair: pair[0])
    if all(not item.report["clean_rows"] for last, item in ends if last == end):
        return f"the newest file ({newest.file}) gave no row that can be used", newest.retrieved_at[:10]
    due = due_since(source, end, today) if origin == "published" else None
    if due is None:
        return None
    period, day = due
    return (
        f"{period} is due since {day} by the publisher's calendar, and nothing newer than {newest.period} is in use",
        day.isoformat(),
    )
