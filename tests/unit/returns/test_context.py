"""What is known beside a file: the organisation list of the lake, and the clean rows of the period before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lake.paths import Lake
from dagster_project.returns.submission import Organisations
from dagster_project.returns.validation import validate
from tests.fixtures.returns_files import VALID, context, write_return


def put(lake: Lake, entity: str, select: str) -> None:
    """One clean table of ods_organisation."""
    folder = lake.current("ods_organisation", entity, "synthetic")
    folder.mkdir(parents=True)
    duckdb.execute(f"copy ({select}) to '{folder}/2026.parquet' (format parquet)")


def test_organisation_list_of_the_lake_knows_trusts_commissioners_and_successions(lake: Any) -> None:
    assert Organisations.of_lake(lake, "synthetic") is None
    names = "organisation_code, opened_on, closed_on"
    put(lake, "trust", f"select * from (values ('R9A', date '2002-04-01', null), ('R9X', date '1994-04-01', date '2025-09-30'), ('R9Y', date '2002-04-01', date '2021-09-30'), ('R9B', date '2005-04-01', null)) as t({names})")  # fmt: skip
    put(lake, "sub_icb", f"select * from (values ('9QA', date '2013-04-01', cast(null as date))) as t({names})")
    put(lake, "succession", "select * from (values ('R9X', 'R9B', date '2025-10-01'), ('R9Y', 'R9A', date '2021-10-01'), ('R9Y', 'R9B', date '2021-10-01')) as t(predecessor_code, successor_code, effective_on)")  # fmt: skip
    known = Organisations.of_lake(lake, "synthetic")
    assert known is not None
    day = dt.date(2026, 10, 31)
    assert [known.is_open(code, day) for code in ("R9A", "R9X", "9QA", "ZZZ")] == [True, False, False, False]
    assert known.is_open("R9X", dt.date(2025, 9, 30))
    assert known.successor("R9X", day) == "R9B"
    assert known.successor("R9Y", day) is None  # it was split: nobody can say whose the figures are
    assert known.suggestion("R9A01", day) == "R9A"


def test_clean_rows_of_the_period_before_serve_the_rules_that_compare(tmp_path: Path) -> None:
    with validate(write_return(tmp_path / "before", "WL01"), context()) as verdict:
        verdict.write_accepted(tmp_path / "before.parquet")
    now = [row | {"pathway_count": str(int(row["pathway_count"]) * 2)} for row in VALID["WL01"]()]
    for rows, rule in ((VALID["WL01"](), "C11"), (now, "C12")):
        submission = write_return(tmp_path / rule, "WL01", rows)
        with validate(submission, context(previous=tmp_path / "before.parquet")) as verdict:
            assert rule in verdict.warned_rules
            assert {"C11", "C12", "C13", "W03"} & {f.rule for f in verdict.findings if f.not_checked} == set()


def test_previous_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "before.csv").write_bytes(b"\x00")
    with validate(write_return(tmp_path, "WL01"), context(previous=tmp_path / "before.csv")) as verdict:
        assert verdict.outcome == "accepted"
        assert "C11" in {f.rule for f in verdict.findings if f.not_checked}
