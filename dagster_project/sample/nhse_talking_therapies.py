"""Talking Therapies of the sample: the tidied extract of two months, and the publisher's own file of a later one.

Planted: a trust has one value hidden; the extract has no England, the publisher's file has.
"""

from __future__ import annotations

from collections.abc import Iterator

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, csv_bytes, landing_page, open_stream

PAGE = (
    "https://digital.nhs.uk/data-and-information/publications/statistical/"
    "nhs-talking-therapies-monthly-statistics-including-employment-advisors/"
)
EXTRACT = "https://files.digital.nhs.uk/9A/1B2C3D/england_trust_iapt.csv"
MONTHLY = "https://files.digital.nhs.uk/6E/7D0004/nhstalkingtherapies_month_sep_2025_activity_final.csv"
MONTHS = ("April 2023", "May 2023")
RECOVERY = {"Percentage_Recovery": 50, "Percentage_ReliableRecovery": 47}
SHARES = RECOVERY | {"Percentage_ReliableImprovement": 67}
"""England in percent; the extract has no reliable improvement under that name."""
BY_ETHNIC_GROUP = {
    "White": 47,
    "AsianOrAsianBritish": 41,
    "BlackOrBlackBritish": 43,
    "Mixed": 44,
    "Other": 40,
}
"""Reliable recovery of England in percent, by the words that the publisher ends the measure with."""
HIDDEN = ("R9R", "May 2023", "Percentage_ReliableRecovery")


def published_files(seed: int, edition: int) -> Published:
    """Give the extract, the monthly file and its landing page; the editions are the same."""
    return {
        EXTRACT: csv_bytes(_extract(seed), line_end="\n", quote_all=True),
        MONTHLY: csv_bytes(_monthly(seed)),
        PAGE: landing_page("NHS Talking Therapies Monthly Statistics", [(MONTHLY, "Activity data, September 2025")]),
    }


def trusts() -> list[org.Provider]:
    """Give the trusts with Talking Therapies: those of mental health and of the community."""
    kinds = ("mental health", "community")
    return [trust for trust in org.TRUSTS if trust.kind in kinds and org.open_in(trust, "202304")]


def percent(seed: int, code: str, month: str, measure: str) -> int:
    """Give a percentage of a trust, in whole points."""
    return SHARES[measure] + open_stream(seed, "talking therapies", code, month, measure).randint(-5, 5)


def _extract(seed: int) -> Iterator[list[Cell]]:
    yield ["nhs_trust22_code", "date", "name", "value"]
    for month in MONTHS:
        for trust in trusts():
            finished = round(2000 * trust.size / 5) * 5
            yield [trust.code, month, "Count_FinishedCourseTreatment", finished]
            for measure in RECOVERY:
                hidden = (trust.code, month, measure) == HIDDEN
                yield [trust.code, month, measure, "NA" if hidden else percent(seed, trust.code, month, measure)]


def _monthly(seed: int) -> Iterator[list[Cell]]:
    yield [
        "REPORTING_PERIOD_START",
        "REPORTING_PERIOD_END",
        "GROUP_TYPE",
        "ORG_CODE1",
        "ORG_NAME1",
        "ORG_CODE2",
        "ORG_NAME2",
        "MEASURE_ID",
        "MEASURE_NAME",
        "MEASURE_VALUE_SUPPRESSED",
    ]
    # kind, then code and name of the commissioner and of the provider
    places = [("England", "all", "England", "all", "all"), ("CommissioningRegion", "Y91", "SAMPLE NORTH", "all", "all")]
    places += [("Provider", "all", "all SubICBs", t.code, t.name) for t in trusts() if org.open_in(t, "202509")]
    for kind, commissioner, name, code, provider in places:
        for number, measure, value in _measures(seed, code):
            hidden = code == HIDDEN[0] and measure == HIDDEN[2]
            shown: Cell = "*" if hidden else value
            yield ["2025-09-01", "2025-09-30", kind, commissioner, name, code, provider, number, measure, shown]


def _measures(seed: int, code: str) -> Iterator[tuple[str, str, Cell]]:
    """Give number, name and value of the measures of a provider, or of England (`all`); groups of a trust are hidden."""
    for number, measure in zip(("M192", "M195", "M186"), SHARES, strict=True):
        yield number, measure, SHARES[measure] if code == "all" else percent(seed, code, "2025-09", measure)
    for place, (group, share) in enumerate(BY_ETHNIC_GROUP.items()):
        name = f"Percentage_ReliableRecovery_EthnicGroup{group}"
        yield f"M{206 + place}", name, share if code == "all" else "*"
