"""A small lake with a real dbt project and a real warehouse, from which tests build, judge and publish releases.

Generation n of it differs from generation m in every row of both marts, so that a release that is a mixture shows. Candidates
are built once for the whole test run and copied into the lake of the test that needs them.
"""

from __future__ import annotations

import atexit
import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dagster_project.contracts.check import CheckResult
from dagster_project.contracts.source import load_sources
from dagster_project.contracts.suite import Suite
from dagster_project.duck import connection
from dagster_project.lake.ledger import Entry, Ledger
from dagster_project.lake.parse_report import ParseReport
from dagster_project.lake.paths import Lake
from dagster_project.publish.evidence import Evidence, candidate_path, evidence_path, seal
from dagster_project.quality.marts import audit
from dagster_project.release.candidate import Draft, build_candidate
from dagster_project.release.project import ReleaseProject, load_example_queries
from dagster_project.runtime.started import STARTER
from dagster_project.transform.dbt import dbt_executable
from tests.fixtures.runs import run_at

TINY_DBT = Path(__file__).with_name("tiny_dbt")
SOURCE, ENTITY, PERIOD = "nhse_ae", "monthly", "2026-01"
SUITES = {
    "dim_organisation": {
        "name": "dim_organisation",
        "owner": "team:tests",
        "query": "select organisation_code, organisation_name from batch",
        "key": ["organisation_code"],
        "expectations": [
            {
                "type": "expect_column_values_to_match_regex",
                "notes": "Codes are a Q and two digits.",
                "kwargs": {"column": "organisation_code", "regex": "^Q[0-9]{2}$"},
            },
            {
                "type": "expect_column_values_to_not_match_regex",
                "severity": "warning",
                "notes": "Names are not shouted.",
                "kwargs": {"column": "organisation_name", "regex": "^[A-Z ]+$"},
            },
        ],
    },
    "fct_indicator_value": {
        "name": "fct_indicator_value",
        "owner": "team:tests",
        "query": "select indicator_id, organisation_code, period_start, value from batch",
        "key": ["indicator_id", "organisation_code", "period_start"],
        "expectations": [
            {
                "type": "expect_column_values_to_be_between",
                "notes": "Shares lie between 0 and 1.",
                "kwargs": {"column": "value", "min_value": 0, "max_value": 1},
            }
        ],
    },
}


def project_at(root: Path, **settings: Any) -> ReleaseProject:
    """The project of the estate in `root`."""
    return ReleaseProject(
        run=run_at(root / "lake", **{"threads": 2, "lock_wait_seconds": 20} | settings),
        manifest=root / "target" / "manifest.json",
        run_results=root / "target" / "run_results.json",
        suites={name: Suite.model_validate(body) for name, body in SUITES.items()},
        sources={SOURCE: load_sources()[SOURCE]},
        example_queries=load_example_queries(TINY_DBT / "example_queries.yml"),
        rows_fall_maximum_share=0.1,
    )


@cache
def built_project() -> Path:
    """The estate after one `dbt build`, in a temporary folder that goes away with the process."""
    root = Path(tempfile.mkdtemp(prefix="release-estate-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    lake = Lake(root / "lake")
    lake.build.mkdir(parents=True)
    run_dbt(root)
    accept_snapshot(lake, PERIOD, b"January as first published", rejected=2)
    return root


def run_dbt(root: Path) -> None:
    """`dbt build` of the tiny project into the estate's warehouse."""
    environment = os.environ | {
        "TINY_WAREHOUSE": str(Lake(root / "lake").warehouse),
        "HIW_BUILD": str(Lake(root / "lake").build),
        STARTER: str(os.getpid()),
    }
    folders = [
        "--project-dir",
        TINY_DBT,
        "--profiles-dir",
        TINY_DBT,
        "--target-path",
        root / "target",
        "--log-path",
        root,
    ]
    command = [dbt_executable(), "--quiet", "build", *folders]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr


def accept_snapshot(lake: Lake, period: str, content: bytes, *, rejected: int = 0) -> str:
    """A kept, parsed and accepted file of the source, as the lake lays it; gives its sha256."""
    source = load_sources()[SOURCE]
    sha256 = hashlib.sha256(content).hexdigest()
    home = lake.snapshot(SOURCE, period, sha256)
    home.mkdir(parents=True)
    (home / f"{period}.csv").write_bytes(content)
    address = f"https://www.england.nhs.uk/{period}-{sha256[:6]}.csv"
    provenance = {"url": address, "retrieved_at": "2026-02-12T09:31:00+00:00", "file": f"{period}.csv"}
    (home / "provenance.json").write_text(json.dumps(provenance))
    vintage = lake.clean_vintage(SOURCE, ENTITY, period, sha256, source.fingerprint)
    vintage.parent.mkdir(parents=True, exist_ok=True)
    with connection(None) as con:
        con.execute(f"copy (select 1 as n) to '{vintage}' (format parquet)")
        if rejected:
            rows = f"select i as record_number, 'over_4_hours' as column_name, 'a whole number' as rule, 'SECRET' as cell from range({rejected}) t(i)"
            con.execute(f"copy ({rows}) to '{vintage.with_suffix('.rejects.parquet')}' (format parquet)")
    report = ParseReport(SOURCE, ENTITY, period, sha256, f"{period}.csv", source.fingerprint)
    report.clean_rows, report.records_rejected, report.statuses = 200, rejected, {"suppressed": 7}
    vintage.with_suffix(".report.json").write_text(json.dumps(asdict(report)))
    detail = {"origin": "synthetic", "parser": source.fingerprint, "suite": "s", "warnings": []}
    Ledger(lake.ledger).append(Entry("accepted", SOURCE, ENTITY, period, address, sha256, detail=detail))
    point_at(lake, period, vintage)
    return sha256


def point_at(lake: Lake, period: str, vintage: Path) -> None:
    """Put a clean table into use."""
    folder = lake.current(SOURCE, ENTITY, "synthetic")
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / f"{period}.parquet"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(vintage, folder))


def fingerprint_of(generation: int) -> str:
    """A fingerprint for each generation."""
    return hashlib.sha256(f"generation {generation}".encode()).hexdigest()


@dataclass(frozen=True)
class Estate:
    """A lake of a test, and the night that publishes into it."""

    root: Path

    @property
    def project(self) -> ReleaseProject:
        return project_at(self.root)

    @property
    def lake(self) -> Lake:
        return Lake(self.root / "lake")

    @classmethod
    def fresh(cls, root: Path) -> Estate:
        """A copy of the built project."""
        shutil.copytree(built_project(), root, symlinks=True, dirs_exist_ok=True)
        return cls(root)

    def change(self, *statements: str) -> None:
        """Change the warehouse, as another dbt build would."""
        with connection(self.lake.warehouse) as con:
            for statement in statements:
                con.execute(statement)

    def make_generation(self, generation: int) -> None:
        """Give every row of both marts the generation."""
        self.change(
            f"update fct_indicator_value set generation_number = {generation}",
            f"update dim_organisation set organisation_name = 'Trust of generation {generation}'",
        )

    def build(self, fingerprint: str = fingerprint_of(0), origin: Any = "synthetic") -> Draft:
        """A draft of the warehouse as it stands."""
        return build_candidate(self.project, origin=origin, fingerprint=fingerprint)

    def judge(
        self,
        fingerprint: str = fingerprint_of(0),
        *,
        origin: Any = "synthetic",
        change_results: Callable[[list[CheckResult]], list[CheckResult]] = lambda results: results,
    ) -> Evidence:
        """Build, audit and seal; `change_results` plants what an incomplete audit would give."""
        draft = self.build(fingerprint, origin)
        return seal(self.project, draft, change_results(audit(self.project, draft)), run_id="test")

    def take(self, generation: int) -> str:
        """Bring the sealed candidate of a generation into this lake; gives its sha256."""
        stash, sha256 = sealed(generation)
        for place in (candidate_path, evidence_path):
            target = place(self.lake, sha256)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place(stash.lake, sha256), target)
        return sha256


@cache
def _workshop() -> Estate:
    root = Path(tempfile.mkdtemp(prefix="release-workshop-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return Estate.fresh(root)


@cache
def sealed(generation: int) -> tuple[Estate, str]:
    """A sealed, passing candidate of that generation, and the estate that holds it under `stash`."""
    workshop = _workshop()
    workshop.make_generation(generation)
    evidence = workshop.judge(fingerprint_of(generation))
    assert evidence.passed, [result for result in evidence.results if result.blocks]
    stash = Estate(workshop.root / "stash" / str(generation))
    for place in (candidate_path, evidence_path):
        target = place(stash.lake, evidence.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place(workshop.lake, evidence.sha256), target)
    return stash, evidence.sha256


def generation_of(marts: Path) -> int:
    """The generation that a published file holds; fails when the file is a mixture of two."""
    with connection(marts, read_only=True) as con:
        query = """
            select f.generation_number, f.release_id, d.organisation_name, d.release_id, r.release_id
            from (select distinct generation_number, release_id from fct_indicator_value) f
            cross join (select distinct organisation_name, release_id from dim_organisation) d
            cross join (select release_id from meta.releases where this_release) r"""
        rows = con.execute(query).fetchall()
    assert len(rows) == 1, rows
    generation, *said = rows[0]
    name = fingerprint_of(generation)[:12]
    assert said == [name, f"Trust of generation {generation}", name, name], rows
    return int(generation)


def now_minus(hours: float) -> float:
    """A file time that many hours ago."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)).timestamp()
