"""Part of `make lint`: the SQL of models, tests and macros keeps to what DuckDB and Apache Spark both read.

Words are looked for in the files themselves, outside of what dispatch gives to DuckDB alone; where .venv-engine is (`make engine`),
every node that dbt-spark compiled, and every statement of `hiw extract`, is parsed by sqlglot too, and may call the functions of FUNCTIONS
only: sqlglot lets an unknown function through.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from dagster_project.lake.run import Run
from dagster_project.settings import PROJECT_ROOT, load_settings
from dagster_project.transform.dbt import DBT_PROJECT
from dagster_project.transform.engine import why_it_cannot_run
from tests.parity.compiled import compile_for_spark, extract_statements

WORDS = {
    r"\bqualify\b": "call kept(...)",
    r"\bfilter \((?!\s*where\b)": "write filter (where ...)",
    r"\bas varchar\b": "write string",
    r"\* (?:exclude|except)\b": "call all_but(...)",
    r"\bwith recursive\b": "call each_step(...)",
    r"\* replace\b": "call all_with(...)",
    r"\bby name\b": "list the columns",
    r"::": "write cast(... as ...)",
    r"\bover [a-z_]+ -": "put the window in brackets",
    r"\bstring_agg\(|\blistagg\(": "call listed_text(...)",
    r"\b(max_by|min_by|arg_max|arg_min)\([^()]*\border by\b": "call value_at_largest(...)",
    r"\bunnest\(|\blist_[a-z]+\(|\bstring_split\(": "use split, array_contains and each_of(...)",
    r"\bregexp_matches\(|\bregexp_full_match\(|\bstarts_with\(": "call text_matches(...), or write left(...)",
    r"\bstrftime\(": "call month_text(...)",
}
"""What DuckDB reads and Spark does not (or otherwise), and what to do."""
ELSEWHERE = ("materializations", "engine")
"""Folders of macros that only DuckDB runs, and that of the dispatch itself."""
FUNCTIONS = frozenset(Path(__file__).with_name("functions.txt").read_text(encoding="utf-8").split())
"""Every function that a node may call on Spark, those within macros too."""
OF_DUCKDB = re.compile(r"\{%-? macro duckdb__.*?endmacro -?%\}", re.DOTALL)
COMMA = re.compile(r",\s*from\b", re.IGNORECASE)
"""Spark takes `from` for a column then, and the table for its alias."""
UNREAD = re.compile(r"\{#.*?#\}|--[^\n]*|'[^'\n]*'", re.DOTALL)


def words_of(text: str) -> Iterator[str]:
    """Each line of a file of SQL that has a word which only DuckDB reads, and what to write."""
    blank = OF_DUCKDB.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    blank = UNREAD.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), blank)
    for pattern, advice in WORDS.items():
        for found in re.finditer(pattern, blank):
            yield f"line {blank.count(chr(10), 0, found.start()) + 1}: {' '.join(found[0].split())}: {advice}"


def functions_of(sql: str) -> set[str]:
    """The names of the functions that a statement calls; the names before a list of columns (`as t(a, b)`) are none."""
    tokens = sqlglot.tokenize(sql, dialect="spark")
    return {
        token.text.lower()
        for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if after.token_type == TokenType.L_PAREN
        and re.fullmatch(r"\w+", token.text)
        and token.text.lower() not in NO_FUNCTIONS
        and before.token_type != TokenType.ALIAS
    }


NO_FUNCTIONS = frozenset(
    {
        "and",
        "as",
        "by",
        "case",
        "cast",
        "else",
        "except",
        "exists",
        "filter",
        "from",
        "having",
        "in",
        "join",
        "not",
        "on",
        "or",
    }
    | {
        "over",
        "select",
        "then",
        "union",
        "using",
        "values",
        "when",
        "where",
        "with",
        "all",
        "distinct",
        "sets",
        "group",
        "try_cast",
    }
    | {"between", "decimal", "like", "extract", "lateral"}
)


def faults_of(sql: str) -> Iterator[str]:
    """What a compiled node has that is outside of the subset."""
    try:
        tree = sqlglot.parse_one(sql, dialect="spark")
    except SqlglotError as error:
        yield f"sqlglot cannot read it: {str(error).splitlines()[0]}"
        return
    if tree.find(exp.Qualify):
        yield "qualify"
    if any(isinstance(window.this, exp.Filter) for window in tree.find_all(exp.Window)):
        yield "filter within a window: write case"
    tokens = sqlglot.tokenize(sql, dialect="spark")
    if any(one.token_type == other.token_type == TokenType.STRING for one, other in pairwise(tokens)):
        yield "a quotation mark within a text: Spark 3.5 takes it for the end of one text and the begin of another, and leaves it out"
    if COMMA.search(UNREAD.sub(lambda found: "x" if found[0][0] == "'" else " ", sql)):
        yield "a comma before from"
    yield from (f"function {name}" for name in sorted(functions_of(sql) - FUNCTIONS))


def main() -> int:
    """Print every fault; 1 where there is one."""
    said = []
    for folder in ("models", "tests", "macros"):
        for path in sorted((DBT_PROJECT / folder).rglob("*.sql")):
            if not set(ELSEWHERE) & set(path.parts) and not path.name.startswith("published_"):
                said += [f"{path.relative_to(PROJECT_ROOT)}, {why}" for why in words_of(path.read_text())]
    if why := why_it_cannot_run():
        print(f"The compiled nodes are not checked for Spark: {why}.")
    else:
        manifest = compile_for_spark(Run.of(load_settings()))
        for node in json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values():
            if node["resource_type"] in {"model", "test"} and node.get("compiled_code"):
                said += [f"{node['name']}: {why}" for why in faults_of(node["compiled_code"])]
        for name, sql in extract_statements(manifest).items():
            said += [f"hiw extract, {name}: {why}" for why in faults_of(sql)]
    print("\n".join(said), end="\n" if said else "")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
