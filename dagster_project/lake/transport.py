"""Where addresses are read from: the live sites, a mirror of them, or the sample estate. One interface for all three.

The rest of the code cannot tell them apart; only the origin (published or synthetic) is carried on, because every row
of a mart must say it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from dagster_project.lake.files import LakeError, hash_file, part_of, sync_folder
from dagster_project.lake.http import Fetched, HttpClient, SourceMoved
from dagster_project.lake.paths import SYNTHETIC_MARKER, Origin

OnProgress = Callable[[int, int | None], None]


class Transport(Protocol):
    """What the lake asks of a place where files come from."""

    origin: Origin

    def read_page(self, address: str) -> str:
        """Return the text of a landing page; raises SourceMoved when there is none."""

    def fetch(
        self,
        address: str,
        destination: Path,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        maximum_bytes: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Fetched:
        """Return the file at `address`, whole, at `destination`."""


class MirrorTransport:
    """A folder laid out as `wget --force-directories` lays it: host, path, and the query kept in the file name."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.origin: Origin = "synthetic" if (root / SYNTHETIC_MARKER).is_file() else "published"

    def read_page(self, address: str) -> str:
        """Return the saved page; a folder's page is its index.html."""
        return self._locate(address, page=True).read_text(encoding="utf-8")

    def fetch(
        self,
        address: str,
        destination: Path,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        maximum_bytes: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Fetched:
        """Return a copy of the mirrored file; nothing is written when `etag` is the file's own sha256."""
        original = self._locate(address, page=False)
        size = original.stat().st_size
        if maximum_bytes is not None and size > maximum_bytes:
            raise LakeError(
                f"{address} is {size:,} bytes in the mirror",
                f"the source's cap is {maximum_bytes:,} bytes",
                "look at the file; raise max_bytes in source.yml if it is genuine",
            )
        sha256 = hash_file(original)
        now = dt.datetime.now(dt.UTC)
        if etag == sha256:
            return Fetched(address, None, sha256, size, sha256, None, None, now, "not_modified")
        destination.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(destination)
        shutil.copyfile(original, part)
        part.replace(destination)
        sync_folder(destination.parent)
        if on_progress is not None:
            on_progress(size, size)
        return Fetched(address, destination, sha256, size, sha256, None, None, now, "fetched")

    def _locate(self, address: str, *, page: bool) -> Path:
        parts = urlsplit(address)
        relative = unquote(parts.path).lstrip("/")
        name = relative + (f"?{unquote(parts.query)}" if parts.query else "")
        path = (self._root / parts.netloc / name).resolve()
        if self._root not in path.parents:
            raise LakeError(address, "the address leads out of the mirror", "look at the landing page that names it")
        if page and not path.is_file():
            path = path / "index.html"
        if not path.is_file():
            raise SourceMoved(address, "the mirror holds no such file", "mirror the publisher's site again")
        return path


class HttpsTransport:
    """The live sites, through the hardened client of lake/http.py."""

    origin: Origin = "published"

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def read_page(self, address: str) -> str:
        """Return the text of a landing page."""
        return self._client.read_page(address)

    def fetch(
        self,
        address: str,
        destination: Path,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        maximum_bytes: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Fetched:
        """Return the file at `address`; conditional when the validators of the last fetch are given."""
        return self._client.fetch(
            address,
            destination,
            etag=etag,
            last_modified=last_modified,
            maximum_bytes=maximum_bytes,
            on_progress=on_progress,
        )
