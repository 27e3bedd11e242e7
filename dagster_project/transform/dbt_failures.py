"""What of the project failed in the last run of dbt, as problems: model, test, file, reason and the keys of rows.

Of a table made of returns no cell passes (release/dbt_messages.py): neither a message nor a row. Of other tables the rows are named by
text and dates alone, so that no count of people ever is in a message.
"""

# ruff: noqa: S608 - the SQL is dbt's own compiled test in a subquery, read-only; names by duck.quote_identifier

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from dagster_project.contracts.check import KEYS_IN_A_SENTENCE, shown_keys
from dagster_project.duck import connection, quote_identifier
from dagster_project.lake.run import Run
from dagster_project.lake.warehouse import attach_warehouse
from dagster_project.release.dbt_artifacts import MART_LAYER, is_private, read_artefact
from dagster_project.release.dbt_messages import COUNT_OF_ROWS, tell
from dagster_project.release.errors import ReleaseError
from dagster_project.runtime.failures import Problem, plain

FAILED = frozenset({"error", "fail", "runtime error"})
KEY_COLUMNS = 6
NAMES_A_ROW = ("VARCHAR", "DATE")
MADE_OF_TESTS = ("unique_field", "value_field", "from_field")
"""Columns in which dbt's own tests (unique, accepted_values, relationships) give the value that failed."""
TROUBLE_WITH_PLACE = re.compile(r"^\s*\w+ Error in \w+ \S+ \(\S+\)\s*")
STATEMENT = re.compile(r"^\s*(?:LINE \d+:|compiled code at )", re.MULTILINE)
"""Where the statement begins that DuckDB shows, and the path of it that dbt adds."""
NEXT = "fix the model or the file that brought these rows, then `hiw refresh --offline`"


def dbt_problems(run: Run) -> list[Problem]:
    """Return one problem for each model and test that failed in the last run; empty where dbt left no results."""
    target = run.lake.dbt_target
    try:
        nodes = read_artefact(target / "manifest.json")["nodes"]
        results = read_artefact(target / "run_results.json")["results"]
    except ReleaseError:
        return []
    failed = [result for result in results if result["status"] in FAILED]
    waiting = sum(result["status"] == "skipped" for result in results)
    problems = [_problem(result, nodes, run) for result in failed]
    if problems and waiting:
        problems.append(Problem(f"{waiting:,} models and tests that need these were not run", "step dbt_models"))
    return problems


def _problem(result: Mapping[str, Any], nodes: Mapping[str, Any], run: Run) -> Problem:
    unique_id = str(result["unique_id"])
    node = nodes.get(unique_id, {})
    name, path = node.get("name") or unique_id.rsplit(".", maxsplit=1)[-1], node.get("original_file_path") or ""
    reason = _reason(str(result.get("message") or "dbt gave no reason"), unique_id, nodes)
    if node.get("resource_type") != "test":
        return Problem(f"the model {name} could not be built", f"dbt ({path})", reason, NEXT)
    model = (nodes.get(node.get("attached_node") or "") or {}).get("name") or _tested(node, nodes)
    rows = _rows(result, node, nodes, run)
    return Problem(f"the test {name} of the model {model} failed", f"dbt ({path})", reason + rows, NEXT)


def _tested(node: Mapping[str, Any], nodes: Mapping[str, Any]) -> str:
    names = [nodes[one]["name"] for one in node.get("depends_on", {}).get("nodes", ()) if one in nodes]
    return ", ".join(names) or "the project"


def _reason(message: str, unique_id: str, nodes: Mapping[str, Any]) -> str:
    if COUNT_OF_ROWS.fullmatch(message):
        number = int(re.findall(r"\d+", message)[0])
        return f"{number:,} {'row does' if number == 1 else 'rows do'} not fit"
    said = TROUBLE_WITH_PLACE.sub("", tell(message, unique_id, nodes)).strip()
    return plain(STATEMENT.split(said)[0])


def _rows(result: Mapping[str, Any], node: Mapping[str, Any], nodes: Mapping[str, Any], run: Run) -> str:
    """The keys of the first failing rows; "" where they cannot be asked for any more, or the table has no key that may be told."""
    sql = str(result.get("compiled_code") or "").strip().rstrip(";")
    if result["status"] != "fail" or not sql:
        return ""
    model = nodes.get(node.get("attached_node") or "") or {}
    private = is_private(str(result["unique_id"]), nodes)
    if private and MART_LAYER not in model.get("fqn", ()):
        return ""
    try:
        names, rows = _ask(sql, _key_of(model), run, only_key=private)
    except duckdb.Error:
        return ""
    if not names or not rows:
        return ""
    shown = "; ".join(shown_keys(rows)[:KEYS_IN_A_SENTENCE])
    return f", such as {', '.join(names)} = {shown}"


def _ask(sql: str, key: list[str], run: Run, *, only_key: bool) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Names and cells of what may be told of the rows; of a mart made of returns its key, which gate 2 tells as well."""
    with connection(None, limits=run.limits) as con:
        attach_warehouse(con, run)
        described = con.execute(f"describe select * from ({sql}) as failing").fetchall()
        texts = [name for name, kind, *_ in described if kind in NAMES_A_ROW]
        chosen = [name for name in texts if name in key or (name in MADE_OF_TESTS and not only_key)]
        chosen = chosen or ([] if only_key else texts)
        chosen = chosen[:KEY_COLUMNS]
        if not chosen:
            return [], []
        columns = ", ".join(map(quote_identifier, chosen))
        rows = con.execute(f"select distinct {columns} from ({sql}) as failing order by all limit {KEYS_IN_A_SENTENCE}")
        return chosen, rows.fetchall()


def _key_of(model: Mapping[str, Any]) -> list[str]:
    meta = model.get("config", {}).get("meta") or model.get("meta") or {}
    return [str(name) for name in meta.get("key") or ()]
