"""What passes of a message of dbt: all of it where the table is of published data; of a table made of returns no word that was not known before."""

from __future__ import annotations

from typing import Any

import pytest

from dagster_project.release.dbt_messages import PLACE, tell

CAST = """Runtime Error in model any (models/any.sql)
  Conversion Error: Could not convert string '943 476 5919' to INT32 when casting from source column cell

  LINE 10: select cast(cell as integer)"""
CONSTRAINT = 'Constraint Error: Duplicate key "person: 943 476 5919" violates unique constraint'


def _node(name: str, *above: str, schema: str = "marts") -> dict[str, Any]:
    return {"name": name, "schema": schema, "depends_on": {"nodes": list(above)}}


NODES = {
    "model.x.stg_nhse_ae": _node("stg_nhse_ae", "source.x.nhse_ae.monthly"),
    "model.x.stg_returns": _node("stg_returns", "source.x.returns.wl01", schema="restricted"),
    "model.x.mart": _node("mart", "model.x.stg_returns"),
    "model.x.alone": _node("alone", schema="main_restricted"),
    "seed.x.codes": _node("codes"),
    "test.x.of_mart": _node("of_mart", "seed.x.codes", "model.x.mart"),
    "test.x.of_ae": _node("of_ae", "model.x.stg_nhse_ae"),
}


@pytest.mark.parametrize("unique_id", ["model.x.stg_nhse_ae", "seed.x.codes", "test.x.of_ae"])
def test_the_message_of_a_node_of_published_data_passes_whole(unique_id: str) -> None:
    assert tell(CAST, unique_id, NODES) == CAST


@pytest.mark.parametrize("name", ["stg_returns", "mart", "alone", "of_mart"])
def test_of_a_node_made_of_returns_its_name_the_kind_and_the_place_pass(name: str) -> None:
    (unique_id,) = [found for found in NODES if found.endswith(f".{name}")]
    told = f"withheld, the whole message is in {PLACE}"
    assert tell(CAST, unique_id, NODES) == f"{name}: Runtime Error, Conversion Error; {told}"
    assert tell(CONSTRAINT, unique_id, NODES) == f"{name}: Constraint Error; {told}"


@pytest.mark.parametrize(
    "cell",
    ["Zanzibar Error: 1", "Conversion Error of Zanzibar", "Got 3 results of Zanzibar", "Zanzibar\nIO Error: Zanzibar"],
)
def test_a_cell_that_looks_like_a_message_does_not_pass(cell: str) -> None:
    assert "Zanzibar" not in tell(cell, "model.x.mart", NODES)


def test_a_message_of_no_node_and_of_an_unknown_one_are_held() -> None:
    for unique_id in ("", "model.x.renamed"):
        assert tell(CAST, unique_id, NODES).startswith("dbt: Runtime Error, Conversion Error; withheld")


def test_how_many_rows_a_test_found_passes() -> None:
    assert tell("Got 3 results, configured to fail if != 0", "test.x.of_mart", NODES).startswith("Got 3 results")
