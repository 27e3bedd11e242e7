"""The SQL of `hiw extract` on Apache Spark: over the same records it gives the return that DuckDB gives, cell by cell.

So a national body can run it on the records of many trusts. One layout at a time; records are typed by DuckDB and handed over as Parquet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.duck import quote_identifier, quote_literal
from dagster_project.extract.layouts import CODES_FOLDER
from dagster_project.extract.mapping import load_mapping
from dagster_project.extract.references import SEEDS
from dagster_project.extract.running import Wanted, open_run
from dagster_project.lake.run import Run
from dagster_project.settings import load_settings
from tests.fixtures import extracts as own
from tests.parity.asked import Spark, write_table
from tests.parity.compare import first_difference
from tests.parity.compiled import compile_for_spark, extract_statements

pytestmark = [pytest.mark.requires_engine, pytest.mark.timeout(3600)]
GIVEN = ("imd", "lsoa_change", "postcode_lookup", "hostel", "stated", "area", "parameters")
BEFORE = ("decile_of_lsoa", "decile_of_postcode", "area_of_person")
STEPS = ("grouped", "judged", "repeated", "duplicates", "tally", "cells")
TWICE = 40
"""How many records of each extract are there in two versions."""


@dataclass(frozen=True)
class Case:
    """A layout, its mapping and its extract."""

    mapping: str
    layout: str
    header: list[str]
    rows: Callable[[Path], Iterable[list[str]]]
    older: int
    """How many older versions there are; two of the appointments are of no kind that has versions."""
    separator: str = ","


def pathways(folder: Path) -> Iterable[list[str]]:
    records = own.pathways(2_000, own.deciles(folder))
    later = {"DATE_AND_TIME_DATA_SET_CREATED": "02/10/2026 06:00:00", "sex": "9", "list": "IRTT"}
    return map(own.wlmds_row, [*records, *(one | later for one in records[:TWICE])])


def appointments(folder: Path) -> Iterable[list[str]]:
    records = own.appointments(2_000, {f"AA{place} 0ZZ": "1" for place in range(40)})
    later = {"applied": "2026-10-06 10:00:00", "attended": "3"}
    return map(own.cds_row, [*records, *(one | later for one in records[:TWICE])])


def attendances(_: Path) -> Iterable[list[str]]:
    records = own.attendances(2_000)
    return map(own.ecds_row, [*records, *(one | {"snomed": "32911000"} for one in records[:TWICE])])


CASES = {
    "wlmds_open": Case(own.MAPPING, "wlmds_open", own.WLMDS_HEADER, pathways, TWICE),
    "cds_020": Case(own.OP01_MAPPING, "cds_020", own.CDS_HEADER, appointments, TWICE - 2, ";"),
    "ecds": Case(own.UC01_MAPPING, "ecds", own.ECDS_HEADER, attendances, TWICE),
    "admitted_care": Case(
        own.UC01_MAPPING, "admitted_care", own.SPELL_HEADER, lambda _: map(own.spell_row, own.spells(2_000)), 0
    ),
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Spark]:
    with Spark(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="module")
def sql() -> dict[str, str]:
    """The statements as dbt-spark renders them."""
    return extract_statements(compile_for_spark(Run.of(load_settings())))


def statement_of(sql: dict[str, str], layout: str, step: str) -> str:
    """The name of the statement that makes a step of a layout."""
    return step if step in BEFORE else f"{layout}_{step}"


@pytest.mark.parametrize("name", CASES)
def test_spark_gives_the_return_that_duckdb_gives(name: str, spark: Spark, sql: dict[str, str], tmp_path: Path) -> None:
    case = CASES[name]
    own.write_public_files(tmp_path)
    codes = sorted(own.deciles(tmp_path))
    lookup = [[f"AA{place} 0ZZ", code] for place, code in enumerate(codes[:40])]
    (tmp_path / "nspl.csv").write_text(own.csv_text(["pcds", "lsoa21cd"], lookup))
    (tmp_path / "hostels.csv").write_text(own.csv_text(["postcode"], [[own.HOSTEL]]))
    (tmp_path / "extract.csv").write_text(own.csv_text(case.header, case.rows(tmp_path), case.separator))
    lines = case.mapping.splitlines()
    others = [other for other in CASES if other != name]
    (tmp_path / "mapping.yml").write_text(
        "\n".join(line for line in lines if not line.strip().startswith(tuple(f"{other}:" for other in others)))
    )
    mapping = load_mapping(tmp_path / "mapping.yml")
    files = [str(tmp_path / "extract.csv")]
    seeds = [*SEEDS, *(path.stem for path in CODES_FOLDER.glob("*.csv"))]
    found: list[object] = []  # judged outside: open_run says of an error inside no more than its kind
    with open_run(mapping, tmp_path, files, Wanted(), Run.of(load_settings())) as run:
        run.con.execute(f"create or replace temp view records as from {quote_identifier(case.layout)}")
        given = {
            one: write_table(run.con, quote_identifier(one), tmp_path / "given" / one)
            for one in (*seeds, *GIVEN, "records")
        }
        rows = f"{mapping.collection.lower()}_rows"
        run.make_table("return", rows)
        steps = {step: statement_of(sql, case.layout, step) for step in (*BEFORE, *STEPS)} | {"return": rows}
        for step, statement in steps.items():
            if statement in sql:
                to = str(tmp_path / "made" / step)
                found += [
                    f"{statement}: {said['refused']}"
                    for said in spark.ask(given, [{"id": step, "sql": sql[statement], "to": to}])
                    if "refused" in said
                ]
                given = {step: (to, "")}
        found += [statement for statement in steps.values() if (statement in sql) != (statement in run.sql)]
        for made in () if found else ("tally", "cells", "return"):
            of_spark = quote_literal(str(tmp_path / "made" / made / "*.parquet"))
            run.con.execute(f"create or replace temp view got as from read_parquet({of_spark})")
            if made == "tally":  # its keys are of a hash that each engine has of its own
                found += run.con.execute("select count(*) from got where is_older").fetchall()
            else:
                found.append(first_difference(run.con, quote_identifier(made), "got"))
        found += run.con.execute("select count(*) from tally where is_older").fetchall()
        found += run.con.execute('select count(*) > 50 from "return"').fetchall()
    assert found == [(case.older,), "", "", (case.older,), (True,)]
