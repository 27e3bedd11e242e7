"""List the software that made the release: a CycloneDX bill of materials of the installed distributions.

Each has its licence, the sha256 of the wheels that the lock takes, and its scope: `required` to run the pipeline, `excluded` when only
development needs it (CycloneDX's words). The product's own commit is in the pedigree of the root component.

Written with cyclonedx-python-lib from importlib.metadata. Not with cyclonedx-bom: installing it brings a package that compiles
a grammar at every import of jsonschema (2.4 s, measured).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from dagster_project.lake.files import write_atomically
from dagster_project.publish.beside.locked import needed_to_run, normalised, read_lock
from dagster_project.release.versions import code_version, package_version

PROJECT = "nhs-health-inequalities-warehouse"


@dataclass(frozen=True)
class Installed:
    """An installed distribution."""

    name: str
    version: str
    licence: str


def write_bill_of_materials(path: Path, manifest: Mapping[str, Any], folder: Path) -> None:
    """Write the libraries of this environment, dated as the release; kept in `folder` until one of them changes."""
    chosen = installed()
    stated = [code_version(), *(f"{one.name} {one.version} {one.licence}" for one in chosen)]
    key = hashlib.sha256("\n".join(stated).encode()).hexdigest()[:16]
    kept = folder / f"sbom-{key}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("sbom-*.json"):
            old.unlink(missing_ok=True)
        write_atomically(kept, _compose(chosen).encode())
    text = kept.read_text(encoding="utf-8").replace(_EPOCH.isoformat(), str(manifest["built_at"]))
    path.write_text(text, encoding="utf-8")


@cache
def installed() -> tuple[Installed, ...]:
    """Return every distribution of this environment, which stays as it is as long as a process runs."""
    return tuple(sorted({_read(one) for one in distributions()}, key=lambda one: (one.name.lower(), one.version)))


def _read(distribution: Distribution) -> Installed:
    """Only the headers: the descriptions below them made the reading of 185 distributions take two seconds."""
    headers = HeaderParser().parsestr((distribution.read_text("METADATA") or "").partition("\n\n")[0])
    classified = [
        one.rpartition(" :: ")[2] for one in headers.get_all("Classifier", []) if one.startswith("License ::")
    ]
    licence = headers.get("License-Expression") or headers.get("License") or " or ".join(classified)
    # Some put the whole text of their licence there; its name is all that a bill of materials needs.
    return Installed(headers["Name"] or "unknown", headers["Version"] or "", licence.strip().partition("\n")[0][:80])


_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def _compose(chosen: Iterable[Installed]) -> str:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Commit, Component, ComponentType, Pedigree
    from cyclonedx.output.json import JsonV1Dot6

    made_of = Pedigree(commits=[Commit(uid=code_version())])
    root = Component(
        name=PROJECT, version=package_version(), type=ComponentType.APPLICATION, bom_ref=PROJECT, pedigree=made_of
    )
    components = [_component(one) for one in chosen if one.name != PROJECT]
    names = "\n".join(str(component.purl) for component in components)
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, names), components=components)
    bom.metadata.timestamp = _EPOCH
    bom.metadata.component = root
    bom.register_dependency(root, components)
    return JsonV1Dot6(bom).output_as_string(indent=1)


def _component(one: Installed) -> Any:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense
    from packageurl import PackageURL

    locked = read_lock().get(normalised(one.name))
    needed = normalised(one.name) in needed_to_run()
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{one.name.lower()}=={one.version}",
        purl=PackageURL("pypi", None, one.name.lower().replace("_", "-"), one.version),
        scope=ComponentScope.REQUIRED if needed else ComponentScope.EXCLUDED,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256) for sha256 in (locked.hashes if locked else ())],
        licenses=[DisjunctiveLicense(name=one.licence)] if one.licence else [],
    )
