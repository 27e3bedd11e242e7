"""What the release refuses or cannot do, in the lake's form: what happened, why, and what to do next."""

from __future__ import annotations

from dagster_project.lake.files import LakeError


class ReleaseError(LakeError):
    """A release could not be built, published or moved; the published files are as they were."""


class Refused(ReleaseError):
    """A gate said no: the candidate must not become a release."""
