"""Vaccination achievement of twenty sample practices, in the columns of the available copy; one has nobody to count."""

from __future__ import annotations

from dagster_project.sample.files import Cell, Published, csv_bytes, open_stream

ADDRESS = "https://files.digital.nhs.uk/9B/1B2C3E/qof_vaccine_2324.csv"
PRACTICES = 20
_HEADER = "Sub ICB Loc ODS code,Sub ICB Loc ONS code,Sub ICB Loc name,PCN ODS code,PCN name,Practice code,Practice name,perc_achievement"


def published_files(seed: int, edition: int) -> Published:
    """Give the file; the editions are the same."""
    rows: list[list[Cell]] = [list(_HEADER.split(","))]
    for place in range(PRACTICES):
        share = open_stream(seed, "qof", place).randint(700, 1000) / 10
        achievement: Cell = ":" if place == PRACTICES - 1 else share
        rows.append([*[""] * 5, f"Y99{place:03d}", f"Sample practice {place + 1} (synthetic)", achievement])
    return {ADDRESS: csv_bytes(rows, line_end="\n")}
