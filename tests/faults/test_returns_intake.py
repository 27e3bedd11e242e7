"""Faults of the drop folder and of what trusts put into it: each planted, and what must still be true after it."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import Lake
from dagster_project.returns import intake
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.calendar import close_at
from dagster_project.returns.inbox import RECEIVED, NotARegularFile, StillChanging, copy_privately, view_inbox
from dagster_project.returns.intake import Intake
from dagster_project.settings import PROJECT_ROOT
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.planted_workbooks import DASHED, NUMBER, SPACED
from tests.fixtures.returns_inbox import (
    COUNTS,
    MOMENT,
    MONTH,
    drop,
    drop_bytes,
    left_in_inbox,
    open_modes,
    receipts,
    rows_of,
    take_in,
    wl01,
)
from tests.fixtures.runs import run_at

NAME = "HIW-WL01_R9A_2026-10_v01"


def spelt_anywhere(root: Path, *values: str) -> list[str]:
    """Every file below, names included, that spells a value: as it is, inside a zip, a gzip, or in UTF-16."""
    found = []
    for path in root.rglob("*"):
        contents = [os.fsencode(path.name)]
        if path.is_file() and not path.is_symlink():
            contents.append(path.read_bytes())
            contents += unpacked(contents[-1])
        needles = [value.encode(code) for value in values for code in ("utf-8", "utf-16-le")]
        if any(needle in content for content in contents for needle in needles):
            found.append(str(path.relative_to(root)))
    return found


def unpacked(content: bytes) -> list[bytes]:
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [archive.read(name) for name in archive.namelist()]
    return [gzip.decompress(content)] if content.startswith(b"\x1f\x8b") else []


def outcomes(lake: Lake) -> list[tuple[str, str]]:
    return [(receipt.outcome, receipt.kinds or receipt.failed_rules) for receipt in receipts(lake)]


# -- F16, F17: the drop folder -----------------------------------------------------------------------------------------


def test_f16_a_link_is_taken_away_and_what_it_points_to_is_neither_read_nor_touched(lake: Lake, tmp_path: Path) -> None:
    secret = tmp_path / f"{NAME}.csv"
    secret.write_text("secret")
    ReturnsArea.of(lake).prepare()
    (ReturnsArea.of(lake).inbox / f"{NAME}.csv").symlink_to(secret)
    (ReturnsArea.of(lake).inbox / "R9B").symlink_to(tmp_path)
    take_in(lake)
    assert outcomes(lake) == [("refused", "not_a_regular_file")] * 2 and left_in_inbox(lake) == []
    assert secret.read_text() == "secret" and spelt_anywhere(lake.returns, "secret") == []


def test_f16_a_second_name_of_a_file_outside_is_refused(lake: Lake, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret")
    ReturnsArea.of(lake).prepare()
    os.link(outside, ReturnsArea.of(lake).inbox / f"{NAME}.csv")
    take_in(lake)
    assert outcomes(lake) == [("refused", "not_a_regular_file")]
    assert outside.read_text() == "secret" and outside.stat().st_nlink == 1


def test_f16_a_pipe_does_not_stop_the_night_and_a_folder_is_left_and_said_once(lake: Lake) -> None:
    ReturnsArea.of(lake).prepare()
    os.mkfifo(ReturnsArea.of(lake).inbox / f"{NAME}.csv")
    (ReturnsArea.of(lake).inbox / "old things").mkdir()
    take_in(lake)
    take_in(lake)
    assert outcomes(lake) == [("refused", "not_a_regular_file")] * 2 and left_in_inbox(lake) == ["old things"]


def test_f16_a_file_swapped_for_a_link_between_look_and_copy_is_not_followed(lake: Lake, tmp_path: Path) -> None:
    (path,) = drop(lake, wl01())
    area = ReturnsArea.of(lake)
    (arrival,) = [one for one in view_inbox(area, settle_seconds=0).ready if one.path == path]
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotARegularFile):
        copy_privately(arrival.path, area.working / "x" / "data.csv", area)


@pytest.mark.parametrize(
    "name",
    [
        b"a\nb.csv",
        b"\xff\xfe.csv",
        b"a..csv",
        b"HIW-WL01_R9A_2026-10_v01.csv\n",
        b"x" * 200 + b".csv",
        b"-rf",
        b"$(id).csv",
    ],
)
def test_f16_a_name_that_is_none_is_refused_and_the_file_kept_under_its_hash(lake: Lake, name: bytes) -> None:
    area = ReturnsArea.of(lake)
    area.prepare()
    Path(os.fsdecode(os.fsencode(area.inbox) + b"/" + name)).write_bytes(b"a,b\n1,2\n")
    take_in(lake)
    assert outcomes(lake) == [("refused", "M02")] and left_in_inbox(lake) == []
    (kept,) = area.received_root.rglob("content")
    assert kept.read_bytes() == b"a,b\n1,2\n" and re.fullmatch("[0-9a-f]{64}", kept.parent.name)
    assert not [path for path in lake.root.rglob("*") if os.fsencode(path.name) == name]


def test_f17_a_file_that_still_grows_is_left_until_it_has_settled(lake: Lake) -> None:
    sent = wl01()
    (path,) = drop(lake, sent)
    whole, stop = path.read_bytes(), threading.Event()
    path.write_bytes(whole[:100])

    def write_slowly() -> None:
        with path.open("ab") as stream:
            for byte in whole[100:140]:
                stream.write(bytes([byte]))
                stream.flush()
                time.sleep(0.02)
            stop.wait(20)
            stream.write(whole[140:])

    writer = threading.Thread(target=write_slowly)
    writer.start()
    first = Intake(run_at(lake)).run(settle_seconds=0.2)
    stop.set()
    writer.join()
    assert first.receipts == [] and first.waiting == [path.name] and path.exists()
    assert Intake(run_at(lake)).run(settle_seconds=0.2).receipts[0].is_accepted


def test_f17_a_file_that_changes_while_it_is_copied_is_looked_at_again(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = drop(lake, wl01())
    real = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        path.write_bytes(path.read_bytes() + b"x")
        return real(descriptor)

    area = ReturnsArea.of(lake)
    with monkeypatch.context() as patched, pytest.raises(StillChanging):
        patched.setattr("dagster_project.returns.inbox.os.fstat", grown)
        copy_privately(path, area.working / "x" / "data.csv", area)
    assert not (area.working / "x" / "data.csv").exists()


def test_f17_names_of_transfers_under_way_are_left_and_a_done_marker_ends_the_waiting(lake: Lake) -> None:
    drop_bytes(lake, f"{NAME}.csv.part", b"half")
    drop_bytes(lake, f".{NAME}.csv.Xy12", b"half")
    assert take_in(lake).receipts == [] and len(left_in_inbox(lake)) == 2
    (path,) = drop(lake, wl01())
    path.with_name(path.name + ".done").touch()
    started = time.monotonic()
    assert Intake(run_at(lake)).run(settle_seconds=30).receipts[0].is_accepted
    assert time.monotonic() - started < 25 and len(left_in_inbox(lake)) == 2


def test_f17_a_csv_waits_for_its_manifest(lake: Lake) -> None:
    (path,) = drop(lake, wl01())
    manifest = path.with_name(f"{path.stem}.manifest.csv")
    content = manifest.read_bytes()
    manifest.unlink()
    assert take_in(lake).waiting == [path.name]
    manifest.write_bytes(content)
    assert take_in(lake).receipts[0].is_accepted


@contextmanager
def during(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> Iterator[None]:
    """`act` runs once, just before intake calls the function of this name."""
    real, done = getattr(intake, name), []

    def call(*arguments: Any, **others: Any) -> Any:
        if not done:
            done.append(True)
            act()
        return real(*arguments, **others)

    with monkeypatch.context() as patched:
        patched.setattr(intake, name, call)
        yield


def replaced_by_renaming(path: Path, content: bytes) -> None:
    """As transfer programs do: another file under the same name."""
    other = path.with_name(f".{path.name}.part")
    other.write_bytes(content)
    other.replace(path)


@pytest.mark.parametrize("moment", ["take", "copy_privately", "scan_file"])
@pytest.mark.parametrize("way", ["replaced", "written anew", "put there again"])
def test_f16_a_file_that_is_replaced_while_it_is_judged_is_never_taken_away_unread(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, moment: str, way: str
) -> None:
    first, second = wl01(), wl01(counts=(*COUNTS[:-1], 9), number=1)
    (path,) = drop(lake, first)

    def act() -> None:
        if way == "replaced":
            replaced_by_renaming(path, second.data())
        elif way == "written anew":
            path.write_bytes(second.data())
        else:
            path.unlink(missing_ok=True)
            path.write_bytes(second.data())

    with during(monkeypatch, moment, act):
        take_in(lake)
    drop(lake, second)
    path.write_bytes(second.data())
    take_in(lake)
    take_in(lake)
    area = ReturnsArea.of(lake)
    kept = {file.read_bytes() for file in area.received_root.rglob(f"{NAME}.csv")}
    assert second.data() in kept and left_in_inbox(lake) == [] and not any(area.taken.iterdir())
    assert {one.file_sha256 for one in receipts(lake)} >= {hashlib.sha256(second.data()).hexdigest()}
    assert first.data() in kept or moment == "take"


def test_f16_what_an_open_hand_writes_after_the_file_was_taken_is_judged_by_the_next_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop_bytes(lake, "letter.csv", b"a,b\n1,2\n")
    with path.open("ab") as hand:

        def write() -> None:
            hand.write(f"{SPACED},x\n".encode())
            hand.flush()

        with during(monkeypatch, "scan_file", write):
            report = take_in(lake)
    assert report.count("refused") == 1 and report.waiting and not path.exists()
    assert take_in(lake).count("purged") == 1 and spelt_anywhere(lake.root, SPACED) == []


def test_f16_a_folder_or_a_link_put_in_the_place_of_a_file_is_neither_read_nor_taken_away(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop_bytes(lake, "letter.csv", b"a\n1\n")

    def act() -> None:
        path.unlink()
        path.mkdir()
        (path / "inner.csv").write_bytes(b"b\n2\n")

    with during(monkeypatch, "take", act):
        take_in(lake)
    assert (path / "inner.csv").read_bytes() == b"b\n2\n"


def test_f16_a_link_as_manifest_does_not_take_the_data_with_it(lake: Lake, tmp_path: Path) -> None:
    (path,) = drop(lake, wl01())
    manifest = path.with_name(f"{path.stem}.manifest.csv")
    manifest.unlink()
    manifest.symlink_to(tmp_path / "elsewhere")
    path.with_name(path.name + ".done").touch()
    take_in(lake)
    assert sorted(outcomes(lake)) == [("refused", "not_a_regular_file"), ("rejected", "M01")]
    assert [file.read_bytes() for file in ReturnsArea.of(lake).received_root.rglob(path.name)] == [wl01().data()]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no second disk")
def test_f16_a_drop_folder_on_another_disk_is_emptied_in_the_same_way(lake: Lake) -> None:
    area = ReturnsArea.of(lake)
    area.prepare()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        area.inbox.rmdir()
        area.inbox.symlink_to(elsewhere)
        drop(lake, wl01())
        drop(lake, wl01("R9B"), sender="R9B")
        assert take_in(lake).count("accepted", "accepted_with_warnings") == 2
        assert [path.name for path in Path(elsewhere).iterdir()] == ["R9B"] and not any(
            Path(elsewhere, "R9B").iterdir()
        )


LEFT = {
    f"{NAME}.csv.part": "still being sent",
    ".hidden.csv": "hidden",
    "~$HIW.xlsx": "hidden",
    f"{NAME}.manifest.csv": "without its data file",
    f"{NAME}.xlsx.done": "without its data file",
    "old things/a.csv": "folder",
    "R9A/more/a.csv": "folder",
    f"R9A/.{SPACED}.csv": "hidden",
}


@pytest.mark.parametrize("name", LEFT)
def test_f17_what_no_run_can_take_is_reported_after_a_day_and_left_alone(lake: Lake, name: str) -> None:
    area = ReturnsArea.of(lake)
    area.prepare()
    path = area.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a,b\n1,2\n")
    hours = [Intake(run_at(lake)).run(settle_seconds=0, now=now_and(hours)).left for hours in (0, 23, 25, 49)]
    assert hours[:2] == [[], []] and len(hours[2]) == 1 and LEFT[name] in hours[2][0] and hours[3] == hours[2]
    assert path.read_bytes() == b"a,b\n1,2\n"
    (alert,) = lake.alerts.glob("return-left-*.json")
    assert hours[2][0] in alert.read_text(encoding="utf-8") and spelt_anywhere(lake.alerts, SPACED) == []


def now_and(hours: int) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)


# -- X1 to X8, T7: what is purged --------------------------------------------------------------------------------------

WORKBOOKS: dict[str, Callable[[], bytes]] = {
    "X2 macro": lambda: planted.with_parts(planted.plain(), {"xl/vbaProject.bin": b"\0"}),
    "X2 external link": planted.external_link,
    "X2 DDE": lambda: planted.formula("=cmd|'/c calc'!A0"),
    "X3 password": planted.encrypted,
    "X4 pivot cache": planted.pivot_cache,
    "X4 hidden sheet": planted.hidden_sheet,
    "X4 hidden row": planted.hidden_row,
    "X4 hidden column": planted.hidden_column,
    "X4 comment": planted.comment,
    "X7 billion laughs": planted.bomb,
    "X7 a million styled rows": planted.a_million_styled_rows,
    "X8 old Office file": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048),
}


@pytest.mark.parametrize("make", WORKBOOKS.values(), ids=WORKBOOKS.keys())
def test_a_workbook_that_hides_or_cannot_be_searched_is_purged_and_the_part_named(
    lake: Lake, make: Callable[[], bytes]
) -> None:
    content = make()
    path = drop_bytes(lake, f"{NAME}.xlsx", content)
    digest = hash_file(path)
    take_in(lake)
    (receipt,) = receipts(lake)
    assert receipt.outcome == "purged" and receipt.kinds and left_in_inbox(lake) == []
    assert not [p for p in lake.root.rglob("*") if p.is_file() and hash_file(p) == digest]
    assert spelt_anywhere(lake.root, NUMBER, SPACED) == []
    (alert,) = lake.alerts.glob("return-*.json")
    assert '"found"' in alert.read_text(encoding="utf-8") and rows_of(lake, "wl01") == []
    assert "C05" in next(ReturnsArea.of(lake).answers("R9A").glob("*.html")).read_text(encoding="utf-8")


HINDERED: dict[str, Callable[[], bytes]] = {
    "X1 formula without value": planted.formula_without_value,
    "X1 #REF!": lambda: planted.formula("=A1+1", "#REF!"),
    "X1 volatile formula": lambda: planted.formula("=NOW()"),
    "X4 a sheet of one's own": lambda: planted.plain(lambda book, sheet: book.add_worksheet("working")),
    "X8 a CSV as workbook": lambda: wl01().data(),
}


@pytest.mark.parametrize("make", HINDERED.values(), ids=HINDERED.keys())
def test_what_was_searched_and_cannot_be_judged_is_held_under_lock_until_its_sender_confirms(
    lake: Lake, make: Callable[[], bytes]
) -> None:
    content, area = make(), ReturnsArea.of(lake)
    drop_bytes(lake, f"{NAME}.xlsx", content)
    take_in(lake)
    (receipt,) = receipts(lake)
    assert (receipt.outcome, receipt.failed_rules) == ("rejected", "C00") and receipt.kinds
    (kept,) = area.held_root.rglob("content")
    assert kept.read_bytes() == content and open_modes(area.root) == [] and left_in_inbox(lake) == []
    assert rows_of(lake, "wl01") == [] and not lake.alerts.exists()
    page = next(area.answers("R9A").glob("*.html")).read_text(encoding="utf-8")
    assert ".confirm behind it" in page and "C00" in page
    (area.inbox / "R9B").mkdir()
    (area.inbox / "R9B" / f"{NAME}.xlsx.confirm").touch()
    assert take_in(lake).confirmed == [] and kept.exists()
    (area.inbox / f"{NAME}.xlsx.confirm").touch()
    assert take_in(lake).confirmed == [f"{NAME}.xlsx"]
    assert not any(area.held_root.iterdir()) and left_in_inbox(lake) == ["R9B"]


def test_a_mended_file_that_is_accepted_ends_the_holding_and_a_rejected_one_does_not(lake: Lake) -> None:
    drop_bytes(lake, f"{NAME}.xlsx", planted.formula("=NOW()"))
    take_in(lake)
    drop(lake, wl01(number=2, overrides=(("control_total", "1"),)), wl01("R9B"))
    take_in(lake)
    assert len(list(ReturnsArea.of(lake).held_root.iterdir())) == 1
    drop(lake, wl01(number=3))
    take_in(lake)
    assert not any(ReturnsArea.of(lake).held_root.iterdir())


def test_x8_a_csv_under_the_name_of_a_workbook_is_rejected_and_kept(lake: Lake) -> None:
    drop_bytes(lake, f"{NAME}.xlsx", wl01().data())
    take_in(lake)
    assert [one.outcome for one in receipts(lake)] == ["rejected"] and rows_of(lake, "wl01") == []


@pytest.mark.parametrize(
    "value", [NUMBER, SPACED, DASHED, "SW1A 1AA", "jane.doe@nhs.net", "12/03/1956", "020 7946 0958"]
)
def test_t7_a_csv_with_an_identifier_leaves_nothing_but_the_kind_the_row_and_the_column(lake: Lake, value: str) -> None:
    sent = wl01()
    rows = [*sent.rows[:-1], (*sent.rows[-1][:8], value, *sent.rows[-1][9:])]
    drop(lake, type(sent)(**(vars(sent) | {"rows": rows})))
    take_in(lake)
    assert [one.outcome for one in receipts(lake)] == ["purged"]
    assert spelt_anywhere(lake.root, value) == [] and left_in_inbox(lake) == []
    alert = next(lake.alerts.glob("return-*.json")).read_text(encoding="utf-8")
    assert f"row {len(rows) + 1}, column 9 (I)" in alert
    assert rows_of(lake, "submission", "verdict, failed_rules") == [("rejected", "C05")]


def test_t7_an_identifier_in_the_manifest_or_in_a_name_purges_too(lake: Lake) -> None:
    drop(lake, wl01(known_issues=f"ask about {SPACED}"))
    drop_bytes(lake, f"list {SPACED}.csv", b"a\n1\n")
    drop_bytes(lake, f"{NUMBER}.csv.done", b"")
    take_in(lake)
    assert [one.outcome for one in receipts(lake)] == ["purged", "purged"]
    assert spelt_anywhere(lake.root, NUMBER, SPACED) == []


# -- T4 to T6, T10, T11, T13 -------------------------------------------------------------------------------------------


def test_t4_an_exact_duplicate_is_no_second_submission(lake: Lake) -> None:
    drop(lake, wl01(received=MOMENT))
    take_in(lake)
    drop(lake, wl01(received=MOMENT))
    assert take_in(lake).repeats == [f"{NAME}.csv: already received 2026-11-12"]
    assert len(receipts(lake)) == 1 and len(rows_of(lake, "submission")) == 1


def test_t5_a_resubmission_leaves_the_first_one_kept_and_both_in_the_tables(lake: Lake) -> None:
    first, second = wl01(), wl01(number=2, counts=(*COUNTS[:-1], 9))
    drop(lake, first, second)
    take_in(lake)
    kept = [path.read_bytes() for path in sorted(ReturnsArea.of(lake).received_root.rglob("HIW-*_v??.csv"))]
    assert sorted(kept) == sorted([first.data(), second.data()])
    assert rows_of(lake, "submission", "sequence_no") == [(1,), (2,)]


def test_t6_september_after_october_and_v1_after_v2_are_all_there(lake: Lake) -> None:
    september = dt.date(2026, 9, 30)
    for sent in (wl01(number=2), wl01(month=september, counts=(*COUNTS[:-1], 5)), wl01(counts=(*COUNTS[:-1], 7))):
        drop(lake, sent)
        take_in(lake)
    found = rows_of(lake, "submission", "period_end, sequence_no, verdict != 'rejected'")
    assert found == [(september, 1, True), (MONTH, 1, True), (MONTH, 2, True)]


def test_t10_a_copy_of_last_month_and_a_sudden_zero_are_said_and_taken_in(lake: Lake) -> None:
    september = dt.date(2026, 9, 30)
    drop(lake, wl01(month=september), wl01("R9B", month=september))
    take_in(lake)
    drop(lake, wl01(), wl01("R9B", counts=(0,) * 8))
    take_in(lake)
    warned = dict(rows_of(lake, "submission", "org_code || period_end, warned_rules"))
    assert "C11" in warned[f"R9A{MONTH}"].split(",") and "C13" in warned[f"R9B{MONTH}"].split(",")


def test_t11_a_trust_cannot_send_for_another_one(lake: Lake) -> None:
    drop(lake, wl01("R9B"), sender="R9A")
    drop(lake, wl01("R9C"), sender="R9C")
    take_in(lake)
    assert rows_of(lake, "submission", "org_code, verdict = 'rejected', failed_rules") == [
        ("R9B", True, "M04"),
        ("R9C", False, ""),
    ]


def test_t13_a_file_after_the_close_is_taken_in_with_the_moment_it_came(lake: Lake) -> None:
    late = close_at("WL01", MONTH) + dt.timedelta(hours=1)
    drop(lake, wl01(received=late))
    take_in(lake)
    assert rows_of(lake, "submission", "received_at, verdict != 'rejected'") == [(late, True)]


# -- S5: nothing of a file is run --------------------------------------------------------------------------------------


def test_s5_neither_pickle_nor_yaml_nor_template_nor_script_of_a_file_is_run(lake: Lake, tmp_path: Path) -> None:
    mark = tmp_path / "run"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, (f"touch {mark}",)

    drop_bytes(lake, "a.pkl", pickle.dumps(Bomb()))
    drop_bytes(lake, "a.yml", f"!!python/object/apply:os.system ['touch {mark}']".encode())
    issue = "<script>alert(1)</script> {{ 7 * 191 }}"
    drop(lake, wl01(known_issues=issue, overrides=(("control_total", "<script>x</script>"),)))
    take_in(lake)
    assert not mark.exists()
    pages = [p.read_text(encoding="utf-8") for p in ReturnsArea.of(lake).answers_root.rglob("*.html")]
    assert pages and not any("<script>alert" in page or "<script>x" in page or "1337" in page for page in pages)


def test_s5_no_module_of_the_package_loads_a_pickle_or_unsafe_yaml() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "dagster_project").rglob("*.py")]
    unsafe = re.compile(
        r"import pickle|pickle\.load|read_pickle|yaml\.(unsafe_load|full_load)\(|yaml\.load\((?!.*(Safe|Base)Loader)|yaml\.UnsafeLoader|\beval\("
    )
    assert not any(unsafe.search(source) for source in sources)


# -- P1: killed --------------------------------------------------------------------------------------------------------

CHILD = """
import os, signal, sys
from pathlib import Path
from threading import Lock
from dagster_project.lake.run import Run
from dagster_project.settings import Settings
from dagster_project.returns.intake import Intake
left, one_by_one = int(sys.argv[2]), Lock()
def counted(real):
    def call(*arguments, **others):
        global left
        with one_by_one:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **others)
    return call
os.fsync = counted(os.fsync)
Path.replace = counted(Path.replace)
Path.unlink = counted(Path.unlink)
Path.rename = counted(Path.rename)
Intake(Run(Settings(data_lake=sys.argv[1]), "synthetic")).run(settle_seconds=0)
print("left", left)
"""


def _run(lake: Lake, steps: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(lake.root), str(steps)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)


def _sent(lake: Lake) -> None:
    bad = wl01("R9B", known_issues=SPACED)
    drop(lake, wl01(), bad, wl01("R9C", overrides=(("control_total", "1"),)))


def _settled(lake: Lake) -> dict[str, str]:
    """Everything but the register's moments and what is worked on."""
    root = lake.root
    names = [p for p in sorted(root.rglob("*")) if p.is_file() and p.name != "register.jsonl"]
    # A workbook carries the moment at which it was written.
    return {str(p.relative_to(root)): "" if p.suffix == ".xlsx" else hash_file(p) for p in names}


@pytest.mark.parametrize("kills", [5, pytest.param(1000, marks=pytest.mark.endurance)], ids=["some", "every"])
def test_p1_killed_at_any_step_the_next_run_comes_to_the_same_end(kills: int, tmp_path: Path, seed: int) -> None:
    whole = Lake(tmp_path / "whole")
    _sent(whole)
    steps = 1000 - int(_run(whole, 1000).stdout.split()[-1])
    wanted, register = _settled(whole), [(r.digest, r.outcome, r.submission_id) for r in receipts(whole)]
    assert steps > 20 and len(register) == 3
    for number, step in enumerate(sorted(random.Random(seed).sample(range(1, steps + 1), min(kills, steps)))):
        lake = Lake(tmp_path / f"killed{number}")
        _sent(lake)
        killed = _run(lake, step)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        take_in(lake)
        assert [(r.digest, r.outcome, r.submission_id) for r in receipts(lake)] == register, f"killed at step {step}"
        assert _settled(lake) == wanted, f"killed at step {step} of {steps}"
        assert spelt_anywhere(lake.root, SPACED) == []


def test_p1_side_by_side_comes_to_the_same_end_as_one_after_the_other(tmp_path: Path) -> None:
    """Revisions of one trust, the same bytes under another trust's name, a purge, a rejection and a name of no return among them."""
    ends = []
    for threads in (1, 2):
        lake = Lake(tmp_path / str(threads))
        first, *_ = drop(lake, wl01(received=MOMENT), wl01(number=2, received=MOMENT))
        drop(
            lake,
            *(wl01(f"R9{letter}", received=MOMENT) for letter in "BCDE"),
            wl01("R9F", known_issues=SPACED, received=MOMENT),
        )
        drop(lake, wl01("R9G", overrides=(("control_total", "1"),), received=MOMENT))
        for path in first.parent.glob(f"{first.stem}.*"):
            path.with_name(path.name.replace("_R9A_", "_R9H_")).write_bytes(path.read_bytes())
        drop_bytes(lake, "totals.csv", b"a,b\n1,2\n").with_suffix(RECEIVED).write_bytes(
            first.with_suffix(RECEIVED).read_bytes()
        )
        report = Intake(run_at(lake, threads=threads)).run(settle_seconds=0)
        ends.append(([(r.name, r.outcome, r.submission_id) for r in receipts(lake)], report.repeats, _settled(lake)))
    assert ends[0] == ends[1]
    assert len(ends[0][0]) > 8 and {outcome for _, outcome, _ in ends[0][0]} >= {
        "accepted",
        "purged",
        "rejected",
        "refused",
    }


@pytest.mark.parametrize("left", [bytes(300), b"", b'{"path": '])
def test_p1_a_purge_that_failed_half_way_stops_no_later_run(left: bytes, lake: Lake) -> None:
    """Seen on a disk that failed while a claim was overwritten: zeros in place of its words ended every later intake."""
    spent = ReturnsArea.of(lake).taken / "0123456789abcdef"
    drop(lake, wl01(received=MOMENT))
    spent.mkdir(parents=True)
    (spent / "claim.json").write_bytes(left)
    (spent / "spent").write_bytes(SPACED.encode())
    take_in(lake)
    assert [receipt.outcome for receipt in receipts(lake)] == ["accepted"]
    assert not spent.exists()
