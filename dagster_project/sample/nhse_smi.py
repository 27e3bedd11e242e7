"""Physical health checks of the sample: three quarters of the retired collection and one of the GP extract.

The first quarter has a commissioner that was succeeded since (9QX), which gave no answer in it at the second; planted is a
rise of the share with all six checks from 0.3 to 0.66, and a step down to 0.6 where the extract from GP records begins.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.sample import organisations as org
from dagster_project.sample.files import UPLOADS, Cell, Published, csv_bytes, landing_page, open_stream, workbook_bytes

PAGE = (
    "https://digital.nhs.uk/data-and-information/publications/statistical/"
    "physical-health-checks-for-people-with-severe-mental-illness/"
)
WORKBOOK = f"{UPLOADS}/2024/05/Physical-Health-Checks-SMI%20Raw%20Data.xlsx"
EXTRACT = "https://files.digital.nhs.uk/6D/7D0003/phsmi-q1-2025-26.csv"
SHARES = {"SMI-Q4-2018-2019": 0.3, "SMI-Q1-2019-2020": 0.31, "SMI-Q4-2023-2024": 0.66}
EXTRACT_SHARE = 0.6
_CHECKS = {
    "Alcohol": 1.3,
    "BloodGlucose": 1.15,
    "BloodLipid": 1.12,
    "BloodPressure": 1.35,
    "BMIWeight": 1.3,
    "Smoking": 1.4,
}


def published_files(seed: int, edition: int) -> Published:
    """Give the workbook, the extract and its landing page; the editions are the same."""
    title = "Physical Health Checks for people with Severe Mental Illness"
    return {
        WORKBOOK: workbook_bytes([("Sheet 1 - Physical-Health-Check", list(_answers(seed)))]),
        EXTRACT: csv_bytes(_extract(seed)),
        PAGE: landing_page(title, [(EXTRACT, "phsmi-q1-2025-26.csv")]),
    }


def commissioners(period: str) -> list[str]:
    """Give the codes that report in a quarter of the retired collection."""
    closed = [org.CLOSED_SUB_ICB] if period < "SMI-Q4-2023" else []
    return [*closed, *(sub_icb.code for sub_icb in org.SUB_ICBS)]


def counts(seed: int, period: str, code: str, share: float) -> tuple[int, int]:
    """Give the register of a commissioner and how many of it had all six checks."""
    register = open_stream(seed, "smi", code).randint(1500, 4000)
    return register, round(register * (share + open_stream(seed, "smi", period, code).uniform(-0.04, 0.04)))


def _answers(seed: int) -> Iterator[list[Cell]]:
    yield ["Physical-Health-Checks-SMI Raw Data", "", "", ""]
    yield ["Period", "CCG Code", "Question", "Answer"]
    for period, share in SHARES.items():
        for code in commissioners(period):
            register, checked = counts(seed, period, code, share)
            answers = {name: min(register, round(checked * more)) for name, more in _CHECKS.items()}
            answers |= {"All6PHC": checked, "SMIRegister": register}
            silent = code == org.CLOSED_SUB_ICB and period == "SMI-Q1-2019-2020"
            for question in sorted(answers):
                yield [period, code, question, None if silent else answers[question]]


def _extract(seed: int) -> Iterator[list[Cell]]:
    yield ["ACH_DATE", "ORG_TYPE", "ORG_CODE", "MEASURE", "VALUE"]
    parts = {sub_icb: counts(seed, "phsmi", sub_icb.code, EXTRACT_SHARE) for sub_icb in org.SUB_ICBS}
    levels = [("National", "England", list(parts))]
    levels += [("ICB", icb.code, [part for part in parts if part.icb == icb]) for icb in org.ICBS]
    levels += [("SubICB", part.code, [part]) for part in parts]
    for level, code, members in levels:
        for place, measure in enumerate(("SMIRegister", "All6PHC")):
            yield ["30/06/2025", level, code, measure, sum(parts[member][place] for member in members)]
