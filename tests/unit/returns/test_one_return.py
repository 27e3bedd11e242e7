"""One return cannot take the machine: the memory of the search is bounded, whatever a file of the permitted size holds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.returns.limits import MAXIMUM_FILE_BYTES
from dagster_project.settings import PROJECT_ROOT

SIZE = 24_000_000
MOST_MEGABYTES = 150
"""Above what the modules take; the search of a plain return of this size needs some 20."""
CONTENTS = {
    "one row": b"R9A,2026-10-31," * 1_600_000,
    "one row of commas": b"," * SIZE,
    "one cell": b"x" * SIZE,
    "one quoted cell": b'a,"' + b"x\n" * (SIZE // 2) + b'"\n',
    "one row over all lines": b'"\n",' * (SIZE // 5),
    "wide rows": (b"1," * 400_000 + b"\n") * 30,
    "short rows": b"a\n" * (SIZE // 8),
}
SCAN = """
import resource, sys
from pathlib import Path
from dagster_project.returns.search import scan_file
from dagster_project.returns import text_files, workbook_parts
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
findings = scan_file(Path(sys.argv[1]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, len(findings))
"""


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_the_search_of_a_text_takes_little_memory_and_says_little(content: bytes, tmp_path: Path) -> None:
    assert len(content) < MAXIMUM_FILE_BYTES
    path = tmp_path / "HIW-WL01_R9A_2026-10_v01.csv"
    path.write_bytes(content)
    command = [sys.executable, "-c", SCAN, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT_ROOT).stdout.split()
    assert int(told[0]) < MOST_MEGABYTES and int(told[1]) <= 200
