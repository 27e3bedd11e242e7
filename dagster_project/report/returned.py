"""What trusts have sent: rates by group of their own returns, urgent care of homeless people, targets, the survey beside peers, and the tracker.

Rates of the returns are per cent (3.1 is 3.1%), not shares. Small numbers were rounded or hidden before they reached the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.report import returned_inside
from dagster_project.report.blocks import Block, Paragraph, Picture, Section, Tabular
from dagster_project.report.charts import Dot, Frame
from dagster_project.report.context import ENGLAND, Context
from dagster_project.report.dots import draw_dots
from dagster_project.report.figures import drawn_as, present, show, show_date, show_period, tick
from dagster_project.report.marts import Marts, Row, group_rows
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

NAMED = 2
"""Groups that a title names; the table has all."""
METRICS = ("WL_GT52_PCT", "WL_LE18_PCT", "OP_DNA_PCT")
DIMENSIONS = {"IMD_QUINTILE": "imd_quintile", "ETHNIC5": "ethnic_group_5"}
IN_WORDS = {"IMD_QUINTILE": "by deprivation", "ETHNIC5": "by ethnic group"}
UNKNOWN = {"99": "unknown", "UNK": "not_known"}
RATE = "value_status"
COLLECTIONS = {
    "WL01": "Waiting list by group",
    "OP01": "Outpatient attendances and missed appointments",
    "UC01": "Urgent care by housing",
    "WF01": "Public health and analyst workforce",
    "WR01": "Workforce race equality",
    "SV01": "Survey",
    "SA01": "Self-assessment",
    "ED01": "Equality Delivery System",
    "AP01": "Actions, pilots and plans",
}
SUBMITTED = {
    "ACCEPTED": "accepted",
    "ACCEPTED_WARN": "accepted with warnings",
    "AWAITED": "awaited",
    "LATE": "late: not received",
    "REJECTED": "rejected",
    "NIL": "nothing to report",
    "SUSPENDED": "suspended by the board",
    "SUPERSEDED": "superseded",
}
URGENT_CARE = {
    "AE_ATTENDANCES": "A&E attendances",
    "EM_ADMISSIONS": "Emergency admissions",
    "MEAN_LOS": "Mean length of stay",
    "EPC_REGISTERED": "People in enhanced primary care",
}
CONTRASTS = {
    "most_peers_do_we_do_not": "Most peers report it, this trust does not",
    "we_do_most_peers_do_not": "This trust reports it, most peers do not",
}
RAG = {"GREEN": "on or ahead of the trajectory", "AMBER": "just behind the trajectory", "RED": "behind the trajectory"}
MISSED = (
    "Read missed appointments beside the waits: a first appointment that is missed can nullify the clock, if it was clearly communicated (likely), "
    "so groups that miss more look as if they wait less."
)
HOMELESS = (
    "Housing status is recorded in different ways, so ratios of different trusts cannot be compared. A ratio says how much more often, not why. "
    "Attendances of one person are not independent: the limits of A&E attendances count the people behind them; how many people were admitted is "
    "not known, so the limits of admissions are too narrow and no difference is called clear."
)


@dataclass
class Returned:
    """The rows of all organisations that come from returns, by code."""

    rates: dict[Any, list[Row]]
    homeless: dict[Any, list[Row]]
    targets: dict[Any, list[Row]]
    submissions: dict[Any, list[Row]]
    peers: dict[Any, list[Row]]
    maturity: dict[Any, list[Row]]
    inside: returned_inside.Inside


def read_returned(marts: Marts) -> Returned:
    """Read each mart with one query; nothing where the file has no such mart."""
    newest = "period_end = (select max(n.period_end) from {table} as n where n.{code} = {table}.{code})"

    def of(table: str, code: str, where: str = "true") -> dict[Any, list[Row]]:
        return group_rows(marts.rows(table, where), code) if table in marts.columns else {}

    rates = f"not is_estimate and dimension in ('IMD_QUINTILE', 'ETHNIC5') and {newest.format(table='mart_hi_rate', code='organisation_code')}"
    return Returned(
        of("mart_hi_rate", "organisation_code", rates),
        of(
            "mart_inclusion_health",
            "organisation_code",
            newest.format(table="mart_inclusion_health", code="organisation_code"),
        ),
        of("mart_target_progress", "organisation_code", newest.format(table="mart_target_progress", code="target_id")),
        of("mart_submission", "organisation_code"),
        of(
            "mart_trust_vs_peer",
            "organisation_code",
            "contrast in ('most_peers_do_we_do_not', 'we_do_most_peers_do_not')",
        ),
        of("mart_maturity", "organisation_code"),
        returned_inside.read_inside(marts),
    )


def sections(context: Context, returned: Returned, code: str) -> list[Section]:
    """Return what there is of one organisation; a section without rows is left out."""
    own = [*_rates(context, returned.rates.get(code, [])), *returned_inside.blocks(context, returned.inside, code)]
    found = [
        Section("returns", "From the trusts' own returns", own),
        Section("homeless", "Urgent care of homeless people", _homeless(returned.homeless.get(code, []))),
        Section("targets", "Targets", _targets(returned.targets.get(code, []))),
        Section("survey", "What the trust reports, beside its peers", _peers(returned, code)),
        Section("submitted", "What has been submitted", _submitted(returned.submissions.get(code, []))),
    ]
    return [section for section in found if section.blocks]


def england(context: Context, returned: Returned) -> list[Section]:
    """Return the targets of England, and rates of all trusts' returns together."""
    found = [
        Section("targets", "Targets", _targets(returned.targets.get(ENGLAND, []))),
        Section("returns", "From the trusts' own returns", _rates(context, returned.rates.get(ENGLAND, []))),
    ]
    return [section for section in found if section.blocks]


# -- rates by group ---------------------------------------------------------------------------------------------------


def group_name(context: Context, row: Row) -> str:
    """Return the name of a group of the returns, from the groups of the published figures."""
    code = str(row["group_code"])
    return context.group_name(DIMENSIONS[row["dimension"]], UNKNOWN.get(code, code.lower()))


def _rates(context: Context, rows: Sequence[Row]) -> list[Block]:
    grouped = group_rows(rows, "indicator_id", "dimension")
    blocks: list[Block] = [
        _rate(context, grouped[metric, dimension])
        for metric in METRICS
        for dimension in DIMENSIONS
        if (metric, dimension) in grouped
    ]
    return [*blocks, Paragraph(MISSED, "caveat")] if blocks else []


def _rate(context: Context, rows: Sequence[Row]) -> Picture:
    first = rows[0]
    ordered = sorted(rows, key=lambda row: (row["group_code"] in UNKNOWN, row["group_code"]))
    form = _form([row["value"] for row in rows])
    words = IN_WORDS[first["dimension"]]
    title = f"{first['indicator_name']} {words}: {_finding(context, ordered)}"
    frame = Frame(title, f"Each group {drawn_as(rows)}, {show_period(first)}.", context.synthetic)
    dots = [
        Dot(
            group_name(context, row),
            row["value"],
            row["ci_lower_95"],
            row["ci_upper_95"],
            show(row, "value", form, RATE),
        )
        for row in ordered
    ]
    columns: list[Column] = [
        Words("Group", lambda row: group_name(context, row)),
        Figures("Of", "denominator", "whole", "denominator_status"),
        Figures("Rate", "value", form, RATE),
        *limits(form, RATE),
        Figures("Ratio to the reference", "rate_ratio", "number2", RATE),
        Figures("Lower limit of the ratio", "rate_ratio_ci_lower_95", "number2", RATE),
        Figures("Upper limit of the ratio", "rate_ratio_ci_upper_95", "number2", RATE),
    ]
    table = make_table(
        f"{first['indicator_name']} {words}, {show_period(first)}", ordered, columns, reason="withheld_reason"
    )
    return Picture(title, draw_dots(frame, dots, tick(form)), table)


def _form(values: Sequence[Any]) -> str:
    small = 10.0
    return "share2" if all(value < small for value in present(list(values))) else "share1"


def _finding(context: Context, rows: Sequence[Row]) -> str:
    """Which groups differ clearly from the reference."""
    if not any(row["value"] is not None for row in rows):
        return "too few to tell the groups apart"
    said = []
    for word, above in (("higher", True), ("lower", False)):
        names = [f"“{group_name(context, row)}”" for row in rows if _differs(row, above)]
        more = " and others" if len(names) > NAMED else ""
        said += [f"{word} among {', '.join(names[:NAMED])}{more}"] if names else []
    reference = next((row["reference_group"] for row in rows if row.get("reference_group")), None)
    named = _reference_name(context, rows[0], reference)
    return (
        f"{' and '.join(said)} than among “{named}”" if said else f"no clear difference between any group and “{named}”"
    )


def _differs(row: Row, above: bool) -> bool:
    """A clear difference among all ratios of the level and month (q value at most 5%)."""
    return row["certainty"] == "clear difference" and (row["rate_ratio"] > 1) is above


def _reference_name(context: Context, row: Row, reference: str | None) -> str:
    return "the reference" if reference is None else context.group_name(DIMENSIONS[row["dimension"]], reference.lower())


# -- homeless people, targets -----------------------------------------------------------------------------------------


def _homeless(rows: Sequence[Row]) -> list[Block]:
    if not rows:
        return []
    columns: list[Column] = [
        Words("Measure", lambda row: URGENT_CARE.get(row["measure_code"], row["measure_code"])),
        Words("Unit", lambda row: row["unit"]),
        Figures("Homeless", "value", "number1", RATE),
        Figures("Housed", "reference_value", "number1", "reference_value_status"),
        Figures("Ratio", "rate_ratio", "number1", "rate_ratio_status"),
        *limits("number1", "rate_ratio_status", of="rate_ratio"),
        Words("Certainty", lambda row: row["certainty"] or "not judged"),
        Words("People counted from", lambda row: row.get("denominator_source", "not said")),
        Words("Quarter to", lambda row: show_date(row["period_end"])),
    ]
    table = make_table(
        "Homeless people beside housed people of the same trust", rows, columns, reason="withheld_reason"
    )
    return [Tabular(table), Paragraph(HOMELESS, "caveat")]


def _targets(rows: Sequence[Row]) -> list[Block]:
    if not rows:
        return []
    columns: list[Column] = [
        Words("Target", lambda row: row["target_name"]),
        Words("Owner", lambda row: row["owner"]),
        Words("Figures of", lambda row: "trusts' returns" if row["source_id"] == "returns" else "the publisher"),
        Figures("Now", "value", "share1", "value_status"),
        Figures("Trajectory", "trajectory", "share1"),
        Figures("Target", "target", "share1"),
        Words("Against the trajectory", lambda row: RAG.get(str(row["rag"]), "not judged")),
        Words("Target met", lambda row: row.get("target_reading", "not known")),
        Figures("Most deprived quintile", "core20_value", "share1", "core20_value_status"),
    ]
    return [Tabular(make_table("Targets and the most deprived quintile (Core20)", rows, columns))]


# -- survey and tracker -----------------------------------------------------------------------------------------------


def _peers(returned: Returned, code: str) -> list[Block]:
    blocks: list[Block] = []
    rows = returned.peers.get(code, [])
    typed = [row for row in rows if row["stratum_type"] == "TRUST_TYPE"]
    kept = typed or [row for row in rows if row["stratum_type"] == "ALL"]
    if kept:
        who = "trusts of the same type" if typed else "all other trusts"
        blocks.append(
            Tabular(
                _contrasts(
                    sorted(kept, key=lambda row: (row["contrast"], row["question_code"], row["option_code"])), who
                )
            )
        )
        blocks.append(
            Paragraph("The survey is what trusts say of themselves; with few peers the limits are wide.", "caveat")
        )
    maturity = returned.maturity.get(code, [])
    return [*blocks, Tabular(_maturity(maturity))] if maturity else blocks


def _contrasts(rows: Sequence[Row], who: str) -> Table:
    columns: list[Column] = [
        Words("What", lambda row: row["option_label"]),
        Words("Contrast", lambda row: CONTRASTS[row["contrast"]]),
        Figures("Peers who report it", "numerator", "whole"),
        Figures("Of", "n_base", "whole"),
        Figures("Share", "value", "share0"),
        *limits("share0"),
    ]
    return make_table(f"Where this trust and {who} differ in the survey", rows, columns)


def _maturity(rows: Sequence[Row]) -> Table:
    columns: list[Column] = [
        Words("Domain", lambda row: row["domain_label"]),
        Words("Rating", lambda row: row.get("rating_label", "not rated")),
        Figures("Share of the points", "score_pct", "share0"),
        Figures("Middle of its type", "median_of_type", "share0"),
    ]
    return make_table("How developed the work is, by the trust's own judgement", rows, columns)


def _submitted(rows: Sequence[Row]) -> list[Block]:
    """The newest period of each collection, and every period that is not as it should be."""
    newest: dict[str, Any] = {}
    for row in rows:
        newest[row["collection_code"]] = max(newest.get(row["collection_code"], row["period_end"]), row["period_end"])
    sound = {"ACCEPTED", "NIL"}
    kept = [row for row in rows if row["period_end"] == newest[row["collection_code"]] or row["status"] not in sound]
    if not kept:
        return []
    columns: list[Column] = [
        Words("Return", lambda row: f"{COLLECTIONS.get(row['collection_code'], '')} ({row['collection_code']})"),
        Words("Period to", lambda row: show_date(row["period_end"])),
        Words("Status", lambda row: SUBMITTED.get(row["status"], row["status"].lower())),
        Words("Received", lambda row: show_date(row["received_at"]) if row["received_at"] else "not received"),
        Figures("Days late", "days_late", "whole", "status"),
        Words("Rules not met", lambda row: row.get("failed_rules", "none")),
    ]
    return [
        Tabular(
            make_table(
                "Newest period of each return, and every period that is not as it should be", kept, columns, reason=""
            )
        )
    ]
