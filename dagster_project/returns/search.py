"""Search a file for what must never be in a return: where it is and of what kind, never the value itself.

Asked before a file is kept for good, and by `hiw returns check` before it is sent. How identifiers are written is in spellings.py,
how cells are searched in identifiers.py, how a text is read in text_files.py, what a workbook hides beside its cells in
workbook_parts.py, the words of a finding in findings.py.
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.returns.findings import MAXIMUM_FINDINGS, UNSEARCHABLE, Finding
from dagster_project.returns.kinds_of_content import kind_of_content
from dagster_project.returns.spellings import scan_name
from dagster_project.returns.text_files import scan_csv
from dagster_project.returns.workbook_parts import inspect_workbook


def scan_file(path: Path, name: str | None = None) -> list[Finding]:
    """Everything in the file, its hidden parts and its name that must not be there; empty for a clean file.

    `name` is the file's name where `path` is a copy under another one. At most MAXIMUM_FINDINGS are listed; what is repeated
    in a column is one finding with its count. Raises OSError.
    """
    name = path.name if name is None else name
    findings = [Finding(kind, "file name") for kind in scan_name(name.encode("utf-8", "replace").decode("utf-8"))]
    content, suffix = kind_of_content(path), Path(name).suffix.lower().removeprefix(".")
    if content not in {"text", "html"}:
        findings += inspect_workbook(path, content)
    else:
        findings += scan_csv(path)
    expected = {"xlsx": "xlsx", "ods": "ods", "csv": "text"}.get(suffix, content)
    if content != expected and not any(finding.kind in UNSEARCHABLE for finding in findings):
        findings.append(Finding("wrong_format", "file"))
    return findings[:MAXIMUM_FINDINGS]
