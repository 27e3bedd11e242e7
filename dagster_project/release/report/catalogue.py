"""What the governed catalogue says of an indicator beside its definition: its place, where it exists, and the query that shows it."""

from __future__ import annotations

from typing import Any

from dagster_project.release.report.blocks import say
from dagster_project.release.report.marts import Row

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
Fact = tuple[str, Any]


def place(indicator: Row) -> list[Fact]:
    """Where it stands in Core20PLUS5 and in the Statement on information."""
    programme, element = indicator.get("core20plus5_programme"), indicator.get("core20plus5_element")
    domain, version = indicator.get("statement_domain"), indicator.get("statement_version")
    return [
        ("Core20PLUS5", f"{element} ({programme})" if element and programme else element),
        ("Statement on information", f"{domain} ({version})" if domain else None),
    ]


def existence(indicator: Row) -> list[Fact]:
    """By what it is published and for which levels, or why not; and what to do for figures that are not here."""
    broken_down = [
        (title, _levels(indicator.get(f"{name}_levels")) or indicator.get(f"{name}_note"))
        for name, title in BREAKDOWNS.items()
    ]
    return [
        *broken_down,
        ("Published elsewhere", indicator.get("published_elsewhere")),
        ("Not public", indicator.get("not_public")),
    ]


def _levels(codes: str | None) -> str:
    return ", ".join(LEVELS[code] for code in codes.split(",")) if codes else ""


def query(indicator: Row) -> list[Fact]:
    """The table that answers, and one query on the published file; its result is what the tables of the page show."""
    if indicator.get("held_in") != "fct_indicator_value":
        return [("Table", indicator.get("held_in"))]
    chosen = QUERIES.get(str(indicator.get("core20plus5_programme")), QUERIES["other"])
    words = "<code>{query} where indicator_id = '{indicator_id}'</code>"
    shown = say(words, query=chosen, indicator_id=indicator["indicator_id"])
    return [("Table", chosen.rpartition(" ")[2]), ("Query", shown)]


def target_in_words(indicator: Row) -> str:
    """For an indicator without a target that holds: none, and the one that was withdrawn."""
    statement = indicator.get("target_statement")
    return f"none now. Withdrawn: {statement}" if statement else "none"
