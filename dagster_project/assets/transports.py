"""Open the transport that HIW_SOURCES names; the sample estate is written on first use."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from dagster_project.lake.files import part_of
from dagster_project.lake.http import FetchLimits, HttpClient
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.lake.transport import HttpsTransport, MirrorTransport, Transport


def open_transport(run: Run, hosts: Iterable[str]) -> Transport:
    """Return the transport that HIW_SOURCES names; the sample estate is written on first use."""
    settings = run.settings
    if settings.sources == "https":
        return HttpsTransport(
            HttpClient(allowed_hosts=frozenset(hosts), user_agent=settings.user_agent, limits=FetchLimits())
        )
    if settings.sources == "mirror":
        assert settings.mirror is not None  # noqa: S101 - Settings refuses to be made without it
        return MirrorTransport(settings.mirror)
    return MirrorTransport(_sample_estate(run.lake))


def _sample_estate(lake: Lake) -> Path:
    """The estate that the sample package of today writes; another version of it goes into another folder."""
    # For start-up time: the live sites and a mirror need none of the sample's forty modules.
    from dagster_project import sample
    from dagster_project.sample.estate import write_estate

    digest = hashlib.sha256()
    for module in sorted(Path(sample.__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    folder = lake.sample / digest.hexdigest()[:12]
    if not folder.exists():
        shutil.rmtree(lake.sample, ignore_errors=True)
        unfinished = part_of(folder)
        unfinished.mkdir(parents=True)
        write_estate(unfinished)
        unfinished.rename(folder)
    return folder
