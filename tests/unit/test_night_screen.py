"""What libraries warn of goes into the log of a nightly run: the screen holds the project's own sentences."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NIGHT = """
import sys, warnings
from pathlib import Path
from dagster_project.lake.paths import Lake
from dagster_project.operate.refresh import _log_of

with _log_of(Lake(Path(sys.argv[1])), verbose=False):
    warnings.warn("a library's function is in preview")
warnings.warn("after the night")
"""


def test_a_warning_of_a_library_is_in_the_log_and_not_on_the_screen(tmp_path: Path) -> None:
    """In a process of its own: pytest takes warnings itself."""
    (tmp_path / "dagster").mkdir()
    ended = subprocess.run([sys.executable, "-c", NIGHT, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "in preview" not in ended.stderr
    assert "after the night" in ended.stderr
    assert "in preview" in (tmp_path / "dagster" / "last_night.log").read_text(encoding="utf-8")
