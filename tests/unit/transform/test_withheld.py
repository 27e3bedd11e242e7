"""Lines of dbt that name no node, or that are not of its log at all, are held like those of a table of returns."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation
from packaging.version import Version

from dagster_project.transform.withheld import LOG, guard

SECRET = "943 476 5919"


def _line(level: str, name: str, message: str, node: str = "") -> str:
    data = {"node_info": {"unique_id": node}} if node else {}
    return json.dumps({"info": {"level": level, "name": name, "msg": message}, "data": data})


def _run(lines: list[str], target: Path) -> DbtCliInvocation:
    output = target.parent / "output.txt"
    output.write_text("\n".join(lines), encoding="utf-8")
    process = subprocess.Popen(["sh", "-c", f"cat {output}; exit 1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return guard(
        DbtCliInvocation(process, {"nodes": {}}, DagsterDbtTranslator(), target, target, True, Version("1.11"))
    )


def test_what_names_no_node_passes_only_as_information(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = [
        _line("info", "FoundStats", "Found 5 models"),
        _line("info", "JinjaLogInfo", f"printed by a macro: {SECRET}"),
        _line("error", "MainEncounteredError", f"IO Error: {SECRET}"),
        f"Traceback: {SECRET}",
        f'"{SECRET}"',
    ]
    run = _run(lines, tmp_path / "target")
    with pytest.raises(Exception, match="dbt: IO Error; withheld") as raised:
        run.wait()
    printed = capfd.readouterr()
    assert SECRET not in str(raised.value) + printed.out + printed.err
    assert "Found 5 models" in printed.out
    log = tmp_path / "target" / LOG
    assert log.read_text(encoding="utf-8").count(SECRET) == 4
    assert log.stat().st_mode & 0o777 == 0o600
