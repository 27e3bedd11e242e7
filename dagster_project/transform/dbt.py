"""Running dbt: its environment, its manifest, its process.

dbt runs as a subprocess, so that its handle on the warehouse file ends with it (dbt-duckdb keeps it open in-process).
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource

from dagster_project.duck import LOCK_WORDS, open_database
from dagster_project.lake.files import LakeError, write_atomically
from dagster_project.lake.run import Run
from dagster_project.lake.warehouse import ducklake_data
from dagster_project.release.macros import MEASURE_MACROS
from dagster_project.returns.area import ReturnsArea, keep_build_private
from dagster_project.runtime.started import STARTER
from dagster_project.settings import PROJECT_ROOT, Settings

DBT_PROJECT = PROJECT_ROOT / "dbt"
POOL = "duckdb_warehouse"
NIGHT, DUCKLAKE = "night", "ducklake"
"""Targets of dbt/profiles.yml."""
PARSED = DBT_PROJECT / "target" / "parsed"
"""What dbt parsed of this checkout, by digest; every data folder begins with a copy."""
EXTRACT_STATEMENTS = "extract_statements.sql"
RENDERED = (MEASURE_MACROS, EXTRACT_STATEMENTS)
PARSE_RESULTS = ("manifest.json", "partial_parse.msgpack", *RENDERED)
PARSE = ("compile", "--no-introspect", "--no-populate-cache", "--select", *(Path(name).stem for name in RENDERED))
"""Parses the project, and renders the measures of the published file and the statements of `hiw extract`: they change with nothing else."""
SEED_TESTS = "test_type:generic,path:seeds"
"""Tests of seeds and unit tests change with the project alone: they run in `make test`, not every night."""
MART_KEYS = "tag:key,path:models/marts"
"""Gate 2 asks the same of the candidate, whose bytes are published; 44 tests less. They run in `make test` and with `hiw-dbt`."""
NIGHT_TESTS = f"{SEED_TESTS} {MART_KEYS}"
"""What no nightly run asks (release/dbt_artifacts.py, is_left_out)."""
BUILD = ("build", "--exclude-resource-type", "unit_test")
LONGEST_SECONDS = 3 * 60 * 60
"""A first nightly run builds within a minute; a dbt that takes longer than this hangs and is stopped."""
LONGEST_PARSE_SECONDS = 60
KEEP_PARTS = "HIW_KEEP_PARTS"
"""`yes`: parts of tables whose inputs have not changed stay (dbt/macros/materializations/by_part.sql). Only a nightly run may say so."""
USUAL_LIMITS = {f"HIW_{name.upper()}": str(Settings.model_fields[name].default) for name in ("memory_limit", "threads")}
KEPT_PARSES = 6
DIGEST_SHOWN = 16
RETURNS = dg.AssetKey("clean_returns")


def dbt_executable() -> str:
    """Return `hiw-dbt` of this environment: dbt in the working folder HIW_BUILD, so that paths can be the same for every data folder."""
    return str(Path(sys.executable).with_name("hiw-dbt"))


def dbt_environment(run: Run) -> dict[str, str]:
    """Return what the dbt project reads from its environment; telemetry off. Paths are relative to build/, where dbt works.

    So every data folder of a checkout has the same values, and dbt parses the project once for all of them: it parses again
    whatever reads a variable that has changed. The release is not named for the same reason; the candidate fills in `release_id`.
    """
    lake = run.lake
    return {
        "HIW_DATA_LAKE": str(lake.root),
        "HIW_BUILD": str(lake.build),
        STARTER: str(os.getpid()),
        "HIW_WAREHOUSE": lake.warehouse.name,
        "DBT_TARGET": DUCKLAKE if run.settings.ducklake else NIGHT,
        "HIW_DUCKLAKE": run.settings.ducklake,
        "HIW_DUCKLAKE_DATA": ducklake_data(run),
        "HIW_CLEAN": os.path.relpath(lake.root / "clean", lake.build),
        "HIW_RETURNS": os.path.relpath(ReturnsArea.of(lake).clean_root, lake.build),
        "HIW_FACTS": "spark" if any(ReturnsArea.of(lake).clean_root.glob("int_*/*.parquet")) else "duckdb",
        "HIW_ORIGIN": run.origin,
        "HIW_MEMORY_LIMIT": run.limits.memory,
        "HIW_THREADS": str(run.limits.threads),
        "HIW_TEMPORARY": lake.temporary.name,
        KEEP_PARTS: "no",
        "DBT_TARGET_PATH": str(lake.dbt_target),
        "DBT_LOG_PATH": str(lake.build / "dbt_logs"),
        # What dbt says is in the log of the run; a file of every statement beside it costs 5 ms for each node.
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        "DBT_PROJECT_DIR": str(DBT_PROJECT),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def run_dbt(run: Run, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt on the project for this data folder to its end, outside Dagster; `environment` overrides single variables.

    Raises LakeError when it does not end.
    """
    keep_build_private(run.lake)
    try:
        return subprocess.run(
            [dbt_executable(), "--quiet", *arguments],
            env=os.environ | dbt_environment(run) | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise _late(LONGEST_SECONDS) from error


@contextmanager
def ended_in_time(process: subprocess.Popen[Any], seconds: float = LONGEST_SECONDS) -> Iterator[None]:
    """Read a dbt that was started; it is killed when it takes longer than `seconds`, and LakeError is raised."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise _late(seconds) from error
        raise
    finally:
        timer.cancel()


def _late(seconds: float) -> LakeError:
    return LakeError(
        "dbt",
        f"it had not ended after {seconds / 60:,.0f} minutes and was stopped",
        "look at the machine's load, memory and disk, then start the nightly run again",
    )


def drop_damaged_warehouse(run: Run) -> str:
    """Take away a warehouse file that DuckDB cannot open, for dbt to make it again: it is a cache. Gives DuckDB's reason, or ""."""
    warehouse = run.lake.warehouse
    if not warehouse.exists():
        return ""
    try:
        open_database(warehouse, read_only=True, wait_seconds=run.wait_seconds).close()
    except duckdb.Error as error:
        if any(word in str(error) for word in LOCK_WORDS):
            raise
        for path in (warehouse, warehouse.with_name(warehouse.name + ".wal")):
            path.unlink(missing_ok=True)
        return str(error).splitlines()[0]
    return ""


def project_digest(run: Run) -> str:
    """Changes with any file of the dbt project that dbt reads, with dbt, and with the settings that its parsing takes in."""
    versions = [importlib.metadata.version(package) for package in ("dbt-core", "dbt-duckdb")]
    known = [str(DBT_PROJECT), run.origin, *versions]
    digest = hashlib.sha256(repr(known).encode())
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.relative_to(DBT_PROJECT).parts:
            digest.update(str(path.relative_to(DBT_PROJECT)).encode() + path.read_bytes())
    return digest.hexdigest()


def prepare_manifest(run: Run) -> Path:
    """Return the manifest of the dbt project as it stands, in the data folder; parsed only when a file of the project changed.

    Raises LakeError with dbt's own message when the project cannot be parsed.
    """
    target = run.lake.dbt_target
    manifest, stamp = target / "manifest.json", target / "manifest.digest"
    digest = project_digest(run)
    if stamp.exists() and stamp.read_text() == digest and _is_whole(manifest):
        return manifest
    keep_build_private(run.lake)
    kept = PARSED / digest[:DIGEST_SHOWN]
    if not _is_kept(kept):
        with _one_at_a_time():
            if not _is_kept(kept):
                shutil.rmtree(kept, ignore_errors=True)
                _parse(run, kept)
    target.mkdir(parents=True, exist_ok=True)
    for name in PARSE_RESULTS:
        write_atomically(target / name, (kept / name).read_bytes())
    write_atomically(stamp, digest.encode())
    return manifest


def _is_kept(kept: Path) -> bool:
    return all((kept / name).exists() for name in PARSE_RESULTS) and _is_whole(kept / "manifest.json")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait while another process parses, for a minute at most: two at once do no harm, and take twice the processor time."""
    PARSED.mkdir(parents=True, exist_ok=True)
    with (PARSED / ".lock").open("w") as lock:
        deadline = time.monotonic() + LONGEST_PARSE_SECONDS
        while time.monotonic() < deadline:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        yield


def _is_whole(manifest: Path) -> bool:
    """dbt writes its manifest in place: a nightly run that was killed meanwhile leaves half of it under the right name."""
    try:
        return "nodes" in json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return False


def _parse(run: Run, kept: Path) -> None:
    """Parse the whole project (9 s) into `kept`; where two processes do so at once, the first to end is kept.

    With the limits that most installations have: a build with others parses once more by itself, `hiw extract` does not build.
    """
    with tempfile.TemporaryDirectory(dir=PARSED, prefix=".parsing-") as working:
        finished = run_dbt(run, *PARSE, DBT_TARGET=NIGHT, DBT_TARGET_PATH=working, **USUAL_LIMITS)
        if finished.returncode:
            raise LakeError(
                "the dbt project", (finished.stdout + finished.stderr).strip(), "fix the file that dbt names"
            )
        for name in RENDERED:
            next(Path(working).glob(f"compiled/*/analyses/{name}")).rename(Path(working) / name)
        with suppress(OSError):
            Path(working).rename(kept)
            Path(working).mkdir()
    for old in sorted(PARSED.glob("[!.]*"), key=lambda folder: folder.stat().st_mtime)[:-KEPT_PARSES]:
        shutil.rmtree(old, ignore_errors=True)


def dbt_runner() -> DbtCliResource:
    """Return the resource that starts dbt on the project of this checkout."""
    return DbtCliResource(project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt_executable())
