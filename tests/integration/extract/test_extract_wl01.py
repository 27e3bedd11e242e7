"""WL01 from open pathways: the command's return against a count of the same records in plain Python, and the rules one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from tests.fixtures import extracts as own

RETURN = "HIW-WL01_R9A_2026-09_v01.csv"


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and everything that the command said."""
    result = CliRunner().invoke(app, ["extract", *arguments])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files and a mapping."""
    made = tmp_path_factory.mktemp("extract")
    own.write_public_files(made)
    (made / "mapping.yml").write_text(own.MAPPING)
    return made


def make(
    folder: Path, records: list[own.Record], *options: str, out: str
) -> tuple[int, str, dict[tuple[str, ...], str]]:
    """The return of these records: exit code, what was said, the rows."""
    extract = folder / f"{out}.csv"
    extract.write_text(own.csv_text(own.WLMDS_HEADER, map(own.wlmds_row, records)))
    code, said = run("make", str(folder / "mapping.yml"), str(extract), "--out", str(folder / out), *options)
    made = folder / out / RETURN
    return code, said, own.cells_of(made, "pathway_count") if made.exists() else {}


@pytest.fixture(scope="module")
def records(folder: Path) -> list[own.Record]:
    """Three thousand pathways, the edges of bands and birthdays among them."""
    return own.pathways(3_000, own.deciles(folder))


def test_the_return_is_the_count_of_the_records(folder: Path, records: list[own.Record]) -> None:
    code, said, rows = make(folder, records, out="whole")
    assert code == 0, said
    wanted = own.count_pathways(records, own.deciles(folder))
    assert {key: int(text) for key, text in rows.items() if text != "0"} == dict(wanted)
    sums = {
        name: sum(int(text) for key, text in rows.items() if key[:3] == ("2", "ALL", name))
        for name in ("G0", "G1", "G2", "G3", "G4", "G5", "G9")
    }
    assert set(sums.values()) == {len(records)}
    note = (folder / "whole" / RETURN.replace(".csv", ".methods.md")).read_text()
    assert "Records that count: 3,000." in note and "[O]" in note
    assert (folder / "whole" / RETURN).stat().st_mode & 0o077 == 0
