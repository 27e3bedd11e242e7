"""The parts of a night on small folders: what lies there before, the work, and what it must have come to.

Four parts: intake of returns; fetch and parse of a publisher's new month and new edition; candidate, audit and seal; publish.
Not here: what disturbs them (failing_disk.py) and the loops (test_failing_disk.py).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dagster_project.lake.files import hash_file
from dagster_project.lake.ledger import Ledger
from dagster_project.lake.paths import Lake
from dagster_project.publish.evidence import seal
from dagster_project.publish.publish import publish
from dagster_project.quality.marts import audit
from dagster_project.release.candidate import build_candidate
from dagster_project.release.releases import current_release, find_problems, release_names, verify_current
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.intake import Intake
from dagster_project.runtime.failures import explain
from dagster_project.sample.returns_files import SampleReturn
from tests.faults.failing_disk import FailingDisk, failing
from tests.fixtures.ae_site import AeLake, csv_bytes, month_lines
from tests.fixtures.killed_lake import content_of, half_written, links_of
from tests.fixtures.planted_workbooks import NUMBER
from tests.fixtures.returns_inbox import MOMENT, drop, drop_bytes, left_in_inbox, receipts, rows_of, take_in, wl01
from tests.fixtures.runs import run_at
from tests.integration.release.release_estate import Estate, fingerprint_of, generation_of, project_at

MEMORY = "500MB"
UNKNOWN = "a fault that it does not know"
NEVER = re.compile(r"Traceback|\[Errno|\w(Error|Exception)\b[:(]")
"""What is Python's and stands in no sentence."""


@dataclass(frozen=True)
class Part:
    """One part of a night."""

    name: str
    prepare: Callable[[Path], object]
    run: Callable[[Path, str], list[str]]
    """In that folder, with that limit of memory; the troubles that it tells where it does not raise."""
    content: Callable[[Path], Any]
    """What the folder holds after a clean run, and what is left over."""
    require_intact: Callable[[Path], object]
    """Asserts what must be true after any fault, before the next run."""


def disturbed(part: Part, folder: Path, disk: FailingDisk, memory: str = MEMORY) -> list[str]:
    """Run the part on that disk; the sentences that an operator reads. Fails where one of them explains nothing."""
    with failing(disk):
        try:
            said = part.run(folder, memory)
        except Exception as error:
            said = [str(explain(error))]
            assert UNKNOWN not in said[0], (disk, said)
    assert not any(NEVER.search(sentence) for sentence in said), (disk.failed, said)
    return said


# -- intake -----------------------------------------------------------------------------------------------------------


def _sent() -> dict[str, SampleReturn]:
    """By organisation: a return whose total is not the manifest's, and after it a good one."""
    return {
        "R9D": replace(wl01("R9D", received=MOMENT), control_total=7),
        "R9E": wl01("R9E", received=MOMENT),
    }


def _before_intake(root: Path) -> None:
    lake = Lake(root)
    drop(lake, wl01(received=MOMENT))
    take_in(lake)
    drop(lake, *_sent().values())
    drop_bytes(lake, "notes for the team.csv", b"a,b\n1,2\n")
    drop_bytes(lake, "list.csv", f"nhs_number,x\n{NUMBER},1\n".encode())


def _run_intake(root: Path, memory: str) -> list[str]:
    Intake(run_at(root, memory_limit=memory)).run(settle_seconds=0)
    return []


def _content_of_intake(root: Path) -> dict[str, Any]:
    lake, area = Lake(root), ReturnsArea.of(Lake(root))
    files = [path for path in root.rglob("*") if path.is_file()]
    kept = {path.name: hash_file(path) for path in files if area.received_root in path.parents}
    return {
        "rows": rows_of(lake, "wl01"),
        "submissions": rows_of(lake, "submission"),
        "register": sorted(
            (r.digest, r.outcome, r.name, r.submission_id, r.failed_rules, r.kinds) for r in receipts(lake)
        ),
        "kept": {name: sha256 for name, sha256 in kept.items() if not name.endswith(".json")},
        "answers": sorted(path.name for path in files if area.answers_root in path.parents),
        "in the drop folder": left_in_inbox(lake),
        "unfinished": [p.name for p in files if p.suffix == ".part" or {area.taken, area.working} & set(p.parents)],
        "with a number": [path.name for path in files if NUMBER.encode() in path.read_bytes()],
    }


def _require_intake_intact(root: Path) -> None:
    lake = Lake(root)
    there = {hash_file(path) for path in lake.returns.rglob("*") if path.is_file()}
    for organisation, sent in _sent().items():
        assert hashlib.sha256(sent.data()).hexdigest() in there, f"the return of {organisation} is lost"
        assert hashlib.sha256(sent.manifest()).hexdigest() in there, f"the manifest of {organisation} is lost"
    accepted = {row[0] for row in rows_of(lake, "submission", "org_code")}
    assert {row[0] for row in rows_of(lake, "wl01", "org_code")} >= accepted - {"R9D"} >= {"R9A"}


# -- fetch and parse --------------------------------------------------------------------------------------------------

MONTHS = ("2025-11", "2025-12")


def _before_parse(root: Path) -> None:
    estate = AeLake.begin(root)
    for month in MONTHS:
        estate.site.publish(month, csv_bytes(month_lines(month)))
    assert estate.run().messages == []
    estate.site.publish(MONTHS[-1], csv_bytes(month_lines(MONTHS[-1], raised_by=3)), tail="revised")
    estate.site.publish("2026-01", csv_bytes(month_lines("2026-01")))


def _run_parse(root: Path, memory: str) -> list[str]:
    return AeLake.begin(root).run(memory=memory).messages


def _content_of_parse(root: Path) -> dict[str, Any]:
    estate = AeLake.begin(root)
    seen = {(e.event, e.entity, e.period, e.sha256) for e in Ledger(estate.lake.ledger).entries()}
    return {
        "links": links_of(estate.lake.root),
        "rows": content_of(estate.lake.root),
        "kept": {hashlib.sha256(content).hexdigest() for content in estate.kept_contents()},
        "editions": {entry for entry in seen if entry[0] in {"seen", "accepted"}},
        "unfinished": [*estate.leftovers(), *half_written(estate.lake.root)],
    }


def _require_parse_intact(root: Path) -> None:
    estate = AeLake.begin(root)
    for month in MONTHS:
        first = estate.rows(month)[0][1]
        assert first - int(month_lines(month)[1][4]) in ({0} if month != MONTHS[-1] else {0, 3}), month
    content_of(estate.lake.root)  # raises where a table in use cannot be read
    kept = estate.kept_contents()
    assert {csv_bytes(month_lines(month)) for month in MONTHS} <= kept, "an edition is lost"


# -- candidate and publish --------------------------------------------------------------------------------------------


def _published_once(root: Path) -> Estate:
    estate = Estate.fresh(root)
    estate.take(1)
    publish(estate.project)
    return estate


def _before_candidate(root: Path) -> None:
    _published_once(root).make_generation(2)


def _run_candidate(root: Path, memory: str) -> list[str]:
    project = project_at(root, memory_limit=memory)
    draft = build_candidate(project, origin="synthetic", fingerprint=fingerprint_of(2))
    seal(project, draft, audit(project, draft), run_id="test")
    return []


def _content_of_candidate(root: Path) -> dict[str, Any]:
    """What it is published as: a part of its own disturbs publishing."""
    publish(project_at(root), keep_releases=2)
    return _content_of_release(root)


def _before_publish(root: Path) -> None:
    _published_once(root).take(2)


def _run_publish(root: Path, _: str) -> list[str]:
    publish(project_at(root), keep_releases=2)
    return []


def _content_of_release(root: Path) -> dict[str, Any]:
    lake = Lake(root / "lake")
    release = current_release(lake)
    assert release is not None
    manifest = json.loads((release.folder / "manifest.json").read_text(encoding="utf-8"))
    hidden = [path.name for folder in (lake.releases, lake.published) for path in folder.glob(".*")]
    return {
        "generation": generation_of(lake.marts),
        "release": release.release_id,
        "tables": {
            t["name"]: t["content_hash"] for t in manifest["tables"] if t["schema"] == "main" and t["name"] in MARTS
        },
        "files": sorted(str(path.relative_to(release.folder)) for path in release.folder.rglob("*")),
        "problems": verify_current(lake),
        "unfinished": [name for name in hidden if name != ".lock"],
    }


MARTS = ("dim_organisation", "fct_indicator_value")


def _require_release_intact(root: Path) -> None:
    lake = Lake(root / "lake")
    assert verify_current(lake) == []
    assert {name: find_problems(lake, name) for name in release_names(lake) if find_problems(lake, name)} == {}
    assert generation_of(lake.marts) in {1, 2}


PARTS = {
    part.name: part
    for part in (
        Part("intake", _before_intake, _run_intake, _content_of_intake, _require_intake_intact),
        Part("fetch and parse", _before_parse, _run_parse, _content_of_parse, _require_parse_intact),
        Part("candidate", _before_candidate, _run_candidate, _content_of_candidate, _require_release_intact),
        Part("publish", _before_publish, _run_publish, _content_of_release, _require_release_intact),
    )
}


@dataclass(frozen=True)
class Prepared:
    """A part, the folder before it, and what an undisturbed run makes of a copy."""

    part: Part
    before: Path
    calls: int
    undisturbed: Any

    @classmethod
    def of(cls, part: Part, folder: Path) -> Prepared:
        """Prepared in that folder, and run once without a fault."""
        before = folder / "before"
        part.prepare(before)
        whole = shutil.copytree(before, folder / "undisturbed", symlinks=True)
        disk = FailingDisk(whole)
        assert disturbed(part, whole, disk) == []
        return cls(part, before, len(disk.calls), part.content(whole))

    def survives(self, folder: Path, disk: FailingDisk, memory: str = MEMORY) -> list[str]:
        """A run with the fault on a copy, then a clean one, which must end as the undisturbed did; what the first one said."""
        shutil.copytree(self.before, folder, symlinks=True)
        said = disturbed(self.part, folder, disk, memory)
        self.part.require_intact(folder)
        told = disturbed(self.part, folder, FailingDisk(folder))
        assert told == [], (self.part.name, disk, told)
        content = self.part.content(folder)
        different = {
            key: (content[key], self.undisturbed[key]) for key in content if content[key] != self.undisturbed[key]
        }
        assert not different, (self.part.name, disk.number, disk.failed, said, different)
        shutil.rmtree(folder)
        return said
