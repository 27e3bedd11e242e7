"""What a sender reads: a verdict as terminal text, JSON, an HTML page and a workbook of three sheets.

Nothing of a cell's content is shown anywhere, only rows, columns, rules and what to do; a file name only where it has the
form of a return's, because names of files have held names of people. Not here: how the verdict came about.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import xlsxwriter
from rich.console import Console
from rich.table import Table

from dagster_project.contracts.collection import load_common
from dagster_project.html_pages import style_hash, templates
from dagster_project.lake.files import write_atomically
from dagster_project.returns.submission import FILE_NAME, Finding
from dagster_project.returns.verdict import Outcome, Verdict

PACKAGE = "dagster_project.returns"
NOT_SHOWN = "a file whose name is not shown"
FILE_MODE = 0o600
"""An answer tells where a return is weak; it is for its sender."""
EXIT_CODES: Mapping[Outcome, int] = {"accepted": 0, "accepted_with_warnings": 1, "rejected": 2, "unreadable": 3}
OUTCOME_WORDS: Mapping[Outcome, str] = {
    "accepted": "Accepted",
    "accepted_with_warnings": "Accepted with warnings",
    "rejected": "Rejected",
    "unreadable": "Could not be read",
}
OUTCOME_NEXT: Mapping[Outcome, str] = {
    "accepted": "Nothing to do.",
    "accepted_with_warnings": "Look at what is listed. Rows and groups that were left out can be sent again with the next sequence number.",
    "rejected": "Mend what is listed and send a new file. Nothing of this one is used.",
    "unreadable": "Save the file again as the template says and send it once more. Nothing of this one is used.",
}
SEVERITY_WORDS = {
    "F": "refuses the file",
    "G": "leaves out the group",
    "R": "sets the row aside",
    "W": "warning",
    "I": "information",
}
LISTED_IN_TERMINAL = 20
WORKBOOK_ROWS = 1_000_000
"""A sheet holds 1,048,576."""
INJECTING = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula, saved as CSV and opened again included."""
    return "'" + text if text.startswith(INJECTING) else text


def shown_name(verdict: Verdict) -> str:
    """Return the file's name, where it has the form of a return's."""
    return verdict.submission.name if FILE_NAME.fullmatch(verdict.submission.name) else NOT_SHOWN


def as_dict(verdict: Verdict) -> dict[str, Any]:
    """Return for machines: outcome, counts, findings."""
    return {
        "file": shown_name(verdict),
        "file_sha256": verdict.submission.sha256 if verdict.submission.data.is_file() else None,
        "submission_id": verdict.submission_id,
        "successor_code": verdict.successor_code,
        "outcome": verdict.outcome,
        "exit_code": EXIT_CODES[verdict.outcome],
        "rows": verdict.rows,
        "rows_accepted": verdict.rows_accepted if verdict.is_accepted else 0,
        "rows_quarantined": verdict.rows_quarantined,
        "rows_in_refused_groups": verdict.rows_in_refused_groups,
        "groups_rejected": verdict.groups_rejected,
        "counts": dict(sorted(verdict.counts.items())),
        "findings": [finding.as_dict() for finding in verdict.findings],
    }


def facts(verdict: Verdict) -> list[tuple[str, str]]:
    """Return the summary, line by line."""
    going_on = f"{verdict.rows_accepted:,} of {verdict.rows:,}" if verdict.is_accepted else f"none of {verdict.rows:,}"
    found = [
        ("File", shown_name(verdict)),
        ("Return", verdict.collection.title if verdict.collection else "not known"),
        ("Outcome", OUTCOME_WORDS[verdict.outcome]),
        ("What to do", OUTCOME_NEXT[verdict.outcome]),
        ("Rows that go on", going_on),
    ]
    if verdict.is_accepted:
        found.append(("Rows set aside", f"{verdict.rows_quarantined:,}"))
        found.append(("Groups left out", f"{verdict.groups_rejected:,} ({verdict.rows_in_refused_groups:,} rows)"))
    if verdict.submission_id:
        found.append(("Submission", verdict.submission_id))
    if verdict.successor_code:
        found.append(("Counted under", f"{verdict.successor_code}, which follows the closed trust"))
    return found


def rule_counts(verdict: Verdict) -> list[tuple[str, str, str, int]]:
    """Rule, its title, what it does, and how often it was broken; the most severe first."""
    titles = {rule.id: rule.title for rule in reversed(verdict.collection.rules if verdict.collection else ())}
    titles |= {rule.id: rule.title for rule in load_common().rules}
    severities: dict[str, str] = {}
    for finding in verdict.findings:
        if not finding.not_checked:
            severities.setdefault(finding.rule, finding.severity)
    rows = [
        (rule, titles[rule], SEVERITY_WORDS[severity], verdict.counts[rule]) for rule, severity in severities.items()
    ]
    order = list(SEVERITY_WORDS.values())
    return sorted(rows, key=lambda row: (order.index(row[2]), row[0]))


# -- terminal ----------------------------------------------------------------------------------------------------------


def print_summary(verdict: Verdict, console: Console) -> None:
    """Print the summary, counts by rule, and the first findings."""
    for name, value in facts(verdict):
        console.print(f"[bold]{name}:[/bold] {value}", highlight=False, soft_wrap=True)
    if counts := rule_counts(verdict):
        console.print(
            _table(("rule", "what it asks", "effect", "times"), ((r, t, s, f"{n:,}") for r, t, s, n in counts))
        )
    broken = [finding for finding in verdict.findings if not finding.not_checked]
    if broken:
        console.print(_table(("rule", "row", "column", "what", "how to fix"), map(_line, broken[:LISTED_IN_TERMINAL])))
    if len(broken) > LISTED_IN_TERMINAL:
        console.print(f"{len(broken) - LISTED_IN_TERMINAL:,} more: see the page and the workbook (--out FOLDER).")
    for finding in verdict.findings:
        if finding.not_checked:
            console.print(f"{finding.rule} {finding.what} ({finding.why})", highlight=False, soft_wrap=True)


def _table(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]] | map[tuple[str, ...]]) -> Table:
    table = Table(*headings)
    for row in rows:
        table.add_row(*row)
    return table


def _line(finding: Finding) -> tuple[str, ...]:
    row = "" if finding.row is None else f"{finding.row:,}"
    return finding.rule, row, finding.column or "", finding.what, finding.mend


# -- page --------------------------------------------------------------------------------------------------------------


def html_page(verdict: Verdict) -> str:
    """Return the answer as one page without script, image or link; its only style is named by its hash in the page's policy."""
    pages = templates(PACKAGE, "pages")
    style = pages.get_template("answer.css").render()
    return pages.get_template("answer.html").render(
        title=f"{OUTCOME_WORDS[verdict.outcome]}: {shown_name(verdict)}",
        facts=facts(verdict),
        counts=rule_counts(verdict),
        findings=[finding for finding in verdict.findings if not finding.not_checked],
        not_checked=[finding for finding in verdict.findings if finding.not_checked],
        total=sum(verdict.counts.values()),
        severity_words=SEVERITY_WORDS,
        style=style,
        style_hash=style_hash(style),
    )


# -- workbook ----------------------------------------------------------------------------------------------------------


def workbook(verdict: Verdict) -> bytes:
    """Three sheets: summary, counts by rule, every failing cell. One table from A1 on each, no merged cells, no formulas."""
    memory = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(memory, options)
    book.set_properties(
        {"title": f"Answer to {shown_name(verdict)}", "created": verdict.context.received_at.replace(tzinfo=None)}
    )
    _sheet(book, "summary", ("What", "Answer"), (20, 90), facts(verdict))
    _sheet(book, "counts by rule", ("Rule", "What it asks", "Effect", "Times"), (8, 50, 22, 10), rule_counts(verdict))
    headings = ("Rule", "Effect", "Row", "Column", "What is wrong", "Why it matters", "How to fix it")
    _sheet(book, "failing cells", headings, (8, 20, 8, 28, 55, 55, 55), islice(_every_failure(verdict), WORKBOOK_ROWS))
    book.close()
    return memory.getvalue()


def _every_failure(verdict: Verdict) -> Iterator[tuple[object, ...]]:
    """Findings that no check of the rows made, then every failing cell of those, then what was not checked."""
    of_rows = {(check.rule, check.what) for check in verdict.checks}
    for finding in verdict.findings:
        if not finding.not_checked and (finding.rule, finding.what) not in of_rows:
            yield _failure(finding)
    for check, row in verdict.failing_cells():
        place = "" if row is None else row
        yield check.rule, SEVERITY_WORDS[check.severity], place, check.column or "", check.what, check.why, check.mend
    for finding in verdict.findings:
        if finding.not_checked:
            yield _failure(finding)


def _failure(finding: Finding) -> tuple[object, ...]:
    place = "" if finding.row is None else finding.row
    effect = "not checked" if finding.not_checked else SEVERITY_WORDS[finding.severity]
    return finding.rule, effect, place, finding.column or "", finding.what, finding.why, finding.mend


def _sheet(book: Any, name: str, headings: tuple[str, ...], widths: tuple[int, ...], rows: Any) -> None:
    sheet = book.add_worksheet(name)
    bold, wrapped = (
        book.add_format({"bold": True, "text_wrap": True}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    for place, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, bold)
    sheet.repeat_rows(0)
    for number, row in enumerate(rows, start=1):
        for place, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, place, cell, wrapped)
            elif cell:
                sheet.write_string(number, place, neutral(str(cell)), wrapped)


# -- files -------------------------------------------------------------------------------------------------------------


def write_answer(verdict: Verdict, folder: Path, stem: str = "answer") -> list[Path]:
    """Write `<stem>.html`, `<stem>.xlsx` and `<stem>.json` in `folder`, whole, readable by their owner only; gives the paths.

    Raises NoSpace or OSError.
    """
    contents = {
        ".html": html_page(verdict).encode(),
        ".xlsx": workbook(verdict),
        ".json": (json.dumps(as_dict(verdict), indent=1) + "\n").encode(),
    }
    paths = [folder / f"{stem}{suffix}" for suffix in contents]
    for path, payload in zip(paths, contents.values(), strict=True):
        write_atomically(path, payload, FILE_MODE)
    return paths
