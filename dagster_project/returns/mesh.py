"""MESH as a second way in, off unless HIW_MESH_URL is set: NHS England's own client, one mailbox, data messages only.

A message that was packed with gzip, as senders of MESH may, is unpacked within the size limit before it is judged; one that cannot be
is judged as it came, refused and answered. A message is acknowledged, and so deleted by MESH, only after intake has written the register's line for what it held.
Killed in between, the message is fetched again and recognised by its hash. A CSV and its manifest are two messages of one
sender; until both are there neither is acknowledged. Who a mailbox belongs to is in participants.csv.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mesh_client import Endpoint, MeshClient, MeshError
from requests.exceptions import RequestException

from dagster_project.lake.archives import CorruptArchive, unpack_gzip
from dagster_project.lake.files import LakeError, hash_file
from dagster_project.returns.area import FILE_MODE, PIECE_BYTES, purge_file
from dagster_project.returns.calendar import read_participants
from dagster_project.returns.inbox import CONFIRMED, MANIFEST, MANIFEST_PATIENCE, PrivateCopy
from dagster_project.returns.incoming import Incoming
from dagster_project.returns.intake import Intake
from dagster_project.returns.limits import MAXIMUM_FILE_BYTES
from dagster_project.returns.submission import FILE_NAME
from dagster_project.settings import Settings

GZIP_MAGIC, GZIP_ENDING = b"\x1f\x8b", ".gz"
UNBOUND = "a mailbox that belongs to no participant"
APPLICATION = "nhs-health-inequalities-warehouse"
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Fetched:
    """A message whose content lies in the working folder; it still is in the mailbox."""

    message_id: str
    name: str
    sender: str
    sent_at: dt.datetime | None
    copy: PrivateCopy


@dataclass
class MeshReport:
    """What one look into the mailbox did."""

    acknowledged: int = 0
    waiting: int = 0
    """Messages left where they are: half of a pair, reports, files beyond the size limit."""
    problems: list[str] = field(default_factory=list)


@contextmanager
def open_mailbox(settings: Settings) -> Iterator[MeshClient]:
    """Open a client of the configured mailbox after its handshake; raises LakeError that names no secret."""
    cert = (str(settings.mesh_cert), str(settings.mesh_key)) if settings.mesh_cert and settings.mesh_key else None
    url: Any = settings.mesh_url
    if url.startswith("http://"):
        url = Endpoint(url, None, None, False, False)
    try:
        with MeshClient(
            url,
            settings.mesh_mailbox,
            settings.secret("mesh_password"),
            shared_key=settings.secret("mesh_shared_key").encode(),
            cert=cert,
            verify=str(settings.mesh_ca) if settings.mesh_ca else None,
            timeout=TIMEOUT_SECONDS,
            application_name=APPLICATION,
        ) as client:
            client.handshake()
            yield client
    except (MeshError, RequestException) as error:
        raise LakeError(
            f"the MESH mailbox {settings.mesh_mailbox}",
            # The client's own words can hold the authorisation header; its kind says enough.
            f"it could not be read ({type(error).__name__})",
            "check HIW_MESH_URL, the mailbox, its password and the certificates; what was not acknowledged stays in MESH",
        ) from None


def receive_messages(intake: Intake, settings: Settings) -> MeshReport:
    """Take in every whole submission of the mailbox and acknowledge it; raises LakeError where MESH does not answer."""
    report = MeshReport()
    if not settings.mesh_url or settings.offline:
        return report
    with open_mailbox(settings) as client, intake.working_folder() as folder:
        fetched = [one for one in _fetch_all(client, settings, Path(folder), report) if one is not None]
        for data, manifest in _pair(_without_confirmations(client, intake, fetched, report), report):
            intake.take_in(_incoming(data, manifest, _owner(intake, data.sender)))
            for message in (data, manifest):
                if message is not None:
                    client.acknowledge_message(message.message_id)
                    report.acknowledged += 1
    return report


def _without_confirmations(
    client: MeshClient, intake: Intake, fetched: list[Fetched], report: MeshReport
) -> list[Fetched]:
    """Carry out what senders have confirmed, and acknowledge it; the messages that are left."""
    confirmed = [one for one in fetched if one.name.endswith(CONFIRMED)]
    for one in confirmed:
        intake.confirm(one.name, _owner(intake, one.sender))
        client.acknowledge_message(one.message_id)
        report.acknowledged += 1
    return [one for one in fetched if one not in confirmed]


def _fetch_all(client: MeshClient, settings: Settings, folder: Path, report: MeshReport) -> Iterator[Fetched | None]:
    for number, message_id in enumerate(client.iterate_message_ids(workflow_filter=settings.mesh_workflow or None)):
        yield _fetch(client, message_id, folder / str(number), report)


def _fetch(client: MeshClient, message_id: str, folder: Path, report: MeshReport) -> Fetched | None:
    message = client.retrieve_message(message_id)
    try:
        if (message.message_type or "DATA") != "DATA":
            report.waiting += 1
            return None
        folder.mkdir(mode=0o700)
        name = Path(message.filename or "").name or f"{message_id}.dat"
        copy = _save(message, folder / _own_name(name), _moment(message.mex_header("statustimestamp")))
    finally:
        message.close()  # type: ignore[no-untyped-call]
    if copy is None:
        report.waiting += 1
        report.problems.append(f"a message of more than {MAXIMUM_FILE_BYTES:,} bytes was left in the mailbox")
        return None
    unpacked = _unpack(copy)
    if unpacked is not copy:
        name = name.removesuffix(GZIP_ENDING)
    return Fetched(message_id, name, message.sender or "", _moment(message.mex_header("statustimestamp")), unpacked)


def _unpack(copy: PrivateCopy) -> PrivateCopy:
    """The content of a message that its sender has packed; the copy itself where it is not packed, too large or damaged."""
    with copy.path.open("rb") as stream:
        if stream.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
            return copy
    path = copy.path.with_name(f"unpacked-{copy.path.name}")
    try:
        with path.open("xb") as stream:
            path.chmod(FILE_MODE)
            is_whole = unpack_gzip(copy.path, stream, maximum_bytes=MAXIMUM_FILE_BYTES)
    except CorruptArchive:
        is_whole = False
    if not is_whole:
        purge_file(path)
        return copy
    purge_file(copy.path)
    return PrivateCopy(path, hash_file(path), copy.changed_at)


def _own_name(name: str) -> str:
    return f"data{Path(name).suffix.lower()}" if re.fullmatch(r"\.[a-z]{1,5}", Path(name).suffix.lower()) else "data"


def _save(message: Any, path: Path, moment: dt.datetime | None) -> PrivateCopy | None:
    """Stream the message to a private file; None where it is longer than is accepted."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as stream:
        path.chmod(FILE_MODE)
        while piece := message.read(PIECE_BYTES):
            size += len(piece)
            if size > MAXIMUM_FILE_BYTES:
                return None
            digest.update(piece)
            stream.write(piece)
    now = dt.datetime.now(dt.UTC)
    return PrivateCopy(path, digest.hexdigest(), min(moment or now, now))


def _moment(stamp: object) -> dt.datetime | None:
    """MESH stamps a message `20261112090000` or as an ISO date and time, both UTC."""
    text = str(stamp or "")
    try:
        if re.fullmatch(r"\d{14}", text):
            return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
        found = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _pair(fetched: list[Fetched], report: MeshReport) -> Iterator[tuple[Fetched, Fetched | None]]:
    """Every data message with the newest manifest of its sender and stem; halves of pairs are left to wait."""
    manifests = {(one.sender, one.name): one for one in fetched if one.name.endswith(MANIFEST)}
    used = set()
    for one in fetched:
        if one.name.endswith(MANIFEST):
            continue
        manifest = manifests.get((one.sender, Path(one.name).stem + MANIFEST))
        if manifest is None and _may_still_come(one):
            report.waiting += 1
            continue
        if manifest is not None:
            used.add(manifest.message_id)
        yield one, manifest
    report.waiting += sum(one.message_id not in used for one in manifests.values())


def _may_still_come(one: Fetched) -> bool:
    is_csv = FILE_NAME.fullmatch(one.name) is not None and one.name.endswith(".csv")
    age = dt.datetime.now(dt.UTC) - one.sent_at if one.sent_at else dt.timedelta(0)
    return is_csv and age < MANIFEST_PATIENCE


def _owner(intake: Intake, mailbox: str) -> str:
    """The trust whose mailbox it is; a mailbox of nobody is bound to nobody, so that rule M04 rejects what it sends."""
    owners = {one.mesh_mailbox: one.org_code for one in read_participants(intake.area.participants) if one.mesh_mailbox}
    return owners.get(mailbox, UNBOUND)


def _incoming(data: Fetched, manifest: Fetched | None, owner: str) -> Incoming:
    return Incoming(
        name=data.name,
        data=data.copy,
        manifest=manifest.copy if manifest else None,
        received_at=data.copy.changed_at,
        route="mesh",
        sender_org=owner,
        message_id=data.message_id,
    )
