"""The shape of the project in figures: what the layers, the models and the prose are held to. `python -m tests.contract.test_house [CHECKOUT]` prints them.

A second checkout, an older commit say, is measured by the same rules.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from dagster_project.settings import PROJECT_ROOT

PACKAGE = "dagster_project"
LONGEST_MODEL = 250
ABSENT = re.compile(
    r"stack decisions?,|\b(returns|methods|faults|design|house|stack|style|sources-\w+)\.md [\dA-Z§]|\bissue #?\d", re.I
)
"""Words that cite a document which is not in the repository."""
FAULT = re.compile(r"\bfaults? ([A-Z]\d+)")
"""A fault that is cited: tests/README.md lists them with an anchor each."""
OF_A_RUN = {"Run", "Settings", "Lake", "Origin", "Limits"}
"""What a nightly run is known by, in the annotation of a parameter."""


def import_graph(root: Path) -> Mapping[str, set[str]]:
    """Part of the package (a folder, or a module beside them) -> parts that it imports, imports inside functions too."""
    graph: dict[str, set[str]] = defaultdict(set)
    for path in (root / PACKAGE).rglob("*.py"):
        part = path.relative_to(root / PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            graph[part] |= {name.split(".")[1] for name in names if name.startswith(f"{PACKAGE}.")} - {part}
    return graph


def in_a_circle(graph: Mapping[str, set[str]]) -> set[str]:
    """The parts that can be reached from themselves."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = set(graph.get(start, ()))
        while ahead:
            one = ahead.pop()
            seen.add(one)
            ahead |= graph.get(one, set()) - seen
        return seen

    return {part for part in graph if part in reached(part)}


def models(root: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in (root / "dbt" / "models").rglob("*.sql")}


def columns_once(root: Path) -> tuple[int, int]:
    """Column names of the published tables, and those that one table alone has."""
    tables: dict[str, set[str]] = defaultdict(set)
    for path in (root / "dbt" / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text("utf-8")).get("models") or []:
            for column in model.get("columns", []):
                tables[column["name"]].add(model["name"])
    return len(tables), sum(len(of) == 1 for of in tables.values())


def marks_a_line(sql: str) -> float:
    """Jinja's opening marks for each line of a model."""
    return len(re.findall(r"\{[{%]", sql)) / max(1, sql.count("\n"))


def absent_citations(root: Path) -> Iterator[str]:
    """Comments and texts of code that cite what is not here."""
    listed = root / "tests" / "README.md"
    faults = set(re.findall(r"\b[A-Z]\d+\b", listed.read_text("utf-8"))) if listed.exists() else set()
    for suffix in ("py", "sql", "yml"):
        for folder in (PACKAGE, "dbt", "expectations", "tests"):
            for path in (root / folder).rglob(f"*.{suffix}"):
                for number, line in enumerate(path.read_text("utf-8", errors="ignore").split("\n"), 1):
                    cites = ABSENT.search(line) or set(FAULT.findall(line)) - faults
                    if cites and path.name != Path(__file__).name:
                        yield f"{path.relative_to(root)}:{number}"


def told_of_the_run(root: Path) -> int:
    """Files that a nightly run is handed through: with a function that takes the run, or a part of it."""
    found = 0
    for path in (root / PACKAGE).rglob("*.py"):
        functions = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)]
        taken = [a.annotation for f in functions for a in (*f.args.args, *f.args.kwonlyargs) if a.annotation]
        found += any(ast.unparse(one).strip("'\"") in OF_A_RUN for one in taken)
    return found


def figures(root: Path) -> dict[str, float]:
    """The figures by name."""
    every = models(root)
    lengths = sorted(sql.count("\n") for sql in every.values())
    names, once = columns_once(root)
    marks = statistics.quantiles(map(marks_a_line, every.values()), n=10)
    measures = root / "dbt" / "macros" / "measures" / "_measures.yml"
    code = [path.read_text("utf-8") for path in (root / PACKAGE).rglob("*.py")]
    return {
        "parts of the package in a circle": len(in_a_circle(import_graph(root))),
        "column names published": names,
        "column names that occur once": once,
        "models": len(every),
        "models over 250 lines": sum(length > LONGEST_MODEL for length in lengths),
        "models over 200 lines": sum(length > 200 for length in lengths),
        "lines of a model, p90": statistics.quantiles(lengths, n=10)[8],
        "lines of the longest model": lengths[-1],
        "lines in _measures.yml": measures.read_text("utf-8").count("\n"),
        "Jinja marks a line, p90": round(marks[8], 2),
        "files that a nightly run is handed through": told_of_the_run(root),
        "Lake(settings.data_lake)": sum(text.count("Lake(settings.data_lake)") for text in code),
        "words in README": len((root / "README.md").read_text("utf-8").split()),
        "comments that cite absent documents": len(list(absent_citations(root))),
    }


def test_models_are_short_and_comments_cite_what_is_here() -> None:
    """Circles are held by `make lint`, names by test_vocabulary."""
    assert {
        name: sql.count("\n") for name, sql in models(PROJECT_ROOT).items() if sql.count("\n") > LONGEST_MODEL
    } == {}
    assert list(absent_citations(PROJECT_ROOT)) == []


def test_what_is_out_of_order_is_counted(tmp_path: Path) -> None:
    package = tmp_path / PACKAGE
    for name, other in {"lake": "quality", "quality": "lake", "report": "lake"}.items():
        (package / name).mkdir(parents=True)
        (package / name / "one.py").write_text(
            f"def f() -> None:\n    from {PACKAGE}.{other} import one\n    # see fault F3\n"
        )
    assert in_a_circle(import_graph(tmp_path)) == {"lake", "quality"}
    assert len(list(absent_citations(tmp_path))) == 3
    assert marks_a_line("select {{ a }}\n{% if b %}\n") == 1


if __name__ == "__main__":
    for name, value in figures(Path(sys.argv[1]) if sys.argv[1:] else PROJECT_ROOT).items():
        print(f"{name}: {value:,}")
