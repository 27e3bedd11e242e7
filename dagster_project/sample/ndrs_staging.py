"""Early diagnosis of cancer of the sample: the release of 2022, one long sheet."""

from __future__ import annotations

import math

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, landing_page, open_stream, workbook_bytes

PAGE = (
    "https://digital.nhs.uk/data-and-information/publications/statistical/"
    "case-mix-adjusted-percentage-of-cancers-diagnosed-at-stages-1-and-2-in-england"
)
FILE = "https://files.digital.nhs.uk/SY/NTHET2/Case-mix-adjusted-stage-1-and-2-2022.xlsx"
QUINTILES = ("1 - most deprived", "2", "3", "4", "5 - least deprived")
EARLY = {"England": 0.55, "1": 0.51, "5": 0.59}
"""True shares: England, and the quintiles at the ends; those between lie on a line."""
_STAGED = 20_000
_HEADER: list[Cell] = [
    "Geography type",
    "Geography code",
    "Geography name",
    "Diagnosis period",
    "Measure",
    "Cancer group",
    "Deprivation quintile",
    "Stage 1 and 2",
    "Stage 1 to 4",
    "Percentage",
    "Lower 95% confidence limit",
    "Upper 95% confidence limit",
]


def published_files(seed: int, edition: int) -> Published:
    """Give the landing pages and the workbook; the editions are the same."""
    rows = [*_rows_of(seed, "England", "E92000001", "England", 0.55)]
    for icb in org.ICBS:
        share = 0.53 + 0.04 * open_stream(seed, "ndrs", icb.code).random()
        rows += _rows_of(seed, "ICB", icb.gss_code, org.icb_name(icb), share)
    for place, label in enumerate(QUINTILES):
        share = EARLY["1"] + (EARLY["5"] - EARLY["1"]) * place / 4
        rows.append(_row(("England", "E92000001", "England"), "2022", "Unadjusted", label, _STAGED, share))
    notes: list[list[Cell]] = [["Synthetic figures"], []]
    return {
        f"{PAGE}/": landing_page("Cancers diagnosed at stages 1 and 2", [(f"{PAGE}/2022", "2022")]),
        f"{PAGE}/2022/": landing_page("Cancers diagnosed at stages 1 and 2, 2022", [(FILE, "Data")]),
        FILE: workbook_bytes([("Notes", notes), ("Data", [*notes, _HEADER, *rows, [], ["Source: invented"]])]),
    }


def _rows_of(seed: int, kind: str, code: str, name: str, share: float) -> list[list[Cell]]:
    staged = 5 * _STAGED if kind == "England" else _STAGED
    return [
        _row((kind, code, name), period, measure, "All", staged * years, share + shift)
        for period, years in (("2022", 1), ("2020-2022", 3))
        for measure, shift in (("Unadjusted", 0.0), ("Case-mix adjusted", 0.01))
    ]


def _row(area: tuple[str, str, str], period: str, measure: str, fifth: str, staged: int, share: float) -> list[Cell]:
    early = round(staged * share)
    value = 100 * early / staged
    half = 196 * math.sqrt(share * (1 - share) / staged)
    counts: list[Cell] = [early, staged] if measure == "Unadjusted" else [None, None]
    return [*area, period, measure, "All", fifth, *counts, *(round(x, 1) for x in (value, value - half, value + half))]
