"""Describe a submission in the working folder: private copies, how it came, and the name under which it may be shown."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from dagster_project.returns.answer import NOT_SHOWN
from dagster_project.returns.inbox import PrivateCopy
from dagster_project.returns.spellings import scan_name
from dagster_project.returns.submission import FILE_NAME, Route, Submission

SHOWN_NAME = re.compile(r"[\w.() -]{1,80}", re.ASCII)


def submission_digest(data_sha256: str, manifest_sha256: str = "") -> str:
    """Return what makes two submissions the same. A CSV sent again with a fixed manifest is another submission of the same rows."""
    if not manifest_sha256:
        return data_sha256
    return hashlib.sha256(f"{data_sha256}\n{manifest_sha256}".encode()).hexdigest()


@dataclass
class Incoming:
    """A submission in the working folder: private copies, and how it came."""

    name: str
    data: PrivateCopy
    manifest: PrivateCopy | None
    received_at: dt.datetime
    route: Route
    sender_org: str | None
    message_id: str = ""

    @property
    def digest(self) -> str:
        """Of data and manifest."""
        return submission_digest(self.data.sha256, self.manifest.sha256 if self.manifest else "")

    @property
    def is_named_as_a_return(self) -> bool:
        """Say whether the name is one of a return: only such a name is shown, kept as a name, and judged."""
        return FILE_NAME.fullmatch(self.name) is not None

    @property
    def shown_name(self) -> str:
        """Return the name where it is safe to say it."""
        safe = SHOWN_NAME.fullmatch(self.name) is not None and not scan_name(self.name)
        return self.name if safe else NOT_SHOWN

    def as_submission(self) -> Submission:
        """For validation: the private copies under the name that was sent."""
        return Submission(self.data.path, self.manifest.path if self.manifest else None, file_name=self.name)
