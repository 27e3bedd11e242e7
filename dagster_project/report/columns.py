"""Which columns a column is worked out from: the SQL that dbt compiled, read by sqlglot, one model after the other.

The columns of models and seeds are those of the warehouse that was built; a file of a source gives whatever is asked of it.
"From" means the expression of the column, conditions of a `case` and windows included. Joins and filters decide which rows
there are; they are in the lineage of tables, not here.

All 150 models take 2 s, so the answer is kept with what dbt parsed, for all data folders of a checkout, until the SQL, the columns
or this module change.

Not here: what is drawn of it. A model whose SQL cannot be followed has no entry, and its page says so.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from dagster_project.lake.files import write_atomically
from dagster_project.settings import PROJECT_ROOT

Origin = tuple[str, str]
"""Unique identifier of a model, seed or source, and the name of one of its columns."""
Origins = dict[str, dict[str, list[Origin]]]
"""Unique identifier of a model -> its columns -> what each is worked out from, in order; an empty list for a constant or a count of rows."""
_Outputs = list[tuple[str, set[Origin]]]
"""Columns in order; a union takes them by place, and the same name may stand twice in its second part."""
ANYTHING = "*"
KEPT = PROJECT_ROOT / "dbt" / "target" / "origins"
KEPT_ANSWERS = 6


def keep_origins(content: Mapping[str, Any], columns: Mapping[str, Sequence[str]], folder: Path = KEPT) -> Origins:
    """Return the origins of a manifest, from `folder` where they were worked out before from the same SQL and columns."""
    kept = folder / f"{_digest(content, columns)}.json"
    with suppress(OSError, ValueError, AttributeError, TypeError, IndexError):
        return {
            i: {name: [(o[0], o[1]) for o in origins] for name, origins in own.items()}
            for i, own in json.loads(kept.read_bytes()).items()
        }
    origins = read_origins(content, columns)
    with suppress(OSError):  # a release does not wait for a cache
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, json.dumps(origins).encode())
        for old in sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-KEPT_ANSWERS]:
            old.unlink()
    return origins


def _digest(content: Mapping[str, Any], columns: Mapping[str, Sequence[str]]) -> str:
    """Of all that the origins depend on: names and SQL of the nodes, columns, this module and the version of sqlglot."""
    nodes = sorted({**content["sources"], **content["nodes"]}.items())
    read = [(i, node.get("relation_name"), node.get("compiled_code")) for i, node in nodes]
    code = Path(__file__).read_bytes()
    known = json.dumps([read, sorted(columns.items()), importlib.metadata.version("sqlglot")]).encode()
    return hashlib.sha256(code + known).hexdigest()


class NotFollowed(Exception):
    """A statement has a part that this module cannot follow."""


@dataclass
class _Project:
    """The nodes of the project, the columns of each relation, and identifiers by the name under which compiled SQL reads a relation."""

    nodes: Mapping[str, Any]
    columns: Mapping[str, list[str]]
    ids: Mapping[str, str]
    schema: MappingSchema


def read_origins(manifest: Mapping[str, Any], columns: Mapping[str, Sequence[str]]) -> Origins:
    """Read the origins of every model whose SQL is in the manifest of a build; `columns` are those of the warehouse, by table."""
    nodes = {**manifest["sources"], **manifest["nodes"]}
    kept = {i: node for i, node in nodes.items() if node["resource_type"] in {"model", "seed", "source"}}
    built = {i: list(columns.get(node["name"], ())) for i, node in kept.items() if node["resource_type"] != "source"}
    schema = MappingSchema(
        {_plain(i): dict.fromkeys(names, "text") for i, names in built.items() if names}, dialect="duckdb"
    )
    known = _Project(kept, built, {_relation_key(node): i for i, node in sorted(kept.items())}, schema)
    found = {i: _follow(i, node, known) for i, node in sorted(kept.items()) if node.get("compiled_code")}
    return {i: origins for i, origins in found.items() if origins is not None}


def _relation_key(node: Mapping[str, Any]) -> str:
    """As `_key_of` writes the same relation when it is read in SQL."""
    table = parse_one(node["relation_name"], read="duckdb", into=exp.Table)
    return _key_of(table)


def _key_of(table: exp.Table) -> str:
    bare = table.copy()
    bare.set("alias", None)
    return bare.sql("duckdb").replace('"', "").lower()


def _follow(unique_id: str, node: Mapping[str, Any], known: _Project) -> dict[str, list[Origin]] | None:
    """The origins of the columns of one model; None where they cannot be followed."""
    try:
        origins = _origins_of(node["compiled_code"], known)
    except (NotFollowed, SqlglotError):
        return None
    names = known.columns[unique_id]
    opened = {name: _opened(origins.get(name, origins.get(ANYTHING)), name) for name in names}
    return (
        None if any(parents is None for parents in opened.values()) else {n: sorted(p or ()) for n, p in opened.items()}
    )


def _opened(parents: set[Origin] | None, name: str) -> set[Origin] | None:
    """A column of `select *` from a file comes from the column of that name."""
    return None if parents is None else {(i, name if column == ANYTHING else column) for i, column in parents}


def _origins_of(sql: str, known: _Project) -> dict[str, set[Origin]]:
    tree = parse_one(sql, read="duckdb")
    for table in tree.find_all(exp.Table):
        _name_by_identifier(table, known)
    tree = qualify(tree, schema=known.schema, dialect="duckdb", validate_qualify_columns=False, quote_identifiers=False)
    scope = build_scope(tree)
    if scope is None:
        raise NotFollowed
    return dict(_Reader(known).outputs(scope))


def _plain(unique_id: str) -> str:
    """A unique identifier as the name of a table."""
    return unique_id.replace(".", "__").lower()


def _name_by_identifier(table: exp.Table, known: _Project) -> None:
    """A relation of the project gets its unique identifier as its name, so that files and tables are read alike."""
    unique_id = known.ids.get(_key_of(table))
    if unique_id is not None:
        alias = table.alias or table.name or "file"
        table.replace(exp.alias_(exp.to_table(_plain(unique_id)), alias, table=True))


class _Reader:
    """Follows columns down the scopes of one statement; what a scope gives is worked out once."""

    def __init__(self, known: _Project) -> None:
        self._ids = {_plain(i): i for i in known.nodes}
        self._done: dict[int, _Outputs] = {}

    def outputs(self, scope: Scope) -> _Outputs:
        """Return the columns that a scope gives, in order; one named `ANYTHING` where it gives what a file has."""
        if id(scope) not in self._done:
            self._done[id(scope)] = []  # a recursive scope sees what stands before itself
            self._done[id(scope)] = self._united(scope) if scope.set_operation_scopes else self._selected(scope)
        return self._done[id(scope)]

    def _united(self, scope: Scope) -> _Outputs:
        first, second = (self.outputs(part) for part in scope.set_operation_scopes)
        if scope.expression.args.get("by_name"):
            both = (dict(first), dict(second))
            return [(name, set().union(*(part.get(name, set()) for part in both))) for name in both[0] | both[1]]
        if len(first) != len(second):
            raise NotFollowed
        return [(name, one | other) for (name, one), (_, other) in zip(first, second, strict=True)]

    def _selected(self, scope: Scope) -> _Outputs:
        if not isinstance(scope.expression, exp.Select):
            columns = [c for c in scope.expression.find_all(exp.Column) if c.table]
            return [(ANYTHING, self._all_of(columns, scope.parent or scope))]
        return [
            (ANYTHING, self._of_star(scope))
            if projection.is_star
            else (projection.alias_or_name, self._of_expression(projection, scope))
            for projection in scope.expression.selects
        ]

    def _of_star(self, scope: Scope) -> set[Origin]:
        """Only of a single file: of anything else qualify would have written the columns."""
        if len(scope.selected_sources) != 1:
            raise NotFollowed
        ((name, _),) = scope.selected_sources.items()
        return self._of_column(exp.column(ANYTHING, name), scope)

    def _of_expression(self, expression: exp.Expr, scope: Scope) -> set[Origin]:
        found = self._all_of(_own_columns(expression), scope)
        for query in expression.find_all(exp.Select):
            inner = next((s for s in scope.subquery_scopes if s.expression is query), None)
            if inner is not None:
                found |= set().union(*(parents for _, parents in self.outputs(inner)))
        return found

    def _all_of(self, columns: Iterable[exp.Column], scope: Scope) -> set[Origin]:
        return set().union(*(self._of_column(column, scope) for column in columns))

    def _of_column(self, column: exp.Column, scope: Scope) -> set[Origin]:
        name = column.table
        if not name and len(scope.selected_sources) == 1:  # of a file, whose columns nobody told qualify
            name = next(iter(scope.selected_sources))
        source = scope.sources.get(name)
        if isinstance(source, Scope):
            return self._of_scope(column.name, dict(self.outputs(source)))
        if isinstance(source, exp.Table):
            return {(self._ids[source.name], column.name)} if source.name in self._ids else set()
        if scope.parent is not None:
            return self._of_column(column, scope.parent)
        raise NotFollowed

    def _of_scope(self, name: str, given: dict[str, set[Origin]]) -> set[Origin]:
        if name in given:
            return given[name]
        if ANYTHING not in given:
            raise NotFollowed
        return _opened(given[ANYTHING], name) or set()


def _own_columns(expression: exp.Expr) -> Iterator[exp.Column]:
    """The columns of an expression without those of the queries inside it."""
    for node in expression.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Column):
            yield node
