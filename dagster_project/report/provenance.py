"""Where figures come from: publishers' files, checks of the release, and for every published table its columns and what it is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from dagster_project.report.blocks import (
    Block,
    Bullets,
    Facts,
    Page,
    Paragraph,
    Picture,
    Section,
    Tabular,
    link,
    say,
    slug,
    table_page,
)
from dagster_project.report.charts import Frame
from dagster_project.report.columns import Origin
from dagster_project.report.context import Context
from dagster_project.report.figures import show_date
from dagster_project.report.lineage import Lineage, draw_lineage
from dagster_project.report.marts import Row
from dagster_project.report.tables import Column, Figures, Words, make_table, plain_table
from dagster_project.report.worked_examples import example_of

PATH, TITLE = "provenance.html", "Where figures come from"


def pages(context: Context, lineage: Lineage) -> Iterator[Page]:
    """Yield the page of sources, files and checks, and one for each published table."""
    tables = sorted(name for name in context.marts.columns if "." not in name)
    sections = [
        Section("sources", "Publishers and their datasets", _sources(context)),
        Section("status", "How far each dataset reaches", _status(context)),
        Section("files", "Every file that went in", _files(context)),
        Section("checks", "What was checked before this release went out", _checks(context)),
        Section("publication", "What the gate said of each table", _publication(context)),
        Section("tables", "Every published table", [Bullets([link(table_page(name), name) for name in tables])]),
    ]
    lead = (
        "From the publisher's file, known by its sha256, through the tables of the warehouse to the number on the page."
    )
    yield Page(PATH, TITLE, [section for section in sections if section.blocks], lead, [("index.html", "England")])
    described = _descriptions(context)
    for name in tables:
        yield _table_page(context, name, described.get(name, []), lineage)


def _sources(context: Context) -> list[Block]:
    blocks: list[Block] = []
    for row in context.marts.rows("dim_source"):
        items: list[tuple[str, Any]] = [
            ("Dataset", Markup('<span id="{}">{}</span>').format(slug(row["source_id"]), row["source_title"])),
            ("Publisher", row["publisher"]),
            ("Why it is read", row.get("why", "")),
            ("Licence", row["licence"]),
            ("Attribution", row["attribution"]),
            ("Publisher's own description", _external(row.get("documentation", ""))),
        ]
        blocks.append(Facts([(name, value) for name, value in items if value]))
    return blocks


def _external(address: str) -> Markup | str:
    """A link only where the address is one of the web."""
    return link(address, address) if address.startswith("https://") else address


def _status(context: Context) -> list[Block]:
    rows = context.marts.rows("meta.source_status")
    if not rows:
        return []
    return [
        Tabular(
            make_table(
                "Each table of each dataset when the release was built",
                rows,
                [
                    Words("Dataset", lambda row: row["title"]),
                    Words("Format", _format),
                    Words("Newest period", lambda row: row.get("newest_period_in_use", "none")),
                    Figures("Periods", "periods_in_use_count", "whole"),
                    Words("Held back", lambda row: f"yes: {row.get('held_reason', '')}" if row["held"] else "no"),
                    Figures("Rows", "rows_in_use_count", "whole"),
                    Figures("Rows left out", "rejected_rows_count", "whole"),
                    Figures("Cells hidden by the publisher", "suppressed_cells_count", "whole"),
                    Words("Last accepted", lambda row: show_date(row.get("last_accepted_at"))),
                ],
            )
        )
    ]


def _format(row: Row) -> str:
    """Whether a real file confirmed the format; figures of one that is unconfirmed may be read wrongly."""
    if row["format_status"] == "confirmed":
        return f"confirmed on {row['confirmed_by_period']}"
    return "not confirmed: no whole real file was available, check its figures with the publisher's"


def _files(context: Context) -> list[Block]:
    rows = context.marts.rows("meta.inputs")
    if not rows:
        return []
    columns = [
        Words("File", lambda row: row["file"]),
        Words("Dataset", lambda row: row["slug"]),
        Words("Period", lambda row: row["period"]),
        Words("Fetched", lambda row: show_date(row.get("retrieved_at"))),
        Words("sha256", lambda row: row["sha256"]),
        Words("Found at", lambda row: row["url"]),
    ]
    return [
        Tabular(
            make_table("Files, as the publishers published them", rows, columns), "Files with their sha256 and address"
        )
    ]


def _checks(context: Context) -> list[Block]:
    if not context.marts.has("meta.checks", "kind", "passed", "severity", "summary", "name"):
        return []
    counted = context.marts.pairs(
        "select kind, count(*), count(*) filter (passed), count(*) filter (not passed) from meta.checks group by kind order by kind"
    )
    failed = context.marts.pairs("select name, severity, summary from meta.checks where not passed order by name")
    titles = ("Kind of check", "Checks", "Passed", "Not passed")
    table = plain_table(
        "Checks of this release by kind", titles, [(k.replace("_", " "), *counts) for k, *counts in counted]
    )
    said = [say("<strong>{name}</strong> ({severity}): {summary}", name=n, severity=s, summary=w) for n, s, w in failed]
    first = "A critical check that fails holds the whole release back: a release that is out has passed all of them."
    blocks: list[Block] = [Paragraph(first), Tabular(table)]
    return [*blocks, Bullets(said)] if said else [*blocks, Paragraph("Every check passed, warnings too.")]


GATE = {"PASSED": "passed", "PASSED_WITH_WARNINGS": "passed, with warnings", "FAILED": "failed"}
POLICIES = {
    "published_statistics": "as its publishers release it",
    "safe_counts": "small counts hidden, others rounded",
    "counts_of_organisations": "counts of organisations, not of people",
    "reference": "no figures of people",
}


def _publication(context: Context) -> list[Block]:
    """Of each published table: rows, newest period, the gate's word, the warnings, and under which rule it leaves the warehouse."""
    rows = context.marts.rows("mart_publication")
    columns: list[Column] = [
        Words("Table", lambda row: row["mart_name"], lambda row: _page_of(context, row["mart_name"])),
        Figures("Rows", "row_count", "whole"),
        Words("Newest period", lambda row: show_date(row["period_end"]) if row["period_end"] else "none"),
        Words("Gate", lambda row: GATE.get(row["gate_status"], "not known")),
        Words("Not passed", _checks_of),
        Words("Rule of disclosure", lambda row: POLICIES.get(row["disclosure_policy"], row["disclosure_policy"])),
        Words("Licence", lambda row: row["licence"]),
    ]
    return [Tabular(make_table("Published tables and what the gate said of them", rows, columns))] if rows else []


def _page_of(context: Context, name: str) -> str | None:
    return table_page(name) if name in context.marts.columns else None


def _checks_of(row: Row) -> str:
    """The checks without the parts that every one of a table shares: `suite.<table>.05.`."""
    named = [str(row[column]) for column in ("failed_checks", "warned_checks") if row.get(column)]
    return ", ".join(named).replace(f"suite.{row['mart_name']}.", "").replace(",", ", ") or "none"


# -- one table --------------------------------------------------------------------------------------------------------


def _descriptions(context: Context) -> dict[str, list[tuple[Any, ...]]]:
    if not context.marts.has("meta.data_dictionary", "table_name", "column_name", "description"):
        return {}
    found: dict[str, list[tuple[Any, ...]]] = {}
    for row in context.marts.pairs(
        "select table_name, column_name, data_type, unit, description, table_description from meta.data_dictionary "
        "where table_schema = 'main' order by table_name, column_position"
    ):
        found.setdefault(row[0], []).append(row[1:])
    return found


def _table_page(context: Context, name: str, columns: Sequence[tuple[Any, ...]], lineage: Lineage) -> Page:
    said = [(column, kind, unit or "none", text) for column, kind, unit, text, _ in columns]
    titles = ("Column", "Type", "Unit", "What it holds")
    sections = [
        Section("made-from", "What it is made from", _made_from(context, name, lineage)),
        Section("example", "A worked example", example_of(context, name)),
        Section("columns", "Columns", [Tabular(plain_table(f"Columns of {name}", titles, said))]),
        Section(
            "columns-from", "Where each column comes from", _columns_from(name, [row[0] for row in columns], lineage)
        ),
    ]
    crumbs = [("index.html", "England"), (PATH, TITLE)]
    sections = [section for section in sections if section.blocks]
    return Page(table_page(name), f"Table {name}", sections, str(columns[0][4]) if columns else "", crumbs)


def _made_from(context: Context, name: str, lineage: Lineage) -> list[Block]:
    nodes = lineage.above(name)
    if not nodes:
        return [Paragraph("The lineage of this table was not available when the report was built.")]
    title = f"{name} is made from {', '.join(sorted(n.name for n in nodes if n.layer == 'source')) or 'look-up tables'}"
    frame = Frame(title, "Layers from the publishers' files at the top to the published table at the bottom.", False)
    known = {unique_id: node.name for unique_id, node in lineage.nodes.items()}
    said = [
        (node.name, node.layer, ", ".join(known[i] for i in node.reads if i in known) or "none")
        for node in reversed(nodes)
    ]
    table = plain_table(f"Everything above {name}", ("Table", "Layer", "Reads"), said)
    return [Picture(title, draw_lineage(frame, nodes), table)]


LISTED = 12
"""Columns of files that a cell lists one by one; of more it names the tables."""
FOLLOWED = (
    "Read from the SQL that made this table: what the expression of each column names, conditions included. Which rows there are is decided by "
    "joins and filters too, which are not listed column by column."
)


def _columns_from(name: str, columns: Sequence[str], lineage: Lineage) -> list[Block]:
    """What each column is worked out from, in the table before and in the files at the very beginning."""
    origins = lineage.origins_of(name)
    if origins is None:
        return [
            Paragraph(
                "The columns of this table could not be followed in its SQL; the tables it is made from stand above."
            )
        ]
    said = [(column, _direct(column, origins, lineage), _first(name, column, lineage)) for column in columns]
    titles = ("Column", "Worked out from", "In files and look-up tables")
    return [Paragraph(FOLLOWED), Tabular(plain_table(f"Where the columns of {name} come from", titles, said))]


def _direct(column: str, origins: Mapping[str, Sequence[Origin]], lineage: Lineage) -> str:
    parents = origins.get(column, ())
    if not parents:
        return "no column: a constant, a number of rows, or filled in when the release is sealed"
    return _by_table(parents, lineage)


def _first(table: str, column: str, lineage: Lineage) -> str:
    first = lineage.first_origins_of(table, column)
    if len(first) <= LISTED:
        return _by_table(first, lineage) or "none"
    tables = sorted({lineage.nodes[unique_id].name for unique_id, _ in first})
    return f"{len(first)} columns of {', '.join(tables)}"


def _by_table(places: Sequence[Origin], lineage: Lineage) -> str:
    """`table: column, column; table: column`."""
    found: dict[str, list[str]] = {}
    for unique_id, column in places:
        found.setdefault(lineage.nodes[unique_id].name, []).append(column)
    return "; ".join(f"{table}: {', '.join(columns)}" for table, columns in sorted(found.items()))
