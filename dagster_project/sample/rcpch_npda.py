"""NPDA of the sample, 2024-25: England by deprivation and ethnicity, one paediatric diabetes unit that hides its counts."""

from __future__ import annotations

from dagster_project.sample.files import Cell, Published, landing_page, workbook_bytes

PAGE = "https://www.rcpch.ac.uk/resources/national-paediatric-diabetes-audit-reports"
FILE = "https://www.rcpch.ac.uk/sites/default/files/2026-03/npda-results-2024-25.xlsx"
SENSOR, PUMP, CHECKS = "Real-time continuous glucose monitoring", "Insulin pump", "All key health checks"
SENSOR_BY_FIFTH = {"1 - most deprived": 45, "2": 50, "3": 54, "4": 58, "5 - least deprived": 63}
PUMP_BY_ETHNICITY = {"White": 45, "Mixed": 40, "Asian": 33, "Black": 28, "Other": 35, "Not stated": 36}
CHECKS_OF_TYPE_2 = 37
_CHILDREN = 1_000


def published_files(seed: int, edition: int) -> Published:
    """Give the page and the workbook; the editions are the same."""
    header: list[Cell] = ["Level", "Code", "Name", "Diabetes type", "Measure", "Breakdown", "Group"]
    header += ["Numerator", "Denominator", "Percentage"]
    rows = [_row("Type 1", SENSOR, "All", "All", 54), _row("Type 1", PUMP, "All", "All", 41)]
    rows += [_row("Type 1", SENSOR, "Deprivation quintile", group, share) for group, share in SENSOR_BY_FIFTH.items()]
    rows += [_row("Type 1", PUMP, "Ethnicity", group, share) for group, share in PUMP_BY_ETHNICITY.items()]
    rows.append(_row("Type 2", CHECKS, "All", "All", CHECKS_OF_TYPE_2))
    rows.append(["PDU", "PZ999", "SAMPLE CHILDREN'S UNIT (SYNTHETIC)", "Type 2", CHECKS, "All", "All", "*", "*", "*"])
    sheets: list[tuple[str, list[list[Cell]]]] = [("Notes", [["Synthetic figures"]]), ("Data", [header, *rows])]
    return {
        f"{PAGE}/": landing_page("National Paediatric Diabetes Audit", [(FILE, "Data")]),
        FILE: workbook_bytes(sheets),
    }


def _row(kind: str, measure: str, breakdown: str, group: str, share: int) -> list[Cell]:
    children = _CHILDREN if breakdown != "All" else 5 * _CHILDREN
    return [
        "England",
        "E92000001",
        "England",
        kind,
        measure,
        breakdown,
        group,
        children * share // 100,
        children,
        share,
    ]
