"""The fingerprint of the inputs, names of releases, hashes of contents, and the columns that a status guards."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.check import CheckResult
from dagster_project.contracts.source import load_sources
from dagster_project.duck import connection
from dagster_project.lake.paths import Lake
from dagster_project.quality.disclosure import guarded_columns
from dagster_project.release.contents import content_hash, qualified
from dagster_project.release.errors import ReleaseError
from dagster_project.release.project import load_example_queries
from dagster_project.release.releases import built_at_of, release_id_of, release_name
from dagster_project.release.state import inputs_fingerprint, project_fingerprint
from dagster_project.release.versions import code_version, library_versions, package_version

SLUG, ENTITY = "nhse_ae", "monthly"


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A folder with everything that a fingerprint looks at."""
    for name in (
        "dbt/models/marts/a.sql",
        "dbt/macros/m.sql",
        "dbt/seeds/s.csv",
        "dbt/dbt_project.yml",
        "dbt/target/manifest.json",
        "expectations/marts/a.yml",
        "expectations/thresholds.yml",
        "expectations/landing/x.yml",
        "package/release/a.py",
        "dbt/indicators/MAT-01.yml",
        "package/quality/b.py",
        "package/duck.py",
        "package/cli.py",
        "lake/returns/clean/submission/one.parquet",
        "lake/returns/clean/expected/expected.parquet",
        "lake/returns/clean/wl01/_empty.parquet",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    folder = Lake(tmp_path / "lake").current(SLUG, ENTITY, "synthetic")
    folder.mkdir(parents=True)
    (folder / "2026-01.parquet").symlink_to("../vintages/2026-01/aaaa-parser.parquet")
    (folder / "_empty.parquet").touch()
    return tmp_path


def fingerprint(root: Path, origin: str = "synthetic", **more: Any) -> str:
    sources: Any = [load_sources()[SLUG]], origin
    project = project_fingerprint(
        *sources, dbt_folder=root / "dbt", expectations=root / "expectations", package=root / "package", **more
    )
    return inputs_fingerprint(Lake(root / "lake"), *sources, project=project)


def write(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text("changed")


def point_elsewhere(root: Path) -> None:
    link = Lake(root / "lake").current(SLUG, ENTITY, "synthetic") / "2026-01.parquet"
    link.unlink()
    link.symlink_to("../vintages/2026-01/bbbb-parser.parquet")


def add_period(root: Path) -> None:
    folder = Lake(root / "lake").current(SLUG, ENTITY, "synthetic")
    (folder / "2026-02.parquet").symlink_to("../vintages/2026-02/cccc-parser.parquet")


def take_in_return(root: Path) -> None:
    (root / "lake/returns/clean/wl01/WL01_R9A_2026-10_P01_aaaaaaaa.parquet").touch()


def rename_model(root: Path) -> None:
    (root / "dbt/models/marts/a.sql").rename(root / "dbt/models/marts/b.sql")


@pytest.mark.parametrize(
    "change",
    [
        point_elsewhere,
        add_period,
        take_in_return,
        *map(write, ("lake/returns/clean/submission/one.parquet", "lake/returns/clean/expected/expected.parquet")),
        rename_model,
        *map(
            write,
            (
                "dbt/models/marts/a.sql",
                "dbt/macros/m.sql",
                "dbt/seeds/s.csv",
                "dbt/indicators/MAT-01.yml",
                "dbt/dbt_project.yml",
            ),
        ),
        *map(write, ("expectations/marts/a.yml", "expectations/thresholds.yml")),
        *map(write, ("package/release/a.py", "package/quality/b.py", "package/duck.py")),
    ],
)
def test_the_fingerprint_changes_with_everything_a_release_is_made_from(
    inputs: Path, change: Callable[[Path], object]
) -> None:
    before = fingerprint(inputs)
    assert len(before) == 64
    change(inputs)
    assert fingerprint(inputs) != before


def touch_everything(root: Path) -> None:
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.write_bytes(path.read_bytes())


def write_bytecode(root: Path) -> None:
    (root / "package/release/__pycache__").mkdir()
    (root / "package/release/__pycache__/a.cpython-311.pyc").write_bytes(b"x")


@pytest.mark.parametrize(
    "change",
    [
        touch_everything,
        write_bytecode,
        *map(write, ("dbt/target/manifest.json", "package/cli.py", "expectations/landing/x.yml")),
    ],
)
def test_the_fingerprint_stays_when_nothing_it_is_made_from_changed(
    inputs: Path, change: Callable[[Path], object]
) -> None:
    before = fingerprint(inputs)
    change(inputs)
    assert fingerprint(inputs) == before


def test_the_fingerprint_does_not_depend_on_where_the_files_lie(
    inputs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(inputs, elsewhere, symlinks=True)
    assert fingerprint(elsewhere) == fingerprint(inputs)


def test_the_fingerprint_tells_origins_and_extras_apart(inputs: Path) -> None:
    fingerprints = {
        fingerprint(inputs),
        fingerprint(inputs, "published"),
        fingerprint(inputs, extra={"returns": "abc"}),
    }
    assert len(fingerprints) == 3


def test_names_of_releases_hold_stamp_and_id_and_sort_by_time() -> None:
    moments = [dt.datetime(2026, 3, 1, 2, 0, 0, micro, tzinfo=dt.UTC) for micro in (0, 1, 999_999)]
    names = [release_name(moment, "0123456789ab") for moment in moments]
    assert names[1] == "20260301T020000000001Z-0123456789ab"
    assert names == sorted(names)
    assert [built_at_of(name) for name in names] == moments
    assert release_id_of(names[0]) == release_id_of(names[0] + "-2") == "0123456789ab"


@pytest.mark.parametrize(
    ("status", "guarded"),
    [
        ("value_status", ["ci_lower_95", "ci_upper_95", "value"]),
        ("share_pct_status", ["share_pct", "share_pct_ci_lower_95"]),
        ("organisation_status", []),
    ],
)
def test_a_status_guards_its_value_and_the_limits_of_it(status: str, guarded: list[str]) -> None:
    columns = {
        "value",
        "value_status",
        "ci_lower_95",
        "ci_upper_95",
        "share_pct",
        "share_pct_status",
        "share_pct_ci_lower_95",
    }
    assert guarded_columns(status, columns | {"organisation_status", "city", "numerator_count"}) == guarded


def test_a_content_hash_sees_rows_duplicates_types_and_names_but_not_their_order() -> None:
    def hashed(sql: str) -> str:
        return content_hash(con, f"({sql})")[0]

    with connection(None) as con:
        base = hashed("select i as n, 'x' as t from range(5) r(i)")
        assert hashed("select i as n, 'x' as t from range(5) r(i) order by i desc") == base
        others = [
            "select i as n, 'x' as t from range(4) r(i)",
            "select i as n, 'x' as t from range(5) r(i) union all select 0, 'x'",
            "select i::integer as n, 'x' as t from range(5) r(i)",
            "select i as m, 'x' as t from range(5) r(i)",
            "select i as n, null::varchar as t from range(5) r(i)",
        ]
        assert base not in [hashed(sql) for sql in others]
        assert content_hash(con, "(select 1 as n where false)")[1] == 0


def test_a_dotted_name_quotes_every_part() -> None:
    assert qualified('a"b', "main", "t") == '"a""b"."main"."t"'


def test_a_check_result_survives_json_and_names_itself_for_dagster() -> None:
    result = CheckResult(
        "difference.source.nhse_ae", "difference", "", False, "critical", "gone", {"now": 0}, ("a / b",)
    )
    assert CheckResult.from_dict(result.as_dict()) == result
    assert result.blocks
    assert result.asset_check_name == "difference_source_nhse_ae"
    with pytest.raises(TypeError):
        CheckResult.from_dict(result.as_dict() | {"unknown": 1})


# -- example queries and versions -------------------------------------------------------------------------------------

QUERY = "{name: a_query, question: 'What is this for?', user: analyst, sql: select 1 as one}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("queries: []", "example_queries"),
        (f"example_queries: [{QUERY}, {QUERY}]", "a name stands twice"),
        (f"example_queries: [{QUERY.replace('a_query', 'A query')}]", "name"),
        (f"example_queries: [{QUERY.replace('}', ', colour: blue}')}]", "colour"),
        ("example_queries: [", "flow"),
    ],
)
def test_example_queries_that_cannot_be_used_are_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "example_queries.yml"
    path.write_text(text)
    with pytest.raises(ReleaseError, match=said):
        load_example_queries(path)


def test_the_project_has_at_least_three_example_queries_that_only_need_sources() -> None:
    assert len([query for query in load_example_queries() if query.needs == "sources"]) >= 3


def test_example_queries_stand_in_a_file_for_each_subject(tmp_path: Path) -> None:
    for number, folder in enumerate(("", "returns", "survey")):
        (tmp_path / folder).mkdir(exist_ok=True)
        text = f"example_queries: [{QUERY.replace('a_query', f'query_{number}')}]"
        (tmp_path / folder / "example_queries.yml").write_text(text)
    assert [query.name for query in load_example_queries(tmp_path)] == ["query_0", "query_1", "query_2"]


def test_versions_are_told_with_and_without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert library_versions()["duckdb"].startswith("1.")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_version() == package_version()
