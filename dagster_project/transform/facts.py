"""Facts of returns that an engine handed over, and the manifest that binds them to what they were made of.

    returns/clean/<model>/<sha256>.parquet    rows of a model tagged `engine`; true counts, so private like the returns (0600)
    returns/clean/engine.json                 engine, digest of its inputs, of each model's SQL, submissions, rows and hash of each file

They lie among the clean tables of the returns: so the fingerprint of a release names them, returns/made_of/ keeps their hashes, and
`hiw releases verify` builds with them. The manifest is written last: a job that was killed leaves none.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.duck import EngineLimits, scratch_connection
from dagster_project.lake.files import LakeError, hash_file
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, placing_private, purge_folder, write_private
from dagster_project.transform.dbt import project_digest

MANIFEST = "engine.json"
READ = ("wl01", "op01", "uc01", "submission", "expected")
"""Clean tables that the models of the engine read."""
REGISTERS = ("submission", "expected")


def engine_models(dbt_manifest: Path) -> tuple[str, ...]:
    """Return the models that the engine builds: tables tagged `engine`."""
    nodes = json.loads(dbt_manifest.read_text(encoding="utf-8"))["nodes"].values()
    return tuple(
        sorted(node["name"] for node in nodes if "engine" in node["tags"] and node["resource_type"] == "model")
    )


def digest_of_inputs(run: Run) -> str:
    """Return a sha256 that changes with the dbt project and with what the engine reads: rows by the names of their files (the submission
    id holds the hash of what was sent), registers by their bytes.
    """
    area = ReturnsArea.of(run.lake)
    digest = hashlib.sha256(project_digest(run).encode())
    for table in READ:
        for path in sorted(area.clean(table).glob("*.parquet")):
            content = hash_file(path) if table in REGISTERS else ""
            digest.update(f"{table}\x1f{path.name}\x1f{content}\n".encode())
    return digest.hexdigest()


def hand_over(run: Run, answer: Mapping[str, Any], folders: Mapping[str, Path], made_of: str) -> dict[str, int]:
    """Take the rows of each model into the returns area, a file each, and write the manifest; gives how many there are of each.

    Raises LakeError where these are not the rows that the engine says it wrote, OSError, NoSpace or duckdb.Error; without a manifest nothing
    is read.
    """
    area = ReturnsArea.of(run.lake)
    forget_facts(area, folders)
    files: dict[str, dict[str, Any]] = {}
    rows: dict[str, int] = {}
    for model, folder in folders.items():
        rows[model] = 0
        if any(folder.glob("*.parquet")):
            whole = _in_order(folder, run.limits)
            name = f"{model}/{hash_file(whole)}.parquet"
            with placing_private(area.clean_root / name, area) as placed:
                shutil.copyfile(whole, placed)
            files[name] = {"rows": _count(whole)}
            rows[model] = files[name]["rows"]
        if rows[model] != answer["rows"].get(model):
            raise _refused(
                f"of {model} there are {rows[model]:,} rows where the engine wrote {answer['rows'].get(model)}"
            )
    content = dict(answer) | {"made_of": made_of, "files": files}
    write_private(area.clean_root / MANIFEST, json.dumps(content, indent=1, sort_keys=True).encode(), area)
    return rows


def _in_order(folder: Path, limits: EngineLimits) -> Path:
    """One file of the rows of a folder, beside it, in the order of all columns.

    Spark writes equal rows in other bytes each time. The fingerprint of a release names the hash, and a release that was rolled back from
    must be known again when its facts were only built again.
    """
    whole = folder.with_name(f"{folder.name}.in_order")
    with scratch_connection(replace(limits, threads=1)) as con:
        rows = con.sql("select * from read_parquet(?) order by all", params=[str(folder / "*.parquet")])
        rows.write_parquet(str(whole))
    return whole


def _count(part: Path) -> int:
    with scratch_connection() as con:
        row = con.execute("select count(*) from read_parquet(?)", [str(part)]).fetchone()
    return int(row[0]) if row else 0


def forget_facts(area: ReturnsArea, models: Iterable[str]) -> None:
    """Take facts and manifest away, the manifest first."""
    (area.clean_root / MANIFEST).unlink(missing_ok=True)
    for model in models:
        purge_folder(area.clean(model))


def rows_in_place(run: Run, models: Iterable[str]) -> dict[str, int]:
    """Return the rows of each model, if its files are what the manifest says and of the inputs of now.

    Raises LakeError naming what is not: no manifest, one of another run, a file that is missing, changed or too many.
    """
    area, wanted = ReturnsArea.of(run.lake), tuple(models)
    try:
        manifest = json.loads((area.clean_root / MANIFEST).read_text(encoding="utf-8"))
        files = {str(name): int(one["rows"]) for name, one in manifest["files"].items()}
        made_of = str(manifest["made_of"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused("the engine has handed over no usable manifest") from error
    if made_of != digest_of_inputs(run):
        raise _refused("their manifest is of another run: returns or models have changed since")
    there = {f"{model}/{path.name}" for model in wanted for path in area.clean(model).glob("*.parquet")}
    for name in sorted(there ^ set(files)):
        raise _refused(f"{name} is {'not in the manifest' if name in there else 'missing'}")
    for name in sorted(there):
        path = area.clean_root / name
        if hash_file(path) != path.stem or not _has_rows(path, files[name]):
            raise _refused(f"{name} is not as the engine handed it over")
    rows = {model: sum(count for name, count in files.items() if name.startswith(f"{model}/")) for model in wanted}
    if empty := [model for model in wanted if not any(name.startswith(f"{model}/") for name in files)]:
        raise _refused(f"the manifest names no file of {', '.join(empty)}")
    return rows


def _has_rows(path: Path, rows: int) -> bool:
    try:
        return _count(path) == rows
    except duckdb.Error:
        return False


def _refused(why: str) -> LakeError:
    return LakeError(
        "The engine's facts are not used", why, "materialise engine_facts again: `hiw refresh` with HIW_ENGINE=spark"
    )
