"""Publishing, going back, and what analysts then see. The faults of publishing are in tests/faults/test_process.py."""

from __future__ import annotations

import json
import shutil
import stat
import time
from pathlib import Path

import pytest

from dagster_project.duck import connection
from dagster_project.lake.files import hash_file
from dagster_project.publish.publish import publish
from dagster_project.release.errors import Refused, ReleaseError
from dagster_project.release.releases import (
    current_name,
    current_release,
    list_releases,
    repair_current,
    rollback,
    verify_current,
)
from dagster_project.release.state import fingerprint_state
from tests.integration.release.release_estate import Estate, fingerprint_of, generation_of


@pytest.fixture
def two(estate: Estate) -> Estate:
    """Generations 1 and 2 are published."""
    for generation in (1, 2):
        estate.take(generation)
        publish(estate.project)
    return estate


def test_what_is_published_is_the_candidate_byte_for_byte(estate: Estate) -> None:
    sha256 = estate.take(1)
    release = publish(estate.project)
    assert (release.outcome, release.is_current, release.sha256) == ("published", True, sha256)
    assert release.release_id == fingerprint_of(1)[:12]
    assert hash_file(estate.lake.marts) == sha256
    assert generation_of(estate.lake.marts) == 1
    assert verify_current(estate.lake) == []


def test_synthetic_marts_never_replace_published_ones(estate: Estate) -> None:
    estate.take(1)
    real = publish(estate.project)
    manifest = estate.lake.releases / real.name / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"data_origin": "published"}))
    estate.take(2)
    with pytest.raises(Refused, match="the candidate is synthetic and the current release holds published figures"):
        publish(estate.project)
    assert current_name(estate.lake) == real.name


def test_every_table_has_a_parquet_twin_that_says_what_it_is(estate: Estate) -> None:
    estate.take(1)
    release = publish(estate.project)
    with connection(estate.lake.marts, read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        assert len(tables) == 12
        for schema, name in tables:
            folder = estate.lake.published / "parquet" / ("meta" if schema == "meta" else "")
            twin = f"'{folder / name}.parquet'"
            assert (
                con.execute(
                    f"(from {schema}.{name} except all from {twin}) union all (from {twin} except all from {schema}.{name})"
                ).fetchall()
                == []
            )
            said = dict(con.execute(f"select key::varchar, value::varchar from parquet_kv_metadata({twin})").fetchall())
            assert said["release_id"] == release.release_id
            assert (said["licence"], said["data_origin"]) == ("OGL-UK-3.0", "synthetic")
            assert con.execute(f"select distinct compression from parquet_metadata({twin})").fetchall() in (
                [("ZSTD",)],
                [],
            )


def test_the_manifest_says_what_it_was_made_of(estate: Estate) -> None:
    estate.take(1)
    publish(estate.project)
    manifest = json.loads((estate.lake.published / "manifest.json").read_text())
    assert [(i["slug"], i["period"], len(i["sha256"])) for i in manifest["inputs"]] == [("nhse_ae", "2026-01", 64)]
    assert {"duckdb", "dbt-core", "dagster", "great-expectations", "python"} <= set(manifest["versions"])
    assert manifest["code_version"]
    assert manifest["checks"]["passed"] == manifest["checks"]["results"] > 20
    assert {t["name"]: t["rows"] for t in manifest["tables"] if t["schema"] == "main"} == {
        "dim_organisation": 20,
        "fct_indicator_value": 1600,
    }
    for name, told in manifest["files"].items():
        assert hash_file(estate.lake.published / "current" / name) == told["sha256"]
    evidence = json.loads((estate.lake.published / "evidence.json").read_text())
    assert evidence["sha256"] == manifest["files"]["marts.duckdb"]["sha256"]


def test_files_are_read_only_and_the_links_survive_a_move_of_the_lake(two: Estate, tmp_path: Path) -> None:
    release = current_release(two.lake)
    assert release is not None
    modes = {stat.S_IMODE(path.stat().st_mode) for path in release.folder.rglob("*") if path.is_file()}
    assert modes == {0o444}
    moved = Estate(tmp_path / "elsewhere")
    moved.root.mkdir()
    two.lake.root.rename(moved.lake.root)
    assert generation_of(moved.lake.marts) == 2
    assert verify_current(moved.lake) == []


def test_one_swap_moves_everything(two: Estate) -> None:
    links = {path.name: path.readlink() for path in two.lake.published.iterdir()}
    assert links.pop("current") == Path("../releases", current_name(two.lake) or "")
    assert links == {
        name: Path("current", name)
        for name in (
            *("marts.duckdb", "parquet", "csv", "marts.xlsx", "datapackage.json", "sbom.cdx.json", "index.html"),
            *("report", "manifest.json", "evidence.json"),
        )
    }


def test_the_same_candidate_again_writes_nothing(two: Estate) -> None:
    before = {path: path.lstat().st_mtime_ns for path in two.lake.root.rglob("*")}
    release = publish(two.project)
    assert release.outcome == "unchanged"
    assert "is current already" in release.note
    assert {path: path.lstat().st_mtime_ns for path in two.lake.root.rglob("*")} == before


def test_the_candidate_may_be_named(estate: Estate) -> None:
    first = estate.take(1)
    estate.take(2)
    assert publish(estate.project, first).sha256 == first
    with pytest.raises(Refused, match="there is no such candidate"):
        publish(estate.project, "0" * 64)


def test_nothing_sealed_is_nothing_to_publish(estate: Estate) -> None:
    estate.build()
    with pytest.raises(Refused, match="there is no sealed candidate"):
        publish(estate.project)
    assert not estate.lake.published.exists()


def test_a_synthetic_release_does_not_replace_published_figures(estate: Estate) -> None:
    origin = (
        "update fct_indicator_value set data_origin = 'published'",
        "update dim_organisation set data_origin = 'published'",
    )
    estate.change(*origin)
    for link in estate.lake.current("nhse_ae", "monthly", "synthetic").parent.glob("current_synthetic"):
        link.rename(link.with_name("current_published"))
    real = estate.judge(fingerprint_of(50), origin="published")
    assert publish(estate.project).origin == "published"
    estate.take(1)
    with pytest.raises(Refused, match="HIW_DATA_LAKE"):
        publish(estate.project)
    assert hash_file(estate.lake.marts) == real.sha256


def test_published_figures_replace_a_synthetic_release_whatever_its_size(estate: Estate) -> None:
    estate.take(1)
    publish(estate.project)
    estate.change("delete from fct_indicator_value where period_start > date '2026-01-01'")
    estate.change(
        "update fct_indicator_value set data_origin = 'published'",
        "update dim_organisation set data_origin = 'published'",
    )
    estate.judge(fingerprint_of(50), origin="published")
    assert publish(estate.project).outcome == "published"
    with pytest.raises(Refused, match="no earlier release"):
        rollback(estate.lake)


def test_a_mart_that_parquet_cannot_hold_is_not_published(estate: Estate) -> None:
    estate.change("alter table fct_indicator_value alter numerator_count type hugeint")
    estate.judge()
    with pytest.raises(ReleaseError, match="the Parquet of fct_indicator_value does not hold what the table holds"):
        publish(estate.project)
    assert current_release(estate.lake) is None


# -- keeping and going back -------------------------------------------------------------------------------------------


def test_the_last_ten_are_kept_and_never_the_one_in_use_is_removed(estate: Estate) -> None:
    template = estate.take(1)
    first = publish(estate.project, template)
    for day in range(1, 13):
        name = f"202001{day:02}T020000000000Z-{day:012x}"
        shutil.copytree(first.folder, estate.lake.releases / name)
    estate.take(2)
    publish(estate.project)
    names = [release.name for release in list_releases(estate.lake)]
    assert len(names) == 10
    assert names[-2] == first.name
    assert names[0] == "20200105T020000000000Z-000000000005"
    rollback(estate.lake, names[0])
    estate.take(3)
    publish(estate.project, keep_releases=2)
    assert [generation_of(r.marts) for r in list_releases(estate.lake)] == [2, 3]


def test_neither_the_one_in_use_nor_the_one_before_it_is_removed_however_old_they_are(estate: Estate) -> None:
    candidates = {generation: estate.take(generation) for generation in (1, 2, 3, 4)}
    for generation in (2, 3, 4):
        publish(estate.project, candidates[generation])
    kept = []
    for generation in (1, 2):
        publish(estate.project, candidates[generation], keep_releases=2)
        kept.append([generation_of(release.marts) for release in list_releases(estate.lake)])
    assert kept == [[1, 3, 4], [1, 2, 3, 4]]


def test_rollback_takes_less_than_a_second_and_moves_everything(two: Estate) -> None:
    start = time.monotonic()
    release = rollback(two.lake)
    assert time.monotonic() - start < 1
    assert (release.outcome, release.release_id) == ("rolled_back", fingerprint_of(1)[:12])
    assert generation_of(two.lake.marts) == 1
    assert verify_current(two.lake) == []
    assert json.loads((two.lake.published / "manifest.json").read_text())["release_id"] == release.release_id


def test_rollback_to_a_named_release_and_back_again(two: Estate) -> None:
    rollback(two.lake)
    rollback(two.lake, fingerprint_of(2)[:12])
    assert generation_of(two.lake.marts) == 2
    assert fingerprint_state(two.lake, fingerprint_of(2)) == "current"


def test_there_is_nothing_before_the_first_release(estate: Estate) -> None:
    with pytest.raises(Refused, match="there is no earlier release; kept: none"):
        rollback(estate.lake)
    estate.take(1)
    publish(estate.project)
    with pytest.raises(Refused, match="there is no earlier release"):
        rollback(estate.lake)
    with pytest.raises(Refused, match="there is no nonsense release"):
        rollback(estate.lake, "nonsense")


def test_what_was_rolled_back_does_not_come_back_by_itself(two: Estate) -> None:
    rollback(two.lake)
    assert fingerprint_state(two.lake, fingerprint_of(2)) == "withdrawn"
    assert fingerprint_state(two.lake, fingerprint_of(2)) != "current"
    with pytest.raises(Refused, match="was rolled back from"):
        publish(two.project)
    assert generation_of(two.lake.marts) == 1
    with pytest.raises(
        Refused, match=f"the candidate is release {fingerprint_of(2)[:12]}, not {fingerprint_of(1)[:12]}"
    ):
        publish(two.project, withdrawn_release=fingerprint_of(1)[:12])
    assert publish(two.project, withdrawn_release=fingerprint_of(2)[:12]).outcome == "published"
    assert generation_of(two.lake.marts) == 2
    assert fingerprint_state(two.lake, fingerprint_of(2)) == "current"


def test_the_current_candidate_takes_no_other_release_off_the_list(two: Estate) -> None:
    rollback(two.lake)
    current = current_release(two.lake)
    assert current is not None
    with pytest.raises(Refused, match=f"not {fingerprint_of(2)[:12]}"):
        publish(two.project, current.sha256, withdrawn_release=fingerprint_of(2)[:12])
    assert fingerprint_state(two.lake, fingerprint_of(2)) == "withdrawn"


def test_something_new_is_published_after_a_rollback(two: Estate) -> None:
    rollback(two.lake)
    two.take(3)
    assert fingerprint_state(two.lake, fingerprint_of(3)) == "new"
    publish(two.project)
    assert generation_of(two.lake.marts) == 3


def test_rollback_to_a_damaged_release_is_refused(two: Estate) -> None:
    first = list_releases(two.lake)[0]
    damage(first.marts)
    with pytest.raises(Refused, match=r"marts\.duckdb is not the file that was published"):
        rollback(two.lake)
    assert generation_of(two.lake.marts) == 2


def damage(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        stream.write(b"damaged by a failing disk")


def test_every_damage_is_found(two: Estate) -> None:
    release = current_release(two.lake)
    assert release is not None
    damage(release.folder / "parquet" / "dim_organisation.parquet")
    (release.folder / "parquet" / "meta" / "checks.parquet").unlink()
    link = two.lake.published / "marts.duckdb"
    link.unlink()
    shutil.copyfile(release.marts, link)
    problems = "; ".join(verify_current(two.lake))
    assert "published/marts.duckdb does not lead to current/marts.duckdb" in problems
    assert "parquet/dim_organisation.parquet is not the file that was published" in problems
    assert "parquet/meta/checks.parquet is missing" in problems


def test_a_pointer_that_leads_nowhere_is_told_and_mended_by_the_next_publish(two: Estate) -> None:
    shutil.rmtree(two.lake.releases / str(current_name(two.lake)))
    assert "has no usable manifest.json" in verify_current(two.lake)[0]
    with pytest.raises(ReleaseError, match=r"has no usable manifest\.json"):
        current_release(two.lake)
    two.take(3)
    assert publish(two.project).outcome == "published"
    assert verify_current(two.lake) == []


def test_without_a_release_verify_says_so_and_there_is_nothing_to_repair(estate: Estate) -> None:
    assert verify_current(estate.lake) == ["there is no release yet"]
    assert repair_current(estate.lake) is None
    assert list_releases(estate.lake) == []
    assert current_release(estate.lake) is None


def test_a_release_of_the_same_inputs_that_is_damaged_is_published_again(two: Estate) -> None:
    release = current_release(two.lake)
    assert release is not None
    damage(release.marts)
    again = publish(two.project)
    assert (again.outcome, again.release_id) == ("published", release.release_id)
    assert again.name != release.name
    assert verify_current(two.lake) == []
    assert generation_of(two.lake.marts) == 2


def test_the_current_release_is_known_by_older_ones_in_the_next(two: Estate) -> None:
    two.make_generation(3)
    two.judge(fingerprint_of(3))
    publish(two.project)
    with connection(two.lake.marts, read_only=True) as con:
        told = con.execute(
            "select release_id, this_release, row_count, published_at is null from meta.releases order by built_at"
        ).fetchall()
    assert told == [
        (fingerprint_of(1)[:12], False, 1620, False),
        (fingerprint_of(2)[:12], False, 1620, False),
        (fingerprint_of(3)[:12], True, 1620, True),
    ]
