"""ODS reports of the sample: trusts (etr), sub-ICB locations (eccg), successions (succ).

No header rows, every cell quoted, closed organisations included.
"""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes

REPORT = "https://www.odsdatasearchandexport.nhs.uk/api/getReport?report="
_COLUMNS = 27
_SUB_ICB_LOCATION, _REPORTING_ENTITY = "RO319", "RO327"


def published_files(seed: int, edition: int) -> Published:
    """Give the three reports; they do not depend on the seed or the edition."""
    return {
        f"{REPORT}etr": csv_bytes((_trust_row(trust) for trust in org.TRUSTS), quote_all=True),
        f"{REPORT}eccg": csv_bytes(_sub_icb_rows(), quote_all=True),
        f"{REPORT}succ": csv_bytes(_succession_rows(), quote_all=True),
    }


def _row(cells: dict[int, str]) -> list[Cell]:
    """Place cells by their column number, counted from 1 as the ODS documentation counts."""
    return [cells.get(column, "") for column in range(1, _COLUMNS + 1)]


def _trust_row(trust: org.Provider) -> list[Cell]:
    icb = trust.sub_icb.icb
    cells = {1: trust.code, 2: trust.name, 3: icb.region.code, 4: icb.code, 5: "SYNTHETIC ADDRESS"}
    cells |= {8: trust.sub_icb.district.upper(), 10: "ZZ99 9ZZ", 11: trust.opened, 12: trust.closed}
    cells |= {18: "00000 000000", 22: "1", 24: "A" if icb.region == org.NORTH else "J"}
    return _row(cells)


def _sub_icb_rows() -> list[list[Cell]]:
    rows = [
        _sub_icb_row(sub_icb, sub_icb.code, f"NHS {sub_icb.icb.place} ICB - {sub_icb.code} (SYNTHETIC)")
        for sub_icb in org.SUB_ICBS
    ]
    eastwick = org.SUB_ICBS[3]
    closed = _sub_icb_row(eastwick, org.CLOSED_SUB_ICB, "NHS SAMPLE OLD EASTWICK CCG (SYNTHETIC)", role="")
    closed[11] = "20200331"
    entity_name = "SAMPLE EASTWICK - SUB-ICB REPORTING ENTITY (SYNTHETIC)"
    entity = _sub_icb_row(eastwick, org.REPORTING_ENTITY, entity_name, role=_REPORTING_ENTITY)
    return [*rows, closed, entity]


def _sub_icb_row(sub_icb: org.SubIcb, code: str, name: str, role: str = _SUB_ICB_LOCATION) -> list[Cell]:
    cells = {1: code, 2: name, 3: sub_icb.icb.region.code, 4: sub_icb.icb.code, 5: "SYNTHETIC ADDRESS"}
    return _row(cells | {8: sub_icb.district.upper(), 10: "ZZ99 9ZZ", 11: "20130401", 14: role, 22: "1"})


def _succession_rows() -> list[list[Cell]]:
    return [[change.predecessor, change.successor, "", change.effective, "0"] for change in org.SUCCESSIONS]
