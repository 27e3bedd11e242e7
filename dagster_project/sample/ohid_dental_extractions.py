"""Tooth extractions of the sample: the workbook of three years with its eight tables side by side.

Planted: children of the most deprived quintile have three times the rate of the least deprived. One district is small enough
for the letter c, one is withheld as a whole in the first year.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagster_project.sample import organisations as org
from dagster_project.sample.files import (
    NOTICE,
    Cell,
    Published,
    apportion,
    open_stream,
    round_to_five,
    scatter,
    workbook_bytes,
)

WORKBOOK = "https://assets.publishing.service.gov.uk/media/61f7f0/Hospital_teeth_extractions__0-19Y_2018_to_2021.xlsx"
YEARS = {"2018-19": 1.0, "2019-20": 0.95, "2020-21": 0.4}
AGES = {
    "0-5": (0.29, 0.0031, 0.85),
    "6-10": (0.27, 0.0063, 0.83),
    "11-14": (0.2, 0.0042, 0.35),
    "15-19": (0.24, 0.003, 0.24),
}
"""Share of the children, rate of extraction, share of decay."""
QUINTILE_WEIGHTS = (177, 124, 93, 78, 56)
WITHHELD = ("E08990007", "2018-19")
_REGIONS = {org.NORTH: ("E12990001", "Sample North"), org.SOUTH: ("E12990002", "Sample South")}
_ENGLAND = "E92000001"
_HIDDEN_BELOW = 8

Counts = tuple[int, int, int]  # children, episodes, of them for decay


def published_files(seed: int, edition: int) -> Published:
    """Give the workbook; the editions are the same."""
    sheets: list[tuple[str, Sequence[Sequence[Cell]]]] = [("Index", [[NOTICE]])]
    for place, year in enumerate(YEARS):
        sheets.append((f"W{10 + place}", list(_sheet(seed, year, by_district=False))))
        sheets.append((f"W{20 + place}", list(_sheet(seed, year, by_district=True))))
    sheets.append(("W30", list(_charts(seed))))
    return {WORKBOOK: workbook_bytes(sheets)}


def england(seed: int, year: str, age: str) -> Counts:
    """Give England's exact children, episodes and episodes for decay."""
    return _add([_counts(seed, year, age, sub_icb) for sub_icb in org.SUB_ICBS])


def _counts(seed: int, year: str, age: str, sub_icb: org.SubIcb) -> Counts:
    share, rate, decay = AGES[age]
    stream = open_stream(seed, "dental", year, age, sub_icb.district_code)
    children = round(share * (900 if sub_icb.code == "9QE" else 30_000))
    episodes = scatter(children * rate * YEARS[year] * (0.5 + sub_icb.deprivation), stream)
    return children, episodes, scatter(episodes * decay, stream)


def _add(parts: Sequence[Counts]) -> Counts:
    children, episodes, decay = (sum(part[place] for part in parts) for place in range(3))
    return children, episodes, decay


def _sheet(seed: int, year: str, *, by_district: bool) -> Iterator[list[Cell]]:
    """Give one sheet: title, notes, the titles of the eight tables, their headings, areas, England."""
    written = year if by_district else f"{year[:4]} to 20{year[5:]}"
    kind = "lower tier local authority" if by_district else "region"
    yield [f"Number of Finished Consultant Episodes (FCEs) for children aged 0-19 during {written}, by England {kind}"]
    yield ["This worksheet contains eight tables presented next to each other horizontally."]
    yield ["All sub-national counts are rounded to the nearest 5"]
    start: list[Cell] = ["Region", "LA Code", "LA Name"] if by_district else ["Region", "ONS Code"]
    headings: list[Cell] = [*start, *(f"Age {age}yrs" for age in AGES), "Total\n0-19yrs"]
    titles = [
        "Table 1: FCEs for extraction - all diagnoses",
        f"Table 2: ONS Mid {year[:4]} Population Estimates",
        "Table 3: FCE tooth extraction rate (all diagnoses) per 100,000 target population",
        "Table 4: FCEs for extraction with caries as primary diagnosis code",
        "Table 5: FCE tooth extraction rate with caries as primary diagnosis per 100,000 target population",
        "Table 6: FCEs for extraction with no diagnosis code for caries",
        "Table 7: FCE tooth extraction rate with no caries diagnosis code per 100,000 target population",
        "Table 8: Percentage of FCEs for extraction with caries as primary diagnosis code",
    ]
    yield [cell for title in titles for cell in (title, *[""] * len(headings))]
    yield [cell for _ in titles for cell in (*headings, "")]
    yield from (_area(year, area, counts) for area, counts in _areas(seed, year, by_district))


def _areas(seed: int, year: str, by_district: bool) -> Iterator[tuple[list[str], list[Counts]]]:
    if by_district:
        for part in org.SUB_ICBS:
            region = _REGIONS[part.icb.region][1]
            yield [region, part.district_code, part.district], [_counts(seed, year, age, part) for age in AGES]
    else:
        for commissioning_region, (code, name) in _REGIONS.items():
            parts = [part for part in org.SUB_ICBS if part.icb.region == commissioning_region]
            yield [name, code], [_add([_counts(seed, year, age, part) for part in parts]) for age in AGES]
    blank = [""] if by_district else []
    yield ["ENGLAND (unrounded)", _ENGLAND, *blank], [england(seed, year, age) for age in AGES]


def _area(year: str, area: list[str], counts: list[Counts]) -> list[Cell]:
    columns = [*counts, _add(counts)]
    withheld = (area[1], year) == WITHHELD

    def shown(values: list[int]) -> list[Cell]:
        return [_shown(value, area[1] == _ENGLAND, withheld) for value in values]

    children: list[Cell] = ["c" if withheld else column[0] for column in columns]
    episodes, decay = [column[1] for column in columns], [column[2] for column in columns]
    others = [one - other for one, other in zip(episodes, decay, strict=True)]
    rates: list[Cell] = [0.5] * len(columns)
    tables = (shown(episodes), children, rates, shown(decay), rates, shown(others), rates, rates)
    return [cell for table in tables for cell in (*area, *table, "")]


def _shown(value: int, exact: bool, withheld: bool) -> Cell:
    if withheld:
        return "c"
    if exact:
        return value
    return "c" if 0 < value < _HIDDEN_BELOW else round_to_five(value)


def quintiles(seed: int) -> list[tuple[int, int]]:
    """Give children and episodes for decay of each quintile in 2020-21, most deprived first; they add up to England."""
    children, _, decay = _add([england(seed, "2020-21", age) for age in AGES])
    return list(zip(apportion(children, [1.0] * 5), apportion(decay, QUINTILE_WEIGHTS), strict=True))


def _charts(seed: int) -> Iterator[list[Cell]]:
    yield ["Table 1: Number of Finished Consultant Episodes (FCEs) by region"]
    yield ["Table 3: Caries tooth extractions for England by deprivation quintile 2020 to 2021"]
    yield ["Deprivation quintile", "Carious Tooth extractions", "Quintile Population", "Tooth extraction rate"]
    for place, (children, decay) in enumerate(quintiles(seed), start=1):
        yield [place, decay, children, 100_000 * decay / children]
    yield ["ENGLAND"]
