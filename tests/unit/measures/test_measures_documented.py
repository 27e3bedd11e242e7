"""Every public measure is documented where it is read, and every constant in a macro is the number of scipy and of the seed."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from jinja2 import Environment
from scipy import stats

DBT = Path(__file__).parents[3] / "dbt"
MACROS = DBT / "macros" / "measures"
HEADER = re.compile(r"(\{#(?:(?!#\}).)*#\}\s*)?\{% macro (\w+)\((.*?)\) -%\}", re.DOTALL)
PRIVATE = ("measure_", "default__", "duckdb__", "spark__")


def _public_macros() -> dict[str, tuple[str | None, list[str]]]:
    """Docstring and argument names by macro."""
    found = {}
    for path in sorted(MACROS.glob("*.sql")):
        for docstring, name, arguments in HEADER.findall(path.read_text(encoding="utf-8")):
            names = [argument.split("=")[0].strip() for argument in arguments.split(",") if argument.strip()]
            if not name.startswith(PRIVATE):
                found[name] = (docstring or None, names)
    return found


def _constants(macro: str) -> Any:
    """The literal that a macro of constants returns, read by Jinja itself."""
    text = next(
        path.read_text(encoding="utf-8") for path in MACROS.glob("*.sql") if f"macro {macro}()" in path.read_text()
    )
    body = re.search(rf"macro {macro}\(\) -%}}\s*\{{\{{\s*return\((.*?)\)\s*\}}\}}", text, re.DOTALL)
    assert body, macro
    return Environment(autoescape=False).compile_expression(body.group(1).strip())()


def _seed(name: str) -> list[dict[str, str]]:
    with (DBT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_public_macro_has_a_docstring() -> None:
    assert len(_public_macros()) > 100
    assert [name for name, (docstring, _) in _public_macros().items() if docstring is None] == []


def test_every_public_macro_is_in_the_yaml_with_its_own_arguments() -> None:
    listed = yaml.safe_load((MACROS / "_measures.yml").read_text(encoding="utf-8"))["macros"]
    documented = {entry["name"]: [argument["name"] for argument in entry.get("arguments", [])] for entry in listed}
    assert documented == {name: arguments for name, (_, arguments) in _public_macros().items()}
    assert [entry["name"] for entry in listed if not entry["description"].strip()] == []


def test_every_argument_is_described_once_and_used() -> None:
    documented = yaml.safe_load((MACROS / "_measures.yml").read_text(encoding="utf-8"))
    described = {id(argument): argument for argument in documented["anchors"]}
    used = {id(argument) for entry in documented["macros"] for argument in entry.get("arguments", [])}
    assert [argument["name"] for key, argument in described.items() if key not in used] == []
    assert len(used) == len(described)
    texts = [(argument["name"], argument["description"]) for argument in described.values()]
    assert len(set(texts)) == len(texts)


def test_normal_quantiles_of_macro_and_seed_are_scipys() -> None:
    constants = _constants("measure_normal_quantiles")
    assert constants == {float(row["confidence"]): float(row["z"]) for row in _seed("normal_quantiles")}
    for confidence, quantile in constants.items():
        assert quantile == pytest.approx(stats.norm.ppf(0.5 + confidence / 2), rel=1e-15)


def test_exact_poisson_limits_of_macro_and_seed_are_scipys() -> None:
    constants = _constants("measure_poisson_exact_limits")
    rows = _seed("poisson_exact_limits")
    assert len(rows) == 50
    for row in rows:
        events, confidence = int(row["events"]), float(row["confidence"])
        limits = constants[confidence][events]
        tail = (1 - confidence) / 2
        assert limits == (float(row["lower"]), float(row["upper"]))
        assert limits[0] == pytest.approx(stats.chi2.ppf(tail, 2 * events) / 2 if events else 0.0, rel=1e-12)
        assert limits[1] == pytest.approx(stats.chi2.ppf(1 - tail, 2 * events + 2) / 2, rel=1e-12)


def test_students_quantiles_are_scipys_for_any_degrees_of_freedom() -> None:
    table = _constants("measure_student_t_table")
    for confidence, entry in table.items():
        exact = stats.t.ppf(0.5 + confidence / 2, np.arange(1, 31))
        np.testing.assert_allclose(entry["quantiles"], exact, rtol=1e-13)
        degrees = np.unique(np.geomspace(31, 1e7, 500).round())
        terms = [coefficient * (31 / degrees) ** power for power, coefficient in enumerate(entry["coefficients"], 1)]
        fitted = stats.norm.ppf(0.5 + confidence / 2) * (1 + np.sum(terms, axis=0))
        np.testing.assert_allclose(fitted, stats.t.ppf(0.5 + confidence / 2, degrees), rtol=1e-13)


def test_the_standard_population_is_that_of_2013() -> None:
    from PHStatsMethods import euro_standard_pop

    rows = _seed("standard_population_2013")
    theirs = euro_standard_pop()
    assert [int(row["standard_population"]) for row in rows] == theirs["euro_standard_pops"].tolist()
    assert sum(int(row["standard_population"]) for row in rows) == 100_000
    assert [int(row["age_from"]) for row in rows] == list(range(0, 95, 5))
