"""The table of sources: every contract is in it, and an unchanged one is not written again."""

from __future__ import annotations

from typing import Any

from dagster_project.contracts.source import load_sources
from dagster_project.duck import connection
from dagster_project.transform.source_table import write_source_table


def test_every_source_is_in_the_table_with_its_attribution(lake: Any) -> None:
    path = write_source_table(lake)
    with connection(None) as con:
        rows = con.execute("select slug, attribution from read_parquet(?)", [str(path)]).fetchall()
    assert dict(rows) == {slug: source.attribution for slug, source in load_sources().items()}


def test_an_unchanged_table_is_not_written_again(lake: Any) -> None:
    first = write_source_table(lake).stat()
    second = write_source_table(lake).stat()
    assert (second.st_ino, second.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_a_damaged_or_an_older_table_is_replaced(lake: Any) -> None:
    path = write_source_table(lake)
    good = path.read_bytes()
    path.write_bytes(good[:-5])
    assert write_source_table(lake).read_bytes() == good
    path.unlink()
    with connection(None) as con:
        con.execute(f"copy (select 'nhse_ae' as slug) to '{path}' (format parquet)")
    assert write_source_table(lake).read_bytes() == good
