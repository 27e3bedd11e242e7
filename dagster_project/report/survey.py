"""The survey benchmark: what share of trusts report what, of all and by type, beside published figures of earlier surveys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagster_project.report.blocks import Block, Page, Paragraph, Picture, Section, Tabular
from dagster_project.report.charts import Dot, Frame
from dagster_project.report.context import Context
from dagster_project.report.dots import draw_dots
from dagster_project.report.figures import show, tick
from dagster_project.report.marts import Row, group_rows
from dagster_project.report.tables import Column, Figures, Table, Words, limits, make_table

TABLE, PATH, TITLE = "mart_survey_benchmark", "survey.html", "Survey benchmark"
OWN = "own_survey"
NEEDED = ("wave", "question_code", "option_label", "stratum_type", "value", "n_base", "source_id")
QUESTIONS = {
    "HI_MATURITY": "How developed is the board's response?",
    "HI_APPROACH": "Which approaches does the trust use?",
    "HI_PLUS_GROUP": "Which population groups does the trust put first?",
    "HI_BARRIER": "What holds the work back?",
    "HI_LEADERSHIP": "Which leadership steps has the trust taken?",
    "HI_ENABLER": "What would help most?",
    "WL_SCOPE": "How far is the waiting list managed with equity in view?",
    "WL_TOOLS": "Which tools does the trust use on its waiting list?",
    "PH_EMPLOYED": "Does the trust employ a public health consultant?",
    "PH_TRAINING_PLACEMENT": "Is the trust a training placement for public health registrars?",
    "PH_RECRUITMENT_STAGE": "How far has the trust come in recruiting public health staff?",
    "PH_LA_PARTNERSHIP": "Does the trust work with a council's public health team?",
    "PILOT_SITE": "Which programmes is the trust a pilot site of?",
    "HI_COST_OF_LIVING": "How has the cost of living changed local health?",
}
LEAD = (
    "What trusts report about their own work on health inequalities. One answer for each trust, with 95% limits and the number of trusts behind "
    "every share."
)
CAVEAT = (
    "What this does not say: a survey holds what trusts say of themselves, and those that answer may differ from those that do not. A group of "
    "fewer than ten trusts is not shown. An option that was not asked in a wave is [x], not 0%. Published figures of other surveys are "
    "quoted beside ours and never added to them."
)


def pages(context: Context) -> Iterator[Page]:
    """Yield the page of the survey, where the file has the benchmark."""
    if not context.marts.has(TABLE, *NEEDED):
        return
    rows = context.marts.rows(TABLE)
    own = group_rows([row for row in rows if row["source_id"] == OWN], "question_code")
    others = group_rows([row for row in rows if row["source_id"] != OWN], "question_code")
    asked = [*QUESTIONS, *sorted(str(code) for code in {*own, *others} - set(QUESTIONS))]
    found = [_question(context, code, own.get(code, []), others.get(code, [])) for code in asked]
    sections = [section for section in found if section.blocks]
    yield Page(
        PATH,
        TITLE,
        [*sections, Section("limits", "What this does not say", [Paragraph(CAVEAT, "caveat")])],
        LEAD,
        [("index.html", "England")],
    )


def _question(context: Context, code: str, own: Sequence[Row], others: Sequence[Row]) -> Section:
    asked = QUESTIONS.get(code, code.replace("_", " ").capitalize())
    blocks: list[Block] = []
    waves = [row["wave"] for row in own if row["value_status"] == "published"]
    if waves:
        newest = [row for row in own if row["wave"] == max(waves)]
        everybody = [row for row in newest if row["stratum_type"] == "ALL"]
        blocks.append(_picture(context, everybody, asked))
        strata = [row for row in newest if row["stratum_type"] == "TRUST_TYPE" and row["value_status"] == "published"]
        if strata:
            blocks.append(Tabular(_by_type(strata, asked), "By type of trust"))
    if others:
        blocks.append(Tabular(_published(others, asked), "Published figures of other surveys"))
    return Section(code.lower(), asked, blocks)


def _figures() -> list[Column]:
    return [
        Figures("Trusts", "numerator", "whole"),
        Figures("Of", "n_base", "whole"),
        Figures("Share", "value", "share0"),
        *limits("share0"),
    ]


def _picture(context: Context, rows: Sequence[Row], asked: str) -> Picture:
    ordered = sorted(rows, key=lambda row: (row["value"] is None, -(row["value"] or 0), row["option_code"]))
    first = ordered[0]
    title = f"Named most: {first['option_label']}, by {show(first, 'value', 'share0')} of trusts"
    frame = Frame(title, f"Share of trusts with 95% limits, wave {first['wave']}, most named first.", context.synthetic)
    dots = [
        Dot(
            str(row["option_label"]),
            row["value"],
            row["ci_lower_95"],
            row["ci_upper_95"],
            show(row, "value", "share0"),
        )
        for row in ordered
    ]
    columns: list[Column] = [Words("Answer", lambda row: row["option_label"]), *_figures()]
    return Picture(
        title,
        draw_dots(frame, dots, tick("share0")),
        make_table(f"{asked} All trusts, wave {first['wave']}", ordered, columns),
    )


def _by_type(rows: Sequence[Row], asked: str) -> Table:
    ordered = sorted(rows, key=lambda row: (row["stratum"], row["option_code"]))
    named = Words("Type", lambda row: str(row["stratum"]).replace("_", " ").capitalize())
    return make_table(
        f"{asked} By type of trust", ordered, [named, Words("Answer", lambda row: row["option_label"]), *_figures()]
    )


def _published(rows: Sequence[Row], asked: str) -> Table:
    ordered = sorted(rows, key=lambda row: (row["wave"], row["stratum"], row["option_code"]))
    columns: list[Column] = [
        Words("Answer", lambda row: row["option_label"]),
        Words("Survey", lambda row: f"{row['wave']}, {str(row['stratum']).replace('_', ' ').lower()}"),
        Words(
            "Exact",
            lambda row: {"=": "as published", ">": "more than"}.get(row.get("qualifier", ""), row.get("qualifier", "")),
        ),
        *_figures(),
        Words("Base", lambda row: row.get("base_status", "")),
        Words("Cited from", lambda row: row.get("citation", "")),
    ]
    return make_table(f"{asked} Published elsewhere", ordered, columns)
