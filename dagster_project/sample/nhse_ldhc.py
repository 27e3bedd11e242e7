"""Learning disability health checks of the sample: February 2026, year to date, a row a practice as the publisher describes it.

Planted: in every sub-ICB location one complete practice of two sizes each, and in the first a practice of one person, whose
denominator and declined checks are hidden, and one that lacks a part of its register; neither of the two counts in a sum.
"""

from __future__ import annotations

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes, landing_page, open_stream

PAGE = "https://digital.nhs.uk/data-and-information/publications/statistical/learning-disabilities-health-check-scheme"
RELEASE = f"{PAGE}/february-2026"
FILE = "https://files.digital.nhs.uk/SY/NTHET3/learning-disabilities-health-check-scheme-eng-Feb-2026.csv"
_PLACES = ["SUB_ICB_LOC", "ICB", "COMM_REGION"]
HEADER: list[Cell] = ["QUALITY_SERVICE", "PRACTICE_CODE", "PRACTICE_NAME", "PCN_ODS_CODE", "PCN_NAME"]
HEADER += [
    f"{before}{place}_{part}" for place in _PLACES for before, part in (("ONS_", "CODE"), ("", "CODE"), ("", "NAME"))
]
HEADER += ["ACH_DATE", "IND_CODE", "MEASURE", "VALUE"]
HIDDEN, INCOMPLETE = "Z99901", "Z99902"


def published_files(seed: int, edition: int) -> Published:
    """Give the landing pages and the file; the editions are the same."""
    rows: list[list[Cell]] = [HEADER]
    for practice, (sub_icb, checked, young, adult) in _practices(seed).items():
        declined, denominator = (3, young + adult - 3)
        rows += _rows(practice, sub_icb, checked, {"LD_REG_1417": young, "LD_REG_18OV": adult}, denominator, declined)
    first = org.SUB_ICBS[0]
    rows += _rows(HIDDEN, first, 0, {"LD_REG_1417": "*", "LD_REG_18OV": 1}, "*", "*")
    rows += _rows(INCOMPLETE, first, 40, {"LD_REG_18OV": 60}, 60, 0)
    title = "Learning Disabilities Health Check Scheme"
    return {
        f"{PAGE}/": landing_page(title, [(RELEASE, "February 2026")]),
        f"{RELEASE}/": landing_page(f"{title}, England, February 2026", [(FILE, "CSV")]),
        FILE: csv_bytes(rows),
    }


def counts(seed: int) -> dict[str, tuple[int, int]]:
    """Give people checked and people on the register of every sub-ICB location, ICB, region and England (ENG)."""
    found: dict[str, tuple[int, int]] = {}
    for sub_icb, checked, young, adult in _practices(seed).values():
        for code in (sub_icb.code, sub_icb.icb.code, sub_icb.icb.region.code, "ENG"):
            so_far = found.get(code, (0, 0))
            found[code] = (so_far[0] + checked, so_far[1] + young + adult)
    return found


def _practices(seed: int) -> dict[str, tuple[org.SubIcb, int, int, int]]:
    """Give sub-ICB location, checked, and the register under 18 and above, of every complete practice."""
    found = {}
    for place, sub_icb in enumerate(org.SUB_ICBS):
        for size in (1, 2):
            register = size * (300 + 10 * len(sub_icb.district))
            share = 0.55 + 0.1 * open_stream(seed, "ldhc", sub_icb.code, size).random()
            found[f"Z99{place}0{size}"] = (sub_icb, round(register * share), register // 8, register - register // 8)
    return found


def _rows(
    practice: str, sub_icb: org.SubIcb, checked: int, register: dict[str, Cell], denominator: Cell, declined: Cell
) -> list[list[Cell]]:
    icb, region = sub_icb.icb, sub_icb.icb.region
    where: list[Cell] = [sub_icb.gss_code, sub_icb.code, org.sub_icb_name(sub_icb)]
    where += [icb.gss_code, icb.code, org.icb_name(icb), None, region.code, region.name]
    frame: list[Cell] = ["LDHC", practice, f"SURGERY {practice}", "U99999", "A NETWORK", *where, "20260228"]
    figures = [("LDHC021", "Count", checked), *((code, "Count", count) for code, count in register.items())]
    figures += [("LDHCMI034", "Denominator", denominator), ("LDHCMI034", "HLTHCHKDEC", declined)]
    return [[*frame, code, measure, value] for code, measure, value in figures]
