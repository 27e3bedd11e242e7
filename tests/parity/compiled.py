"""The project as dbt-spark compiles it, in dbt/target/engine: parsed again only where a file of the project has changed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from dagster_project.extract.statements import by_name
from dagster_project.lake.run import Run
from dagster_project.transform.dbt import DBT_PROJECT, EXTRACT_STATEMENTS, dbt_environment, project_digest
from dagster_project.transform.engine import ENVIRONMENT

TARGET = DBT_PROJECT / "target" / "engine"
COMPILE = ("--quiet", "compile", "--target", "engine", "--no-introspect", "--no-populate-cache")


def compile_for_spark(run: Run) -> Path:
    """The manifest with every node compiled for Spark; raises SystemExit with dbt's own words where it cannot be."""
    digest, stamp, manifest = project_digest(run), TARGET / "digest", TARGET / "manifest.json"
    if stamp.exists() and stamp.read_text() == digest:
        return manifest
    environment = os.environ | dbt_environment(run)
    environment |= {"DBT_TARGET_PATH": str(TARGET), "DBT_LOG_PATH": str(TARGET / "logs")}
    command = [str(ENVIRONMENT / "bin" / "dbt"), *COMPILE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=DBT_PROJECT)
    if done.returncode:
        raise SystemExit(f"dbt-spark could not compile the project:\n{done.stdout}{done.stderr}")
    stamp.write_text(digest)
    return manifest


def extract_statements(manifest: Path) -> dict[str, str]:
    """Name -> SELECT of `hiw extract`, as dbt-spark rendered it into the manifest."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    (compiled,) = (node["compiled_code"] for node in nodes if node["name"] == Path(EXTRACT_STATEMENTS).stem)
    return by_name(compiled)
