"""What DuckDB's own plan of a statement says about order: aggregates and windows whose result hangs on the order of the rows.

The plan is bound, so it knows types: a sum of whole numbers is exact in any order, a sum of doubles is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

INEXACT = frozenset(
    {"sum", "avg", "stddev", "stddev_samp", "stddev_pop", "var_samp", "var_pop", "variance", "corr", "covar_pop"}
    | {"covar_samp", "product", "fsum", "kahan_sum", "favg", "sum_no_overflow", "skewness", "kurtosis", "sem"}
    | {
        "regr_slope",
        "regr_intercept",
        "regr_sxx",
        "regr_syy",
        "regr_sxy",
        "regr_r2",
        "regr_avgx",
        "regr_avgy",
        "entropy",
    }
)
CHOOSING = frozenset(
    {
        "first",
        "last",
        "any_value",
        "arbitrary",
        "arg_max",
        "arg_min",
        "max_by",
        "min_by",
        "arg_max_null",
        "arg_min_null",
    }
    | {"string_agg", "group_concat", "listagg", "list", "array_agg", "mode", "histogram", "approx_quantile"}
)
WINDOWS = frozenset({"ROW_NUMBER", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "LEAD", "LAG", "NTILE"})
FLOATING = frozenset({"DOUBLE", "FLOAT"})


PLACES = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue)


@dataclass(frozen=True)
class Finding:
    """One expression that gives other results when the rows come in another order."""

    function: str
    why: str
    about: str

    def __str__(self) -> str:
        return f"{self.function}({self.about}): {self.why}"


def findings(con: duckdb.DuckDBPyConnection, query: str) -> list[Finding]:
    """What hangs on the order of rows in a SELECT; raises ValueError where DuckDB cannot plan it."""
    row = con.execute("select json_serialize_plan(?, skip_null := true, skip_empty := true)", [query]).fetchone()
    plan = json.loads(row[0] if row else "{}")
    if plan.get("error", True):
        raise ValueError(plan.get("error_message"))
    of_one_row = [expression for node in _nodes(plan) if _reads_one_row(node) for expression in node["expressions"]]
    return sorted(
        {found for node in _nodes(plan) if not any(node is one for one in of_one_row) for found in _judge(node)},
        key=str,
    )


AGGREGATE = "LOGICAL_AGGREGATE_AND_GROUP_BY"


def _reads_one_row(node: dict[str, Any]) -> bool:
    """Whether it is what DuckDB makes of `(select max(x) from t)`: the first of the one row of an aggregate without groups."""
    if node.get("type") != AGGREGATE or node.get("groups"):
        return False
    if {expression.get("name") for expression in node.get("expressions", [])} != {"first", "count_star"}:
        return False
    below = node["children"][0]
    while below.get("type") == "LOGICAL_PROJECTION":
        below = below["children"][0]
    return below.get("type") == AGGREGATE and not below.get("groups")


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def _judge(node: dict[str, Any]) -> Iterator[Finding]:
    kind, name = node.get("expression_class"), str(node.get("name", "")).lower()
    if kind not in {"BOUND_AGGREGATE", "BOUND_WINDOW"}:
        if node.get("type") == "LOGICAL_LIMIT":
            yield Finding("limit", "takes rows", "any")
        return
    about = ", ".join(_named(child) for child in node.get("children", []))
    window = str(node.get("type", "")).removeprefix("WINDOW_")
    types = {(child.get("return_type") or {}).get("id") for child in node.get("children", [])}
    # The order of a window says which rows are in the frame, not in which order they are added.
    of_arguments = node.get("order_bys") or node.get("arg_orders")
    if name in INEXACT and types & FLOATING and not of_arguments:
        yield Finding(name, "adds doubles in any order", about)
    if (name in CHOOSING or window in WINDOWS) and not (of_arguments or node.get("orders")):
        yield Finding(name or window.lower(), "chooses without an order", about)


def _named(expression: dict[str, Any]) -> str:
    inner = [_named(child) for child in _children(expression)]
    return str(expression.get("alias") or expression.get("name") or expression.get("type", "")) + (
        f"({', '.join(inner)})" if inner else ""
    )


def _children(expression: dict[str, Any]) -> list[dict[str, Any]]:
    found = [*expression.get("children", []), *([expression["child"]] if "child" in expression else [])]
    for check in expression.get("case_checks", []):
        found += [check["then_expr"]]
    return found + ([expression["else_expr"]] if "else_expr" in expression else [])


def without_ties(query: str) -> str | None:
    """The SELECT, made to fail with the word "tie" where two rows of a partition stand equal in the order that ranks them.

    None where nothing is ranked. Python's sqlglot rewrites each `row_number() over (partition by p order by o)`.
    """
    tree = sqlglot.parse_one(query, dialect="duckdb")
    ranked = [window for window in tree.find_all(exp.Window) if isinstance(window.this, PLACES)]
    for window in ranked:
        partition, order = _over(window)
        keys = [*partition, *(part.this for part in order.expressions)]
        tied = exp.GT(
            this=exp.Window(this=exp.Count(this=exp.Star()), partition_by=[key.copy() for key in keys]),
            expression=exp.Literal.number(1),
        )
        said = exp.Anonymous(this="error", expressions=[exp.Literal.string("tie: " + order.sql(dialect="duckdb"))])
        window.replace(exp.Case(ifs=[exp.If(this=tied, true=said)], default=window.copy()))
    return tree.sql(dialect="duckdb") if ranked else None


def _over(window: exp.Window) -> tuple[list[exp.Expression], exp.Order]:
    """Partition and order of a window, looked up where it only names one of the WINDOW clause."""
    named = window.args.get("alias")
    if named is not None:
        select = window.find_ancestor(exp.Select)
        assert select is not None
        window = next(w for w in select.args["windows"] if w.this.name == named.name)
    return window.args.get("partition_by") or [], window.args["order"]
