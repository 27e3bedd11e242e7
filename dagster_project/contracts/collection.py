"""What a collections/<CODE>.yml may say, checked when it is loaded: the one description of a return.

Columns, code lists, rules and their words are written there once and reach the templates, the check, intake and the clean
Parquet. `_common.yml` holds the manifest and the rules that all returns share; `seeds/returns/` the code lists and thresholds.
"""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from dagster_project.contracts.seeds import SEEDS
from dagster_project.contracts.strict import Strict, Text
from dagster_project.settings import PROJECT_ROOT
from dagster_project.yaml_files import read_yaml

COLLECTIONS_FOLDER = PROJECT_ROOT / "dagster_project" / "returns" / "collections"
SEEDS_FOLDER = SEEDS / "returns"
SUPPRESSED = "[c]"
"""How a sender of a SAFE return writes a count of 1 to 7."""

Severity = Literal["F", "G", "R", "W", "I"]
"""F refuses the file, G a group of rows, R sets a row aside, W warns, I informs."""
Cadence = Literal["monthly", "quarterly", "half_yearly", "yearly"]
ColumnType = Literal["code", "text", "free_text", "date", "integer", "decimal", "count", "decimal_count", "year", "url"]
Model = TypeVar("Model", bound=BaseModel)

CLEAN_TYPES: dict[str, str] = {
    "date": "DATE",
    "integer": "INTEGER",
    "decimal": "DOUBLE",
    "count": "BIGINT",
    "decimal_count": "DOUBLE",
}
"""DuckDB type of a column in the clean Parquet; everything else is VARCHAR."""


class ReturnsContractError(Exception):
    """A collection's YAML that cannot be used; the text names the file and the place."""


class CodeList(Strict):
    """Where the codes of a column stand: a seed of `dbt/seeds/returns/`, and the rows of it that are meant."""

    seed: Text = "return_code"
    column: Text = "code"
    list_code: str = ""
    """Only rows of this list; for the seed `return_code`, which holds all small lists."""
    levels: tuple[str, ...] = ()
    """Only rows of these levels, where the seed has a column `level`; empty means all."""


class Column(Strict):
    """A column of a return, as the sender writes it."""

    name: Text
    type: ColumnType
    description: Text
    required: Literal["Y", "C", "N"] = "Y"
    """Y always, C when a rule says so, N never."""
    key: bool = False
    codes: CodeList | None = None
    pattern: str = ""
    """A regular expression that the whole text must match."""
    minimum: float | None = None
    maximum: float | None = None
    not_answered: str = ""
    """A word that stands for no number ("NA"); it becomes NULL in the clean table."""
    max_length: int = 200
    example: str = ""
    """A value for the worked example."""
    data_dictionary_element: str = ""

    @property
    def is_count(self) -> bool:
        """Return whether the disclosure rules apply: C09, C10, `[c]`."""
        return self.type in {"count", "decimal_count"}

    @property
    def clean_type(self) -> str:
        """Return DuckDB's type in the clean Parquet."""
        return CLEAN_TYPES.get(self.type, "VARCHAR")


class Rule(Strict):
    """One rule of a collection. `sql` selects what breaks it; nothing of a cell's content ever enters the words."""

    id: Text
    severity: Severity
    title: Text
    what: Text
    why: Text
    mend: Text
    columns: tuple[str, ...] = ()
    """The columns at fault, the first one named in the finding; empty for the whole file."""
    row_sql: str = ""
    """True for a row of `rows` that breaks the rule; all of a collection's are counted in one pass."""
    sql: str = ""
    """A SELECT over `rows` (and `previous`, `published`) giving `row_number` (NULL for the whole file) of each failure."""
    group: tuple[str, ...] = ()
    """G: the columns whose values make up the group that is refused."""
    needs: tuple[Literal["previous", "published", "metrics", "organisations", "register", "sender"], ...] = ()
    """What the rule cannot be checked without; where it is not available the answer says so."""


class Control(Strict):
    """What the manifest's control_total must equal."""

    sql: Text
    words: Text
    rule: str = "C02"
    """The rule that compares; ED01 only warns."""


class EarlierVersion(Strict):
    """An older template that is still taken: how its header differs from today's."""

    version: Text
    absent: tuple[str, ...] = ()
    """Columns of today that it does not have; they are NULL."""
    renamed: dict[str, str] = Field(default_factory=dict)
    """Today's name -> its name there."""


class CleanColumn(Strict):
    """A column of the clean Parquet."""

    name: Text
    type: Text
    description: Text


class Collection(Strict):
    """One return: a grain, columns, rules."""

    code: Text
    title: Text
    grain: Text
    natural_source: Text
    cadence: Cadence
    template_version: Text
    earlier_versions: tuple[EarlierVersion, ...] = ()
    period_column: str = ""
    """The column that must equal the manifest's period_end; "" where no column carries the period."""
    period_form: Literal["date", "within", "year", "financial_year"] = "date"
    """`within`: a month's end inside the period; `year` and `financial_year` of its last day."""
    columns: tuple[Column, ...]
    control: Control
    notes: tuple[str, ...] = ()
    example_rows: tuple[dict[str, str], ...] = ({},)
    """Rows of the worked example: each the columns' `example` with these cells in their place."""
    count: str = ""
    """The count column that C11 to C14, W06 and W07 look at."""
    count_where: str = "true"
    """The rows whose count is a number of units, to which C09 and C10 apply."""
    cell: tuple[str, ...] = ()
    """What besides function and groups makes up a cell; a return that names it has grouping sets (C14, W06, W07)."""
    series: tuple[str, ...] = ()
    """The columns by whose values C12 and C13 compare with the period before."""
    base: str = "true"
    """The rows of which W06 and W07 take shares."""
    judged: str = "true"
    """The rows that stand for the whole trust; `{table}` is rows or previous. View `judged`."""
    headline: str = "true"
    """Of those, the ones whose sum is the trust's total. View `headline`."""
    own_rules: tuple[Rule, ...] = Field((), alias="rules")

    @property
    def key(self) -> list[str]:
        """Return the columns that name a row."""
        return [column.name for column in self.columns if column.key]

    @property
    def count_columns(self) -> list[str]:
        """Return the columns to which the disclosure rules apply."""
        return [column.name for column in self.columns if column.is_count]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules that are SQL: shared ones that apply, with their places filled in, then the collection's own."""
        common = load_common()
        shared = (*(common.grouped_rules if self.cell else ()), *(common.count_rules if self.series else ()))
        return (*(self._filled(rule) for rule in shared), *self.own_rules)

    def _filled(self, rule: Rule) -> Rule:
        """A shared rule over this collection's columns; places of thresholds are left for later."""
        key = [name for name in self.key if name not in {self.period_column, "org_code"}]
        places = {
            "{count}": self.count,
            "{cell}": ", ".join(self.cell),
            "{series}": ", ".join(self.series),
            "{key}": ", ".join(key),
            "{base}": self.base,
        }
        sql = rule.sql
        for place, text in places.items():
            sql = sql.replace(place, text)
        return rule.model_copy(update={"sql": sql, "columns": rule.columns or (self.count,)})

    @cached_property
    def clean_columns(self) -> list[CleanColumn]:
        """Return the columns of `clean/<collection>/<submission_id>.parquet`, in order."""
        found = []
        for column in self.columns:
            found.append(CleanColumn(name=column.name, type=column.clean_type, description=column.description))
            if column.is_count:
                words = f"Whether {column.name} is published, suppressed by the sender (1 to 7) or rejected (it could not be read)"
                found.append(CleanColumn(name=f"{column.name}_status", type="VARCHAR", description=words))
        return [
            *found,
            CleanColumn(name="submission_id", type="VARCHAR", description="The submission that holds the row"),
            CleanColumn(name="row_number", type="BIGINT", description="Place of the row in the file; 1 is the first"),
            CleanColumn(name="data_origin", type="VARCHAR", description="return or synthetic"),
        ]

    def column(self, name: str) -> Column:
        """Return the column of that name; raises KeyError with the collection's code."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.code} has no column {name!r}")

    @model_validator(mode="after")
    def _names_are_known(self) -> Collection:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.code}: a column stands twice")
        if not self.key:
            raise ValueError(f"{self.code}: no column is marked as key")
        wanted = {name for rule in self.own_rules for name in (*rule.columns, *rule.group)} | {self.period_column} - {
            ""
        }
        if unknown := wanted - set(names):
            raise ValueError(f"{self.code}: unknown columns {sorted(unknown)}")
        return self


class Common(Strict):
    """The manifest's columns and the rules that returns share."""

    manifest: tuple[Column, ...]
    rules: tuple[Rule, ...]
    """Their running is in Python; here are their words."""
    grouped_rules: tuple[Rule, ...]
    count_rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule:
        """Return the shared rule of that id; raises KeyError."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(f"_common.yml has no rule {rule_id!r}")


def read_collection(path: Path) -> Collection:
    """Return the contract in `path`; raises ReturnsContractError naming file and field."""
    collection = _read(path, Collection)
    if collection.code != path.stem:
        raise ReturnsContractError(f"{path.name}: code {collection.code!r} is not the file's name")
    return collection


@cache
def load_collections() -> dict[str, Collection]:
    """Return all collections by code, in alphabetical order."""
    return {path.stem: read_collection(path) for path in sorted(COLLECTIONS_FOLDER.glob("[A-Z]*.yml"))}


@cache
def load_common() -> Common:
    """Return the manifest and the shared rules."""
    return _read(COLLECTIONS_FOLDER / "_common.yml", Common)


def _read(path: Path, model: type[Model]) -> Model:
    try:
        return model.model_validate(read_yaml(path))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ReturnsContractError(f"{path.parent.name}/{path.name}: {error}") from error
