"""What meta.data_dictionary says of a column beside its description: unit, code list, source and caveat.

Properties of one column are under config.meta in the YAML beside its model; those that many marts share stand once, in
dbt/models/marts/_dictionary.yml. Not here: descriptions (they are dbt's own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError

from dagster_project.contracts.strict import Strict
from dagster_project.release.dbt_artifacts import ColumnDescription, ExposedModel, read_artefact
from dagster_project.release.errors import ReleaseError
from dagster_project.yaml_files import read_yaml

DICTIONARY = "_dictionary.yml"
GLOSSARY = "glossary.yml"
WAREHOUSE = "This warehouse"
IN_WORDS = {"returns": "returns of trusts", "meta": WAREHOUSE}
"""Sources of dbt that are no publisher's dataset."""
TEXT_TYPE = "VARCHAR"
NUMERIC_TYPES = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "HUGEINT", "SMALLINT")
COUNT_TYPES = ("INTEGER", "BIGINT")
Property = Literal["unit", "code_list", "source", "caveat"]
PROPERTIES: tuple[Property, ...] = ("unit", "code_list", "source", "caveat")
Entry = TypeVar("Entry", bound=BaseModel)


class SharedColumns(Strict):
    """Columns with these names (`*` as in file names) share what is said here."""

    columns: tuple[str, ...] = Field(min_length=1)
    unit: str = ""
    code_list: str = ""
    source: str = ""
    caveat: str = ""

    def fits(self, column: str) -> bool:
        """Return whether the column is one of them."""
        return any(fnmatchcase(column, pattern) for pattern in self.columns)


class Term(Strict):
    """A word of the published file."""

    term: str = Field(min_length=2)
    definition: str = Field(min_length=10)
    see: str = Field(min_length=2)
    also_called: tuple[str, ...] = ()

    def row(self) -> dict[str, str | None]:
        """Return the row of meta.glossary."""
        return self.model_dump() | {"also_called": ", ".join(self.also_called) or None}


@dataclass(frozen=True)
class Dictionary:
    """The shared columns, in the order in which they are asked, and the glossary."""

    shared: tuple[SharedColumns, ...] = ()
    terms: tuple[Term, ...] = ()

    def shared_property(self, column: str, wanted: Property) -> str:
        """Return the first entry that fits the column and says it; "" where none does."""
        if column not in self._known:
            fitting = [entry for entry in self.shared if entry.fits(column)]
            self._known[column] = {
                name: next((str(getattr(entry, name)) for entry in fitting if getattr(entry, name)), "")
                for name in PROPERTIES
            }
        return self._known[column][wanted]

    @cached_property
    def _known(self) -> dict[str, dict[Property, str]]:
        """Names asked before: the same two hundred are in forty tables."""
        return {}


def load_dictionary(folder: Path) -> Dictionary:
    """Load both files of a folder; a folder without them (a small project) has an empty dictionary.

    Raises ReleaseError naming the file and the place.
    """
    shared = tuple(_read(folder / DICTIONARY, "dictionary", SharedColumns))
    terms = tuple(_read(folder / GLOSSARY, "glossary", Term))
    return Dictionary(shared, tuple(sorted(terms, key=lambda term: term.term.lower())))


def _read(path: Path, heading: str, kind: type[Entry]) -> list[Entry]:
    if not path.exists():
        return []
    try:
        return [kind.model_validate(body) for body in read_yaml(path)[heading]]
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValidationError) as error:
        raise ReleaseError(f"{path.name} cannot be used", str(error), "fix the entry that is named") from error


@dataclass(frozen=True)
class Ancestry:
    """What each published table is made from, by dbt's lineage."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Unique identifier of a model -> its datasets in words."""

    @classmethod
    def read(cls, manifest: Path) -> Ancestry:
        """Read dbt's manifest.json; raise ReleaseError when it cannot be read."""
        content = read_artefact(manifest)
        reads: dict[str, list[str]] = {
            unique_id: node.get("depends_on", {}).get("nodes", []) for unique_id, node in content["nodes"].items()
        }
        names = {unique_id: str(node["source_name"]) for unique_id, node in content.get("sources", {}).items()}
        models = [unique_id for unique_id in reads if unique_id.startswith("model.")]
        return cls({unique_id: _datasets(unique_id, reads, names) for unique_id in models})


def _datasets(model: str, reads: Mapping[str, list[str]], names: Mapping[str, str]) -> str:
    """The datasets above a model; look-up tables where it reads nothing else."""
    seen: set[str] = set()
    waiting = [model]
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in seen:
            seen.add(unique_id)
            waiting += reads.get(unique_id, [])
    found = {names[unique_id] for unique_id in seen if unique_id in names}
    return ", ".join(sorted(IN_WORDS.get(name, name) for name in found)) or "look-up tables of this warehouse"


def describe_column(
    dictionary: Dictionary, ancestry: Ancestry, model: ExposedModel, column: ColumnDescription, data_type: str
) -> dict[str, str | None]:
    """Describe a column of a mart: unit, code list, source and caveat; None where there is nothing to say.

    Every column of text has a code list, every number a unit, and every column a source.
    """
    own = {name: str(column.extra.get(name) or "") for name in ("code_list", "source", "caveat")}
    unit = column.unit or dictionary.shared_property(column.name, "unit") or _unit_of(data_type)
    codes = own["code_list"] or dictionary.shared_property(column.name, "code_list")
    return {
        "unit": (unit if _is_number(data_type) or column.unit else "") or None,
        "code_list": (codes if data_type == TEXT_TYPE else "") or None,
        "source": own["source"]
        or dictionary.shared_property(column.name, "source")
        or ancestry.sources.get(model.unique_id, WAREHOUSE),
        "caveat": own["caveat"] or dictionary.shared_property(column.name, "caveat") or None,
    }


def _is_number(data_type: str) -> bool:
    return data_type.startswith(NUMERIC_TYPES)


def _unit_of(data_type: str) -> str:
    return "count" if data_type in COUNT_TYPES else "as described"
