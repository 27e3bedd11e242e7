"""Reference files that lost areas or organisations: found beside other publishers' lists, the last good copy stays in use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.contracts.source import Entity, load_sources
from dagster_project.lake.completeness import find_holes
from dagster_project.lake.continuity import find_small_first
from dagster_project.lake.paths import Lake
from tests.fixtures.estate_lake import REFERENCES, EstateLake, begin
from tests.warehouses import MIRROR

Change = Callable[[list[str]], list[str]]
HES_PAGE = (
    "digital.nhs.uk/data-and-information/publications/statistical/"
    "provisional-monthly-hospital-episode-statistics-for-admitted-patient-care-outpatient-and-accident-and-emergency-data"
)
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


def test_first_file_of_commissioners_that_lost_one_is_used_and_the_one_is_named(
    reference_night: EstateLake, tmp_path: Path
) -> None:
    """No real file has shown that every commissioner has a row, and they merge, so the list holds nothing back."""
    estate = reference_night.copy_to(tmp_path)
    estate.rewrite("phsmi-q1-2025-26.csv", without(",9QA,"))
    _, parsed = estate.take_in("nhse_smi")
    assert (parsed.refused, parsed.held) == ([], [])
    (said,) = (warning for warning in parsed.warnings if "are lacking in its organisation_code (9QA)" in warning)
    assert "1 of the 7 codes in ons_geography lsoa_2021" in said and said.startswith("nhse_smi phsmi fy2025-26-q1")


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
def test_known_first_report_that_lost_one_row_is_held_beside_its_count(tmp_path: Path) -> None:
    """The publisher's own reports have 273 trusts and 11,537 successions."""
    address = "www.odsdatasearchandexport.nhs.uk"
    shutil.copytree(MIRROR / address, tmp_path / "mirror" / address)
    estate = begin(tmp_path / "mirror", tmp_path, ())
    for report in ("etr", "succ"):
        estate.rewrite(f"report={report}", lambda lines: [*lines[:100], *lines[101:]])
    _, parsed = estate.take_in("ods_organisation")
    trust, succession = parsed.held
    assert "11,536 records, where 11,537 are usual and 100% of them must be there" in succession
    assert "272 records, where 273 are usual and 100% of them must be there" in trust
    assert set(estate.in_use("ods_organisation")) == {"sub_icb 2026"}


def test_only_the_known_period_must_have_every_record() -> None:
    """Another month may have fewer: it is held below the share that is let through (80%)."""
    assert find_small_first(80, 100, 0.8).failures == find_small_first(100, 100, 1).failures == []
    assert find_small_first(99, 100, 1).failures == ["99 records, where 100 are usual and 100% of them must be there"]
    entity = load_sources()["nhse_msds"].entity("data")
    assert (entity.known_period, entity.usual_records) == ("2025-03", 83_781)


# -- full sets and sums: tables that show their holes -------------------------------------------------------------------

FIFTHS = {"columns": ["quintile"], "values": [["1"], ["2"], ["3"]], "where": "quintile <> 'all'"}
SEXES = {"columns": ["sex"], "where": "quintile = 'all'"}


def of_columns(**more: object) -> Entity:
    """A table of areas by quintile and sex with that contract."""
    named = [
        {"name": name, "type": "VARCHAR", "description": name, "key": True} for name in ("area", "quintile", "sex")
    ]
    clean = [*named, {"name": "people", "type": "BIGINT", "description": "people"}]
    common = {
        "name": "x",
        "title": "x",
        "grain": "x",
        "direct_addresses": ["x"],
        "fixed_period": "2024",
        "format": "csv",
    }
    return Entity.model_validate(
        common | {"absent_row": "gap", "columns": [], "clean": clean, "period_column": ""} | more
    )


def write(path: Path, rows: list[tuple[str, str, str, int]]) -> Path:
    values = ", ".join(map(str, rows))
    duckdb.sql(f"copy (from (values {values}) t(area, quintile, sex, people)) to '{path}'")
    return path


WHOLE = [
    *[("E", fifth, "persons", 10) for fifth in ("1", "2", "3")],
    *[(area, "all", sex, 30) for area in ("E", "F") for sex in ("persons", "female", "male")],
]


@pytest.mark.parametrize("gone", range(len(WHOLE)))
def test_each_row_of_a_full_set_is_missed_by_name(tmp_path: Path, gone: int) -> None:
    entity = of_columns(full_sets=[FIFTHS, SEXES])
    rest = [row for place, row in enumerate(WHOLE) if place != gone]
    with duckdb.connect() as con:
        assert find_holes(con, entity, write(tmp_path / "whole.parquet", WHOLE), "critical") == []
        (said,) = find_holes(con, entity, write(tmp_path / "rest.parquet", rest), "critical")
    assert said.startswith("1 rows are lacking") and f"({' / '.join(WHOLE[gone][:3])})" in said


def test_full_set_that_no_real_file_has_shown_only_names_its_holes(tmp_path: Path) -> None:
    entity = of_columns(full_sets=[FIFTHS | {"severity": "warning"}])
    short = write(tmp_path / "short.parquet", WHOLE[1:])
    with duckdb.connect() as con:
        assert find_holes(con, entity, short, "critical") == []
        (said,) = find_holes(con, entity, short, "warning")
    assert "(E / 1 / persons)" in said


@pytest.mark.requires_mirror
def test_specialties_of_real_months_add_up_to_ages_or_are_held(tmp_path: Path) -> None:
    """36 months and twelve counts of each; one specialty of one month is taken out: its 107,160 episodes are said."""
    shutil.copytree(
        MIRROR, tmp_path / "mirror", ignore=lambda folder, names: [n for n in names if not _of_hes(folder, n)]
    )
    estate = EstateLake(tmp_path / "mirror", Lake(tmp_path / "data_lake"))
    estate.rewrite("HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv", without("31MAR21,01APR20,31MAR21,100,", 1))
    _, parsed = estate.take_in("nhsd_hes_monthly")
    (said,) = parsed.held
    assert (
        '"finished_consultant_episodes" of 2021-03-01 add up to 1500794, and to 1607954 in nhsd_hes_monthly age_band'
        in said
    )
    assert set(estate.in_use("nhsd_hes_monthly")) == {"age_band fy2020-21", "provider_activity fy2020-21"}


def _of_hes(folder: str, name: str) -> bool:
    """Whether a part of the mirror leads to the three files of monthly HES."""
    path = f"{Path(folder).relative_to(MIRROR)}/{name}".removeprefix("./")
    wanted = ("files.digital.nhs.uk/57", "files.digital.nhs.uk/58", "files.digital.nhs.uk/59", HES_PAGE)
    return any(path.startswith(one) or one.startswith(path) for one in wanted)
