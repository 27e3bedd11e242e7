"""A new user's way: the commands of the README, a template that is filled in, and the return in this installation's own drop folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.extract.making import Made, put_into_inbox
from dagster_project.extract.mapping import load_mapping
from dagster_project.lake.paths import Lake
from dagster_project.operate.extract_cli import say_intake
from tests.fixtures.returns_inbox import receipts, take_in
from tests.fixtures.runs import run_at

README = Path(__file__).parents[3] / "dagster_project" / "returns" / "README.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def test_the_commands_of_the_readme_end_with_an_accepted_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same return is then made with a template that is filled in, and taken in by this installation."""
    monkeypatch.chdir(tmp_path)
    (block,) = [text for text in BLOCK.findall(README.read_text(encoding="utf-8")) if "hiw extract" in text]
    commands = [shlex.split(line)[1:] for line in block.splitlines()]
    assert 3 < len(commands) < 10
    for command in commands:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, (command, result.output)
    wanted = (tmp_path / "trial" / "return" / "HIW-WL01_R9B_2026-09_v09.csv").read_bytes()

    assert CliRunner().invoke(app, ["extract", "template", "WL01"]).exit_code == 0
    assert CliRunner().invoke(app, ["extract", "template", "WL01"]).exit_code == 2
    assert CliRunner().invoke(app, ["extract", "sample", "WL01", "--out", "national"]).exit_code == 0
    said = {
        "organisation": "R9B",
        "period": "2026-09",
        "signed_off_role": "COO",
        "signed_off_date": "2026-10-12",
        "dates": "%d/%m/%Y",
    }
    text = Path("mapping-WL01.yml").read_text(encoding="utf-8")
    for name, value in said.items():
        text = text.replace(f'{name}: ""', f'{name}: "{value}"', 1)
    text = text.replace("# WAITING_LIST_TYPE: ", "WAITING_LIST_TYPE: none").replace(
        "# imd: File_7.csv", "imd: national/File_7.csv"
    )
    Path("mapping-WL01.yml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["extract", "make", "mapping-WL01.yml", "national/extract.csv", "--out", "own"])
    assert result.exit_code == 0, result.output
    data = Path("own/HIW-WL01_R9B_2026-09_v01.csv")
    assert data.read_bytes() == wanted

    lake = Lake(tmp_path / "lake")
    made = Made(data, data.with_suffix(".manifest.csv"), data.with_suffix(".methods.md"))
    put_into_inbox(made, load_mapping(Path("mapping-WL01.yml")), run_at(lake))
    assert [one.name for one in take_in(lake).receipts if one.outcome.startswith("accepted")] == [data.name]
    assert len(receipts(lake)) == 1 and say_intake(made, run_at(lake), {}) == 0
    # A release that shows another return of the period: the trust would look in vain for its own.
    lake.published.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(lake.marts)) as con:
        slot = "'WL01' as collection_code, 'R9B' as organisation_code, date '2026-09-30' as period_end"
        con.execute(
            f"create table mart_submission as select {slot}, true as is_in_use, 'V' as submission_type, 3 as sequence_no"
        )
    told: dict[str, Any] = {}
    assert say_intake(made, run_at(lake), told) == 1
    assert "The release shows V03 of this period" in told["intake"]["used_instead"]
    lake.marts.unlink()
    # Another file of the same number: the check of the file alone cannot know, intake does, and the command says so.
    options = ["--out", "own", "--profile", "safe"]
    assert (
        CliRunner().invoke(app, ["extract", "make", "mapping-WL01.yml", "national/extract.csv", *options]).exit_code < 2
    )
    assert say_intake(made, run_at(lake), {}) == 1
    put_into_inbox(made, load_mapping(Path("mapping-WL01.yml")), run_at(lake))
    take_in(lake)
    assert say_intake(made, run_at(lake), {}) == 2
    assert "Intake: rejected (C06)" in capsys.readouterr().out
