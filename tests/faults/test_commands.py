"""Every command of `hiw` on a folder that may only be read, a full disk, broken files and bad settings: what, why, next; no traceback.

Each runs in a process of its own, forked with everything imported: as another user, or with a limit on the size of a file, which
is how a disk without room answers.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from typer.testing import CliRunner

import dagster_project.definitions  # noqa: F401 - imported once, before the processes are forked
from dagster_project.cli import app
from dagster_project.lake.paths import Lake
from dagster_project.publish.publish import publish
from dagster_project.release.releases import list_releases, write_withdrawn
from dagster_project.runtime.nights import NightRecord
from tests.fixtures.returns_files import write_return
from tests.integration.release.release_estate import Estate

NOBODY = 65534
COMMANDS: dict[str, list[str]] = {
    "refresh": ["refresh"],
    "refresh --json": ["refresh", "--json"],
    "status": ["status"],
    "publish": ["publish"],
    "rollback": ["rollback"],
    "releases": ["releases"],
    "verify": ["verify"],
    "sql": ["sql", "select 1"],
    "query": ["query"],
    "query NAME": ["query", "how_fresh_is_it"],
    "find": ["find", "held"],
    "explore": ["explore"],
    "attach": ["attach"],
    "brief": ["brief", "R9A", "--to", "{lake}/out"],
    "webserver": ["webserver"],
    "ui": ["ui"],
    "docs": ["docs"],
    "doctor": ["doctor"],
    "prepare": ["prepare"],
    "returns template": ["returns", "template", "WL01", "--out", "{lake}/out"],
    "returns manifest": [
        *("returns", "manifest", "{sent}/HIW-WL01_R9A_2026-10_v01.csv"),
        *("--signed-off-role", "CIO", "--signed-off-date", "2026-11-11", "--imd-version", "IMD2019"),
    ],
    "returns check": ["returns", "check", "{sent}/HIW-WL01_R9A_2026-10_v01.csv", "--out", "{lake}/out"],
    "returns receive": ["returns", "receive"],
}
WRITE = {"refresh", "refresh --json", "publish", "rollback", "verify", "webserver", "ui", "docs", "prepare"} | {
    *("brief", "returns template", "returns manifest", "returns check", "returns receive")
}
"""Commands that cannot do their work where nothing can be written."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    output: str
    raised: str


def run(lake: Path, arguments: list[str], prepare: Callable[[], None], **variables: str) -> Ended:
    """The command in a process of its own, in which `prepare` is called first."""
    places = {"lake": str(lake), "sent": str(lake / "sent")}
    words = [word.format(**places) for word in arguments]
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_invoke, args=(theirs, words, prepare, {"HIW_DATA_LAKE": str(lake), "HOME": str(lake)} | variables)
    )
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        pytest.fail(f"{words} ended without a word")
    finally:
        process.join()


def _invoke(answer: Connection, words: list[str], prepare: Callable[[], None], variables: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith(("HIW_", "DAGSTER_HOME"))]:
        del os.environ[name]
    os.environ.update(variables)
    os.chdir("/")
    prepare()
    result = CliRunner().invoke(app, words)
    raised = ""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raised = "".join(traceback.format_exception(result.exception))
    answer.send(Ended(result.exit_code, result.output, raised))


def as_another_user() -> None:
    """A user who may read and not write: root without the rights that let it pass over the modes of files of others.

    Not by another uid, which could not read this Python where it lies in a home folder.
    """
    if os.geteuid():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    version, rights = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(version, rights) == 0
    for place in (0, 1, 2):  # effective, permitted, inheritable
        rights[place] &= ~(1 << 1 | 1 << 2 | 1 << 3)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
    assert libc.capset(version, rights) == 0


def full_disk() -> None:
    """No file takes a byte more."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def nothing_special() -> None:
    """The command as it is."""


def belongs_to_another(folder: Path) -> None:
    """Everything below may be read by everybody and written by its owner, who is not this process where it can give it away."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@pytest.fixture(scope="module")
def whole() -> Iterator[Path]:
    """A small data folder with two releases, readable by everybody, outside pytest's own folder, which others may not enter."""
    folder = Path(tempfile.mkdtemp(prefix="hiw-commands-"))
    try:
        estate = Estate.fresh(folder / "estate")
        for number in (1, 2):
            estate.take(number)
            publish(estate.project)
        lake = estate.lake.root
        write_return(lake / "sent", "WL01")
        belongs_to_another(folder)
        yield lake
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def lake(whole: Path) -> Iterator[Path]:
    """A copy to break."""
    folder = Path(tempfile.mkdtemp(prefix="hiw-broken-"))
    shutil.copytree(whole, folder / "lake", symlinks=True)
    yield folder / "lake"
    shutil.rmtree(folder)


def require_explained(ended: Ended, name: str) -> None:
    """One of the documented exit codes, no traceback, no class; where it failed, what to do next."""
    assert not ended.raised, ended.raised
    assert ended.exit_code in {0, 1, 2, 3}, ended.output
    for never in ("Traceback", "Error:", "Exception", "[Errno", "duckdb.duckdb", "a fault that it does not know"):
        assert never not in ended.output, ended.output
    if ended.exit_code and not name.startswith(("status", "doctor", "returns check")):
        assert "next: " in ended.output or "Settings:" in ended.output or "next_step" in ended.output, ended.output


def test_the_table_holds_every_command() -> None:
    names = {(command.name or command.callback.__name__) for command in app.registered_commands if command.callback}
    returns = app.registered_groups[0].typer_instance
    assert returns is not None
    names |= {
        f"returns {command.name or command.callback.__name__}"
        for command in returns.registered_commands
        if command.callback
    }
    assert {" ".join(words[: 1 + (words[0] == "returns")]) for words in COMMANDS.values()} == names


@pytest.mark.parametrize("name", COMMANDS)
def test_a_user_who_may_only_read(name: str, whole: Path) -> None:
    for path in (whole, *whole.rglob("*")):
        if os.geteuid() and path.is_dir() and not path.is_symlink():
            path.chmod(0o555)
    ended = run(whole, COMMANDS[name], as_another_user)
    require_explained(ended, name)
    assert (ended.exit_code != 0) == (name in WRITE | {"doctor"}), ended.output
    if name == "status":
        assert "last good nightly run: 20" in ended.output


def test_status_of_a_user_who_may_only_read_is_fresh_where_all_is_well(lake: Path) -> None:
    belongs_to_another(lake)
    ended = run(lake, ["status", "--json"], as_another_user, HIW_SOURCES="sample")
    said = json.loads(ended.output)
    assert said["release"] and said["hours_since"] is not None
    assert (ended.exit_code, said["problems"]) == (0, []), said


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"webserver", "ui"}))
def test_a_full_disk(name: str, lake: Path) -> None:
    ended = run(lake, COMMANDS[name], full_disk)
    require_explained(ended, name)
    if name in WRITE - {
        "prepare",
        "publish",
        "brief",
    }:  # the small folder has no candidate that may be published, and no such brief
        assert ended.exit_code and "the disk" in ended.output, ended.output


def damaged(lake: Path, *names: str) -> None:
    """Files that are no longer what they were."""
    for name in names:
        for path in [path for path in lake.glob(name) if path.is_file()]:
            path.chmod(0o644)
            path.write_bytes(b"this was a file\n" * 500)


def _in_home(lake: Path, name: str, content: bytes) -> None:
    path = Lake(lake).dagster_home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _lead_astray(lake: Path) -> None:
    pointer = Lake(lake).published / "current"
    pointer.unlink()
    pointer.symlink_to("../releases/gone")


BROKEN: dict[str, Callable[[Path], None]] = {
    "published file": lambda lake: damaged(lake, "releases/*/marts.duckdb"),
    "manifest of the releases": lambda lake: damaged(lake, "releases/*/manifest.json"),
    "warehouse": lambda lake: damaged(lake, "build/warehouse.duckdb"),
    "results of dbt": lambda lake: damaged(lake, "build/dbt/*.json", "build/target/*.json"),
    "ledger": lambda lake: damaged(lake, "ledger.jsonl"),
    "withdrawn releases": lambda lake: (lake / "releases" / "withdrawn.json").write_text("[") and None,
    "no ledger": lambda lake: (lake / "ledger.jsonl").unlink(),
    "record of the nights": lambda lake: _in_home(lake, "nights.json", b"{"),
    "times of the nights": lambda lake: _in_home(
        lake, "nights.json", b'{"last_good": "2026-11-29T02:10:00", "began": 5}'
    ),
    "Dagster's runs": lambda lake: _in_home(lake, "history/runs.db", b"no database" * 1000),
    "Dagster's events": lambda lake: _in_home(lake, "history/runs/index.db", b"no database" * 1000),
    "pointer": _lead_astray,
    "data folder": lambda lake: (shutil.rmtree(lake), lake.write_text("a file"))[-1] and None,
}


LOOKS = ("status", "releases", "sql", "query", "attach", "doctor", "publish", "rollback", "refresh")
BEFORE_THE_NIGHT = {"Dagster's runs", "Dagster's events", "data folder"}
"""What keeps a night from beginning: other damage is met within one, or mended by it."""


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file(what: str, lake: Path) -> None:
    BROKEN[what](lake)
    for name in LOOKS:
        if name == "refresh" and what not in BEFORE_THE_NIGHT:
            continue
        ended = run(lake, COMMANDS[name], nothing_special)
        require_explained(ended, name)
        if name in {"status", "doctor"} and what in {
            "published file",
            "ledger",
            "no ledger" if name == "status" else "",
            "Dagster's runs",
            "pointer",
            "data folder",
        }:
            assert ended.exit_code, (name, ended.output)


SETTINGS = {
    "HIW_MEMORY_LIMIT": ("much", "0", "1KB", "-1GB", "80%", "", "1e9", "GB"),
    "HIW_THREADS": ("0", "two", "", "100000"),
    "HIW_SOURCES": ("ftp",),
    "HIW_STALE_AFTER_HOURS": ("0", "soon", "inf", "nan", "1e12"),
    "HIW_LOCK_WAIT_SECONDS": ("-1", "inf"),
    "HIW_KEEP_RELEASES": ("1",),
    "HIW_MIRROR": ("",),
    "HIW_DATA_LAKE": ("~nobody-of-that-name/lake",),
    "HIW_DUCKLAKE": ("host=db password=x", "postgres://me:x@db/lake", "db", "options=x"),
    "HIW_MESH_PASSWORD_FILE": ("/absent",),
}
BESIDE = {
    "HIW_MIRROR": {"HIW_SOURCES": "mirror"},
    "HIW_MESH_PASSWORD_FILE": {"HIW_MESH_URL": "https://localhost:1", "HIW_MESH_MAILBOX": "x"},
}


@pytest.mark.parametrize("variable", SETTINGS)
def test_a_wrong_setting_ends_with_2_and_its_name(variable: str, whole: Path) -> None:
    for value in SETTINGS[variable]:
        for name in ("status", "refresh") if value == SETTINGS[variable][0] else ("status",):
            ended = run(whole, COMMANDS[name], nothing_special, **(BESIDE.get(variable, {}) | {variable: value}))
            require_explained(ended, name)
            assert ended.exit_code == 2, (variable, value, ended.output)
            assert variable in ended.output


def test_an_only_that_names_nothing_ends_the_night_before_it_begins(lake: Path) -> None:
    ended = run(lake, ["refresh", "--json"], nothing_special, HIW_ONLY="nhse_ae, nhse_aa")
    require_explained(ended, "refresh")
    (problem,) = json.loads(ended.output[ended.output.index("{") : ended.output.rindex("}") + 1])["problems"]
    assert ended.exit_code == 1 and "nhse_aa" in problem["sentence"] and "nhse_ae" in problem["next_step"]
    (alert,) = (json.loads(path.read_text(encoding="utf-8")) for path in Lake(lake).alerts.glob("night-*.json"))
    assert alert["problems"][0]["why"] == problem["why"]
    ended = run(lake, COMMANDS["status"], nothing_special, HIW_ONLY="nhse_ae, nhse_aa")
    assert ended.exit_code == 1 and "names no source" in ended.output and "failed" in ended.output


@pytest.mark.parametrize(
    ("began", "ended", "said"),
    [
        ("2026-11-29T02:00:00+00:00", "2026-11-28T02:10:00+00:00", "did not come to its end"),
        ("2099-01-01T02:00:00+00:00", "2099-01-01T02:10:00+00:00", "the clock of this machine"),
    ],
    ids=["killed", "clock in the past"],
)
def test_a_night_that_was_killed_and_a_clock_in_the_past_are_told(
    began: str, ended: str, said: str, lake: Path
) -> None:
    record = NightRecord(last_good=ended, began=began, ended=ended)
    _in_home(lake, "nights.json", json.dumps(vars(record)).encode())
    told = run(lake, COMMANDS["status"], as_another_user)
    assert told.exit_code == 1 and said in told.output


def test_a_withdrawn_release_is_told(lake: Path) -> None:
    assert run(lake, COMMANDS["rollback"], nothing_special).exit_code == 0
    ended = run(lake, COMMANDS["status"], nothing_special)
    assert ended.exit_code == 1 and "was withdrawn by `hiw rollback`" in ended.output
    (current,) = (release for release in list_releases(Lake(lake)) if release.is_current)
    write_withdrawn(Lake(lake), frozenset({current.release_id}))  # what a rollback leaves that is killed half-way
    ended = run(lake, COMMANDS["status"], nothing_special)
    assert ended.exit_code == 1 and f"`hiw publish --withdrawn {current.release_id}` to keep it" in ended.output
