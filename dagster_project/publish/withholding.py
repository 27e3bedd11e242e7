"""Withhold, permanently and before gate 2, sets of counts that would reveal a hidden count when several tables are combined.

The marts' own rule (dbt/macros/disclosure/withhold.sql) looks at one sum at a time. What only several of them tell, the attack finds on
the candidate: with 210 trusts a few dozen sets are found each month; blocking the release every time would make it useless. A set once
withheld is not shown again, whatever is sent later. Not here: the judgement (gate 2 attacks the new candidate again and holds it if
anything is left).
"""

# ruff: noqa: S608 - every name in the SQL is quoted by duck.quote_identifier, every value is a parameter or a quoted path

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dagster_project.contracts.source import load_sources
from dagster_project.duck import quote_identifier, quote_literal, scratch_connection
from dagster_project.lake.files import write_atomically
from dagster_project.lake.run import Run
from dagster_project.quality import attack
from dagster_project.quality.disclosure import attack_draft
from dagster_project.release.candidate import Draft, build_candidate
from dagster_project.release.contents import attach, discard
from dagster_project.release.errors import ReleaseError
from dagster_project.release.made_of import remember
from dagster_project.release.project import ReleaseProject
from dagster_project.release.state import inputs_fingerprint, project_fingerprint
from dagster_project.returns.area import ReturnsArea, keep_build_private, placing_private
from dagster_project.returns.clean_tables import load_clean_tables
from dagster_project.transform.dbt import BUILD, NIGHT_TESTS, run_dbt
from dagster_project.transform.standing import Standing

REGISTER = "withheld_set"
REBUILD = ("--no-write-json", *BUILD, "--exclude", *NIGHT_TESTS.split())
"""The record of the nightly run's own build, which gate 2 reads, stays; what is built again is tested again here."""
ROUNDS = 6
"""What is withheld leaves less to work with, so each round finds less (a month of 210 trusts: 2 rounds, 39 sets); what is left
after the last one, gate 2 names."""
SAID = "withheld_again.log"
DIGEST_SHOWN = 16


def build_safe_candidate(run: Run) -> tuple[Draft, int]:
    """Return a draft of the warehouse as it stands, and how many sets had to be withheld first: the marts are then built again.

    Raises ReleaseError when the candidate or the marts cannot be built.
    """
    lake = run.lake
    project, area = ReleaseProject.load(run), ReturnsArea.of(lake)

    def build() -> Draft:
        fingerprint = inputs_fingerprint(lake, list(project.sources.values()), run.origin)
        return build_candidate(project, origin=run.origin, fingerprint=fingerprint)

    draft, withheld = build(), 0
    for _ in range(ROUNDS):
        new = withhold(area, find_sets(project, draft))
        if not new:
            break
        withheld += new
        discard(draft.path)
        rebuild_marts(run)
        draft = build()
    remember(lake, draft.release_id)
    return draft, withheld


def find_sets(project: ReleaseProject, draft: Draft) -> tuple[Mapping[str, Any], ...]:
    """Return the sets of the draft that must be withheld; none where the attack could not be made, which gate 2 then says."""
    with project.engine() as con:
        attach(con, draft.path, attack.DRAFT)
        return attack_draft(con, project, draft).sets


def withhold(area: ReturnsArea, sets: Sequence[Mapping[str, Any]]) -> int:
    """Write the sets that are not in the register yet to a file of it, named by what it holds; gives their number.

    Raises OSError or duckdb.Error when it cannot be written.
    """
    columns = load_clean_tables()[REGISTER]
    listed = ", ".join(map(quote_identifier, columns))
    with scratch_connection() as con:
        names = ", ".join(f"{quote_identifier(name)} {kind}" for name, kind in columns.items())
        con.execute(f"create or replace temp table found ({names})")
        if sets:
            values = [[one[name] for one in sets] for name in columns]
            con.execute(f"insert into found select {', '.join('unnest(?)' for _ in columns)}", values)
        known = f"read_parquet({quote_literal(str(area.clean(REGISTER) / '*.parquet'))})"
        con.execute(f"create or replace temp table new as select * from found anti join {known} using ({listed})")
        new = con.execute("select * from new order by all").fetchall()
        if new:
            digest = hashlib.sha256(json.dumps(new, default=str).encode()).hexdigest()[:DIGEST_SHOWN]
            with placing_private(area.clean(REGISTER) / f"{digest}.parquet", area) as part:
                con.execute(f"copy (from new order by all) to {quote_literal(str(part))} (format parquet)")
    return len(new)


def rebuild_marts(run: Run) -> None:
    """Run dbt again on everything that the register reaches, with its tests. What stood in the warehouse before stands after it.

    Raises ReleaseError when dbt does not succeed; its words stay in the private folder build/.
    """
    lake = run.lake
    standing = Standing(lake, project_fingerprint(load_sources().values(), run.origin))
    stood = standing.stands()
    standing.forget()
    built = run_dbt(run, *REBUILD, "--select", f"source:returns.{REGISTER}+")
    if built.returncode:
        write_atomically(lake.build / "dbt" / SAID, (built.stdout + built.stderr).encode())
        keep_build_private(lake)
        raise ReleaseError(
            "the marts could not be built again with further sets withheld",
            f"dbt ended with {built.returncode}",
            f"read build/dbt/{SAID}, then run again; what is published is untouched",
        )
    keep_build_private(lake)
    if stood:
        standing.remember()
