"""Epilepsy12 of the sample, 2024-25: England, two trusts and a health board of Wales."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, landing_page, workbook_bytes

PAGE = "https://www.rcpch.ac.uk/resources/epilepsy12-national-reports"
FILE = "https://www.rcpch.ac.uk/sites/default/files/2026-07/epilepsy12-results-2024-25.xlsx"
NURSE = "Input by an epilepsy specialist nurse in the first year of care"
COUNTS = {"ENG": (2_280, 3_000), "R9A": (52, 60), "R9P": (41, 48)}
"""Children with input of a nurse, children in the cohort."""
HEALTH_BOARD = "7A9"


def published_files(seed: int, edition: int) -> Published:
    """Give the page and the workbook; the editions are the same."""
    header: list[Cell] = [
        "Level",
        "Code",
        "Name",
        "Measure",
        "Breakdown",
        "Group",
        "Numerator",
        "Denominator",
        "Percentage",
    ]
    names = {trust.code: trust.name for trust in org.TRUSTS}
    rows = [_row("England", "E92000001", "England", "All", "All", COUNTS["ENG"])]
    rows.append(_row("England", "E92000001", "England", "Learning disability or autism", "Yes", (520, 650)))
    rows += [_row("Trust", code, names[code], "All", "All", COUNTS[code]) for code in COUNTS if code != "ENG"]
    rows.append(_row("Health board", HEALTH_BOARD, "SAMPLE HEALTH BOARD (SYNTHETIC)", "All", "All", (20, 25)))
    sheets: list[tuple[str, list[list[Cell]]]] = [("Notes", [["Synthetic figures"]]), ("Data", [header, *rows])]
    return {f"{PAGE}/": landing_page("Epilepsy12", [(FILE, "Data")]), FILE: workbook_bytes(sheets)}


def _row(level: str, code: str, name: str, breakdown: str, group: str, counts: tuple[int, int]) -> list[Cell]:
    return [level, code, name, NURSE, breakdown, group, *counts, round(100 * counts[0] / counts[1], 1)]
