"""Extracts in SQLite files and on PostgreSQL servers: the return of the CSV with the same records, and nothing else of them anywhere."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from dagster_project.extract.databases import Server, attach, given_place, read_once
from dagster_project.extract.refused import Refused
from dagster_project.settings import PROJECT_ROOT
from tests.fixtures import databases, postgres
from tests.fixtures import extracts as own
from tests.fixtures.extracts import run

RETURN = "HIW-WL01_R9A_2026-09_v01.csv"
START, FUNCTION = "REFERRAL_TO_TREATMENT_PERIOD_START_DATE", "ACTIVITY_TREATMENT_FUNCTION_CODE"
END, PATHWAY = "REFERRAL_TO_TREATMENT_PERIOD_END_DATE", "PATIENT_PATHWAY_IDENTIFIER"
SQLITE = "select * from source.main.lists"
SERVER = "select * from source.pas.lists"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files, and a mapping for each way."""
    made = tmp_path_factory.mktemp("databases")
    own.write_public_files(made)
    (made / "csv.yml").write_text(own.MAPPING)
    for name, query in {"sqlite": SQLITE, "server": SERVER}.items():
        said = f'{{dates: "%d/%m/%Y", format: database, query: "{query}"}}'
        (made / f"{name}.yml").write_text(own.MAPPING.replace('{dates: "%d/%m/%Y"}', said))
    return made


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[list[str]]:
    """Two hundred pathways, the edges of bands and birthdays among them."""
    return [own.wlmds_row(one) for one in own.pathways(200, own.deciles(folder))]


@pytest.fixture(scope="module")
def whole(folder: Path, rows: list[list[str]]) -> bytes:
    """The return of the CSV."""
    (folder / "csv.csv").write_text(own.csv_text(own.WLMDS_HEADER, rows))
    return made_return(folder, "csv", folder / "csv.csv")


@pytest.fixture(autouse=True)
def _packages(monkeypatch: pytest.MonkeyPatch) -> None:
    if not databases.are_installed():
        monkeypatch.syspath_prepend(str(databases.PACKAGES))


def made_return(folder: Path, name: str, given: object) -> bytes:
    """The return by the mapping `name`, as bytes."""
    code, said = run("make", folder / f"{name}.yml", given, "--out", folder / name)
    assert code < 2, said
    return (folder / name / RETURN).read_bytes()


def refused(folder: Path, name: str, given: object) -> str:
    """What is said where no return is made."""
    code, said = run("make", folder / f"{name}.yml", given, "--out", folder / "refused")
    assert code == 2 and not (folder / "refused").exists(), said
    return " ".join(said.split())


def write_sqlite(path: Path, header: list[str], rows: list[list[str]], kinds: dict[str, str] | None = None) -> None:
    """A table `lists`, blank cells as NULL."""
    columns = ", ".join(f'"{name}" {(kinds or {}).get(name, "text")}' for name in header)
    con = sqlite3.connect(path)
    con.execute(f"create table lists ({columns})")
    con.executemany(
        f"insert into lists values ({', '.join('?' * len(header))})", [[cell or None for cell in row] for row in rows]
    )
    con.commit()
    con.close()


@pytest.mark.requires_databases
def test_a_file_of_sqlite_is_read_as_the_csv_is(folder: Path, rows: list[list[str]], whole: bytes) -> None:
    """Dates as texts in columns of dates, codes as fractions (110.0), as pandas writes them, NULLs."""
    kinds = {START: "date", "PERSON_BIRTH_DATE": "timestamp", FUNCTION: "real", "PERSON_STATED_GENDER_CODE": "integer"}
    write_sqlite(folder / "pas.sqlite", own.WLMDS_HEADER, rows, kinds)
    before = (folder / "pas.sqlite").read_bytes()
    assert made_return(folder, "sqlite", folder / "pas.sqlite") == whole
    assert (folder / "pas.sqlite").read_bytes() == before
    assert [path.name for path in folder.glob("pas.sqlite*")] == ["pas.sqlite"]


@pytest.mark.requires_databases
def test_cells_of_sqlite_are_their_texts(tmp_path: Path) -> None:
    con = sqlite3.connect(tmp_path / "one.db")
    con.execute("create table lists (a text, b integer, c real, d date, e numeric, f, g text)")
    con.execute("insert into lists values ('007', 'X02', 110, '31/12/2026', 1234567890123456789, '0099', null)")
    con.execute("insert into lists values ('7', 9007199254740993, 1.5, 20260930, -3.0, 110.0, '')")
    con.commit()
    con.close()
    with duckdb.connect() as ours:
        assert attach(ours, tmp_path / "one.db") == "sqlite"
        columns = [(name, "VARCHAR") for name in "abcdefg"]
        read_once(ours, "source.main.lists", columns, "sqlite", "read")
        assert ours.execute("from read").fetchall() == [
            ("007", "X02", "110", "31/12/2026", "1234567890123456789", "0099", None),
            ("7", "9007199254740993", "1.5", "20260930", "-3", "110", ""),
        ]
        with pytest.raises(duckdb.Error, match="read-only"):
            ours.execute("delete from source.main.lists")


@pytest.mark.requires_databases
def test_numbers_that_lost_digits_stop_the_reading(tmp_path: Path) -> None:
    """Of two identifiers of 17 digits as fractions one would be left out as an older version of the other."""
    write_sqlite(tmp_path / "one.db", ["a"], [["90000000000000001"]], {"a": "real"})
    with duckdb.connect() as ours:
        attach(ours, tmp_path / "one.db")
        with pytest.raises(Refused, match="numbers of a are too large") as told:
            read_once(ours, "source.main.lists", [("a", "VARCHAR")], "sqlite", "read")
        assert "9000" not in str(told.value)
        for kind, exact, inexact in (("DOUBLE", 2**53 - 1, 2**53), ("FLOAT", 2**24 - 1, 2**24)):
            one = "(select unnest(['{}', 'nan'])::{} as a)"
            read_once(ours, one.format(exact, kind), [("a", kind)], "postgres", f"exact {kind}")
            with pytest.raises(Refused, match="numbers of a are too large"):
                read_once(ours, one.format(-inexact, kind), [("a", kind)], "postgres", f"inexact {kind}")


@pytest.mark.parametrize("content", [b"", b"Surname,Smith\n" * 9], ids=["empty", "a CSV"])
def test_what_is_no_database_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.db").write_bytes(content)
    with duckdb.connect() as ours, pytest.raises(Refused, match=r"none\.db is no database") as told:
        attach(ours, tmp_path / "none.db")
    assert "Smith" not in str(told.value)


def test_without_the_extension_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sqlite(tmp_path / "early.db", ["a"], [])
    for kind, given in (("sqlite", tmp_path / "early.db"), ("postgres", Server("service=pas"))):
        monkeypatch.setitem(sys.modules, f"duckdb_extension_{kind}_scanner", None)
        with duckdb.connect() as ours, pytest.raises(Refused, match="run `make databases`"):
            attach(ours, given)


def test_the_extensions_are_of_the_duckdb_of_the_lock() -> None:
    locked = (PROJECT_ROOT / "requirements-databases.lock").read_text()
    assert re.findall(r"^\S+==(\S+)", locked, re.MULTILINE) == [duckdb.__version__] * 3


SECRET = "correct-horse"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (f"postgres:host=db user=analyst password={SECRET}", "a password has no place in a command"),
        (f"postgres:host=db PassWord = '{SECRET} x'", "a password has no place in a command"),
        (f"postgres:sslpassword={SECRET} service=pas", "a password has no place in a command"),
        (f"postgres://analyst:{SECRET}@db/pas", "a password has no place in a command"),
        (f"postgresql://analyst:{SECRET}@db/pas", "a password has no place in a command"),
        (f"PostgreSQL:host=db password={SECRET}", "a password has no place in a command"),
        (f"postgres:postgresql://analyst:{SECRET}@db", "a password has no place in a command"),
        (f"postgres:dbname=postgres://analyst:{SECRET}@db/pas", "a password has no place in a command"),
        (f"postgres:service=pas {SECRET}", "not named in the words of libpq"),
        (f"postgres:service=pas options='-c {SECRET}'", "not named in the words of libpq"),
        (f"postgres:{SECRET}=pas", "not named in the words of libpq"),
        ("postgres:", "not named in the words of libpq"),
    ],
)
def test_a_server_is_named_without_a_secret(given: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as told:
        given_place(given)
    assert SECRET not in str(told.value)


def test_a_server_is_named_by_the_words_of_libpq() -> None:
    for words in (
        "service=pas",
        r"host = db  user='O\'Neil' dbname='the pas'",
        "passfile=/etc/a=b/passwords port=5432",
    ):
        assert given_place(f"postgres:{words}") == Server(words)
    assert given_place("./postgres:service=pas") == Path("postgres:service=pas")


def test_a_server_is_read_by_a_query_alone(folder: Path) -> None:
    assert "write `format: database` and a `query`" in refused(folder, "csv", "wlmds_open=postgres:service=pas")
    said = refused(folder, "csv", f"wlmds_open=postgres:service=pas password={SECRET}")
    assert "a password has no place in a command" in said and SECRET not in said


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server with nothing of ours yet."""
    with postgres.running_server() as running:
        yield running


def sql_of(cells: list[str]) -> str:
    """A row of VALUES, blank cells as NULL."""
    return "(" + ", ".join("null" if not cell else "'" + cell.replace("'", "''") + "'" for cell in cells) + ")"


@pytest.mark.requires_postgres
@pytest.mark.requires_databases
def test_a_server_is_read_as_the_csv_is(
    folder: Path,
    rows: list[list[str]],
    whole: bytes,
    server: postgres.Server,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Typed columns: midnight in England, blanks behind a code, fractions, an end that never comes; the password is in the service file."""
    names = ", ".join(f'"{name}" text' for name in own.WLMDS_HEADER)
    typed = {
        "PERSON_BIRTH_DATE": "date using to_date(\"PERSON_BIRTH_DATE\", 'DD/MM/YYYY')",
        START: f"timestamptz using to_timestamp(\"{START}\", 'DD/MM/YYYY')::timestamp at time zone 'Europe/London'",
        FUNCTION: f'numeric using "{FUNCTION}"::numeric',
        "ETHNIC_CATEGORY": "char(5)",
        "Waiting_List_Type": 'kind using "Waiting_List_Type"::kind',
        END: "date using 'infinity'::date",
    }
    changes = ", ".join(f'alter column "{name}" type {kind}' for name, kind in typed.items())
    server.query("create schema pas; create type kind as enum ('ORTT', 'IRTT')")
    server.query(f"create table pas.lists ({names}); insert into pas.lists values {', '.join(map(sql_of, rows))}")
    server.query(f"alter table pas.lists {changes}")
    monkeypatch.setenv("PGSERVICEFILE", str(folder / "services"))
    place = f"host=127.0.0.1\nport={server.port}\ndbname={postgres.DATABASE}\nuser={postgres.USER}\n"
    (folder / "services").write_text(f"[pas]\n{place}password={postgres.PASSWORD}\n[other]\n{place}password={SECRET}\n")
    state = "select md5(string_agg(lists::text, '' order by lists::text)) from pas.lists"
    before = server.query(state)
    assert made_return(folder, "server", "postgres:service=pas") == whole
    assert server.query(state) == before
    said = refused(folder, "server", "postgres:service=other") + "".join(capfd.readouterr())
    assert "the PostgreSQL server cannot be read" in said
    written = b"".join(path.read_bytes() for path in (folder / "server").iterdir()) + said.encode()
    secrets = [postgres.PASSWORD, SECRET, "127.0.0.1", str(server.port), rows[0][own.WLMDS_HEADER.index(PATHWAY)]]
    assert [text for text in secrets if text.encode() in written] == []


@pytest.mark.requires_postgres
@pytest.mark.requires_databases
def test_a_query_cannot_change_the_server(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not through the functions of the extension either."""
    server.query("create sequence kept")
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    words = f"host=127.0.0.1 port={server.port} dbname={postgres.DATABASE} user={postgres.USER}"
    with duckdb.connect() as ours:
        attach(ours, Server(words))
        with pytest.raises(duckdb.Error, match="read-only transaction"):
            read_once(
                ours,
                "postgres_query('source', 'select setval(''kept'', 9)')",
                [("setval", "BIGINT")],
                "postgres",
                "read",
            )
    assert server.query("select last_value from kept") == "1"
