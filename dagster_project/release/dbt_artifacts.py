"""What dbt's own artefacts say about the marts: which are exposed, how they are described, how their tests went.

Read from target/manifest.json and target/run_results.json as dbt 1.11 writes them. Nothing here opens a database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dagster_project.release.contents import qualified
from dagster_project.release.errors import ReleaseError

MART_LAYER = "marts"
RETURNS = "returns"
"""The name of dbt's source of what trusts sent."""
RESTRICTED = "restricted"
"""The schema of the warehouse that no release holds."""
COUNTS_OF_PEOPLE = "safe_counts"


@dataclass(frozen=True)
class ColumnDescription:
    """A column of a mart as its YAML describes it."""

    name: str
    description: str
    unit: str
    data_type: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """All of its config.meta; the dictionary reads code_list, source and caveat."""


RELEASE_ID = ColumnDescription(
    "release_id", "Release of the warehouse that carries the row (meta.releases).", "", "varchar"
)
"""The last column of every mart. dbt does not know which release it builds for: the candidate adds the column."""


@dataclass(frozen=True)
class ExposedModel:
    """A mart that an exposure names, and that therefore leaves the warehouse."""

    name: str
    schema: str
    alias: str
    description: str
    columns: tuple[ColumnDescription, ...]
    key: tuple[str, ...]
    disclosure_policy: str
    """Empty when the model names none; the disclosure audit then refuses it."""
    unique_id: str
    safe_counts: Mapping[str, Any] = field(default_factory=dict)
    """The declaration of its counts of people, as it is in config.meta (quality/declaration.py)."""
    made_of_returns: bool = True
    """Whether it counts people, or a return is among what it is built of: messages about such a mart hold keys and numbers only."""
    part: str = ""
    """The column by whose values dbt makes it (materialized by_part); empty where it is made as a whole."""

    @property
    def built(self) -> str:
        """The table of the attached warehouse, quoted."""
        return qualified("warehouse", self.schema, self.alias)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def built_names(self) -> tuple[str, ...]:
        """The columns of the warehouse's table: all but that of the release."""
        return tuple(column.name for column in self.columns if column is not RELEASE_ID)


@dataclass(frozen=True)
class DbtTest:
    """A data test of the project, and the mart it watches ("" for a test of another layer)."""

    unique_id: str
    name: str
    mart: str
    severity: str
    """dbt's own: ERROR or WARN."""


def read_artefact(path: Path) -> dict[str, Any]:
    """Return a JSON file of dbt's target folder, to be read only; raises ReleaseError when it is missing or not whole."""
    try:
        found = path.stat()
        content = _parsed(path, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError) as error:
        raise ReleaseError(
            f"{path.name} of dbt cannot be read", str(error), "run dbt build, or point to its target folder"
        ) from error
    return content


@lru_cache(maxsize=2)
def _parsed(path: Path, _changed: int, _size: int) -> dict[str, Any]:
    """A nightly run asks for the same manifest of 5 MB seven times."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def read_exposed_models(manifest: Path) -> tuple[ExposedModel, ...]:
    """Return the marts that the exposures of the project depend on, in alphabetical order.

    Raises ReleaseError when there is none, when an exposure names something that is not a mart, or when a description or
    the key of a mart is missing: what is not described is not published.
    """
    content = read_artefact(manifest)
    exposures = content.get("exposures", {}).values()
    names = sorted({node for exposure in exposures for node in exposure["depends_on"]["nodes"]})
    if not names:
        raise _unfit("no exposure names a mart", "list the marts that are published in an exposure")
    return tuple(sorted((_exposed(name, content["nodes"]) for name in names), key=lambda model: model.name))


def _exposed(unique_id: str, nodes: dict[str, Any]) -> ExposedModel:
    node = nodes.get(unique_id)
    if node is None or node["resource_type"] != "model" or MART_LAYER not in node["fqn"]:
        raise _unfit(f"an exposure names {unique_id}", "name only models under dbt/models/marts in exposures")
    if RELEASE_ID.name in node["columns"]:
        raise _unfit(f"{node['name']} has a column {RELEASE_ID.name}", "take it out: the candidate adds it")
    meta = _meta(node)
    model = ExposedModel(
        name=node["name"],
        schema=node["schema"],
        alias=node["alias"],
        description=_text(node["description"], node["name"]),
        columns=(*(_column(column, node["name"]) for column in node["columns"].values()), RELEASE_ID),
        key=tuple(meta.get("key") or ()),
        disclosure_policy=str(meta.get("disclosure_policy") or ""),
        unique_id=unique_id,
        safe_counts=dict(meta.get("safe_counts") or {}),
        made_of_returns=meta.get("disclosure_policy") == COUNTS_OF_PEOPLE or _is_built_of_returns(unique_id, nodes),
        part=str(node["config"].get("part") or ""),
    )
    unknown = [name for name in model.key if name not in model.column_names]
    if not model.key or unknown:
        raise _unfit(
            f"{model.name} has no usable key {unknown or ''}".strip(), "list the key's columns in config.meta.key"
        )
    return model


def is_private(unique_id: str, nodes: Mapping[str, Any]) -> bool:
    """Say whether what dbt says of a model or test may hold a cell of a return; of a node that is not in the manifest it may."""
    node = nodes.get(unique_id)
    if node is None:
        return True
    return str(node["schema"]).endswith(RESTRICTED) or _is_built_of_returns(unique_id, nodes)


def _is_built_of_returns(unique_id: str, nodes: Mapping[str, Any]) -> bool:
    """Whether one of dbt's sources of the returns is among its ancestors."""
    known, waiting = {unique_id}, [unique_id]
    while waiting:
        node = waiting.pop()
        if node.startswith("source.") and node.split(".")[2] == RETURNS:
            return True
        above = set(nodes.get(node, {}).get("depends_on", {}).get("nodes", ())) - known
        known |= above
        waiting += above
    return False


def _column(column: dict[str, Any], model: str) -> ColumnDescription:
    place = f"{model}.{column['name']}"
    meta = _meta(column)
    unit, data_type = str(meta.get("unit") or ""), str(column["data_type"] or "")
    return ColumnDescription(column["name"], _text(column["description"], place), unit, data_type, meta)


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return dict(node.get("config", {}).get("meta") or node.get("meta") or {})


def _text(description: str | None, place: str) -> str:
    folded = " ".join((description or "").split())
    if not folded:
        raise _unfit(f"{place} has no description", "describe it in the YAML beside the model")
    return folded


def _unfit(why: str, next_step: str) -> ReleaseError:
    return ReleaseError("the dbt project cannot be released", why, next_step)


def read_tests(manifest: Path) -> tuple[DbtTest, ...]:
    """Return every enabled data test of the nightly run, in order of its identifier."""
    content = read_artefact(manifest)
    exposed = {model.unique_id: model.name for model in read_exposed_models(manifest)}
    tests = [
        DbtTest(
            unique_id,
            unique_id.split(".", 2)[2],
            exposed.get(node.get("attached_node") or "", ""),
            str(node["config"].get("severity") or "ERROR").upper(),
        )
        for unique_id, node in content["nodes"].items()
        if node["resource_type"] == "test" and not is_left_out(node)
    ]
    return tuple(sorted(tests, key=lambda test: test.unique_id))


def is_left_out(node: Mapping[str, Any]) -> bool:
    """Say whether no nightly run asks this test: it is one of SEED_TESTS or MART_KEYS (transform/dbt.py)."""
    path, kind = node["original_file_path"], (node.get("test_metadata") or {}).get("name")
    return path.startswith("seeds/") or (path.startswith("models/marts/") and kind == "key_is_unique")


def read_statuses(run_results: Path) -> dict[str, dict[str, Any]]:
    """Return the last run's result of every node by unique identifier; raises ReleaseError when there is none."""
    return {result["unique_id"]: result for result in read_artefact(run_results)["results"]}
