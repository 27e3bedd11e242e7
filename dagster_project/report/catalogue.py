"""What the governed catalogue says of an indicator beside its definition: its place, its targets, how far it was checked, where it exists, and the query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from dagster_project.report.blocks import say
from dagster_project.report.figures import show_date
from dagster_project.report.marts import Row

BREAKDOWNS = {
    "deprivation": "By deprivation",
    "ethnicity": "By ethnic group",
    "age": "By age",
    "sex": "By sex",
}
LEVELS = {
    "england": "England",
    "england_sector": "sectors of England",
    "region": "regions",
    "icb": "ICBs",
    "sub_icb": "sub-ICB locations",
    "trust": "NHS trusts",
    "other_provider": "other providers",
}
QUERIES = {
    "adults": "select organisation_name, period_end, all_value, core20_value, rest_value, core20_gap_reading from mart_core20plus5_adults",
    "children": "select organisation_name, period_end, all_value, core20_value, rest_value, core20_gap_reading from mart_core20plus5_children",
    "other": "select organisation_code, period_end, dimension, group_code, value from fct_indicator_value",
}
PARTS = {"definition": "Definition", "denominator": "Denominator", "target": "Target", "levels": "Levels"}
Fact = tuple[str, Any]


def place(indicator: Row) -> list[Fact]:
    """Say where it is in Core20PLUS5 and in the Statement on information."""
    programme, element = indicator.get("core20plus5_programme"), indicator.get("core20plus5_element")
    domain, version = indicator.get("statement_domain"), indicator.get("statement_version")
    return [
        ("Core20PLUS5", f"{element} ({programme})" if element and programme else element),
        ("Statement on information", f"{domain} ({version})" if domain else None),
    ]


def existence(indicator: Row, listed: Sequence[Row]) -> list[Fact]:
    """Say by what it is published and for which levels, or why not; and what to do for figures that are not here."""
    by = {row["breakdown"]: _levels(row.get("levels")) or row.get("note") for row in listed}
    broken_down = [(title, by.get(name)) for name, title in BREAKDOWNS.items()]
    return [
        *broken_down,
        ("Published elsewhere", indicator.get("published_elsewhere")),
        ("Not public", indicator.get("not_public")),
    ]


def _levels(codes: str | None) -> str:
    return ", ".join(LEVELS[code] for code in codes.split(",")) if codes else ""


def query(indicator: Row) -> list[Fact]:
    """Return the table that answers, and one query on the published file; its result is what the tables of the page show."""
    if indicator.get("held_in") != "fct_indicator_value":
        return [("Table", indicator.get("held_in"))]
    chosen = QUERIES.get(str(indicator.get("core20plus5_programme")), QUERIES["other"])
    words = "<code>{query} where indicator_id = '{indicator_id}'</code>"
    shown = say(words, query=chosen, indicator_id=indicator["indicator_id"])
    return [("Table", chosen.rpartition(" ")[2]), ("Query", shown)]


def targets(rows: Sequence[Row]) -> Fact:
    """Return every target in words with its levels, days and document; a target whose last day has passed is not in force."""
    told: dict[int, list[Row]] = {}
    for row in rows:
        told.setdefault(row["target_no"], []).append(row)
    words = [_target(same) for _, same in sorted(told.items())]
    return ("Targets" if len(words) > 1 else "Target", Markup("<br>").join(words) if words else "none")


def _target(same: Sequence[Row]) -> Markup:
    first = same[0]
    begins, ends = first.get("valid_from"), first.get("valid_to")
    days = [f"from {show_date(begins)}" if begins else "", f"until {show_date(ends)}" if ends else "no end set"]
    levels = ", ".join(name for code, name in LEVELS.items() if any(row["organisation_level"] == code for row in same))
    return say(
        "{words}. Applies {days}, to {levels}. Source: {source}",
        words=settled(first["target_statement"]),
        days=" ".join(part for part in days if part),
        levels=levels,
        source=settled(first["target_source"]),
    )


def settled(text: Any) -> str:
    """Return a text of the catalogue as a reader sees it: a note of those who keep the catalogue becomes what it means to a reader."""
    return re.sub(r"\s*\[to be [^\]]*\]", " (not yet checked in the document)", str(text or "")).strip()


def verification(checked: Sequence[Row]) -> Fact:
    """Say how far definition, denominator, target and levels were checked, on which day and against what."""
    parts = {row["part"]: row for row in checked}
    if not any(row.get("verified_on") for row in checked):
        return ("Verified", "Nobody has verified this indicator against its source yet")
    return ("Verified", Markup("<br>").join(_verified(PARTS[part], parts[part]) for part in PARTS if part in parts))


def _verified(part: str, checked: Row) -> Markup:
    against = checked.get("verified_against")
    if not against:
        return say("{part}: not verified", part=part)
    day = show_date(checked["verified_on"])
    return say("{part}: {how} on {day}: {against}", part=part, how=checked["verification"], day=day, against=against)
