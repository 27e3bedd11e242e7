"""Nothing private of Dagster, dbt, Great Expectations or DuckDB is replaced: an upgrade changes that without a word."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import dagster_project
from dagster_project.settings import PROJECT_ROOT

LIBRARIES = ("dagster", "dagster_dbt", "dbt", "great_expectations", "duckdb")
NOT_IMPORTED = (
    "dagster_project.publish.notebook",
    "dagster_project.__main__",
    "dagster_project.transform.on_spark",
    "dagster_project.transform.spark_session",
)
"""A script for analysts with dependencies of its own, and what runs in .venv-engine, where the packages of the engine are."""


def _classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(dagster_project.__path__, "dagster_project."):
        if not module.name.startswith(NOT_IMPORTED):
            for found in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(found) and found.__module__ == module.name:
                    yield found


def test_no_private_method_of_a_library_is_overridden() -> None:
    overridden = {
        f"{one.__module__}.{one.__name__}.{name}"
        for one in _classes()
        for base in one.__mro__[1:]
        if base.__module__.split(".")[0] in LIBRARIES
        for name in vars(one).keys() & vars(base).keys()
        if name.startswith("_") and not name.startswith("__") and callable(vars(base)[name])
    }
    assert overridden == set()


def test_no_attribute_of_a_module_or_a_class_is_replaced() -> None:
    """`setattr` and assignments such as `dbt.parser.x = y` have no place in the package."""
    found = []
    for path in sorted((PROJECT_ROOT / "dagster_project").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            name.asname or name.name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
                found.append(f"{path.name}:{node.lineno} setattr")
            targets = node.targets if isinstance(node, ast.Assign) else []
            found += [
                f"{path.name}:{node.lineno} {ast.unparse(target)}"
                for target in targets
                if isinstance(target, ast.Attribute) and ast.unparse(target).split(".")[0] in names
            ]
    assert found == []
