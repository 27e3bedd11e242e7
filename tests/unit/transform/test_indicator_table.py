"""The table of indicators: every file of the catalogue is a row, blanks are NULL, a withdrawn target rates nobody."""

from __future__ import annotations

from typing import Any

from dagster_project.duck import connection
from dagster_project.indicators import load_indicators
from dagster_project.transform.indicator_table import write_indicator_table


def test_every_indicator_is_a_row_and_a_withdrawn_target_is_kept_in_words_only(lake: Any) -> None:
    path = write_indicator_table(lake)
    with connection(None) as con:
        rows = con.execute(
            "select indicator_id, target, target_statement, target_withdrawn, source_id from read_parquet(?)",
            [str(path)],
        ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert set(found) == set(load_indicators())
    assert found["MAT-01"][0] is None and "21 September 2022" in found["MAT-01"][1]
    assert found["MAT-01"][2] == "2022-09-21"
    assert found["CAN-01"][0] == "0.75"
    assert found["STM-EL-02"][3] is None, "no source is NULL, not an empty text"


def test_an_unchanged_catalogue_is_not_written_again(lake: Any) -> None:
    first = write_indicator_table(lake).stat()
    second = write_indicator_table(lake).stat()
    assert (second.st_ino, second.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
