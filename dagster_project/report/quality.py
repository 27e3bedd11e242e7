"""Data quality: how far the figures can be trusted, of one organisation and of all."""

from __future__ import annotations

from collections.abc import Sequence

from dagster_project.report.blocks import Block, Page, Paragraph, Section, Tabular
from dagster_project.report.comparisons import page_of
from dagster_project.report.context import Context
from dagster_project.report.figures import show_date
from dagster_project.report.marts import Marts, Row
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

ANCHOR, TITLE = "quality", "Data quality"
MEASURES = {
    "known_share": "Known",
    "known_share_of_return": "Known in the trust's own return",
    "valid_share": "Known or not stated",
    "not_stated_share": "Not stated by the patient",
    "not_known_share": "Not known",
    "left_out_share": "Left out because nothing is recorded",
    "suppressed_share": "Cells hidden by the publisher",
    "reporting_share": "Trusts that report",
    "collected_share": "Trusts whose four-hour waits were collected",
    "no_current_organisation": "Organisations without a single successor",
}
FIELDS = {
    "ETHNIC_CATEGORY": "ethnicity",
    "IMD_DECILE": "deprivation",
    "AGE": "age",
    "SEX": "sex",
    "imd": "deprivation",
    "four_hour_waits": "four-hour waits",
    "organisation": "organisations",
}
BANDS = {
    "weeks_00_18": "waits up to 18 weeks",
    "weeks_18_52": "waits of 18 to 52 weeks",
    "weeks_over_52": "waits over 52 weeks",
    "unknown_clock_start": "waits without a known start",
}
EXPLAINED = (
    "A gap between groups can only be judged where the group of nearly everybody is known. “Not stated” (the patient was asked and did not "
    "say) and “not known” (nobody asked, or nothing was recorded) are different things and are shown apart."
)


def read_newest(marts: Marts, where: str) -> list[Row]:
    """Read the newest row of each measure of an organisation."""
    if "mart_data_quality" not in marts.columns:
        return []
    newest = (
        "period_end = (select max(n.period_end) from mart_data_quality as n where n.source_id = mart_data_quality.source_id "
        "and n.measure = mart_data_quality.measure and n.field_name = mart_data_quality.field_name "
        "and n.organisation_code = mart_data_quality.organisation_code)"
    )
    return marts.rows("mart_data_quality", f"{where} and {newest}")


def section(context: Context, rows: Sequence[Row]) -> Section:
    """Return the section of one organisation."""
    if not rows:
        return Section(
            ANCHOR, TITLE, [Paragraph("Not enough data: no measure of recording is published here.", "inset")]
        )
    shown = [row for row in rows if row["measure"] != "suppressed_share"]
    hidden = [row for row in rows if row["measure"] == "suppressed_share"]
    blocks: list[Block] = [Paragraph(EXPLAINED)]
    if shown:
        blocks.append(Tabular(_measures("How complete the recording is", shown)))
    if hidden:
        blocks.append(Tabular(_measures("Share of cells that the publisher hides", hidden), "Which cells are hidden"))
    return Section(ANCHOR, TITLE, blocks)


def what(row: Row) -> str:
    """Say a measure in words: what is known of which field, and of which waits."""
    field = str(row["field_name"])
    band = BANDS.get(str(row["waiting_band"]))
    words = f"{MEASURES.get(row['measure'], row['measure'])}: {FIELDS.get(field, field.replace('_', ' '))}"
    return f"{words}, {band}" if band else words


def _figures() -> list[Column]:
    return [
        Figures("Counted", "numerator", "whole"),
        Figures("Of", "denominator", "whole"),
        Figures("Share", "value", "percent1"),
        *limits("percent1"),
    ]


def _measures(caption: str, rows: Sequence[Row]) -> Table:
    day = Words("On", lambda row: show_date(row["period_end"]))
    return make_table(caption, rows, [Words("Measure", what), *_figures(), day])


def page(context: Context) -> Page:
    """Return the page of data quality: England and the levels, then every trust's recording of ethnicity."""
    rows = read_newest(
        context.marts,
        "organisation_level in ('england', 'trust') and (organisation_level = 'england' or organisation_code = 'all')",
    )
    trusts = read_newest(
        context.marts,
        "organisation_level = 'trust' and organisation_code <> 'all' and field_name = 'ethnicity' and waiting_band = 'total' "
        "and measure in ('known_share')",
    )
    sections = [section(context, rows)]
    if trusts:
        ordered = sorted(trusts, key=lambda row: (row["value"] is None, row["value"], row["organisation_code"]))
        sections.append(
            Section(
                "trusts", "Ethnicity known, trust by trust", [Paragraph(EXPLAINED), Tabular(_trusts(context, ordered))]
            )
        )
    lead = "How complete the recording is, what is hidden, and who does not report. Gaps between groups are only as good as this."
    return Page("data-quality.html", TITLE, sections, lead, [("index.html", "England")])


def _trusts(context: Context, rows: Sequence[Row]) -> Table:
    return make_table(
        "Share of pathways whose ethnic group is known, lowest first",
        rows,
        [
            Words(
                "Trust",
                lambda row: context.name(row["organisation_code"]),
                lambda row: page_of(context, row["organisation_code"]),
            ),
            *_figures(),
        ],
    )
