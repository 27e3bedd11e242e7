"""Spark is started from the environment of this checkout's lock, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.transform import engine


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        (None, "there is no .venv-engine"),
        ("dbt-spark==1.10.0\n", "made from another requirements-engine.lock"),
        (engine.LOCK.read_text(encoding="utf-8"), ""),
    ],
    ids=["none", "another lock", "this lock"],
)
def test_an_environment_of_another_lock_is_named_before_anything_is_started(
    installed: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed is not None:
        (tmp_path / "ready").write_text(installed, encoding="utf-8")
    java = tmp_path / "java"
    java.touch(mode=0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "READY", tmp_path / "ready")
    why = engine.why_it_cannot_run()
    assert said in why
    assert bool(said) == bool(why)
