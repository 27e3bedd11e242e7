"""Python 3.11 to 3.14: every file is read by each interpreter that is here, and the lock has wheels for all four.

`make test-pythons` installs the lock with each of them, and runs a night and the unit tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.operate.doctor import NEWEST_PYTHON, OLDEST_PYTHON
from dagster_project.settings import PROJECT_ROOT

VERSIONS = [f"3.{minor}" for minor in range(OLDEST_PYTHON[1], NEWEST_PYTHON[1] + 1)]
NO_REGISTRY = re.compile(r"dns error|error sending request|timed out", re.IGNORECASE)


def test_makefile_project_and_doctor_name_the_same_versions() -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    (supported,) = re.findall(r"^SUPPORTED := (.*)$", makefile, re.MULTILINE)
    assert supported.split() == VERSIONS[::-1]
    project = (PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'requires-python = ">={VERSIONS[0]},<3.{NEWEST_PYTHON[1] + 1}"' in project


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_is_read_by_the_interpreter(version: str, tmp_path: Path) -> None:
    python = f"python{version}"
    try:
        subprocess.run([python, "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"{python} is not on this machine")
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(tmp_path)}
    command = [python, "-W", "error::SyntaxWarning", "-m", "compileall", "-q", "dagster_project", "tests"]
    read = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stdout + read.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lock_has_wheels_for(version: str, tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("uv")),
        "pip",
        "install",
        "--dry-run",
        "--no-deps",
        "--require-hashes",
    ]
    command += [
        "--only-binary",
        ":all:",
        "--python-version",
        version,
        "--target",
        str(tmp_path),
        "-r",
        "requirements.lock",
    ]
    asked = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if asked.returncode and NO_REGISTRY.search(asked.stderr) and "CI" not in os.environ:
        pytest.skip("no package registry is reached")
    assert asked.returncode == 0, asked.stderr
