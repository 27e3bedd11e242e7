"""Nothing in the stack talks to anybody: the night of the sample warehouse opened no connection beyond this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warehouses import HEARD, Warehouse, listening, shared_folder


def test_a_night_opens_no_connection_and_looks_up_no_name(
    sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    attempt = "import sys; sys.audit('socket.connect', None, ('192.0.2.1', 9))"
    subprocess.run([sys.executable, "-c", attempt], env=dict(os.environ) | listening(tmp_path), check=True)
    assert "192.0.2.1" in (tmp_path / HEARD).read_text(encoding="utf-8"), "the listener hears nothing"

    heard = shared_folder(tmp_path_factory) / HEARD
    assert (shared_folder(tmp_path_factory) / "listening").is_dir(), "nobody listened to the night"
    assert not heard.exists(), heard.read_text(encoding="utf-8")
