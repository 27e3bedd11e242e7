"""CVDPREVENT documents of the sample, at the addresses of the interface: December 2025, and one indicator for England in September.

Planted: people in deprived quintiles are younger, so that crude prevalence of hypertension is lowest there, while at every
age they have more of it, so that the age-standardised one is highest. Every count is the sum of the sub-ICB locations. As in
the real answers counts below England are rounded to 5 beside values of the exact counts, 1 to 7 people are suppressed with
their value, age-standardised rows have no counts, and prevalence of hypertension has neither ethnicity nor PLUS groups.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache

from dagster_project.sample import organisations as org
from dagster_project.sample.files import Published, apportion, open_stream, round_to_five

BASE = "https://api.cvdprevent.nhs.uk"
PERIODS = {30: "To December 2025", 28: "To September 2025"}
ENGLAND, REGION, ICB, SUB_ICB = 1, 6, 7, 8
LEVELS = {ENGLAND: "England", REGION: "Region", ICB: "ICB", SUB_ICB: "Sub-ICB"}
INDICATORS = {
    11: ("CVDP001HYP", "Prevalence of GP recorded hypertension in patients aged 18 and over"),
    32: ("CVDP007HYP", "Patients with GP recorded hypertension, in whom the last blood pressure is to threshold"),
    23: ("CVDP010CHOL", "An indicator that is offered and not wanted"),
    14: ("CVDP003CHOL", "Patients with no CVD and a QRISK score of 20% or more, on lipid lowering therapy"),
    22: ("CVDP006CHOL", "Patients with no CVD and a QRISK score of 10% or more, on lipid lowering therapy"),
    53: ("CVDP011CHOL", "Patients with CVD, with a cholesterol check in the last 12 months"),
}
PREVALENCE = 11
WANTED = (11, 32, 14, 22, 53)
OF_ENGLAND_ONLY = (22, 53)
"""Offered for England and no ICB, so that a nightly run takes two documents for them."""
SMALL = 7
AGES = ("18-39", "40-59", "60-79", "80+")
ETHNICITIES = {
    "Asian": 1000,
    "Black": 500,
    "Missing": 300,
    "Mixed": 290,
    "Not stated": 300,
    "Other": 400,
    "White": 7210,
}
PLUS_GROUPS = {
    "Mental Health": {"People without SMI": 9985, "People with SMI": 15},
    "Learning Disability": {
        "People without a diagnosed learning disability": 9960,
        "People with a diagnosed learning disability": 40,
    },
}
"""Categories and their people in ten thousand; few enough with severe mental illness to be suppressed in small areas."""
COPYRIGHT = "Synthetic figures; the real answers name their owner here"
NO_COUNTS = "Numerators and Denominators are not provided for Age Standardisation."
SUPPRESSED = "Value suppressed for disclosure control due to small count"
QUINTILES = ("1 - most deprived", "2", "3", "4", "5 - least deprived")
_REGION_CODES = {"Y91": "E40990001", "Y92": "E40990002"}
_PEOPLE = 30_000
_AGE_MIX = ((50, 32, 15, 3), (43, 34, 19, 4), (37, 34, 23, 6), (32, 34, 27, 7), (28, 34, 29, 9))
_PREVALENCE = (0.03, 0.16, 0.42, 0.58)
_STANDARD = (0.36, 0.34, 0.23, 0.07)
_LEVEL_OF = {32: 0.72, 14: 0.60, 22: 0.56, 53: 0.81}

Cell = tuple[int, int]  # people counted over, people counted
Table = dict[tuple[int, int], Cell]  # (quintile 0 to 4, age 0 to 3)


def published_files(seed: int, edition: int) -> Published:
    """Give periods, levels, lists and documents; the editions are the same."""
    fields = {"IndicatorTypeID": 1, "IndicatorTypeName": "Standard", "StartDate": None, "EndDate": None}
    periods = [{"TimePeriodID": key, "TimePeriodName": name, **fields} for key, name in PERIODS.items()]
    offered = {30: tuple(LEVELS), 28: (ENGLAND,)}
    levels = [
        {
            "TimePeriodID": key,
            "TimePeriodName": PERIODS[key],
            "SystemLevels": [{"SystemLevelID": level, "SystemLevelName": LEVELS[level]} for level in offered[key]],
        }
        for key in PERIODS
    ]
    files = {
        f"{BASE}/timePeriod?indicatorTypeID=1": _document(timePeriodList=periods),
        f"{BASE}/timePeriod/systemLevels": _document(indicatorTypes=[], timePeriodSystemLevels=levels),
    }
    for period, of_period in offered.items():
        for level in of_period:
            files |= _documents_of(seed, period, level)
    return files


def true_prevalence(seed: int, quintile: int) -> tuple[float, float]:
    """Give England's crude and age-standardised prevalence of hypertension in a quintile (1 to 5), as shares."""
    table = _england(seed, 11, 30)
    cells = [table[quintile - 1, age] for age in range(len(AGES))]
    return sum(cases for _, cases in cells) / sum(people for people, _ in cells), _standardise(cells)[0]


def _documents_of(seed: int, period: int, level: int) -> Published:
    query = f"timePeriodID={period}&systemLevelID={level}"
    listed = list(INDICATORS) if period == 30 and level in (ENGLAND, ICB) else [PREVALENCE]
    listed = [indicator for indicator in listed if level == ENGLAND or indicator not in OF_ENGLAND_ONLY]
    listing = [_listed(indicator) for indicator in listed]
    files = {f"{BASE}/indicator/list?{query}": _document(indicatorList=listing)}
    for indicator in listed:
        if indicator in WANTED:
            areas = [row for area in _areas(level) for row in _rows(seed, indicator, period, *area)]
            rows = areas if level == ENGLAND else [_disclosed(row) for row in areas]
            files[f"{BASE}/indicator/{indicator}/rawDataJSON?{query}"] = _document(
                copyright=COPYRIGHT, indicatorRawData=rows
            )
    return files


def _document(**parts: object) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()


def _listed(indicator: int) -> dict[str, object]:
    code, name = INDICATORS[indicator]
    fields = {"IndicatorID": indicator, "IndicatorCode": code, "IndicatorName": name, "IndicatorShortName": code}
    return fields | {
        "FormatDisplayName": "Proportion %",
        "NotificationCount": 0,
        "HighestPriorityNotificationType": None,
    }


def _areas(level: int) -> list[tuple[str, str, Callable[[org.SubIcb], bool]]]:
    """Give code, name and members of every area of a level."""
    if level == ENGLAND:
        return [("E92000001", "England", lambda _: True)]
    if level == REGION:
        return [
            (_REGION_CODES[one.code], one.name.title(), lambda part, one=one: part.icb.region == one)  # type: ignore[misc]
            for one in org.REGIONS
        ]
    if level == ICB:
        return [(one.gss_code, org.icb_name(one), lambda part, one=one: part.icb == one) for one in org.ICBS]  # type: ignore[misc]
    return [(one.gss_code, org.sub_icb_name(one), lambda part, one=one: part == one) for one in org.SUB_ICBS]  # type: ignore[misc]


@cache
def _of_sub_icb(seed: int, indicator: int, period: int, sub_icb: org.SubIcb) -> Table:
    stream = open_stream(seed, "cvdprevent", indicator, period, sub_icb.code)
    mix = org.decile_mix(sub_icb)
    people = apportion(_PEOPLE, [mix[2 * fifth] + mix[2 * fifth + 1] + 0.02 for fifth in range(5)])
    table: Table = {}
    for fifth, members in enumerate(people):
        for age, number in enumerate(apportion(members, _AGE_MIX[fifth])):
            excess = 1.16 - 0.08 * fifth  # 16% more at every age in the most deprived quintile, 16% fewer in the least
            cases = round(number * _PREVALENCE[age] * excess * (0.98 + 0.04 * stream.random()))
            table[fifth, age] = (
                (number, cases) if indicator == PREVALENCE else (cases, round(cases * _LEVEL_OF[indicator]))
            )
    return table


def _sum(tables: list[Table]) -> Table:
    return {key: (sum(t[key][0] for t in tables), sum(t[key][1] for t in tables)) for key in tables[0]}


def _england(seed: int, indicator: int, period: int) -> Table:
    return _sum([_of_sub_icb(seed, indicator, period, part) for part in org.SUB_ICBS])


def _rows(
    seed: int, indicator: int, period: int, code: str, name: str, is_member: Callable[[org.SubIcb], bool]
) -> list[dict[str, object]]:
    table = _sum([_of_sub_icb(seed, indicator, period, part) for part in org.SUB_ICBS if is_member(part)])
    fifths = [[table[fifth, age] for age in range(len(AGES))] for fifth in range(5)]
    ages = [[table[fifth, age] for fifth in range(5)] for age in range(len(AGES))]
    whole = [(sum(n for n, _ in cells), sum(c for _, c in cells)) for cells in ages]
    frame = {"AreaCode": code, "AreaName": name, "TimePeriodName": PERIODS[period], **_named(indicator)}
    groups = [("Sex", "Persons", "Persons", whole)]
    for band, cells in zip(AGES, ages, strict=True):
        women_and_men = zip(("Female", "Male"), _split(cells, (51, 49)), strict=True)
        groups += [("Age group", band, sex, part) for sex, part in (("Persons", cells), *women_and_men)]
    groups += [("Deprivation quintile", label, "Persons", c) for label, c in zip(QUINTILES, fifths, strict=True)]
    groups += [("Sex", sex, sex, part) for sex, part in zip(("Female", "Male"), _split(whole, (51, 49)), strict=True)]
    for kind, shares in ({"Ethnicity": ETHNICITIES} | PLUS_GROUPS).items() if indicator != PREVALENCE else ():
        split = _split(whole, tuple(shares.values()))
        groups += [(kind, name, "Persons", part) for name, part in zip(shares, split, strict=True)]
    rows = [_row(frame, *group, standardised=False) for group in groups]
    rows += [_row(frame, *g, standardised=True) for g in groups if g[0] in ("Sex", "Deprivation quintile")]
    return rows


def _named(indicator: int) -> dict[str, str]:
    code, name = INDICATORS[indicator]
    return {"IndicatorCode": code, "IndicatorName": name, "IndicatorShortName": f"{name} ({code})"}


def _split(cells: list[Cell], shares: tuple[int, ...]) -> list[list[Cell]]:
    people = [apportion(n, shares) for n, _ in cells]
    cases = [apportion(c, shares) for _, c in cells]
    return [[(n[place], c[place]) for n, c in zip(people, cases, strict=True)] for place in range(len(shares))]


def _row(
    frame: dict[str, str], kind: str, category: str, sex: str, cells: list[Cell], *, standardised: bool
) -> dict[str, object]:
    people, cases = sum(n for n, _ in cells), sum(c for _, c in cells)
    value, error = _standardise(cells) if standardised else _crude(people, cases)
    return {
        **frame,
        "CategoryAttribute": sex,
        "Denominator": None if standardised else people,
        "Factor": None,
        "HighestPriorityNotificationType": None,
        "LowerConfidenceLimit": round(100 * (value - 1.96 * error), 2),
        "MetricCategoryName": category,
        "MetricCategoryTypeName": kind + (" - Age Standardised" if standardised else ""),
        "NotificationCount": 0,
        "Numerator": None if standardised else cases,
        "UpperConfidenceLimit": round(100 * (value + 1.96 * error), 2),
        "Value": round(100 * value, 2),
        "ValueNote": NO_COUNTS if standardised else None,
    }


def _disclosed(row: dict[str, object]) -> dict[str, object]:
    """Give a row as it is published below England: counts rounded to 5, a small one hidden with all that it would give away."""
    counts = {name: count for name in ("Numerator", "Denominator") if isinstance(count := row[name], int)}
    if any(0 < count <= SMALL for count in counts.values()):
        hidden = ("Numerator", "Denominator", "Value", "LowerConfidenceLimit", "UpperConfidenceLimit")
        return row | dict.fromkeys(hidden) | {"ValueNote": SUPPRESSED}
    return row | {name: round_to_five(count) for name, count in counts.items()}


def _crude(people: int, cases: int) -> tuple[float, float]:
    share = cases / people
    return share, math.sqrt(share * (1 - share) / people)


def _standardise(cells: list[Cell]) -> tuple[float, float]:
    """Give the directly standardised share of four age bands and its standard error."""
    if len(cells) != len(_STANDARD):
        return _crude(sum(n for n, _ in cells), sum(c for _, c in cells))
    shares = [(weight, *_crude(n, c)) for weight, (n, c) in zip(_STANDARD, cells, strict=True)]
    return sum(w * p for w, p, _ in shares), math.sqrt(sum((w * e) ** 2 for w, _, e in shares))
