"""The policy `safe_counts`: counts of people below national level as the HES and ECDS rule lets them leave.

Faults D2, D6 and D8 (tests/README.md): what is shown must be rounded, every rate must be the rate of the rounded counts shown beside it, and nothing
may stand on fewer than eight people. Not here: what can be worked out by adding up (attacker.py).
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier; conditions come from the dbt project itself

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
from pydantic import ValidationError

from dagster_project.contracts.suite import load_thresholds
from dagster_project.duck import quote_identifier as q
from dagster_project.lake.paths import Origin
from dagster_project.quality.declaration import Count, Derived, Mean, Rate, SafeCounts
from dagster_project.quality.violations import ORIGINS, Violations, draft_of, types_of, violations
from dagster_project.release.dbt_artifacts import ExposedModel

STATUSES = (
    "published",
    "suppressed",
    "withheld",
    "missing",
    "not_available",
    "not_collected",
    "not_applicable",
)
METRIC_COLUMNS = {"measure_code", "indicator_no", "indicator_id"}
"""Columns that name what is counted: two rows of a group may then hold counts of which one is part of the other."""
NUMBER = re.compile(r"^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL\(.*\))$")
NESTED = re.compile(r"\[|STRUCT|MAP|UNION|JSON|BLOB|BIT|VARIANT")
Z = 1.959963984540054
"""Quantile of the normal distribution for 95 %: the gate works the limits out by its own formula."""


@dataclass(frozen=True)
class Rule:
    """The numbers that the gate demands, whatever numbers the marts were made with."""

    threshold: int
    base: int
    minimum_values: int
    """How many values a hidden cell must still be able to have."""

    @property
    def half_base(self) -> int:
        """Return how far a rounded count may lie from the true one."""
        return self.base // 2

    @classmethod
    def load(cls) -> Rule:
        """Return the rule of expectations/thresholds.yml: no variable and no setting changes it."""
        named = load_thresholds()
        names = ("disclosure_count_threshold", "disclosure_rounding_base", "disclosure_minimum_possible_values")
        return cls(*(int(named[name].value) for name in names))


def read_declaration(model: ExposedModel) -> SafeCounts:
    """Return the mart's declaration; raises ValueError saying what is wrong with it."""
    try:
        return SafeCounts.model_validate(model.safe_counts)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()[:5])
        raise ValueError(f"config.meta.safe_counts cannot be used: {places}") from error


def audit_safe_counts(con: duckdb.DuckDBPyConnection, model: ExposedModel, origin: Origin) -> Violations:
    """Everything that is asked of one mart on its own."""
    try:
        declared = read_declaration(model)
    except ValueError as error:
        yield str(error), 1, []
        return
    rule, types = Rule.load(), types_of(con, model)
    yield from _origin(con, model, origin, types)
    unknown = list(_undeclared(declared, model, types))
    yield from unknown
    if any(text.startswith("the declaration names") for text, _, _ in unknown):
        return
    for name, count in declared.counts.items():
        yield from _count(con, model, declared, rule, name, count)
    for rate in declared.rates:
        yield from _rate(con, model, rule, rate)
    for mean in declared.means:
        yield from _mean(con, model, rule, mean)
    for name, derived in declared.derived.items():
        yield from _derived(con, model, name, derived)


def _origin(con: duckdb.DuckDBPyConnection, model: ExposedModel, origin: Origin, types: dict[str, str]) -> Violations:
    if "data_origin" not in types:
        yield "there is no column data_origin", 1, []
        return
    allowed = list(ORIGINS[origin])
    condition = "data_origin is null or not list_contains(?, data_origin)"
    yield from violations(con, model, condition, f"rows that do not belong in a release of {origin} figures", [allowed])


def _undeclared(declared: SafeCounts, model: ExposedModel, types: dict[str, str]) -> Violations:
    """Deny by default: a number, or a container of numbers, that nobody answers for."""
    numbers = declared.number_columns()
    statuses = {item.status for item in declared.counts.values()} | {rate.status for rate in declared.rates}
    statuses |= {mean.status for mean in declared.means}
    inputs = {name for rate in declared.rates for name in (rate.numerator, rate.denominator)}
    inputs |= {mean.base for mean in declared.means}
    for name in sorted((numbers | statuses | inputs) - set(types)):
        yield f"the declaration names {name}, which is not in the table", 1, []
    for name in sorted(inputs - set(declared.counts)):
        yield f"{name} is the base of a rate or mean and no declared count", 1, []
    for name, kind in types.items():
        if NUMBER.match(kind) and name not in numbers and name not in model.key:
            yield f"{name} is a number that the declaration does not name", 1, []
        if NESTED.search(kind):
            yield f"{name} is of type {kind}, in which counts could hide", 1, []
    if not declared.relations and not declared.no_relations:
        yield "the declaration names no relations, and does not say why (no_relations)", 1, []
    if METRIC_COLUMNS & set(model.key) and not declared.metrics and not declared.no_metrics:
        yield "the key names metrics, and the declaration does not say what they count (metrics, no_metrics)", 1, []


def _agree(con: duckdb.DuckDBPyConnection, model: ExposedModel, value: str, status: str, where: str) -> Violations:
    """A value and its status say the same."""
    shown = f"{q(status)} is not distinct from 'published'"
    yield from violations(
        con, model, f"({where}) and {q(value)} is not null and not ({shown})", f"rows with a {value} that is hidden"
    )
    yield from violations(
        con, model, f"({where}) and {q(value)} is null and {shown}", f"rows without the {value} that {status} promises"
    )


def _count(
    con: duckdb.DuckDBPyConnection, model: ExposedModel, declared: SafeCounts, rule: Rule, name: str, count: Count
) -> Violations:
    yield from _agree(con, model, name, count.status, "true")
    known = f"{q(count.status)} is null or not list_contains(?, {q(count.status)})"
    yield from violations(con, model, known, f"rows whose {count.status} is none that is known", [list(STATUSES)])
    exempt = declared.national.where if declared.national and declared.national.exact else "false"
    below = f"not coalesce(({exempt}), false)"
    yield from violations(con, model, f"{q(name)} < 0", f"rows with a {name} below 0")
    small = f"{below} and {q(name)} between 1 and {rule.threshold}"
    yield from violations(con, model, small, f"rows with a {name} from 1 to {rule.threshold}")
    loose = f"{below} and {q(name)} > {rule.threshold} and {q(name)} % {rule.base} <> 0"
    yield from violations(con, model, loose, f"rows with a {name} that is no multiple of {rule.base}")
    if count.low and count.high:
        low, high = q(count.low), q(count.high)
        narrow = f"{q(count.status)} = 'suppressed' and {high} - {low} + 1 < {rule.minimum_values}"
        yield from violations(con, model, narrow, f"hidden rows whose bounds of {name} say too much")
        inside = f"{q(name)} > 0 and ({low} > {q(name)} - {rule.half_base} or {high} < {q(name)} + {rule.half_base})"
        yield from violations(con, model, inside, f"rows whose bounds of {name} say more than the rounded count")


def _rate(con: duckdb.DuckDBPyConnection, model: ExposedModel, rule: Rule, rate: Rate) -> Violations:
    where, value = f"({rate.where})", q(rate.value)
    x, n = q(rate.numerator), q(rate.denominator)
    yield from _agree(con, model, rate.value, rate.status, where)
    shown = f"{where} and {value} is not null"
    hidden = f"{shown} and ({x} is null or {n} is null)"
    yield from violations(con, model, hidden, f"rows with a {rate.value} whose counts are not shown")
    few = f"{shown} and least({x}, {n}) <= {rule.threshold}"
    if rate.proportion:
        # Rounded away may be 2 of each: the complement of the true counts is at least 8 when the shown one is at least 12.
        few = f"{shown} and (least({x}, {n}) <= {rule.threshold} or {n} - {x} <= {rule.threshold + 2 * rule.half_base})"
    yield from violations(con, model, few, f"rows with a {rate.value} on fewer than {rule.threshold + 1}")
    tolerance = f"{0.5 * 10.0**-rate.decimals}" if rate.decimals is not None else f"1e-9 * greatest(1, abs({value}))"
    exact = f"{rate.multiplier} * {x}::double / {n}"
    wrong = f"{shown} and {n} > 0 and abs({value} - {exact}) > {tolerance} + 1e-12"
    yield from violations(con, model, wrong, f"rows with a {rate.value} that is not the rate of the counts shown")
    yield from _limits(con, model, rate, shown, tolerance)


def _limits(con: duckdb.DuckDBPyConnection, model: ExposedModel, rate: Rate, shown: str, tolerance: str) -> Violations:
    x, n = f"{q(rate.numerator)}::double", f"{q(rate.denominator)}::double"
    for column, sign in ((rate.lower, "-"), (rate.upper, "+")):
        if column is None:
            continue
        stray = f"({rate.where}) and {q(column)} is not null and {q(rate.value)} is null"
        yield from violations(con, model, stray, f"rows with a {column} and no {rate.value}")
        if rate.proportion:
            limit = f"{rate.multiplier} * {_rounded_wilson(x, n, sign)}"
            wrong = f"{shown} and {q(column)} is not null and abs({q(column)} - {_where_defined(limit, x, n)}) > {tolerance} + 1e-9 * {rate.multiplier}"
            yield from violations(
                con, model, wrong, f"rows with a {column} that is not Wilson's limit of the counts shown"
            )
        else:
            derived = Derived(how="limit of the rate beside it", inputs=(rate.numerator, rate.denominator))
            yield from _derived(con, model, column, derived, f"({rate.where})")


def _rounded_wilson(x: str, n: str, sign: str) -> str:
    """Wilson's limit of x in n, widened on the logit scale by the rounding of both to 5 (a variance of 2 each)."""
    wilson = f"({x} + {Z * Z / 2} {sign} {Z} * sqrt({x} * ({n} - {x}) / {n} + {Z * Z / 4})) / ({n} + {Z * Z})"
    away = f"ln({wilson} / (1 - {wilson})) - ln({x} / ({n} - {x}))"
    rounding = f"{2 * Z * Z} * (1 + power({x} / {n}, 2)) / power({x} * ({n} - {x}) / {n}, 2)"
    return f"1 / (1 + ({n} - {x}) / {x} * exp(-({sign} sqrt(power({away}, 2) + {rounding}))))"


def _where_defined(formula: str, numerator: str, denominator: str) -> str:
    """The formula where it is defined; elsewhere NULL, because the counts themselves have been reported already."""
    return f"case when {numerator} > 0 and {numerator} < {denominator} then {formula} end"


def _mean(con: duckdb.DuckDBPyConnection, model: ExposedModel, rule: Rule, mean: Mean) -> Violations:
    yield from _agree(con, model, mean.value, mean.status, f"({mean.where})")
    base = q(mean.base)
    few = f"({mean.where}) and {q(mean.value)} is not null and ({base} is null or {base} <= {rule.threshold})"
    yield from violations(con, model, few, f"rows with a {mean.value} of fewer than {rule.threshold + 1} people")


def _derived(
    con: duckdb.DuckDBPyConnection, model: ExposedModel, name: str, derived: Derived, where: str = "true"
) -> Violations:
    """What follows from shown figures alone is the same wherever these are the same; else true counts went into it."""
    if not derived.inputs:
        return
    inputs = ", ".join(q(column) for column in derived.inputs)
    spread = f"(max({q(name)}) - min({q(name)})) > 1e-9 * greatest(1, max(abs({q(name)})))"
    query = (
        f"select {inputs} from {draft_of(model)} where {where} and {q(name)} is not null group by all having {spread}"
    )
    found = len(con.execute(query).fetchall())
    if found:
        yield f"{name} has several values for {found:,} sets of the shown {', '.join(derived.inputs)}", found, []


def declarations(models: tuple[ExposedModel, ...]) -> Iterator[tuple[ExposedModel, SafeCounts]]:
    """Yield the marts under this policy whose declaration can be used."""
    for model in models:
        if model.disclosure_policy == "safe_counts":
            try:
                yield model, read_declaration(model)
            except ValueError:
                continue
