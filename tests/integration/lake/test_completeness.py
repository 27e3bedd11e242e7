"""Reference files that lost areas or organisations: found beside other publishers' lists, the last good copy stays in use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from tests.fixtures.estate_lake import REFERENCES, EstateLake, begin
from tests.warehouses import MIRROR

Change = Callable[[list[str]], list[str]]
CENSUS_RESIDENTS_OF_ENGLAND = 56_490_108
"""Usual residents of England in the publisher's own total of TS021 (Nomis, Census 2021)."""


@pytest.fixture(scope="module")
def reference_night(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> EstateLake:
    return begin(sample_estate, tmp_path_factory.mktemp("references"), REFERENCES)


def without(text: str, most: int = 10**6) -> Change:
    """Leave out the first lines that hold a text."""

    def change(lines: list[str]) -> list[str]:
        gone = [line for line in lines if text in line][:most]
        assert gone, text
        return [line for line in lines if line not in gone]

    return change


def unchanged_pair(lines: list[str]) -> list[str]:
    """Leave out an LSOA of 2011 that is one of 2021 as it is: the change codes of the other rows still fit."""
    gone = next(line for line in lines if ",U," in line)
    return [line for line in lines if line != gone]


def one_more(lines: list[str]) -> list[str]:
    """Add an LSOA that no other file knows."""
    code = lines[-1][:9]
    assert code.startswith("E01"), code
    return [*lines, lines[-1].replace(code, "E01999999")]


SHORT = {
    "look-up": ("ons_geography", "Lookup_in_EN.csv", without("E01", 7), ["7 of the 403 codes in mhclg_imd lsoa_2021"]),
    "crosswalk": (
        "ons_geography",
        "Lookup_for_EW.csv",
        unchanged_pair,
        ["1 of the 400 codes in mhclg_imd lsoa_2011", "1 of the 403 codes in mhclg_imd lsoa_2021"],
    ),
    "ethnic group": (
        "ons_census",
        "TS021_ethnic_group_lsoa.csv",
        without("E01", 42),
        ["42 of the 403 codes in mhclg_imd lsoa_2021", "42 of the 403 codes in ons_geography lsoa_2011_to_2021"],
    ),
    "age band": (
        "ons_census",
        "age_bands_lsoa.csv",
        without("E01", 1),
        ["1 of the 403 codes in mhclg_imd lsoa_2021", "1 of the 403 codes in ons_geography lsoa_2011_to_2021"],
    ),
    "trust": ("ods_organisation", "report=etr", without('"R9A"'), ["in ohid_catchment trust_icb", "(R9A)"]),
    "sub-ICB location": (
        "ods_organisation",
        "report=eccg",
        without('"9QA"'),
        ["1 of the 7 codes in ons_geography lsoa_2021", "(9QA)"],
    ),
    "succession": (
        "ods_organisation",
        "report=succ",
        without('"9QX"'),
        ["in ods_organisation sub_icb", "predecessor_code (9QX)"],
    ),
    "one area too many": (
        "ons_geography",
        "Lookup_in_EN.csv",
        one_more,
        ["1 of the 404 codes in its lsoa_code_2021 are not in mhclg_imd", "E01999999"],
    ),
}


@pytest.mark.parametrize("case", SHORT)
def test_reference_that_lost_codes_is_held_by_name_and_its_last_good_copy_stays(
    reference_night: EstateLake, tmp_path: Path, case: str
) -> None:
    slug, file, change, words = SHORT[case]
    estate = reference_night.copy_to(tmp_path)
    before = estate.in_use(slug)
    estate.rewrite(file, change)
    _, parsed = estate.take_in(slug)
    assert parsed.refused == [] and len(parsed.held) == 1, (parsed.refused, parsed.held)
    assert f"{slug} " in parsed.held[0]
    for word in (*words, "fetch"):
        assert word in parsed.held[0], parsed.held[0]
    assert estate.in_use(slug) == before


def test_deprivation_that_lost_an_area_is_refused_by_its_own_ranks(reference_night: EstateLake, tmp_path: Path) -> None:
    estate = reference_night.copy_to(tmp_path)
    before = estate.in_use("mhclg_imd")
    estate.rewrite("Population_Denominators.csv", lambda lines: [*lines[:200], *lines[201:]])
    _, parsed = estate.take_in("mhclg_imd")
    assert len(parsed.refused) == 1 and "ranks do not run from 1" in parsed.refused[0]
    assert estate.in_use("mhclg_imd") == before


def test_short_first_copy_is_not_used_when_the_lists_are_there(sample_estate: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_estate, tmp_path / "mirror")
    estate = begin(tmp_path / "mirror", tmp_path, REFERENCES[:3])
    estate.rewrite("TS021_ethnic_group_lsoa.csv", without("E01", 3))
    _, parsed = estate.take_in("ons_census")
    assert len(parsed.held) == 1
    assert set(estate.in_use("ons_census")) == {"age_band 2021"}


def test_list_that_comes_later_judges_again(sample_estate: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_estate, tmp_path / "mirror")
    estate = begin(tmp_path / "mirror", tmp_path, ())
    estate.rewrite("TS021_ethnic_group_lsoa.csv", without("E01", 3))
    assert estate.take_in("ons_census")[1].held == []
    estate.take_in("mhclg_imd")
    _, parsed = estate.take_in("ons_census")
    assert len(parsed.held) == 1 and "3 of the 403 codes in mhclg_imd" in parsed.held[0]
    assert estate.take_in("ons_census")[1].reports == []


def test_lists_exist_and_no_two_sources_wait_for_each_other() -> None:
    sources, settled = load_sources(), set[str]()
    for source in sources.values():
        for entity in source.entities:
            for reference in entity.complete_against:
                columns = {c.name for c in sources[reference.source].entity(reference.entity).clean_columns}
                assert reference.column in columns, (source.slug, reference)
    while waiting := [s for s in sources.values() if s.slug not in settled]:
        ready = {s.slug for s in waiting if s.references <= settled}
        assert ready, [s.slug for s in waiting]
        settled |= ready


@pytest.mark.requires_mirror
def test_census_without_42_areas_does_not_replace_the_whole_one(tmp_path: Path) -> None:
    """The figure is the publisher's: 56,490,108 residents of England; the short file would give 56,422,768."""
    for address in ("assets.publishing.service.gov.uk", "geoportal.statistics.gov.uk", "www.nomisweb.co.uk"):
        shutil.copytree(MIRROR / address, tmp_path / "mirror" / address)
    estate = begin(tmp_path / "mirror", tmp_path, ("mhclg_imd", "ons_geography", "ons_census"))
    for file, slug in (("TS021_ethnic_group_lsoa.csv", "ons_census"), ("Lookup_in_EN.csv", "ons_geography")):
        estate.rewrite(file, without("Buckinghamshire", 42))
        _, parsed = estate.take_in(slug)
        assert len(parsed.held) == 1 and "42 of the 33,755 codes in mhclg_imd lsoa_2021" in parsed.held[0]
    of_england = "cast(sum(residents) filter (where country = 'england') as bigint)"
    assert estate.value("ons_census", "ethnic_group", of_england) == CENSUS_RESIDENTS_OF_ENGLAND


@pytest.mark.requires_mirror
def test_first_report_with_half_of_its_rows_is_held_beside_its_usual_size(tmp_path: Path) -> None:
    address = "www.odsdatasearchandexport.nhs.uk"
    shutil.copytree(MIRROR / address, tmp_path / "mirror" / address)
    estate = begin(tmp_path / "mirror", tmp_path, ())
    for report in ("etr", "succ"):
        estate.rewrite(f"report={report}", lambda lines: lines[: len(lines) // 2])
    _, parsed = estate.take_in("ods_organisation")
    trust, succession = parsed.held
    assert "5,768 records, where 11,537 are usual and 80% of them must be there" in succession
    assert "136 records, where 273 are usual and 80% of them must be there" in trust
    assert set(estate.in_use("ods_organisation")) == {"sub_icb 2026"}
