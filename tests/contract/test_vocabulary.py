"""One vocabulary for the published file: every column is declared once, with one kind and one unit, and no table has words of its own.

Declared in dbt/models/marts/_vocabulary.csv. dbt's contracts hold each table to the columns of its YAML, so the YAML is what is published.
"""

from __future__ import annotations

import csv
import fnmatch
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache

import pytest
import yaml

from dagster_project.release.dbt_artifacts import RELEASE_ID
from dagster_project.release.dictionary import load_dictionary
from dagster_project.settings import PROJECT_ROOT

MARTS = PROJECT_ROOT / "dbt" / "models" / "marts"
VOCABULARY = MARTS / "_vocabulary.csv"
WIDE = MARTS / "_wide_tables.csv"
"""Tables with one column for each measure or group where their sisters have one row, each with its reason."""
OWN = MARTS / "_own_columns.csv"
"""Columns that one table alone has, with the reason for each table."""
FEWEST_GROUPS = 3
OF_RETURNS = "a row of returns stands by itself in the attack of gate 2"
WITHOUT_THE_PERIOD_BEFORE = {
    "fct_inequality_measure": "gaps have their line in mart_trend",
    "mart_hi_intersection": OF_RETURNS,
    "mart_hi_rate": OF_RETURNS,
    "mart_inclusion_health": OF_RETURNS,
    "mart_inequality_summary": OF_RETURNS,
    "mart_target_progress": "stands beside its baseline and its trajectory",
}
"""Tables of figures without previous_value, and why."""
KINDS = {
    "varchar": "text",
    "date": "date",
    "timestamp": "time",
    "boolean": "yes or no",
    "integer": "number",
    "bigint": "number",
    "double": "number",
}
OF_THE_FORMS = {
    "org_code": "organisation_code",
    "org_name": "organisation_name",
    "geo_level": "organisation_level",
    "geo_*": "organisation_code, organisation_name",
    "*metric_id": "indicator_id",
    "metric_name": "indicator_name",
    "dim_type": "dimension",
    "dim_value": "group_code",
    "lcl": "ci_lower_95",
    "ucl": "ci_upper_95",
    "*_lcl": "<figure>_ci_lower_95",
    "*_ucl": "<figure>_ci_upper_95",
}
"""Names of the return forms and of other tools -> the published name."""
LIMIT = re.compile("_?ci_(lower|upper)_95$")
Published = Mapping[str, Mapping[str, tuple[str, str]]]
"""Table -> column -> kind and unit."""


@cache
def published() -> Published:
    """The columns of every mart, by the YAML beside the models."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    dictionary = load_dictionary(MARTS)
    for path in sorted(MARTS.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text("utf-8")).get("models") or []:
            found[model["name"]] = {RELEASE_ID.name: (KINDS[RELEASE_ID.data_type], "")}
            for column in model["columns"]:
                name, data_type = column["name"], column["data_type"]
                own = column.get("config", {}).get("meta", {}).get("unit", "")
                unit = (
                    own
                    or dictionary.shared_property(name, "unit")
                    or ("count" if data_type in ("integer", "bigint") else "as described")
                )
                found[model["name"]][name] = (KINDS[data_type], unit if KINDS[data_type] == "number" else "")
    return found


def faults(tables: Published, declared: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """What breaks the vocabulary, in words that say what to do."""
    for table, columns in tables.items():
        for name, (kind, unit) in columns.items():
            if name not in declared:
                yield f"{table}.{name} is not declared: is there a name for it already? Else add to {VOCABULARY.name}: {name},{kind},{unit}"
            elif declared[name] != (kind, unit):
                yield f"{table}.{name} is {kind} in {unit or 'no unit'}, declared {' in '.join(declared[name])}: another thing needs another name"
            for former, better in OF_THE_FORMS.items():
                if fnmatchcase(name, former):
                    yield f"{table}.{name} is a name of the forms: say {better}"
            figure = LIMIT.sub("", name)
            if figure != name and not {figure, f"{figure}_value".lstrip("_")} & set(columns):
                yield f"{table}.{name} is a limit without its figure, {figure or 'value'}"


def declared_names() -> list[tuple[str, tuple[str, str]]]:
    with VOCABULARY.open(encoding="utf-8", newline="") as lines:
        return [(row["column_name"], (row["kind"], row["unit"])) for row in csv.DictReader(lines)]


def test_every_figure_of_an_organisation_and_a_period_stands_beside_the_one_before() -> None:
    figures = [
        name for name, columns in published().items() if {"organisation_code", "period_end", "value"} <= set(columns)
    ]
    lacking = {name for name in figures if not {"previous_value", "previous_period_end"} <= set(published()[name])}
    assert lacking == set(WITHOUT_THE_PERIOD_BEFORE), "macro previous_figure, or a reason"


def test_every_published_column_is_declared_once_with_one_kind_and_one_unit() -> None:
    rows = declared_names()
    names = [name for name, _ in rows]
    assert names == sorted(set(names)), "a name stands once, in alphabetical order"
    assert list(faults(published(), dict(rows))) == []
    unused = set(names) - {name for columns in published().values() for name in columns}
    assert unused == set(), "declared and in no table"


def test_every_pattern_of_the_dictionary_has_a_column() -> None:
    names = {name for columns in published().values() for name in columns}
    patterns = {pattern for entry in load_dictionary(MARTS).shared for pattern in entry.columns}
    assert sorted(pattern for pattern in patterns if not fnmatch.filter(names, pattern)) == []


def test_a_column_that_one_table_alone_has_says_why() -> None:
    """A new name that no sister has is a second word for something more often than it is something new.

    290 of 494 names stood once before those that meant the same were made one, and the ones that nobody reads dropped; 227 of 443 after
    that. What is left are facts of one subject: a shared word for two facts would be worse than two words.
    """
    tables = Counter(name for columns in published().values() for name in columns)
    own = {(table, name) for table, columns in published().items() for name in columns if tables[name] == 1}
    with OWN.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    said = {(row["table_name"], name) for row in rows for name in row["columns"].split()}
    assert sorted(own - said) == [], f"is there a name for it already? Else add it to {OWN.name}"
    assert sorted(said - own) == [], f"two tables have it, or none: take it out of {OWN.name}"
    assert [row["table_name"] for row in rows if len(row["reason"].split()) < FEWEST_GROUPS] == []


def test_what_breaks_the_vocabulary_is_named() -> None:
    declared = {"value": ("number", "share"), "value_status": ("text", "")}
    planted = {
        "a": {"value": ("number", "share"), "ci_lower_95": ("number", "share")},
        "b": {"value": ("number", "per cent"), "value_status": ("number", "count"), "peer_lcl": ("number", "share")},
        "c": {"gap_ci_lower_95": ("number", "share")},
    }
    said = "\n".join(faults(planted, declared))
    for words in (
        "a.ci_lower_95 is not declared",
        "c.gap_ci_lower_95 is a limit without its figure, gap",
        "b.value is number in per cent, declared number in share",
        "b.value_status is number in count",
        "b.peer_lcl is a name of the forms: say <figure>_ci_lower_95",
    ):
        assert words in said


def is_wide(columns: Mapping[str, tuple[str, str]]) -> bool:
    """Whether a row holds several measures or groups: two figures with limits of their own, or three numbers whose names differ in their first word."""
    figures = {LIMIT.sub("", name) for name in columns if LIMIT.search(name)}
    numbers = [name for name, (kind, _) in columns.items() if kind == "number" and not LIMIT.search(name)]
    of = Counter(name.partition("_")[2] for name in numbers)
    return len(figures) > 1 or any(tail and count >= FEWEST_GROUPS for tail, count in of.items())


def test_a_table_is_long_or_says_why_it_is_wide() -> None:
    with WIDE.open(encoding="utf-8", newline="") as lines:
        reasons = {row["table_name"]: row["reason"] for row in csv.DictReader(lines)}
    wide = {table for table, columns in published().items() if is_wide(columns)}
    assert sorted(wide - set(reasons)) == [], (
        f"give it a column measure or group_code as its sisters have, or a reason in {WIDE.name}"
    )
    assert sorted(set(reasons) - wide) == [], "long, or not published: take it out of the list"
    assert [table for table, reason in reasons.items() if len(reason.split()) < 2] == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("measure", "value", "ci_lower_95", "ci_upper_95"), False),
        (("sii", "sii_ci_lower_95", "rii", "rii_ci_lower_95"), True),
        (("white_value", "asian_value", "black_value"), True),
        (("numerator", "denominator", "value", "england_value", "ci_lower_95"), False),
    ],
)
def test_one_column_for_each_measure_or_group_is_wide(names: tuple[str, ...], expected: bool) -> None:
    assert is_wide({name: ("text" if name == "measure" else "number", "share") for name in names}) is expected
