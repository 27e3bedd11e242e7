"""What every page needs to know of the release: its organisations, indicators and groups, and whether the figures are synthetic."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from markupsafe import Markup

from dagster_project.report.blocks import indicator_page, organisation_page
from dagster_project.report.figures import show_name, show_period
from dagster_project.report.marts import Marts, Row, group_rows
from dagster_project.report.tables import Words

LEVELS = {"trust": "NHS trust", "icb": "Integrated care board", "region": "Region", "england": "England"}
ENGLAND = "ENG"
OLD_YEARS = 2
NEEDED = ("organisation_code", "organisation_name", "organisation_level", "is_current", "icb_code")


@dataclass(frozen=True)
class Organisation:
    """A trust or an ICB that has a page."""

    code: str
    name: str
    level: str
    row: Row

    @property
    def path(self) -> str:
        """Return the file of its page."""
        return organisation_page(self.code)

    @property
    def is_current(self) -> bool:
        """Return whether it exists on the day of the release."""
        return bool(self.row.get("is_current", True))


@dataclass(frozen=True)
class Release:
    """Which release the pages belong to."""

    release_id: str
    built_at: dt.datetime
    synthetic: bool
    code_version: str


@dataclass
class Context:
    """The file and what is read from it once."""

    marts: Marts
    release: Release
    organisations: dict[str, Organisation] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    indicators: dict[str, Row] = field(default_factory=dict)
    groups: dict[tuple[str, str], Row] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    """Names of the metrics of the returns, by identifier."""
    targets: dict[tuple[str, str, dt.date], float] = field(default_factory=dict)
    """Targets in force by indicator, organisation and last day of the newest period."""
    set_targets: dict[Any, list[Row]] = field(default_factory=dict)
    """Every target of an indicator at every level, lapsed ones too."""
    broken_down: dict[Any, list[Row]] = field(default_factory=dict)
    """By what an indicator is published."""
    verified: dict[Any, list[Row]] = field(default_factory=dict)
    """How far each part of an indicator's entry was checked."""

    @classmethod
    def read(cls, marts: Marts) -> Context:
        """Read the context of an opened file."""
        context = cls(marts, _release(marts))
        context.indicators = {row["indicator_id"]: row for row in marts.rows("dim_indicator")}
        for dimension, code, name, order in _groups(marts):
            context.groups[dimension, code] = Row("dim_group", {"group_name": name, "group_order": order})
        if marts.has("mart_hi_rate", "indicator_id", "indicator_name"):
            context.metrics = dict(
                marts.pairs("select distinct indicator_id, indicator_name from mart_hi_rate order by all")
            )
        context.targets = _targets(marts)
        context.set_targets = group_rows(marts.rows("dim_indicator_target"), "indicator_id")
        context.broken_down = group_rows(marts.rows("dim_indicator_breakdown"), "indicator_id")
        context.verified = group_rows(marts.rows("dim_indicator_verification"), "indicator_id")
        _read_organisations(context)
        return context

    @property
    def synthetic(self) -> bool:
        """Return whether the figures are invented."""
        return self.release.synthetic

    def years_old(self, day: dt.date) -> int:
        """Return whole years from a day to that of the release."""
        built = self.release.built_at.date()
        return built.year - day.year - ((built.month, built.day) < (day.month, day.day))

    def is_old(self, row: Row) -> bool:
        """Return whether the figure is two years old or more, and so no news."""
        return self.is_old_day(row["period_end"])

    def is_old_day(self, day: dt.date) -> bool:
        """Return whether a day is two years ago or more."""
        return self.years_old(day) >= OLD_YEARS

    def dated(self, row: Row) -> Markup | str:
        """Return the period of a row; one that is old with its age."""
        period = show_period(row)
        return period if period.endswith("old)") else self.dated_day(row["period_end"], period)

    def dated_day(self, day: dt.date, words: str) -> Markup | str:
        """Return a date in words; one that is old with its age."""
        if not self.is_old_day(day):
            return words
        return Markup('{} <span class="old">({} years old)</span>').format(words, self.years_old(day))

    def name(self, code: str) -> str:
        """Return the name of an organisation as a reader expects it; its code where no name is known."""
        return self.names.get(code, code)

    def unit(self, indicator_id: str) -> str:
        """Return the unit of an indicator."""
        return str(self.indicators[indicator_id].get("unit", "")) if indicator_id in self.indicators else ""

    def indicator_name(self, indicator_id: str) -> str:
        """Return the name of an indicator; its identifier where the catalogue does not have it."""
        row = self.indicators.get(indicator_id)
        return str(row["indicator_name"]) if row else indicator_id

    def short_name(self, indicator_id: str) -> str:
        """Return the shortest form of the name that no other indicator has: without `by group` and the brackets, without the brackets, or whole."""
        name = self.indicator_name(indicator_id)
        return next((short for short in _shortened(name) if self._short_names[short] == 1), name)

    def indicator_column(self) -> Words:
        """Return the column of a table that names the indicator and leads to its page."""
        return Words(
            "Indicator",
            lambda row: self.short_name(row["indicator_id"]),
            lambda row: indicator_page(row["indicator_id"]),
        )

    @cached_property
    def _short_names(self) -> Counter[str]:
        return Counter(short for row in self.indicators.values() for short in {*_shortened(str(row["indicator_name"]))})

    def group_name(self, dimension: str, code: str) -> str:
        """Return the name of a group within its dimension."""
        row = self.groups.get((dimension, code))
        return str(row["group_name"]) if row else code

    def plain_group(self, dimension: str, code: str) -> str:
        """Return the name of a group in a reader's words: `most deprived quintile` for `Quintile 1 (most deprived quintile)`."""
        return re.sub(r"^(?:Quintile|Decile) \d+ \((.+)\)$", r"\1", self.group_name(dimension, code))

    def group_order(self, row: Row) -> tuple[int, str]:
        """Return where a group stands among those of its dimension."""
        found = self.groups.get((row["dimension"], row["group_code"]))
        return (int(found["group_order"]) if found else 999, str(row["group_code"]))


def _shortened(name: str) -> tuple[str, str]:
    """Without the remark in brackets at its end and without `by group`; without the remark alone."""
    bare = name.split(" (", maxsplit=1)[0]
    return bare.removesuffix(" by group"), bare


def _release(marts: Marts) -> Release:
    row = next(row for row in marts.rows("meta.releases") if row["this_release"])
    return Release(
        row["release_id"], row["built_at"], row["data_origin"] == "synthetic", str(row.get("code_version", ""))
    )


def _targets(marts: Marts) -> dict[tuple[str, str, dt.date], float]:
    newest = (
        "target is not null and standardisation = 'crude' and (indicator_id, period_end) in "
        "(select (indicator_id, max(period_end)) from mart_target_reading group by indicator_id)"
    )
    rows = marts.rows("mart_target_reading", newest)
    return {(row["indicator_id"], row["organisation_code"], row["period_end"]): row["target"] for row in rows}


def _groups(marts: Marts) -> list[tuple[Any, ...]]:
    if not marts.has("dim_group", "dimension", "group_code", "group_name", "group_order"):
        return []
    return marts.pairs("select dimension, group_code, group_name, group_order from dim_group")


def _read_organisations(context: Context) -> None:
    """Names of all; pages for the trusts and ICBs of today, and for former ones that a mart still has figures of."""
    if not context.marts.has("dim_organisation", *NEEDED):
        return
    with_figures = _codes_with_figures(context.marts)
    for row in context.marts.rows("dim_organisation"):
        code, level = row["organisation_code"], row["organisation_level"]
        context.names[code] = show_name(row["organisation_name"], code)
        if level in {"trust", "icb"} and (row["is_current"] or code in with_figures):
            context.organisations[code] = Organisation(code, context.names[code], level, row)


def _codes_with_figures(marts: Marts) -> frozenset[str]:
    tables = [t for t in ("mart_priorities", "mart_control_chart", "mart_funnel") if marts.has(t, "organisation_code")]
    if not tables:
        return frozenset()
    return frozenset(code for table in tables for code in marts.distinct(table, "organisation_code"))
