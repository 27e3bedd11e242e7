"""Why no directly standardised rate of an ICB is worked out: no table of any source has activity by age and by sex and by area.

A source that has one fails here: then the line of the Statement can be answered, and the description of the seed statement_indicators is to be changed.
"""

from __future__ import annotations

import re

import pytest

from dagster_project.contracts.source import Entity, load_sources

TABLES = [(source.slug, entity) for source in load_sources().values() for entity in source.entities]
AREA = re.compile(r"^(organisation|area|practice|provider|icb|sub_icb|lsoa|trust|local_authority|commissioner)\w*_code")
AGE = re.compile(r"^age(_|$)|_age(_|$)|^aged_")
SEX = re.compile(r"(^|_)(sex|gender|female|male|women|men)(_|$)")


def _columns(entity: Entity) -> list[str]:
    """Names of the clean columns; those that are repeated by their prefix."""
    return [column.name for column in entity.clean]


def _has(pattern: re.Pattern[str], entity: Entity) -> bool:
    return any(pattern.search(name) for name in _columns(entity))


def test_no_table_has_activity_by_age_and_sex_and_area() -> None:
    by_age_and_sex = {
        (slug, entity.name): _has(AREA, entity) for slug, entity in TABLES if _has(AGE, entity) and _has(SEX, entity)
    }
    assert by_age_and_sex == {
        # attendances by five years of age and by sex, England
        ("nhsd_hes_outpatient", "age_sex_specialty"): False,
        ("nhsd_hes_outpatient", "age_sex_workbook"): False,
        # prevalence of one age range each, no activity
        ("ohid_fingertips", "indicator"): True,
    }


def test_no_breakdown_crosses_age_and_sex() -> None:
    """Tables with a column of breakdowns have one of them on a row: age or sex, with or without an area."""
    crossed = {
        (slug, entity.name, value)
        for slug, entity in TABLES
        for label in entity.labels
        for value in label.values
        if re.search(r"\bage", str(value), re.I) and SEX.search(re.sub(r"\W+", "_", str(value)).lower())
    }
    assert crossed == set()


@pytest.mark.parametrize(
    ("slug", "entity", "has"),
    [
        ("ons_census", "age_band", AGE),
        ("nhsd_hes_monthly", "age_band", AGE),
        ("nhsd_hes_monthly", "provider_activity", AREA),
    ],
)
def test_appointments_by_area_and_by_age_are_two_tables_and_residents_have_no_sex(
    slug: str, entity: str, has: re.Pattern[str]
) -> None:
    """What the indirect rate by age is made of (int_outpatients_standardised_indicator_value)."""
    (table,) = [one for known, one in TABLES if (known, one.name) == (slug, entity)]
    assert _has(has, table)
    assert not _has(SEX, table)
    assert not (_has(AGE, table) and _has(AREA, table)) or slug == "ons_census"
