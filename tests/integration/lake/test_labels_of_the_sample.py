"""Every code list of every source on the sample's clean tables: they pass as they are, and one label changed in one row is named."""

from __future__ import annotations

from pathlib import Path

from dagster_project.contracts.source import Entity, Labels, load_sources
from dagster_project.duck import connection, quote_identifier, quote_literal
from dagster_project.lake.paths import Lake
from dagster_project.quality.labels import find_unknown_labels
from tests.warehouses import Warehouse


def test_a_changed_label_of_any_list_is_named(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    """`RETIRED` behind a label: a word that no publisher has written. Lists about rows that the sample does not have are counted."""
    silent, without_rows, asked = [], [], 0
    for slug, source in load_sources().items():
        for entity in source.entities:
            clean = sorted(Lake(sample_warehouse.lake).current(slug, entity.name, "synthetic").glob("[0-9f]*.parquet"))
            for place, labels in enumerate(entity.labels):
                changed = tmp_path / f"{slug}_{entity.name}_{place}.parquet"
                row = next((row for path in clean if (row := _change_one(path, labels, changed))), None)
                if row is None:
                    without_rows.append(f"{slug}.{entity.name} {labels.columns}")
                    continue
                asked += 1
                if f"{row} RETIRED' (1 row)" not in _said(entity, labels, changed):
                    silent.append(f"{slug}.{entity.name} {labels.columns}")
    assert silent == []
    assert asked >= 75 and len(without_rows) <= 1, without_rows


def _change_one(clean: Path, labels: Labels, changed: Path) -> str | None:
    """The table with one row that the list is about, its label changed; the last word of the label as it was."""
    table, column = f"read_parquet({quote_literal(str(clean))})", quote_identifier(labels.columns[-1])
    with connection(None) as con:
        con.execute(f"create table one as select * from {table} where {labels.where} order by all limit 1")
        found = con.execute(f"select cast({column} as varchar) from one").fetchone()
        if found is None:
            return None
        con.execute(f"update one set {column} = {column} || ' RETIRED'")
        con.execute(f"copy one to {quote_literal(str(changed))} (format parquet)")
    return str(found[0])


def _said(entity: Entity, labels: Labels, clean: Path) -> str:
    alone = entity.model_copy(update={"labels": (labels,)})
    with connection(None) as con:
        return " ".join(find_unknown_labels(con, alone, clean, labels.severity))
