"""How to cite the report, and how accessible it is."""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.report.blocks import Bullets, Page, Paragraph, Section, say
from dagster_project.report.context import Context
from dagster_project.report.figures import MEANING, show_date

CRUMBS = [("index.html", "England")]


def pages(context: Context) -> Iterator[Page]:
    """Yield both pages."""
    yield _cite(context)
    yield _accessibility()


def _cite(context: Context) -> Page:
    release = context.release
    sentence = say(
        "NHS health inequalities warehouse, release <code>{id}</code>, built on {day} from code version <code>{code}</code>. Page title, and the "
        "day you read it.",
        id=release.release_id,
        day=show_date(release.built_at),
        code=release.code_version,
    )
    attributions = sorted({str(row["attribution"]) for row in context.marts.rows("dim_source")})
    sections = [
        Section("report", "The report and its figures", [Paragraph(sentence, "inset"), Paragraph(_warning(context))]),
        Section("attribution", "What must go with the figures", [Bullets(attributions)]),
        Section("shorthand", "Shorthand", [Bullets([f"{mark} {text}" for mark, text in MEANING.items()])]),
    ]
    lead = (
        "Cite the release, not the site: figures are revised, and the release identifier leads back to exactly these."
    )
    return Page("cite.html", "How to cite", [s for s in sections if s.blocks], lead, CRUMBS)


def _warning(context: Context) -> str:
    if context.synthetic:
        return "The figures of this release are synthetic. Do not cite them as facts about the NHS."
    return "Figures are derived from published statistics and management information; they are not official statistics."


def _accessibility() -> Page:
    sections = [
        Section(
            "how",
            "How accessible the report is",
            [
                Paragraph("The report is made to meet the Web Content Accessibility Guidelines 2.2 at level AA."),
                Bullets(
                    [
                        "every chart has a title that says what it shows, a description, and the table it is drawn from",
                        "nothing is said by colour alone: shapes and labels say it too",
                        "everything can be reached with a keyboard, and the place of the focus is always visible",
                        "every number can be read without a script; searching, sorting, downloading a table or a chart and choosing peers use one",
                        "text can be enlarged to 400% and pages read on a phone; wide tables scroll within their own frame",
                        "pages print in black and white: the first page on six sides, an organisation on three, every other page whole",
                    ]
                ),
            ],
        ),
        Section(
            "limits",
            "What is not accessible",
            [
                Bullets(
                    [
                        "names of organisations are taken from the Organisation Data Service; capitals are turned into ordinary writing by rule, and some names come out oddly",
                        "the drawing of where a table comes from is read best in the table below it",
                    ]
                )
            ],
        ),
        Section(
            "tested",
            "How it was tested",
            [
                Paragraph(
                    "Each kind of page is tested with axe against WCAG 2.2 AA at phone and desktop width, by keyboard alone, without a script, and "
                    "for contrast of charts, before a change to the report is accepted."
                )
            ],
        ),
    ]
    return Page("accessibility.html", "Accessibility statement", sections, "", CRUMBS)
