"""What a mart says of its own counts of people: `config.meta.safe_counts` of its dbt model.

The declaration is what the policy `safe_counts` checks the mart against and what the attacker attacks it with. It is strict: a
word that is not known here, or a number that it does not name, stops the release. How to write one:
dbt/models/marts/_disclosure.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator, model_validator

from dagster_project.contracts.strict import Strict
from dagster_project.quality.metrics import Counted, metrics_of_seed


class Count(Strict):
    """A count of people or events: its status column, and the columns of its published bounds if it has any."""

    status: str
    low: str | None = None
    high: str | None = None


class Rate(Strict):
    """A rate of two counts of the same row, with its limits."""

    value: str
    numerator: str
    denominator: str
    status: str
    multiplier: float = 1
    lower: str | None = None
    upper: str | None = None
    proportion: bool = True
    """False where the numerator is no part of the denominator (attendances for each person)."""
    where: str = "true"
    """The rows of which this is said, a SQL condition: a mart with several measures may work out the same column in two ways."""
    decimals: int | None = None
    """To how many decimals the mart rounds the rate; without it the rate is not rounded."""


class Mean(Strict):
    """A mean, median, minimum or maximum over the people that `base` counts."""

    value: str
    base: str
    status: str
    where: str = "true"


class Derived(Strict):
    """A number that is worked out from what the mart shows; `inputs` are the shown columns that it depends on alone."""

    how: str = Field(min_length=15)
    inputs: tuple[str, ...] = ()


class National(Strict):
    """The rows that the rule leaves alone: national figures. `exact`: they are shown unrounded, and attacked as such."""

    where: str
    exact: bool = True


class Side(Strict):
    """The rows on one side of a relation: of which mart (this one if not said), and which of them, as a SQL condition."""

    mart: str | None = None
    where: str = "true"


class Relation(Strict):
    """The parts add up to the whole, count by count: what an attacker knows about the mart without having seen a patient."""

    name: str = Field(min_length=8)
    parts: Side = Side()
    whole: Side = Side()
    same: tuple[str, ...] = ()
    """Columns that are equal on both sides."""
    match: Mapping[str, str] = Field(default_factory=dict)
    """Further equalities: a SQL expression over the parts -> one over the whole."""
    counts: Mapping[str, str] = Field(default_factory=dict)
    """Count of the parts -> count of the whole; without it every count of this mart to the one of the same name."""
    complete: bool = True
    """False where groups are missing among the parts: their sum is at most the whole."""
    over_all: bool = False
    """True where the parts are of all organisations (England): the attack solves the tables of these some at a time (quality/parts.py)."""
    optional: bool = False
    """True where a release may hold none of the parts (an edition that no trust sends); any other relation must connect some rows."""


class Metrics(Strict):
    """Which counts of several metrics are the same people, and which are parts of others (quality/metrics.py)."""

    column: str
    """The column that names the metric of a row."""
    same: tuple[str, ...]
    """Columns that are equal where two metrics count in one group."""
    where: str = "true"
    """The rows of which this is said, a SQL condition: an estimate counts nobody."""
    seed: str | None = None
    """The seed of the returns that says which codes each metric counts."""
    definitions: Mapping[str, Mapping[str, frozenset[str]]] = Field(default_factory=dict)
    """Without a seed: metric -> count -> what it counts, as words that are equal where the people are."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Metrics:
        if bool(self.seed) == bool(self.definitions):
            raise ValueError("say which codes the metrics count by a seed or by definitions, one of the two")
        return self

    def counted(self) -> Counted:
        """Return the sets that are counted; raises ValueError or ReturnsContractError when the definitions cannot be used."""
        return Counted.of(metrics_of_seed(self.seed) if self.seed else self.definitions)


class SafeCounts(Strict):
    """The whole declaration."""

    counts: Mapping[str, Count] = Field(min_length=1)
    rates: tuple[Rate, ...] = ()
    means: tuple[Mean, ...] = ()
    derived: Mapping[str, Derived] = Field(default_factory=dict)
    national: National | None = None
    relations: tuple[Relation, ...] = ()
    no_relations: str | None = Field(default=None, min_length=15)
    """Why nothing in the mart adds up to anything else, where it has no relations."""
    metrics: Metrics | None = None
    no_metrics: str | None = Field(default=None, min_length=15)
    """Why no count of one metric says anything about a count of another, where a key column names metrics."""
    sets: Mapping[str, str] = Field(default_factory=dict)
    """What stands together: column of the register `withheld_set` -> SQL expression over a row. Where it is said, a set of which
    several relations together give a count away can be withheld (publish/withholding.py)."""
    unrevised: str = "true"
    """Rows whose patients are the same as in the release before if what is shown is the same; a SQL condition."""

    @field_validator("counts", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """`numerator: numerator_status` stands for `numerator: {status: numerator_status}`."""
        if isinstance(value, Mapping):
            return {name: {"status": body} if isinstance(body, str) else body for name, body in value.items()}
        return value

    @field_validator("derived", mode="before")
    @classmethod
    def _short_derived(cls, value: Any) -> Any:
        """`excess: worked out from ...` stands for `excess: {how: worked out from ...}`."""
        if isinstance(value, Mapping):
            return {name: {"how": body} if isinstance(body, str) else body for name, body in value.items()}
        return value

    def number_columns(self) -> set[str]:
        """Return every column of numbers that the declaration answers for."""
        bounds = {name for count in self.counts.values() for name in (count.low, count.high) if name}
        rates = {name for rate in self.rates for name in (rate.value, rate.lower, rate.upper) if name}
        return set(self.counts) | bounds | rates | {mean.value for mean in self.means} | set(self.derived)
