"""What the release refuses or cannot do, in the lake's form: what happened, why, and what to do next."""

from __future__ import annotations

from dagster_project.lake.files import LakeError
from dagster_project.runtime.failures import explain


class ReleaseError(LakeError):
    """A release could not be built, published or moved; the published files are as they were."""


class Refused(ReleaseError):
    """A gate said no: the candidate must not become a release."""


def failed(what: str, error: Exception, then: str) -> ReleaseError:
    """Return `what`, which the disk, the memory or DuckDB kept from being done: their reason and its remedy in plain words, `then` what to run."""
    known = explain(error)
    return ReleaseError(what, f"{known.what}: {known.why}", f"{known.next_step}; {then}")
