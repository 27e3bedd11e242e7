"""MHSDS monthly file of the sample: January 2026, first as performance data, then final.

Planted: the rate of children's access is higher in Core20 than in the rest, and so is that of detentions. The rate that is
called standardised lies 100 below the crude one for access and equals it for detentions, as it would where the publisher takes
the group's own population for its weights. The published differences (MHS95f, MHS95g) are those of the published rates.
Levels are the publisher's: counts to sub-ICB locations and providers, groups for England, regions and ICBs, the standardised
rate by deprivation and ethnic group only, never for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Cell, Published, apportion, csv_bytes, landing_page, open_stream, round_to_five

PAGE = "https://digital.nhs.uk/data-and-information/publications/statistical/mental-health-services-monthly-statistics"
RELEASE = f"{PAGE}/performance-january-2026"
FILES = "https://files.digital.nhs.uk/SY/NTHET1"
HEADER = [
    "REPORTING_PERIOD_START",
    "REPORTING_PERIOD_END",
    "STATUS",
    "BREAKDOWN",
    "PRIMARY_LEVEL",
    "PRIMARY_LEVEL_DESCRIPTION",
    "SECONDARY_LEVEL",
    "SECONDARY_LEVEL_DESCRIPTION",
    "MEASURE_ID",
    "MEASURE_NAME",
    "MEASURE_VALUE",
]
QUINTILES = ("01 Most deprived", "02", "03", "04", "05 Least deprived")
CORE20 = ("Core20", "Other")
ETHNICITIES = (
    "Asian or Asian British",
    "Black or Black British",
    "Mixed",
    "Other Ethnic Groups",
    "White or White British",
    "Not Stated",
)
PROVIDER_GROUPS = {
    "IMD Decile": ("01 Most deprived", "02 More deprived", "06 Less deprived", "10 Least deprived", "UNKNOWN"),
    "Ethnicity": ("A", "Z", "99", "UNKNOWN"),
    "Upper Ethnicity": (*ETHNICITIES, "Not Known", "UNKNOWN"),
    "Gender": ("1", "2", "3", "4", "9", "UNKNOWN"),
    "Age Band": ("Under 18", "18 to 19", "90 and over", "UNKNOWN"),
    "Age; Under 18 or 18 and over": ("Under 18", "18 and over", "UNKNOWN"),
    "LD Status": ("1", "2", "3", "4", "5", "U", "UNKNOWN", "X", "Z"),
    "Autism Status": ("1", "2", "3", "4", "5", "U", "UNKNOWN", "X", "Z"),
}
"""Groups of a provider's detentions in one month: all but the first of each is hidden, as most are in real files."""
DECILES = (
    "01 Most deprived",
    *(f"{n:02d} More deprived" for n in range(2, 6)),
    *(f"{n:02d} Less deprived" for n in range(6, 10)),
    "10 Least deprived",
)
DETENTIONS = {"MHS81": 4_000, "MHS150": 3_900, "MHS151": 16_000}
"""England's detentions that began and that ended in the month, and those active at its end."""
DETAINED_BY_DECILE = (15, 13, 12, 11, 10, 10, 9, 8, 7, 5)
DETAINED = (480, 620, 160, 240, 2300, 200)
ADMITTED, ADMITTED_WITHOUT_CONTACT = (300, 360, 120, 180, 1890, 150), (60, 90, 22, 33, 270, 25)
"""By ethnic group, in the order of ETHNICITIES."""
AGES = ("0 to 5", "6 to 10", "11 to 15", "16 to 17")
NAMES = {
    "": "people",
    "a": "crude rate per 100,000",
    "b": "directly standardised rate per 100,000",
    "c": "confidence interval of the directly standardised rate",
}
STANDARDISED_BY = ("IMD Core20", "IMD Quintile", "Upper Ethnicity")
RATE_OF_CORE20, RATE_OF_REST = {"MHS95": 6800, "MHS157": 130}, {"MHS95": 6100, "MHS157": 60}
STANDARDISED_BELOW_CRUDE = {"MHS95": 100, "MHS157": 0}
_CHILDREN, _PEOPLE_TO_CHILDREN = 9_000, {"MHS95": 1, "MHS157": 10}
_ICB = "ICB of GP Practice or Residence"


def published_files(seed: int, edition: int) -> Published:
    """Give the two pages and the two editions of one month; the editions of the estate are the same."""
    address = f"{FILES}/MHSDS%20Data_Jan{{}}_2026.csv"
    return {
        f"{PAGE}/": landing_page("Mental health services monthly statistics", [(RELEASE, "Performance January 2026")]),
        f"{RELEASE}/": landing_page(
            "Mental health services, January 2026",
            [(address.format(name), f"MHSDS data file ({name})") for name in ("Final", "Prf")],
        ),
        address.format("Prf"): csv_bytes([HEADER, *_rows(seed, "Performance", 0.97)]),
        address.format("Final"): csv_bytes([HEADER, *_rows(seed, "Final", 1.0)]),
    }


def _rows(seed: int, status: str, share: float) -> Iterator[list[Cell]]:
    names = {trust.code: trust.name for trust in org.TRUSTS}

    def row(
        breakdown: str, primary: str, secondary: str, measure: str, value: Cell, start: str = "01/02/2025"
    ) -> list[Cell]:
        name = NAMES.get(measure.lstrip("MHS0123456789"), "difference")
        shown = [primary, names.get(primary, primary.title()), secondary, secondary]
        return [start, "31/01/2026", status, breakdown, *shown, measure, f"{measure}: {name}", value]

    yield row("England", "England", "NONE", "MHS01", 1_900_000)
    for family in ("MHS95", "MHS157"):
        for breakdown, primary, secondary, people, rate in _figures(seed, family):
            england = breakdown.startswith("England")
            count = round(people * rate / 100_000 * share)
            published = "*" if not england and count < 5 else None
            values = {"": count if england else round_to_five(count)}
            if not (family == "MHS95" and breakdown.startswith("Sub ICB")):
                values["a"] = round(rate) + STANDARDISED_BELOW_CRUDE[family]
            if breakdown.partition("; ")[2] in STANDARDISED_BY:
                values |= {"b": round(rate), "c": 90}
            for letter, value in values.items():
                yield row(breakdown, primary, secondary, family + letter, published or value)
    for trust in org.TRUSTS:
        if trust.kind == "mental health" and org.open_in(trust, "202601"):
            yield row("Provider", trust.code, "NONE", "MHS95", round_to_five(round(9000 * trust.size)))
            yield row("Provider", trust.code, "NONE", "MHS157", round_to_five(round(400 * trust.size)))
            for name, labels in PROVIDER_GROUPS.items():
                for (place, label), measure in product(enumerate(labels), DETENTIONS):
                    yield row(f"Provider; {name}", trust.code, label, measure, "*" if place else 20, "01/01/2026")
    for breakdown, primary, size in (("England", "England", 1.0), *((_ICB, icb.code, 0.2) for icb in org.ICBS)):
        for measure, start, name, labels, counts in _acute():
            for label, count in zip(labels, counts, strict=True):
                value = count if primary == "England" else round_to_five(round(count * size))
                levels = (label, "NONE") if primary == "England" and name else (primary, label)
                full = f"{breakdown}; {name}" if name else breakdown
                yield row(full, *levels, measure, value if primary == "England" or value >= 5 else "*", start)
    gap = RATE_OF_CORE20["MHS95"] - RATE_OF_REST["MHS95"]
    yield row(
        "England; IMD - Standardised Rate Difference from Most Deprived Quintile", "England", "NONE", "MHS95g", gap
    )
    yield row("England; Ethnicity - Standardised Rate Difference from White British", "England", "NONE", "MHS95f", 400)


def _acute() -> Iterator[tuple[str, str, str, tuple[str, ...], list[int]]]:
    """Give measure, first day, name of the groups, labels and England's counts of detentions and acute admissions.

    Planted: the most deprived decile has 600 of 4,000 detentions, the least deprived 200; of 360 admissions of Black people 90
    are without contact before, of all 3,000 it is 500.
    """
    whole = {measure: ("01/01/2026", count) for measure, count in DETENTIONS.items()}
    whole |= {"MHS106": ("01/11/2025", 3000), "MHS106b": ("01/11/2025", 500)}
    for measure, (start, count) in whole.items():
        yield measure, start, "", ("NONE",), [count]
    for measure, count in DETENTIONS.items():
        yield measure, "01/01/2026", "IMD Decile", DECILES, apportion(count, DETAINED_BY_DECILE)
    for measure, counts in {"MHS81": DETAINED, "MHS106": ADMITTED, "MHS106b": ADMITTED_WITHOUT_CONTACT}.items():
        yield measure, whole[measure][0], "Upper Ethnicity", ETHNICITIES, list(counts)


def _figures(seed: int, family: str) -> Iterator[tuple[str, str, str, int, float]]:
    """Give breakdown, primary and secondary level, people and rate of every row of a family."""
    high, low = RATE_OF_CORE20[family], RATE_OF_REST[family]
    mean = 0.2 * high + 0.8 * low
    whole = _CHILDREN * _PEOPLE_TO_CHILDREN[family] * len(org.SUB_ICBS)
    yield "England", "England", "NONE", whole, mean
    for label, people, rate in zip(CORE20, apportion(whole, (1, 4)), (high, low), strict=True):
        yield "England; IMD Core20", label, "NONE", people, rate
    for place, label in enumerate(QUINTILES):
        yield "England; IMD Quintile", label, "NONE", whole // 5, high if place == 0 else low
    stream = open_stream(seed, "mhsds", family)
    groups = {"Upper Ethnicity": ETHNICITIES, "Gender": ("1", "2", "UNKNOWN"), "Age Band": AGES}
    for name, labels in groups.items():
        for label in labels:
            yield f"England; {name}", label, "NONE", whole // len(labels), mean * (0.8 + 0.4 * stream.random())
    for breakdown, code, people in _places(whole):
        yield breakdown, code, "NONE", people, mean
        few = 2_000 if family == "MHS157" and breakdown == _ICB else people // 2
        for label, rate in zip(CORE20, (high, low), strict=True):
            yield f"{breakdown}; IMD Core20", code, label, few, rate
        for place, label in enumerate(QUINTILES):
            yield f"{breakdown}; IMD Quintile", code, label, people // 5, high if place == 0 else low
        for name, labels in groups.items():
            for label in labels:
                own = mean * (0.8 + 0.4 * stream.random())
                yield f"{breakdown}; {name}", code, label, people // len(labels), own
    yield "Sub ICB of GP Practice or Residence", org.SUB_ICBS[0].code, "NONE", _CHILDREN, mean
    yield "Sub ICB of GP Practice or Residence", "UNKNOWN", "NONE", 500, mean


def _places(whole: int) -> Iterator[tuple[str, str, int]]:
    """Give breakdown, code and people of every region and ICB."""
    for region in org.REGIONS:
        yield "Commissioning Region", region.code, whole // 2
    for icb in org.ICBS:
        yield _ICB, icb.code, whole // 4
