"""The mapping file of a trust: which return, which period, and where the elements are in its own files.

A mapping is YAML that `hiw extract template` writes and a person fills in. Words about it name elements and fields, never a record.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from dagster_project.contracts.strict import Strict
from dagster_project.extract.layouts import Layout, load_layouts
from dagster_project.extract.refused import Refused
from dagster_project.returns.calendar import CADENCES, month_end, period_start
from dagster_project.yaml_files import read_texts

AREA = "area"
NONE = "none"
"""What a mapping writes for an element that the trust's files do not have."""


class Place(Strict):
    """Where an element stands: a column, or one value for every row; how it is written; what its values mean."""

    column: str = ""
    constant: str = ""
    dates: str = ""
    values: dict[str, str] = Field(default_factory=dict)
    """The trust's value -> the code; "" is the blank one."""

    @field_validator("values", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return {str(key): str(code) for key, code in value.items()} if isinstance(value, dict) else value


class Input(Strict):
    """One kind of file: how it is written, and where its elements stand."""

    format: Literal["csv", "parquet", "database"] = "csv"
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252"] = "utf-8"
    quote: Annotated[str, Field(max_length=1)] = '"'
    dates: str = ""
    """How dates are written, as strptime has it (%d/%m/%Y); never guessed."""
    missing: tuple[str, ...] = ()
    """Texts that stand for nothing, besides the blank."""
    query: str = ""
    """One SELECT on the tables of the database, which is called `source`."""
    elements: dict[str, Place] = Field(default_factory=dict)

    @field_validator("elements", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """`ELEMENT: my_column` says the same as `ELEMENT: {column: my_column}`."""
        if not isinstance(value, dict):
            return value or {}
        return {name: {"column": place} if isinstance(place, str) else place or {} for name, place in value.items()}


class Files(Strict):
    """The public files that turn an address into a decile. Paths are taken from the folder of the mapping."""

    imd: str = ""
    lsoa_change: str = ""
    postcode_lookup: str = ""
    hostels: str = ""


class Stated(Strict):
    """A row of UC01 that no extract holds: a population, or people of enhanced primary care."""

    month: dt.date
    measure: Literal["POP_DENOMINATOR", "EPC_REGISTERED", "EPC_GROWTH_STATED"]
    group: str
    method: str
    value: int
    source: str = ""


class Mapping(Strict):
    """A trust's mapping file."""

    collection: str = Field(alias="return")
    organisation: str = Field(pattern="[A-Z0-9]{3,6}")
    provider_codes: tuple[str, ...] = ()
    """Other codes whose rows are the trust's: of a trust that it took over."""
    period: str = Field(pattern=r"[0-9]{4}-[0-9]{2}")
    """The last month of the period."""
    imd_version: Literal["IMD2019", "IMD2025"] = "IMD2025"
    signed_off_role: str
    signed_off_date: dt.date
    submission_type: Literal["P", "R", "V"] = "P"
    sequence_no: int = Field(1, ge=1, le=999)
    known_issues: str = ""
    files: Files = Files()
    stated: tuple[Stated, ...] = ()
    inputs: dict[str, Input]

    @field_validator("files", "stated", mode="before")
    @classmethod
    def _nothing_said(cls, value: object, info: ValidationInfo) -> object:
        """A field whose lines are all explanations is as if it were not there."""
        if value not in (None, ""):
            return value
        return {} if info.field_name == "files" else ()

    @field_validator("period", mode="before")
    @classmethod
    def _month_as_text(cls, value: object) -> object:
        return str(value)

    @model_validator(mode="after")
    def _is_of_one_return(self) -> Mapping:
        if self.collection not in {layout.collection for layout in load_layouts().values() if layout.collection}:
            raise ValueError(f"there is no extract for the return {self.collection}")
        for name, given in self.inputs.items():
            _judge_input(name, given, self.collection)
        if not any(name != AREA for name in self.inputs):
            raise ValueError("inputs: no layout of the records is named")
        months = CADENCES[self.collection].ends_in
        if int(self.period[5:]) not in months:
            raise ValueError(
                f"period: a period of {self.collection} ends in month {', '.join(map(str, sorted(months)))}"
            )
        return self

    @property
    def period_start(self) -> dt.date:
        """First day of the period."""
        return period_start(CADENCES[self.collection], self.period_end)

    @property
    def period_end(self) -> dt.date:
        """Last day of the period."""
        return month_end(int(self.period[:4]), int(self.period[5:]))

    @property
    def records(self) -> dict[str, Input]:
        """Return the inputs that hold records, by layout."""
        return {name: given for name, given in self.inputs.items() if name != AREA}


def _judge_input(name: str, given: Input, collection: str) -> None:
    layout = load_layouts().get(name)
    if layout is None or (layout.collection and layout.collection != collection):
        known = ", ".join(key for key, one in load_layouts().items() if one.collection in {"", collection})
        raise ValueError(f"inputs: {name} is no layout of {collection}; there are {known}")
    unknown = [element for element in given.elements if layout.element(element) is None]
    if unknown:
        raise ValueError(f"inputs, {name}: {', '.join(unknown)} is no element of this layout")
    if given.format == "database" and not given.query.strip():
        raise ValueError(f"inputs, {name}: a database needs a `query` (the template shows one)")


def place_of(given: Input, layout: Layout, element_name: str) -> Place | None:
    """Return what the mapping says about an element; None where it says nothing."""
    element = layout.element(element_name)
    return next((place for name, place in given.elements.items() if layout.element(name) is element), None)


def load_mapping(path: Path) -> Mapping:
    """Return the mapping in `path`; raises Refused with the fields that are wrong."""
    try:
        content = read_texts(path)
        return Mapping.model_validate(content if isinstance(content, dict) else {})
    except OSError as error:
        raise Refused("the mapping cannot be read", f"{path.name}: {error.strerror}", "name a mapping file") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else "its form"
        raise Refused("the mapping is no YAML", f"{path.name}, {line}", "compare it with a fresh template") from None
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'mapping'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise Refused("the mapping is not right", f"{path.name}: {told}", "compare it with a fresh template") from None
