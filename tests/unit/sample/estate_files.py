"""How the tests of this folder read files: as a stranger would, with csv and zipfile."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path


def find_file(folder: Path, pattern: str) -> Path:
    """The one file of a folder that matches a glob pattern."""
    found = [path for path in folder.rglob(pattern) if path.is_file()]
    assert len(found) == 1, f"{pattern}: {found}"
    return found[0]


def read_csv(path: Path) -> list[list[str]]:
    """The rows of a CSV file, or of the one CSV inside a zip."""
    content = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            (member,) = archive.namelist()
            content = archive.read(member)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_records(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as dictionaries; every row must have as many cells as the header."""
    header, *rows = read_csv(path)
    return [dict(zip(header, row, strict=True)) for row in rows]
