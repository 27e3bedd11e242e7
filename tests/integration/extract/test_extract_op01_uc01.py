"""OP01 and UC01 from appointments, attendances and spells: the command's return against a count of the same records in plain Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from tests.fixtures import extracts as own

OP01, UC01 = "HIW-OP01_R9A_2026-09_v01.csv", "HIW-UC01_R9A_2026-09_v01.csv"


def run(*arguments: object) -> tuple[int, str]:
    """Exit code and everything that the command said."""
    result = CliRunner().invoke(app, ["extract", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files, a postcode lookup and the mappings."""
    made = tmp_path_factory.mktemp("extract")
    own.write_public_files(made)
    lookup = [(f"AA{place // 10} {place % 10}ZZ", code) for place, code in enumerate(sorted(own.deciles(made)))]
    (made / "nspl.csv").write_text(
        own.csv_text(["pcd7", "pcds", "doterm", "lsoa21cd", "imd20ind"], [[p, p, "", code, "1"] for p, code in lookup])
    )
    (made / "hostels.csv").write_text(own.csv_text(["postcode"], [[own.HOSTEL]]))
    (made / "op01.yml").write_text(own.OP01_MAPPING)
    (made / "uc01.yml").write_text(own.UC01_MAPPING)
    return made


def postcodes(folder: Path) -> dict[str, str]:
    """Postcode -> decile."""
    return {
        f"AA{place // 10} {place % 10}ZZ": decile
        for place, (_, decile) in enumerate(sorted(own.deciles(folder).items()))
    }


def test_op01_is_the_count_of_the_appointments(folder: Path) -> None:
    records = own.appointments(3_000, postcodes(folder))
    (folder / "op.csv").write_text(own.csv_text(own.CDS_HEADER, map(own.cds_row, records), ";"))
    code, said = run("make", folder / "op01.yml", folder / "op.csv", "--out", folder / "op")
    assert code == 0, said
    rows = own.cells_of(folder / "op" / OP01, "appointment_count")
    assert {key: int(text) for key, text in rows.items() if text != "0"} == dict(
        own.count_appointments(records, postcodes(folder))
    )


def test_uc01_is_the_count_of_attendances_persons_spells_and_nights(folder: Path) -> None:
    visits, stays = own.attendances(3_000), own.spells(2_000)
    (folder / "ecds.csv").write_text(own.csv_text(own.ECDS_HEADER, map(own.ecds_row, visits)))
    (folder / "apc.csv").write_text(own.csv_text(own.SPELL_HEADER, map(own.spell_row, stays)))
    files = (f"ecds={folder / 'ecds.csv'}", f"admitted_care={folder / 'apc.csv'}")
    code, said = run("make", folder / "uc01.yml", *files, "--out", folder / "uc")
    assert code == 0, said
    found = {}
    for line in (folder / "uc" / UC01).read_text().splitlines()[1:]:
        _, month, measure, group, status, way, value, source = line.split(",")
        assert status == "ALL"
        if value != "0":
            found[(month, measure, group, way)] = (int(value), source)
    assert found.pop(("2026-09-30", "POP_DENOMINATOR", "HOMELESS", "CODED_STATUS")) == (2000, "H-CLIC")
    assert {key: value for key, (value, _) in found.items()} == dict(
        own.count_attendances(visits) + own.count_spells(stays)
    )
