"""Maternity statistics of the sample: exp-data (final) and exp-measures (provisional) of December 2025.

Trusts are made exactly and added up to ICBs (local maternity systems), regions and England; what is published is rounded
to five, with 1 to 7 shown as 5. Planted: continuity of carer is the same in every decile, smoking at delivery is not
published by decile. One trust fails its data quality rule (Low DQ), one did not submit (DNS).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from dagster_project.sample import organisations as org
from dagster_project.sample.files import (
    Cell,
    Published,
    apportion,
    csv_bytes,
    landing_page,
    open_stream,
    round_to_five,
    scatter,
)

PAGE = (
    "https://digital.nhs.uk/data-and-information/publications/statistical/maternity-services-monthly-statistics/"
    "final-march-2025-provisional-april-2025-official-statistics/"
)
DATA = "https://files.digital.nhs.uk/6C/7D0001/msds-dec2025-exp-data.csv"
MEASURES = "https://files.digital.nhs.uk/6C/7D0002/msds-dec2025Provisional-exp-measures.csv"
START, END = "01/12/2025", "31/12/2025"
DECILES = ("01 - Most deprived", *(str(decile) for decile in range(2, 10)), "10 - Least deprived")
MISSING = "Missing Value / Value outside reporting parameters"
ETHNICITIES = {
    "White": 0.62,
    "Asian or Asian British": 0.18,
    "Black or Black British": 0.08,
    "Mixed": 0.04,
    "Any other ethnic group": 0.04,
    "Not Stated": 0.02,
    "Not known": 0.01,
    MISSING: 0.01,
}
GESTATIONS = {"0 to 70 days": 0.64, "71 to 90 days": 0.22, "91 to 140 days": 0.07, "141+ days": 0.06, MISSING: 0.01}
COC_GROUPS = (
    "",
    *(f"_IMD_{n:02d}{'_Most_deprived' if n == 1 else '_Least_deprived' if n == 10 else ''}" for n in range(1, 11)),
    "_IMD_Missing_Unknown",
    *(f"_Ethnicity_{name}" for name in ("White", "BAME", "Other", "Missing_Unknown")),
)
COC_SHARES = {"COC_by_28weeks": 0.17, "COC_receiving_ongoing": 0.06}
FAILED_TRUST, ABSENT_TRUST = "R9N", "R9M"
_BOOKINGS = 420
_ETHNIC_SHARES = (0.64, 0.3, 0.04, 0.02)

Groups = Mapping[tuple[str, str], int]  # (dimension, label) -> women
Rates = Mapping[str, tuple[int, int]]  # indicator -> numerator, denominator
Place = tuple[str, str, str]  # level, code, name as published


def published_files(seed: int, edition: int) -> Published:
    """Give the landing page and the two files; the editions are the same."""
    links = [(address, address.rsplit("/", 1)[1]) for address in (DATA, MEASURES)]
    return {
        DATA: csv_bytes(_data_rows(seed)),
        MEASURES: csv_bytes(_measure_rows(seed)),
        PAGE: landing_page("Maternity Services Monthly Statistics", links),
    }


def england_rates(seed: int) -> Rates:
    """Give England's exact numerators and denominators, of the trusts that submitted, before rounding."""
    return _sum_rates([_rates(seed, trust.code) for trust in trusts()])


def trusts() -> list[org.Provider]:
    """Give the trusts with maternity services: the acute ones that are open in the month."""
    return [trust for trust in org.TRUSTS if trust.kind == "acute" and org.open_in(trust, "202512")]


def shown(count: int) -> int:
    """Give the published form of a count: 1 to 7 as 5, others to the nearest 5."""
    return 5 if 0 < count <= 7 else round_to_five(count)


@cache
def _groups(seed: int, code: str) -> Groups:
    (trust,) = (trust for trust in trusts() if trust.code == code)
    stream = open_stream(seed, "msds", code)
    women = _BOOKINGS * trust.size
    mix = org.decile_mix(trust.sub_icb)
    groups = {("DeprivationDecileAtBooking", label): scatter(women * mix[n], stream) for n, label in enumerate(DECILES)}
    groups["DeprivationDecileAtBooking", MISSING] = scatter(women * 0.01, stream)
    everybody = sum(groups.values())
    for dimension, parts in (
        ("EthnicCategoryMotherGroup", ETHNICITIES),
        ("GestAgeFormalAntenatalBookingGroup", GESTATIONS),
    ):
        counts = apportion(everybody, [scatter(women * part, stream) for part in parts.values()])
        groups |= {(dimension, name): count for name, count in zip(parts, counts, strict=True)}
    groups["TotalBookings", ""] = everybody
    return groups


@cache
def _rates(seed: int, code: str) -> Rates:
    groups, stream = _groups(seed, code), open_stream(seed, "msds measures", code)
    women = groups["TotalBookings", ""]
    deciles = [groups["DeprivationDecileAtBooking", label] for label in (*DECILES, MISSING)]
    parts = [women, *deciles, *(scatter(women * part, stream) for part in _ETHNIC_SHARES)]
    rates = {
        f"{name}{group}": (scatter(share * part, stream), part)
        for name, share in COC_SHARES.items()
        for group, part in zip(COC_GROUPS, parts, strict=True)
    }
    rates["CQIMPreterm"] = (scatter(0.063 * women, stream), women)
    rates["CQIMSmokingDelivery"] = (scatter(0.056 * women, stream), women)
    rates["CQIMSmokingBooking"] = (scatter(0.102 * women, stream), women)
    return rates


def _sum_groups(parts: list[Groups]) -> Groups:
    return {key: sum(part[key] for part in parts) for key in parts[0]}


def _sum_rates(parts: list[Rates]) -> Rates:
    return {key: (sum(p[key][0] for p in parts), sum(p[key][1] for p in parts)) for key in parts[0]}


def _places() -> Iterator[tuple[Place, list[str]]]:
    """Give every published place with the trusts that make it up, from England down."""
    codes = {trust.code: trust for trust in trusts()}
    yield ("National", "", "All Submitters"), list(codes)
    for region in org.REGIONS:
        yield (
            ("NHS England (Region)", region.code, f"{region.name} COMMISSIONING REGION"),
            [code for code, trust in codes.items() if trust.sub_icb.icb.region == region],
        )
    for icb in org.ICBS:
        yield (
            ("Local Maternity System", icb.code, org.icb_name(icb)),
            [code for code, trust in codes.items() if trust.sub_icb.icb == icb],
        )
    for code, trust in codes.items():
        yield ("Provider", code, trust.name), [code]


def _data_rows(seed: int) -> Iterator[list[Cell]]:
    header = "ReportingPeriodStartDate ReportingPeriodEndDate Dimension Org_Level Org_Code Org_Name Measure Count_Of"
    yield [*header.split(), "Final_value"]
    for (level, code, name), members in _places():
        place = [level, code or "ALL", name]
        yield [START, END, "AgeAtBookingMotherAvg", *place, "", "Average over women", 30]
        groups = _sum_groups([_groups(seed, member) for member in members])
        for (dimension, label), count in sorted(groups.items()):
            if count:  # the publisher has no row where there is nobody
                yield [START, END, dimension, *place, label, "Women", shown(count)]


def _measure_rows(seed: int) -> Iterator[list[Cell]]:
    yield [
        "Org_Code",
        "Org_Name",
        "Org_Level",
        "RPStartDate",
        "RPEndDate",
        "IndicatorFamily",
        "Indicator",
        "Currency",
        "Value",
    ]
    for (level, code, name), members in _places():
        submitted = [member for member in members if member not in (FAILED_TRUST, ABSENT_TRUST)] or members
        for indicator, (numerator, denominator) in _sum_rates([_rates(seed, m) for m in submitted]).items():
            start = [code or "National", name, level, START, END]
            family = "COC_Rate" if indicator.startswith("COC") else "CQIM_Rate"
            for currency, value in _cells(level, code, indicator, numerator, denominator):
                yield [*start, family, indicator, currency, value]


def _cells(level: str, code: str, indicator: str, numerator: int, denominator: int) -> Iterator[tuple[str, Cell]]:
    """Give currency and value of one indicator, in words where the provider failed or did not submit."""
    kind, per = ("Rate per Thousand", 1000) if indicator == "CQIMPreterm" else ("Rate", 100)
    rate: Cell = round(per * numerator / denominator, 1) if denominator else 0
    if per == 1000 and 0 < numerator <= 7:
        rate = "*"
    values: tuple[Cell, Cell, Cell] = (shown(numerator), shown(denominator), rate)
    bad = code in (FAILED_TRUST, ABSENT_TRUST)
    if code == FAILED_TRUST:
        values = (0, 0, "Low DQ")
    if code == ABSENT_TRUST:
        values = ("DNS", "DNS", "DNS")
    yield from zip(("Numerator", "Denominator", kind), values, strict=True)
    if level == "Provider" and "_IMD_" not in indicator and "_Ethnicity_" not in indicator:
        yield "Result", "Fail" if bad else "Pass"
