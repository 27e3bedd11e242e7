"""The tables of indicators and targets: every file of the catalogue is a row, blanks are NULL, a target has a row for each level."""

from __future__ import annotations

from typing import Any

from dagster_project.contracts.indicator import load_indicators
from dagster_project.duck import connection
from dagster_project.transform.indicator_table import write_indicator_tables


def test_every_indicator_is_a_row_with_its_targets_in_words_and_how_far_it_was_checked(lake: Any) -> None:
    path, _ = write_indicator_tables(lake)
    with connection(None) as con:
        rows = con.execute(
            "select indicator_id, target_statement, source_id, denominator_verification, denominator_verified_on, denominator_verified_against, "
            "target_verification, target_verified_against from read_parquet(?)",
            [str(path)],
        ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert set(found) == set(load_indicators())
    assert "21 September 2022" in found["MAT-01"][0]
    assert found["STM-EL-02"][1] is None, "no source is NULL, not an empty text"
    assert found["MAT-01"][2:4] == ("read in the source", "2026-11-29")
    assert found["MAT-01"][4].startswith("Maternity Services Monthly Statistics, measures file, April 2025")
    assert found["MAT-01"][5:] == ("not verified", None)


def test_a_target_has_a_row_for_each_level(lake: Any) -> None:
    _, path = write_indicator_tables(lake)
    with connection(None) as con:
        rows = con.execute(
            "select target_no, organisation_level, target, target_kind, applies_from, applies_to from read_parquet(?) "
            "where indicator_id = 'wlmds_within_18_weeks' order by cast(target_no as int), 2",
            [str(path)],
        ).fetchall()
    assert rows[:3] == [
        ("1", "england", "0.65", "milestone", "2025-04-01", "2026-03-31"),
        ("2", "england", "0.7", "milestone", "2026-04-01", "2027-03-31"),
        ("3", "england", "0.92", "milestone", "2027-04-01", "2029-03-31"),
    ]
    assert [row[1] for row in rows[3:]] == ["icb", "region", "trust"]


def test_an_unchanged_catalogue_is_not_written_again(lake: Any) -> None:
    first = [path.stat() for path in write_indicator_tables(lake)]
    second = [path.stat() for path in write_indicator_tables(lake)]
    assert [(one.st_ino, one.st_mtime_ns) for one in first] == [(one.st_ino, one.st_mtime_ns) for one in second]
