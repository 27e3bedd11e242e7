"""Read the worked example of each published table: the small unit test of dbt that is tagged `example`.

An example gives rows of what a table reads and the rows that must come out, worked by hand; its description says the sum.
`make test` runs it, the release holds it in meta.worked_examples, the report shows it on the page of its table.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from dagster_project.release.dbt_artifacts import read_artefact

TAG = "example"
GIVEN, EXPECTED = "given", "expected"


def read_examples(manifest: Path, tables: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield one row of meta.worked_examples for each relation of each example, inputs without rows left out.

    Raises ReleaseError when the manifest cannot be read. A project without unit tests gives none.
    """
    tests = read_artefact(manifest).get("unit_tests", {}).values()
    for test in sorted(tests, key=lambda test: str(test["name"])):
        if TAG in test["config"]["tags"] and test["model"] in tables:
            yield from _rows(test)


def _rows(test: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    place = {"table_name": test["model"], "explanation": " ".join(str(test["description"]).split())}
    given = [(GIVEN, _relation(each["input"]), each["rows"]) for each in test["given"] if each["rows"]]
    parts = [*given, (EXPECTED, str(test["model"]), test["expect"]["rows"])]
    for number, (part, relation, rows) in enumerate(parts, start=1):
        said = {"part_no": number, "part": part, "relation": relation, "rows_json": json.dumps(rows)}
        yield place | said


def _relation(named: str) -> str:
    """`ref('dim_group')` -> dim_group; `source('meta', 'sources')` -> meta.sources."""
    return ".".join(name.strip(" '\"") for name in named.partition("(")[2].rstrip(")").split(","))
