"""The methods note beside a return, and what the manifest says in known_issues: how the return was made, without a record."""

from __future__ import annotations

from importlib.metadata import version

from dagster_project.extract.mapping import Mapping
from dagster_project.extract.running import ExtractRun, Summary, Wanted

CERTAINTY = "[V] a primary source was read; [S] public code that reads the real thing; [M] not verified; [O] a rule of this project."
SHARED_RULES = (
    "Age is whole years passed on the day; somebody born on 29 February is a year older on 1 March of a common year; below 0 or above 120 is UNK [O].",
    "Deciles are the published national ones, from the LSOA of the year on which the edition stands (2019: 2011, 2025: 2021), else the postcode, else an "
    "LSOA of the other year all of whose parts have one decile. Every other record is 99 [O].",
    "Ethnic category is the first character of the code of 2001; blank, 9 and the X of HES are 99 (not known), never Z (not stated) [O]. What a value map "
    "makes of codes of 2021 loses what 2001 does not tell apart.",
    "Gender is the person stated gender code; 0 and blank are X [O].",
    "Counts in this note are reported as fewer than 8, or to the nearest 5.",
)


def known_issues(mapping: Mapping, wanted: Wanted) -> str:
    """Return what readers of the return must know: the mapping's words, and a census that is not the end of the period."""
    told = [mapping.known_issues.strip()]
    if wanted.census is not None and wanted.census != mapping.period_end:
        told.append(f"The list is of {wanted.census.isoformat()}, reported for {mapping.period_end.isoformat()}.")
    return " ".join(part for part in told if part)


def methods_note(run: ExtractRun) -> str:
    """Return the note, in Markdown."""
    mapping, wanted = run.mapping, run.wanted
    lines = [
        f"# How {mapping.collection} of {mapping.organisation} for {mapping.period} was made",
        "",
        f"`hiw extract` {version('nhs-health-inequalities-warehouse')}, DuckDB {version('duckdb')}; profile {wanted.profile}; "
        f"{mapping.imd_version}; census {(wanted.census or mapping.period_end).isoformat()}.",
        "",
    ]
    for summary in run.summaries:
        lines += _of_layout(summary)
    lines += ["## Rules", "", CERTAINTY, "", *(f"- {rule}" for rule in SHARED_RULES), ""]
    return "\n".join(lines)


def _of_layout(summary: Summary) -> list[str]:
    layout = summary.found.layout
    absent = [element.name for element in layout.elements if not summary.found.has(element.name)]
    rows = [
        [element.name, summary.found.columns[element.name], f"[{element.certainty}]"]
        for element in layout.elements
        if summary.found.has(element.name)
    ]
    return [
        f"## {layout.title}",
        "",
        f"Records read: {summary.read}. Records that count: {summary.counted}.",
        "",
        *_table(["Element", "Column of the trust", "Name"], rows),
        f"Not in the extract: {', '.join(absent) or 'none'}.",
        "",
        "### Left out",
        "",
        *_table(["Why", "Records"], [[line.what, line.told] for line in summary.left_out]),
        "### Found on records that count",
        "",
        *_table(["Element", "What", "Records"], [[line.element, line.what, line.told] for line in summary.faults]),
        "### Without a deprivation decile (99)",
        "",
        *_table(["Why", "Records"], [[line.what, line.told] for line in summary.without_decile]),
        *(f"- {rule}" for rule in layout.rules),
        "",
    ]


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return ["None.", ""]
    marked = [header, ["---"] * len(header), *rows]
    return [*("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in marked), ""]
