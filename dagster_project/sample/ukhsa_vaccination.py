"""Vaccination of the sample: COVER of 2024-25 Q4 for six invented authorities in the publisher's layout of that quarter, influenza to January 2026 by ICB.

Planted: the smallest authority is hidden by [c], as the Isles of Scilly are, and its percentages are a range in words.
"""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, landing_page, ods_bytes, open_stream

COLLECTION = "https://www.gov.uk/government/collections/vaccine-uptake"
COVER_PAGE = "https://www.gov.uk/government/statistics/cover-programme-2024-to-2025"
INFLUENZA_PAGE = "https://www.gov.uk/government/statistics/seasonal-influenza-vaccine-uptake-2025-to-2026"
ASSETS = "https://assets.publishing.service.gov.uk/media/5a11e0"
COVER = f"{ASSETS}/cover-quarterly-vaccination-coverage-statistics-Q4-2024-2025.ods"
COVER_ANNUAL = f"{ASSETS}/cover-annual-data-tables-2024-to-2025.ods"
INFLUENZA = f"{ASSETS}/influenza-vaccine-uptake-gp-patients-January-2026.ods"
AUTHORITIES = {str(991 + place): sub_icb.district for place, sub_icb in enumerate(org.SUB_ICBS)}
HIDDEN = "996"
VACCINES = {
    "12m": ("DTaPIPVHib3", "PCV1", "Rota", "MenB"),
    "24m": ("DTaPIPVHib3_Prim", "MMR1", "HibMenC_Boo", "PCV_Boo", "MenB_Boo"),
    "5y": ("DTaPIPVHib3_Prim", "MMR1", "DTaPIPV_Boo", "HibMenC_Boo", "MMR2_Boo"),
}
_COHORTS = ("65 and over", "6 months to under 65 with chronic respiratory disease")


def published_files(seed: int, edition: int) -> Published:
    """Give the three pages and the two spreadsheets; the editions are the same."""
    links = [(COVER_PAGE, "COVER"), (INFLUENZA_PAGE, "Influenza")]
    return {
        f"{COLLECTION}/": landing_page("Vaccine uptake", links),
        f"{COVER_PAGE}/": landing_page("COVER programme", [(COVER, "Quarterly data"), (COVER_ANNUAL, "Annual data")]),
        f"{INFLUENZA_PAGE}/": landing_page("Influenza vaccine uptake", [(INFLUENZA, "GP patients")]),
        COVER: ods_bytes(
            [("Cover", [["Synthetic figures"]]), ("Table_5", _percentages(seed)), ("Table_10", _cover(seed))]
        ),
        COVER_ANNUAL: ods_bytes([("Notes", [["Synthetic; another layout, which nobody reads"]])]),
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


def cover(seed: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Give vaccinated children and children of England, without the hidden authority, by age and vaccine."""
    shown = [children for code, children in _children(seed).items() if code != HIDDEN]
    return {
        (age, vaccine): (sum(c[age][vaccine] for c in shown), sum(c[age]["Denom"] for c in shown))
        for age, vaccines in VACCINES.items()
        for vaccine in vaccines
    }


def _children(seed: int) -> dict[str, dict[str, dict[str, int]]]:
    found = {}
    for place, code in enumerate(AUTHORITIES):
        size = 9 if code == HIDDEN else 2_000 + 100 * place
        ages: dict[str, dict[str, int]] = {}
        for age, vaccines in VACCINES.items():
            stream = open_stream(seed, "cover", code, age)
            ages[age] = {"Denom": size} | {v: round(size * (0.80 + 0.15 * stream.random())) for v in vaccines}
        found[code] = ages
    return found


def _cover(seed: int) -> list[list[Cell]]:
    """Give the tidy sheet: naming columns, then for each age the children and for each vaccine the vaccinated and the children."""
    header: list[Cell] = ["Country", "Upper tier local authority ODS code", "Upper tier local authority name"]
    header += ["New NHSE Local Team_Name", "Financial year", "Financial year Quarter"]
    for age, vaccines in VACCINES.items():
        header += [f"{age}_Denom", *(f"{age}_{v}_{part}" for v in vaccines for part in ("Num", "Denom"))]
    rows: list[list[Cell]] = [["Table 10. All data items (synthetic)"], ["This worksheet contains one table."], []]
    rows += [["[c] suppressed"], [*header, "NHSER name"]]
    for code, ages in _children(seed).items():
        counts: list[Cell] = []
        for of_age in ages.values():
            counts += [of_age["Denom"]]
            counts += [count for v, n in of_age.items() if v != "Denom" for count in (n, of_age["Denom"])]
        shown = ["[c]"] * len(counts) if code == HIDDEN else counts
        rows.append(["England", code, f"{AUTHORITIES[code]} ", "Nowhere", "2024-25", "FY2024_25_Q4", *shown, "Nowhere"])
    return rows


def _percentages(seed: int) -> list[list[Cell]]:
    header: list[Cell] = ["Code", "Local authority", "Region name", "Organisation data service code"]
    header += ["Number of children who reached 12 months in reporting quarter", "Coverage at 12 months MenB (%)"]
    rows: list[list[Cell]] = [["Table 5"], header, ["E92000001", "[z]", "England", "[z]", 9_999, 91.0]]
    for code, name in AUTHORITIES.items():
        rows.append([f"E0899{code}", name, "Nowhere", code, "[c]" if code == HIDDEN else 2_000, "70% to 100%"])
    return rows


def _influenza(seed: int) -> list[list[Cell]]:
    header: list[Cell] = ["Org Code", "Org Name"]
    header += [f"{cohort}, {what}" for cohort in _COHORTS for what in ("patients registered", "number vaccinated")]
    names = {icb.code: org.icb_name(icb) for icb in org.ICBS} | {"ENG": "England"}
    rows: list[list[Cell]] = [["Season to date"], header]
    rows += [[code, names[code], *row] for code, row in uptake(seed).items()]
    return rows
