"""The candidate: what is in it, how it is described, and what stops it from being built."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from dagster_project.duck import connection
from dagster_project.lake.ledger import Entry, Ledger
from dagster_project.publish.publish import publish
from dagster_project.release.candidate import newest_draft
from dagster_project.release.errors import ReleaseError
from tests.integration.release.release_estate import (
    ENTITY,
    PERIOD,
    SOURCE,
    Estate,
    accept_snapshot,
    fingerprint_of,
    now_minus,
)


def ask(estate: Estate, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the newest draft."""
    with connection(newest_draft(estate.project).path, read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """An estate with a draft that tests only look at."""
    estate = Estate.fresh(tmp_path_factory.mktemp("built"))
    estate.build()
    return estate


def edit_manifest(estate: Estate, edit: Callable[[dict[str, Any]], object]) -> None:
    path = estate.project.manifest
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_only_exposed_marts_and_meta_leave_the_warehouse(built: Estate) -> None:
    draft = newest_draft(built.project)
    assert built.lake.candidates in draft.path.parents
    tables = ask(built, "select schema_name, table_name from duckdb_tables() order by all")
    assert [table for schema, table in tables if schema == "main"] == ["dim_organisation", "fct_indicator_value"]
    assert {schema for schema, _ in tables} == {"main", "meta"}
    with connection(built.lake.warehouse, read_only=True) as con:
        assert con.execute("select * from int_private").fetchall() == [("never published",)]
    assert draft.rows == {"dim_organisation": 20, "fct_indicator_value": 1600}


def test_every_table_and_column_has_a_comment_and_a_line_in_the_dictionary(built: Estate) -> None:
    assert ask(built, "select table_name from duckdb_tables() where comment is null") == []
    assert (
        ask(built, "select table_name, column_name from duckdb_columns() where not internal and comment is null") == []
    )
    columns = ask(
        built, "select schema_name, table_name, column_name from duckdb_columns() where not internal order by all"
    )
    dictionary = ask(built, "select table_schema, table_name, column_name from meta.data_dictionary order by all")
    assert columns == dictionary
    described = "select data_type, unit, description from meta.data_dictionary where column_name = 'numerator_count'"
    assert ask(built, described) == [("BIGINT", "patients", "Numerator.")]
    named = (
        "select comment from duckdb_columns() where column_name in ('organisation_name', 'numerator_count') order by 1"
    )
    assert ask(built, named) == [('It\'s name as "written".',), ("Numerator. [patients]",)]


def test_the_file_is_whole_ordered_by_key_and_of_the_first_storage_version(built: Estate) -> None:
    draft = newest_draft(built.project)
    assert not draft.path.with_name(draft.path.name + ".wal").exists()
    header = draft.path.read_bytes()[8:20]
    # DuckDB writes "DUCK" at byte 8 and the storage version after it; 64 is that of 0.10 to 1.1, which every 1.x reads.
    assert header[:4] == b"DUCK"
    assert struct.unpack("<Q", header[4:12]) == (64,)
    keys = ask(built, "select indicator_id, organisation_code, period_start from fct_indicator_value")
    assert keys == sorted(keys)


def test_the_candidate_adds_its_release_to_every_table(built: Estate) -> None:
    draft = newest_draft(built.project)
    assert draft.release_id == fingerprint_of(0)[:12]
    found = "select distinct release_id from fct_indicator_value union select release_id from dim_organisation"
    assert ask(built, found) == [(draft.release_id,)]


def test_the_same_warehouse_gives_the_same_contents(estate: Estate) -> None:
    first = estate.build()
    estate.change("create table shuffled as from fct_indicator_value order by hash(organisation_code)")
    estate.change(
        "delete from fct_indicator_value", "insert into fct_indicator_value from shuffled", "drop table shuffled"
    )
    second = estate.build()
    assert first.path != second.path
    assert first.contents == second.contents
    assert first.built_at < second.built_at


def test_sources_inputs_and_rejects_are_told_without_any_cell(built: Estate) -> None:
    status = ask(
        built,
        "select slug, entity, newest_period_in_use, periods_in_use_count, held, rows_in_use_count, rejected_rows_count, "
        "suppressed_cells_count, licence, last_accepted_at is not null from meta.source_status",
    )
    assert status == [(SOURCE, ENTITY, PERIOD, 1, False, 200, 2, 7, "OGL-UK-3.0", True)]
    assert ask(built, "select column_name, rule, rejected_rows_count from meta.rejects") == [
        ("over_4_hours", "a whole number", 2)
    ]
    inputs = ask(built, "select slug, period, url, retrieved_at::varchar, length(sha256) from meta.inputs")
    assert inputs[0][1:] == (PERIOD, inputs[0][2], "2026-02-12 09:31:00", 64)
    tables = [row[0] for row in ask(built, "select table_name from duckdb_tables() where schema_name = 'meta'")]
    assert len(tables) == 10
    for table in tables:
        assert ask(built, f"select count(*) from meta.{table} t where t::varchar like '%SECRET%'") == [(0,)]


def test_a_newer_file_that_was_held_is_told(estate: Estate) -> None:
    detail = {"origin": "synthetic"}
    held = Entry("held", SOURCE, ENTITY, PERIOD, "https://x/2", "f" * 64, "over_4_hours: too many", detail=detail)
    Ledger(estate.lake.ledger).append(held)
    estate.build()
    assert ask(estate, "select held, held_reason, periods_in_use_count from meta.source_status") == [
        (True, "2026-01: over_4_hours: too many", 1)
    ]


def test_an_input_without_provenance_stops_the_build(estate: Estate) -> None:
    for path in estate.lake.raw(SOURCE).rglob("provenance.json"):
        path.unlink()
    with pytest.raises(ReleaseError, match="nhse_ae monthly 2026-01 cannot be traced"):
        estate.build()


# -- what is not described is not published ---------------------------------------------------------------------------


def _remove_column_description(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.tiny.fct_indicator_value"]["columns"]["value"]["description"] = "  "


def _remove_model_description(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.tiny.fct_indicator_value"]["description"] = ""


def _remove_key(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.tiny.fct_indicator_value"]["config"]["meta"] = {
        "disclosure_policy": "published_statistics"
    }


def _expose_private_model(manifest: dict[str, Any]) -> None:
    manifest["exposures"]["exposure.tiny.marts"]["depends_on"]["nodes"].append("model.tiny.int_private")


def _name_a_column_like_the_release(manifest: dict[str, Any]) -> None:
    columns = manifest["nodes"]["model.tiny.fct_indicator_value"]["columns"]
    columns["release_id"] = {**columns["value"], "name": "release_id"}


def _remove_exposures(manifest: dict[str, Any]) -> None:
    manifest["exposures"].clear()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (_remove_column_description, "fct_indicator_value.value has no description"),
        (_remove_model_description, "fct_indicator_value has no description"),
        (_remove_key, "fct_indicator_value has no usable key"),
        (_name_a_column_like_the_release, "fct_indicator_value has a column release_id"),
        (_expose_private_model, "an exposure names model.tiny.int_private"),
        (_remove_exposures, "no exposure names a mart"),
    ],
)
def test_a_manifest_that_does_not_describe_everything_stops_the_build(
    estate: Estate, edit: Callable[[dict[str, Any]], object], said: str
) -> None:
    edit_manifest(estate, edit)
    with pytest.raises(ReleaseError, match=said):
        estate.build()
    assert list(estate.lake.candidates.glob("*")) == []


def test_a_column_that_the_manifest_does_not_know_stops_the_build(estate: Estate) -> None:
    estate.change("alter table dim_organisation add column nhs_number varchar")
    with pytest.raises(ReleaseError, match="only on one side: nhs_number"):
        estate.build()
    assert list(estate.lake.candidates.glob("*")) == []


def test_a_table_that_the_warehouse_lacks_stops_the_build(estate: Estate) -> None:
    estate.change("drop table dim_organisation")
    with pytest.raises(ReleaseError, match="the warehouse has no dim_organisation"):
        estate.build()


def test_without_a_warehouse_nothing_is_built(estate: Estate) -> None:
    estate.lake.warehouse.unlink()
    with pytest.raises(ReleaseError, match="there is no warehouse"):
        estate.build()


def test_a_hostile_column_name_is_only_a_name(estate: Estate) -> None:
    name = 'x" from t; drop table dim_organisation; --'
    quoted = '"' + name.replace('"', '""') + '"'
    estate.change(f"alter table dim_organisation add column {quoted} varchar")

    def describe(manifest: dict[str, Any]) -> None:
        columns = manifest["nodes"]["model.tiny.dim_organisation"]["columns"]
        columns[name] = {
            "name": name,
            "description": "it's'; drop schema meta; --",
            "data_type": "varchar",
            "config": {},
        }

    edit_manifest(estate, describe)
    estate.build()
    assert ask(estate, f"select count(*), count({quoted}) from dim_organisation") == [(20, 0)]
    assert ask(estate, "select comment from duckdb_columns() where comment like 'it''s%'") == [
        ("it's'; drop schema meta; --",)
    ]


def test_a_draft_that_a_kill_left_is_swept_once_it_is_old(estate: Estate) -> None:
    old = estate.build().path
    young = estate.build().path
    os.utime(old, (now_minus(2), now_minus(2)))
    estate.build()
    assert not old.exists()
    assert young.exists()


# -- what moved against the current release ---------------------------------------------------------------------------


@pytest.fixture
def published(estate: Estate) -> Estate:
    estate.take(1)
    publish(estate.project)
    estate.make_generation(1)
    return estate


def changes(estate: Estate, what: str) -> list[tuple[Any, ...]]:
    estate.build(fingerprint_of(99))
    return ask(estate, f"select {what} from meta.changes order by all")


COUNTS = "change_type, table_name, indicator_id, rows_added_count, rows_removed_count, rows_changed_count"


def test_the_same_rows_are_no_change(published: Estate) -> None:
    assert changes(published, COUNTS) == []


def test_rows_added_removed_and_changed_are_counted_by_key_and_indicator(published: Estate) -> None:
    published.change(
        "update fct_indicator_value set numerator_count = 1000 where indicator_id = 'indicator_1' and organisation_code = 'Q03'",
        "delete from fct_indicator_value where indicator_id = 'indicator_2' and organisation_code = 'Q04'",
        "update fct_indicator_value set indicator_id = 'indicator_new' where indicator_id = 'indicator_3' and organisation_code = 'Q05'",
    )
    # Each indicator and organisation has a row in each of 20 months; which fifth is suppressed goes by organisation.
    assert changes(published, COUNTS) == [
        ("rows", "fct_indicator_value", "indicator_1", 0, 0, 20),
        ("rows", "fct_indicator_value", "indicator_2", 0, 20, 0),
        ("rows", "fct_indicator_value", "indicator_3", 0, 20, 0),
        ("rows", "fct_indicator_value", "indicator_new", 20, 0, 0),
    ]


def test_the_last_bits_of_a_double_and_a_new_file_of_equal_figures_are_no_change(published: Estate) -> None:
    published.change("update fct_indicator_value set value = value * (1 + 1e-13), snapshot_sha256 = repeat('b', 64)")
    assert changes(published, COUNTS) == []


def test_a_change_names_the_file_that_brought_it(published: Estate) -> None:
    published.change(
        "update fct_indicator_value set numerator_count = 7777, snapshot_sha256 = repeat('b', 64) "
        "where period_start = date '2026-02-01' and numerator_count is not null"
    )
    found = changes(published, "indicator_id, snapshot_sha256, rows_changed_count")
    assert {row[1] for row in found} == {"b" * 64}
    assert sum(row[2] for row in found) == 64


def test_a_null_that_becomes_a_number_is_a_change(published: Estate) -> None:
    published.change(
        "update fct_indicator_value set value = 0.5, value_status = 'published' where indicator_id = 'indicator_0' and organisation_code = 'Q00'"
    )
    assert [row[5] for row in changes(published, COUNTS)] == [20]


def test_new_and_replaced_inputs_are_listed(published: Estate) -> None:
    february = accept_snapshot(published.lake, "2026-02", b"February")
    revised = accept_snapshot(published.lake, PERIOD, b"January, revised")
    found = changes(published, "change_type, slug, period, snapshot_sha256")
    first = found[-1][3]
    assert sorted(found[:2]) == sorted(
        [("input_added", SOURCE, "2026-02", february), ("input_added", SOURCE, PERIOD, revised)]
    )
    assert found[2:] == [("input_removed", SOURCE, PERIOD, first)]
    assert first not in {february, revised}


def test_columns_and_tables_that_come_go_or_change_type_are_listed(published: Estate) -> None:
    published.change("alter table fct_indicator_value alter generation_number type bigint")

    def drop_dimension(manifest: dict[str, Any]) -> None:
        manifest["exposures"]["exposure.tiny.marts"]["depends_on"]["nodes"].remove("model.tiny.dim_organisation")

    edit_manifest(published, drop_dimension)
    assert changes(published, "change_type, description") == [
        ("column_added", "fct_indicator_value.generation_number BIGINT"),
        ("column_removed", "fct_indicator_value.generation_number INTEGER"),
        ("table_removed", "dim_organisation is no longer published"),
    ]


def test_a_key_that_changed_type_counts_as_all_rows_new(published: Estate) -> None:
    published.change("alter table fct_indicator_value alter period_start type timestamp")
    counted = "sum(rows_added_count), sum(rows_removed_count), sum(rows_changed_count)"
    published.build(fingerprint_of(99))
    assert ask(published, f"select {counted} from meta.changes") == [(1600, 1600, 0)]


def test_a_half_written_draft_is_refused(estate: Estate) -> None:
    path = estate.build().path
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ReleaseError, match="is not a whole draft"):
        newest_draft(estate.project)
    with pytest.raises(duckdb.Error):
        duckdb.connect(str(path), read_only=True)
