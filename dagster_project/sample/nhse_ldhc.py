"""Learning disability health checks of the sample: February 2026, year to date, in the headings of the GP extracts."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes, landing_page, open_stream

PAGE = "https://digital.nhs.uk/data-and-information/publications/statistical/learning-disabilities-health-check-scheme"
RELEASE = f"{PAGE}/february-2026"
FILE = "https://files.digital.nhs.uk/SY/NTHET3/LDHC-February-2026.csv"
_HEADER: list[Cell] = ["QUALITY_SERVICE", "NAME", "ORG_CODE", "ACH_DATE", "IND_CODE", "FIELD_NAME", "VALUE"]
PRACTICE = "Z99001"  # three people, one of them checked: both counts are hidden


def published_files(seed: int, edition: int) -> Published:
    """Give the landing pages and the file; the editions are the same."""
    rows: list[list[Cell]] = [_HEADER]
    for code, (checked, register) in counts(seed).items():
        rows += _rows(code, checked, register)
    rows += _rows(PRACTICE, "*", "*")
    return {
        f"{PAGE}/": landing_page("Learning Disabilities Health Check Scheme", [(RELEASE, "February 2026")]),
        f"{RELEASE}/": landing_page("Learning Disabilities Health Check Scheme, February 2026", [(FILE, "CSV")]),
        FILE: csv_bytes(rows),
    }


def counts(seed: int) -> dict[str, tuple[int, int]]:
    """Give people checked and people on the register of every sub-ICB location, ICB and England (ENG)."""
    found = {}
    for sub_icb in org.SUB_ICBS:
        register = 900 + 20 * len(sub_icb.district)
        found[sub_icb.code] = (
            round(register * (0.55 + 0.1 * open_stream(seed, "ldhc", sub_icb.code).random())),
            register,
        )
    for icb in org.ICBS:
        found[icb.code] = _add([found[part.code] for part in org.SUB_ICBS if part.icb == icb])
    found["ENG"] = _add([found[part.code] for part in org.SUB_ICBS])
    return found


def _add(parts: list[tuple[int, int]]) -> tuple[int, int]:
    checked, register = zip(*parts, strict=True)
    return sum(checked), sum(register)


def _rows(code: str, checked: Cell, register: Cell) -> list[list[Cell]]:
    fields = {"Numerator": checked, "Denominator": register, "PCA": 3, "Exclusions": 0}
    service = "Learning Disabilities Health Check Scheme"
    return [["LDHC", service, code, "28/02/2026", "LDHC001", field, value] for field, value in fields.items()]
