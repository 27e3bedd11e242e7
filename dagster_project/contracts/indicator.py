"""The governed catalogue of indicators: one file each in dbt/indicators/, checked against this schema when it is loaded.

The file is the only place where an indicator is described: dim_indicator, the report, the dictionary and the code list of
actions take it from here. Which line of the Statement on information an indicator answers is not said here, but in
dbt/seeds/indicators/statement_indicators.csv: whoever gets the official annex replaces that one file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from dagster_project.contracts.strict import Strict, Text
from dagster_project.settings import PROJECT_ROOT
from dagster_project.yaml_files import read_yaml

INDICATORS_FOLDER = PROJECT_ROOT / "dbt" / "indicators"

Unit = Annotated[str, Field(pattern=r"^(proportion|count|rate_per_[0-9]+|ratio|difference|score)$")]
"""The facts use the first three; ratios, differences and scores are in the mart of the workforce standards."""
Level = Literal["england", "england_sector", "region", "icb", "sub_icb", "trust", "other_provider"]
Breakdown = Literal["deprivation", "ethnicity", "age", "sex"]
BREAKDOWNS: tuple[Breakdown, ...] = ("deprivation", "ethnicity", "age", "sex")
"""The least that the Statement on information asks for."""
Area = Literal[
    "core20",
    "plus",
    "maternity",
    "severe_mental_illness",
    "chronic_respiratory",
    "early_cancer_diagnosis",
    "hypertension",
    "smoking_cessation",
    "asthma",
    "diabetes",
    "epilepsy",
    "oral_health",
    "mental_health",
]


class IndicatorError(Exception):
    """A file of the catalogue that cannot be used; the text names the file and the place."""


class Document(Strict):
    """What a statement rests on, as a reader can look it up: title, publisher and the day or edition in words."""

    title: Text
    publisher: Text
    date: Text

    @property
    def in_words(self) -> str:
        return f"{self.title} ({self.publisher}, {self.date})"


class Target(Strict):
    """A national target in the unit of the indicator: for which levels and days it holds, and who set it.

    A standard is to be met in every period in which it applies, a milestone in the month of its last day. While a target
    that was set later applies too, figures are read by that one.
    """

    value: float
    kind: Literal["standard", "milestone"]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    applies_from: dt.date | None = None
    """First day on which it holds; none where not known."""
    applies_to: dt.date | None = None
    """Last day on which it holds; none where it has no end."""
    statement: Text
    source: Document

    @model_validator(mode="after")
    def _days_are_in_order(self) -> Self:
        if self.kind == "milestone" and self.applies_to is None:
            raise ValueError("a milestone needs applies_to, the day by which it is to be met")
        if self.applies_from and self.applies_to and self.applies_from > self.applies_to:
            raise ValueError("applies_from is after applies_to")
        return self


Part = Literal["definition", "denominator", "target", "levels"]
PARTS: tuple[Part, ...] = ("definition", "denominator", "target", "levels")
"""What is verified of an indicator, each by itself."""
NOT_CHECKED = "not yet checked"


class Verification(Strict):
    """How far a part of an indicator was checked, on which day and against what."""

    verification: Literal["read in the source", "secondary source"]
    verified_on: dt.date
    verified_against: Document


class Core20Plus5(Strict):
    """Where the indicator is in Core20PLUS5."""

    programme: Literal["adults", "children"]
    area: Area
    element: Text


class Published(Strict):
    """For which levels the publisher gives a breakdown; where for none, `note` says why."""

    levels: tuple[Level, ...]
    note: str = ""

    @model_validator(mode="after")
    def _absence_has_a_reason(self) -> Self:
        if not self.levels and not self.note:
            raise ValueError("a breakdown that is not published needs a note that says why")
        return self


class Indicator(Strict):
    """One file. Exactly one of source_id, published_elsewhere and not_public says whether public figures exist."""

    indicator_id: Text
    catalogue_id: str = ""
    """Line of the Core20PLUS5 and Statement catalogue that it belongs to; "" for indicators beyond it."""
    indicator_name: Text
    definition: Text
    why_it_matters: Text
    numerator: Text
    denominator: Text
    unit: Unit
    polarity: Literal["higher_is_better", "lower_is_better", "none"]
    targets: tuple[Target, ...] = ()
    core20plus5: Core20Plus5 | None = None
    population: Literal["adults", "children", "everybody"]
    source_id: str = ""
    """Source of the warehouse from which the figures come."""
    published_elsewhere: str = ""
    """Published, but not a source of the warehouse: where, and at which level."""
    not_public: str = ""
    """Why there are no public figures."""
    held_in: str = ""
    """Table of the published file that holds the figures."""
    held_as: tuple[str, ...] = ()
    """Indicators whose figures, limits or gaps carry this one; empty where it is under its own name."""
    crude_indicator: str = ""
    """Indicator with the crude figures of the same groups, where they are not under this one."""
    levels: tuple[Level, ...] = ()
    """Levels at which the source truly gives figures."""
    breakdowns: Mapping[Breakdown, Published]
    available_level: Text
    method: Text
    breaks_in_series: tuple[Text, ...] = ()
    caveats: str = ""
    author: Text
    checked_by: Text
    """Who checked it; "not yet checked" as long as no part is verified."""
    verification: Mapping[Part, Verification] = {}
    """Parts that were checked against a document; a part that is not named here is not verified."""
    next_review: dt.date

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the parts that there are to verify: no target where none is set, no levels where no figures are held."""
        there = {"definition": True, "denominator": True, "target": bool(self.targets), "levels": bool(self.levels)}
        return tuple(part for part in PARTS if there[part] or part in self.verification)

    @model_validator(mode="after")
    def _origin_is_said_once(self) -> Self:
        if sum(map(bool, (self.source_id, self.published_elsewhere, self.not_public))) != 1:
            raise ValueError("say exactly one of source_id, published_elsewhere and not_public")
        if bool(self.source_id) != bool(self.held_in) or bool(self.source_id) != bool(self.levels):
            raise ValueError("levels and held_in belong to a source, and a source needs both")
        return self

    @model_validator(mode="after")
    def _breakdowns_are_complete(self) -> Self:
        if set(self.breakdowns) != set(BREAKDOWNS):
            raise ValueError(f"breakdowns must be {', '.join(BREAKDOWNS)}")
        beyond = {level for part in self.breakdowns.values() for level in part.levels} - set(self.levels)
        if beyond:
            raise ValueError(f"a breakdown at a level that has no figures: {', '.join(sorted(beyond))}")
        return self

    @model_validator(mode="after")
    def _targets_are_told_apart(self) -> Self:
        """Of two targets that apply at a level, the one set later counts: it must be known which that is."""
        begun = [(level, target.applies_from) for target in self.targets for level in target.levels]
        if len(begun) != len(set(begun)):
            raise ValueError("two targets of a level have the same applies_from")
        if self.targets and self.polarity == "none":
            raise ValueError("a target needs a polarity: the direction that is good")
        return self

    @model_validator(mode="after")
    def _a_check_names_its_source(self) -> Self:
        if (self.checked_by != NOT_CHECKED) != bool(self.verification):
            raise ValueError(
                f"checked_by: who checks says what was verified against which document; without that it is '{NOT_CHECKED}'"
            )
        return self


@cache
def load_indicators(folder: Path = INDICATORS_FOLDER) -> Mapping[str, Indicator]:
    """Return the catalogue by identifier. Raises IndicatorError for a file that does not fit the schema or has another name."""
    found = [_load_file(path) for path in sorted(folder.glob("*.yml"))]
    return {indicator.indicator_id: indicator for indicator in found}


def indicator_ids(folder: Path = INDICATORS_FOLDER) -> frozenset[str]:
    """Return the identifiers alone, by the names of the files: a code list that costs no reading."""
    return frozenset(path.stem for path in folder.glob("*.yml"))


def _load_file(path: Path) -> Indicator:
    try:
        content: Any = read_yaml(path)
        indicator = Indicator.model_validate(content)
    except (ValidationError, yaml.YAMLError) as error:
        raise IndicatorError(f"{path.parent.name}/{path.name}: {error}") from error
    if indicator.indicator_id != path.stem:
        raise IndicatorError(f"{path.parent.name}/{path.name}: indicator_id is {indicator.indicator_id!r}")
    return indicator
