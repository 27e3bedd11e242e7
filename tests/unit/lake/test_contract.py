"""What a source.yml may not say: each mistake is refused when the contract is loaded, with the file and the place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.contracts.source import SOURCES_FOLDER, ContractError, Source, load_sources, read_source

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Change], Source]:
    """The A&E contract with one change, read from a folder of its own."""

    def read(change: Change) -> Source:
        folder = tmp_path / "nhse_ae"
        shutil.copytree(SOURCES_FOLDER / "nhse_ae", folder)
        content = yaml.safe_load((folder / "source.yml").read_text(encoding="utf-8"))
        change(content)
        (folder / "source.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return read_source(folder)

    return read


def entity(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["entities"][0]
    return found


def no_key(content: dict[str, Any]) -> None:
    for column in entity(content)["clean"]:
        column["key"] = False


MISTAKES: list[tuple[str, Change, str]] = [
    ("unknown field", lambda c: c.update(schedule="daily"), "schedule"),
    ("another folder's slug", lambda c: c.update(slug="nhse_rtt"), "slug 'nhse_rtt' is not the folder's name"),
    ("no licence", lambda c: c.pop("licence"), "licence"),
    ("empty owner", lambda c: c.update(owner=""), "owner"),
    ("unknown cadence", lambda c: c.update(cadence="fortnightly"), "cadence"),
    ("unknown rule of the calendar", lambda c: c["calendar"].update(rule="third_friday"), "calendar.rule"),
    ("unknown format", lambda c: entity(c).update(format="pdf"), "format"),
    ("no description", lambda c: entity(c)["clean"][1].pop("description"), "description"),
    ("empty description", lambda c: entity(c)["clean"][1].update(description=""), "description"),
    ("unknown type", lambda c: entity(c)["clean"][1].update(type="FLOAT"), "type"),
    (
        "guess in a confirmed format",
        lambda c: entity(c)["columns"][0].update(guessed=True),
        "format_status is confirmed, but these columns are marked guessed: period",
    ),
    ("no key", no_key, "no clean column is marked as key"),
    ("column twice", lambda c: entity(c)["clean"].append(dict(entity(c)["clean"][0])), "stands twice"),
    ("period column that is not there", lambda c: entity(c).update(period_column="month"), "period_column month"),
    (
        "pattern that is none",
        lambda c: entity(c)["columns"][1].update(pattern="("),
        r"columns\.1\..*'\(' is not a regular",
    ),
    (
        "link pattern that is none",
        lambda c: entity(c).update(link_pattern="(?P<month>"),
        "link_pattern.*is not a regular",
    ),
    ("unknown status of a sign", lambda c: entity(c)["columns"][4].update(markers={"*": "zero"}), "markers"),
    ("correction without reason", lambda c: entity(c)["corrections"][0].pop("reason"), "reason"),
]


@pytest.mark.parametrize(("change", "words"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_mistake_is_refused_with_file_and_place(
    changed: Callable[[Change], Source], change: Change, words: str
) -> None:
    with pytest.raises(ContractError, match=rf"(?s)nhse_ae/source\.yml: .*({words})"):
        changed(change)


def test_yaml_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "nhse_ae"
    folder.mkdir()
    (folder / "source.yml").write_text("slug: nhse_ae\n  title: [\n")
    with pytest.raises(ContractError, match=r"(?s)nhse_ae/source\.yml: .*line 2"):
        read_source(folder)


def test_fingerprint_changes_with_contract_and_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sources" / "nhse_ae"
    shutil.copytree(SOURCES_FOLDER / "nhse_ae", folder)
    monkeypatch.setattr(Source, "folder", folder)
    fingerprints = [read_source(folder).fingerprint]
    for name in ("source.yml", "parse.py"):
        (folder / name).write_bytes((folder / name).read_bytes() + b"\n# changed\n")
        fingerprints.append(read_source(folder).fingerprint)
    assert len(set(fingerprints)) == 3


def test_repeated_columns_are_expanded_with_running_numbers() -> None:
    rtt = load_sources()["nhse_rtt"].entity("full_extract")
    weeks = [column for column in rtt.file_columns if column.name.startswith("weeks_")]
    assert len(weeks) == 105
    assert (weeks[0].name, weeks[0].header) == ("weeks_000", "Gt 00 To 01 Weeks SUM 1")
    assert (weeks[103].name, weeks[103].header) == ("weeks_103", "Gt 103 To 104 Weeks SUM 1")
    assert (weeks[104].name, weeks[104].header) == ("weeks_104", "Gt 104 Weeks SUM 1")


def test_entity_that_is_not_there_is_named_with_its_source() -> None:
    with pytest.raises(KeyError, match="nhse_ae has no entity 'weekly'"):
        load_sources()["nhse_ae"].entity("weekly")
