"""What a trust says that it does: PLUS groups beside measured gaps and open actions, its list of actions, and equality among staff.

From mart_plus_group, mart_action and mart_workforce_equality. Shares of staff are of 1, ratios have no per cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.report.blocks import Block, Paragraph, Section, Tabular
from dagster_project.report.comparisons import page_of
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.figures import show_date
from dagster_project.report.marts import Marts, Row, group_rows
from dagster_project.report.returned import URGENT_CARE
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

PLUS, ACTIONS, EQUALITY = "mart_plus_group", "mart_action", "mart_workforce_equality"
SILENT = {"not_named", "not_answered"}
"""Alignments that say nothing, where no gap is measured either: left out."""
ALIGNMENTS = {
    "named_with_gap_and_funded": "named, a clear gap, and a funded action",
    "named_and_funded_without_a_clear_gap": "named and funded, without a clear gap",
    "named_with_gap_and_not_funded": "named, a clear gap, but no funded action",
    "named_only": "named, with neither a clear gap nor a funded action",
    "gap_not_named": "a clear gap, but not named",
    "action_not_named": "an action, but not named",
    "not_named": "not named",
    "not_answered": "the question was not answered",
}
GAPS = {
    "measured": "measured",
    "not_shown": "cannot be shown: recording too poor, or numbers too small",
    "not_measured": "no return measures this group",
}
ITEMS = {"ACTION": "Action", "PILOT": "Pilot", "PLAN": "Plan", "PROGRAMME": "Programme"}
STATUSES = {"ACTIVE": "under way", "CLOSED": "closed", "PAUSED": "paused", "PLANNED": "planned"}
FUNDING = {"RECURRENT": "recurrent", "NON_RECURRENT": "not recurrent", "EXTERNAL": "from outside", "NONE": "none"}
SCOPES = {"WHOLE_ORG": "whole trust", "DIVISION": "a division", "SERVICE": "a service", "SITE": "a site"}
GROUPS = {"ALL": "everybody", "CORE20": "the most deprived quintile (Core20)"}
STANDARDS = {"WRES": "Workforce Race Equality Standard", "WDES": "Workforce Disability Equality Standard"}
STAFF = {
    "BME": "Black and minority ethnic staff",
    "WHITE": "White staff",
    "UNKNOWN": "Staff of unknown ethnic group",
    "DISABLED": "Disabled staff",
    "NON_DISABLED": "Staff without a disability",
}
FORMS = {"proportion": "percent1", "ratio": "number2", "difference": "points1", "score": "number2"}
CHECKS = {
    "ratio_out_of_range": "read the counts again: the ratio is out of range",
    "share_out_of_range": "out of range",
}
ALIGNED = (
    "A trust names the groups it puts first (PLUS). Beside each stands the largest ratio that its own returns show for the group, and whether "
    "an open action is for it. A ratio above 1 says that the group fares worse than its reference; it is clear where its lower limit lies above 1."
)
STAFF_SAID = (
    "Indicators of NHS England's workforce standards. In the trusts' own returns counts of staff are rounded to 5 and small ones hidden. A ratio of 1 "
    "means that both groups fare alike; a difference is in percentage points."
)


@dataclass
class Commitments:
    """The rows of all trusts, by code."""

    plus: dict[Any, list[Row]]
    actions: dict[Any, list[Row]]
    equality: dict[Any, list[Row]]
    groups: dict[str, str]


def read_commitments(marts: Marts) -> Commitments:
    """Read each mart with one query; nothing where the file has no such mart."""
    newest = (
        "snapshot_date = (select max(n.snapshot_date) from mart_workforce_equality as n where n.organisation_code = mart_workforce_equality.organisation_code "
        "and n.standard = mart_workforce_equality.standard and n.source_id = mart_workforce_equality.source_id)"
    )
    plus = marts.rows(PLUS)
    return Commitments(
        group_rows(plus, "organisation_code"),
        group_rows(marts.rows(ACTIONS), "organisation_code"),
        group_rows(marts.rows(EQUALITY, newest), "organisation_code"),
        {row["group_code"]: row["group_name"] for row in plus} | GROUPS,
    )


def sections(context: Context, commitments: Commitments, code: str) -> list[Section]:
    """Return what there is of one trust; a section without rows is left out."""
    plus = _plus(context, commitments.plus.get(code, []))
    found = [
        Section("plus", "Groups put first, gaps and actions", plus + _actions(context, commitments, code)),
        Section("staff", "Equality among staff", _staff(commitments.equality.get(code, []))),
    ]
    return [section for section in found if section.blocks]


def england(context: Context, commitments: Commitments) -> list[Section]:
    """Return the sections of England: England where a publisher gives it, and the ratios of trusts side by side."""
    blocks = _staff(commitments.equality.get(ENGLAND, []))
    rows = [
        row
        for code, own in commitments.equality.items()
        for row in own
        if code != ENGLAND and row["unit"] == "ratio" and row["staff_scope"] == "ALL"
    ]
    if rows:
        ordered = sorted(
            rows, key=lambda row: (row["standard"], row["indicator_no"], row["organisation_code"], row["source_id"])
        )
        trust = Words(
            "Trust",
            lambda row: context.name(row["organisation_code"]),
            lambda row: page_of(context, row["organisation_code"]),
        )
        columns = [trust, Words("Standard", lambda row: row["standard"]), *_measured(), Words("From", _source)]
        table = make_table("Ratios between groups of staff, trust by trust", ordered, columns)
        blocks = [*(blocks or [Paragraph(STAFF_SAID)]), Tabular(table, "Trusts side by side")]
    return [Section("staff", "Equality among staff", blocks)] if blocks else []


# -- PLUS groups and actions ------------------------------------------------------------------------------------------


def _plus(context: Context, rows: Sequence[Row]) -> list[Block]:
    kept = [row for row in rows if row["alignment"] not in SILENT or row["gap_status"] != "not_measured"]
    if not kept:
        return []
    ordered = sorted(kept, key=lambda row: (list(ALIGNMENTS).index(row["alignment"]), row["group_name"]))
    columns: list[Column] = [
        Words("Group", lambda row: row["group_name"]),
        Words("What stands together", lambda row: ALIGNMENTS[row["alignment"]]),
        Words("Gap", lambda row: GAPS.get(row["gap_status"], row["gap_status"])),
        Figures("Largest ratio", "rate_ratio", "number2", "gap_status"),
        Figures("Lower 95% limit", "rate_ratio_ci_lower_95", "number2", "gap_status"),
        Words("In", lambda row: _metric(context, row.get("indicator_id"))),
        Figures("Open actions", "open_actions", "whole"),
        Figures("Funded", "funded_actions", "whole"),
        Figures("With a measure", "actions_with_metric", "whole"),
    ]
    return [
        Paragraph(ALIGNED),
        Tabular(make_table("Groups the trust puts first, beside gaps and actions", ordered, columns)),
    ]


def _metric(context: Context, indicator_id: str | None) -> str:
    return (
        "nothing"
        if indicator_id is None
        else URGENT_CARE.get(indicator_id) or context.metrics.get(indicator_id, indicator_id)
    )


def _actions(context: Context, commitments: Commitments, code: str) -> list[Block]:
    rows = commitments.actions.get(code, [])
    if not rows:
        return []
    columns: list[Column] = [
        Words("Item", lambda row: row["item_id"]),
        Words("Kind", lambda row: ITEMS.get(row["item_type"], row["item_type"])),
        Words("For", lambda row: commitments.groups.get(row["group_code"], row["group_code"])),
        Words("Where", lambda row: SCOPES.get(row["scope_level"], row["scope_level"])),
        Words("Status", lambda row: STATUSES.get(row["status"], row["status"])),
        Words("Funding", lambda row: FUNDING.get(row["funding_type"], row["funding_type"])),
        Words("Measured by", lambda row: _metric(context, row.get("indicator_id"))),
        Figures("From", "baseline", "number1", "status"),
        Figures("To", "target", "number1", "status"),
        Words("By", lambda row: show_date(row["target_date"]) if row["target_date"] else "no day set"),
    ]
    return [Tabular(make_table("Actions, pilots, programmes and plans of the trust", rows, columns, reason=""))]


# -- staff ------------------------------------------------------------------------------------------------------------


def _staff(rows: Sequence[Row]) -> list[Block]:
    """For each standard and source: ratios and differences, then shares; bands are folded away."""
    blocks: list[Block] = [Paragraph(STAFF_SAID)] if rows else []
    for own in group_rows(rows, "standard", "source_id").values():
        named = f"{STANDARDS.get(own[0]['standard'], own[0]['standard'])}, {_source(own[0])}"
        whole = [row for row in own if row["staff_scope"] in {"ALL", "BOARD"}]
        between = [row for row in whole if row["unit"] != "proportion"]
        shares = [row for row in whole if row["unit"] == "proportion"]
        bands = [row for row in own if row not in whole]
        if between:
            blocks.append(Tabular(_between(f"{named}: between groups", between)))
        if shares:
            blocks.append(Tabular(_shares(f"{named}: shares", shares), f"Shares of staff by group: {named}"))
        if bands:
            blocks.append(Tabular(_shares(f"{named}: staff of each band", bands), f"Staff of each band: {named}"))
    return blocks


_COUNTED = (
    Figures("Counted", "numerator", "whole", "numerator_status"),
    Figures("Of", "denominator", "whole", "denominator_status"),
)
"""Published shares come without their counts."""


def _source(row: Row) -> str:
    return "from the trust's own return" if row["source_id"] == "WR01" else "as published"


def _form(row: Row) -> str:
    return FORMS.get(row["unit"], "number2")


def _measured() -> list[Column]:
    return [
        Words("Indicator", _indicator),
        Figures("Value", "value", _form),
        *limits(_form),
        Words("That is", _kind),
        Words("On", lambda row: show_date(row["snapshot_date"])),
    ]


def _indicator(row: Row) -> str:
    """Number and words; published labels begin with the standard and number."""
    label = str(row["indicator_name"]).removeprefix(f"{row['standard']} {row['indicator_no']}: ")
    part = str(row.get("indicator_part", ""))
    return f"{row['indicator_no']}{'' if part == 'all' else part}. {label}"


def _kind(row: Row) -> str:
    checked = CHECKS.get(row["type_check"])
    words = str(row["measure_kind"]).replace("_", " ")
    return f"{words}; {checked}" if checked else words


def _between(caption: str, rows: Sequence[Row]) -> Table:
    return make_table(caption, rows, _measured())


def _shares(caption: str, rows: Sequence[Row]) -> Table:
    ordered = sorted(rows, key=lambda row: (row["indicator_no"], row["staff_scope"], row["comparison_group"]))
    columns: list[Column] = [
        Words("Indicator", _indicator),
        Words("Staff", lambda row: _scope(row["staff_scope"])),
        Words("Group", lambda row: STAFF.get(row["comparison_group"], row["comparison_group"])),
        *(_COUNTED if any(row["numerator_status"] != "not_applicable" for row in rows) else ()),
        Figures("Share", "value", "percent1"),
        *limits("percent1"),
    ]
    return make_table(caption, ordered, columns)


def _scope(scope: str) -> str:
    """`BAND_8A` -> `band 8A`."""
    named = {"ALL": "all staff", "BOARD": "the board", "VSM": "very senior managers"}
    return named.get(
        scope, scope.replace("BAND_", "band ").replace("CLUSTER_", "pay bands, cluster ").replace("_", " ")
    )
