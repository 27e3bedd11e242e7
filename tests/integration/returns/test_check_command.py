"""`hiw returns check` and `template` as a returns officer runs them: exit codes, answers, templates opened again."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.contracts.collection import load_collections
from dagster_project.operate import returns_cli as cli
from dagster_project.returns import answer
from dagster_project.returns.search import scan_file
from dagster_project.returns.templates import SYNTHETIC, example_rows, manifest_start, template_name, workbook
from dagster_project.returns.validation import validate
from tests.fixtures.returns_files import RECEIVED, VALID, Row, as_csv, context, manifest_of, write_return

NHS_NUMBER = "943 476 5919"


@pytest.fixture(autouse=True)
def _day_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are of 2026: whether they lie in the future must not depend on the day on which the tests run."""
    monkeypatch.setattr(cli, "_now", lambda: RECEIVED)


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and standard output of `hiw returns ...`."""
    result = CliRunner().invoke(app, ["returns", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def broken(rows: list[Row]) -> list[Row]:
    """WF01 with a warning only."""
    return [rows[0] | {"wte": "2.2", "funded_establishment_wte": "2.2"}, rows[1]]


def test_exit_code_says_the_outcome(tmp_path: Path) -> None:
    accepted = write_return(tmp_path / "0", "WF01").data
    warned = write_return(tmp_path / "1", "WF01", broken(VALID["WF01"]())).data
    rejected = write_return(tmp_path / "2", "WF01", row_count="9").data
    unreadable = write_return(tmp_path / "3", "WF01", payload=b"\x00\x01").data
    assert [run("check", path)[0] for path in (accepted, warned, rejected, unreadable, tmp_path / "none.csv")] == [
        0,
        1,
        2,
        3,
        3,
    ]


def test_json_is_for_machines_and_agrees_with_the_exit_code(tmp_path: Path) -> None:
    code, printed = run("check", write_return(tmp_path, "WF01", broken(VALID["WF01"]())).data, "--json")
    found = json.loads(printed)
    assert (code, found["exit_code"], found["outcome"]) == (1, 1, "accepted_with_warnings")
    assert (found["rows"], found["rows_accepted"], found["counts"]) == (2, 2, {"F01": 1})
    (finding,) = [one for one in found["findings"] if not one["not_checked"]]
    assert (finding["rule"], finding["row"], finding["column"]) == ("F01", 2, "wte")


def test_terminal_names_rule_row_and_what_to_do_and_what_was_not_checked(tmp_path: Path) -> None:
    _, printed = run("check", write_return(tmp_path, "WF01", broken(VALID["WF01"]())).data)
    for words in (
        "Accepted with warnings",
        "F01",
        "wte",
        "not checked",
        "the return of the period before is not available",
    ):
        assert words in printed


def test_previous_file_lets_the_rules_that_compare_run(tmp_path: Path) -> None:
    before = write_return(tmp_path / "before", "WF01").data
    path = write_return(tmp_path / "now", "WF01").data
    assert "C11" in json.loads(run("check", path, "--previous", before, "--json")[1])["counts"]


def test_manifest_may_lie_elsewhere(tmp_path: Path) -> None:
    submission = write_return(tmp_path, "WF01")
    assert submission.manifest is not None
    moved = submission.manifest.rename(tmp_path / "elsewhere.csv")
    assert run("check", submission.data)[0] == 2
    assert run("check", submission.data, "--manifest", moved)[0] == 0


def test_answer_is_a_page_a_workbook_of_three_sheets_and_json_for_its_owner_only(tmp_path: Path) -> None:
    rows = [row | ({"score": "7"} if place < 12 else {}) for place, row in enumerate(VALID["SA01"]())]
    code, _ = run("check", write_return(tmp_path, "SA01", rows).data, "--out", tmp_path / "out")
    files = sorted((tmp_path / "out").iterdir())
    assert (code, [path.name for path in files]) == (1, ["answer.html", "answer.json", "answer.xlsx"])
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    book = openpyxl.load_workbook(tmp_path / "out" / "answer.xlsx")
    assert book.sheetnames == ["summary", "counts by rule", "failing cells"]
    cells = list(book["failing cells"].iter_rows(min_row=2, values_only=True))
    assert [row[2] for row in cells if row[0] == "C08"] == list(range(2, 14))
    assert all(not sheet.merged_cells.ranges and sheet["A1"].value for sheet in book)
    page = (tmp_path / "out" / "answer.html").read_text()
    assert "<script" not in page and "default-src 'none'" in page and 'lang="en-GB"' in page


def test_every_failing_cell_is_in_the_workbook_however_many_the_page_lists(tmp_path: Path) -> None:
    rows = [VALID["SA01"]()[0] | {"item_no": str(n % 25 + 1), "score": "7"} for n in range(1_000)]
    with validate(write_return(tmp_path, "SA01", rows), context(searched=True)) as verdict:
        book = openpyxl.load_workbook(io.BytesIO(answer.workbook(verdict)))
        listed = [row for row in book["failing cells"].iter_rows(min_row=2, values_only=True) if row[0] == "C08"]
        assert len(listed) == verdict.counts["C08"] == 1_000
        assert len([f for f in verdict.findings if f.rule == "C08"]) == 200


@pytest.mark.parametrize("place", ["cell", "heading", "manifest", "file name", "text"])
def test_identifying_value_is_echoed_nowhere(place: str, tmp_path: Path) -> None:
    rows, changes, name, payload = VALID["SV01"](), {}, "", None
    if place == "cell":
        rows[0] = rows[0] | {"selected": NHS_NUMBER}
    if place == "text":
        rows[9] = rows[9] | {"response_text": f"ask {NHS_NUMBER} or a.person@example.org"}
    if place == "heading":
        payload = as_csv(rows).replace(b"quote_consent", NHS_NUMBER.encode())
    if place == "manifest":
        changes = {"known_issues": f"patient {NHS_NUMBER}", "signed_off_role": NHS_NUMBER}
    if place == "file name":
        name = f"HIW-SV01_R9A_2026-03_{NHS_NUMBER}.csv"
    submission = write_return(tmp_path, "SV01", rows, payload=payload, name=name, **changes)
    code, printed = run("check", submission.data, "--out", tmp_path / "out")
    machine = run("check", submission.data, "--json")[1]
    book = openpyxl.load_workbook(tmp_path / "out" / "answer.xlsx")
    cells = " ".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    page = (tmp_path / "out" / "answer.html").read_text()
    assert code == 2
    for shown in (printed, machine, page, cells):
        for secret in (NHS_NUMBER, NHS_NUMBER.replace(" ", ""), "a.person"):
            assert secret not in shown


# -- templates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(VALID))
def test_template_workbook_is_locked_listed_explained_and_hides_nothing(code: str, tmp_path: Path) -> None:
    collection = load_collections()[code]
    assert run("template", code, "--out", tmp_path)[0] == 0
    name = template_name(collection)
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.csv", f"{name}.manifest.csv", f"{name}.xlsx"}
    assert collection.template_version in name
    book = openpyxl.load_workbook(tmp_path / f"{name}.xlsx")
    assert book.sheetnames == ["data", "manifest", "notes", "example (synthetic)", "lists"]
    columns = [column.name for column in collection.columns]
    assert [cell.value for cell in book["data"][1]] == columns == list(VALID[code]()[0])
    assert all(sheet.sheet_state == "visible" and not sheet.merged_cells.ranges for sheet in book)
    assert all(sheet.protection.sheet for sheet in book)
    assert book["data"]["A1"].protection.locked and not book["data"].column_dimensions["A"].protection.locked
    with_lists = {column.name for column in collection.columns if column.codes}
    ranges = {str(rule.sqref) for rule in book["data"].data_validations.dataValidation}
    assert len(ranges) == len(with_lists)
    assert book["example (synthetic)"]["A2"].value is not None
    assert book["example (synthetic)"].cell(2, len(columns) + 1).value == SYNTHETIC
    assert book.properties.title.startswith(code)
    assert [finding for finding in scan_file(tmp_path / f"{name}.xlsx") if finding.refuses] == []
    assert workbook(collection) == workbook(collection)


def test_drop_down_holds_the_codes_of_the_list() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(load_collections()["WL01"])))
    (rule,) = [r for r in book["data"].data_validations.dataValidation if str(r.sqref).startswith("C2:")]
    first, last = (int(part.split("$")[2]) for part in rule.formula1.split("!")[1].split(":"))
    assert [book["lists"].cell(row, 2).value for row in range(first, last + 1)] == ["2", "2A"]


@pytest.mark.parametrize("code", sorted(VALID))
def test_worked_example_filled_into_the_template_is_accepted(code: str, tmp_path: Path) -> None:
    """The example of the workbook and the start of the manifest, completed as the notes say, pass the check."""
    rows = example_rows(load_collections()[code])
    control = {"ED01": "2", "AP01": "2", "WF01": "2", "UC01": "4765"}
    manifest = {k: v for k, v in manifest_start(load_collections()[code]).items() if v}
    changes = manifest | ({"control_total": control[code]} if code in control else {})
    submission = write_return(tmp_path, code, rows, **changes)
    with validate(submission, context()) as verdict:
        assert [(f.rule, f.row, f.what) for f in verdict.findings if not f.not_checked and f.severity in "FGR"] == []


def test_filled_workbook_is_checked_like_the_csv(tmp_path: Path) -> None:
    rows = VALID["WL01"]()
    book = openpyxl.load_workbook(io.BytesIO(workbook(load_collections()["WL01"])))
    for row in rows:
        book["data"].append(
            [int(cell) if cell.isdigit() and name == "pathway_count" else cell for name, cell in row.items()]
        )
    filled = manifest_of("WL01", rows, b"", file_name="HIW-WL01_R9A_2026-10_v01.xlsx") | {"file_sha256": ""}
    for place, cell in enumerate(filled.values(), start=1):
        book["manifest"].cell(2, place).value = cell
    path = tmp_path / "HIW-WL01_R9A_2026-10_v01.xlsx"
    book.save(path)
    code, printed = run("check", path, "--json")
    found = json.loads(printed)
    assert [(f["rule"], f["what"]) for f in found["findings"] if not f["not_checked"] and f["severity"] != "I"] == []
    assert (code, found["rows_accepted"]) == (0, 66)


@pytest.mark.parametrize("code", sorted(VALID))
def test_manifest_made_from_the_file_is_the_one_that_fits(code: str, tmp_path: Path) -> None:
    submission = write_return(tmp_path, code)
    assert submission.manifest is not None
    with submission.manifest.open(encoding="utf-8", newline="") as stream:
        (expected,) = csv.DictReader(stream)
    submission.manifest.unlink()
    options = ["--signed-off-role", "CIO", "--signed-off-date", "2026-11-11", "--imd-version", expected["imd_version"]]
    assert run("manifest", submission.data, *options)[0] == 0
    with submission.manifest.open(encoding="utf-8", newline="") as stream:
        (made,) = csv.DictReader(stream)
    assert made == expected | {"ethnic_code_set": ""}
    assert run("check", submission.data)[0] == 0


def test_manifest_is_not_made_for_a_file_whose_name_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"a,b\n")
    assert run("manifest", tmp_path / "mine.csv", "--signed-off-role", "CIO", "--signed-off-date", "2026-11-11")[0] == 2


def test_unknown_return_is_said(tmp_path: Path) -> None:
    assert run("template", "ZZ01", "--out", tmp_path)[0] == 2
