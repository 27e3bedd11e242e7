"""MESH, against NHS England's own sandbox: a message is gone from the mailbox only once its file is safely kept."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mesh_client import Endpoint, MeshClient

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea, write_private
from dagster_project.returns.calendar import PARTICIPANT_COLUMNS
from dagster_project.returns.intake import Intake
from dagster_project.returns.limits import MAXIMUM_FILE_BYTES
from dagster_project.returns.mesh import MeshReport, receive_messages
from dagster_project.sample.returns_files import SampleReturn
from dagster_project.settings import Settings
from tests.fixtures import mesh_sandbox as sandbox
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.planted_workbooks import NUMBER
from tests.fixtures.returns_inbox import last_month, open_modes, receipts, rows_of, wl01
from tests.fixtures.runs import run_at

WORKFLOW = "HIW_RETURNS"
pytestmark = [pytest.mark.requires_mesh_sandbox, pytest.mark.xdist_group("mesh")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with sandbox.running_sandbox() as found:
        yield found


@pytest.fixture
def mesh(address: str, lake: Lake, tmp_path: Path, run_for: Callable[..., Run]) -> Iterator[Settings]:
    """Settings of a lake whose R9A sends from its mailbox; all mailboxes are empty before and after."""
    for mailbox in (sandbox.OURS, sandbox.TRUST, sandbox.STRANGER):
        with client(address, mailbox) as open_box:
            for message_id in list(open_box.iterate_message_ids()):
                open_box.acknowledge_message(message_id)
    row = ["R9A", "WL01", "2026-09", "", sandbox.TRUST, "", ""]
    area = ReturnsArea.of(lake)
    write_private(area.participants, f"{','.join(PARTICIPANT_COLUMNS)}\n{','.join(row)}\n".encode(), area)
    password, key = tmp_path / "password", tmp_path / "key"
    password.write_text(sandbox.PASSWORD + "\n")
    key.write_text(sandbox.SHARED_KEY)
    yield run_for(
        lake,
        mesh_url=address,
        mesh_mailbox=sandbox.OURS,
        mesh_password_file=password,
        mesh_shared_key_file=key,
    ).settings


@contextmanager
def client(address: str, mailbox: str) -> Iterator[MeshClient]:
    endpoint = Endpoint(address, None, None, False, False)
    with MeshClient(endpoint, mailbox, sandbox.PASSWORD, shared_key=sandbox.SHARED_KEY.encode()) as opened:
        yield opened


def send(settings: Settings, sent: SampleReturn, *, mailbox: str = sandbox.TRUST, data: bytes | None = None) -> None:
    """A trust sends the data file and its manifest."""
    send_files(
        settings, {f"{sent.stem}.csv": data or sent.data(), f"{sent.stem}.manifest.csv": sent.manifest()}, mailbox
    )


def send_files(settings: Settings, files: dict[str, bytes], mailbox: str = sandbox.TRUST) -> None:
    with client(settings.mesh_url, mailbox) as trust:
        for name, content in files.items():
            trust.send_message(sandbox.OURS, content, filename=name, workflow_id=WORKFLOW)


def in_mailbox(settings: Settings) -> int:
    with client(settings.mesh_url, sandbox.OURS) as ours:
        return len(ours.list_messages())


def receive(lake: Lake, settings: Settings) -> MeshReport:
    intake = Intake(run_at(lake))
    intake.run(settle_seconds=0)
    return receive_messages(intake, settings)


def a_return(org_code: str = "R9A", **others: Any) -> SampleReturn:
    """Of last month: a message comes in when it is sent, by the machine's own clock."""
    return wl01(org_code, month=last_month(), received=dt.datetime.now(dt.UTC).replace(tzinfo=None), **others)


def test_a_return_comes_in_and_its_messages_are_acknowledged(lake: Lake, mesh: Settings) -> None:
    sent = a_return()
    send(mesh, sent)
    report = receive(lake, mesh)
    assert (report.acknowledged, report.waiting, in_mailbox(mesh)) == (2, 0, 0)
    (receipt,) = receipts(lake)
    assert receipt.is_accepted and receipt.route == "mesh" and receipt.sender_org == "R9A" and receipt.message_id
    assert rows_of(lake, "submission", "route") == [("mesh",)] and len(rows_of(lake, "wl01")) == len(sent.rows)
    assert open_modes(ReturnsArea.of(lake).root) == []


def test_a_run_killed_before_the_acknowledgement_leaves_the_message_and_the_next_knows_it(
    lake: Lake, mesh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(mesh, a_return())

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MeshClient, "acknowledge_message", die)
        receive(lake, mesh)
    assert in_mailbox(mesh) == 2 and len(receipts(lake)) == 1
    assert receive(lake, mesh).acknowledged == 2
    assert in_mailbox(mesh) == 0 and len(receipts(lake)) == 1 and len(rows_of(lake, "submission")) == 1


def test_a_run_killed_before_the_file_is_kept_acknowledges_nothing(
    lake: Lake, mesh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(mesh, a_return())

    def die(*arguments: object, **others: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("dagster_project.returns.register.append_line", die)
        receive(lake, mesh)
    assert in_mailbox(mesh) == 2 and receipts(lake) == []
    assert receive(lake, mesh).acknowledged == 2 and len(rows_of(lake, "submission")) == 1


def test_half_of_a_pair_stays_in_the_mailbox_until_the_other_half_comes(lake: Lake, mesh: Settings) -> None:
    sent = a_return()
    send_files(mesh, {f"{sent.stem}.csv": sent.data()})
    assert (receive(lake, mesh).waiting, in_mailbox(mesh), receipts(lake)) == (1, 1, [])
    send_files(mesh, {f"{sent.stem}.manifest.csv": sent.manifest()})
    assert receive(lake, mesh).acknowledged == 2 and receipts(lake)[0].is_accepted


def test_a_mailbox_speaks_for_its_own_trust_only(lake: Lake, mesh: Settings) -> None:
    send(mesh, a_return("R9B"))
    send(mesh, a_return(number=2), mailbox=sandbox.STRANGER)
    assert receive(lake, mesh).acknowledged == 4
    assert [(one.outcome, one.failed_rules) for one in receipts(lake)] == [("rejected", "M04")] * 2
    assert rows_of(lake, "wl01") == []


def test_what_holds_an_identifier_is_purged_and_acknowledged(lake: Lake, mesh: Settings) -> None:
    sent = a_return()
    send(mesh, sent, data=sent.data() + f"R9A,2026-10-31,2,ALL,G0,ALL,ALL,ALL,ALL,WUNK,{NUMBER}\n".encode())
    assert receive(lake, mesh).acknowledged == 2 and in_mailbox(mesh) == 0
    assert [one.outcome for one in receipts(lake)] == ["purged"]
    assert not any(NUMBER.encode() in path.read_bytes() for path in lake.root.rglob("*") if path.is_file())


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_message_packed_with_gzip_is_unpacked(lake: Lake, mesh: Settings, ending: str) -> None:
    sent = a_return()
    files = {f"{sent.stem}.csv": sent.data(), f"{sent.stem}.manifest.csv": sent.manifest()}
    send_files(mesh, {f"{name}{ending}": gzip.compress(content) for name, content in files.items()})
    assert receive(lake, mesh).acknowledged == 2 and receipts(lake)[0].is_accepted
    assert len(rows_of(lake, "wl01")) == len(sent.rows) and open_modes(ReturnsArea.of(lake).root) == []


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (gzip.compress(f"a,b\n{NUMBER},1\n".encode()), "nhs_number"),
        (gzip.compress(bytes(MAXIMUM_FILE_BYTES + 1)), "other_format"),
        (gzip.compress(b"a,b\n1,2\n")[:-9], "other_format"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "other_format"),
    ],
    ids=["with a number", "too large when unpacked", "cut short", "packed twice"],
)
def test_a_packed_message_that_is_not_taken_is_answered_and_leaves_nothing(
    lake: Lake, mesh: Settings, content: bytes, kinds: str
) -> None:
    send_files(mesh, {f"{a_return().stem}.xlsx": content})
    assert receive(lake, mesh).acknowledged == 1
    (receipt,) = receipts(lake)
    assert receipt.outcome == "purged" and kinds in receipt.kinds
    assert len(list(ReturnsArea.of(lake).answers("R9A").glob("*.html"))) == 1
    assert not any(NUMBER.encode() in path.read_bytes() for path in lake.root.rglob("*") if path.is_file())


def test_a_sender_confirms_by_message_that_a_held_file_may_go(lake: Lake, mesh: Settings) -> None:
    name = f"{a_return().stem}.xlsx"
    send_files(mesh, {name: planted.formula("=NOW()")})
    receive(lake, mesh)
    held = ReturnsArea.of(lake).held_root
    assert len(list(held.iterdir())) == 1
    send_files(mesh, {f"{name}.confirm": b"yes"}, mailbox=sandbox.STRANGER)
    receive(lake, mesh)
    assert len(list(held.iterdir())) == 1
    send_files(mesh, {f"{name}.confirm": b"yes"})
    assert receive(lake, mesh).acknowledged == 1 and not any(held.iterdir()) and in_mailbox(mesh) == 0


def test_a_wrong_password_is_said_without_the_password(lake: Lake, mesh: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("sekret-word")
    with pytest.raises(LakeError) as raised:
        receive(lake, mesh.model_copy(update={"mesh_password_file": wrong}))
    assert "sekret-word" not in str(raised.value) and sandbox.SHARED_KEY not in str(raised.value)
    assert sandbox.OURS in str(raised.value)


def test_mesh_is_off_unless_an_address_is_set(lake: Lake, run_for: Callable[..., Run]) -> None:
    assert receive_messages(Intake(run_at(lake)), run_for(lake).settings) == MeshReport()
    with pytest.raises(ValueError, match="HIW_MESH_MAILBOX"):
        run_for(lake, mesh_url="https://mesh.example")
    secret = run_for(lake, mesh_password="sekret-word").settings
    assert "sekret-word" not in repr(secret) and "sekret-word" not in secret.model_dump_json()
