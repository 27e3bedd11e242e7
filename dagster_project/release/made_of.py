"""What of the returns a release was made of, by hash: the sources are in its `meta.inputs`, these lines are private.

    returns/made_of/<release_id>/files.json          every clean table of the returns and its sha256
    returns/made_of/<release_id>/expected.parquet    what was expected on that day; the file in returns/clean/ moves on

Not here: building it again (verify.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import Lake
from dagster_project.release.releases import release_id_of, release_names
from dagster_project.returns.area import ReturnsArea, purge_folder, write_private

FILES, EXPECTED = "files.json", Path("expected", "expected.parquet")


@dataclass(frozen=True)
class MadeOf:
    """The record of one release."""

    area: ReturnsArea
    release_id: str

    @property
    def folder(self) -> Path:
        """Return the folder, which is private and backed up with the returns."""
        return self.area.made_of_root / self.release_id

    def write(self) -> None:
        """Record the clean tables of the returns as they stand; raises OSError or NoSpace."""
        found = {path.relative_to(self.area.clean_root) for path in self.area.clean_root.glob("*/*.parquet")}
        if EXPECTED in found:
            write_private(self.folder / EXPECTED.name, (self.area.clean_root / EXPECTED).read_bytes(), self.area)
        hashes = {path.as_posix(): hash_file(self.area.clean_root / path) for path in sorted(found)}
        write_private(self.folder / FILES, json.dumps(hashes, indent=0).encode(), self.area)

    def read(self) -> Mapping[str, str]:
        """Name below returns/clean -> sha256; empty where there is no usable record."""
        try:
            read: dict[str, str] = json.loads((self.folder / FILES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return read

    def kept(self) -> Iterator[tuple[str, Path | None]]:
        """Yield each table and where it is kept; None where it is gone or has other bytes."""
        for name, sha256 in self.read().items():
            places = [self.area.clean_root / name, *([self.folder / EXPECTED.name] if Path(name) == EXPECTED else [])]
            yield name, next((path for path in places if path.is_file() and hash_file(path) == sha256), None)


def remember(lake: Lake, release_id: str) -> None:
    """Record what a candidate is made of, and forget what no kept release is made of. Raises OSError or NoSpace."""
    area = ReturnsArea.of(lake)
    MadeOf(area, release_id).write()
    wanted = {release_id, *map(release_id_of, release_names(lake))}
    for folder in area.made_of_root.iterdir():
        if folder.name not in wanted:
            purge_folder(folder)
