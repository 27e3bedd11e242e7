"""Vaccination of the sample: COVER of 2024-25 for two invented authorities, influenza to January 2026 by ICB."""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, landing_page, ods_bytes, open_stream

COLLECTION = "https://www.gov.uk/government/collections/vaccine-uptake"
COVER_PAGE = "https://www.gov.uk/government/statistics/cover-programme-2024-to-2025"
INFLUENZA_PAGE = "https://www.gov.uk/government/statistics/seasonal-influenza-vaccine-uptake-2025-to-2026"
ASSETS = "https://assets.publishing.service.gov.uk/media/5a11e0"
COVER = f"{ASSETS}/cover-annual-2024-25.ods"
INFLUENZA = f"{ASSETS}/influenza-vaccine-uptake-gp-patients-January-2026.ods"
_COHORTS = ("65 and over", "6 months to under 65 with chronic respiratory disease")


def published_files(seed: int, edition: int) -> Published:
    """Give the three pages and the two spreadsheets; the editions are the same."""
    links = [(COVER_PAGE, "COVER"), (INFLUENZA_PAGE, "Influenza")]
    return {
        f"{COLLECTION}/": landing_page("Vaccine uptake", links),
        f"{COVER_PAGE}/": landing_page("COVER programme", [(COVER, "Annual data")]),
        f"{INFLUENZA_PAGE}/": landing_page("Influenza vaccine uptake", [(INFLUENZA, "GP patients")]),
        COVER: ods_bytes([("Caveats", [["Synthetic figures"]]), ("12m_UTLA_GOR", _cover())]),
        INFLUENZA: ods_bytes([("Notes", [["Synthetic figures"]]), ("ICB", _influenza(seed))]),
    }


def uptake(seed: int) -> dict[str, tuple[int, int, int, int]]:
    """Give registered and vaccinated of 65 and over, then of chronic respiratory disease, by ICB and for England (ENG)."""
    found = {}
    for icb in org.ICBS:
        share = 0.70 + 0.1 * open_stream(seed, "influenza", icb.code).random()
        found[icb.code] = (50_000, round(50_000 * share), 8_000, round(8_000 * (share - 0.3)))
    first, second, third, fourth = zip(*found.values(), strict=True)
    return found | {"ENG": (sum(first), sum(second), sum(third), sum(fourth))}


def _cover() -> list[list[Cell]]:
    header: list[Cell] = ["ONS code", "Upper Tier LA Name", "CHIS Caveat", "Data submission caveat"]
    header += ["12m Denominator", "12m DTaP/IPV/Hib %", "12m PCV1%", "12m Rota%", "12m MenB%"]
    rows: list[list[Cell]] = [["COVER, 12 months"], header]
    for place, sub_icb in enumerate(org.SUB_ICBS[:2]):
        hidden: Cell = "[c]" if place else 88.4
        rows.append([sub_icb.district_code, sub_icb.district, None, None, 2_000 + place, 91.2, 93.0, hidden, 90.1])
    return [*rows, [], ["Source: invented"]]


def _influenza(seed: int) -> list[list[Cell]]:
    header: list[Cell] = ["Org Code", "Org Name"]
    header += [f"{cohort}, {what}" for cohort in _COHORTS for what in ("patients registered", "number vaccinated")]
    names = {icb.code: org.icb_name(icb) for icb in org.ICBS} | {"ENG": "England"}
    rows: list[list[Cell]] = [["Season to date"], header]
    rows += [[code, names[code], *row] for code, row in uptake(seed).items()]
    return rows
