"""Fault S1 (tests/README.md): what an analyst's session must not do, each way tried by itself on a published file.

The session is `hiw sql`'s: a read-only file, opened without access to anything else, with its configuration locked.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.files import LakeError, hash_file
from dagster_project.operate.analyst import (
    HARDENED,
    SNIPPETS,
    ask,
    attach_snippet,
    example_sql,
    explore_command,
    list_examples,
    open_published,
)
from dagster_project.publish.publish import publish
from tests.integration.release.release_estate import Estate
from tests.warehouses import files_of

WRITES = {
    "insert": "insert into dim_organisation (organisation_code) values ('Q99')",
    "update": "update dim_organisation set organisation_name = 'x'",
    "delete": "delete from fct_indicator_value",
    "create table": "create table mine (a integer)",
    "create view": "create view mine as select 1",
    "create macro": "create macro mine(a) as a + 1",
    "create schema": "create schema mine",
    "drop table": "drop table fct_indicator_value",
    "alter table": "alter table dim_organisation add column x integer",
    "comment": "comment on table dim_organisation is 'x'",
    "two statements": "select 1; delete from fct_indicator_value",
    "copy to a file": "copy dim_organisation to '{folder}/out.csv'",
    "copy to parquet": "copy (select 1) to '{folder}/out.parquet' (format parquet)",
    "copy beside the file": "copy dim_organisation to '{beside}/out.csv'",
    "export": "export database '{folder}/out'",
    "attach a new file": "attach '{folder}/new.duckdb' as new",
    "persistent secret": "create persistent secret mine (type s3, key_id 'k', secret 's')",
    "profile into a file": "pragma profiling_output='{folder}/profile.json'",
    "set the profile's file": "set profiling_output='{folder}/profile.json'",
}
READS = {
    "passwords": "select * from read_text('/etc/passwd')",
    "csv": "select * from read_csv('/etc/passwd')",
    "a file by name": "select * from '/etc/passwd'",
    "a parquet file by name": "select * from '{folder}/secret.parquet'",
    "bytes": "select * from read_blob('{folder}/secret.parquet')",
    "list of a folder": "select * from glob('/etc/*')",
    "schema of a parquet file": "select * from parquet_schema('{folder}/secret.parquet')",
    "sniff": "select * from sniff_csv('/etc/passwd')",
    "json": "select * from read_json('/proc/self/environ')",
    "the environment": "select getenv('HOME')",
    "attach another database": "attach '{folder}/other.duckdb' as other (read_only)",
    "a dotted path": "select * from read_text('{beside}/../../ledger.jsonl')",
    "the manifest beside it": "select * from read_text('{beside}/manifest.json')",
    "a link": "select * from read_text('{folder}/link')",
    "the network": "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "import": "import database '{folder}'",
    "a variable of this process": "select * from HARDENED",
}
EXTENSIONS = {
    "install": "install httpfs",
    "install from elsewhere": "install httpfs from community",
    "load": "load httpfs",
    "load by path": "load '{folder}/x.duckdb_extension'",
    "update": "update extensions",
}
SETTINGS = {
    "external access": "set enable_external_access = true",
    "unlock": "set lock_configuration = false",
    "autoload": "set autoload_known_extensions = true",
    "allowed folders": "set allowed_directories = ['/']",
    "allowed paths": "set allowed_paths = ['/etc/passwd']",
    "spill folder": "set temp_directory = '{folder}'",
    "home": "set home_directory = '{folder}'",
    "secrets": "set secret_directory = '{folder}'",
    "global": "set global enable_external_access = true",
    "reset": "reset enable_external_access",
    "pragma": "pragma enable_external_access=true",
}


OF_PYTHON = {"two statements", "the environment"}
"""Ways that the shell knows: two statements are no fault there, and a person's own shell may read its environment."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file of a small lake."""
    estate = Estate.fresh(tmp_path_factory.mktemp("analyst"))
    estate.take(1)
    publish(estate.project)
    return estate.lake.marts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that a session must not reach."""
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("create table secret as select 42 as answer")
        con.execute(f"copy secret to '{tmp_path / 'secret.parquet'}' (format parquet)")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "schema.sql").write_text("create table smuggled (a integer);")
    (tmp_path / "load.sql").write_text("")
    (tmp_path / "x.duckdb_extension").write_bytes(b"no extension")
    return tmp_path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _try(published: Path, folder: Path, statement: str) -> None:
    """Run the statement in a session of its own; it must be refused, and nothing may have changed anywhere."""
    before = (hash_file(published), _names(published.resolve().parent), files_of(folder))
    home = _names(Path.home())
    with pytest.raises(LakeError):
        ask(published, statement.format(folder=folder, beside=published.parent))
    assert (hash_file(published), _names(published.resolve().parent), files_of(folder)) == before
    assert _names(Path.home()) == home


@pytest.mark.parametrize("way", WRITES)
def test_session_writes_nothing(published: Path, folder: Path, way: str) -> None:
    _try(published, folder, WRITES[way])


def test_session_takes_no_call_and_one_statement_at_a_time(published: Path) -> None:
    for refused in ("call pragma_version()", "select 1; select 2", "set threads = 1", "begin", ""):
        with pytest.raises(LakeError, match="one statement that reads"):
            ask(published, refused)
    for taken in (
        "select 1",
        "from dim_organisation",
        "with one as (select 1) from one",
        "describe dim_organisation",
        "explain select 1",
    ):
        assert ask(published, taken)[1]


@pytest.mark.parametrize("way", READS)
def test_session_reads_no_other_file(published: Path, folder: Path, way: str) -> None:
    _try(published, folder, READS[way])


@pytest.mark.parametrize("way", EXTENSIONS)
def test_session_loads_no_extension(published: Path, folder: Path, way: str) -> None:
    _try(published, folder, EXTENSIONS[way])


@pytest.mark.parametrize("way", SETTINGS)
def test_session_cannot_be_loosened(published: Path, folder: Path, way: str) -> None:
    _try(published, folder, SETTINGS[way])


def test_the_shell_of_hiw_explore_answers_and_writes_reads_and_loosens_nothing(published: Path, folder: Path) -> None:
    """Every statement in one process: each is refused, and the query before and after them answered."""
    ways = {**WRITES, **READS, **EXTENSIONS, **SETTINGS}
    refused = [
        way.format(folder=folder, beside=published.parent) + ";" for name, way in ways.items() if name not in OF_PYTHON
    ]
    asked = "select 'asked ' || (count(*) > 0) as answer from meta.example_queries;"
    before = (hash_file(published), _names(published.resolve().parent), files_of(folder), _names(Path.home()))
    ended = subprocess.run(
        explore_command(published),
        input="\n".join([asked, *refused, asked]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.count("asked true") == 2, ended.stdout + ended.stderr
    assert len(re.findall(r"^\w+( \w+)* Error: ", ended.stderr, re.MULTILINE)) >= len(refused)
    assert (hash_file(published), _names(published.resolve().parent), files_of(folder), _names(Path.home())) == before
    assert "root:" not in ended.stdout


@pytest.mark.parametrize("way", ["attach another database", "csv", "list of a folder"])
def test_same_ways_are_open_without_the_hardening(published: Path, folder: Path, way: str) -> None:
    """What the tests above try is possible in a plain session: they can fail."""
    with duckdb.connect(str(published), read_only=True) as con:
        con.execute(READS[way].format(folder=folder, beside=published.parent)).fetchall()


def test_query_that_outgrows_the_memory_fails_and_spills_nowhere(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HARDENED, "memory_limit", "50MB")
    beside = _names(published.resolve().parent)
    connection = open_published(published)
    sort = "select max(r) from (select row_number() over (order by hash(i)) as r from range(20_000_000) t(i))"
    with pytest.raises(duckdb.OutOfMemoryException):
        connection.execute(sort).fetchall()
    connection.close()
    assert _names(published.resolve().parent) == beside


def test_what_an_analyst_needs_still_works(published: Path) -> None:
    names = [row[0] for row in list_examples(published)[1]]
    assert names == ["how_fresh_is_it", "values_of_an_indicator"]
    for name in names:
        columns, rows = ask(published, example_sql(published, name))
        assert columns and rows
    with pytest.raises(LakeError, match=r"one of: how_fresh_is_it, values_of_an_indicator"):
        example_sql(published, "no_such_query")
    connection = open_published(published)
    connection.execute("create temp table mine as select * from dim_organisation")
    assert connection.execute("select count(*) from mine").fetchone() == (20,)
    connection.close()


def test_two_sessions_and_a_plain_reader_share_the_file(published: Path) -> None:
    first = open_published(published)
    assert ask(published, "select count(*) from dim_organisation")[1] == [(20,)]
    first.close()


def test_python_snippet_runs_as_it_is_printed(published: Path, capfd: pytest.CaptureFixture[str]) -> None:
    exec(compile(attach_snippet(published, "python"), "snippet", "exec"), {})
    assert "how_fresh_is_it" in capfd.readouterr().out


def test_duckdb_snippet_runs_as_it_is_printed(published: Path) -> None:
    with duckdb.connect() as con:
        con.execute(attach_snippet(published, "duckdb"))
        assert con.execute("select count(*) from dim_organisation").fetchone() == (20,)


def test_snippets_name_the_file_and_open_it_read_only(published: Path) -> None:
    for language in SNIPPETS:
        snippet = attach_snippet(published, language)
        assert str(published) in snippet
        assert any(word in snippet.lower() for word in ("read_only", "-readonly"))
    assert attach_snippet(published).count(str(published)) >= 4
    with pytest.raises(LakeError, match="one of: python, r, duckdb"):
        attach_snippet(published, "cobol")
