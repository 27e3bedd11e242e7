"""WRES of the sample, 2025: England, two trusts; the England values are those that the real report of 2024 prints."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, landing_page, workbook_bytes

PAGE = "https://www.england.nhs.uk/about/equality/equality-hub/workforce-equality-data-standards/equality-standard/"
REPORT = "https://www.england.nhs.uk/long-read/wres-2025-data/"
FILE = "https://www.england.nhs.uk/wp-content/uploads/2026/06/WRES-2025-data-by-trust.xlsx"
TRUSTS = [trust for trust in org.TRUSTS if trust.code in ("R9A", "R9K")]
PERCENTAGES = {"5": (28.1, 24.4), "6": (24.9, 20.7), "7": (48.8, 59.4), "8": (15.5, 6.7)}
"""BME and White of the four indicators from the staff survey."""
_STAFF = 10_000


def published_files(seed: int, edition: int) -> Published:
    """Give the two pages and the workbook; the editions are the same."""
    header: list[Cell] = ["Organisation code", "Organisation name", "Indicator", "Pay band", "Group"]
    header += ["Numerator", "Denominator", "Value"]
    names = {"ENG": "England"} | {trust.code: trust.name for trust in TRUSTS}
    rows = [[code, name, *row] for code, name in names.items() for row in _rows()]
    return {
        PAGE: landing_page("Workforce Race Equality Standard", [(REPORT, "Data of 2025")]),
        REPORT: landing_page("WRES 2025", [(FILE, "Data by trust")]),
        FILE: workbook_bytes([("Trust data", [["Synthetic figures"], header, *rows])]),
    }


def _rows() -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for band, share in (("Band 5", 28.6), ("VSM", 11.2)):
        for group, percentage in (("BME", share), ("White", round(100 - share, 1))):
            rows.append(["1", band, group, round(_STAFF * percentage / 100), _STAFF, percentage])
    rows += [[number, None, "Ratio", None, None, ratio] for number, ratio in (("2", 1.62), ("3", 1.09), ("4", 1.06))]
    for number, (bme, white) in PERCENTAGES.items():
        rows += [[number, None, "BME", None, None, bme], [number, None, "White", None, None, white]]
    return [*rows, ["9", None, "BME", None, None, -12.1]]
