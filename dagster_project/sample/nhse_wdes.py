"""WDES of the sample, 2025: England and one trust that hides what small numbers would tell."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, landing_page, workbook_bytes

PAGE = "https://www.england.nhs.uk/about/equality/equality-hub/workforce-equality-data-standards/wdes/"
REPORT = "https://www.england.nhs.uk/long-read/wdes-2025-data/"
FILE = "https://www.england.nhs.uk/wp-content/uploads/2026/03/WDES-2025-data-by-trust.xlsx"
_ROWS: tuple[tuple[Cell, ...], ...] = (
    ("1", "Cluster 1", "Disabled", 640, 10_000, 6.4),
    ("1", "Cluster 1", "Non-disabled", 8_000, 10_000, 80.0),
    ("2", None, "Ratio", None, None, 1.02),
    ("3", None, "Ratio", None, None, 2.04),
    ("4a", None, "Disabled", None, None, 31.4),
    ("4a", None, "Non-disabled", None, None, 24.6),
    ("9a", None, "Disabled", None, None, 6.4),
    ("10", None, "Disabled", None, None, -1.2),
)


def published_files(seed: int, edition: int) -> Published:
    """Give the two pages and the workbook; the editions are the same."""
    header: list[Cell] = ["Organisation code", "Organisation name", "Metric", "Pay band", "Group"]
    header += ["Numerator", "Denominator", "Value"]
    trust = next(trust for trust in org.TRUSTS if trust.code == "R9M")
    rows: list[list[Cell]] = [["ENG", "England", *row] for row in _ROWS]
    rows += [[trust.code, trust.name, *row[:3], "*", row[4], "*"] for row in _ROWS if row[0] == "1"]
    rows += [[trust.code, trust.name, *row] for row in _ROWS if row[0] != "1"]
    return {
        PAGE: landing_page("Workforce Disability Equality Standard", [(REPORT, "Data of 2025")]),
        REPORT: landing_page("WDES 2025", [(FILE, "Data by trust")]),
        FILE: workbook_bytes([("Trust data", [["Synthetic figures"], header, *rows])]),
    }
