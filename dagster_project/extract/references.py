"""The relations beside the records: seeds of the returns, code lists of extracts, deciles of LSOAs and postcodes.

The public files are read where they lie; without them, IMD and the change of LSOAs come from the clean tables of this installation.
"""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier, paths by duck.quote_literal
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from dagster_project.contracts.collection import SEEDS_FOLDER
from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal as _t
from dagster_project.extract.layouts import CODES_FOLDER, plain_name
from dagster_project.extract.mapping import Input, Mapping
from dagster_project.extract.reading import Source, csv_source
from dagster_project.extract.refused import Refused, silent
from dagster_project.lake.run import Run

YEAR_OF = {"IMD2019": 2011, "IMD2025": 2021}
"""The LSOAs on which an edition of the Indices of Deprivation stands; never crossed."""
DECILES = (1, 10)
SEEDS = (
    "ethnic_category",
    "age_band",
    "person_stated_gender",
    "wait_band",
    "return_treatment_function",
    "return_code",
    "accommodation_status",
    "attended_or_did_not_attend",
)


def make_references(con: duckdb.DuckDBPyConnection, mapping: Mapping, folder: Path, installation: Run) -> None:
    """Make the tables of code lists and areas; paths of the mapping are taken from `folder`. Raises Refused."""
    for name in SEEDS:
        _csv_table(con, name, SEEDS_FOLDER / f"{name}.csv")
    for path in sorted(CODES_FOLDER.glob("*.csv")):
        _csv_table(con, path.stem, path)
    _make_imd(con, mapping, folder, installation)
    _make_lsoa_change(con, mapping, folder, installation)
    _make_postcodes(con, mapping, folder)
    _make_hostels(con, mapping, folder)
    _make_stated(con, mapping)


def _csv_table(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    con.execute(
        f"create temp table {_q(name)} as select * from read_csv({_t(str(path))}, header = true, types = {{'code': 'VARCHAR'}}, nullstr = '')"
    )


def _make_imd(con: duckdb.DuckDBPyConnection, mapping: Mapping, folder: Path, installation: Run) -> None:
    year = YEAR_OF[mapping.imd_version]
    if mapping.files.imd:
        source = _public(folder / mapping.files.imd)
        code = _named(source, lambda name: name.startswith("lsoa_code"), "LSOA code")
        if str(year) not in code[0]:
            raise Refused(
                "the file of deciles is of another edition",
                f"{mapping.imd_version} stands on the LSOAs of {year}",
                f"name File 7 of {mapping.imd_version}",
            )
        decile = _named(source, lambda name: name.startswith("index_of_multiple_deprivation_imd_decile"), "IMD decile")
        select = f"select {_q(code[1])} as lsoa_code, cast({_q(decile[1])} as integer) as imd_decile from {source.sql}"
    else:
        clean = _clean(installation, "mhclg_imd", f"lsoa_{year}")
        column = f"lsoa_code_{year}"
        select = (
            f"select {_q(column)} as lsoa_code, imd_decile from {clean}"
            if clean
            else "select null::varchar, null::integer where false"
        )
    with silent("the deciles cannot be read"):
        con.execute(
            f"create temp table imd as select {year} as lsoa_year, lsoa_code, imd_decile from ({select}) as t(lsoa_code, imd_decile)"
        )
        found = con.execute("select min(imd_decile), max(imd_decile) from imd").fetchone()
    if found not in {(None, None), DECILES}:
        raise Refused(
            "the deciles are not those of England",
            "they do not run from 1 to 10",
            f"name File 7 of {mapping.imd_version}",
        )


def _make_lsoa_change(con: duckdb.DuckDBPyConnection, mapping: Mapping, folder: Path, installation: Run) -> None:
    if mapping.files.lsoa_change:
        source = _public(folder / mapping.files.lsoa_change)
        old = _named(source, lambda name: name.startswith("lsoa11") and name.endswith(("code", "cd")), "LSOA 2011 code")
        new = _named(source, lambda name: name.startswith("lsoa21") and name.endswith(("code", "cd")), "LSOA 2021 code")
        select = f"select {_q(old[1])}, {_q(new[1])} from {source.sql}"
    else:
        clean = _clean(installation, "ons_geography", "lsoa_2011_to_2021")
        select = (
            f"select lsoa_code_2011, lsoa_code_2021 from {clean}"
            if clean
            else "select null::varchar, null::varchar where false"
        )
    with silent("the change of LSOAs cannot be read"):
        con.execute(f"create temp table lsoa_change as select distinct * from ({select}) as t(lsoa_2011, lsoa_2021)")


def _make_postcodes(con: duckdb.DuckDBPyConnection, mapping: Mapping, folder: Path) -> None:
    select = "select null::varchar, null::integer, null::varchar where false"
    if mapping.files.postcode_lookup:
        source = _public(folder / mapping.files.postcode_lookup)
        postcode = _named(source, lambda name: name == "pcds", "pcds")
        year = YEAR_OF[mapping.imd_version]
        if not _columns(source, _is_lsoa_of(year)):
            year = sum(YEAR_OF.values()) - year  # the other one
        lsoa = _named(source, _is_lsoa_of(year), "one of lsoa21, lsoa21cd, lsoa11, lsoa11cd")
        select = f"select {_q(postcode[1])}, {year}, {_q(lsoa[1])} from {source.sql}"
    with silent("the postcode lookup cannot be read"):
        con.execute(
            f"create temp view postcode_lookup as select * from ({select}) as t(postcode, lsoa_year, lsoa_code)"
        )


def _make_hostels(con: duckdb.DuckDBPyConnection, mapping: Mapping, folder: Path) -> None:
    """The postcodes of hostels that the trust knows: a CSV with a column postcode."""
    select = "select null::varchar where false"
    if mapping.files.hostels:
        source = _public(folder / mapping.files.hostels)
        select = f"select {_q(_named(source, lambda name: name == 'postcode', 'postcode')[1])} from {source.sql}"
    with silent("the list of hostels cannot be read"):
        con.execute(f"create temp table hostel as select * from ({select}) as t(postcode)")


def _make_stated(con: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    """Rows that are in no extract: populations, enhanced primary care."""
    con.execute(
        "create temp table stated (month date, measure_code varchar, identification_method varchar, accommodation_group varchar, "
        "n bigint, denominator_source varchar)"
    )
    for one in mapping.stated:
        values = [one.month, one.measure, one.method, one.group, one.value, one.source or None]
        con.execute("insert into stated values (?, ?, ?, ?, ?, ?)", values)


def _public(path: Path) -> Source:
    """A public file, CSV in UTF-8."""
    if not path.is_file():
        raise Refused("a public file is not there", f"{path.name} is no file", "name it in the mapping under `files`")
    return csv_source(Input(), path)


def _is_lsoa_of(year: int) -> Callable[[str], bool]:
    """Whether a column of the postcode lookup is the LSOA of a year; ONSPD has those of both years, and the edition says which is meant."""
    return lambda name: name in {f"lsoa{year % 100}", f"lsoa{year % 100}cd"}


def _columns(source: Source, fits: Callable[[str], bool]) -> list[tuple[str, str, str]]:
    return [column for column in source.columns if fits(plain_name(column[0]))]


def _named(source: Source, fits: Callable[[str], bool], words: str) -> tuple[str, str, str]:
    hits = _columns(source, fits)
    if len(hits) != 1:
        raise Refused(
            "a public file is not the one that is meant",
            f"it has {len(hits)} columns for {words}, not one",
            "name the file that the template describes",
        )
    return hits[0]


def _clean(installation: Run, source: str, table: str) -> str:
    """SQL that reads a clean table of this installation; "" before a nightly run has made it."""
    folder = installation.lake.current(source, table, installation.origin)
    return f"read_parquet({_t(str(folder / '*.parquet'))})" if any(folder.glob("*.parquet")) else ""
