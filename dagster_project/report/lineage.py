"""Where a table comes from, as dbt's manifest knows it: every model and source above it, drawn layer by layer.

The manifest is that of the build whose tables are released. Not here: what is in the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from dagster_project.release.dbt_artifacts import read_artefact
from dagster_project.report.charts import BLUE, GREY, INK, MARGIN, WIDTH, Frame, svg, text
from dagster_project.report.columns import Origin, Origins, keep_origins

LAYERS = ("source", "seed", "staging", "intermediate", "mart")
LAYER_NAMES = {
    "source": "Publishers' files, parsed",
    "seed": "Look-up tables",
    "staging": "Staging: one for each clean table",
    "intermediate": "Intermediate: worked out",
    "mart": "Published tables",
}


@dataclass(frozen=True)
class Node:
    """A model, seed or source of the dbt project: its name, its layer, and what it reads."""

    name: str
    layer: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """All nodes by their unique identifier, and the identifier of each published table."""

    nodes: Mapping[str, Node]
    tables: Mapping[str, str]
    origins: Origins = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Lineage:
        """Return the lineage of a file whose manifest is not available: the pages then say so."""
        return cls({}, {})

    @classmethod
    def read(cls, manifest: Path, columns: Mapping[str, Sequence[str]] | None = None) -> Lineage:
        """Read a manifest.json of dbt; raise ReleaseError when there is none. `columns` are those of the warehouse, by table."""
        content = read_artefact(manifest)
        known = {**content["sources"], **content["nodes"]}
        nodes = {
            unique_id: Node(_name(node), _layer(node), tuple(sorted(node.get("depends_on", {}).get("nodes", []))))
            for unique_id, node in known.items()
            if node["resource_type"] in {"model", "seed", "source"}
        }
        origins = keep_origins(content, columns) if columns else {}
        return cls(nodes, {node.name: unique_id for unique_id, node in nodes.items() if node.layer == "mart"}, origins)

    def above(self, table: str) -> list[Node]:
        """Return the table and everything it is made from, by layer and name."""
        seen: set[str] = set()
        waiting = [self.tables[table]] if table in self.tables else []
        while waiting:
            unique_id = waiting.pop()
            if unique_id in self.nodes and unique_id not in seen:
                seen.add(unique_id)
                waiting += self.nodes[unique_id].reads
        return sorted((self.nodes[i] for i in seen), key=lambda node: (LAYERS.index(node.layer), node.name))

    def origins_of(self, table: str) -> Mapping[str, Sequence[Origin]] | None:
        """Return the columns of a published table and what each is worked out from; None where that is not known."""
        return self.origins.get(self.tables.get(table, ""))

    def first_origins_of(self, table: str, column: str) -> list[Origin]:
        """Return the columns of files and look-up tables that a column comes from in the end."""
        seen: set[Origin] = set()
        waiting = [(self.tables[table], column)]
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                waiting += self.origins.get(place[0], {}).get(place[1], [])
        return sorted(place for place in seen if self.nodes[place[0]].layer in {"source", "seed"})


def _name(node: Mapping[str, str]) -> str:
    return f"{node['source_name']}.{node['name']}" if node["resource_type"] == "source" else node["name"]


def _layer(node: Mapping[str, object]) -> str:
    kind = str(node["resource_type"])
    if kind != "model":
        return kind
    path = node["fqn"]
    folders = path if isinstance(path, list) else []
    return next((layer for layer in ("staging", "intermediate") if layer in folders), "mart")


BOX, GAP = 24, 30


def draw_lineage(frame: Frame, nodes: list[Node]) -> Markup:
    """Draw the layers from the publishers' files at the top to the table at the bottom, every node by name."""
    y = 4
    parts = []
    present = [layer for layer in LAYERS if any(node.layer == layer for node in nodes)]
    for layer in present:
        names = [node.name for node in nodes if node.layer == layer]
        height = 26 + BOX * len(names)
        colour = BLUE if layer == "mart" else GREY
        parts.append(
            f'<rect x="4" y="{y}" width="{WIDTH - 8}" height="{height}" fill="#fff" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(text(MARGIN + 4, y + 19, LAYER_NAMES[layer], weight="bold"))
        parts += [text(MARGIN + 16, y + 19 + BOX * (n + 1), name) for n, name in enumerate(names)]
        y += height
        if layer != present[-1]:
            middle = WIDTH / 2
            parts.append(
                f'<path d="M{middle:g} {y}v{GAP - 8}m-6 -8l6 8 6 -8" fill="none" stroke="{INK}" stroke-width="2"/>'
            )
            y += GAP
    return svg(frame, y + 6, parts)
