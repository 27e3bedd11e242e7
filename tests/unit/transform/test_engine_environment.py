"""Spark is started from the environment of this checkout's lock, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.operate.doctor import examine
from dagster_project.transform import engine
from tests.fixtures.runs import run_at

LOCK = engine.LOCK.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("installed", "java", "said"),
    [
        (None, "17.0.15", "there is no .venv-engine"),
        ("dbt-spark==1.10.0\n", "17.0.15", "made from another requirements-engine.lock"),
        (LOCK, None, "Java is not installed"),
        (LOCK, "1.8.0_392", "Java is 8, not 17 or later"),
        (LOCK, "11.0.2", "Java is 11, not 17 or later"),
        (LOCK, "17.0.15", ""),
        (LOCK, "21", ""),
    ],
)
def test_what_spark_needs_is_named_before_anything_is_started(
    installed: str | None, java: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed is not None:
        (tmp_path / "ready").write_text(installed, encoding="utf-8")
    if java is not None:
        # as every OpenJDK says it
        (tmp_path / "java").write_text(
            f"#!/bin/sh\necho 'openjdk version \"{java}\" 2025-04-15' >&2\n", encoding="utf-8"
        )
        (tmp_path / "java").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "READY", tmp_path / "ready")
    why = engine.why_it_cannot_run()
    assert said in why
    assert bool(said) == bool(why)
    for chosen, found in (("duckdb", "DuckDB"), ("spark", why or "Apache Spark, which can be started")):
        (finding,) = (
            one for one in examine(run_at(tmp_path / "lake", engine=chosen)) if one.what == "engine of the facts"
        )
        assert (finding.found, finding.good) == (found, chosen == "duckdb" or not why)
